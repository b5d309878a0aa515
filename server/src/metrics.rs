//! Counters and histograms of one server, in Prometheus' text format.
//!
//! Written by hand: a dozen atomics that belong to a server (tests run many in one process) instead
//! of a crate's process-wide recorder.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Ms;
use domain::sync::OutcomeKind;

/// Upper bounds in seconds.
const SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Upper bounds of commands written in one transaction.
const COMMANDS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0];

const OUTCOMES: [OutcomeKind; 5] = [
    OutcomeKind::Applied,
    OutcomeKind::Merged,
    OutcomeKind::Conflict,
    OutcomeKind::Refused,
    OutcomeKind::Held,
];

struct Histogram<const N: usize> {
    bounds: [f64; N],
    /// Observations up to each bound; those above the last are only in `count`.
    buckets: [AtomicU64; N],
    count: AtomicU64,
    /// Sum in millionths, so that an integer holds it.
    sum_micro: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    fn new(bounds: [f64; N]) -> Self {
        Self {
            bounds,
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            count: AtomicU64::new(0),
            sum_micro: AtomicU64::new(0),
        }
    }

    fn observe(&self, value: f64) {
        if let Some(index) = self.bounds.iter().position(|bound| value <= *bound) {
            self.buckets[index].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_micro.fetch_add((value * 1e6) as u64, Ordering::Relaxed);
    }

    fn write(&self, name: &str, help: &str, out: &mut String) {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} histogram");
        let mut cumulative = 0;
        for (bound, bucket) in self.bounds.iter().zip(&self.buckets) {
            cumulative += bucket.load(Ordering::Relaxed);
            let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {cumulative}");
        }
        let count = self.count.load(Ordering::Relaxed);
        let sum = self.sum_micro.load(Ordering::Relaxed) as f64 / 1e6;
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(out, "{name}_sum {sum}\n{name}_count {count}");
    }
}

struct Inner {
    /// By first digit of the status: 1xx to 5xx.
    requests: [AtomicU64; 5],
    request_seconds: Histogram<12>,
    outcomes: [AtomicU64; 5],
    batch_commands: Histogram<10>,
    commit_seconds: Histogram<12>,
    event_streams: AtomicI64,
    blobs_received: AtomicU64,
    blob_bytes: AtomicU64,
    sign_ins: AtomicU64,
    sign_ins_refused: AtomicU64,
    checksum_mismatches: AtomicU64,
    duties: Mutex<Duties>,
}

/// A duty as this node last saw it in the database, whoever does it.
#[derive(Clone, Debug)]
pub struct DutySeen {
    pub name: String,
    pub holder: Option<String>,
    pub done: Option<Ms>,
    pub failures: u64,
    pub seen: Ms,
}

/// How this node's turn at a duty ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DutyEnd {
    Done,
    Failed,
    /// Another node took it over.
    Lost,
}

#[derive(Default)]
struct Duties {
    seen: Vec<DutySeen>,
    ended: BTreeMap<(&'static str, DutyEnd), u64>,
}

impl Duties {
    fn write(&self, out: &mut String) {
        let seconds = |at: Ms| at.0 as f64 / 1e3;
        let mut gauge = |name: &str, help: &str, rows: Vec<(String, f64)>| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
            for (labels, value) in rows {
                let _ = writeln!(out, "{name}{{{labels}}} {value}");
            }
        };
        let rows = |value: &dyn Fn(&DutySeen) -> Option<(String, f64)>| -> Vec<(String, f64)> {
            let row = |duty: &DutySeen| {
                let (labels, value) = value(duty)?;
                Some((format!("duty=\"{}\"{labels}", duty.name), value))
            };
            self.seen.iter().filter_map(row).collect()
        };
        let done = rows(&|duty| Some((String::new(), seconds(duty.done?))));
        let help = "When a duty was last done by any node, in seconds since 1970.";
        gauge("guanjia_duty_done_seconds", help, done);
        let failures = rows(&|duty| Some((String::new(), duty.failures as f64)));
        let help = "How often a duty has failed on any node since it was last done.";
        gauge("guanjia_duty_failures", help, failures);
        let node = |duty: &DutySeen| Some((format!(",node=\"{}\"", duty.holder.as_ref()?), 1.0));
        gauge("guanjia_duty_holder", "The node that is at a duty.", rows(&node));
        let seen = rows(&|duty| Some((String::new(), seconds(duty.seen))));
        let help = "When this node last saw how a duty stands, in seconds since 1970.";
        gauge("guanjia_duty_seen_seconds", help, seen);
        let name = "guanjia_duty_turns_total";
        let _ = writeln!(out, "# HELP {name} This node's turns at duties.\n# TYPE {name} counter");
        for ((duty, end), count) in &self.ended {
            let end = match end {
                DutyEnd::Done => "done",
                DutyEnd::Failed => "failed",
                DutyEnd::Lost => "lost",
            };
            let _ = writeln!(out, "{name}{{duty=\"{duty}\",result=\"{end}\"}} {count}");
        }
    }
}

/// What a server counts. Clones count into the same numbers.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

impl Default for Metrics {
    fn default() -> Self {
        Self(Arc::new(Inner {
            requests: Default::default(),
            request_seconds: Histogram::new(SECONDS),
            outcomes: Default::default(),
            batch_commands: Histogram::new(COMMANDS),
            commit_seconds: Histogram::new(SECONDS),
            event_streams: AtomicI64::new(0),
            blobs_received: AtomicU64::new(0),
            blob_bytes: AtomicU64::new(0),
            sign_ins: AtomicU64::new(0),
            sign_ins_refused: AtomicU64::new(0),
            checksum_mismatches: AtomicU64::new(0),
            duties: Mutex::default(),
        }))
    }
}

