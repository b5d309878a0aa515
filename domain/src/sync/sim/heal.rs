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

impl World {
    /// Everything works again; everybody syncs until it is quiet.
    pub(super) fn heal(&mut self) -> Result<(), String> {
        self.say(|_| "everything works again, and everybody syncs".into());
        self.healed = true;
        self.net.borrow_mut().clear();
        // So late that every phone compares what it holds.
        self.now = self.now.plus(2 * DAY);
        for phone in &mut self.phones {
            phone.tabs.clear();
            phone.faults.full.set(false);
            phone.faults.flaky.set(false);
            phone.faults.healed.set(true);
        }
        // Twice around, for what one brings may release what another's waited for; then a back-up.
        for round in 0..4 {
            if round == 2 {
                self.server.back_up();
            }
            self.summary.rounds_to_drain =
                self.sync_everybody(round)?.max(self.summary.rounds_to_drain);
        }
        Ok(())
    }

    fn sync_everybody(&mut self, round: usize) -> Result<usize, String> {
        let mut longest = 0;
        for index in 0..self.phones.len() {
            for _ in 0..self.phones[index].accounts.len() {
                self.phones[index].switch_user(false);
                self.phones[index].open_tab(&self.net);
                self.finish_tasks(index)?;
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
        let quiet = Rc::new(Cell::new(false));
        for round in 1..200 {
            let engine = self.opened(phone)?;
            let (now, done) = (self.now, Rc::clone(&quiet));
            let (slot, fresh) = (self.phones[phone].tabs[0].engine.clone(), self.rng.uuid());
            let step = async move {
                let pushed = match engine.push_once(scope, now).await {
                    Err(SyncError::Paused(Paused::NumberReused)) => {
                        return renew(&slot, &engine, DeviceId(fresh)).await;
                    }
                    other => other.map_err(text)?,
                };
                let pulled = engine.pull_once(scope, now).await.map_err(text)?;
                let uploaded = engine.upload_once(&scopes()).await.map_err(text)?;
                let idle = Pulled { rows: 0, more: false };
                done.set((pushed, pulled, uploaded) == (Pushed::Idle, idle, Uploaded::Idle));
                Ok(())
            };
            self.phones[phone].tabs[0].begin("sync", Box::pin(step));
            self.finish_tasks(phone)?;
            if quiet.get() {
                return Ok(round);
            }
        }
        Err(format!("{scope} never came to rest after healing"))
    }

    /// The engine of a phone's first tab, which is opened anew where its device was.
    fn opened(&mut self, phone: usize) -> Result<Rc<SimEngine>, String> {
        if self.phones[phone].tabs[0].engine.borrow().is_none() {
            self.phones[phone].tabs.clear();
            self.phones[phone].open_tab(&self.net);
            self.finish_tasks(phone)?;
        }
        let engine = self.phones[phone].tabs[0].engine.borrow().clone();
        engine.ok_or_else(|| "a tab that never opened its store".to_owned())
    }

    /// Runs the tasks of a phone's first tab to their end on a network that works.
    fn finish_tasks(&mut self, phone: usize) -> Result<(), String> {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..10_000 {
            let tasks = &mut self.phones[phone].tabs[0].tasks;
            let Some(task) = tasks.first_mut() else { return Ok(()) };
            if let Poll::Ready(outcome) = task.step.as_mut().poll(&mut context) {
                drop(tasks.swap_remove(0));
                outcome.map_err(|error| format!("after healing: {error}"))?;
            }
            self.move_some_message();
        }
        Err("a step that never ends after healing".into())
    }
}
