//! Commands that wait: block nothing, become final once, and their device hears of it.

use crate::common::*;
use domain::modules::attachments::Settlement;
use domain::modules::households::{RegisterCluster, RegisterProject};
use domain::modules::tickets::{NoteTicket, OpenTicket, Place, Ticket};
use domain::modules::{Command, RecordKind};
use domain::refusal::CommonCode;
use domain::sync::{OutcomeKind, Scope, SyncedRecord};

fn note(name: &str, text: &str) -> NoteTicket {
    NoteTicket {
        ticket: ticket(name),
        note: text.into(),
        photos: Vec::new(),
        settles_conflict: false,
        counts: None,
    }
}

async fn a_kind_newer_than_this_server_is_held_and_blocks_nothing(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    let newer = envelope(op("newer"), 1, "gates.release_goods", r#"{"pass":1}"#);
    phone.last = 1;
    let push = [newer, phone.record(leak("one"))];
    let answered = phone.send(&site.sync, &push).await.unwrap();
    assert_eq!(answered.outcomes[0].outcome, OutcomeKind::Held);
    assert_eq!(answered.outcomes[1].outcome, OutcomeKind::Applied);
    assert_eq!(site.count("SELECT COUNT(*) FROM held WHERE waits_kind IS NULL").await, 1);
    site.sync.sweep().await.unwrap();
    assert_eq!(site.count("SELECT COUNT(*) FROM held").await, 1, "still unknown");
}

async fn a_kind_that_a_newer_build_knows_is_released_when_it_starts(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    phone.does(&site.sync, leak("one")).await;
    let newer =
        envelope(op("newer"), 2, "gates.release_goods", &Command::from(note("one", "x")).encode());
    phone.send(&site.sync, &[newer]).await.unwrap();
    // What an update of the server amounts to: the kind has become known.
    sqlx::query("UPDATE held SET kind = 'tickets.note'").execute(site.db.writers()).await.unwrap();
    let updated = site.another_node().await;
    let settled: Settlement = wait_for(&updated, op("newer").0).await;
    assert_eq!(settled.outcome.outcome, OutcomeKind::Applied);
}

async fn a_held_command_is_released_by_the_other_device_and_told_through_the_feed(site: &Site) {
    site.furnish().await;
    let mut late = Phone::new("chen", chen());
    let mut early = Phone::new("lin", lin());
    let mut replica = late.replica();
    replica.follow(&site.sync, &late, 100).await;
    let held = late.does(&site.sync, note("one", "阀门关了")).await;
    assert_eq!(held.outcome, OutcomeKind::Held);
    assert!(held.reason.unwrap().is(CommonCode::UnknownRecord));
    early.does(&site.sync, leak("one")).await;
    replica.follow(&site.sync, &late, 100).await;
    assert!(replica.has(RecordKind::Settlement, held.op.0), "its device hears of it");
    let settled: Settlement = site.sync.record(held.op.0).await.unwrap().unwrap();
    assert_eq!((settled.outcome.outcome, settled.outcome.n), (OutcomeKind::Applied, 1));
    let stored: Ticket = site.sync.record(ticket("one").0).await.unwrap().unwrap();
    assert_eq!(stored.timeline.len(), 2);
    let mut other = early.replica();
    other.follow(&site.sync, &early, 100).await;
    assert!(!other.has(RecordKind::Settlement, held.op.0), "nobody else does");
    assert_eq!(site.count("SELECT COUNT(*) FROM held").await, 0);
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

async fn what_waited_and_comes_again_under_another_device_is_answered_as_it_was_settled(
    site: &Site,
) {
    site.furnish().await;
    let mut first = Phone::new("chen", chen());
    let entry = first.record(note("one", "阀门关了"));
    let held = first.send(&site.sync, std::slice::from_ref(&entry)).await.unwrap();
    assert_eq!(held.outcomes[0].outcome, OutcomeKind::Held);
    let second = Phone::new("chen's second", chen());
    let still = second.send(&site.sync, std::slice::from_ref(&entry)).await.unwrap();
    assert_eq!(still.outcomes[0].outcome, OutcomeKind::Held, "it waits once");
    assert_eq!(site.count("SELECT COUNT(*) FROM held").await, 1);
    Phone::new("lin", lin()).does(&site.sync, leak("one")).await;
    let mut replica = second.replica();
    replica.follow(&site.sync, &second, 100).await;
    assert!(replica.has(RecordKind::Settlement, held.outcomes[0].op.0), "the new device hears too");
    let third = Phone::new("chen's third", chen());
    let settled = third.send(&site.sync, &[entry]).await.unwrap();
    assert_eq!(settled.outcomes[0].outcome, OutcomeKind::Applied);
    let stored: Ticket = site.sync.record(ticket("one").0).await.unwrap().unwrap();
    assert_eq!(stored.timeline.len(), 2);
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

async fn a_chain_of_waiting_commands_is_released_at_once(site: &Site) {
    let mut phone = Phone::new("boss", boss());
    let mut desk_phone = Phone::new("desk", desk());
    site.must(scope(), vec![RegisterProject { project: project(), name: "樱园".into() }.into()])
        .await;
    // The note waits for the ticket, the ticket for its cluster.
    assert_eq!(phone.does(&site.sync, note("one", "x")).await.outcome, OutcomeKind::Held);
    let public = OpenTicket { place: Place { unit: None, label: "大堂".into() }, ..leak("one") };
    assert_eq!(desk_phone.does(&site.sync, public).await.outcome, OutcomeKind::Held);
    site.must(
        scope(),
        vec![RegisterCluster { cluster: cluster("a"), code: "a".into(), name: "a".into() }.into()],
    )
    .await;
    let stored: Ticket = site.sync.record(ticket("one").0).await.unwrap().unwrap();
    assert_eq!(stored.timeline.len(), 2);
    assert_eq!(site.count("SELECT COUNT(*) FROM held").await, 0);
}

async fn a_template_published_in_the_company_releases_a_round_in_a_project(site: &Site) {
    use domain::id::{RoundId, TemplateId};
    use domain::modules::rounds::{AnswerType, Item, Point, PublishTemplate, StartRound};
    site.furnish().await;
    let template = TemplateId::derived(&["t"]);
    let mut phone = Phone::new("lin", lin());
    let start = StartRound {
        round: RoundId::derived(&["r"]),
        cluster: cluster("a"),
        schedule: None,
        date: chrono::NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(),
        slot: 0,
        template,
        version: 1,
    };
    let held = phone.does(&site.sync, start).await;
    assert_eq!(held.outcome, OutcomeKind::Held, "{held:?}");
    let item = Item {
        code: "i".into(),
        text: "门".into(),
        answer: AnswerType::Normal,
        category: String::new(),
        safety: false,
        optional: false,
    };
    let points = vec![Point { code: "p".into(), name: "大堂".into(), items: vec![item] }];
    let publish =
        PublishTemplate { template, version: 1, name: "日巡".into(), points, retired: false };
    site.must(Scope::Company, vec![publish.into()]).await;
    let settled: Settlement = wait_for(&site.sync, held.op.0).await;
    assert_eq!(settled.outcome.outcome, OutcomeKind::Applied, "{settled:?}");
}

async fn a_waiting_command_that_the_database_cannot_keep_does_not_take_its_releaser_along(
    site: &Site,
) {
    site.furnish().await;
    sqlx::query("CREATE UNIQUE INDEX surprise ON tickets (category, place)")
        .execute(site.db.writers())
        .await
        .unwrap();
    let public = |name: &str, code: &str| OpenTicket {
        cluster: cluster(code),
        place: Place { unit: None, label: "大堂".into() },
        ..leak(name)
    };
    let mut phone = Phone::new("desk", desk());
    assert_eq!(phone.does(&site.sync, public("one", "a")).await.outcome, OutcomeKind::Applied);
    let clash = phone.does(&site.sync, public("two", "c")).await;
    let fine =
        phone.does(&site.sync, OpenTicket { cluster: cluster("c"), ..public("three", "c") }).await;
    assert_eq!((clash.outcome, fine.outcome), (OutcomeKind::Held, OutcomeKind::Held));
    sqlx::query("UPDATE held SET payload = REPLACE(payload, '大堂', '车库') WHERE n = 3")
        .execute(site.db.writers())
        .await
        .unwrap();
    site.must(
        scope(),
        vec![RegisterCluster { cluster: cluster("c"), code: "c".into(), name: "c".into() }.into()],
    )
    .await;
    let settled: Settlement = wait_for(&site.sync, clash.op.0).await;
    assert_eq!(settled.outcome.outcome, OutcomeKind::Refused);
    assert!(settled.outcome.reason.unwrap().is(CommonCode::Fault));
    let settled: Settlement = wait_for(&site.sync, fine.op.0).await;
    assert_eq!(settled.outcome.outcome, OutcomeKind::Applied, "the other one is kept");
    assert_eq!(site.count("SELECT COUNT(*) FROM held").await, 0);
    assert_eq!(site.count("SELECT COUNT(*) FROM quarantine").await, 1, "for the office");
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

/// Waits for what another task of the service brings about.
async fn wait_for<R: SyncedRecord>(sync: &server::sync::SyncService, id: uuid::Uuid) -> R {
    for _ in 0..200 {
        if let Some(record) = sync.record(id).await.unwrap() {
            return record;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("did not come");
}

on_both!(
    a_kind_newer_than_this_server_is_held_and_blocks_nothing,
    a_kind_that_a_newer_build_knows_is_released_when_it_starts,
    a_held_command_is_released_by_the_other_device_and_told_through_the_feed,
    what_waited_and_comes_again_under_another_device_is_answered_as_it_was_settled,
    a_chain_of_waiting_commands_is_released_at_once,
    a_template_published_in_the_company_releases_a_round_in_a_project,
    a_waiting_command_that_the_database_cannot_keep_does_not_take_its_releaser_along,
);
