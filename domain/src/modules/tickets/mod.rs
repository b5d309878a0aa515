//! Tickets 工单: the one work item behind repairs, complaints, enquiries, requests, findings and paid
//! services. One number, one timeline, one state machine.
//!
//! Who acts: anyone on the staff opens; front desk and supervisors assess, assign, decline, reopen,
//! close; technicians accept and carry out; stewards return and rate. States: received 已受理 →
//! assessed 已评审 → assigned 已派单 → accepted 已接单 → in progress 处理中 → (waiting 挂起) → done
//! 已完成 → return visit 待回访 → closed 已关闭; declined 不予受理; reopened. Sources: S0, S1, S2, S3, S4;
//! processes.md 2.

use crate::order;
use serde::{Deserialize, Serialize};

use super::attachments::Attachment;
use super::company::Limits;
use crate::id::{
    CheckpointId, ClusterId, DeviceId, FeeCallId, ProjectId, RoundId, TicketId, UnitId, UserId,
    VisitId,
};
use crate::money::Fen;
use crate::sync::record::{Channel, Scope};
use crate::time::Ms;

pub mod category;
pub mod clock;
mod command;
mod completion;
mod decide;
pub mod limits;
mod machine;
pub mod price_list;
#[cfg(test)]
mod tests;
pub use clock::{Clock, ClockLight};
pub use command::*;
pub use completion::{CONDUCT, Completion, CompletionRef, LineKind, PricedLine};
pub use decide::{
    MAX_LINES, MAX_QUANTITY, MAX_TOTAL, MOVED_ENTRIES, NOTED_ENTRIES, can_be_assigned, lines_total,
};
pub use machine::{Denied, Illegal, Move};
pub use price_list::{PriceItem, price_list};

crate::refusal_codes! {
    TicketCode {
        /// The state does not allow this move. Params: `state`, `move`.
        IllegalMove = "tickets.illegal_move",
        /// Somebody else works on it. Param: `holder`.
        NotYours = "tickets.not_yours",
        UnknownCategory = "tickets.unknown_category",
        NoPlace = "tickets.no_place",
        NotATechnician = "tickets.not_a_technician",
        NotFeasibleNeedsExplanation = "tickets.not_feasible_needs_explanation",
        ChecklistIncomplete = "tickets.checklist_incomplete",
        PhotoMissing = "tickets.photo_missing",
        SignatureMissing = "tickets.signature_missing",
        /// A signature, but not whose it is.
        SignerMissing = "tickets.signer_missing",
        BadAmount = "tickets.bad_amount",
        WaitUntilPast = "tickets.wait_until_past",
        /// Waiting without end would hide that a limit is broken.
        WaitUntilMissing = "tickets.wait_until_missing",
        /// Param: `days`, the company's longest wait.
        WaitUntilFar = "tickets.wait_until_far",
        /// The completion that should count is none that is in conflict on this ticket.
        NoSuchCompletion = "tickets.no_such_completion",
        ScoreOutOfRange = "tickets.score_out_of_range",
        /// The ticket was closed or finished elsewhere first; what was recorded is kept on it.
        FinishedElsewhere = "tickets.finished_elsewhere",
        ReassignedElsewhere = "tickets.reassigned_elsewhere",
        ReturnVisitMissing = "tickets.return_visit_missing",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TicketKind {
    /// 报修
    Repair,
    /// 投诉
    Complaint,
    /// 咨询
    Enquiry,
    /// 需求/建议
    Request,
    /// 巡查问题
    Finding,
    /// 特约服务
    PaidService,
}

impl TicketKind {
    pub const ALL: [TicketKind; 6] = [
        TicketKind::Repair,
        TicketKind::Complaint,
        TicketKind::Enquiry,
        TicketKind::Request,
        TicketKind::Finding,
        TicketKind::PaidService,
    ];
    pub fn name(self) -> &'static str {
        match self {
            TicketKind::Repair => "repair",
            TicketKind::Complaint => "complaint",
            TicketKind::Enquiry => "enquiry",
            TicketKind::Request => "request",
            TicketKind::Finding => "finding",
            TicketKind::PaidService => "paid_service",
        }
    }
    /// Technicians may take it from the pool.
    pub fn is_technical(self) -> bool {
        matches!(self, TicketKind::Repair | TicketKind::Finding | TicketKind::PaidService)
    }
}

/// How it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Intake {
    Phone,
    Counter,
    /// 管家现场
    OnSite,
    ResidentPage,
    LetterBox,
    /// 公司质量热线
    QualityLine,
    /// 巡视发现
    Round,
    /// Raised from a chasing call or a visit.
    Visit,
    FeeCall,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Normal,
    Urgent,
    /// Danger to people or property now.
    Emergency,
}

