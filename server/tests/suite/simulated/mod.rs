//! The worlds of the simulation (`domain::sync::sim`) on the real store: real engines on bad networks push
//! to and pull from the service on SQLite and on PostgreSQL, which is killed, backed up and restored under
//! them, and has to do byte for byte what the simulation's own server does.
//!
//! `GUANJIA_SEEDS=200` for more of them, `GUANJIA_SEED=42` for one, and with `GUANJIA_STEPS=3,7-9` only those
//! steps of it.

mod real;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::web::has_postgres;
use domain::sync::sim::beside::Open;
use domain::sync::sim::{Course, Summary, shrink_in, steps_of};

/// Seeds for which there is time in every test run: so few that they are chosen to come to every fault that
/// is asked for below.
const ON_SQLITE: Range<u64> = 56..64;
const ON_POSTGRES: Range<u64> = 60..66;
/// Runs tried to make a failure small.
const EFFORT: usize = 60;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn seeds(few: &Range<u64>) -> Range<u64> {
    match (number("GUANJIA_SEED"), number("GUANJIA_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(many)) => few.start..few.start + many,
        (None, None) => few.clone(),
    }
}

fn only() -> Option<BTreeSet<usize>> {
    let text = std::env::var("GUANJIA_STEPS").ok()?;
    Some(steps_of(&text).expect("GUANJIA_STEPS is a list like 3,7-9"))
}

/// A fault that never strikes shows nothing.
const STRUCK: [&str; 9] = [
    "server comes back from a back-up",
    "server comes back from the back-up before the last",
    "numbers lost for good",
    "feed compacted",
    "cursor from before the feed's floor",
    "request arrives twice",
    "copy of a request arrives late",
    "rights changed",
    "phone copied",
];

fn every_world_goes_as_in_the_simulation(few: &Range<u64>, beside: Open) {
    let mut all = Summary::default();
    let seeds = seeds(few);
    for seed in seeds.clone() {
        let course =
            Course { seed, only: only(), told: true, beside: Some(beside), ..Course::default() };
        let real = course.run();
        if let Err(broken) = &real.outcome {
            match only() {
                Some(_) => panic!("{broken}\n{}", real.story.join("\n")),
                None => panic!("{}", shrink_in(&course, broken, EFFORT)),
            }
        }
        let alone = Course { beside: None, ..course }.run();
        assert!(
            alone.outcome == real.outcome,
            "seed {seed}: {:?}\n{:?}",
            alone.outcome,
            real.outcome
        );
        assert!(alone.story == real.story, "seed {seed} went another way on the real store");
        all.add(&real.outcome.unwrap());
    }
    println!("{seeds:?}: {all:#?}");
    if only().is_none() && seeds.start == few.start && seeds.end >= few.end {
        let times = |fault: &str| all.faults.get(fault).copied().unwrap_or(0);
        let never: Vec<&str> = STRUCK.into_iter().filter(|fault| times(fault) == 0).collect();
        assert!(never.is_empty(), "never happened: {never:?}; choose other seeds");
        // So few seeds do not come to each of them, but to some.
        let cut_off = times("server dies before the commit") + times("server's disk full");
        assert!(cut_off > 0 && times("server dies after the commit") > 0, "{all:#?}");
        assert!(all.refused > 0 && all.conflicts > 0 && all.held > 0, "{all:#?}");
        assert!(all.replayed > 0 && all.repeated > 0 && all.blobs > 0, "{all:#?}");
    }
}

#[test]
fn every_world_goes_on_sqlite_as_in_the_simulation() {
    every_world_goes_as_in_the_simulation(&ON_SQLITE, real::on_sqlite);
}

#[test]
fn every_world_goes_on_postgresql_as_in_the_simulation() {
    if has_postgres() {
        every_world_goes_as_in_the_simulation(&ON_POSTGRES, real::on_postgres);
    }
}
