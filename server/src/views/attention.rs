//! What is to be settled 待裁定: refused and conflicting commands, with everything they carried, and
//! those that have waited too long for another phone.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use domain::id::{DeviceId, OpId, TicketId};
use domain::modules::Command;
use domain::modules::tickets::{NoteTicket, Ticket, ticket_of};
use domain::refusal::CommonCode;
use domain::sync::{Outcome, Scope};
use domain::time::DAY;
use domain::views::{AttentionTable, Quarantined};
use domain::{Actor, Ms, Right, Role};
use sqlx::{AnyConnection, Row};

use super::{OfProject, count, happenings, ms, parsed, scope_for};
use crate::auth::Signed;
use crate::db::{Db, sql};
use crate::error::ApiError;
use crate::openapi::ErrorEnvelope;
use crate::state::AppState;
use crate::store::log::{self, OpenConflict};
use crate::store::records;
use crate::sync::SystemCommand;

/// How long a command may wait for what another phone recorded before the office is to look for that phone.
const HELD_TOO_LONG: i64 = 5 * DAY;

/// Unsettled commands of the project and of the company, newest first; then those that wait too long.
#[utoipa::path(get, path = "/api/v1/views/attention", tag = "views", security(("session" = [])),
    responses((status = 200, description = "`{rows}`"),
              (status = 403, description = "`common.not_allowed`", body = ErrorEnvelope)))]
pub async fn attention(
    State(state): State<AppState>,
    signed: Signed,
    Query(of): Query<OfProject>,
) -> Result<Json<AttentionTable>, ApiError> {
    let (scope, _) = scope_for(&state, &signed, Right::SettleConflict, of.project).await?;
    let unsettled =
        sql("SELECT q.seq, l.op, l.kind, l.actor_name, COALESCE(d.name, ''), l.occurred_at, \
         l.received_at, q.outcome, l.reply, l.payload, l.v, l.scope FROM quarantine q \
         JOIN log l ON l.scope = q.scope AND l.seq = q.seq LEFT JOIN devices d ON d.id = l.device \
         WHERE q.scope IN ($1, $2) AND q.settled_at IS NULL \
         ORDER BY l.received_at DESC, q.seq DESC LIMIT 500")
        .bind(scope.to_string())
        .bind(Scope::Company.to_string())
        .fetch_all(state.db.readers())
        .await?;
    let waiting =
        sql("SELECT l.seq, l.op, l.kind, l.actor_name, COALESCE(d.name, ''), l.occurred_at, \
         l.received_at, 'held', l.reply, l.payload, l.v, l.scope FROM held h \
         JOIN log l ON l.scope = h.scope AND l.seq = h.seq LEFT JOIN devices d ON d.id = l.device \
         WHERE h.scope IN ($1, $2) AND h.received_at < $3 \
         ORDER BY l.received_at DESC, l.seq DESC LIMIT 500")
        .bind(scope.to_string())
        .bind(Scope::Company.to_string())
        .bind(state.clock.now().plus(-HELD_TOO_LONG).0)
        .fetch_all(state.db.readers())
        .await?;
    let rows = || unsettled.iter().chain(&waiting);
    let mut subjects = Vec::new();
    for row in rows() {
        subjects.push(happenings::subject(row.try_get(2)?, row.try_get(10)?, row.try_get(9)?));
    }
    happenings::name(&state.db, &mut subjects).await?;
    let others = tickets_of_others(&state.db, &signed.actor, &subjects).await?;
    let rows = rows()
        .zip(subjects)
        .map(|(row, subject)| {
            let scope: Scope = parsed(row, 11)?;
            let reply: Option<Outcome> = serde_json::from_str(row.try_get(8)?).ok();
            Ok(Quarantined {
                scope,
                seq: u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0),
                op: parsed(row, 1)?,
                kind: row.try_get(2)?,
                by: row.try_get(3)?,
                device_name: row.try_get(4)?,
                at: ms(row, 5)?,
                received: ms(row, 6)?,
                outcome: row.try_get(7)?,
                reason: reply.and_then(|reply| reply.reason),
                barred: subject.ticket.is_some_and(|ticket| others.contains(&ticket)),
                ticket: subject.ticket,
                about: subject.about,
                round: subject.round,
                unit: subject.unit,
                payload: row.try_get(9)?,
            })
        })
        .collect::<Result<_, ApiError>>()?;
    Ok(Json(AttentionTable { rows }))
}

/// Marks one as settled: what it is about stays as it is. The log keeps it for ever; only the list
/// lets go of it. With the last conflict of a ticket the ticket itself is settled.
#[utoipa::path(post, path = "/api/v1/attention/{scope}/{seq}/settle", tag = "views",
    security(("session" = [])),
    params(("scope" = String, Path), ("seq" = i64, Path)),
    responses((status = 204, description = "Settled"),
              (status = 404, description = "`server.not_found`", body = ErrorEnvelope)))]
