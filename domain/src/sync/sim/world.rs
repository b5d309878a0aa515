//! The course of a simulated run: what happens next, chosen by the seed; then healing; then the
//! reckoning.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::check::Ledger;
use super::net::{Net, Reply, Request};
use super::phone::{Phone, SimEngine, text};
use super::rng::Rng;
use super::server::{Dies, Server};
use super::work::{deed, founder, founding, scopes, staff};
use super::{Broken, Mutant, Summary};
use crate::id::DeviceId;
use crate::sync::Scope;
use crate::sync::client::{Moment, Paused, Pulled, Pushed, SyncError, TransportError, Uploaded};
use crate::time::{DAY, Ms};

const TEN_YEARS: i64 = 3_650 * DAY;
const STEPS: usize = 1500;
/// Phones that are handed out.
const PHONES: usize = 3;
/// Tasks a tab may be in the middle of.
const BUSY: usize = 3;

pub struct World {
    seed: u64,
    step: usize,
    pub rng: Rng,
    now: Ms,
    pub server: Server,
    net: Net,
    pub phones: Vec<Phone>,
    ledger: Ledger,
    /// How often things go wrong in this run, per mille of how often they could.
    roughness: usize,
    /// Nothing fails any more.
    healed: bool,
    pub summary: Summary,
}

impl World {
    pub fn new(seed: u64, mutant: Option<Mutant>) -> Self {
        let mut rng = Rng::new(seed);
        let roughness = [150, 500, 1000][rng.below(3)];
        let mut server = Server::new(rng.uuid());
        server.mutant = mutant;
        server.page = [3, 8, 40][rng.below(3)];
        let now = Ms(1_795_278_600_000);
        for (scope, command) in founding() {
            server.act(scope, founder(), command, now);
        }
        let people = staff();
        // The first phone is shared by two: the switch of users happens there.
        let hands: [&[crate::Actor]; PHONES] =
            [&[people[0].clone(), people[3].clone()], &people[1..2], &people[2..3]];
        let mut phones = Vec::new();
        for (index, people) in hands.iter().enumerate() {
            let phone = Phone::new(index, people, mutant, Rng::new(rng.draw()));
            for account in &phone.accounts {
                server.devices.insert(account.device, account.actor.user);
            }
            phones.push(phone);
        }
        server.db.actors = people.into_iter().map(|actor| (actor.user, actor)).collect();
        server.backup = server.db.clone();
        Self {
            seed,
            step: 0,
            rng,
            now,
            server,
            net: Net::default(),
            phones,
            ledger: Ledger::default(),
            roughness,
            healed: false,
            summary: Summary::default(),
        }
    }

    pub fn run(mut self) -> Result<Summary, Broken> {
        match self.course() {
            Ok(()) => Ok(self.summary),
            Err(what) => Err(Broken { seed: self.seed, step: self.step, what }),
        }
    }

    fn course(&mut self) -> Result<(), String> {
        while self.step < STEPS {
            self.step += 1;
            self.now = self.now.plus(i64::try_from(self.rng.below(20_000)).unwrap_or(0));
            self.happen();
            self.ledger.look(&self.phones, &self.server)?;
        }
        self.heal()?;
        self.ledger.reckon(&self.phones, &self.server)?;
        self.ledger.tell(&self.phones, &self.server, &mut self.summary);
        Ok(())
    }

    /// One thing happens.
    fn happen(&mut self) {
        let roughness = self.roughness;
        match self.rng.below(1000) {
            0..=549 => {
                for _ in 0..=self.rng.below(4) {
                    self.poll_some_task();
                }
            }
            550..=799 => self.move_some_message(),
            800..=959 => self.begin_something(),
            960..=965 => self.server.backup = self.server.db.clone(),
            // What follows is rarer the gentler the run.
            _ if !self.rng.chance(roughness) => {}
            966..=977 => self.crash_some_tab(),
            978..=981 => self.change_rights(),
            982..=983 => self.restore(),
            984..=987 => {
                let keep = self.rng.chance(400);
                self.phones[0].switch_user(keep);
            }
            988..=992 => self.upset_storage(),
            993 => self.copy_some_phone(),
            _ => self.upset_clock(),
        }
    }

    fn restore(&mut self) {
        let epoch = self.rng.uuid();
        self.server.restore(epoch);
        // Answers of the server that is gone may still be under way for a long time.
        for message in self.net.borrow_mut().iter_mut() {
            if self.rng.chance(500) {
                message.held_until = self.step + self.rng.below(300);
            }
        }
        self.summary.restores += 1;
    }

