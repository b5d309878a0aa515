//! Tests of due rounds: expansion over calendars, whose they are, what became of them.

use std::collections::BTreeSet;

use chrono::NaiveTime;
use proptest::prelude::*;

use super::*;
use crate::modules::rounds::Window;
use crate::time::{HOUR, MINUTE};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn window(from: &str, to: &str) -> Window {
    Window { from: time(from), to: time(to) }
}

fn schedule(recurrence: Recurrence) -> Schedule {
    Schedule {
        id: ScheduleId::derived(&["schedule"]),
        project: ProjectId::derived(&["project"]),
        cluster: ClusterId::derived(&["cluster"]),
        template: TemplateId::derived(&["template"]),
        name: "组团日常巡视".into(),
        recurrence,
        windows: vec![window("09:00:00", "11:00:00")],
        role: Role::Steward,
        person: None,
        starts: day("2000-01-01"),
        ends: None,
        changed_at: Ms(0),
    }
}

fn dates(recurrence: Recurrence, from: &str, to: &str) -> Vec<String> {
    let due = expand(&schedule(recurrence), &Settings::default(), day(from), day(to));
    due.iter().map(|due| due.date.to_string()).collect()
}

#[test]
fn the_id_of_a_due_round_is_the_same_for_ever() {
    let id = round_id(ScheduleId(uuid::Uuid::from_u128(1)), day("2026-11-22"), 0);
    assert_eq!(id.to_string(), "fd8f2548-7854-5057-b2de-1302ed4d95ee");
}

#[test]
fn a_daily_schedule_gives_one_round_for_each_window_of_each_day() {
    let mut daily = schedule(Recurrence::Daily);
    daily.windows = vec![window("09:00:00", "10:00:00"), window("15:00:00", "16:30:00")];
    let due = expand(&daily, &Settings::default(), day("2026-11-21"), day("2026-11-22"));
    let slots: Vec<_> = due.iter().map(|due| (due.date.to_string(), due.slot)).collect();
    assert_eq!(
        slots,
        [
            ("2026-11-21".into(), 0),
            ("2026-11-21".into(), 1),
            ("2026-11-22".into(), 0),
            ("2026-11-22".into(), 1)
        ]
    );
    assert_eq!(due[1].window.1.since(due[1].window.0), 90 * MINUTE);
}

#[test]
fn windows_are_local_times_of_the_company() {
    let due = expand(
        &schedule(Recurrence::Daily),
        &Settings::default(),
        day("1970-01-02"),
        day("1970-01-02"),
    );
    assert!(due.is_empty(), "not before the schedule starts");
    let mut early = schedule(Recurrence::Daily);
    early.starts = day("1970-01-01");
    let due = expand(&early, &Settings::default(), day("1970-01-02"), day("1970-01-02"));
    // 9:00 in Shanghai is 1:00 UTC.
    assert_eq!(due[0].window, (Ms(DAY + HOUR), Ms(DAY + 3 * HOUR)));
}

#[test]
fn a_window_that_ends_before_it_begins_ends_on_the_next_day() {
    let mut night = schedule(Recurrence::Daily);
    night.windows = vec![window("22:00:00", "02:00:00")];
    let due = expand(&night, &Settings::default(), day("2026-12-31"), day("2026-12-31"));
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].date, day("2026-12-31"));
    assert_eq!(due[0].window.1.since(due[0].window.0), 4 * HOUR);
    assert_eq!(Settings::default().zone.date(due[0].window.1), day("2027-01-01"));
}

#[test]
fn the_thirty_first_is_the_last_day_of_a_shorter_month_in_leap_years_too() {
    let last = || Recurrence::Monthly { days: vec![31] };
    assert_eq!(
        dates(last(), "2026-01-30", "2026-04-30"),
        ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    );
    assert_eq!(dates(last(), "2028-02-01", "2028-03-01"), ["2028-02-29"]);
    assert_eq!(dates(last(), "2100-02-01", "2100-03-01"), ["2100-02-28"]);
}

#[test]
fn days_that_fall_together_at_a_months_end_give_one_round() {
    let monthly = Recurrence::Monthly { days: vec![15, 29, 30, 31] };
    assert_eq!(dates(monthly, "2026-02-01", "2026-02-28"), ["2026-02-15", "2026-02-28"]);
}

#[test]
fn a_quarterly_round_falls_in_the_quarters_last_month() {
    let quarterly = Recurrence::Quarterly { day: 31 };
    assert_eq!(
        dates(quarterly, "2026-01-01", "2026-12-31"),
        ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"]
    );
}

