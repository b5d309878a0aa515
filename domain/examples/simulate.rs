//! The simulation at night's size, and its mutants: `make simulate` and `make mutants`.
//!
//! `seeds` runs `GUANJIA_SEEDS` seeds (10,000) from `GUANJIA_SEED` on (0), or with `GUANJIA_SEED` alone
//! that one, on all cores; the first failure is made small and told. `mutants` runs every fault that is
//! built in on purpose until it is noticed.

#![expect(clippy::disallowed_methods, reason = "measures how long it takes")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::sync::sim::{Broken, Course, Mutant, STEPS, Summary, faults, run, shrink, steps_of};

/// Runs tried to make a failure small.
const EFFORT: usize = 2_000;
/// Seeds in which a mutant has to be noticed.
const ENOUGH: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn main() -> ExitCode {
    // A rule that panics is told like any other broken promise, with the steps that lead to it.
    std::panic::set_hook(Box::new(|_| {}));
    let good = match std::env::args().nth(1).as_deref() {
        Some("seeds") => seeds(),
        Some("mutants") => mutants(),
        other => {
            eprintln!("`seeds` or `mutants`, not {other:?}");
            false
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs `work` on every core.
fn on_all_cores(work: impl Fn() + Sync) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(&work);
        }
    });
}

fn seeds() -> bool {
    let (one, many) = (number("GUANJIA_SEED"), number("GUANJIA_SEEDS"));
    let first = one.unwrap_or(0);
    let count = many.unwrap_or(if one.is_some() { 1 } else { 10_000 });
    if let Ok(steps) = std::env::var("GUANJIA_STEPS") {
        return retell(first, &steps);
    }
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let (all, broken) = (Mutex::new(Summary::default()), Mutex::new(None::<Broken>));
    let (stop, began) = (AtomicBool::new(false), Instant::now());
    let told = Mutex::new(Instant::now());
    on_all_cores(|| {
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return;
            }
            match run(first + seed, None) {
                Ok(summary) => all.lock().unwrap_or_else(PoisonError::into_inner).add(&summary),
                Err(what) => {
                    let mut broken = broken.lock().unwrap_or_else(PoisonError::into_inner);
                    if broken.as_ref().is_none_or(|known| known.seed > what.seed) {
                        *broken = Some(what);
                    }
                    stop.store(true, Ordering::Relaxed);
                }
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.elapsed() > Duration::from_secs(5) {
                *told = Instant::now();
                let faults = all.lock().unwrap_or_else(PoisonError::into_inner).struck();
                let rate = done as f64 / began.elapsed().as_secs_f64();
                eprintln!("{done} of {count} seeds, {faults} faults, {rate:.0} seeds/s");
            }
        }
    });
    let done = done.into_inner();
    let took = began.elapsed().as_secs_f64();
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("faults that struck:");
    for (what, times) in &all.faults {
        println!("{times:>12}  {what}");
    }
    println!(
        "{done} seeds of {STEPS} steps in {took:.0} s, {:.1} seeds/s; {} faults; {} commands \
         recorded, {} refused, {} in conflict, {} held, {} sent again after a restore, {} photos; \
         {} tabs lived through it; drained in at most {} rounds",
        done as f64 / took,
        all.struck(),
        all.recorded,
        all.refused,
        all.conflicts,
        all.held,
        all.replayed,
        all.blobs,
        all.lived,
        all.rounds_to_drain,
    );
    match broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(broken) => {
            println!("\na promise broke: {broken}\nmaking it small …");
            println!("{}", shrink(&broken, None, EFFORT));
            false
        }
        None => {
            println!("0 of {done} seeds broke a promise");
            // A fault that never strikes is a check that cannot fail; a tenth of the night comes to all.
            let never: Vec<String> = faults()
                .into_iter()
                .filter(|name| all.faults.get(name).copied().unwrap_or(0) == 0)
                .collect();
            if done >= 1_000 && !never.is_empty() {
                println!("never happened: {never:?}");
            }
            done < 1_000 || never.is_empty()
        }
    }
}

/// One seed, or some steps of it, with the whole story.
fn retell(seed: u64, steps: &str) -> bool {
    let Some(only) = steps_of(steps) else {
        eprintln!("GUANJIA_STEPS is a list like 3,7-9");
        return false;
    };
    let ran = Course { seed, only: Some(only), told: true, ..Course::default() }.run();
    for line in &ran.story {
        println!("{line}");
    }
    match ran.outcome {
        Ok(_) => println!("every promise held"),
        Err(ref broken) => println!("{broken}"),
    }
    ran.outcome.is_ok()
}

fn mutants() -> bool {
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    on_all_cores(|| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = Mutant::ALL.get(index).copied() else { return };
            let broken = (0..ENOUGH).find_map(|seed| run(seed, Some(mutant)).err());
            let row = match &broken {
                Some(broken) => {
                    let shrunk = shrink(broken, Some(mutant), EFFORT);
                    let what: String = broken.what.chars().take(110).collect();
                    format!(
                        "{:<25} {:>5} {:>5} {:>6}  {what}",
                        format!("{mutant:?}"),
                        broken.seed,
                        broken.step,
                        shrunk.steps.len()
                    )
                }
                None => format!("{:<25} not noticed in {ENOUGH} seeds", format!("{mutant:?}")),
            };
            eprintln!("{mutant:?}");
            let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
            rows.push((index, broken.is_some(), row));
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort();
    println!(
        "{:<25} {:>5} {:>5} {:>6}  the promise that broke",
        "mutant", "seed", "step", "shrunk"
    );
    rows.iter().for_each(|(_, _, row)| println!("{row}"));
    let noticed = rows.iter().filter(|(_, noticed, _)| *noticed).count();
    println!("{noticed} of {} mutants noticed", Mutant::ALL.len());
    let healed = Mutant::HEALED.iter().all(|mutant| {
        let mut all = Summary::default();
        let broken = (0..100).find_map(|seed| match run(seed, Some(*mutant)) {
            Ok(summary) => {
                all.add(&summary);
                None
            }
            Err(broken) => Some(broken),
        });
        let good = broken.is_none() && all.repairs > 0;
        match broken {
            Some(broken) => {
                let small = shrink(&broken, Some(*mutant), EFFORT);
                println!("{mutant:?} was not healed: {broken}\n{small}");
            }
            None => println!("{mutant:?}: found out and healed {} times in 100 seeds", all.repairs),
        }
        good
    });
    noticed == Mutant::ALL.len() && healed
}
