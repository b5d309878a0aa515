//! What people do in the simulation: real commands, chosen from what their phone shows them.

use chrono::Days;

use super::rng::Rng;
use crate::actor::{Actor, Role};
use crate::id::{
    BuildingId, ClusterId, FeeCallId, OpId, ProjectId, RoundId, TemplateId, TicketId, UnitId,
    UserId, VisitId,
};
use crate::modules::Command;
use crate::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use crate::modules::company::{SetSettings, Settings};
use crate::modules::fees::{CallOutcome, RecordFeeCall, SetArrears, UnpaidReason};
use crate::modules::households::{
    Cluster, Household, RegisterBuilding, RegisterCluster, RegisterProject, RegisterUnit,
    UnitStatus,
};
use crate::modules::rounds::{
    Answer, AnswerType, Confirmation, FinishRound, Item, ItemAnswer, Point, PublishTemplate,
    RecordCheckpoint, Round, StartRound,
};
use crate::modules::tickets::{
    AcceptTicket, AssignTicket, CONDUCT, CloseTicket, CompleteTicket, Intake, NoteTicket,
    OpenTicket, Place, StartTicket, Ticket, TicketContact, TicketKind, TicketState, Urgency,
};
use crate::modules::visits::{AnswerVisit, RecordVisit, Topic, Visit, VisitResult, VisitWay};
use crate::money::Fen;
use crate::sync::batch::sha256_hex;
use crate::sync::client::{Draft, NewBlob, Replica};
use crate::sync::record::Scope;
use crate::time::Ms;

pub fn project() -> ProjectId {
    ProjectId::derived(&["sim project"])
}
pub fn scopes() -> [Scope; 2] {
    [Scope::Company, Scope::Project(project())]
}
pub fn cluster(name: &str) -> ClusterId {
    ClusterId::derived(&["sim cluster", name])
}
fn template() -> TemplateId {
    TemplateId::derived(&["sim template"])
}

pub fn person(name: &str, role: Role, clusters: &[&str]) -> Actor {
    Actor {
        user: UserId::derived(&["sim user", name]),
        name: name.into(),
        roles: vec![role],
        clusters: clusters.iter().map(|name| cluster(name)).collect(),
    }
}

/// Everyone, in the order in which phones are handed out.
pub fn staff() -> Vec<Actor> {
    vec![
        person("steward A", Role::Steward, &["A"]),
        person("technician", Role::Technician, &[]),
        person("manager", Role::Manager, &[]),
        person("steward B", Role::Steward, &["B"]),
        person("second technician", Role::Technician, &[]),
    ]
}

/// The estate and the company as they are before anybody has a phone.
pub fn founding() -> Vec<(Scope, Command)> {
    let [company, here] = scopes();
    let item = Item {
        code: "light".into(),
        text: "照明".into(),
        answer: AnswerType::Normal,
        category: "lighting".into(),
        safety: false,
        optional: false,
    };
    let mut all: Vec<(Scope, Command)> = vec![
        (company, SetSettings { settings: Settings::default(), base: None }.into()),
        (
            company,
            PublishTemplate {
                template: template(),
                version: 1,
                name: "日常巡视".into(),
                points: vec![Point {
                    code: "hall".into(), name: "大堂".into(), items: vec![item]
                }],
                retired: false,
            }
            .into(),
        ),
        (here, RegisterProject { project: project(), name: "花园".into() }.into()),
    ];
    for name in ["A", "B"] {
        let building = BuildingId::derived(&["sim building", name]);
        let register =
            RegisterCluster { cluster: cluster(name), code: name.into(), name: name.into() };
        all.push((here, register.into()));
        let register = RegisterBuilding {
            building,
            cluster: cluster(name),
            number: if name == "A" { "1".into() } else { "2".into() },
            name: String::new(),
            floors: 6,
            entrances: 1,
        };
        all.push((here, register.into()));
        for room in 1..=4 {
            let unit = UnitId::derived(&["sim unit", name, &room.to_string()]);
            let number = if name == "A" { 1 } else { 2 };
            let register = RegisterUnit {
                unit,
                building,
                label: format!("{number}-1-{room}01"),
                floor: room,
                area_centi: 9_000,
                status: UnitStatus::OwnerOccupied,
                handed_over: None,
                contacts: Vec::new(),
                key_customer: false,
                caution: String::new(),
            };
            all.push((here, register.into()));
            let owes = SetArrears {
                unit,
                owed: Fen(0),
                since: None,
                months: 0,
                as_of: Ms(1_700_000_000_000),
            };
            all.push((here, owes.into()));
        }
    }
    all
}

