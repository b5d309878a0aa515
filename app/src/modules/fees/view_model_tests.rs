//! Tests of the call list's derived parts and of what a finished call records.

use super::*;
use domain::id::{BuildingId, ProjectId, UserId};
use domain::modules::households::{Contact, Relation, UnitStatus};
use domain::modules::tickets::TicketKind;
use domain::{Fen, Ms};

fn date(text: &str) -> NaiveDate {
    text.parse().expect("tests write dates as YYYY-MM-DD")
}

fn row(label: &str, why: Why) -> CallRow {
    CallRow {
        item: CallItem {
            unit: UnitId::derived(&[label]),
            cluster: ClusterId::derived(&["A"]),
            label: label.into(),
            owed: Fen(128_450),
            since: Some(date("2026-09-01")),
            months: 4,
            as_of: Ms(0),
            why,
            last_call: None,
            promised: None,
            broken: why == Why::BrokenPromise,
            service_tickets: Vec::new(),
        },
        name: "张**".into(),
        tickets: Vec::new(),
    }
}

fn household() -> Household {
    Household {
        id: UnitId::derived(&["3-2-1501"]),
        project: ProjectId::derived(&["p"]),
        cluster: ClusterId::derived(&["A"]),
        building: BuildingId::derived(&["3"]),
        label: "3-2-1501".into(),
        floor: 15,
        area_centi: 10_125,
        status: UnitStatus::OwnerOccupied,
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

fn ids() -> (FeeCallId, TicketId) {
    (FeeCallId::derived(&["call"]), TicketId::derived(&["ticket"]))
}

fn commands(form: &CallForm) -> Vec<Command> {
    let (call, ticket) = ids();
    form.commands(&household(), call, ticket)
}

fn call_of(commands: &[Command]) -> &RecordFeeCall {
    match commands.last() {
        Some(Command::RecordFeeCall(call)) => call,
        other => panic!("the call comes last, not {other:?}"),
    }
}

#[test]
fn broken_promises_stand_above_the_rest_and_the_progress_counts_who_was_reached() {
    let to_call =
        vec![row("1", Why::BrokenPromise), row("2", Why::Phase), row("3", Why::NotReached)];
    let list = CallList { to_call, due: Vec::new(), done: 5 };
    let (broken, rest) = list.parts();
    assert_eq!((broken.len(), rest.len()), (1, 2));
    assert_eq!(list.total(), 8);
}

#[test]
fn saving_goes_to_the_household_below_and_ends_at_the_last() {
    let rows = [row("1", Why::Phase), row("2", Why::Phase)];
    let unit = |label: &str| UnitId::derived(&[label]);
    assert_eq!(next_after(&rows, unit("1")), Some(unit("2")));
    assert_eq!(next_after(&rows, unit("2")), None);
    assert_eq!(next_after(&rows, unit("not on it")), Some(unit("1")));
}

#[test]
fn outside_a_window_one_is_told_when_the_next_begins() {
    let next = |today: &str| next_window(date(today)).map(|(first, _)| first.to_string());
    assert_eq!(next("2026-11-02").as_deref(), Some("2026-11-15"));
    assert_eq!(next("2026-11-22").as_deref(), Some("2026-11-25"));
    assert_eq!(next("2026-12-28").as_deref(), Some("2027-01-15"));
}

#[test]
fn each_day_one_says_is_offered_once() {
    let days = |today: &str| {
        quick_dates(date(today))
            .into_iter()
            .map(|(day, at)| (day, at.to_string()))
            .collect::<Vec<_>>()
    };
    // A Wednesday in the middle of a month.
    assert_eq!(
        days("2026-12-16"),
        [
            (QuickDate::Today, "2026-12-16".into()),
            (QuickDate::Tomorrow, "2026-12-17".into()),
            (QuickDate::Friday, "2026-12-18".into()),
            (QuickDate::NextMonday, "2026-12-21".into()),
            (QuickDate::MonthEnd, "2026-12-31".into()),
        ]
    );
    // A Thursday that is the last of its month: tomorrow is Friday, today is the month's end.
    let names: Vec<_> = quick_dates(date("2026-12-31")).into_iter().map(|(day, _)| day).collect();
    assert_eq!(names, [QuickDate::Today, QuickDate::Tomorrow, QuickDate::NextMonday]);
}

#[test]
fn friday_is_next_weeks_from_friday_on_and_the_days_stand_in_their_order() {
    // From Monday 2026-12-07 to Sunday 2026-12-13.
    for (day, name, friday) in [
        ("2026-12-07", QuickDate::Friday, "2026-12-11"),
        ("2026-12-08", QuickDate::Friday, "2026-12-11"),
        ("2026-12-09", QuickDate::Friday, "2026-12-11"),
        ("2026-12-10", QuickDate::Tomorrow, "2026-12-11"),
        ("2026-12-11", QuickDate::NextFriday, "2026-12-18"),
        ("2026-12-12", QuickDate::NextFriday, "2026-12-18"),
        ("2026-12-13", QuickDate::NextFriday, "2026-12-18"),
    ] {
        let offered = quick_dates(date(day));
        assert!(offered.contains(&(name, date(friday))), "{day}: {offered:?}");
        assert!(offered.is_sorted_by_key(|(_, at)| *at), "{day}: {offered:?}");
        let mondays = offered.iter().filter(|(_, at)| *at == date("2026-12-14")).count();
        assert_eq!(mondays, 1, "{day}: {offered:?}");
    }
}

fn with_tenant() -> Household {
    let owner = household().contacts[0].clone();
    let daughter = Contact {
        name: "张小妹".into(),
        relation: Relation::Family,
        phone: "13900139000".into(),
        ..owner.clone()
    };
    Household { contacts: vec![owner, daughter], ..household() }
}

fn made_call(phone: &str, outcome: CallOutcome) -> FeeCall {
    FeeCall {
        id: FeeCallId::derived(&[phone]),
        project: ProjectId::derived(&["p"]),
        cluster: ClusterId::derived(&["A"]),
        unit: UnitId::derived(&["3-2-1501"]),
        label: "3-2-1501".into(),
        dialled: phone.into(),
        outcome,
        reason: None,
        promised: None,
        owed: Fen(1),
        note: String::new(),
        ticket: None,
        by: UserId::derived(&["s"]),
        by_name: "林晓".into(),
        at: Ms(1),
        received: Ms(1),
    }
}

#[test]
fn after_a_wrong_number_the_next_contact_is_called_and_the_number_is_marked() {
    let home = with_tenant();
    let people = people_to_call(&home, &[]);
    assert_eq!(people[0].0.phone, "13800138000");
    assert_eq!(next_contact(&people, "13800138000").unwrap().phone, "13900139000");
    let wrong = wrong_numbers(&[made_call("13800138000", CallOutcome::WrongNumber)]);
    let people = people_to_call(&home, &wrong);
    let order: Vec<_> = people.iter().map(|(one, wrong)| (one.phone.as_str(), *wrong)).collect();
    assert_eq!(order, [("13900139000", false), ("13800138000", true)]);
    assert_eq!(next_contact(&people, "13900139000"), None);
}

#[test]
fn a_number_at_which_somebody_was_reached_since_is_right_after_all() {
    let wrong = made_call("13800138000", CallOutcome::WrongNumber);
    let reached = made_call("13800138000", CallOutcome::Connected);
    let silent = made_call("13800138000", CallOutcome::NoAnswer);
    assert!(wrong_numbers(&[reached.clone(), wrong.clone()]).is_empty());
    assert_eq!(wrong_numbers(&[silent, wrong.clone(), reached]), ["13800138000"]);
    assert!(wrong_numbers(&[FeeCall { dialled: String::new(), ..wrong }]).is_empty());
}

#[test]
fn the_ticket_of_a_service_problem_says_what_the_note_says_until_it_is_reworded() {
    let mut form = CallForm {
        outcome: Some(CallOutcome::Connected),
        reason: Some(UnpaidReason::ServiceProblem),
        ..CallForm::default()
    };
    form.set_note("卫生间漏水".into());
    assert_eq!(form.ticket.description, "卫生间漏水");
    assert_eq!(form.lack(), Some(Lack::Category));
    form.ticket.category = "leak".into();
    assert_eq!(form.lack(), None);
    form.ticket.description = "主卫顶板漏水".into();
    form.set_note("卫生间漏水,催过".into());
    assert_eq!(form.ticket.description, "主卫顶板漏水");
}

#[test]
fn a_service_problem_opens_its_ticket_in_the_same_step() {
    let form = CallForm {
        outcome: Some(CallOutcome::Connected),
        reason: Some(UnpaidReason::ServiceProblem),
        ticket: TicketFields {
            kind: TicketKind::Repair,
            category: "leak".into(),
            urgent: false,
            description: "卫生间漏水".into(),
        },
        ..CallForm::default()
    };
    let made = commands(&form);
    let (call, ticket) = ids();
    assert_eq!(made.len(), 2);
    let Command::OpenTicket(open) = &made[0] else { panic!("the ticket comes first") };
    assert_eq!(open.origin, Some(Origin::FeeCall { call }));
    assert_eq!(open.contact.phone, "13800138000");
    assert_eq!(call_of(&made).ticket, Some(ticket));
}

#[test]
fn a_problem_that_is_a_ticket_already_opens_no_second_one() {
    let known = TicketId::derived(&["known"]);
    let form = CallForm {
        outcome: Some(CallOutcome::Refused),
        reason: Some(UnpaidReason::ServiceProblem),
        existing: Some(known),
        ..CallForm::default()
    };
    let made = commands(&form);
    assert_eq!(made.len(), 1);
    assert_eq!(call_of(&made).ticket, Some(known));
}

#[test]
fn what_was_tapped_before_the_outcome_changed_is_left_out() {
    let form = CallForm {
        outcome: Some(CallOutcome::NoAnswer),
        reason: Some(UnpaidReason::ServiceProblem),
        promised: Some(date("2026-12-18")),
        note: " 无人 ".into(),
        ..CallForm::default()
    };
    let made = commands(&form);
    let call = call_of(&made);
    assert_eq!((made.len(), call.reason, call.promised, call.ticket), (1, None, None, None));
    assert_eq!(call.note, "无人");
}

#[test]
fn somebody_who_may_not_call_in_a_cluster_has_no_list_of_it() {
    let nobody = domain::Actor {
        user: UserId::derived(&["guard"]),
        name: "门岗".into(),
        roles: vec![domain::Role::Guard],
        clusters: Vec::new(),
    };
    let replica = Replica::new(nobody, domain::id::DeviceId::derived(&["d"]));
    assert_eq!(CallList::of(&replica, date("2026-12-16"), None), CallList::default());
}
