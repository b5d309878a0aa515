//! A command of each kind that is right in all but who sends it, and what has to go before it.

use std::sync::Arc;

use domain::id::{
    BuildingId, CheckpointId, ClusterId, DeviceId, FeeCallId, OpId, RoundId, ScheduleId,
    TemplateId, UnitId, VisitId,
};
use domain::modules::Command;
use domain::modules::accounts::{CreateAccount, UpdateAccount};
use domain::modules::attachments::{BlobArrived, Sha256Hex};
use domain::modules::company::{SetSettings, Settings};
use domain::modules::fees::{CallOutcome, RecordFeeCall, SetArrears, UnpaidReason};
use domain::modules::households::{
    RegisterBuilding, RegisterCluster, RegisterProject, RegisterUnit, UnitStatus,
};
use domain::modules::rounds::due::round_id;
use domain::modules::rounds::{
    Answer, AnswerType, Confirmation, FinishRound, Item, ItemAnswer, Point, PublishTemplate,
    RecordBriefing, RecordCheckpoint, Recurrence, RegisterCheckpoint, SetSchedule, StartRound,
    Window,
};
use domain::modules::visits::{AnswerVisit, RecordVisit, Topic, VisitResult, VisitWay};
use domain::sync::{Outcome, OutcomeKind, Scope};
use domain::time::{DAY, HOUR};
use domain::{Actor, Fen, Role};
use server::sync::SystemCommand;

use crate::web::{NOW, Server, cluster, project, scope, staff, user};

#[path = "tickets.rs"]
mod tickets;

/// A technician who has the work that is somebody else's.
const WORKER: &str = "worker";

pub fn scope_of(kind: &str) -> Scope {
    let company = ["accounts.create", "accounts.update", "company.set_settings"];
    if company.contains(&kind) || kind == "rounds.publish_template" {
        Scope::Company
    } else {
        scope()
    }
}

fn template() -> TemplateId {
    TemplateId::derived(&["matrix template"])
}
fn duties() -> ScheduleId {
    ScheduleId::derived(&["matrix duties"])
}
fn building() -> BuildingId {
    BuildingId::derived(&["matrix building"])
}
fn unit() -> UnitId {
    UnitId::derived(&["matrix unit"])
}

pub fn actor(account: &str) -> Actor {
    let found = staff().into_iter().find(|(name, ..)| name == account);
    let (role, of) = found.map_or((Role::Technician, None), |(_, role, of)| (role, of));
    Actor {
        user: user(account),
        name: account.into(),
        roles: vec![role],
        clusters: of.map(cluster).into_iter().collect(),
    }
}

/// One command as that person's, by the one write path.
async fn send(server: &Server, who: &Actor, ago: i64, in_scope: Scope, it: Command) -> Outcome {
    let at = NOW.plus(-ago);
    let command = SystemCommand {
        actor: Arc::new(who.clone()),
        device: DeviceId::derived(&["matrix", &in_scope.to_string(), &who.name]),
        op: OpId(server.clock.uuid()),
        occurred_at: at,
        received_at: at,
        command: it,
    };
    server.state.sync.apply(in_scope, vec![command]).await.unwrap().remove(0)
}

async fn done(server: &Server, who: &Actor, it: impl Into<Command>) {
    let it = it.into();
    let outcome = send(server, who, HOUR, scope_of(it.kind()), it.clone()).await;
    let is = outcome.outcome;
    assert!(matches!(is, OutcomeKind::Applied | OutcomeKind::Merged), "{it:?}: {outcome:?}");
}

/// A unit, a template, and the guards' duty, laid down so long ago that no phone can be unaware.
pub async fn furnish(server: &Server) {
    let product = Actor::system();
    let account = CreateAccount {
        account: WORKER.into(),
        name: WORKER.into(),
        roles: vec![Role::Technician],
        clusters: Vec::new(),
    };
    done(server, &product, account).await;
    done(server, &product, publish(template())).await;
    done(server, &product, register_building(building())).await;
    done(server, &product, register_unit(unit(), "1-1-101")).await;
    let schedule = SetSchedule { schedule: duties(), role: Role::Guard, ..set_schedule("duties") };
    let outcome = send(server, &product, 30 * DAY, scope(), schedule.into()).await;
    assert_eq!(outcome.outcome, OutcomeKind::Applied, "{outcome:?}");
}

