//! What the office does: assess, assign, ask the customer, close, decline, reopen, settle.

use super::*;
use crate::refusal::CommonCode;

pub fn finished(open: OpenTicket) -> Estate {
    let mut estate = Estate::assigned(open);
    estate.applied(&chen(), later(2), complete(3));
    estate
}

#[test]
fn what_is_not_feasible_is_explained() {
    let mut estate = Estate::with(leak());
    let no = AssessTicket { feasible: false, estimate: None, ..assess() };
    estate.refused(&desk(), TEN, no.clone(), TicketCode::NotFeasibleNeedsExplanation);
    estate.applied(&desk(), TEN, AssessTicket { note: "属开发商保修".into(), ..no });
    assert_eq!(estate.ticket().state, TicketState::Assessed);
}

#[test]
fn a_later_assessment_without_a_figure_keeps_the_estimate() {
    let mut estate = Estate::with(leak());
    estate.applied(&desk(), TEN, assess());
    estate.applied(&desk(), TEN, AssessTicket { estimate: None, ..assess() });
    assert_eq!(estate.ticket().estimate, Some(Fen(8_000)));
}

#[test]
fn an_estimate_is_an_amount_that_can_be_meant() {
    let mut estate = Estate::with(leak());
    for fen in [-1, MAX_TOTAL.0 + 1] {
        let absurd = AssessTicket { estimate: Some(Fen(fen)), ..assess() };
        estate.refused(&desk(), TEN, absurd, TicketCode::BadAmount);
    }
}

#[test]
fn only_the_office_assesses_assigns_declines_and_reopens() {
    let mut estate = Estate::with(leak());
    estate.refused(&steward(), TEN, assess(), CommonCode::NotAllowed);
    estate.refused(&desk(), TEN, assign(&chen()), CommonCode::NotAllowed);
    estate.refused(&chen(), TEN, decline(), CommonCode::NotAllowed);
    estate.applied(&manager(), TEN, decline());
    estate.refused(&desk(), TEN, reopen(), CommonCode::NotAllowed);
}

#[test]
fn work_is_given_to_technicians_leads_and_stewards_with_an_account() {
    let mut estate = Estate::with(leak());
    estate.refused(&manager(), TEN, assign(&guard()), TicketCode::NotATechnician);
    estate.put(User { disabled: true, ..account(&wu()) });
    estate.refused(&manager(), TEN, assign(&wu()), TicketCode::NotATechnician);
    assert_eq!(
        estate.outcome(&manager(), TEN, assign(&person("新来的", Role::Technician))).0,
        OutcomeKind::Held
    );
    estate.applied(&manager(), TEN, assign(&steward()));
    assert_eq!(estate.ticket().state, TicketState::Assigned { to: steward().user });
}

#[test]
fn only_what_is_taken_from_somebody_is_given_to_another() {
    let mut estate = Estate::with(leak());
    estate.applied(&manager(), TEN, assign(&chen()));
    estate.applied(&manager(), later(1), assign(&chen()));
    estate.applied(&manager(), later(2), assign(&wu()));
    estate.applied(&manager(), later(3), decline());
    estate.applied(&manager(), later(4), reopen());
    estate.applied(&manager(), later(5), assign(&chen()));
    let ticket = estate.ticket();
    let said: Vec<bool> = (0..ticket.timeline.len())
        .filter(|at| matches!(ticket.timeline[*at].event, TicketEvent::Assigned { .. }))
        .map(|at| ticket.is_reassignment(at))
        .collect();
    assert_eq!(said, [false, false, true, false]);
    assert!(!ticket.is_reassignment(0) && !ticket.is_reassignment(99));
}

#[test]
fn assigning_stops_the_relay_clock() {
    let estate = Estate::assigned(leak());
    assert_eq!(estate.ticket().clock.relay_due, None);
}

#[test]
fn the_office_takes_work_away_at_any_time_and_history_keeps_what_was_done() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    estate.applied(&manager(), later(2), assign(&wu()));
    let ticket = estate.ticket();
    assert_eq!(ticket.state, TicketState::Assigned { to: wu().user });
    assert!(ticket.timeline.iter().any(|e| e.event == TicketEvent::Started && e.by == chen().user));
}

#[test]
fn taking_waiting_work_away_ends_the_pause_and_counts_it() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    estate.applied(&chen(), later(2), wait());
    estate.applied(&manager(), later(7), assign(&wu()));
    let clock = estate.ticket().clock;
    assert_eq!((clock.paused, clock.due), (None, later(24 + 5)));
}

#[test]
fn assigning_again_to_the_same_worker_does_not_throw_the_work_back() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    estate.applied(&chen(), later(2), wait());
    estate.applied(&manager(), later(3), assign(&chen()));
    assert_eq!(estate.ticket().state.name(), "waiting");
    estate.applied(&chen(), later(4), resume());
    assert_eq!(estate.ticket().clock.due, later(26));
}

