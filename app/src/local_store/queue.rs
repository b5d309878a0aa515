//! Commands on the phone: recorded, answered, settled, backed up, replayed. Each function is the
//! body of one transaction; `LocalStore` says what each has to hold.

use std::collections::{BTreeMap, BTreeSet};

use domain::Ms;
use domain::id::OpId;
use domain::modules::attachments::Sha256Hex;
use domain::order;
use domain::sync::client::{
    Answers, AttentionEntry, Blob, BlobState, JournalEntry, NewBlob, NewCommand, OutboxEntry,
    Queue, StoreError,
};
use domain::sync::outcome::{Outcome, OutcomeKind};
use domain::sync::record::Scope;
use uuid::Uuid;
use wasm_bindgen::JsValue;

use super::idb::{self, Tx, entry_key};
use super::rows::{put_scope_row, scope_row};
use super::schema::{
    ATTENTION, BLOB_META, BLOBS, DRAFTS, JOURNAL, META, OPS, OUTBOX, ScopeRow, meta_key,
};

pub const STORES: [&str; 4] = [META, OUTBOX, JOURNAL, ATTENTION];
pub const RECORD_STORES: [&str; 7] = [META, OUTBOX, JOURNAL, OPS, BLOBS, BLOB_META, DRAFTS];
pub const ALL_STORES: [&str; 7] = [META, OUTBOX, JOURNAL, ATTENTION, OPS, BLOBS, BLOB_META];

pub async fn read(tx: &Tx, scope: Scope, row: ScopeRow) -> Result<Queue, StoreError> {
    let range = idb::scope_range(scope)?;
    Ok(Queue {
        meta: row.meta,
        outbox: tx.read_all(OUTBOX, &range).await?,
        journal: tx.read_all(JOURNAL, &range).await?,
        attention: tx.read_all(ATTENTION, &range).await?,
    })
}

/// Numbers are taken here, in the transaction that stores the commands, so that tabs cannot collide.
pub async fn record(
    tx: &Tx,
    commands: Vec<NewCommand>,
    blobs: Vec<NewBlob>,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let mut rows: Vec<(Scope, ScopeRow)> = Vec::new();
    let mut entries = Vec::with_capacity(commands.len());
    for command in commands {
        let scope = command.scope;
        let known = rows.iter().position(|(known, _)| *known == scope);
        let index = match known {
            Some(index) => index,
            None => {
                rows.push((scope, scope_row(tx, scope).await?));
                rows.len() - 1
            }
        };
        if let Some(draft) = &command.draft {
            tx.delete(DRAFTS, &JsValue::from_str(draft))?;
            // Its parts: everything that begins with the key and a stroke.
            tx.delete(DRAFTS, &idb::text_range(&format!("{draft}/"), &format!("{draft}0"))?)?;
        }
        if let Some(known) = known_entry(tx, scope, command.op).await? {
            entries.push(known);
            continue;
        }
        let meta = &mut rows[index].1.meta;
        meta.last_n += 1;
        let entry = OutboxEntry {
            scope,
            n: meta.last_n,
            op: command.op,
            kind: command.kind,
            at_device: command.at_device,
            offset: command.offset,
            payload: command.payload,
            blobs: command.blobs,
        };
        tx.write(OUTBOX, &entry_key(scope, entry.n), &entry)?;
        tx.write(OPS, &idb::op_key(scope, entry.op), &entry.n)?;
        entries.push(entry);
    }
    for (scope, row) in &rows {
        put_scope_row(tx, *scope, row)?;
    }
    for blob in blobs {
        keep_blob(tx, &entries, blob).await?;
    }
    Ok(entries)
}

/// The command with that id, when it is here already: an answer that was lost with the connection
/// makes somebody press the button again.
async fn known_entry(tx: &Tx, scope: Scope, op: OpId) -> Result<Option<OutboxEntry>, StoreError> {
    let Some(n) = tx.read::<u64>(OPS, &idb::op_key(scope, op)).await? else { return Ok(None) };
    let key = entry_key(scope, n);
    if let Some(waiting) = tx.read(OUTBOX, &key).await? {
        return Ok(Some(waiting));
    }
    Ok(tx.read::<JournalEntry>(JOURNAL, &key).await?.map(|stored| stored.entry))
}

async fn keep_blob(tx: &Tx, entries: &[OutboxEntry], new: NewBlob) -> Result<(), StoreError> {
    let key = JsValue::from_str(&new.sha256.0);
    // The same bytes may have been kept for an earlier command, and be on the server already.
    if tx.read::<Blob>(BLOB_META, &key).await?.is_some() {
        return Ok(());
    }
    let named = entries.iter().find(|entry| entry.blobs.contains(&new.sha256));
    let Some(entry) = named.or(entries.first()) else { return Ok(()) };
    let meta = Blob {
        size: new.bytes.len() as u64,
        sha256: new.sha256,
        mime: new.mime,
        state: BlobState::Pending,
        scope: entry.scope,
        n: entry.n,
        sent: 0,
        refused: None,
    };
    tx.put(BLOBS, &key, &idb::js_bytes(&new.bytes))?;
    tx.write(BLOB_META, &key, &meta)
}

