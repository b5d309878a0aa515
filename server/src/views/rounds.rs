//! The rounds of a day: due, running, done, missed.

use axum::Json;
use axum::extract::{Query, State};
use chrono::{Days, NaiveDate};
use domain::Right;
use domain::id::ProjectId;
use domain::views::RoundTable;
use serde::Deserialize;

use super::due::Duty;
use super::{devices, scope_for};
use crate::auth::{Signed, store};
use crate::error::ApiError;
use crate::openapi::ErrorEnvelope;
use crate::state::AppState;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoundFilter {
    pub project: Option<ProjectId>,
    /// Today in the company's zone when absent.
    pub date: Option<NaiveDate>,
}

/// All rounds of one day.
#[utoipa::path(get, path = "/api/v1/views/rounds", tag = "views", security(("session" = [])),
    params(("date" = Option<String>, Query, description = "YYYY-MM-DD in the company's zone")),
    responses((status = 200, description = "`{rows}`"),
              (status = 403, description = "`common.not_allowed`", body = ErrorEnvelope)))]
pub async fn rounds(
    State(state): State<AppState>,
    signed: Signed,
    Query(filter): Query<RoundFilter>,
) -> Result<Json<RoundTable>, ApiError> {
    let (scope, _) = scope_for(&state, &signed, Right::ViewOffice, filter.project).await?;
    let settings = store::settings(&state.db).await?;
    let now = state.clock.now();
    let date = filter.date.unwrap_or_else(|| settings.zone.date(now));
    let devices = devices::all(&state.db).await?;
    let duty = Duty::load(&state.db, scope, date - Days::new(1), date, &devices).await?;
    Ok(Json(RoundTable { rows: duty.on(date, &settings, now) }))
}
