//! What is to be settled 待裁定: refused and conflicting commands, with everything they carried.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use domain::Right;
use domain::modules::Command;
use domain::refusal::CommonCode;
use domain::sync::{Outcome, Scope};
use domain::views::{AttentionTable, Quarantined};
use sqlx::Row;

use super::{OfProject, happenings, ms, parsed, scope_for};
use crate::auth::Signed;
use crate::db::sql;
use crate::error::ApiError;
use crate::openapi::ErrorEnvelope;
use crate::state::AppState;

/// Unsettled commands, newest first.
#[utoipa::path(get, path = "/api/v1/views/attention", tag = "views", security(("session" = [])),
    responses((status = 200, description = "`{rows}`"),
              (status = 403, description = "`common.not_allowed`", body = ErrorEnvelope)))]
pub async fn attention(
    State(state): State<AppState>,
    signed: Signed,
    Query(of): Query<OfProject>,
) -> Result<Json<AttentionTable>, ApiError> {
    let (scope, _) = scope_for(&state, &signed, Right::SettleConflict, of.project).await?;
    let rows =
        sql("SELECT q.seq, l.op, l.kind, l.actor_name, COALESCE(d.name, ''), l.occurred_at, \
         l.received_at, q.outcome, l.reply, l.payload, l.v FROM quarantine q \
         JOIN log l ON l.scope = q.scope AND l.seq = q.seq LEFT JOIN devices d ON d.id = l.device \
         WHERE q.scope = $1 AND q.settled_at IS NULL ORDER BY q.seq DESC LIMIT 500")
        .bind(scope.to_string())
        .fetch_all(state.db.readers())
        .await?;
    let rows = rows
        .iter()
        .map(|row| {
            let kind: String = row.try_get(2)?;
            let payload: String = row.try_get(9)?;
            let version = u32::try_from(row.try_get::<i64, _>(10)?).unwrap_or(0);
            let ticket = match Command::decode(&kind, version, &payload) {
                Some(Ok(command)) => happenings::subject(&command).0,
                _ => None,
            };
            let reply: Option<Outcome> = serde_json::from_str(row.try_get(8)?).ok();
            Ok(Quarantined {
                scope,
                seq: u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0),
                op: parsed(row, 1)?,
                kind,
                by: row.try_get(3)?,
                device_name: row.try_get(4)?,
                at: ms(row, 5)?,
                received: ms(row, 6)?,
                outcome: row.try_get(7)?,
                reason: reply.and_then(|reply| reply.reason),
                ticket,
                payload,
            })
        })
        .collect::<Result<_, ApiError>>()?;
    Ok(Json(AttentionTable { rows }))
}

/// Marks one as settled. The log keeps it for ever; only the list lets go of it.
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
    let Scope::Project(project) = wanted else {
        return Err(ApiError::new(CommonCode::UnknownScope));
    };
    let (scope, _) = scope_for(&state, &signed, Right::SettleConflict, Some(project)).await?;
    let settled = sql("UPDATE quarantine SET settled_at = $3, settled_by = $4 \
         WHERE scope = $1 AND seq = $2 AND settled_at IS NULL")
    .bind(scope.to_string())
    .bind(seq)
    .bind(state.clock.now().0)
    .bind(signed.user.to_string())
    .execute(state.db.writers())
    .await?;
    if settled.rows_affected() == 0 {
        return Err(ApiError::new(CommonCode::NotFound));
    }
    Ok(StatusCode::NO_CONTENT)
}
