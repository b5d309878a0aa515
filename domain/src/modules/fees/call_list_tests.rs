//! Who is on the day's call list and who is not, on every border of the calendar.

use super::*;
use crate::id::{FeeCallId, UserId};
use crate::modules::fees::CallOutcome;
use crate::modules::households::testkit::{date, own, project};
use crate::time::HOUR;

fn id(name: &str) -> UnitId {
    UnitId::derived(&["call-list", name])
}

fn owes(name: &str, yuan: i64) -> Arrears {
    Arrears {
        unit: id(name),
        project: project(),
        cluster: own(),
        label: name.into(),
        owed: Fen(yuan * 100),
        since: Some(date("2026-07-01")),
        months: 4,
        as_of: Ms(1_000),
    }
}

/// A call at ten in the morning, in Shanghai.
fn call(name: &str, day: &str, outcome: CallOutcome) -> FeeCall {
    FeeCall {
        id: FeeCallId::derived(&[name, day]),
        project: project(),
        cluster: own(),
        unit: id(name),
        label: name.into(),
        dialled: String::new(),
        outcome,
        reason: None,
        promised: None,
        owed: Fen(1),
        note: String::new(),
        ticket: None,
        by: UserId::derived(&["u"]),
        by_name: "林晓".into(),
        at: Settings::default().zone.start_of_day(date(day)).plus(10 * HOUR),
        received: Ms(0),
    }
}

fn promise(name: &str, day: &str, promised: &str) -> FeeCall {
    FeeCall { promised: Some(date(promised)), ..call(name, day, CallOutcome::Connected) }
}

fn ticket() -> TicketId {
    TicketId::derived(&["door"])
}

fn complaint(name: &str, day: &str) -> FeeCall {
    FeeCall {
        reason: Some(UnpaidReason::ServiceProblem),
        ticket: Some(ticket()),
        ..call(name, day, CallOutcome::Connected)
    }
}

fn unsolved(_: TicketId) -> Option<bool> {
    Some(false)
}
fn solved(_: TicketId) -> Option<bool> {
    Some(true)
}

fn list(today: &str, arrears: &[Arrears], calls: &[FeeCall]) -> Vec<(String, Why)> {
    list_with(today, arrears, calls, &unsolved)
}

fn list_with(
    today: &str,
    arrears: &[Arrears],
    calls: &[FeeCall],
    tickets: &dyn Fn(TicketId) -> Option<bool>,
) -> Vec<(String, Why)> {
    let items = for_day(date(today), &Settings::default(), arrears.iter(), calls.iter(), tickets);
    items.into_iter().map(|item| (item.label, item.why)).collect()
}

fn only(name: &str, why: Why) -> Vec<(String, Why)> {
    vec![(name.to_owned(), why)]
}

#[test]
fn the_monthly_calls_begin_on_the_15th_and_end_on_the_21st() {
    for month in [1, 2, 4, 5, 7, 8, 10, 11] {
        let on = |day: u32| phase(NaiveDate::from_ymd_opt(2026, month, day).unwrap());
        assert_eq!(on(14), Phase::None, "month {month}");
        assert_eq!(on(15), Phase::MonthlyCall, "month {month}");
        assert_eq!(on(21), Phase::MonthlyCall, "month {month}");
        assert_eq!(on(22), Phase::None, "month {month}");
        assert_eq!(on(28), Phase::None, "month {month}");
    }
}

#[test]
fn reasons_are_found_on_the_25th_of_a_quarters_second_month_only() {
    for month in 1..=12 {
        let on = |day: u32| phase(NaiveDate::from_ymd_opt(2026, month, day).unwrap());
        let second = [2, 5, 8, 11].contains(&month);
        assert_eq!(on(25) == Phase::FindReason, second, "month {month}");
        assert!(on(24) != Phase::FindReason && on(26) != Phase::FindReason, "month {month}");
    }
}

