//! What a run came to, to show that it did something: a check that cannot fail shows nothing.

use std::collections::BTreeMap;

use super::phone::{DURABLE, death};
use crate::sync::client::memory::Side;

/// Counts of one run, or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub recorded: usize,
    pub refused: usize,
    pub conflicts: usize,
    pub held: usize,
    pub replayed: usize,
    pub blobs: usize,
    /// Photos that the server will not take.
    pub set_aside: usize,
    /// Numbers whose command was in the log already.
    pub repeated: usize,
    /// Phones that held something else than they were to hold, and began anew.
    pub repairs: usize,
    /// Tabs that lived through everything and showed at last what the server has.
    pub lived: usize,
    /// Rounds of sync after healing until everything was quiet.
    pub rounds_to_drain: usize,
    /// How often each class of fault happened.
    pub faults: BTreeMap<String, usize>,
}

impl Summary {
    pub fn add(&mut self, other: &Summary) {
        self.recorded += other.recorded;
        self.refused += other.refused;
        self.conflicts += other.conflicts;
        self.held += other.held;
        self.replayed += other.replayed;
        self.blobs += other.blobs;
        self.set_aside += other.set_aside;
        self.repeated += other.repeated;
        self.repairs += other.repairs;
        self.lived += other.lived;
        self.rounds_to_drain = self.rounds_to_drain.max(other.rounds_to_drain);
        for (what, times) in &other.faults {
            self.strike(what, *times);
        }
    }

    /// A fault happened.
    pub fn strike(&mut self, what: &str, times: usize) {
        match self.faults.get_mut(what) {
            Some(known) => *known += times,
            None => drop(self.faults.insert(what.to_owned(), times)),
        }
    }

    /// Faults of all classes.
    pub fn struck(&self) -> usize {
        self.faults.values().sum()
    }
}

/// Every class of fault there is, but for the deaths of a tab at a transaction.
const FAULTS: [&str; 34] = [
    "request lost",
    "request arrives after its sender gave up",
    "request arrives twice",
    "copy of a request arrives late",
    "request overtaken by a newer one",
    "push cut on its way",
    "photo cut on its way",
    "answer lost",
    "answer cut",
    "answer held up",
    "answer to another push",
    "server dies before the commit",
    "server dies after the commit",
    "server's disk full",
    "server comes back from a back-up",
    "server comes back from the back-up before the last",
    "numbers lost for good",
    "session expired",
    "rights changed",
    "another user signs in",
    "another user signs in, tabs linger",
    "phone copied",
    "quota full",
    "database closed",
    "database closed at commit",
    "tab killed",
    "clock ten years off",
    "days pass",
    "feed compacted",
    "cursor from before the feed's floor",
    "two tabs record at once",
    "two tabs push at once",
    "two tabs pull at once",
    "record while another tab pushes and pulls",
];

/// The names of all classes.
pub fn faults() -> Vec<String> {
    let mut all: Vec<String> = FAULTS.iter().map(ToString::to_string).collect();
    for (step, _) in DURABLE {
        all.extend([Side::Before, Side::After].map(|side| death(step, side)));
    }
    all
}