#[test]
fn a_weekly_round_falls_on_its_weekdays() {
    let weekly = Recurrence::Weekly { weekdays: vec![1, 7] };
    assert_eq!(
        dates(weekly, "2026-11-16", "2026-11-23"),
        ["2026-11-16", "2026-11-22", "2026-11-23"]
    );
}

#[test]
fn working_days_leave_holidays_out_and_take_make_up_days_in() {
    let settings = Settings {
        holidays: vec![day("2026-02-16"), day("2026-02-17")],
        workdays: vec![day("2026-02-14")],
        ..Settings::default()
    };
    let due =
        expand(&schedule(Recurrence::WorkingDays), &settings, day("2026-02-13"), day("2026-02-18"));
    let dates: Vec<_> = due.iter().map(|due| due.date.to_string()).collect();
    assert_eq!(dates, ["2026-02-13", "2026-02-14", "2026-02-18"]);
}

#[test]
fn a_schedule_asks_for_nothing_before_it_starts_and_after_it_ends() {
    let mut short = schedule(Recurrence::Daily);
    short.starts = day("2026-11-21");
    short.ends = Some(day("2026-11-22"));
    let due = expand(&short, &Settings::default(), day("2026-11-01"), day("2026-11-30"));
    let dates: Vec<_> = due.iter().map(|due| due.date.to_string()).collect();
    assert_eq!(dates, ["2026-11-21", "2026-11-22"]);
    assert!(expand(&short, &Settings::default(), day("2026-11-22"), day("2026-11-21")).is_empty());
}

#[test]
fn the_last_day_of_the_calendar_does_not_end_the_program() {
    let mut night = schedule(Recurrence::Daily);
    night.windows = vec![window("22:00:00", "02:00:00")];
    let eve = NaiveDate::MAX.pred_opt().unwrap();
    assert_eq!(expand(&night, &Settings::default(), eve, NaiveDate::MAX)[0].date, eve);
}

fn one_due() -> DueRound {
    let daily = schedule(Recurrence::Daily);
    expand(&daily, &Settings::default(), day("2026-11-22"), day("2026-11-22")).remove(0)
}

fn actor(name: &str, role: Role, clusters: &[&str]) -> Actor {
    Actor {
        user: UserId::derived(&[name]),
        name: name.into(),
        roles: vec![role],
        clusters: clusters.iter().map(|cluster| ClusterId::derived(&[cluster])).collect(),
    }
}

#[test]
fn a_round_of_a_role_is_everybodys_who_holds_it_there() {
    let due = one_due();
    assert!(concerns(&due, &actor("林", Role::Steward, &["cluster"])));
    assert!(!concerns(&due, &actor("王", Role::Steward, &["other"])));
    assert!(!concerns(&due, &actor("赵", Role::Technician, &["cluster"])));
    let technical = DueRound { role: Role::Technician, ..due };
    assert!(concerns(&technical, &actor("赵", Role::Technician, &[])));
}

#[test]
fn a_round_of_a_person_is_that_persons_alone() {
    let due = DueRound { person: Some(UserId::derived(&["赵"])), ..one_due() };
    assert!(concerns(&due, &actor("赵", Role::Technician, &[])));
    assert!(!concerns(&due, &actor("林", Role::Steward, &["cluster"])));
}

fn round(due: &DueRound) -> Round {
    Round {
        id: due.id,
        project: due.project,
        cluster: due.cluster,
        schedule: Some(due.schedule),
        date: due.date,
        window: Some(due.window),
        template: due.template,
        version: 1,
        name: due.name.clone(),
        points: 7,
        role: Some(due.role),
        person: due.person,
        by: UserId::derived(&["林"]),
        by_name: "林".into(),
        joined: vec![],
        started: due.window.0,
        finished: None,
        finish_received: None,
        late: false,
        summary: String::new(),
        results: vec![],
        changed_at: due.window.0,
    }
}

#[test]
fn an_unwalked_round_is_not_reported_until_its_phone_was_heard_or_a_day_has_passed() {
    let due = one_due();
    let (start, end) = due.window;
    let at = |now: Ms, synced: Option<Ms>| state(&due, None, now, synced);
    assert_eq!(at(start.plus(-1), None), DueState::NotYet);
    assert_eq!(at(start, None), DueState::Open);
    assert_eq!(at(end, Some(end)), DueState::Open);
    assert_eq!(at(end.plus(1), None), DueState::NotReported);
    assert_eq!(at(end.plus(2), Some(end)), DueState::NotReported);
    assert_eq!(at(end.plus(2), Some(end.plus(1))), DueState::Missed);
    assert_eq!(at(end.plus(DAY - 1), None), DueState::NotReported);
    assert_eq!(at(end.plus(DAY), None), DueState::Missed);
}

