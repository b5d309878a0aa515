//! Answers, codes, flags.

use super::*;

fn gate_with(answers: Vec<ItemAnswer>) -> RecordCheckpoint {
    RecordCheckpoint { answers, ..at_gate() }
}

fn pressure(reading: Answer) -> RecordCheckpoint {
    let mut command = at_pumps();
    command.answers[0].answer = reading;
    command
}

#[test]
fn what_was_found_is_kept_as_it_was_recorded() {
    let mut estate = Estate::walking();
    estate.received.set(Some(MORNING.plus(DAY)));
    assert_eq!(estate.run(&at_pumps(), &lin()), Ok(Verdict::Applied));
    let result = estate.round().result("pumps").unwrap();
    assert_eq!((result.at, result.received), (MORNING, MORNING.plus(DAY)));
    assert_eq!(result.answers, at_pumps().answers);
    assert_eq!((result.by, result.checkpoint), (lin().user, Some(pumps())));
    assert!(result.flags.is_empty());
    assert_eq!(at_pumps().attachments(), [&photo()]);
}

#[test]
fn a_point_or_a_version_the_round_does_not_have_is_refused() {
    let mut estate = Estate::walking();
    let nowhere = RecordCheckpoint { point: "roof".into(), ..at_gate() };
    refused(estate.run(&nowhere, &lin()), RoundCode::UnknownCheckpoint);
    estate.company(&publish(2)).unwrap();
    let newer = RecordCheckpoint { version: 2, ..at_gate() };
    refused(estate.run(&newer, &lin()), RoundCode::WrongTemplate);
}

#[test]
fn every_required_item_is_answered_exactly_once() {
    let mut estate = Estate::walking();
    let post = || answer("post", Answer::Normal);
    let refusal = refused(estate.run(&gate_with(vec![]), &lin()), RoundCode::AnswerMissing);
    assert_eq!(refusal.params["item"], "post");
    refused(estate.run(&gate_with(vec![post(), post()]), &lin()), RoundCode::DuplicateItem);
    let unknown = gate_with(vec![post(), answer("roof", Answer::Normal)]);
    refused(estate.run(&unknown, &lin()), RoundCode::UnknownItem);
    let remark = answer("remark", Answer::Text { text: String::new() });
    assert!(estate.run(&gate_with(vec![post(), remark]), &lin()).is_ok());
}

#[test]
fn an_answer_is_of_the_kind_its_item_asks_for() {
    let mut estate = Estate::walking();
    let wrong = [
        gate_with(vec![answer("post", Answer::Number { reading: 1 })]),
        gate_with(vec![answer("post", Answer::Photo)]),
        gate_with(vec![answer("post", Answer::Normal), answer("remark", Answer::Normal)]),
        pressure(Answer::Normal),
        pressure(Answer::Text { text: "0.6".into() }),
    ];
    for command in wrong {
        refused(estate.run(&command, &lin()), RoundCode::WrongAnswerType);
    }
}

#[test]
fn a_required_text_says_something_and_a_photo_item_has_a_photo() {
    let mut estate = Estate::bare();
    let mut wordy = publish(1);
    wordy.points[0].items[0].answer = AnswerType::Text;
    estate.company(&wordy).unwrap();
    let extra = StartRound { schedule: None, ..start() };
    estate.run(&extra, &lin()).unwrap();
    let by_hand = |answers| RecordCheckpoint {
        checkpoint: None,
        confirmation: Confirmation::Hand { reason: "码损坏".into(), usual: None },
        ..gate_with(answers)
    };
    let empty = by_hand(vec![answer("post", Answer::Text { text: " ".into() })]);
    refused(estate.run(&empty, &lin()), RoundCode::AnswerMissing);
    let mut blind = at_pumps();
    blind.answers[1].photos.clear();
    refused(estate.run(&blind, &lin()), RoundCode::AnswerMissing);
}

#[test]
fn something_abnormal_needs_a_note_a_photo_or_a_ticket() {
    let mut estate = Estate::walking();
    let bad = || answer("post", Answer::Abnormal);
    refused(estate.run(&gate_with(vec![bad()]), &lin()), RoundCode::AbnormalNeedsEvidence);
    let blank = ItemAnswer { note: "  ".into(), ..bad() };
    refused(estate.run(&gate_with(vec![blank]), &lin()), RoundCode::AbnormalNeedsEvidence);
    let ticket = TicketId::derived(&["ticket"]);
    for shown in [
        ItemAnswer { note: "脱岗".into(), ..bad() },
        ItemAnswer { photos: vec![photo()], ..bad() },
        ItemAnswer { ticket: Some(ticket), ..bad() },
    ] {
        assert!(estate.run(&gate_with(vec![shown]), &lin()).is_ok());
    }
    assert_eq!(estate.round().tickets().collect::<Vec<_>>(), [ticket]);
}

