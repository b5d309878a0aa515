//! From taps to answers, from a code on the wall to the point it belongs to.

use super::super::testkit::*;
use super::*;
use domain::id::CheckpointId;
use domain::modules::attachments::{AttachmentRole, Sha256Hex};
use domain::modules::rounds::{PointResult, code};
use domain::modules::tickets::TicketState;

fn photo() -> Attachment {
    Attachment {
        sha256: Sha256Hex("a".repeat(64)),
        mime: "image/jpeg".into(),
        size: 1,
        role: AttachmentRole::Photo,
        at: Ms(0),
    }
}

fn ticked(tick: Tick) -> ItemForm {
    ItemForm { tick: Some(tick), ..ItemForm::default() }
}

fn typed(text: &str) -> ItemForm {
    ItemForm { text: text.into(), ..ItemForm::default() }
}

fn checkpoint(point: &str, code_version: u32) -> Checkpoint {
    Checkpoint {
        id: CheckpointId::derived(&[point]),
        project: project(),
        cluster: cluster(),
        template: template_id(),
        point: point.into(),
        name: format!("A组团 {point}"),
        position: None,
        code_version,
        code_since: Ms(0),
    }
}

fn recorded(point: &str, at: Ms) -> PointResult {
    PointResult {
        point: point.into(),
        checkpoint: None,
        position: None,
        confirmation: Confirmation::Hand { reason: "二维码污损".into(), usual: None },
        at,
        received: at,
        by: steward().user,
        answers: Vec::new(),
        flags: Vec::new(),
    }
}

#[test]
fn a_point_is_complete_with_three_taps_and_a_reading() {
    let template = template();
    let point = &template.points[0];
    let mut form = PointForm::default();
    // Offered as long as it does something: a reading it cannot give.
    assert!(can_tick_the_rest(point, &form));
    tick_the_rest(point, &mut form);
    assert!(!can_tick_the_rest(point, &form));
    form.items.insert("gauge".into(), typed("0.42"));
    let answers = answers(point, &form, &Photos::new()).expect("complete");
    let values: Vec<&Answer> = answers.iter().map(|answer| &answer.answer).collect();
    assert_eq!(values, [&Answer::Normal, &Answer::Normal, &Answer::Number { reading: 420 }]);
}

#[test]
fn ticking_the_rest_leaves_what_was_found_as_it_is() {
    let template = template();
    let mut form = PointForm::default();
    form.items.insert("floor".into(), ticked(Tick::Abnormal));
    tick_the_rest(&template.points[0], &mut form);
    assert_eq!(form.items["floor"].tick, Some(Tick::Abnormal));
    assert_eq!(form.items["doors"].tick, Some(Tick::Normal));
}

#[test]
fn a_finding_needs_a_note_a_photo_or_a_ticket() {
    let floor = item("floor", AnswerType::Normal);
    let bare = ticked(Tick::Abnormal);
    assert_eq!(answer_of(&floor, &bare, &[]), Err(Problem::NeedsEvidence));
    let noted = ItemForm { note: "渗水".into(), ..bare.clone() };
    assert!(answer_of(&floor, &noted, &[]).is_ok());
    assert!(answer_of(&floor, &bare, &[photo()]).is_ok());
    let reported = ItemForm { ticket: Some(TicketId::derived(&["t"])), ..bare };
    assert!(answer_of(&floor, &reported, &[]).is_ok());
}

#[test]
fn the_ticket_of_an_item_that_is_in_order_again_stays_open_for_the_office_to_close() {
    let floor = item("floor", AnswerType::Normal);
    let raised = TicketId::derived(&["t"]);
    let bad = ItemForm { ticket: Some(raised), ..ticked(Tick::Abnormal) };
    let good = ItemForm { ticket: Some(raised), ..ticked(Tick::Normal) };
    assert!(!ticket_outlives(&floor, &bad, None));
    assert!(ticket_outlives(&floor, &good, None));
    assert!(!ticket_outlives(&floor, &ticked(Tick::Normal), None));
    let (by, at) = (steward().user, Ms(1));
    let known = |state| crate::modules::tickets::view_model::testkit::ticket("t", state);
    assert!(ticket_outlives(&floor, &good, Some(&known(TicketState::Received))));
    assert!(!ticket_outlives(&floor, &good, Some(&known(TicketState::Closed { by, at }))));
    // What is recorded still names it.
    let recorded = answer_of(&floor, &good, &[]).expect("complete").expect("an answer");
    assert_eq!((recorded.answer, recorded.ticket), (Answer::Normal, Some(raised)));
}

#[test]
fn a_reading_outside_its_limits_is_a_finding_and_letters_are_no_reading() {
    let template = template();
    let gauge = &template.points[0].items[2];
    assert!(!is_finding(gauge, &typed("0.35")));
    assert!(is_finding(gauge, &typed("0.34")));
    assert_eq!(answer_of(gauge, &typed("0.34"), &[]), Err(Problem::NeedsEvidence));
    assert_eq!(answer_of(gauge, &typed("高"), &[]), Err(Problem::NotANumber));
    assert_eq!(answer_of(gauge, &ticked(Tick::None), &[]), Err(Problem::NeedsEvidence));
    assert_eq!(limits_text(&gauge.answer), "0.35–0.5 MPa");
    let none = AnswerType::Number { unit: "人".into(), low: Some(0), high: Some(0) };
    assert_eq!(limits_text(&none), "= 0 人");
}

