//! Another store beside the simulation's own, in the same world: the real server's, on a real database.
//!
//! What is committed here is asked of it as well, and the two must say the same: the same bytes for every
//! command, the same page for every pull, the same refusals, and in the end the same log, records, feed and
//! number series. The phones get its answers, and know its cursors only. Whatever differs is a broken
//! promise like any other, with seed, step and words.
//!
//! What dies before its commit is done up to there and cut off. Attachments stay here, and who speaks for which
//! device is asked before either.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use uuid::Uuid;

pub use super::history::Return;
use super::server::{Db, Dies, Server};
use crate::actor::Actor;
use crate::id::{DeviceId, OpId, UserId};
use crate::modules::Command;
use crate::sync::client::{PullAsk, TransportError};
use crate::sync::outcome::Outcome;
use crate::sync::record::{RecordKey, Scope};
use crate::sync::wire::{PullResponse, PushRequest, PushResponse};
use crate::time::Ms;

/// Opens such a store, empty and of this epoch.
pub type Open = fn(Uuid, Ms) -> Box<dyn Twin>;

/// A command of the product itself.
#[derive(Clone)]
pub struct Act {
    pub scope: Scope,
    pub device: DeviceId,
    pub op: OpId,
    pub actor: Arc<Actor>,
    pub command: Command,
    pub now: Ms,
}

/// A store that can take the place of the simulation's own. What it cannot do at all it panics at.
pub trait Twin {
    fn act(&mut self, act: Act) -> Outcome;
    fn push(
        &mut self,
        actor: Arc<Actor>,
        request: &PushRequest,
        now: Ms,
    ) -> Result<PushResponse, TransportError>;
    /// Does all of a push but its commit, which does not come to pass.
    fn push_in_vain(&mut self, actor: Arc<Actor>, request: &PushRequest, now: Ms);
    /// A page of about as many rows.
    fn pull(
        &mut self,
        actor: &Actor,
        device: DeviceId,
        ask: &PullAsk,
        limit: usize,
        now: Ms,
    ) -> Result<PullResponse, TransportError>;
    fn back_up(&mut self, now: Ms);
    /// Comes back from a back-up, as another epoch. Says how its number series go on.
    fn restore(
        &mut self,
        epoch: Uuid,
        which: Return,
        now: Ms,
    ) -> BTreeMap<Scope, BTreeMap<String, u32>>;
    /// Forgets what left a channel up to a sequence; says how many rows.
    fn compact(&mut self, scope: Scope, floor: u64) -> usize;
    /// Is killed, and started again on what lies on its disk.
    fn die(&mut self);
    /// All there is, or what it finds wrong with that itself.
    fn kept(&mut self) -> Result<Kept, String>;
}

/// What lies in a store, each thing under a name in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept(BTreeMap<String, String>);

impl Kept {
    pub fn head(&mut self, scope: Scope, seq: u64, hash: &str) {
        self.0.insert(format!("the log of {scope}"), format!("{seq} {hash}"));
    }
    pub fn record(&mut self, scope: Scope, key: RecordKey, seq: u64, body: &str) {
        let RecordKey { kind, id } = key;
        self.0.insert(format!("{} {id} of {scope}", kind.name()), format!("{seq} {body}"));
    }
    pub fn feed(&mut self, scope: Scope, channel: &str, key: RecordKey, seq: u64, gone: bool) {
        let RecordKey { kind, id } = key;
        let place = format!("{} {id} on channel {channel} of {scope}", kind.name());
        self.0.insert(place, format!("{seq}{}", if gone { ", gone" } else { "" }));
    }
    pub fn series(&mut self, scope: Scope, name: &str, last: u64) {
        self.0.insert(format!("series {name} of {scope}"), last.to_string());
    }
    pub fn held(&mut self, scope: Scope, seq: u64, waits_for: Option<RecordKey>) {
        let waits_for = waits_for.map(|key| format!("{} {}", key.kind.name(), key.id));
        self.0.insert(format!("{seq} of {scope} waits"), waits_for.unwrap_or_default());
    }

    /// What the simulation's own database holds.
    fn of(db: &Db) -> Self {
        let mut all = Self::default();
        for (scope, db) in &db.scopes {
            all.head(*scope, db.head, &db.head_hash);
            for (key, (record, seq)) in &db.records {
                all.record(*scope, *key, *seq, &record.encode());
            }
            for ((key, channel), (seq, gone)) in &db.feed {
                all.feed(*scope, &channel.to_string(), *key, *seq, *gone);
            }
            for (name, last) in &db.counters {
                all.series(*scope, name, u64::from(*last));
            }
            for (seq, held) in &db.held {
                all.held(*scope, *seq, held.waits_for);
            }
        }
        all
    }

    /// The first thing in which two stores differ.
    fn difference(&self, other: &Self) -> Option<String> {
        let mut places = self.0.keys().chain(other.0.keys());
        let place = places.find(|place| self.0.get(*place) != other.0.get(*place))?;
        let [here, there] = [self, other].map(|kept| kept.0.get(place).map(String::as_str));
        let (here, there) = (here.unwrap_or("nothing"), there.unwrap_or("nothing"));
        Some(format!("{place}: {}", apart(here, there)))
    }
}

/// The other store, and what is known about it.
pub struct Beside {
    twin: Box<dyn Twin>,
    /// The place in this store that belongs to a cursor of the other.
    cursors: HashMap<String, String>,
    differs: Option<String>,
}

impl Beside {
    pub(super) fn new(twin: Box<dyn Twin>) -> RefCell<Self> {
        RefCell::new(Self { twin, cursors: HashMap::new(), differs: None })
    }

