//! Promised answers that have not been given yet.

use crate::order;
use chrono::NaiveDate;

use super::{Visit, VisitResult};
use crate::id::UnitId;

/// A promised answer that is still open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowUp<'a> {
    pub visit: &'a Visit,
    /// The day it was promised for.
    pub by: NaiveDate,
}

impl FollowUp<'_> {
    /// The promised day has passed.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.by < today
    }
}

/// Answers promised and not given, the earliest promise first.
pub fn pending<'a>(visits: impl Iterator<Item = &'a Visit>) -> Vec<FollowUp<'a>> {
    let mut open: Vec<_> = visits
        .filter(|visit| visit.answers.is_empty())
        .filter_map(|visit| match visit.result {
            VisitResult::Promised { by } => Some(FollowUp { visit, by }),
            _ => None,
        })
        .collect();
    order::sort_by_key(&mut open, |follow_up| {
        (follow_up.by, follow_up.visit.at, follow_up.visit.id)
    });
    open
}

/// The unit's latest visit.
pub fn last_visit<'a>(visits: impl Iterator<Item = &'a Visit>, unit: UnitId) -> Option<&'a Visit> {
    visits.filter(|visit| visit.unit == Some(unit)).max_by_key(|visit| (visit.at, visit.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::VisitId;
    use crate::modules::households::testkit::{MORNING, date, own, project, steward, unit};
    use crate::modules::visits::{VisitAnswer, VisitWay};
    use crate::time::{HOUR, Ms};

    fn visit(name: &str, at: Ms, by: Option<&str>) -> Visit {
        Visit {
            id: VisitId::derived(&[name]),
            project: project(),
            cluster: own(),
            unit: Some(unit()),
            place: "3-2-1501".into(),
            way: VisitWay::Phone,
            met: "张三".into(),
            topics: vec![],
            note: name.into(),
            result: by.map_or(VisitResult::Nothing, |by| VisitResult::Promised { by: date(by) }),
            attachments: vec![],
            by: steward().user,
            by_name: "林晓".into(),
            at,
            received: at,
            answers: vec![],
        }
    }

    #[test]
    fn promised_answers_come_earliest_first_and_given_ones_are_gone() {
        let mut given = visit("given", MORNING, Some("2026-11-17"));
        given.answers.push(VisitAnswer { text: "好".into(), by: given.by, at: MORNING });
        let visits = [
            visit("friday", MORNING, Some("2026-11-20")),
            given,
            visit("wednesday", MORNING.plus(HOUR), Some("2026-11-18")),
            visit("nothing", MORNING, None),
            visit("wednesday, asked earlier", MORNING, Some("2026-11-18")),
        ];
        let order: Vec<_> = pending(visits.iter()).iter().map(|f| f.visit.note.as_str()).collect();
        assert_eq!(order, ["wednesday, asked earlier", "wednesday", "friday"]);
    }

    #[test]
    fn a_visit_is_seen_to_be_over_without_decoding_it_exactly_when_no_answer_is_pending() {
        use crate::sync::record::SyncedRecord;
        let mut given = visit("given", MORNING, Some("2026-11-17"));
        given.answers.push(VisitAnswer { text: "好".into(), by: given.by, at: MORNING });
        let open = visit(r#"","answers":[{"text":"#, MORNING, Some("2026-11-17"));
        let nothing = visit(r#","answer_by":"2026-11-17","#, MORNING, None);
        for visit in [given, open, nothing] {
            let body = serde_json::to_string(&visit).unwrap();
            let is_pending = !pending(std::iter::once(&visit)).is_empty();
            assert_eq!(Visit::is_over(&body), !is_pending, "{body}");
        }
    }

    #[test]
    fn an_answer_is_overdue_the_day_after_it_was_promised() {
        let visits = [visit("v", MORNING, Some("2026-11-18"))];
        let follow_up = pending(visits.iter())[0];
        assert!(!follow_up.is_overdue(date("2026-11-18")));
        assert!(follow_up.is_overdue(date("2026-11-19")));
    }

    #[test]
    fn the_last_visit_is_the_latest_of_that_unit() {
        let mut elsewhere = visit("elsewhere", MORNING.plus(2 * HOUR), None);
        elsewhere.unit = None;
        let visits =
            [visit("late", MORNING.plus(HOUR), None), visit("early", MORNING, None), elsewhere];
        assert_eq!(last_visit(visits.iter(), unit()).map(|v| v.note.as_str()), Some("late"));
        let other = crate::modules::households::testkit::other_unit();
        assert_eq!(last_visit(visits.iter(), other), None);
    }
}
