//! Noting a visit, giving a promised answer.

use serde::{Deserialize, Serialize};

use super::{Topic, VisitResult, VisitWay};
use crate::id::{ClusterId, UnitId, VisitId};
use crate::modules::attachments::Attachment;

/// Notes a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordVisit {
    pub visit: VisitId,
    pub cluster: ClusterId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    pub place: String,
    pub way: VisitWay,
    pub met: String,
    pub topics: Vec<Topic>,
    #[serde(default)]
    pub note: String,
    #[serde(flatten)]
    pub result: VisitResult,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// Gives the answer that was promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerVisit {
    pub visit: VisitId,
    pub text: String,
}
