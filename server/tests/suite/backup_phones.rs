//! Phones that live through the loss of a server: real engines, over the real router. The disk with
//! database and attachments is gone, yesterday's back-up comes back, and the phones go on by themselves.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use crate::web::engine::Phone;
use crate::web::{Database, NOW, Place, Server, cluster, has_postgres, photo, scope, visit};
use axum::body::Body;
use axum::http::{Method, Request};
use domain::Role;
use domain::id::TicketId;
use domain::modules::attachments::Sha256Hex;
use domain::modules::tickets::{
    Intake, NoteTicket, OpenTicket, Place as At, TicketContact, TicketKind, Urgency,
};
use domain::sync::OutcomeKind;
use domain::sync::batch::sha256_hex;
use domain::sync::client::LocalStore;
use domain::time::DAY;
use server::backup::{self, Backup, Restore};
use server::db::sql;
use server::store::duties;
use server::sync::verify;
use sqlx::Row;

fn ticket(name: &str) -> TicketId {
    TicketId::derived(&["ticket", name])
}

fn opens(name: &str) -> OpenTicket {
    OpenTicket {
        ticket: ticket(name),
        cluster: cluster("A"),
        kind: TicketKind::Repair,
        category: "leak".into(),
        urgency: Urgency::Normal,
        intake: Intake::OnSite,
        place: At { unit: None, label: "东大堂".into() },
        contact: TicketContact::default(),
        description: format!("漏水 {name}"),
        photos: Vec::new(),
        origin: None,
    }
}

fn notes(name: &str, text: &str) -> NoteTicket {
    NoteTicket {
        ticket: ticket(name),
        note: text.into(),
        photos: Vec::new(),
        settles_conflict: false,
        counts: None,
    }
}

fn backups(place: &std::path::Path) -> PathBuf {
    place.join("backups")
}

/// The disk is gone, with all that was on it but the back-ups, which are on another: a server of what a back-up
/// holds, and which photos that leaves to the phones.
async fn lost_and_brought_back(
    first: &Server,
    folder: PathBuf,
    database: Database,
) -> (Server, Vec<Sha256Hex>) {
    first.state.sync.stop().await;
    first.state.db.close().await;
    let data = first.folder.join("data");
    // A piece of a photo that was on its way may still be written.
    for _ in 0..200 {
        if !data.exists() || std::fs::remove_dir_all(&data).is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!data.exists());
    let place = Place::fresh(database).await;
    let restored = backup::restore(&Restore {
        folder,
        database: place.database.clone(),
        data: place.folder.join("data"),
        replace: false,
        older: false,
        sign_out: false,
        clock: first.clock.clone(),
    })
    .await
    .unwrap();
    let second = Server::start_at(place, first.clock.clone(), |config| {
        config.backup_dir = Some(backups(&first.folder));
    })
    .await;
    backup::begin(&second.state).await.unwrap();
    tokio::spawn(server::blobs::arrivals::watch(second.state.clone()));
    (second, restored.missing)
}

