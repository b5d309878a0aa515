//! The promises, as checks over everything there is: phones' disks, the server and its back-up.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::Summary;
use super::blobs::is_no_picture;
use super::phone::{Phone, SimEngine};
use super::server::{ScopeDb, Server};
use super::work::scopes;
use super::world::Said;
use crate::id::{DeviceId, OpId, UserId};
use crate::modules::RecordKind;
use crate::modules::attachments::Sha256Hex;
use crate::sync::batch::{Decoded, LogRow, REPEATED, RESUMED, settler};
use crate::sync::client::memory::{Disk, ScopeDisk};
use crate::sync::client::{JournalEntry, OutboxEntry, PullAsk, StoredRow};
use crate::sync::command::World as _;
use crate::sync::outcome::{Outcome, OutcomeKind};
use crate::sync::record::{RecordKey, Scope};

/// A command as it was recorded.
struct Recorded {
    phone: usize,
    account: usize,
    entry: OutboxEntry,
    user: UserId,
}

/// Everything that was ever recorded, as the people remember it.
#[derive(Default)]
pub struct Ledger {
    recorded: BTreeMap<OpId, Recorded>,
    replayed: BTreeSet<OpId>,
    /// Answers on the phone that were compared with the log already.
    compared: BTreeMap<OpId, (Uuid, Outcome)>,
}

fn on_disk<'a>(phones: &'a [Phone], recorded: &Recorded) -> std::cell::Ref<'a, Disk> {
    phones[recorded.phone].accounts[recorded.account].disk.borrow()
}

