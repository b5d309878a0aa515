//! A phone of the simulation: one installation, the accounts used on it, its tabs, and what each tab
//! is in the middle of.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::Mutant;
use super::net::{Net, SimTransport};
use super::rng::Rng;
use super::store::SimStore;
use super::work::scopes;
use crate::actor::Actor;
use crate::id::{DeviceId, UserId};
use crate::sync::client::memory::{Disk, Faults, MemoryStore, Side};
use crate::sync::client::{
    Engine, LocalStore as _, OWNER, Replica, StoreError, SyncError, device_of_owner,
};
use crate::sync::wire::PushRequest;

pub type SimEngine = Engine<SimStore, SimTransport>;
pub type Step = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// What a tab is in the middle of.
pub struct Task {
    pub what: &'static str,
    pub step: Step,
}

/// What may go wrong with the phone's own storage.
pub struct PhoneFaults {
    /// The quota is full: pages and photos do not fit.
    pub full: Cell<bool>,
    /// The browser closes the database under the page now and then.
    pub flaky: Cell<bool>,
    /// How often a tab dies at a transaction, per mille of how often it could.
    pub deadly: Cell<usize>,
    /// Everything works again.
    pub healed: Cell<bool>,
    /// A tab died in what just ran.
    pub died: Cell<bool>,
    /// A transaction was made in what just ran.
    pub touched: Cell<bool>,
    /// What struck in what just ran.
    pub struck: RefCell<Vec<String>>,
    pub rng: RefCell<Rng>,
}

impl PhoneFaults {
    fn new(rng: Rng) -> Self {
        Self {
            full: Cell::default(),
            flaky: Cell::default(),
            deadly: Cell::default(),
            healed: Cell::default(),
            died: Cell::default(),
            touched: Cell::default(),
            struck: RefCell::default(),
            rng: RefCell::new(rng),
        }
    }

    pub fn strikes(&self, per_mille: usize, what: &str) -> bool {
        let strikes = !self.healed.get() && self.rng.borrow_mut().chance(per_mille);
        if strikes {
            self.struck.borrow_mut().push(what.to_owned());
        }
        strikes
    }
}

/// Durable steps of a phone and how often a tab dies before and after one, per mille of the times. What
/// is done rarely dies more often, so that a few hundred runs come to each.
pub const DURABLE: [(&str, [usize; 2]); 13] = [
    ("record", [15, 15]),
    ("answered", [15, 15]),
    ("settled", [400, 1000]),
    ("keep_page", [8, 8]),
    ("compact", [60, 60]),
    ("forget_backed_up", [8, 8]),
    ("replay_journal", [250, 250]),
    ("renew", [250, 250]),
    ("dismiss_attention", [400, 900]),
    ("blob_progress", [30, 30]),
    ("blob_refused", [500, 700]),
    ("put_draft", [60, 60]),
    ("put_meta", [15, 15]),
];

/// The name of a death, as it is counted.
pub fn death(step: &str, side: Side) -> String {
    match side {
        Side::Before => format!("tab dies before `{step}`"),
        Side::After => format!("tab dies after `{step}`"),
    }
}

impl Faults for PhoneFaults {
    fn dies(&self, step: &'static str, side: Side) -> bool {
        // Asked on both sides of every transaction: something may have changed.
        self.touched.set(true);
        let known = DURABLE.iter().find(|(name, _)| *name == step);
        let often = known.map_or(20, |(_, [before, after])| match side {
            Side::Before => *before,
            Side::After => *after,
        });
        let dies = self.strikes(often * self.deadly.get() / 1000, &death(step, side));
        if dies {
            self.died.set(true);
        }
        dies
    }
    fn before(&self, step: &'static str) -> Result<(), StoreError> {
        let large = matches!(step, "keep_page" | "record");
        if self.full.get() && large && self.strikes(500, "quota full") {
            return Err(StoreError::QuotaFull);
        }
        if self.flaky.get() && self.strikes(20, "database closed") {
            return Err(StoreError::Lost("closed".into()));
        }
        Ok(())
    }
    fn after(&self, _step: &'static str) -> Result<(), StoreError> {
        if self.flaky.get() && self.strikes(20, "database closed at commit") {
            return Err(StoreError::Lost("closed at commit".into()));
        }
        Ok(())
    }
}

/// One user on this installation.
pub struct Account {
    pub actor: Actor,
    /// The one it was first registered with; the store knows the one it goes by.
    pub device: DeviceId,
    pub disk: Rc<RefCell<Disk>>,
}

pub struct Tab {
    pub account: usize,
    pub engine: Rc<RefCell<Option<Rc<SimEngine>>>>,
    pub tasks: Vec<Task>,
}

impl Tab {
    pub fn begin(&mut self, what: &'static str, step: Step) {
        self.tasks.push(Task { what, step });
    }
}