/// Puts an outcome that needs a person into attention, takes away one that no longer does. `stored` is
/// what attention holds of that number.
fn update_attention(
    tx: &Tx,
    entry: &OutboxEntry,
    outcome: &Outcome,
    stored: Option<&AttentionEntry>,
    at: Ms,
) -> Result<(), StoreError> {
    let key = entry_key(entry.scope, entry.n);
    if !outcome.outcome.needs_attention() {
        return if stored.is_some() { tx.delete(ATTENTION, &key) } else { Ok(()) };
    }
    let since = stored.map_or(at, |stored| stored.since);
    let attention = AttentionEntry { entry: entry.clone(), outcome: outcome.clone(), since };
    tx.write(ATTENTION, &key, &attention)
}

fn by_number<E>(entries: Vec<E>, n: fn(&E) -> u64) -> BTreeMap<u64, E> {
    order::map_of(entries.into_iter().map(|entry| (n(&entry), entry)))
}

pub async fn answered(tx: &Tx, answers: Answers) -> Result<bool, StoreError> {
    let Answers { scope, sent_under, epoch, outcomes, at } = answers;
    let mut row = scope_row(tx, scope).await?;
    if row.meta.epoch != Some(epoch) && row.meta.epoch != sent_under {
        return Ok(false);
    }
    if row.meta.epoch != Some(epoch) {
        row.meta.epoch = Some(epoch);
        put_scope_row(tx, scope, &row)?;
    }
    let numbers = || outcomes.iter().map(|outcome| outcome.n);
    let (Some(first), Some(last)) = (numbers().min(), numbers().max()) else { return Ok(true) };
    // Hundreds are answered together: asked for one by one, each would wait for its own event.
    let range = idb::entry_range(scope, first, last)?;
    let mut outbox = by_number::<OutboxEntry>(tx.read_all(OUTBOX, &range).await?, |e| e.n);
    let mut journal = by_number::<JournalEntry>(tx.read_all(JOURNAL, &range).await?, |e| e.entry.n);
    let attention =
        by_number::<AttentionEntry>(tx.read_all(ATTENTION, &range).await?, |e| e.entry.n);
    for outcome in outcomes {
        let key = entry_key(scope, outcome.n);
        let waiting = outbox.remove(&outcome.n).filter(|entry| entry.op == outcome.op);
        let (entry, is_news) = match (waiting, journal.remove(&outcome.n)) {
            (Some(entry), _) => {
                tx.delete(OUTBOX, &key)?;
                (entry, true)
            }
            (None, Some(stored)) if stored.epoch != epoch && stored.entry.op == outcome.op => {
                let is_news = stored.outcome.outcome != outcome.outcome;
                (stored.entry, is_news)
            }
            _ => continue,
        };
        // What a person has dealt with is not raised again by the same answer in a new epoch.
        let raised = attention.get(&outcome.n);
        if is_news || raised.is_some() {
            update_attention(tx, &entry, &outcome, raised, at)?;
        }
        tx.write(JOURNAL, &key, &JournalEntry { entry, outcome, epoch })?;
    }
    Ok(true)
}

pub async fn settled(
    tx: &Tx,
    scope: Scope,
    outcomes: Vec<Outcome>,
    at: Ms,
) -> Result<(), StoreError> {
    let range = idb::scope_range(scope)?;
    let journal: Vec<JournalEntry> = tx.read_all(JOURNAL, &range).await?;
    let attention =
        by_number::<AttentionEntry>(tx.read_all(ATTENTION, &range).await?, |e| e.entry.n);
    for outcome in outcomes {
        let Some(stored) = journal.iter().find(|stored| stored.entry.op == outcome.op) else {
            continue;
        };
        let n = stored.entry.n;
        update_attention(tx, &stored.entry, &outcome, attention.get(&n), at)?;
        tx.write(JOURNAL, &entry_key(scope, n), &JournalEntry { outcome, ..stored.clone() })?;
    }
    Ok(())
}

