//! Tests of what the household pages show.

use super::*;
use chrono::NaiveDate;
use domain::Fen;
use domain::id::{FeeCallId, ProjectId, TicketId, UserId, VisitId};
use domain::modules::fees::CallOutcome;
use domain::modules::households::Contact;
use domain::modules::visits::Topic;

fn id<T>(make: impl Fn(&[&str]) -> T, name: &str) -> T {
    make(&[name])
}

fn household(label: &str, building: &str, cluster: &str, name: &str) -> Household {
    Household {
        id: id(UnitId::derived, label),
        project: id(ProjectId::derived, "p"),
        cluster: id(ClusterId::derived, cluster),
        building: id(BuildingId::derived, building),
        label: label.into(),
        floor: 1,
        area_centi: 10_125,
        status: UnitStatus::OwnerOccupied,
        handed_over: None,
        contacts: vec![Contact {
            name: name.into(),
            relation: Relation::Owner,
            phone: "13800138000".into(),
            pinyin: vec!["zs".into(), "zhangsan".into()],
        }],
        key_customer: false,
        caution: String::new(),
        changed_at: Ms(0),
    }
}

fn visit(name: &str, at: i64) -> Visit {
    Visit {
        id: id(VisitId::derived, name),
        project: id(ProjectId::derived, "p"),
        cluster: id(ClusterId::derived, "A"),
        unit: Some(id(UnitId::derived, "3-2-1501")),
        place: "3-2-1501".into(),
        way: VisitWay::Door,
        met: "张三".into(),
        topics: vec![Topic::Greeting],
        note: String::new(),
        result: VisitResult::Nothing,
        attachments: Vec::new(),
        by: id(UserId::derived, "lin"),
        by_name: "林晓".into(),
        at: Ms(at),
        received: Ms(at),
        answers: Vec::new(),
    }
}

fn call(at: i64) -> FeeCall {
    FeeCall {
        id: id(FeeCallId::derived, "call"),
        project: id(ProjectId::derived, "p"),
        cluster: id(ClusterId::derived, "A"),
        unit: id(UnitId::derived, "3-2-1501"),
        label: "3-2-1501".into(),
        dialled: String::new(),
        outcome: CallOutcome::Connected,
        reason: None,
        promised: NaiveDate::from_ymd_opt(2026, 11, 30),
        owed: Fen(128_450),
        note: "月底发工资".into(),
        ticket: Some(id(TicketId::derived, "t")),
        by: id(UserId::derived, "lin"),
        by_name: "林晓".into(),
        at: Ms(at),
        received: Ms(at),
    }
}

#[test]
fn a_name_read_over_the_shoulder_shows_only_the_family_name() {
    assert_eq!(masked("张三丰"), "张**");
    assert_eq!(masked(" "), "");
}

#[test]
fn buildings_and_units_come_in_the_order_of_their_numbers() {
    let households = [
        household("10-1-101", "b10", "A", "甲"),
        household("2-2-301", "b2", "A", "乙"),
        household("2-1-1001", "b2", "A", "丙"),
        household("2-1-301", "b2", "A", "丁"),
        household("5-1-101", "b5", "B", "戊"),
    ];
    let estate = Estate::of(households.iter());
    let all = by_building(&estate.rows, None);
    let numbers: Vec<_> = all.iter().map(|group| group.number.as_str()).collect();
    assert_eq!(numbers, ["2", "5", "10"]);
    assert_eq!(all[0].units, 3);
    let first = &all[0].entrances[0];
    let labels: Vec<_> = first.rows.iter().map(|row| row.label.as_str()).collect();
    assert_eq!((first.number.as_str(), labels), ("1", vec!["2-1-301", "2-1-1001"]));
    let own = by_building(&estate.rows, Some(id(ClusterId::derived, "B")));
    assert_eq!(own.len(), 1);
}

#[test]
fn a_search_stays_within_the_chosen_cluster() {
    let households =
        [household("3-2-1501", "b3", "A", "张三"), household("8-1-101", "b8", "B", "张三")];
    let estate = Estate::of(households.iter());
    assert_eq!(estate.find("zs", None, 10).len(), 2);
    let own = estate.find("zs", Some(id(ClusterId::derived, "B")), 10);
    assert_eq!(own.iter().map(|row| row.label.as_str()).collect::<Vec<_>>(), ["8-1-101"]);
}

#[test]
fn the_history_merges_processes_and_starts_with_the_newest() {
    let mut promised = visit("v1", 1_000);
    let by = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a date");
    promised.result = VisitResult::Promised { by };
    promised.answers.push(domain::modules::visits::VisitAnswer {
        text: "已修好".into(),
        by: promised.by,
        at: Ms(4_000),
    });
    let visits = [promised, visit("v2", 3_000)];
    let calls = [call(2_000)];
    let lines = timeline(std::iter::empty(), visits.iter(), calls.iter());
    let order: Vec<_> = lines.iter().map(|line| (line.at.0, line.process)).collect();
    assert_eq!(
        order,
        [
            (4_000, Process::Visit),
            (3_000, Process::Visit),
            (2_000, Process::Call),
            (1_000, Process::Visit),
        ]
    );
    assert!(lines[2].note.contains("月底发工资"), "{}", lines[2].note);
    assert!(lines[2].href.as_deref().is_some_and(|href| href.starts_with("/tickets/")));
}

#[test]
fn only_what_can_be_dialled_is_offered_to_dial() {
    assert_eq!(tel("+86 138-0013-8000").as_deref(), Some("tel:+8613800138000"));
    assert_eq!(tel("无"), None);
}
