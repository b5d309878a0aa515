//! The state machine of a ticket: what each move needs, what it leads to, and which moves came too
//! late to be made but must not be lost.
//!
//! The office's word stands over what happened meanwhile in the field. A field move that somebody
//! made in good faith, on what the phone knew then, is therefore not refused but *late*: the state
//! stays, the move is kept on the timeline, a person settles it.

use super::{Ticket, TicketCode, TicketEvent, TicketState, WaitReason};
use crate::actor::{Actor, Right};
use crate::id::UserId;
use crate::refusal::{CommonCode, Refusal};
use crate::time::Ms;

/// What can be done to a ticket once it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Move {
    Assess,
    Assign,
    Accept,
    Start,
    Wait,
    Resume,
    Complete,
    ReturnVisit,
    Close,
    Decline,
    Reopen,
    Note,
}

impl Move {
    pub const ALL: [Move; 12] = [
        Move::Assess,
        Move::Assign,
        Move::Accept,
        Move::Start,
        Move::Wait,
        Move::Resume,
        Move::Complete,
        Move::ReturnVisit,
        Move::Close,
        Move::Decline,
        Move::Reopen,
        Move::Note,
    ];

    /// The stable name: in refusals, in `LateMove`, in locale keys.
    pub fn name(self) -> &'static str {
        match self {
            Move::Assess => "assess",
            Move::Assign => "assign",
            Move::Accept => "accept",
            Move::Start => "start",
            Move::Wait => "wait",
            Move::Resume => "resume",
            Move::Complete => "complete",
            Move::ReturnVisit => "return_visit",
            Move::Close => "close",
            Move::Decline => "decline",
            Move::Reopen => "reopen",
            Move::Note => "note",
        }
    }

    /// The right it takes; moves of whoever holds the ticket take none.
    fn right(self) -> Option<Right> {
        match self {
            Move::Assess => Some(Right::AssessTicket),
            Move::Assign => Some(Right::AssignTicket),
            Move::ReturnVisit | Move::Close => Some(Right::CloseTicket),
            Move::Decline => Some(Right::DeclineTicket),
            Move::Reopen => Some(Right::ReopenTicket),
            Move::Note => Some(Right::NoteTicket),
            Move::Accept | Move::Start | Move::Wait | Move::Resume | Move::Complete => None,
        }
    }
}

/// A move that the state does not allow; gives the state back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Illegal {
    pub state: TicketState,
    pub tried: Move,
}

fn illegal(state: &TicketState, tried: Move) -> Refusal {
    Refusal::new(TicketCode::IllegalMove).with("state", state.name()).with("move", tried.name())
}

impl From<Illegal> for Refusal {
    fn from(illegal_move: Illegal) -> Self {
        illegal(&illegal_move.state, illegal_move.tried)
    }
}

/// Transitions. Each consumes the state; rights are `Ticket::gate`'s business.
impl TicketState {
    /// Whether the state itself allows `by` to make the move. `pool`: they may take it unassigned.
    fn permits(&self, tried: Move, by: UserId, pool: bool) -> bool {
        use TicketState::{Accepted, Assessed, Assigned, Done, InProgress, Received, Waiting};
        let held = self.holder() == Some(by);
        match tried {
            Move::Assess => matches!(self, Received | Assessed),
            Move::Assign | Move::Decline => !self.is_finished(),
            Move::Accept => match self {
                Received | Assessed => pool,
                Assigned { .. } => held,
                _ => false,
            },
            Move::Start => held && matches!(self, Assigned { .. } | Accepted { .. }),
            Move::Wait => held && matches!(self, Accepted { .. } | InProgress { .. }),
            Move::Resume => held && matches!(self, Waiting { .. }),
            Move::Complete => held && !self.is_finished(),
            Move::ReturnVisit => matches!(self, TicketState::ReturnVisit { .. }),
            Move::Close => matches!(self, Done { .. }),
            Move::Reopen => self.is_finished(),
            Move::Note => true,
        }
    }

    fn permitted(self, tried: Move, by: UserId, pool: bool) -> Result<Self, Illegal> {
        if self.permits(tried, by, pool) { Ok(self) } else { Err(Illegal { state: self, tried }) }
    }

    pub fn assess(self, by: UserId) -> Result<Self, Illegal> {
        self.permitted(Move::Assess, by, false).map(|_| TicketState::Assessed)
    }

