//! Many at once: nothing missed, nothing doubled, and the variant that would miss shown to do so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::*;
use domain::modules::RecordKind;
use domain::modules::households::{RegisterCluster, RegisterProject};
use domain::modules::tickets::{NoteTicket, OpenTicket, Place};
use domain::sync::Scope;
use server::db::sql;
use server::sync::SystemCommand;
use sqlx::Row;

const PUSHERS: usize = 16;
const PUSHES: usize = 12;

async fn a_reader_following_the_cursor_misses_nothing_of_sixteen_pushers(site: &Site) {
    site.furnish().await;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|index| {
            let (sync, done) = (site.sync.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let reader = Phone::new(&format!("r{index}"), boss());
                let mut replica = reader.replica();
                while !done.load(Ordering::SeqCst) {
                    replica.follow(&sync, &reader, 7).await;
                }
                replica.follow(&sync, &reader, 7).await;
                replica
            })
        })
        .collect();
    let pushers: Vec<_> = (0..PUSHERS)
        .map(|pusher| {
            let sync = site.sync.clone();
            tokio::spawn(async move {
                let mut phone = Phone::new(&format!("p{pusher}"), lin());
                for push in 0..PUSHES {
                    let commands: Vec<_> = (0..3)
                        .map(|index| phone.record(leak(&format!("{pusher}-{push}-{index}"))))
                        .collect();
                    let answered = phone.send(&sync, &commands).await.unwrap();
                    assert_eq!(answered.outcomes.len(), 3);
                }
            })
        })
        .collect();
    for pusher in pushers {
        pusher.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    let tickets = PUSHERS * PUSHES * 3;
    for reader in readers {
        let replica = reader.await.unwrap();
        let seen = replica.rows.keys().filter(|key| key.kind == RecordKind::Ticket).count();
        assert_eq!(seen, tickets);
        assert_eq!(replica.resets, 1);
    }
    let numbers = "SELECT COUNT(DISTINCT number) FROM tickets";
    assert_eq!(site.count(numbers).await, i64::try_from(tickets).unwrap(), "each its own number");
    let report = server::sync::verify(&site.db).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
}

async fn two_nodes_write_one_scope_in_turns(site: &Site) {
    site.furnish().await;
    let other = site.another_node().await;
    let mut events = other.subscribe();
    let nodes = [site.sync.clone(), other.clone()];
    let pushers: Vec<_> = (0..8)
        .map(|pusher| {
            let sync = nodes[pusher % 2].clone();
            tokio::spawn(async move {
                let mut phone = Phone::new(&format!("p{pusher}"), lin());
                for push in 0..10 {
                    phone.does(&sync, leak(&format!("{pusher}-{push}"))).await;
                }
            })
        })
        .collect();
    for pusher in pushers {
        pusher.await.unwrap();
    }
    assert_eq!(site.count("SELECT COUNT(*) FROM tickets").await, 80);
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
    // The other node hears of what this one commits.
    let head = site.sync.head(scope()).await.unwrap();
    let heard = async {
        loop {
            let event = events.recv().await.unwrap();
            if event.scope == scope() && event.head == head {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), heard).await.expect("the last head is heard");
}

/// Only on PostgreSQL: of a SQLite file, nodes know by looking.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_only_listens_is_told_of_every_commit_of_another() {
    let Some(site) = Site::postgres().await else { return };
    site.furnish().await;
    let other = site.another_node_that_only_listens().await;
    let mut events = other.subscribe();
    let mut phone = Phone::new("lin", lin());
    let mut heard = 0;
    // The listener may still be connecting when the first is told.
    let told = async {
        while heard == 0 {
            phone.does(&site.sync, leak(&format!("early {}", phone.last))).await;
            let event = tokio::time::timeout(Duration::from_millis(500), events.recv()).await;
            heard = event.map_or(0, |event| event.unwrap().head);
        }
    };
    tokio::time::timeout(Duration::from_secs(60), told).await.expect("the other node hears");
    // From now on nothing is missed, and what is committed at once may be told at once.
    let last = phone.last + 40;
    while phone.last < last {
        phone.does(&site.sync, leak(&format!("{}", phone.last))).await;
    }
    let head = site.sync.head(scope()).await.unwrap();
    let caught_up = async {
        while heard < head {
            let event = events.recv().await.unwrap();
            assert!(event.head > heard, "heads only grow");
            heard = event.head;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), caught_up).await.expect("told to the last");
    other.stop().await;
    site.close().await;
}

