//! What each command does to a ticket. `office` and `field` hold the verbs of either side; here is
//! what they share.

use super::{Denied, Move, Ticket, TicketEvent, TimelineEntry};
use crate::id::TicketId;
use crate::modules::attachments::Attachment;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decision, Stop, World, need};
use crate::sync::record::{RecordKey, SyncedRecord};
use crate::text;

mod field;
mod office;
mod open;
pub use field::{MAX_LINES, MAX_QUANTITY, MAX_TOTAL, lines_total};
pub use office::can_be_assigned;

/// Entries of a timeline after which remarks are refused.
pub const NOTED_ENTRIES: usize = 500;
/// Entries after which only what brings a ticket to its end is taken.
pub const MOVED_ENTRIES: usize = 1_000;

fn key(ticket: TicketId) -> RecordKey {
    Ticket::key_of(ticket.0)
}

fn refuse<T>(refusal: Refusal) -> Result<T, Stop> {
    Err(Stop::Refused(refusal))
}

/// The ticket a command is about, in the command's own scope and with room for one more entry.
fn ticket(
    world: &dyn World,
    context: &Context<'_>,
    id: TicketId,
    made: Move,
) -> Result<Ticket, Stop> {
    let ticket = need::<Ticket>(world, id.0)?;
    if ticket.scope() != context.scope {
        return refuse(Refusal::new(CommonCode::WrongScope));
    }
    let ends = [Move::Complete, Move::ReturnVisit, Move::Close, Move::Decline].contains(&made);
    if !ends {
        text::at_most("timeline", ticket.timeline.len().saturating_add(1), MOVED_ENTRIES)?;
    }
    Ok(ticket.clone())
}

/// Asks the gate for a move that is either made or refused.
fn allow(ticket: &Ticket, made: Move, context: &Context<'_>) -> Result<(), Refusal> {
    ticket.gate(made, context.actor).map_err(|denied| match denied {
        Denied::Refused(reason) | Denied::Late(reason) => reason,
    })
}

/// Asks the gate for a move that may have come too late: `Some(why)` when it did.
fn allow_or_late(
    ticket: &Ticket,
    made: Move,
    context: &Context<'_>,
) -> Result<Option<Refusal>, Refusal> {
    match ticket.gate(made, context.actor) {
        Ok(()) => Ok(None),
        Err(Denied::Late(reason)) => Ok(Some(reason)),
        Err(Denied::Refused(reason)) => Err(reason),
    }
}

impl TimelineEntry {
    /// What this command adds to the timeline.
    fn of(context: &Context<'_>, event: TicketEvent) -> Self {
        Self {
            event,
            by: context.actor.user,
            by_name: context.actor.name.clone(),
            device: context.device,
            at: context.occurred_at,
            received: context.received_at,
            note: String::new(),
            attachments: Vec::new(),
            conflict: false,
        }
    }

    fn noting(self, note: &str) -> Self {
        Self { note: note.trim().to_owned(), ..self }
    }

    fn showing(self, attachments: &[Attachment]) -> Self {
        Self { attachments: attachments.to_vec(), ..self }
    }
}

/// The ticket with one more line of history.
fn put(mut ticket: Ticket, context: &Context<'_>, entry: TimelineEntry) -> Decision {
    ticket.timeline.push(entry);
    ticket.changed_at = context.received_at;
    Decision::put(ticket)
}

/// The ticket as it was, with the move that came too late kept beside it for the office.
fn put_late(
    mut ticket: Ticket,
    context: &Context<'_>,
    entry: TimelineEntry,
    reason: Refusal,
) -> Decision {
    ticket.conflicts = ticket.conflicts.saturating_add(1);
    put(ticket, context, TimelineEntry { conflict: true, ..entry }).but_conflict(reason)
}