    /// To the same worker again, the work goes on as it stands.
    pub fn assign(self, by: UserId, to: UserId) -> Result<Self, Illegal> {
        let state = self.permitted(Move::Assign, by, false)?;
        Ok(if state.holder() == Some(to) { state } else { TicketState::Assigned { to } })
    }

    pub fn accept(self, by: UserId, pool: bool) -> Result<Self, Illegal> {
        self.permitted(Move::Accept, by, pool).map(|_| TicketState::Accepted { by })
    }

    pub fn start(self, by: UserId, since: Ms) -> Result<Self, Illegal> {
        self.permitted(Move::Start, by, false).map(|_| TicketState::InProgress { by, since })
    }

    pub fn wait(
        self,
        by: UserId,
        since: Ms,
        reason: WaitReason,
        until: Option<Ms>,
    ) -> Result<Self, Illegal> {
        self.permitted(Move::Wait, by, false).map(|_| TicketState::Waiting {
            by,
            since,
            reason,
            until,
        })
    }

    pub fn resume(self, by: UserId, since: Ms) -> Result<Self, Illegal> {
        self.permitted(Move::Resume, by, false).map(|_| TicketState::InProgress { by, since })
    }

    /// Finishes the work; with `return_visit`, the customer is asked by then.
    pub fn complete(self, by: UserId, at: Ms, return_visit: Option<Ms>) -> Result<Self, Illegal> {
        self.permitted(Move::Complete, by, false).map(|_| Self::finished(by, at, return_visit))
    }

    fn finished(by: UserId, at: Ms, return_visit: Option<Ms>) -> Self {
        match return_visit {
            Some(due) => TicketState::ReturnVisit { by, at, due },
            None => TicketState::Done { by, at },
        }
    }

    /// The office's word that a completion which came too late is the one that counts: whatever the
    /// state, the work is finished by it. What is closed stays closed, its customer has been asked.
    #[must_use]
    pub fn count(self, worker: UserId, at: Ms, return_visit: Option<Ms>) -> Self {
        match self {
            TicketState::Closed { .. } => self,
            _ => Self::finished(worker, at, return_visit),
        }
    }

    /// Solved: closed. Not solved: back to whoever did the work.
    pub fn return_visit(self, by: UserId, at: Ms, solved: bool) -> Result<Self, Illegal> {
        let state = self.permitted(Move::ReturnVisit, by, false)?;
        match state {
            TicketState::ReturnVisit { by: worker, .. } if !solved => {
                Ok(TicketState::Assigned { to: worker })
            }
            _ => Ok(TicketState::Closed { by, at }),
        }
    }

    pub fn close(self, by: UserId, at: Ms) -> Result<Self, Illegal> {
        self.permitted(Move::Close, by, false).map(|_| TicketState::Closed { by, at })
    }

    pub fn decline(self, by: UserId, at: Ms) -> Result<Self, Illegal> {
        self.permitted(Move::Decline, by, false).map(|_| TicketState::Declined { by, at })
    }

    /// Back to `worker`, who finished it; a ticket that was declined starts anew.
    pub fn reopen(self, by: UserId, worker: Option<UserId>) -> Result<Self, Illegal> {
        let state = self.permitted(Move::Reopen, by, false)?;
        Ok(match (state, worker) {
            (TicketState::Declined { .. }, _) | (_, None) => TicketState::Received,
            (_, Some(to)) => TicketState::Assigned { to },
        })
    }
}

/// Why a move is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Plainly wrong.
    Refused(Refusal),
    /// Made in good faith and overtaken: kept on the timeline as a conflict.
    Late(Refusal),
}

impl Ticket {
    /// Whether a person may take this ticket from the pool.
    pub fn is_open_to(&self, actor: &Actor) -> bool {
        self.kind.is_technical() && actor.may_in(Right::WorkTicket, self.cluster)
    }

    /// Whether this person ever had the work, or recorded work on it that came too late.
    fn took_part(&self, user: UserId) -> bool {
        self.timeline.iter().any(|entry| match &entry.event {
            TicketEvent::Assigned { to } => *to == user,
            TicketEvent::Accepted
            | TicketEvent::Started
            | TicketEvent::Waiting { .. }
            | TicketEvent::Resumed
            | TicketEvent::Completed
            | TicketEvent::CompletedAgain { .. }
            | TicketEvent::LateMove { .. } => entry.by == user,
            _ => false,
        })
    }

