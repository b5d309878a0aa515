//! Rules of visits, as sentences, and the wire shape of their commands and record.

use super::*;
use crate::actor::Role;
use crate::id::{TicketId, UnitId, VisitId};
use crate::modules::attachments::{AttachmentCode, AttachmentRole, Sha256Hex};
use crate::modules::households::testkit::*;
use crate::modules::visits::{VisitWay, follow_up};
use crate::sync::record::Scope;
use crate::time::HOUR;

fn visit() -> VisitId {
    VisitId::derived(&["visit"])
}

fn at_the_door() -> RecordVisit {
    RecordVisit {
        visit: visit(),
        cluster: own(),
        unit: Some(unit()),
        place: "3-2-1501".into(),
        way: VisitWay::Door,
        met: "张三".into(),
        topics: vec![Topic::Need],
        note: "想知道装修押金何时退".into(),
        result: VisitResult::Answered,
        attachments: vec![],
    }
}

fn promised(by: &str) -> RecordVisit {
    RecordVisit { result: VisitResult::Promised { by: date(by) }, ..at_the_door() }
}

fn answer(text: &str) -> AnswerVisit {
    AnswerVisit { visit: visit(), text: text.into() }
}

#[test]
fn a_visit_keeps_who_met_whom_and_when() {
    let mut estate = Estate::standing();
    assert_eq!(estate.run(at_the_door(), &steward(), MORNING), Ok(Verdict::Applied));
    let kept = estate.get::<Visit>(visit().0);
    assert_eq!((kept.by, kept.by_name.as_str()), (steward().user, "林晓"));
    assert_eq!((kept.at, kept.received), (MORNING, MORNING.plus(60_000)));
    assert_eq!((kept.cluster, kept.unit), (own(), Some(unit())));
}

#[test]
fn a_visit_of_a_technician_is_not_allowed() {
    let technician = person(Role::Technician, &[]);
    let result = Estate::standing().decide(at_the_door(), &technician, MORNING);
    assert_refused(result, CommonCode::NotAllowed);
}

#[test]
fn a_steward_does_not_note_visits_in_another_cluster() {
    let elsewhere = RecordVisit { cluster: other(), unit: Some(other_unit()), ..at_the_door() };
    assert_refused(
        Estate::standing().decide(elsewhere, &steward(), MORNING),
        CommonCode::OtherCluster,
    );
    let in_the_park = RecordVisit { cluster: other(), unit: None, ..at_the_door() };
    assert_refused(
        Estate::standing().decide(in_the_park, &steward(), MORNING),
        CommonCode::OtherCluster,
    );
}

#[test]
fn naming_ones_own_cluster_does_not_open_a_household_of_another() {
    let claimed = RecordVisit { cluster: own(), unit: Some(other_unit()), ..at_the_door() };
    assert_refused(
        Estate::standing().decide(claimed, &steward(), MORNING),
        CommonCode::OtherCluster,
    );
}

#[test]
fn a_visit_to_a_unit_that_changed_cluster_meanwhile_is_kept_in_its_new_cluster() {
    let mut estate = Estate::standing();
    let stale = RecordVisit { cluster: own(), unit: Some(other_unit()), ..at_the_door() };
    let both = person(Role::Steward, &[own(), other()]);
    assert_eq!(estate.run(stale, &both, MORNING), Ok(Verdict::Merged));
    assert_eq!(estate.get::<Visit>(visit().0).cluster, other());
}

#[test]
fn a_visit_waits_for_a_household_or_cluster_that_has_not_arrived() {
    let unknown = UnitId::derived(&["unknown"]);
    let visit = RecordVisit { unit: Some(unknown), ..at_the_door() };
    let result = Estate::standing().decide(visit, &steward(), MORNING);
    assert_waits(result, Household::key_of(unknown.0));
    let on_the_way = RecordVisit { unit: None, ..at_the_door() };
    let result = Estate::empty().decide(on_the_way, &steward(), MORNING);
    assert_waits(result, Cluster::key_of(own().0));
}

