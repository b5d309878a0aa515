//! What was just done, in words' raw material: who, what, about which ticket or place.

use domain::id::TicketId;
use domain::modules::Command;
use domain::modules::tickets::ticket_of;
use domain::sync::Scope;
use domain::views::Happening;
use sqlx::Row;

use super::{ms, parsed};
use crate::db::{Db, sql};
use crate::error::ApiError;

/// The last happenings that people care about, newest first.
pub(crate) async fn latest(db: &Db, scope: Scope, limit: i64) -> Result<Vec<Happening>, ApiError> {
    let rows = sql(format!(
        "SELECT seq, kind, v, payload, actor_name, occurred_at, received_at, outcome FROM log \
         WHERE scope = $1 AND kind NOT IN ('fees.set_arrears', 'attachments.arrived', 'sync.settled', \
         'sync.repeated', 'rounds.record_checkpoint', 'undecodable') ORDER BY seq DESC LIMIT {limit}"
    ))
    .bind(scope.to_string())
    .fetch_all(db.readers())
    .await?;
    let mut happenings = Vec::with_capacity(rows.len());
    for row in &rows {
        let kind: String = row.try_get(1)?;
        let version: i64 = row.try_get(2)?;
        let payload: &str = row.try_get(3)?;
        let command = Command::decode(&kind, u32::try_from(version).unwrap_or(0), payload);
        let (ticket, about) = match command {
            Some(Ok(command)) => subject(&command),
            _ => (None, String::new()),
        };
        happenings.push(Happening {
            seq: parsed_u64(row.try_get(0)?),
            kind,
            by: row.try_get(4)?,
            at: ms(row, 5)?,
            received: ms(row, 6)?,
            ticket,
            about,
            outcome: row.try_get(7)?,
        });
    }
    name_tickets(db, &mut happenings).await?;
    Ok(happenings)
}

fn parsed_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// The ticket or the place that a command is about.
pub(crate) fn subject(command: &Command) -> (Option<TicketId>, String) {
    match command {
        Command::OpenTicket(c) => (Some(c.ticket), c.place.label.clone()),
        Command::RecordVisit(c) => (None, c.place.clone()),
        Command::SetSchedule(c) => (None, c.name.clone()),
        _ => (ticket_of(command), String::new()),
    }
}

/// Puts "#1123 3-2-1501" where a ticket is meant.
async fn name_tickets(db: &Db, happenings: &mut [Happening]) -> Result<(), ApiError> {
    let ids: Vec<String> =
        happenings.iter().filter_map(|h| h.ticket).map(|id| id.to_string()).collect();
    let ids = serde_json::to_string(&ids).map_err(|error| ApiError::fault("view", error))?;
    let select =
        format!("SELECT id, number, place FROM tickets WHERE id IN ({})", db.dialect().texts(1));
    let rows = sql(select).bind(ids).fetch_all(db.readers()).await?;
    for row in &rows {
        let id: TicketId = parsed(row, 0)?;
        let number: Option<i64> = row.try_get(1)?;
        let place: String = row.try_get(2)?;
        let about = match number {
            Some(number) => format!("#{number} {place}"),
            None => place,
        };
        for happening in happenings.iter_mut().filter(|h| h.ticket == Some(id)) {
            happening.about.clone_from(&about);
        }
    }
    Ok(())
}
