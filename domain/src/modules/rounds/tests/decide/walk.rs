//! Starting, joining and finishing.

use super::*;

#[test]
fn a_due_round_starts_with_its_window_and_the_version_it_keeps() {
    let mut estate = Estate::planned();
    assert_eq!(estate.run(&start(), &lin()), Ok(Verdict::Applied));
    let round = estate.round();
    assert_eq!(round.window, Some((MORNING.plus(-30 * MINUTE), MORNING.plus(90 * MINUTE))));
    assert_eq!((round.version, round.points, round.name.as_str()), (1, 2, "A组团上午巡视"));
    assert_eq!((round.by, round.started), (lin().user, MORNING));
    estate.company(&publish(2)).unwrap();
    assert_eq!(estate.run(&at_gate(), &lin()), Ok(Verdict::Applied));
}

#[test]
fn a_phone_that_has_only_the_old_version_may_walk_it() {
    let mut estate = Estate::planned();
    estate.company(&publish(2)).unwrap();
    assert_eq!(estate.run(&start(), &lin()), Ok(Verdict::Applied));
    assert_eq!(estate.round().version, 1);
}

#[test]
fn starting_again_changes_nothing() {
    let mut estate = Estate::walking();
    estate.run(&at_gate(), &lin()).unwrap();
    let before = estate.round().clone();
    estate.after(HOUR);
    let again = estate.decide(&start(), &lin(), Scope::Project(project()));
    assert_eq!(again, Ok(Decision::default()));
    assert_eq!(estate.round(), &before);
}

#[test]
fn two_people_of_the_same_duty_walk_one_round() {
    let mut estate = Estate::walking();
    estate.after(-10 * MINUTE);
    assert_eq!(estate.run(&start(), &wang()), Ok(Verdict::Merged));
    let round = estate.round();
    assert_eq!((round.by, &round.joined), (lin().user, &vec![wang().user]));
    assert_eq!(round.started, MORNING.plus(-10 * MINUTE), "begun when the first began");
    let audience = round.channels();
    assert!(audience.contains(&crate::sync::record::Channel::User(wang().user)));
    assert_eq!(estate.run(&start(), &wang()), Ok(Verdict::Applied));
    assert_eq!(estate.run(&at_gate(), &wang()), Ok(Verdict::Applied));
}

#[test]
fn a_colleague_of_the_same_duty_may_record_without_starting_again() {
    let mut estate = Estate::walking();
    assert_eq!(estate.run(&at_gate(), &wang()), Ok(Verdict::Merged));
    assert_eq!(estate.round().joined, [wang().user]);
}

#[test]
fn somebody_elses_round_is_left_alone() {
    let mut estate = Estate::planned();
    refused(estate.run(&start(), &technician()), RoundCode::NotYourRound);
    estate.run(&start(), &lin()).unwrap();
    let refusal = refused(estate.run(&start(), &technician()), RoundCode::NotYourRound);
    assert_eq!(refusal.params["holder"], "林");
    refused(estate.run(&at_gate(), &technician()), RoundCode::NotYourRound);
    refused(estate.run(&finish("雨"), &technician()), RoundCode::NotYourRound);
    let stranger = actor("李", &[Role::Steward], &[ClusterId::derived(&["other"])]);
    refused(estate.run(&start(), &stranger), CommonCode::OtherCluster);
    refused(estate.run(&at_gate(), &stranger), CommonCode::OtherCluster);
    let guard = actor("周", &[Role::Guard], &[]);
    refused(estate.run(&start(), &guard), RoundCode::NotYourRound);
    refused(estate.run(&at_gate(), &guard), RoundCode::NotYourRound);
    let cashier = actor("吴", &[Role::Cashier], &[]);
    refused(estate.run(&start(), &cashier), CommonCode::NotAllowed);
}

