//! A fresh database for every test, on SQLite always and on PostgreSQL when
//! `GUANJIA_TEST_POSTGRES` names one; and an estate with people and phones to test with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::Ms;
use domain::actor::{Actor, Role};
use domain::id::{BuildingId, ClusterId, DeviceId, OpId, ProjectId, TicketId, UnitId, UserId};
use domain::modules::Command;
use domain::modules::accounts::CreateAccount;
use domain::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use domain::modules::households::{
    Contact, RegisterBuilding, RegisterCluster, RegisterProject, RegisterUnit, Relation, UnitStatus,
};
use domain::modules::tickets::{Intake, OpenTicket, Place, TicketContact, TicketKind, Urgency};
use domain::sync::{Outcome, Scope};
use serde_json::value::RawValue;
use server::clock::Clock;
use server::db::{Db, sql};
use server::metrics::Metrics;
use server::sync::{PushFailure, SyncService};

mod phone;
pub mod yard;
pub use phone::{Phone, Replica};

/// Ten in the morning of 21 November 2026 in Shanghai.
pub const TEN: Ms = Ms(1_795_226_400_000);

/// Makes a test of each function for both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let site = $crate::common::Site::sqlite().await;
                super::$name(&site).await;
                site.close().await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let Some(site) = $crate::common::Site::postgres().await else { return };
                super::$name(&site).await;
                site.close().await;
            })+
        }
    };
}

enum Home {
    Folder(PathBuf),
    Schema { url: String, name: String },
}

/// A database with nothing in it, and the service on it.
pub struct Site {
    pub db: Db,
    pub sync: SyncService,
    pub clock: Clock,
    place: Home,
}

pub async fn start(db: &Db, clock: &Clock) -> SyncService {
    let genuine = Arc::new(|_: &str| false);
    SyncService::start(db.clone(), clock.clone(), genuine, Metrics::default()).await.unwrap()
}

/// One that never looks by itself whether another node has written.
async fn start_without_polling(db: &Db, clock: &Clock) -> SyncService {
    let (genuine, never) = (Arc::new(|_: &str| false), Duration::from_secs(3600));
    SyncService::start_polling(db.clone(), clock.clone(), genuine, Metrics::default(), never)
        .await
        .unwrap()
}

impl Site {
    pub async fn sqlite() -> Self {
        let name = format!("guanjia-test-{}", Clock::system().uuid());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        let url = format!("sqlite:{}", folder.join("guanjia.db").display());
        Self::at(&url, Home::Folder(folder)).await
    }

    /// A schema of its own in the database that the environment names.
    pub async fn postgres() -> Option<Self> {
        let base = std::env::var("GUANJIA_TEST_POSTGRES").ok()?;
        let name = format!("test_{}", Clock::system().uuid().simple());
        sqlx::any::install_default_drivers();
        let admin = sqlx::AnyPool::connect(&base).await.unwrap();
        sql(format!("CREATE SCHEMA {name}")).execute(&admin).await.unwrap();
        admin.close().await;
        let separator = if base.contains('?') { '&' } else { '?' };
        let url = format!("{base}{separator}options[search_path]={name}");
        Some(Self::at(&url, Home::Schema { url: base, name }).await)
    }

    async fn at(url: &str, place: Home) -> Self {
        let clock = Clock::manual(TEN);
        let db = Db::connect(url).await.unwrap();
        let sync = start(&db, &clock).await;
        Self { db, sync, clock, place }
    }

    /// Another node on the same database.
    pub async fn another_node(&self) -> SyncService {
        let db = Db::connect(self.db.url()).await.unwrap();
        start(&db, &self.clock).await
    }

    /// Another node, which hears of this one or of nothing.
    pub async fn another_node_that_only_listens(&self) -> SyncService {
        let db = Db::connect(self.db.url()).await.unwrap();
        start_without_polling(&db, &self.clock).await
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Home::Schema { .. })
    }

    pub async fn close(self) {
        self.sync.stop().await;
        self.db.close().await;
        match self.place {
            Home::Folder(folder) => std::fs::remove_dir_all(folder).unwrap(),
            Home::Schema { url, name } => {
                let admin = sqlx::AnyPool::connect(&url).await.unwrap();
                // A listener may still be on its way out.
                sql(format!("DROP SCHEMA {name} CASCADE")).execute(&admin).await.unwrap();
                admin.close().await;
            }
        }
    }

    /// Registers project, two clusters, a building and two units each, and the staff.
    pub async fn furnish(&self) {
        let people = [
            ("lin", Role::Steward, vec![cluster("a")]),
            ("song", Role::Steward, vec![cluster("b")]),
            ("chen", Role::Technician, vec![]),
            ("wang", Role::Technician, vec![]),
            ("desk", Role::FrontDesk, vec![]),
            ("boss", Role::Supervisor, vec![]),
        ];
        let accounts = people.into_iter().map(|(account, role, clusters)| {
            Command::from(CreateAccount {
                account: account.into(),
                name: account.into(),
                roles: vec![role],
                clusters,
            })
        });
        self.must(Scope::Company, accounts.collect()).await;
        let mut estate = vec![RegisterProject { project: project(), name: "樱园".into() }.into()];
        for code in ["a", "b"] {
            estate.push(
                RegisterCluster { cluster: cluster(code), code: code.into(), name: code.into() }
                    .into(),
            );
            estate.push(
                RegisterBuilding {
                    building: building(code),
                    cluster: cluster(code),
                    number: code.into(),
                    name: String::new(),
                    floors: 18,
                    entrances: 2,
                }
                .into(),
            );
            for room in 1..=2 {
                estate.push(register_unit(code, room).into());
            }
        }
        self.must(scope(), estate).await;
    }

    /// Commands of the product that must all be applied.
    pub async fn must(&self, scope: Scope, commands: Vec<Command>) -> Vec<Outcome> {
        let outcomes = self.sync.system(scope, commands, self.clock.now()).await.unwrap();
        for outcome in &outcomes {
            assert!(!outcome.outcome.needs_attention(), "{outcome:?}");
        }
        outcomes
    }

    /// One number out of the database.
    pub async fn count(&self, text: &str) -> i64 {
        use sqlx::Row;
        let row = sql(text).fetch_one(self.db.readers()).await.unwrap();
        row.try_get(0).unwrap()
    }
}

