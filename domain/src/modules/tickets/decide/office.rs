//! Verbs of the office: assess, assign, ask the customer, close, decline, reopen; and remarks.

use super::super::*;
use super::{NOTED_ENTRIES, allow, allow_or_late, key, put, put_late, refuse, ticket};
use crate::actor::{Right, Role};
use crate::modules::accounts::User;
use crate::modules::attachments;
use crate::refusal::Refusal;
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, World, need};
use crate::sync::record::{RecordKey, SyncedRecord};
use crate::text;

impl Decide for AssessTicket {
    const KIND: &'static str = "tickets.assess";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Assess)?;
        allow(&ticket, Move::Assess, context)?;
        text::optional("note", &self.note, text::NOTE)?;
        if !self.feasible && self.note.trim().is_empty() {
            return refuse(Refusal::new(TicketCode::NotFeasibleNeedsExplanation));
        }
        if self.estimate.is_some_and(|estimate| !(Fen(0)..=MAX_TOTAL).contains(&estimate)) {
            return refuse(Refusal::new(TicketCode::BadAmount));
        }
        ticket.state = ticket.state.assess(context.actor.user).map_err(Refusal::from)?;
        ticket.estimate = self.estimate.or(ticket.estimate);
        let event = TicketEvent::Assessed { feasible: self.feasible, estimate: self.estimate };
        Ok(put(ticket, context, TimelineEntry::of(context, event).noting(&self.note)))
    }
}

/// Whether work can be given to this account.
pub fn can_be_assigned(user: &User) -> bool {
    let works =
        |role: &Role| matches!(role, Role::Technician | Role::EngineeringLead | Role::Steward);
    !user.disabled && user.roles.iter().any(works)
}

impl Decide for AssignTicket {
    const KIND: &'static str = "tickets.assign";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket), User::key_of(self.to.0)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Assign)?;
        allow(&ticket, Move::Assign, context)?;
        text::optional("note", &self.note, text::NOTE)?;
        let target = need::<User>(world, self.to.0)?;
        if !can_be_assigned(target) {
            return refuse(Refusal::new(TicketCode::NotATechnician).with("name", &target.name));
        }
        ticket.state = ticket.state.assign(context.actor.user, self.to).map_err(Refusal::from)?;
        ticket.clock.relay_due = None;
        if !matches!(ticket.state, TicketState::Waiting { .. }) {
            // Somebody else's waiting is over.
            ticket.clock = ticket.clock.resume(context.occurred_at);
        }
        let event = TicketEvent::Assigned { to: self.to };
        Ok(put(ticket, context, TimelineEntry::of(context, event).noting(&self.note)))
    }
}

impl Decide for RecordReturnVisit {
    const KIND: &'static str = "tickets.return_visit";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::ReturnVisit)?;
        let late = allow_or_late(&ticket, Move::ReturnVisit, context)?;
        text::optional("note", &self.note, text::NOTE)?;
        if !(1..=5).contains(&self.score) {
            return refuse(Refusal::new(TicketCode::ScoreOutOfRange).with("score", self.score));
        }
        let event = TicketEvent::ReturnVisited { solved: self.solved, score: self.score };
        let entry = TimelineEntry::of(context, event).noting(&self.note);
        if let Some(reason) = late {
            return Ok(put_late(ticket, context, entry, reason));
        }
        let (by, at) = (context.actor.user, context.occurred_at);
        ticket.state = ticket.state.return_visit(by, at, self.solved).map_err(Refusal::from)?;
        ticket.score = Some(self.score);
        if !self.solved {
            ticket.reopened = ticket.reopened.saturating_add(1);
            ticket.begin_clock(at, None, context.settings);
        }
        Ok(put(ticket, context, entry))
    }
}

