//! What the cases of the contract are written with.

use uuid::Uuid;

use crate::id::{OpId, ProjectId};
use crate::modules::RecordKind;
use crate::modules::attachments::Sha256Hex;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::batch::sha256_hex;
use crate::sync::client::store::{
    Answers, LocalStore, NewBlob, NewCommand, OutboxEntry, Page, ScopeMeta, StoreError, StoredRow,
};
use crate::sync::outcome::{Outcome, OutcomeKind};
use crate::sync::record::Scope;
use crate::time::Ms;

pub(super) type Checked = Result<(), String>;

pub(super) fn why(error: StoreError) -> String {
    error.to_string()
}

pub(super) fn ensure(holds: bool, what: &str) -> Checked {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

pub(super) fn ensure_eq<V: PartialEq + std::fmt::Debug>(
    what: &str,
    got: V,
    expected: V,
) -> Checked {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?} instead of {expected:?}")) }
}

pub(super) fn here() -> Scope {
    Scope::Project(ProjectId::derived(&["contract"]))
}

pub(super) fn epoch(name: &str) -> Uuid {
    crate::id::derived(&["contract epoch", name])
}

pub(super) fn op(name: &str) -> OpId {
    OpId::derived(&["contract", name])
}

pub(super) fn photo(name: &str) -> NewBlob {
    let bytes = name.repeat(100).into_bytes();
    NewBlob { sha256: Sha256Hex(sha256_hex(&bytes)), mime: "image/jpeg".into(), bytes }
}

pub(super) fn command(name: &str) -> NewCommand {
    NewCommand {
        scope: here(),
        op: op(name),
        kind: "visits.record".into(),
        payload: format!(r#"{{"b":1, "name":"{name}", "a":[2.50]}}"#),
        at_device: Ms(1_795_278_600_000),
        offset: Some(-12),
        blobs: Vec::new(),
        draft: None,
    }
}

pub(super) fn outcome(name: &str, n: u64, seq: u64, kind: OutcomeKind) -> Outcome {
    let reason = kind.needs_attention().then(|| Refusal::new(CommonCode::NotAllowed));
    Outcome { op: op(name), n, outcome: kind, seq, reason }
}

pub(super) fn answers(sent_under: Option<&str>, in_epoch: &str, outcomes: Vec<Outcome>) -> Answers {
    Answers {
        scope: here(),
        sent_under: sent_under.map(epoch),
        epoch: epoch(in_epoch),
        outcomes,
        at: Ms(1_795_278_700_000),
    }
}

pub(super) fn row(id: u128, seq: u64, body: Option<&str>) -> StoredRow {
    let body = body.map(str::to_owned);
    StoredRow { kind: RecordKind::Visit, id: Uuid::from_u128(id), seq, body }
}

pub(super) fn page(after: Option<&str>, cursor: &str, rows: Vec<StoredRow>) -> Page {
    Page {
        scope: here(),
        after: after.map(str::to_owned),
        epoch: epoch("1"),
        cursor: cursor.into(),
        reset: false,
        snapshot: false,
        completes: false,
        seq: rows.iter().map(|row| row.seq).max().unwrap_or(0),
        backup_seq: 0,
        at: Ms(1_795_278_800_000),
        rows,
    }
}

pub(super) fn snapshot(
    after: Option<&str>,
    cursor: &str,
    reset: bool,
    rows: Vec<StoredRow>,
) -> Page {
    Page { reset, snapshot: true, ..page(after, cursor, rows) }
}

/// The base as it reads: later rows replace earlier ones.
pub(super) async fn base(store: &impl LocalStore) -> Result<Vec<(u128, String)>, String> {
    let stored = store.load(here()).await.map_err(why)?;
    let mut rows = std::collections::BTreeMap::new();
    for row in stored.segments.into_iter().flat_map(|segment| segment.0).chain(stored.delta) {
        match row.body {
            Some(body) => rows.insert(row.id.as_u128(), body),
            None => rows.remove(&row.id.as_u128()),
        };
    }
    Ok(rows.into_iter().collect())
}

pub(super) fn shown(rows: &[(u128, &str)]) -> Vec<(u128, String)> {
    rows.iter().map(|(id, body)| (*id, (*body).to_owned())).collect()
}

pub(super) async fn meta(store: &impl LocalStore) -> Result<ScopeMeta, String> {
    Ok(store.queue(here()).await.map_err(why)?.meta)
}

/// Records commands by name, one transaction each.
pub(super) async fn record(
    store: &impl LocalStore,
    names: &[&str],
) -> Result<Vec<OutboxEntry>, String> {
    let mut entries = Vec::new();
    for name in names {
        entries.extend(store.record(vec![command(name)], Vec::new()).await.map_err(why)?);
    }
    Ok(entries)
}

/// Numbers in outbox, journal and attention.
pub(super) async fn places(store: &impl LocalStore) -> Result<[Vec<u64>; 3], String> {
    let queue = store.queue(here()).await.map_err(why)?;
    Ok([
        queue.outbox.iter().map(|entry| entry.n).collect(),
        queue.journal.iter().map(|entry| entry.entry.n).collect(),
        queue.attention.iter().map(|entry| entry.entry.n).collect(),
    ])
}
