//! What the household pages show, derived from the records: rows, groups, the merged timeline.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use domain::Ms;
use domain::id::{BuildingId, ClusterId, UnitId};
use domain::modules::attachments::{Attachment, AttachmentRole};
use domain::modules::fees::FeeCall;
use domain::modules::households::search::SearchIndex;
use domain::modules::households::{Household, Relation, UnitStatus};
use domain::modules::tickets::{Ticket, TicketEvent, TimelineEntry};
use domain::modules::visits::{Visit, VisitResult, VisitWay};
use domain::order;

use crate::i18n::{fmt, name_of, tr};
use crate::modules::tickets::labels;

/// Something large that is compared by identity: a memo of it changes when it was made anew.
#[derive(Debug, Default)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}
impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A unit as a line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub unit: UnitId,
    pub cluster: ClusterId,
    pub building: BuildingId,
    pub label: String,
    /// Whom to reach first.
    pub name: String,
    pub relation: Option<Relation>,
    pub status: UnitStatus,
    pub key_customer: bool,
}

impl Row {
    fn of(household: &Household) -> Self {
        let contact = household.first_contact();
        Self {
            unit: household.id,
            cluster: household.cluster,
            building: household.building,
            label: household.label.clone(),
            name: contact.map(|c| c.name.clone()).unwrap_or_default(),
            relation: contact.map(|c| c.relation),
            status: household.status,
            key_customer: household.key_customer,
        }
    }

    /// The part of the label at that place: building, entrance, room.
    fn part(&self, place: usize) -> &str {
        self.label.split('-').nth(place).unwrap_or_default()
    }

    fn has_entrance(&self) -> bool {
        self.label.split('-').nth(2).is_some()
    }
}

/// All units of the replica, in the natural order of their labels, with the search over them.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    pub rows: Vec<Row>,
    places: HashMap<UnitId, usize>,
    index: SearchIndex,
}

impl Estate {
    pub fn of<'a>(households: impl Iterator<Item = &'a Household>) -> Self {
        let households: Vec<&Household> = households.collect();
        let mut rows: Vec<Row> = households.iter().map(|household| Row::of(household)).collect();
        order::sort_by_cached_key(&mut rows, |row| (natural(&row.label), row.unit));
        let places = rows.iter().enumerate().map(|(place, row)| (row.unit, place)).collect();
        Self { rows, places, index: SearchIndex::build(households.into_iter()) }
    }

    pub fn row(&self, unit: UnitId) -> Option<&Row> {
        self.places.get(&unit).and_then(|place| self.rows.get(*place))
    }

    /// What fits, best first.
    pub fn find(&self, query: &str, cluster: Option<ClusterId>, limit: usize) -> Vec<&Row> {
        // Without a limit of its own, so that a filter leaves as many as there are.
        let wanted = if cluster.is_some() { self.rows.len() } else { limit };
        let found = self.index.find(query, wanted).into_iter().filter_map(|unit| self.row(unit));
        found.filter(|row| cluster.is_none_or(|wanted| row.cluster == wanted)).take(limit).collect()
    }
}

/// `2-1-301` before `10-1-101`: numbers by value, the rest as text.
fn natural(label: &str) -> Vec<(u64, String)> {
    let part = |part: &str| match part.parse::<u64>() {
        Ok(number) => (number, String::new()),
        Err(_) => (u64::MAX, part.to_owned()),
    };
    label.split('-').map(part).collect()
}

/// One building's units, entrance by entrance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildingGroup {
    pub building: BuildingId,
    /// "3" in `3-2-1501`.
    pub number: String,
    pub units: usize,
    pub entrances: Vec<Entrance>,
}

/// One 单元; an empty number where labels have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    pub number: String,
    pub rows: Vec<Row>,
}

