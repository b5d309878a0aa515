//! Deterministic simulation: phones with several tabs and users, a network and a server that fail in
//! every way they can, all from one seed. The phones run the real engine, replica and rules, the
//! server the real planner. A store of the real server's may stand in its place (`beside`).
//!
//! A run is a list of steps, each with a source of chance of its own: the same seed and the same steps
//! give the same run, and leaving one out moves none of the others' choices. `run` gives the first
//! broken promise in words, `shrink` the few steps that are enough to break it. Both reproduce:
//! `GUANJIA_SEED=… GUANJIA_STEPS=…`.

pub mod beside;
mod blobs;
mod check;
mod feed;
mod happen;
mod heal;
mod history;
mod mutants;
pub mod net;
pub mod phone;
pub mod rng;
pub mod server;
mod shrink;
pub mod store;
mod summary;
mod traffic;
pub mod work;
mod world;

pub use mutants::Mutant;
pub use shrink::{Shrunk, shrink, shrink_in, steps_of, steps_text};
pub use summary::{Summary, faults};
pub use world::{Course, STEPS};

/// A promise that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub seed: u64,
    pub step: usize,
    pub what: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {} at step {}: {}", self.seed, self.step, self.what)
    }
}

/// Runs one seed.
pub fn run(seed: u64, mutant: Option<Mutant>) -> Result<Summary, Broken> {
    Course { seed, mutant, ..Course::default() }.run().outcome
}