async fn the_server_is_lost_and_the_phones_go_on(database: Database) {
    let first = Server::start_with(database, |config| {
        config.backup_dir = Some(backups(config.data.parent().unwrap()));
    })
    .await;
    backup::begin(&first.state).await.unwrap();
    let backup = Backup::of(&first.state).unwrap();
    let router = Rc::new(RefCell::new(first.router.clone()));
    let mut steward = Phone::of(&first, &router, "steward", Role::Steward).await;
    let mut desk = Phone::of(&first, &router, "front-desk", Role::FrontDesk).await;
    let photos: Vec<Vec<u8>> = (0..6).map(|seed| photo(seed, 5_000)).collect();
    let visits = |photo: &[u8]| visit(&sha256_hex(photo), cluster("A"), &[photo]);
    for phone in [&steward, &desk] {
        phone.syncs_all().await;
    }

    for name in ["one", "two", "three"] {
        desk.records(opens(name), &[]).await;
    }
    for photo in &photos[..2] {
        steward.records(visits(photo), &[photo]).await;
    }
    desk.syncs_all().await;
    steward.syncs_all().await;
    // Its command is in the back-up, its bytes arrive afterwards.
    steward.records(visits(&photos[2]), &[&photos[2]]).await;
    steward.syncs().await;
    let made = backup::make(&backup).await.unwrap();
    assert_eq!(made.manifest.blobs.missing.len(), 1);
    steward.syncs_all().await;
    desk.syncs_all().await;
    assert_eq!(
        (desk.journal().await, steward.journal().await),
        (0, 0),
        "what is backed up is let go of"
    );
    assert!(steward.engine.store.disk().blobs.is_empty(), "photos, too");

    // A day's work that no back-up has seen: acknowledged, and some of it not even sent.
    first.advance(DAY);
    for name in ["four", "five"] {
        desk.records(opens(name), &[]).await;
        desk.records(notes("two", name), &[]).await;
    }
    desk.syncs_all().await;
    steward.syncs_all().await;
    steward.records(notes("five", "看过了"), &[]).await;
    for photo in &photos[3..5] {
        steward.records(visits(photo), &[photo]).await;
    }
    steward.syncs_all().await;
    desk.syncs_all().await;
    assert!(desk.journal().await == 4 && steward.journal().await == 3);
    steward.records(visits(&photos[5]), &[&photos[5]]).await;
    let numbers = desk.numbers();
    assert_eq!(numbers.len(), 5);

    let (second, missing) = lost_and_brought_back(&first, made.folder, database).await;
    assert!(missing.is_empty(), "all that had arrived were secured: {missing:?}");
    *router.borrow_mut() = second.router.clone();

    // By themselves. The steward's note comes before the ticket it is about.
    steward.syncs_all().await;
    for _ in 0..2 {
        desk.syncs_all().await;
        steward.syncs_all().await;
    }

    let db = &second.state.db;
    for phone in [&steward, &desk] {
        assert!(phone.queue_is_empty().await);
        for op in &phone.ops {
            let select = sql("SELECT outcome FROM log WHERE op = $1").bind(op.to_string());
            let rows = select.fetch_all(db.readers()).await.unwrap();
            assert_eq!(
                rows.len(),
                1,
                "{op} of {} is in the log {} times",
                phone.actor.name,
                rows.len()
            );
        }
    }
    let settled = "SELECT COUNT(*) FROM settlements WHERE outcome = 'applied'";
    let settled: i64 = sql(settled).fetch_one(db.readers()).await.unwrap().get(0);
    assert_eq!(settled, 1, "the note that came too early");
    for phone in [&steward, &desk] {
        let journal = phone.engine.store.queue(scope()).await.unwrap().journal;
        assert!(
            journal.iter().all(|entry| entry.outcome.outcome == OutcomeKind::Applied),
            "{journal:?}"
        );
    }
    let report = verify(db).await.unwrap();
    assert!(report.is_sound() && report.attachments == 6, "{report:?}");
    assert!(report.missing.is_empty(), "the tables know of each: {report:?}");
    let files = server::blobs::files::list(&second.folder.join("data/blobs")).unwrap();
    assert_eq!(files.len(), 6, "no photo was lost");

    // What each phone shows is what a new one would be sent.
    let again = desk.numbers();
    assert_eq!(again.len(), 5);
    for (number, ticket) in &again {
        assert!(
            numbers.get(number).is_none_or(|before| before == ticket),
            "#{number} is another ticket now"
        );
    }
    for phone in [&steward, &desk] {
        phone.syncs_all().await;
        let fresh =
            Phone::on(phone.engine.transport.clone(), phone.actor.clone(), phone.clock.clone())
                .await;
        fresh.syncs().await;
        assert_eq!(phone.base(), fresh.base(), "{}", phone.actor.name);
        assert!(phone.base().len() > 5);
    }

    // The next back-up holds it, and the phones let go.
    backup::make(&Backup::of(&second.state).unwrap()).await.unwrap();
    for phone in [&steward, &desk] {
        phone.syncs_all().await;
        assert_eq!(phone.journal().await, 0);
    }
    second.close().await;
    first.close().await;
}

#[tokio::test]
async fn sqlite_is_lost_and_the_phones_go_on_from_yesterdays_back_up() {
    the_server_is_lost_and_the_phones_go_on(Database::Sqlite).await;
}

#[tokio::test]
async fn postgresql_is_lost_and_the_phones_go_on_from_yesterdays_back_up() {
    if has_postgres() {
        the_server_is_lost_and_the_phones_go_on(Database::Postgres).await;
    }
}

