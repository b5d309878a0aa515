//! A small estate for the tests of the processes: two clusters, a building in each, a household in
//! each, and the people who act. Decisions see exactly the records they declared, as on the server.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{Building, Cluster, Contact, Household, Project, Relation, UnitStatus};
use crate::actor::{Actor, Role};
use crate::id::{BuildingId, ClusterId, DeviceId, OpId, ProjectId, UnitId, UserId};
use crate::modules::company::Settings;
use crate::modules::{Command, Record};
use crate::refusal::{Refusal, RefusalCode};
use crate::sync::command::{Change, Context, Decision, NoNumbers, Stop, Verdict, World};
use crate::sync::record::{RecordKey, Scope, SyncedRecord};
use crate::time::Ms;

/// 2026-11-16 10:00 in Shanghai, a Monday in the monthly window.
pub const MORNING: Ms = Ms(1_794_794_400_000);

pub fn project() -> ProjectId {
    ProjectId::derived(&["test-project"])
}
pub fn own() -> ClusterId {
    ClusterId::derived(&["test-cluster", "A"])
}
pub fn other() -> ClusterId {
    ClusterId::derived(&["test-cluster", "B"])
}
/// 3-2-1501 in the steward's own cluster.
pub fn unit() -> UnitId {
    UnitId::derived(&["test-unit", "3-2-1501"])
}
/// 8-1-101 in the other cluster.
pub fn other_unit() -> UnitId {
    UnitId::derived(&["test-unit", "8-1-101"])
}
pub fn building(number: &str) -> BuildingId {
    BuildingId::derived(&["test-building", number])
}
pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("tests write dates as YYYY-MM-DD")
}

pub fn person(role: Role, clusters: &[ClusterId]) -> Actor {
    Actor {
        user: UserId::derived(&["test-user", role.name()]),
        name: "林晓".into(),
        roles: vec![role],
        clusters: clusters.to_vec(),
    }
}
pub fn steward() -> Actor {
    person(Role::Steward, &[own()])
}

pub fn household(unit: UnitId, label: &str, cluster: ClusterId) -> Household {
    Household {
        id: unit,
        project: project(),
        cluster,
        building: building(label.split('-').next().expect("split gives a part")),
        label: label.into(),
        floor: 15,
        area_centi: 10_125,
        status: UnitStatus::OwnerOccupied,
        handed_over: Some(date("2019-06-30")),
        contacts: vec![Contact {
            name: "张三".into(),
            relation: Relation::Owner,
            phone: "138-0013 8000".into(),
            pinyin: vec!["zs".into(), "zhangsan".into()],
        }],
        key_customer: false,
        caution: String::new(),
        changed_at: Ms(1_700_000_000_000),
    }
}

pub struct Estate {
    pub records: HashMap<RecordKey, Record>,
    pub settings: Settings,
    pub scope: Scope,
}

struct Declared<'a> {
    records: &'a HashMap<RecordKey, Record>,
    reads: Vec<RecordKey>,
}

impl World for Declared<'_> {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        assert!(self.reads.contains(&key), "{key:?} was looked at and not declared");
        self.records.get(&key)
    }
}

impl Estate {
    pub fn empty() -> Self {
        Self {
            records: HashMap::new(),
            settings: Settings::default(),
            scope: Scope::Project(project()),
        }
    }

    pub fn standing() -> Self {
        let mut estate = Self::empty();
        estate.put(Project { id: project(), name: "锦绣".into() });
        for (cluster, code, number) in [(own(), "A", "3"), (other(), "B", "8")] {
            estate.put(Cluster {
                id: cluster,
                project: project(),
                code: code.into(),
                name: "组团".into(),
            });
            estate.put(Building {
                id: building(number),
                project: project(),
                cluster,
                number: number.into(),
                name: String::new(),
                floors: 18,
                entrances: 2,
            });
        }
        estate.put(household(unit(), "3-2-1501", own()));
        estate.put(household(other_unit(), "8-1-101", other()));
        estate
    }

    pub fn put(&mut self, record: impl SyncedRecord) {
        self.records.insert(record.key(), record.into_record());
    }

    pub fn get<R: SyncedRecord>(&self, id: uuid::Uuid) -> &R {
        self.records.get(&R::key_of(id)).and_then(R::from_record).expect("the record exists")
    }

    pub fn decide(
        &self,
        command: impl Into<Command>,
        actor: &Actor,
        at: Ms,
    ) -> Result<Decision, Stop> {
        let command = command.into();
        let mut reads = command.reads();
        // The one command whose record depends on the scope; `sync::batch` adds it, too.
        if let Command::BlobArrived(arrived) = &command {
            use crate::modules::attachments::BlobArrival;
            reads.push(BlobArrival::key_of(BlobArrival::id_of(self.scope, &arrived.sha256)));
        }
        let world = Declared { records: &self.records, reads };
        let context = Context {
            actor,
            device: DeviceId::derived(&["test-device"]),
            op: OpId::derived(&["test-op"]),
            scope: self.scope,
            occurred_at: at,
            received_at: at.plus(60_000),
            settings: &self.settings,
            code_is_genuine: &|_| false,
        };
        command.decide(&world, &context, &mut NoNumbers)
    }

    /// Decides, applies the changes and says how it came out.
    pub fn run(
        &mut self,
        command: impl Into<Command>,
        actor: &Actor,
        at: Ms,
    ) -> Result<Verdict, Stop> {
        let decision = self.decide(command, actor, at)?;
        for change in decision.changes {
            match change {
                Change::Put(record) => self.records.insert(record.key(), *record),
                Change::Remove(key) => self.records.remove(&key),
            };
        }
        Ok(decision.verdict)
    }
}

/// The refusal, or a failed test.
#[track_caller]
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Stop>) -> Refusal {
    match result {
        Err(Stop::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[track_caller]
pub fn assert_refused<T: std::fmt::Debug>(result: Result<T, Stop>, code: impl RefusalCode) {
    assert_eq!(refusal(result).code, code.code());
}

/// The record a command waits for, or a failed test.
#[track_caller]
pub fn assert_waits<T: std::fmt::Debug>(result: Result<T, Stop>, key: RecordKey) {
    match result {
        Err(Stop::Waits(waits)) => assert_eq!(waits, key),
        other => panic!("expected to wait, got {other:?}"),
    }
}

/// The command and its JSON are the same for ever: an installed phone is an old client.
#[track_caller]
pub fn assert_golden_command(command: impl Into<Command>, kind: &str, json: &str) {
    let command = command.into();
    assert_eq!(command.kind(), kind);
    assert_eq!(command.encode(), json);
    let decoded = Command::decode(kind, 1, json).expect("the kind is registered");
    assert_eq!(decoded.expect("golden JSON decodes"), command);
}

/// The same for a record.
#[track_caller]
pub fn assert_golden_record(record: impl SyncedRecord, json: &str) {
    let kind = record.key().kind;
    let record = record.into_record();
    assert_eq!(record.encode(), json);
    assert_eq!(Record::decode(kind, json).expect("golden JSON decodes"), record);
}