impl Ledger {
    /// What must hold after every step.
    pub fn look(&mut self, phones: &[Phone], server: &Server, said: &Said) -> Result<(), String> {
        if let Some(what) = server.broken.first() {
            return Err(what.clone());
        }
        self.note_new(phones);
        if let Some(op) = said.saved.iter().find(|op| !self.recorded.contains_key(op)) {
            return Err(format!("{op} was called saved and is not on the disk"));
        }
        for (op, recorded) in &self.recorded {
            let disk = on_disk(phones, recorded);
            let (scope, n) = (recorded.entry.scope, recorded.entry.n);
            let here = disk.scopes.get(&scope).ok_or("a scope vanished from a disk")?;
            let (in_outbox, journal) = kept_in(here, *op, n);
            let row = server.db.logged(scope, *op);
            if let Some(row) = row {
                if row.actor.user != recorded.user {
                    return Err(format!("{op} was sent in the name of another user"));
                }
                if row.payload != recorded.entry.payload {
                    return Err(format!("{op} was changed on its way"));
                }
                if in_outbox && here.meta.epoch == Some(server.epoch) && row.seq < here.meta.seq {
                    self.replayed.insert(*op);
                }
            }
            match (in_outbox, journal) {
                (true, _) => {}
                (false, Some(entry)) if entry.epoch == server.epoch => 'told: {
                    let row = row.ok_or_else(|| {
                        format!(
                            "{op} ({n} of {}) was acknowledged and is not in the log",
                            entry.entry.scope
                        )
                    })?;
                    let known = (entry.epoch, entry.outcome.clone());
                    if self.compared.get(op) == Some(&known) {
                        break 'told;
                    }
                    let told = serde_json::from_str::<Outcome>(&row.reply)
                        .map_err(|error| error.to_string())?;
                    let settled = told.outcome == OutcomeKind::Held;
                    // It may have come under other numbers as well, each with a place of its own.
                    let db = &server.db.scopes[&scope];
                    let place =
                        usize::try_from(entry.outcome.seq).ok().and_then(|s| s.checked_sub(1));
                    let place = place.and_then(|place| db.log.get(place));
                    let placed = place.is_some_and(|row| db.sent_as(row).op == *op);
                    let (n, seq) = (told.n, told.seq);
                    let here = Outcome { n, seq, ..entry.outcome.clone() };
                    if !settled && (here != told || !placed) {
                        return Err(format!(
                            "{op}: the phone was told {:?}, the log says {told:?}",
                            entry.outcome
                        ));
                    }
                    self.compared.insert(*op, known);
                }
                (false, Some(_)) => {}
                (false, None) => {
                    let safe = row.is_some() && server.backup.logged(scope, *op).is_some();
                    if !safe && !server.forfeited.contains_key(op) {
                        return Err(format!("{op} is neither on the phone nor in log and back-up"));
                    }
                }
            }
            // A person who has seen why it was refused may let its photos go with it.
            let let_go = said.dismissed.contains(op)
                && row.is_some_and(|row| row.outcome == OutcomeKind::Refused);
            for sha256 in recorded.entry.blobs.iter().filter(|_| !let_go) {
                if !disk.blobs.contains_key(sha256) {
                    self.blob_is_safe(server, recorded, *op, sha256)?;
                }
            }
        }
        Ok(())
    }

    /// A photo that left the phone is whole on the server and its command backed up.
    fn blob_is_safe(
        &self,
        server: &Server,
        recorded: &Recorded,
        op: OpId,
        sha256: &Sha256Hex,
    ) -> Result<(), String> {
        let whole = server.files.get(sha256).is_some_and(|file| file.complete);
        let backed_up = server.backup.logged(recorded.entry.scope, op).is_some()
            || server.forfeited.contains_key(&op);
        if whole && backed_up {
            return Ok(());
        }
        Err(format!("a photo of {op} is gone from the phone before it was safe"))
    }

    fn note_new(&mut self, phones: &[Phone]) {
        for (p, phone) in phones.iter().enumerate() {
            for (a, account) in phone.accounts.iter().enumerate() {
                for scope in account.disk.borrow().scopes.values() {
                    for entry in scope.outbox.values() {
                        self.recorded.entry(entry.op).or_insert_with(|| Recorded {
                            phone: p,
                            account: a,
                            entry: entry.clone(),
                            user: account.actor.user,
                        });
                    }
                }
            }
        }
    }

    /// After healing: base, replica and a fresh snapshot all show what this reader is to see.
    pub fn compare(&self, engine: &SimEngine, server: &Server) -> Result<(), String> {
        let replica = engine.replica.borrow();
        let (user, device) = (replica.actor().user, replica.device());
        let disk = engine.store.inner.disk();
        for scope in scopes() {
            let expected = server.visible(user, device, scope);
            let kept = disk.scopes.get(&scope).map(|scope| scope.base()).unwrap_or_default();
            let kept: BTreeMap<RecordKey, StoredRow> =
                kept.into_iter().map(|((kind, id), row)| (RecordKey { kind, id }, row)).collect();
            same(&format!("the base of {scope}"), &kept, &expected)?;
            same(
                &format!("a fresh snapshot of {scope}"),
                &snapshot(engine, server, scope)?,
                &expected,
            )?;
            for (key, row) in &expected {
                let shown = replica.record(*key).map(|record| record.encode());
                if !replica.is_pending(*key) && shown != row.body {
                    return Err(format!("the replica does not show {key:?} as the server has it"));
                }
            }
        }
        let shown: usize = RecordKind::ALL.iter().map(|kind| replica.records(*kind).count()).sum();
        let whole: usize = scopes().iter().map(|s| server.visible(user, device, *s).len()).sum();
        let extra = RecordKind::ALL.iter().flat_map(|kind| replica.records(*kind));
        let pending = extra.filter(|record| replica.is_pending(record.key())).count();
        if shown < whole || shown > whole + pending {
            return Err(format!("the replica shows {shown} records instead of {whole}"));
        }
        Ok(())
    }

    /// When all is quiet.
    pub fn reckon(&self, phones: &[Phone], server: &Server, said: &Said) -> Result<(), String> {
        for (op, recorded) in &self.recorded {
            let scope = recorded.entry.scope;
            let disk = on_disk(phones, recorded);
            let here = &disk.scopes[&scope];
            let (in_outbox, journal) = kept_in(here, *op, recorded.entry.n);
            if in_outbox {
                return Err(format!("{op} still waits"));
            }
            let Some(row) = server.db.logged(scope, *op) else {
                let places = server.forfeited.get(op).filter(|_| journal.is_none());
                let places = places.ok_or(format!("{op} never reached the log"))?;
                let db = &server.db.scopes[&scope];
                let told = |(device, n): &(DeviceId, u64)| {
                    // A copy of the phone, which had not got so far, has given the number to its own since.
                    let taken = db.by_number.get(&(*device, *n)).is_some_and(|index| {
                        let taker = self.recorded.get(&db.sent_as(&db.log[*index]).op);
                        taker.is_some_and(|taker| taker.phone != recorded.phone)
                    });
                    taken || is_told(db, *device, *n)
                };
                if !places.iter().all(told) {
                    return Err(format!(
                        "{op} went with a back-up that was lost, and nobody is told"
                    ));
                }
                continue;
            };
            let outcome = journal.map(|entry| entry.outcome.outcome);
            let refused = matches!(row.outcome, OutcomeKind::Refused | OutcomeKind::Conflict);
            // What was lost with a back-up a copy of the phone may still have had, and sent.
            let mut copies = phones.iter().flat_map(|phone| &phone.accounts);
            let told = here.attention.contains_key(op)
                || (server.ever_forfeited.contains(op)
                    && copies.any(|copy| {
                        let disk = copy.disk.borrow();
                        disk.scopes.get(&scope).is_some_and(|s| s.attention.contains_key(op))
                    }));
            if refused && !told && !said.dismissed.contains(op) {
                return Err(format!("{op} was refused and nobody is told"));
            }
            if row.outcome == OutcomeKind::Held
                && outcome.is_some_and(|kind| kind != OutcomeKind::Held)
                && server.db.scopes[&scope].held.contains_key(&row.seq)
            {
                return Err(format!("{op} is shown as final although it is held"));
            }
            let applied = matches!(row.outcome, OutcomeKind::Applied | OutcomeKind::Merged);
            let mut waits_for_a_person = false;
            for sha256 in recorded.entry.blobs.iter().filter(|_| applied) {
                if server.files.get(sha256).is_some_and(|file| file.complete) {
                    continue;
                }
                let set_aside = disk
                    .blobs
                    .get(sha256)
                    .is_some_and(|(blob, bytes)| is_no_picture(bytes) && blob.needs_attention());
                if !set_aside {
                    return Err(format!("a photo of {op} never arrived"));
                }
                waits_for_a_person = true;
            }
            if applied && !waits_for_a_person && journal.is_some() {
                return Err(format!("{op} is backed up and still in the journal"));
            }
        }
        for db in server.db.scopes.values() {
            for row in db.log.iter().filter(|row| server.devices.contains_key(&row.device)) {
                if !self.recorded.contains_key(&db.sent_as(row).op) {
                    return Err(format!("{} is in the log and nobody recorded it", row.op));
                }
            }
        }
        self.log_is_whole(server)?;
        for phone in phones {
            for account in &phone.accounts {
                let disk = account.disk.borrow();
                let named: BTreeSet<&Sha256Hex> = disk
                    .scopes
                    .values()
                    .flat_map(|s| {
                        let journal = s.journal.values().map(|e| &e.entry);
                        journal.chain(s.attention.values().map(|e| &e.entry))
                    })
                    .flat_map(|entry| &entry.blobs)
                    .collect();
                if disk.blobs.keys().any(|sha256| !named.contains(sha256)) {
                    return Err("a photo stays on the phone for ever".into());
                }
            }
        }
        Ok(())
    }

    fn log_is_whole(&self, server: &Server) -> Result<(), String> {
        for (scope, db) in &server.db.scopes {
            let mut heads = BTreeMap::new();
            for row in &db.log {
                if let Some(lost) = lost_by(row) {
                    let head = heads.insert(lost.device, lost.lost_to).unwrap_or(0);
                    if lost.lost_from != head + 1 {
                        return Err(format!("log of {scope}: not those numbers were lost"));
                    }
                }
                let head = heads.entry(row.device).or_insert(0);
                *head += 1;
                if row.n != *head {
                    return Err(format!("log of {scope}: numbers of {} have a gap", row.device));
                }
                let foreign = row.device != settler(*scope)
                    && matches!(
                        Decoded::of(&row.kind, row.v, &row.payload),
                        Decoded::Undecodable(_)
                    );
                if foreign {
                    return Err(format!("log of {scope}: {} arrived mutilated", row.op));
                }
            }
        }
        let again = server.replayed();
        for (scope, db) in &server.db.scopes {
            let other = &again.db.scopes[scope];
            if other.head_hash != db.head_hash {
                return Err(format!("replaying the log of {scope} gives another log"));
            }
            if other.records != db.records {
                return Err(format!("the records of {scope} are not what its log says"));
            }
        }
        Ok(())
    }

    pub fn tell(&self, phones: &[Phone], server: &Server, summary: &mut Summary) {
        for account in phones.iter().flat_map(|phone| &phone.accounts) {
            let disk = account.disk.borrow();
            summary.set_aside +=
                disk.blobs.values().filter(|(blob, _)| blob.needs_attention()).count();
        }
        summary.recorded = self.recorded.len();
        summary.replayed = self.replayed.len();
        summary.repeated = server
            .db
            .scopes
            .values()
            .flat_map(|db| &db.log)
            .filter(|row| row.kind == REPEATED)
            .count();
        let logs = server.db.scopes.values().flat_map(|db| &db.log);
        summary.strike("numbers lost for good", logs.filter_map(lost_by).count());
        summary.blobs = server.files.values().filter(|file| file.complete).count();
        for db in server.db.scopes.values() {
            let count = |kind| db.log.iter().filter(|row| row.outcome == kind).count();
            summary.refused += count(OutcomeKind::Refused);
            summary.conflicts += count(OutcomeKind::Conflict);
            summary.held += count(OutcomeKind::Held);
        }
    }
}

