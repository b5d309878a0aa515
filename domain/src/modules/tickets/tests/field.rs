//! What is done on site, and what became of it when the office or a colleague was faster.

use super::*;
use crate::modules::attachments::AttachmentCode;
use crate::refusal::CommonCode;

fn completing(change: impl FnOnce(&mut CompleteTicket)) -> CompleteTicket {
    let mut command = complete(3);
    change(&mut command);
    command
}

#[test]
fn a_technician_takes_technical_work_from_the_pool() {
    let mut estate = Estate::with(leak());
    estate.applied(&chen(), later(1), accept());
    assert_eq!(estate.ticket().state, TicketState::Accepted { by: chen().user });
    assert_eq!(estate.ticket().clock.relay_due, None, "it has been relayed");
}

#[test]
fn a_complaint_is_not_in_the_pool_and_a_steward_takes_nothing_from_it() {
    let mut estate = Estate::with(complaint());
    estate.refused(&chen(), later(1), accept(), TicketCode::IllegalMove);
    let mut estate = Estate::with(leak());
    estate.refused(&steward(), later(1), accept(), TicketCode::IllegalMove);
}

#[test]
fn whoever_starts_assigned_work_has_accepted_it() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    let ticket = estate.ticket();
    assert_eq!(ticket.state, TicketState::InProgress { by: chen().user, since: later(1) });
    let events: Vec<_> = ticket.timeline.iter().skip(2).map(|entry| entry.event.clone()).collect();
    assert_eq!(events, [TicketEvent::Accepted, TicketEvent::Started]);
}

#[test]
fn waiting_pauses_the_clock_until_the_work_is_resumed() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    estate.applied(&chen(), later(2), wait());
    assert_eq!(estate.ticket().clock.left(later(100)), 22 * HOUR);
    estate.applied(&chen(), later(12), resume());
    assert_eq!(estate.ticket().clock.due, later(34));
}

#[test]
fn waiting_ends_after_it_began() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    let until = |at| WaitTicket { until: Some(at), ..wait() };
    estate.refused(&chen(), later(2), until(later(2)), TicketCode::WaitUntilPast);
    estate.applied(&chen(), later(2), until(later(3)));
}

#[test]
fn waiting_without_an_end_is_refused_although_it_can_still_be_read() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    let text = format!(r#"{{"ticket":"{}","reason":"parts"}}"#, job());
    let old: WaitTicket = serde_json::from_str(&text).unwrap();
    estate.refused(&chen(), later(2), old, TicketCode::WaitUntilMissing);
}

#[test]
fn nobody_waits_longer_than_the_company_allows() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    let until = |at| WaitTicket { until: Some(at), ..wait() };
    let last = later(2).plus(90 * DAY);
    estate.refused(&chen(), later(2), until(last.plus(1)), TicketCode::WaitUntilFar);
    estate.settings.wait_days = 7;
    estate.refused(&chen(), later(2), until(last), TicketCode::WaitUntilFar);
    estate.settings.wait_days = 90;
    estate.applied(&chen(), later(2), until(last));
}

#[test]
fn a_wait_that_nobody_ends_hides_no_breach() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    estate.applied(&chen(), later(2), WaitTicket { until: Some(later(12)), ..wait() });
    let clock = estate.ticket().clock;
    assert_eq!(clock.left(later(12)), 22 * HOUR);
    assert!(clock.wait_is_over(later(12)));
    assert_eq!(clock.light(later(35)), ClockLight::Red);
    estate.applied(&chen(), later(40), resume());
    assert_eq!(estate.ticket().clock.due, later(34));
}

#[test]
fn work_inside_a_home_needs_every_point_of_the_conduct_checklist() {
    for code in CONDUCT {
        let mut estate = Estate::assigned(leak());
        let left_out = completing(|c| c.conduct.retain(|ticked| ticked != code));
        estate.refused(&chen(), later(1), left_out, TicketCode::ChecklistIncomplete);
    }
    let mut estate = Estate::assigned(lamp());
    estate.applied(&chen(), later(1), completing(|c| c.conduct.clear()));
}

#[test]
fn finished_technical_work_is_shown_by_a_photo() {
    let unshown = completing(|c| c.attachments.retain(|a| a.role != AttachmentRole::After));
    Estate::assigned(lamp()).refused(&chen(), later(1), unshown.clone(), TicketCode::PhotoMissing);
    let mut estate = Estate::with(complaint());
    estate.applied(&manager(), later(1), assign(&steward()));
    estate.applied(&steward(), later(1), unshown);
}

