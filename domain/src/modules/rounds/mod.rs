//! Rounds 组团巡视: templates, schedules, due rounds, checkpoints, results, the 9:30 briefing.
//!
//! Who acts: the office edits templates (as versions) and schedules; stewards, technicians and
//! supervisors walk. A due round is not stored: phone and server expand the same schedules into the
//! same ids. A round is stored from its first step on: running → finished. Sources: S4 §1, S0, S1;
//! processes.md 1.

use crate::order;
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::attachments::Attachment;
use crate::actor::Role;
use crate::id::{
    BriefingId, CheckpointId, ClusterId, ProjectId, RoundId, ScheduleId, TemplateId, TicketId,
    UserId,
};
use crate::sync::record::{Channel, Scope};
use crate::time::{DAY, Ms};

mod briefing;
pub mod builtin;
pub mod code;
mod command;
mod decide;
pub mod due;
pub use briefing::{BriefingItem, briefing_lines};
pub use command::*;

crate::refusal_codes! {
    RoundCode {
        EmptyTemplate = "rounds.empty_template",
        DuplicateItem = "rounds.duplicate_item",
        BadLimits = "rounds.bad_limits",
        OldVersion = "rounds.old_version",
        BadWindow = "rounds.bad_window",
        BadRecurrence = "rounds.bad_recurrence",
        /// The day is not one of the schedule's.
        NotDue = "rounds.not_due",
        /// The round does not belong to this schedule or template.
        WrongTemplate = "rounds.wrong_template",
        NotYourRound = "rounds.not_your_round",
        UnknownCheckpoint = "rounds.unknown_checkpoint",
        UnknownItem = "rounds.unknown_item",
        AnswerMissing = "rounds.answer_missing",
        WrongAnswerType = "rounds.wrong_answer_type",
        AbnormalNeedsEvidence = "rounds.abnormal_needs_evidence",
        HandNeedsReason = "rounds.hand_needs_reason",
        /// Not one of our codes, or its signature is wrong.
        CodeForged = "rounds.code_forged",
        /// A genuine code of another site.
        CodeOtherSite = "rounds.code_other_site",
        /// A genuine code of another checkpoint. Param: `checkpoint`.
        CodeOtherCheckpoint = "rounds.code_other_checkpoint",
        /// The code was replaced by a newer one.
        CodeRevoked = "rounds.code_revoked",
        PointsMissing = "rounds.points_missing",
    }
}

/// What an item asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AnswerType {
    /// 正常 / 异常 / 无此项
    Normal,
    /// Thousandths of the unit; outside the limits it is abnormal.
    Number {
        unit: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        low: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        high: Option<i64>,
    },
    Text,
    Photo,
}

/// 检查项.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    /// Stable within the template.
    pub code: String,
    pub text: String,
    pub answer: AnswerType,
    /// Category of a ticket raised from it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// Concerns people's safety: comes first (S4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub safety: bool,
    /// May be left unanswered: remarks and the like.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// 巡视点 of a template: what is checked there. Which physical place it is in a cluster is a
/// `Checkpoint` with the same `point` code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Point {
    /// Stable within the template.
    pub code: String,
    pub name: String,
    pub items: Vec<Item>,
}

/// One version of a template 巡视模板; versions are never changed, a newer one replaces them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoundTemplate {
    pub template: TemplateId,
    pub version: u32,
    pub name: String,
    pub points: Vec<Point>,
    #[serde(default)]
    pub retired: bool,
    /// Replaced by a newer version; kept for the rounds that started with it.
    #[serde(default)]
    pub superseded: bool,
    pub changed_at: Ms,
}

impl RoundTemplate {
    pub fn id_of(template: TemplateId, version: u32) -> uuid::Uuid {
        crate::id::derived(&["template", &template.to_string(), &version.to_string()])
    }
    pub fn point(&self, code: &str) -> Option<&Point> {
        self.points.iter().find(|point| point.code == code)
    }
}

crate::synced!(RoundTemplate, RoundTemplate, |t| id: RoundTemplate::id_of(t.template, t.version),
    scope: Scope::Company, channels: vec![Channel::All]);

