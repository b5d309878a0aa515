//! The server's side of a push, without IO: given what the database holds, what must be written.
//!
//! `reads` names the records, the server loads them set-wise inside its write transaction, `plan`
//! decides every command in log order and returns log rows, records, feed rows and answers; the
//! server writes the plan with multi-row statements and commits. The simulation runs the same two
//! functions on an in-memory database.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::command::{Change, Context, Numbers, Stop, Verdict, World, find};
use super::envelope::Envelope;
use super::outcome::{Outcome, OutcomeKind};
use super::record::{Channel, RecordKey, Scope, SyncedRecord};
use super::wire::MAX_PAYLOAD_BYTES;
use crate::actor::Actor;
use crate::id::{DeviceId, OpId, UserId, derived};
use crate::modules::attachments::{Settlement, Sha256Hex};
use crate::modules::company::Settings;
use crate::modules::{Command, Record, RecordKind};
use crate::refusal::{CommonCode, Refusal};
use crate::time::Ms;

/// One command as it arrived.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub device: DeviceId,
    pub actor: Arc<Actor>,
    pub received_at: Ms,
    pub op: OpId,
    pub n: u64,
    pub kind: String,
    pub v: u32,
    pub at_device: Ms,
    /// See `Envelope::occurred_at`.
    pub occurred_at: Ms,
    pub offset: Option<i64>,
    /// The payload's bytes as the phone wrote them.
    pub payload: String,
    /// Decoded once, here.
    pub command: Decoded,
}

/// What became of the payload's bytes.
#[derive(Clone, Debug)]
pub enum Decoded {
    Command(Box<Command>),
    /// A kind or version newer than this server: held.
    Unknown,
    /// Bytes that are no such command: refused, kept raw.
    Undecodable(String),
    /// Refused before any rule was asked: the database cannot keep what the rules would make of it,
    /// or the entry only reports a loss.
    Impossible(Refusal),
}

/// Longest name of a kind of command.
const MAX_KIND: usize = 64;

/// Whether this may be a kind of command, known or not: what is stored and shown as a name must
/// be one.
fn is_kind(kind: &str) -> bool {
    !kind.is_empty() && kind.len() <= MAX_KIND && kind.bytes().all(|b| b.is_ascii_graphic())
}

impl Decoded {
    pub fn of(kind: &str, v: u32, payload: &str) -> Self {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Decoded::Undecodable(format!("{} bytes", payload.len()));
        }
        match Command::decode(kind, v, payload) {
            None => Decoded::Unknown,
            Some(Ok(command)) => Decoded::Command(Box::new(command)),
            Some(Err(error)) => Decoded::Undecodable(error.to_string()),
        }
    }
}

/// What a whole push may be refused for. Nothing of it is applied then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushError {
    /// An entry has no readable number, or the numbers are not contiguous.
    Malformed { index: usize },
    /// The first number is above the one that comes next.
    Gap { expected: u64 },
    /// A number was used before with another command.
    NumberReused { n: u64 },
}

/// Reads the entries of a push. An entry that is no envelope but carries its number gets an outcome
/// like any other; only without a number is there nothing to answer.
pub fn read_push(
    commands: &[Box<RawValue>],
    device: DeviceId,
    actor: &Arc<Actor>,
    received_at: Ms,
) -> Result<Vec<Incoming>, PushError> {
    #[derive(serde::Deserialize)]
    struct NumberOnly {
        n: u64,
    }
    let mut incoming = Vec::with_capacity(commands.len());
    for (index, raw) in commands.iter().enumerate() {
        let envelope = serde_json::from_str::<Envelope>(raw.get()).map_err(|e| e.to_string());
        let named = |envelope: Envelope| {
            if is_kind(&envelope.kind) { Ok(envelope) } else { Err("no name of a kind".to_owned()) }
        };
        let item = match envelope.and_then(named) {
            Ok(envelope) => {
                let payload = envelope.payload.get().to_owned();
                Incoming {
                    device,
                    actor: Arc::clone(actor),
                    received_at,
                    op: envelope.op,
                    n: envelope.n,
                    v: envelope.v,
                    at_device: envelope.at_device,
                    occurred_at: envelope.occurred_at(received_at),
                    offset: envelope.offset,
                    command: Decoded::of(&envelope.kind, envelope.v, &payload),
                    kind: envelope.kind,
                    payload,
                }
            }
            Err(error) => {
                let number: NumberOnly =
                    serde_json::from_str(raw.get()).map_err(|_| PushError::Malformed { index })?;
                Incoming {
                    device,
                    actor: Arc::clone(actor),
                    received_at,
                    op: OpId(derived(&[
                        "undecodable",
                        &device.to_string(),
                        &number.n.to_string(),
                        raw.get(),
                    ])),
                    n: number.n,
                    kind: "undecodable".into(),
                    v: 1,
                    at_device: received_at,
                    occurred_at: received_at,
                    offset: None,
                    payload: raw.get().to_owned(),
                    command: Decoded::Undecodable(error),
                }
            }
        };
        let follows = incoming.last().is_none_or(|last: &Incoming| item.n == last.n + 1);
        if item.n == 0 || !follows {
            return Err(PushError::Malformed { index });
        }
        incoming.push(item);
    }
    Ok(incoming)
}

