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

#[derive(Clone, Serialize, Deserialize)]
struct Cursor {
    epoch: Uuid,
    readers: String,
    /// Everything up to here was sent; while a snapshot is filled, where it began.
    seq: u64,
    fill: Option<Fill>,
}

/// How far a snapshot is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Fill {
    /// Records up to this one were sent.
    Page(Option<RecordKey>),
    /// All were sent; what changed meanwhile follows.
    CatchUp,
}

struct Page {
    rows: Vec<Row>,
    more: bool,
}

/// What a reader hears of a scope.
struct Heard<'a> {
    db: &'a ScopeDb,
    channels: BTreeSet<Channel>,
    limit: usize,
    mutant: Option<Mutant>,
}

impl Server {
    /// Pages are cut where the real server cuts them, so that the two can be compared page by page.
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
        let fill = Some(Fill::Page(None));
        let begin = Cursor { epoch: self.epoch, readers, seq: db.head, fill };
        let mut cursor = ours.unwrap_or(begin);
        let snapshot = cursor.fill.is_some();
        let heard = Heard { db, channels, limit: self.page, mutant: self.mutant };
        let Page { rows, more } = match cursor.fill {
            Some(Fill::Page(after)) => heard.snapshot(&mut cursor, after),
            Some(Fill::CatchUp) | None => heard.changes(&mut cursor),
        };
        let checksum = (ask.check && !more).then(|| {
            let shown = db.records.iter().filter(|(key, _)| heard.is_visible(**key));
            shown.map(|(key, (_, seq))| (*key, *seq)).collect::<Checksum>().text()
        });
        Ok(PullResponse {
            epoch: self.epoch,
            checksum,
            reset,
            snapshot,
            more,
            head: db.head,
            backup_seq: self.backup.scopes.get(&scope).map_or(0, |db| db.head),
            server_time: now,
            rows,
            cursor: serde_json::to_string(&cursor).expect("a cursor is plain data"),
        })
    }

    /// Whether everything a reader at this place has not been told is still in the feed. Who has
    /// everything misses nothing, wherever the floor is.
    fn reaches_back(&self, cursor: &Cursor, floor: u64) -> bool {
        let reaches = cursor.seq >= floor;
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
        let forgotten = before - db.feed.len();
        self.also_compact(scope, floor, forgotten);
        forgotten
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

impl Heard<'_> {
    fn is_visible(&self, key: RecordKey) -> bool {
        self.channels.iter().any(|on| self.db.feed.get(&(key, *on)).is_some_and(|row| !row.1))
    }

    fn row(&self, key: RecordKey, (record, seq): &(Record, u64)) -> Row {
        let body = RawValue::from_string(record.encode()).expect("records are JSON");
        Row { kind: key.kind, id: key.id, seq: *seq, body: Some(body) }
    }

    fn snapshot(&self, cursor: &mut Cursor, after: Option<RecordKey>) -> Page {
        let place = |key: RecordKey| (key.kind.name(), key.id);
        let heard =
            self.db.feed.iter().filter(|((_, on), (_, gone))| !gone && self.channels.contains(on));
        let keys: BTreeMap<_, RecordKey> = heard
            .map(|((key, _), _)| (place(*key), *key))
            .filter(|(at, _)| after.is_none_or(|after| *at > place(after)))
            .collect();
        let keys: Vec<RecordKey> = keys.into_values().take(self.limit).collect();
        let rows = keys.iter().filter_map(|key| Some(self.row(*key, self.db.records.get(key)?)));
        let rows = rows.collect();
        let mut more = true;
        if keys.len() == self.limit {
            cursor.fill = Some(Fill::Page(keys.last().copied()));
        } else if self.mutant == Some(Mutant::SwapWithoutCatchUp) || cursor.seq == self.db.head {
            (cursor.fill, cursor.seq, more) = (None, self.db.head, false);
        } else {
            // What changed while it was sent follows from its start.
            cursor.fill = Some(Fill::CatchUp);
        }
        Page { rows, more }
    }

    fn changes(&self, cursor: &mut Cursor) -> Page {
        let (changed, to) = self.changed_after(cursor.seq);
        let mut rows: Vec<Row> = Vec::new();
        for (key, seq) in changed {
            match self.db.records.get(&key).filter(|_| self.is_visible(key)) {
                // Changed again behind this page: it comes there, with that sequence.
                Some((_, last)) if *last > to => {}
                Some(record) => rows.push(self.row(key, record)),
                None => rows.push(Row { kind: key.kind, id: key.id, seq, body: None }),
            }
        }
        rows.sort_by_key(|row| row.seq);
        let unseen = self.mutant == Some(Mutant::CursorPastUnseen) && cursor.fill.is_none();
        cursor.seq = if unseen { self.db.head } else { to };
        let more = cursor.seq < self.db.head;
        if !more {
            cursor.fill = None;
        }
        Page { rows, more }
    }

    /// What changed after a sequence, each record once with its last one, and up to where that is whole:
    /// the end of the log, or a sequence after about as many rows as a page has.
    fn changed_after(&self, after: u64) -> (BTreeMap<RecordKey, u64>, u64) {
        let mut heard: BTreeMap<Channel, Vec<(u64, RecordKey)>> = BTreeMap::new();
        for ((key, channel), (seq, _)) in &self.db.feed {
            if *seq > after && self.channels.contains(channel) {
                heard.entry(*channel).or_default().push((*seq, *key));
            }
        }
        heard.values_mut().for_each(|rows| rows.sort_unstable());
        let mut limit = self.limit;
        loop {
            let mut to = self.db.head;
            let mut rows: Vec<(u64, RecordKey)> = Vec::new();
            for on in heard.values() {
                let on = &on[..limit.min(on.len())];
                // A channel that has more may have it at its last sequence.
                if on.len() == limit
                    && let Some((last, _)) = on.last()
                {
                    to = to.min(last - 1);
                }
                rows.extend(on);
            }
            if to <= after && to < self.db.head {
                // One sequence holds more than a page, which has to hold it whole.
                limit *= 4;
                continue;
            }
            rows.retain(|(seq, _)| *seq <= to);
            rows.sort_unstable();
            if let Some((boundary, _)) = rows.get(limit) {
                let whole = rows[..limit].iter().rev().find(|(seq, _)| seq < boundary);
                to = whole.map_or(to, |(seq, _)| *seq);
                rows.retain(|(seq, _)| *seq <= to);
            }
            // In order: the last of a record is what stays.
            return (rows.into_iter().map(|(seq, key)| (key, seq)).collect(), to);
        }
    }
}
