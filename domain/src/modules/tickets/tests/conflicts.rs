//! Conflicts: what came too late is kept, seen by whoever recorded it, and decided by the office.

use super::office::finished;
use super::*;
use crate::refusal::CommonCode;

#[test]
fn the_office_settles_conflicts_and_nobody_else() {
    let mut estate = finished(leak());
    estate.conflicts(&chen(), later(3), complete(4), TicketCode::FinishedElsewhere);
    let settle = NoteTicket { settles_conflict: true, ..note("以第一次为准") };
    estate.refused(&chen(), later(4), settle.clone(), CommonCode::NotAllowed);
    estate.refused(&desk(), later(4), settle.clone(), CommonCode::NotAllowed);
    estate.applied(&manager(), later(4), settle);
    let ticket = estate.ticket();
    assert_eq!(ticket.conflicts, 0);
    assert!(ticket.timeline.iter().all(|entry| !entry.conflict));
    assert!(ticket.timeline.iter().any(|e| matches!(e.event, TicketEvent::CompletedAgain { .. })));
}

/// The completion of Chen's that came too late.
fn rival(estate: &Estate) -> CompletionRef {
    CompletionRef::of(estate.ticket().rival_completions().next().unwrap())
}

fn counting(completion: CompletionRef) -> NoteTicket {
    NoteTicket { settles_conflict: true, counts: Some(completion), ..note("以这次完工为准") }
}

#[test]
fn the_office_decides_that_the_late_completion_counts_and_both_stay() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&manager(), later(1), assign(&wu()));
    estate.applied(&wu(), later(2), complete(3));
    estate.conflicts(&chen(), later(3), complete(5), TicketCode::FinishedElsewhere);
    let (which, first) = (rival(&estate), estate.ticket().completion.clone().unwrap());
    estate.refused(&desk(), later(4), counting(which), CommonCode::NotAllowed);
    estate.applied(&manager(), later(4), counting(which));
    let ticket = estate.ticket();
    let own = ticket.completion.as_ref().unwrap();
    assert_eq!((own.by, own.at), (chen().user, later(3)));
    assert_eq!(ticket.earlier, [first]);
    let due = ticket.return_visit_due(later(3), &estate.settings);
    let state = TicketState::ReturnVisit { by: chen().user, at: later(3), due };
    assert_eq!((&ticket.state, ticket.conflicts), (&state, 0));
    assert_eq!(ticket.clock.stopped, Some(later(3)));
    let says = |event: fn(&TicketEvent) -> bool| ticket.timeline.iter().any(|e| event(&e.event));
    assert!(says(|event| matches!(event, TicketEvent::Completed)));
    assert!(says(|event| matches!(event, TicketEvent::CompletedAgain { .. })));
    let last = ticket.timeline.last().unwrap();
    assert_eq!(last.event, TicketEvent::CompletionCounts { completion: which });
    assert_eq!(last.note, "以这次完工为准");
    estate.refused(&manager(), later(5), counting(which), TicketCode::NoSuchCompletion);
}

#[test]
fn a_late_completion_that_counts_finishes_work_that_was_given_to_somebody_else() {
    let mut estate = Estate::assigned(lamp());
    estate.applied(&manager(), later(1), assign(&wu()));
    estate.conflicts(&chen(), later(2), complete(5), TicketCode::ReassignedElsewhere);
    let which = rival(&estate);
    estate.applied(&manager(), later(4), counting(which));
    let state = TicketState::Done { by: chen().user, at: later(2) };
    assert_eq!(estate.ticket().state, state);
    assert_eq!(estate.ticket().clock.stopped, Some(later(2)));
    estate.applied(&manager(), later(5), close());
}

#[test]
fn a_closed_ticket_stays_closed_whichever_completion_counts() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&manager(), later(1), assign(&wu()));
    estate.applied(&wu(), later(2), complete(3));
    estate.applied(&desk(), later(3), return_visit(true));
    estate.conflicts(&chen(), later(4), complete(5), TicketCode::FinishedElsewhere);
    let which = rival(&estate);
    estate.applied(&manager(), later(5), counting(which));
    assert_eq!(estate.ticket().state.name(), "closed");
    assert_eq!(CompletionRef::of(estate.ticket().completion.as_ref().unwrap()), which);
}

#[test]
fn only_a_completion_in_conflict_can_be_made_to_count() {
    let mut estate = finished(leak());
    let own = CompletionRef::of(estate.ticket().completion.as_ref().unwrap());
    estate.refused(&manager(), later(4), counting(own), TicketCode::NoSuchCompletion);
}

#[test]
fn whoever_recorded_too_late_sees_the_ticket_until_it_is_settled() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&manager(), later(1), assign(&wu()));
    let own = Channel::User(chen().user);
    assert!(!estate.ticket().channels().contains(&own), "it is somebody else's");
    estate.conflicts(&chen(), later(2), complete(5), TicketCode::ReassignedElsewhere);
    assert!(estate.ticket().channels().contains(&own));
    estate.applied(&manager(), later(3), NoteTicket { settles_conflict: true, ..note("") });
    assert!(!estate.ticket().channels().contains(&own));
}
