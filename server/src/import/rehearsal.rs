//! Decides commands on a copy of what is stored, with the rules of `domain`, and writes nothing.
//!
//! Reading the rules here a second time was rejected: two sets of rules would drift apart.

use std::collections::HashMap;

use domain::id::{DeviceId, OpId};
use domain::modules::company::Settings;
use domain::modules::{Command, Record};
use domain::refusal::CommonCode;
use domain::sync::command::{Change, Context, NoNumbers, Stop, Verdict, World};
use domain::sync::{RecordKey, Scope};
use domain::{Actor, Ms, Refusal};

pub struct Rehearsal {
    records: HashMap<RecordKey, Record>,
    actor: Actor,
    scope: Scope,
    settings: Settings,
    at: Ms,
}

/// What a command would do to the record it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    New,
    Changed,
    Unchanged,
}

impl World for Rehearsal {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        self.records.get(&key)
    }
}

impl Rehearsal {
    pub fn new(scope: Scope, settings: Settings, at: Ms) -> Self {
        Self { records: HashMap::new(), actor: Actor::system(), scope, settings, at }
    }

    /// Takes stored records in.
    pub fn know(&mut self, records: impl IntoIterator<Item = impl Into<Record>>) {
        for record in records {
            let record = record.into();
            self.records.insert(record.key(), record);
        }
    }

    /// Whether there is such a record, stored or made here.
    pub fn has(&self, key: RecordKey) -> bool {
        self.records.contains_key(&key)
    }

    /// Decides a command, which is about the record `key`.
    pub fn decide(&mut self, command: &Command, key: RecordKey) -> Result<Effect, Refusal> {
        let known = self.has(key);
        let context = Context {
            actor: &self.actor,
            device: DeviceId::derived(&["import rehearsal"]),
            op: OpId::derived(&["import rehearsal"]),
            scope: self.scope,
            occurred_at: self.at,
            received_at: self.at,
            settings: &self.settings,
            code_is_genuine: &|_| false,
        };
        let decision =
            command.decide(self, &context, &mut NoNumbers).map_err(|stop| match stop {
                Stop::Refused(refusal) => refusal,
                Stop::Waits(key) => {
                    Refusal::new(CommonCode::UnknownRecord).with("kind", key.kind.name())
                }
            })?;
        if let Verdict::Conflict(reason) = decision.verdict {
            return Err(reason);
        }
        let changes = !decision.changes.is_empty();
        for change in decision.changes {
            match change {
                Change::Put(record) => drop(self.records.insert(record.key(), *record)),
                Change::Remove(key) => drop(self.records.remove(&key)),
            }
        }
        Ok(match (changes, known) {
            (false, _) => Effect::Unchanged,
            (true, false) => Effect::New,
            (true, true) => Effect::Changed,
        })
    }
}