#[test]
fn a_visit_on_the_way_needs_no_unit() {
    let on_the_way = RecordVisit { unit: None, place: "中心花园".into(), ..at_the_door() };
    assert_eq!(Estate::standing().run(on_the_way, &steward(), MORNING), Ok(Verdict::Applied));
}

#[test]
fn a_visit_at_which_nothing_was_said_is_refused() {
    let silent = RecordVisit { topics: vec![], note: "  ".into(), ..at_the_door() };
    assert_refused(Estate::standing().decide(silent, &steward(), MORNING), VisitCode::NothingSaid);
    let unnamed = RecordVisit {
        topics: vec![Topic::Greeting],
        note: String::new(),
        met: " ".into(),
        ..at_the_door()
    };
    assert_refused(Estate::standing().decide(unnamed, &steward(), MORNING), VisitCode::NothingSaid);
}

#[test]
fn a_greeting_of_somebody_named_or_praise_without_words_is_enough() {
    for topic in [Topic::Greeting, Topic::Praise] {
        let short = RecordVisit { topics: vec![topic], note: String::new(), ..at_the_door() };
        assert_eq!(Estate::standing().run(short, &steward(), MORNING), Ok(Verdict::Applied));
    }
}

#[test]
fn an_answer_may_be_promised_for_today_but_not_for_yesterday() {
    let mut estate = Estate::standing();
    assert_refused(
        estate.decide(promised("2026-11-15"), &steward(), MORNING),
        VisitCode::PromiseInPast,
    );
    assert_eq!(estate.run(promised("2026-11-16"), &steward(), MORNING), Ok(Verdict::Applied));
}

#[test]
fn today_is_the_companys_day_not_greenwichs() {
    // 00:30 on the 17th in Shanghai is still the 16th in UTC.
    let after_midnight = MORNING.plus(14 * HOUR + HOUR / 2);
    let result = Estate::standing().decide(promised("2026-11-16"), &steward(), after_midnight);
    assert_refused(result, VisitCode::PromiseInPast);
}

#[test]
fn a_visit_with_a_used_id_is_refused() {
    let mut estate = Estate::standing();
    estate.run(at_the_door(), &steward(), MORNING).unwrap();
    assert_refused(estate.decide(at_the_door(), &steward(), MORNING), CommonCode::AlreadyExists);
}

#[test]
fn a_forwarded_visit_does_not_wait_for_its_ticket() {
    let ticket = TicketId::derived(&["still offline"]);
    let forwarded = RecordVisit { result: VisitResult::Forwarded { ticket }, ..at_the_door() };
    assert_eq!(Estate::standing().run(forwarded, &steward(), MORNING), Ok(Verdict::Applied));
}

#[test]
fn a_topic_ticked_twice_is_kept_once() {
    let mut estate = Estate::standing();
    let twice =
        RecordVisit { topics: vec![Topic::Praise, Topic::Need, Topic::Praise], ..at_the_door() };
    estate.run(twice, &steward(), MORNING).unwrap();
    assert_eq!(estate.get::<Visit>(visit().0).topics, [Topic::Need, Topic::Praise]);
}

#[test]
fn a_visit_brings_its_photos_and_a_broken_hash_is_refused() {
    let photo = |sha256: &str| Attachment {
        sha256: Sha256Hex(sha256.into()),
        mime: "image/jpeg".into(),
        size: 1000,
        role: AttachmentRole::Photo,
        at: MORNING,
    };
    let with_photo = RecordVisit { attachments: vec![photo(&"a".repeat(64))], ..at_the_door() };
    assert_eq!(Decide::attachments(&with_photo).len(), 1);
    assert_eq!(Estate::standing().run(with_photo, &steward(), MORNING), Ok(Verdict::Applied));
    let broken = RecordVisit { attachments: vec![photo("A")], ..at_the_door() };
    assert_refused(Estate::standing().decide(broken, &steward(), MORNING), AttachmentCode::BadHash);
}

#[test]
fn visits_do_not_go_into_the_companys_log() {
    let estate = Estate { scope: Scope::Company, ..Estate::standing() };
    assert_refused(estate.decide(at_the_door(), &steward(), MORNING), CommonCode::WrongScope);
    assert_refused(estate.decide(answer("好"), &steward(), MORNING), CommonCode::WrongScope);
}

