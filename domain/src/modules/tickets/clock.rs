//! The clock of a ticket: how long it may take, when it pauses, when it turns amber and red.

use serde::{Deserialize, Serialize};

use crate::time::Ms;

/// The resolution clock. A running ticket keeps the limit it started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Clock {
    /// The intake's `occurred_at`.
    pub started: Ms,
    /// When it must be handled or answered; moves on by the time spent waiting.
    pub due: Ms,
    /// The relay clock (S3: ≤ 10 min) starts at receipt; `None` once relayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_due: Option<Ms>,
    /// Since when it pauses (only in *waiting*).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Ms>,
    /// Until when it may pause: it runs again from then, whether or not somebody resumed. Without it
    /// (waits from before it was asked for) it pauses until somebody resumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Ms>,
    /// When the work was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Ms>,
}

/// Colour of a clock; always shown with a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockLight {
    /// In time.
    Green,
    /// Three quarters are gone.
    Amber,
    /// Over.
    Red,
}

impl Clock {
    /// How much of the time up to `at` the wait that is under way has taken out.
    fn waited(&self, at: Ms) -> i64 {
        let end = self.paused_until.map_or(at, |until| until.min(at));
        self.paused.map_or(0, |since| end.since(since).max(0))
    }

    /// The instant at which the clock stands now: finished and waiting clocks stand still.
    fn reading(&self, now: Ms) -> Ms {
        self.stopped.unwrap_or_else(|| now.plus(-self.waited(now)))
    }

    /// Whether it stands still because the wait is still valid.
    pub fn is_paused(&self, now: Ms) -> bool {
        self.is_waiting() && self.paused_until.is_none_or(|until| now < until)
    }

    /// The wait has run out and nobody resumed: 等待已到期.
    pub fn wait_is_over(&self, now: Ms) -> bool {
        self.is_waiting() && !self.is_paused(now)
    }

    fn is_waiting(&self) -> bool {
        self.stopped.is_none() && self.paused.is_some()
    }

    /// Milliseconds left; negative when over.
    pub fn left(&self, now: Ms) -> i64 {
        self.due.since(self.reading(now))
    }

    /// The clock that runs out first, and whether it is the relay clock: the order in which open tickets
    /// press. What began when is not known of the relay clock here, only how long it may take.
    #[must_use]
    pub fn first(self, now: Ms, relay: i64) -> (Self, bool) {
        match self.relay_due {
            Some(due) if self.stopped.is_none() && due.since(now) < self.left(now) => {
                let plain = Self { relay_due: None, paused: None, paused_until: None, ..self };
                (Self { started: due.plus(-relay), due, ..plain }, true)
            }
            _ => (self, false),
        }
    }

    /// Amber at 75 %, red when over.
    pub fn light(&self, now: Ms) -> ClockLight {
        let whole = self.due.since(self.started).max(1);
        let gone = self.reading(now).since(self.started);
        if gone > whole {
            ClockLight::Red
        } else if gone.saturating_mul(4) >= whole.saturating_mul(3) {
            ClockLight::Amber
        } else {
            ClockLight::Green
        }
    }

    /// Part that is gone, in thousandths, 0 to 1000.
    pub fn gone_per_mille(&self, now: Ms) -> u32 {
        let whole = self.due.since(self.started).max(1);
        let gone = self.reading(now).since(self.started).clamp(0, whole);
        u32::try_from(gone.saturating_mul(1000) / whole).unwrap_or(1000)
    }

    #[must_use]
    pub fn pause(self, at: Ms) -> Self {
        Self { paused: self.paused.or(Some(at)), ..self }
    }

    /// Pauses, at most until then.
    #[must_use]
    pub fn pause_until(self, at: Ms, until: Ms) -> Self {
        Self { paused_until: Some(until), ..self.pause(at) }
    }

    /// Goes on; the time spent waiting, as long as the wait was valid, is added to the limit.
    #[must_use]
    pub fn resume(self, at: Ms) -> Self {
        let due = self.due.plus(self.waited(at));
        Self { due, paused: None, paused_until: None, ..self }
    }

