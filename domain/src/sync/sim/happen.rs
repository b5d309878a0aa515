//! One step of a run: what happens, chosen by its chance.

use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::history::Return;
use super::phone::{SimEngine, Task, text};
use super::rng::Rng;
use super::work::{deed, scopes, staff};
use super::world::{PHONES, World};
use crate::id::DeviceId;
use crate::sync::client::{LocalStore, Moment, Paused, SyncError};
use crate::sync::record::Scope;
use crate::time::{DAY, Ms};

const TEN_YEARS: i64 = 3_650 * DAY;
/// Tasks a tab may be in the middle of.
const BUSY: usize = 3;
/// What two tabs of one phone may do at once, and how that is counted.
const TOGETHER: [(&str, &str, &str); 5] = [
    ("record", "record", "two tabs record at once"),
    ("push", "push", "two tabs push at once"),
    ("pull", "pull", "two tabs pull at once"),
    ("record", "push", "record while another tab pushes and pulls"),
    ("record", "pull", "record while another tab pushes and pulls"),
];

impl World {
    /// One thing happens.
    pub(super) fn happen(&mut self) {
        let roughness = self.roughness;
        match self.rng.below(1000) {
            0..=419 => {
                for _ in 0..=self.rng.below(3) {
                    self.poll_some_task();
                }
            }
            420..=749 => {
                for _ in 0..=self.rng.below(3) {
                    self.move_some_message();
                }
            }
            750..=954 => self.begin_something(),
            955..=960 => {
                self.server.back_up(self.now);
                self.say(|_| "the server is backed up".into());
            }
            // What follows is rarer the gentler the run.
            _ if !self.rng.chance(roughness) => {}
            961..=968 => self.kill_some_tab(),
            969..=971 => self.change_rights(),
            972..=974 => self.restore(),
            975..=978 => self.switch_user(),
            979..=982 => self.upset_storage(),
            983..=984 => self.copy_some_phone(),
            985..=992 => self.compact_feed(),
            993..=994 => {
                let days = 1 + self.rng.below(40) as i64;
                self.days += days;
                self.strike("days pass");
                self.say(|_| format!("{days} days pass"));
            }
            _ => self.upset_clock(),
        }
    }

    fn restore(&mut self) {
        let epoch = self.rng.uuid();
        let earlier = !self.server.earlier.scopes.is_empty();
        let which = if earlier && self.rng.chance(300) { Return::Earlier } else { Return::Last };
        self.server.restore(epoch, which, self.now);
        // Answers of the server that is gone may still be under way for a long time.
        for message in self.net.borrow_mut().iter_mut() {
            if self.rng.chance(500) {
                message.held_until = self.step + self.rng.below(300);
            }
        }
        let what = match which {
            Return::Last => "server comes back from a back-up",
            Return::Earlier => "server comes back from the back-up before the last",
        };
        self.strike(what);
        self.say(|_| format!("the {what}"));
    }

    /// Once in a run: a phone's storage is brought to another one, and both are used.
    fn copy_some_phone(&mut self) {
        if self.phones.len() == PHONES {
            let copied = self.rng.below(PHONES);
            let rng = Rng::of(self.rng.draw(), 0);
            self.phones.push(self.phones[copied].copied(rng));
            self.strike("phone copied");
            self.say(|_| format!("phone {copied} is copied to phone {PHONES}, sign-in and all"));
        }
    }

    fn change_rights(&mut self) {
        let steward = staff()[0].user;
        let names: &[&str] = [&["A"][..], &["B"], &["A", "B"]][self.rng.below(3)];
        if let Some(actor) = self.server.db.actors.get_mut(&steward) {
            actor.clusters = names.iter().map(|name| super::work::cluster(name)).collect();
        }
        self.server.version += 1;
        self.strike("rights changed");
        self.say(|_| format!("the first steward now has the clusters {names:?}"));
    }

    fn switch_user(&mut self) {
        let keep = self.rng.chance(400);
        let shared: Vec<usize> =
            (0..self.phones.len()).filter(|p| self.phones[*p].accounts.len() > 1).collect();
        let Some(phone) = self.rng.pick(&shared).copied() else { return };
        self.phones[phone].switch_user(keep);
        let what =
            if keep { "another user signs in, tabs linger" } else { "another user signs in" };
        self.strike(what);
        self.say(|_| format!("phone {phone}: {what}"));
    }

    fn upset_storage(&mut self) {
        let phone = self.rng.below(self.phones.len());
        let (full, flaky) = (self.rng.chance(300), self.rng.chance(300));
        let faults = &self.phones[phone].faults;
        faults.full.set(full);
        faults.flaky.set(flaky);
        self.say(|_| format!("phone {phone}: quota full {full}, database closes at times {flaky}"));
    }