/// A physical place with a code on the wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Checkpoint {
    pub id: CheckpointId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    pub template: TemplateId,
    /// `Point::code` it stands for.
    pub point: String,
    pub name: String,
    /// Metres east and north of the project's origin, when known: for the plausibility of timings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<(i32, i32)>,
    /// Number of the code on the wall; raised when a code is replaced.
    pub code_version: u32,
    /// Since when that code hangs there: what was scanned before it was right then.
    #[serde(default)]
    pub code_since: Ms,
}

impl Checkpoint {
    /// The id of a point's place in a cluster: two desks that register it make one place.
    pub fn id_of(cluster: ClusterId, template: TemplateId, point: &str) -> CheckpointId {
        CheckpointId::derived(&["checkpoint", &cluster.to_string(), &template.to_string(), point])
    }
}

crate::synced!(Checkpoint, Checkpoint, |c| id: c.id.0, scope: Scope::Project(c.project), channels: vec![Channel::All]);

/// On which days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "every", rename_all = "snake_case")]
pub enum Recurrence {
    Daily,
    WorkingDays,
    /// ISO weekdays, Monday = 1.
    Weekly {
        weekdays: Vec<u8>,
    },
    /// Days of the month; 31 means the last day of a shorter month.
    Monthly {
        days: Vec<u8>,
    },
    /// Day of each quarter's last month.
    Quarterly {
        day: u8,
    },
}

/// A window of local time on the due day; an end before its start is on the next day (night rounds).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Window {
    #[cfg_attr(feature = "openapi", schema(pattern = "^\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?$"))]
    pub from: NaiveTime,
    #[cfg_attr(feature = "openapi", schema(pattern = "^\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?$"))]
    pub to: NaiveTime,
}

impl Window {
    /// Whether both are open at some time of day: two rounds of one plan would be due at once.
    pub fn overlaps(&self, other: &Window) -> bool {
        // Time from one moment to the next time the clock shows the other.
        let ahead = |from: NaiveTime, to: NaiveTime| (to - from).num_milliseconds().rem_euclid(DAY);
        ahead(self.from, other.from) < ahead(self.from, self.to)
            || ahead(other.from, self.from) < ahead(other.from, other.to)
    }
}

/// 巡视计划: which template is walked where, when, by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Schedule {
    pub id: ScheduleId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    pub template: TemplateId,
    pub name: String,
    pub recurrence: Recurrence,
    /// One due round for each window, n times a day.
    pub windows: Vec<Window>,
    /// Whoever holds this role in the cluster …
    pub role: Role,
    /// … or, when one is named, this person alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    pub starts: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<NaiveDate>,
    pub changed_at: Ms,
}

crate::synced!(Schedule, Schedule, |s| id: s.id.0, scope: Scope::Project(s.project), channels: vec![Channel::All]);

/// How it was shown that somebody stood there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Confirmation {
    /// The text of the signed code that was scanned.
    Code { code: String },
    /// By a usual reason, in the walker's own words, or both.
    Hand {
        /// Always there, empty or not: phones of before the usual reasons ask for it.
        reason: String,
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "HandReason::known"
        )]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<HandReason>))]
        usual: Option<HandReason>,
    },
}

/// Why a place is confirmed by hand again and again; read in the reader's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HandReason {
    /// 二维码污损
    Damaged,
    /// 无法到达
    Unreachable,
    /// 光线不足
    Dark,
    /// 未挂码
    NoCode,
}

impl HandReason {
    pub const ALL: [HandReason; 4] =
        [HandReason::Damaged, HandReason::Unreachable, HandReason::Dark, HandReason::NoCode];
    pub fn name(self) -> &'static str {
        match self {
            HandReason::Damaged => "damaged",
            HandReason::Unreachable => "unreachable",
            HandReason::Dark => "dark",
            HandReason::NoCode => "no_code",
        }
    }
    /// A reason of a newer build is none here; the round is not to vanish for it.
    fn known<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Self>, D::Error> {
        let name = Option::<String>::deserialize(input)?;
        Ok(name.and_then(|name| Self::ALL.into_iter().find(|known| known.name() == name)))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "value", rename_all = "snake_case")]
pub enum Answer {
    Normal,
    Abnormal,
    NotApplicable,
    /// Thousandths of the unit.
    Number {
        reading: i64,
    },
    Text {
        text: String,
    },
    Photo,
}

