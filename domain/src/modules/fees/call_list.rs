//! The day's call list: whom to phone about unpaid fees, by the chasing calendar of S4 §10.
//!
//! Nothing of it is stored: phone and server derive it from arrears, calls and the date, so it is
//! right after 72 hours offline, too. A household is *reached* in a window by a call that was
//! connected or refused; what it said last stands until it is reached again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::order;
use chrono::{Datelike, NaiveDate};

use super::{Arrears, FeeCall, UnpaidReason};
use crate::id::{ClusterId, TicketId, UnitId};
use crate::modules::company::Settings;
use crate::money::Fen;
use crate::time::Ms;

/// What the calendar asks for on a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// 15–21 of a month: did the statement arrive, when will you pay?
    MonthlyCall,
    /// The 25th of a quarter's second month: why is it still unpaid?
    FindReason,
    /// 15–21 of a quarter's last month: promises, and whether the service problem was solved.
    CheckPromises,
    /// 22–27 of a quarter's last month: the last round before the lawyer's letter.
    LastRound,
    /// No round of calls; only broken promises.
    None,
}

impl Phase {
    pub const ALL: [Phase; 5] = [
        Phase::MonthlyCall,
        Phase::FindReason,
        Phase::CheckPromises,
        Phase::LastRound,
        Phase::None,
    ];
    /// The stable name, as in locale keys.
    pub fn name(self) -> &'static str {
        match self {
            Phase::MonthlyCall => "monthly_call",
            Phase::FindReason => "find_reason",
            Phase::CheckPromises => "check_promises",
            Phase::LastRound => "last_round",
            Phase::None => "none",
        }
    }
    /// First and last day of the month on which it is carried out.
    fn days(self) -> Option<(u32, u32)> {
        match self {
            Phase::MonthlyCall | Phase::CheckPromises => Some((15, 21)),
            Phase::FindReason => Some((25, 25)),
            Phase::LastRound => Some((22, 27)),
            Phase::None => None,
        }
    }
}

/// The phase of a date.
pub fn phase(date: NaiveDate) -> Phase {
    // 0, 1, 2: first, second, last month of the quarter.
    match (date.month0() % 3, date.day()) {
        (2, 15..=21) => Phase::CheckPromises,
        (2, 22..=27) => Phase::LastRound,
        (1, 25) => Phase::FindReason,
        (_, 15..=21) => Phase::MonthlyCall,
        _ => Phase::None,
    }
}

/// First and last date of the window that `date` lies in.
pub fn window(date: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let (first, last) = phase(date).days()?;
    Some((date.with_day(first)?, date.with_day(last)?))
}

/// Why a household is on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// It promised, the day has passed, it still owes.
    BrokenPromise,
    /// It promised for today (`promises_due` only: the day is theirs until it is over).
    PromiseDue,
    /// The calendar says so.
    Phase,
    /// No answer or a wrong number earlier in this window.
    NotReached,
    /// The ticket of its service problem is solved: tell them and ask again.
    ServiceSolved,
}

impl Why {
    pub const ALL: [Why; 5] =
        [Why::BrokenPromise, Why::PromiseDue, Why::Phase, Why::NotReached, Why::ServiceSolved];
    /// The stable name, as in locale keys.
    pub fn name(self) -> &'static str {
        match self {
            Why::BrokenPromise => "broken_promise",
            Why::PromiseDue => "promise_due",
            Why::Phase => "phase",
            Why::NotReached => "not_reached",
            Why::ServiceSolved => "service_solved",
        }
    }
}

/// One household to call, with what one needs to know before dialling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallItem {
    pub unit: UnitId,
    pub cluster: ClusterId,
    pub label: String,
    pub owed: Fen,
    /// First unpaid month.
    pub since: Option<NaiveDate>,
    pub months: u32,
    /// When the figures were true.
    pub as_of: Ms,
    pub why: Why,
    /// The latest call, whatever came of it.
    pub last_call: Option<FeeCall>,
    /// What was promised when the household was last reached.
    pub promised: Option<NaiveDate>,
    /// That day has passed.
    pub broken: bool,
    /// Tickets of the household's service problems, latest first, and whether each is solved.
    pub service_tickets: Vec<(TicketId, bool)>,
}

