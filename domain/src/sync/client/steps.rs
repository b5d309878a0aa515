//! The thinking in the steps of sync, without awaits: what to send, what an answer means.

use serde_json::value::RawValue;
use uuid::Uuid;

use super::status::SyncError;
use super::store::{OutboxEntry, Page, Queue, ScopeMeta, StoredRow};
use crate::sync::envelope::Envelope;
use crate::sync::outcome::Outcome;
use crate::sync::record::Scope;
use crate::sync::wire::{MAX_PUSH_COMMANDS, PullResponse};
use crate::time::Ms;

/// Bytes of commands in one push; half of what the server takes.
const PUSH_BYTES: usize = 2 * 1024 * 1024;
/// What the envelope adds to a payload, generously.
const ENVELOPE_BYTES: usize = 256;

/// What to send next, without gaps in the numbers, within the limits: first what was answered in an
/// epoch before a restore, for its place in the log, or whether it is there at all, is not known any
/// more; then the head of the outbox.
pub(super) fn next_batch(queue: &Queue) -> Vec<OutboxEntry> {
    let doubtful = queue.journal.iter().filter(|entry| Some(entry.epoch) != queue.meta.epoch);
    let mut batch: Vec<OutboxEntry> = Vec::new();
    let mut bytes = 0;
    for entry in doubtful.map(|entry| &entry.entry).chain(&queue.outbox) {
        bytes += entry.payload.len() + ENVELOPE_BYTES;
        let follows = batch.last().is_none_or(|last| entry.n == last.n + 1);
        let full = batch.len() == MAX_PUSH_COMMANDS || (bytes > PUSH_BYTES && !batch.is_empty());
        if !follows || full {
            break;
        }
        batch.push(entry.clone());
    }
    batch
}

/// What to do when the server lacks numbers below the first one sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterGap {
    /// They are here: put them back into the outbox.
    Replay,
    /// They are nowhere on this phone any more: go on from the first that is, and say so.
    Lost { resume_from: u64 },
    /// The server expects a number that was never given.
    Nonsense,
}

pub(super) fn after_gap(queue: &Queue, expected: u64) -> AfterGap {
    let journal = queue.journal.iter().map(|entry| entry.entry.n);
    let numbers = queue.outbox.iter().map(|entry| entry.n).chain(journal);
    match numbers.filter(|n| *n >= expected).min() {
        Some(first) if first == expected => AfterGap::Replay,
        Some(first) => AfterGap::Lost { resume_from: first },
        None => AfterGap::Nonsense,
    }
}

/// Whether something of the journal may be safe from the loss of the server by now; the store looks
/// at each entry for itself (`LocalStore::forget_backed_up`).
pub(super) fn may_forget(queue: &Queue, epoch: Uuid, backup_seq: u64) -> bool {
    let mut journal = queue.journal.iter();
    journal.any(|stored| stored.epoch == epoch && stored.outcome.seq <= backup_seq)
}

/// The entry as it is sent. A payload that the disk corrupted is sent as a text of its bytes: it
/// gets its number's outcome (refused, kept raw) instead of blocking everything behind it.
pub(super) fn envelope(entry: &OutboxEntry) -> Box<RawValue> {
    let sent = match RawValue::from_string(entry.payload.clone()) {
        Ok(payload) => serde_json::value::to_raw_value(&Envelope {
            op: entry.op,
            n: entry.n,
            kind: entry.kind.clone(),
            v: 1,
            at_device: entry.at_device,
            offset: entry.offset,
            payload,
        }),
        Err(_) => serde_json::value::to_raw_value(&serde_json::json!({
            "n": entry.n,
            "unreadable": entry,
        })),
    };
    sent.expect("an envelope holds only strings and numbers")
}

/// Reads the answers to a batch. All or none: an answer that does not fit is not an answer.
pub(super) fn read_outcomes(
    batch: &[OutboxEntry],
    raw: &[Box<RawValue>],
) -> Result<Vec<Outcome>, SyncError> {
    if batch.len() != raw.len() {
        return Err(SyncError::garbled("not as many answers as commands"));
    }
    let read = batch.iter().zip(raw).map(|(entry, raw)| {
        let outcome: Outcome = crate::json::from_str(raw.get())
            .map_err(|error| SyncError::garbled(&error.to_string()))?;
        // An unreadable entry has no id that the server could repeat.
        let fits = outcome.op == entry.op || RawValue::from_string(entry.payload.clone()).is_err();
        if outcome.n != entry.n || !fits {
            return Err(SyncError::garbled("an answer to another command"));
        }
        Ok(Outcome { op: entry.op, ..outcome })
    });
    read.collect()
}

/// The page to keep for a pulled response.
pub(super) fn page_of(
    scope: Scope,
    meta: &ScopeMeta,
    after: Option<String>,
    response: PullResponse,
    at: Ms,
) -> Result<Page, SyncError> {
    let reset = response.reset || after.is_none();
    // What is pulled behind a snapshot goes to the shadow too, until nothing is left: rows of a
    // snapshot were read at different moments and only together with those are they one state.
    let snapshot = reset || meta.shadow_cursor.is_some();
    if !snapshot && (response.snapshot || meta.base_epoch != Some(response.epoch)) {
        return Err(SyncError::garbled("part of a snapshot that was never begun"));
    }
    let rows: Vec<StoredRow> = response
        .rows
        .into_iter()
        .map(|row| StoredRow {
            kind: row.kind,
            id: row.id,
            seq: row.seq,
            body: row.body.map(|body| Box::<str>::from(body).into_string()),
        })
        .collect();
    let seq = if response.more {
        // Rows come in log order; those of the last number may be cut between two pages.
        let last = rows.iter().map(|row| row.seq).max().unwrap_or(0);
        meta.seq.max(last.saturating_sub(1))
    } else {
        response.head
    };
    Ok(Page {
        scope,
        after,
        epoch: response.epoch,
        cursor: response.cursor,
        reset,
        snapshot,
        completes: snapshot && !response.more,
        seq,
        backup_seq: response.backup_seq,
        at,
        rows,
    })
}
