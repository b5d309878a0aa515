//! Opening a ticket.

use super::*;
use crate::modules::attachments::AttachmentCode;
use crate::modules::company::{Limits, Usual};
use crate::refusal::CommonCode;
use crate::sync::command::NoNumbers;

fn refused_with(open: OpenTicket, code: impl RefusalCode) {
    Estate::new().refused(&desk(), TEN, open, code);
}

#[test]
fn a_guard_opens_a_ticket_anywhere_and_a_cashier_nowhere() {
    Estate::new().applied(&guard(), TEN, lamp());
    let cashier = person("出纳", Role::Cashier);
    Estate::new().refused(&cashier, TEN, lamp(), CommonCode::NotAllowed);
}

#[test]
fn a_steward_opens_tickets_only_in_her_own_cluster() {
    Estate::new().applied(&steward(), TEN, leak());
    let elsewhere = Actor { clusters: vec![ClusterId::derived(&["other"])], ..steward() };
    Estate::new().refused(&elsewhere, TEN, leak(), CommonCode::OtherCluster);
}

#[test]
fn an_opened_ticket_is_received_numbered_and_on_its_clocks() {
    let mut estate = Estate::new();
    let received = later(5);
    let decision =
        estate.decide(&desk(), TEN, received, Scope::Project(project()), &leak()).unwrap();
    let [Change::Put(record)] = &decision.changes[..] else { panic!("one record") };
    let ticket = Ticket::from_record(record).unwrap();
    assert_eq!((ticket.number, &ticket.state), (Some(1), &TicketState::Received));
    assert_eq!((ticket.opened_by, ticket.opened_at), (desk().user, TEN));
    // The work is due from when the customer called, the relay from when the server learnt of it.
    assert_eq!((ticket.clock.started, ticket.clock.due), (TEN, later(24)));
    assert_eq!(ticket.clock.relay_due, Some(received.plus(10 * MINUTE)));
    let entry = &ticket.timeline[0];
    assert_eq!((&entry.event, entry.at, entry.received), (&TicketEvent::Opened, TEN, received));
    assert_eq!(entry.device, DeviceId::derived(&["device", "前台"]));
}

#[test]
fn a_phone_has_no_number_to_give() {
    let estate = Estate::new();
    let context = Context {
        actor: &desk(),
        device: DeviceId::derived(&["device"]),
        op: OpId::derived(&["op"]),
        scope: Scope::Project(project()),
        occurred_at: TEN,
        received_at: TEN,
        settings: &estate.settings,
        code_is_genuine: &|_| false,
    };
    let command = leak();
    let world = Declared { records: &estate.records, reads: command.reads() };
    let decision = command.decide(&world, &context, &mut NoNumbers).unwrap();
    let [Change::Put(record)] = &decision.changes[..] else { panic!("one record") };
    assert_eq!(Ticket::from_record(record).unwrap().number, None);
}

/// Hours until a ticket is due that comes in at ten.
fn hours(kind: TicketKind, intake: Intake, settings: &Settings) -> i64 {
    limits::resolution_due(kind, intake, TEN, settings).since(TEN) / HOUR
}

#[test]
fn each_kind_has_the_limit_of_its_source() {
    let settings = Settings { repair_hours: 12, ..Settings::default() };
    for kind in TicketKind::ALL {
        let expected = match kind {
            TicketKind::Repair | TicketKind::Finding | TicketKind::PaidService => 12,
            TicketKind::Complaint | TicketKind::Enquiry | TicketKind::Request => 24,
        };
        assert_eq!(hours(kind, Intake::Phone, &settings), expected, "{}", kind.name());
    }
}

#[test]
fn each_limit_is_the_companys_own() {
    let limits = Limits {
        complaint_hours: Usual(5),
        quality_line_hours: Usual(6),
        enquiry_hours: Usual(7),
        request_days: Usual(8),
        ..Limits::default()
    };
    let settings = Settings { limits, ..Settings::default() };
    assert_eq!(hours(TicketKind::Complaint, Intake::Counter, &settings), 5);
    assert_eq!(hours(TicketKind::Complaint, Intake::QualityLine, &settings), 6);
    assert_eq!(hours(TicketKind::Enquiry, Intake::QualityLine, &settings), 7);
    assert_eq!(hours(TicketKind::Request, Intake::Phone, &settings), 8 * 24);
    assert_eq!(hours(TicketKind::Repair, Intake::QualityLine, &settings), 24);
}