    #[must_use]
    pub fn stop(self, at: Ms) -> Self {
        let resumed = self.resume(at);
        Self { stopped: Some(at), relay_due: None, ..resumed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::HOUR;

    fn day() -> Clock {
        Clock {
            started: Ms(0),
            due: Ms(24 * HOUR),
            relay_due: None,
            paused: None,
            paused_until: None,
            stopped: None,
        }
    }

    #[test]
    fn amber_begins_exactly_at_three_quarters_and_red_after_the_limit() {
        assert_eq!(day().light(Ms(18 * HOUR - 1)), ClockLight::Green);
        assert_eq!(day().light(Ms(18 * HOUR)), ClockLight::Amber);
        assert_eq!(day().light(Ms(24 * HOUR)), ClockLight::Amber);
        assert_eq!(day().light(Ms(24 * HOUR + 1)), ClockLight::Red);
    }

    #[test]
    fn waiting_pauses_the_clock_and_moves_the_limit() {
        let waiting = day().pause(Ms(HOUR));
        assert_eq!(waiting.left(Ms(40 * HOUR)), 23 * HOUR);
        let resumed = waiting.resume(Ms(11 * HOUR));
        assert_eq!(resumed.due, Ms(34 * HOUR));
        assert_eq!(resumed.left(Ms(11 * HOUR)), 23 * HOUR);
    }

    #[test]
    fn a_wait_that_has_run_out_pauses_nothing_any_more() {
        let waiting = day().pause_until(Ms(HOUR), Ms(11 * HOUR));
        assert!(waiting.is_paused(Ms(11 * HOUR - 1)));
        assert!(!waiting.wait_is_over(Ms(11 * HOUR - 1)));
        assert_eq!(waiting.left(Ms(11 * HOUR - 1)), 23 * HOUR);
        // From that moment it runs again, as if somebody had resumed.
        assert!(!waiting.is_paused(Ms(11 * HOUR)));
        assert!(waiting.wait_is_over(Ms(11 * HOUR)));
        assert_eq!(waiting.left(Ms(11 * HOUR)), 23 * HOUR);
        assert_eq!(waiting.left(Ms(34 * HOUR)), 0);
        assert_eq!(waiting.light(Ms(34 * HOUR)), ClockLight::Amber);
        assert_eq!(waiting.light(Ms(34 * HOUR + 1)), ClockLight::Red);
        // Whoever resumes or finishes late gains nothing by it.
        assert_eq!(waiting.resume(Ms(40 * HOUR)).due, Ms(34 * HOUR));
        assert_eq!(waiting.stop(Ms(40 * HOUR)).left(Ms(99 * HOUR)), -6 * HOUR);
        assert!(!waiting.stop(Ms(40 * HOUR)).wait_is_over(Ms(99 * HOUR)));
        assert_eq!(waiting.resume(Ms(5 * HOUR)).due, Ms(28 * HOUR));
        assert_eq!(waiting.resume(Ms(5 * HOUR)).paused_until, None);
    }

    #[test]
    fn the_relay_clock_comes_first_while_it_runs_out_before_the_other() {
        let relay = 10 * crate::time::MINUTE;
        let waiting = Clock { relay_due: Some(Ms(relay)), ..day() };
        let (first, of_relay) = waiting.first(Ms(relay - 1), relay);
        assert!(of_relay);
        assert_eq!((first.left(Ms(relay - 1)), first.light(Ms(relay + 1))), (1, ClockLight::Red));
        assert_eq!(first.light(Ms(0)), ClockLight::Green);
        // Reopened shortly before its limit: the other one runs out first.
        let late = Clock { relay_due: Some(Ms(24 * HOUR + relay)), ..day() };
        assert_eq!(late.first(Ms(24 * HOUR), relay), (late, false));
        assert_eq!(day().first(Ms(0), relay), (day(), false));
    }

    #[test]
    fn a_stopped_clock_keeps_its_colour() {
        let late = day().stop(Ms(25 * HOUR));
        assert_eq!(late.light(Ms(1000 * HOUR)), ClockLight::Red);
        assert_eq!(day().stop(Ms(2 * HOUR)).light(Ms(1000 * HOUR)), ClockLight::Green);
    }
}
