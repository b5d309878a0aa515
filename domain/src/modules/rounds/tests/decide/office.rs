//! Templates as versions, checkpoints, schedules.

use super::*;
use crate::modules::tickets::TicketCode;

#[test]
fn every_built_in_template_can_be_published() {
    let mut estate = Estate::bare();
    for command in builtin::templates() {
        assert_eq!(estate.company(&command), Ok(Verdict::Applied), "{}", command.name);
    }
}

#[test]
fn a_new_version_replaces_the_old_one_and_keeps_it() {
    let mut estate = Estate::planned();
    estate.company(&PublishTemplate { name: "新".into(), ..publish(2) }).unwrap();
    assert!(estate.version(1).superseded && !estate.version(2).superseded);
    assert_eq!(estate.version(1).points, points());
    assert_eq!(estate.version(2).name, "新");
}

#[test]
fn a_version_somebody_else_published_first_is_not_overwritten() {
    let mut estate = Estate::planned();
    refused(estate.company(&publish(1)), RoundCode::OldVersion);
    refused(estate.company(&publish(0)), RoundCode::OldVersion);
    estate.company(&publish(2)).unwrap();
    let refusal = refused(estate.company(&publish(2)), RoundCode::OldVersion);
    assert_eq!(refusal.params["version"], "2");
}

#[test]
fn a_version_above_one_that_has_not_arrived_waits_for_it() {
    let mut estate = Estate::planned();
    let missing = RoundTemplate::key_of(RoundTemplate::id_of(template(), 2));
    waits(estate.company(&publish(3)), missing);
}

#[test]
fn templates_are_the_companys_and_of_those_who_may_edit_them() {
    let mut estate = Estate::bare();
    refused(estate.run(&publish(1), &supervisor()), CommonCode::WrongScope);
    refused(estate.decide(&publish(1), &lin(), Scope::Company), CommonCode::NotAllowed);
}

#[test]
fn a_template_without_points_or_a_point_without_items_is_refused() {
    let mut estate = Estate::bare();
    let empty = PublishTemplate { points: vec![], ..publish(1) };
    refused(estate.company(&empty), RoundCode::EmptyTemplate);
    let mut hollow = publish(1);
    hollow.points[1].items.clear();
    refused(estate.company(&hollow), RoundCode::EmptyTemplate);
}

#[test]
fn codes_are_unique_in_the_whole_template() {
    let mut estate = Estate::bare();
    let mut twice = publish(1);
    twice.points[1].code = "gate".into();
    refused(estate.company(&twice), RoundCode::DuplicateItem);
    let mut twice = publish(1);
    twice.points[1].items[0].code = "post".into();
    refused(estate.company(&twice), RoundCode::DuplicateItem);
}

#[test]
fn limits_that_nothing_can_meet_are_refused() {
    let mut estate = Estate::bare();
    let with = |low, high| {
        let mut command = publish(1);
        command.points[1].items[0].answer = AnswerType::Number { unit: "MPa".into(), low, high };
        command
    };
    refused(estate.company(&with(Some(2), Some(1))), RoundCode::BadLimits);
    assert!(estate.company(&with(Some(1), Some(1))).is_ok());
}

#[test]
fn a_template_cannot_grow_without_bound_nor_name_an_unknown_category() {
    let mut estate = Estate::bare();
    let mut long = publish(1);
    long.points =
        (0..101).map(|n| Point { code: n.to_string(), ..long.points[0].clone() }).collect();
    refused(estate.company(&long), CommonCode::ListTooLong);
    let mut long = publish(1);
    let first = long.points[0].items[0].clone();
    long.points[0].items = (0..61).map(|n| Item { code: n.to_string(), ..first.clone() }).collect();
    refused(estate.company(&long), CommonCode::ListTooLong);
    let mut unknown = publish(1);
    unknown.points[0].items[0].category = "moon".into();
    refused(estate.company(&unknown), TicketCode::UnknownCategory);
    let nameless = PublishTemplate { name: " ".into(), ..publish(1) };
    refused(estate.company(&nameless), CommonCode::TextEmpty);
}

#[test]
fn the_number_of_a_code_only_rises() {
    let mut estate = Estate::planned();
    let version =
        |code_version| RegisterCheckpoint { code_version, ..register(gate(), "gate", (5, 5)) };
    refused(estate.run(&version(1), &supervisor()), RoundCode::OldVersion);
    refused(estate.run(&version(0), &supervisor()), RoundCode::OldVersion);
    let hung = |estate: &Estate| find::<Checkpoint>(estate, gate().0).unwrap().code_since;
    let first = hung(&estate);
    estate.run(&version(2), &supervisor()).unwrap();
    assert_eq!(hung(&estate), first, "a new position is not a new code");
    estate.run(&version(3), &supervisor()).unwrap();
    assert_eq!(hung(&estate), MORNING);
}