/// Whatever is asked: nobody is there.
fn nobody() -> axum::Router {
    axum::Router::new().fallback(|| async { axum::http::StatusCode::BAD_GATEWAY })
}

/// Phones that record and send without a pause while back-ups are made, while the server is lost, and
/// while an older state of it comes back.
async fn phones_that_never_pause_lose_nothing(database: Database) {
    let first = Server::start_with(database, |config| {
        config.backup_dir = Some(backups(config.data.parent().unwrap()));
    })
    .await;
    backup::begin(&first.state).await.unwrap();
    let router = Rc::new(RefCell::new(first.router.clone()));
    let mut phones = Vec::new();
    for (account, role) in
        [("steward", Role::Steward), ("front-desk", Role::FrontDesk), ("manager", Role::Manager)]
    {
        phones.push(Phone::of(&first, &router, account, role).await);
    }
    let (recorded, over) = (Cell::new(0), Cell::new(false));
    let work = phones.iter_mut().enumerate().map(|(who, phone)| {
        let (recorded, over) = (&recorded, &over);
        async move {
            for turn in 0.. {
                if over.get() {
                    return;
                }
                let name = format!("{who} {turn}");
                if who == 0 {
                    let bytes = photo(1, 3_000 + turn);
                    phone.records(visit(&name, cluster("A"), &[&bytes]), &[&bytes]).await;
                } else {
                    phone.records(opens(&name), &[]).await;
                }
                recorded.set(recorded.get() + 1);
                phone.tries().await;
                tokio::time::sleep(Duration::from_millis(4)).await;
            }
        }
    });
    let until = async |count: usize| {
        while recorded.get() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let keeper = async {
        let backup = Backup::of(&first.state).unwrap();
        until(30).await;
        backup::make(&backup).await.unwrap();
        until(60).await;
        let made = backup::make(&backup).await.unwrap();
        let kept = made.manifest.rows["log"];
        until(recorded.get() + 30).await;
        let select = "SELECT COUNT(*) FROM log";
        let there: i64 = sql(select).fetch_one(first.state.db.readers()).await.unwrap().get(0);
        assert!(there > kept.cast_signed(), "something was acknowledged that no back-up has");
        *router.borrow_mut() = nobody();
        let (second, _) = lost_and_brought_back(&first, made.folder, database).await;
        *router.borrow_mut() = second.router.clone();
        until(recorded.get() + 30).await;
        backup::make(&Backup::of(&second.state).unwrap()).await.unwrap();
        over.set(true);
        second
    };
    let (_, second) = tokio::join!(futures::future::join_all(work), keeper);
    for phone in [0, 1, 2, 0, 1, 2] {
        phones[phone].tries().await;
    }

    // All is told that is to be told, and everybody hears of it.
    let db = &second.state.db;
    let photos = i64::try_from(phones[0].ops.len()).unwrap();
    let told = async || {
        let told = sql("SELECT COUNT(*) FROM blob_arrivals").fetch_one(db.readers()).await;
        told.unwrap().get::<i64, _>(0)
    };
    for _ in 0..1_000 {
        if told().await == photos {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for phone in &phones {
        phone.syncs().await;
    }
    for phone in &phones {
        assert!(phone.queue_is_empty().await, "{}", phone.actor.name);
        for op in &phone.ops {
            let select = sql("SELECT outcome FROM log WHERE op = $1").bind(op.to_string());
            let rows = select.fetch_all(db.readers()).await.unwrap();
            assert_eq!(rows.len(), 1, "{op} of {}", phone.actor.name);
        }
        let line = phone.engine.transport.clone();
        let fresh = Phone::on(line, phone.actor.clone(), phone.clock.clone()).await;
        fresh.syncs().await;
        assert_eq!(phone.base(), fresh.base(), "{}", phone.actor.name);
    }
    let report = verify(db).await.unwrap();
    assert!(report.is_sound() && report.missing.is_empty(), "{report:?}");
    assert_eq!(report.attachments, phones[0].ops.len() as u64, "every photo is there");
    second.close().await;
    first.close().await;
}

#[tokio::test]
async fn phones_that_never_pause_lose_nothing_to_a_loss_of_sqlite() {
    phones_that_never_pause_lose_nothing(Database::Sqlite).await;
}

#[tokio::test]
async fn phones_that_never_pause_lose_nothing_to_a_loss_of_postgresql() {
    if has_postgres() {
        phones_that_never_pause_lose_nothing(Database::Postgres).await;
    }
}

#[tokio::test]
async fn a_server_makes_back_ups_by_itself_and_only_when_they_are_due() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.backup_dir = Some(backups(config.data.parent().unwrap()));
    })
    .await;
    let root = backups(&server.folder);
    backup::begin(&server.state).await.unwrap();
    let mut connection = server.state.db.writers().acquire().await.unwrap();
    duties::register(&mut connection, &[backup::DUTY]).await.unwrap();
    let look = duties::look(&mut connection, server.state.db.dialect()).await.unwrap();
    let fence = duties::take(&mut connection, backup::DUTY, &look[0], "here").await.unwrap();
    drop(connection);
    let half = Duration::from_secs(12 * 3600);
    for (there, ago) in [(1, Duration::ZERO), (1, half), (2, Duration::ZERO)] {
        let made = backup::when_due(server.state.clone(), fence.unwrap()).await.unwrap();
        assert_eq!((backup::list(&root).len(), made), (there, ago));
        server.advance(DAY / 2);
    }
    server.close().await;
}