#[test]
fn a_reading_outside_its_limits_is_abnormal() {
    for (reading, fine) in [(299, false), (300, true), (1200, true), (1201, false)] {
        let mut estate = Estate::walking();
        let mut command = pressure(Answer::Number { reading });
        let result = estate.run(&command, &lin());
        assert_eq!(result.is_ok(), fine, "{reading}");
        if !fine {
            refused(result, RoundCode::AbnormalNeedsEvidence);
            command.answers[0].note = "已报修".into();
            assert!(estate.run(&command, &lin()).is_ok());
        }
    }
}

#[test]
fn a_gauge_that_cannot_be_read_is_said_so_and_not_invented() {
    let mut estate = Estate::walking();
    for reading in [Answer::NotApplicable, Answer::Abnormal] {
        let mut command = pressure(reading);
        refused(estate.run(&command, &lin()), RoundCode::AbnormalNeedsEvidence);
        command.answers[0].note = "压力表损坏".into();
        assert!(estate.run(&command, &lin()).is_ok());
    }
}

#[test]
fn attachments_of_a_kind_nobody_keeps_are_refused() {
    let mut estate = Estate::walking();
    let mut command = at_pumps();
    command.answers[1].photos[0].mime = "text/html".into();
    refused(estate.run(&command, &lin()), CommonCode::BlobType);
}

fn by_hand(reason: &str) -> RecordCheckpoint {
    let confirmation = Confirmation::Hand { reason: reason.into(), usual: None };
    RecordCheckpoint { confirmation, ..at_gate() }
}

#[test]
fn a_usual_reason_is_enough_without_words() {
    let mut estate = Estate::walking();
    let dark = Confirmation::Hand { reason: String::new(), usual: Some(HandReason::Dark) };
    let command = RecordCheckpoint { confirmation: dark.clone(), ..at_gate() };
    estate.run(&command, &lin()).unwrap();
    let result = estate.round().result("gate").unwrap();
    assert_eq!((&result.confirmation, result.flags.as_slice()), (&dark, &[Flag::ByHand][..]));
}

#[test]
fn an_item_that_is_in_order_again_keeps_the_ticket_that_was_raised_from_it() {
    let mut estate = Estate::walking();
    let ticket = Some(TicketId::derived(&["ticket"]));
    for found in [Answer::Abnormal, Answer::Normal] {
        let found = ItemAnswer { ticket, ..answer("post", found) };
        estate.run(&gate_with(vec![found]), &lin()).unwrap();
    }
    assert_eq!(estate.round().result("gate").unwrap().answers[0].ticket, ticket);
}

#[test]
fn by_hand_needs_a_reason_and_is_flagged() {
    let mut estate = Estate::walking();
    refused(estate.run(&by_hand(" "), &lin()), RoundCode::HandNeedsReason);
    estate.run(&by_hand("码被涂污"), &lin()).unwrap();
    assert_eq!(estate.round().results[0].flags, [Flag::ByHand]);
    let elsewhere = RecordCheckpoint { checkpoint: Some(pumps()), ..by_hand("码被涂污") };
    refused(estate.run(&elsewhere, &lin()), RoundCode::UnknownCheckpoint);
}

fn with_code(confirmation: Confirmation) -> RecordCheckpoint {
    RecordCheckpoint { confirmation, ..at_gate() }
}

fn text_code(code: String) -> RecordCheckpoint {
    with_code(Confirmation::Code { code })
}

#[test]
fn a_code_must_be_genuine_and_of_this_site() {
    let mut estate = Estate::walking();
    refused(estate.run(&text_code("hello".into()), &lin()), RoundCode::CodeForged);
    let site = code::site_of(project());
    let unsigned = code::render(&site, gate(), 2, "copied");
    refused(estate.run(&text_code(unsigned), &lin()), RoundCode::CodeForged);
    let foreign = code::render("00000000", gate(), 2, "genuine");
    refused(estate.run(&text_code(foreign.clone()), &lin()), RoundCode::CodeOtherSite);
    assert!(estate.round().results.is_empty());
}

#[test]
fn a_code_must_hang_at_the_place_that_is_recorded() {
    let mut estate = Estate::walking();
    let carried = with_code(code_of(pumps(), 2));
    refused(estate.run(&carried, &lin()), RoundCode::CodeOtherCheckpoint);
    let swapped = RecordCheckpoint { checkpoint: None, ..carried };
    let refusal = refused(estate.run(&swapped, &lin()), RoundCode::CodeOtherCheckpoint);
    assert_eq!(refusal.params["checkpoint"], "pumps");
    let unnamed = RecordCheckpoint { checkpoint: None, ..at_gate() };
    estate.run(&unnamed, &lin()).unwrap();
    assert_eq!(estate.round().results[0].checkpoint, Some(gate()));
}

#[test]
fn a_code_waits_for_a_checkpoint_that_has_not_arrived() {
    let mut estate = Estate::walking();
    let new = CheckpointId::derived(&["new"]);
    let command = RecordCheckpoint { checkpoint: Some(new), ..with_code(code_of(new, 1)) };
    waits(estate.run(&command, &lin()), Checkpoint::key_of(new.0));
}

