//! One node's part: look which duties are due or deserted, take them, do them, say that it lives.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection};
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use crate::db::Db;
use crate::metrics::{DutyEnd, DutySeen, Metrics};
use crate::state::AppState;
use crate::store::duties::{self, Duty, Fence};
use crate::store::{Result, StoreError};

/// How long ago what was to be done was done (another process may have done it), or why it was not.
pub type Outcome = std::result::Result<Duration, String>;

/// A duty as this node does it.
pub struct Job {
    pub name: &'static str,
    pub every: Duration,
    run: Box<dyn Fn(Fence) -> BoxFuture<'static, Outcome> + Send + Sync>,
}

impl Job {
    /// `run` may be dropped at any of its awaits, and must not block between them.
    pub fn new<F>(
        name: &'static str,
        every: Duration,
        state: &AppState,
        run: fn(AppState, Fence) -> F,
    ) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let state = state.clone();
        Self::of(name, every, move |fence| run(state.clone(), fence))
    }

    /// One that knows by itself what it needs.
    pub fn of<F>(
        name: &'static str,
        every: Duration,
        run: impl Fn(Fence) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        Self { name, every, run: Box::new(move |fence| Box::pin(run(fence))) }
    }
}

/// The times of it, shorter in tests.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two looks at what is due.
    pub look: Duration,
    /// Between two signs of life.
    pub beat: Duration,
    /// Without a sign that was taken, a holder stops after this.
    pub hold: Duration,
    /// Without a sign, another takes over after this. Longer than `hold` by what a machine may be slow.
    pub desert: Duration,
    /// After a failure, at most: a disk that was full or away may be back. Half a minute after the first.
    pub again: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(5),
            beat: Duration::from_secs(5),
            hold: Duration::from_secs(20),
            desert: Duration::from_secs(30),
            again: Duration::from_secs(600),
        }
    }
}

impl Pace {
    /// Whether a duty that nobody holds is due. A clock that went back must not put it off for ever.
    fn is_due(&self, duty: &Duty, every: Duration) -> bool {
        let (since, wait) = match duty.failures {
            0 => (duty.done, every),
            1 => (duty.tried, (self.again / 20).min(every)),
            _ => (duty.tried, self.again.min(every)),
        };
        since.is_none_or(|since| {
            let ago = duty.now.since(since);
            ago < 0 || u128::from(ago.unsigned_abs()) >= wait.as_millis()
        })
    }
}

/// When each holder's last sign was first seen, by this node's own measure.
#[derive(Default)]
struct Watch(HashMap<String, (u64, u64, Instant)>);

impl Watch {
    /// Whether a holder has given no sign for that long. The look began and ended at these moments: what it
    /// found was there at some moment between, so the earlier one ends the wait and the later one begins it.
    fn is_deserted(
        &mut self,
        duty: &Duty,
        began: Instant,
        ended: Instant,
        after: Duration,
    ) -> bool {
        match self.0.get(&duty.name) {
            Some((term, beat, since)) if (*term, *beat) == (duty.term, duty.beat) => {
                duty.holder.is_some() && began.saturating_duration_since(*since) >= after
            }
            _ => {
                self.0.insert(duty.name.clone(), (duty.term, duty.beat, ended));
                false
            }
        }
    }
}

/// One of several servers on a database, or the only one.
pub struct Node(Arc<Inner>);

struct Inner {
    db: Db,
    metrics: Metrics,
    /// For people to read.
    name: String,
    pace: Pace,
    jobs: Vec<Job>,
}

impl Node {
    pub fn new(db: Db, metrics: Metrics, name: String, pace: Pace, jobs: Vec<Job>) -> Self {
        debug_assert!(pace.beat < pace.hold && pace.hold < pace.desert);
        Self(Arc::new(Inner { db, metrics, name, pace, jobs }))
    }

