//! Many seeds of the simulation, and proof that it notices what it is there to notice.
//!
//! `GUANJIA_SEEDS=10000` for a night's run, `GUANJIA_SEED=42` for one seed, and with
//! `GUANJIA_STEPS=3,7-9` only those steps of it. `make simulate` and `make mutants` do the same faster
//! and tell more.

use std::collections::BTreeSet;
use std::ops::Range;

use domain::sync::sim::{
    Broken, Course, Mutant, STEPS, Summary, faults, run, shrink, steps_of, steps_text,
};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn seeds() -> Range<u64> {
    match number("GUANJIA_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("GUANJIA_SEEDS").unwrap_or(300),
    }
}

fn only() -> Option<BTreeSet<usize>> {
    let text = std::env::var("GUANJIA_STEPS").ok()?;
    Some(steps_of(&text).expect("GUANJIA_STEPS is a list like 3,7-9"))
}

/// Runs the seeds on both halves of the machine; the first that breaks a promise ends its half.
fn run_all(seeds: Range<u64>) -> Result<Summary, Broken> {
    let half = |which: u64| {
        let seeds = seeds.clone();
        move || {
            let mut all = Summary::default();
            for seed in seeds.filter(|seed| seed % 2 == which) {
                let course = Course { seed, only: only(), ..Course::default() };
                all.add(&course.run().outcome?);
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
    let all = match run_all(seeds()) {
        Ok(all) => all,
        Err(broken) if only().is_some() => panic!("{broken}"),
        Err(broken) => panic!("{}", shrink(&broken, None, 300)),
    };
    println!("{} seeds: {all:#?}", seeds().count());
    // A fault that never strikes is a check that cannot fail.
    if seeds().count() >= 300 {
        // A tab's death at a rare step counts on either side of it; the 10,000 seeds come to both.
        let other = |name: &str| match name.split_once(" before `") {
            Some((dies, step)) => format!("{dies} after `{step}"),
            None => name.replacen(" after `", " before `", 1),
        };
        let times = |name: &str| all.faults.get(name).copied().unwrap_or(0);
        let struck = |name: &String| times(name) + times(&other(name)) > 0;
        let never: Vec<String> = faults().into_iter().filter(|name| !struck(name)).collect();
        assert!(never.is_empty(), "never happened: {never:?}");
        let known: BTreeSet<String> = faults().into_iter().collect();
        let unknown: Vec<_> = all.faults.keys().filter(|name| !known.contains(*name)).collect();
        assert!(unknown.is_empty(), "happened and is not in the list of faults: {unknown:?}");
        assert!(all.recorded > 2_000 && all.refused > 0 && all.conflicts > 0 && all.held > 0);
        assert!(all.lived > 100, "only {} tabs lived through it", all.lived);
        assert!(all.replayed > 0 && all.repeated > 0 && all.set_aside > 0 && all.blobs > 0);
    }
}

#[test]
fn the_same_seed_and_steps_give_the_same_run() {
    let told = |only: Option<BTreeSet<usize>>| {
        let ran = Course { seed: 7, only, told: true, ..Course::default() }.run();
        (ran.outcome, ran.story)
    };
    assert_eq!(told(None), told(None));
    let few = steps_of("1-200,250,300-700").unwrap();
    assert_eq!(told(Some(few.clone())), told(Some(few)));
}

#[test]
fn leaving_out_a_step_moves_no_other_steps_choices() {
    let told = |only: Option<BTreeSet<usize>>| {
        Course { seed: 3, only, told: true, ..Course::default() }.run().story
    };
    let whole = told(None);
    // The last thing that happens is left out: everything before it is as it was.
    let step_of = |line: &String| line.trim().split(' ').next()?.parse::<usize>().ok();
    let last = whole.iter().rev().filter_map(step_of).find(|step| *step < STEPS).unwrap();
    let without = told(Some((1..=STEPS).filter(|step| *step != last).collect()));
    let before = |story: &[String]| {
        story.iter().filter(|line| step_of(line) < Some(last)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(before(&without), before(&whole));
    // And so is a clock or a photo that a later step chooses when an early one is left out.
    let early = whole.iter().find_map(step_of).unwrap();
    let without = told(Some((1..=STEPS).filter(|step| *step != early).collect()));
    let clocks = |story: &[String]| {
        let upset = story.iter().filter(|line| line.contains("clock"));
        upset.filter(|line| !line.contains("phone 4")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(clocks(&without), clocks(&whole));
}

#[test]
fn a_failure_is_shrunk_to_a_tenth_of_its_steps_and_still_fails() {
    let mutant = Some(Mutant::DeleteOutboxEarly);
    let broken = (0..20).find_map(|seed| run(seed, mutant).err()).expect("noticed at once");
    let shrunk = shrink(&broken, mutant, 250);
    assert!(shrunk.steps.len() < STEPS / 10, "{shrunk}");
    assert!(!shrunk.story.is_empty());
    let only = steps_of(&steps_text(&shrunk.steps));
    let again = Course { seed: broken.seed, mutant, only, told: true, ..Course::default() }.run();
    assert_eq!(again.outcome.err(), Some(shrunk.broken));
    assert_eq!(again.story, shrunk.story);
}

#[test]
fn each_fault_built_in_on_purpose_is_noticed() {
    const ENOUGH: u64 = 400;
    let unnoticed = in_halves(&Mutant::ALL, |mutant| {
        let first = (0..ENOUGH).find_map(|seed| run(seed, Some(mutant)).err());
        match &first {
            Some(broken) => println!("{mutant:?}: {broken}"),
            None => println!("{mutant:?}: not noticed"),
        }
        first.is_none().then_some(mutant)
    });
    assert!(unnoticed.is_empty(), "not noticed in {ENOUGH} seeds: {unnoticed:?}");
}

#[test]
fn a_row_that_the_phones_disk_loses_or_keeps_is_healed_and_told() {
    let failed = in_halves(&Mutant::HEALED, |mutant| {
        let mut all = Summary::default();
        for seed in 0..60 {
            match run(seed, Some(mutant)) {
                Ok(summary) => all.add(&summary),
                Err(broken) => return Some(format!("{mutant:?}: {broken}")),
            }
            if seed >= 10 && all.repairs > 2 {
                break;
            }
        }
        println!("{mutant:?}: {} healed", all.repairs);
        (all.repairs == 0).then(|| format!("{mutant:?}: nothing had to be healed"))
    });
    assert!(failed.is_empty(), "{failed:?}");
}

/// Runs something for each mutant, on two threads, and collects what it says.
fn in_halves<V: Send>(mutants: &[Mutant], each: impl Fn(Mutant) -> Option<V> + Sync) -> Vec<V> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut said = Vec::new();
        while let Some(mutant) =
            mutants.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
        {
            said.extend(each(*mutant));
        }
        said
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut all = work();
        all.extend(other.join().expect("a mutant panicked"));
        all
    })
}
