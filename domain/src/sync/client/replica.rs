//! What the pages read: the server's base with the pending commands replayed on top.
//!
//! Commands are decided by the same `Command::decide` as on the server. One that is refused or waits
//! in replay is not shown; it stays in the outbox all the same, for the server decides. An answered
//! command stays on top until the base has passed its place in the log, so nothing flickers away
//! between the answer and the pull.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::order;
use uuid::Uuid;

use super::layers::{Answer, Overlay, Pending, Position, Slot, View, every_id, lay};
use super::store::{NewCommand, OutboxEntry, Page, Queue, ScopeMeta, StoredRow, StoredScope};
use crate::actor::Actor;
use crate::id::{DeviceId, OpId};
use crate::modules::company::Settings;
use crate::modules::{Command, Record, RecordKind};
use crate::refusal::Refusal;
use crate::sync::checksum::Checksum;
use crate::sync::command::{Change, Context, Decision, NoNumbers, Stop, World};
use crate::sync::record::{RecordKey, Scope, SyncedRecord};
use crate::time::Ms;

/// A command about to be recorded.
#[derive(Clone, Debug)]
pub struct Draft {
    pub scope: Scope,
    pub op: OpId,
    pub command: Command,
    /// Key of the stored draft that it finishes.
    pub draft: Option<String>,
}

/// What a command would do now.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    Shown(Decision),
    /// Names a record this phone does not have; the server may.
    Waits(RecordKey),
}

/// The replica of one user on one installation, of every scope that this user sees.
pub struct Replica {
    actor: Actor,
    device: DeviceId,
    base: BTreeMap<RecordKey, Slot>,
    overlay: Overlay,
    positions: BTreeMap<Scope, Position>,
    /// When the base of a scope was last what the server had.
    synced: BTreeMap<Scope, Ms>,
    /// Company first, then by project and number: projects read the company's records, never the
    /// other way round.
    pending: Vec<Pending>,
    defaults: Settings,
    changed: BTreeSet<RecordKind>,
    revisions: BTreeMap<RecordKind, u64>,
    version: u64,
}

