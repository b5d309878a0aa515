//! Rules of attachments, as sentences, and their wire shape.

use super::*;
use crate::actor::Actor;
use crate::modules::households::testkit::*;
use crate::sync::command::Verdict;
use crate::sync::outcome::OutcomeKind;
use crate::sync::record::SyncedRecord;
use crate::time::HOUR;

fn hash() -> Sha256Hex {
    Sha256Hex("0123456789abcdef".repeat(4))
}

fn photo() -> Attachment {
    Attachment {
        sha256: hash(),
        mime: "image/jpeg".into(),
        size: 240_000,
        role: AttachmentRole::Before,
        at: MORNING,
    }
}

fn arrived() -> BlobArrived {
    BlobArrived { sha256: hash(), size: 240_000 }
}

#[test]
fn an_arrival_is_told_once_however_often_it_is_reported() {
    let mut estate = Estate::empty();
    assert_eq!(estate.run(arrived(), &Actor::system(), MORNING), Ok(Verdict::Applied));
    let again = estate.decide(arrived(), &Actor::system(), MORNING.plus(HOUR));
    assert_eq!(again, Ok(Decision::default()));
}

#[test]
fn the_same_photo_arrives_in_each_scope_on_its_own() {
    let mut estate = Estate::empty();
    estate.run(arrived(), &Actor::system(), MORNING).unwrap();
    estate.scope = Scope::Company;
    let elsewhere = estate.decide(arrived(), &Actor::system(), MORNING).unwrap();
    assert_eq!(elsewhere.changes.len(), 1);
}

#[test]
fn only_the_product_says_that_bytes_have_arrived() {
    for role in Role::ALL {
        let result = Estate::empty().decide(arrived(), &person(role, &[own()]), MORNING);
        assert_refused(result, CommonCode::NotAllowed);
    }
}

#[test]
fn an_arrival_of_no_hash_or_of_too_many_bytes_is_refused() {
    let estate = Estate::empty();
    let broken = BlobArrived { sha256: Sha256Hex("0".repeat(63)), ..arrived() };
    assert_refused(estate.decide(broken, &Actor::system(), MORNING), AttachmentCode::BadHash);
    let large = BlobArrived { size: MAX_BYTES + 1, ..arrived() };
    assert_refused(estate.decide(large, &Actor::system(), MORNING), CommonCode::BlobTooLarge);
}

#[test]
fn a_hash_is_64_lower_case_hex_digits() {
    assert!(hash().is_valid());
    for bad in ["", &"A".repeat(64), &"g".repeat(64), &"a".repeat(65), &"é".repeat(32)] {
        assert!(!Sha256Hex(bad.into()).is_valid(), "{bad}");
        let attachment = Attachment { sha256: Sha256Hex(bad.into()), ..photo() };
        assert!(check([&attachment]).unwrap_err().is(AttachmentCode::BadHash));
    }
}

#[test]
fn twenty_attachments_fit_on_a_command_and_one_more_does_not() {
    assert_eq!(check(&vec![photo(); MAX_COUNT]), Ok(()));
    let refusal = check(&vec![photo(); MAX_COUNT + 1]).unwrap_err();
    assert!(refusal.is(AttachmentCode::TooMany));
}

#[test]
fn an_attachment_is_a_photo_or_a_voice_note_of_bounded_size() {
    for mime in TYPES {
        assert_eq!(check([&Attachment { mime: mime.into(), ..photo() }]), Ok(()));
    }
    let page = Attachment { mime: "text/html".into(), ..photo() };
    assert!(check([&page]).unwrap_err().is(CommonCode::BlobType));
    assert_eq!(check([&Attachment { size: MAX_BYTES, ..photo() }]), Ok(()));
    let film = Attachment { size: MAX_BYTES + 1, ..photo() };
    assert!(check([&film]).unwrap_err().is(CommonCode::BlobTooLarge));
}

#[test]
fn the_outcome_of_a_held_command_is_told_to_whoever_recorded_it_alone() {
    let user = UserId::derived(&["user"]);
    let settled = Settlement { user: Some(user), ..settlement() };
    assert_eq!(settled.channels(), [Channel::User(user)]);
    assert_eq!(
        settlement().channels(),
        [Channel::Device(settlement().device)],
        "of an older build"
    );
}

fn settlement() -> Settlement {
    Settlement {
        op: OpId::derived(&["op"]),
        device: DeviceId::derived(&["device"]),
        user: None,
        scope: Scope::Company,
        outcome: Outcome {
            op: OpId::derived(&["op"]),
            n: 7,
            outcome: OutcomeKind::Refused,
            seq: 42,
            reason: Some(Refusal::new(CommonCode::OtherCluster)),
        },
    }
}

#[test]
fn the_wire_shape_of_attachments_stays() {
    let json = r#"{"sha256":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","mime":"image/jpeg","size":240000,"role":"before","at":1794794400000}"#;
    assert_eq!(serde_json::to_string(&photo()).unwrap(), json);
    assert_eq!(serde_json::from_str::<Attachment>(json).unwrap(), photo());
    assert_golden_command(
        arrived(),
        "attachments.arrived",
        r#"{"sha256":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","size":240000}"#,
    );
    let arrival =
        BlobArrival { sha256: hash(), size: 1, at: MORNING, scope: Scope::Project(project()) };
    assert_golden_record(
        arrival,
        r#"{"sha256":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","size":1,"at":1794794400000,"scope":"53990060-a815-5079-b977-449907083695"}"#,
    );
    assert_golden_record(
        Settlement { user: Some(UserId::derived(&["user"])), ..settlement() },
        r#"{"op":"37654689-1fc2-5825-8b21-bd00523410ee","device":"bf90c0f8-1ae9-53be-aa45-01658f5e59f5","user":"b8731749-a787-5dae-a6fc-24d9b7df08bd","scope":"company","outcome":{"op":"37654689-1fc2-5825-8b21-bd00523410ee","n":7,"outcome":"refused","seq":42,"reason":{"code":"common.other_cluster"}}}"#,
    );
    assert_golden_record(
        settlement(),
        r#"{"op":"37654689-1fc2-5825-8b21-bd00523410ee","device":"bf90c0f8-1ae9-53be-aa45-01658f5e59f5","scope":"company","outcome":{"op":"37654689-1fc2-5825-8b21-bd00523410ee","n":7,"outcome":"refused","seq":42,"reason":{"code":"common.other_cluster"}}}"#,
    );
}
