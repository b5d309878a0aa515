//! Fees and chasing 收费与催缴: what households owe by the imported statement, and the calls about it.
//!
//! Arrears are imported figures with their date; the ledger is a later process. The day's call list
//! is not stored: phone and server derive it from arrears, calls and the chasing calendar (S4 §10).
//! Who acts: stewards and front desk call; the cashier imports. processes.md 6.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::id::{ClusterId, FeeCallId, ProjectId, TicketId, UnitId, UserId};
use crate::money::Fen;
use crate::sync::record::{Channel, Scope};
use crate::time::Ms;

pub mod call_list;
mod command;
mod decide;
pub use command::{RecordFeeCall, SetArrears};

crate::refusal_codes! {
    FeeCode {
        BadAmount = "fees.bad_amount",
        BadPeriod = "fees.bad_period",
        /// A promise before the day it was made.
        PromiseInPast = "fees.promise_in_past",
        PromiseTooFar = "fees.promise_too_far",
        PromiseNeedsConnection = "fees.promise_needs_connection",
        ReasonMissing = "fees.reason_missing",
        /// Reason *service problem* without the ticket that takes it up.
        TicketMissing = "fees.ticket_missing",
        OlderFigures = "fees.older_figures",
    }
}

/// What one household owes, as imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Arrears {
    pub unit: UnitId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    pub label: String,
    /// Total owed; 0 when everything is paid.
    pub owed: Fen,
    /// First month that is unpaid, as its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
    /// Unpaid months.
    pub months: u32,
    /// When these figures were true.
    pub as_of: Ms,
}

impl Arrears {
    pub fn id_of(unit: UnitId) -> uuid::Uuid {
        crate::id::derived(&["arrears", &unit.to_string()])
    }
}

crate::synced!(Arrears, Arrears, |a| id: Arrears::id_of(a.unit), scope: Scope::Project(a.project),
    channels: vec![Channel::Finance, Channel::Cluster(a.cluster)]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// 接通
    Connected,
    /// 无人接听
    NoAnswer,
    /// 号码错误
    WrongNumber,
    /// 拒绝
    Refused,
}

impl CallOutcome {
    /// Somebody of the household was spoken to.
    pub fn is_reached(self) -> bool {
        matches!(self, CallOutcome::Connected | CallOutcome::Refused)
    }
    pub const ALL: [CallOutcome; 4] = [
        CallOutcome::Connected,
        CallOutcome::NoAnswer,
        CallOutcome::WrongNumber,
        CallOutcome::Refused,
    ];
    pub fn name(self) -> &'static str {
        match self {
            CallOutcome::Connected => "connected",
            CallOutcome::NoAnswer => "no_answer",
            CallOutcome::WrongNumber => "wrong_number",
            CallOutcome::Refused => "refused",
        }
    }
}

/// Why it is not paid (S4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnpaidReason {
    NoTime,
    Away,
    Vacant,
    /// 服务问题: opens a linked ticket.
    ServiceProblem,
    HouseQuality,
    Dispute,
    Hardship,
    Refuses,
}

impl UnpaidReason {
    pub const ALL: [UnpaidReason; 8] = [
        UnpaidReason::NoTime,
        UnpaidReason::Away,
        UnpaidReason::Vacant,
        UnpaidReason::ServiceProblem,
        UnpaidReason::HouseQuality,
        UnpaidReason::Dispute,
        UnpaidReason::Hardship,
        UnpaidReason::Refuses,
    ];
    pub fn name(self) -> &'static str {
        match self {
            UnpaidReason::NoTime => "no_time",
            UnpaidReason::Away => "away",
            UnpaidReason::Vacant => "vacant",
            UnpaidReason::ServiceProblem => "service_problem",
            UnpaidReason::HouseQuality => "house_quality",
            UnpaidReason::Dispute => "dispute",
            UnpaidReason::Hardship => "hardship",
            UnpaidReason::Refuses => "refuses",
        }
    }
}

/// One line of the 物管费催收记录表. Append-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeeCall {
    pub id: FeeCallId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    pub unit: UnitId,
    pub label: String,
    /// The number that was called; empty where it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dialled: String,
    pub outcome: CallOutcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UnpaidReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<NaiveDate>,
    /// Amount owed when the call was made.
    pub owed: Fen,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub by: UserId,
    pub by_name: String,
    pub at: Ms,
    pub received: Ms,
}

crate::synced!(FeeCall, FeeCall, |c| id: c.id.0, scope: Scope::Project(c.project),
    channels: vec![Channel::Finance, Channel::Cluster(c.cluster)]);