/// The office of the founding: may do all of it.
pub fn founder() -> Actor {
    let mut actor = Actor::system();
    actor.roles.extend([Role::Manager, Role::Admin]);
    actor
}

/// One deed: the commands of one tap, with their photos.
pub struct Deed {
    pub drafts: Vec<Draft>,
    pub blobs: Vec<NewBlob>,
}

struct Hand<'a> {
    rng: &'a mut Rng,
    replica: &'a Replica,
    at: Ms,
    blobs: Vec<NewBlob>,
}

impl Hand<'_> {
    fn photo(&mut self, role: AttachmentRole) -> Attachment {
        // Of a few sizes, so that some take several chunks; now and then the same picture again.
        let sizes = [40, 2_000, crate::sync::client::transport::CHUNK + 10];
        let size = if self.rng.chance(50) { sizes[2] } else { sizes[self.rng.below(2)] };
        let seed = if self.rng.chance(100) { 7 } else { self.rng.draw() };
        let mut bytes = Rng::new(seed).draw().to_le_bytes().to_vec();
        bytes.resize(size, 1);
        let sha256 = Sha256Hex(sha256_hex(&bytes));
        let attachment = Attachment {
            sha256: sha256.clone(),
            mime: "image/jpeg".into(),
            size: bytes.len() as u64,
            role,
            at: self.at,
        };
        self.blobs.push(NewBlob { sha256, mime: "image/jpeg".into(), bytes });
        attachment
    }

    fn one<'r, T>(&mut self, all: Vec<&'r T>) -> Option<&'r T> {
        self.rng.pick(&all).copied()
    }

    fn open_ticket(&mut self) -> Option<Command> {
        let clusters: Vec<&Cluster> = self.replica.iter::<Cluster>().collect();
        let actor = self.replica.actor();
        let own = clusters.into_iter().filter(|c| actor.may_in(crate::Right::OpenTicket, c.id));
        let cluster = self.one(own.collect())?.id;
        let photos =
            if self.rng.chance(300) { vec![self.photo(AttachmentRole::Photo)] } else { Vec::new() };
        let open = OpenTicket {
            ticket: TicketId(self.rng.uuid()),
            cluster,
            kind: TicketKind::Finding,
            category: "lighting".into(),
            urgency: Urgency::Normal,
            intake: Intake::OnSite,
            place: Place { unit: None, label: "大堂".into() },
            contact: TicketContact::default(),
            description: "灯不亮".into(),
            photos,
            origin: None,
        };
        Some(open.into())
    }

    fn work_ticket(&mut self) -> Option<Command> {
        let me = self.replica.actor().user;
        let mut tickets: Vec<&Ticket> = self.replica.iter::<Ticket>().collect();
        tickets.sort_by_key(|ticket| ticket.id);
        let ticket = self.one(tickets)?;
        let id = ticket.id;
        let manager = self.replica.actor().has_role(Role::Manager);
        let technician = self.replica.actor().has_role(Role::Technician);
        Some(match &ticket.state {
            _ if self.rng.chance(250) => {
                let photos = if self.rng.chance(200) {
                    vec![self.photo(AttachmentRole::Photo)]
                } else {
                    Vec::new()
                };
                NoteTicket {
                    ticket: id,
                    note: "看过".into(),
                    photos,
                    settles_conflict: false,
                    counts: None,
                }
                .into()
            }
            TicketState::Received | TicketState::Assessed if manager => AssignTicket {
                ticket: id,
                to: {
                    let names = ["technician", "second technician"];
                    UserId::derived(&["sim user", names[self.rng.below(2)]])
                },
                note: String::new(),
            }
            .into(),
            TicketState::Received | TicketState::Assigned { .. } if technician => {
                AcceptTicket { ticket: id }.into()
            }
            TicketState::Accepted { by } if *by == me => StartTicket { ticket: id }.into(),
            TicketState::InProgress { by, .. } if *by == me => CompleteTicket {
                ticket: id,
                conduct: CONDUCT.iter().map(ToString::to_string).collect(),
                not_applicable: Vec::new(),
                cause: "老化".into(),
                action: "更换".into(),
                lines: Vec::new(),
                attachments: vec![self.photo(AttachmentRole::After)],
                signed_by: String::new(),
                unsigned_reason: "公共区域".into(),
            }
            .into(),
            TicketState::Done { .. } if manager => {
                CloseTicket { ticket: id, note: String::new() }.into()
            }
            _ => NoteTicket {
                ticket: id,
                note: "催".into(),
                photos: Vec::new(),
                settles_conflict: false,
                counts: None,
            }
            .into(),
        })
    }

    fn visit(&mut self) -> Option<Command> {
        let unit = self.one(self.replica.iter::<Household>().collect())?;
        let (unit, cluster, place) = (unit.id, unit.cluster, unit.label.clone());
        let promised = self.rng.chance(500);
        let zone = &self.replica.settings().zone;
        let by = zone.date(self.at).checked_add_days(Days::new(3))?;
        let result = if promised { VisitResult::Promised { by } } else { VisitResult::Nothing };
        let record = RecordVisit {
            visit: VisitId(self.rng.uuid()),
            cluster,
            unit: Some(unit),
            place,
            way: VisitWay::Door,
            met: "业主".into(),
            topics: vec![Topic::Need],
            note: "想换灯".into(),
            result,
            attachments: Vec::new(),
        };
        Some(record.into())
    }

    fn answer_visit(&mut self) -> Option<Command> {
        let promised = self.replica.iter::<Visit>();
        let promised = promised.filter(|v| matches!(v.result, VisitResult::Promised { .. }));
        let visit = self.one(promised.collect())?.id;
        Some(AnswerVisit { visit, text: "下周换".into() }.into())
    }

    fn call(&mut self) -> Option<Command> {
        let unit = self.one(self.replica.iter::<Household>().collect())?.id;
        let call = RecordFeeCall {
            call: FeeCallId(self.rng.uuid()),
            unit,
            dialled: String::new(),
            outcome: CallOutcome::Connected,
            reason: Some(UnpaidReason::NoTime),
            promised: None,
            note: String::new(),
            ticket: None,
        };
        Some(call.into())
    }

    fn round(&mut self) -> Option<Command> {
        let me = self.replica.actor().user;
        let mut running = self.replica.iter::<Round>();
        let Some(round) = running.find(|round| round.by == me && round.finished.is_none()) else {
            let actor = self.replica.actor();
            let clusters = self.replica.iter::<Cluster>();
            let own = clusters.filter(|c| actor.may_in(crate::Right::WalkRound, c.id));
            let cluster = self.one(own.collect())?.id;
            let date = self.replica.settings().zone.date(self.at);
            let start = StartRound {
                round: RoundId(self.rng.uuid()),
                cluster,
                schedule: None,
                date,
                slot: 0,
                template: template(),
                version: 1,
            };
            return Some(start.into());
        };
        let round_id = round.id;
        if !round.results.is_empty() && self.rng.chance(500) {
            let finish =
                FinishRound { round: round_id, summary: "正常".into(), left_out: String::new() };
            return Some(finish.into());
        }
        let photos =
            if self.rng.chance(300) { vec![self.photo(AttachmentRole::Photo)] } else { Vec::new() };
        let record = RecordCheckpoint {
            round: round_id,
            template: template(),
            version: 1,
            point: "hall".into(),
            checkpoint: None,
            confirmation: Confirmation::Hand { reason: "无码".into(), usual: None },
            answers: vec![ItemAnswer {
                item: "light".into(),
                answer: Answer::Normal,
                note: String::new(),
                photos,
                ticket: None,
            }],
        };
        Some(record.into())
    }
}

/// What this person does next, if anything offers itself.
pub fn deed(rng: &mut Rng, replica: &Replica, at: Ms) -> Option<Deed> {
    let count = if rng.chance(150) { 2 } else { 1 };
    let mut hand = Hand { rng, replica, at, blobs: Vec::new() };
    let mut drafts = Vec::new();
    for _ in 0..count {
        let command =
            match hand.rng.below(9) {
                0 | 1 => hand.open_ticket(),
                2..=5 => hand.work_ticket(),
                6 if hand.replica.actor().may(crate::Right::RecordVisit) => {
                    if hand.rng.chance(500) { hand.visit() } else { hand.answer_visit() }
                }
                7 if hand.replica.actor().may(crate::Right::RecordCall) => hand.call(),
                _ => hand.round(),
            };
        let Some(command) = command else { continue };
        let op = OpId(hand.rng.uuid());
        let draft = hand.rng.chance(200).then(|| "form".to_owned());
        drafts.push(Draft { scope: scopes()[1], op, command, draft });
    }
    let blobs = hand.blobs;
    (!drafts.is_empty()).then_some(Deed { drafts, blobs })
}