impl Replica {
    pub fn new(actor: Actor, device: DeviceId) -> Self {
        Self {
            actor,
            device,
            base: BTreeMap::new(),
            overlay: Overlay::new(),
            positions: BTreeMap::new(),
            synced: BTreeMap::new(),
            pending: Vec::new(),
            defaults: Settings::default(),
            changed: BTreeSet::new(),
            revisions: BTreeMap::new(),
            version: 0,
        }
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The scopes it holds.
    pub fn scopes(&self) -> Vec<Scope> {
        self.positions.keys().copied().collect()
    }

    /// Rights changed: what is pending may look different.
    pub fn set_actor(&mut self, actor: Actor) {
        if self.actor != actor {
            self.actor = actor;
            self.replay();
        }
    }

    /// Takes over everything kept of a scope, in place of what was known of it.
    pub fn load(&mut self, scope: Scope, stored: StoredScope) {
        let StoredScope { meta, segments, delta, outbox, journal, attention } = stored;
        self.drop_base(scope);
        for row in segments.into_iter().flat_map(|segment| segment.0).chain(delta) {
            self.put_row(scope, row);
        }
        self.positions.insert(scope, Position::of(&meta));
        self.synced.extend(meta.synced_at.map(|at| (scope, at)));
        self.take_queue(scope, &Queue { meta, outbox, journal, attention });
        self.replay();
    }

    /// Forgets a scope this user no longer has. What is in its outbox stays in the store.
    pub fn unload(&mut self, scope: Scope) {
        self.drop_base(scope);
        self.positions.remove(&scope);
        self.pending.retain(|pending| pending.entry.scope != scope);
        self.replay();
    }

    fn drop_base(&mut self, scope: Scope) {
        let mut gone = BTreeSet::new();
        self.base.retain(|key, slot| {
            if slot.scope == scope {
                gone.insert(key.kind);
            }
            slot.scope != scope
        });
        gone.into_iter().for_each(|kind| self.touch(kind));
    }

    fn touch(&mut self, kind: RecordKind) {
        /// Over all replicas: what was made of one must not pass for what is made of the next.
        static REVISION: AtomicU64 = AtomicU64::new(1);
        self.changed.insert(kind);
        self.revisions.insert(kind, REVISION.fetch_add(1, Ordering::Relaxed));
    }

    fn put_row(&mut self, scope: Scope, row: StoredRow) {
        let key = RecordKey { kind: row.kind, id: row.id };
        self.touch(row.kind);
        match row.body {
            Some(raw) => self.base.insert(key, Slot::new(scope, row.seq, raw)),
            None => self.base.remove(&key),
        };
    }

    /// Applies a pulled page that was kept in the base; `meta` is how the store then stands.
    pub fn apply_rows(&mut self, scope: Scope, rows: Vec<StoredRow>, meta: &ScopeMeta) {
        let idle = rows.is_empty();
        for row in rows {
            self.put_row(scope, row);
        }
        self.synced.extend(meta.synced_at.map(|at| (scope, at)));
        let position = Position::of(meta);
        let moved = self.positions.insert(scope, position.clone()) != Some(position.clone());
        let before = self.pending.len();
        self.pending.retain(|pending| {
            pending.entry.scope != scope
                || !pending.answer.as_ref().is_some_and(|answer| answer.is_over(&position))
        });
        if !idle || (moved && before != self.pending.len()) {
            self.replay();
        }
    }

    /// Takes the commands of a scope as the store has them now: after an answer, a replayed journal,
    /// or another tab's recording.
    pub fn set_queue(&mut self, scope: Scope, queue: &Queue) {
        let old: Vec<OpId> = self.pending.iter().map(|pending| pending.entry.op).collect();
        self.take_queue(scope, queue);
        let kept =
            old.iter().zip(&self.pending).take_while(|(op, new)| **op == new.entry.op).count();
        if kept < old.len() {
            self.replay();
        } else {
            for index in kept..self.pending.len() {
                self.show(index);
            }
        }
    }

    /// Rebuilds the pending commands of a scope; decoded ones are reused.
    fn take_queue(&mut self, scope: Scope, queue: &Queue) {
        let position = self.positions.get(&scope).cloned().unwrap_or_default();
        let mut known: BTreeMap<OpId, Pending> = BTreeMap::new();
        let mut all = Vec::with_capacity(self.pending.len());
        for pending in std::mem::take(&mut self.pending) {
            if pending.entry.scope == scope {
                known.insert(pending.entry.op, pending);
            } else {
                all.push(pending);
            }
        }
        let answered = queue.journal.iter().map(|entry| (&entry.entry, Some(Answer::of(entry))));
        let waiting = queue.outbox.iter().map(|entry| (entry, None));
        for (entry, answer) in answered.chain(waiting) {
            if answer.as_ref().is_some_and(|answer| answer.is_over(&position)) {
                continue;
            }
            all.push(match known.remove(&entry.op) {
                Some(known) => Pending { entry: entry.clone(), answer, ..known },
                None => Pending::of(entry, answer),
            });
        }
        order::sort_by_key(&mut all, |pending| (pending.entry.scope, pending.entry.n));
        self.pending = all;
    }

    /// What commands would do if they were recorded now, one after the other. A refusal here is
    /// shown at once and nothing is stored. `code_is_genuine` answers for scanned codes.
    pub fn preview(
        &self,
        drafts: &[Draft],
        occurred_at: Ms,
        code_is_genuine: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Preview>, Refusal> {
        let mut scratch = Overlay::new();
        let mut previews = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let world = View { layers: [&scratch, &self.overlay], base: &self.base };
            let context = self.context(draft.scope, draft.op, occurred_at, code_is_genuine);
            match draft.command.decide(&world, &context, &mut NoNumbers) {
                Ok(decision) => {
                    lay(&mut scratch, &decision);
                    previews.push(Preview::Shown(decision));
                }
                Err(Stop::Waits(key)) => previews.push(Preview::Waits(key)),
                Err(Stop::Refused(refusal)) => return Err(refusal),
            }
        }
        Ok(previews)
    }

    /// Shows commands that were just stored.
    pub fn recorded(&mut self, entries: &[OutboxEntry]) {
        for entry in entries {
            if self.pending.iter().any(|pending| pending.entry.op == entry.op) {
                continue;
            }
            let before = |p: &Pending| (p.entry.scope, p.entry.n) < (entry.scope, entry.n);
            let place = self.pending.partition_point(before);
            self.pending.insert(place, Pending::of(entry, None));
            if place + 1 == self.pending.len() {
                self.show(place);
            } else {
                self.replay();
            }
        }
    }

    fn context<'a>(
        &'a self,
        scope: Scope,
        op: OpId,
        occurred_at: Ms,
        code_is_genuine: &'a dyn Fn(&str) -> bool,
    ) -> Context<'a> {
        Context {
            actor: &self.actor,
            device: self.device,
            op,
            scope,
            occurred_at,
            received_at: occurred_at,
            settings: self.settings(),
            code_is_genuine,
        }
    }

    /// Replays one pending command on top of what is shown.
    fn show(&mut self, index: usize) {
        let pending = &self.pending[index];
        let Some(command) = &pending.command else { return };
        let scope = pending.entry.scope;
        let empty = Overlay::new();
        let world = View { layers: [&empty, &self.overlay], base: &self.base };
        // A stored command passed the check of its code when it was recorded.
        let context = self.context(scope, pending.entry.op, pending.occurred_at(), &|_| true);
        let Ok(decision) = command.decide(&world, &context, &mut NoNumbers) else { return };
        let leaves = |change: &Change| match change {
            Change::Put(record) => record.scope() != scope,
            Change::Remove(_) => false,
        };
        if decision.changes.is_empty() || decision.changes.iter().any(leaves) {
            return;
        }
        for change in &decision.changes {
            self.touch(match change {
                Change::Put(record) => record.kind(),
                Change::Remove(key) => key.kind,
            });
        }
        lay(&mut self.overlay, &decision);
        self.version += 1;
    }

    fn replay(&mut self) {
        let before = std::mem::take(&mut self.overlay);
        for index in 0..self.pending.len() {
            self.show(index);
        }
        for (key, shown) in &before {
            if self.overlay.get(key) != Some(shown) {
                self.touch(key.kind);
            }
        }
        self.version += 1;
    }

    /// The company's settings, or the defaults before they are known.
    pub fn settings(&self) -> &Settings {
        self.get(Settings::ID).unwrap_or(&self.defaults)
    }

    pub fn get<T: SyncedRecord>(&self, id: impl Into<Uuid>) -> Option<&T> {
        self.record(T::key_of(id.into())).and_then(T::from_record)
    }

    /// Every record of a kind, in no promised order.
    pub fn iter<T: SyncedRecord + 'static>(&self) -> impl Iterator<Item = &T> {
        self.records(T::KIND).filter_map(T::from_record)
    }

    /// The records that may still ask something of somebody, and perhaps a few that do not: history is
    /// passed over undecoded (`SyncedRecord::is_over`).
    pub fn active<T: SyncedRecord + 'static>(&self) -> impl Iterator<Item = &T> {
        self.records_where(T::KIND, Box::new(|slot| !slot.is_over(T::is_over)))
            .filter_map(T::from_record)
    }

    /// The records whose JSON names this id somewhere; the others are passed over undecoded.
    pub fn naming<T: SyncedRecord + 'static>(&self, id: Uuid) -> impl Iterator<Item = &T> {
        let id = id.to_string();
        self.records_where(T::KIND, Box::new(move |slot| slot.raw.contains(&id)))
            .filter_map(T::from_record)
    }

    /// How many records of a kind there are.
    pub fn count(&self, kind: RecordKind) -> usize {
        let whole = every_id(kind);
        let base = self.base.range(whole.clone());
        let settled = base.filter(|(key, _)| !self.overlay.contains_key(key)).count();
        settled + self.overlay.range(whole).filter(|(_, record)| record.is_some()).count()
    }

    fn records_where(
        &self,
        kind: RecordKind,
        wanted: Box<dyn Fn(&Slot) -> bool>,
    ) -> impl Iterator<Item = &Record> {
        let whole = every_id(kind);
        let base = self.base.range(whole.clone());
        let settled =
            base.filter(move |(key, slot)| wanted(slot) && !self.overlay.contains_key(key));
        // What is pending is decoded anyway, and little.
        let shown = self.overlay.range(whole).filter_map(|(_, record)| record.as_ref());
        settled.filter_map(move |(_, slot)| slot.record(kind)).chain(shown)
    }

    /// The same as `iter`, untyped.
    pub fn records(&self, kind: RecordKind) -> impl Iterator<Item = &Record> {
        let whole = every_id(kind);
        let base = self.base.range(whole.clone());
        let settled = base.filter(|(key, _)| !self.overlay.contains_key(key));
        let shown = self.overlay.range(whole).filter_map(|(_, record)| record.as_ref());
        settled.filter_map(move |(_, slot)| slot.record(kind)).chain(shown)
    }

    /// The record as the server last told it, without what is pending.
    pub fn base_record(&self, key: RecordKey) -> Option<&Record> {
        self.base.get(&key).and_then(|slot| slot.record(key.kind))
    }

    /// Shows something that the server has not confirmed in the base yet.
    pub fn is_pending(&self, key: RecordKey) -> bool {
        self.overlay.contains_key(&key)
    }

    /// Recorded here and not yet in the base, in the order of replay.
    pub fn pending_ops(&self) -> impl Iterator<Item = OpId> {
        self.pending.iter().map(|pending| pending.entry.op)
    }

    /// What is recorded here and not answered, byte for byte: for a store that was cleared under the page.
    /// Without photos, whose bytes were only there.
    pub fn unanswered(&self) -> Vec<NewCommand> {
        let waiting = self.pending.iter().filter(|pending| pending.answer.is_none());
        let again = waiting.map(|Pending { entry, .. }| NewCommand {
            scope: entry.scope,
            op: entry.op,
            kind: entry.kind.clone(),
            payload: entry.payload.clone(),
            at_device: entry.at_device,
            offset: entry.offset,
            blobs: Vec::new(),
            draft: None,
        });
        again.collect()
    }

    /// The base of a scope as one page, for the same. Nothing where it was never whole.
    pub fn whole(&self, scope: Scope) -> Option<Page> {
        let (position, at) = (self.positions.get(&scope)?, *self.synced.get(&scope)?);
        let (cursor, epoch) = (position.cursor.clone()?, position.epoch?);
        let rows = self.base.iter().filter(|(_, slot)| slot.scope == scope);
        let row = |(key, slot): (&RecordKey, &Slot)| StoredRow {
            kind: key.kind,
            id: key.id,
            seq: slot.seq,
            body: Some(slot.raw.clone()),
        };
        Some(Page {
            scope,
            after: None,
            epoch,
            cursor,
            reset: true,
            snapshot: true,
            completes: true,
            seq: position.seq,
            backup_seq: 0,
            at,
            rows: rows.map(row).collect(),
        })
    }

    /// Kinds whose records may look different since this was last asked.
    pub fn kinds_changed(&mut self) -> BTreeSet<RecordKind> {
        std::mem::take(&mut self.changed)
    }

    /// Grows whenever a record of this kind may look different, and is no other replica's: for what is
    /// made of many records and kept as long as it holds.
    pub fn revision(&self, kind: RecordKind) -> u64 {
        self.revisions.get(&kind).copied().unwrap_or_default()
    }

    /// Grows with every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What the base holds of a scope.
    pub fn checksum(&self, scope: Scope) -> Checksum {
        let rows = self.base.iter().filter(|(_, slot)| slot.scope == scope);
        rows.map(|(key, slot)| (*key, slot.seq)).collect()
    }

    /// The base of this scope is the one with that cursor.
    pub(super) fn stands_at(&self, scope: Scope, meta: &ScopeMeta) -> bool {
        self.positions.get(&scope) == Some(&Position::of(meta))
    }
}

impl World for Replica {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        match self.overlay.get(&key) {
            Some(record) => record.as_ref(),
            None => self.base_record(key),
        }
    }
}
