//! Verbs of whoever does the work: accept, start, wait, resume, complete.

use super::super::*;
use super::{allow_or_late, key, put, put_late, ticket};
use crate::modules::attachments::{self, AttachmentRole};
use crate::refusal::Refusal;
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, World};
use crate::sync::record::RecordKey;
use crate::text;

/// Most priced lines on one job.
pub const MAX_LINES: usize = 50;
/// Largest quantity of one line, in thousandths.
pub const MAX_QUANTITY: i64 = 1_000_000;
/// Largest amount of one job: a million yuan is a slip of the finger.
pub const MAX_TOTAL: Fen = Fen(100_000_000);
/// Longest unit of a line.
const UNIT: usize = 20;

/// What the lines of a job come to. Refuses amounts that cannot be meant.
pub fn lines_total(lines: &[PricedLine]) -> Result<Fen, Refusal> {
    let bad = || Refusal::new(TicketCode::BadAmount);
    let mut sum = Fen(0);
    for line in lines {
        if !(1..=MAX_QUANTITY).contains(&line.quantity) || line.price < Fen(0) {
            return Err(bad().with("name", &line.name));
        }
        let amount = line.amount().ok_or_else(bad)?;
        sum = sum.checked_add(amount).filter(|sum| *sum <= MAX_TOTAL).ok_or_else(bad)?;
    }
    Ok(sum)
}

fn late(made: Move) -> TicketEvent {
    TicketEvent::LateMove { verb: made.name().to_owned(), reason: None, until: None }
}

impl Decide for AcceptTicket {
    const KIND: &'static str = "tickets.accept";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Accept)?;
        if let Some(reason) = allow_or_late(&ticket, Move::Accept, context)? {
            let entry = TimelineEntry::of(context, late(Move::Accept));
            return Ok(put_late(ticket, context, entry, reason));
        }
        let pool = ticket.is_open_to(context.actor);
        ticket.state = ticket.state.accept(context.actor.user, pool).map_err(Refusal::from)?;
        ticket.clock.relay_due = None;
        Ok(put(ticket, context, TimelineEntry::of(context, TicketEvent::Accepted)))
    }
}

impl Decide for StartTicket {
    const KIND: &'static str = "tickets.start";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Start)?;
        if let Some(reason) = allow_or_late(&ticket, Move::Start, context)? {
            let entry = TimelineEntry::of(context, late(Move::Start));
            return Ok(put_late(ticket, context, entry, reason));
        }
        if matches!(ticket.state, TicketState::Assigned { .. }) {
            // Whoever starts has accepted.
            ticket.timeline.push(TimelineEntry::of(context, TicketEvent::Accepted));
        }
        let (by, at) = (context.actor.user, context.occurred_at);
        ticket.state = ticket.state.start(by, at).map_err(Refusal::from)?;
        Ok(put(ticket, context, TimelineEntry::of(context, TicketEvent::Started)))
    }
}

impl WaitTicket {
    /// Until when: a moment to come, and no further away than the company allows.
    fn check_until(&self, context: &Context<'_>) -> Result<Ms, Refusal> {
        let (at, days) = (context.occurred_at, context.settings.wait_days);
        let until = self.until.ok_or_else(|| Refusal::new(TicketCode::WaitUntilMissing))?;
        if until <= at {
            return Err(Refusal::new(TicketCode::WaitUntilPast));
        }
        if until > context.settings.zone.plus_days(at, i64::from(days)) {
            return Err(Refusal::new(TicketCode::WaitUntilFar).with("days", days));
        }
        Ok(until)
    }
}

impl Decide for WaitTicket {
    const KIND: &'static str = "tickets.wait";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Wait)?;
        let too_late = allow_or_late(&ticket, Move::Wait, context)?;
        text::optional("note", &self.note, text::NOTE)?;
        let (by, at) = (context.actor.user, context.occurred_at);
        let until = self.check_until(context)?;
        let (reason, ends) = (self.reason, Some(until));
        if let Some(why) = too_late {
            let verb = Move::Wait.name().to_owned();
            let event = TicketEvent::LateMove { verb, reason: Some(reason), until: ends };
            let entry = TimelineEntry::of(context, event).noting(&self.note);
            return Ok(put_late(ticket, context, entry, why));
        }
        ticket.state = ticket.state.wait(by, at, reason, ends).map_err(Refusal::from)?;
        ticket.clock = ticket.clock.pause_until(at, until);
        let event = TicketEvent::Waiting { reason, until: ends };
        Ok(put(ticket, context, TimelineEntry::of(context, event).noting(&self.note)))
    }
}