    /// Once in a run: a phone's storage is brought to another one, and both are used.
    fn copy_some_phone(&mut self) {
        if self.phones.len() == PHONES {
            let copied = self.rng.below(PHONES);
            let rng = Rng::new(self.rng.draw());
            self.phones.push(self.phones[copied].copied(rng));
        }
    }

    fn change_rights(&mut self) {
        let steward = staff()[0].user;
        let clusters = match self.rng.below(3) {
            0 => vec![super::work::cluster("A")],
            1 => vec![super::work::cluster("B")],
            _ => vec![super::work::cluster("A"), super::work::cluster("B")],
        };
        if let Some(actor) = self.server.db.actors.get_mut(&steward) {
            actor.clusters = clusters;
        }
    }

    fn upset_storage(&mut self) {
        let phone = self.rng.below(self.phones.len());
        let faults = &self.phones[phone].faults;
        faults.full.set(self.rng.chance(300));
        faults.flaky.set(self.rng.chance(300));
    }

    fn upset_clock(&mut self) {
        let skews = [0, 0, 300_000, TEN_YEARS, -TEN_YEARS];
        let index = self.rng.below(self.phones.len());
        let phone = &mut self.phones[index];
        phone.skew = skews[self.rng.below(skews.len())];
        phone.offset = self.rng.chance(700).then_some(-phone.skew);
    }

