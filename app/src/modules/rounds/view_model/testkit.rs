//! A cluster, its steward, a schedule and a template for the tests of this folder.

use chrono::{NaiveDate, NaiveTime};
use domain::id::{ClusterId, ProjectId, RoundId, ScheduleId, TemplateId, UserId};
use domain::modules::company::Settings;
use domain::modules::rounds::due::round_id;
use domain::modules::rounds::{
    AnswerType, Item, Point, Recurrence, Round, RoundTemplate, Schedule, Window,
};
use domain::{Actor, Ms, Role};

pub fn cluster() -> ClusterId {
    ClusterId::derived(&["cluster"])
}

pub fn project() -> ProjectId {
    ProjectId::derived(&["project"])
}

pub fn steward() -> Actor {
    Actor {
        user: UserId::derived(&["lin"]),
        name: "林晓梅".into(),
        roles: vec![Role::Steward],
        clusters: vec![cluster()],
    }
}

/// A Friday.
pub fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).expect("a date")
}

pub fn clock(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of day")
}

/// That time of `date()` in Shanghai.
pub fn local(hour: u32, minute: u32) -> Ms {
    Settings::default().zone.instant(date().and_time(clock(hour, minute)))
}

pub fn template_id() -> TemplateId {
    TemplateId::derived(&["template"])
}

/// Every day from that hour to that hour.
pub fn schedule(from: u32, to: u32) -> Schedule {
    Schedule {
        id: ScheduleId::derived(&["schedule"]),
        project: project(),
        cluster: cluster(),
        template: template_id(),
        name: "组团晨巡".into(),
        recurrence: Recurrence::Daily,
        windows: vec![Window { from: clock(from, 0), to: clock(to, 0) }],
        role: Role::Steward,
        person: None,
        starts: NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date"),
        ends: None,
        changed_at: Ms(0),
    }
}

pub fn item(code: &str, answer: AnswerType) -> Item {
    Item {
        code: code.into(),
        text: format!("检查 {code}"),
        answer,
        category: String::new(),
        safety: false,
        optional: false,
    }
}

/// Three points: two tick items, a gauge, a photo.
pub fn template() -> RoundTemplate {
    let gauge = AnswerType::Number { unit: "MPa".into(), low: Some(350), high: Some(500) };
    let point = |code: &str, name: &str, items: Vec<Item>| Point {
        code: code.into(),
        name: name.into(),
        items,
    };
    RoundTemplate {
        template: template_id(),
        version: 1,
        name: "组团日常巡视".into(),
        points: vec![
            point(
                "pumps",
                "地下一层泵房",
                vec![
                    item("doors", AnswerType::Normal),
                    item("floor", AnswerType::Normal),
                    item("gauge", gauge),
                ],
            ),
            point("lobby", "东大堂", vec![item("clean", AnswerType::Normal)]),
            point("roof", "屋面", vec![item("picture", AnswerType::Photo)]),
        ],
        retired: false,
        superseded: false,
        changed_at: Ms(0),
    }
}

/// Today's round of that schedule, begun and empty.
pub fn round(schedule: &Schedule, started: Ms) -> Round {
    let id: RoundId = round_id(schedule.id, date(), 0);
    let window = &schedule.windows[0];
    let instant = |time| Settings::default().zone.instant(date().and_time(time));
    Round {
        id,
        project: project(),
        cluster: cluster(),
        schedule: Some(schedule.id),
        date: date(),
        window: Some((instant(window.from), instant(window.to))),
        template: template_id(),
        version: 1,
        name: schedule.name.clone(),
        points: 3,
        role: Some(Role::Steward),
        person: None,
        by: steward().user,
        by_name: steward().name,
        joined: Vec::new(),
        started,
        finished: None,
        finish_received: None,
        late: false,
        summary: String::new(),
        results: Vec::new(),
        changed_at: started,
    }
}
