//! The server of the simulation: the real planner on a database in memory, with the feed, cursors,
//! epochs and back-ups of the real one.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::value::RawValue;
use uuid::Uuid;

use super::Mutant;
use super::beside::{Act, Beside};
use crate::actor::Actor;
use crate::id::{DeviceId, OpId, UserId};
use crate::modules::attachments::{Settlement, Sha256Hex};
use crate::modules::company::Settings;
use crate::modules::{Command, Record};
use crate::refusal::{CommonCode, Refusal};
use crate::sync::batch::{
    self, Decoded, FeedRow, Held, Incoming, Known, Loaded, LogRow, Plan, PlanEnv, PushError,
    Resume, plan, read_push, reads,
};
use crate::sync::client::TransportError;
use crate::sync::outcome::Outcome;
use crate::sync::record::{Channel, RecordKey, Scope, SyncedRecord};
use crate::sync::wire::{PushRequest, PushResponse};
use crate::time::Ms;

/// The tables of one scope.
#[derive(Clone, Default)]
pub struct ScopeDb {
    pub head: u64,
    pub head_hash: String,
    pub device_heads: HashMap<DeviceId, u64>,
    pub log: Vec<LogRow>,
    pub by_op: HashMap<OpId, usize>,
    pub by_number: HashMap<(DeviceId, u64), usize>,
    pub records: BTreeMap<RecordKey, (Record, u64)>,
    /// Where each record stands on each channel: its last sequence there, and whether it left.
    pub feed: BTreeMap<(RecordKey, Channel), (u64, bool)>,
    /// Tombstones up to here are forgotten.
    pub floor: u64,
    pub counters: BTreeMap<String, u32>,
    pub held: BTreeMap<u64, Held>,
    /// Number series as they went on after a restore, with the head they went on from.
    pub went_on: Vec<(u64, BTreeMap<String, u32>)>,
}

impl ScopeDb {
    /// The row with the command that came with this one: of a repeated command, the first.
    pub fn sent_as<'a>(&'a self, row: &'a LogRow) -> &'a LogRow {
        #[derive(serde::Deserialize)]
        struct Repeated {
            op: OpId,
        }
        let first = (row.kind == batch::REPEATED)
            .then(|| serde_json::from_str::<Repeated>(&row.payload).ok())
            .flatten();
        first.and_then(|first| self.by_op.get(&first.op)).map_or(row, |index| &self.log[*index])
    }
}

/// What a back-up contains.
#[derive(Clone, Default)]
pub struct Db {
    pub scopes: BTreeMap<Scope, ScopeDb>,
    pub actors: BTreeMap<UserId, Actor>,
    /// Attachments that applied commands named.
    pub named: BTreeSet<(Scope, Sha256Hex)>,
}

impl Db {
    pub fn logged(&self, scope: Scope, op: OpId) -> Option<&LogRow> {
        let db = self.scopes.get(&scope)?;
        db.by_op.get(&op).map(|index| &db.log[*index])
    }
}

/// Bytes of an attachment. No back-up and no restore touches them.
#[derive(Clone, Default)]
pub struct File {
    pub bytes: Vec<u8>,
    pub complete: bool,
}

pub struct Server {
    pub db: Db,
    pub epoch: Uuid,
    /// The last back-up, and the one before it.
    pub backup: Db,
    pub earlier: Db,
    /// Commands of a back-up that is lost, too, with the places they had in its log: phones may have
    /// forgotten them because they were backed up.
    pub forfeited: BTreeMap<OpId, Vec<(DeviceId, u64)>>,
    /// Those, and those that have been backed up again since.
    pub ever_forfeited: BTreeSet<OpId>,
    pub files: BTreeMap<Sha256Hex, File>,
    pub devices: BTreeMap<DeviceId, UserId>,
    pub mutant: Option<Mutant>,
    /// Rows of a page.
    pub page: usize,
    /// What must never happen and did.
    pub broken: Vec<String>,
    /// Phones that held something else than they were to hold.
    pub repairs: Cell<usize>,
    /// Cursors from before the feed's floor.
    pub outlived: Cell<usize>,
    /// Grows with everything that is kept.
    pub version: u64,
    /// Rows of the feed that another transaction will only show later: what a `bigserial` does.
    pub(super) late: Vec<(Scope, FeedRow)>,
    /// The store that lives through the same, and answers in this one's place.
    pub(super) beside: Option<RefCell<Beside>>,
}

/// When the server dies in a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dies {
    Not,
    BeforeCommit,
    /// It does not die: the database cannot write, nothing of the push is kept, and it says 503.
    DiskFull,
}

pub(super) fn refused(code: CommonCode) -> TransportError {
    TransportError::Refused(Refusal::new(code))
}

impl Server {
    pub fn new(epoch: Uuid) -> Self {
        Self {
            db: Db::default(),
            epoch,
            backup: Db::default(),
            earlier: Db::default(),
            forfeited: BTreeMap::new(),
            ever_forfeited: BTreeSet::new(),
            files: BTreeMap::new(),
            devices: BTreeMap::new(),
            mutant: None,
            page: 40,
            broken: Vec::new(),
            repairs: Cell::new(0),
            outlived: Cell::new(0),
            version: 0,
            late: Vec::new(),
            beside: None,
        }
    }

