//! What tests of back-ups share: folders, a site with work of every kind, and every row there is.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use domain::sync::Scope;
use server::backup::{self, Backup, Made, Restore};
use server::clock::Clock;
use server::db::{Db, Ty, sql};
use server::store::{copy, scopes};
use sqlx::Row;

use super::{Phone, Site, leak, lin, photo, ticket};

/// Folders for one test, gone afterwards.
pub struct Yard(pub PathBuf);

impl Yard {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("guanjia-yard-{}", Clock::system().uuid()));
        fs::create_dir_all(folder.join("data")).unwrap();
        Self(folder)
    }
    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }
    pub fn root(&self) -> PathBuf {
        self.0.join("backups")
    }
    pub fn backup(&self, site: &Site) -> Backup {
        let (db, clock) = (site.db.clone(), site.clock.clone());
        Backup { db, data: self.data(), root: self.root(), keep: 14, clock }
    }
    pub async fn make(&self, site: &Site) -> Made {
        backup::make(&self.backup(site)).await.unwrap()
    }
    pub fn restore(&self, made: &Made, database: &str, clock: &Clock) -> Restore {
        Restore {
            folder: made.folder.clone(),
            database: database.into(),
            data: self.0.join("restored"),
            replace: false,
            older: false,
            sign_out: false,
            clock: clock.clone(),
        }
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// An empty database of the same kind, of which nobody has a connection.
pub async fn vacant(site: &Site) -> Site {
    let fresh =
        if site.is_postgres() { Site::postgres().await.unwrap() } else { Site::sqlite().await };
    fresh.sync.stop().await;
    fresh.db.close().await;
    fresh
}

/// Work of every kind: applied, refused, held; people who are signed in; an attachment.
pub async fn lived_in(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    for name in ["one", "two", "three"] {
        phone.does(&site.sync, leak(name)).await;
    }
    let mut with_photo = leak("four");
    with_photo.photos = vec![photo(1)];
    phone.does(&site.sync, with_photo).await;
    phone.does(&site.sync, leak("one")).await;
    let note = |ticket_of: &str| domain::modules::tickets::NoteTicket {
        ticket: ticket(ticket_of),
        note: "已到".into(),
        photos: Vec::new(),
        settles_conflict: false,
        counts: None,
    };
    phone.does(&site.sync, note("not here yet")).await;
    phone.does(&site.sync, note("two")).await;
    let lin = lin().user;
    for statement in [
        format!(
            "INSERT INTO credentials (user_id, hash, changed_at, must_change) VALUES ('{lin}', '$argon2', 1, 0)"
        ),
        format!(
            "INSERT INTO devices (id, user_id, name, created, last_seen, clock_offset) VALUES ('{}', '{lin}', '手机 ''1''', 1, 2, -3)",
            phone.device
        ),
        format!(
            "INSERT INTO sessions (token_hash, user_id, device_id, created, last_seen, address) VALUES ('ab', '{lin}', '{}', 1, 2, '::1')",
            phone.device
        ),
        "INSERT INTO sign_in_tries (key, at) VALUES ('lin', 1)".into(),
        "INSERT INTO sign_in_tries (key, at) VALUES ('lin', 1)".into(),
    ] {
        sql(statement).execute(site.db.writers()).await.unwrap();
    }
}

pub type Rows = BTreeMap<String, Vec<Vec<Option<String>>>>;

/// Every row of every table, in an order of its own.
pub async fn rows(db: &Db) -> Rows {
    let mut all = Rows::new();
    for shape in copy::tables() {
        let names: Vec<&str> = shape.columns.iter().map(|(name, _)| *name).collect();
        let select = format!("SELECT {} FROM {}", names.join(", "), shape.name);
        let found = sql(select).fetch_all(db.readers()).await.unwrap();
        let cell = |row: &sqlx::any::AnyRow, index: usize, ty: Ty| match ty {
            Ty::Int => row.get::<Option<i64>, _>(index).map(|value| value.to_string()),
            Ty::Text => row.get::<Option<String>, _>(index),
        };
        let mut rows: Vec<Vec<_>> = found
            .iter()
            .map(|row| (0..).zip(&shape.columns).map(|(i, (_, ty))| cell(row, i, *ty)).collect())
            .collect();
        rows.sort();
        all.insert(shape.name.into(), rows);
    }
    all
}

/// The same without what a restore changes on purpose.
pub fn but_for_the_restore(mut rows: Rows) -> Rows {
    for name in ["meta", "counters"] {
        assert!(rows.remove(name).is_some());
    }
    let scopes = copy::tables().into_iter().find(|shape| shape.name == "scopes").unwrap();
    let backed_up = scopes.columns.iter().position(|(name, _)| *name == "backed_up").unwrap();
    for row in rows.get_mut("scopes").unwrap() {
        row.remove(backed_up);
    }
    rows
}

pub async fn backed_up(db: &Db) -> BTreeMap<Scope, u64> {
    let mut connection = db.readers().acquire().await.unwrap();
    let stored = scopes::stored(&mut connection).await.unwrap();
    stored.into_iter().map(|(scope, head)| (scope, head.backed_up)).collect()
}

pub async fn heads(db: &Db) -> BTreeMap<Scope, u64> {
    let mut connection = db.readers().acquire().await.unwrap();
    scopes::heads(&mut connection).await.unwrap().into_iter().collect()
}
