//! The server's side of a push, without IO: given what the database holds, what must be written.
//!
//! `reads` names the records, the server loads them set-wise inside its write transaction, `plan`
//! decides every command in log order and returns log rows, records, feed rows and answers; the
//! server writes the plan with multi-row statements and commits. The simulation runs the same two
//! functions on an in-memory database.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::outcome::OutcomeKind;
use super::record::{Channel, RecordKey, Scope, SyncedRecord};
use crate::actor::Actor;
use crate::id::{DeviceId, OpId, UserId, derived};
use crate::modules::attachments::Sha256Hex;
use crate::modules::company::Settings;
use crate::modules::{Command, Record, RecordKind};
use crate::time::Ms;

mod incoming;
mod planner;
pub use incoming::{Decoded, Incoming, PushError, read_push};
pub use planner::plan;

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
/// Numbers that no phone has any more, and with which the device goes on.
pub const RESUMED: &str = "sync.resumed";

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