#[test]
fn the_customer_signs_or_it_is_said_why_not() {
    let unsigned = completing(|c| c.attachments.retain(|a| a.role != AttachmentRole::Signature));
    let mut estate = Estate::assigned(leak());
    estate.refused(&chen(), later(1), unsigned.clone(), TicketCode::SignatureMissing);
    let explained = CompleteTicket { unsigned_reason: "业主不在家".into(), ..unsigned };
    estate.applied(&chen(), later(1), explained);
}

#[test]
fn a_signature_without_the_name_of_who_signed_is_refused() {
    for nobody in ["", "  "] {
        let mut estate = Estate::assigned(leak());
        let anonymous = completing(|c| c.signed_by = nobody.into());
        estate.refused(&chen(), later(1), anonymous, TicketCode::SignerMissing);
    }
}

#[test]
fn a_point_of_the_checklist_that_does_not_apply_is_said_to_and_kept_apart() {
    let mut estate = Estate::assigned(leak());
    let excused = completing(|c| {
        c.conduct.retain(|code| code != "shoe_covers");
        c.not_applicable = vec!["shoe_covers".into()];
    });
    estate.applied(&chen(), later(1), excused);
    let completion = estate.ticket().completion.clone().unwrap();
    assert_eq!((completion.conduct.len(), completion.not_applicable.len()), (9, 1));
    let text = serde_json::to_string(&completing(|_| ())).unwrap();
    assert!(!text.contains("not_applicable"), "{text}");
}

#[test]
fn a_finished_job_says_what_was_done_and_a_repair_why_it_was_needed() {
    let mut estate = Estate::assigned(leak());
    let silent = completing(|c| c.action.clear());
    estate.refused(&chen(), later(1), silent, CommonCode::TextEmpty);
    let silent = completing(|c| c.cause.clear());
    estate.refused(&chen(), later(1), silent, CommonCode::TextEmpty);
}

#[test]
fn absurd_amounts_are_refused() {
    let absurd: [fn(&mut PricedLine); 4] = [
        |line| line.quantity = 0,
        |line| line.quantity = MAX_QUANTITY + 1,
        |line| line.price = Fen(-1),
        |line| line.price = Fen(MAX_TOTAL.0 + 1),
    ];
    for spoil in absurd {
        let mut estate = Estate::assigned(leak());
        let command = completing(|c| spoil(&mut c.lines[0]));
        estate.refused(&chen(), later(1), command, TicketCode::BadAmount);
    }
    let line = PricedLine { price: MAX_TOTAL, ..complete(3).lines[0].clone() };
    assert_eq!(lines_total(std::slice::from_ref(&line)), Ok(MAX_TOTAL));
    assert!(lines_total(&[line.clone(), line]).unwrap_err().is(TicketCode::BadAmount));
}

#[test]
fn a_job_has_so_many_lines_and_attachments_and_no_more() {
    let mut estate = Estate::assigned(leak());
    let lines = completing(|c| c.lines = vec![c.lines[0].clone(); MAX_LINES + 1]);
    estate.refused(&chen(), later(1), lines, CommonCode::ListTooLong);
    let photos = completing(|c| c.attachments.extend(vec![picture(AttachmentRole::After, 5); 18]));
    estate.refused(&chen(), later(1), photos, AttachmentCode::TooMany);
}

#[test]
fn a_finished_job_carries_everything_that_was_signed_and_its_total() {
    let mut estate = Estate::assigned(leak());
    let half = |c: &mut CompleteTicket| c.lines[0].quantity = 1_500;
    estate.applied(&chen(), later(1), completing(half));
    let ticket = estate.ticket();
    let completion = ticket.completion.as_ref().unwrap();
    assert_eq!(
        (completion.total, completion.by, completion.at),
        (Fen(4_200), chen().user, later(1))
    );
    assert_eq!((completion.attachments.len(), completion.signed_by.as_str()), (3, "张三"));
    assert_eq!(ticket.clock.stopped, Some(later(1)));
}

#[test]
fn a_job_finished_while_waiting_counts_the_wait() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    estate.applied(&chen(), later(2), wait());
    estate.applied(&chen(), later(32), complete(3));
    let clock = estate.ticket().clock;
    assert_eq!((clock.due, clock.paused), (later(54), None));
    assert_eq!(clock.light(later(1000)), ClockLight::Green);
}

