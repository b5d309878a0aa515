//! Rows of the log: each command's answer, and what the product itself has to say.

use std::sync::Arc;

use super::Planner;
use crate::actor::Actor;
use crate::id::{OpId, derived};
use crate::refusal::Refusal;
use crate::sync::batch::{
    Decoded, Incoming, Known, LogRow, RESUMED, Resume, chain_hash, settler, sha256_hex,
};
use crate::sync::outcome::{Outcome, OutcomeKind};
use crate::time::Ms;

impl Planner<'_> {
    /// Writes a log row and returns the answer.
    pub(super) fn append(
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

    pub(super) fn write(
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
    pub(super) fn resume(&mut self, resume: &Resume) {
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
        self.system_row(RESUMED, OpId(derived(&op)), payload.to_string(), resume.received_at);
    }

    /// A log row of the product itself, under the settler's device.
    pub(super) fn system_row(&mut self, kind: &str, op: OpId, payload: String, received_at: Ms) {
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
}
