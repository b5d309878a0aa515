//! The business verbs on tickets. Payloads only; the moves themselves are in `machine`.

use serde::{Deserialize, Serialize};

use super::{
    Completion, CompletionRef, Intake, Origin, Place, PricedLine, TicketContact, TicketKind,
    Urgency, WaitReason,
};
use crate::id::{ClusterId, TicketId, UserId};
use crate::modules::Command;
use crate::modules::attachments::Attachment;
use crate::money::Fen;
use crate::time::Ms;

/// Opens a ticket; anyone on the staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenTicket {
    pub ticket: TicketId,
    pub cluster: ClusterId,
    pub kind: TicketKind,
    pub category: String,
    pub urgency: Urgency,
    pub intake: Intake,
    pub place: Place,
    #[serde(default)]
    pub contact: TicketContact,
    pub description: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// 评审: can it be done, what will it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssessTicket {
    pub ticket: TicketId,
    pub feasible: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Fen>,
    #[serde(default)]
    pub note: String,
}

/// 派单. The office wins over what happened meanwhile in the field; that stays as an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssignTicket {
    pub ticket: TicketId,
    pub to: UserId,
    #[serde(default)]
    pub note: String,
}

/// 接单, by whom it was assigned to, or by a technician from the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptTicket {
    pub ticket: TicketId,
}

/// 开始处理.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartTicket {
    pub ticket: TicketId,
}

/// 挂起.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitTicket {
    pub ticket: TicketId,
    pub reason: WaitReason,
    /// Must be there. Builds from before that was so could leave it out, and what they recorded still
    /// has to be read to be refused in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Ms>,
    #[serde(default)]
    pub note: String,
}

/// 恢复.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResumeTicket {
    pub ticket: TicketId,
}

/// 完工, with everything the customer signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteTicket {
    pub ticket: TicketId,
    pub conduct: Vec<String>,
    /// 不适用: points of the checklist that do not apply to this job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_applicable: Vec<String>,
    pub cause: String,
    pub action: String,
    #[serde(default)]
    pub lines: Vec<PricedLine>,
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    #[serde(default)]
    pub signed_by: String,
    #[serde(default)]
    pub unsigned_reason: String,
}

/// 回访: solved? satisfied (1 to 5)? more?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordReturnVisit {
    pub ticket: TicketId,
    pub solved: bool,
    pub score: u8,
    #[serde(default)]
    pub note: String,
}

/// 关闭.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CloseTicket {
    pub ticket: TicketId,
    #[serde(default)]
    pub note: String,
}

/// 不予受理, with the explanation given to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeclineTicket {
    pub ticket: TicketId,
    pub explanation: String,
}

/// 重新打开.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReopenTicket {
    pub ticket: TicketId,
    pub reason: String,
}

/// A remark, photos; also settles conflicts when the office says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoteTicket {
    pub ticket: TicketId,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub photos: Vec<Attachment>,
    /// The office has looked at the conflicts on the timeline and settled them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settles_conflict: bool,
    /// Settles them so that this completion, which came too late, is the one that counts. Without it
    /// everything stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CompletionRef>,
}

impl CompleteTicket {
    /// What becomes part of the ticket.
    pub fn completion(&self, by: UserId, at: Ms, total: Fen) -> Completion {
        Completion {
            by,
            at,
            conduct: self.conduct.clone(),
            not_applicable: self.not_applicable.clone(),
            cause: self.cause.trim().to_owned(),
            action: self.action.trim().to_owned(),
            lines: self.lines.clone(),
            total,
            attachments: self.attachments.clone(),
            signed_by: self.signed_by.trim().to_owned(),
            unsigned_reason: self.unsigned_reason.trim().to_owned(),
        }
    }
}

impl NoteTicket {
    /// Whether the office settles the ticket's conflicts with it.
    pub fn settles(&self) -> bool {
        self.settles_conflict || self.counts.is_some()
    }
}

/// The ticket that a command is about.
pub fn ticket_of(command: &Command) -> Option<TicketId> {
    match command {
        Command::OpenTicket(c) => Some(c.ticket),
        Command::AssessTicket(c) => Some(c.ticket),
        Command::AssignTicket(c) => Some(c.ticket),
        Command::AcceptTicket(c) => Some(c.ticket),
        Command::StartTicket(c) => Some(c.ticket),
        Command::WaitTicket(c) => Some(c.ticket),
        Command::ResumeTicket(c) => Some(c.ticket),
        Command::CompleteTicket(c) => Some(c.ticket),
        Command::RecordReturnVisit(c) => Some(c.ticket),
        Command::CloseTicket(c) => Some(c.ticket),
        Command::DeclineTicket(c) => Some(c.ticket),
        Command::ReopenTicket(c) => Some(c.ticket),
        Command::NoteTicket(c) => Some(c.ticket),
        _ => None,
    }
}