#[test]
fn the_answer_ends_the_follow_up() {
    let mut estate = Estate::standing();
    estate.run(promised("2026-11-18"), &steward(), MORNING).unwrap();
    let open =
        |estate: &Estate| follow_up::pending([estate.get::<Visit>(visit().0)].into_iter()).len();
    assert_eq!(open(&estate), 1);
    assert_eq!(estate.run(answer("押金下周退"), &steward(), MORNING), Ok(Verdict::Applied));
    assert_eq!(open(&estate), 0);
}

#[test]
fn a_second_answer_is_kept_beside_the_first() {
    let mut estate = Estate::standing();
    estate.run(promised("2026-11-18"), &steward(), MORNING).unwrap();
    estate.run(answer("押金下周退"), &steward(), MORNING).unwrap();
    let desk = person(Role::FrontDesk, &[]);
    assert_eq!(estate.run(answer("已退"), &desk, MORNING.plus(HOUR)), Ok(Verdict::Merged));
    let texts: Vec<_> = estate.get::<Visit>(visit().0).answers.iter().map(|a| &a.text).collect();
    assert_eq!(texts, ["押金下周退", "已退"]);
}

#[test]
fn only_a_promised_answer_can_be_given() {
    let mut estate = Estate::standing();
    let result = estate.decide(answer("好"), &steward(), MORNING);
    assert_waits(result, Visit::key_of(visit().0));
    estate.run(at_the_door(), &steward(), MORNING).unwrap();
    assert_refused(estate.decide(answer("好"), &steward(), MORNING), VisitCode::NothingPromised);
}

#[test]
fn an_answer_says_something_and_comes_from_the_cluster() {
    let mut estate = Estate::standing();
    estate.run(promised("2026-11-18"), &steward(), MORNING).unwrap();
    assert_refused(estate.decide(answer(" "), &steward(), MORNING), CommonCode::TextEmpty);
    let neighbour = person(Role::Steward, &[other()]);
    assert_refused(estate.decide(answer("好"), &neighbour, MORNING), CommonCode::OtherCluster);
}

#[test]
fn the_wire_shape_of_visit_commands_stays() {
    assert_golden_command(
        promised("2026-11-18"),
        "visits.record",
        r#"{"visit":"f1ca28eb-0953-57e4-b8ae-de57374d27d8","cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","place":"3-2-1501","way":"door","met":"张三","topics":["need"],"note":"想知道装修押金何时退","result":"promised","answer_by":"2026-11-18"}"#,
    );
    assert_golden_command(
        RecordVisit {
            result: VisitResult::Forwarded { ticket: TicketId::derived(&["t"]) },
            ..at_the_door()
        },
        "visits.record",
        r#"{"visit":"f1ca28eb-0953-57e4-b8ae-de57374d27d8","cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","place":"3-2-1501","way":"door","met":"张三","topics":["need"],"note":"想知道装修押金何时退","result":"forwarded","ticket":"9c9019b3-1e41-5f36-a59d-30057328f88b"}"#,
    );
    assert_golden_command(
        answer("已退"),
        "visits.answer",
        r#"{"visit":"f1ca28eb-0953-57e4-b8ae-de57374d27d8","text":"已退"}"#,
    );
}

#[test]
fn the_wire_shape_of_a_visit_stays() {
    let mut estate = Estate::standing();
    estate.run(promised("2026-11-18"), &steward(), MORNING).unwrap();
    estate.run(answer("已退"), &steward(), MORNING).unwrap();
    assert_golden_record(
        estate.get::<Visit>(visit().0).clone(),
        r#"{"id":"f1ca28eb-0953-57e4-b8ae-de57374d27d8","project":"53990060-a815-5079-b977-449907083695","cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","place":"3-2-1501","way":"door","met":"张三","topics":["need"],"note":"想知道装修押金何时退","result":"promised","answer_by":"2026-11-18","by":"a23e60c6-3295-5e77-916d-16bba453f324","by_name":"林晓","at":1794794400000,"received":1794794460000,"answers":[{"text":"已退","by":"a23e60c6-3295-5e77-916d-16bba453f324","at":1794794400000}]}"#,
    );
}