/// The calls of a day, in the order to make them: broken promises, then the households not yet
/// tried in this window, then those that did not answer earlier in it, last those that did not
/// answer today; in each group the largest sum first, then the oldest.
///
/// `tickets` says whether a ticket is solved, `None` when it is not in the replica.
pub fn for_day<'a>(
    today: NaiveDate,
    settings: &Settings,
    arrears: impl Iterator<Item = &'a Arrears>,
    calls: impl Iterator<Item = &'a FeeCall>,
    tickets: &dyn Fn(TicketId) -> Option<bool>,
) -> Vec<CallItem> {
    let start = window(today).map(|(first, _)| first);
    select(today, settings, arrears, calls, tickets, |history| history.why_call(start))
}

/// Promises whose day has passed while the household still owes.
pub fn broken_promises<'a>(
    today: NaiveDate,
    settings: &Settings,
    arrears: impl Iterator<Item = &'a Arrears>,
    calls: impl Iterator<Item = &'a FeeCall>,
    tickets: &dyn Fn(TicketId) -> Option<bool>,
) -> Vec<CallItem> {
    select(today, settings, arrears, calls, tickets, |history| {
        history.is_broken().then_some(Why::BrokenPromise)
    })
}

/// Promises for today: not to be called, to be looked at in the evening.
pub fn promises_due<'a>(
    today: NaiveDate,
    settings: &Settings,
    arrears: impl Iterator<Item = &'a Arrears>,
    calls: impl Iterator<Item = &'a FeeCall>,
    tickets: &dyn Fn(TicketId) -> Option<bool>,
) -> Vec<CallItem> {
    select(today, settings, arrears, calls, tickets, |history| {
        (history.promised() == Some(today)).then_some(Why::PromiseDue)
    })
}

/// Households reached today. They are off today's list, so progress is this number of this number
/// plus the list's length ("5/16").
pub fn done_today<'a>(
    today: NaiveDate,
    settings: &Settings,
    calls: impl Iterator<Item = &'a FeeCall>,
) -> usize {
    let reached =
        calls.filter(|call| call.outcome.is_reached() && settings.zone.date(call.at) == today);
    order::set_of(reached.map(|call| call.unit)).len()
}

/// One unpaid household and its calls up to today, oldest first, each with its local date.
struct History<'a> {
    today: NaiveDate,
    arrears: &'a Arrears,
    calls: Vec<(NaiveDate, &'a FeeCall)>,
    tickets: &'a dyn Fn(TicketId) -> Option<bool>,
}

impl<'a> History<'a> {
    fn last_reached(&self) -> Option<(NaiveDate, &'a FeeCall)> {
        self.calls.iter().rev().find(|(_, call)| call.outcome.is_reached()).copied()
    }

    /// The household's newest word: an earlier promise does not outlive a later conversation,
    /// but it does outlive a telephone that nobody answers.
    fn promised(&self) -> Option<NaiveDate> {
        self.last_reached().and_then(|(_, call)| call.promised)
    }

    fn is_broken(&self) -> bool {
        self.promised().is_some_and(|promised| promised < self.today)
    }

    fn called_since(&self, first: NaiveDate) -> bool {
        self.calls.last().is_some_and(|(date, _)| *date >= first)
    }

    fn why_call(&self, window_start: Option<NaiveDate>) -> Option<Why> {
        if self.is_broken() {
            return Some(Why::BrokenPromise);
        }
        let start = window_start?;
        if self.promised() == Some(self.today) {
            return None;
        }
        if self.last_reached().is_some_and(|(date, _)| date >= start) {
            return self.is_newly_solved().then_some(Why::ServiceSolved);
        }
        if self.called_since(start) {
            return Some(Why::NotReached);
        }
        Some(if self.is_solved() { Why::ServiceSolved } else { Why::Phase })
    }

