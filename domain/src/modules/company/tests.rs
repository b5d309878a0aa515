//! Rules of the company's settings, as sentences, and their wire shape.

use super::*;
use crate::actor::Role;
use crate::modules::households::testkit::*;
use crate::sync::command::Verdict;
use crate::time::{Ms, ZoneChange};

fn company() -> Estate {
    Estate { scope: Scope::Company, ..Estate::empty() }
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn admin() -> crate::Actor {
    person(Role::Admin, &[])
}

fn set(change: impl FnOnce(&mut Settings)) -> SetSettings {
    let mut settings = Settings::default();
    change(&mut settings);
    SetSettings { settings, base: None }
}

/// A change by whoever sees `base`.
fn edit(base: &Settings, change: impl FnOnce(&mut Settings)) -> SetSettings {
    let mut settings = base.clone();
    change(&mut settings);
    SetSettings { settings, base: Some(base.clone()) }
}

#[test]
fn a_make_up_saturday_is_worked_and_a_holiday_monday_is_not() {
    let saturday = date("2026-02-14");
    let monday = date("2026-02-16");
    let mut settings = Settings::default();
    assert!(!settings.is_working_day(saturday) && settings.is_working_day(monday));
    settings.workdays.push(saturday);
    settings.holidays.push(monday);
    assert!(settings.is_working_day(saturday) && !settings.is_working_day(monday));
}

#[test]
fn the_administrator_changes_settings_and_each_change_has_its_version() {
    let mut estate = company();
    for version in 1..=2 {
        let command = set(|settings| settings.repair_hours = 48);
        assert_eq!(estate.run(command, &admin(), MORNING), Ok(Verdict::Applied));
        let kept = estate.get::<Settings>(Settings::ID);
        assert_eq!((kept.version, kept.repair_hours), (version, 48));
    }
}

#[test]
fn two_administrators_who_change_different_settings_both_get_theirs() {
    let mut estate = company();
    estate.run(set(|settings| settings.repair_hours = 48), &admin(), MORNING).unwrap();
    let shown = estate.get::<Settings>(Settings::ID).clone();
    let first = edit(&shown, |settings| settings.relay_minutes = 20);
    let second = edit(&shown, |settings| settings.holidays.push(date("2026-10-01")));
    assert_eq!(estate.run(first, &admin(), MORNING), Ok(Verdict::Applied));
    assert_eq!(estate.run(second, &admin(), MORNING), Ok(Verdict::Merged));
    let kept = estate.get::<Settings>(Settings::ID);
    assert_eq!((kept.repair_hours, kept.relay_minutes, kept.version), (48, 20, 3));
    assert_eq!(kept.holidays, [date("2026-10-01")]);
}

#[test]
fn the_office_closes_at_nine_until_the_company_says_otherwise() {
    let mut estate = company();
    assert_eq!(Settings::default().office_closes, time("21:00"));
    // Stored by a build from before the setting, and edited by one.
    let old: Settings = serde_json::from_str(r#"{"company":"锦绣物业"}"#).unwrap();
    assert_eq!(old.office_closes, time("21:00"));
    estate.run(set(|settings| settings.office_closes = time("18:00")), &admin(), MORNING).unwrap();
    let shown = estate.get::<Settings>(Settings::ID).clone();
    estate.run(edit(&shown, |settings| settings.repair_hours = 48), &admin(), MORNING).unwrap();
    assert_eq!(estate.get::<Settings>(Settings::ID).office_closes, time("18:00"));
}

#[test]
fn the_same_setting_changed_by_both_is_refused_and_named() {
    let mut estate = company();
    let shown = Settings::default();
    let first = edit(&shown, |settings| settings.repair_hours = 48);
    estate.run(first.clone(), &admin(), MORNING).unwrap();
    let second = edit(&shown, |settings| {
        settings.company = "锦绣".into();
        settings.repair_hours = 12;
    });
    let why = refusal(estate.decide(second, &admin(), MORNING));
    assert!(why.is(CompanyCode::ChangedMeanwhile));
    assert_eq!(why.params["field"], "repair_hours");
    assert_eq!(estate.get::<Settings>(Settings::ID).company, shown.company, "nothing of it");
    // Both wanted the same: there is nothing to decide.
    assert_eq!(estate.run(first, &admin(), MORNING), Ok(Verdict::Applied));
}

#[test]
fn lists_that_two_people_fill_together_stay_bounded() {
    let mut estate = company();
    let shown = Settings::default();
    let days = |count| vec![date("2026-01-01"); count];
    estate.run(edit(&shown, |s| s.holidays = days(300)), &admin(), MORNING).unwrap();
    let more = edit(&shown, |settings| settings.workdays = days(200));
    assert_refused(estate.decide(more, &admin(), MORNING), CommonCode::ListTooLong);
}

#[test]
fn a_build_that_knows_no_base_replaces_everything_as_it_did() {
    let mut estate = company();
    estate.run(set(|settings| settings.repair_hours = 48), &admin(), MORNING).unwrap();
    let old = r#"{"settings":{"company":"锦绣物业"}}"#;
    let command: SetSettings = serde_json::from_str(old).unwrap();
    assert_eq!(estate.run(command, &admin(), MORNING), Ok(Verdict::Applied));
    let kept = estate.get::<Settings>(Settings::ID);
    assert_eq!((kept.repair_hours, kept.version), (Settings::default().repair_hours, 2));
}

#[test]
fn limits_changed_by_two_are_merged_each_for_itself() {
    let mut estate = company();
    let shown = Settings::default();
    let first = edit(&shown, |settings| settings.limits.quality_line_hours = Usual(48));
    estate.run(first, &admin(), MORNING).unwrap();
    let second = edit(&shown, |settings| settings.limits.request_days = Usual(2));
    assert_eq!(estate.run(second, &admin(), MORNING), Ok(Verdict::Merged));
    let kept = estate.get::<Settings>(Settings::ID).limits;
    assert_eq!((kept.quality_line_hours, kept.request_days), (Usual(48), Usual(2)));
    let third = edit(&shown, |settings| settings.limits.quality_line_hours = Usual(24));
    let why = refusal(estate.decide(third, &admin(), MORNING));
    assert!(why.is(CompanyCode::ChangedMeanwhile));
    assert_eq!(why.params["field"], "quality_line_hours");
    // What is usual is not written.
    let json = serde_json::to_value(kept).unwrap();
    assert_eq!(json, serde_json::json!({ "quality_line_hours": 48, "request_days": 2 }));
}

#[test]
fn a_manager_does_not_change_settings() {
    let manager = person(Role::Manager, &[]);
    assert_refused(company().decide(set(|_| {}), &manager, MORNING), CommonCode::NotAllowed);
}

#[test]
fn settings_do_not_go_into_a_projects_log() {
    assert_refused(Estate::empty().decide(set(|_| {}), &admin(), MORNING), CommonCode::WrongScope);
}

#[test]
fn a_limit_out_of_reason_is_refused_and_says_which() {
    type Change = fn(&mut Settings);
    let changes: [(&str, Change); 11] = [
        ("repair_hours", |s| s.repair_hours = 0),
        ("relay_minutes", |s| s.relay_minutes = 24 * 60 + 1),
        ("walking_mps", |s| s.walking_mps = 0),
        ("photo_edge", |s| s.photo_edge = 319),
        ("photo_bytes", |s| s.photo_bytes = u32::MAX),
        ("promise_days", |s| s.promise_days = 0),
        ("promise_days", |s| s.promise_days = 367),
        ("wait_days", |s| s.wait_days = 0),
        ("wait_days", |s| s.wait_days = 367),
        ("complaint_hours", |s| s.limits.complaint_hours = Usual(0)),
        ("return_leak_days", |s| s.limits.return_leak_days = Usual(93)),
    ];
    for (field, change) in changes {
        let refusal = refusal(company().decide(set(change), &admin(), MORNING));
        assert!(refusal.is(CompanyCode::BadLimit));
        assert_eq!(refusal.params["field"], field);
    }
}

#[test]
fn every_number_can_be_set_by_its_name() {
    let mut settings = Settings::default();
    let names: Vec<_> = settings.numbers().map(|(name, _, low, _)| (name, low)).collect();
    for (name, low) in &names {
        assert!(settings.set_number(name, *low), "{name}");
    }
    assert!(settings.numbers().all(|(_, value, low, _)| value == low));
    assert!(names.len() > 15 && !settings.set_number("dragons", 1));
}

#[test]
fn a_company_has_a_name_and_a_calendar_of_bounded_length() {
    let nameless = set(|settings| settings.company = " ".into());
    assert_refused(company().decide(nameless, &admin(), MORNING), CommonCode::TextEmpty);
    let endless = set(|settings| settings.holidays = vec![date("2026-01-01"); 401]);
    assert_refused(company().decide(endless, &admin(), MORNING), CommonCode::ListTooLong);
}

#[test]
fn a_time_zone_that_cannot_be_is_refused() {
    let change = |from, offset_minutes| ZoneChange { from: Ms(from), offset_minutes };
    for changes in [
        vec![],
        vec![change(0, 18 * 60 + 1)],
        vec![change(0, i32::MIN)],
        vec![change(5, 60), change(4, 120)],
        vec![change(5, 60), change(5, 120)],
    ] {
        let command = set(|settings| settings.zone.changes = changes);
        assert_refused(company().decide(command, &admin(), MORNING), CompanyCode::BadZone);
    }
    let summer = set(|settings| settings.zone.changes = vec![change(0, -60), change(5, 0)]);
    assert!(company().decide(summer, &admin(), MORNING).is_ok());
}

#[test]
fn settings_of_an_older_build_get_the_defaults_of_what_is_new() {
    let settings: Settings = serde_json::from_str(r#"{"company":"锦绣物业"}"#).unwrap();
    assert_eq!(settings, Settings { company: "锦绣物业".into(), ..Settings::default() });
}

#[test]
fn the_wire_shape_of_settings_stays() {
    let command = set(|settings| {
        settings.holidays.push(date("2026-10-01"));
        settings.workdays.push(date("2026-10-10"));
    });
    assert_golden_record(
        command.settings.clone(),
        r#"{"version":0,"company":"管家","zone":{"name":"Asia/Shanghai","changes":[{"from":0,"offset_minutes":480}]},"holidays":["2026-10-01"],"workdays":["2026-10-10"],"repair_hours":24,"relay_minutes":10,"briefing_at":"09:30:00","walking_mps":3,"photo_edge":1600,"photo_bytes":300000,"promise_days":90}"#,
    );
    assert_golden_command(
        command,
        "company.set_settings",
        r#"{"settings":{"version":0,"company":"管家","zone":{"name":"Asia/Shanghai","changes":[{"from":0,"offset_minutes":480}]},"holidays":["2026-10-01"],"workdays":["2026-10-10"],"repair_hours":24,"relay_minutes":10,"briefing_at":"09:30:00","walking_mps":3,"photo_edge":1600,"photo_bytes":300000,"promise_days":90}}"#,
    );
    // Closing at the usual hour is left out, so that settings from before the field look as they did.
    let early = set(|settings| settings.office_closes = time("18:00"));
    assert_golden_record(
        early.settings,
        r#"{"version":0,"company":"管家","zone":{"name":"Asia/Shanghai","changes":[{"from":0,"offset_minutes":480}]},"holidays":[],"workdays":[],"repair_hours":24,"relay_minutes":10,"briefing_at":"09:30:00","office_closes":"18:00:00","walking_mps":3,"photo_edge":1600,"photo_bytes":300000,"promise_days":90}"#,
    );
    let edited = edit(&Settings::default(), |settings| settings.repair_hours = 48);
    let json = serde_json::to_value(&edited).unwrap();
    assert_eq!(json["base"]["repair_hours"], 24);
    assert_eq!(serde_json::from_value::<SetSettings>(json).unwrap(), edited);
}
