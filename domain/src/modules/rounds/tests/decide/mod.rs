//! Tests of the decisions: a small estate, people on it, and what they may do.

use std::cell::Cell;
use std::collections::HashMap;

use chrono::{NaiveDate, NaiveTime};

use crate::actor::{Actor, Role};
use crate::id::{
    CheckpointId, ClusterId, DeviceId, OpId, ProjectId, RoundId, ScheduleId, TemplateId, TicketId,
    UserId,
};
use crate::modules::Record;
use crate::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use crate::modules::company::Settings;
use crate::modules::households::Cluster;
use crate::modules::rounds::due::round_id;
use crate::modules::rounds::*;
use crate::refusal::{CommonCode, Refusal, RefusalCode};
use crate::sync::command::{
    Change, Context, Decide, Decision, NoNumbers, Stop, Verdict, World, find,
};
use crate::sync::record::{RecordKey, Scope, SyncedRecord};
use crate::time::{DAY, HOUR, MINUTE, Ms};

mod answers;
mod briefing;
mod golden;
mod office;
mod walk;

/// 2026-11-22 (a Sunday), 9:30 in Shanghai.
const MORNING: Ms = Ms(1_795_311_000_000);

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn project() -> ProjectId {
    ProjectId::derived(&["project"])
}
fn cluster() -> ClusterId {
    ClusterId::derived(&["cluster"])
}
fn template() -> TemplateId {
    TemplateId::derived(&["template"])
}
fn plan() -> ScheduleId {
    ScheduleId::derived(&["plan"])
}
fn due() -> RoundId {
    round_id(plan(), day("2026-11-22"), 0)
}
fn gate() -> CheckpointId {
    CheckpointId::derived(&["gate"])
}
fn pumps() -> CheckpointId {
    CheckpointId::derived(&["pumps"])
}

fn actor(name: &str, roles: &[Role], clusters: &[ClusterId]) -> Actor {
    let user = UserId::derived(&[name]);
    Actor { user, name: name.into(), roles: roles.into(), clusters: clusters.into() }
}
/// Two stewards share the cluster.
fn lin() -> Actor {
    actor("林", &[Role::Steward], &[cluster()])
}
fn wang() -> Actor {
    actor("王", &[Role::Steward], &[cluster()])
}
fn technician() -> Actor {
    actor("赵", &[Role::Technician], &[])
}
fn supervisor() -> Actor {
    actor("孙", &[Role::Supervisor], &[])
}

fn item(code: &str, answer: AnswerType) -> Item {
    Item {
        code: code.into(),
        text: code.into(),
        answer,
        category: String::new(),
        safety: false,
        optional: false,
    }
}

fn points() -> Vec<Point> {
    let pressure = AnswerType::Number { unit: "MPa".into(), low: Some(300), high: Some(1200) };
    vec![
        Point {
            code: "gate".into(),
            name: "大门".into(),
            items: vec![
                item("post", AnswerType::Normal),
                Item { optional: true, ..item("remark", AnswerType::Text) },
            ],
        },
        Point {
            code: "pumps".into(),
            name: "泵房".into(),
            items: vec![item("pressure", pressure), item("photo", AnswerType::Photo)],
        },
    ]
}

fn publish(version: u32) -> PublishTemplate {
    PublishTemplate {
        template: template(),
        version,
        name: "组团日常巡视".into(),
        points: points(),
        retired: false,
    }
}

fn set_schedule() -> SetSchedule {
    SetSchedule {
        schedule: plan(),
        cluster: cluster(),
        template: template(),
        name: "A组团上午巡视".into(),
        recurrence: Recurrence::Daily,
        windows: vec![Window { from: time("09:00:00"), to: time("11:00:00") }],
        role: Role::Steward,
        person: None,
        starts: day("2026-01-01"),
        ends: None,
    }
}

fn register(checkpoint: CheckpointId, point: &str, position: (i32, i32)) -> RegisterCheckpoint {
    RegisterCheckpoint {
        checkpoint,
        cluster: cluster(),
        template: template(),
        point: point.into(),
        name: point.into(),
        position: Some(position),
        code_version: 2,
    }
}

fn start() -> StartRound {
    StartRound {
        round: due(),
        cluster: cluster(),
        schedule: Some(plan()),
        date: day("2026-11-22"),
        slot: 0,
        template: template(),
        version: 1,
    }
}

fn answer(item: &str, answer: Answer) -> ItemAnswer {
    ItemAnswer { item: item.into(), answer, note: String::new(), photos: vec![], ticket: None }
}

fn photo() -> Attachment {
    Attachment {
        sha256: Sha256Hex("0".repeat(64)),
        mime: "image/jpeg".into(),
        size: 1000,
        role: AttachmentRole::Photo,
        at: MORNING,
    }
}

fn code_of(checkpoint: CheckpointId, version: u32) -> Confirmation {
    let site = code::site_of(project());
    Confirmation::Code { code: code::render(&site, checkpoint, version, "genuine") }
}