#[test]
fn a_named_persons_round_is_not_a_colleagues() {
    let mut estate = Estate::planned();
    estate.after(-10 * DAY);
    let named = SetSchedule { person: Some(lin().user), ..set_schedule() };
    estate.run(&named, &supervisor()).unwrap();
    estate.now.set(MORNING);
    refused(estate.run(&start(), &wang()), RoundCode::NotYourRound);
    assert_eq!(estate.run(&start(), &lin()), Ok(Verdict::Applied));
    refused(estate.run(&start(), &wang()), RoundCode::NotYourRound);
}

#[test]
fn a_day_or_a_window_the_plan_does_not_have_is_not_due() {
    let mut estate = Estate::planned();
    let of = |date: NaiveDate, slot: u32| StartRound {
        round: round_id(plan(), date, slot),
        date,
        slot,
        ..start()
    };
    refused(estate.run(&of(day("2025-12-31"), 0), &lin()), RoundCode::NotDue);
    refused(estate.run(&of(day("2026-11-22"), 1), &lin()), RoundCode::NotDue);
    let misnamed = StartRound { round: RoundId::derived(&["x"]), ..start() };
    refused(estate.run(&misnamed, &lin()), RoundCode::NotDue);
}

#[test]
fn nobody_walks_next_weeks_round_today() {
    let mut estate = Estate::planned();
    estate.after(-DAY - 31 * MINUTE);
    assert!(estate.decide(&start(), &lin(), Scope::Project(project())).is_err());
    estate.after(2 * MINUTE);
    assert_eq!(estate.run(&start(), &lin()), Ok(Verdict::Applied));
}

#[test]
fn what_a_phone_in_the_basement_walked_by_the_old_plan_is_kept() {
    let mut estate = Estate::planned();
    estate.after(-71 * HOUR);
    let weekdays = vec![5];
    let moved = SetSchedule {
        recurrence: Recurrence::Weekly { weekdays },
        person: Some(wang().user),
        ..set_schedule()
    };
    estate.run(&moved, &supervisor()).unwrap();
    estate.now.set(MORNING);
    assert_eq!(estate.run(&start(), &lin()), Ok(Verdict::Merged));
    assert_eq!(estate.round().window, None, "it can be neither early nor late");
    assert_eq!(estate.run(&at_gate(), &lin()), Ok(Verdict::Applied));
}

#[test]
fn a_phone_had_time_to_hear_of_a_plan_changed_three_days_ago() {
    let mut estate = Estate::planned();
    estate.after(-72 * HOUR);
    let recurrence = Recurrence::Weekly { weekdays: vec![5] };
    estate.run(&SetSchedule { recurrence, ..set_schedule() }, &supervisor()).unwrap();
    estate.now.set(MORNING);
    refused(estate.run(&start(), &lin()), RoundCode::NotDue);
}

#[test]
fn a_round_belongs_to_its_plans_template() {
    let mut estate = Estate::planned();
    let other = TemplateId::derived(&["other"]);
    estate.company(&PublishTemplate { template: other, ..publish(1) }).unwrap();
    let with_other = StartRound { template: other, ..start() };
    refused(estate.run(&with_other, &lin()), RoundCode::WrongTemplate);
    estate.run(&start(), &lin()).unwrap();
    refused(estate.run(&with_other, &wang()), RoundCode::WrongTemplate);
    let without_plan = StartRound { schedule: None, ..start() };
    refused(estate.run(&without_plan, &lin()), RoundCode::WrongTemplate);
}

#[test]
fn a_retired_template_starts_no_more_rounds() {
    let mut estate = Estate::planned();
    estate.company(&PublishTemplate { retired: true, ..publish(2) }).unwrap();
    let retired = StartRound { version: 2, ..start() };
    refused(estate.run(&retired, &lin()), RoundCode::WrongTemplate);
}