    fn upset_clock(&mut self) {
        let skews = [0, 0, 300_000, TEN_YEARS, -TEN_YEARS];
        let index = self.rng.below(self.phones.len());
        let phone = &mut self.phones[index];
        phone.skew = skews[self.rng.below(skews.len())];
        phone.offset = self.rng.chance(700).then_some(-phone.skew);
        let (skew, measured) = (phone.skew, phone.offset.is_some());
        if skew.abs() == TEN_YEARS {
            self.strike("clock ten years off");
        }
        self.say(|_| format!("phone {index}: clock {} s off, measured {measured}", skew / 1000));
    }

    fn compact_feed(&mut self) {
        let scope = scopes()[usize::from(self.rng.chance(800))];
        let head = self.server.db.scopes.get(&scope).map_or(0, |db| db.head);
        // A floor near the head is the hard case: cursors lie below it.
        let floor = head.saturating_sub(self.rng.below(6) as u64);
        let forgotten = self.server.compact_feed(scope, floor);
        if forgotten > 0 {
            self.strike("feed compacted");
            self.say(|_| format!("the feed forgets {forgotten} tombstones up to {floor}"));
        }
    }

    fn kill_some_tab(&mut self) {
        let index = self.rng.below(self.phones.len());
        let phone = &mut self.phones[index];
        if !phone.tabs.is_empty() {
            // With everything it was in the middle of.
            let tab = self.rng.below(phone.tabs.len());
            phone.tabs.swap_remove(tab);
            self.strike("tab killed");
            self.say(|_| format!("phone {index}: tab {tab} is killed"));
        }
    }

    fn poll_some_task(&mut self) {
        let mut busy = Vec::new();
        for (p, phone) in self.phones.iter().enumerate() {
            for (t, tab) in phone.tabs.iter().enumerate() {
                busy.extend((0..tab.tasks.len()).map(|task| (p, t, task)));
            }
        }
        let Some((p, t, task)) = self.rng.pick(&busy).copied() else { return };
        let deadly = self.roughness;
        let phone = &mut self.phones[p];
        phone.faults.deadly.set(deadly);
        let tab = &mut phone.tabs[t];
        let mut context = Context::from_waker(Waker::noop());
        let what = tab.tasks[task].what;
        // For a while, so that others come in between at any place and yet something gets done.
        let mut polled = Poll::Pending;
        for _ in 0..=self.rng.below(8) {
            polled = tab.tasks[task].step.as_mut().poll(&mut context);
            if polled.is_ready() || phone.faults.died.get() {
                break;
            }
        }
        if polled.is_ready() {
            drop(tab.tasks.swap_remove(task));
        }
        let died = phone.faults.died.take();
        if died {
            // With everything it was in the middle of.
            phone.tabs.swap_remove(t);
        }
        let struck = phone.faults.struck.take();
        for fault in &struck {
            self.strike(fault);
        }
        self.say(|_| {
            let end = match polled {
                Poll::Pending => "goes on",
                Poll::Ready(Ok(())) => "is done",
                Poll::Ready(Err(ref why)) => why,
            };
            let faults = if struck.is_empty() { String::new() } else { format!(" {struck:?}") };
            format!("phone {p} tab {t}: {what} {end}{faults}")
        });
    }

    /// Starts something in some tab that has the time.
    fn begin_something(&mut self) {
        let index = self.rng.below(self.phones.len());
        let wanted = 1 + usize::from(self.rng.chance(400));
        let phone = &mut self.phones[index];
        if phone.tabs.len() < wanted {
            phone.open_tab(&self.net);
            let tab = phone.tabs.len() - 1;
            self.say(|_| format!("phone {index}: tab {tab} opens"));
            return;
        }
        let t = self.rng.below(phone.tabs.len());
        let tab = &mut phone.tabs[t];
        let Some(engine) = tab.engine.borrow().clone() else {
            if tab.tasks.is_empty() {
                // It could not open its database; the person opens the app again.
                phone.tabs.clear();
                self.say(|_| format!("phone {index}: the app is closed, for it did not open"));
            }
            return;
        };
        if tab.tasks.len() >= BUSY {
            return;
        }
        if let Some(task) = self.task(index, t, engine) {
            self.note_together(index, t, task.what);
            let what = task.what;
            self.phones[index].tabs[t].tasks.push(task);
            self.say(|_| format!("phone {index} tab {t}: {what} begins"));
        }
    }

