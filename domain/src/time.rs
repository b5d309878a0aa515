//! Instants (UTC milliseconds) and the company's local calendar.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01 UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Ms(pub i64);

/// Milliseconds in a minute, an hour, a day.
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

impl Ms {
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
    /// Milliseconds from `earlier` to `self`; negative when `self` is the earlier one.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// From `from` on, local time is UTC plus `offset_minutes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZoneChange {
    pub from: Ms,
    pub offset_minutes: i32,
}

/// The company's time zone as data: chrono-tz would cost every phone 57 kB of brotli.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Zone {
    pub name: String,
    /// Ascending; the first entry also holds before its own instant.
    pub changes: Vec<ZoneChange>,
}

impl Default for Zone {
    /// Asia/Shanghai, which has kept UTC+8 since 1991.
    fn default() -> Self {
        Self {
            name: "Asia/Shanghai".into(),
            changes: vec![ZoneChange { from: Ms(0), offset_minutes: 480 }],
        }
    }
}

impl Zone {
    fn offset_ms(&self, at: Ms) -> i64 {
        let change = self.changes.iter().rev().find(|change| change.from <= at);
        change
            .or(self.changes.first())
            .map_or(0, |change| i64::from(change.offset_minutes) * MINUTE)
    }

    /// Local wall time of an instant.
    pub fn local(&self, at: Ms) -> NaiveDateTime {
        DateTime::from_timestamp_millis(at.0.saturating_add(self.offset_ms(at)))
            .unwrap_or_default()
            .naive_utc()
    }

    pub fn date(&self, at: Ms) -> NaiveDate {
        self.local(at).date()
    }

    /// The instant of a local wall time. In the hour that a clock change repeats, the later one.
    pub fn instant(&self, local: NaiveDateTime) -> Ms {
        let naive = local.and_utc().timestamp_millis();
        let guess = Ms(naive - self.offset_ms(Ms(naive)));
        Ms(naive - self.offset_ms(guess))
    }

    pub fn start_of_day(&self, date: NaiveDate) -> Ms {
        self.instant(date.and_time(NaiveTime::MIN))
    }

    /// The same local time `days` calendar days later ("n days" in every clock of the spec).
    pub fn plus_days(&self, at: Ms, days: i64) -> Ms {
        let local = self.local(at);
        match TimeDelta::try_days(days).and_then(|delta| local.checked_add_signed(delta)) {
            Some(later) => self.instant(later),
            None => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shanghai_morning_is_the_same_date_as_its_utc_evening_before() {
        let zone = Zone::default();
        // 2026-11-21T16:30Z is 00:30 on the 22nd in Shanghai.
        let at = Ms(1_795_278_600_000);
        assert_eq!(zone.date(at).to_string(), "2026-11-22");
        assert_eq!(zone.instant(zone.local(at)), at);
    }

    #[test]
    fn a_day_later_is_the_same_wall_time_across_a_clock_change() {
        let zone = Zone {
            name: "test".into(),
            changes: vec![
                ZoneChange { from: Ms(0), offset_minutes: 60 },
                ZoneChange { from: Ms(10 * DAY), offset_minutes: 120 },
            ],
        };
        let before = Ms(9 * DAY + 12 * HOUR);
        let after = zone.plus_days(before, 1);
        assert_eq!(zone.local(after).time(), zone.local(before).time());
        assert_eq!(after.since(before), 23 * HOUR);
    }
}
