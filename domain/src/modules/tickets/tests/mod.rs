//! Tests of the ticket rules: the people, the estate and the jobs that the tests are about.

use std::collections::BTreeMap;

use super::*;
use crate::actor::{Actor, Role};
use crate::id::OpId;
use crate::modules::Record;
use crate::modules::accounts::User;
use crate::modules::attachments::{AttachmentRole, Sha256Hex};
use crate::modules::company::Settings;
use crate::modules::households::{Cluster, Household, UnitStatus};
use crate::refusal::{Refusal, RefusalCode};
use crate::sync::command::{Change, Context, Decide, Numbers, Stop, World};
use crate::sync::outcome::OutcomeKind;
use crate::sync::record::{RecordKey, SyncedRecord};
use crate::time::{DAY, HOUR, MINUTE};

mod conflicts;
mod field;
mod golden;
mod office;
mod opening;
mod random;
mod table;

/// Ten in the morning of 21 November 2026 in Shanghai.
pub const TEN: Ms = Ms(1_795_226_400_000);

pub fn later(hours: i64) -> Ms {
    TEN.plus(hours * HOUR)
}

pub fn project() -> ProjectId {
    ProjectId::derived(&["project"])
}
pub fn cluster() -> ClusterId {
    ClusterId::derived(&["cluster"])
}
pub fn unit() -> UnitId {
    UnitId::derived(&["unit"])
}
pub fn job() -> TicketId {
    TicketId::derived(&["ticket"])
}

pub fn person(name: &str, role: Role) -> Actor {
    let clusters = if role == Role::Steward { vec![cluster()] } else { Vec::new() };
    Actor {
        user: UserId::derived(&["account", name]),
        name: name.into(),
        roles: vec![role],
        clusters,
    }
}
pub fn chen() -> Actor {
    person("陈工", Role::Technician)
}
pub fn wu() -> Actor {
    person("吴工", Role::Technician)
}
pub fn zhao() -> Actor {
    person("赵工", Role::Technician)
}
pub fn steward() -> Actor {
    person("林管家", Role::Steward)
}
pub fn guard() -> Actor {
    person("郑队", Role::Guard)
}
pub fn desk() -> Actor {
    person("前台", Role::FrontDesk)
}
pub fn manager() -> Actor {
    person("经理", Role::Manager)
}

pub fn picture(role: AttachmentRole, seed: u8) -> Attachment {
    let sha256 = Sha256Hex(format!("{seed:02x}").repeat(32));
    Attachment { sha256, mime: "image/jpeg".into(), size: 1000, role, at: TEN }
}

/// One estate with a cluster, a household, accounts, and the tickets that were decided.
pub struct Estate {
    pub records: BTreeMap<RecordKey, Record>,
    pub settings: Settings,
    numbers: Series,
}

#[derive(Default)]
struct Series(u32);

impl Numbers for Series {
    fn next(&mut self, series: &str) -> Option<u32> {
        assert_eq!(series, "ticket");
        self.0 += 1;
        Some(self.0)
    }
}

/// Shows a decision only what it said it would read, as the server does.
struct Declared<'a> {
    records: &'a BTreeMap<RecordKey, Record>,
    reads: Vec<RecordKey>,
}

impl World for Declared<'_> {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        assert!(self.reads.contains(&key), "{key:?} was not declared");
        self.records.get(&key)
    }
}

impl Estate {
    pub fn new() -> Self {
        let mut estate =
            Self { records: BTreeMap::new(), settings: Settings::default(), numbers: Series(0) };
        estate.put(Cluster {
            id: cluster(),
            project: project(),
            code: "A".into(),
            name: "罗马".into(),
        });
        estate.put(Household {
            id: unit(),
            project: project(),
            cluster: cluster(),
            building: crate::id::BuildingId::derived(&["building"]),
            label: "3-2-1501".into(),
            floor: 15,
            area_centi: 10_125,
            status: UnitStatus::OwnerOccupied,
            handed_over: None,
            contacts: Vec::new(),
            key_customer: false,
            caution: String::new(),
            changed_at: TEN,
        });
        for actor in [chen(), wu(), zhao(), steward(), guard(), desk(), manager()] {
            estate.put(account(&actor));
        }
        estate
    }

    /// An estate in which the job is open: a leak in 3-2-1501.
    pub fn with(open: OpenTicket) -> Self {
        let mut estate = Self::new();
        estate.applied(&desk(), TEN, open);
        estate
    }

    /// … and assigned to Chen.
    pub fn assigned(open: OpenTicket) -> Self {
        let mut estate = Self::with(open);
        estate.applied(&manager(), TEN.plus(MINUTE), assign(&chen()));
        estate
    }

    pub fn put(&mut self, record: impl SyncedRecord) {
        self.records.insert(record.key(), record.into_record());
    }

    pub fn ticket(&self) -> &Ticket {
        let record = self.records.get(&Ticket::key_of(job().0)).unwrap();
        Ticket::from_record(record).unwrap()
    }

    pub fn decide<C: Decide>(
        &mut self,
        who: &Actor,
        at: Ms,
        received: Ms,
        scope: Scope,
        command: &C,
    ) -> Result<crate::sync::command::Decision, Stop> {
        let context = Context {
            actor: who,
            device: DeviceId::derived(&["device", &who.name]),
            op: OpId::derived(&["op"]),
            scope,
            occurred_at: at,
            received_at: received,
            settings: &self.settings,
            code_is_genuine: &|_| false,
        };
        let world = Declared { records: &self.records, reads: command.reads() };
        command.decide(&world, &context, &mut self.numbers)
    }

