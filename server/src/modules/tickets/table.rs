//! Where tickets are kept.

use domain::modules::tickets::Ticket;

use crate::store::table::wire_name;

crate::table!(TICKETS: Ticket => "tickets", |ticket| {
    number: Int = ticket.number,
    kind: Text = ticket.kind.name(),
    category: Text = &ticket.category,
    urgency: Text = wire_name(ticket.urgency),
    intake: Text = wire_name(ticket.intake),
    state: Text = ticket.state.name(),
    cluster_id: Text = ticket.cluster,
    unit_id: Text = ticket.place.unit,
    place: Text = &ticket.place.label,
    assignee: Text = ticket.state.holder(),
    opened_by: Text = ticket.opened_by,
    opened_at: Int = ticket.opened_at,
    due: Int = ticket.clock.due,
    relay_due: Int = ticket.clock.relay_due,
    paused: Int = ticket.clock.paused,
    paused_until: Int = ticket.clock.paused_until,
    stopped: Int = ticket.clock.stopped,
    total: Int = ticket.completion.as_ref().map(|completion| completion.total),
    score: Int = ticket.score,
    reopened: Int = ticket.reopened,
    conflicts: Int = ticket.conflicts,
    changed_at: Int = ticket.changed_at,
    words: Text = words(ticket),
});

/// What the table of tickets is searched by, a line each: nobody types a line break, so that nothing
/// is found across two of them. In small letters, because SQLite only knows those of English.
fn words(ticket: &Ticket) -> String {
    let contact = &ticket.contact;
    [&ticket.place.label, &contact.name, &contact.phone, &ticket.description]
        .map(|text| text.to_lowercase())
        .join("\n")
}