#[tokio::test]
async fn a_photo_is_beside_the_back_ups_before_its_phone_hears_that_it_is_whole() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.backup_dir = Some(backups(config.data.parent().unwrap()));
    })
    .await;
    let bytes = photo(1, 4_000);
    let path = format!("/api/v1/blobs/{}", sha256_hex(&bytes));
    let client = server.signed_in("steward").await;
    let root = backups(&server.folder).join("blobs");
    let put = || {
        Request::builder().method(Method::PUT).uri(&path).body(Body::from(bytes.clone())).unwrap()
    };
    // The other disk is away.
    std::fs::remove_dir_all(&root).unwrap();
    std::fs::write(&root, "not mounted").unwrap();
    assert!(client.send(put()).await.status.is_server_error());
    assert_ne!(client.call(Method::HEAD, &path, None).await.status, 200, "it is not here yet");
    std::fs::remove_file(&root).unwrap();
    std::fs::create_dir(&root).unwrap();
    assert_eq!(client.send(put()).await.status, 204);
    assert_eq!(server::blobs::files::list(&root).unwrap().len(), 1);
    server.close().await;
}

/// Something of every process, as the demo has it.
#[tokio::test]
async fn a_whole_company_comes_back_row_by_row() {
    let server = Server::start_quietly(Database::Sqlite, |_| {}).await;
    server::demo::seed_days(&server.state, domain::Ms(NOW.0 - 6 * DAY), server::demo::SEED, 3)
        .await
        .unwrap();
    let root = backups(&server.folder);
    let (db, data) = (server.state.db.clone(), server.state.config.data.clone());
    let made = Backup { db, data, root, keep: 1, clock: server.clock.clone() };
    let made = backup::make(&made).await.unwrap();
    assert!(
        made.manifest.rows.values().filter(|rows| **rows > 0).count() > 20,
        "{:?}",
        made.manifest.rows
    );
    assert!(made.manifest.blobs.count > 0 && made.manifest.code_key.is_some());
    let place = Place::fresh(Database::Sqlite).await;
    let restore = Restore {
        folder: made.folder,
        database: place.database.clone(),
        data: place.folder.join("data"),
        replace: false,
        older: false,
        sign_out: false,
        clock: server.clock.clone(),
    };
    backup::restore(&restore).await.unwrap();
    let there = server::db::Db::connect(&place.database).await.unwrap();
    for shape in server::store::copy::tables() {
        if matches!(shape.name, "meta" | "counters" | "scopes") {
            continue;
        }
        let names: Vec<&str> = shape.columns.iter().map(|(name, _)| *name).collect();
        let list = names.join(", ");
        let select = format!("SELECT json_array({list}) FROM {} ORDER BY {list}", shape.name);
        let rows = async |db: &server::db::Db| {
            let rows = sql(select.clone()).fetch_all(db.readers()).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>()
        };
        assert!(rows(&server.state.db).await == rows(&there).await, "{}", shape.name);
    }
    let report = verify(&there).await.unwrap();
    assert!(report.is_sound() && report.missing.is_empty(), "{report:?}");
    there.close().await;
    std::fs::remove_dir_all(&place.folder).unwrap();
    server.close().await;
}
