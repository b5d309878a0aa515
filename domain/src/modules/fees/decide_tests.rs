//! Rules of arrears and chasing calls, as sentences, and their wire shape.

use super::*;
use crate::actor::{Actor, Role};
use crate::id::{FeeCallId, TicketId, UnitId};
use crate::modules::households::testkit::*;
use crate::sync::command::Verdict;
use crate::sync::record::Scope;
use crate::time::DAY;

fn cashier() -> Actor {
    person(Role::Cashier, &[])
}

fn figures(owed: i64) -> SetArrears {
    SetArrears {
        unit: unit(),
        owed: Fen(owed),
        since: Some(date("2026-07-01")),
        months: 4,
        as_of: MORNING,
    }
}

fn paid() -> SetArrears {
    SetArrears { owed: Fen(0), since: None, months: 0, ..figures(0) }
}

fn call(outcome: CallOutcome) -> RecordFeeCall {
    RecordFeeCall {
        call: FeeCallId::derived(&["call"]),
        unit: unit(),
        dialled: String::new(),
        outcome,
        reason: None,
        promised: None,
        note: String::new(),
        ticket: None,
    }
}

fn promise(day: &str) -> RecordFeeCall {
    RecordFeeCall { promised: Some(date(day)), ..call(CallOutcome::Connected) }
}

fn because(reason: UnpaidReason) -> RecordFeeCall {
    RecordFeeCall { reason: Some(reason), ..call(CallOutcome::Connected) }
}

fn stored(estate: &Estate) -> &Arrears {
    estate.get::<Arrears>(Arrears::id_of(unit()))
}

fn recorded(estate: &Estate) -> &FeeCall {
    estate.get::<FeeCall>(FeeCallId::derived(&["call"]).0)
}

#[test]
fn the_cashier_imports_arrears_and_the_steward_does_not() {
    let mut estate = Estate::standing();
    assert_refused(estate.decide(figures(105_000), &steward(), MORNING), CommonCode::NotAllowed);
    assert_eq!(estate.run(figures(105_000), &cashier(), MORNING), Ok(Verdict::Applied));
    let arrears = stored(&estate);
    assert_eq!((arrears.owed, arrears.cluster), (Fen(105_000), own()));
    assert_eq!(arrears.label, "3-2-1501");
}

#[test]
fn arrears_wait_for_their_household() {
    let unknown = UnitId::derived(&["unknown"]);
    let result =
        Estate::standing().decide(SetArrears { unit: unknown, ..figures(1) }, &cashier(), MORNING);
    assert_waits(result, Household::key_of(unknown.0));
}

#[test]
fn older_figures_never_replace_newer_ones() {
    let mut estate = Estate::standing();
    estate.run(paid(), &cashier(), MORNING).unwrap();
    let yesterday = SetArrears { as_of: MORNING.plus(-DAY), ..figures(105_000) };
    let refusal = refusal(estate.decide(yesterday, &cashier(), MORNING));
    assert!(refusal.is(FeeCode::OlderFigures));
    assert_eq!(refusal.params["label"], "3-2-1501");
    assert_eq!(stored(&estate).owed, Fen(0));
}

#[test]
fn figures_of_the_same_moment_correct_the_import() {
    let mut estate = Estate::standing();
    estate.run(figures(105_000), &cashier(), MORNING).unwrap();
    estate.run(figures(104_000), &cashier(), MORNING).unwrap();
    assert_eq!(stored(&estate).owed, Fen(104_000));
}

#[test]
fn the_same_file_imported_twice_changes_nothing() {
    let mut estate = Estate::standing();
    estate.run(figures(105_000), &cashier(), MORNING).unwrap();
    assert_eq!(estate.decide(figures(105_000), &cashier(), MORNING), Ok(Decision::default()));
}

#[test]
fn amounts_below_zero_and_beyond_reason_are_refused() {
    let estate = Estate::standing();
    for owed in [-1, 10_000_000_001, i64::MAX, i64::MIN] {
        assert_refused(estate.decide(figures(owed), &cashier(), MORNING), FeeCode::BadAmount);
    }
    assert!(estate.decide(figures(10_000_000_000), &cashier(), MORNING).is_ok());
}