    /// A request comes with a cookie; it may only speak for the device that this user registered.
    pub(super) fn admit(
        &self,
        session: UserId,
        device: DeviceId,
    ) -> Result<&Actor, TransportError> {
        if self.devices.get(&device) != Some(&session) {
            return Err(refused(CommonCode::WrongDevice));
        }
        self.db.actors.get(&session).ok_or(TransportError::Unauthorised)
    }

    /// A store of this user's goes on as another device.
    pub fn register(
        &mut self,
        session: UserId,
        user: UserId,
        device: DeviceId,
    ) -> Result<(), TransportError> {
        if session != user || self.devices.get(&device).is_some_and(|owner| *owner != user) {
            return Err(refused(CommonCode::WrongDevice));
        }
        self.devices.insert(device, user);
        Ok(())
    }

    pub fn push(
        &mut self,
        session: UserId,
        request: &PushRequest,
        now: Ms,
        dies: Dies,
    ) -> Result<PushResponse, TransportError> {
        let actor = Arc::new(self.admit(session, request.device)?.clone());
        if request.user != session {
            return Err(refused(CommonCode::WrongDevice));
        }
        let mut incoming =
            read_push(&request.commands, request.device, &actor, now).map_err(error_of)?;
        let claimed: Vec<(OpId, u64)> = incoming.iter().map(|item| (item.op, item.n)).collect();
        if self.mutant == Some(Mutant::SkipDuplicateCheck) {
            self.forget_duplicates(request.scope, &mut incoming);
        }
        let mut resume_from = request.resume_from;
        if self.mutant == Some(Mutant::ResumeUnsaid)
            && let Some(from) = resume_from.take()
        {
            let db = self.db.scopes.entry(request.scope).or_default();
            db.device_heads.insert(request.device, from - 1);
        }
        let resume = resume_from.map(|from| Resume {
            device: request.device,
            from,
            actor: Arc::clone(&actor),
            received_at: now,
        });
        let plan = self.plan(request.scope, incoming, resume);
        let mut outcomes = Vec::with_capacity(plan.replies.len());
        for (reply, (op, n)) in plan.replies.iter().zip(claimed) {
            let mut reply = reply.clone().map_err(error_of)?;
            if self.mutant == Some(Mutant::SkipDuplicateCheck) {
                let told: Outcome = serde_json::from_str(&reply).expect("replies are outcomes");
                reply = serde_json::to_string(&Outcome { op, n, ..told }).expect("plain data");
            }
            outcomes.push(RawValue::from_string(reply).expect("replies are JSON"));
        }
        if dies == Dies::Not {
            self.commit(request.scope, plan);
        } else if self.mutant != Some(Mutant::AcknowledgeBeforeCommit) {
            return Err(match dies {
                Dies::DiskFull => TransportError::Busy { retry_after: None },
                _ => TransportError::Server,
            });
        }
        let head = self.db.scopes.get(&request.scope).map_or(0, |db| db.head);
        Ok(PushResponse { epoch: self.epoch, outcomes, head, server_time: now })
    }

    /// The mutant: a resent command is taken for a new one.
    fn forget_duplicates(&self, scope: Scope, incoming: &mut [Incoming]) {
        let heads =
            self.db.scopes.get(&scope).map(|db| db.device_heads.clone()).unwrap_or_default();
        let Some(first) = incoming.first().map(|item| (item.device, item.n)) else { return };
        let next = heads.get(&first.0).copied().unwrap_or(0) + 1;
        if first.1 < next {
            for (item, n) in incoming.iter_mut().zip(next..) {
                (item.op, item.n) = (OpId::derived(&[&item.op.to_string(), &n.to_string()]), n);
            }
        }
    }