#[test]
fn a_quarters_last_month_checks_promises_then_calls_a_last_time() {
    for month in [3, 6, 9, 12] {
        let on = |day: u32| phase(NaiveDate::from_ymd_opt(2026, month, day).unwrap());
        assert_eq!(on(14), Phase::None, "month {month}");
        assert_eq!(on(15), Phase::CheckPromises, "month {month}");
        assert_eq!(on(21), Phase::CheckPromises, "month {month}");
        assert_eq!(on(22), Phase::LastRound, "month {month}");
        assert_eq!(on(25), Phase::LastRound, "month {month}");
        assert_eq!(on(27), Phase::LastRound, "month {month}");
        assert_eq!(on(28), Phase::None, "month {month}");
    }
    assert_eq!(phase(date("2026-12-31")), Phase::None);
    assert_eq!(phase(date("2027-01-01")), Phase::None);
    assert_eq!(phase(date("2028-02-29")), Phase::None);
}

#[test]
fn a_window_reaches_from_its_first_to_its_last_day() {
    assert_eq!(window(date("2026-12-17")), Some((date("2026-12-15"), date("2026-12-21"))));
    assert_eq!(window(date("2026-12-22")), Some((date("2026-12-22"), date("2026-12-27"))));
    assert_eq!(window(date("2026-11-25")), Some((date("2026-11-25"), date("2026-11-25"))));
    assert_eq!(window(date("2026-11-24")), None);
}

#[test]
fn in_a_window_everyone_unpaid_is_called_the_largest_sum_first() {
    let arrears = [owes("small", 100), owes("paid", 0), owes("large", 900)];
    let names: Vec<_> =
        list("2026-11-16", &arrears, &[]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["large", "small"]);
    assert!(list("2026-11-14", &arrears, &[]).is_empty());
    assert!(list("2026-11-22", &arrears, &[]).is_empty());
}

#[test]
fn of_equal_sums_the_oldest_comes_first() {
    let mut old = owes("old", 100);
    old.since = Some(date("2025-01-01"));
    let mut undated = owes("undated", 100);
    undated.since = None;
    let names: Vec<_> = list("2026-11-16", &[undated, owes("new", 100), old], &[])
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["old", "new", "undated"]);
}

#[test]
fn a_credit_is_not_chased() {
    assert!(list("2026-11-16", &[owes("credit", -5)], &[]).is_empty());
}

#[test]
fn a_household_reached_in_this_window_is_done_and_in_the_next_called_again() {
    for outcome in [CallOutcome::Connected, CallOutcome::Refused] {
        let calls = [call("a", "2026-12-15", outcome)];
        assert!(list("2026-12-15", &[owes("a", 1)], &calls).is_empty());
        assert!(list("2026-12-21", &[owes("a", 1)], &calls).is_empty());
        assert_eq!(list("2026-12-22", &[owes("a", 1)], &calls), only("a", Why::Phase));
    }
}

#[test]
fn a_call_on_the_eve_of_a_window_does_not_count_in_it() {
    let eve = [call("a", "2026-11-14", CallOutcome::Connected)];
    assert_eq!(list("2026-11-15", &[owes("a", 1)], &eve), only("a", Why::Phase));
}

#[test]
fn a_call_after_midnight_in_shanghai_belongs_to_the_new_day() {
    let mut first = call("a", "2026-11-15", CallOutcome::Connected);
    // 00:30 on the 15th, still the 14th in UTC.
    first.at = first.at.plus(-(9 * HOUR + HOUR / 2));
    assert!(list("2026-11-15", &[owes("a", 1)], &[first]).is_empty());
}

#[test]
fn whoever_did_not_answer_stays_on_the_list_after_the_others() {
    for outcome in [CallOutcome::NoAnswer, CallOutcome::WrongNumber] {
        let calls = [call("silent", "2026-11-15", outcome)];
        let arrears = [owes("silent", 900), owes("untried", 100)];
        let expected =
            vec![("untried".to_owned(), Why::Phase), ("silent".to_owned(), Why::NotReached)];
        assert_eq!(list("2026-11-16", &arrears, &calls), expected);
    }
}

