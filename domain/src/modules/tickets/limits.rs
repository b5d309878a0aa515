//! How long a ticket may take, when the customer is asked again, and what finishing one needs.

use super::category::category;
use super::{Clock, Intake, Ticket, TicketEvent, TicketKind, TimelineEntry};
use crate::modules::company::Settings;
use crate::time::{HOUR, MINUTE, Ms};

/// When a ticket of this kind that came in at `at` in this way must be handled or answered.
pub fn resolution_due(kind: TicketKind, intake: Intake, at: Ms, settings: &Settings) -> Ms {
    let limits = &settings.limits;
    let hours = |hours: u32| at.plus(i64::from(hours) * HOUR);
    match (kind, intake) {
        // S0: the letter box, whatever was in it, within two working days.
        (_, Intake::LetterBox) => settings.plus_working_days(at, limits.letter_box_working_days.0),
        // S1, S2: the company's quality line within 72 hours.
        (TicketKind::Complaint, Intake::QualityLine) => hours(limits.quality_line_hours.0),
        (TicketKind::Complaint, _) => hours(limits.complaint_hours.0),
        // S1: within 24 hours unless the company set another limit; findings count as repairs.
        (TicketKind::Repair | TicketKind::Finding | TicketKind::PaidService, _) => {
            hours(settings.repair_hours)
        }
        (TicketKind::Enquiry, _) => hours(limits.enquiry_hours.0),
        // S3: within a day, which is the same time on the next.
        (TicketKind::Request, _) => settings.zone.plus_days(at, i64::from(limits.request_days.0)),
    }
}

/// When it must have been relayed to whoever handles it (S3); runs from receipt, because nobody
/// can relay what a phone in a basement still holds.
pub fn relay_due(received_at: Ms, settings: &Settings) -> Ms {
    received_at.plus(i64::from(settings.relay_minutes) * MINUTE)
}

impl Clock {
    /// A clock that starts at `at` and has nothing behind it.
    pub fn begin(
        kind: TicketKind,
        intake: Intake,
        at: Ms,
        relay_due: Option<Ms>,
        settings: &Settings,
    ) -> Self {
        Self {
            started: at,
            due: resolution_due(kind, intake, at, settings),
            relay_due,
            paused: None,
            paused_until: None,
            stopped: None,
        }
    }
}

impl Ticket {
    /// Begins its clock anew, by the limits of now.
    pub(super) fn begin_clock(&mut self, at: Ms, relay_due: Option<Ms>, settings: &Settings) {
        self.clock = Clock::begin(self.kind, self.intake, at, relay_due, settings);
        self.limits = settings.limits;
    }

    /// Whether somebody can and must be asked how it went (S1, S3: 100 % coverage).
    pub fn wants_return_visit(&self) -> bool {
        let asked = matches!(
            self.kind,
            TicketKind::Repair
                | TicketKind::Complaint
                | TicketKind::Request
                | TicketKind::PaidService
        );
        let contact = &self.contact;
        let reachable = self.place.unit.is_some()
            || !contact.name.trim().is_empty()
            || !contact.phone.trim().is_empty();
        asked && reachable
    }

    /// The relay clock while nobody has relayed it: from receipt by the server (or from reopening) to
    /// its limit, with the same colours as the other.
    pub fn relay_clock(&self) -> Option<Clock> {
        let due = self.clock.relay_due?;
        let begins = |entry: &&TimelineEntry| {
            matches!(entry.event, TicketEvent::Opened | TicketEvent::Reopened)
        };
        let started =
            self.timeline.iter().rev().find(begins).map_or(self.opened_at, |e| e.received);
        let clock = Clock { started, due, relay_due: None, paused: None, ..self.clock };
        Some(Clock { paused_until: None, ..clock })
    }

    /// Whether that entry of the timeline takes the ticket from somebody to give it to another: 改派, where
    /// the first time is 派单.
    pub fn is_reassignment(&self, entry: usize) -> bool {
        let Some((last, before)) =
            self.timeline.get(..=entry).and_then(<[TimelineEntry]>::split_last)
        else {
            return false;
        };
        let TicketEvent::Assigned { to } = last.event else { return false };
        let holder = before.iter().rev().find_map(|entry| match entry.event {
            TicketEvent::Assigned { to } => Some(Some(to)),
            TicketEvent::Accepted | TicketEvent::Started => Some(Some(entry.by)),
            TicketEvent::Opened | TicketEvent::Declined => Some(None),
            _ => None,
        });
        holder.flatten().is_some_and(|holder| holder != to)
    }

    /// By when, for work finished at `at`: by the limits that the ticket started with.
    pub fn return_visit_due(&self, at: Ms, settings: &Settings) -> Ms {
        let (known, limits) = (category(&self.category), &self.limits);
        let days = if self.kind == TicketKind::Complaint {
            limits.return_complaint_days.0
        } else if known.is_some_and(|category| category.safety) {
            limits.return_safety_days.0
        } else if known.is_some_and(|category| category.leak) {
            limits.return_leak_days.0
        } else {
            limits.return_other_days.0
        };
        settings.zone.plus_days(at, i64::from(days))
    }

    /// Whether the in-unit conduct checklist must be ticked: work done inside somebody's home.
    pub fn needs_conduct(&self) -> bool {
        self.kind.is_technical() && self.place.unit.is_some()
    }

    /// Whether a photo of the finished work is needed.
    pub fn needs_after_photo(&self) -> bool {
        self.kind.is_technical()
    }
}