/// Rows in their natural order, gathered by building and entrance.
pub fn by_building(rows: &[Row], cluster: Option<ClusterId>) -> Vec<BuildingGroup> {
    let mut groups: Vec<BuildingGroup> = Vec::new();
    for row in rows.iter().filter(|row| cluster.is_none_or(|wanted| row.cluster == wanted)) {
        let at = groups.iter().position(|group| group.building == row.building);
        let at = at.unwrap_or_else(|| {
            groups.push(BuildingGroup {
                building: row.building,
                number: row.part(0).to_owned(),
                units: 0,
                entrances: Vec::new(),
            });
            groups.len() - 1
        });
        let group = &mut groups[at];
        group.units += 1;
        let number = if row.has_entrance() { row.part(1) } else { "" };
        match group.entrances.iter_mut().find(|entrance| entrance.number == number) {
            Some(entrance) => entrance.rows.push(row.clone()),
            None => group
                .entrances
                .push(Entrance { number: number.to_owned(), rows: vec![row.clone()] }),
        }
    }
    groups
}

/// "张三" → "张**": enough to ask for the right person, too little to read over a shoulder.
pub fn masked(name: &str) -> String {
    match name.trim().chars().next() {
        Some(first) => format!("{first}**"),
        None => String::new(),
    }
}

/// What a phone dials: digits and a leading plus. `None` for a number that is none.
pub fn tel(phone: &str) -> Option<String> {
    let digits: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    (digits.len() >= 3).then(|| format!("tel:{digits}"))
}

pub fn status_name(status: UnitStatus) -> &'static str {
    match status {
        UnitStatus::NotDelivered => tr::households::status_not_delivered(),
        UnitStatus::Delivered => tr::households::status_delivered(),
        UnitStatus::Renovating => tr::households::status_renovating(),
        UnitStatus::Vacant => tr::households::status_vacant(),
        UnitStatus::OwnerOccupied => tr::households::status_owner_occupied(),
        UnitStatus::Let => tr::households::status_let(),
    }
}

pub fn relation_name(relation: Relation) -> &'static str {
    match relation {
        Relation::Owner => tr::households::relation_owner(),
        Relation::Tenant => tr::households::relation_tenant(),
        Relation::Family => tr::households::relation_family(),
        Relation::Emergency => tr::households::relation_emergency(),
    }
}

/// "报修 #1123".
pub fn ticket_title(ticket: &Ticket) -> String {
    format!("{} {}", labels::kind(ticket.kind), ticket.display_number())
}

pub fn way_name(way: VisitWay) -> &'static str {
    match way {
        VisitWay::Door => tr::visits::way_door(),
        VisitWay::Phone => tr::visits::way_phone(),
        VisitWay::OnTheWay => tr::visits::way_on_the_way(),
        VisitWay::Office => tr::visits::way_office(),
    }
}

/// Which process a line of the timeline belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    Ticket,
    Visit,
    Call,
}

/// One line of a unit's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    pub at: Ms,
    pub process: Process,
    pub title: String,
    pub note: String,
    pub by: String,
    pub href: Option<String>,
    pub photos: Vec<Attachment>,
}

/// Everything that happened to a unit, the newest first.
pub fn timeline<'a>(
    tickets: impl Iterator<Item = &'a Ticket>,
    visits: impl Iterator<Item = &'a Visit>,
    calls: impl Iterator<Item = &'a FeeCall>,
) -> Vec<Happening> {
    let mut all: Vec<Happening> = tickets.flat_map(of_ticket).collect();
    all.extend(visits.flat_map(of_visit));
    all.extend(calls.map(of_call));
    order::sort_by_key(&mut all, |happening| std::cmp::Reverse(happening.at));
    all
}