    /// Of a server, called by its machine and process.
    pub fn of(state: &AppState) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let host: String = host.chars().filter(plain).collect();
        let name = format!("{host}:{}", std::process::id());
        let (db, metrics) = (state.db.clone(), state.metrics.clone());
        Self::new(db, metrics, name, Pace::default(), super::of(state))
    }

    /// Does what is due until the server stops; then lets go of what it is at.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        let inner = self.0;
        let (mut watch, mut at_work) = (Watch::default(), HashMap::<Id, Fence>::new());
        let mut running = JoinSet::new();
        let (mut registered, mut reachable) = (false, true);
        loop {
            let looked = inner.look_and_take(&mut registered, &mut watch, &at_work);
            // A connection that is silent must not keep this node from looking again.
            match tokio::time::timeout(inner.pace.hold, looked).await {
                Ok(Ok(taken)) => {
                    reachable = true;
                    for (index, fence, taken_at) in taken {
                        let inner = Arc::clone(&inner);
                        let work = async move { inner.perform(index, fence, taken_at).await };
                        at_work.insert(running.spawn(work).id(), fence);
                    }
                }
                failed if reachable => {
                    let error = failed.map_or_else(|e| e.to_string(), |r| format!("{:?}", r.err()));
                    tracing::warn!(error, "no duties are done here while the database is away");
                    reachable = false;
                }
                _ => {}
            }
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => break,
                Some(ended) = running.join_next_with_id() => {
                    at_work.remove(&ended.map_or_else(|error| error.id(), |(id, ())| id));
                }
                () = tokio::time::sleep(inner.pace.look) => {}
            }
        }
        running.shutdown().await;
        for fence in at_work.into_values() {
            inner.note(fence, move |tx| duties::release(tx, fence).boxed()).await;
        }
    }
}

impl Inner {
    async fn writer(&self) -> Result<PoolConnection<Any>> {
        let connection = self.db.writers().acquire().await;
        connection.map_err(|error| StoreError { table: "pool", error })
    }

    async fn look(&self) -> Result<Vec<Duty>> {
        let connection = self.db.readers().acquire().await;
        let mut connection = connection.map_err(|error| StoreError { table: "pool", error })?;
        duties::look(&mut connection, self.db.dialect()).await
    }

    /// Notes how it ended. Where that does not succeed the duty is deserted, which others find.
    async fn note(
        &self,
        fence: Fence,
        end: impl for<'a> FnOnce(&'a mut AnyConnection) -> BoxFuture<'a, Result<bool>>,
    ) {
        let noted = async { end(&mut *self.writer().await?).await };
        match tokio::time::timeout(self.pace.hold, noted).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => tracing::warn!(duty = fence.name, "ended after another took it over"),
            Ok(Err(error)) => tracing::warn!(%error, duty = fence.name, "its end was not noted"),
            Err(_) => tracing::warn!(duty = fence.name, "its end was not noted in time"),
        }
    }

    /// Looks at all duties, and takes those that are due; which, and when they were asked for.
    async fn look_and_take(
        &self,
        registered: &mut bool,
        watch: &mut Watch,
        at_work: &HashMap<Id, Fence>,
    ) -> Result<Vec<(usize, Fence, Instant)>> {
        if !*registered {
            let names: Vec<&str> = self.jobs.iter().map(|job| job.name).collect();
            duties::register(&mut *self.writer().await?, &names).await?;
            *registered = true;
        }
        let began = Instant::now();
        let found = self.look().await?;
        let ended = Instant::now();
        self.metrics.duties_seen(found.iter().map(seen).collect());
        let mut taken = Vec::new();
        for duty in &found {
            let deserted = watch.is_deserted(duty, began, ended, self.pace.desert);
            let Some(index) = self.jobs.iter().position(|job| job.name == duty.name) else {
                // Another node's, or one that is none any more.
                continue;
            };
            let job = &self.jobs[index];
            if at_work.values().any(|fence| fence.name == job.name) {
                continue;
            }
            if deserted {
                let dialect = self.db.dialect();
                if duties::take_away(&mut *self.writer().await?, dialect, duty).await? {
                    let holder = duty.holder.as_deref().unwrap_or_default();
                    tracing::warn!(duty = job.name, holder, "deserted by its node");
                }
            } else if duty.holder.is_none() && self.pace.is_due(duty, job.every) {
                let asked = Instant::now();
                let mut connection = self.writer().await?;
                let fence = duties::take(&mut connection, job.name, duty, &self.name).await?;
                taken.extend(fence.map(|fence| (index, fence, asked)));
            }
        }
        Ok(taken)
    }

    async fn perform(&self, index: usize, fence: Fence, taken_at: Instant) {
        let job = &self.jobs[index];
        let work = AssertUnwindSafe((job.run)(fence)).catch_unwind();
        let result = tokio::select! {
            biased;
            why = self.live(fence, taken_at) => {
                tracing::warn!(duty = job.name, why, "broken off: the duty is another node's now");
                self.metrics.duty_ended(job.name, DutyEnd::Lost);
                return;
            }
            result = work => result.unwrap_or_else(|_| Err("it panicked".into())),
        };
        let dialect = self.db.dialect();
        match result {
            Ok(ago) => {
                self.metrics.duty_ended(job.name, DutyEnd::Done);
                self.note(fence, move |tx| duties::done(tx, dialect, fence, ago).boxed()).await;
            }
            Err(problem) => {
                tracing::error!(duty = job.name, problem, "failed; it is tried again");
                self.metrics.duty_ended(job.name, DutyEnd::Failed);
                self.note(fence, move |tx| duties::failed(tx, dialect, fence).boxed()).await;
            }
        }
    }

    /// Says that this node lives, until it can do so no more; then says why.
    async fn live(&self, fence: Fence, taken_at: Instant) -> &'static str {
        let mut good_until = taken_at + self.pace.hold;
        let mut next = taken_at + self.pace.beat;
        loop {
            tokio::time::sleep_until(next.min(good_until)).await;
            let sent = Instant::now();
            let beat = async { duties::beat(&mut *self.writer().await?, fence).await };
            match tokio::time::timeout_at(good_until, beat).await {
                Err(_) => return "no answer from the database",
                Ok(Ok(false)) => return "taken over",
                Ok(Ok(true)) => {
                    // From when it was sent: nobody can have seen it earlier.
                    good_until = sent + self.pace.hold;
                    next = sent + self.pace.beat;
                }
                Ok(Err(error)) => {
                    tracing::debug!(%error, duty = fence.name, "no sign of life");
                    next = Instant::now() + self.pace.beat / 5;
                }
            }
            if sent >= good_until {
                return "no answer from the database";
            }
        }
    }
}

