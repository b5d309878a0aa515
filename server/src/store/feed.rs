//! The feed: for each channel, the sequence of each record's last change there.
//!
//! State-based, so its size is that of the data, and an incremental pull costs what has changed.

use std::collections::{BTreeMap, BTreeSet};

use domain::modules::RecordKind;
use domain::sync::batch::FeedRow;
use domain::sync::checksum::Checksum;
use domain::sync::{RecordKey, Scope};
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use super::bulk::{self, Cell};
use super::{About, Result, StoreError, json, parsed, rows, unsigned};
use crate::db::{Dialect, Ty, sql};

const TABLE: &str = "feed";

pub async fn write(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    feed: &[FeedRow],
) -> Result<()> {
    let scope = scope.to_string();
    // A record may name a channel twice; one statement may not touch a row twice.
    let mut seen = BTreeSet::new();
    let rows = feed
        .iter()
        .filter(|row| seen.insert((row.channel, row.kind, row.id)))
        .map(|row| {
            vec![
                Cell::from(&*scope),
                row.channel.to_string().into(),
                Cell::from(row.kind.name()),
                row.id.to_string().into(),
                Cell::from(row.seq),
                i64::from(row.gone).into(),
            ]
        })
        .collect();
    let columns = [
        ("scope", Ty::Text),
        ("channel", Ty::Text),
        ("kind", Ty::Text),
        ("record_id", Ty::Text),
        ("seq", Ty::Int),
        ("gone", Ty::Int),
    ];
    const CONFLICT: &str = "ON CONFLICT (scope, channel, kind, record_id)
         DO UPDATE SET seq = excluded.seq, gone = excluded.gone";
    bulk::insert(tx, dialect, TABLE, &columns, CONFLICT, rows).await
}

/// A place in a snapshot: record kind and id, compared by bytes as the database does.
pub type Position = (String, String);

/// One union over the channels: each part walks its own index and stops at the limit.
fn over_channels(channels: &[String], part: impl Fn(usize) -> String) -> String {
    let parts: Vec<String> = (0..channels.len())
        .map(|index| format!("SELECT * FROM ({}) AS p{index}", part(4 + index)))
        .collect();
    parts.join(" UNION ALL ")
}

/// Up to `limit` records that speak on one of the channels, after a position, in order. Fewer than
/// `limit` means that there are no more.
pub async fn present_after(
    connection: &mut AnyConnection,
    scope: Scope,
    channels: &[String],
    after: &Position,
    limit: usize,
) -> Result<Vec<RecordKey>> {
    let select = over_channels(channels, |place| {
        format!(
            "SELECT kind, record_id FROM feed WHERE scope = $1 AND channel = ${place}
             AND (kind, record_id) > ($2, $3) AND gone = 0
             ORDER BY kind, record_id LIMIT {limit}"
        )
    });
    let mut query = sql(select).bind(scope.to_string()).bind(after.0.clone()).bind(after.1.clone());
    for channel in channels {
        query = query.bind(channel.clone());
    }
    let found = query.fetch_all(connection).await.about(TABLE)?;
    let mut positions = BTreeSet::new();
    for row in &found {
        positions.insert((
            row.try_get::<&str, _>(0).about(TABLE)?,
            row.try_get::<&str, _>(1).about(TABLE)?,
        ));
    }
    positions.into_iter().take(limit).map(|(kind, id)| key(kind, id)).collect()
}

fn key(kind: &str, id: &str) -> Result<RecordKey> {
    let kind = RecordKind::from_name(kind)
        .ok_or_else(|| StoreError::decode(TABLE, format!("unknown record kind {kind}")))?;
    let id = id.parse().map_err(|error| StoreError::decode(TABLE, error))?;
    Ok(RecordKey { kind, id })
}

/// Records that changed on a reader's channels.
#[derive(Debug, Default)]
pub struct Changes {
    /// Each record once: its last sequence here, and whether it still speaks on a channel on which
    /// it changed.
    pub records: BTreeMap<RecordKey, (u64, bool)>,
    /// Everything up to here is in `records`.
    pub complete_to: u64,
    /// More changes lie between `complete_to` and the head.
    pub more: bool,
}

/// Changes after a sequence and up to `head`, cut at a whole sequence after about `limit` records.
pub async fn changes(
    connection: &mut AnyConnection,
    scope: Scope,
    channels: &[String],
    after: u64,
    head: u64,
    limit: usize,
) -> Result<Changes> {
    let mut limit = limit.max(1);
    loop {
        if let Some(changes) = try_changes(connection, scope, channels, after, head, limit).await? {
            return Ok(changes);
        }
        // One sequence holds more than the limit; a page has to hold it whole.
        limit *= 4;
    }
}

/// What changed on each channel after `$2` and up to `$3`, up to `limit` rows of each.
fn changed(channels: &[String], limit: usize) -> String {
    over_channels(channels, |place| {
        format!(
            "SELECT channel, kind, record_id, seq, gone FROM feed
             WHERE scope = $1 AND channel = ${place} AND seq > $2 AND seq <= $3
             ORDER BY seq LIMIT {limit}"
        )
    })
}