/// What the table does not bring about: a photo that arrives, and a command that waited for another's.
pub async fn finish(server: &Server) {
    let arrived = BlobArrived { sha256: Sha256Hex("cd".repeat(32)), size: 1_000 };
    done(server, &Actor::system(), arrived).await;
    let case = Case { server, account: "manager", name: "late".into() };
    let steward = actor("steward");
    let answer = AnswerVisit { visit: VisitId::derived(&["late"]), text: "已修好".into() };
    let waits = send(server, &steward, HOUR, scope(), answer.into()).await;
    assert_eq!(waits.outcome, OutcomeKind::Held, "{waits:?}");
    let promised = case.visit(VisitResult::Promised { by: "2026-11-30".parse().unwrap() });
    done(server, &actor("manager"), promised).await;
}

fn publish(template: TemplateId) -> PublishTemplate {
    let item = Item {
        code: "floor".into(),
        text: "地面".into(),
        answer: AnswerType::Normal,
        category: String::new(),
        safety: false,
        optional: false,
    };
    let point = Point { code: "hall".into(), name: "大堂".into(), items: vec![item] };
    PublishTemplate {
        template,
        version: 1,
        name: "巡视".into(),
        points: vec![point],
        retired: false,
    }
}

fn register_building(building: BuildingId) -> RegisterBuilding {
    RegisterBuilding {
        building,
        cluster: cluster("A"),
        number: "1".into(),
        name: String::new(),
        floors: 18,
        entrances: 2,
    }
}

fn register_unit(unit: UnitId, label: &str) -> RegisterUnit {
    RegisterUnit {
        unit,
        building: building(),
        label: label.into(),
        floor: 1,
        area_centi: 10_125,
        status: UnitStatus::OwnerOccupied,
        handed_over: None,
        contacts: Vec::new(),
        key_customer: false,
        caution: String::new(),
    }
}

fn set_schedule(name: &str) -> SetSchedule {
    let window = Window { from: "00:00:00".parse().unwrap(), to: "23:00:00".parse().unwrap() };
    SetSchedule {
        schedule: ScheduleId::derived(&["matrix", name]),
        cluster: cluster("A"),
        template: template(),
        name: "值守巡视".into(),
        recurrence: Recurrence::Daily,
        windows: vec![window],
        role: Role::Steward,
        person: None,
        starts: "2026-10-01".parse().unwrap(),
        ends: None,
    }
}

/// What an account is about to send, and the names of its records.
struct Case<'a> {
    server: &'a Server,
    account: &'a str,
    name: String,
}

/// Brings about the case of a line and returns the command to send; where it cannot come about, shows
/// that it does not.
pub async fn prepare(
    server: &Server,
    account: &str,
    kind: &str,
    when: &str,
    impossible: bool,
) -> Option<Command> {
    let case = Case { server, account, name: format!("{kind} {when} {account}") };
    if kind.starts_with("tickets.") {
        case.of_ticket(kind, when, impossible).await
    } else if kind.starts_with("rounds.") {
        case.of_round(kind, when, impossible).await
    } else {
        Some(case.of_others(kind).await)
    }
}

