//! What a finished job carries: the conduct checklist, the priced lines, the customer's signature.

use serde::{Deserialize, Serialize};

use super::{Ticket, TicketEvent};
use crate::id::UserId;
use crate::modules::attachments::Attachment;
use crate::money::Fen;
use crate::time::Ms;

/// A line of material or labour on a job, priced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PricedLine {
    pub what: LineKind,
    pub name: String,
    /// "个", "米", "小时".
    pub unit: String,
    /// Thousandths: 500 = half an hour.
    pub quantity: i64,
    pub price: Fen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Material,
    Labour,
}

impl PricedLine {
    pub fn amount(&self) -> Option<Fen> {
        self.price.times_thousandths(self.quantity)
    }
}

/// What was done on site, as the customer signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Completion {
    pub by: UserId,
    pub at: Ms,
    /// Ticked points of the in-unit conduct checklist (S2), by code; see `CONDUCT`.
    pub conduct: Vec<String>,
    /// Points of it that this job has no room for: nobody's shoes touch the floor of a phone call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_applicable: Vec<String>,
    pub cause: String,
    pub action: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<PricedLine>,
    pub total: Fen,
    /// Before, after, signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Who signed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signed_by: String,
    /// Why there is no signature (nobody home, public place).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unsigned_reason: String,
}

/// Names one of the completions on a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletionRef {
    pub by: UserId,
    pub at: Ms,
}

impl CompletionRef {
    pub fn of(completion: &Completion) -> Self {
        Self { by: completion.by, at: completion.at }
    }
}

impl Ticket {
    /// Completions that came too late and wait for the office's word.
    pub fn rival_completions(&self) -> impl Iterator<Item = &Completion> {
        self.timeline.iter().filter(|entry| entry.conflict).filter_map(|entry| match &entry.event {
            TicketEvent::CompletedAgain { completion } => Some(&**completion),
            _ => None,
        })
    }
}

/// The in-unit conduct checklist of S2, in its order.
pub const CONDUCT: [&str; 10] = [
    "appointment",
    "badge",
    "knock",
    "shoe_covers",
    "ground_cloth",
    "low_noise",
    "explain_use",
    "tidy_up",
    "customer_inspects",
    "goodbye",
];
