//! What the visit pages show and record: the form, the coverage of a half-year.

use chrono::{Datelike, NaiveDate};
use domain::id::{ClusterId, TicketId, UnitId, VisitId};
use domain::modules::Command;
use domain::modules::attachments::Attachment;
use domain::modules::households::Household;
use domain::modules::tickets::{Intake, Origin, Place, TicketContact};
use domain::modules::visits::{RecordVisit, Topic, Visit, VisitResult, VisitWay};
use domain::order;
use domain::refusal::CommonCode;
use domain::{Ms, Refusal, Zone};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

use super::inline_ticket::{TicketFields, Whereabouts};
use crate::i18n::tr;
use crate::modules::tickets::view_model::open::Lack;

pub const WAYS: [VisitWay; 4] =
    [VisitWay::Door, VisitWay::Phone, VisitWay::OnTheWay, VisitWay::Office];
pub const TOPICS: [Topic; 4] = [Topic::Greeting, Topic::Need, Topic::Opinion, Topic::Praise];

/// The stable name, as in addresses and choices.
pub fn way_key(way: VisitWay) -> &'static str {
    match way {
        VisitWay::Door => "door",
        VisitWay::Phone => "phone",
        VisitWay::OnTheWay => "on_the_way",
        VisitWay::Office => "office",
    }
}

pub fn way_of(key: &str) -> Option<VisitWay> {
    WAYS.into_iter().find(|way| way_key(*way) == key)
}

pub fn topic_key(topic: Topic) -> &'static str {
    match topic {
        Topic::Need => "need",
        Topic::Opinion => "opinion",
        Topic::Praise => "praise",
        Topic::Greeting => "greeting",
    }
}

pub fn topic_name(topic: Topic) -> &'static str {
    match topic {
        Topic::Need => tr::visits::topic_need(),
        Topic::Opinion => tr::visits::topic_opinion(),
        Topic::Praise => tr::visits::topic_praise(),
        Topic::Greeting => tr::visits::topic_greeting(),
    }
}

/// What is to become of it, before the rest of it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultChoice {
    Answered,
    Forwarded,
    Promised,
    #[default]
    Nothing,
}

impl ResultChoice {
    pub const ALL: [ResultChoice; 4] = [
        ResultChoice::Answered,
        ResultChoice::Forwarded,
        ResultChoice::Promised,
        ResultChoice::Nothing,
    ];
    pub fn key(self) -> &'static str {
        match self {
            ResultChoice::Answered => "answered",
            ResultChoice::Forwarded => "forwarded",
            ResultChoice::Promised => "promised",
            ResultChoice::Nothing => "nothing",
        }
    }
    pub fn name(self) -> &'static str {
        match self {
            ResultChoice::Answered => tr::visits::result_answered(),
            ResultChoice::Forwarded => tr::visits::result_forwarded(),
            ResultChoice::Promised => tr::visits::result_promised(),
            ResultChoice::Nothing => tr::visits::result_nothing(),
        }
    }
}

/// A visit being noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VisitForm {
    pub way: VisitWay,
    pub unit: Option<UnitId>,
    /// Where it was, when not at a unit.
    pub place: String,
    pub cluster: Option<ClusterId>,
    pub met: String,
    pub topics: Vec<Topic>,
    pub note: String,
    pub result: ResultChoice,
    pub by: Option<NaiveDate>,
    pub ticket: TicketFields,
    /// The ticket that it was forwarded to, when that one is on its way already.
    pub forwarded: Option<TicketId>,
}

impl Default for VisitForm {
    fn default() -> Self {
        Self {
            way: VisitWay::Door,
            unit: None,
            place: String::new(),
            cluster: None,
            met: String::new(),
            topics: Vec::new(),
            note: String::new(),
            result: ResultChoice::Nothing,
            by: None,
            ticket: TicketFields::default(),
            forwarded: None,
        }
    }
}

impl VisitForm {
    /// For a unit, with whoever is met there as a rule.
    pub fn at(household: Option<&Household>, way: VisitWay) -> Self {
        Self { way, ..Self::default() }.moved_to(household)
    }

    /// At another unit: whoever was met is one of its people.
    #[must_use]
    pub fn moved_to(mut self, household: Option<&Household>) -> Self {
        self.unit = household.map(|household| household.id);
        let contact = household.and_then(Household::first_contact);
        self.met = contact.map(|contact| contact.name.clone()).unwrap_or_default();
        self
    }

    /// What was recorded, to be changed and sent again.
    pub fn of(command: &RecordVisit) -> Self {
        let (result, by, forwarded) = match &command.result {
            VisitResult::Answered => (ResultChoice::Answered, None, None),
            VisitResult::Forwarded { ticket } => (ResultChoice::Forwarded, None, Some(*ticket)),
            VisitResult::Promised { by } => (ResultChoice::Promised, Some(*by), None),
            VisitResult::Nothing => (ResultChoice::Nothing, None, None),
        };
        Self {
            way: command.way,
            unit: command.unit,
            place: if command.unit.is_some() { String::new() } else { command.place.clone() },
            cluster: Some(command.cluster),
            met: command.met.clone(),
            topics: command.topics.clone(),
            note: command.note.clone(),
            result,
            by,
            ticket: TicketFields::default(),
            forwarded,
        }
    }

