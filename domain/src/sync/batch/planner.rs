//! Deciding a batch in log order, on the records that were loaded and what it has changed itself.

use std::collections::{BTreeMap, HashMap};

use super::{
    Decoded, FeedRow, Held, Incoming, Known, Loaded, Plan, PlanEnv, PushError, REPEATED,
    repeated_id, sha256_hex,
};
use crate::id::{DeviceId, OpId, derived};
use crate::modules::Record;
use crate::modules::attachments::Settlement;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Change, Context, Numbers, Stop, Verdict, World, find};
use crate::sync::outcome::{Outcome, OutcomeKind};
use crate::sync::record::{Channel, RecordKey, SyncedRecord};
use crate::sync::wire::MAX_PAYLOAD_BYTES;

mod rows;

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
