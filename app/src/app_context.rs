//! `App`: what every page works with. A `Copy` handle to the session, the local replica, the
//! outbox, the drafts and the clock.
//!
//! Pages read with `query` (tracked by kind of record), write with `send` (decided on the replica,
//! stored durably, shown at once) and never fetch; office pages fetch with `use_view`.

use std::collections::BTreeSet;
use std::rc::Rc;

use chrono::NaiveDate;
use domain::id::{ClusterId, ProjectId};
use domain::modules::company::Settings;
use domain::modules::{Command, RecordKind};
use domain::sync::client::replica::Replica;
use domain::sync::record::Scope;
use domain::sync::wire::Session;
use domain::{Actor, Ms, Right, Zone};
use leptos::prelude::*;
use uuid::Uuid;

use crate::clock;
use crate::device::page;
use crate::reactive::{Read, memo};
use crate::sync::{SyncStatus, http};

mod core;
mod drafts;
mod kept_session;
mod network;
mod outbox;
mod send;
mod session;
mod views;

pub use core::Core;
pub use drafts::use_draft;
pub use kept_session::SESSION;
pub use outbox::{OutboxBlob, OutboxItem, OutboxState};
pub use session::Unsent;
pub use views::{View, use_view};

/// How often relative times on the screen move on.
const TICK: i64 = 15_000;

/// The handle. `use_app()` gives it to every component.
#[derive(Clone, Copy)]
pub struct App {
    session: RwSignal<Option<Session>>,
    chosen: RwSignal<Option<ProjectId>>,
    status: RwSignal<SyncStatus>,
    /// One for each kind of record, in the order of `RecordKind::ALL`.
    kinds: StoredValue<Vec<ArcTrigger>>,
    /// Outbox, journal, attention or blobs changed.
    queue: RwSignal<u64>,
    /// Grows with every head that the server announces.
    heads: RwSignal<u64>,
    now: RwSignal<Ms>,
    today: Memo<NaiveDate>,
    settings: Memo<Settings>,
    core: StoredValue<Option<Rc<Core>>, LocalStorage>,
    /// What pages see when nobody is signed in.
    nobody: StoredValue<Replica, LocalStorage>,
    genuine: StoredValue<BTreeSet<String>>,
}

/// The app's handle; provided once by the root.
pub fn use_app() -> App {
    expect_context::<App>()
}

impl App {
    /// Makes the handle under the current owner, which has to be the root's.
    pub fn provide() -> Self {
        let nobody = Actor {
            user: domain::id::UserId(Uuid::nil()),
            name: String::new(),
            roles: Vec::new(),
            clusters: Vec::new(),
        };
        let replica = Replica::new(nobody, domain::id::DeviceId(Uuid::nil()));
        let now = RwSignal::new(corrected_now());
        let kinds = RecordKind::ALL.iter().map(|_| ArcTrigger::new()).collect();
        let kinds: StoredValue<Vec<ArcTrigger>> = StoredValue::new(kinds);
        let core = StoredValue::new_local(None);
        let nobody = StoredValue::new_local(replica);
        let settings = Memo::new(move |_| {
            track_kinds(kinds, &[RecordKind::Settings]);
            read_replica(core, nobody, |replica| replica.settings().clone())
        });
        let today = Memo::new(move |_| settings.with(|settings| settings.zone.date(now.get())));
        let online = page::window().navigator().on_line();
        let app = App {
            session: RwSignal::new(None),
            chosen: RwSignal::new(None),
            status: RwSignal::new(SyncStatus { online, ..SyncStatus::default() }),
            kinds,
            queue: RwSignal::new(0),
            heads: RwSignal::new(0),
            now,
            today,
            settings,
            core,
            nobody,
            genuine: StoredValue::new(BTreeSet::new()),
        };
        provide_context(app);
        app.tick();
        app
    }

    /// Moves `now` on at every full quarter of a minute.
    fn tick(self) {
        let left = TICK - corrected_now().0.rem_euclid(TICK);
        page::after(i32::try_from(left).unwrap_or(15_000), move || {
            if self.now.try_set(corrected_now()).is_none() {
                self.tick();
            }
        });
    }

    // --- who ---------------------------------------------------------------------------------

    /// Whoever is signed in, also without a network. Tracked.
    pub fn session(self) -> Signal<Option<Session>> {
        self.session.into()
    }

    /// The person acting. Tracked; a nobody without rights when signed out.
    pub fn actor(self) -> Actor {
        self.session.with(|session| match session {
            Some(session) => session.actor.clone(),
            None => self.nobody.with_value(|replica| replica.actor().clone()),
        })
    }

    /// Holds the right somewhere. Tracked. Only to leave out what would be refused.
    pub fn may(self, right: Right) -> bool {
        self.session.with(|session| session.as_ref().is_some_and(|s| s.rights.contains(&right)))
    }

    /// Holds the right for that cluster. Tracked.
    pub fn may_in(self, right: Right, cluster: ClusterId) -> bool {
        self.session
            .with(|session| session.as_ref().is_some_and(|s| s.actor.may_in(right, cluster)))
    }