    /// Loads what the decision needs, as the real server does set-wise, and decides.
    pub fn plan(&self, scope: Scope, incoming: Vec<Incoming>, resume: Option<Resume>) -> Plan {
        let empty = ScopeDb::default();
        let db = self.db.scopes.get(&scope).unwrap_or(&empty);
        let mut keys = reads(scope, &incoming);
        keys.insert(Settings::key());
        let mut held: BTreeMap<u64, Held> = BTreeMap::new();
        loop {
            let before = held.len();
            for (seq, waiting) in &db.held {
                if waiting.waits_for.is_some_and(|key| keys.contains(&key)) {
                    keys.extend(reads(scope, std::slice::from_ref(&waiting.incoming)));
                    held.insert(*seq, waiting.clone());
                }
            }
            if held.len() == before {
                break;
            }
        }
        let known: Vec<usize> = incoming
            .iter()
            .flat_map(|item| {
                let by_number = db.by_number.get(&(item.device, item.n));
                db.by_op.get(&item.op).into_iter().chain(by_number).copied()
            })
            .collect();
        keys.extend(known.iter().map(|index| Settlement::key_of(db.log[*index].op.0)));
        let company = self.db.scopes.get(&Scope::Company);
        let find = |key: &RecordKey| {
            let here = db.records.get(key);
            here.or_else(|| company.and_then(|company| company.records.get(key)))
        };
        let records: HashMap<RecordKey, Record> = keys
            .iter()
            .filter_map(|key| find(key).map(|(record, _)| (*key, record.clone())))
            .collect();
        let settings = match records.get(&Settings::key()) {
            Some(Record::Settings(settings)) => settings.clone(),
            _ => Settings::default(),
        };
        let known = known.into_iter().map(|index| {
            let row = &db.log[index];
            Known {
                op: row.op,
                device: row.device,
                n: row.n,
                user: row.actor.user,
                payload_hash: row.payload_hash.clone(),
                reply: row.reply.clone(),
            }
        });
        let loaded = Loaded {
            head: db.head,
            head_hash: db.head_hash.clone(),
            device_heads: db.device_heads.clone(),
            known: known.collect(),
            records,
            counters: db.counters.clone(),
            held: held.into_values().collect(),
            resume,
        };
        plan(&loaded, incoming, &PlanEnv { scope, settings: &settings, code_is_genuine: &|_| true })
    }

    pub fn commit(&mut self, scope: Scope, mut plan: Plan) {
        self.version += 1;
        if self.mutant == Some(Mutant::CursorOfBigserial) {
            self.show_late();
            if self.version.is_multiple_of(4) {
                self.late.extend(plan.feed.drain(..).map(|row| (scope, row)));
            }
        }
        let db = self.db.scopes.entry(scope).or_default();
        for row in plan.log {
            let index = db.log.len();
            let chained = batch::chain_hash(&db.head_hash, &row);
            if row.seq != db.head + 1 || row.hash != chained {
                self.broken.push(format!("log of {scope}: row {} does not continue it", row.seq));
            }
            if db.by_op.insert(row.op, index).is_some()
                || db.by_number.insert((row.device, row.n), index).is_some()
            {
                self.broken.push(format!("log of {scope}: {} is in it twice", row.op));
            }
            (db.head, db.head_hash) = (row.seq, row.hash.clone());
            db.log.push(row);
        }
        for (key, (record, seq)) in plan.records {
            match record {
                Some(record) => db.records.insert(key, (record, seq)),
                None => db.records.remove(&key),
            };
        }
        for row in plan.feed {
            let key = RecordKey { kind: row.kind, id: row.id };
            db.feed.insert((key, row.channel), (row.seq, row.gone));
        }
        db.counters = plan.counters;
        db.device_heads = plan.device_heads;
        for seq in plan.released {
            db.held.remove(&seq);
        }
        db.held.extend(plan.held.into_iter().map(|held| (held.seq, held)));
        self.db.named.extend(plan.blobs.into_iter().map(|(sha256, _)| (scope, sha256)));
    }

    /// The transaction that took an earlier sequence commits at last.
    fn show_late(&mut self) {
        for (scope, row) in std::mem::take(&mut self.late) {
            let db = self.db.scopes.entry(scope).or_default();
            let place = (RecordKey { kind: row.kind, id: row.id }, row.channel);
            if db.feed.get(&place).is_none_or(|(seq, _)| *seq < row.seq) {
                db.feed.insert(place, (row.seq, row.gone));
            }
        }
    }

    /// A command of the product itself, or of the office by another way than a phone.
    pub fn act(&mut self, scope: Scope, actor: Actor, command: Command, now: Ms) {
        let device = DeviceId::derived(&["server", &scope.to_string()]);
        let heads = self.db.scopes.get(&scope).and_then(|db| db.device_heads.get(&device));
        let n = heads.copied().unwrap_or(0) + 1;
        let payload = command.encode();
        let numbers = [self.epoch.to_string(), scope.to_string(), n.to_string()];
        let [epoch, place, number] = &numbers;
        let op = OpId::derived(&["act", epoch, place, number]);
        let actor = Arc::new(actor);
        let act = Act { scope, device, op, actor: Arc::clone(&actor), command, now };
        let incoming = Incoming {
            device,
            actor,
            received_at: now,
            op,
            n,
            kind: act.command.kind().to_owned(),
            v: 1,
            at_device: now,
            occurred_at: now,
            offset: None,
            command: Decoded::of(act.command.kind(), 1, &payload),
            payload,
        };
        let plan = self.plan(scope, vec![incoming], None);
        let reply = plan.replies.first().cloned().expect("an answer to each command");
        self.commit(scope, plan);
        self.also_act(act, &reply.expect("its number is the next"));
    }
}

/// What a phone makes of the answer to a push that was not taken.
pub fn error_of(error: PushError) -> TransportError {
    match error {
        PushError::Malformed { .. } => refused(CommonCode::Malformed),
        PushError::Gap { expected } => TransportError::Gap { expected },
        PushError::NumberReused { .. } => TransportError::NumberReused,
    }
}
