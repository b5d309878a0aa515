//! The wire form: an installed phone is an old client, so none of this may change.

use super::*;
use crate::modules::Command;

/// Encodes as written here, and what is written here is read back.
#[track_caller]
fn golden(command: impl Into<Command>, kind: &str, json: &str) {
    let command = command.into();
    assert_eq!(command.kind(), kind);
    assert_eq!(command.encode(), json);
    assert_eq!(Command::decode(kind, 1, json).unwrap().unwrap(), command);
}

const ID: &str = "018f0000-0000-7000-8000-000000000001";

fn id() -> uuid::Uuid {
    ID.parse().unwrap()
}

fn with_id(json: &str) -> String {
    json.replace('#', ID)
}

#[test]
fn publish_template_is_stable() {
    let command = PublishTemplate {
        template: TemplateId(id()),
        points: vec![Point {
            items: vec![
                Item { safety: true, category: "fire".into(), ..item("post", AnswerType::Normal) },
                Item { optional: true, ..item("remark", AnswerType::Text) },
                points()[1].items[0].clone(),
                item("photo", AnswerType::Photo),
                item("count", AnswerType::Number { unit: "户".into(), low: None, high: None }),
            ],
            ..points()[0].clone()
        }],
        ..publish(2)
    };
    golden(
        command,
        "rounds.publish_template",
        &with_id(
            r##"{"template":"#","version":2,"name":"组团日常巡视","points":[{"code":"gate","name":"大门","items":[{"code":"post","text":"post","answer":{"type":"normal"},"category":"fire","safety":true},{"code":"remark","text":"remark","answer":{"type":"text"},"optional":true},{"code":"pressure","text":"pressure","answer":{"type":"number","unit":"MPa","low":300,"high":1200}},{"code":"photo","text":"photo","answer":{"type":"photo"}},{"code":"count","text":"count","answer":{"type":"number","unit":"户"}}]}],"retired":false}"##,
        ),
    );
}

#[test]
fn register_checkpoint_is_stable() {
    let command = RegisterCheckpoint {
        checkpoint: CheckpointId(id()),
        cluster: ClusterId(id()),
        template: TemplateId(id()),
        ..register(gate(), "gate", (-12, 30))
    };
    golden(
        command,
        "rounds.register_checkpoint",
        &with_id(
            r##"{"checkpoint":"#","cluster":"#","template":"#","point":"gate","name":"gate","position":[-12,30],"code_version":2}"##,
        ),
    );
}

#[test]
fn set_schedule_is_stable() {
    let command = SetSchedule {
        schedule: ScheduleId(id()),
        cluster: ClusterId(id()),
        template: TemplateId(id()),
        recurrence: Recurrence::Monthly { days: vec![1, 31] },
        person: Some(UserId(id())),
        ends: Some(day("2026-12-31")),
        ..set_schedule()
    };
    golden(
        command,
        "rounds.set_schedule",
        &with_id(
            r##"{"schedule":"#","cluster":"#","template":"#","name":"A组团上午巡视","recurrence":{"every":"monthly","days":[1,31]},"windows":[{"from":"09:00:00","to":"11:00:00"}],"role":"steward","person":"#","starts":"2026-01-01","ends":"2026-12-31"}"##,
        ),
    );
}

#[test]
fn every_recurrence_is_stable() {
    let all = vec![
        Recurrence::Daily,
        Recurrence::WorkingDays,
        Recurrence::Weekly { weekdays: vec![1] },
        Recurrence::Quarterly { day: 25 },
    ];
    let json = r#"[{"every":"daily"},{"every":"working_days"},{"every":"weekly","weekdays":[1]},{"every":"quarterly","day":25}]"#;
    assert_eq!(serde_json::to_string(&all).unwrap(), json);
    assert_eq!(serde_json::from_str::<Vec<Recurrence>>(json).unwrap(), all);
}

#[test]
fn start_round_is_stable() {
    let command = StartRound {
        round: RoundId(id()),
        cluster: ClusterId(id()),
        schedule: Some(ScheduleId(id())),
        template: TemplateId(id()),
        ..start()
    };
    golden(
        command,
        "rounds.start",
        &with_id(
            r##"{"round":"#","cluster":"#","schedule":"#","date":"2026-11-22","slot":0,"template":"#","version":1}"##,
        ),
    );
}

fn every_answer() -> Vec<ItemAnswer> {
    vec![
        answer("a", Answer::Normal),
        ItemAnswer {
            note: "脱岗".into(),
            ticket: Some(TicketId(id())),
            ..answer("b", Answer::Abnormal)
        },
        answer("c", Answer::NotApplicable),
        answer("d", Answer::Number { reading: 650 }),
        answer("e", Answer::Text { text: "好".into() }),
        ItemAnswer { photos: vec![photo()], ..answer("f", Answer::Photo) },
    ]
}

const ANSWERS: &str = r##"[{"item":"a","answer":{"value":"normal"}},{"item":"b","answer":{"value":"abnormal"},"note":"脱岗","ticket":"#"},{"item":"c","answer":{"value":"not_applicable"}},{"item":"d","answer":{"value":"number","reading":650}},{"item":"e","answer":{"value":"text","text":"好"}},{"item":"f","answer":{"value":"photo"},"photos":[{"sha256":"0000000000000000000000000000000000000000000000000000000000000000","mime":"image/jpeg","size":1000,"role":"photo","at":1795311000000}]}]"##;

