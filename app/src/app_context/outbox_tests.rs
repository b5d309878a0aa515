//! What the outbox page shows of a queue.

use super::*;
use domain::sync::outcome::Outcome;
use uuid::Uuid;

fn entry(n: u64, blobs: &[&str]) -> OutboxEntry {
    OutboxEntry {
        scope: Scope::Company,
        n,
        op: OpId::derived(&["op", &n.to_string()]),
        kind: "visits.record".into(),
        at_device: Ms(1_000 * n.cast_signed()),
        offset: Some(500),
        payload: "{}".into(),
        blobs: blobs.iter().map(|name| Sha256Hex((*name).to_owned())).collect(),
    }
}

fn outcome(entry: &OutboxEntry, outcome: OutcomeKind) -> Outcome {
    let reason = Some(Refusal::new(CommonCode::NotAllowed));
    Outcome { op: entry.op, n: entry.n, outcome, seq: entry.n, reason }
}

fn journal(entry: OutboxEntry, kind: OutcomeKind) -> JournalEntry {
    JournalEntry { outcome: outcome(&entry, kind), entry, epoch: Uuid::nil() }
}

fn blob(name: &str, state: BlobState) -> Blob {
    Blob {
        sha256: Sha256Hex(name.into()),
        mime: "image/jpeg".into(),
        size: 10,
        state,
        scope: Scope::Company,
        n: 1,
        sent: 4,
        refused: None,
    }
}

#[test]
fn an_answered_command_is_listed_until_its_last_photo_has_arrived() {
    let queue = Queue {
        journal: vec![journal(entry(1, &["a", "b"]), OutcomeKind::Applied)],
        ..Queue::default()
    };
    let half = [blob("a", BlobState::Confirmed), blob("b", BlobState::Pending)];
    let items = items_of(&queue, &half);
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].state, OutboxState::Uploading);
    assert_eq!(items[0].blobs.iter().filter(|blob| blob.arrived).count(), 1);
    let whole = [blob("a", BlobState::Confirmed), blob("b", BlobState::Confirmed)];
    assert!(items_of(&queue, &whole).is_empty());
}

#[test]
fn what_needs_a_person_comes_first_and_once_with_its_reason() {
    let refused = entry(2, &[]);
    let queue = Queue {
        outbox: vec![entry(1, &[]), entry(3, &[])],
        journal: vec![journal(refused.clone(), OutcomeKind::Refused)],
        attention: vec![AttentionEntry {
            outcome: outcome(&refused, OutcomeKind::Refused),
            entry: refused,
            since: Ms(9),
        }],
        ..Queue::default()
    };
    let items = items_of(&queue, &[]);
    let shown: Vec<(u64, OutboxState)> = items.iter().map(|item| (item.n, item.state)).collect();
    let expected =
        [(2, OutboxState::Refused), (1, OutboxState::Waiting), (3, OutboxState::Waiting)];
    assert_eq!(shown, expected);
    assert!(items[0].reason.is_some());
    assert_eq!(items[1].at, Ms(1_500));
}

#[test]
fn a_photo_the_server_does_not_take_needs_a_person_until_it_was_dealt_with() {
    let queue = Queue {
        journal: vec![journal(entry(1, &["a", "b"]), OutcomeKind::Applied)],
        ..Queue::default()
    };
    let refused = |dealt_with| {
        let reason = Refusal::new(CommonCode::BlobType);
        let refused = Some(BlobRefusal { reason, dealt_with });
        [blob("a", BlobState::Confirmed), Blob { refused, ..blob("b", BlobState::Pending) }]
    };
    let items = items_of(&queue, &refused(false));
    assert_eq!(items[0].state, OutboxState::PhotoRefused);
    assert!(items[0].state.needs_person());
    assert!(items[0].reason.as_ref().is_some_and(|reason| reason.is(CommonCode::BlobType)));
    assert!(items_of(&queue, &refused(true)).is_empty());
}