#[test]
fn a_solved_return_visit_closes_the_ticket_with_its_score() {
    let mut estate = finished(leak());
    estate.applied(&steward(), later(30), return_visit(true));
    let ticket = estate.ticket();
    assert_eq!(ticket.state, TicketState::Closed { by: steward().user, at: later(30) });
    assert_eq!((ticket.score, ticket.reopened), (Some(4), 0));
}

#[test]
fn an_unsolved_return_visit_goes_back_to_the_worker_on_a_new_clock() {
    let mut estate = finished(leak());
    estate.applied(&desk(), later(30), return_visit(false));
    let ticket = estate.ticket();
    assert_eq!(ticket.state, TicketState::Assigned { to: chen().user });
    assert_eq!(ticket.reopened, 1);
    let expected = Clock {
        started: later(30),
        due: later(54),
        relay_due: None,
        paused: None,
        paused_until: None,
        stopped: None,
    };
    assert_eq!(ticket.clock, expected);
}

#[test]
fn a_score_is_from_one_to_five() {
    let mut estate = finished(leak());
    for score in [0, 6] {
        let visit = RecordReturnVisit { score, ..return_visit(true) };
        estate.refused(&desk(), later(30), visit, TicketCode::ScoreOutOfRange);
    }
}

#[test]
fn a_steward_of_another_cluster_does_not_ask_this_customer() {
    let mut estate = finished(leak());
    let elsewhere = Actor { clusters: vec![ClusterId::derived(&["other"])], ..steward() };
    estate.refused(&elsewhere, later(30), return_visit(true), CommonCode::OtherCluster);
    estate.refused(&chen(), later(30), return_visit(true), CommonCode::NotAllowed);
}

#[test]
fn a_second_answer_of_the_same_customer_is_kept_for_the_office() {
    let mut estate = finished(leak());
    estate.applied(&desk(), later(30), return_visit(true));
    let visit = RecordReturnVisit { score: 1, note: "还在漏".into(), ..return_visit(false) };
    estate.conflicts(&steward(), later(31), visit, TicketCode::FinishedElsewhere);
    let ticket = estate.ticket();
    assert_eq!((ticket.score, ticket.state.name()), (Some(4), "closed"));
    let entry = ticket.timeline.last().unwrap();
    assert_eq!(entry.event, TicketEvent::ReturnVisited { solved: false, score: 1 });
    assert_eq!((entry.note.as_str(), entry.conflict), ("还在漏", true));
}

#[test]
fn no_ticket_that_wants_a_return_visit_is_closed_without_one() {
    let mut estate = finished(leak());
    estate.refused(&manager(), later(30), close(), TicketCode::ReturnVisitMissing);
    let mut estate = finished(lamp());
    estate.applied(&manager(), later(30), close());
    assert_eq!(estate.ticket().state.name(), "closed");
}

#[test]
fn declining_needs_an_explanation_and_stops_the_clock() {
    let mut estate = Estate::with(leak());
    let silent = DeclineTicket { explanation: "\n".into(), ..decline() };
    estate.refused(&manager(), later(1), silent, CommonCode::TextEmpty);
    estate.applied(&manager(), later(1), decline());
    let ticket = estate.ticket();
    assert_eq!(ticket.clock.stopped, Some(later(1)));
    assert_eq!(ticket.timeline.last().unwrap().note, "属开发商保修范围");
}

#[test]
fn reopening_needs_a_reason_and_gives_finished_work_back_to_its_worker() {
    let mut estate = finished(leak());
    estate.applied(&desk(), later(30), return_visit(true));
    let silent = ReopenTicket { reason: String::new(), ..reopen() };
    estate.refused(&manager(), later(50), silent, CommonCode::TextEmpty);
    estate.applied(&manager(), later(50), reopen());
    let ticket = estate.ticket();
    assert_eq!(ticket.state, TicketState::Assigned { to: chen().user });
    assert_eq!((ticket.reopened, ticket.clock.due, ticket.clock.stopped), (1, later(74), None));
}

#[test]
fn a_declined_ticket_is_reopened_for_the_office_to_relay_again() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&manager(), later(1), decline());
    estate.applied(&manager(), later(2), reopen());
    let ticket = estate.ticket();
    assert_eq!(ticket.state, TicketState::Received);
    assert_eq!(ticket.clock.relay_due, Some(later(2).plus(10 * MINUTE)));
}

#[test]
fn a_job_done_twice_keeps_both_signed_sheets() {
    let mut estate = finished(leak());
    estate.applied(&manager(), later(3), reopen());
    estate.applied(&chen(), later(4), complete(4));
    let ticket = estate.ticket();
    let signature = |completion: &Completion| completion.attachments[2].sha256.0[..2].to_owned();
    assert_eq!(ticket.completion.as_ref().map(signature).as_deref(), Some("04"));
    assert_eq!(ticket.earlier.iter().map(signature).collect::<Vec<_>>(), ["03"]);
}

