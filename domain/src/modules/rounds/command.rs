//! The business verbs of rounds.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{BriefingLine, Confirmation, ItemAnswer, Point, Recurrence, Window};
use crate::actor::Role;
use crate::id::{CheckpointId, ClusterId, RoundId, ScheduleId, TemplateId, UserId};

/// Publishes the next version of a template (version 1 makes it). Company scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishTemplate {
    pub template: TemplateId,
    /// One above the version that was seen; somebody else's newer version refuses it.
    pub version: u32,
    pub name: String,
    pub points: Vec<Point>,
    #[serde(default)]
    pub retired: bool,
}

/// Registers a physical checkpoint, or raises its code version when the code was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterCheckpoint {
    pub checkpoint: CheckpointId,
    pub cluster: ClusterId,
    pub template: TemplateId,
    pub point: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<(i32, i32)>,
    pub code_version: u32,
}

/// Makes or changes a schedule. The office wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetSchedule {
    pub schedule: ScheduleId,
    pub cluster: ClusterId,
    pub template: TemplateId,
    pub name: String,
    pub recurrence: Recurrence,
    pub windows: Vec<Window>,
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    pub starts: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<NaiveDate>,
}

/// Starts a round: a due one (id derived from schedule, date and window), or an extra one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartRound {
    pub round: RoundId,
    pub cluster: ClusterId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
    pub date: NaiveDate,
    /// Which of the schedule's windows, from 0.
    #[serde(default)]
    pub slot: u32,
    pub template: TemplateId,
    pub version: u32,
}

/// Records what was found at one point, in one step with its photos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordCheckpoint {
    pub round: RoundId,
    pub template: TemplateId,
    pub version: u32,
    pub point: String,
    /// The physical place, when one is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointId>,
    pub confirmation: Confirmation,
    pub answers: Vec<ItemAnswer>,
}

/// Finishes a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FinishRound {
    pub round: RoundId,
    #[serde(default)]
    pub summary: String,
    /// Why points were left out; required when some were.
    #[serde(default)]
    pub left_out: String,
}

/// Records the 9:30 briefing of a cluster. Of two answers to one line the later counts, whichever
/// arrives first; what others answered to other lines stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordBriefing {
    pub cluster: ClusterId,
    pub date: NaiveDate,
    /// What was answered: ticked, a tick taken back, a note, a line of one's own.
    pub lines: Vec<BriefingLine>,
    /// What was on the list besides, and was left as it was: kept where the line is not there yet, and
    /// never in place of an answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<BriefingLine>,
}
