//! What the dashboard derives from its figures.

use domain::Ms;
use domain::time::{DAY, HOUR};
use domain::views::{ClusterToday, Dashboard, DeviceLine};

/// A device that has not been heard of for this long on a working day is worth a look.
const SILENT: i64 = 2 * HOUR;

/// How worried to be about a device's silence: `""`, `"soon"`, `"late"`.
pub fn silence(device: &DeviceLine, now: Ms) -> &'static str {
    match device.last_sync {
        Some(at) if now.since(at) < SILENT => "ok",
        Some(at) if now.since(at) < DAY => "soon",
        _ => "late",
    }
}

/// Rounds of the day that are over or running: (done, all).
pub fn rounds_done(dashboard: &Dashboard) -> (usize, usize) {
    let rounds = dashboard.clusters.iter().flat_map(|cluster| &cluster.rounds);
    let all: Vec<_> = rounds.filter(|round| round.schedule.is_some()).collect();
    (all.iter().filter(|round| round.state.starts_with("done")).count(), all.len())
}

/// Tone of a due round's badge.
pub fn round_tone(state: &str) -> &'static str {
    match state {
        "done" => "ok",
        "running" | "open" | "done_late" => "soon",
        "missed" | "not_reported" => "late",
        _ => "",
    }
}

/// Calls of the day over all clusters: (made, all).
pub fn calls(clusters: &[ClusterToday]) -> (u32, u32) {
    let made = clusters.iter().map(|cluster| cluster.calls_made).sum();
    let left: u32 = clusters.iter().map(|cluster| cluster.calls_left).sum();
    (made, made + left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{DeviceId, UserId};

    #[test]
    fn a_silent_device_is_not_taken_for_an_idle_one() {
        let mut device = DeviceLine {
            device: DeviceId::derived(&["d"]),
            device_name: String::new(),
            user: UserId::derived(&["u"]),
            user_name: String::new(),
            roles: Vec::new(),
            last_seen: Ms(0),
            last_sync: None,
            clock_offset: None,
            waiting: None,
            revoked: false,
        };
        let now = Ms(100 * DAY);
        assert_eq!(silence(&device, now), "late");
        device.last_sync = Some(now.plus(-3 * HOUR));
        assert_eq!(silence(&device, now), "soon");
        device.last_sync = Some(now.plus(-HOUR));
        assert_eq!(silence(&device, now), "ok");
    }
}