    /// What becomes of a command, and its changes made.
    pub fn outcome<C: Decide>(
        &mut self,
        who: &Actor,
        at: Ms,
        command: C,
    ) -> (OutcomeKind, Option<Refusal>) {
        use crate::sync::command::Verdict;
        match self.decide(who, at, at, Scope::Project(project()), &command) {
            Ok(decision) => {
                for change in decision.changes {
                    match change {
                        Change::Put(record) => self.records.insert(record.key(), *record),
                        Change::Remove(key) => self.records.remove(&key),
                    };
                }
                match decision.verdict {
                    Verdict::Applied => (OutcomeKind::Applied, None),
                    Verdict::Merged => (OutcomeKind::Merged, None),
                    Verdict::Conflict(reason) => (OutcomeKind::Conflict, Some(reason)),
                }
            }
            Err(Stop::Refused(reason)) => (OutcomeKind::Refused, Some(reason)),
            Err(Stop::Waits(_)) => (OutcomeKind::Held, None),
        }
    }

    pub fn applied<C: Decide>(&mut self, who: &Actor, at: Ms, command: C) {
        assert_eq!(self.outcome(who, at, command), (OutcomeKind::Applied, None));
    }

    pub fn refused<C: Decide>(&mut self, who: &Actor, at: Ms, command: C, code: impl RefusalCode) {
        let before = self.records.clone();
        let (kind, reason) = self.outcome(who, at, command);
        assert_eq!(reason.map(|reason| reason.code).as_deref(), Some(code.code()));
        assert_eq!(kind, OutcomeKind::Refused);
        assert_eq!(self.records, before, "a refusal changes nothing");
    }

    pub fn conflicts<C: Decide>(
        &mut self,
        who: &Actor,
        at: Ms,
        command: C,
        code: impl RefusalCode,
    ) {
        let (kind, reason) = self.outcome(who, at, command);
        assert_eq!(reason.map(|reason| reason.code).as_deref(), Some(code.code()));
        assert_eq!(kind, OutcomeKind::Conflict);
    }
}

pub fn account(actor: &Actor) -> User {
    User {
        id: actor.user,
        account: "someone".into(),
        name: actor.name.clone(),
        roles: actor.roles.clone(),
        clusters: actor.clusters.clone(),
        disabled: false,
    }
}

/// A leak in a household's bathroom, told by telephone.
pub fn leak() -> OpenTicket {
    OpenTicket {
        ticket: job(),
        cluster: cluster(),
        kind: TicketKind::Repair,
        category: "leak".into(),
        urgency: Urgency::Urgent,
        intake: Intake::Phone,
        place: Place { unit: Some(unit()), label: "3-2-1501".into() },
        contact: TicketContact { name: "张三".into(), phone: "13800000000".into() },
        description: "卫生间天花漏水".into(),
        photos: Vec::new(),
        origin: None,
    }
}

/// A lamp in the pump room, found on a round: nobody to ask, nobody's home.
pub fn lamp() -> OpenTicket {
    OpenTicket {
        kind: TicketKind::Finding,
        category: "lighting".into(),
        intake: Intake::Round,
        place: Place { unit: None, label: "地下一层泵房".into() },
        contact: TicketContact::default(),
        ..leak()
    }
}

pub fn complaint() -> OpenTicket {
    OpenTicket { kind: TicketKind::Complaint, category: "noise".into(), ..leak() }
}

pub fn assess() -> AssessTicket {
    AssessTicket { ticket: job(), feasible: true, estimate: Some(Fen(8_000)), note: String::new() }
}
pub fn assign(to: &Actor) -> AssignTicket {
    AssignTicket { ticket: job(), to: to.user, note: String::new() }
}
pub fn accept() -> AcceptTicket {
    AcceptTicket { ticket: job() }
}
pub fn start() -> StartTicket {
    StartTicket { ticket: job() }
}
pub fn wait() -> WaitTicket {
    let until = Some(later(500));
    WaitTicket { ticket: job(), reason: WaitReason::Parts, until, note: "等角阀".into() }
}
pub fn resume() -> ResumeTicket {
    ResumeTicket { ticket: job() }
}
/// A job done by the book; `seed` tells its signature from others.
pub fn complete(seed: u8) -> CompleteTicket {
    CompleteTicket {
        ticket: job(),
        conduct: CONDUCT.map(str::to_owned).to_vec(),
        not_applicable: Vec::new(),
        cause: "角阀老化".into(),
        action: "更换角阀".into(),
        lines: vec![PricedLine {
            what: LineKind::Material,
            name: "角阀".into(),
            unit: "个".into(),
            quantity: 1_000,
            price: Fen(2_800),
        }],
        attachments: vec![
            picture(AttachmentRole::Before, 1),
            picture(AttachmentRole::After, 2),
            picture(AttachmentRole::Signature, seed),
        ],
        signed_by: "张三".into(),
        unsigned_reason: String::new(),
    }
}
pub fn return_visit(solved: bool) -> RecordReturnVisit {
    RecordReturnVisit { ticket: job(), solved, score: 4, note: String::new() }
}
pub fn close() -> CloseTicket {
    CloseTicket { ticket: job(), note: String::new() }
}
pub fn decline() -> DeclineTicket {
    DeclineTicket { ticket: job(), explanation: "属开发商保修范围".into() }
}
pub fn reopen() -> ReopenTicket {
    ReopenTicket { ticket: job(), reason: "又漏了".into() }
}
pub fn note(text: &str) -> NoteTicket {
    NoteTicket {
        ticket: job(),
        note: text.into(),
        photos: Vec::new(),
        settles_conflict: false,
        counts: None,
    }
}
