//! What the office reads: dashboard, tables, devices, what is to be settled.
//!
//! Made from the same tables that the write path keeps; every view asks for its right first.

use axum::Router;
use axum::routing::{get, post};
use domain::id::ProjectId;
use domain::refusal::CommonCode;
use domain::sync::Scope;
use domain::{Ms, Right};
use serde::Deserialize;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::auth::Signed;
use crate::error::ApiError;
use crate::state::AppState;

mod attention;
mod dashboard;
mod devices;
mod due;
mod happenings;
mod rounds;
mod tickets;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/views/dashboard", get(dashboard::dashboard))
        .route("/api/v1/views/tickets", get(tickets::tickets))
        .route("/api/v1/views/rounds", get(rounds::rounds))
        .route("/api/v1/views/devices", get(devices::devices))
        .route("/api/v1/views/attention", get(attention::attention))
        .route("/api/v1/attention/{scope}/{seq}/settle", post(attention::settle))
}

pub fn doc() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(
        dashboard::dashboard,
        tickets::tickets,
        rounds::rounds,
        devices::devices,
        attention::attention,
        attention::settle
    ))]
    struct Doc;
    <Doc as utoipa::OpenApi>::openapi()
}

/// Which project a view is about; the only one when none is named.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct OfProject {
    #[serde(default)]
    pub project: Option<ProjectId>,
}

/// The scope a signed-in person reads, with the right that it takes.
pub async fn scope_for(
    state: &AppState,
    signed: &Signed,
    right: Right,
    wanted: Option<ProjectId>,
) -> Result<(Scope, String), ApiError> {
    signed.require(right)?;
    let scopes = state.sync.scopes_of(&signed.actor).await?;
    scopes
        .into_iter()
        .find(|info| info.project.is_some() && (wanted.is_none() || info.project == wanted))
        .map(|info| (info.scope, info.name))
        .ok_or_else(|| ApiError::new(CommonCode::UnknownScope))
}

/// A column that must parse; what does not is our inconsistency.
pub(crate) fn parsed<T: std::str::FromStr>(row: &AnyRow, column: usize) -> Result<T, ApiError> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|_| ApiError::fault("view", format!("column {column}: {text}")))
}

pub(crate) fn parsed_opt<T: std::str::FromStr>(
    row: &AnyRow,
    column: usize,
) -> Result<Option<T>, ApiError> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(|text| {
        text.parse().map_err(|_| ApiError::fault("view", format!("column {column}: {text}")))
    })
    .transpose()
}

pub(crate) fn ms(row: &AnyRow, column: usize) -> Result<Ms, ApiError> {
    Ok(Ms(row.try_get(column)?))
}

pub(crate) fn ms_opt(row: &AnyRow, column: usize) -> Result<Option<Ms>, ApiError> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Ms))
}

pub(crate) fn count(row: &AnyRow, column: usize) -> Result<u32, ApiError> {
    let count: i64 = row.try_get(column)?;
    Ok(u32::try_from(count).unwrap_or(0))
}

/// A stable name back to its value, through its serde form.
pub(crate) fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, ApiError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|error| ApiError::fault("view", format!("{name}: {error}")))
}
