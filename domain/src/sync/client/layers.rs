//! The parts of a replica: the base's records, what is pending, and the view of one over the other.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use uuid::Uuid;

use super::store::{JournalEntry, OutboxEntry, ScopeMeta};
use crate::modules::{Command, Record, RecordKind};
use crate::sync::command::{Change, Decision, World};
use crate::sync::outcome::OutcomeKind;
use crate::sync::record::{RecordKey, Scope};
use crate::time::Ms;

/// One record of the base. Decoded when first looked at: most of ten thousand never are.
pub(super) struct Slot {
    pub(super) scope: Scope,
    pub(super) seq: u64,
    pub(super) raw: String,
    pub(super) decoded: OnceCell<Option<Box<Record>>>,
    /// Whether it is history, as far as that was asked.
    over: OnceCell<bool>,
}

impl Slot {
    pub(super) fn new(scope: Scope, seq: u64, raw: String) -> Self {
        Self { scope, seq, raw, decoded: OnceCell::new(), over: OnceCell::new() }
    }
    /// `is_over` of the record's kind, which reads kilobytes, once.
    pub(super) fn is_over(&self, is_over: fn(&str) -> bool) -> bool {
        *self.over.get_or_init(|| is_over(&self.raw))
    }
    /// `None` for a body that this build cannot read (written by a newer server).
    pub(super) fn record(&self, kind: RecordKind) -> Option<&Record> {
        self.decoded.get_or_init(|| Record::decode(kind, &self.raw).ok().map(Box::new)).as_deref()
    }
}

/// Where the base of a scope stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) cursor: Option<String>,
    pub(super) epoch: Option<Uuid>,
    pub(super) seq: u64,
}

impl Position {
    pub(super) fn of(meta: &ScopeMeta) -> Self {
        Self { cursor: meta.cursor.clone(), epoch: meta.base_epoch, seq: meta.seq }
    }
}

/// The server's answer to a pending command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) epoch: Uuid,
    pub(super) seq: u64,
    pub(super) kind: OutcomeKind,
}

impl Answer {
    pub(super) fn of(entry: &JournalEntry) -> Self {
        Self { epoch: entry.epoch, seq: entry.outcome.seq, kind: entry.outcome.outcome }
    }
    /// The base shows it already, or it will never show.
    pub(super) fn is_over(&self, position: &Position) -> bool {
        match self.kind {
            OutcomeKind::Refused => true,
            OutcomeKind::Held => false,
            _ => position.epoch == Some(self.epoch) && position.seq >= self.seq,
        }
    }
}

pub(super) struct Pending {
    /// As it is stored: what this build cannot read must not be lost either when the store is.
    pub(super) entry: OutboxEntry,
    /// `None`: recorded by a newer build; kept and sent, not shown.
    pub(super) command: Option<Command>,
    pub(super) answer: Option<Answer>,
}

impl Pending {
    pub(super) fn of(entry: &OutboxEntry, answer: Option<Answer>) -> Self {
        let command = Command::decode(&entry.kind, 1, &entry.payload).and_then(Result::ok);
        Self { entry: entry.clone(), command, answer }
    }

    pub(super) fn occurred_at(&self) -> Ms {
        self.entry.at_device.plus(self.entry.offset.unwrap_or(0))
    }
}

pub(super) type Overlay = BTreeMap<RecordKey, Option<Record>>;

pub(super) struct View<'a> {
    pub(super) layers: [&'a Overlay; 2],
    pub(super) base: &'a BTreeMap<RecordKey, Slot>,
}

impl World for View<'_> {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        for layer in self.layers {
            if let Some(record) = layer.get(&key) {
                return record.as_ref();
            }
        }
        self.base.get(&key).and_then(|slot| slot.record(key.kind))
    }
}

pub(super) fn every_id(kind: RecordKind) -> std::ops::RangeInclusive<RecordKey> {
    RecordKey { kind, id: Uuid::nil() }..=RecordKey { kind, id: Uuid::max() }
}

pub(super) fn lay(overlay: &mut Overlay, decision: &Decision) {
    for change in &decision.changes {
        match change {
            Change::Put(record) => overlay.insert(record.key(), Some((**record).clone())),
            Change::Remove(key) => overlay.insert(*key, None),
        };
    }
}