    /// The name of whoever holds it as the timeline knows it, else their id.
    fn holder_name(&self, holder: UserId) -> String {
        let named = self.timeline.iter().rev().find(|entry| entry.by == holder);
        named.map_or_else(|| holder.to_string(), |entry| entry.by_name.clone())
    }

    /// Whether this person may make this move now, by rights and by state.
    pub fn gate(&self, tried: Move, actor: &Actor) -> Result<(), Denied> {
        if tried == Move::Note {
            return self.gate_note(actor);
        }
        if let Some(right) = tried.right() {
            self.require(right, actor).map_err(Denied::Refused)?;
        }
        if self.state.permits(tried, actor.user, self.is_open_to(actor)) {
            return Ok(());
        }
        Err(match tried {
            Move::Accept | Move::Start | Move::Wait | Move::Resume | Move::Complete => {
                self.deny_field(tried, actor)
            }
            Move::ReturnVisit => self.deny_return_visit(),
            Move::Close if matches!(self.state, TicketState::ReturnVisit { .. }) => {
                Denied::Refused(Refusal::new(TicketCode::ReturnVisitMissing))
            }
            _ => Denied::Refused(illegal(&self.state, tried)),
        })
    }

    /// Whether this person holds a right of the office for this ticket.
    pub fn require(&self, right: Right, actor: &Actor) -> Result<(), Refusal> {
        actor.require_in(right, self.cluster)?;
        if !self.kind.is_technical() && actor.leads_repairs_only(right, self.cluster) {
            return Err(Refusal::new(CommonCode::NotAllowed));
        }
        Ok(())
    }

    /// The one place that says who may remark: whoever holds it, whoever has the right; a technician
    /// on what is or was theirs, what they reported, and what lies in the pool. What they wrote while
    /// it lay there is kept as every late move is.
    fn gate_note(&self, actor: &Actor) -> Result<(), Denied> {
        if self.state.holder() == Some(actor.user) {
            return Ok(());
        }
        actor.require_in(Right::NoteTicket, self.cluster).map_err(Denied::Refused)?;
        let open = self.state.permits(Move::Accept, actor.user, self.is_open_to(actor));
        let own = self.opened_by == actor.user || self.took_part(actor.user);
        if own || open || actor.notes_any_in(self.cluster) {
            return Ok(());
        }
        Err(if self.is_open_to(actor) {
            Denied::Late(self.overtaken())
        } else {
            Denied::Refused(Refusal::new(CommonCode::NotAllowed))
        })
    }

    /// What became of it meanwhile.
    fn overtaken(&self) -> Refusal {
        Refusal::new(if self.state.is_finished() {
            TicketCode::FinishedElsewhere
        } else {
            TicketCode::ReassignedElsewhere
        })
    }

    fn deny_field(&self, tried: Move, actor: &Actor) -> Denied {
        // Accepting is how a technician first gets a pool ticket, so nothing need go before it.
        let good_faith =
            self.took_part(actor.user) || (tried == Move::Accept && self.is_open_to(actor));
        let holder = self.state.holder();
        if good_faith && (self.state.is_finished() || holder != Some(actor.user)) {
            return Denied::Late(self.overtaken());
        }
        Denied::Refused(match holder {
            Some(other) if other != actor.user => {
                Refusal::new(TicketCode::NotYours).with("holder", self.holder_name(other))
            }
            _ => illegal(&self.state, tried),
        })
    }

    /// Two people may ask the same customer: both answers are kept.
    fn deny_return_visit(&self) -> Denied {
        let reason = illegal(&self.state, Move::ReturnVisit);
        if self.completion.is_none() || !self.wants_return_visit() {
            Denied::Refused(reason)
        } else if self.state.is_finished() {
            Denied::Late(Refusal::new(TicketCode::FinishedElsewhere))
        } else {
            Denied::Late(reason)
        }
    }

    /// What to offer this person: exactly what would be applied now.
    pub fn possible_moves(&self, actor: &Actor) -> Vec<Move> {
        Move::ALL.into_iter().filter(|tried| self.gate(*tried, actor).is_ok()).collect()
    }
}