pub fn project() -> ProjectId {
    ProjectId::derived(&["project"])
}
pub fn scope() -> Scope {
    Scope::Project(project())
}
pub fn cluster(code: &str) -> ClusterId {
    ClusterId::derived(&["cluster", code])
}
pub fn building(code: &str) -> BuildingId {
    BuildingId::derived(&["building", code])
}
pub fn unit(code: &str, room: u32) -> UnitId {
    UnitId::derived(&["unit", code, &room.to_string()])
}
pub fn ticket(name: &str) -> TicketId {
    TicketId::derived(&["ticket", name])
}

pub fn register_unit(code: &str, room: u32) -> RegisterUnit {
    RegisterUnit {
        unit: unit(code, room),
        building: building(code),
        label: format!("{}-1-{room}01", if code == "a" { 1 } else { 2 }),
        floor: 1,
        area_centi: 10_125,
        status: UnitStatus::OwnerOccupied,
        handed_over: None,
        contacts: vec![Contact {
            name: "张伟".into(),
            relation: Relation::Owner,
            phone: "13800000000".into(),
            pinyin: vec!["zw".into()],
        }],
        key_customer: false,
        caution: String::new(),
    }
}

/// A person as her account makes her.
pub fn person(account: &str, role: Role, clusters: Vec<ClusterId>) -> Arc<Actor> {
    Arc::new(Actor {
        user: UserId::derived(&["account", account]),
        name: account.into(),
        roles: vec![role],
        clusters,
    })
}
pub fn lin() -> Arc<Actor> {
    person("lin", Role::Steward, vec![cluster("a")])
}
pub fn song() -> Arc<Actor> {
    person("song", Role::Steward, vec![cluster("b")])
}
pub fn chen() -> Arc<Actor> {
    person("chen", Role::Technician, vec![])
}
pub fn desk() -> Arc<Actor> {
    person("desk", Role::FrontDesk, vec![])
}
pub fn boss() -> Arc<Actor> {
    person("boss", Role::Supervisor, vec![])
}

/// A leak in cluster a, reported by whoever sends it.
pub fn leak(name: &str) -> OpenTicket {
    OpenTicket {
        ticket: ticket(name),
        cluster: cluster("a"),
        kind: TicketKind::Repair,
        category: "leak".into(),
        urgency: Urgency::Normal,
        intake: Intake::OnSite,
        place: Place { unit: Some(unit("a", 1)), label: String::new() },
        contact: TicketContact::default(),
        description: format!("厨房漏水 {name}"),
        photos: Vec::new(),
        origin: None,
    }
}

pub fn photo(seed: u8) -> Attachment {
    Attachment {
        sha256: Sha256Hex(format!("{seed:02x}").repeat(32)),
        mime: "image/jpeg".into(),
        size: 1_000,
        role: AttachmentRole::Photo,
        at: TEN,
    }
}

pub fn op(name: &str) -> OpId {
    OpId::derived(&["op", name])
}

pub fn device(name: &str) -> DeviceId {
    DeviceId::derived(&["device", name])
}

/// An envelope as a phone writes it.
pub fn envelope(op: OpId, n: u64, kind: &str, payload: &str) -> Box<RawValue> {
    let text = format!(
        r#"{{"op":"{op}","n":{n},"kind":"{kind}","at_device":{},"payload":{payload}}}"#,
        TEN.0
    );
    RawValue::from_string(text).unwrap()
}

/// Outcomes of a push, with their exact bytes.
pub struct Answered {
    pub outcomes: Vec<Outcome>,
    pub bytes: Vec<String>,
    pub head: u64,
}

pub async fn push(
    sync: &SyncService,
    device: DeviceId,
    actor: &Arc<Actor>,
    commands: &[Box<RawValue>],
) -> Result<Answered, PushFailure> {
    push_to(sync, scope(), device, actor, commands).await
}

pub async fn push_to(
    sync: &SyncService,
    scope: Scope,
    device: DeviceId,
    actor: &Arc<Actor>,
    commands: &[Box<RawValue>],
) -> Result<Answered, PushFailure> {
    let response = sync.push(scope, device, Arc::clone(actor), commands, TEN).await?;
    let bytes: Vec<String> = response.outcomes.iter().map(|raw| raw.get().to_owned()).collect();
    let outcomes = bytes.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    Ok(Answered { outcomes, bytes, head: response.head })
}