pub async fn forget_backed_up(
    tx: &Tx,
    scope: Scope,
    epoch: Uuid,
    backup_seq: u64,
) -> Result<(), StoreError> {
    let blobs: Vec<Blob> = tx.read_all(BLOB_META, &JsValue::UNDEFINED).await?;
    let journal: Vec<JournalEntry> = tx.read_all(JOURNAL, &idb::scope_range(scope)?).await?;
    let is_confirmed = |sha256: &Sha256Hex| {
        let mut known = blobs.iter().filter(|blob| blob.sha256 == *sha256);
        known.all(|blob| blob.state == BlobState::Confirmed)
    };
    for stored in &journal {
        let outcome = &stored.outcome;
        let backed_up = stored.epoch == epoch
            && outcome.outcome != OutcomeKind::Held
            && outcome.seq <= backup_seq;
        let whole =
            outcome.outcome == OutcomeKind::Refused || stored.entry.blobs.iter().all(is_confirmed);
        if backed_up && whole {
            tx.delete(JOURNAL, &entry_key(scope, stored.entry.n))?;
            tx.delete(OPS, &idb::op_key(scope, stored.entry.op))?;
        }
    }
    if blobs.is_empty() {
        return Ok(());
    }
    // Over all scopes: the same picture may belong to commands of several.
    let everything = JsValue::UNDEFINED;
    let outbox: Vec<OutboxEntry> = tx.read_all(OUTBOX, &everything).await?;
    let kept: Vec<JournalEntry> = tx.read_all(JOURNAL, &everything).await?;
    let attention: Vec<AttentionEntry> = tx.read_all(ATTENTION, &everything).await?;
    let entries = outbox
        .iter()
        .chain(kept.iter().map(|stored| &stored.entry))
        .chain(attention.iter().map(|stored| &stored.entry));
    let named: BTreeSet<&Sha256Hex> = order::set_of(entries.flat_map(|entry| &entry.blobs));
    for blob in blobs.iter().filter(|blob| !named.contains(&blob.sha256)) {
        let key = JsValue::from_str(&blob.sha256.0);
        tx.delete(BLOBS, &key)?;
        tx.delete(BLOB_META, &key)?;
    }
    Ok(())
}

pub async fn replay_journal(tx: &Tx, scope: Scope, from_n: u64) -> Result<(), StoreError> {
    let journal: Vec<JournalEntry> = tx.read_all(JOURNAL, &idb::scope_range(scope)?).await?;
    for stored in journal.into_iter().filter(|stored| stored.entry.n >= from_n) {
        let key = entry_key(scope, stored.entry.n);
        tx.delete(JOURNAL, &key)?;
        tx.write(OUTBOX, &key, &stored.entry)?;
        for sha256 in &stored.entry.blobs {
            let key = JsValue::from_str(&sha256.0);
            if let Some(blob) = tx.read::<Blob>(BLOB_META, &key).await? {
                let again = Blob { state: BlobState::Pending, sent: 0, ..blob };
                tx.write(BLOB_META, &key, &again)?;
            }
        }
    }
    Ok(())
}

/// Numbers everything anew for another device; see `LocalStore::renew`.
pub async fn renew(tx: &Tx, key: &str, from: &str, to: &str) -> Result<bool, StoreError> {
    let key = meta_key(key);
    if tx.get(META, &key).await?.as_string().as_deref() != Some(from) {
        return Ok(false);
    }
    tx.put(META, &key, &JsValue::from_str(to))?;
    let keys = tx.get_all_keys(META, &JsValue::UNDEFINED).await?;
    let scopes =
        keys.iter().filter_map(|key| key.as_string()?.strip_prefix("scope/")?.parse().ok());
    for scope in scopes {
        number_anew(tx, scope).await?;
    }
    Ok(true)
}

async fn number_anew(tx: &Tx, scope: Scope) -> Result<(), StoreError> {
    let mut row = scope_row(tx, scope).await?;
    let Queue { outbox, journal, mut attention, .. } = read(tx, scope, row.clone()).await?;
    let journal = journal.into_iter().map(|stored| stored.entry);
    let looked_at = attention.iter().map(|stored| stored.entry.clone());
    let all = outbox.into_iter().chain(journal).chain(looked_at);
    let all = by_number(all.collect(), |entry: &OutboxEntry| entry.n);
    for store in [OUTBOX, JOURNAL, ATTENTION, OPS] {
        tx.delete(store, &idb::scope_range(scope)?)?;
    }
    row.meta.last_n = all.len() as u64;
    put_scope_row(tx, scope, &row)?;
    let entries: Vec<OutboxEntry> =
        (1..).zip(all.into_values()).map(|(n, entry)| OutboxEntry { n, ..entry }).collect();
    for entry in &entries {
        tx.write(OUTBOX, &entry_key(scope, entry.n), entry)?;
        tx.write(OPS, &idb::op_key(scope, entry.op), &entry.n)?;
        if let Some(stored) = attention.iter_mut().find(|stored| stored.entry.op == entry.op) {
            (stored.entry.n, stored.outcome.n) = (entry.n, entry.n);
            tx.write(ATTENTION, &entry_key(scope, entry.n), stored)?;
        }
    }
    let blobs: Vec<Blob> = tx.read_all(BLOB_META, &JsValue::UNDEFINED).await?;
    for blob in blobs.into_iter().filter(|blob| blob.scope == scope) {
        if let Some(named) = entries.iter().find(|entry| entry.blobs.contains(&blob.sha256)) {
            let key = JsValue::from_str(&blob.sha256.0);
            tx.write(BLOB_META, &key, &Blob { n: named.n, ..blob })?;
        }
    }
    Ok(())
}

pub async fn dismiss(tx: &Tx, scope: Scope, op: OpId) -> Result<(), StoreError> {
    let attention: Vec<AttentionEntry> = tx.read_all(ATTENTION, &idb::scope_range(scope)?).await?;
    for stored in attention.iter().filter(|stored| stored.entry.op == op) {
        tx.delete(ATTENTION, &entry_key(scope, stored.entry.n))?;
    }
    Ok(())
}