impl Case<'_> {
    fn is(&self, account: &str) -> Actor {
        actor(account)
    }

    async fn of_others(&self, kind: &str) -> Command {
        let name = [self.name.as_str()];
        // An account name is short and plain.
        let fresh = format!("new-{}", self.account);
        let create = |account: String| CreateAccount {
            name: account.clone(),
            account,
            roles: vec![Role::Guard],
            clusters: Vec::new(),
        };
        match kind {
            "accounts.create" => create(fresh).into(),
            "accounts.update" => {
                let made = create(format!("old-{}", self.account));
                let user = made.user();
                done(self.server, &Actor::system(), made).await;
                UpdateAccount {
                    user,
                    name: "改名".into(),
                    roles: vec![Role::Guard],
                    clusters: Vec::new(),
                    disabled: false,
                }
                .into()
            }
            "company.set_settings" => {
                SetSettings { settings: Settings::default(), base: None }.into()
            }
            "households.register_project" => {
                RegisterProject { project: project(), name: "万兴现代城".into() }.into()
            }
            "households.register_cluster" => RegisterCluster {
                cluster: ClusterId::derived(&name),
                code: "C".into(),
                name: "C".into(),
            }
            .into(),
            "households.register_building" => register_building(BuildingId::derived(&name)).into(),
            "households.register_unit" => register_unit(UnitId::derived(&name), "1-1-102").into(),
            "visits.record" => self.visit(VisitResult::Answered).into(),
            "visits.answer" => {
                let by = "2026-11-30".parse().unwrap();
                let promised = self.visit(VisitResult::Promised { by });
                let visit = promised.visit;
                done(self.server, &self.is("supervisor"), promised).await;
                AnswerVisit { visit, text: "已修好".into() }.into()
            }
            "fees.set_arrears" => SetArrears {
                unit: unit(),
                owed: Fen(0),
                since: None,
                months: 0,
                as_of: NOW.plus(-HOUR),
            }
            .into(),
            "fees.record_call" => RecordFeeCall {
                call: FeeCallId::derived(&name),
                unit: unit(),
                dialled: String::new(),
                outcome: CallOutcome::Connected,
                reason: Some(UnpaidReason::NoTime),
                promised: None,
                note: String::new(),
                ticket: None,
            }
            .into(),
            "attachments.arrived" => {
                BlobArrived { sha256: Sha256Hex("ab".repeat(32)), size: 1 }.into()
            }
            other => panic!("say in cases.rs how {other} comes about"),
        }
    }

    fn visit(&self, result: VisitResult) -> RecordVisit {
        RecordVisit {
            visit: VisitId::derived(&[&self.name]),
            cluster: cluster("A"),
            unit: None,
            place: "东大堂".into(),
            way: VisitWay::OnTheWay,
            met: "张三".into(),
            topics: vec![Topic::Need],
            note: "灯不亮".into(),
            result,
            attachments: Vec::new(),
        }
    }

    async fn of_round(&self, kind: &str, when: &str, impossible: bool) -> Option<Command> {
        let name = [self.name.as_str()];
        let extra = StartRound {
            round: RoundId::derived(&name),
            cluster: cluster("A"),
            schedule: None,
            date: "2026-11-22".parse().unwrap(),
            slot: 0,
            template: template(),
            version: 1,
        };
        // A round of its own for each line: the guards' of another day.
        let duty = |days: u64| {
            let date = extra.date - chrono::Days::new(days);
            let round = round_id(duties(), date, 0);
            StartRound { round, date, schedule: Some(duties()), ..extra.clone() }
        };
        let begun = match when {
            "in their own" | "their own" => {
                let days = if kind == "rounds.finish" { 1 } else { 2 };
                let start = if self.account == "guard" { duty(days) } else { extra.clone() };
                let round = start.round;
                let who = self.is(self.account);
                let outcome = send(self.server, &who, HOUR, scope(), start.into()).await;
                if impossible {
                    assert_eq!(outcome.outcome, OutcomeKind::Refused, "{}", self.name);
                    return None;
                }
                assert_eq!(outcome.outcome, OutcomeKind::Applied, "{}: {outcome:?}", self.name);
                round
            }
            "in somebody else's" | "somebody else's" => {
                done(self.server, &self.is(WORKER), extra.clone()).await;
                extra.round
            }
            _ => extra.round,
        };
        Some(match kind {
            "rounds.publish_template" => publish(TemplateId::derived(&name)).into(),
            "rounds.register_checkpoint" => RegisterCheckpoint {
                checkpoint: CheckpointId::derived(&name),
                cluster: cluster("A"),
                template: template(),
                point: "hall".into(),
                name: "东大堂".into(),
                position: None,
                code_version: 1,
            }
            .into(),
            "rounds.set_schedule" => set_schedule(&self.name).into(),
            "rounds.start" if when == "a duty of the guards" => duty(0).into(),
            "rounds.start" => extra.into(),
            "rounds.record_checkpoint" => RecordCheckpoint {
                round: begun,
                template: template(),
                version: 1,
                point: "hall".into(),
                checkpoint: None,
                confirmation: Confirmation::Hand { reason: "没有码".into(), usual: None },
                answers: vec![ItemAnswer {
                    item: "floor".into(),
                    answer: Answer::Normal,
                    note: String::new(),
                    photos: Vec::new(),
                    ticket: None,
                }],
            }
            .into(),
            "rounds.finish" => {
                FinishRound { round: begun, summary: String::new(), left_out: "下雨".into() }.into()
            }
            "rounds.record_briefing" => {
                let (lines, listed) = (Vec::new(), Vec::new());
                RecordBriefing { cluster: cluster("A"), date: extra.date, lines, listed }.into()
            }
            other => panic!("say in cases.rs how {other} comes about"),
        })
    }
}