#[test]
fn a_complaint_by_the_quality_line_has_72_hours() {
    assert_eq!(hours(TicketKind::Complaint, Intake::QualityLine, &Settings::default()), 72);
}

#[test]
fn what_lay_in_the_letter_box_has_two_working_days_whatever_it_is() {
    // Ten on a Saturday; the Monday after is a holiday.
    let saturday = TEN;
    let mut settings = Settings::default();
    assert_eq!(settings.zone.date(saturday).format("%a").to_string(), "Sat");
    let due = |at: Ms, settings: &Settings| {
        TicketKind::ALL.map(|kind| {
            limits::resolution_due(kind, Intake::LetterBox, at, settings).since(at) / (24 * HOUR)
        })
    };
    assert_eq!(due(saturday, &settings), [3; 6]);
    settings.holidays.push(settings.zone.date(saturday.plus(2 * 24 * HOUR)));
    assert_eq!(due(saturday, &settings), [4; 6]);
    settings.workdays.push(settings.zone.date(saturday.plus(24 * HOUR)));
    assert_eq!(due(saturday, &settings), [3; 6]);
    settings.limits.letter_box_working_days = Usual(1);
    assert_eq!(due(saturday, &settings), [1; 6]);
}

#[test]
fn a_running_ticket_keeps_the_limits_it_started_with() {
    let mut estate = Estate::with(leak());
    estate.applied(&manager(), TEN.plus(MINUTE), assign(&chen()));
    let before = estate.ticket().clock;
    estate.settings.limits.return_leak_days = Usual(6);
    estate.settings.repair_hours = 1;
    estate.applied(&chen(), later(1), complete(3));
    assert_eq!(estate.ticket().clock.due, before.due);
    let TicketState::ReturnVisit { due, .. } = estate.ticket().state else { panic!("asked") };
    assert_eq!(due, later(1 + 3 * 24));
    // Begun anew, it has the limits of then.
    estate.applied(&manager(), later(2), reopen());
    assert_eq!(estate.ticket().clock.due, later(3));
    estate.applied(&chen(), later(3), complete(3));
    let TicketState::ReturnVisit { due, .. } = estate.ticket().state else { panic!("asked") };
    assert_eq!(due, later(3 + 6 * 24));
}

#[test]
fn a_request_is_due_at_the_same_wall_time_on_the_next_day() {
    use crate::time::{Zone, ZoneChange};
    let changes = vec![
        ZoneChange { from: Ms(0), offset_minutes: 60 },
        ZoneChange { from: TEN.plus(HOUR), offset_minutes: 120 },
    ];
    let settings = Settings { zone: Zone { name: "test".into(), changes }, ..Settings::default() };
    assert_eq!(
        limits::resolution_due(TicketKind::Request, Intake::Phone, TEN, &settings),
        later(23)
    );
    assert_eq!(
        limits::resolution_due(TicketKind::Enquiry, Intake::Phone, TEN, &settings),
        later(24)
    );
}

#[test]
fn a_category_must_exist_and_fit_the_kind() {
    refused_with(OpenTicket { category: "dragons".into(), ..leak() }, TicketCode::UnknownCategory);
    refused_with(OpenTicket { category: "noise".into(), ..leak() }, TicketCode::UnknownCategory);
    refused_with(
        OpenTicket { category: "leak".into(), ..complaint() },
        TicketCode::UnknownCategory,
    );
}

#[test]
fn a_ticket_is_about_a_place() {
    let place = Place { unit: None, label: "  ".into() };
    refused_with(OpenTicket { place, ..lamp() }, TicketCode::NoPlace);
}

#[test]
fn a_unit_of_another_cluster_is_refused_and_an_unknown_one_is_waited_for() {
    let mut estate = Estate::new();
    let away = UnitId::derived(&["away"]);
    let place = Place { unit: Some(away), label: "9-9-999".into() };
    let open = OpenTicket { place, ..leak() };
    assert_eq!(estate.outcome(&desk(), TEN, open.clone()).0, OutcomeKind::Held);
    let record = &estate.records[&Household::key_of(unit().0)];
    let home = Household::from_record(record).unwrap().clone();
    estate.put(Household { id: away, cluster: ClusterId::derived(&["other"]), ..home });
    estate.refused(&desk(), TEN, open, CommonCode::OtherCluster);
}