    /// The service problem named in the last conversation is solved.
    fn is_solved(&self) -> bool {
        let ticket = self.last_reached().and_then(|(_, call)| service_ticket(call));
        ticket.is_some_and(|ticket| (self.tickets)(ticket) == Some(true))
    }

    /// … and nobody has told them since. A ticket that was named in two conversations has been
    /// talked over; one of today is not called about twice on a day.
    fn is_newly_solved(&self) -> bool {
        let Some((date, last)) = self.last_reached() else { return false };
        let named_before = self.calls.iter().any(|(_, call)| {
            call.id != last.id && call.outcome.is_reached() && call.ticket == last.ticket
        });
        date < self.today && !named_before && self.is_solved()
    }

    fn service_tickets(&self) -> Vec<(TicketId, bool)> {
        let mut seen = BTreeSet::new();
        let named = self.calls.iter().rev().filter_map(|(_, call)| service_ticket(call));
        named
            .filter(|ticket| seen.insert(*ticket))
            .map(|ticket| (ticket, (self.tickets)(ticket) == Some(true)))
            .collect()
    }

    fn item(&self, why: Why) -> CallItem {
        let arrears = self.arrears;
        CallItem {
            unit: arrears.unit,
            cluster: arrears.cluster,
            label: arrears.label.clone(),
            owed: arrears.owed,
            since: arrears.since,
            months: arrears.months,
            as_of: arrears.as_of,
            why,
            last_call: self.calls.last().map(|(_, call)| (*call).clone()),
            promised: self.promised(),
            broken: self.is_broken(),
            service_tickets: self.service_tickets(),
        }
    }
}

fn service_ticket(call: &FeeCall) -> Option<TicketId> {
    call.ticket.filter(|_| call.reason == Some(UnpaidReason::ServiceProblem))
}

fn select<'a>(
    today: NaiveDate,
    settings: &Settings,
    arrears: impl Iterator<Item = &'a Arrears>,
    calls: impl Iterator<Item = &'a FeeCall>,
    tickets: &dyn Fn(TicketId) -> Option<bool>,
    why: impl Fn(&History<'_>) -> Option<Why>,
) -> Vec<CallItem> {
    // By unit, so that figures given twice (an old replica beside a new one) list nobody twice.
    let mut owing: BTreeMap<UnitId, &Arrears> = BTreeMap::new();
    for figures in arrears {
        let newest = owing.entry(figures.unit).or_insert(figures);
        if figures.as_of > newest.as_of {
            *newest = figures;
        }
    }
    owing.retain(|_, figures| figures.owed > Fen(0));
    let mut by_unit: HashMap<UnitId, Vec<(NaiveDate, &FeeCall)>> = HashMap::new();
    for call in calls.filter(|call| owing.contains_key(&call.unit)) {
        let date = settings.zone.date(call.at);
        if date <= today {
            by_unit.entry(call.unit).or_default().push((date, call));
        }
    }
    let mut listed = Vec::new();
    for (unit, arrears) in owing {
        let mut calls = by_unit.remove(&unit).unwrap_or_default();
        order::sort_by_key(&mut calls, |(_, call)| (call.at, call.id));
        let history = History { today, arrears, calls, tickets };
        if let Some(why) = why(&history) {
            // Whoever did not answer a moment ago is not the next to be dialled, broken promise
            // or not.
            listed.push((history.called_since(today), history.item(why)));
        }
    }
    order::sort_by_key(&mut listed, |(tried_today, item)| {
        let oldest = item.since.unwrap_or(NaiveDate::MAX);
        (*tried_today, urgency(item.why), Reverse(item.owed), oldest, item.unit)
    });
    listed.into_iter().map(|(_, item)| item).collect()
}

fn urgency(why: Why) -> u8 {
    match why {
        Why::BrokenPromise => 0,
        Why::PromiseDue | Why::ServiceSolved | Why::Phase => 1,
        Why::NotReached => 2,
    }
}

#[cfg(test)]
#[path = "call_list_tests.rs"]
mod tests;
