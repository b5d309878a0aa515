//! The call list over any calls of a quarter: nobody twice, no broken promise missing, nobody
//! forgotten in a window.

use chrono::Datelike;
use proptest::prelude::*;

use super::*;

fn any_outcome() -> impl Strategy<Value = CallOutcome> {
    proptest::sample::select(CallOutcome::ALL.to_vec())
}

prop_compose! {
    /// A call about one of six households on a day of the last quarter.
    fn any_call()(
        unit in 0u8..6,
        day in 0i64..92,
        hour in 0i64..24,
        outcome in any_outcome(),
        promised in proptest::option::of(0i64..30),
        service in any::<bool>(),
        key in any::<u32>(),
    ) -> FeeCall {
        let name = format!("h{unit}");
        let made = date("2026-10-01") + chrono::TimeDelta::days(day);
        let reached = outcome == CallOutcome::Connected;
        FeeCall {
            id: FeeCallId::derived(&[&key.to_string()]),
            at: Settings::default().zone.start_of_day(made).plus(hour * HOUR),
            promised: promised.filter(|_| reached).map(|days| made + chrono::TimeDelta::days(days)),
            reason: service.then_some(UnpaidReason::ServiceProblem),
            ticket: service.then(ticket),
            ..call(&name, "2026-10-01", outcome)
        }
    }
}

proptest! {
    #[test]
    fn no_household_is_listed_twice_and_no_broken_promise_is_missing(
        owed in proptest::collection::vec(-1i64..5, 6),
        mut calls in proptest::collection::vec(any_call(), 0..30),
        day in 0i64..100,
        is_solved in proptest::option::of(any::<bool>()),
    ) {
        let today = date("2026-10-01") + chrono::TimeDelta::days(day);
        let settings = Settings::default();
        let arrears: Vec<_> = (0..6).map(|n| owes(&format!("h{n}"), owed[n])).collect();
        let tickets = |_: TicketId| is_solved;
        let items = for_day(today, &settings, arrears.iter(), calls.iter(), &tickets);

        let units: BTreeSet<_> = items.iter().map(|item| item.unit).collect();
        prop_assert_eq!(units.len(), items.len());
        prop_assert!(items.iter().all(|item| item.owed > Fen(0)));
        prop_assert!(items.iter().all(|item| item.why != Why::PromiseDue));

        // The rule said again in another way: the last conversation up to today promised an
        // earlier day.
        calls.sort_by_key(|call| (call.at, call.id));
        for figures in arrears.iter().filter(|figures| figures.owed > Fen(0)) {
            let mut standing = None;
            for call in calls.iter().filter(|call| call.unit == figures.unit) {
                if settings.zone.date(call.at) <= today && call.outcome.is_reached() {
                    standing = call.promised;
                }
            }
            let broken = standing.is_some_and(|promised| promised < today);
            let listed = items.iter().find(|item| item.unit == figures.unit);
            prop_assert_eq!(broken, listed.is_some_and(|item| item.why == Why::BrokenPromise));
        }

        // The order in which a replica happens to hold the records does not show.
        calls.reverse();
        let again = for_day(today, &settings, arrears.iter().rev(), calls.iter(), &tickets);
        prop_assert_eq!(items, again);
    }

    #[test]
    fn in_a_window_an_unpaid_household_is_either_listed_reached_or_due_today(
        calls in proptest::collection::vec(any_call(), 0..30),
        day in 0i64..92,
    ) {
        let today = date("2026-10-01") + chrono::TimeDelta::days(day);
        let settings = Settings::default();
        let arrears: Vec<_> = (0..6).map(|n| owes(&format!("h{n}"), 1)).collect();
        let items = for_day(today, &settings, arrears.iter(), calls.iter(), &unsolved);
        let due = promises_due(today, &settings, arrears.iter(), calls.iter(), &unsolved);
        let Some((first, last)) = window(today) else {
            prop_assert!(items.iter().all(|item| item.why == Why::BrokenPromise));
            return Ok(());
        };
        prop_assert!((first..=last).contains(&today) && first.month() == today.month());
        for figures in &arrears {
            let reached = calls.iter().any(|call| {
                let made = settings.zone.date(call.at);
                call.unit == figures.unit && call.outcome.is_reached() && (first..=today).contains(&made)
            });
            let listed = |items: &[CallItem]| items.iter().any(|item| item.unit == figures.unit);
            prop_assert!(reached || listed(&items) || listed(&due));
        }
    }
}
