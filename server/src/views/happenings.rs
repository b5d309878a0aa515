//! What was just done, in words' raw material: who, what, about which ticket or place.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;

use domain::Ms;
use domain::id::{ClusterId, RoundId, TicketId, UnitId, UserId, VisitId};
use domain::modules::Command;
use domain::modules::tickets::{Ticket, TicketEvent, ticket_of};
use domain::modules::visits::Visit;
use domain::sync::Scope;
use domain::views::Happening;
use sqlx::Row;

use super::{ms, parsed};
use crate::db::{Db, sql};
use crate::error::ApiError;

/// The last happenings that people care about, newest first; calls about money only for whoever may
/// see what a household owes.
pub(crate) async fn latest(
    db: &Db,
    scope: Scope,
    money: bool,
    limit: i64,
) -> Result<Vec<Happening>, ApiError> {
    let calls = if money { "" } else { "'fees.record_call', " };
    let rows = sql(format!(
        "SELECT seq, kind, v, payload, actor_name, occurred_at, received_at, outcome FROM log \
         WHERE scope = $1 AND kind NOT IN ({calls}'fees.set_arrears', 'attachments.arrived', 'sync.settled', \
         'sync.repeated', 'rounds.record_checkpoint', 'undecodable') ORDER BY seq DESC LIMIT {limit}"
    ))
    .bind(scope.to_string())
    .fetch_all(db.readers())
    .await?;
    let mut subjects = Vec::with_capacity(rows.len());
    for row in &rows {
        subjects.push(subject(row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
    }
    name(db, &mut subjects).await?;
    let given = subjects.iter().filter(|subject| subject.to.is_some());
    let given = known(db, "tickets", "body", given.filter_map(|subject| subject.ticket)).await?;
    let mut happenings = Vec::with_capacity(rows.len());
    for (row, subject) in rows.iter().zip(subjects) {
        let kind: String = row.try_get(1)?;
        let at = ms(row, 5)?;
        let body = subject.ticket.and_then(|ticket| given.get(&ticket));
        let reassigned = match (body, subject.to) {
            (Some((body, _)), Some(to)) => reassigned(body, to, at)?,
            _ => false,
        };
        happenings.push(Happening {
            seq: u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0),
            kind,
            by: row.try_get(4)?,
            at,
            received: ms(row, 6)?,
            ticket: subject.ticket,
            about: subject.about,
            round: subject.round,
            unit: subject.unit,
            reassigned,
            outcome: row.try_get(7)?,
        });
    }
    Ok(happenings)
}

/// What a command is about.
#[derive(Default)]
pub(crate) struct Subject {
    pub ticket: Option<TicketId>,
    pub round: Option<RoundId>,
    pub unit: Option<UnitId>,
    visit: Option<VisitId>,
    cluster: Option<ClusterId>,
    /// Whom a ticket was given to.
    to: Option<UserId>,
    /// As people call it.
    pub about: String,
}

/// What the command of a row of the log is about, as far as it says so itself.
pub(crate) fn subject(kind: &str, version: i64, payload: &str) -> Subject {
    let command = Command::decode(kind, u32::try_from(version).unwrap_or(0), payload);
    let Some(Ok(command)) = command else { return Subject::default() };
    let called = |about: &str| Subject { about: about.to_owned(), ..Subject::default() };
    match &command {
        Command::OpenTicket(c) => Subject { ticket: Some(c.ticket), ..called(&c.place.label) },
        Command::AssignTicket(c) => {
            Subject { ticket: Some(c.ticket), to: Some(c.to), ..Subject::default() }
        }
        Command::RecordVisit(c) => Subject { unit: c.unit, ..called(&c.place) },
        Command::AnswerVisit(c) => Subject { visit: Some(c.visit), ..Subject::default() },
        Command::RecordFeeCall(c) => Subject { unit: Some(c.unit), ..Subject::default() },
        Command::StartRound(c) => Subject { round: Some(c.round), ..Subject::default() },
        Command::RecordCheckpoint(c) => Subject { round: Some(c.round), ..Subject::default() },
        Command::FinishRound(c) => Subject { round: Some(c.round), ..Subject::default() },
        Command::RecordBriefing(c) => Subject { cluster: Some(c.cluster), ..Subject::default() },
        Command::SetSchedule(c) => called(&c.name),
        Command::PublishTemplate(c) => called(&c.name),
        Command::RegisterCheckpoint(c) => called(&c.name),
        Command::RegisterProject(c) => called(&c.name),
        Command::RegisterCluster(c) => called(&c.name),
        Command::RegisterBuilding(c) => called(&c.name),
        Command::RegisterUnit(c) => called(&c.label),
        Command::CreateAccount(c) => called(&c.name),
        Command::UpdateAccount(c) => called(&c.name),
        _ => Subject { ticket: ticket_of(&command), ..Subject::default() },
    }
}

/// Puts "#1123 3-2-1501" where a ticket is meant, and the names of rounds, households and visits.
pub(crate) async fn name(db: &Db, subjects: &mut [Subject]) -> Result<(), ApiError> {
    let visits = known(db, "visits", "body", subjects.iter().filter_map(|s| s.visit)).await?;
    for subject in subjects.iter_mut() {
        let Some(visit) = subject.visit.and_then(|visit| visits.get(&visit)) else { continue };
        let visit: Visit = from_body("visits", &visit.0)?;
        (subject.unit, subject.about) = (visit.unit, visit.place);
    }
    let tickets = known(db, "tickets", "place, number", subjects.iter().filter_map(|s| s.ticket));
    let tickets = tickets.await?;
    let rounds = known(db, "rounds", "name", subjects.iter().filter_map(|s| s.round)).await?;
    let units = known(db, "households", "label", subjects.iter().filter_map(|s| s.unit)).await?;
    let clusters = known(db, "clusters", "name", subjects.iter().filter_map(|s| s.cluster)).await?;
    for subject in subjects.iter_mut() {
        let ticket = subject.ticket.and_then(|ticket| tickets.get(&ticket));
        let round = subject.round.and_then(|round| rounds.get(&round));
        let unit = subject.unit.and_then(|unit| units.get(&unit));
        if let Some((name, _)) = subject.cluster.and_then(|cluster| clusters.get(&cluster)) {
            subject.about.clone_from(name);
        }
        if let Some((place, number)) = ticket {
            subject.about = number.map_or_else(|| place.clone(), |n| format!("#{n} {place}"));
        } else if let Some((name, _)) = round.or(unit) {
            subject.about.clone_from(name);
        } else {
            // It never came to be: a link would lead nowhere.
            if let Some(ticket) = subject.ticket.filter(|_| subject.about.is_empty()) {
                subject.about = Ticket::name_of(ticket, None);
            }
            (subject.ticket, subject.round, subject.unit) = (None, None, None);
        }
    }
    Ok(())
}

/// A text, and a number where `columns` has a second one, of those rows of a table.
pub(super) async fn known<I>(
    db: &Db,
    table: &str,
    columns: &str,
    ids: impl Iterator<Item = I>,
) -> Result<HashMap<I, (String, Option<i64>)>, ApiError>
where
    I: Display + std::str::FromStr + std::hash::Hash + Eq,
{
    let ids: BTreeSet<String> = ids.map(|id| id.to_string()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = serde_json::to_string(&ids).map_err(|error| ApiError::fault("view", error))?;
    let texts = db.dialect().texts(1);
    let select = format!("SELECT id, {columns} FROM {table} WHERE id IN ({texts})");
    let rows = sql(select).bind(ids).fetch_all(db.readers()).await?;
    let mut known = HashMap::with_capacity(rows.len());
    for row in &rows {
        let number = if row.len() > 2 { row.try_get(2)? } else { None };
        known.insert(parsed(row, 0)?, (row.try_get(1)?, number));
    }
    Ok(known)
}

pub(super) fn from_body<T: serde::de::DeserializeOwned>(
    table: &'static str,
    body: &str,
) -> Result<T, ApiError> {
    serde_json::from_str(body).map_err(|error| ApiError::fault(table, error))
}

/// Whether what was done at that moment took the ticket from somebody.
fn reassigned(body: &str, to: UserId, at: Ms) -> Result<bool, ApiError> {
    let ticket: Ticket = from_body("tickets", body)?;
    let event = TicketEvent::Assigned { to };
    let entry = ticket.timeline.iter().rposition(|entry| entry.at == at && entry.event == event);
    Ok(entry.is_some_and(|entry| ticket.is_reassignment(entry)))
}