/// Where. A unit, or a public place in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// "3-2-1501", or "地下一层泵房".
    pub label: String,
}

/// Whom to reach about it; the technician sees this and no more of the household file.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TicketContact {
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
}

/// What it came from, linked both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    Round {
        round: RoundId,
        /// The registered place; many points of a round have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checkpoint: Option<CheckpointId>,
        item: String,
    },
    Visit {
        visit: VisitId,
    },
    FeeCall {
        call: FeeCallId,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// 等配件
    Parts,
    /// 等业主
    Owner,
    /// 等第三方
    ThirdParty,
}

/// The state, with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum TicketState {
    Received,
    Assessed,
    Assigned {
        to: UserId,
    },
    Accepted {
        by: UserId,
    },
    InProgress {
        by: UserId,
        since: Ms,
    },
    Waiting {
        by: UserId,
        since: Ms,
        reason: WaitReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Ms>,
    },
    /// Finished by the worker; the office has still to look (kinds without a return visit).
    Done {
        by: UserId,
        at: Ms,
    },
    /// 待回访: finished, the customer has still to be asked.
    ReturnVisit {
        by: UserId,
        at: Ms,
        due: Ms,
    },
    Closed {
        by: UserId,
        at: Ms,
    },
    Declined {
        by: UserId,
        at: Ms,
    },
}

impl TicketState {
    pub fn name(&self) -> &'static str {
        match self {
            TicketState::Received => "received",
            TicketState::Assessed => "assessed",
            TicketState::Assigned { .. } => "assigned",
            TicketState::Accepted { .. } => "accepted",
            TicketState::InProgress { .. } => "in_progress",
            TicketState::Waiting { .. } => "waiting",
            TicketState::Done { .. } => "done",
            TicketState::ReturnVisit { .. } => "return_visit",
            TicketState::Closed { .. } => "closed",
            TicketState::Declined { .. } => "declined",
        }
    }
    pub const NAMES: [&'static str; 10] = [
        "received",
        "assessed",
        "assigned",
        "accepted",
        "in_progress",
        "waiting",
        "done",
        "return_visit",
        "closed",
        "declined",
    ];
    /// The work itself is over (its clock has stopped).
    pub fn is_finished(&self) -> bool {
        matches!(
            self,
            TicketState::Done { .. }
                | TicketState::ReturnVisit { .. }
                | TicketState::Closed { .. }
                | TicketState::Declined { .. }
        )
    }
    /// What was asked for has been done; a ticket that was declined is finished, and nothing is solved.
    pub fn is_solved(&self) -> bool {
        self.is_finished() && !matches!(self, TicketState::Declined { .. })
    }
    pub fn is_final(&self) -> bool {
        matches!(self, TicketState::Closed { .. } | TicketState::Declined { .. })
    }
    /// Whose work it is now.
    pub fn holder(&self) -> Option<UserId> {
        match self {
            TicketState::Assigned { to } => Some(*to),
            TicketState::Accepted { by }
            | TicketState::InProgress { by, .. }
            | TicketState::Waiting { by, .. }
            | TicketState::Done { by, .. }
            | TicketState::ReturnVisit { by, .. } => Some(*by),
            _ => None,
        }
    }
}