/// A command that the log already holds.
#[derive(Clone, Debug)]
pub struct Known {
    pub op: OpId,
    pub device: DeviceId,
    /// 0 for a row of another scope.
    pub n: u64,
    /// Who acted.
    pub user: UserId,
    /// SHA-256 of the payload's bytes, hex.
    pub payload_hash: String,
    /// The stored answer, byte for byte.
    pub reply: String,
}

/// A command that waits.
#[derive(Clone, Debug)]
pub struct Held {
    pub seq: u64,
    /// `None`: waits for a server that knows its kind.
    pub waits_for: Option<RecordKey>,
    pub incoming: Incoming,
}

/// A device says that it no longer has what the server still expects of it.
#[derive(Clone, Debug)]
pub struct Resume {
    pub device: DeviceId,
    /// The first number it still has.
    pub from: u64,
    pub actor: Arc<Actor>,
    pub received_at: Ms,
}

/// What the database holds that this batch needs, read inside the write transaction after the head
/// row was locked.
#[derive(Default)]
pub struct Loaded {
    pub head: u64,
    /// Hash of the log's last row, hex; empty for an empty log.
    pub head_hash: String,
    /// Last number applied per device in this scope.
    pub device_heads: HashMap<DeviceId, u64>,
    /// Log rows with the same op id, or the same device and number, as an incoming command.
    pub known: Vec<Known>,
    pub records: HashMap<RecordKey, Record>,
    pub counters: BTreeMap<String, u32>,
    /// Held commands whose awaited record is written by this batch (`waits_for` in the records that
    /// the incoming commands may create), in log order.
    pub held: Vec<Held>,
    /// `PushRequest::resume_from`; load the settler's head with it.
    pub resume: Option<Resume>,
}

/// A row of the append-only log.
#[derive(Clone, Debug)]
pub struct LogRow {
    pub seq: u64,
    pub op: OpId,
    pub device: DeviceId,
    pub n: u64,
    pub actor: Arc<Actor>,
    pub kind: String,
    pub v: u32,
    pub payload: String,
    pub payload_hash: String,
    pub at_device: Ms,
    pub offset: Option<i64>,
    pub occurred_at: Ms,
    pub received_at: Ms,
    pub outcome: OutcomeKind,
    /// Stable code of a refusal or conflict.
    pub code: String,
    /// The answer as JSON text.
    pub reply: String,
    pub hash: String,
}

/// Where a record now stands in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRow {
    pub channel: Channel,
    pub kind: RecordKind,
    pub id: uuid::Uuid,
    pub seq: u64,
    /// The record no longer speaks on this channel.
    pub gone: bool,
}

/// Kind of the log row under which a number is kept whose command is in the log already: a phone whose
/// numbers were taken (its store was copied or set back) goes on as a new device and sends all it
/// has. The payload names the first row's op, device and number.
pub const REPEATED: &str = "sync.repeated";

/// The id of such a row; of the content too, so that a resend is known to be the same.
fn repeated_id(item: &Incoming, payload_hash: &str) -> OpId {
    let (op, device, n) = (item.op.to_string(), item.device.to_string(), item.n.to_string());
    OpId(derived(&["repeated", &op, &device, &n, payload_hash]))
}

