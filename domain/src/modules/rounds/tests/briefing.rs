//! Tests of the list for the briefing.

use chrono::NaiveTime;

use super::*;
use crate::id::{ProjectId, TicketId, UserId};
use crate::modules::tickets::{
    Clock, Intake, Place, TicketContact, TicketKind, TicketState, Urgency,
};
use crate::time::{HOUR, MINUTE};

/// 2026-11-22, 9:30 in Shanghai.
const MORNING: Ms = Ms(1_795_311_000_000);
/// 21:00 the evening before.
const CLOSED: Ms = Ms(MORNING.0 - 12 * HOUR - 30 * MINUTE);

fn cluster() -> ClusterId {
    ClusterId::derived(&["cluster"])
}

fn ticket(name: &str, opened_at: Ms, urgency: Urgency) -> Ticket {
    let by = UserId::derived(&["林"]);
    Ticket {
        id: TicketId::derived(&[name]),
        project: ProjectId::derived(&["project"]),
        cluster: cluster(),
        number: Some(7),
        kind: TicketKind::Repair,
        category: "leak".into(),
        urgency,
        intake: Intake::Phone,
        place: Place { unit: None, label: "大堂".into() },
        contact: TicketContact::default(),
        description: format!("{name}\n第二行"),
        photos: vec![],
        origin: None,
        state: TicketState::Received,
        opened_by: by,
        opened_at,
        clock: Clock {
            started: opened_at,
            due: opened_at.plus(24 * HOUR),
            relay_due: None,
            paused: None,
            paused_until: None,
            stopped: None,
        },
        limits: Default::default(),
        estimate: None,
        completion: None,
        earlier: vec![],
        score: None,
        reopened: 0,
        conflicts: 0,
        timeline: vec![],
        changed_at: opened_at,
    }
}

fn closed(ticket: Ticket) -> Ticket {
    let state = TicketState::Closed { by: ticket.opened_by, at: MORNING };
    Ticket { state, ..ticket }
}

fn names(tickets: &[Ticket]) -> Vec<&str> {
    briefing_lines(cluster(), tickets.iter(), MORNING, &Settings::default())
        .iter()
        .map(|item| item.ticket.description.lines().next().unwrap())
        .collect()
}

#[test]
fn what_came_in_since_the_office_closed_is_asked_about_even_if_it_is_over() {
    let tickets = [
        closed(ticket("evening", CLOSED.plus(-1), Urgency::Normal)),
        closed(ticket("night", CLOSED, Urgency::Normal)),
        ticket("old", CLOSED.plus(-100 * HOUR), Urgency::Normal),
    ];
    assert_eq!(names(&tickets), ["old", "night"]);
    let items = briefing_lines(cluster(), tickets.iter(), MORNING, &Settings::default());
    assert_eq!(items.iter().map(|item| item.overnight).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn the_night_begins_when_the_company_says_that_its_office_closes() {
    let six = NaiveTime::from_hms_opt(18, 0, 0).unwrap();
    let settings = Settings { office_closes: six, ..Settings::default() };
    let tickets = [
        closed(ticket("afternoon", CLOSED.plus(-3 * HOUR - 1), Urgency::Normal)),
        closed(ticket("evening", CLOSED.plus(-3 * HOUR), Urgency::Normal)),
    ];
    let items = briefing_lines(cluster(), tickets.iter(), MORNING, &settings);
    assert_eq!(items.len(), 1);
    assert_eq!((items[0].ticket.id, items[0].overnight), (tickets[1].id, true));
    assert!(names(&tickets).is_empty(), "both came in while the office was open");
}

#[test]
fn the_most_urgent_comes_first_and_then_what_runs_out_first() {
    let tickets = [
        ticket("later", CLOSED.plus(HOUR), Urgency::Normal),
        ticket("sooner", CLOSED, Urgency::Normal),
        ticket("urgent", CLOSED.plus(2 * HOUR), Urgency::Urgent),
        ticket("danger", CLOSED.plus(3 * HOUR), Urgency::Emergency),
    ];
    assert_eq!(names(&tickets), ["danger", "urgent", "sooner", "later"]);
}

#[test]
fn another_clusters_night_is_not_asked_about_here() {
    let other = Ticket {
        cluster: ClusterId::derived(&["other"]),
        ..ticket("other", MORNING, Urgency::Emergency)
    };
    assert!(names(&[other]).is_empty());
}

#[test]
fn a_line_names_the_ticket_by_number_and_first_words() {
    let tickets = [ticket("漏水", MORNING, Urgency::Normal)];
    let items = briefing_lines(cluster(), tickets.iter(), MORNING, &Settings::default());
    let line = items[0].line();
    assert_eq!((line.text.as_str(), line.ticket), ("#7 漏水", Some(tickets[0].id)));
    assert!(!line.ticked);
    let long = Ticket { description: "漏".repeat(500), ..tickets[0].clone() };
    let items = briefing_lines(cluster(), [&long].into_iter(), MORNING, &Settings::default());
    assert_eq!(items[0].line().text.chars().count(), text::LINE);
}