    fn crash_some_tab(&mut self) {
        let index = self.rng.below(self.phones.len());
        let phone = &mut self.phones[index];
        if !phone.tabs.is_empty() {
            // With everything it was in the middle of.
            phone.tabs.swap_remove(self.rng.below(phone.tabs.len()));
            self.summary.crashes += 1;
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
        let tab = &mut self.phones[p].tabs[t];
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(_outcome) = tab.tasks[task].as_mut().poll(&mut context) {
            drop(tab.tasks.swap_remove(task));
        }
    }

    /// Starts something in some tab that has the time.
    fn begin_something(&mut self) {
        let index = self.rng.below(self.phones.len());
        let phone = &mut self.phones[index];
        if phone.tabs.len() < 1 + usize::from(self.rng.chance(300)) {
            phone.open_tab(&self.net);
            return;
        }
        let tab = self.rng.below(phone.tabs.len());
        let tab = &mut phone.tabs[tab];
        let Some(engine) = tab.engine.borrow().clone() else {
            if tab.tasks.is_empty() {
                // It could not open its database; the person opens the app again.
                phone.tabs.clear();
            }
            return;
        };
        if tab.tasks.len() >= BUSY {
            return;
        }
        let at_device = self.now.plus(phone.skew);
        let moment = Moment { at_device, offset: phone.offset };
        let scope = scopes()[usize::from(self.rng.chance(850))];
        let now = self.now;
        match self.rng.below(100) {
            0..=44 => {
                let deed = deed(&mut self.rng, &engine.replica.borrow(), moment.occurred_at());
                let Some(deed) = deed else { return };
                tab.tasks.push(Box::pin(async move {
                    let done = engine.record(deed.drafts, deed.blobs, moment, &|_| true).await;
                    done.map(|_| ()).map_err(|error| error.refusal().to_string())
                }));
            }
            45..=64 => {
                let (slot, fresh) = (Rc::clone(&tab.engine), DeviceId(self.rng.uuid()));
                tab.tasks.push(Box::pin(push(slot, engine, scope, now, fresh)));
            }
            65..=84 => tab.tasks.push(Box::pin(async move {
                engine.pull_once(scope, now).await.map(|_| ()).map_err(text)
            })),
            85..=95 => tab.tasks.push(Box::pin(async move {
                engine.upload_once(&scopes()).await.map(|_| ()).map_err(text)
            })),
            96 => tab.tasks.push(Box::pin(async move {
                use crate::sync::client::LocalStore;
                engine.store.compact(scope).await.map_err(|error| error.to_string())
            })),
            _ => tab.tasks.push(Box::pin(async move {
                engine.refresh(scope).await.map(|_| ()).map_err(text)
            })),
        }
    }

    /// A request or an answer moves on, or what befalls it instead.
    fn move_some_message(&mut self) {
        let count = self.net.borrow().len();
        if count == 0 {
            return;
        }
        let index = self.rng.below(count);
        if !self.healed && self.net.borrow()[index].held_until > self.step {
            return;
        }
        let smooth = self.healed || !self.rng.chance(self.roughness);
        let luck = if smooth { 999 } else { self.rng.below(1000) };
        let waits = self.net.borrow()[index].answer.is_none();
        if waits {
            match luck {
                0..=69 => {
                    self.give_up(index, TransportError::Offline);
                    self.net.borrow_mut().swap_remove(index);
                }
                // The phone gives up; the request arrives all the same, later.
                70..=119 => self.give_up(index, TransportError::Timeout),
                120..=149 => drop(self.serve(index, Dies::Not)),
                150..=179 => {
                    let answer = self.serve(index, Dies::BeforeCommit);
                    let slot = Rc::clone(&self.net.borrow()[index].slot);
                    *slot.borrow_mut() = Some(answer);
                    self.net.borrow_mut().swap_remove(index);
                }
                180..=209 => {
                    drop(self.serve(index, Dies::Not));
                    self.give_up(index, TransportError::Server);
                    self.net.borrow_mut().swap_remove(index);
                }
                210..=214 => {
                    self.give_up(index, TransportError::Unauthorised);
                    self.net.borrow_mut().swap_remove(index);
                }
                _ => {
                    let answer = self.serve(index, Dies::Not);
                    let message = &mut self.net.borrow_mut()[index];
                    message.answer = Some(answer);
                    if !smooth && self.rng.chance(100) {
                        message.held_until = self.step + self.rng.below(200);
                    }
                }
            }
            return;
        }
        let message = self.net.borrow_mut().swap_remove(index);
        // Whoever asked may have given up or died; an answer is not put where one lies already.
        let mut slot = message.slot.borrow_mut();
        if slot.is_none() && Rc::strong_count(&message.slot) > 1 {
            *slot = match luck {
                0..=79 => Some(Err(TransportError::Timeout)),
                80..=119 => Some(Err(TransportError::Garbled("cut".into()))),
                _ => message.answer.clone(),
            };
        }
    }

    fn give_up(&self, index: usize, why: TransportError) {
        let slot = Rc::clone(&self.net.borrow()[index].slot);
        *slot.borrow_mut() = Some(Err(why));
    }

    fn serve(&mut self, index: usize, dies: Dies) -> Result<Reply, TransportError> {
        let (device, session, request) = {
            let net = self.net.borrow();
            (net[index].device, net[index].session, net[index].request.clone())
        };
        let now = self.now;
        match request {
            Request::Push(request) => {
                self.server.push(session, &request, now, dies).map(Reply::Push)
            }
            Request::Pull { scope, cursor } => {
                let cursor = cursor.as_deref();
                self.server.pull(session, device, scope, cursor, now).map(Reply::Pull)
            }
            Request::Register { user } => {
                self.server.register(session, user, device).map(|()| Reply::Registered)
            }
            Request::Offset { scope, sha256 } => {
                self.server.blob_offset(session, device, scope, &sha256).map(Reply::Blob)
            }
            Request::Put { scope, sha256, size, offset, bytes } => {
                let named = (&sha256, size);
                self.server
                    .blob_put(session, device, scope, named, offset, &bytes, now)
                    .map(Reply::Blob)
            }
        }
    }

    /// Everything works again; everybody syncs until it is quiet.
    fn heal(&mut self) -> Result<(), String> {
        self.healed = true;
        self.net.borrow_mut().clear();
        for phone in &mut self.phones {
            phone.tabs.clear();
            phone.faults.full.set(false);
            phone.faults.flaky.set(false);
        }
        // Twice around, for what one brings may release what another's waited for; then a back-up.
        for round in 0..4 {
            if round == 2 {
                self.server.backup = self.server.db.clone();
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
                self.ledger.look(&self.phones, &self.server)?;
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
        let quiet = Rc::new(std::cell::Cell::new(false));
        for round in 1..200 {
            let engine = self.opened(phone)?;
            let (now, done) = (self.now, Rc::clone(&quiet));
            let (slot, fresh) = (self.phones[phone].tabs[0].engine.clone(), self.rng.uuid());
            self.phones[phone].tabs[0].tasks.push(Box::pin(async move {
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
            }));
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
            if let Poll::Ready(outcome) = task.as_mut().poll(&mut context) {
                drop(tasks.swap_remove(0));
                outcome.map_err(|error| format!("after healing: {error}"))?;
            }
            self.move_some_message();
        }
        Err("a step that never ends after healing".into())
    }
}

/// A push as the app makes it: a phone whose numbers are taken goes on as a new device, and is opened
/// anew as that.
async fn push(
    slot: Rc<RefCell<Option<Rc<SimEngine>>>>,
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

async fn renew(
    slot: &RefCell<Option<Rc<SimEngine>>>,
    engine: &SimEngine,
    fresh: DeviceId,
) -> Result<(), String> {
    let renewed = engine.renew(fresh).await;
    slot.borrow_mut().take();
    renewed.map(|_| ()).map_err(text)
}
