//! Pushing: applied once, answered for ever, never stuck.

use crate::common::*;
use domain::modules::attachments::BlobArrived;
use domain::modules::tickets::{NoteTicket, OpenTicket, Ticket};
use domain::modules::{Command, RecordKind};
use domain::refusal::CommonCode;
use domain::sync::batch::PushError;
use domain::sync::{OutcomeKind, Scope, SyncedRecord};
use serde_json::value::RawValue;
use server::sync::PushFailure;

fn note(name: &str, text: &str) -> NoteTicket {
    NoteTicket {
        ticket: ticket(name),
        note: text.into(),
        photos: Vec::new(),
        settles_conflict: false,
        counts: None,
    }
}

async fn a_repeated_push_is_applied_once_and_answered_with_the_same_bytes(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    let commands = [phone.record(leak("one")), phone.record(note("one", "带扳手"))];
    let first = phone.send(&site.sync, &commands).await.unwrap();
    assert!(first.outcomes.iter().all(|outcome| outcome.outcome == OutcomeKind::Applied));
    let again = phone.send(&site.sync, &commands).await.unwrap();
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.head, first.head);
    let stored: Ticket = site.sync.record(ticket("one").0).await.unwrap().unwrap();
    assert_eq!(stored.timeline.len(), 2);
    assert_eq!(stored.number, Some(1));

    // Half of it was answered before: the rest is applied.
    let more = [commands[1].clone(), phone.record(note("one", "已到"))];
    let mixed = phone.send(&site.sync, &more).await.unwrap();
    assert_eq!(mixed.bytes[0], first.bytes[1]);
    let stored: Ticket = site.sync.record(ticket("one").0).await.unwrap().unwrap();
    assert_eq!(stored.timeline.len(), 3);
}