/// Everything to write, and the answers.
#[derive(Default)]
pub struct Plan {
    pub log: Vec<LogRow>,
    /// Final states with the sequence of their last change; `None` removes.
    pub records: BTreeMap<RecordKey, (Option<Record>, u64)>,
    pub feed: Vec<FeedRow>,
    pub counters: BTreeMap<String, u32>,
    pub device_heads: HashMap<DeviceId, u64>,
    pub head: u64,
    pub head_hash: String,
    pub held: Vec<Held>,
    /// Log sequences of held commands that became final.
    pub released: Vec<u64>,
    /// Attachments named by applied commands, with the command that named them.
    pub blobs: Vec<(Sha256Hex, OpId)>,
    /// Per incoming command, in order: the answer as JSON text.
    pub replies: Vec<Result<String, PushError>>,
}

/// What every decision sees besides its records.
pub struct PlanEnv<'a> {
    pub scope: Scope,
    pub settings: &'a Settings,
    pub code_is_genuine: &'a dyn Fn(&str) -> bool,
}

/// The device under which outcomes of held commands are logged; load its head with the others.
pub fn settler(scope: Scope) -> DeviceId {
    DeviceId::derived(&["settler", &scope.to_string()])
}

/// Records that deciding these commands looks at, those they create included. Load the held
/// commands that wait for one of them, and what those read, as well.
pub fn reads(scope: Scope, incoming: &[Incoming]) -> BTreeSet<RecordKey> {
    let mut keys = BTreeSet::new();
    for item in incoming {
        if let Decoded::Command(command) = &item.command {
            keys.extend(command.reads());
            if let Command::BlobArrived(arrived) = &**command {
                let id = crate::modules::attachments::BlobArrival::id_of(scope, &arrived.sha256);
                keys.insert(crate::modules::attachments::BlobArrival::key_of(id));
            }
        }
    }
    keys
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The chain covers order, identity, payload bytes and outcome of every row.
pub fn chain_hash(previous: &str, row: &LogRow) -> String {
    let text = format!(
        "{previous}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
        row.seq,
        row.op,
        row.device,
        row.n,
        row.actor.user,
        row.kind,
        row.payload_hash,
        row.occurred_at.0,
        row.received_at.0,
        row.reply,
    );
    sha256_hex(text.as_bytes())
}

/// Records as this batch sees them: what was loaded, under what it has changed so far.
struct Overlay<'a> {
    loaded: &'a HashMap<RecordKey, Record>,
    changed: &'a BTreeMap<RecordKey, (Option<Record>, u64)>,
}

impl World for Overlay<'_> {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        match self.changed.get(&key) {
            Some((record, _)) => record.as_ref(),
            None => self.loaded.get(&key),
        }
    }
}

struct Counters<'a>(&'a mut BTreeMap<String, u32>);

impl Numbers for Counters<'_> {
    fn next(&mut self, series: &str) -> Option<u32> {
        let counter = self.0.entry(series.to_owned()).or_insert(0);
        *counter += 1;
        Some(*counter)
    }
}

/// Decides every incoming command in order. Pure: the same database and commands give the same
/// plan, byte for byte.
pub fn plan(loaded: &Loaded, incoming: Vec<Incoming>, env: &PlanEnv<'_>) -> Plan {
    let mut planner = Planner {
        loaded,
        env,
        before: HashMap::new(),
        plan: Plan {
            head: loaded.head,
            head_hash: loaded.head_hash.clone(),
            device_heads: loaded.device_heads.clone(),
            counters: loaded.counters.clone(),
            ..Plan::default()
        },
        known_ops: loaded.known.iter().map(|known| (known.op, known.clone())).collect(),
        known_numbers: loaded.known.iter().map(|k| ((k.device, k.n), k.clone())).collect(),
        held: loaded.held.clone(),
    };
    if let Some(resume) = &loaded.resume {
        planner.resume(resume);
    }
    // What waited for a record of another scope, or for this build: nothing in here releases it.
    planner.release();
    for item in incoming {
        let reply = planner.take(item);
        planner.plan.replies.push(reply);
    }
    planner.finish()
}

struct Planner<'a> {
    loaded: &'a Loaded,
    env: &'a PlanEnv<'a>,
    /// Channels of each changed record before this batch.
    before: HashMap<RecordKey, Vec<Channel>>,
    plan: Plan,
    known_ops: HashMap<OpId, Known>,
    known_numbers: HashMap<(DeviceId, u64), Known>,
    held: Vec<Held>,
}