fn at_gate() -> RecordCheckpoint {
    RecordCheckpoint {
        round: due(),
        template: template(),
        version: 1,
        point: "gate".into(),
        checkpoint: Some(gate()),
        confirmation: code_of(gate(), 2),
        answers: vec![answer("post", Answer::Normal)],
    }
}

fn at_pumps() -> RecordCheckpoint {
    RecordCheckpoint {
        point: "pumps".into(),
        checkpoint: Some(pumps()),
        confirmation: code_of(pumps(), 2),
        answers: vec![
            answer("pressure", Answer::Number { reading: 600 }),
            ItemAnswer { photos: vec![photo()], ..answer("photo", Answer::Photo) },
        ],
        ..at_gate()
    }
}

fn finish(left_out: &str) -> FinishRound {
    FinishRound { round: due(), summary: "正常".into(), left_out: left_out.into() }
}

/// Shows a decision only the records it announced, as the server does.
struct Announced<'a> {
    estate: &'a Estate,
    reads: Vec<RecordKey>,
}

impl World for Announced<'_> {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        assert!(self.reads.contains(&key), "{key:?} is looked at but not announced");
        self.estate.records.get(&key)
    }
}

/// All records, and the moment at which things happen.
struct Estate {
    records: HashMap<RecordKey, Record>,
    now: Cell<Ms>,
    received: Cell<Option<Ms>>,
    settings: Settings,
}

impl World for Estate {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        self.records.get(&key)
    }
}

impl Estate {
    /// A cluster and nothing else.
    fn bare() -> Self {
        let here =
            Cluster { id: cluster(), project: project(), code: "A".into(), name: "A组团".into() };
        Self {
            records: HashMap::from([(here.key(), here.into_record())]),
            now: Cell::new(MORNING),
            received: Cell::new(None),
            settings: Settings::default(),
        }
    }

    /// With a template, two checkpoints 300 m apart and a daily plan, all of long ago.
    fn planned() -> Self {
        let mut estate = Self::bare();
        estate.now.set(MORNING.plus(-100 * DAY));
        estate.company(&publish(1)).unwrap();
        let office = supervisor();
        estate.run(&register(gate(), "gate", (0, 0)), &office).unwrap();
        estate.run(&register(pumps(), "pumps", (300, 0)), &office).unwrap();
        estate.run(&set_schedule(), &office).unwrap();
        estate.now.set(MORNING);
        estate
    }

    /// With the morning's round started by Lin.
    fn walking() -> Self {
        let mut estate = Self::planned();
        estate.run(&start(), &lin()).unwrap();
        estate
    }

    fn decide<C: Decide>(
        &self,
        command: &C,
        actor: &Actor,
        scope: Scope,
    ) -> Result<Decision, Stop> {
        let context = Context {
            actor,
            device: DeviceId::derived(&["device"]),
            op: OpId::derived(&["op"]),
            scope,
            occurred_at: self.now.get(),
            received_at: self.received.get().unwrap_or(self.now.get()),
            settings: &self.settings,
            code_is_genuine: &|code| code.ends_with(".genuine"),
        };
        let announced = Announced { estate: self, reads: command.reads() };
        command.decide(&announced, &context, &mut NoNumbers)
    }

    fn apply(&mut self, decision: Decision) -> Verdict {
        for change in decision.changes {
            match change {
                Change::Put(record) => self.records.insert(record.key(), *record),
                Change::Remove(key) => self.records.remove(&key),
            };
        }
        decision.verdict
    }

    fn run<C: Decide>(&mut self, command: &C, actor: &Actor) -> Result<Verdict, Stop> {
        let decision = self.decide(command, actor, Scope::Project(project()))?;
        Ok(self.apply(decision))
    }

    fn company<C: Decide>(&mut self, command: &C) -> Result<Verdict, Stop> {
        let decision = self.decide(command, &supervisor(), Scope::Company)?;
        Ok(self.apply(decision))
    }

    fn after(&self, milliseconds: i64) {
        self.now.set(self.now.get().plus(milliseconds));
    }

    fn round(&self) -> &Round {
        find::<Round>(self, due().0).unwrap()
    }

    fn schedule(&self) -> &Schedule {
        find::<Schedule>(self, plan().0).unwrap()
    }

    fn version(&self, version: u32) -> &RoundTemplate {
        find::<RoundTemplate>(self, RoundTemplate::id_of(template(), version)).unwrap()
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Stop>, code: impl RefusalCode) -> Refusal {
    match result {
        Err(Stop::Refused(refusal)) => {
            assert_eq!(refusal.code, code.code());
            refusal
        }
        other => panic!("expected {}, came {other:?}", code.code()),
    }
}

#[track_caller]
fn waits<T: std::fmt::Debug>(result: Result<T, Stop>, key: RecordKey) {
    match result {
        Err(Stop::Waits(waits)) => assert_eq!(waits, key),
        other => panic!("expected to wait, came {other:?}"),
    }
}