async fn try_changes(
    connection: &mut AnyConnection,
    scope: Scope,
    channels: &[String],
    after: u64,
    head: u64,
    limit: usize,
) -> Result<Option<Changes>> {
    let select = changed(channels, limit);
    let mut query =
        sql(select).bind(scope.to_string()).bind(after.cast_signed()).bind(head.cast_signed());
    for channel in channels {
        query = query.bind(channel.clone());
    }
    let found = query.fetch_all(connection).await.about(TABLE)?;

    // A channel that filled its limit may have more rows at its last sequence: nothing from there
    // on is complete.
    let mut counts: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for row in &found {
        let channel = row.try_get::<&str, _>(0).about(TABLE)?;
        let seq = unsigned(row, TABLE, 3)?;
        let entry = counts.entry(channel).or_default();
        *entry = (entry.0 + 1, entry.1.max(seq));
    }
    let cut = counts.values().filter(|(count, _)| *count >= limit).map(|(_, last)| last - 1).min();
    let mut complete_to = cut.unwrap_or(head);
    if complete_to <= after && cut.is_some() {
        return Ok(None);
    }
    // Together the channels may hold more than a page.
    let mut seqs = Vec::with_capacity(found.len());
    for row in &found {
        seqs.push(unsigned(row, TABLE, 3)?);
    }
    seqs.retain(|seq| *seq <= complete_to);
    seqs.sort_unstable();
    if let Some(boundary) = seqs.get(limit)
        && let Some(last) = seqs[..limit].iter().rev().find(|seq| **seq < *boundary)
    {
        complete_to = *last;
    }
    let mut changes = Changes { complete_to, more: complete_to < head, ..Changes::default() };
    for row in &found {
        let seq = unsigned(row, TABLE, 3)?;
        if seq > changes.complete_to {
            continue;
        }
        let key = key(row.try_get(1).about(TABLE)?, row.try_get(2).about(TABLE)?)?;
        let present = unsigned(row, TABLE, 4)? == 0;
        let entry = changes.records.entry(key).or_insert((seq, present));
        *entry = (entry.0.max(seq), entry.1 || present);
    }
    Ok(Some(changes))
}

/// Which of these records speak on one of the channels now.
pub async fn present(
    connection: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    channels: &[String],
    keys: &[RecordKey],
) -> Result<BTreeSet<RecordKey>> {
    #[derive(Serialize)]
    struct Wanted {
        kind: &'static str,
        id: uuid::Uuid,
    }
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let set: Vec<_> = keys.iter().map(|key| Wanted { kind: key.kind.name(), id: key.id }).collect();
    let select = format!(
        "SELECT DISTINCT f.kind, f.record_id FROM {} CROSS JOIN feed f
         WHERE f.scope = $2 AND f.channel IN ({}) AND f.kind = x.kind AND f.record_id = x.id
           AND f.gone = 0",
        dialect.rows(1, &[("kind", Ty::Text), ("id", Ty::Text)]),
        dialect.texts(3)
    );
    let parameters = [&*json(&set), &scope.to_string(), &json(&channels)];
    let found = rows(connection, TABLE, select, &parameters).await?;
    found
        .iter()
        .map(|row| key(row.try_get(0).about(TABLE)?, row.try_get(1).about(TABLE)?))
        .collect()
}

/// Everything that a reader of these channels is to hold: each record once, with the sequence of its
/// last change. As many rows as there are records; see `domain::sync::checksum` for how rarely.
pub async fn holds(
    connection: &mut AnyConnection,
    scope: Scope,
    channels: &[String],
) -> Result<Checksum> {
    let places: Vec<String> = (0..channels.len()).map(|index| format!("${}", index + 2)).collect();
    let select = format!(
        "SELECT kind, record_id, MAX(seq) FROM feed
         WHERE scope = $1 AND channel IN ({}) AND gone = 0 GROUP BY kind, record_id",
        places.join(", ")
    );
    let mut query = sql(select).bind(scope.to_string());
    for channel in channels {
        query = query.bind(channel.clone());
    }
    let found = query.fetch_all(connection).await.about(TABLE)?;
    let mut sum = Checksum::default();
    for row in &found {
        let key = key(row.try_get(0).about(TABLE)?, row.try_get(1).about(TABLE)?)?;
        sum.add(key, unsigned(row, TABLE, 2)?);
    }
    Ok(sum)
}

/// Everything that is present in a scope's feed: record, channel, sequence.
pub async fn all_present(
    connection: &mut AnyConnection,
    scope: Scope,
    kind: RecordKind,
) -> Result<BTreeMap<uuid::Uuid, BTreeSet<String>>> {
    let select = "SELECT record_id, channel FROM feed WHERE scope = $1 AND kind = $2 AND gone = 0";
    let found = rows(connection, TABLE, select.into(), &[&scope.to_string(), kind.name()]).await?;
    let mut all: BTreeMap<uuid::Uuid, BTreeSet<String>> = BTreeMap::new();
    for row in &found {
        all.entry(parsed(row, TABLE, 0)?).or_default().insert(row.try_get(1).about(TABLE)?);
    }
    Ok(all)
}

/// Writes the names of a set of channels as the feed stores them.
pub fn names(channels: &[domain::sync::Channel]) -> Vec<String> {
    channels.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::db::Db;

    #[tokio::test]
    async fn a_pull_finds_what_changed_in_the_index_alone_however_large_the_feed() {
        let name = format!("guanjia-plan-{}.db", Clock::system().uuid());
        let file = std::env::temp_dir().join(name);
        let db = Db::connect(&format!("sqlite:{}", file.display())).await.unwrap();
        let plan = sql(format!("EXPLAIN QUERY PLAN {}", changed(&["all".into()], 9)));
        let plan = plan.bind("company").bind(1_i64).bind(2_i64).bind("all");
        let plan = plan.fetch_all(db.readers()).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.try_get("detail").unwrap()).collect();
        let index = "USING COVERING INDEX feed_changes (scope=? AND channel=? AND seq>? AND seq<?)";
        assert!(steps.iter().any(|step| step.contains(index)), "{steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
        db.close().await;
        std::fs::remove_file(file).ok();
    }
}
