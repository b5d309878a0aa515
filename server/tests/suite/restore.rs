//! Restores: what is damaged is refused, nothing is overwritten, nothing is given twice; and the move to
//! PostgreSQL.

use std::fs;
use std::path::Path;

use crate::common::yard::*;
use crate::common::*;
use domain::sync::batch::sha256_hex;
use server::backup::{self, Lock, MANIFEST};
use server::db::{Db, sql};
use server::store::copy;
use sqlx::Row;

on_both!(
    a_damaged_back_up_is_refused_in_words_and_nothing_is_touched,
    a_full_database_is_not_overwritten,
    an_older_back_up_is_refused_while_a_newer_one_is_there,
    no_number_is_given_twice_after_a_restore,
    attachments_are_kept_once_for_all_back_ups_and_come_back_whole,
);

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    let place = place.min(bytes.len() - 1);
    bytes[place] ^= 1;
    fs::write(path, bytes).unwrap();
}

async fn a_damaged_back_up_is_refused_in_words_and_nothing_is_touched(site: &Site) {
    lived_in(site).await;
    let yard = Yard::new();
    let made = yard.make(site).await;
    let there = vacant(site).await;
    let ask = yard.restore(&made, there.db.url(), &site.clock);
    let file = made.folder.join(backup::DATABASE);
    let size = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
    for place in [20, size / 2, size - 1] {
        flip(&file, place);
        let problem = backup::restore(&ask).await.unwrap_err();
        assert!(problem.contains("damaged") && problem.contains("损坏"), "{problem}");
        flip(&file, place);
    }
    let manifest = made.folder.join(MANIFEST);
    let text = fs::read_to_string(&manifest).unwrap();
    let other =
        text.replacen(&format!("\"seq\": {}", made.manifest.heads[&scope()].seq), "\"seq\": 1", 1);
    assert_ne!(other, text);
    for wrong in [&other, &text[..text.len() / 2], ""] {
        fs::write(&manifest, wrong).unwrap();
        let problem = backup::restore(&ask).await.unwrap_err();
        assert!(problem.contains("damaged"), "{problem}");
    }
    fs::write(&manifest, text.replacen("\"format\": 1", "\"format\": 99", 1)).unwrap();
    let problem = backup::restore(&ask).await.unwrap_err();
    assert!(problem.contains("newer build"), "{problem}");
    fs::remove_file(&manifest).unwrap();
    let problem = backup::restore(&ask).await.unwrap_err();
    assert!(problem.contains("no back-up here"), "{problem}");

    let db = Db::connect(there.db.url()).await.unwrap();
    let mut tx = db.begin_read().await.unwrap();
    assert!(copy::is_unused(&mut tx).await.unwrap(), "nothing of it was restored");
    drop(tx);
    db.close().await;
    fs::write(&manifest, text).unwrap();
    backup::restore(&ask).await.unwrap();
    there.close().await;
}

async fn a_full_database_is_not_overwritten(site: &Site) {
    lived_in(site).await;
    let yard = Yard::new();
    let made = yard.make(site).await;
    let there = vacant(site).await;
    let mut ask = yard.restore(&made, there.db.url(), &site.clock);
    backup::restore(&ask).await.unwrap();
    let first = {
        let db = Db::connect(there.db.url()).await.unwrap();
        let rows = rows(&db).await;
        db.close().await;
        rows
    };
    let problem = backup::restore(&ask).await.unwrap_err();
    assert!(problem.contains("not empty"), "{problem}");
    ask.replace = true;
    let again = backup::restore(&ask).await;
    if site.is_postgres() {
        assert!(again.unwrap_err().contains("not empty"), "nothing in PostgreSQL is replaced");
    } else {
        let aside = again.unwrap().aside.unwrap();
        let old = Db::connect(&format!("sqlite:{}", aside.display())).await.unwrap();
        assert_eq!(rows(&old).await, first, "the one that gave way is whole");
        old.close().await;
        // Nor under a server that is writing to it.
        let serving = Lock::shared(there.db.url()).unwrap().unwrap();
        let problem = backup::restore(&ask).await.unwrap_err();
        assert!(problem.contains("stop it first"), "{problem}");
        drop(serving);
        backup::restore(&ask).await.unwrap();
    }
    there.close().await;
}

async fn an_older_back_up_is_refused_while_a_newer_one_is_there(site: &Site) {
    lived_in(site).await;
    let yard = Yard::new();
    let old = yard.make(site).await;
    site.clock.set(site.clock.now().plus(60_000));
    Phone::new("second", lin()).does(&site.sync, leak("later")).await;
    let new = yard.make(site).await;
    let there = vacant(site).await;
    let mut ask = yard.restore(&old, there.db.url(), &site.clock);
    let problem = backup::restore(&ask).await.unwrap_err();
    let newer = new.folder.file_name().unwrap().to_string_lossy();
    assert!(problem.contains(&*newer) && problem.contains("--older"), "{problem}");
    ask.older = true;
    ask.sign_out = true;
    backup::restore(&ask).await.unwrap();
    let db = Db::connect(there.db.url()).await.unwrap();
    let rows = rows(&db).await;
    assert!(rows["sessions"].is_empty() && !rows["credentials"].is_empty());
    db.close().await;
    there.close().await;
}