pub async fn settle(
    State(state): State<AppState>,
    signed: Signed,
    Path((scope, seq)): Path<(String, i64)>,
) -> Result<StatusCode, ApiError> {
    let wanted: Scope = scope.parse().map_err(|_| ApiError::new(CommonCode::UnknownScope))?;
    let scope = match wanted {
        Scope::Company => {
            signed.require(Right::SettleConflict)?;
            Scope::Company
        }
        Scope::Project(project) => {
            scope_for(&state, &signed, Right::SettleConflict, Some(project)).await?.0
        }
    };
    let missing = || ApiError::new(CommonCode::NotFound);
    let seq = u64::try_from(seq).map_err(|_| missing())?;
    let mut tx = state.db.begin_write().await?;
    if let Some((id, last)) = ticket_in_conflict(&mut tx, scope, seq).await? {
        let ticket = records::find::<Ticket>(&mut tx, state.db.dialect(), id.0).await?;
        if let Some(ticket) = ticket {
            ticket.require(Right::SettleConflict, &signed.actor)?;
        }
        if last {
            drop(tx);
            return settle_ticket(&state, &signed, scope, id).await;
        }
    }
    if !log::settle(&mut tx, scope, seq, signed.user, state.clock.now()).await? {
        return Err(missing());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many are in the list.
pub(crate) async fn unsettled(db: &Db, scope: Scope, now: Ms) -> Result<u32, ApiError> {
    let row = sql(
        "SELECT (SELECT COUNT(*) FROM quarantine WHERE scope IN ($1, $2) AND settled_at IS NULL) \
         + (SELECT COUNT(*) FROM held WHERE scope IN ($1, $2) AND received_at < $3)",
    )
    .bind(scope.to_string())
    .bind(Scope::Company.to_string())
    .bind(now.plus(-HELD_TOO_LONG).0)
    .fetch_one(db.readers())
    .await?;
    count(&row, 0)
}

/// How many this person finds to settle: what is in the list, or, for whoever does not settle, the tickets
/// they can look at because something about them is in conflict.
pub(crate) async fn to_settle(
    db: &Db,
    scope: Scope,
    actor: &Actor,
    now: Ms,
) -> Result<u32, ApiError> {
    if actor.may(Right::SettleConflict) {
        return unsettled(db, scope, now).await;
    }
    let row = sql("SELECT COUNT(*) FROM tickets WHERE scope = $1 AND conflicts > 0")
        .bind(scope.to_string())
        .fetch_one(db.readers())
        .await?;
    count(&row, 0)
}

/// The tickets among these whose conflicts this person may look at and not settle: an engineering
/// lead's, where it is no repair.
async fn tickets_of_others(
    db: &Db,
    actor: &Actor,
    subjects: &[happenings::Subject],
) -> Result<HashSet<TicketId>, ApiError> {
    if !actor.has_role(Role::EngineeringLead) {
        return Ok(HashSet::new());
    }
    let ids = subjects.iter().filter_map(|subject| subject.ticket);
    let bodies = happenings::known(db, "tickets", "body", ids).await?;
    let mut others = HashSet::new();
    for (id, (body, _)) in bodies {
        let ticket: Ticket = happenings::from_body("tickets", &body)?;
        if ticket.require(Right::SettleConflict, actor).is_err() {
            others.insert(id);
        }
    }
    Ok(others)
}

/// The ticket whose conflict this is, and whether it is the last of that ticket's that is not settled.
async fn ticket_in_conflict(
    tx: &mut AnyConnection,
    scope: Scope,
    seq: u64,
) -> Result<Option<(TicketId, bool)>, ApiError> {
    let open = log::open_conflicts(tx, scope).await?;
    let about = |conflict: &OpenConflict| match Command::decode(
        &conflict.kind,
        conflict.v,
        &conflict.payload,
    ) {
        Some(Ok(command)) => ticket_of(&command),
        _ => None,
    };
    let Some(ticket) = open.iter().find(|conflict| conflict.seq == seq).and_then(about) else {
        return Ok(None);
    };
    let others = open.iter().any(|conflict| conflict.seq != seq && about(conflict) == Some(ticket));
    Ok(Some((ticket, !others)))
}

/// Settles the conflicts of a ticket as they stand, in the name of whoever asks and through the one
/// write path, which lets go of the entries of this list in the same transaction.
async fn settle_ticket(
    state: &AppState,
    signed: &Signed,
    scope: Scope,
    ticket: TicketId,
) -> Result<StatusCode, ApiError> {
    let settle = NoteTicket {
        ticket,
        note: String::new(),
        photos: Vec::new(),
        settles_conflict: true,
        counts: None,
    };
    let now = state.clock.now();
    let command = SystemCommand {
        actor: Arc::clone(&signed.actor),
        // Not the asker's: its numbers are the phone's to give.
        device: DeviceId::derived(&["office", &scope.to_string()]),
        op: OpId(state.clock.uuid()),
        occurred_at: now,
        received_at: now,
        command: settle.into(),
    };
    let outcomes = state.sync.apply(scope, vec![command]).await?;
    match outcomes.into_iter().find_map(|outcome| outcome.reason) {
        Some(reason) => Err(reason.into()),
        None => Ok(StatusCode::NO_CONTENT),
    }
}
