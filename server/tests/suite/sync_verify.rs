//! Verifying a database: whatever was changed behind the log is found.

use std::collections::BTreeSet;

use crate::common::*;
use domain::modules::tickets::NoteTicket;
use domain::sync::OutcomeKind;
use server::db::sql;
use server::sync::{verify, verify_with};

async fn tamper(site: &Site, statement: &str) {
    let changed = sql(statement).execute(site.db.writers()).await.unwrap();
    assert_eq!(changed.rows_affected(), 1, "{statement}");
}

/// A sound site with a few tickets in it.
async fn lived_in(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    for name in ["one", "two", "three"] {
        phone.does(&site.sync, leak(name)).await;
    }
    let report = verify(&site.db).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.scopes, 2);
    assert!(report.log_rows > 10 && report.records > 10);
}

async fn finds(site: &Site, words: &str) {
    let report = verify(&site.db).await.unwrap();
    assert!(report.problems.iter().any(|problem| problem.contains(words)), "{words}: {report:?}");
}

async fn a_changed_payload_is_found(site: &Site) {
    lived_in(site).await;
    tamper(site, "UPDATE log SET payload = '{}' WHERE seq = 9 AND scope <> 'company'").await;
    finds(site, "payload of log row 9 was changed").await;
}

async fn a_changed_outcome_breaks_the_chain(site: &Site) {
    lived_in(site).await;
    tamper(site, "UPDATE log SET reply = '{}' WHERE seq = 9 AND scope <> 'company'").await;
    finds(site, "chain breaks at log row 9").await;
}

async fn a_row_taken_out_is_found(site: &Site) {
    lived_in(site).await;
    tamper(site, "DELETE FROM log WHERE seq = 5 AND scope <> 'company'").await;
    finds(site, "log rows 5 to 5 are missing").await;
}

async fn a_log_cut_short_is_found(site: &Site) {
    lived_in(site).await;
    tamper(site, "DELETE FROM log WHERE scope <> 'company' AND seq = (SELECT MAX(seq) FROM log WHERE scope <> 'company')").await;
    finds(site, "the log ends at").await;
}

async fn a_record_missing_in_the_feed_is_found(site: &Site) {
    lived_in(site).await;
    tamper(
        site,
        "DELETE FROM feed WHERE kind = 'ticket' AND channel = 'office'
                  AND record_id = (SELECT MIN(id) FROM tickets)",
    )
    .await;
    finds(site, "the feed says").await;
}

async fn a_record_taken_out_is_found(site: &Site) {
    lived_in(site).await;
    tamper(site, "DELETE FROM tickets WHERE number = 2").await;
    finds(site, "there is no such record").await;
}

/// Commands that wait and commands that were refused, besides.
async fn with_queues(site: &Site) {
    lived_in(site).await;
    let mut phone = Phone::new("second", lin());
    let mut early = NoteTicket {
        ticket: ticket("not here"),
        note: "x".into(),
        photos: Vec::new(),
        settles_conflict: false,
        counts: None,
    };
    assert_eq!(phone.does(&site.sync, early.clone()).await.outcome, OutcomeKind::Held);
    assert_eq!(phone.does(&site.sync, leak("one")).await.outcome, OutcomeKind::Refused);
    early.ticket = ticket("later");
    early.photos = vec![photo(3)];
    phone.does(&site.sync, early).await;
    phone.does(&site.sync, leak("later")).await;
    let report = verify(&site.db).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.attachments, report.missing), (1, vec![photo(3).sha256]));
}

async fn a_device_whose_last_number_is_not_the_logs_is_found(site: &Site) {
    lived_in(site).await;
    let of = format!("device = '{}'", device("lin"));
    tamper(site, &format!("UPDATE device_heads SET n = n - 1 WHERE {of}")).await;
    finds(site, "is known by number 2, the log has it at 3").await;
    tamper(site, &format!("DELETE FROM device_heads WHERE {of}")).await;
    finds(site, "is known by number 0, the log has it at 3").await;
}

async fn a_command_that_waits_no_more_and_was_not_settled_is_found(site: &Site) {
    with_queues(site).await;
    tamper(site, "UPDATE held SET payload = '{}'").await;
    finds(site, "waits, but the log does not have it so").await;
    tamper(site, "DELETE FROM held").await;
    finds(site, "was held, and neither waits nor was settled").await;
}

async fn a_settlement_that_is_gone_is_found(site: &Site) {
    with_queues(site).await;
    tamper(site, "DELETE FROM settlements").await;
    finds(site, "was held, and neither waits nor was settled").await;
}

async fn what_the_office_would_not_see_is_found(site: &Site) {
    with_queues(site).await;
    tamper(site, "UPDATE quarantine SET code = 'x'").await;
    finds(site, "with another command or outcome than in the log").await;
    tamper(site, "DELETE FROM quarantine").await;
    finds(site, "was refused or is in conflict, and is not in the quarantine").await;
}

async fn an_attachment_nobody_waits_for_or_without_its_file_is_found(site: &Site) {
    lived_in(site).await;
    let mut with_photo = leak("four");
    with_photo.photos = vec![photo(1)];
    Phone::new("second", lin()).does(&site.sync, with_photo).await;
    let sha256 = photo(1).sha256;
    let insert = format!(
        "INSERT INTO blobs (sha256, size, mime, received, complete, uploaded_by, at)
         VALUES ('{}', 9, 'image/jpeg', 9, 1, NULL, 1)",
        sha256.0
    );
    tamper(site, &insert).await;
    assert!(verify(&site.db).await.unwrap().missing.is_empty(), "it has arrived");
    let files = BTreeSet::from([sha256.clone()]);
    assert!(verify_with(&site.db, Some(&files)).await.unwrap().is_sound());
    let report = verify_with(&site.db, Some(&BTreeSet::new())).await.unwrap();
    assert!(report.problems[0].contains("has no file"), "{report:?}");
    assert_eq!(report.missing, [sha256]);
    tamper(site, "DELETE FROM blob_refs").await;
    finds(site, "nobody waits for it").await;
}

/// PostgreSQL does not let it happen.
#[tokio::test]
async fn a_row_that_refers_to_nothing_is_found() {
    let site = Site::sqlite().await;
    lived_in(&site).await;
    sql("PRAGMA foreign_keys = OFF").execute(site.db.writers()).await.unwrap();
    tamper(&site, "UPDATE buildings SET cluster_id = 'x' WHERE number = 'a'").await;
    finds(&site, "1 rows of buildings refer to rows of clusters that are not there").await;
    site.close().await;
}

on_both!(
    a_changed_payload_is_found,
    a_changed_outcome_breaks_the_chain,
    a_row_taken_out_is_found,
    a_log_cut_short_is_found,
    a_record_missing_in_the_feed_is_found,
    a_record_taken_out_is_found,
    a_device_whose_last_number_is_not_the_logs_is_found,
    a_command_that_waits_no_more_and_was_not_settled_is_found,
    a_settlement_that_is_gone_is_found,
    what_the_office_would_not_see_is_found,
    an_attachment_nobody_waits_for_or_without_its_file_is_found,
);