impl Decide for CloseTicket {
    const KIND: &'static str = "tickets.close";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Close)?;
        allow(&ticket, Move::Close, context)?;
        text::optional("note", &self.note, text::NOTE)?;
        let (by, at) = (context.actor.user, context.occurred_at);
        ticket.state = ticket.state.close(by, at).map_err(Refusal::from)?;
        let entry = TimelineEntry::of(context, TicketEvent::Closed).noting(&self.note);
        Ok(put(ticket, context, entry))
    }
}

impl Decide for DeclineTicket {
    const KIND: &'static str = "tickets.decline";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Decline)?;
        allow(&ticket, Move::Decline, context)?;
        text::required("explanation", &self.explanation, text::NOTE)?;
        let (by, at) = (context.actor.user, context.occurred_at);
        ticket.state = ticket.state.decline(by, at).map_err(Refusal::from)?;
        ticket.clock = ticket.clock.stop(at);
        let entry = TimelineEntry::of(context, TicketEvent::Declined).noting(&self.explanation);
        Ok(put(ticket, context, entry))
    }
}

impl Decide for ReopenTicket {
    const KIND: &'static str = "tickets.reopen";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Reopen)?;
        allow(&ticket, Move::Reopen, context)?;
        text::required("reason", &self.reason, text::NOTE)?;
        let worker = ticket.completion.as_ref().map(|completion| completion.by);
        ticket.state = ticket.state.reopen(context.actor.user, worker).map_err(Refusal::from)?;
        ticket.reopened = ticket.reopened.saturating_add(1);
        // Back in the office's hands, it has to be relayed once more.
        let relay = matches!(ticket.state, TicketState::Received)
            .then(|| limits::relay_due(context.received_at, context.settings));
        ticket.begin_clock(context.occurred_at, relay, context.settings);
        let entry = TimelineEntry::of(context, TicketEvent::Reopened).noting(&self.reason);
        Ok(put(ticket, context, entry))
    }
}

/// Makes a completion that came too late the ticket's own. The one it takes the place of is kept
/// among the earlier ones, and both stay on the timeline: nothing that was signed is lost.
fn count(ticket: &mut Ticket, which: CompletionRef, context: &Context<'_>) -> Result<(), Refusal> {
    let found = ticket.rival_completions().find(|rival| CompletionRef::of(rival) == which);
    let completion = found.cloned().ok_or_else(|| Refusal::new(TicketCode::NoSuchCompletion))?;
    let (by, at) = (completion.by, completion.at);
    let visit = ticket.wants_return_visit().then(|| ticket.return_visit_due(at, context.settings));
    ticket.state = ticket.state.clone().count(by, at, visit);
    ticket.clock = ticket.clock.stop(at);
    ticket.earlier.extend(ticket.completion.replace(completion));
    Ok(())
}

impl Decide for NoteTicket {
    const KIND: &'static str = "tickets.note";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Note)?;
        let late = allow_or_late(&ticket, Move::Note, context)?;
        let settles = self.settles();
        if settles {
            ticket.require(Right::SettleConflict, context.actor)?;
        } else {
            text::at_most("timeline", ticket.timeline.len().saturating_add(1), NOTED_ENTRIES)?;
        }
        if self.photos.is_empty() && !settles {
            text::required("note", &self.note, text::NOTE)?;
        } else {
            text::optional("note", &self.note, text::NOTE)?;
        }
        attachments::check(&self.photos)?;
        if let Some(reason) = late {
            let entry = TimelineEntry::of(context, TicketEvent::Noted).noting(&self.note);
            return Ok(put_late(ticket, context, entry.showing(&self.photos), reason));
        }
        let event = match self.counts {
            Some(completion) => {
                count(&mut ticket, completion, context)?;
                TicketEvent::CompletionCounts { completion }
            }
            None => TicketEvent::Noted,
        };
        if settles {
            ticket.conflicts = 0;
            for entry in &mut ticket.timeline {
                entry.conflict = false;
            }
        }
        let entry = TimelineEntry::of(context, event);
        Ok(put(ticket, context, entry.noting(&self.note).showing(&self.photos)))
    }

    fn attachments(&self) -> Vec<&Attachment> {
        self.photos.iter().collect()
    }
}
