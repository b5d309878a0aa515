//! The briefings 晨会 of a day as the office reads them: cluster by cluster, also where none was held.

use chrono::NaiveDate;
use domain::modules::households::Cluster;
use domain::modules::rounds::{Briefing, BriefingLine};

/// One cluster's briefing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub title: String,
    pub briefing: Option<Briefing>,
}

/// Every cluster, in the order given, with what was recorded on that day.
pub fn of_day<'a>(
    clusters: &[Cluster],
    briefings: &dyn Fn() -> Box<dyn Iterator<Item = &'a Briefing> + 'a>,
    date: NaiveDate,
) -> Vec<Held> {
    let held = |cluster: &Cluster| {
        let mut here = briefings().filter(|one| one.cluster == cluster.id && one.date == date);
        Held { title: format!("{} {}", cluster.code, cluster.name), briefing: here.next().cloned() }
    };
    clusters.iter().map(held).collect()
}

/// What the list proposed, and what was added by hand.
pub fn parts(briefing: &Briefing) -> (Vec<BriefingLine>, Vec<BriefingLine>) {
    briefing.lines.iter().cloned().partition(|line| line.ticket.is_some())
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{cluster as cluster_id, date, local, project, steward};
    use super::*;
    use domain::id::{ClusterId, TicketId};

    fn cluster(id: ClusterId, code: &str) -> Cluster {
        Cluster { id, project: project(), code: code.into(), name: "组团".into() }
    }

    fn line(ticket: Option<&str>, text: &str) -> BriefingLine {
        BriefingLine {
            ticket: ticket.map(|name| TicketId::derived(&[name])),
            text: text.into(),
            ticked: true,
            ..BriefingLine::default()
        }
    }

    #[test]
    fn a_day_shows_every_cluster_and_only_that_days_briefing() {
        let other = ClusterId::derived(&["other"]);
        let clusters = [cluster(cluster_id(), "A"), cluster(other, "B")];
        let on = |date: NaiveDate| Briefing {
            id: Briefing::id_of(cluster_id(), date),
            project: project(),
            cluster: cluster_id(),
            date,
            by: steward().user,
            by_name: steward().name,
            at: local(9, 30),
            lines: vec![line(Some("t"), "1123 漏水"), line(None, "门岗：无异常")],
        };
        let known = [on(date().pred_opt().unwrap()), on(date())];
        let shown = of_day(&clusters, &|| Box::new(known.iter()), date());
        assert_eq!(shown[0].title, "A 组团");
        assert_eq!(shown[0].briefing, Some(on(date())));
        assert_eq!(shown[1].briefing, None, "none was held there");
        let (asked, added) = parts(&known[1]);
        assert_eq!((asked.len(), added[0].text.as_str()), (1, "门岗：无异常"));
    }
}