/// What happened, in the ticket's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TicketEvent {
    Opened,
    Assessed {
        feasible: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        estimate: Option<Fen>,
    },
    Assigned {
        to: UserId,
    },
    Accepted,
    Started,
    Waiting {
        reason: WaitReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Ms>,
    },
    Resumed,
    Completed,
    /// A second completion of a job that was already finished: kept, shown, for the office.
    CompletedAgain {
        completion: Box<Completion>,
    },
    ReturnVisited {
        solved: bool,
        score: u8,
    },
    Closed,
    Declined,
    Reopened,
    Noted,
    /// The office settled a conflict: of the completions on this timeline, that one counts.
    CompletionCounts {
        completion: CompletionRef,
    },
    /// A move that came too late; what it carried is here.
    LateMove {
        verb: String,
        /// Of a late *wait*.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<WaitReason>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Ms>,
    },
}

/// One line of the timeline: who, on which device, when it happened and when it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineEntry {
    #[serde(flatten)]
    pub event: TicketEvent,
    pub by: UserId,
    pub by_name: String,
    pub device: DeviceId,
    pub at: Ms,
    pub received: Ms,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The move was refused by the state; a person has to settle it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conflict: bool,
}

/// 工单.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ticket {
    pub id: TicketId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    /// Given by the server; until then `short_code` stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    pub kind: TicketKind,
    /// A code of the category tree, see `category`.
    pub category: String,
    pub urgency: Urgency,
    pub intake: Intake,
    pub place: Place,
    pub contact: TicketContact,
    pub description: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    pub state: TicketState,
    /// 首问责任: stays responsible until handed over.
    pub opened_by: UserId,
    pub opened_at: Ms,
    pub clock: Clock,
    /// The company's limits when its clock began: what is changed later changes nothing that runs.
    #[serde(default, skip_serializing_if = "Limits::is_usual")]
    pub limits: Limits,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Fen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Completion>,
    /// Completions from before it was reopened: what a customer signed is never overwritten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Completion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    #[serde(default)]
    pub reopened: u32,
    /// Unsettled conflicts on the timeline.
    #[serde(default)]
    pub conflicts: u32,
    pub timeline: Vec<TimelineEntry>,
    pub changed_at: Ms,
}

impl Ticket {
    /// Four letters and digits that stand for the number until the server gave one.
    pub fn short_code(id: TicketId) -> String {
        const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let bytes = id.0.as_bytes();
        (12..16).map(|i| char::from(ALPHABET[usize::from(bytes[i]) % 32])).collect()
    }

    /// "#1123" or, before the server numbered it, "#~7K2P": a ticket is called by it everywhere.
    pub fn display_number(&self) -> String {
        match self.number {
            Some(number) => format!("#{number}"),
            None => format!("#~{}", Self::short_code(self.id)),
        }
    }

    /// The same of a ticket that may not be known here.
    pub fn name_of(id: TicketId, known: Option<&Ticket>) -> String {
        known.map_or_else(|| format!("#~{}", Self::short_code(id)), Ticket::display_number)
    }
}

crate::synced!(Ticket, Ticket, |t| id: t.id.0, scope: Scope::Project(t.project), channels: {
    let mut channels = vec![Channel::Office, Channel::Cluster(t.cluster), Channel::User(t.opened_by)];
    if let Some(holder) = t.state.holder() {
        channels.push(Channel::User(holder));
    } else if let Some(completion) = &t.completion {
        // Whoever did the work keeps seeing how it ended.
        channels.push(Channel::User(completion.by));
    }
    if t.kind.is_technical() && matches!(t.state, TicketState::Received | TicketState::Assessed) {
        channels.push(Channel::Pool);
    }
    // Whoever recorded what came too late sees it on the ticket until the office has settled it.
    channels.extend(t.timeline.iter().filter(|entry| entry.conflict).map(|e| Channel::User(e.by)));
    order::sort(&mut channels);
    channels.dedup();
    channels
}, over: |body| {
    let state = body.split_once("\"state\":{\"name\":\"").map_or("", |(_, rest)| rest);
    state.starts_with("closed\"") || state.starts_with("declined\"")
});