    pub fn toggle(&mut self, topic: Topic) {
        match self.topics.iter().position(|known| *known == topic) {
            Some(place) => {
                self.topics.remove(place);
            }
            None => self.topics.push(topic),
        }
    }

    /// Takes the note; the ticket that it is forwarded as says the same until it is reworded.
    pub fn set_note(&mut self, note: String) {
        self.ticket.follow(&self.note, &note);
        self.note = note;
    }

    /// What the ticket still needs, if one is to be opened.
    pub fn lack(&self, photos: usize) -> Option<Lack> {
        let opens = self.result == ResultChoice::Forwarded && self.forwarded.is_none();
        opens.then(|| self.ticket.lack(photos))?
    }

    /// The commands of the finished visit: the ticket before the visit that names it.
    pub fn commands(
        &self,
        household: Option<&Household>,
        own_cluster: Option<ClusterId>,
        ids: (VisitId, TicketId),
        attachments: Vec<Attachment>,
    ) -> Result<Vec<Command>, Refusal> {
        let missing = |field| Refusal::new(CommonCode::TextEmpty).with("field", field);
        let (visit, new_ticket) = ids;
        let at = match household {
            Some(household) => {
                let mut at = Whereabouts::of(household);
                if let Some(met) = household.contacts.iter().find(|c| c.name == self.met.trim()) {
                    at.contact = TicketContact { name: met.name.clone(), phone: met.phone.clone() };
                } else if !self.met.trim().is_empty() {
                    at.contact.name = self.met.trim().to_owned();
                }
                at
            }
            None if self.place.trim().is_empty() => return Err(missing("place")),
            None => Whereabouts {
                cluster: self.cluster.or(own_cluster).ok_or_else(|| missing("clusters"))?,
                place: Place { unit: None, label: self.place.trim().to_owned() },
                contact: TicketContact { name: self.met.trim().to_owned(), phone: String::new() },
            },
        };
        let mut commands = Vec::new();
        let result = match self.result {
            ResultChoice::Answered => VisitResult::Answered,
            ResultChoice::Nothing => VisitResult::Nothing,
            ResultChoice::Promised => {
                VisitResult::Promised { by: self.by.ok_or_else(|| missing("as_of"))? }
            }
            ResultChoice::Forwarded => {
                let ticket = self.forwarded.unwrap_or(new_ticket);
                if self.forwarded.is_none() {
                    let origin = Origin::Visit { visit };
                    // Whoever goes there sees what was seen at the door.
                    let photos = attachments.clone();
                    let at = at.clone();
                    let open = self.ticket.open(new_ticket, at, Intake::Visit, origin, photos);
                    commands.push(open.into());
                }
                VisitResult::Forwarded { ticket }
            }
        };
        // A ticket's description says what was said; noted twice it would be read twice.
        let note = if self.note.trim().is_empty() && self.result == ResultChoice::Forwarded {
            self.ticket.description.trim()
        } else {
            self.note.trim()
        };
        commands.push(
            RecordVisit {
                visit,
                cluster: at.cluster,
                unit: at.place.unit,
                place: at.place.label,
                way: self.way,
                met: self.met.trim().to_owned(),
                topics: self.topics.clone(),
                note: note.to_owned(),
                result,
                attachments,
            }
            .into(),
        );
        Ok(commands)
    }
}

/// The first day of the half-year that a date lies in.
pub fn half_year_start(date: NaiveDate) -> NaiveDate {
    let month = if date.month() <= 6 { 1 } else { 7 };
    NaiveDate::from_ymd_opt(date.year(), month, 1).unwrap_or(date)
}

/// Somebody lives there and nobody called on them in this half-year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unvisited {
    pub unit: UnitId,
    pub label: String,
    pub name: String,
    /// An earlier visit, if this phone knows of one.
    pub last: Option<Ms>,
}

/// How many of the occupied households were visited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    pub occupied: usize,
    pub visited: usize,
    /// Never visited first, then by how long ago.
    pub missing: Vec<Unvisited>,
}

pub fn coverage<'a>(
    households: impl Iterator<Item = &'a Household>,
    visits: impl Iterator<Item = &'a Visit>,
    start: NaiveDate,
    zone: &Zone,
) -> Coverage {
    let mut last: HashMap<UnitId, Ms> = HashMap::new();
    for visit in visits {
        if let Some(unit) = visit.unit {
            let at = last.entry(unit).or_insert(visit.at);
            *at = (*at).max(visit.at);
        }
    }
    let start = zone.start_of_day(start);
    let mut found = Coverage::default();
    for household in households.filter(|household| household.status.is_occupied()) {
        found.occupied += 1;
        let at = last.get(&household.id).copied();
        if at.is_some_and(|at| at >= start) {
            found.visited += 1;
        } else {
            let contact = household.first_contact();
            found.missing.push(Unvisited {
                unit: household.id,
                label: household.label.clone(),
                name: contact.map(|contact| contact.name.clone()).unwrap_or_default(),
                last: at,
            });
        }
    }
    order::sort_by(&mut found.missing, |a, b| (a.last, &a.label).cmp(&(b.last, &b.label)));
    found
}

#[cfg(test)]
#[path = "view_model_tests.rs"]
mod tests;
