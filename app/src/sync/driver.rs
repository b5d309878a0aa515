//! The loops that run sync while the page is open: push, uploads and pull, each on its own, so that
//! a stuck one stops no other. One tab of a user leads; the others show what it brings.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use domain::Ms;
use domain::sync::client::{
    LocalStore, Paused, Pulled, Pushed, SyncError, TransportError, Uploaded, backoff,
};
use domain::sync::record::Scope;
use wasm_bindgen_futures::spawn_local;

use super::status::Standing;
use super::tabs::{self, Hint, Tabs};
use super::wake::Wake;
use super::{events, report};
use crate::app_context::{App, Core};
use crate::clock;
use crate::device::page;

/// A step that takes longer than this is given up: one of its awaits must have been lost, or its line is
/// so slow that it is better begun anew.
const WATCHDOG: i32 = 300_000;
/// How often the server is asked although nothing announced itself: with and without live events.
const POLL_LIVE: u64 = 5 * 60_000;
const POLL_BLIND: u64 = 30_000;

/// How often the pages are told, in milliseconds, while photos go.
const TELL_EVERY: u64 = 1_000;

/// What runs for one user in this tab.
pub struct Driver {
    pub(super) app: App,
    pub(super) core: Rc<Core>,
    pub(super) leader: Cell<bool>,
    /// Live events are coming in.
    pub(super) live: Cell<bool>,
    pub(super) tabs: Option<Tabs>,
    /// What the other tabs were told last.
    pub(super) told: RefCell<Option<Standing>>,
    push: Wake,
    pull: Wake,
    upload: Wake,
    /// The scopes of which something new is known; a pull that nobody called asks for all.
    announced: RefCell<BTreeSet<Scope>>,
    /// When all were last asked for, by the phone's clock.
    asked_for_all: Cell<Option<Ms>>,
    /// How often something was recorded in this tab.
    pub(super) recordings: Cell<u64>,
    /// The way to the server failed last, as far as any of the loops knows.
    cut_off: Cell<bool>,
    /// Ends the holding of the lock.
    release: RefCell<Option<js_sys::Function>>,
}

thread_local! {
    static DRIVER: RefCell<Option<Rc<Driver>>> = const { RefCell::new(None) };
}

fn current() -> Option<Rc<Driver>> {
    DRIVER.with_borrow(Clone::clone)
}

/// Starts sync for whoever is signed in now; whatever ran before ends.
pub fn start(app: App, core: Rc<Core>) {
    stop();
    let user = core.with_replica(|replica| replica.actor().user);
    let driver = Rc::new(Driver {
        app,
        core,
        leader: Cell::new(false),
        live: Cell::new(false),
        tabs: Tabs::open(&format!("guanjia-{user}")),
        told: RefCell::new(None),
        push: Wake::default(),
        pull: Wake::default(),
        upload: Wake::default(),
        announced: RefCell::default(),
        asked_for_all: Cell::new(None),
        recordings: Cell::new(0),
        cut_off: Cell::new(false),
        release: RefCell::new(None),
    });
    DRIVER.set(Some(driver.clone()));
    if let Some(tabs) = &driver.tabs {
        tabs.listen(&driver);
        tabs.tell(&Hint::Ask);
    }
    tabs::lead(&driver, &format!("guanjia-sync-{user}"));
    spawn_local(run(driver.clone(), Task::Push));
    spawn_local(run(driver.clone(), Task::Pull));
    spawn_local(run(driver.clone(), Task::Upload));
    spawn_local(events::watch(driver.clone()));
    spawn_local(async move { report::publish(&driver).await });
}

/// Ends sync: signed out, or somebody else signs in.
pub fn stop() {
    let Some(driver) = DRIVER.take() else { return };
    driver.leader.set(false);
    events::close();
    if let Some(tabs) = &driver.tabs {
        tabs.close();
    }
    if let Some(release) = driver.release.borrow_mut().take() {
        let _ = release.call0(&wasm_bindgen::JsValue::UNDEFINED);
    }
    driver.wake_all();
}

/// Commands were stored in this tab: sends them, tells the other tabs.
pub fn recorded(app: App) {
    let Some(driver) = current() else { return };
    driver.recordings.set(driver.recordings.get() + 1);
    if let Some(tabs) = &driver.tabs {
        tabs.tell(&Hint::Queue);
    }
    driver.wake_senders();
    if !app.is_online() {
        tabs::register_background_sync();
    }
    spawn_local(async move { report::publish(&driver).await });
}