impl Decide for ResumeTicket {
    const KIND: &'static str = "tickets.resume";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Resume)?;
        if let Some(reason) = allow_or_late(&ticket, Move::Resume, context)? {
            let entry = TimelineEntry::of(context, late(Move::Resume));
            return Ok(put_late(ticket, context, entry, reason));
        }
        let (by, at) = (context.actor.user, context.occurred_at);
        ticket.state = ticket.state.resume(by, at).map_err(Refusal::from)?;
        ticket.clock = ticket.clock.resume(at);
        Ok(put(ticket, context, TimelineEntry::of(context, TicketEvent::Resumed)))
    }
}

impl CompleteTicket {
    /// Checks what was recorded on site against what the job needs, and adds it up.
    pub fn check(&self, ticket: &Ticket) -> Result<Fen, Refusal> {
        text::at_most("conduct", self.conduct.len(), 2 * CONDUCT.len())?;
        text::at_most("conduct", self.not_applicable.len(), 2 * CONDUCT.len())?;
        for code in self.conduct.iter().chain(&self.not_applicable) {
            text::optional("conduct", code, text::LINE)?;
        }
        let ticked =
            |code: &&str| self.conduct.iter().chain(&self.not_applicable).any(|one| one == code);
        if ticket.needs_conduct() && !CONDUCT.iter().all(ticked) {
            return Err(Refusal::new(TicketCode::ChecklistIncomplete));
        }
        if ticket.kind.is_technical() {
            text::required("cause", &self.cause, text::NOTE)?;
        } else {
            text::optional("cause", &self.cause, text::NOTE)?;
        }
        text::required("action", &self.action, text::NOTE)?;
        text::at_most("lines", self.lines.len(), MAX_LINES)?;
        for line in &self.lines {
            text::required("name", &line.name, text::LINE)?;
            text::optional("unit", &line.unit, UNIT)?;
        }
        let total = lines_total(&self.lines)?;
        attachments::check(&self.attachments)?;
        let shows = |role| self.attachments.iter().any(|attachment| attachment.role == role);
        if ticket.needs_after_photo() && !shows(AttachmentRole::After) {
            return Err(Refusal::new(TicketCode::PhotoMissing));
        }
        text::optional("signed_by", &self.signed_by, text::LINE)?;
        text::optional("unsigned_reason", &self.unsigned_reason, text::NOTE)?;
        if shows(AttachmentRole::Signature) {
            if self.signed_by.trim().is_empty() {
                return Err(Refusal::new(TicketCode::SignerMissing));
            }
        } else if self.unsigned_reason.trim().is_empty() {
            return Err(Refusal::new(TicketCode::SignatureMissing));
        }
        Ok(total)
    }
}

impl Decide for CompleteTicket {
    const KIND: &'static str = "tickets.complete";

    fn reads(&self) -> Vec<RecordKey> {
        vec![key(self.ticket)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let mut ticket = ticket(world, context, self.ticket, Move::Complete)?;
        let too_late = allow_or_late(&ticket, Move::Complete, context)?;
        let total = self.check(&ticket)?;
        let (by, at) = (context.actor.user, context.occurred_at);
        let completion = self.completion(by, at, total);
        if let Some(reason) = too_late {
            let event = TicketEvent::CompletedAgain { completion: Box::new(completion) };
            return Ok(put_late(ticket, context, TimelineEntry::of(context, event), reason));
        }
        let visit =
            ticket.wants_return_visit().then(|| ticket.return_visit_due(at, context.settings));
        ticket.state = ticket.state.complete(by, at, visit).map_err(Refusal::from)?;
        ticket.clock = ticket.clock.stop(at);
        // What a customer signed before the ticket was reopened stays.
        ticket.earlier.extend(ticket.completion.replace(completion));
        Ok(put(ticket, context, TimelineEntry::of(context, TicketEvent::Completed)))
    }

    fn attachments(&self) -> Vec<&Attachment> {
        self.attachments.iter().collect()
    }
}