    /// Another tab of the same store may be in the middle of something.
    fn note_together(&mut self, phone: usize, tab: usize, what: &'static str) {
        let account = self.phones[phone].tabs[tab].account;
        let tabs = self.phones[phone].tabs.iter().enumerate();
        let others = tabs.filter(|(index, other)| *index != tab && other.account == account);
        let busy: Vec<&str> =
            others.flat_map(|(_, other)| &other.tasks).map(|task| task.what).collect();
        for (mine, theirs, name) in TOGETHER {
            if what == mine && busy.contains(&theirs) {
                self.summary.strike(name, 1);
            }
        }
    }

    fn task(&mut self, index: usize, tab: usize, engine: Rc<SimEngine>) -> Option<Task> {
        let phone = &self.phones[index];
        let slot = Rc::clone(&phone.tabs[tab].engine);
        let moment = Moment { at_device: self.now.plus(phone.skew), offset: phone.offset };
        let scope = scopes()[usize::from(self.rng.chance(850))];
        let now = self.now;
        Some(match self.rng.below(100) {
            0..=42 => {
                let deed = deed(&mut self.rng, &engine.replica.borrow(), moment.occurred_at())?;
                let said = Rc::clone(&self.said);
                Task {
                    what: "record",
                    step: Box::pin(async move {
                        let ops: Vec<_> = deed.drafts.iter().map(|draft| draft.op).collect();
                        // A form is kept while it is filled in.
                        if let Some(form) = deed.drafts.first().and_then(|d| d.draft.clone()) {
                            let kept = engine.store.put_draft(&form, "…").await;
                            kept.map_err(|error| error.to_string())?;
                        }
                        let done = engine.record(deed.drafts, deed.blobs, moment, &|_| true).await;
                        done.map_err(|error| error.refusal().to_string())?;
                        said.borrow_mut().saved.extend(ops);
                        Ok(())
                    }),
                }
            }
            43..=63 => {
                let fresh = DeviceId(self.rng.uuid());
                Task { what: "push", step: Box::pin(push(slot, engine, scope, now, fresh)) }
            }
            64..=83 => {
                let pages = 1 + self.rng.below(8);
                Task {
                    what: "pull",
                    step: Box::pin(async move {
                        for _ in 0..pages {
                            if !engine.pull_once(scope, now).await.map_err(text)?.more {
                                break;
                            }
                        }
                        Ok(())
                    }),
                }
            }
            84..=92 => Task {
                what: "upload",
                step: Box::pin(async move {
                    engine.upload_once(&scopes()).await.map(|_| ()).map_err(text)
                }),
            },
            93..=94 => {
                let said = Rc::clone(&self.said);
                Task {
                    what: "dismissal",
                    step: Box::pin(async move {
                        let queue = engine.store.queue(scope).await.map_err(|e| e.to_string())?;
                        let Some(first) = queue.attention.first() else { return Ok(()) };
                        said.borrow_mut().dismissed.insert(first.entry.op);
                        let done = engine.dismiss(scope, first.entry.op).await;
                        done.map_err(|error| error.to_string())
                    }),
                }
            }
            95..=96 => Task {
                what: "compaction",
                step: Box::pin(async move {
                    engine.store.compact(scope).await.map_err(|error| error.to_string())
                }),
            },
            _ => Task {
                what: "refresh",
                step: Box::pin(
                    async move { engine.refresh(scope).await.map(|_| ()).map_err(text) },
                ),
            },
        })
    }
}

/// A push as the app makes it: a phone whose numbers are taken goes on as a new device, and is opened
/// anew as that.
async fn push(
    slot: Rc<std::cell::RefCell<Option<Rc<SimEngine>>>>,
    engine: Rc<SimEngine>,
    scope: Scope,
    now: Ms,
    fresh: DeviceId,
) -> Result<(), String> {
    match engine.push_once(scope, now).await {
        Err(SyncError::Paused(Paused::NumberReused)) => renew(&slot, &engine, fresh).await,
        // Perhaps another tab did.
        Err(SyncError::Paused(Paused::OtherUser)) => {
            slot.borrow_mut().take();
            Ok(())
        }
        other => other.map(|_| ()).map_err(text),
    }
}

pub(super) async fn renew(
    slot: &std::cell::RefCell<Option<Rc<SimEngine>>>,
    engine: &SimEngine,
    fresh: DeviceId,
) -> Result<(), String> {
    let renewed = engine.renew(fresh).await;
    slot.borrow_mut().take();
    renewed.map(|_| ()).map_err(text)
}
