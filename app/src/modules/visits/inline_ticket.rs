//! A ticket raised in the middle of something else: from a visit, from a chasing call.

use domain::id::{ClusterId, TicketId};
use domain::modules::attachments::Attachment;
use domain::modules::households::Household;
use domain::modules::tickets::category::CATEGORIES;
use domain::modules::tickets::{
    Intake, OpenTicket, Origin, Place, TicketContact, TicketKind, Urgency,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::i18n::tr;
use crate::modules::households::kit::words;
use crate::modules::tickets::labels;
use crate::modules::tickets::view_model::open::Lack;
use crate::reactive::{derive, memo};
use crate::ui::{Check, Chips, Choice, Select, TextArea};

/// What a resident may ask for; findings and paid services have their own ways in.
const KINDS: [TicketKind; 4] =
    [TicketKind::Repair, TicketKind::Complaint, TicketKind::Enquiry, TicketKind::Request];

/// The part of a ticket that has to be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketFields {
    pub kind: TicketKind,
    /// Empty until chosen.
    pub category: String,
    pub urgent: bool,
    pub description: String,
}

impl Default for TicketFields {
    fn default() -> Self {
        Self {
            kind: TicketKind::Repair,
            category: String::new(),
            urgent: false,
            description: String::new(),
        }
    }
}

/// The categories of a kind, by code.
pub fn categories_of(kind: TicketKind) -> Vec<&'static str> {
    CATEGORIES.iter().filter(|c| c.kinds.contains(&kind)).map(|c| c.code).collect()
}

/// Where it is and whom to reach about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    pub cluster: ClusterId,
    pub place: Place,
    pub contact: TicketContact,
}

impl Whereabouts {
    pub fn of(household: &Household) -> Self {
        let contact = household.first_contact();
        Self {
            cluster: household.cluster,
            place: Place { unit: Some(household.id), label: household.label.clone() },
            contact: contact.map_or_else(TicketContact::default, |contact| TicketContact {
                name: contact.name.clone(),
                phone: contact.phone.clone(),
            }),
        }
    }
}

impl TicketFields {
    /// Another kind keeps the category if it has it too.
    #[must_use]
    pub fn with_kind(self, kind: TicketKind) -> Self {
        let keeps = categories_of(kind).contains(&self.category.as_str());
        let category = if keeps { self.category } else { String::new() };
        Self { kind, category, ..self }
    }

    /// What has still to be said before it can be opened.
    pub fn lack(&self, photos: usize) -> Option<Lack> {
        if !categories_of(self.kind).contains(&self.category.as_str()) {
            return Some(Lack::Category);
        }
        (self.description.trim().is_empty() && photos == 0).then_some(Lack::Description)
    }

    /// What was noted around it is what it is about, until somebody says it in other words.
    pub fn follow(&mut self, before: &str, now: &str) {
        if self.description.trim() == before.trim() {
            now.clone_into(&mut self.description);
        }
    }

    pub fn open(
        &self,
        ticket: TicketId,
        at: Whereabouts,
        intake: Intake,
        origin: Origin,
        photos: Vec<Attachment>,
    ) -> OpenTicket {
        OpenTicket {
            ticket,
            cluster: at.cluster,
            kind: self.kind,
            category: self.category.clone(),
            urgency: if self.urgent { Urgency::Urgent } else { Urgency::Normal },
            intake,
            place: at.place,
            contact: at.contact,
            description: self.description.trim().to_owned(),
            photos,
            origin: Some(origin),
        }
    }
}

/// Asks for kind, category and description.
#[component]
pub fn TicketForm(
    #[prop(into)] fields: Signal<TicketFields>,
    #[prop(into)] on_change: Callback<TicketFields>,
    /// What was found missing when it was to be sent; said at its field.
    #[prop(into)]
    lack: Signal<Option<Lack>>,
) -> impl IntoView {
    // One field's change leaves the others alone.
    let change = move |edit: Box<dyn FnOnce(&mut TicketFields)>| {
        let mut next = fields.get_untracked();
        edit(&mut next);
        on_change.run(next);
    };
    let kind = memo(move || fields.with(|fields| fields.kind));
    let categories = derive(move || {
        let mut options = vec![(String::new(), tr::common::choose().to_owned())];
        options.extend(
            categories_of(kind.get()).into_iter().map(|c| (c.to_owned(), labels::category(c))),
        );
        options
    });
    view! {
        <Chips
            label=words(tr::visits::ticket_kind)
            choices=derive(|| {
                KINDS.into_iter().map(|k| Choice::new(k.name(), labels::kind(k))).collect::<Vec<_>>()
            })
            value=derive(move || Some(kind.get().name().to_owned()))
            on_choose=Callback::new(move |name: String| {
                if let Some(kind) = KINDS.into_iter().find(|kind| kind.name() == name) {
                    on_change.run(fields.get_untracked().with_kind(kind));
                }
            })
        />
        <Select
            label=words(tr::visits::ticket_category)
            options=categories
            value=derive(move || fields.with(|fields| fields.category.clone()))
            on_change=Callback::new(move |code: String| {
                change(Box::new(move |fields| fields.category = code));
            })
            problem=derive(move || {
                (lack.get() == Some(Lack::Category)).then(|| tr::tickets::lack_category().to_owned())
            })
        />
        <TextArea
            label=words(tr::visits::ticket_description)
            value=derive(move || fields.with(|fields| fields.description.clone()))
            on_input=Callback::new(move |text: String| {
                change(Box::new(move |fields| fields.description = text));
            })
            problem=derive(move || {
                (lack.get() == Some(Lack::Description))
                    .then(|| tr::tickets::lack_description().to_owned())
            })
        />
        <Check
            label=words(tr::visits::ticket_urgent)
            checked=derive(move || fields.with(|fields| fields.urgent))
            on_change=Callback::new(move |urgent: bool| {
                change(Box::new(move |fields| fields.urgent = urgent));
            })
        />
    }
}
