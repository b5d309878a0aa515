//! Back-ups of the simulation's server, its return from one, and its log decided once more.

use std::sync::Arc;

use uuid::Uuid;

use super::server::Server;
use crate::sync::batch::{Decoded, Incoming, Resume, settler};
use crate::time::Ms;

/// From which back-up a server comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    Last,
    /// The last one is lost with the server.
    Earlier,
}

impl Server {
    /// What is committed is secured.
    pub fn back_up(&mut self, now: Ms) {
        self.earlier = std::mem::replace(&mut self.backup, self.db.clone());
        self.forfeited.retain(|op, _| {
            let mut scopes = self.backup.scopes.values();
            scopes.all(|scope| !scope.by_op.contains_key(op))
        });
        self.version += 1;
        self.also_back_up(now);
    }

    /// The disk is lost; the server comes back from its last back-up, or from the one before it.
    pub fn restore(&mut self, epoch: Uuid, which: Return, now: Ms) {
        if which == Return::Earlier {
            let lost = std::mem::replace(&mut self.backup, self.earlier.clone());
            for (scope, db) in &lost.scopes {
                let kept = self.backup.scopes.get(scope).map_or(0, |db| db.head);
                for row in db.log.iter().filter(|row| row.seq > kept) {
                    let op = db.sent_as(row).op;
                    self.forfeited.entry(op).or_default().push((row.device, row.n));
                    self.ever_forfeited.insert(op);
                }
            }
        }
        self.db = self.backup.clone();
        self.late.clear();
        self.epoch = epoch;
        self.version += 1;
        self.also_restore(which, now);
    }

    /// Decides the whole log again from nothing, one command at a time.
    pub fn replayed(&self) -> Server {
        let mut fresh = Server::new(self.epoch);
        fresh.db.actors = self.db.actors.clone();
        for (scope, db) in &self.db.scopes {
            let mut went_on = db.went_on.iter().peekable();
            for row in db.log.iter().filter(|row| row.device != settler(*scope)) {
                let sent = db.sent_as(row);
                let incoming = Incoming {
                    device: row.device,
                    actor: Arc::clone(&row.actor),
                    received_at: row.received_at,
                    op: sent.op,
                    n: row.n,
                    kind: sent.kind.clone(),
                    v: sent.v,
                    at_device: row.at_device,
                    occurred_at: row.occurred_at,
                    offset: row.offset,
                    payload: sent.payload.clone(),
                    command: Decoded::of(&sent.kind, sent.v, &sent.payload),
                };
                // Lost numbers are in the log as a row before the one that goes on.
                let from = (row.n, row.device);
                let resume = Some(Resume {
                    device: from.1,
                    from: from.0,
                    actor: Arc::clone(&row.actor),
                    received_at: row.received_at,
                });
                let here = fresh.db.scopes.entry(*scope).or_default();
                while let Some((_, counters)) = went_on.next_if(|(head, _)| *head == here.head) {
                    here.counters.clone_from(counters);
                }
                let plan = fresh.plan(*scope, vec![incoming], resume);
                fresh.commit(*scope, plan);
            }
        }
        fresh
    }
}
