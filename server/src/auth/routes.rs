//! Signing in and out, the own password, and shutting out devices.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use domain::id::DeviceId;
use domain::modules::accounts::{AccountCode, User};
use domain::refusal::CommonCode;
use domain::sync::wire::{DeviceInfo, RegisterDevice, Session, SignIn};
use domain::time::MINUTE;
use domain::{Refusal, Right, Role, text};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::address::ClientAddress;
use super::store::{self, NewSession, Succession};
use super::{
    Holder, Signed, TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS, TRY_WINDOW, password, signed, token,
};
use crate::error::ApiError;
use crate::http::json::ApiJson;
use crate::openapi::{ErrorEnvelope, RegisterDeviceBody, SessionBody, SignInBody};
use crate::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/session", post(sign_in).get(session).delete(sign_out))
        .route("/api/v1/session/password", post(change_password))
        .route("/api/v1/session/device", post(register_device))
        .route("/api/v1/devices/{id}/revoke", post(revoke_device))
}

#[derive(OpenApi)]
#[openapi(paths(sign_in, session, sign_out, change_password, register_device, revoke_device))]
struct Doc;

pub fn doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

/// Begins a session on a device.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignInBody,
    responses(
        (status = 200, description = "Signed in; the cookie holds the session", body = SessionBody),
        (status = 401, description = "`session.wrong_password`", body = ErrorEnvelope),
        (status = 403, description = "`session.disabled`", body = ErrorEnvelope),
        (status = 409, description = "`sync.wrong_device` for a device of somebody else", body = ErrorEnvelope),
        (status = 429, description = "`session.locked` with the minutes to wait", body = ErrorEnvelope),
    ))]
async fn sign_in(
    State(state): State<AppState>,
    address: ClientAddress,
    ApiJson(request): ApiJson<SignIn>,
) -> Result<Response, ApiError> {
    let result = try_sign_in(&state, address, request).await;
    state.metrics.sign_in(result.is_ok());
    result
}

async fn try_sign_in(
    state: &AppState,
    address: ClientAddress,
    request: SignIn,
) -> Result<Response, ApiError> {
    let account = request.account.trim().to_lowercase();
    text::optional("account", &account, text::LINE)?;
    text::required("device", &request.device.name, text::LINE)?;
    let now = state.clock.now();
    let by_account = account_key(&account);
    let by_address = address_key(address);
    let keys = [(by_account.clone(), TRIES_PER_ACCOUNT), (by_address.clone(), TRIES_PER_ADDRESS)];
    begin_try(state, &keys).await?;
    let found = store::find_account(&state.db, &account).await?;
    let must_change = found.as_ref().is_some_and(|found| found.must_change_password);
    let (user, hash) = found.map_or((None, None), |found| (Some(found.user), found.hash));
    let right = state.passwords.check(request.password, hash).await?;
    let user = user.filter(|_| right).ok_or_else(|| ApiError::new(CommonCode::SignInWrong))?;
    // Only whoever knows the password learns that the account is shut.
    if user.disabled {
        return Err(ApiError::new(CommonCode::SignInDisabled));
    }
    let (cookie, token_hash) = token::make(&state.clock);
    let device = DeviceInfo { name: request.device.name.trim().to_owned(), ..request.device };
    let session = NewSession {
        token_hash: &token_hash,
        user: user.id,
        device: &device,
        address: &address.0.to_string(),
        now,
        forgive_all: &by_account,
        forgive_this: &by_address,
    };
    if !store::begin_session(&state.db, &session).await? {
        return Err(ApiError::new(CommonCode::WrongDevice));
    }
    tracing::info!(user = %user.id, device = %device.id, "signed in");
    let answer = answer(state, &user, device, must_change).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(answer)).into_response())
}

fn account_key(account: &str) -> String {
    format!("account:{account}")
}

fn address_key(address: ClientAddress) -> String {
    format!("address:{}", address.limited_by())
}

/// Counts an attempt, or says how long the limit holds.
async fn begin_try(state: &AppState, keys: &[(String, i64)]) -> Result<(), ApiError> {
    let now = state.clock.now();
    match store::begin_try(&state.db, keys, now, TRY_WINDOW).await? {
        Ok(()) => Ok(()),
        Err(locked) => {
            let minutes = (locked.until.since(now).max(1) + MINUTE - 1) / MINUTE;
            Err(Refusal::new(CommonCode::SignInLocked).with("minutes", minutes).into())
        }
    }
}

/// What a signed-in phone needs to know about itself.
async fn answer(
    state: &AppState,
    user: &User,
    device: DeviceInfo,
    must_change_password: bool,
) -> Result<Session, ApiError> {
    let settings = store::settings(&state.db).await?;
    let actor = user.actor();
    let scopes = state.sync.scopes_of(&actor).await?;
    let mut rights: Vec<Right> =
        user.roles.iter().flat_map(|role: &Role| role.rights()).copied().collect();
    rights.sort_unstable();
    rights.dedup();
    Ok(Session {
        actor,
        account: user.account.clone(),
        device,
        scopes,
        rights,
        server_time: state.clock.now(),
        min_client: state.site.min_client(),
        company: settings.company,
        code_key: state.code_key.public(),
        demo: state.config.demo,
        must_change_password,
    })
}

/// Tells who is signed in, with the rights of this moment.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", security(("session" = [])),
    responses(
        (status = 200, description = "Signed in", body = SessionBody),
        (status = 401, description = "`session.expired`", body = ErrorEnvelope),
    ))]
async fn session(
    State(state): State<AppState>,
    Holder(signed): Holder,
) -> Result<Response, ApiError> {
    let device = DeviceInfo { id: signed.device, name: signed.device_name.clone() };
    Ok(Json(answer_to(&state, &signed, device).await?).into_response())
}