pub struct Phone {
    pub accounts: Vec<Account>,
    pub current: usize,
    /// The browser's one cookie.
    pub session: Rc<Cell<UserId>>,
    pub tabs: Vec<Tab>,
    /// The clock's error in ms, and the offset as measured.
    pub skew: i64,
    pub offset: Option<i64>,
    pub faults: Rc<PhoneFaults>,
    /// Requests so far.
    pub sent: Rc<Cell<u64>>,
    pub mutant: Option<Mutant>,
}

impl Phone {
    pub fn new(index: usize, people: &[Actor], mutant: Option<Mutant>, rng: Rng) -> Self {
        let accounts = people.iter().map(|actor| Account {
            actor: actor.clone(),
            device: DeviceId::derived(&["sim device", &index.to_string(), &actor.name]),
            disk: Rc::default(),
        });
        let accounts: Vec<Account> = accounts.collect();
        Self {
            session: Rc::new(Cell::new(accounts[0].actor.user)),
            accounts,
            current: 0,
            tabs: Vec::new(),
            skew: 0,
            offset: None,
            faults: Rc::new(PhoneFaults::new(rng)),
            sent: Rc::default(),
            mutant,
        }
    }

    /// The same phone once more: its storage was copied, sign-in and all.
    pub fn copied(&self, rng: Rng) -> Self {
        let accounts = self.accounts.iter().map(|account| Account {
            actor: account.actor.clone(),
            device: account.device,
            disk: Rc::new(RefCell::new(account.disk.borrow().clone())),
        });
        Self {
            session: Rc::new(Cell::new(self.session.get())),
            accounts: accounts.collect(),
            current: self.current,
            tabs: Vec::new(),
            skew: self.skew,
            offset: self.offset,
            faults: Rc::new(PhoneFaults::new(rng)),
            sent: Rc::new(Cell::new(self.sent.get())),
            mutant: self.mutant,
        }
    }

    /// Opens a tab; it loads its replica as its first task.
    pub fn open_tab(&mut self, net: &Net) {
        let account = &self.accounts[self.current];
        let mut disk = Rc::clone(&account.disk);
        if self.mutant == Some(Mutant::ReplayUnderAnotherUser) {
            // The mutant: whoever opens the app finds the first user's store and takes it.
            disk = Rc::clone(&self.accounts[0].disk);
            disk.borrow_mut().meta.remove("owner");
        }
        let early = self.mutant == Some(Mutant::DeleteOutboxEarly);
        let sent_from = Rc::clone(&disk);
        let on_push = move |request: &PushRequest| {
            if early && let Some(scope) = sent_from.borrow_mut().scopes.get_mut(&request.scope) {
                scope.outbox.clear();
            }
        };
        let store = SimStore {
            inner: MemoryStore::new(disk, Rc::clone(&self.faults) as Rc<dyn Faults>),
            mutant: self.mutant,
            faults: Rc::clone(&self.faults),
            unsaved: Rc::default(),
        };
        let (mutant, sent) = (self.mutant, Rc::clone(&self.sent));
        let (actor, first) = (account.actor.clone(), account.device);
        let (net, session) = (Rc::clone(net), Rc::clone(&self.session));
        let engine = Rc::new(RefCell::new(None));
        let opened = Rc::clone(&engine);
        let open = async move {
            let owner = store.meta(OWNER).await.map_err(|error| error.to_string())?;
            let device = owner.and_then(|owner| device_of_owner(&owner, actor.user));
            let device = device.unwrap_or(first);
            let transport =
                SimTransport { net, device, session, on_push: Rc::new(on_push), mutant, sent };
            if device != first {
                // Whether it is known already only the server can say; without it the phone shows what
                // it has and asks again when it is opened next.
                drop(transport.register(actor.user).await);
            }
            let replica = Rc::new(RefCell::new(Replica::new(actor, device)));
            let ready = Engine::open(store, transport, replica).await.map_err(text)?;
            for scope in scopes() {
                ready.load(scope).await.map_err(text)?;
            }
            *opened.borrow_mut() = Some(Rc::new(ready));
            Ok(())
        };
        self.tabs.push(Tab { account: self.current, engine, tasks: Vec::new() });
        if let Some(tab) = self.tabs.last_mut() {
            tab.begin("opening", Box::pin(open));
        }
    }

    /// Somebody else signs in. Tabs of the first may linger.
    pub fn switch_user(&mut self, keep_tabs: bool) {
        self.current = (self.current + 1) % self.accounts.len();
        self.session.set(self.accounts[self.current].actor.user);
        if !keep_tabs {
            self.tabs.clear();
        }
    }
}

pub fn text(error: SyncError) -> String {
    error.to_string()
}
