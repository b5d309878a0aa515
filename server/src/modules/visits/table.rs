//! Where visits are kept.

use domain::modules::visits::{Visit, VisitResult};

use crate::store::table::wire_name;

fn result(visit: &Visit) -> &'static str {
    match visit.result {
        VisitResult::Answered => "answered",
        VisitResult::Forwarded { .. } => "forwarded",
        VisitResult::Promised { .. } => "promised",
        VisitResult::Nothing => "nothing",
    }
}

crate::table!(VISITS: Visit => "visits", |visit| {
    cluster_id: Text = visit.cluster,
    unit_id: Text = visit.unit,
    way: Text = wire_name(visit.way),
    result: Text = result(visit),
    promised: Text = match visit.result {
        VisitResult::Promised { by } => Some(by),
        _ => None,
    },
    answers: Int = visit.answers.len(),
    visited_by: Text = visit.by,
    at: Int = visit.at,
});
