//! What readers get from the simulation's server: snapshots, increments, and what they must amount to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Mutant;
use super::server::{ScopeDb, Server};
use crate::id::{DeviceId, UserId};
use crate::modules::Record;
use crate::sync::batch::sha256_hex;
use crate::sync::checksum::Checksum;
use crate::sync::client::{PullAsk, StoredRow, TransportError};
use crate::sync::record::{Channel, RecordKey, Scope};
use crate::sync::wire::{PullResponse, Row};
use crate::time::Ms;

#[derive(Serialize, Deserialize)]
struct Cursor {
    epoch: Uuid,
    readers: String,
    seq: u64,
    /// Within `seq`, or of the snapshot: the last record sent.
    key: Option<RecordKey>,
    snapshot: bool,
}

impl Server {
    pub fn pull(
        &self,
        session: UserId,
        device: DeviceId,
        ask: &PullAsk,
        now: Ms,
    ) -> Result<PullResponse, TransportError> {
        let scope = ask.scope;
        let actor = self.admit(session, device)?;
        if ask.repair {
            self.repairs.set(self.repairs.get() + 1);
        }
        let channels: BTreeSet<Channel> = Channel::of_reader(actor, device).into_iter().collect();
        let readers = sha256_hex(format!("{channels:?}").as_bytes());
        let empty = ScopeDb::default();
        let db = self.db.scopes.get(&scope).unwrap_or(&empty);
        let ours = ask
            .cursor
            .as_deref()
            .filter(|_| !ask.repair)
            .and_then(|text| serde_json::from_str::<Cursor>(text).ok())
            .filter(|cursor| cursor.epoch == self.epoch && cursor.readers == readers)
            .filter(|cursor| self.reaches_back(cursor, db.floor));
        let reset = ours.is_none();
        let mut cursor = ours.unwrap_or(Cursor {
            epoch: self.epoch,
            readers,
            seq: db.head,
            key: None,
            snapshot: true,
        });
        let mut changed: BTreeMap<RecordKey, u64> = BTreeMap::new();
        for ((key, channel), (seq, _)) in &db.feed {
            let news =
                if cursor.snapshot { cursor.key.is_none_or(|sent| *key > sent) } else { true };
            if news && channels.contains(channel) {
                let last = changed.entry(*key).or_default();
                *last = (*last).max(*seq);
            }
        }
        let is_visible = |key: &RecordKey| {
            channels.iter().any(|channel| db.feed.get(&(*key, *channel)).is_some_and(|row| !row.1))
        };
        let mut rows: Vec<(u64, RecordKey)> = if cursor.snapshot {
            changed
                .into_iter()
                .filter(|(key, _)| is_visible(key))
                .map(|(key, _)| (0, key))
                .collect()
        } else {
            let place = (cursor.seq, cursor.key);
            let all = changed.into_iter().map(|(key, seq)| (seq, key));
            all.filter(|(seq, key)| {
                *seq > place.0 || (*seq == place.0 && place.1.is_some_and(|sent| *key > sent))
            })
            .collect()
        };
        rows.sort_unstable();
        let cut = rows.len() > self.page;
        rows.truncate(self.page);
        let was_snapshot = cursor.snapshot;
        let mut more = cut;
        match (was_snapshot, cut, rows.last()) {
            (true, true, Some((_, key))) => cursor.key = Some(*key),
            (true, ..) if self.mutant == Some(Mutant::SwapWithoutCatchUp) => {
                (cursor.snapshot, cursor.key, cursor.seq) = (false, None, db.head);
            }
            // What changed while it was sent follows from its start.
            (true, ..) => (cursor.snapshot, cursor.key, more) = (false, None, true),
            (false, true, Some((seq, key))) => (cursor.seq, cursor.key) = (*seq, Some(*key)),
            (false, ..) => (cursor.seq, cursor.key) = (db.head, None),
        }
        if self.mutant == Some(Mutant::CursorPastUnseen) && !was_snapshot && cut {
            (cursor.seq, cursor.key, more) = (db.head, None, false);
        }
        let rows = rows.into_iter().map(|(seq, key)| {
            let shown = db.records.get(&key).filter(|_| is_visible(&key));
            Row {
                kind: key.kind,
                id: key.id,
                seq: shown.map_or(seq, |(_, seq)| *seq),
                body: shown.map(|(record, _)| {
                    RawValue::from_string(record.encode()).expect("records are JSON")
                }),
            }
        });
        let checksum = (ask.check && !more).then(|| {
            let shown = db.records.iter().filter(|(key, _)| is_visible(key));
            shown.map(|(key, (_, seq))| (*key, *seq)).collect::<Checksum>().text()
        });
        Ok(PullResponse {
            epoch: self.epoch,
            checksum,
            reset,
            snapshot: was_snapshot,
            more,
            head: db.head,
            backup_seq: self.backup.scopes.get(&scope).map_or(0, |db| db.head),
            server_time: now,
            rows: rows.collect(),
            cursor: serde_json::to_string(&cursor).expect("a cursor is plain data"),
        })
    }

    /// Whether everything a reader at this place has not been told is still in the feed.
    fn reaches_back(&self, cursor: &Cursor, floor: u64) -> bool {
        // Within its sequence a cut page may have left tombstones to be told.
        let whole = cursor.snapshot || cursor.key.is_none();
        let reaches = cursor.seq > floor || (whole && cursor.seq == floor);
        if !reaches {
            self.outlived.set(self.outlived.get() + 1);
        }
        reaches || self.mutant == Some(Mutant::CompactIgnoringFloor)
    }

    /// Forgets what left a channel at or before this sequence. Who stands before it begins anew.
    pub fn compact_feed(&mut self, scope: Scope, floor: u64) -> usize {
        let Some(db) = self.db.scopes.get_mut(&scope) else { return 0 };
        let before = db.feed.len();
        db.floor = db.floor.max(floor.min(db.head));
        let floor = db.floor;
        db.feed.retain(|_, (seq, gone)| !*gone || *seq > floor);
        before - db.feed.len()
    }

    /// What a reader must see, from the records themselves and not from the feed.
    pub fn visible(
        &self,
        user: UserId,
        device: DeviceId,
        scope: Scope,
    ) -> BTreeMap<RecordKey, StoredRow> {
        let Some((db, actor)) = self.db.scopes.get(&scope).zip(self.db.actors.get(&user)) else {
            return BTreeMap::new();
        };
        let channels = Channel::of_reader(actor, device);
        let speaks = |record: &Record| record.channels().iter().any(|c| channels.contains(c));
        db.records
            .iter()
            .filter(|(_, (record, _))| speaks(record))
            .map(|(key, (record, seq))| {
                let body = Some(record.encode());
                (*key, StoredRow { kind: key.kind, id: key.id, seq: *seq, body })
            })
            .collect()
    }
}