#[test]
fn the_return_visit_comes_by_what_was_wrong() {
    let days = |open: OpenTicket, who: &Actor| {
        let mut estate = Estate::with(open);
        estate.applied(&manager(), later(1), assign(who));
        estate.applied(who, later(1), complete(3));
        match estate.ticket().state {
            TicketState::ReturnVisit { due, .. } => Some(due.since(later(1)) / DAY),
            _ => None,
        }
    };
    assert_eq!(days(complaint(), &steward()), Some(1));
    assert_eq!(days(OpenTicket { category: "lift".into(), ..leak() }, &chen()), Some(2));
    assert_eq!(days(leak(), &chen()), Some(3));
    assert_eq!(days(OpenTicket { category: "drainage".into(), ..leak() }, &chen()), Some(7));
    assert_eq!(days(lamp(), &chen()), None);
    let enquiry = OpenTicket { kind: TicketKind::Enquiry, category: "fees".into(), ..leak() };
    assert_eq!(days(enquiry, &steward()), None);
}

#[test]
fn nobody_is_asked_where_nobody_left_a_name() {
    let public = OpenTicket { kind: TicketKind::Repair, ..lamp() };
    let mut estate = Estate::assigned(public.clone());
    estate.applied(&chen(), later(1), complete(3));
    assert_eq!(estate.ticket().state.name(), "done");
    let contact = TicketContact { name: String::new(), phone: "13800000000".into() };
    let mut estate = Estate::assigned(OpenTicket { contact, ..public });
    estate.applied(&chen(), later(1), complete(3));
    assert_eq!(estate.ticket().state.name(), "return_visit");
}

#[test]
fn a_job_signed_in_the_basement_is_kept_though_the_office_gave_it_to_another() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    estate.applied(&manager(), later(2), assign(&wu()));
    estate.conflicts(&chen(), later(3), complete(3), TicketCode::ReassignedElsewhere);
    let ticket = estate.ticket();
    assert_eq!(ticket.state, TicketState::Assigned { to: wu().user }, "the office's word stands");
    let entry = ticket.timeline.last().unwrap();
    let TicketEvent::CompletedAgain { completion } = &entry.event else { panic!("kept whole") };
    assert_eq!(completion.attachments.len(), 3);
    assert_eq!((ticket.conflicts, entry.conflict), (1, true));
}

#[test]
fn a_signed_completion_is_never_overwritten_by_a_second() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), complete(3));
    let first = estate.ticket().completion.clone();
    estate.conflicts(&chen(), later(2), complete(4), TicketCode::FinishedElsewhere);
    assert_eq!(estate.ticket().completion, first);
    assert_eq!(estate.ticket().state.name(), "return_visit");
}

#[test]
fn two_technicians_take_the_same_job_offline_and_the_second_ones_work_is_kept() {
    let mut estate = Estate::with(leak());
    estate.applied(&wu(), later(1), accept());
    estate.conflicts(&chen(), later(1), accept(), TicketCode::ReassignedElsewhere);
    estate.conflicts(&chen(), later(2), start(), TicketCode::ReassignedElsewhere);
    estate.conflicts(&chen(), later(3), complete(3), TicketCode::ReassignedElsewhere);
    assert_eq!(estate.ticket().conflicts, 3);
    assert_eq!(estate.ticket().state, TicketState::Accepted { by: wu().user });
}

#[test]
fn a_late_wait_keeps_its_reason_its_date_and_its_note() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&chen(), later(1), start());
    estate.applied(&manager(), later(2), decline());
    let until = Some(later(50));
    let wait = WaitTicket { until, ..wait() };
    estate.conflicts(&chen(), later(3), wait, TicketCode::FinishedElsewhere);
    let entry = estate.ticket().timeline.last().unwrap();
    let reason = Some(WaitReason::Parts);
    assert_eq!(entry.event, TicketEvent::LateMove { verb: "wait".into(), reason, until });
    assert_eq!(entry.note, "等角阀");
}

#[test]
fn a_late_completion_is_still_checked() {
    let mut estate = Estate::assigned(leak());
    estate.applied(&manager(), later(1), assign(&wu()));
    let unsigned = completing(|c| c.attachments.clear());
    estate.refused(&chen(), later(2), unsigned, TicketCode::PhotoMissing);
}
