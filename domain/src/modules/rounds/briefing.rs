//! The list for the 9:30 briefing 晨会: what is open in the cluster and what the night brought.

use std::cmp::Reverse;

use crate::order;
use chrono::Days;

use super::BriefingLine;
use crate::id::ClusterId;
use crate::modules::company::Settings;
use crate::modules::tickets::Ticket;
use crate::text;
use crate::time::Ms;

/// A ticket to ask about.
#[derive(Clone, Debug, PartialEq)]
pub struct BriefingItem<'a> {
    pub ticket: &'a Ticket,
    /// Came in since the office closed yesterday.
    pub overnight: bool,
}

impl BriefingItem<'_> {
    /// The line as it is recorded, not ticked yet.
    pub fn line(&self) -> BriefingLine {
        let description = self.ticket.description.trim().lines().next().unwrap_or_default();
        let line = format!("{} {description}", self.ticket.display_number());
        BriefingLine {
            ticket: Some(self.ticket.id),
            text: line.trim().chars().take(text::LINE).collect(),
            ..BriefingLine::default()
        }
    }
}

/// What to ask about in a cluster: everything unfinished, and everything that came in overnight even
/// if it is finished by now. Most urgent first, then whatever runs out first.
pub fn briefing_lines<'a>(
    cluster: ClusterId,
    tickets: impl Iterator<Item = &'a Ticket>,
    now: Ms,
    settings: &Settings,
) -> Vec<BriefingItem<'a>> {
    let today = settings.zone.date(now);
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let closed = settings.zone.instant(yesterday.and_time(settings.office_closes));
    let mut items: Vec<BriefingItem<'a>> = tickets
        .filter(|ticket| ticket.cluster == cluster)
        .map(|ticket| BriefingItem { ticket, overnight: ticket.opened_at >= closed })
        .filter(|item| item.overnight || !item.ticket.state.is_finished())
        .collect();
    order::sort_by_key(&mut items, |item| {
        let ticket = item.ticket;
        (Reverse(ticket.urgency), ticket.state.is_finished(), ticket.clock.left(now), ticket.id)
    });
    items
}

#[cfg(test)]
#[path = "tests/briefing.rs"]
mod tests;