#[test]
fn a_started_round_runs_and_is_not_called_missed_while_somebody_walks_it() {
    let due = one_due();
    let end = due.window.1;
    let running = round(&due);
    let at = |now: Ms, synced: Option<Ms>| state(&due, Some(&running), now, synced);
    assert_eq!(at(due.window.0.plus(-MINUTE), None), DueState::Running { done: 0, total: 7 });
    assert_eq!(at(end, None), DueState::Running { done: 0, total: 7 });
    assert_eq!(at(end.plus(1), Some(end.plus(1))), DueState::NotReported);
    assert_eq!(at(end.plus(DAY), Some(end.plus(1))), DueState::Missed);
}

#[test]
fn a_round_is_seen_to_be_over_without_decoding_it_exactly_when_it_is_finished() {
    use crate::sync::record::SyncedRecord;
    let due = one_due();
    let running = Round { summary: r#"","finished":1,""#.into(), ..round(&due) };
    let finished = Round { finished: Some(Ms(1)), ..round(&due) };
    for round in [running, finished] {
        let body = serde_json::to_string(&round).unwrap();
        assert_eq!(Round::is_over(&body), round.finished.is_some(), "{body}");
    }
}

#[test]
fn a_round_finished_inside_its_window_is_done_however_late_it_synced() {
    let due = one_due();
    let end = due.window.1;
    let finished = |at: Ms| Round {
        finished: Some(at),
        finish_received: Some(end.plus(3 * DAY)),
        ..round(&due)
    };
    let much_later = end.plus(3 * DAY);
    let state_of = |round: &Round| state(&due, Some(round), much_later, Some(much_later));
    assert_eq!(state_of(&finished(end)), DueState::Done);
    assert_eq!(state_of(&finished(end.plus(1))), DueState::DoneLate);
}

#[test]
fn a_round_is_judged_by_the_window_it_started_with() {
    let due = one_due();
    let end = due.window.1;
    let finished = Round { finished: Some(end), ..round(&due) };
    let moved = DueRound { window: (due.window.0.plus(-HOUR), end.plus(-HOUR)), ..due };
    assert_eq!(state(&moved, Some(&finished), end, None), DueState::Done);
}

#[test]
fn every_state_has_its_name() {
    let all = [
        DueState::NotYet,
        DueState::Open,
        DueState::Running { done: 1, total: 2 },
        DueState::Done,
        DueState::DoneLate,
        DueState::NotReported,
        DueState::Missed,
    ];
    assert_eq!(all.map(DueState::name), DueState::NAMES);
}

fn recurrences() -> impl Strategy<Value = Recurrence> {
    prop_oneof![
        Just(Recurrence::Daily),
        Just(Recurrence::WorkingDays),
        prop::collection::vec(1u8..=7, 1..7).prop_map(|weekdays| Recurrence::Weekly { weekdays }),
        prop::collection::vec(1u8..=31, 1..5).prop_map(|days| Recurrence::Monthly { days }),
        (1u8..=31).prop_map(|day| Recurrence::Quarterly { day }),
    ]
}

proptest! {
    #[test]
    fn a_phone_and_a_server_that_look_at_different_days_mean_the_same_rounds(
        recurrence in recurrences(),
        minutes in prop::collection::vec((0u32..1440, 0u32..1440), 1..4),
        offset in 0i64..4000,
        length in 0i64..70,
        cut in 0i64..70,
    ) {
        let at = |minute: u32| NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0).unwrap();
        let mut plan = schedule(recurrence);
        plan.windows = minutes.iter().map(|(from, to)| Window { from: at(*from), to: at(*to) }).collect();
        let settings = Settings::default();
        let from = day("2024-01-01") + chrono::TimeDelta::days(offset);
        let to = from + chrono::TimeDelta::days(length);
        let whole = expand(&plan, &settings, from, to);
        let ids: BTreeSet<RoundId> = whole.iter().map(|due| due.id).collect();
        prop_assert_eq!(ids.len(), whole.len());
        let middle = from + chrono::TimeDelta::days(cut.min(length));
        let mut parts = expand(&plan, &settings, from, middle);
        parts.extend(expand(&plan, &settings, middle.succ_opt().unwrap(), to));
        prop_assert_eq!(&parts, &whole);
        for due in &whole {
            prop_assert!(due.window.0 <= due.window.1 && due.window.1.since(due.window.0) < DAY);
            prop_assert_eq!(settings.zone.date(due.window.0), due.date);
            prop_assert_eq!(due.id, round_id(plan.id, due.date, due.slot));
        }
    }
}