/// Numbers of a device that the log says are lost for good.
#[derive(serde::Deserialize)]
struct Lost {
    device: DeviceId,
    lost_from: u64,
    lost_to: u64,
}

fn lost_by(row: &LogRow) -> Option<Lost> {
    (row.kind == RESUMED)
        .then(|| serde_json::from_str(&row.payload).expect("written by the planner"))
}

/// A number that went with a back-up is told to be lost, unless its device has sent nothing behind it yet.
fn is_told(db: &ScopeDb, device: DeviceId, n: u64) -> bool {
    let covers = |lost: Lost| lost.device == device && (lost.lost_from..=lost.lost_to).contains(&n);
    db.device_heads.get(&device).is_none_or(|head| *head < n)
        || db.log.iter().filter_map(lost_by).any(covers)
}

/// Where a phone has a command: by its number, or by its id where it was numbered anew.
fn kept_in(scope: &ScopeDisk, op: OpId, n: u64) -> (bool, Option<&JournalEntry>) {
    let waiting = scope.outbox.get(&n).filter(|entry| entry.op == op);
    let waiting = waiting.or_else(|| scope.outbox.values().find(|entry| entry.op == op));
    let journal = scope.journal.get(&n).filter(|entry| entry.entry.op == op);
    let journal = journal.or_else(|| scope.journal.values().find(|entry| entry.entry.op == op));
    (waiting.is_some(), journal)
}