async fn a_command_that_comes_again_under_another_device_is_answered_and_not_applied(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    let refused = OpenTicket { cluster: cluster("b"), ..leak("refused") };
    let commands = [phone.record(leak("one")), phone.record(refused), phone.record(leak("two"))];
    let first = phone.send(&site.sync, &commands).await.unwrap();
    assert_eq!(first.outcomes[1].outcome, OutcomeKind::Refused);
    let quarantined = site.count("SELECT COUNT(*) FROM quarantine").await;
    // The same person's phone, registered anew: the same commands under numbers from 1 on.
    let copy = Phone::new("lin's copy", lin());
    let renumbered: Vec<_> = (1..)
        .zip(&commands[1..])
        .map(|(n, raw)| {
            let text = raw.get().replacen(&format!("\"n\":{}", n + 1), &format!("\"n\":{n}"), 1);
            RawValue::from_string(text).unwrap()
        })
        .collect();
    let again = copy.send(&site.sync, &renumbered).await.unwrap();
    for (told, before) in again.outcomes.iter().zip(&first.outcomes[1..]) {
        assert_eq!((told.op, told.outcome), (before.op, before.outcome));
        assert_eq!(told.reason, before.reason);
        assert!(told.seq > first.head, "its number has a place of its own");
    }
    assert_eq!(again.outcomes.iter().map(|outcome| outcome.n).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(site.count("SELECT COUNT(*) FROM tickets").await, 2);
    assert_eq!(site.count("SELECT COUNT(*) FROM quarantine").await, quarantined, "seen once");
    let resent = copy.send(&site.sync, &renumbered).await.unwrap();
    assert_eq!((resent.bytes, resent.head), (again.bytes, again.head));
    // Somebody else's phone gets nothing by it.
    let mut stranger = Phone::new("song", song());
    stranger.last = 0;
    let stolen = stranger.send(&site.sync, &renumbered[..1]).await.unwrap();
    assert!(stolen.outcomes[0].reason.as_ref().unwrap().is(CommonCode::IdReused));
    // Nor does other content under the same id.
    let other = renumbered[1].get().replacen("\"n\":2", "\"n\":3", 1).replace("two", "three");
    let other = copy.send(&site.sync, &[RawValue::from_string(other).unwrap()]).await.unwrap();
    assert!(other.outcomes[0].reason.as_ref().unwrap().is(CommonCode::IdReused));
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

async fn a_gap_is_answered_with_the_number_that_comes_next_and_nothing_is_applied(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    phone.does(&site.sync, leak("one")).await;
    phone.last = 4;
    let late = phone.record(note("one", "x"));
    let before = site.sync.head(scope()).await.unwrap();
    let failure = phone.send(&site.sync, &[late]).await.err().unwrap();
    assert!(matches!(failure, PushFailure::Refused(PushError::Gap { expected: 2 })), "{failure}");
    assert_eq!(site.sync.head(scope()).await.unwrap(), before);
}

async fn a_number_used_before_with_another_command_refuses_the_whole_push(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    phone.does(&site.sync, leak("one")).await;
    phone.last = 0;
    let other = [phone.record(leak("two")), phone.record(note("one", "x"))];
    let before = site.sync.head(scope()).await.unwrap();
    let failure = phone.send(&site.sync, &other).await.err().unwrap();
    assert!(matches!(failure, PushFailure::Refused(PushError::NumberReused { n: 1 })), "{failure}");
    assert_eq!(site.sync.head(scope()).await.unwrap(), before, "nor what follows it");
}

async fn an_id_used_by_another_command_is_refused_kept_and_blocks_nothing(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    phone.does(&site.sync, leak("one")).await;
    let mut other = Phone::new("song", song());
    let theft = Command::from(note("one", "x"));
    let reused =
        domain::id::OpId::derived(&["op", &phone.device.to_string(), &scope().to_string(), "1"]);
    let entry = envelope(reused, 1, theft.kind(), &theft.encode());
    other.last = 1;
    let follows = other.record(note("one", "y"));
    let push = [entry, follows];
    let first = other.send(&site.sync, &push).await.unwrap();
    assert_eq!(first.outcomes[0].outcome, OutcomeKind::Refused);
    assert!(first.outcomes[0].reason.as_ref().unwrap().is(CommonCode::IdReused));
    assert_eq!(first.outcomes[0].op, reused, "answered under the id it was sent with");
    assert_eq!(first.outcomes[1].n, 2);
    assert_eq!(other.send(&site.sync, &push).await.unwrap().bytes, first.bytes);

    // Also across scopes.
    let company = Phone::new("lin", lin()).in_scope(Scope::Company);
    let entry = envelope(reused, 1, theft.kind(), &theft.encode());
    let crossed = company.send(&site.sync, &[entry]).await.unwrap();
    assert!(crossed.outcomes[0].reason.as_ref().unwrap().is(CommonCode::IdReused));
    assert_eq!(
        site.count("SELECT COUNT(*) FROM quarantine WHERE code = 'sync.id_reused'").await,
        2
    );
}

async fn bytes_that_are_no_command_get_an_outcome_and_are_kept(site: &Site) {
    site.furnish().await;
    let phone = Phone::new("lin", lin());
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    let push = [
        raw(r#"{"n":1,"op":"nonsense","what":[1, 2]}"#),
        envelope(op("bad"), 2, "tickets.open", r#"{"ticket":7}"#),
        envelope(op("nul"), 3, "a\\u0000b", "{}"),
        envelope(op("nul2"), 4, "tickets.note", r#"{"ticket":"\u0000"}"#),
    ];
    let first = phone.send(&site.sync, &push).await.unwrap();
    for outcome in &first.outcomes {
        assert_eq!(outcome.outcome, OutcomeKind::Refused);
        assert!(outcome.reason.as_ref().unwrap().is(CommonCode::Malformed), "{outcome:?}");
    }
    assert_eq!(phone.send(&site.sync, &push).await.unwrap().bytes, first.bytes);
    let kept = "SELECT COUNT(*) FROM quarantine q JOIN log l ON l.scope = q.scope AND l.seq = q.seq
                WHERE l.payload = '{\"n\":1,\"op\":\"nonsense\",\"what\":[1, 2]}'";
    assert_eq!(site.count(kept).await, 1, "with their bytes");
    assert_eq!(site.count("SELECT COUNT(*) FROM quarantine").await, 4);
}

async fn entries_without_a_number_refuse_the_push(site: &Site) {
    site.furnish().await;
    let phone = Phone::new("lin", lin());
    let push = [RawValue::from_string(r#"{"op":"x"}"#.into()).unwrap()];
    let failure = phone.send(&site.sync, &push).await.err().unwrap();
    assert!(matches!(failure, PushFailure::Refused(PushError::Malformed { index: 0 })));
}

async fn a_loss_is_declared_written_down_and_shown_to_the_office(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    phone.last = 6;
    let entry = phone.record(leak("one"));
    let response =
        site.sync.push_resumed(scope(), phone.device, lin(), &[entry], Some(7), TEN).await.unwrap();
    assert_eq!(response.outcomes.len(), 1);
    assert!(response.outcomes[0].get().contains("\"applied\""));
    assert_eq!(site.count("SELECT COUNT(*) FROM log WHERE kind = 'sync.resumed'").await, 1);
    assert_eq!(site.count("SELECT COUNT(*) FROM quarantine WHERE code = 'sync.gap'").await, 1);
    let next = phone.does(&site.sync, note("one", "x")).await;
    assert_eq!((next.n, next.outcome), (8, OutcomeKind::Applied));
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

async fn a_command_that_the_database_cannot_keep_is_refused_alone(site: &Site) {
    site.furnish().await;
    // A rule of the database that no rule of ours foresees.
    sqlx::query("CREATE UNIQUE INDEX surprise ON tickets (category, place)")
        .execute(site.db.writers())
        .await
        .unwrap();
    let mut phone = Phone::new("lin", lin());
    let mut other = Phone::new("chen", chen());
    let waiting = other.does(&site.sync, note("two", "x")).await;
    assert_eq!(waiting.outcome, OutcomeKind::Held);
    let push =
        [phone.record(leak("one")), phone.record(leak("two")), phone.record(note("one", "y"))];
    let answered = phone.send(&site.sync, &push).await.unwrap();
    let kinds: Vec<_> = answered.outcomes.iter().map(|outcome| outcome.outcome).collect();
    assert_eq!(kinds, [OutcomeKind::Applied, OutcomeKind::Refused, OutcomeKind::Applied]);
    let reason = answered.outcomes[1].reason.clone().unwrap();
    assert!(reason.is(CommonCode::Fault));
    assert_eq!(reason.params["table"], "tickets");
    assert_eq!(phone.send(&site.sync, &push).await.unwrap().bytes, answered.bytes);
    let stored: Ticket = site.sync.record(ticket("one").0).await.unwrap().unwrap();
    assert_eq!(stored.timeline.len(), 2);
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

async fn a_service_that_stops_finishes_what_it_has_taken(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    let entries = [phone.record(leak("one"))];
    let (answered, ()) = tokio::join!(phone.send(&site.sync, &entries), async {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        site.sync.stop().await;
    });
    let kept = site.count("SELECT COUNT(*) FROM tickets").await;
    assert_eq!(kept, i64::from(answered.is_ok()));
    let late = phone.send(&site.sync, &entries).await.err().unwrap();
    assert!(matches!(late, PushFailure::Unavailable(_)), "{late}");
}

async fn a_commit_cut_off_leaves_nothing_half(site: &Site) {
    site.furnish().await;
    let head = site.sync.head(scope()).await.unwrap();
    let mut tx = site.db.begin_write().await.unwrap();
    sqlx::query("UPDATE scopes SET head = head + 1").execute(&mut *tx).await.unwrap();
    sqlx::query("DELETE FROM tickets").execute(&mut *tx).await.unwrap();
    // The connection is lost with everything it had not committed.
    drop(tx);
    let mut phone = Phone::new("lin", lin());
    let outcome = phone.does(&site.sync, leak("one")).await;
    assert_eq!(outcome.seq, head + 1);
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

async fn a_push_whose_sender_is_gone_is_still_answered_to_the_resend(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    let entry = [phone.record(leak("one"))];
    // The client hangs up while the server is at it.
    let hasty =
        tokio::time::timeout(std::time::Duration::from_micros(50), phone.send(&site.sync, &entry));
    drop(hasty.await);
    let answered = phone.send(&site.sync, &entry).await.unwrap();
    assert_eq!(answered.outcomes[0].outcome, OutcomeKind::Applied);
    assert_eq!(site.count("SELECT COUNT(*) FROM tickets").await, 1);
}

async fn a_project_nobody_registered_takes_no_commands(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin())
        .in_scope(Scope::Project(domain::id::ProjectId::derived(&["elsewhere"])));
    let entry = phone.record(leak("one"));
    let failure = phone.send(&site.sync, &[entry]).await.err().unwrap();
    assert!(matches!(failure, PushFailure::UnknownScope));
}

async fn photos_are_remembered_by_the_command_that_named_them(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    let outcome =
        phone.does(&site.sync, OpenTicket { photos: vec![photo(7)], ..leak("one") }).await;
    assert_eq!(outcome.outcome, OutcomeKind::Applied);
    let named = format!(
        "SELECT COUNT(*) FROM blob_refs WHERE op = '{}' AND sha256 = '{}'",
        outcome.op,
        photo(7).sha256.0
    );
    assert_eq!(site.count(&named).await, 1);
    let arrived = BlobArrived { sha256: photo(7).sha256, size: 1_000 };
    site.must(scope(), vec![arrived.clone().into()]).await;
    let head = site.sync.head(scope()).await.unwrap();
    site.must(scope(), vec![arrived.into()]).await;
    assert_eq!(site.sync.head(scope()).await.unwrap(), head + 1);
    assert_eq!(site.count("SELECT COUNT(*) FROM blob_arrivals").await, 1);
    assert_eq!(domain::modules::attachments::BlobArrival::KIND, RecordKind::BlobArrival);
}

async fn a_command_of_the_product_with_a_known_id_is_not_applied_again(site: &Site) {
    site.furnish().await;
    let history = |text: &str| server::sync::SystemCommand {
        actor: lin(),
        device: device("history"),
        op: op(text),
        occurred_at: TEN.plus(-1_000),
        received_at: TEN,
        command: if text == "open" { leak("one").into() } else { note("one", text).into() },
    };
    let commands = vec![history("open"), history("x"), history("x")];
    let first = site.sync.apply(scope(), commands.clone()).await.unwrap();
    assert_eq!(first[1], first[2]);
    assert_eq!(site.sync.apply(scope(), commands).await.unwrap(), first);
    let stored: Ticket = site.sync.record(ticket("one").0).await.unwrap().unwrap();
    assert_eq!(stored.timeline.len(), 2);
    assert_eq!(stored.opened_at, TEN.plus(-1_000));
    assert_eq!(stored.opened_by, lin().user);
}

on_both!(
    a_repeated_push_is_applied_once_and_answered_with_the_same_bytes,
    a_command_that_comes_again_under_another_device_is_answered_and_not_applied,
    a_gap_is_answered_with_the_number_that_comes_next_and_nothing_is_applied,
    a_number_used_before_with_another_command_refuses_the_whole_push,
    an_id_used_by_another_command_is_refused_kept_and_blocks_nothing,
    bytes_that_are_no_command_get_an_outcome_and_are_kept,
    entries_without_a_number_refuse_the_push,
    a_loss_is_declared_written_down_and_shown_to_the_office,
    a_command_that_the_database_cannot_keep_is_refused_alone,
    a_service_that_stops_finishes_what_it_has_taken,
    a_commit_cut_off_leaves_nothing_half,
    a_push_whose_sender_is_gone_is_still_answered_to_the_resend,
    a_project_nobody_registered_takes_no_commands,
    photos_are_remembered_by_the_command_that_named_them,
    a_command_of_the_product_with_a_known_id_is_not_applied_again,
);