#[test]
fn a_round_waits_for_the_version_and_the_plan_it_names() {
    let mut estate = Estate::planned();
    let missing = RoundTemplate::key_of(RoundTemplate::id_of(template(), 9));
    waits(estate.run(&StartRound { version: 9, ..start() }, &lin()), missing);
    let unknown = ScheduleId::derived(&["unknown"]);
    let early = StartRound { schedule: Some(unknown), ..start() };
    waits(estate.run(&early, &lin()), Schedule::key_of(unknown.0));
    waits(estate.run(&at_gate(), &lin()), Round::key_of(due().0));
    waits(estate.run(&finish(""), &lin()), Round::key_of(due().0));
}

fn extra() -> StartRound {
    StartRound {
        round: RoundId::derived(&["extra"]),
        schedule: None,
        date: day("2026-12-24"),
        ..start()
    }
}

#[test]
fn an_extra_round_is_of_the_day_it_is_walked_on_and_of_one_person() {
    let mut estate = Estate::planned();
    assert_eq!(estate.run(&extra(), &lin()), Ok(Verdict::Applied));
    let round = find::<Round>(&estate, extra().round.0).unwrap();
    assert_eq!((round.date, round.window), (day("2026-11-22"), None));
    assert_eq!(round.name, "组团日常巡视");
    refused(estate.run(&extra(), &wang()), RoundCode::NotYourRound);
}

#[test]
fn another_projects_phone_cannot_reach_the_round() {
    let estate = Estate::walking();
    let other = Scope::Project(ProjectId::derived(&["other"]));
    for scope in [other, Scope::Company] {
        refused(estate.decide(&start(), &lin(), scope), CommonCode::WrongScope);
        refused(estate.decide(&at_gate(), &lin(), scope), CommonCode::WrongScope);
        refused(estate.decide(&finish("雨"), &lin(), scope), CommonCode::WrongScope);
    }
}

#[test]
fn points_left_out_need_a_reason_that_the_record_shows() {
    let mut estate = Estate::walking();
    estate.run(&at_gate(), &lin()).unwrap();
    let refusal = refused(estate.run(&finish(" "), &lin()), RoundCode::PointsMissing);
    assert_eq!(refusal.params["missing"], "1");
    assert_eq!(estate.run(&finish("泵房检修"), &lin()), Ok(Verdict::Applied));
    assert_eq!(estate.round().summary, "正常\n泵房检修");
}

#[test]
fn a_complete_round_finishes_without_excuses() {
    let mut estate = Estate::walking();
    estate.run(&at_gate(), &lin()).unwrap();
    estate.run(&at_gate(), &lin()).unwrap();
    refused(estate.run(&finish(""), &lin()), RoundCode::PointsMissing);
    estate.run(&at_pumps(), &lin()).unwrap();
    assert_eq!(estate.run(&finish(""), &lin()), Ok(Verdict::Applied));
    assert_eq!(next_point(estate.version(1), estate.round()), None);
}

#[test]
fn lateness_is_judged_by_when_it_happened_and_not_by_when_it_was_heard() {
    for (minutes, late) in [(90, false), (91, true)] {
        let mut estate = Estate::walking();
        estate.after(minutes * MINUTE);
        estate.received.set(Some(MORNING.plus(3 * DAY)));
        estate.run(&finish("雨"), &lin()).unwrap();
        let round = estate.round();
        assert_eq!(round.late, late, "after {minutes} min");
        assert_eq!(round.finish_received, Some(MORNING.plus(3 * DAY)));
    }
}

#[test]
fn a_second_finish_is_merged_and_the_first_one_counts() {
    let mut estate = Estate::walking();
    estate.run(&start(), &wang()).unwrap();
    estate.after(2 * HOUR);
    estate.run(&finish("雨"), &lin()).unwrap();
    assert!(estate.round().late);
    // Wang had finished in time, but his phone was in the basement.
    estate.received.set(Some(MORNING.plus(5 * HOUR)));
    estate.after(-HOUR);
    assert_eq!(estate.run(&finish("泵房检修"), &wang()), Ok(Verdict::Merged));
    let round = estate.round();
    assert_eq!(round.finished, Some(MORNING.plus(HOUR)));
    assert!(!round.late);
    assert_eq!(round.finish_received, Some(MORNING.plus(2 * HOUR)));
    assert_eq!(round.summary, "正常\n雨\n泵房检修");
    estate.after(4 * HOUR);
    assert_eq!(estate.run(&finish("雨"), &lin()), Ok(Verdict::Merged));
    assert_eq!(estate.round().finished, Some(MORNING.plus(HOUR)));
}

