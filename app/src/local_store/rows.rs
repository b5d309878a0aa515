//! Rows on the phone: pulled pages, the base in blocks, the delta beside it. Each function runs inside
//! one transaction.

use std::collections::BTreeMap;

use domain::sync::client::{Page, ScopeMeta, Segment, StoreError, StoredRow};
use domain::sync::record::{RecordKey, Scope};
use wasm_bindgen::JsValue;

use super::encoding;
use super::idb::{self, Tx};
use super::schema::{self, ScopeRow};

/// Rows in a block of the base: large enough to be few, small enough to be written anew.
const BLOCK: usize = 500;
/// A delta is folded into the base at this many rows, or at a quarter of the base if that is more.
const DELTA_ROWS: u32 = 400;
/// As many pages cost more to read than the rows in them.
const DELTA_BLOCKS: u32 = 60;

pub async fn scope_row(tx: &Tx, scope: Scope) -> Result<ScopeRow, StoreError> {
    Ok(tx.read(schema::META, &idb::scope_key(scope)).await?.unwrap_or_default())
}

pub fn put_scope_row(tx: &Tx, scope: Scope, row: &ScopeRow) -> Result<(), StoreError> {
    tx.write(schema::META, &idb::scope_key(scope), row)
}

/// `None` when one of them cannot be read.
pub async fn blocks(
    tx: &Tx,
    store: &str,
    range: &JsValue,
) -> Result<Option<Vec<Segment>>, StoreError> {
    let stored = tx.get_all(store, range).await?;
    let decoded = stored.iter().map(|block| {
        let rows = idb::bytes(&block).and_then(|bytes| encoding::decode(&bytes));
        rows.map(Segment)
    });
    Ok(decoded.collect())
}

/// Throws the base of a scope away: rows that cannot be read can be pulled again, and must not stand between a
/// person and what was recorded here, which stays.
pub async fn forget_base(tx: &Tx, scope: Scope) -> Result<(), StoreError> {
    let row = scope_row(tx, scope).await?;
    for generation in [row.generation, row.shadow_generation()] {
        let range = idb::generation_range(scope, generation)?;
        tx.delete(schema::BASE, &range)?;
        tx.delete(schema::DELTA, &range)?;
    }
    let ScopeMeta { epoch, last_n, .. } = row.meta;
    let meta = ScopeMeta { epoch, last_n, ..ScopeMeta::default() };
    put_scope_row(tx, scope, &ScopeRow { meta, ..ScopeRow::default() })
}

fn count(rows: &[StoredRow]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

/// Keeps a pulled page; see `LocalStore::keep_page`.
pub async fn keep_page(tx: &Tx, page: &Page) -> Result<bool, StoreError> {
    let scope = page.scope;
    let mut row = scope_row(tx, scope).await?;
    if !page.continues(&row.meta) {
        return Ok(false);
    }
    if page.reset {
        let shadow = idb::generation_range(scope, row.shadow_generation())?;
        tx.delete(schema::BASE, &shadow)?;
        row.shadow = 0;
        row.shadow_rows = 0;
        row.meta.shadow_cursor = None;
    }
    row.meta.epoch = Some(page.epoch);
    if !page.rows.is_empty() {
        let block = idb::js_bytes(&encoding::encode(&page.rows));
        if page.snapshot {
            let key = idb::block_key(scope, row.shadow_generation(), row.shadow);
            tx.put(schema::BASE, &key, &block)?;
            row.shadow += 1;
            row.shadow_rows += count(&page.rows);
        } else {
            tx.put(schema::DELTA, &idb::block_key(scope, row.generation, row.delta), &block)?;
            row.delta += 1;
            row.delta_rows += count(&page.rows);
        }
    }
    if page.snapshot && !page.completes {
        row.meta.shadow_cursor = Some(page.cursor.clone());
        return put_scope_row(tx, scope, &row).map(|()| true);
    }
    if page.completes {
        tx.delete(schema::BASE, &idb::generation_range(scope, row.generation)?)?;
        tx.delete(schema::DELTA, &idb::generation_range(scope, row.generation)?)?;
        row.generation = row.shadow_generation();
        row.base_rows = row.shadow_rows;
        (row.delta, row.delta_rows, row.shadow, row.shadow_rows) = (0, 0, 0, 0);
    }
    row.meta.shadow_cursor = None;
    row.meta.cursor = Some(page.cursor.clone());
    row.meta.base_epoch = Some(page.epoch);
    row.meta.seq = page.seq;
    row.meta.backup_seq = page.backup_seq;
    row.meta.synced_at = Some(page.at);
    put_scope_row(tx, scope, &row).map(|()| true)
}

/// Folds the delta into fresh blocks under the next generation. Not while a snapshot is being
/// filled there: that one replaces everything anyway.
pub async fn compact(tx: &Tx, scope: Scope) -> Result<(), StoreError> {
    let mut row = scope_row(tx, scope).await?;
    let grown = row.delta_rows >= DELTA_ROWS.max(row.base_rows / 4) || row.delta >= DELTA_BLOCKS;
    if !grown || row.shadow > 0 || row.meta.shadow_cursor.is_some() {
        return Ok(());
    }
    let old = idb::generation_range(scope, row.generation)?;
    let mut merged: BTreeMap<RecordKey, StoredRow> = BTreeMap::new();
    let base = blocks(tx, schema::BASE, &old).await?;
    let delta = blocks(tx, schema::DELTA, &old).await?;
    // Whoever loads them next finds what cannot be read.
    let (Some(base), Some(delta)) = (base, delta) else { return Ok(()) };
    for stored in base.into_iter().chain(delta).flat_map(|segment| segment.0) {
        let key = RecordKey { kind: stored.kind, id: stored.id };
        if stored.body.is_some() {
            merged.insert(key, stored);
        } else {
            merged.remove(&key);
        }
    }
    let rows: Vec<StoredRow> = merged.into_values().collect();
    let generation = row.shadow_generation();
    for (index, block) in (0u32..).zip(rows.chunks(BLOCK)) {
        let key = idb::block_key(scope, generation, index);
        tx.put(schema::BASE, &key, &idb::js_bytes(&encoding::encode(block)))?;
    }
    tx.delete(schema::BASE, &old)?;
    tx.delete(schema::DELTA, &old)?;
    row.generation = generation;
    row.base_rows = count(&rows);
    (row.delta, row.delta_rows) = (0, 0);
    put_scope_row(tx, scope, &row)
}
