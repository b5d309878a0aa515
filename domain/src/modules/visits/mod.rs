//! Visits 拜访: whom a steward met, what was said, what was promised.
//!
//! Append-only; a promised answer becomes a follow-up task until it is given. Who acts: stewards,
//! front desk, supervisors. Source: S4 §4; processes.md 5.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::attachments::Attachment;
use crate::id::{ClusterId, ProjectId, TicketId, UnitId, UserId, VisitId};
use crate::sync::record::{Channel, Scope};
use crate::time::Ms;

mod command;
mod decide;
pub mod follow_up;
pub use command::{AnswerVisit, RecordVisit};

crate::refusal_codes! {
    VisitCode {
        /// A promised answer before the visit itself.
        PromiseInPast = "visits.promise_in_past",
        NothingSaid = "visits.nothing_said",
        NothingPromised = "visits.nothing_promised",
    }
}

/// How they met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VisitWay {
    Door,
    Phone,
    /// 路遇
    OnTheWay,
    Office,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Need,
    Opinion,
    Praise,
    Greeting,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum VisitResult {
    /// 当场答复
    Answered,
    /// 转工单; the ticket names the visit.
    Forwarded { ticket: TicketId },
    /// An answer is promised by that date. Not `by` on the wire, where the record already says
    /// by whom.
    Promised {
        #[serde(rename = "answer_by")]
        by: NaiveDate,
    },
    /// Nothing was asked.
    Nothing,
}

/// The answer that was promised, given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitAnswer {
    pub text: String,
    pub by: UserId,
    pub at: Ms,
}

/// 拜访记录.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Visit {
    pub id: VisitId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// "3-2-1501", or where it was.
    pub place: String,
    pub way: VisitWay,
    /// Who was met.
    pub met: String,
    pub topics: Vec<Topic>,
    pub note: String,
    #[serde(flatten)]
    pub result: VisitResult,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    pub by: UserId,
    pub by_name: String,
    pub at: Ms,
    pub received: Ms,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<VisitAnswer>,
}

crate::synced!(Visit, Visit, |v| id: v.id.0, scope: Scope::Project(v.project),
    channels: vec![Channel::Office, Channel::Cluster(v.cluster)],
    // No answer was promised, or it was given.
    over: |body| !body.contains("\"answer_by\":") || body.contains("\"answers\":["));