/// The turns of a ticket that the household itself notices; its page has the rest.
fn of_ticket(ticket: &Ticket) -> Vec<Happening> {
    let turns = ticket.timeline.iter().filter_map(|entry| {
        let (event, note) = match &entry.event {
            TicketEvent::Opened => (tr::households::event_opened(), ticket.description.clone()),
            TicketEvent::Completed => {
                let done = ticket.completion.as_ref().filter(|done| done.at == entry.at);
                let action = done.map(|done| done.action.clone());
                (tr::households::event_completed(), action.unwrap_or_else(|| entry.note.clone()))
            }
            TicketEvent::ReturnVisited { solved: true, .. } => {
                (tr::households::event_solved(), entry.note.clone())
            }
            TicketEvent::ReturnVisited { solved: false, .. } => {
                (tr::households::event_not_solved(), entry.note.clone())
            }
            TicketEvent::Declined => (tr::households::event_declined(), entry.note.clone()),
            TicketEvent::Reopened => (tr::households::event_reopened(), entry.note.clone()),
            _ => return None,
        };
        Some(Happening {
            at: entry.at,
            process: Process::Ticket,
            title: format!("{} · {event}", ticket_title(ticket)),
            note,
            by: entry.by_name.clone(),
            href: Some(format!("/tickets/{}", ticket.id)),
            photos: photos_of(ticket, entry),
        })
    });
    turns.collect()
}

/// What was seen at intake and when the work was done; a signature is for the ticket's own page.
fn photos_of(ticket: &Ticket, entry: &TimelineEntry) -> Vec<Attachment> {
    let photos = match (&entry.event, &ticket.completion) {
        (TicketEvent::Opened, _) => ticket.photos.as_slice(),
        (TicketEvent::Completed, Some(done)) if done.at == entry.at => done.attachments.as_slice(),
        _ => &[],
    };
    let shown = photos.iter().filter(|photo| photo.role != AttachmentRole::Signature);
    shown.cloned().collect()
}

fn of_visit(visit: &Visit) -> Vec<Happening> {
    let mut title = format!("{} · {}", tr::households::visit(), way_name(visit.way));
    if !visit.met.is_empty() {
        title.push_str(" · ");
        title.push_str(&visit.met);
    }
    let (outcome, href) = match &visit.result {
        VisitResult::Answered => (Some(tr::visits::result_answered().to_owned()), None),
        VisitResult::Forwarded { ticket } => {
            let text = tr::visits::result_forwarded().to_owned();
            (Some(text), Some(format!("/tickets/{ticket}")))
        }
        VisitResult::Promised { by } => (Some(tr::visits::answer_by(fmt::day(*by))), None),
        VisitResult::Nothing => (None, None),
    };
    let note = [Some(visit.note.clone()).filter(|note| !note.is_empty()), outcome];
    let note = note.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let mut lines = vec![Happening {
        at: visit.at,
        process: Process::Visit,
        title,
        note,
        by: visit.by_name.clone(),
        href,
        photos: visit.attachments.clone(),
    }];
    lines.extend(visit.answers.iter().map(|answer| Happening {
        at: answer.at,
        process: Process::Visit,
        title: tr::visits::answered_them().to_owned(),
        note: answer.text.clone(),
        by: if answer.by == visit.by { visit.by_name.clone() } else { String::new() },
        href: None,
        photos: Vec::new(),
    }));
    lines
}

fn of_call(call: &FeeCall) -> Happening {
    let outcome = name_of("fees", "outcome_", call.outcome.name());
    let mut words = Vec::new();
    if let Some(reason) = call.reason {
        words.push(name_of("fees", "reason_", reason.name()));
    }
    if let Some(promised) = call.promised {
        words.push(tr::fees::promised_for(fmt::day(promised)));
    }
    if !call.note.is_empty() {
        words.push(call.note.clone());
    }
    Happening {
        at: call.at,
        process: Process::Call,
        title: format!("{} · {outcome}", tr::households::fee_call()),
        note: words.join(" · "),
        by: call.by_name.clone(),
        href: call.ticket.map(|ticket| format!("/tickets/{ticket}")),
        photos: Vec::new(),
    }
}

#[cfg(test)]
#[path = "view_model_tests.rs"]
mod tests;
