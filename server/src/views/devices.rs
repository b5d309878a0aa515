//! Who has which device, and when it was last in step.

use axum::Json;
use axum::extract::State;
use domain::Right;
use domain::modules::accounts::User;
use domain::views::{DeviceLine, DeviceTable};
use sqlx::Row;

use super::{ms, ms_opt, parsed};
use crate::auth::Signed;
use crate::db::{Db, sql};
use crate::error::ApiError;
use crate::openapi::ErrorEnvelope;
use crate::state::AppState;

/// Every device that ever signed in.
#[utoipa::path(get, path = "/api/v1/views/devices", tag = "views", security(("session" = [])),
    responses((status = 200, description = "`{rows}`"),
              (status = 403, description = "`common.not_allowed`", body = ErrorEnvelope)))]
pub async fn devices(
    State(state): State<AppState>,
    signed: Signed,
) -> Result<Json<DeviceTable>, ApiError> {
    signed.require(Right::ViewDevices)?;
    Ok(Json(DeviceTable { rows: all(&state.db).await? }))
}

/// All devices, the longest silent last.
pub(crate) async fn all(db: &Db) -> Result<Vec<DeviceLine>, ApiError> {
    let rows =
        sql("SELECT d.id, d.name, d.user_id, u.body, d.last_seen, d.last_sync, d.clock_offset, \
         d.outbox_waiting, d.revoked FROM devices d JOIN users u ON u.id = d.user_id \
         ORDER BY COALESCE(d.last_sync, 0) DESC, d.id")
        .fetch_all(db.readers())
        .await?;
    rows.iter()
        .map(|row| {
            let user: User = serde_json::from_str(row.try_get(3)?)
                .map_err(|error| ApiError::fault("users", error))?;
            Ok(DeviceLine {
                device: parsed(row, 0)?,
                device_name: row.try_get(1)?,
                user: parsed(row, 2)?,
                user_name: user.name,
                roles: user.roles,
                last_seen: ms(row, 4)?,
                last_sync: ms_opt(row, 5)?,
                clock_offset: row.try_get(6)?,
                waiting: row
                    .try_get::<Option<i64>, _>(7)?
                    .and_then(|waiting| u32::try_from(waiting).ok()),
                revoked: row.try_get::<Option<i64>, _>(8)?.is_some(),
            })
        })
        .collect()
}