#[test]
fn a_remark_says_something_in_words_or_by_a_photo() {
    let mut estate = Estate::assigned(leak());
    estate.refused(&desk(), later(1), note(" "), CommonCode::TextEmpty);
    let photos = vec![picture(AttachmentRole::Photo, 7)];
    estate.applied(&desk(), later(1), NoteTicket { photos: photos.clone(), ..note("") });
    assert_eq!(estate.ticket().timeline.last().unwrap().attachments, photos);
}

#[test]
fn remarks_come_from_those_who_may_and_from_whoever_holds_the_ticket() {
    let mut estate = Estate::assigned(leak());
    estate.refused(&guard(), later(1), note("听到水声"), CommonCode::NotAllowed);
    let elsewhere = Actor { clusters: vec![ClusterId::derived(&["other"])], ..steward() };
    estate.refused(&elsewhere, later(1), note("看过"), CommonCode::OtherCluster);
    estate.applied(&manager(), later(1), assign(&steward()));
    estate.applied(&elsewhere, later(2), note("已联系业主"));
}

#[test]
fn a_technician_remarks_on_own_and_pool_tickets_and_what_came_too_late_is_kept() {
    let mut pool = Estate::with(leak());
    pool.applied(&zhao(), later(1), note("总阀已关"));
    pool.applied(&manager(), later(2), assign(&chen()));
    let photos = vec![picture(AttachmentRole::Photo, 7)];
    let late = NoteTicket { photos: photos.clone(), ..note("写在派单之前") };
    pool.conflicts(&zhao(), later(3), late, TicketCode::ReassignedElsewhere);
    let entry = pool.ticket().timeline.last().unwrap();
    assert!(entry.conflict && entry.event == TicketEvent::Noted);
    assert_eq!((entry.note.as_str(), &entry.attachments), ("写在派单之前", &photos));
    // A complaint never lay in the pool, so no phone of a technician can honestly know it …
    let mut other = Estate::with(complaint());
    other.refused(&zhao(), later(1), note("看过"), CommonCode::NotAllowed);
    // … but for the one who reported it.
    let mut own = Estate::new();
    own.applied(&zhao(), TEN, complaint());
    own.applied(&zhao(), later(1), note("业主补充说明"));
}

#[test]
fn an_engineering_lead_decides_on_repairs_and_not_on_complaints() {
    let lead = person("何工", Role::EngineeringLead);
    let mut repair = Estate::with(leak());
    repair.applied(&lead, later(1), assign(&chen()));
    let mut other = Estate::with(complaint());
    other.refused(&lead, later(1), assign(&chen()), CommonCode::NotAllowed);
    other.refused(&lead, later(1), decline(), CommonCode::NotAllowed);
    let settle = NoteTicket { settles_conflict: true, ..note("") };
    other.refused(&lead, later(1), settle, CommonCode::NotAllowed);
    other.applied(&lead, later(1), note("工程部已看过"));
    // Whoever is a supervisor besides has that right too.
    let both = Actor { roles: vec![Role::EngineeringLead, Role::Supervisor], ..lead };
    other.applied(&both, later(2), assign(&chen()));
}

#[test]
fn the_relay_clock_runs_from_receipt_until_it_is_given_to_somebody() {
    let mut estate = Estate::with(leak());
    let clock = estate.ticket().relay_clock().unwrap();
    assert_eq!((clock.started, clock.due), (TEN, TEN.plus(10 * MINUTE)));
    assert_eq!(clock.light(TEN.plus(8 * MINUTE)), ClockLight::Amber);
    assert_eq!(clock.light(TEN.plus(10 * MINUTE + 1)), ClockLight::Red);
    estate.applied(&manager(), later(1), assign(&chen()));
    assert_eq!(estate.ticket().relay_clock(), None);
}

#[test]
fn a_timeline_is_bounded_but_finished_work_and_settlements_are_still_taken() {
    let mut estate = Estate::assigned(leak());
    let mut ticket = estate.ticket().clone();
    let entry = ticket.timeline[0].clone();
    ticket.timeline.resize(NOTED_ENTRIES, entry.clone());
    estate.put(ticket.clone());
    estate.refused(&desk(), later(1), note("再催"), CommonCode::ListTooLong);
    estate.applied(&manager(), later(1), NoteTicket { settles_conflict: true, ..note("") });
    ticket.timeline.resize(MOVED_ENTRIES, entry);
    estate.put(ticket);
    estate.refused(&chen(), later(1), start(), CommonCode::ListTooLong);
    estate.applied(&chen(), later(1), complete(3));
}

#[test]
fn a_command_in_another_project_does_not_touch_this_ticket() {
    let mut estate = Estate::with(leak());
    let scope = Scope::Project(ProjectId::derived(&["elsewhere"]));
    let stop = estate.decide(&manager(), TEN, TEN, scope, &assign(&chen())).unwrap_err();
    assert_eq!(stop, Stop::Refused(Refusal::new(CommonCode::WrongScope)));
}

#[test]
fn a_command_on_a_ticket_that_has_not_arrived_waits_for_it() {
    assert_eq!(Estate::new().outcome(&chen(), TEN, start()).0, OutcomeKind::Held);
}