#[test]
fn whoever_did_not_answer_today_is_at_the_very_bottom() {
    let calls = [
        call("today", "2026-11-16", CallOutcome::NoAnswer),
        call("yesterday", "2026-11-15", CallOutcome::NoAnswer),
        promise("broken, tried today", "2026-11-02", "2026-11-10"),
        call("broken, tried today", "2026-11-16", CallOutcome::NoAnswer),
    ];
    let arrears =
        [owes("today", 900), owes("yesterday", 1), owes("broken, tried today", 1), owes("new", 1)];
    let names: Vec<_> = list("2026-11-16", &arrears, &calls).into_iter().map(|(n, _)| n).collect();
    assert_eq!(names, ["new", "yesterday", "broken, tried today", "today"]);
}

#[test]
fn an_answer_earlier_in_the_window_outlives_an_unanswered_call_after_it() {
    let calls = [
        call("a", "2026-11-15", CallOutcome::Refused),
        call("a", "2026-11-16", CallOutcome::NoAnswer),
    ];
    assert!(list("2026-11-17", &[owes("a", 1)], &calls).is_empty());
}

#[test]
fn a_broken_promise_is_back_on_the_list_the_next_day_in_a_window_or_not() {
    let calls = [promise("a", "2026-11-05", "2026-11-09")];
    let arrears = [owes("a", 1)];
    assert!(list("2026-11-08", &arrears, &calls).is_empty());
    assert!(list("2026-11-09", &arrears, &calls).is_empty());
    assert_eq!(list("2026-11-10", &arrears, &calls), only("a", Why::BrokenPromise));
    assert_eq!(list("2026-11-16", &arrears, &calls), only("a", Why::BrokenPromise));
    assert_eq!(list("2026-11-30", &arrears, &calls), only("a", Why::BrokenPromise));
}

#[test]
fn a_promise_broken_within_its_own_window_is_called_again() {
    let calls = [promise("a", "2026-11-15", "2026-11-17")];
    assert_eq!(list("2026-11-18", &[owes("a", 1)], &calls), only("a", Why::BrokenPromise));
}

#[test]
fn broken_promises_come_before_larger_sums() {
    let calls = [promise("broken", "2026-11-05", "2026-11-09")];
    let arrears = [owes("large", 900), owes("broken", 1)];
    let names: Vec<_> = list("2026-11-16", &arrears, &calls).into_iter().map(|(n, _)| n).collect();
    assert_eq!(names, ["broken", "large"]);
}

#[test]
fn a_kept_promise_is_not_chased() {
    let calls = [promise("a", "2026-11-05", "2026-11-09")];
    assert!(list("2026-11-10", &[owes("a", 0)], &calls).is_empty());
}

#[test]
fn a_later_conversation_settles_a_broken_promise_and_an_unanswered_call_does_not() {
    let broken = promise("a", "2026-11-05", "2026-11-09");
    let arrears = [owes("a", 1)];
    let silent = [broken.clone(), call("a", "2026-11-10", CallOutcome::NoAnswer)];
    assert_eq!(list("2026-11-11", &arrears, &silent), only("a", Why::BrokenPromise));
    let refused = [broken.clone(), call("a", "2026-11-10", CallOutcome::Refused)];
    assert!(list("2026-11-11", &arrears, &refused).is_empty());
    let renewed = [broken, promise("a", "2026-11-10", "2026-11-13")];
    assert!(list("2026-11-13", &arrears, &renewed).is_empty());
    assert_eq!(list("2026-11-14", &arrears, &renewed), only("a", Why::BrokenPromise));
}

#[test]
fn a_promise_for_today_is_shown_apart_and_not_called() {
    let arrears = [owes("a", 1)];
    let calls = [promise("a", "2026-11-05", "2026-11-16")];
    assert!(list("2026-11-16", &arrears, &calls).is_empty());
    let settings = Settings::default();
    let due = |day| promises_due(date(day), &settings, arrears.iter(), calls.iter(), &unsolved);
    assert_eq!(due("2026-11-16").len(), 1);
    assert_eq!((due("2026-11-16")[0].why, due("2026-11-16")[0].broken), (Why::PromiseDue, false));
    assert!(due("2026-11-15").is_empty() && due("2026-11-17").is_empty());
    assert_eq!(list("2026-11-17", &arrears, &calls), only("a", Why::BrokenPromise));
}