    fn differs(&mut self, what: impl FnOnce() -> String) {
        self.differs.get_or_insert_with(what);
    }

    fn expect(&mut self, what: &str, here: &str, there: &str) {
        if here != there {
            self.differs(|| format!("{what}: {}", apart(here, there)));
        }
    }
}

/// Two texts where they part.
fn apart(here: &str, there: &str) -> String {
    let same = here.bytes().zip(there.bytes()).take_while(|(a, b)| a == b).count();
    let from = here.floor_char_boundary(same.saturating_sub(60));
    let cut = |text: &str| text.chars().take(300).collect::<String>();
    let (here, there) = (cut(&here[from..]), cut(&there[there.floor_char_boundary(from)..]));
    format!("the simulation has `…{here}`, the store beside it `…{there}`")
}

/// An answer as it is compared: of an error what a phone acts on.
fn told<T: serde::Serialize>(answer: &Result<T, TransportError>) -> String {
    match answer {
        Ok(answer) => serde_json::to_string(answer).expect("answers are plain data"),
        Err(TransportError::Gap { expected }) => format!("gap, {expected} is next"),
        Err(TransportError::Garbled(why)) => why.clone(),
        Err(error) => error.code().to_owned(),
    }
}

impl Server {
    /// What a push is answered, by the other store where there is one.
    pub(super) fn answer_push(
        &mut self,
        session: UserId,
        request: &PushRequest,
        now: Ms,
        dies: Dies,
    ) -> Result<PushResponse, TransportError> {
        let here = self.push(session, request, now, dies);
        let actor = self.admit(session, request.device).ok().filter(|_| request.user == session);
        let Some((beside, actor)) = self.beside.as_ref().zip(actor) else { return here };
        let (mut beside, actor) = (beside.borrow_mut(), Arc::new(actor.clone()));
        if dies != Dies::Not {
            // Whatever of it stayed would show in all that follows.
            beside.twin.push_in_vain(actor, request, now);
            return here;
        }
        let there = beside.twin.push(actor, request, now);
        beside.expect(&format!("a push to {}", request.scope), &told(&here), &told(&there));
        there
    }

    /// What a pull is answered, by the other store where there is one.
    pub(super) fn answer_pull(
        &self,
        session: UserId,
        device: DeviceId,
        ask: &PullAsk,
        now: Ms,
    ) -> Result<PullResponse, TransportError> {
        let actor = self.admit(session, device).ok();
        let Some((beside, actor)) = self.beside.as_ref().zip(actor) else {
            return self.pull(session, device, ask, now);
        };
        let mut beside = beside.borrow_mut();
        let mut own = ask.clone();
        if let Some(cursor) = &mut own.cursor {
            match beside.cursors.get(cursor) {
                Some(known) => cursor.clone_from(known),
                None => beside.differs(|| "a phone has a cursor that nobody gave it".into()),
            }
        }
        let mut here = self.pull(session, device, &own, now)?;
        let there = beside.twin.pull(actor, device, ask, self.page, now);
        if let Ok(there) = &there {
            let place = std::mem::replace(&mut here.cursor, there.cursor.clone());
            beside.cursors.insert(there.cursor.clone(), place);
        }
        beside.expect(&format!("a pull of {}", ask.scope), &told(&Ok(here)), &told(&there));
        there
    }

    pub(super) fn also_act(&self, act: Act, reply: &str) {
        let Some(beside) = &self.beside else { return };
        let mut beside = beside.borrow_mut();
        let what = act.command.kind();
        let there = serde_json::to_string(&beside.twin.act(act)).expect("plain data");
        beside.expect(what, reply, &there);
    }

    pub(super) fn also_back_up(&self, now: Ms) {
        if let Some(beside) = &self.beside {
            beside.borrow_mut().twin.back_up(now);
        }
    }

    /// The numbers that were given after the back-up are on paper: the other store leaves some out, and
    /// this one goes on as it does.
    pub(super) fn also_restore(&mut self, which: Return, now: Ms) {
        let Some(beside) = &self.beside else { return };
        let went_on = beside.borrow_mut().twin.restore(self.epoch, which, now);
        for (scope, counters) in went_on {
            if let Some(db) = self.db.scopes.get_mut(&scope) {
                db.counters.clone_from(&counters);
                db.went_on.push((db.head, counters));
            }
        }
        self.compare_kept();
    }

    pub(super) fn also_compact(&self, scope: Scope, floor: u64, forgotten: usize) {
        let Some(beside) = &self.beside else { return };
        let mut beside = beside.borrow_mut();
        let there = beside.twin.compact(scope, floor);
        beside.expect("tombstones forgotten", &forgotten.to_string(), &there.to_string());
    }

    pub(super) fn also_die(&self) {
        if let Some(beside) = &self.beside {
            beside.borrow_mut().twin.die();
        }
    }

    /// Everything that lies in the two stores.
    pub(super) fn compare_kept(&self) {
        let Some(beside) = &self.beside else { return };
        let mut beside = beside.borrow_mut();
        let there = beside.twin.kept();
        let differs = match there {
            Ok(there) => Kept::of(&self.db).difference(&there),
            Err(problem) => Some(problem),
        };
        if let Some(what) = differs {
            beside.differs(|| what);
        }
    }

    /// In what the other store did not do as this one.
    pub(super) fn differs(&self) -> Result<(), String> {
        let differs = self.beside.as_ref().and_then(|beside| beside.borrow().differs.clone());
        differs.map_or(Ok(()), Err)
    }
}