#[test]
fn record_checkpoint_is_stable() {
    let command = RecordCheckpoint {
        round: RoundId(id()),
        template: TemplateId(id()),
        checkpoint: Some(CheckpointId(id())),
        confirmation: Confirmation::Code { code: "GJ1.x".into() },
        answers: every_answer(),
        ..at_gate()
    };
    let json = format!(
        r##"{{"round":"#","template":"#","version":1,"point":"gate","checkpoint":"#","confirmation":{{"by":"code","code":"GJ1.x"}},"answers":{ANSWERS}}}"##
    );
    golden(command, "rounds.record_checkpoint", &with_id(&json));
}

#[test]
fn every_usual_reason_is_stable_and_words_alone_are_as_they_were() {
    let by_hand = |usual| Confirmation::Hand { reason: String::new(), usual };
    let mut all: Vec<Confirmation> = HandReason::ALL.into_iter().map(Some).map(by_hand).collect();
    all.push(Confirmation::Hand { reason: "码损坏".into(), usual: None });
    let json = r#"[{"by":"hand","reason":"","usual":"damaged"},{"by":"hand","reason":"","usual":"unreachable"},{"by":"hand","reason":"","usual":"dark"},{"by":"hand","reason":"","usual":"no_code"},{"by":"hand","reason":"码损坏"}]"#;
    assert_eq!(serde_json::to_string(&all).unwrap(), json);
    assert_eq!(serde_json::from_str::<Vec<Confirmation>>(json).unwrap(), all);
    for reason in HandReason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
    }
    let newer = r#"{"by":"hand","reason":"","usual":"flooded"}"#;
    assert_eq!(serde_json::from_str::<Confirmation>(newer).unwrap(), by_hand(None));
}

#[test]
fn finish_round_is_stable() {
    golden(
        FinishRound { round: RoundId(id()), ..finish("雨") },
        "rounds.finish",
        &with_id(r##"{"round":"#","summary":"正常","left_out":"雨"}"##),
    );
}

#[test]
fn record_briefing_is_stable() {
    let line = BriefingLine {
        ticket: Some(TicketId(id())),
        text: "漏水".into(),
        ticked: true,
        note: "已处理".into(),
        at: None,
    };
    golden(
        RecordBriefing {
            cluster: ClusterId(id()),
            date: day("2026-11-22"),
            lines: vec![line],
            listed: vec![],
        },
        "rounds.record_briefing",
        &with_id(
            r##"{"cluster":"#","date":"2026-11-22","lines":[{"ticket":"#","text":"漏水","ticked":true,"note":"已处理"}]}"##,
        ),
    );
}

#[test]
fn a_round_is_stable() {
    let result = PointResult {
        point: "gate".into(),
        checkpoint: Some(CheckpointId(id())),
        position: Some((300, -5)),
        confirmation: Confirmation::Hand { reason: "码损坏".into(), usual: None },
        at: Ms(4),
        received: Ms(5),
        by: UserId(id()),
        answers: every_answer(),
        flags: vec![Flag::TooFast, Flag::Correction, Flag::ByHand],
    };
    let round = Round {
        id: RoundId(id()),
        project: ProjectId(id()),
        cluster: ClusterId(id()),
        schedule: Some(ScheduleId(id())),
        date: day("2026-11-22"),
        window: Some((Ms(1), Ms(2))),
        template: TemplateId(id()),
        version: 1,
        name: "巡视".into(),
        points: 2,
        role: Some(Role::Steward),
        person: Some(UserId(id())),
        by: UserId(id()),
        by_name: "林".into(),
        joined: vec![UserId(id())],
        started: Ms(3),
        finished: Some(Ms(6)),
        finish_received: Some(Ms(7)),
        late: true,
        summary: "正常".into(),
        results: vec![result],
        changed_at: Ms(8),
    };
    let json = with_id(&format!(
        r##"{{"id":"#","project":"#","cluster":"#","schedule":"#","date":"2026-11-22","window":[1,2],"template":"#","version":1,"name":"巡视","points":2,"role":"steward","person":"#","by":"#","by_name":"林","joined":["#"],"started":3,"finished":6,"finish_received":7,"late":true,"summary":"正常","results":[{{"point":"gate","checkpoint":"#","position":[300,-5],"confirmation":{{"by":"hand","reason":"码损坏"}},"at":4,"received":5,"by":"#","answers":{ANSWERS},"flags":["too_fast","correction","by_hand"]}}],"changed_at":8}}"##
    ));
    assert_eq!(serde_json::to_string(&round).unwrap(), json);
    assert_eq!(serde_json::from_str::<Round>(&json).unwrap(), round);
}

#[test]
fn a_round_as_it_begins_carries_nothing_that_is_not_known_yet() {
    let estate = Estate::walking();
    let json = estate.round().clone().into_record().encode();
    for absent in ["finished", "late", "summary", "joined", "person"] {
        assert!(!json.contains(&format!("\"{absent}\":")), "{absent} in {json}");
    }
}
