//! Importing arrears, recording a call.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{CallOutcome, UnpaidReason};
use crate::id::{FeeCallId, TicketId, UnitId};
use crate::money::Fen;
use crate::time::Ms;

/// Sets what one household owes, from an import. Older figures never replace newer ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetArrears {
    pub unit: UnitId,
    pub owed: Fen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
    pub months: u32,
    pub as_of: Ms,
}

/// Records a chasing call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordFeeCall {
    pub call: FeeCallId,
    pub unit: UnitId,
    /// The number that was called, where it is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dialled: String,
    pub outcome: CallOutcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UnpaidReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<NaiveDate>,
    #[serde(default)]
    pub note: String,
    /// The ticket opened for a service problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
}