async fn answer_to(
    state: &AppState,
    signed: &Signed,
    device: DeviceInfo,
) -> Result<Session, ApiError> {
    let user = User {
        id: signed.user,
        account: signed.account.clone(),
        name: signed.actor.name.clone(),
        roles: signed.actor.roles.clone(),
        clusters: signed.actor.clusters.clone(),
        disabled: false,
    };
    answer(state, &user, device, signed.must_change_password).await
}

/// Registers the device that the phone's store has become, because the numbers of the session's are
/// taken (`sync.number_reused`), and begins a session on it. The old device stays what it was.
#[utoipa::path(post, path = "/api/v1/session/device", tag = "session",
    request_body = RegisterDeviceBody, security(("session" = [])),
    responses(
        (status = 200, description = "Registered; the cookie holds the new session", body = SessionBody),
        (status = 401, description = "`session.expired`", body = ErrorEnvelope),
        (status = 409, description = "`sync.wrong_device`: of somebody else, or shut out", body = ErrorEnvelope),
    ))]
async fn register_device(
    State(state): State<AppState>,
    Holder(signed): Holder,
    address: ClientAddress,
    ApiJson(request): ApiJson<RegisterDevice>,
) -> Result<Response, ApiError> {
    text::required("device", &request.device.name, text::LINE)?;
    // The cookie may have become another's between the phone's question and this.
    if request.user != signed.user {
        return Err(ApiError::new(CommonCode::WrongDevice));
    }
    let device = DeviceInfo { name: request.device.name.trim().to_owned(), ..request.device };
    if device.id == signed.device {
        // Another tab was faster, and its cookie came with this.
        return Ok(Json(answer_to(&state, &signed, device).await?).into_response());
    }
    let (cookie, token_hash) = token::make(&state.clock);
    let succession = Succession {
        token_hash: &token_hash,
        user: signed.user,
        old: signed.device,
        new: &device,
        address: &address.0.to_string(),
        now: state.clock.now(),
    };
    if !store::succeed(&state.db, &succession).await? {
        return Err(ApiError::new(CommonCode::WrongDevice));
    }
    tracing::info!(user = %signed.user, old = %signed.device, new = %device.id, "device renewed");
    let answer = answer_to(&state, &signed, device).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(answer)).into_response())
}

/// Ends the session. Also without one: signing out twice is no error.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses(
        (status = 204, description = "Signed out"),
        (status = 409, description = "`sync.wrong_device`: the session is not of the device that was named", body = ErrorEnvelope),
    ))]
async fn sign_out(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(session) = token::of_request(&headers) {
        // A tab that lingers must not sign out whoever came after.
        if let Some(found) = store::find_session(&state.db, &session).await? {
            signed::check_device(&headers, found.device)?;
        }
        store::end_session(&state.db, &session).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, token::removal())]).into_response())
}

/// `POST /api/v1/session/password`.
#[derive(Serialize, Deserialize, ToSchema)]
struct ChangePassword {
    current: String,
    new: String,
}

/// Changes the own password and signs all other devices out.
#[utoipa::path(post, path = "/api/v1/session/password", tag = "session",
    request_body = ChangePassword, security(("session" = [])),
    responses(
        (status = 204, description = "Changed"),
        (status = 401, description = "`session.wrong_password`", body = ErrorEnvelope),
        (status = 422, description = "`accounts.password_too_short`, `accounts.password_unchanged`", body = ErrorEnvelope),
    ))]
async fn change_password(
    State(state): State<AppState>,
    Holder(signed): Holder,
    ApiJson(request): ApiJson<ChangePassword>,
) -> Result<StatusCode, ApiError> {
    password::check_new(&request.new)?;
    if request.new == request.current {
        return Err(ApiError::new(AccountCode::PasswordUnchanged));
    }
    // An unlocked phone must not become a place to guess the password.
    begin_try(&state, &[(account_key(&signed.account), TRIES_PER_ACCOUNT)]).await?;
    let found = store::find_account(&state.db, &signed.account).await?;
    let hash = found.and_then(|found| found.hash);
    if !state.passwords.check(request.current, hash).await? {
        return Err(ApiError::new(CommonCode::SignInWrong));
    }
    let hash = state.passwords.hash(request.new).await?;
    let now = state.clock.now();
    store::set_password(&state.db, signed.user, &hash, false, Some(&signed.session), now).await?;
    tracing::info!(user = %signed.user, "password changed");
    Ok(StatusCode::NO_CONTENT)
}

/// Shuts a device out. Its unsent work stays on it, and is sent after its owner has signed in again.
#[utoipa::path(post, path = "/api/v1/devices/{id}/revoke", tag = "devices",
    params(("id" = String, Path, description = "The device")), security(("session" = [])),
    responses(
        (status = 204, description = "Its next request is answered with `session.expired`"),
        (status = 403, description = "`common.not_allowed`", body = ErrorEnvelope),
        (status = 404, description = "`server.not_found`", body = ErrorEnvelope),
    ))]
async fn revoke_device(
    State(state): State<AppState>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let not_found = || ApiError::new(CommonCode::NotFound);
    let device: DeviceId = id.parse().map_err(|_| not_found())?;
    let owner = store::owner_of_device(&state.db, device).await?;
    if owner != Some(signed.user) {
        signed.require(Right::ManageAccounts)?;
    }
    owner.ok_or_else(not_found)?;
    store::revoke_device(&state.db, device, state.clock.now()).await?;
    tracing::info!(by = %signed.user, %device, "device revoked");
    Ok(StatusCode::NO_CONTENT)
}