#[test]
fn checkpoints_and_schedules_are_of_a_known_template_and_a_cluster_of_this_project() {
    let mut estate = Estate::bare();
    let missing = RoundTemplate::key_of(RoundTemplate::id_of(template(), 1));
    waits(estate.run(&register(gate(), "gate", (0, 0)), &supervisor()), missing);
    waits(estate.run(&set_schedule(), &supervisor()), missing);
    let elsewhere = ClusterId::derived(&["elsewhere"]);
    let lost = RegisterCheckpoint { cluster: elsewhere, ..register(gate(), "gate", (0, 0)) };
    waits(estate.run(&lost, &supervisor()), Cluster::key_of(elsewhere.0));
    let other = Scope::Project(ProjectId::derived(&["other"]));
    refused(estate.decide(&set_schedule(), &supervisor(), other), CommonCode::WrongScope);
    refused(estate.decide(&set_schedule(), &supervisor(), Scope::Company), CommonCode::WrongScope);
}

#[test]
fn stewards_neither_hang_codes_nor_make_plans() {
    let mut estate = Estate::planned();
    let hang = register(gate(), "gate", (0, 0));
    refused(estate.run(&hang, &lin()), CommonCode::NotAllowed);
    refused(estate.run(&set_schedule(), &lin()), CommonCode::NotAllowed);
    assert!(estate.run(&hang, &Actor::system()).is_ok());
    assert!(estate.run(&set_schedule(), &Actor::system()).is_ok());
}

#[test]
fn the_office_replaces_a_plan() {
    let mut estate = Estate::planned();
    let weekly = Recurrence::Weekly { weekdays: vec![5] };
    let changed = SetSchedule { recurrence: weekly.clone(), ..set_schedule() };
    assert_eq!(estate.run(&changed, &supervisor()), Ok(Verdict::Applied));
    assert_eq!(estate.schedule().recurrence, weekly);
    assert_eq!(estate.schedule().changed_at, MORNING);
}

#[test]
fn a_plan_has_one_to_twelve_windows_that_are_not_empty() {
    let mut estate = Estate::planned();
    let mut with = |windows: Vec<Window>| {
        estate.run(&SetSchedule { windows, ..set_schedule() }, &supervisor())
    };
    let window = |from: &str, to: &str| Window { from: time(from), to: time(to) };
    let good = window("22:00:00", "02:00:00");
    refused(with(vec![]), RoundCode::BadWindow);
    refused(with(vec![good, window("09:00:00", "09:00:00")]), RoundCode::BadWindow);
    refused(with(vec![good; 13]), CommonCode::ListTooLong);
    let hour = |hour: u32| window(&format!("{hour:02}:00:00"), &format!("{:02}:00:00", hour + 1));
    assert!(with((4..16).map(hour).collect()).is_ok());
}

#[test]
fn windows_of_a_plan_do_not_overlap_so_that_no_two_rounds_are_due_at_once() {
    let mut estate = Estate::planned();
    let mut with = |windows: &[(&str, &str)]| {
        let windows =
            windows.iter().map(|(from, to)| Window { from: time(from), to: time(to) }).collect();
        estate.run(&SetSchedule { windows, ..set_schedule() }, &supervisor())
    };
    let bad = [
        [("08:00:00", "12:00:00"), ("09:00:00", "11:00:00")],
        [("08:00:00", "10:00:00"), ("09:59:00", "11:00:00")],
        [("22:00:00", "02:00:00"), ("01:00:00", "03:00:00")],
        [("08:00:00", "10:00:00"), ("08:00:00", "10:00:00")],
    ];
    for windows in &bad {
        refused(with(windows), RoundCode::BadWindow);
    }
    assert!(with(&[("08:00:00", "10:00:00"), ("10:00:00", "12:00:00")]).is_ok());
    assert!(with(&[("22:00:00", "02:00:00"), ("02:00:00", "03:00:00")]).is_ok());
}

#[test]
fn a_plan_falls_on_days_that_exist() {
    let mut estate = Estate::planned();
    let mut with = |recurrence: Recurrence| {
        estate.run(&SetSchedule { recurrence, ..set_schedule() }, &supervisor())
    };
    let weekly = |weekdays: &[u8]| Recurrence::Weekly { weekdays: weekdays.into() };
    let monthly = |days: &[u8]| Recurrence::Monthly { days: days.into() };
    let quarterly = |day| Recurrence::Quarterly { day };
    for good in [weekly(&[1, 7]), monthly(&[1, 31]), quarterly(31), Recurrence::WorkingDays] {
        assert!(with(good).is_ok());
    }
    for bad in [
        weekly(&[]),
        weekly(&[0]),
        weekly(&[8]),
        weekly(&[1, 1]),
        monthly(&[]),
        monthly(&[0]),
        monthly(&[32]),
        quarterly(0),
        quarterly(32),
    ] {
        refused(with(bad), RoundCode::BadRecurrence);
    }
    let backwards = SetSchedule { ends: Some(day("2025-12-31")), ..set_schedule() };
    refused(estate.run(&backwards, &supervisor()), RoundCode::BadRecurrence);
    let one_day = SetSchedule { ends: Some(day("2026-01-01")), ..set_schedule() };
    assert!(estate.run(&one_day, &supervisor()).is_ok());
}
