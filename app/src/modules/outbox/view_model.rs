//! The words of the outbox: what was done, to what, and what was recorded.

use domain::id::{ClusterId, OpId, RoundId, TicketId, UnitId};
use domain::modules::Command;
use domain::modules::households::{Cluster, Household};
use domain::modules::rounds::{Round, RoundTemplate, Schedule};
use domain::modules::tickets::Ticket;
use domain::modules::visits::Visit;
use domain::sync::command::{World, find};
use serde_json::Value;

use crate::app_context::{OutboxBlob, OutboxItem, OutboxState};
use crate::i18n::{fmt, lookup, name_of, tr};
use crate::modules::tickets::labels;
use crate::sync::SyncStatus;

/// "完工", "催缴电话".
pub fn verb(kind: &str) -> &'static str {
    lookup("sync", &format!("kind_{}", kind.replace('.', "_")))
        .unwrap_or_else(tr::sync::kind_unknown)
}

/// What an item is called: verb and subject.
pub fn title(item: &OutboxItem, world: &dyn World) -> String {
    let subject = item.command.as_ref().map(|command| subject(command, world)).unwrap_or_default();
    if subject.is_empty() {
        verb(&item.kind).to_owned()
    } else {
        format!("{} {subject}", verb(&item.kind))
    }
}

fn unit(world: &dyn World, id: UnitId) -> String {
    find::<Household>(world, id.0).map(|household| household.label.clone()).unwrap_or_default()
}

fn ticket(world: &dyn World, id: TicketId) -> String {
    match find::<Ticket>(world, id.0) {
        Some(ticket) => format!("{} {}", ticket.display_number(), ticket.place.label),
        None => Ticket::name_of(id, None),
    }
}

fn round(world: &dyn World, id: RoundId) -> String {
    find::<Round>(world, id.0).map(|round| round.name.clone()).unwrap_or_default()
}

fn cluster(world: &dyn World, id: ClusterId) -> String {
    find::<Cluster>(world, id.0).map(|cluster| cluster.name.clone()).unwrap_or_default()
}

/// What was acted on, as far as this phone knows it.
fn subject(command: &Command, world: &dyn World) -> String {
    match command {
        Command::OpenTicket(c) => format!("{} {}", labels::kind(c.kind), c.place.label),
        Command::AssessTicket(c) => ticket(world, c.ticket),
        Command::AssignTicket(c) => ticket(world, c.ticket),
        Command::AcceptTicket(c) => ticket(world, c.ticket),
        Command::StartTicket(c) => ticket(world, c.ticket),
        Command::WaitTicket(c) => ticket(world, c.ticket),
        Command::ResumeTicket(c) => ticket(world, c.ticket),
        Command::CompleteTicket(c) => ticket(world, c.ticket),
        Command::RecordReturnVisit(c) => ticket(world, c.ticket),
        Command::CloseTicket(c) => ticket(world, c.ticket),
        Command::DeclineTicket(c) => ticket(world, c.ticket),
        Command::ReopenTicket(c) => ticket(world, c.ticket),
        Command::NoteTicket(c) => ticket(world, c.ticket),
        Command::RecordVisit(c) => format!("{} {}", c.place, c.met).trim().to_owned(),
        Command::AnswerVisit(c) => {
            let visit = find::<Visit>(world, c.visit.0);
            visit.map(|visit| format!("{} {}", visit.place, visit.met)).unwrap_or_default()
        }
        Command::RecordFeeCall(c) => unit(world, c.unit),
        Command::SetArrears(c) => unit(world, c.unit),
        Command::StartRound(c) => {
            let schedule = c.schedule.and_then(|id| find::<Schedule>(world, id.0));
            let template =
                find::<RoundTemplate>(world, RoundTemplate::id_of(c.template, c.version));
            let name = schedule.map(|schedule| schedule.name.clone());
            name.or_else(|| template.map(|template| template.name.clone())).unwrap_or_default()
        }
        Command::RecordCheckpoint(c) => {
            let template =
                find::<RoundTemplate>(world, RoundTemplate::id_of(c.template, c.version));
            let point = template.and_then(|template| template.point(&c.point));
            point.map_or_else(|| round(world, c.round), |point| point.name.clone())
        }
        Command::FinishRound(c) => round(world, c.round),
        Command::RecordBriefing(c) => cluster(world, c.cluster),
        Command::RegisterProject(c) => c.name.clone(),
        Command::RegisterCluster(c) => c.name.clone(),
        Command::RegisterBuilding(c) => c.name.clone(),
        Command::RegisterUnit(c) => c.label.clone(),
        Command::RegisterCheckpoint(c) => c.name.clone(),
        Command::PublishTemplate(c) => c.name.clone(),
        Command::SetSchedule(c) => c.name.clone(),
        Command::CreateAccount(c) => c.name.clone(),
        Command::UpdateAccount(c) => c.name.clone(),
        Command::SetSettings(c) => c.settings.company.clone(),
        Command::BlobArrived(_) => String::new(),
    }
}