/// Something speaks for trying now: the network is back, the page is looked at again, a sign-in.
pub fn wake() {
    if let Some(driver) = current() {
        driver.wake_all();
        events::ensure(&driver);
    }
}

/// Tries to send and to pull now, because a person asked.
pub fn sync_now() {
    if let Some(driver) = current() {
        driver.core.engine.unpause();
        if let Some(tabs) = driver.tabs.as_ref().filter(|_| !driver.leader.get()) {
            tabs.tell(&Hint::Now);
        }
        wake();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Push,
    Pull,
    Upload,
}

impl Driver {
    pub(super) fn is_current(&self) -> bool {
        !self.core.has_ended()
            && current().is_some_and(|driver| Rc::ptr_eq(&driver.core, &self.core))
    }

    /// It is this one that runs, and no later one for the same store.
    pub(super) fn runs(&self) -> bool {
        current().is_some_and(|driver| std::ptr::eq(&raw const *driver, self))
    }

    pub(super) fn wake_all(&self) {
        self.push.ring();
        self.wake_pull();
        self.upload.ring();
    }

    pub(super) fn wake_senders(&self) {
        self.push.ring();
        self.upload.ring();
    }

    /// Something may be new anywhere.
    pub(super) fn wake_pull(&self) {
        self.announced.borrow_mut().extend(self.core.scopes());
        self.pull.ring();
    }

    /// Something is new in this scope: it need not wait for a round trip of the others.
    pub(super) fn wake_pull_of(&self, scope: Scope) {
        self.announced.borrow_mut().insert(scope);
        self.pull.ring();
    }

    /// Leaves the scopes that a pull is to ask for now.
    fn choose(&self, scopes: &mut Vec<Scope>) {
        let announced = self.announced.take();
        let now = self.app.instant();
        // A scope of which much is heard must not keep the others from being asked for at all.
        let every = if self.live.get() { POLL_LIVE } else { POLL_BLIND };
        let recent = self.asked_for_all.get().is_some_and(|at| at.0.abs_diff(now.0) < every);
        // Nothing announced: the clock woke it, or what was announced is tried again.
        if recent && scopes.iter().any(|scope| announced.contains(scope)) {
            scopes.retain(|scope| announced.contains(scope));
        } else {
            self.asked_for_all.set(Some(now));
        }
    }

    /// Takes over what a loop found about the way to the server: when it is open again, the others need
    /// not wait for the end of their pauses.
    fn tell_way(&self, task: Task, result: &Result<(), SyncError>, moved: bool) {
        use TransportError::{Offline, Timeout};
        match result {
            Err(SyncError::Transport(Offline | Timeout)) => self.cut_off.set(true),
            // A step without work asked nobody.
            Ok(()) if (moved || task == Task::Pull) && self.cut_off.replace(false) => match task {
                Task::Pull => self.wake_senders(),
                Task::Push | Task::Upload => self.wake_all(),
            },
            _ => {}
        }
    }

    pub(super) fn hold_lock(&self, release: js_sys::Function) {
        *self.release.borrow_mut() = Some(release);
    }

    fn wake_of(&self, task: Task) -> &Wake {
        match task {
            Task::Push => &self.push,
            Task::Pull => &self.pull,
            Task::Upload => &self.upload,
        }
    }
}

/// One of the three loops.
async fn run(driver: Rc<Driver>, task: Task) {
    let mut attempt = 0;
    while driver.is_current() {
        if !driver.leader.get() {
            driver.wake_of(task).wait(POLL_LIVE).await;
            continue;
        }
        let moved = Cell::new(false);
        let result = page::within(WATCHDOG, step(&driver, task, &moved)).await;
        let result = result.unwrap_or(Err(SyncError::Transport(TransportError::Timeout)));
        match &result {
            // Only a pull always asks the server; the others may have had nothing to send.
            Ok(()) if task != Task::Pull => {}
            _ => driver.app.saw_network(&result),
        }
        if task == Task::Pull && result.is_err() {
            // What was announced is asked for again, whatever is announced meanwhile.
            driver.asked_for_all.set(None);
        }
        driver.tell_way(task, &result, moved.get());
        report::publish(&driver).await;
        // On a line that breaks again and again, what gets through is no reason to wait ever longer.
        if moved.get() || matches!(result, Ok(()) | Err(SyncError::Paused(_))) {
            attempt = 0;
        }
        let wait = match &result {
            Ok(()) => rest(&driver, task),
            Err(SyncError::Paused(why)) => paused(&driver, *why),
            Err(error) => {
                let retry_after = match error {
                    SyncError::Transport(TransportError::Busy { retry_after }) => *retry_after,
                    _ => None,
                };
                let wait = backoff(attempt, random(), retry_after);
                attempt += 1;
                wait
            }
        };
        driver.wake_of(task).wait(wait).await;
    }
}

/// How long a loop that has nothing to do sleeps.
fn rest(driver: &Driver, task: Task) -> u64 {
    match task {
        Task::Pull if driver.live.get() => POLL_LIVE,
        Task::Pull => POLL_BLIND,
        Task::Push | Task::Upload => POLL_LIVE,
    }
}

/// Waits for a person, and looks again now and then: a sign-in may have happened in another tab.
fn paused(driver: &Driver, why: Paused) -> u64 {
    match why {
        Paused::SignIn | Paused::ChangePassword => driver.app.check_session(),
        Paused::OtherUser => driver.app.session_is_anothers(),
        Paused::NumberReused => driver.app.renew_device(),
        Paused::Update => {}
    }
    POLL_LIVE
}

fn random() -> u64 {
    let bytes = clock::random();
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// `moved` is set as soon as anything got through, whatever befalls the rest.
async fn step(driver: &Rc<Driver>, task: Task, moved: &Cell<bool>) -> Result<(), SyncError> {
    let engine = &driver.core.engine;
    let mut scopes = driver.core.scopes();
    if task == Task::Pull {
        driver.choose(&mut scopes);
    }
    if task == Task::Upload {
        let mut told = driver.app.instant();
        let pieces = engine.pieces();
        loop {
            let uploaded = engine.upload_once(&scopes).await;
            moved.set(engine.pieces() > pieces);
            if uploaded? == Uploaded::Idle {
                break;
            }
            driver.app.saw_network(&Ok(()));
            // Counting reads all that is kept: not for each of hundreds of photos.
            let now = driver.app.instant();
            if now.0.abs_diff(told.0) >= TELL_EVERY {
                told = now;
                report::publish(driver).await;
            }
        }
        return Ok(());
    }
    // A scope that fails does not keep the next one waiting; the first error is told.
    let mut failed = None;
    for scope in scopes {
        let result = match task {
            Task::Push => push(driver, scope, moved).await,
            _ => pull(driver, scope, moved).await,
        };
        if let Err(error) = result {
            let hopeless = matches!(error, SyncError::Transport(TransportError::Offline));
            failed.get_or_insert(error);
            if hopeless {
                break;
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn push(driver: &Rc<Driver>, scope: Scope, moved: &Cell<bool>) -> Result<(), SyncError> {
    let engine = &driver.core.engine;
    let mut sent = false;
    let result = loop {
        match engine.push_once(scope, driver.app.instant()).await {
            Ok(Pushed::Idle) => break Ok(()),
            Ok(_) => {}
            Err(error) => break Err(error),
        }
        sent = true;
        moved.set(true);
        driver.app.saw_network(&Ok(()));
        report::publish(driver).await;
    };
    if sent {
        if let Some(tabs) = &driver.tabs {
            tabs.tell(&Hint::Queue);
        }
        // Photos follow their commands, and what the server made of them is pulled.
        driver.upload.ring();
        driver.wake_pull_of(scope);
    }
    result
}

async fn pull(driver: &Rc<Driver>, scope: Scope, moved: &Cell<bool>) -> Result<(), SyncError> {
    let engine = &driver.core.engine;
    let mut rows = 0;
    loop {
        let Pulled { rows: count, more } = engine.pull_once(scope, driver.app.instant()).await?;
        rows += count;
        // Hearing that nothing is new in one scope is no reason to ask sooner for one that fails.
        moved.set(moved.get() || count > 0);
        report::show(driver);
        if !more {
            break;
        }
    }
    engine.store.compact(scope).await?;
    if rows > 0 {
        if let Some(tabs) = &driver.tabs {
            tabs.tell(&Hint::Rows(scope));
        }
        driver.app.compare_rights();
    }
    Ok(())
}