impl Metrics {
    pub fn request(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.0.requests[class].fetch_add(1, Ordering::Relaxed);
        self.0.request_seconds.observe(took.as_secs_f64());
    }

    /// One pushed command got its outcome.
    pub fn outcome(&self, kind: OutcomeKind) {
        if let Some(index) = OUTCOMES.iter().position(|known| *known == kind) {
            self.0.outcomes[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One transaction of a scope's writer was committed.
    pub fn commit(&self, commands: usize, took: Duration) {
        self.0.batch_commands.observe(commands as f64);
        self.0.commit_seconds.observe(took.as_secs_f64());
    }

    /// Counts an open event stream until the guard is dropped.
    pub fn event_stream(&self) -> EventStream {
        self.0.event_streams.fetch_add(1, Ordering::Relaxed);
        EventStream(self.clone())
    }

    pub fn blob(&self, bytes: u64) {
        self.0.blobs_received.fetch_add(1, Ordering::Relaxed);
        self.0.blob_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn sign_in(&self, succeeded: bool) {
        let counter = if succeeded { &self.0.sign_ins } else { &self.0.sign_ins_refused };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A phone found that it holds something else than it is to hold.
    pub fn checksum_mismatch(&self) {
        self.0.checksum_mismatches.fetch_add(1, Ordering::Relaxed);
    }

    /// How all duties stand.
    pub fn duties_seen(&self, seen: Vec<DutySeen>) {
        self.duties().seen = seen;
    }

    /// This node's turn at a duty ended.
    pub fn duty_ended(&self, duty: &'static str, end: DutyEnd) {
        *self.duties().ended.entry((duty, end)).or_insert(0) += 1;
    }

    fn duties(&self) -> std::sync::MutexGuard<'_, Duties> {
        self.0.duties.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All numbers in Prometheus' text format.
    pub fn render(&self) -> String {
        let inner = &*self.0;
        let mut out = String::with_capacity(4096);
        let mut counter = |name: &str, help: &str, rows: &[(&str, u64)]| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
            for (labels, value) in rows {
                let _ = writeln!(out, "{name}{labels} {value}");
            }
        };
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let classes: Vec<(String, u64)> = (1..)
            .zip(&inner.requests)
            .map(|(class, count)| (format!("{{status=\"{class}xx\"}}"), load(count)))
            .collect();
        let classes: Vec<(&str, u64)> = classes.iter().map(|(l, v)| (l.as_str(), *v)).collect();
        counter("guanjia_http_requests_total", "Requests by class of status.", &classes);
        let outcomes: Vec<(String, u64)> = OUTCOMES
            .iter()
            .zip(&inner.outcomes)
            .map(|(kind, count)| (format!("{{outcome=\"{}\"}}", kind.name()), load(count)))
            .collect();
        let outcomes: Vec<(&str, u64)> = outcomes.iter().map(|(l, v)| (l.as_str(), *v)).collect();
        counter("guanjia_commands_total", "Pushed commands by outcome.", &outcomes);
        let blobs = load(&inner.blobs_received);
        counter("guanjia_blobs_received_total", "Attachments that arrived whole.", &[("", blobs)]);
        let bytes = load(&inner.blob_bytes);
        counter("guanjia_blob_bytes_total", "Bytes of attachments that arrived.", &[("", bytes)]);
        let sign_ins = [
            ("{result=\"accepted\"}", load(&inner.sign_ins)),
            ("{result=\"refused\"}", load(&inner.sign_ins_refused)),
        ];
        counter("guanjia_sign_ins_total", "Attempts to sign in.", &sign_ins);
        let mismatches = [("", load(&inner.checksum_mismatches))];
        let help = "Phones that held something else than they were to hold, and began anew.";
        counter("guanjia_checksum_mismatches_total", help, &mismatches);
        let streams = inner.event_streams.load(Ordering::Relaxed);
        let name = "guanjia_event_streams";
        let _ = writeln!(out, "# HELP {name} Open event streams.\n# TYPE {name} gauge");
        let _ = writeln!(out, "{name} {streams}");
        let help = "Time from request to the head of the answer.";
        inner.request_seconds.write("guanjia_http_request_seconds", help, &mut out);
        let help = "Commands written in one transaction.";
        inner.batch_commands.write("guanjia_batch_commands", help, &mut out);
        let help = "Time from the start of a write transaction to its commit.";
        inner.commit_seconds.write("guanjia_commit_seconds", help, &mut out);
        self.duties().write(&mut out);
        out
    }
}

/// An open event stream.
pub struct EventStream(Metrics);

impl Drop for EventStream {
    fn drop(&mut self) {
        self.0.0.event_streams.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_each_observation_in_every_bucket_above_it() {
        let metrics = Metrics::default();
        metrics.commit(3, Duration::from_millis(4));
        metrics.commit(700, Duration::from_secs(60));
        let text = metrics.render();
        assert!(text.contains("guanjia_batch_commands_bucket{le=\"2\"} 0\n"), "{text}");
        assert!(text.contains("guanjia_batch_commands_bucket{le=\"5\"} 1\n"));
        assert!(text.contains("guanjia_batch_commands_bucket{le=\"1000\"} 2\n"));
        assert!(text.contains("guanjia_commit_seconds_bucket{le=\"10\"} 1\n"));
        assert!(text.contains("guanjia_commit_seconds_bucket{le=\"+Inf\"} 2\n"));
    }

    #[test]
    fn a_closed_event_stream_is_no_longer_counted() {
        let metrics = Metrics::default();
        let open = metrics.event_stream();
        assert!(metrics.render().contains("guanjia_event_streams 1\n"));
        drop(open);
        assert!(metrics.render().contains("guanjia_event_streams 0\n"));
    }
}