    /// The projects of the session with their names. Tracked.
    pub fn projects(self) -> Vec<(ProjectId, String)> {
        self.session.with(|session| {
            let scopes = session.iter().flat_map(|session| &session.scopes);
            scopes.filter_map(|scope| Some((scope.project?, scope.name.clone()))).collect()
        })
    }

    /// The project that is worked in: the chosen one, else the first of the session's. Tracked.
    pub fn project(self) -> Option<ProjectId> {
        let projects = self.projects();
        let chosen = self.chosen.get();
        let known = projects.iter().find(|(id, _)| Some(*id) == chosen);
        known.or(projects.first()).map(|(id, _)| *id)
    }

    /// Works in another project; for as long as the page is open.
    pub fn choose_project(self, project: ProjectId) {
        self.chosen.set(Some(project));
    }

    // --- reading -----------------------------------------------------------------------------

    /// What `read` makes of the replica; made again only when a record of `kinds` changed or
    /// another signal that `read` looks at.
    pub fn query<T>(
        self,
        kinds: &[RecordKind],
        read: impl Fn(&Replica) -> T + Send + Sync + 'static,
    ) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        self.query_boxed(kinds.to_vec(), Box::new(read))
    }

    /// Once for each type, where `query` is there for each closure.
    #[inline(never)]
    fn query_boxed<T>(self, kinds: Vec<RecordKind>, read: Read<T>) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        memo(move || {
            track_kinds(self.kinds, &kinds);
            self.with_replica(&read)
        })
    }

    /// Subscribes whatever is running to those kinds of records.
    pub fn track(self, kinds: &[RecordKind]) {
        track_kinds(self.kinds, kinds);
    }

    /// Looks at the replica once, untracked: in event handlers.
    pub fn with_replica<T>(self, read: impl FnOnce(&Replica) -> T) -> T {
        read_replica(self.core, self.nobody, read)
    }

    /// The company's settings. Tracked.
    pub fn settings(self) -> Memo<Settings> {
        self.settings
    }

    /// The company's time zone. Tracked.
    pub fn zone(self) -> Zone {
        self.settings.with(|settings| settings.zone.clone())
    }

    /// The corrected time, moving on every 15 seconds.
    pub fn now(self) -> Signal<Ms> {
        self.now.into()
    }

    /// The date in the company's zone.
    pub fn today(self) -> Memo<NaiveDate> {
        self.today
    }

    /// The corrected time at this instant, untracked.
    pub fn instant(self) -> Ms {
        corrected_now()
    }

    /// A new id: `TicketId(app.new_id())`.
    pub fn new_id(self) -> Uuid {
        clock::new_uuid()
    }

    /// Where sync stands.
    pub fn status(self) -> Signal<SyncStatus> {
        self.status.into()
    }

    /// Grows whenever the server announces something new.
    pub fn heads(self) -> Signal<u64> {
        self.heads.into()
    }

    // --- inside ------------------------------------------------------------------------------

    pub(crate) fn core(self) -> Option<Rc<Core>> {
        self.core.try_get_value().flatten()
    }

    /// Tells whoever reads those kinds.
    pub(crate) fn notify_kinds(self, changed: &BTreeSet<RecordKind>) {
        let triggers = self.kinds.try_get_value().unwrap_or_default();
        for (kind, trigger) in RecordKind::ALL.iter().zip(&triggers) {
            if changed.contains(kind) {
                trigger.notify();
            }
        }
    }

    pub(crate) fn notify_queue(self) {
        self.queue.try_update(|count| *count += 1);
    }

    pub(crate) fn notify_heads(self) {
        self.heads.try_update(|count| *count += 1);
    }

    /// Remembers that a scanned code carries a genuine signature of this site.
    pub(crate) fn trust_code(self, code: String) {
        self.genuine.try_update_value(|codes| codes.insert(code));
    }

    /// Which log a command belongs to.
    fn scope_of(self, command: &Command) -> Option<Scope> {
        match command {
            Command::CreateAccount(_)
            | Command::UpdateAccount(_)
            | Command::SetSettings(_)
            | Command::PublishTemplate(_) => Some(Scope::Company),
            Command::RegisterProject(register) => Some(Scope::Project(register.project)),
            _ => untrack(|| self.project()).map(Scope::Project),
        }
    }
}

/// Device time plus the measured offset.
pub(crate) fn corrected_now() -> Ms {
    clock::device_now().plus(http::clock_offset().unwrap_or(0))
}

fn track_kinds(triggers: StoredValue<Vec<ArcTrigger>>, kinds: &[RecordKind]) {
    triggers.with_value(|triggers| {
        for (kind, trigger) in RecordKind::ALL.iter().zip(triggers) {
            if kinds.contains(kind) {
                trigger.track();
            }
        }
    });
}

fn read_replica<T>(
    core: StoredValue<Option<Rc<Core>>, LocalStorage>,
    nobody: StoredValue<Replica, LocalStorage>,
    read: impl FnOnce(&Replica) -> T,
) -> T {
    match core.get_value() {
        Some(core) => core.with_replica(read),
        None => nobody.with_value(read),
    }
}
