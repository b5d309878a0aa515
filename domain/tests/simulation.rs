//! Many seeds of the simulation, and proof that it notices what it is there to notice.
//!
//! `GUANJIA_SEEDS=10000` for a night's run, `GUANJIA_SEED=42` for one seed.

use std::ops::Range;

use domain::sync::sim::{Broken, Mutant, Summary, run};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn seeds() -> Range<u64> {
    match number("GUANJIA_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("GUANJIA_SEEDS").unwrap_or(200),
    }
}

/// Runs the seeds on both halves of the machine; the first that breaks a promise ends its half.
fn run_all(seeds: Range<u64>) -> Result<Summary, Broken> {
    let half = |which: u64| {
        let seeds = seeds.clone();
        move || {
            let mut all = Summary::default();
            for seed in seeds.filter(|seed| seed % 2 == which) {
                all.add(&run(seed, None)?);
            }
            Ok(all)
        }
    };
    std::thread::scope(|scope| {
        let odd = scope.spawn(half(1));
        let mut all = half(0)()?;
        all.add(&odd.join().expect("a seed panicked")?);
        Ok(all)
    })
}

#[test]
fn nothing_recorded_is_lost_doubled_or_changed_and_all_replicas_converge() {
    match run_all(seeds()) {
        Ok(all) => println!("{} seeds: {all:?}", seeds().count()),
        Err(broken) => panic!("{broken}\nreproduce: GUANJIA_SEED={}", broken.seed),
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let told = |seed| format!("{:?}", run(seed, None));
    assert_eq!(told(7), told(7));
}

#[test]
fn each_fault_built_in_on_purpose_is_noticed() {
    const ENOUGH: u64 = 300;
    let unnoticed: Vec<Mutant> = Mutant::ALL
        .into_iter()
        .filter(|mutant| {
            let first = (0..ENOUGH).find_map(|seed| run(seed, Some(*mutant)).err());
            match &first {
                Some(broken) => println!("{mutant:?}: {broken}"),
                None => println!("{mutant:?}: not noticed"),
            }
            first.is_none()
        })
        .collect();
    assert!(unnoticed.is_empty(), "not noticed in {ENOUGH} seeds: {unnoticed:?}");
}