#[test]
fn an_optional_remark_may_be_left_out_and_a_photo_item_wants_one() {
    let remark = Item { optional: true, ..item("remark", AnswerType::Text) };
    assert_eq!(answer_of(&remark, &ItemForm::default(), &[]), Ok(None));
    let picture = item("picture", AnswerType::Photo);
    assert_eq!(answer_of(&picture, &ItemForm::default(), &[]), Err(Problem::NeedsPhoto));
    assert!(matches!(answer_of(&picture, &ItemForm::default(), &[photo()]), Ok(Some(_))));
}

#[test]
fn a_place_is_confirmed_by_a_code_or_by_hand_with_a_reason() {
    let mut form = PointForm { by_hand: true, ..PointForm::default() };
    assert_eq!(confirmation(&form), None);
    form.reason = " 光线不足 ".into();
    let hand = |reason: &str, usual| Some(Confirmation::Hand { reason: reason.into(), usual });
    assert_eq!(confirmation(&form), hand("光线不足", None));
    form.reason.clear();
    choose_reason(&mut form, "dark");
    assert_eq!(confirmation(&form), hand("", Some(HandReason::Dark)));
    choose_reason(&mut form, "dark");
    assert_eq!(confirmation(&form), None);
    choose_reason(&mut form, "no_code");
    form.code = Some(("GJ1.x".into(), Ms(0)));
    assert_eq!(confirmation(&form), Some(Confirmation::Code { code: "GJ1.x".into() }));
}

#[test]
fn a_correction_begins_with_what_was_recorded() {
    let template = template();
    let point = &template.points[0];
    let mut form = PointForm::default();
    form.items.insert("gauge".into(), typed("0.42"));
    tick_the_rest(point, &mut form);
    let recorded = answers(point, &form, &Photos::new()).expect("complete");
    let again = PointForm { items: from_answers(&recorded), ..PointForm::default() };
    assert_eq!(answers(point, &again, &Photos::new()), Ok(recorded));
    let pictured = ItemAnswer {
        item: "picture".into(),
        answer: Answer::Photo,
        note: String::new(),
        photos: vec![photo()],
        ticket: None,
    };
    let roof = &template.points[2];
    let again =
        PointForm { items: from_answers(std::slice::from_ref(&pictured)), ..PointForm::default() };
    assert_eq!(answers(roof, &again, &Photos::new()), Ok(vec![pictured]));
}

#[test]
fn a_code_is_judged_by_site_version_and_place() {
    let round = round(&schedule(8, 10), local(8, 5));
    let (here, there) = (checkpoint("pumps", 2), checkpoint("lobby", 1));
    let find = |id| [&here, &there].into_iter().find(|one| one.id == id);
    let standing = Standing { round: &round, point: "pumps" };
    let judge = |site: &str, checkpoint: CheckpointId, version: u32| {
        let text = code::render(site, checkpoint, version, "c2ln");
        judge_scan(&code::parse(&text).expect("one of ours"), &standing, &find)
    };
    let site = site_of(project());
    assert_eq!(judge(&site, here.id, 2), Scan::Right);
    let other = Scan::OtherPoint { point: "lobby".into(), name: there.name.clone() };
    assert_eq!(judge(&site, there.id, 1), other);
    let refused = |scan| match scan {
        Scan::Refused(refusal) => refusal.code.into_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(judge(&site, here.id, 1)), "rounds.code_revoked");
    assert_eq!(refused(judge("00000000", here.id, 2)), "rounds.code_other_site");
    let unknown = CheckpointId::derived(&["elsewhere"]);
    assert_eq!(refused(judge(&site, unknown, 1)), "rounds.code_other_checkpoint");
}

#[test]
fn the_way_goes_on_to_what_is_still_missing_and_ends_there() {
    let template = template();
    let mut round = round(&schedule(8, 10), local(8, 5));
    let next = |round: &Round, from: &str| next_after(&template, round, from).map(|(i, _)| i);
    assert_eq!(next(&round, "pumps"), Some(1));
    round.results.push(recorded("lobby", local(8, 10)));
    assert_eq!(next(&round, "pumps"), Some(2));
    assert_eq!(next(&round, "roof"), Some(0));
    round.results.push(recorded("pumps", local(8, 20)));
    assert_eq!(next(&round, "roof"), None);
}

#[test]
fn a_fault_is_reported_with_the_words_of_the_item_and_the_place() {
    let template = template();
    let place = checkpoint("pumps", 1);
    let gauge = Item {
        safety: true,
        category: "water_supply".into(),
        ..template.points[0].items[2].clone()
    };
    let form = ItemForm { text: "0.2".into(), note: "泵未启动".into(), ..ItemForm::default() };
    let finding = Finding {
        ticket: TicketId::derived(&["t"]),
        round: RoundId::derived(&["r"]),
        cluster: cluster(),
        checkpoint: Some(&place),
        place: String::new(),
        item: &gauge,
        form: &form,
        photos: &[photo()],
    };
    let command = finding.command();
    assert_eq!(
        command.description,
        "异常：检查 gauge：读数 0.2 MPa（应为 0.35–0.5 MPa）、泵未启动"
    );
    assert_eq!(command.place.label, "A组团 pumps");
    assert_eq!((command.urgency, command.category.as_str()), (Urgency::Urgent, "water_supply"));
    assert!(matches!(command.origin, Some(Origin::Round { .. })));
    let elsewhere = Finding { checkpoint: None, place: "A 屋面".into(), ..finding };
    let command = elsewhere.command();
    assert_eq!(command.place.label, "A 屋面");
    let round = RoundId::derived(&["r"]);
    let item = gauge.code.clone();
    assert_eq!(command.origin, Some(Origin::Round { round, checkpoint: None, item }));
    let silent = ItemForm { tick: Some(Tick::Abnormal), ..ItemForm::default() };
    let command = Finding { form: &silent, ..elsewhere }.command();
    assert_eq!(command.description, "异常：检查 gauge");
}