#[test]
fn a_code_taken_off_the_wall_no_longer_counts_but_was_right_before() {
    let mut estate = Estate::walking();
    estate.after(HOUR);
    let replaced = RegisterCheckpoint { code_version: 3, ..register(gate(), "gate", (0, 0)) };
    estate.run(&replaced, &supervisor()).unwrap();
    refused(estate.run(&at_gate(), &lin()), RoundCode::CodeRevoked);
    assert!(estate.run(&with_code(code_of(gate(), 3)), &lin()).is_ok());
    estate.after(-1);
    assert!(estate.run(&at_gate(), &lin()).is_ok(), "scanned while it hung there");
    refused(estate.run(&with_code(code_of(gate(), 1)), &lin()), RoundCode::CodeRevoked);
}

#[test]
fn a_newer_code_than_the_phone_has_heard_of_is_genuine() {
    let mut estate = Estate::walking();
    assert!(estate.run(&with_code(code_of(gate(), 3)), &lin()).is_ok());
}

#[test]
fn a_correction_is_a_second_result_and_both_are_kept() {
    let mut estate = Estate::walking();
    estate.run(&at_gate(), &lin()).unwrap();
    estate.after(MINUTE);
    let note = ItemAnswer { note: "脱岗".into(), ..answer("post", Answer::Abnormal) };
    assert_eq!(estate.run(&gate_with(vec![note.clone()]), &lin()), Ok(Verdict::Applied));
    let round = estate.round();
    assert_eq!((round.results.len(), round.points_done()), (2, 1));
    assert!(round.results[0].flags.is_empty());
    assert_eq!(round.results[1].flags, [Flag::Correction]);
    assert_eq!(round.result("gate").unwrap().answers, [note]);
}

#[test]
fn the_later_result_counts_even_when_the_earlier_one_arrives_last() {
    let mut estate = Estate::walking();
    estate.after(MINUTE);
    estate.run(&at_gate(), &lin()).unwrap();
    let later = estate.round().results[0].at;
    estate.after(-MINUTE);
    estate.run(&at_gate(), &wang()).unwrap();
    let round = estate.round();
    assert_eq!(round.result("gate").unwrap().at, later);
    assert!(round.results[0].flags.is_empty());
    assert_eq!(round.results[1].flags, [Flag::Correction]);
}

#[test]
fn answers_that_arrive_after_the_finish_are_kept() {
    let mut estate = Estate::walking();
    estate.run(&finish("雨"), &lin()).unwrap();
    let finished = estate.round().finished;
    assert_eq!(estate.run(&at_gate(), &lin()), Ok(Verdict::Merged));
    assert_eq!(estate.round().results.len(), 1);
    assert_eq!(estate.round().finished, finished);
}

#[test]
fn two_far_checkpoints_seconds_apart_are_flagged() {
    // 300 m at 3 m/s take 100 s.
    for (milliseconds, flags) in [(99_999, vec![Flag::TooFast]), (100_000, vec![])] {
        let mut estate = Estate::walking();
        estate.run(&at_gate(), &lin()).unwrap();
        estate.after(milliseconds);
        estate.run(&at_pumps(), &lin()).unwrap();
        assert_eq!(estate.round().results[1].flags, flags, "{milliseconds}");
    }
}

#[test]
fn haste_is_seen_even_when_the_steps_arrive_the_other_way_round() {
    let mut estate = Estate::walking();
    estate.after(10_000);
    estate.run(&at_pumps(), &lin()).unwrap();
    estate.after(-10_000);
    estate.run(&at_gate(), &lin()).unwrap();
    let round = estate.round();
    assert_eq!(round.results[0].point, "gate");
    assert!(round.results[0].flags.is_empty());
    assert_eq!(round.results[1].flags, [Flag::TooFast]);
}

#[test]
fn two_people_at_two_places_are_not_in_haste() {
    let mut estate = Estate::walking();
    estate.run(&at_gate(), &lin()).unwrap();
    estate.after(1_000);
    estate.run(&at_pumps(), &wang()).unwrap();
    assert!(estate.round().results[1].flags.is_empty());
}

#[test]
fn places_without_a_position_are_never_in_haste() {
    let mut estate = Estate::walking();
    let lost = RegisterCheckpoint { position: None, ..register(pumps(), "pumps", (0, 0)) };
    estate.run(&lost, &supervisor()).unwrap();
    estate.run(&at_gate(), &lin()).unwrap();
    estate.run(&at_pumps(), &lin()).unwrap();
    assert!(estate.round().results[1].flags.is_empty());
}

#[test]
fn the_farthest_places_on_the_map_do_not_overflow() {
    let mut estate = Estate::walking();
    let far = |id, point: &str, at| register(id, point, (at, at));
    estate.run(&far(gate(), "gate", i32::MIN), &supervisor()).unwrap();
    estate.run(&far(pumps(), "pumps", i32::MAX), &supervisor()).unwrap();
    estate.run(&at_gate(), &lin()).unwrap();
    estate.after(HOUR);
    estate.run(&at_pumps(), &lin()).unwrap();
    assert_eq!(estate.round().results[1].flags, [Flag::TooFast]);
}