#[test]
fn a_ticket_stands_under_the_label_of_its_unit() {
    let place = Place { unit: Some(unit()), label: "三栋".into() };
    let estate = Estate::with(OpenTicket { place, ..leak() });
    assert_eq!(estate.ticket().place.label, "3-2-1501");
}

#[test]
fn a_cluster_of_another_project_is_refused_and_an_unknown_one_is_waited_for() {
    let mut estate = Estate::new();
    let away = ClusterId::derived(&["away"]);
    let open = OpenTicket { cluster: away, ..lamp() };
    assert_eq!(estate.outcome(&desk(), TEN, open.clone()).0, OutcomeKind::Held);
    let elsewhere = ProjectId::derived(&["elsewhere"]);
    estate.put(Cluster { id: away, project: elsewhere, code: "Z".into(), name: "别处".into() });
    estate.refused(&desk(), TEN, open, CommonCode::WrongScope);
}

#[test]
fn tickets_belong_to_a_project() {
    let mut estate = Estate::new();
    let stop = estate.decide(&desk(), TEN, TEN, Scope::Company, &leak()).unwrap_err();
    assert_eq!(stop, Stop::Refused(Refusal::new(CommonCode::WrongScope)));
}

#[test]
fn a_ticket_is_opened_once_and_a_refusal_takes_no_number() {
    let mut estate = Estate::with(leak());
    estate.refused(&desk(), TEN, leak(), CommonCode::AlreadyExists);
    let second = TicketId::derived(&["second"]);
    estate.applied(&desk(), TEN, OpenTicket { ticket: second, ..leak() });
    let record = &estate.records[&Ticket::key_of(second.0)];
    assert_eq!(Ticket::from_record(record).unwrap().number, Some(2));
}

#[test]
fn a_ticket_says_something_in_words_or_by_a_photo() {
    let silent = OpenTicket { description: " ".into(), ..leak() };
    refused_with(silent.clone(), CommonCode::TextEmpty);
    let photos = vec![picture(AttachmentRole::Photo, 7)];
    Estate::new().applied(&desk(), TEN, OpenTicket { photos, ..silent });
}

#[test]
fn what_is_typed_has_limits() {
    let long = "漏".repeat(crate::text::NOTE + 1);
    refused_with(OpenTicket { description: long.clone(), ..leak() }, CommonCode::TextTooLong);
    let place = Place { unit: None, label: long.clone() };
    refused_with(OpenTicket { place, ..leak() }, CommonCode::TextTooLong);
    let contact = TicketContact { name: long.clone(), phone: String::new() };
    refused_with(OpenTicket { contact, ..leak() }, CommonCode::TextTooLong);
    let contact = TicketContact { name: String::new(), phone: "1".repeat(41) };
    refused_with(OpenTicket { contact, ..leak() }, CommonCode::TextTooLong);
    let photos = vec![picture(AttachmentRole::Photo, 7); 21];
    refused_with(OpenTicket { photos, ..leak() }, AttachmentCode::TooMany);
}

#[test]
fn a_ticket_keeps_what_it_came_from() {
    let origin = Origin::Round {
        round: RoundId::derived(&["round"]),
        checkpoint: Some(CheckpointId::derived(&["pump room"])),
        item: "lamps".into(),
    };
    let estate = Estate::with(OpenTicket { origin: Some(origin.clone()), ..lamp() });
    assert_eq!(estate.ticket().origin, Some(origin));
}

#[test]
fn a_finding_where_no_place_is_registered_keeps_its_round_too() {
    let round = RoundId::derived(&["round"]);
    let text = format!(r#"{{"from":"round","round":"{round}","item":"lamps"}}"#);
    let origin: Origin = serde_json::from_str(&text).unwrap();
    assert_eq!(origin, Origin::Round { round, checkpoint: None, item: "lamps".into() });
    assert_eq!(serde_json::to_string(&origin).unwrap(), text);
}

#[test]
fn the_photos_of_a_command_are_asked_for() {
    let photos = vec![picture(AttachmentRole::Photo, 7)];
    assert_eq!(OpenTicket { photos, ..leak() }.attachments().len(), 1);
    assert_eq!(complete(3).attachments().len(), 3);
    let photos = vec![picture(AttachmentRole::Photo, 7)];
    assert_eq!(NoteTicket { photos, ..note("") }.attachments().len(), 1);
}
