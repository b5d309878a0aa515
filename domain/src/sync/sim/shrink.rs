//! From a run that breaks a promise to the few steps that are enough to break one.

use std::collections::BTreeSet;

use super::world::Ran;
use super::{Broken, Course, Mutant, STEPS};

/// A failing run, made small.
pub struct Shrunk {
    /// The promise that breaks in it; perhaps another than the one that broke first.
    pub broken: Broken,
    pub steps: Vec<usize>,
    /// What happens, in order.
    pub story: Vec<String>,
    /// Runs that were tried.
    pub runs: usize,
}

impl std::fmt::Display for Shrunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.broken)?;
        writeln!(
            f,
            "{} of {STEPS} steps are enough ({} runs tried):",
            self.steps.len(),
            self.runs
        )?;
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        let steps = steps_text(&self.steps);
        write!(f, "reproduce: GUANJIA_SEED={} GUANJIA_STEPS={steps}", self.broken.seed)
    }
}

/// Leaves out what is not needed: halves, then quarters, down to single steps, until nothing more can
/// go or `effort` runs were made.
pub fn shrink(broken: &Broken, mutant: Option<Mutant>, effort: usize) -> Shrunk {
    shrink_in(&Course { seed: broken.seed, mutant, ..Course::default() }, broken, effort)
}

/// The same, of a run with more to it than a mutant.
pub fn shrink_in(course: &Course, broken: &Broken, effort: usize) -> Shrunk {
    let mut search = Search { course, effort, runs: 0 };
    let mut broken = broken.clone();
    let whole: Vec<usize> = (1..=STEPS).collect();
    let mut kept: Vec<usize> =
        search.run(None, false).acted.into_iter().filter(|step| *step <= broken.step).collect();
    match search.fails(&kept) {
        Some(still) => broken = still,
        None => kept = whole,
    }
    kept.retain(|step| *step <= broken.step);
    let mut chunk = kept.len().div_ceil(2).max(1);
    loop {
        let (mut at, before) = (0, kept.len());
        while at < kept.len() && search.runs < search.effort {
            let end = kept.len().min(at + chunk);
            let without: Vec<usize> = kept[..at].iter().chain(&kept[end..]).copied().collect();
            match search.fails(&without) {
                Some(still) => {
                    kept = without;
                    kept.retain(|step| *step <= still.step);
                    broken = still;
                }
                None => at = end,
            }
        }
        let done = chunk == 1 && kept.len() == before;
        if done || search.runs >= search.effort || kept.is_empty() {
            break;
        }
        chunk = chunk.div_ceil(2).min(kept.len());
    }
    let only = Some(kept.iter().copied().collect());
    let told = search.run(only, true);
    Shrunk { broken, steps: kept, story: told.story, runs: search.runs }
}

struct Search<'a> {
    course: &'a Course,
    effort: usize,
    runs: usize,
}

impl Search<'_> {
    fn run(&self, only: Option<BTreeSet<usize>>, told: bool) -> Ran {
        Course { only, told, ..self.course.clone() }.run()
    }

    fn fails(&mut self, steps: &[usize]) -> Option<Broken> {
        self.runs += 1;
        self.run(Some(steps.iter().copied().collect()), false).outcome.err()
    }
}

/// Steps as they are written in `GUANJIA_STEPS`: `3,7-9`.
pub fn steps_text(steps: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for step in steps {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *step => *last = *step,
            _ => ranges.push((*step, *step)),
        }
    }
    let texts = ranges.iter().map(|(first, last)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    });
    texts.collect::<Vec<_>>().join(",")
}

/// Reads them.
pub fn steps_of(text: &str) -> Option<BTreeSet<usize>> {
    let mut steps = BTreeSet::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        steps.extend(first.parse::<usize>().ok()?..=last.parse::<usize>().ok()?);
    }
    Some(steps)
}
