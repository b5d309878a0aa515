//! What belongs to whoever is signed in: store, engine, replica, drafts.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use domain::id::{DeviceId, UserId};
use domain::sync::client::{Engine, LocalStore, OWNER, Replica, SyncError, device_of_owner};
use domain::sync::record::Scope;
use domain::sync::wire::Session;

use crate::local_store::IndexedDb;
use crate::sync::transport::Fetch;

/// One user on this installation.
pub struct Core {
    pub(crate) engine: Engine<IndexedDb, Fetch>,
    pub(crate) scopes: RefCell<Vec<Scope>>,
    /// Every draft, so that a form is filled when it opens.
    pub(super) drafts: RefCell<BTreeMap<String, String>>,
    /// Drafts that changed since they were last written.
    pub(super) unsaved: RefCell<BTreeMap<String, Option<String>>>,
    pub(super) flush_planned: Cell<bool>,
    /// Somebody else signed in, or nobody: whatever still runs for this one ends.
    ended: Cell<bool>,
    /// The store was cleared, and is being filled again.
    pub(super) refilling: Cell<bool>,
}

impl Core {
    /// The device whose numbers the store of a user has; none while it was never opened.
    pub(super) async fn device_of_store(user: UserId) -> Option<DeviceId> {
        let owner = IndexedDb::of_user(user).meta(OWNER).await.ok()??;
        device_of_owner(&owner, user)
    }

    /// Opens the store of the session's user and shows what is in it.
    pub(super) async fn open(session: &Session) -> Result<Rc<Self>, SyncError> {
        let replica = Replica::new(session.actor.clone(), session.device.id);
        let store = IndexedDb::of_user(session.actor.user);
        let fetch = Fetch::of_device(session.device.id);
        let engine = Engine::open(store, fetch, Rc::new(RefCell::new(replica))).await?;
        let scopes: Vec<Scope> = session.scopes.iter().map(|scope| scope.scope).collect();
        for scope in &scopes {
            engine.load(*scope).await?;
        }
        let drafts = engine.store.drafts().await?;
        Ok(Rc::new(Self {
            engine,
            scopes: RefCell::new(scopes),
            drafts: RefCell::new(drafts),
            unsaved: RefCell::default(),
            flush_planned: Cell::new(false),
            ended: Cell::new(false),
            refilling: Cell::new(false),
        }))
    }

    pub(crate) fn with_replica<T>(&self, read: impl FnOnce(&Replica) -> T) -> T {
        read(&self.engine.replica.borrow())
    }

    pub(crate) fn scopes(&self) -> Vec<Scope> {
        self.scopes.borrow().clone()
    }

    pub(super) fn end(&self) {
        self.ended.set(true);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }
}
