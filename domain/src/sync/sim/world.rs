//! The course of a simulated run: step after step, each with chance of its own; then healing; then the
//! reckoning.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::beside::{Beside, Open};
use super::check::Ledger;
use super::net::{Answer, Net};
use super::phone::Phone;
use super::rng::Rng;
use super::server::Server;
use super::work::{founder, founding, staff};
use super::{Broken, Mutant, Summary};
use crate::id::{DeviceId, OpId};
use crate::time::{DAY, Ms};

/// Steps of a run, before everything is healed.
pub const STEPS: usize = 1000;
/// Phones that are handed out.
pub(super) const PHONES: usize = 4;
const START: Ms = Ms(1_795_278_600_000);

/// Which run.
#[derive(Clone, Debug, Default)]
pub struct Course {
    pub seed: u64,
    pub mutant: Option<Mutant>,
    /// Only these steps; all of them when there is no list.
    pub only: Option<BTreeSet<usize>>,
    /// Keep the story.
    pub told: bool,
    /// With a real server's store, whose answers the phones get.
    pub beside: Option<Open>,
}

/// How a run went.
pub struct Ran {
    pub outcome: Result<Summary, Broken>,
    /// Steps in which something happened.
    pub acted: Vec<usize>,
    /// What happened, in order.
    pub story: Vec<String>,
}

impl Course {
    pub fn run(&self) -> Ran {
        let mut world = World::new(self);
        // A rule that panics is a broken promise like any other, with a step to its name.
        let outcome = match catch_unwind(AssertUnwindSafe(|| world.course(self))) {
            Ok(Ok(())) => Ok(std::mem::take(&mut world.summary)),
            Ok(Err(what)) => Err(what),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                Err(format!("panicked: {}", text.unwrap_or("without a text")))
            }
        };
        let (seed, step) = (self.seed, world.step);
        let outcome = outcome.map_err(|what| Broken { seed, step, what });
        Ran { outcome, acted: world.acted, story: world.story.unwrap_or_default() }
    }
}

pub struct World {
    pub(super) mutant: Option<Mutant>,
    pub(super) step: usize,
    /// Of this step alone.
    pub(super) rng: Rng,
    pub(super) now: Ms,
    /// Days that passed at once.
    pub(super) days: i64,
    pub(super) server: Server,
    pub(super) net: Net,
    pub(super) phones: Vec<Phone>,
    pub(super) ledger: Ledger,
    /// Commands that a page called saved, and those a person has dealt with.
    pub(super) said: Rc<RefCell<Said>>,
    /// The newest request of each device that the server has seen.
    pub(super) seen: BTreeMap<DeviceId, u64>,
    /// The last answer to a push of each device.
    pub(super) answers: BTreeMap<DeviceId, Answer>,
    /// How often things go wrong in this run, per mille of how often they could.
    pub(super) roughness: usize,
    /// Nothing fails any more.
    pub(super) healed: bool,
    pub(super) summary: Summary,
    acted: Vec<usize>,
    story: Option<Vec<String>>,
    looked_at: u64,
}

/// What people were told, and what they did about it.
#[derive(Default)]
pub struct Said {
    pub saved: Vec<OpId>,
    pub dismissed: BTreeSet<OpId>,
}

impl World {
    fn new(course: &Course) -> Self {
        let Course { seed, mutant, told, beside, .. } = course;
        let mut rng = Rng::of(*seed, 0);
        let roughness = [150, 500, 1000][rng.below(3)];
        let mut server = Server::new(rng.uuid());
        server.mutant = *mutant;
        server.page = [3, 8, 40][rng.below(3)];
        server.beside = beside.map(|open| Beside::new(open(server.epoch, START)));
        for (scope, command) in founding() {
            server.act(scope, founder(), command, START);
        }
        let people = staff();
        // The first phone is shared by two: the switch of users happens there.
        let hands: [&[crate::Actor]; PHONES] =
            [&[people[0].clone(), people[3].clone()], &people[1..2], &people[2..3], &people[4..5]];
        let mut phones = Vec::new();
        for (index, people) in hands.iter().enumerate() {
            let phone = Phone::new(index, people, *mutant, Rng::of(*seed, 0));
            for account in &phone.accounts {
                server.devices.insert(account.device, account.actor.user);
            }
            phones.push(phone);
        }
        server.db.actors = people.into_iter().map(|actor| (actor.user, actor)).collect();
        server.back_up(START);
        Self {
            mutant: *mutant,
            step: 0,
            rng,
            now: START,
            days: 0,
            server,
            net: Net::default(),
            phones,
            ledger: Ledger::default(),
            said: Rc::default(),
            seen: BTreeMap::new(),
            answers: BTreeMap::new(),
            roughness,
            healed: false,
            summary: Summary::default(),
            acted: Vec::new(),
            story: told.then(Vec::new),
            looked_at: 0,
        }
    }

    fn course(&mut self, course: &Course) -> Result<(), String> {
        while self.step < STEPS {
            self.step += 1;
            if course.only.as_ref().is_some_and(|only| !only.contains(&self.step)) {
                continue;
            }
            self.begin_step(course.seed);
            self.happen();
            self.look()?;
        }
        self.begin_step(course.seed);
        self.heal()?;
        self.server.compare_kept();
        self.look()?;
        self.ledger.reckon(&self.phones, &self.server, &self.said.borrow())?;
        self.ledger.tell(&self.phones, &self.server, &mut self.summary);
        self.summary.repairs = self.server.repairs.get();
        self.summary.strike("cursor from before the feed's floor", self.server.outlived.get());
        Ok(())
    }

    /// Time and chance follow from the number of the step alone.
    fn begin_step(&mut self, seed: u64) {
        self.rng = Rng::of(seed, self.step as u64 * 8 + 1);
        let jitter = self.rng.below(10_000);
        let passed = (self.step * 10_000 + jitter) as i64;
        self.now = START.plus(passed + self.days * DAY);
        for (index, phone) in self.phones.iter().enumerate() {
            let own = self.step as u64 * 8 + 2 + index as u64;
            *phone.faults.rng.borrow_mut() = Rng::of(seed, own);
        }
    }

    /// Keeps what happened, for the story.
    pub(super) fn say(&mut self, what: impl FnOnce(&Self) -> String) {
        // Healing is the same for everybody.
        if self.healed {
            return;
        }
        if self.acted.last() != Some(&self.step) {
            self.acted.push(self.step);
        }
        if self.story.is_some() {
            let what = format!("{:>4}  {}", self.step, what(self));
            self.story.iter_mut().for_each(|story| story.push(what.clone()));
        }
    }

    /// A fault happened.
    pub(super) fn strike(&mut self, what: &str) {
        self.summary.strike(what, 1);
    }

    /// What must hold at any moment, if anything was kept since it was last looked at.
    pub(super) fn look(&mut self) -> Result<(), String> {
        self.server.differs()?;
        let touched =
            self.phones.iter().filter(|phone| phone.faults.touched.replace(false)).count();
        if touched == 0 && self.looked_at == self.server.version {
            return Ok(());
        }
        self.looked_at = self.server.version;
        let heals = self.mutant.is_some_and(|mutant| Mutant::HEALED.contains(&mutant));
        if self.server.repairs.get() > 0 && !heals {
            return Err("a phone found that it holds something else than it is to hold".into());
        }
        let looked = self.ledger.look(&self.phones, &self.server, &self.said.borrow());
        self.said.borrow_mut().saved.clear();
        looked
    }
}
