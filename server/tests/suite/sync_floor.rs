//! What a reader is to hold: tombstones that are forgotten, and the sum that tells a mistake.

use crate::common::*;
use domain::actor::Role;
use domain::modules::RecordKind;
use domain::modules::tickets::AssignTicket;
use domain::sync::RecordKey;
use domain::sync::checksum::Checksum;
use domain::time::DAY;
use server::store::floor::TOMBSTONES_KEPT;
use server::sync::Asked;

/// Tombstones that the feed still has.
async fn tombstones(site: &Site) -> i64 {
    let count = "SELECT COUNT(*) FROM feed WHERE gone = 1 AND kind = 'ticket'";
    let row = server::db::sql(count).fetch_one(site.db.readers()).await.unwrap();
    sqlx::Row::get(&row, 0)
}

/// A ticket that the pool saw is given to one of its people.
async fn taken_from_the_pool(site: &Site, name: &str) {
    let mut office = Phone::new(&format!("boss-{name}"), boss());
    let assign = AssignTicket { ticket: ticket(name), to: chen().user, note: String::new() };
    office.does(&site.sync, assign).await;
}

fn wang() -> Phone {
    Phone::new("r-wang", person("wang", Role::Technician, vec![]))
}

/// The sum that the server tells a reader, and what the reader makes of its own rows.
async fn sums(site: &Site, reader: &Phone, replica: &mut Replica) -> (String, String) {
    let told = loop {
        let cursor = replica.cursor.clone();
        let asked = Asked { cursor: cursor.as_deref(), limit: 7, check: true, repair: false };
        let page =
            site.sync.pull_asked(reader.scope, &reader.actor, reader.device, asked).await.unwrap();
        let told = page.checksum.clone();
        assert_eq!(told.is_some(), !page.more, "on the page that ends the pull, and only there");
        if !replica.keep(page) {
            break told.unwrap();
        }
    };
    let own: Checksum = replica.rows.iter().map(|(key, (seq, _))| (*key, *seq)).collect();
    (told, own.text())
}

async fn old_tombstones_are_forgotten_and_who_stands_before_them_begins_anew(site: &Site) {
    site.furnish().await;
    let mut steward = Phone::new("lin", lin());
    steward.does(&site.sync, leak("one")).await;
    let (early, late) = (wang(), Phone::new("r-wang2", wang().actor));
    let (mut before, mut after) = (early.replica(), late.replica());
    before.follow(&site.sync, &early, 100).await;
    assert!(before.has(RecordKind::Ticket, ticket("one").0));
    taken_from_the_pool(site, "one").await;
    after.follow(&site.sync, &late, 100).await;

    // The day it happened, and until the time is over, nothing is forgotten.
    site.sync.compact_feed(None).await.unwrap();
    site.clock.set(TEN.plus(TOMBSTONES_KEPT - DAY));
    assert_eq!(site.sync.compact_feed(None).await.unwrap(), 0);
    assert!(tombstones(site).await > 0);

    // Something that is younger than the floor.
    let mut other = Phone::new("lin2", lin());
    other.does(&site.sync, leak("two")).await;
    let mut young = Phone::new("r-wang3", wang().actor).replica();
    young.follow(&site.sync, &wang(), 100).await;
    taken_from_the_pool(site, "two").await;

    site.clock.set(TEN.plus(TOMBSTONES_KEPT));
    assert!(site.sync.compact_feed(None).await.unwrap() > 0);
    assert_eq!(tombstones(site).await, 1, "the second ticket's is still needed");

    before.follow(&site.sync, &early, 100).await;
    assert_eq!(before.resets, 2, "the feed says no more what has left: a snapshot");
    assert!(!before.has(RecordKind::Ticket, ticket("one").0));
    after.follow(&site.sync, &late, 100).await;
    assert_eq!(after.resets, 1, "it stood at the floor and missed nothing");
    young.follow(&site.sync, &wang(), 100).await;
    assert_eq!(young.resets, 1);
    assert!(!young.has(RecordKind::Ticket, ticket("two").0), "told by a tombstone");
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

async fn who_has_everything_is_not_sent_it_again_for_the_floor(site: &Site) {
    site.furnish().await;
    let reader = wang();
    let mut replica = reader.replica();
    replica.follow(&site.sync, &reader, 100).await;
    site.sync.compact_feed(None).await.unwrap();
    site.clock.set(TEN.plus(2 * TOMBSTONES_KEPT));
    site.sync.compact_feed(None).await.unwrap();
    replica.follow(&site.sync, &reader, 100).await;
    assert_eq!(replica.resets, 1);
}

async fn the_sum_is_that_of_what_the_reader_holds(site: &Site) {
    site.furnish().await;
    let mut steward = Phone::new("lin", lin());
    for name in ["one", "two", "three"] {
        steward.does(&site.sync, leak(name)).await;
    }
    taken_from_the_pool(site, "two").await;
    let readers = [wang(), Phone::new("r-lin", lin()), Phone::new("r-boss", boss())];
    let mut all = Vec::new();
    for reader in &readers {
        let mut replica = reader.replica();
        let (told, own) = sums(site, reader, &mut replica).await;
        assert_eq!(told, own);
        steward.does(&site.sync, leak(&format!("more-{}", all.len()))).await;
        let (told, own) = sums(site, reader, &mut replica).await;
        assert_eq!(told, own, "after an increment");
        // A row that the phone lost, one that it kept too long, one that it has of before.
        let lost = replica.rows.pop_last().unwrap();
        let (told, own) = sums(site, reader, &mut replica).await;
        assert_ne!(told, own, "lost");
        replica.rows.insert(lost.0, (lost.1.0 - 1, lost.1.1.clone()));
        let (told, own) = sums(site, reader, &mut replica).await;
        assert_ne!(told, own, "stale");
        replica.rows.insert(lost.0, lost.1);
        let ghost = RecordKey { kind: RecordKind::Ticket, id: uuid::Uuid::from_u128(7) };
        replica.rows.insert(ghost, (1, "{}".into()));
        let (told, own) = sums(site, reader, &mut replica).await;
        assert_ne!(told, own, "kept");
        all.push(told);
    }
    assert!(all[0] != all[1] && all[1] != all[2], "each reader holds something else");
}

async fn a_reader_who_asks_for_repair_gets_a_snapshot_whatever_its_cursor(site: &Site) {
    site.furnish().await;
    let reader = wang();
    let mut replica = reader.replica();
    replica.follow(&site.sync, &reader, 100).await;
    let cursor = replica.cursor.clone();
    let asked = Asked { cursor: cursor.as_deref(), limit: 2_000, check: true, repair: true };
    let page =
        site.sync.pull_asked(reader.scope, &reader.actor, reader.device, asked).await.unwrap();
    assert!(page.reset && !page.rows.is_empty());
}

on_both!(
    old_tombstones_are_forgotten_and_who_stands_before_them_begins_anew,
    who_has_everything_is_not_sent_it_again_for_the_floor,
    the_sum_is_that_of_what_the_reader_holds,
    a_reader_who_asks_for_repair_gets_a_snapshot_whatever_its_cursor,
);
