//! What the office reads from `GET /api/v1/views/…`: shapes shared by the server and the app.
//!
//! Views are made by the server for whoever sees the whole project; the phone derives its pages
//! from its own replica instead.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::actor::Role;
use crate::id::{ClusterId, DeviceId, OpId, RoundId, ScheduleId, TicketId, UnitId, UserId};
use crate::modules::tickets::{Clock, TicketKind, Urgency};
use crate::money::Fen;
use crate::refusal::Refusal;
use crate::sync::record::Scope;
use crate::time::Ms;

/// A ticket as a line of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketLine {
    pub id: TicketId,
    pub number: Option<u32>,
    pub kind: TicketKind,
    pub category: String,
    pub urgency: Urgency,
    /// `TicketState::name`.
    pub state: String,
    pub cluster: ClusterId,
    pub place: String,
    pub assignee: Option<UserId>,
    pub assignee_name: Option<String>,
    pub opened_at: Ms,
    pub clock: Clock,
    pub conflicts: u32,
}

/// `GET /api/v1/views/tickets`: one page of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTable {
    /// Rows that match, on all pages.
    pub total: u64,
    pub rows: Vec<TicketLine>,
}

/// One due or extra round of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundLine {
    pub id: RoundId,
    pub schedule: Option<ScheduleId>,
    pub cluster: ClusterId,
    pub date: NaiveDate,
    pub name: String,
    pub window: Option<(Ms, Ms)>,
    /// `DueState::name`; an extra round is `running` or `done`.
    pub state: String,
    pub by: Option<String>,
    pub started: Option<Ms>,
    pub finished: Option<Ms>,
    pub points_done: u32,
    pub points: u32,
    pub tickets: u32,
    /// Results that deserve a second look.
    pub flags: u32,
}

impl RoundLine {
    /// A round that nobody has begun.
    pub fn unwalked(
        id: RoundId,
        cluster: ClusterId,
        date: NaiveDate,
        name: String,
        state: &str,
    ) -> Self {
        Self {
            id,
            schedule: None,
            cluster,
            date,
            name,
            window: None,
            state: state.into(),
            by: None,
            started: None,
            finished: None,
            points_done: 0,
            points: 0,
            tickets: 0,
            flags: 0,
        }
    }
}

/// `GET /api/v1/views/rounds?date=…`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundTable {
    pub rows: Vec<RoundLine>,
}

/// One cluster's row on the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterToday {
    pub cluster: ClusterId,
    pub code: String,
    pub name: String,
    pub steward: Option<String>,
    pub rounds: Vec<RoundLine>,
    pub open_tickets: u32,
    pub over: u32,
    /// Calls of the day: made, and still on the list.
    pub calls_made: u32,
    pub calls_left: u32,
    /// Promises of payment that fall due today.
    pub promises_due: u32,
    pub households_owing: u32,
    pub owed: Fen,
}

/// A device and when it was last in step with the server, so that silence is not taken for idleness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLine {
    pub device: DeviceId,
    pub device_name: String,
    pub user: UserId,
    pub user_name: String,
    pub roles: Vec<Role>,
    pub last_seen: Ms,
    pub last_sync: Option<Ms>,
    pub clock_offset: Option<i64>,
    pub waiting: Option<u32>,
    pub revoked: bool,
}

/// `GET /api/v1/views/devices`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceTable {
    pub rows: Vec<DeviceLine>,
}

/// Something that was just done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    pub seq: u64,
    /// Command kind, `"tickets.complete"`.
    pub kind: String,
    pub by: String,
    pub at: Ms,
    pub received: Ms,
    pub ticket: Option<TicketId>,
    /// What it was about, as people call it: number and place of the ticket, household, round.
    pub about: String,
    /// The round it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<RoundId>,
    /// The household it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// Taken from somebody and given to another: 改派.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reassigned: bool,
    pub outcome: String,
}

/// Tickets opened and finished on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    pub date: NaiveDate,
    pub opened: u32,
    pub finished: u32,
}

/// `GET /api/v1/views/dashboard`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    pub project: String,
    /// When these figures were true.
    pub at: Ms,
    pub open_by_kind: Vec<(TicketKind, u32)>,
    pub unassigned: u32,
    pub over: u32,
    /// Over within the next 30 minutes.
    pub soon: u32,
    /// What is over or breaches next, most pressing first.
    pub pressing: Vec<TicketLine>,
    /// Nobody was given these within the relay limit.
    #[serde(default)]
    pub relay_over: u32,
    /// Commands that are to be settled: in conflict, or refused.
    pub conflicts: u32,
    /// Return visits that are due.
    pub return_visits: u32,
    pub clusters: Vec<ClusterToday>,
    pub devices: Vec<DeviceLine>,
    pub happenings: Vec<Happening>,
    pub days: Vec<DayCount>,
}

/// A refused or conflicting command that nobody has settled yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub scope: Scope,
    pub seq: u64,
    pub op: OpId,
    pub kind: String,
    pub by: String,
    pub device_name: String,
    pub at: Ms,
    pub received: Ms,
    pub outcome: String,
    pub reason: Option<Refusal>,
    pub ticket: Option<TicketId>,
    /// What it is about, as people call it; empty where nothing is known of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<RoundId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// It is somebody else's to settle.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub barred: bool,
    /// What was recorded, as the phone sent it.
    pub payload: String,
}

/// `GET /api/v1/views/attention`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionTable {
    pub rows: Vec<Quarantined>,
}
