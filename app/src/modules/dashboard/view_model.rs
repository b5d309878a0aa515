//! What the dashboard derives from its figures.

use domain::Ms;
use domain::id::{RoundId, TicketId, UnitId};
use domain::time::{DAY, HOUR};
use domain::views::{ClusterToday, Dashboard, DeviceLine, RoundLine};

use crate::i18n::name_of;

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

/// What became of the day's rounds, in words, most pressing first: "漏巡 1 · 巡视中 2".
pub fn rounds_note(clusters: &[ClusterToday]) -> String {
    let rounds = || clusters.iter().flat_map(|cluster| &cluster.rounds);
    let of = |state: &&str| {
        let count = rounds().filter(|round| round.state == *state).count();
        (count > 0).then(|| format!("{} {count}", name_of("rounds", "state_", state)))
    };
    let states = ["missed", "not_reported", "running", "open", "not_yet"];
    let said: Vec<String> = states.iter().filter_map(of).collect();
    said.join(" · ")
}

/// The rounds of a cluster as its cell shows them: one by one what somebody may have to see to, and
/// how many are done, due and still to come.
pub fn rounds_summary(rounds: &[RoundLine]) -> (Vec<&RoundLine>, Vec<(&'static str, usize)>) {
    const COUNTED: [&str; 3] = ["done", "open", "not_yet"];
    let named = rounds.iter().filter(|round| !COUNTED.contains(&round.state.as_str())).collect();
    let count = |state| rounds.iter().filter(|round| round.state == state).count();
    let counts = COUNTED.into_iter().map(|state| (state, count(state)));
    (named, counts.filter(|(_, count)| *count > 0).collect())
}

/// Where to look at what something was about.
pub fn object_href(
    ticket: Option<TicketId>,
    round: Option<RoundId>,
    unit: Option<UnitId>,
) -> Option<String> {
    ticket
        .map(|ticket| format!("/tickets/{ticket}"))
        .or_else(|| round.map(|round| format!("/rounds/{round}/record")))
        .or_else(|| unit.map(|unit| format!("/households/{unit}")))
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
    use chrono::NaiveDate;
    use domain::Fen;
    use domain::id::{ClusterId, DeviceId, UserId};

    fn cluster(states: &[&str]) -> ClusterToday {
        let (id, cluster) = (RoundId::derived(&["r"]), ClusterId::derived(&["A"]));
        let round = |state: &&str| {
            RoundLine::unwalked(id, cluster, NaiveDate::default(), String::new(), state)
        };
        ClusterToday {
            cluster: ClusterId::derived(&["A"]),
            code: "A".into(),
            name: String::new(),
            steward: None,
            rounds: states.iter().map(round).collect(),
            open_tickets: 0,
            over: 0,
            calls_made: 0,
            calls_left: 0,
            promises_due: 0,
            households_owing: 0,
            owed: Fen(0),
        }
    }

    #[test]
    fn the_card_of_rounds_says_in_words_what_became_of_them() {
        let clusters = [cluster(&["done", "running", "missed"]), cluster(&["running", "not_yet"])];
        assert_eq!(rounds_note(&clusters), "漏巡 1 · 巡视中 2 · 未到时间 1");
        assert_eq!(rounds_note(&[cluster(&["done", "done_late"])]), "");
    }

    #[test]
    fn a_cluster_names_the_rounds_to_see_to_and_counts_the_others() {
        let one = cluster(&["done", "missed", "open", "done", "running", "not_yet"]);
        let (named, counts) = rounds_summary(&one.rounds);
        let named: Vec<_> = named.iter().map(|round| round.state.as_str()).collect();
        assert_eq!(named, ["missed", "running"]);
        assert_eq!(counts, [("done", 2), ("open", 1), ("not_yet", 1)]);
    }

    #[test]
    fn what_happened_leads_to_what_it_was_about() {
        let (ticket, unit) = (TicketId::derived(&["t"]), UnitId::derived(&["u"]));
        assert_eq!(object_href(Some(ticket), None, Some(unit)), Some(format!("/tickets/{ticket}")));
        assert_eq!(object_href(None, None, Some(unit)), Some(format!("/households/{unit}")));
        assert_eq!(object_href(None, None, None), None);
    }

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
