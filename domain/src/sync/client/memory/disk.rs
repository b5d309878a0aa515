//! The disk under the store in memory: what is on it, and what the two larger transactions do to it.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::id::OpId;
use crate::modules::RecordKind;
use crate::modules::attachments::Sha256Hex;
use crate::sync::client::store::{
    AttentionEntry, Blob, JournalEntry, NewCommand, OutboxEntry, Page, Queue, ScopeMeta, Segment,
    StoredRow, is_draft,
};
use crate::sync::outcome::Outcome;
use crate::sync::record::Scope;
use crate::time::Ms;

/// What lies on the disk for one scope.
#[derive(Clone, Debug, Default)]
pub struct ScopeDisk {
    pub meta: ScopeMeta,
    pub segments: Vec<Segment>,
    pub delta: Vec<StoredRow>,
    pub shadow: Vec<StoredRow>,
    pub outbox: BTreeMap<u64, OutboxEntry>,
    pub journal: BTreeMap<u64, JournalEntry>,
    pub attention: BTreeMap<OpId, AttentionEntry>,
}

impl ScopeDisk {
    /// The base as it reads: later rows replace earlier ones, absent bodies remove.
    pub fn base(&self) -> BTreeMap<(RecordKind, Uuid), StoredRow> {
        folded(self.segments.iter().flat_map(|segment| &segment.0).chain(&self.delta))
    }

    pub(super) fn names(&self, sha256: &Sha256Hex) -> bool {
        let journal = self.journal.values().map(|entry| &entry.entry);
        let attention = self.attention.values().map(|entry| &entry.entry);
        let mut entries = self.outbox.values().chain(journal).chain(attention);
        entries.any(|entry| entry.blobs.contains(sha256))
    }

    pub(super) fn queue(&self) -> Queue {
        let mut attention: Vec<AttentionEntry> = self.attention.values().cloned().collect();
        attention.sort_by_key(|entry| entry.entry.n);
        Queue {
            meta: self.meta.clone(),
            outbox: self.outbox.values().cloned().collect(),
            journal: self.journal.values().cloned().collect(),
            attention,
        }
    }

    /// Everything into the outbox, numbered from 1 in the order of the old numbers.
    pub(super) fn number_anew(&mut self) {
        let mut all = std::mem::take(&mut self.outbox);
        let journal = std::mem::take(&mut self.journal);
        all.extend(journal.into_iter().map(|(n, stored)| (n, stored.entry)));
        all.extend(self.attention.values().map(|stored| (stored.entry.n, stored.entry.clone())));
        for (n, (_, mut entry)) in (1..).zip(all) {
            entry.n = n;
            if let Some(stored) = self.attention.get_mut(&entry.op) {
                (stored.entry.n, stored.outcome.n) = (n, n);
            }
            self.outbox.insert(n, entry);
        }
        self.meta.last_n = self.outbox.len() as u64;
    }

    pub(super) fn look_at(&mut self, entry: &OutboxEntry, outcome: &Outcome, at: Ms) {
        if outcome.outcome.needs_attention() {
            let since = self.attention.get(&entry.op).map_or(at, |old| old.since);
            let entry = AttentionEntry { entry: entry.clone(), outcome: outcome.clone(), since };
            self.attention.insert(entry.entry.op, entry);
        } else {
            self.attention.remove(&entry.op);
        }
    }
}

fn folded<'a>(
    rows: impl Iterator<Item = &'a StoredRow>,
) -> BTreeMap<(RecordKind, Uuid), StoredRow> {
    let mut base = BTreeMap::new();
    for row in rows {
        if row.body.is_some() {
            base.insert((row.kind, row.id), row.clone());
        } else {
            base.remove(&(row.kind, row.id));
        }
    }
    base
}

/// What lies on the disk of one user on one installation.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub scopes: BTreeMap<Scope, ScopeDisk>,
    pub blobs: BTreeMap<Sha256Hex, (Blob, Vec<u8>)>,
    pub drafts: BTreeMap<String, String>,
    pub meta: BTreeMap<String, String>,
}

/// Gives the command its number, unless it has one.
pub(super) fn keep_command(disk: &mut Disk, command: NewCommand) -> OutboxEntry {
    if let Some(draft) = &command.draft {
        disk.drafts.retain(|key, _| !is_draft(draft, key));
    }
    let scope = disk.scopes.entry(command.scope).or_default();
    let journal = scope.journal.values().map(|entry| &entry.entry);
    let known = scope.outbox.values().chain(journal).find(|entry| entry.op == command.op);
    if let Some(known) = known {
        return known.clone();
    }
    scope.meta.last_n += 1;
    let entry = OutboxEntry {
        scope: command.scope,
        n: scope.meta.last_n,
        op: command.op,
        kind: command.kind,
        at_device: command.at_device,
        offset: command.offset,
        payload: command.payload,
        blobs: command.blobs,
    };
    scope.outbox.insert(entry.n, entry.clone());
    entry
}

pub(super) fn keep(scope: &mut ScopeDisk, page: Page) {
    let meta = &mut scope.meta;
    meta.epoch = Some(page.epoch);
    if page.reset {
        scope.shadow.clear();
    }
    if page.snapshot {
        scope.shadow.extend(page.rows);
        if !page.completes {
            meta.shadow_cursor = Some(page.cursor);
            return;
        }
        let rows = std::mem::take(&mut scope.shadow);
        scope.segments = vec![Segment(folded(rows.iter()).into_values().collect())];
        scope.delta.clear();
        meta.shadow_cursor = None;
    } else {
        scope.delta.extend(page.rows);
    }
    meta.cursor = Some(page.cursor);
    meta.seq = page.seq;
    meta.backup_seq = page.backup_seq;
    meta.base_epoch = Some(page.epoch);
    meta.synced_at = Some(page.at);
}
