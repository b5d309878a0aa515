//! The simulation of sync at night's size, and the proof that it notices what it is there to notice.

use crate::sh::{self, Outcome};

/// `seeds` or `mutants`; see domain/examples/simulate.rs. What it reads from the environment
/// (`GUANJIA_SEED`, `GUANJIA_SEEDS`, `GUANJIA_STEPS`) is passed on as it is.
pub fn run(what: &str) -> Outcome {
    let mut simulate = sh::cargo();
    simulate.args(["run", "--release", "--package", "domain", "--example", "simulate"]).args([
        "--features",
        "simulation",
        "--",
        what,
    ]);
    sh::run(&mut simulate)
}