#[test]
fn the_unpaid_period_must_fit_itself() {
    let estate = Estate::standing();
    let bad = [
        SetArrears { since: None, ..figures(1) },
        SetArrears { months: 0, ..figures(1) },
        SetArrears { since: Some(date("2026-07-02")), ..figures(1) },
        // Something is unpaid since July although nothing is owed.
        SetArrears { owed: Fen(0), ..figures(0) },
        // November to November next year is the most that is billed: 4 + 12 months from July.
        SetArrears { months: 17, ..figures(1) },
        SetArrears { since: Some(date("2028-01-01")), months: 1, ..figures(1) },
        SetArrears { since: Some(NaiveDate::MAX.with_day(1).unwrap()), months: 1, ..figures(1) },
        SetArrears { months: u32::MAX, ..figures(1) },
    ];
    for command in bad {
        assert_refused(estate.decide(command, &cashier(), MORNING), FeeCode::BadPeriod);
    }
    // A deposit or a penalty is owed for no month.
    let deposit = SetArrears { since: None, months: 0, ..figures(50_000) };
    assert!(estate.decide(deposit, &cashier(), MORNING).is_ok());
    // Next quarter, on the statement of the 28th.
    let ahead = SetArrears { since: Some(date("2026-12-01")), months: 3, ..figures(1) };
    assert!(estate.decide(ahead, &cashier(), MORNING).is_ok());
    assert!(estate.decide(SetArrears { months: 16, ..figures(1) }, &cashier(), MORNING).is_ok());
}

#[test]
fn figures_of_tomorrow_are_refused_but_of_tonight_are_not() {
    let estate = Estate::standing();
    // 23:59 of the same day in Shanghai.
    let tonight = SetArrears { as_of: MORNING.plus(DAY - 10 * 3_600_000 - 60_000), ..figures(1) };
    assert!(estate.decide(tonight, &cashier(), MORNING).is_ok());
    let tomorrow = SetArrears { as_of: MORNING.plus(DAY), ..figures(1) };
    assert_refused(estate.decide(tomorrow, &cashier(), MORNING), CommonCode::TimeInFuture);
}

#[test]
fn a_call_keeps_what_was_owed_when_it_was_made() {
    let mut estate = Estate::standing();
    estate.run(figures(105_000), &cashier(), MORNING).unwrap();
    estate.run(promise("2026-11-20"), &steward(), MORNING).unwrap();
    estate.run(paid(), &cashier(), MORNING).unwrap();
    let call = recorded(&estate);
    assert_eq!((call.owed, call.label.as_str()), (Fen(105_000), "3-2-1501"));
    assert_eq!((call.by, call.at), (steward().user, MORNING));
}

#[test]
fn a_call_about_no_known_arrears_says_zero() {
    let mut estate = Estate::standing();
    estate.run(promise("2026-11-20"), &steward(), MORNING).unwrap();
    assert_eq!(recorded(&estate).owed, Fen(0));
}

#[test]
fn calls_are_recorded_in_ones_own_cluster_only() {
    let estate = Estate::standing();
    let elsewhere = RecordFeeCall { unit: other_unit(), ..promise("2026-11-20") };
    assert_refused(estate.decide(elsewhere, &steward(), MORNING), CommonCode::OtherCluster);
    let guard = person(Role::Guard, &[]);
    assert_refused(estate.decide(promise("2026-11-20"), &guard, MORNING), CommonCode::NotAllowed);
}

#[test]
fn a_call_with_a_used_id_is_refused_and_one_about_an_unknown_unit_waits() {
    let mut estate = Estate::standing();
    estate.run(call(CallOutcome::NoAnswer), &steward(), MORNING).unwrap();
    let again = estate.decide(call(CallOutcome::NoAnswer), &steward(), MORNING);
    assert_refused(again, CommonCode::AlreadyExists);
    let unknown = UnitId::derived(&["unknown"]);
    let result = estate.decide(
        RecordFeeCall { unit: unknown, ..call(CallOutcome::NoAnswer) },
        &steward(),
        MORNING,
    );
    assert_waits(result, Household::key_of(unknown.0));
}

#[test]
fn whoever_was_reached_and_promised_nothing_gave_a_reason() {
    let estate = Estate::standing();
    for outcome in [CallOutcome::Connected, CallOutcome::Refused] {
        let result = estate.decide(call(outcome), &steward(), MORNING);
        assert_refused(result, FeeCode::ReasonMissing);
        let reasoned = RecordFeeCall { reason: Some(UnpaidReason::Refuses), ..call(outcome) };
        assert!(estate.decide(reasoned, &steward(), MORNING).is_ok());
    }
    assert!(estate.decide(promise("2026-11-20"), &steward(), MORNING).is_ok());
}

#[test]
fn a_call_that_reached_nobody_needs_no_reason() {
    let estate = Estate::standing();
    for outcome in [CallOutcome::NoAnswer, CallOutcome::WrongNumber] {
        assert!(estate.decide(call(outcome), &steward(), MORNING).is_ok());
    }
}

#[test]
fn only_somebody_who_spoke_can_promise() {
    let estate = Estate::standing();
    for outcome in [CallOutcome::NoAnswer, CallOutcome::WrongNumber, CallOutcome::Refused] {
        let command = RecordFeeCall { outcome, ..promise("2026-11-20") };
        let result = estate.decide(command, &steward(), MORNING);
        assert_refused(result, FeeCode::PromiseNeedsConnection);
    }
}

