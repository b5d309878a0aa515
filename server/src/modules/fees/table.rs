//! Where arrears and chasing calls are kept.

use domain::modules::fees::{Arrears, FeeCall};

crate::table!(ARREARS: Arrears => "arrears", |arrears| {
    unit_id: Text = arrears.unit,
    cluster_id: Text = arrears.cluster,
    label: Text = &arrears.label,
    owed: Int = arrears.owed,
    since: Text = arrears.since,
    months: Int = arrears.months,
    as_of: Int = arrears.as_of,
});

crate::table!(FEE_CALLS: FeeCall => "fee_calls", |call| {
    unit_id: Text = call.unit,
    cluster_id: Text = call.cluster,
    outcome: Text = call.outcome.name(),
    reason: Text = call.reason.map(|reason| reason.name()),
    promised: Text = call.promised,
    owed: Int = call.owed,
    ticket_id: Text = call.ticket,
    called_by: Text = call.by,
    at: Int = call.at,
});
