//! Tests of what a visit records and of the coverage of a half-year.

use super::*;
use domain::id::{BuildingId, ProjectId, UserId};
use domain::modules::households::{Contact, Relation, UnitStatus};
use domain::time::DAY;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("tests write dates as YYYY-MM-DD")
}

fn cluster() -> ClusterId {
    ClusterId::derived(&["A"])
}

fn household(label: &str, status: UnitStatus) -> Household {
    Household {
        id: UnitId::derived(&[label]),
        project: ProjectId::derived(&["p"]),
        cluster: cluster(),
        building: BuildingId::derived(&["3"]),
        label: label.into(),
        floor: 15,
        area_centi: 10_125,
        status,
        handed_over: None,
        contacts: vec![Contact {
            name: "张三".into(),
            relation: Relation::Owner,
            phone: "13800138000".into(),
            pinyin: Vec::new(),
        }],
        key_customer: false,
        caution: String::new(),
        changed_at: Ms(0),
    }
}

fn visited(label: &str, at: Ms) -> Visit {
    Visit {
        id: VisitId::derived(&[label]),
        project: ProjectId::derived(&["p"]),
        cluster: cluster(),
        unit: Some(UnitId::derived(&[label])),
        place: label.into(),
        way: VisitWay::Door,
        met: "张三".into(),
        topics: vec![Topic::Greeting],
        note: String::new(),
        result: VisitResult::Nothing,
        attachments: Vec::new(),
        by: UserId::derived(&["lin"]),
        by_name: "林晓".into(),
        at,
        received: at,
        answers: Vec::new(),
    }
}

fn ids() -> (VisitId, TicketId) {
    (VisitId::derived(&["v"]), TicketId::derived(&["t"]))
}

#[test]
fn a_greeting_needs_no_more_than_the_topic() {
    let home = household("3-2-1501", UnitStatus::OwnerOccupied);
    let mut form = VisitForm::at(Some(&home), VisitWay::Door);
    form.toggle(Topic::Greeting);
    let made = form.commands(Some(&home), None, ids(), Vec::new()).expect("complete");
    let [Command::RecordVisit(visit)] = made.as_slice() else { panic!("one visit: {made:?}") };
    assert_eq!((visit.met.as_str(), visit.place.as_str()), ("张三", "3-2-1501"));
    assert_eq!(visit.result, VisitResult::Nothing);
}

#[test]
fn a_forwarded_visit_opens_the_ticket_that_names_it() {
    let home = household("3-2-1501", UnitStatus::OwnerOccupied);
    let mut form = VisitForm::at(Some(&home), VisitWay::Phone);
    form.result = ResultChoice::Forwarded;
    form.ticket.category = "leak".into();
    form.ticket.description = "厨房漏水".into();
    let made = form.commands(Some(&home), None, ids(), Vec::new()).expect("complete");
    let [Command::OpenTicket(open), Command::RecordVisit(visit)] = made.as_slice() else {
        panic!("a ticket, then the visit: {made:?}")
    };
    let (visit_id, ticket) = ids();
    assert_eq!(open.origin, Some(Origin::Visit { visit: visit_id }));
    assert_eq!(visit.result, VisitResult::Forwarded { ticket });
    // The rules ask that something was said; the ticket says it.
    assert_eq!(visit.note, "厨房漏水");
}

#[test]
fn what_was_noted_and_photographed_at_the_door_goes_with_the_ticket() {
    let home = household("3-2-1501", UnitStatus::OwnerOccupied);
    let mut form = VisitForm::at(Some(&home), VisitWay::Door);
    form.set_note("厨房漏水".into());
    form.result = ResultChoice::Forwarded;
    assert_eq!(form.lack(1), Some(Lack::Category));
    form.ticket.category = "leak".into();
    assert_eq!(form.lack(0), None);
    let photo = Attachment {
        sha256: domain::modules::attachments::Sha256Hex("a".repeat(64)),
        mime: "image/jpeg".into(),
        size: 1,
        role: domain::modules::attachments::AttachmentRole::Photo,
        at: Ms(0),
    };
    let made = form.commands(Some(&home), None, ids(), vec![photo]).expect("complete");
    let [Command::OpenTicket(open), Command::RecordVisit(visit)] = made.as_slice() else {
        panic!("a ticket, then the visit: {made:?}")
    };
    assert_eq!(open.description, "厨房漏水");
    assert_eq!((open.photos.len(), visit.attachments.len()), (1, 1));
    form.ticket.description = "厨房水管漏水".into();
    form.set_note("厨房漏水两天".into());
    assert_eq!(form.ticket.description, "厨房水管漏水");
}

#[test]
fn without_a_unit_the_place_and_the_cluster_have_to_be_known() {
    let mut form = VisitForm { met: "路人".into(), ..VisitForm::default() };
    let refused = form.commands(None, Some(cluster()), ids(), Vec::new());
    assert!(refused.is_err_and(|refusal| refusal.is(CommonCode::TextEmpty)));
    form.place = "东大堂".into();
    assert!(form.commands(None, None, ids(), Vec::new()).is_err());
    let made = form.commands(None, Some(cluster()), ids(), Vec::new()).expect("complete");
    let [Command::RecordVisit(visit)] = made.as_slice() else { panic!("one visit: {made:?}") };
    assert_eq!((visit.unit, visit.place.as_str()), (None, "东大堂"));
}

#[test]
fn a_refused_visit_is_sent_again_without_a_second_ticket() {
    let home = household("3-2-1501", UnitStatus::OwnerOccupied);
    let mut form = VisitForm::at(Some(&home), VisitWay::Door);
    form.result = ResultChoice::Forwarded;
    form.note = "漏水".into();
    let made = form.commands(Some(&home), None, ids(), Vec::new()).expect("complete");
    let Some(Command::RecordVisit(refused)) = made.last() else { panic!("a visit") };
    let again = VisitForm::of(refused);
    let made = again
        .commands(
            Some(&home),
            None,
            (VisitId::derived(&["v2"]), TicketId::derived(&["t2"])),
            Vec::new(),
        )
        .expect("complete");
    let [Command::RecordVisit(visit)] = made.as_slice() else { panic!("one visit: {made:?}") };
    assert_eq!(visit.result, VisitResult::Forwarded { ticket: ids().1 });
}

#[test]
fn coverage_counts_occupied_households_of_this_half_year() {
    let zone = Zone::default();
    let start = half_year_start(date("2026-11-22"));
    assert_eq!(start, date("2026-07-01"));
    assert_eq!(half_year_start(date("2026-06-30")), date("2026-01-01"));
    let begin = zone.start_of_day(start);
    let households = [
        household("1-1-101", UnitStatus::OwnerOccupied),
        household("1-1-102", UnitStatus::Let),
        household("1-1-103", UnitStatus::OwnerOccupied),
        household("1-1-104", UnitStatus::Vacant),
    ];
    let visits = [
        visited("1-1-101", begin),
        visited("1-1-102", begin.plus(-DAY)),
        visited("1-1-104", begin.plus(DAY)),
    ];
    let found = coverage(households.iter(), visits.iter(), start, &zone);
    assert_eq!((found.occupied, found.visited), (3, 1));
    let order: Vec<_> = found.missing.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(order, ["1-1-103", "1-1-102"], "never visited first");
    assert_eq!(found.missing[1].last, Some(begin.plus(-DAY)));
}
