//! Registering the estate: by import at set-up, by the manager later.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Contact, UnitStatus};
use crate::id::{BuildingId, ClusterId, ProjectId, UnitId};

/// Registers a project, or gives it another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterProject {
    pub project: ProjectId,
    pub name: String,
}

/// Registers a cluster of a project, or replaces its facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterCluster {
    pub cluster: ClusterId,
    pub code: String,
    pub name: String,
}

/// Registers a building of a cluster, or replaces its facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterBuilding {
    pub building: BuildingId,
    pub cluster: ClusterId,
    pub number: String,
    pub name: String,
    pub floors: u32,
    pub entrances: u32,
}

/// Registers a unit, or replaces its facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterUnit {
    pub unit: UnitId,
    pub building: BuildingId,
    pub label: String,
    pub floor: i32,
    /// Hundredths of a square metre.
    pub area_centi: i64,
    pub status: UnitStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<NaiveDate>,
    pub contacts: Vec<Contact>,
    #[serde(default)]
    pub key_customer: bool,
    #[serde(default)]
    pub caution: String,
}