fn seen(duty: &Duty) -> DutySeen {
    DutySeen {
        name: duty.name.clone(),
        holder: duty.holder.clone(),
        done: duty.done,
        failures: duty.failures,
        seen: duty.now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Ms;

    fn duty(term: u64, beat: u64) -> Duty {
        let holder = Some("a:1".to_owned());
        let name = "x".to_owned();
        Duty { name, term, beat, holder, done: None, tried: None, failures: 0, now: Ms(1_000_000) }
    }

    #[test]
    fn a_holder_is_deserted_only_after_its_sign_stood_still_for_the_whole_time() {
        let (mut watch, start) = (Watch::default(), Instant::now());
        let mut at = |duty: &Duty, began: u64, ended: u64| {
            let moment = |second| start + Duration::from_secs(second);
            watch.is_deserted(duty, moment(began), moment(ended), Duration::from_secs(30))
        };
        // The answer to the first look took five seconds: the sign may be as young as its end.
        assert!(!at(&duty(1, 1), 0, 5));
        assert!(!at(&duty(1, 1), 34, 36));
        assert!(at(&duty(1, 1), 35, 36));
        assert!(!at(&duty(1, 2), 60, 60), "it moved");
        assert!(!at(&duty(2, 2), 89, 89), "another has it");
        assert!(!at(&Duty { holder: None, ..duty(2, 2) }, 200, 200), "nobody has it");
    }

    #[test]
    fn a_duty_is_due_a_span_after_it_was_done_whatever_the_clock_does() {
        let (pace, hour) = (Pace::default(), Duration::from_secs(3600));
        let done_at = |at: i64| Duty { done: Some(Ms(at)), now: Ms(10_000_000), ..duty(1, 1) };
        assert!(pace.is_due(&Duty { done: None, ..done_at(0) }, hour));
        assert!(!pace.is_due(&done_at(10_000_000), hour));
        assert!(!pace.is_due(&done_at(6_400_001), hour));
        assert!(pace.is_due(&done_at(6_400_000), hour));
        assert!(pace.is_due(&done_at(10_000_001), hour), "done in the future");
    }

    #[test]
    fn a_failure_is_repeated_soon_and_then_at_longer_intervals_but_never_later_than_usual() {
        let pace = Pace::default();
        let failed = |failures, ago: i64| {
            let now = Ms(10_000_000);
            Duty { failures, tried: Some(now.plus(-ago)), now, ..duty(1, 1) }
        };
        let day = Duration::from_secs(86_400);
        assert!(!pace.is_due(&failed(1, 29_999), day) && pace.is_due(&failed(1, 30_000), day));
        assert!(!pace.is_due(&failed(2, 599_999), day) && pace.is_due(&failed(9, 600_000), day));
        assert!(pace.is_due(&failed(9, 60_000), Duration::from_secs(60)));
    }
}
