//! Back-ups: nothing is forgotten, nothing half is believed, and phones hear of them in time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::yard::*;
use crate::common::*;
use domain::sync::Scope;
use server::backup::{self, Backup, Restored};
use server::db::{Db, Ty, sql};
use server::store::{copy, meta, scopes};
use server::sync::verify;
use sqlx::Row;

on_both!(
    no_table_and_no_column_is_forgotten_and_parents_come_first,
    a_back_up_brings_back_the_same_rows_in_every_table,
    a_back_up_made_while_phones_push_is_one_moment,
    phones_are_told_only_after_the_copy_was_checked,
    backed_up_never_goes_back_and_never_beyond_the_log,
    the_oldest_goes_only_after_a_newer_one_was_checked,
    the_one_that_was_made_last_is_the_newest_whatever_the_clocks_say,
);

async fn no_table_and_no_column_is_forgotten_and_parents_come_first(site: &Site) {
    let columns = if site.is_postgres() {
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
         WHERE table_schema = current_schema()"
    } else {
        "SELECT m.name, p.name, p.type FROM sqlite_master m JOIN pragma_table_info(m.name) p
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
    };
    let real: BTreeSet<(String, String, Ty2)> = sql(columns)
        .fetch_all(site.db.readers())
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), Ty2::of(row.get(2))))
        .filter(|(table, ..): &(String, String, Ty2)| !copy::NOT_COPIED.contains(&table.as_str()))
        .collect();
    let copied = copy::tables();
    let ours: BTreeSet<_> = copied
        .iter()
        .flat_map(|shape| {
            let column = |(name, ty): &(&str, Ty)| {
                let ty = if *ty == Ty::Int { Ty2::Integer } else { Ty2::Text };
                (shape.name.to_owned(), (*name).to_owned(), ty)
            };
            shape.columns.iter().map(column).collect::<Vec<_>>()
        })
        .collect();
    assert!(real.len() > 150, "only {} columns were found", real.len());
    let forgotten: Vec<_> = real.difference(&ours).collect();
    let invented: Vec<_> = ours.difference(&real).collect();
    assert!(forgotten.is_empty(), "a back-up would lose {forgotten:?}: add them to store/copy.rs");
    assert!(invented.is_empty(), "there is no {invented:?}");

    if site.is_postgres() {
        return;
    }
    let order: BTreeMap<&str, usize> = copied.iter().map(|shape| shape.name).zip(0..).collect();
    let references =
        "SELECT m.name, f.\"table\" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
         WHERE m.type = 'table'";
    let references = sql(references).fetch_all(site.db.readers()).await.unwrap();
    assert!(references.len() > 10);
    for row in references {
        let (child, parent): (&str, &str) = (row.get(0), row.get(1));
        assert!(order[parent] < order[child], "{child} refers to {parent}, which comes later");
    }
}

/// A column's type in either engine.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ty2 {
    Integer,
    Text,
}

impl Ty2 {
    fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "bigint" => Self::Integer,
            "text" => Self::Text,
            other => panic!("no column is {other}"),
        }
    }
}

async fn a_back_up_brings_back_the_same_rows_in_every_table(site: &Site) {
    lived_in(site).await;
    let yard = Yard::new();
    let before = rows(&site.db).await;
    let made = yard.make(site).await;
    let mode = std::os::unix::fs::PermissionsExt::mode;
    for private in [&yard.root(), &made.folder.join(backup::DATABASE)] {
        assert_eq!(mode(&fs::metadata(private).unwrap().permissions()) & 0o077, 0, "{private:?}");
    }
    for (table, rows) in &before {
        assert_eq!(made.manifest.rows[table], rows.len() as u64, "{table}");
    }
    let there = vacant(site).await;
    let restored: Restored =
        backup::restore(&yard.restore(&made, there.db.url(), &site.clock)).await.unwrap();
    let db = Db::connect(there.db.url()).await.unwrap();
    let after = rows(&db).await;
    assert_eq!(but_for_the_restore(before.clone()), but_for_the_restore(after));
    assert!(
        ["log", "held", "quarantine", "sessions", "sign_in_tries", "blob_refs", "tickets"]
            .iter()
            .all(|table| !before[*table].is_empty())
    );
    let report = verify(&db).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_ne!(restored.epoch, site.sync.epoch());
    assert_eq!(start(&db, &site.clock).await.epoch(), restored.epoch);
    assert_eq!(backed_up(&db).await, heads(&db).await, "what came out of a back-up is in one");
    db.close().await;
    there.close().await;
}

async fn a_back_up_made_while_phones_push_is_one_moment(site: &Site) {
    site.furnish().await;
    let yard = Yard::new();
    let stop = Arc::new(AtomicBool::new(false));
    let pushing: Vec<_> = (0..4)
        .map(|which| {
            let (sync, stop) = (site.sync.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut phone = Phone::new(&format!("phone {which}"), lin());
                let mut pushed = 0;
                while !stop.load(Ordering::SeqCst) {
                    let batch: Vec<_> = (0..20)
                        .map(|i| phone.record(leak(&format!("{which} {pushed} {i}"))))
                        .collect();
                    phone.send(&sync, &batch).await.unwrap();
                    pushed += 1;
                }
                pushed
            })
        })
        .collect();
    for _ in 0..3 {
        let before = heads(&site.db).await;
        let made = yard.make(site).await;
        let after = heads(&site.db).await;
        let checked = backup::check(&made.folder, &yard.0.join("work.db")).await.unwrap();
        assert!(checked.report.is_sound(), "{:?}", checked.report);
        let copied: BTreeMap<_, _> =
            made.manifest.heads.iter().map(|(scope, head)| (*scope, head.seq)).collect();
        let project = |heads: &BTreeMap<Scope, u64>| heads[&scope()];
        assert!(project(&before) <= project(&copied) && project(&copied) <= project(&after));
        assert_eq!(checked.report.log_rows, copied.values().sum::<u64>());
        assert_eq!(backed_up(&site.db).await, copied);
    }
    stop.store(true, Ordering::SeqCst);
    for task in pushing {
        assert!(task.await.unwrap() > 0, "nobody pushed meanwhile");
    }
}

