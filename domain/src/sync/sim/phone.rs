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
use crate::sync::client::memory::{Disk, Faults, MemoryStore};
use crate::sync::client::{
    Engine, LocalStore as _, OWNER, Replica, StoreError, SyncError, device_of_owner,
};
use crate::sync::wire::PushRequest;

pub type SimEngine = Engine<SimStore, SimTransport>;
type Step = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// What may go wrong with the phone's own storage.
#[derive(Default)]
pub struct PhoneFaults {
    /// The quota is full: pages and photos do not fit.
    pub full: Cell<bool>,
    /// The browser closes the database under the page now and then.
    pub flaky: Cell<bool>,
    pub rng: RefCell<Option<Rng>>,
}

impl PhoneFaults {
    fn strikes(&self, per_mille: usize) -> bool {
        self.rng.borrow_mut().as_mut().is_some_and(|rng| rng.chance(per_mille))
    }
}

impl Faults for PhoneFaults {
    fn before(&self, step: &'static str) -> Result<(), StoreError> {
        if self.full.get() && matches!(step, "keep_page" | "record") && self.strikes(500) {
            return Err(StoreError::QuotaFull);
        }
        if self.flaky.get() && self.strikes(20) {
            return Err(StoreError::Lost("closed".into()));
        }
        Ok(())
    }
    fn after(&self, _step: &'static str) -> Result<(), StoreError> {
        if self.flaky.get() && self.strikes(20) {
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
    pub tasks: Vec<Step>,
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
        let faults = PhoneFaults { rng: RefCell::new(Some(rng)), ..PhoneFaults::default() };
        Self {
            session: Rc::new(Cell::new(accounts[0].actor.user)),
            accounts,
            current: 0,
            tabs: Vec::new(),
            skew: 0,
            offset: None,
            faults: Rc::new(faults),
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
        let faults = PhoneFaults { rng: RefCell::new(Some(rng)), ..PhoneFaults::default() };
        Self {
            session: Rc::new(Cell::new(self.session.get())),
            accounts: accounts.collect(),
            current: self.current,
            tabs: Vec::new(),
            skew: self.skew,
            offset: self.offset,
            faults: Rc::new(faults),
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
        };
        let (actor, first) = (account.actor.clone(), account.device);
        let (net, session) = (Rc::clone(net), Rc::clone(&self.session));
        let engine = Rc::new(RefCell::new(None));
        let opened = Rc::clone(&engine);
        let open = async move {
            let owner = store.meta(OWNER).await.map_err(|error| error.to_string())?;
            let device = owner.and_then(|owner| device_of_owner(&owner, actor.user));
            let device = device.unwrap_or(first);
            let transport = SimTransport { net, device, session, on_push: Rc::new(on_push) };
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
        self.tabs.push(Tab { account: self.current, engine, tasks: vec![Box::pin(open)] });
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
