//! A phone: numbers its commands, and keeps a replica by following its cursor.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::actor::Actor;
use domain::id::{DeviceId, OpId};
use domain::modules::{Command, RecordKind};
use domain::sync::wire::PullResponse;
use domain::sync::{Outcome, RecordKey, Scope};
use serde_json::value::RawValue;
use server::sync::{PushFailure, SyncService};
use uuid::Uuid;

use super::{Answered, device, envelope, push_to, scope};

pub struct Phone {
    pub device: DeviceId,
    pub actor: Arc<Actor>,
    pub scope: Scope,
    pub last: u64,
}

impl Phone {
    pub fn new(name: &str, actor: Arc<Actor>) -> Self {
        Self { device: device(name), actor, scope: scope(), last: 0 }
    }

    pub fn in_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Records a command: takes the next number.
    pub fn record(&mut self, command: impl Into<Command>) -> Box<RawValue> {
        let command = command.into();
        self.last += 1;
        let op = OpId::derived(&[
            "op",
            &self.device.to_string(),
            &self.scope.to_string(),
            &self.last.to_string(),
        ]);
        envelope(op, self.last, command.kind(), &command.encode())
    }

    pub async fn send(
        &self,
        sync: &SyncService,
        commands: &[Box<RawValue>],
    ) -> Result<Answered, PushFailure> {
        push_to(sync, self.scope, self.device, &self.actor, commands).await
    }

    /// Records and sends one command.
    pub async fn does(&mut self, sync: &SyncService, command: impl Into<Command>) -> Outcome {
        let entry = self.record(command);
        self.send(sync, &[entry]).await.unwrap().outcomes.remove(0)
    }

    pub fn replica(&self) -> Replica {
        Replica::default()
    }
}

/// What a reader has been sent.
#[derive(Clone, Debug, Default)]
pub struct Replica {
    pub cursor: Option<String>,
    pub rows: BTreeMap<RecordKey, (u64, String)>,
    pub pages: usize,
    pub resets: usize,
    /// Rows of all pages, tombstones included.
    pub received: usize,
}

impl Replica {
    pub fn keep(&mut self, response: PullResponse) -> bool {
        if response.reset {
            self.rows.clear();
            self.resets += 1;
        }
        self.pages += 1;
        self.received += response.rows.len();
        for row in response.rows {
            let key = RecordKey { kind: row.kind, id: row.id };
            match row.body {
                Some(body) => drop(self.rows.insert(key, (row.seq, body.get().to_owned()))),
                None => drop(self.rows.remove(&key)),
            }
        }
        self.cursor = Some(response.cursor);
        response.more
    }

    /// Pulls one page; says whether more follow.
    pub async fn page(&mut self, sync: &SyncService, phone: &Phone, limit: usize) -> bool {
        let cursor = self.cursor.clone();
        let response = sync
            .pull(phone.scope, &phone.actor, phone.device, cursor.as_deref(), limit)
            .await
            .unwrap();
        self.keep(response)
    }

    pub async fn follow(&mut self, sync: &SyncService, phone: &Phone, limit: usize) {
        while self.page(sync, phone, limit).await {}
    }

    pub fn has(&self, kind: RecordKind, id: Uuid) -> bool {
        self.rows.contains_key(&RecordKey { kind, id })
    }
}
