//! What the call list and the call page show, and the commands a finished call makes.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use domain::Right;
use domain::id::{ClusterId, FeeCallId, OpId, TicketId, UnitId};
use domain::modules::Command;
use domain::modules::fees::call_list::{self, CallItem, Why};
use domain::modules::fees::{Arrears, CallOutcome, FeeCall, RecordFeeCall, UnpaidReason};
use domain::modules::households::{Contact, Household};
use domain::modules::tickets::{Intake, Origin, Ticket};
use domain::order;
use domain::sync::client::Replica;
use serde::{Deserialize, Serialize};

use crate::modules::households::view_model::ticket_title;
use crate::modules::tickets::view_model::open::Lack;
use crate::modules::visits::inline_ticket::{TicketFields, Whereabouts};

/// A household to call, with what the record of the unit adds.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    pub item: CallItem,
    /// The owner in full: whoever has the list is about to ask for them by name.
    pub name: String,
    /// Tickets of its service problems: title, solved.
    pub tickets: Vec<(String, bool)>,
}

/// Everything on the page of a day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallList {
    /// In the order to make them; broken promises first.
    pub to_call: Vec<CallRow>,
    /// Promised for today: not called, looked at in the evening.
    pub due: Vec<CallRow>,
    /// Households reached today.
    pub done: usize,
}

impl CallList {
    /// For one cluster or for all in which the person may record calls.
    pub fn of(replica: &Replica, today: NaiveDate, cluster: Option<ClusterId>) -> Self {
        let settings = replica.settings();
        let own = |id: ClusterId| {
            cluster.is_none_or(|wanted| wanted == id)
                && replica.actor().may_in(Right::RecordCall, id)
        };
        let arrears = || replica.iter::<Arrears>().filter(|arrears| own(arrears.cluster));
        let calls = || replica.iter::<FeeCall>().filter(|call| own(call.cluster));
        let solved = |id: TicketId| replica.get::<Ticket>(id.0).map(|t| t.state.is_solved());
        let row = |item: CallItem| {
            let household = replica.get::<Household>(item.unit.0);
            let owner = household.and_then(|h| h.owner().or_else(|| h.first_contact()));
            let named = item.service_tickets.iter().filter_map(|(id, solved)| {
                replica.get::<Ticket>(id.0).map(|ticket| (ticket_title(ticket), *solved))
            });
            CallRow {
                name: owner.map(|owner| owner.name.clone()).unwrap_or_default(),
                tickets: named.collect(),
                item,
            }
        };
        let to_call = call_list::for_day(today, settings, arrears(), calls(), &solved);
        let due = call_list::promises_due(today, settings, arrears(), calls(), &solved);
        Self {
            to_call: to_call.into_iter().map(row).collect(),
            due: due.into_iter().map(row).collect(),
            done: call_list::done_today(today, settings, calls()),
        }
    }

    pub fn total(&self) -> usize {
        self.done + self.to_call.len()
    }

    /// Broken promises, and the rest.
    pub fn parts(&self) -> (Vec<CallRow>, Vec<CallRow>) {
        self.to_call.iter().cloned().partition(|row| row.item.why == Why::BrokenPromise)
    }
}

/// Whom to call after `current`: the one below it on the list, or the first for a unit that is not
/// on it.
pub fn next_after(rows: &[CallRow], current: UnitId) -> Option<UnitId> {
    let rest = match rows.iter().position(|row| row.item.unit == current) {
        Some(place) => &rows[place + 1..],
        None => rows,
    };
    rest.first().map(|row| row.item.unit)
}

/// The next window of the calendar that begins after `today`.
pub fn next_window(today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let days = (1..=62).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
    days.filter_map(call_list::window).find(|(first, _)| *first > today)
}

/// A day one says rather than picks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuickDate {
    Today,
    Tomorrow,
    /// Of this week.
    Friday,
    /// 下周五: said from Friday on, for the coming one belongs to next week then.
    NextFriday,
    NextMonday,
    MonthEnd,
}

/// The days offered with one tap, in their order; a day is offered once.
pub fn quick_dates(today: NaiveDate) -> Vec<(QuickDate, NaiveDate)> {
    let coming = |weekday: Weekday| {
        let days =
            (7 + weekday.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7;
        today.checked_add_days(Days::new(u64::from(if days == 0 { 7 } else { days })))
    };
    let month_end = || {
        let first = today.with_day(1)?;
        first.checked_add_months(chrono::Months::new(1))?.pred_opt()
    };
    let this_week = today.weekday().num_days_from_monday() < Weekday::Fri.num_days_from_monday();
    let friday = if this_week { QuickDate::Friday } else { QuickDate::NextFriday };
    let all = [
        (QuickDate::Today, Some(today)),
        (QuickDate::Tomorrow, today.succ_opt()),
        (friday, coming(Weekday::Fri)),
        (QuickDate::NextMonday, coming(Weekday::Mon)),
        (QuickDate::MonthEnd, month_end()),
    ];
    let mut offered: Vec<(QuickDate, NaiveDate)> = Vec::new();
    for (name, date) in all {
        if let Some(date) = date
            && offered.iter().all(|(_, known)| *known != date)
        {
            offered.push((name, date));
        }
    }
    order::sort_by_key(&mut offered, |(_, date)| *date);
    offered
}

/// A call being noted; kept as a draft while one types and dials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallForm {
    /// Who was dialled last from this page.
    pub dialled: Option<String>,
    /// At which number.
    pub phone: String,
    pub outcome: Option<CallOutcome>,
    pub reason: Option<UnpaidReason>,
    pub promised: Option<NaiveDate>,
    pub note: String,
    /// The service problem is already a ticket.
    pub existing: Option<TicketId>,
    pub ticket: TicketFields,
}