async fn no_number_is_given_twice_after_a_restore(site: &Site) {
    lived_in(site).await;
    let yard = Yard::new();
    let made = yard.make(site).await;
    let mut phone = Phone::new("second", lin());
    for name in ["after", "after it"] {
        phone.does(&site.sync, leak(name)).await;
    }
    let given = site.count("SELECT MAX(number) FROM tickets").await;
    let there = vacant(site).await;
    // Three days passed, in which any number of tickets may have been opened.
    site.clock.set(site.clock.now().plus(3 * domain::time::DAY));
    let restored =
        backup::restore(&yard.restore(&made, there.db.url(), &site.clock)).await.unwrap();
    assert_eq!(restored.series.len(), 1);
    let db = Db::connect(there.db.url()).await.unwrap();
    let sync = start(&db, &site.clock).await;
    Phone::new("chen", desk()).does(&sync, leak("new")).await;
    let number = sql("SELECT MAX(number) FROM tickets").fetch_one(db.readers()).await.unwrap();
    let number: i64 = number.get(0);
    assert!(number > given && number > 4_000, "{number} after {given}");
    assert_eq!(number.unsigned_abs(), restored.series[0].skipped_to + 1);
    sync.stop().await;
    db.close().await;
    there.close().await;
}

async fn attachments_are_kept_once_for_all_back_ups_and_come_back_whole(site: &Site) {
    lived_in(site).await;
    let yard = Yard::new();
    let mut named = Vec::new();
    for text in ["a photo", "another photo"] {
        let sha256 = sha256_hex(text.as_bytes());
        let folder = yard.data().join("blobs").join(&sha256[..2]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&sha256), text).unwrap();
        named.push((sha256, text));
    }
    fs::write(yard.data().join("checkpoint-codes.pem"), "a key").unwrap();
    let first = yard.make(site).await;
    assert_eq!((first.manifest.blobs.count, first.manifest.blobs.bytes), (2, 20));
    assert_eq!(first.manifest.blobs.missing, [photo(1).sha256], "never uploaded, and said so");
    let stored = |sha256: &str| yard.root().join("blobs").join(&sha256[..2]).join(sha256);
    let when = |sha256: &str| fs::metadata(stored(sha256)).unwrap().modified().unwrap();
    let before = when(&named[0].0);
    let second = yard.make(site).await;
    assert_eq!(when(&named[0].0), before);
    assert_eq!(second.manifest.blobs.count, 2);
    // Bytes that changed on the disk of the back-ups are not brought back as if they were the photo.
    fs::remove_file(stored(&named[1].0)).unwrap();
    fs::write(stored(&named[1].0), "another phot0").unwrap();

    let there = vacant(site).await;
    let ask = yard.restore(&second, there.db.url(), &site.clock);
    fs::create_dir_all(&ask.data).unwrap();
    fs::write(ask.data.join("checkpoint-codes.pem"), "a key of a new machine").unwrap();
    fs::create_dir_all(ask.data.join("blobs/ff")).unwrap();
    let own = format!("ff{}", "0".repeat(62));
    fs::write(ask.data.join("blobs/ff").join(&own), "arrived since").unwrap();
    let restored = backup::restore(&ask).await.unwrap();
    assert_eq!(restored.damaged.len(), 1);
    let back =
        |sha256: &str| fs::read_to_string(ask.data.join("blobs").join(&sha256[..2]).join(sha256));
    assert_eq!(back(&named[0].0).unwrap(), named[0].1);
    assert!(back(&named[1].0).is_err());
    assert_eq!(back(&own).unwrap(), "arrived since", "a restore never removes one");
    assert_eq!(fs::read_to_string(ask.data.join("checkpoint-codes.pem")).unwrap(), "a key");
    let kept = fs::read_dir(&ask.data).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(kept.into_iter().any(|name| name.to_string_lossy().contains("pem.replaced-")));
    there.close().await;
}

/// Runs once, where there is a PostgreSQL to move to.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_company_moves_to_postgresql_and_no_phone_notices() {
    let Some(there) = Site::postgres().await else { return };
    let site = Site::sqlite().await;
    lived_in(&site).await;
    let mut phone = Phone::new("lin", lin());
    phone.last = 7;
    let mut replica = phone.replica();
    replica.follow(&site.sync, &phone, 2_000).await;
    let before = rows(&site.db).await;
    there.sync.stop().await;
    let (from, to) = (site.db.url().to_owned(), there.db.url().to_owned());
    let serving = Lock::shared(&from).unwrap();
    let problem = backup::copy_to_postgres(&from, &to).await.unwrap_err();
    assert!(problem.contains("stop it first"), "{problem}");
    drop(serving);
    let problem = backup::copy_to_postgres(&from, &from).await.unwrap_err();
    assert!(problem.contains("postgres://"), "{problem}");
    let moved = backup::copy_to_postgres(&from, &to).await.unwrap();
    assert!(moved.report.is_sound() && moved.rows["log"] > 10);
    let db = Db::connect(&to).await.unwrap();
    assert_eq!(rows(&db).await, before);
    let problem = backup::copy_to_postgres(&from, &to).await.unwrap_err();
    assert!(problem.contains("not empty"), "{problem}");

    let sync = start(&db, &site.clock).await;
    assert_eq!(sync.epoch(), site.sync.epoch());
    let resets = replica.resets;
    phone.does(&sync, leak("on the other side")).await;
    replica.follow(&sync, &phone, 2_000).await;
    assert_eq!(replica.resets, resets, "it goes on from its cursor");
    assert!(replica.has(domain::modules::RecordKind::Ticket, ticket("on the other side").0));
    sync.stop().await;
    db.close().await;
    there.close().await;
    site.close().await;
}