async fn phones_are_told_only_after_the_copy_was_checked(site: &Site) {
    lived_in(site).await;
    let yard = Yard::new();
    let told = async || {
        let phone = Phone::new("reader", boss());
        let mut tx = site.db.begin_read().await.unwrap();
        let head = scopes::head(&mut tx, phone.scope).await.unwrap();
        (head.seq, head.backed_up)
    };
    let (head, published) = told().await;
    assert_eq!(published, head, "where none is configured, committed counts");
    let mut tx = site.db.begin_write().await.unwrap();
    meta::set_backup(&mut tx, true).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(told().await, (head, 0));

    let good = sql("SELECT payload FROM log WHERE seq = 9 AND scope <> 'company'");
    let good: String = good.fetch_one(site.db.readers()).await.unwrap().get(0);
    let put = async |payload: &str| {
        let change = sql("UPDATE log SET payload = $1 WHERE seq = 9 AND scope <> 'company'");
        change.bind(payload.to_owned()).execute(site.db.writers()).await.unwrap();
    };
    put("{}").await;
    let problem = backup::make(&yard.backup(site)).await.unwrap_err();
    assert!(problem.contains("payload of log row 9 was changed"), "{problem}");
    assert_eq!(told().await, (head, 0), "nobody may let go of anything");
    assert!(backup::list(&yard.root()).is_empty());
    assert!(
        yard.root().join("unsound").join("guanjia.db").exists(),
        "kept for somebody to look at"
    );

    put(&good).await;
    yard.make(site).await;
    assert_eq!(told().await, (head, head));

    // A place that cannot be written to.
    let mut nowhere = yard.backup(site);
    nowhere.root = yard.0.join("file");
    fs::write(&nowhere.root, "x").unwrap();
    assert!(backup::make(&nowhere).await.is_err());

    Phone::new("second", lin()).does(&site.sync, leak("later")).await;
    assert_eq!(told().await, (head + 1, head));
    backup::stop(&site.db).await.unwrap();
    assert_eq!(told().await, (head + 1, head + 1), "no back-ups any more: committed counts again");
}

async fn backed_up_never_goes_back_and_never_beyond_the_log(site: &Site) {
    site.furnish().await;
    let head = heads(&site.db).await[&scope()];
    let mark = async |seq: u64| {
        let mut tx = site.db.begin_write().await.unwrap();
        scopes::mark_backed_up(&mut tx, scope(), seq).await.unwrap();
        tx.commit().await.unwrap();
        backed_up(&site.db).await[&scope()]
    };
    assert_eq!(mark(head + 1).await, 0);
    assert_eq!(mark(head).await, head);
    assert_eq!(mark(head - 1).await, head);
}

async fn the_oldest_goes_only_after_a_newer_one_was_checked(site: &Site) {
    lived_in(site).await;
    let yard = Yard::new();
    let backup = Backup { keep: 2, ..yard.backup(site) };
    let mut made = Vec::new();
    for removed in [0, 0, 1] {
        let one = backup::make(&backup).await.unwrap();
        assert_eq!(one.removed, removed);
        made.push(one.folder);
        site.clock.set(site.clock.now().plus(1_000));
    }
    let there = |folders: &[PathBuf]| folders.iter().map(|f| f.exists()).collect::<Vec<_>>();
    assert_eq!(there(&made), [false, true, true]);
    let harm = "UPDATE scopes SET head_hash = 'x' WHERE scope <> 'company'";
    sql(harm).execute(site.db.writers()).await.unwrap();
    let one = Backup { keep: 1, ..backup };
    backup::make(&one).await.unwrap_err();
    assert_eq!(there(&made), [false, true, true], "a failure takes nothing away");
    assert_eq!(backup::list(&yard.root()).len(), 2);
}

async fn the_one_that_was_made_last_is_the_newest_whatever_the_clocks_say(site: &Site) {
    lived_in(site).await;
    let yard = Yard::new();
    let backup = Backup { keep: 1, ..yard.backup(site) };
    // Of a node whose clock is an hour ahead.
    site.clock.set(TEN.plus(3_600_000));
    let first = backup::make(&backup).await.unwrap();
    site.clock.set(TEN);
    Phone::new("later", lin()).does(&site.sync, leak("in the second alone")).await;
    let second = backup::make(&backup).await.unwrap();
    assert!(!first.folder.exists() && second.folder.exists());
    assert_eq!(backed_up(&site.db).await, heads(&site.db).await);
    let kept: Vec<_> = backup::list(&yard.root()).into_iter().map(|(folder, _)| folder).collect();
    assert_eq!(kept, [second.folder], "what phones may let go of is in the one that is left");
}