fn same(
    what: &str,
    got: &BTreeMap<RecordKey, StoredRow>,
    expected: &BTreeMap<RecordKey, StoredRow>,
) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    let missing: Vec<_> = expected.keys().filter(|key| !got.contains_key(*key)).collect();
    let extra: Vec<_> = got.keys().filter(|key| !expected.contains_key(*key)).collect();
    let differs = expected.iter().find(|(key, row)| got.get(*key).is_some_and(|g| g != *row));
    Err(format!("{what} lacks {missing:?}, has {extra:?} too many, differs in {differs:?}"))
}

/// Pulls everything anew, without a phone.
fn snapshot(
    engine: &SimEngine,
    server: &Server,
    scope: Scope,
) -> Result<BTreeMap<RecordKey, StoredRow>, String> {
    let replica = engine.replica.borrow();
    let (user, device) = (replica.actor().user, replica.device());
    let mut rows = BTreeMap::new();
    let mut cursor: Option<String> = None;
    loop {
        let ask = PullAsk { scope, cursor, waiting: 0, check: false, repair: false };
        let page = server
            .answer_pull(user, device, &ask, crate::Ms(0))
            .map_err(|error| error.to_string())?;
        for row in page.rows {
            let key = RecordKey { kind: row.kind, id: row.id };
            let body = row.body.map(|body| body.get().to_owned());
            match body {
                Some(body) => {
                    let row =
                        StoredRow { kind: row.kind, id: row.id, seq: row.seq, body: Some(body) };
                    rows.insert(key, row)
                }
                None => rows.remove(&key),
            };
        }
        cursor = Some(page.cursor);
        if !page.more {
            return Ok(rows);
        }
    }
}