#[test]
fn broken_promises_are_listed_on_their_own_too() {
    let arrears = [owes("a", 1), owes("b", 1)];
    let calls =
        [promise("a", "2026-11-05", "2026-11-09"), promise("b", "2026-11-05", "2026-11-20")];
    let settings = Settings::default();
    let broken =
        broken_promises(date("2026-11-16"), &settings, arrears.iter(), calls.iter(), &unsolved);
    assert_eq!(broken.iter().map(|item| item.label.as_str()).collect::<Vec<_>>(), ["a"]);
    assert!(broken[0].broken && broken[0].promised == Some(date("2026-11-09")));
}

#[test]
fn a_household_whose_service_problem_is_solved_is_called_with_the_news() {
    let calls = [complaint("a", "2026-11-16")];
    let arrears = [owes("a", 1)];
    assert_eq!(list_with("2026-12-15", &arrears, &calls, &solved), only("a", Why::ServiceSolved));
    assert_eq!(list_with("2026-12-15", &arrears, &calls, &unsolved), only("a", Why::Phase));
    assert_eq!(list_with("2026-12-15", &arrears, &calls, &|_| None), only("a", Why::Phase));
    // Outside the calendar's windows nobody is called for it.
    assert!(list_with("2026-12-10", &arrears, &calls, &solved).is_empty());
}

#[test]
fn a_service_problem_solved_within_the_window_brings_the_household_back_once() {
    let arrears = [owes("a", 1)];
    let mut calls = vec![complaint("a", "2026-12-15")];
    assert!(list_with("2026-12-15", &arrears, &calls, &solved).is_empty());
    assert!(list_with("2026-12-17", &arrears, &calls, &unsolved).is_empty());
    assert_eq!(list_with("2026-12-17", &arrears, &calls, &solved), only("a", Why::ServiceSolved));
    // They were told and name it still: talked over, not called daily.
    calls.push(complaint("a", "2026-12-17"));
    assert!(list_with("2026-12-18", &arrears, &calls, &solved).is_empty());
}

#[test]
fn the_item_says_what_one_must_know_before_dialling() {
    let settings = Settings::default();
    let arrears = [owes("a", 12)];
    let calls = [
        complaint("a", "2026-10-16"),
        promise("a", "2026-11-02", "2026-11-30"),
        call("a", "2026-11-15", CallOutcome::NoAnswer),
    ];
    let items = for_day(date("2026-11-16"), &settings, arrears.iter(), calls.iter(), &solved);
    let item = &items[0];
    assert_eq!((item.unit, item.owed, item.months), (id("a"), Fen(1200), 4));
    assert_eq!((item.since, item.as_of), (Some(date("2026-07-01")), Ms(1_000)));
    assert_eq!(item.last_call.as_ref(), Some(&calls[2]));
    assert_eq!((item.promised, item.broken), (Some(date("2026-11-30")), false));
    assert_eq!(item.service_tickets, [(ticket(), true)]);
}

#[test]
fn calls_of_later_days_do_not_change_an_earlier_days_list() {
    let calls = [call("a", "2026-11-18", CallOutcome::Connected)];
    assert_eq!(list("2026-11-16", &[owes("a", 1)], &calls), only("a", Why::Phase));
}

#[test]
fn figures_given_twice_list_the_household_once_by_the_newest() {
    let newer = Arrears { as_of: Ms(2_000), ..owes("a", 5) };
    let settings = Settings::default();
    let arrears = [owes("a", 9), newer, owes("a", 7)];
    let items = for_day(date("2026-11-16"), &settings, arrears.iter(), [].iter(), &unsolved);
    assert_eq!(items.iter().map(|item| item.owed).collect::<Vec<_>>(), [Fen(500)]);
}

#[test]
fn progress_counts_households_reached_today_once_each() {
    let calls = [
        call("a", "2026-11-16", CallOutcome::Connected),
        FeeCall {
            id: FeeCallId::derived(&["again"]),
            ..call("a", "2026-11-16", CallOutcome::Refused)
        },
        call("b", "2026-11-16", CallOutcome::NoAnswer),
        call("c", "2026-11-15", CallOutcome::Connected),
    ];
    let settings = Settings::default();
    assert_eq!(done_today(date("2026-11-16"), &settings, calls.iter()), 1);
}

#[path = "call_list_random_tests.rs"]
mod random;
