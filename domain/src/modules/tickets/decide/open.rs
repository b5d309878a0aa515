//! Opening a ticket.

use super::super::category::category;
use super::super::limits::relay_due;
use super::super::{
    Clock, OpenTicket, Place, Ticket, TicketCode, TicketContact, TicketEvent, TicketState,
    TimelineEntry,
};
use super::{key, refuse};
use crate::actor::Right;
use crate::id::ProjectId;
use crate::modules::attachments::{self, Attachment};
use crate::modules::households::{Cluster, Household};
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, World, find, need};
use crate::sync::record::{RecordKey, Scope, SyncedRecord};
use crate::text;

/// Longest telephone number, with blanks and extension.
const PHONE: usize = 40;

impl OpenTicket {
    fn check(&self) -> Result<(), Refusal> {
        if !category(&self.category).is_some_and(|found| found.kinds.contains(&self.kind)) {
            return Err(Refusal::new(TicketCode::UnknownCategory).with("category", &self.category));
        }
        text::optional("place", &self.place.label, text::LINE)?;
        if self.place.unit.is_none() && self.place.label.trim().is_empty() {
            return Err(Refusal::new(TicketCode::NoPlace));
        }
        text::optional("name", &self.contact.name, text::LINE)?;
        text::optional("phone", &self.contact.phone, PHONE)?;
        // A photo may say it all.
        if self.photos.is_empty() {
            text::required("description", &self.description, text::NOTE)?;
        } else {
            text::optional("description", &self.description, text::NOTE)?;
        }
        attachments::check(&self.photos)
    }

    /// The place, under the unit's own label when it is a unit.
    fn place(&self, world: &dyn World, project: ProjectId) -> Result<Place, Stop> {
        let Some(unit) = self.place.unit else {
            return Ok(Place { unit: None, label: self.place.label.trim().to_owned() });
        };
        let household = need::<Household>(world, unit.0)?;
        if household.project != project || household.cluster != self.cluster {
            return refuse(Refusal::new(CommonCode::OtherCluster));
        }
        Ok(Place { unit: Some(unit), label: household.label.clone() })
    }
}

impl Decide for OpenTicket {
    const KIND: &'static str = "tickets.open";

    fn reads(&self) -> Vec<RecordKey> {
        let mut keys = vec![key(self.ticket), Cluster::key_of(self.cluster.0)];
        keys.extend(self.place.unit.map(|unit| Household::key_of(unit.0)));
        keys
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let Scope::Project(project) = context.scope else {
            return refuse(Refusal::new(CommonCode::WrongScope));
        };
        context.actor.require_in(Right::OpenTicket, self.cluster)?;
        self.check()?;
        if need::<Cluster>(world, self.cluster.0)?.project != project {
            return refuse(Refusal::new(CommonCode::WrongScope));
        }
        let place = self.place(world, project)?;
        if find::<Ticket>(world, self.ticket.0).is_some() {
            return refuse(Refusal::new(CommonCode::AlreadyExists));
        }
        let relay = relay_due(context.received_at, context.settings);
        Ok(Decision::put(Ticket {
            id: self.ticket,
            project,
            cluster: self.cluster,
            // Asked for last, so that no refusal leaves a gap in the numbers.
            number: numbers.next("ticket"),
            kind: self.kind,
            category: self.category.clone(),
            urgency: self.urgency,
            intake: self.intake,
            place,
            contact: TicketContact {
                name: self.contact.name.trim().to_owned(),
                phone: self.contact.phone.trim().to_owned(),
            },
            description: self.description.trim().to_owned(),
            photos: self.photos.clone(),
            origin: self.origin.clone(),
            state: TicketState::Received,
            opened_by: context.actor.user,
            opened_at: context.occurred_at,
            clock: Clock::begin(
                self.kind,
                self.intake,
                context.occurred_at,
                Some(relay),
                context.settings,
            ),
            limits: context.settings.limits,
            estimate: None,
            completion: None,
            earlier: Vec::new(),
            score: None,
            reopened: 0,
            conflicts: 0,
            timeline: vec![TimelineEntry::of(context, TicketEvent::Opened)],
            changed_at: context.received_at,
        }))
    }

    fn attachments(&self) -> Vec<&Attachment> {
        self.photos.iter().collect()
    }
}