/// The answer to one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemAnswer {
    pub item: String,
    pub answer: Answer,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Attachment>,
    /// The ticket raised in the same tap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
}

/// Why a result deserves a second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Two far checkpoints seconds apart.
    TooFast,
    /// The same point was recorded before in this round; both are kept, the later one counts.
    Correction,
    /// By hand instead of by code.
    ByHand,
}

/// What was found at one checkpoint. Append-only: a correction is a new result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PointResult {
    pub point: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointId>,
    /// Where the checkpoint was then, so that the next result's timing can be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<(i32, i32)>,
    pub confirmation: Confirmation,
    pub at: Ms,
    pub received: Ms,
    pub by: UserId,
    pub answers: Vec<ItemAnswer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

/// 组团巡查记录: a round from its first step on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Round {
    pub id: RoundId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    /// `None`: walked without being due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
    /// Company-zone date it was due on.
    pub date: NaiveDate,
    /// The due window as instants; absent for a round without a schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<(Ms, Ms)>,
    pub template: TemplateId,
    /// The version it started with and keeps.
    pub version: u32,
    pub name: String,
    /// Points of that version.
    pub points: u32,
    /// Whose duty it was when it started: whoever shares it may walk along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The one person whose duty it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    pub by: UserId,
    pub by_name: String,
    /// Who else walks it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<UserId>,
    pub started: Ms,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Ms>,
    /// When the server heard of the finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_received: Option<Ms>,
    /// By corrected device time: finished after the window.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    pub results: Vec<PointResult>,
    pub changed_at: Ms,
}

impl Round {
    /// The result that counts for a point: the latest.
    pub fn result(&self, point: &str) -> Option<&PointResult> {
        self.results.iter().rev().find(|result| result.point == point)
    }
    /// Distinct points that have a result.
    pub fn points_done(&self) -> usize {
        let mut points: Vec<&str> =
            self.results.iter().map(|result| result.point.as_str()).collect();
        order::sort(&mut points);
        points.dedup();
        points.len()
    }
    /// Walks it already.
    pub fn is_walked_by(&self, user: UserId) -> bool {
        self.by == user || self.joined.contains(&user)
    }
    pub fn tickets(&self) -> impl Iterator<Item = TicketId> {
        self.results.iter().flat_map(|result| &result.answers).filter_map(|answer| answer.ticket)
    }
}

crate::synced!(Round, Round, |r| id: r.id.0, scope: Scope::Project(r.project),
channels: {
    let mut channels = vec![Channel::Office, Channel::Cluster(r.cluster), Channel::User(r.by)];
    channels.extend(r.joined.iter().copied().map(Channel::User));
    // Whoever else may walk it has to know what was walked.
    match r.role {
        Some(Role::Guard) => channels.push(Channel::Guards),
        Some(Role::Technician) => channels.push(Channel::Pool),
        _ => {}
    }
    channels
}, over: |body| body.contains("\"finished\":"));

/// The point to go to next: the first in the template's order without a result.
pub fn next_point<'a>(template: &'a RoundTemplate, round: &Round) -> Option<&'a Point> {
    template.points.iter().find(|point| round.result(&point.code).is_none())
}

/// One line of the 9:30 briefing 晨会 (S4): asked, answered, ticked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BriefingLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub text: String,
    pub ticked: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// When it was answered last; in a command it says nothing, for that is when the command was
    /// recorded. Nothing: it was only on the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Ms>,
}

/// 晨会记录: what the steward asked guard leader, technician, cleaning lead, call centre, front desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Briefing {
    pub id: BriefingId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    pub date: NaiveDate,
    pub by: UserId,
    pub by_name: String,
    pub at: Ms,
    pub lines: Vec<BriefingLine>,
}

impl Briefing {
    pub fn id_of(cluster: ClusterId, date: NaiveDate) -> BriefingId {
        BriefingId::derived(&["briefing", &cluster.to_string(), &date.to_string()])
    }
}

crate::synced!(Briefing, Briefing, |b| id: b.id.0, scope: Scope::Project(b.project),
    channels: vec![Channel::Office, Channel::Cluster(b.cluster)]);