impl Planner<'_> {
    fn take(&mut self, mut item: Incoming) -> Result<String, PushError> {
        let payload_hash = sha256_hex(item.payload.as_bytes());
        let expected = self.plan.device_heads.get(&item.device).copied().unwrap_or(0) + 1;
        if item.n > expected {
            return Err(PushError::Gap { expected });
        }
        if item.n < expected {
            let known = self.known_numbers.get(&(item.device, item.n));
            return match known {
                Some(known) if known.payload_hash == payload_hash && self.same_op(known, &item) => {
                    Ok(known.reply.clone())
                }
                Some(known) if known.op == repeated_id(&item, &payload_hash) => {
                    Ok(known.reply.clone())
                }
                _ => Err(PushError::NumberReused { n: item.n }),
            };
        }
        let first = self.known_ops.get(&item.op);
        if let Some(answer) = first.and_then(|first| self.first_answer(first, &item, &payload_hash))
        {
            return Ok(self.repeat(item, &payload_hash, answer));
        }
        if first.is_some() {
            // The id belongs to another command for ever; this one gets an id of its own so that
            // its number has an outcome and its bytes are kept.
            let claimed = item.op;
            item.op = OpId(derived(&[
                "id reused",
                &claimed.to_string(),
                &item.device.to_string(),
                &item.n.to_string(),
            ]));
            let refusal = Refusal::new(CommonCode::IdReused);
            return Ok(self.append(
                item,
                payload_hash,
                OutcomeKind::Refused,
                Some(refusal),
                Some(claimed),
            ));
        }
        let seq = self.plan.head + 1;
        let (kind, reason, wait) = self.decide(&item, seq);
        let held = wait.map(|waits_for| Held { seq, waits_for, incoming: item.clone() });
        let reply = self.append(item, payload_hash, kind, reason, None);
        match held {
            Some(held) => {
                self.held.push(held.clone());
                self.plan.held.push(held);
            }
            None => self.release(),
        }
        Ok(reply)
    }

    /// A number that was answered under a replaced op id still belongs to the op that claimed it.
    fn same_op(&self, known: &Known, item: &Incoming) -> bool {
        known.op == item.op
            || known.op.0
                == derived(&[
                    "id reused",
                    &item.op.to_string(),
                    &item.device.to_string(),
                    &item.n.to_string(),
                ])
    }

    /// The answer that this very command got under another number of the same person's.
    fn first_answer(
        &self,
        first: &Known,
        item: &Incoming,
        payload_hash: &str,
    ) -> Option<(Outcome, Known)> {
        let same = first.n > 0 && first.user == item.actor.user;
        if !same || first.payload_hash != payload_hash {
            return None;
        }
        let mut answer: Outcome = serde_json::from_str(&first.reply).ok()?;
        if answer.outcome == OutcomeKind::Held {
            let world = Overlay { loaded: &self.loaded.records, changed: &self.plan.records };
            if let Some(settled) = find::<Settlement>(&world, item.op.0) {
                answer = settled.outcome.clone();
            }
        }
        // Its place is that of its own number: until that is backed up the phone has to keep it, or a
        // restore would leave a gap that nothing fills.
        let seq = self.plan.head + 1;
        Some((Outcome { op: item.op, n: item.n, seq, ..answer }, first.clone()))
    }

    /// Gives a number its outcome whose command is in the log already: nothing is applied twice.
    fn repeat(
        &mut self,
        item: Incoming,
        payload_hash: &str,
        (answer, first): (Outcome, Known),
    ) -> String {
        let payload =
            serde_json::json!({ "op": first.op, "device": first.device, "n": first.n }).to_string();
        let row = Incoming {
            op: repeated_id(&item, payload_hash),
            kind: REPEATED.into(),
            v: 1,
            payload,
            ..item
        };
        let hash = sha256_hex(row.payload.as_bytes());
        self.write(row, hash, OutcomeKind::Applied, String::new(), &answer)
    }

    /// Applies one command to the overlay. The third value is what it waits for, when held.
    fn decide(
        &mut self,
        item: &Incoming,
        seq: u64,
    ) -> (OutcomeKind, Option<Refusal>, Option<Option<RecordKey>>) {
        let command = match &item.command {
            Decoded::Command(command) => command,
            Decoded::Unknown => {
                let reason = Refusal::new(CommonCode::UnknownKind).with("kind", &item.kind);
                return (OutcomeKind::Held, Some(reason), Some(None));
            }
            Decoded::Undecodable(why) => {
                let code = if item.payload.len() > MAX_PAYLOAD_BYTES {
                    CommonCode::TooLarge
                } else {
                    CommonCode::Malformed
                };
                return (OutcomeKind::Refused, Some(Refusal::new(code).with("why", why)), None);
            }
            Decoded::Impossible(reason) => {
                return (OutcomeKind::Refused, Some(reason.clone()), None);
            }
        };
        let context = Context {
            actor: &item.actor,
            device: item.device,
            op: item.op,
            scope: self.env.scope,
            occurred_at: item.occurred_at,
            received_at: item.received_at,
            settings: self.env.settings,
            code_is_genuine: self.env.code_is_genuine,
        };
        let world = Overlay { loaded: &self.loaded.records, changed: &self.plan.records };
        // A refused command must not use up a number of a series.
        let mut counters = self.plan.counters.clone();
        let decision = match command.decide(&world, &context, &mut Counters(&mut counters)) {
            Ok(decision) => decision,
            Err(Stop::Refused(refusal)) => return (OutcomeKind::Refused, Some(refusal), None),
            Err(Stop::Waits(key)) => {
                let reason = Refusal::new(CommonCode::UnknownRecord).with("kind", key.kind.name());
                return (OutcomeKind::Held, Some(reason), Some(Some(key)));
            }
        };
        if decision.changes.iter().any(|change| self.leaves_scope(change)) {
            return (OutcomeKind::Refused, Some(Refusal::new(CommonCode::WrongScope)), None);
        }
        self.plan.counters = counters;
        for change in decision.changes {
            let (key, record) = match change {
                Change::Put(record) => (record.key(), Some(*record)),
                Change::Remove(key) => (key, None),
            };
            self.before.entry(key).or_insert_with(|| {
                self.loaded.records.get(&key).map(Record::channels).unwrap_or_default()
            });
            // Channels that were joined and left within one batch need no tombstone: nobody saw them.
            self.plan.records.insert(key, (record, seq));
        }
        for attachment in command.attachments() {
            self.plan.blobs.push((attachment.sha256.clone(), item.op));
        }
        match decision.verdict {
            Verdict::Applied => (OutcomeKind::Applied, None, None),
            Verdict::Merged => (OutcomeKind::Merged, None, None),
            Verdict::Conflict(reason) => (OutcomeKind::Conflict, Some(reason), None),
        }
    }

    fn leaves_scope(&self, change: &Change) -> bool {
        match change {
            Change::Put(record) => record.scope() != self.env.scope,
            Change::Remove(_) => false,
        }
    }

    /// Writes a log row and returns the answer.
    fn append(
        &mut self,
        item: Incoming,
        payload_hash: String,
        outcome: OutcomeKind,
        reason: Option<Refusal>,
        claimed: Option<OpId>,
    ) -> String {
        let seq = self.plan.head + 1;
        let code = reason.as_ref().map(|reason| reason.code.to_string()).unwrap_or_default();
        let answer = Outcome { op: claimed.unwrap_or(item.op), n: item.n, outcome, seq, reason };
        self.write(item, payload_hash, outcome, code, &answer)
    }

    fn write(
        &mut self,
        item: Incoming,
        payload_hash: String,
        outcome: OutcomeKind,
        code: String,
        answer: &Outcome,
    ) -> String {
        let seq = self.plan.head + 1;
        let reply = serde_json::to_string(answer).expect("an outcome is plain data");
        self.plan.device_heads.insert(item.device, item.n);
        let known = Known {
            op: item.op,
            device: item.device,
            n: item.n,
            user: item.actor.user,
            payload_hash: payload_hash.clone(),
            reply: reply.clone(),
        };
        self.known_numbers.insert((item.device, item.n), known.clone());
        self.known_ops.insert(item.op, known);
        let mut row = LogRow {
            seq,
            op: item.op,
            device: item.device,
            n: item.n,
            actor: item.actor,
            kind: item.kind,
            v: item.v,
            payload: item.payload,
            payload_hash,
            at_device: item.at_device,
            offset: item.offset,
            occurred_at: item.occurred_at,
            received_at: item.received_at,
            outcome,
            code,
            reply: reply.clone(),
            hash: String::new(),
        };
        row.hash = chain_hash(&self.plan.head_hash, &row);
        self.plan.head = seq;
        self.plan.head_hash.clone_from(&row.hash);
        self.plan.log.push(row);
        reply
    }

    /// Goes on behind numbers that are lost for good, and writes into the log which ones.
    fn resume(&mut self, resume: &Resume) {
        let expected = self.plan.device_heads.get(&resume.device).copied().unwrap_or(0) + 1;
        if resume.from <= expected {
            return;
        }
        self.plan.device_heads.insert(resume.device, resume.from - 1);
        let (device, from) = (resume.device, resume.from);
        let payload = serde_json::json!({
            "device": device,
            "user": resume.actor.user,
            "lost_from": expected,
            "lost_to": from - 1,
        });
        // A device has numbers of its own in each scope.
        let (scope, expected) = (self.env.scope.to_string(), expected.to_string());
        let op = ["resumed", &scope, &device.to_string(), &expected, &from.to_string()];
        self.system_row(
            "sync.resumed",
            OpId(derived(&op)),
            payload.to_string(),
            resume.received_at,
        );
    }

    /// A log row of the product itself, under the settler's device.
    fn system_row(&mut self, kind: &str, op: OpId, payload: String, received_at: Ms) {
        let device = settler(self.env.scope);
        let item = Incoming {
            device,
            actor: Arc::new(Actor::system()),
            received_at,
            op,
            n: self.plan.device_heads.get(&device).copied().unwrap_or(0) + 1,
            kind: kind.into(),
            v: 1,
            at_device: received_at,
            occurred_at: received_at,
            offset: None,
            command: Decoded::Unknown,
            payload,
        };
        let payload_hash = sha256_hex(item.payload.as_bytes());
        self.append(item, payload_hash, OutcomeKind::Applied, None, None);
    }

    /// Decides held commands again whose record, or whose kind's server, has now arrived, until none
    /// moves.
    fn release(&mut self) {
        while let Some(index) = self.held.iter().position(|held| match held.waits_for {
            Some(key) => {
                let world = Overlay { loaded: &self.loaded.records, changed: &self.plan.records };
                world.record(key).is_some()
            }
            None => !matches!(held.incoming.command, Decoded::Unknown),
        }) {
            let mut held = self.held.remove(index);
            let seq = self.plan.head + 1;
            let (kind, reason, wait) = self.decide(&held.incoming, seq);
            if let Some(waits_for) = wait {
                // Waits for yet another record.
                held.waits_for = waits_for;
                self.plan.held.retain(|other| other.seq != held.seq);
                self.plan.held.push(held.clone());
                self.held.push(held);
                continue;
            }
            self.plan.held.retain(|other| other.seq != held.seq);
            self.plan.released.push(held.seq);
            self.settle(&held, kind, reason);
        }
    }

    /// Makes a held command's outcome final: a log row of its own, told to the device by the feed.
    fn settle(&mut self, held: &Held, kind: OutcomeKind, reason: Option<Refusal>) {
        let seq = self.plan.head + 1;
        let outcome =
            Outcome { op: held.incoming.op, n: held.incoming.n, outcome: kind, seq, reason };
        let settlement = Settlement {
            op: held.incoming.op,
            device: held.incoming.device,
            user: Some(held.incoming.actor.user),
            scope: self.env.scope,
            outcome: outcome.clone(),
        };
        let payload = serde_json::to_string(&outcome).expect("an outcome is plain data");
        self.before.entry(settlement.key()).or_default();
        self.plan.records.insert(settlement.key(), (Some(settlement.into_record()), seq));
        let op = OpId(derived(&["settled", &held.incoming.op.to_string()]));
        self.system_row("sync.settled", op, payload, held.incoming.received_at);
    }

    /// Turns changed records into feed rows: present on the channels they speak on now, gone from
    /// those they left.
    fn finish(mut self) -> Plan {
        for (key, (record, seq)) in &self.plan.records {
            let now = record.as_ref().map(Record::channels).unwrap_or_default();
            for channel in &now {
                self.plan.feed.push(FeedRow {
                    channel: *channel,
                    kind: key.kind,
                    id: key.id,
                    seq: *seq,
                    gone: false,
                });
            }
            let before = self.before.get(key).map(Vec::as_slice).unwrap_or_default();
            for channel in before.iter().filter(|channel| !now.contains(channel)) {
                self.plan.feed.push(FeedRow {
                    channel: *channel,
                    kind: key.kind,
                    id: key.id,
                    seq: *seq,
                    gone: true,
                });
            }
        }
        self.plan
    }
}
