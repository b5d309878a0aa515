//! Verifying a database: whatever was changed behind the log is found.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use server::db::sql;
use server::sync::verify;

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

on_both!(
    a_changed_payload_is_found,
    a_changed_outcome_breaks_the_chain,
    a_row_taken_out_is_found,
    a_log_cut_short_is_found,
    a_record_missing_in_the_feed_is_found,
    a_record_taken_out_is_found,
);