#[test]
fn the_next_point_is_the_first_without_a_result() {
    let mut estate = Estate::walking();
    let next = |estate: &Estate| {
        next_point(estate.version(1), estate.round()).map(|point| point.code.clone())
    };
    assert_eq!(next(&estate).as_deref(), Some("gate"));
    estate.run(&at_gate(), &lin()).unwrap();
    assert_eq!(next(&estate).as_deref(), Some("pumps"));
}

#[test]
fn a_guard_walks_what_a_schedule_gives_to_guards_and_the_next_shift_knows_of_it() {
    use crate::sync::record::Channel;
    let (first, second) = (actor("孙", &[Role::Guard], &[]), actor("周", &[Role::Guard], &[]));
    let mut estate = Estate::planned();
    estate.after(-50 * DAY);
    let clearing = SetSchedule { role: Role::Guard, ..set_schedule() };
    estate.run(&clearing, &supervisor()).unwrap();
    estate.after(50 * DAY);
    refused(estate.run(&start(), &lin()), RoundCode::NotYourRound);
    assert_eq!(estate.run(&start(), &first), Ok(Verdict::Applied));
    assert_eq!(estate.run(&at_gate(), &first), Ok(Verdict::Applied));
    let audience = estate.round().channels();
    let own = Channel::of_reader(&second, DeviceId::derived(&["phone of the second"]));
    assert!(audience.iter().any(|channel| own.contains(channel)));
    assert_eq!(estate.run(&at_pumps(), &second), Ok(Verdict::Merged));
    assert_eq!(estate.run(&finish(""), &second), Ok(Verdict::Applied));
}

#[test]
fn technicians_know_what_another_technician_walked_of_a_round_that_is_theirs() {
    use crate::sync::record::Channel;
    let [first, second] = ["黄", "罗"].map(|name| actor(name, &[Role::Technician], &[]));
    let mut estate = Estate::planned();
    estate.after(-50 * DAY);
    let theirs = SetSchedule { role: Role::Technician, ..set_schedule() };
    estate.run(&theirs, &supervisor()).unwrap();
    estate.after(50 * DAY);
    assert_eq!(estate.run(&start(), &first), Ok(Verdict::Applied));
    let audience = estate.round().channels();
    let hears = |who: &Actor| {
        let own = Channel::of_reader(who, DeviceId::derived(&["phone", &who.name]));
        audience.iter().any(|channel| own.contains(channel))
    };
    assert!(hears(&second));
    assert!(!hears(&actor("孙", &[Role::Guard], &[])));
    assert_eq!(estate.run(&at_gate(), &second), Ok(Verdict::Merged));
}

#[test]
fn a_guard_starts_no_round_that_nobody_asked_for_and_holds_no_briefing() {
    let mut estate = Estate::planned();
    let guard = actor("孙", &[Role::Guard], &[]);
    let extra = StartRound {
        round: RoundId::derived(&["extra"]),
        schedule: None,
        date: day("2026-11-22"),
        ..start()
    };
    refused(estate.run(&extra, &guard), RoundCode::NotYourRound);
    let briefing = RecordBriefing {
        cluster: cluster(),
        date: day("2026-11-22"),
        lines: vec![],
        listed: vec![],
    };
    refused(estate.run(&briefing, &guard), CommonCode::NotAllowed);
    let both = actor("钱", &[Role::Guard, Role::Technician], &[]);
    assert_eq!(estate.run(&extra, &both), Ok(Verdict::Applied));
    // A steward's round is not told to the guards.
    estate.run(&start(), &lin()).unwrap();
    assert!(!estate.round().channels().contains(&crate::sync::record::Channel::Guards));
}
