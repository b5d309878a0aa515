//! What concerns accounts and is no synced record: setting a password.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use domain::Right;
use domain::id::UserId;
use domain::refusal::CommonCode;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::auth::{Signed, password, store};
use crate::error::ApiError;
use crate::http::json::ApiJson;
use crate::openapi::ErrorEnvelope;
use crate::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().route("/api/v1/accounts/{id}/password", put(set_password))
}

#[derive(OpenApi)]
#[openapi(paths(set_password))]
struct Doc;

pub fn doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

/// `PUT /api/v1/accounts/{id}/password`.
#[derive(Serialize, Deserialize, ToSchema)]
struct NewPassword {
    password: String,
}

/// Gives an account a password and signs it out everywhere.
#[utoipa::path(put, path = "/api/v1/accounts/{id}/password", tag = "accounts",
    params(("id" = String, Path, description = "The person")),
    request_body = NewPassword, security(("session" = [])),
    responses(
        (status = 204, description = "Set"),
        (status = 403, description = "`common.not_allowed`", body = ErrorEnvelope),
        (status = 404, description = "`server.not_found`", body = ErrorEnvelope),
        (status = 422, description = "`accounts.password_too_short`", body = ErrorEnvelope),
    ))]
async fn set_password(
    State(state): State<AppState>,
    signed: Signed,
    Path(id): Path<String>,
    ApiJson(request): ApiJson<NewPassword>,
) -> Result<StatusCode, ApiError> {
    signed.require(Right::ManageAccounts)?;
    let not_found = || ApiError::new(CommonCode::NotFound);
    let user: UserId = id.parse().map_err(|_| not_found())?;
    if !store::user_exists(&state.db, user).await? {
        return Err(not_found());
    }
    password::check_new(&request.password)?;
    let hash = state.passwords.hash(request.password).await?;
    // What somebody else chose has to be changed by its owner.
    let own = user == signed.user;
    let keep = own.then_some(signed.session.as_str());
    store::set_password(&state.db, user, &hash, !own, keep, state.clock.now()).await?;
    tracing::info!(by = %signed.user, %user, "password set");
    Ok(StatusCode::NO_CONTENT)
}