#[test]
fn a_promise_lies_between_today_and_ninety_days_from_now() {
    let estate = Estate::standing();
    let on = |day: &str| estate.decide(promise(day), &steward(), MORNING);
    assert_refused(on("2026-11-15"), FeeCode::PromiseInPast);
    assert!(on("2026-11-16").is_ok());
    assert!(on("2027-02-14").is_ok());
    let refusal = refusal(on("2027-02-15"));
    assert!(refusal.is(FeeCode::PromiseTooFar));
    assert_eq!(refusal.params["days"], "90");
}

#[test]
fn the_longest_promise_is_a_company_setting() {
    let mut estate = Estate::standing();
    estate.settings.promise_days = 7;
    assert!(estate.decide(promise("2026-11-23"), &steward(), MORNING).is_ok());
    assert_refused(
        estate.decide(promise("2026-11-24"), &steward(), MORNING),
        FeeCode::PromiseTooFar,
    );
}

#[test]
fn a_service_problem_needs_its_ticket_which_may_still_be_on_its_way() {
    let estate = Estate::standing();
    let bare = because(UnpaidReason::ServiceProblem);
    assert_refused(estate.decide(bare.clone(), &steward(), MORNING), FeeCode::TicketMissing);
    let promised_too = RecordFeeCall { promised: Some(date("2026-11-20")), ..bare.clone() };
    assert_refused(estate.decide(promised_too, &steward(), MORNING), FeeCode::TicketMissing);
    let linked = RecordFeeCall { ticket: Some(TicketId::derived(&["offline"])), ..bare };
    assert!(estate.decide(linked, &steward(), MORNING).is_ok());
    assert!(estate.decide(because(UnpaidReason::HouseQuality), &steward(), MORNING).is_ok());
}

#[test]
fn fee_commands_do_not_go_into_the_companys_log() {
    let estate = Estate { scope: Scope::Company, ..Estate::standing() };
    assert_refused(estate.decide(figures(1), &cashier(), MORNING), CommonCode::WrongScope);
    assert_refused(
        estate.decide(promise("2026-11-20"), &steward(), MORNING),
        CommonCode::WrongScope,
    );
}

#[test]
fn a_call_keeps_the_number_that_was_called() {
    let mut estate = Estate::standing();
    let wrong = RecordFeeCall { dialled: " 13900000001 ".into(), ..call(CallOutcome::WrongNumber) };
    estate.run(wrong, &steward(), MORNING).unwrap();
    assert_eq!(recorded(&estate).dialled, "13900000001");
}

#[test]
fn the_wire_shape_of_fee_commands_stays() {
    assert_golden_command(
        figures(105_000),
        "fees.set_arrears",
        r#"{"unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","owed":105000,"since":"2026-07-01","months":4,"as_of":1794794400000}"#,
    );
    assert_golden_command(
        paid(),
        "fees.set_arrears",
        r#"{"unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","owed":0,"months":0,"as_of":1794794400000}"#,
    );
    assert_golden_command(
        RecordFeeCall {
            promised: Some(date("2026-11-20")),
            note: "修好门禁就交".into(),
            ticket: Some(TicketId::derived(&["t"])),
            ..because(UnpaidReason::ServiceProblem)
        },
        "fees.record_call",
        r#"{"call":"b3c4055d-2769-5500-9dd7-42d7365af968","unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","outcome":"connected","reason":"service_problem","promised":"2026-11-20","note":"修好门禁就交","ticket":"9c9019b3-1e41-5f36-a59d-30057328f88b"}"#,
    );
    assert_golden_command(
        call(CallOutcome::NoAnswer),
        "fees.record_call",
        r#"{"call":"b3c4055d-2769-5500-9dd7-42d7365af968","unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","outcome":"no_answer","note":""}"#,
    );
}

#[test]
fn the_wire_shape_of_arrears_and_calls_stays() {
    let mut estate = Estate::standing();
    estate.run(figures(105_000), &cashier(), MORNING).unwrap();
    estate.run(promise("2026-11-20"), &steward(), MORNING).unwrap();
    assert_golden_record(
        stored(&estate).clone(),
        r#"{"unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","project":"53990060-a815-5079-b977-449907083695","cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","label":"3-2-1501","owed":105000,"since":"2026-07-01","months":4,"as_of":1794794400000}"#,
    );
    assert_golden_record(
        recorded(&estate).clone(),
        r#"{"id":"b3c4055d-2769-5500-9dd7-42d7365af968","project":"53990060-a815-5079-b977-449907083695","cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","label":"3-2-1501","outcome":"connected","promised":"2026-11-20","owed":105000,"by":"a23e60c6-3295-5e77-916d-16bba453f324","by_name":"林晓","at":1794794400000,"received":1794794460000}"#,
    );
}