async fn the_same_push_sent_many_times_at_once_is_applied_once(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    let entries = Arc::new(vec![phone.record(leak("one")), phone.record(leak("two"))]);
    let sends: Vec<_> = (0..20)
        .map(|_| {
            let (sync, entries) = (site.sync.clone(), Arc::clone(&entries));
            tokio::spawn(async move {
                push(&sync, device("lin"), &lin(), &entries).await.unwrap().bytes
            })
        })
        .collect();
    let mut answers = Vec::new();
    for send in sends {
        answers.push(send.await.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(site.count("SELECT COUNT(*) FROM tickets").await, 2);
}

async fn a_listener_hears_of_every_scope_that_grows(site: &Site) {
    let mut events = site.sync.subscribe();
    site.furnish().await;
    let mut heard = std::collections::BTreeSet::new();
    while heard.len() < 2 {
        let event = tokio::time::timeout(Duration::from_secs(5), events.recv()).await.unwrap();
        heard.insert(event.unwrap().scope);
    }
    assert!(heard.contains(&Scope::Company) && heard.contains(&scope()));
}

on_both!(
    a_reader_following_the_cursor_misses_nothing_of_sixteen_pushers,
    two_nodes_write_one_scope_in_turns,
    the_same_push_sent_many_times_at_once_is_applied_once,
    a_listener_hears_of_every_scope_that_grows,
);

/// Everything by numbers and ids that are the same on both.
async fn history(
    site: &Site,
) -> (u64, std::collections::BTreeMap<domain::sync::RecordKey, (u64, String)>, String) {
    let commands: Vec<domain::modules::Command> = vec![
        RegisterProject { project: project(), name: "樱园".into() }.into(),
        RegisterCluster { cluster: cluster("a"), code: "a".into(), name: "罗马\"假日".into() }
            .into(),
    ];
    let commands = commands.into_iter().enumerate().map(|(index, command)| SystemCommand {
        actor: Arc::new(domain::Actor::system()),
        device: device("history"),
        op: op(&index.to_string()),
        occurred_at: TEN,
        received_at: TEN,
        command,
    });
    site.sync.apply(scope(), commands.collect()).await.unwrap();
    let mut phone = Phone::new("boss", boss());
    let early = phone.record(NoteTicket {
        ticket: ticket("t1"),
        note: "早".into(),
        photos: vec![],
        settles_conflict: false,
        counts: None,
    });
    phone.send(&site.sync, &[early]).await.unwrap();
    let tickets: Vec<_> = (0..20)
        .map(|index| {
            let place = Place { unit: None, label: "大堂".into() };
            phone.record(OpenTicket { place, ..leak(&format!("t{}", index % 15)) })
        })
        .collect();
    phone.send(&site.sync, &tickets).await.unwrap();
    phone
        .send(&site.sync, &[envelope(op("bad"), 22, "tickets.open", r#"{"b": 1.50}"#)])
        .await
        .unwrap();
    let reader = Phone::new("r", boss());
    let mut replica = reader.replica();
    replica.follow(&site.sync, &reader, 2_000).await;
    let row = sql("SELECT head_hash FROM scopes WHERE scope = $1")
        .bind(scope().to_string())
        .fetch_one(site.db.readers())
        .await
        .unwrap();
    (site.sync.head(scope()).await.unwrap(), replica.rows, row.try_get(0).unwrap())
}

#[tokio::test]
async fn the_same_commands_give_the_same_bytes_on_both_databases() {
    let Some(postgres) = Site::postgres().await else { return };
    let sqlite = Site::sqlite().await;
    // The hash covers every row of the log and its answer.
    let on_sqlite = history(&sqlite).await;
    assert_eq!(on_sqlite, history(&postgres).await);
    assert!(on_sqlite.0 > 20 && on_sqlite.1.len() > 15);
    sqlite.close().await;
    postgres.close().await;
}

/// The obvious design, a sequence from `bigserial` and `seq > cursor`, loses rows: a number is taken
/// before its commit, so a reader may pass it. SQLite has one writer and cannot show it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_feed_ordered_by_bigserial_is_shown_to_miss_rows() {
    let Some(site) = Site::postgres().await else { return };
    sql("CREATE TABLE wrong (seq bigserial PRIMARY KEY, writer bigint NOT NULL)")
        .execute(site.db.writers())
        .await
        .unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..16)
        .map(|writer: i64| {
            let db = site.db.clone();
            tokio::spawn(async move {
                for round in 0..60 {
                    let mut tx = db.begin_write().await.unwrap();
                    sql("INSERT INTO wrong (writer) VALUES ($1)")
                        .bind(writer)
                        .execute(&mut *tx)
                        .await
                        .unwrap();
                    // Deciding and writing the rest takes some longer than others.
                    let pause =
                        Duration::from_micros(200 * u64::try_from((writer + round) % 5).unwrap());
                    tokio::time::sleep(pause).await;
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    let reader = {
        let (db, done) = (site.db.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let (mut cursor, mut seen) = (0_i64, 0_i64);
            loop {
                let last = done.load(Ordering::SeqCst);
                let found = sql("SELECT seq FROM wrong WHERE seq > $1 ORDER BY seq")
                    .bind(cursor)
                    .fetch_all(db.readers())
                    .await
                    .unwrap();
                seen += i64::try_from(found.len()).unwrap();
                if let Some(row) = found.last() {
                    cursor = row.try_get(0).unwrap();
                }
                if last {
                    return seen;
                }
            }
        })
    };
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    let seen = reader.await.unwrap();
    let written = site.count("SELECT COUNT(*) FROM wrong").await;
    assert_eq!(written, 16 * 60);
    assert!(seen < written, "the wrong variant missed nothing: this test shows nothing any more");
    site.close().await;
}