/// Where to look at what it was about.
pub fn record_href(command: &Command) -> Option<String> {
    let of_ticket = |id: TicketId| Some(format!("/tickets/{id}"));
    match command {
        Command::AssessTicket(c) => of_ticket(c.ticket),
        Command::AssignTicket(c) => of_ticket(c.ticket),
        Command::AcceptTicket(c) => of_ticket(c.ticket),
        Command::StartTicket(c) => of_ticket(c.ticket),
        Command::WaitTicket(c) => of_ticket(c.ticket),
        Command::ResumeTicket(c) => of_ticket(c.ticket),
        Command::CompleteTicket(c) => of_ticket(c.ticket),
        Command::RecordReturnVisit(c) => of_ticket(c.ticket),
        Command::CloseTicket(c) => of_ticket(c.ticket),
        Command::DeclineTicket(c) => of_ticket(c.ticket),
        Command::ReopenTicket(c) => of_ticket(c.ticket),
        Command::NoteTicket(c) => of_ticket(c.ticket),
        Command::OpenTicket(c) => c.place.unit.map(|unit| format!("/households/{unit}")),
        Command::RecordVisit(c) => c.unit.map(|unit| format!("/households/{unit}")),
        Command::RecordFeeCall(c) => Some(format!("/households/{}", c.unit)),
        Command::AnswerVisit(_) => Some("/visits".into()),
        Command::StartRound(c) => Some(format!("/rounds/{}", c.round)),
        Command::RecordCheckpoint(c) => Some(format!("/rounds/{}", c.round)),
        Command::FinishRound(c) => Some(format!("/rounds/{}", c.round)),
        Command::RecordBriefing(_) => Some("/briefing".into()),
        _ => None,
    }
}

/// The form in which it can be changed, filled with what was recorded.
pub fn fix_href(command: &Command, op: OpId) -> Option<String> {
    match command {
        Command::RecordVisit(_) => Some(format!("/visits/new?fix={op}&back=/outbox")),
        Command::RecordFeeCall(c) => Some(format!("/fees/{}?fix={op}&back=/outbox", c.unit)),
        Command::OpenTicket(_) => Some(format!("/tickets/new?fix={op}&back=/outbox")),
        Command::CompleteTicket(c) => Some(format!("/tickets/{}/complete?fix={op}", c.ticket)),
        _ => None,
    }
}

/// How many of its photos have arrived, if it has any.
pub fn photos(blobs: &[OutboxBlob]) -> Option<(usize, usize)> {
    let arrived = blobs.iter().filter(|blob| blob.arrived).count();
    (!blobs.is_empty()).then_some((arrived, blobs.len()))
}

/// The word for where it stands.
pub fn state_words(state: OutboxState, status: &SyncStatus) -> &'static str {
    match state {
        OutboxState::Waiting if status.busy && status.may_send() => tr::outbox::state_sending(),
        OutboxState::Waiting => tr::sync::state_waiting(),
        OutboxState::Uploading if status.may_send() => tr::sync::state_uploading(),
        OutboxState::Uploading => tr::sync::state_photos_waiting(),
        OutboxState::Held => tr::sync::state_held(),
        OutboxState::Refused => tr::sync::state_refused(),
        OutboxState::Conflict => tr::sync::state_conflict(),
        OutboxState::PhotoRefused => tr::sync::state_photo_refused(),
    }
}

/// What the number of unsent things is made of, once there is more to it than records.
pub fn unsent_parts(status: &SyncStatus) -> Option<String> {
    let (records, attachments) = (status.waiting, status.uploading);
    let words = if status.may_send() { tr::sync::uploading } else { tr::sync::parts_waiting };
    (attachments > 0).then(|| words(records, attachments))
}

/// What was recorded, field by field, in the reader's words. Fields that only machines read (ids,
/// hashes, versions) have no name in the locale tables and are left out.
pub fn recorded(command: &Command) -> Vec<(&'static str, String)> {
    let value = serde_json::from_str::<Value>(&command.encode()).unwrap_or_default();
    let Value::Object(fields) = value else { return Vec::new() };
    let named = fields.iter().filter_map(|(key, value)| {
        let name = lookup("outbox", &format!("field_{key}"))?;
        let words = words_of(command, key, value);
        (!words.is_empty()).then_some((name, words))
    });
    named.collect()
}

fn words_of(command: &Command, key: &str, value: &Value) -> String {
    match value {
        Value::Bool(true) => tr::common::yes().to_owned(),
        Value::Bool(false) => tr::common::no().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => word_of(command, key, text),
        Value::Array(list) => {
            let texts: Option<Vec<String>> = list
                .iter()
                .map(|one| one.as_str().map(|text| word_of(command, key, text)))
                .collect();
            match texts {
                Some(texts) => fmt::list(&texts),
                None => tr::outbox::entries(list.len()),
            }
        }
        // A place, a contact: its texts one after the other.
        Value::Object(parts) => {
            let texts =
                ["label", "name", "phone"].iter().filter_map(|part| parts.get(*part)?.as_str());
            texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
        }
        Value::Null => String::new(),
    }
}

/// A value that is a name of ours, in words.
fn word_of(command: &Command, key: &str, text: &str) -> String {
    let of_call = matches!(command, Command::RecordFeeCall(_));
    match key {
        "kind" => name_of("tickets", "kind_", text),
        "category" => labels::category(text),
        "urgency" => name_of("tickets", "urgency_", text),
        "conduct" => labels::conduct(text),
        "outcome" => name_of("fees", "outcome_", text),
        "reason" if of_call => name_of("fees", "reason_", text),
        "reason" => name_of("tickets", "wait_", text),
        "way" => name_of("visits", "way_", text),
        "topics" => name_of("visits", "topic_", text),
        "result" => name_of("visits", "result_", text),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "view_model_tests.rs"]
mod tests;
