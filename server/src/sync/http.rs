//! The endpoints of push and pull.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use domain::Refusal;
use domain::refusal::CommonCode;
use domain::sync::wire::{
    MAX_PUSH_BYTES, MAX_PUSH_COMMANDS, PullResponse, PushRequest, PushResponse,
};
use domain::sync::{PROTOCOL, Scope};
use serde::Deserialize;

use super::{Asked, PAGE_ROWS, SyncService};
use crate::auth::Signed;
use crate::auth::heard::{Heard, offset_of};
use crate::error::ApiError;
use crate::state::AppState;

/// Oldest wire protocol that is still read; see docs/sync-protocol.md for how long.
const OLDEST_PROTOCOL: u32 = 1;

/// Bytes of a push, unpacked.
pub(super) fn push_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(MAX_PUSH_BYTES)
}

/// Reads the body of a push and checks what can be checked without a database.
fn read(body: Result<Bytes, BytesRejection>, signed: &Signed) -> Result<PushRequest, ApiError> {
    let body = body.map_err(|rejection| match rejection.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal::new(CommonCode::TooLarge).with("max", MAX_PUSH_BYTES)
        }
        _ => Refusal::new(CommonCode::BadRequest),
    })?;
    let request: PushRequest = serde_json::from_slice(&body)
        .map_err(|error| Refusal::new(CommonCode::Malformed).with("why", error))?;
    if !(OLDEST_PROTOCOL..=PROTOCOL).contains(&request.protocol) {
        return Err(ApiError::new(CommonCode::ClientTooOld));
    }
    if request.device != signed.device || request.user != signed.user {
        return Err(ApiError::new(CommonCode::WrongDevice));
    }
    if request.commands.len() > MAX_PUSH_COMMANDS {
        return Err(Refusal::new(CommonCode::TooMany).with("max", MAX_PUSH_COMMANDS).into());
    }
    Ok(request)
}

pub(super) async fn push(
    State(state): State<AppState>,
    signed: Signed,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<PushResponse>, ApiError> {
    let request = read(body, &signed)?;
    if request.client.is_some_and(|client| client < state.site.min_client()) {
        return Err(ApiError::new(CommonCode::ClientTooOld));
    }
    let received_at = state.clock.now();
    let response = state
        .sync
        .push_resumed(
            request.scope,
            signed.device,
            signed.actor,
            &request.commands,
            request.resume_from,
            received_at,
        )
        .await?;
    let offset = offset_of(&request.commands);
    let heard = Heard { at: received_at, waiting: request.waiting, offset };
    state.listener.note(&state.db, signed.device, heard).await;
    Ok(Json(response))
}

#[derive(Deserialize)]
pub(super) struct PullQuery {
    scope: Scope,
    cursor: Option<String>,
    limit: Option<usize>,
    /// Commands that wait in the device's outboxes.
    waiting: Option<u64>,
    /// Server time minus device time, as the device measured it.
    offset: Option<i64>,
    /// A checksum is wanted.
    #[serde(default)]
    check: bool,
    /// The last checksum did not match: a snapshot is wanted.
    #[serde(default)]
    repair: bool,
}

pub(super) async fn pull(
    State(state): State<AppState>,
    signed: Signed,
    query: Result<Query<PullQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<PullResponse>, ApiError> {
    let Query(query) = query.map_err(|_| ApiError::new(CommonCode::BadRequest))?;
    let at = state.clock.now();
    let sync: &SyncService = &state.sync;
    if !sync.may_read(&signed.actor, query.scope).await? {
        return Err(ApiError::new(CommonCode::UnknownScope));
    }
    let limit = query.limit.unwrap_or(PAGE_ROWS);
    let cursor = query.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let asked = Asked { cursor, limit, check: query.check, repair: query.repair };
    let page = sync.pull_asked(query.scope, &signed.actor, signed.device, asked).await?;
    if !page.more {
        let heard = Heard { at, waiting: query.waiting, offset: query.offset };
        state.listener.note(&state.db, signed.device, heard).await;
    }
    Ok(Json(page))
}
