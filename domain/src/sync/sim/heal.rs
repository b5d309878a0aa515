//! Healing: everything works again, everybody syncs until it is quiet.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::happen::renew;
use super::phone::{SimEngine, text};
use super::work::scopes;
use super::world::World;
use crate::id::DeviceId;
use crate::sync::client::{Paused, Pulled, Pushed, SyncError, Uploaded};
use crate::sync::record::Scope;
use crate::time::DAY;

/// Nothing takes longer to drain.
const MOST_ROUNDS: usize = 200;

impl World {
    /// Everything works again; everybody syncs until it is quiet.
    pub(super) fn heal(&mut self) -> Result<(), String> {
        self.say(|_| "everything works again, and everybody syncs".into());
        self.healed = true;
        // So late that every phone compares what it holds.
        self.now = self.now.plus(2 * DAY);
        for phone in &mut self.phones {
            phone.faults.full.set(false);
            phone.faults.flaky.set(false);
            phone.faults.healed.set(true);
        }
        // In every second run the tabs that lived through it all go on with what they have in memory.
        if self.rng.chance(500) {
            self.living_recover(false)?;
            self.living_recover(true)?;
        }
        self.net.borrow_mut().clear();
        for phone in &mut self.phones {
            phone.tabs.clear();
        }
        // Twice around, for what one brings may release what another's waited for; then a back-up.
        for round in 0..4 {
            if round == 1 {
                // What a disk lost of the snapshot that was to mend it is found out the next day.
                self.now = self.now.plus(2 * DAY);
            }
            if round == 2 {
                self.server.back_up(self.now);
            }
            self.summary.rounds_to_drain =
                self.sync_everybody(round)?.max(self.summary.rounds_to_drain);
        }
        Ok(())
    }

    /// What living tabs were in the middle of ends somehow; they drain, and at last show what the server has.
    fn living_recover(&mut self, last: bool) -> Result<(), String> {
        for phone in 0..self.phones.len() {
            for tab in 0..self.phones[phone].tabs.len() {
                let own = &self.phones[phone];
                // Somebody else has signed in; it only says so.
                if own.tabs[tab].account != own.current {
                    continue;
                }
                self.finish_tasks(phone, tab, true)?;
                let Some(engine) = self.phones[phone].tabs[tab].engine.borrow().clone() else {
                    continue;
                };
                engine.unpause();
                let mut lives = true;
                for scope in scopes() {
                    lives = lives && self.drain_living(phone, tab, scope)?;
                }
                if lives && last {
                    let shown = self.ledger.compare(&engine, &self.server);
                    shown.map_err(|what| format!("a tab that lived through it: {what}"))?;
                    self.summary.lived += 1;
                }
            }
        }
        Ok(())
    }

    /// Until nothing is left; `false` when the tab's device has become another one, which opens it anew.
    fn drain_living(&mut self, phone: usize, tab: usize, scope: Scope) -> Result<bool, String> {
        for _ in 1..MOST_ROUNDS {
            let engine = self.phones[phone].tabs[tab].engine.borrow().clone();
            let Some(engine) = engine else { return Ok(false) };
            let quiet = self.sync_once(phone, tab, engine, scope, true)?;
            self.look()?;
            if quiet {
                return Ok(true);
            }
        }
        Err(format!("a tab that lived through it never came to rest in {scope}"))
    }

    fn sync_everybody(&mut self, round: usize) -> Result<usize, String> {
        let mut longest = 0;
        for index in 0..self.phones.len() {
            for _ in 0..self.phones[index].accounts.len() {
                self.phones[index].switch_user(false);
                self.phones[index].open_tab(&self.net);
                self.finish_tasks(index, 0, false)?;
                for scope in scopes() {
                    longest = longest.max(self.drain(index, scope)?);
                }
                self.look()?;
                if round % 2 == 1 {
                    let engine = self.opened(index)?;
                    self.ledger.compare(&engine, &self.server)?;
                }
            }
        }
        Ok(longest)
    }

    /// Pushes, pulls and uploads until nothing is left; says how many rounds it took.
    fn drain(&mut self, phone: usize, scope: Scope) -> Result<usize, String> {
        for round in 1..MOST_ROUNDS {
            let engine = self.opened(phone)?;
            if self.sync_once(phone, 0, engine, scope, false)? {
                return Ok(round);
            }
        }
        Err(format!("{scope} never came to rest after healing"))
    }

    /// Pushes, pulls and uploads once; says whether there was nothing to do.
    fn sync_once(
        &mut self,
        phone: usize,
        tab: usize,
        engine: Rc<SimEngine>,
        scope: Scope,
        lives: bool,
    ) -> Result<bool, String> {
        let quiet = Rc::new(Cell::new(false));
        let (now, done) = (self.now, Rc::clone(&quiet));
        let (slot, fresh) = (self.phones[phone].tabs[tab].engine.clone(), self.rng.uuid());
        let step = async move {
            let pushed = match engine.push_once(scope, now).await {
                Err(SyncError::Paused(Paused::NumberReused)) => {
                    return renew(&slot, &engine, DeviceId(fresh)).await;
                }
                // Another tab has renewed the device, and is dead perhaps.
                Err(SyncError::Paused(Paused::OtherUser)) if lives => {
                    slot.borrow_mut().take();
                    return Ok(());
                }
                other => other.map_err(text)?,
            };
            let pulled = match engine.pull_once(scope, now).await {
                // Nothing was to be sent; and it may be its own registration that was lost.
                Err(SyncError::Paused(Paused::OtherUser)) if lives => {
                    slot.borrow_mut().take();
                    return Ok(());
                }
                other => other.map_err(text)?,
            };
            let uploaded = engine.upload_once(&scopes()).await.map_err(text)?;
            let idle = Pulled { rows: 0, more: false };
            done.set((pushed, pulled, uploaded) == (Pushed::Idle, idle, Uploaded::Idle));
            Ok(())
        };
        self.phones[phone].tabs[tab].begin("sync", Box::pin(step));
        self.finish_tasks(phone, tab, false)?;
        Ok(quiet.get())
    }

    /// The engine of a phone's first tab, which is opened anew where its device was.
    fn opened(&mut self, phone: usize) -> Result<Rc<SimEngine>, String> {
        if self.phones[phone].tabs[0].engine.borrow().is_none() {
            self.phones[phone].tabs.clear();
            self.phones[phone].open_tab(&self.net);
            self.finish_tasks(phone, 0, false)?;
        }
        let engine = self.phones[phone].tabs[0].engine.borrow().clone();
        engine.ok_or_else(|| "a tab that never opened its store".to_owned())
    }

    /// Runs the tasks of a tab to their end on a network that works. Those that began before it did may end in an
    /// error, if `any_end` is well.
    fn finish_tasks(&mut self, phone: usize, tab: usize, any_end: bool) -> Result<(), String> {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..10_000 {
            let tasks = &mut self.phones[phone].tabs[tab].tasks;
            let Some(task) = tasks.first_mut() else { return Ok(()) };
            if let Poll::Ready(outcome) = task.step.as_mut().poll(&mut context) {
                drop(tasks.swap_remove(0));
                if !any_end {
                    outcome.map_err(|error| format!("after healing: {error}"))?;
                }
                // What was just saved is soon answered and backed up.
                self.look()?;
            }
            self.move_some_message();
        }
        Err("a step that never ends after healing".into())
    }
}
