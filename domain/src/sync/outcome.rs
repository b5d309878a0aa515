//! What became of a command.

use serde::{Deserialize, Serialize};

use crate::id::OpId;
use crate::refusal::Refusal;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    Applied,
    Merged,
    /// Both sides kept; the office decides.
    Conflict,
    /// A rule said no; the command stays on the phone under "needs attention".
    Refused,
    /// Waits for a record of another device, or for a newer server; becomes final once.
    Held,
}

impl OutcomeKind {
    pub fn name(self) -> &'static str {
        match self {
            OutcomeKind::Applied => "applied",
            OutcomeKind::Merged => "merged",
            OutcomeKind::Conflict => "conflict",
            OutcomeKind::Refused => "refused",
            OutcomeKind::Held => "held",
        }
    }
    /// A person has to look at it.
    pub fn needs_attention(self) -> bool {
        matches!(self, OutcomeKind::Conflict | OutcomeKind::Refused)
    }
}

/// The answer to one command. Stored as text; a resend gets the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Outcome {
    pub op: OpId,
    pub n: u64,
    pub outcome: OutcomeKind,
    /// Place in the scope's log.
    pub seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Refusal>,
}