/// Numbers of a unit that turned out to be somebody else's. A number at which somebody was reached
/// since is right after all; one that was corrected in the file is another number.
pub fn wrong_numbers(newest_first: &[FeeCall]) -> Vec<String> {
    let mut judged: Vec<(&str, bool)> = Vec::new();
    for call in newest_first {
        let wrong = call.outcome == CallOutcome::WrongNumber;
        let known = judged.iter().any(|(phone, _)| *phone == call.dialled);
        if !call.dialled.is_empty() && !known && (wrong || call.outcome.is_reached()) {
            judged.push((&call.dialled, wrong));
        }
    }
    judged.into_iter().filter(|(_, wrong)| *wrong).map(|(phone, _)| phone.to_owned()).collect()
}

/// The people of a unit in the order to call them, and whether their number is known to be wrong:
/// those come last.
pub fn people_to_call(household: &Household, wrong: &[String]) -> Vec<(Contact, bool)> {
    let first = household.first_contact();
    let rest = household.contacts.iter().filter(|contact| Some(*contact) != first);
    let all = first.into_iter().chain(rest);
    let marked = all.map(|contact| (contact.clone(), wrong.contains(&contact.phone)));
    let (wrong, right): (Vec<_>, Vec<_>) = marked.partition(|(_, wrong)| *wrong);
    right.into_iter().chain(wrong).collect()
}

/// Whom to try instead of the number that was just called.
pub fn next_contact(people: &[(Contact, bool)], called: &str) -> Option<Contact> {
    let other = people.iter().find(|(contact, wrong)| {
        !wrong && !contact.phone.trim().is_empty() && contact.phone != called
    });
    other.map(|(contact, _)| contact.clone())
}

/// The key under which the half-noted call of a unit is kept.
pub fn draft_key(unit: UnitId) -> String {
    format!("fee_call:{unit}")
}

/// The same for a refused call that is being changed, so that it mixes with no other.
pub fn key_for(unit: UnitId, fix: Option<OpId>) -> String {
    fix.map_or_else(|| draft_key(unit), |op| format!("fix:{op}"))
}

impl CallForm {
    /// What was recorded, to be changed and sent again.
    pub fn of(command: &RecordFeeCall) -> Self {
        Self {
            phone: command.dialled.clone(),
            outcome: Some(command.outcome),
            reason: command.reason,
            promised: command.promised,
            note: command.note.clone(),
            existing: command.ticket,
            ..Self::default()
        }
    }

    /// Takes the note; the ticket of a service problem says the same until it is reworded.
    pub fn set_note(&mut self, note: String) {
        self.ticket.follow(&self.note, &note);
        self.note = note;
    }

    /// What the ticket still needs, if one is to be opened.
    pub fn lack(&self) -> Option<Lack> {
        let opens = self.needs_ticket() && self.existing.is_none();
        opens.then(|| self.ticket.lack(0))?
    }

    pub fn is_reached(&self) -> bool {
        self.outcome.is_some_and(CallOutcome::is_reached)
    }

    /// Only somebody who spoke can promise.
    pub fn may_promise(&self) -> bool {
        self.outcome == Some(CallOutcome::Connected)
    }

    pub fn needs_ticket(&self) -> bool {
        self.is_reached() && self.reason == Some(UnpaidReason::ServiceProblem)
    }

    /// The commands of the finished call, the ticket before the call that names it. What the
    /// outcome leaves no room for is left out, whatever was tapped before.
    pub fn commands(
        &self,
        household: &Household,
        call: FeeCallId,
        new_ticket: TicketId,
    ) -> Vec<Command> {
        let Some(outcome) = self.outcome else { return Vec::new() };
        let mut commands = Vec::new();
        let ticket = if self.needs_ticket() {
            let ticket = self.existing.unwrap_or(new_ticket);
            if self.existing.is_none() {
                let origin = Origin::FeeCall { call };
                let at = Whereabouts::of(household);
                let open = self.ticket.open(new_ticket, at, Intake::FeeCall, origin, Vec::new());
                commands.push(open.into());
            }
            Some(ticket)
        } else {
            None
        };
        commands.push(
            RecordFeeCall {
                call,
                unit: household.id,
                dialled: self.phone.trim().to_owned(),
                outcome,
                reason: self.reason.filter(|_| self.is_reached()),
                promised: self.promised.filter(|_| self.may_promise()),
                note: self.note.trim().to_owned(),
                ticket,
            }
            .into(),
        );
        commands
    }
}

#[cfg(test)]
#[path = "view_model_tests.rs"]
mod tests;
