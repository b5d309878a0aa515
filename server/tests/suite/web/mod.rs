//! A whole server without a socket: real router, real database, a clock that tests move.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use domain::id::{ClusterId, DeviceId, OpId, ProjectId, UserId, VisitId};
use domain::modules::Command;
use domain::modules::accounts::CreateAccount;
use domain::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use domain::modules::households::{RegisterCluster, RegisterProject};
use domain::modules::visits::{RecordVisit, Topic, VisitResult, VisitWay};
use domain::sync::batch::sha256_hex;
use domain::sync::{OutcomeKind, Scope};
use domain::{Ms, Role};
use serde_json::{Value, json};
use server::auth::{COOKIE, store as accounts};
use server::clock::Clock;
use server::config::{BlobSettings, Config, Every, LogFormat};
use server::state::AppState;
use server::{cli, http};
use sqlx::{AnyConnection, Connection};
use tokio::sync::{OnceCell, watch};
use tower::ServiceExt;

pub mod engine;
pub mod s3;

/// 2026-11-22 10:00 in Shanghai.
pub const NOW: Ms = Ms(1_795_312_800_000);
pub const PASSWORD: &str = "a long enough password";

/// Declares tests that run once on each database.
macro_rules! on_every_database {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let server = $crate::web::Server::start($crate::web::Database::Sqlite).await;
                super::$name(&server).await;
                server.close().await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                if $crate::web::has_postgres() {
                    let server = $crate::web::Server::start($crate::web::Database::Postgres).await;
                    super::$name(&server).await;
                    server.close().await;
                }
            })+
        }
    };
}

#[derive(Clone, Copy, Debug)]
pub enum Database {
    Sqlite,
    Postgres,
}

pub fn has_postgres() -> bool {
    std::env::var_os("GUANJIA_TEST_POSTGRES").is_some()
}

/// Names that no other test of this or another process uses.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let random = u32::from_le_bytes(Clock::system().random());
    format!(
        "guanjia_{what}_{}_{}_{random:08x}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::SeqCst)
    )
}

/// A schema of its own in the database that the environment names, and its name.
async fn fresh_postgres() -> (String, String) {
    let base = std::env::var("GUANJIA_TEST_POSTGRES").unwrap();
    let name = unique("web");
    postgres(&format!("CREATE SCHEMA {name}")).await;
    let separator = if base.contains('?') { '&' } else { '?' };
    (format!("{base}{separator}options[search_path]={name}"), name)
}

async fn postgres(statement: &str) {
    sqlx::any::install_default_drivers();
    let base = std::env::var("GUANJIA_TEST_POSTGRES").unwrap();
    let mut connection = AnyConnection::connect(&base).await.unwrap();
    server::db::sql(statement).execute(&mut connection).await.unwrap();
}

/// Where a server keeps what it has.
pub struct Place {
    pub folder: PathBuf,
    pub database: String,
    schema: Option<String>,
}

impl Place {
    /// A folder and an empty database of their own.
    pub async fn fresh(database: Database) -> Self {
        let folder = std::env::temp_dir().join(unique("web"));
        std::fs::create_dir_all(&folder).unwrap();
        let (database, schema) = match database {
            Database::Sqlite => (format!("sqlite:{}", folder.join("test.db").display()), None),
            Database::Postgres => {
                let (url, schema) = fresh_postgres().await;
                (url, Some(schema))
            }
        };
        Self { folder, database, schema }
    }

    /// Leaves nothing behind.
    pub async fn clear(&self) {
        std::fs::remove_dir_all(&self.folder).ok();
        if let Some(schema) = &self.schema {
            postgres(&format!("DROP SCHEMA {schema} CASCADE")).await;
        }
    }
}

/// A running server with a project of two clusters and a person for each role.
pub struct Server {
    pub state: AppState,
    pub clock: Clock,
    pub router: Router,
    pub folder: PathBuf,
    schema: Option<String>,
    stop: watch::Sender<bool>,
}

impl Drop for Server {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

pub fn project() -> ProjectId {
    ProjectId::derived(&["test project"])
}
pub fn scope() -> Scope {
    Scope::Project(project())
}
pub fn cluster(code: &str) -> ClusterId {
    ClusterId::derived(&["test cluster", code])
}
pub fn user(account: &str) -> UserId {
    UserId::derived(&["account", account])
}

/// An account for each role, and a second steward with the other cluster.
pub fn staff() -> Vec<(String, Role, Option<&'static str>)> {
    let mut staff: Vec<_> = Role::ALL
        .into_iter()
        .map(|role| (role.name().replace('_', "-"), role, (role == Role::Steward).then_some("A")))
        .collect();
    staff.push(("steward-b".into(), Role::Steward, Some("B")));
    staff
}

impl Server {
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, |_| {}).await
    }

    pub async fn start_with(database: Database, adjust: impl FnOnce(&mut Config)) -> Self {
        let server = Self::start_empty(database, adjust).await;
        server.fill().await;
        server
    }

    /// As a company begins: without anybody and without a project.
    pub async fn start_empty(database: Database, adjust: impl FnOnce(&mut Config)) -> Self {
        let server = Self::start_quietly(database, adjust).await;
        tokio::spawn(server::blobs::arrivals::watch(server.state.clone()));
        server
    }

    /// As for a command of the command line: nothing goes on beside it.
    pub async fn start_quietly(database: Database, adjust: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(Place::fresh(database).await, Clock::manual(NOW), adjust).await
    }

    /// The settings of a server there.
    pub fn config(place: &Place, adjust: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config {
            addr: "127.0.0.1:0".parse().unwrap(),
            database: place.database.clone(),
            data: place.folder.join("data"),
            blobs: BlobSettings::default(),
            backup_dir: None,
            backup_every: Every(std::time::Duration::from_secs(86_400)),
            backup_keep: 14,
            site: place.folder.join("site"),
            demo: false,
            public_url: None,
            proxies: 0,
            metrics_token: None,
            log: LogFormat::Text,
        };
        adjust(&mut config);
        config.check().unwrap();
        config
    }

    /// Opens whatever database is there.
    pub async fn start_at(place: Place, clock: Clock, adjust: impl FnOnce(&mut Config)) -> Self {
        let config = Self::config(&place, adjust);
        let Place { folder, schema, .. } = place;
        let (stop, stopping) = watch::channel(false);
        let state = cli::start(config, clock.clone(), stopping).await.unwrap();
        let router = http::router(state.clone());
        Self { state, clock, router, folder, schema, stop }
    }

    /// Another node on the same database, with the same settings.
    pub async fn another_node(&self) -> Self {
        let config = (*self.state.config).clone();
        let (stop, stopping) = watch::channel(false);
        let state = cli::start(config, self.clock.clone(), stopping).await.unwrap();
        let router = http::router(state.clone());
        let (clock, folder) = (self.clock.clone(), self.folder.join("another node"));
        Self { state, clock, router, folder, schema: None, stop }
    }

    /// The project and its people.
    pub async fn fill(&self) {
        let people = staff().into_iter().map(|(account, role, cluster_code)| {
            Command::from(CreateAccount {
                name: account.clone(),
                account,
                roles: vec![role],
                clusters: cluster_code.map(cluster).into_iter().collect(),
            })
        });
        self.system(Scope::Company, people.collect()).await;
        let mut estate: Vec<Command> =
            vec![RegisterProject { project: project(), name: "万兴现代城".into() }.into()];
        for code in ["A", "B"] {
            estate.push(
                RegisterCluster { cluster: cluster(code), code: code.into(), name: code.into() }
                    .into(),
            );
        }
        self.system(scope(), estate).await;
        // Hashing is slow on purpose, and all of them have the same password.
        static HASH: OnceCell<String> = OnceCell::const_new();
        let passwords = &self.state.passwords;
        let hash = HASH.get_or_init(async || passwords.hash(PASSWORD.into()).await.unwrap()).await;
        for (account, ..) in staff() {
            accounts::set_password(&self.state.db, user(&account), hash, false, None, NOW)
                .await
                .unwrap();
        }
    }

    /// Commands of the product itself; all of them must be applied.
    pub async fn system(&self, scope: Scope, commands: Vec<Command>) {
        let at = self.clock.now();
        for outcome in self.state.sync.system(scope, commands, at).await.unwrap() {
            assert_eq!(outcome.outcome, OutcomeKind::Applied, "{:?}", outcome.reason);
        }
    }

    /// Stops, and removes what the database held.
    pub async fn close(&self) {
        self.stop.send_replace(true);
        self.state.db.close().await;
        if let Some(schema) = &self.schema {
            postgres(&format!("DROP SCHEMA {schema} CASCADE")).await;
        }
    }

    pub fn advance(&self, milliseconds: i64) {
        self.clock.set(self.clock.now().plus(milliseconds));
    }

    /// A browser that nobody signed in with yet.
    pub fn visitor(&self) -> Client<'_> {
        Client {
            server: self,
            cookie: None,
            device: DeviceId(self.clock.uuid()),
            address: "203.0.113.7".parse().unwrap(),
            headers: HeaderMap::new(),
            forged: false,
            n: 0,
        }
    }

    /// A browser in which that person is signed in.
    pub async fn signed_in(&self, account: &str) -> Client<'_> {
        let mut client = self.visitor();
        let answer = client.sign_in(account, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        client
    }
}

/// One browser.
pub struct Client<'a> {
    server: &'a Server,
    pub cookie: Option<String>,
    pub device: DeviceId,
    pub address: IpAddr,
    /// Sent with every request.
    pub headers: HeaderMap,
    /// Leaves out the header that only our own pages send.
    pub forged: bool,
    /// Number of the last command it pushed.
    pub n: u64,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
    /// The stable code of an error; empty when it is none.
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Client<'_> {
    /// The same browser, speaking to another node.
    pub fn at<'a>(&self, server: &'a Server) -> Client<'a> {
        let Self { cookie, device, address, headers, forged, n, .. } = self;
        let (cookie, headers) = (cookie.clone(), headers.clone());
        let (device, address, forged, n) = (*device, *address, *forged, *n);
        Client { server, cookie, device, address, headers, forged, n }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let mut request = request;
        let own = request.headers().clone();
        let headers = request.headers_mut();
        headers.extend(self.headers.clone());
        headers.extend(own);
        headers.entry(header::HOST).or_insert("127.0.0.1:3000".parse().unwrap());
        if let Some(cookie) = &self.cookie {
            headers.insert(header::COOKIE, cookie.parse().unwrap());
        }
        if !self.forged {
            headers.insert("x-guanjia", "1".parse().unwrap());
        }
        let peer = ConnectInfo(SocketAddr::new(self.address, 40_000));
        request.extensions_mut().insert(peer);
        let response = self.server.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// Signs in on this browser's device and keeps the cookie.
    pub async fn sign_in(&mut self, account: &str, password: &str) -> Answer {
        let body = json!({
            "account": account, "password": password,
            "device": { "id": self.device, "name": "test phone" }
        });
        let answer = self.post("/api/v1/session", body).await;
        if let Some(cookie) = answer.headers.get(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            assert!(pair.starts_with(COOKIE));
            self.cookie = Some(pair.to_owned());
        }
        answer
    }

    /// Pushes commands with the next numbers; returns the outcomes.
    pub async fn push(&mut self, scope: Scope, user: UserId, commands: &[Command]) -> Value {
        let first = self.n + 1;
        self.n += commands.len() as u64;
        let commands: Vec<Value> = (first..)
            .zip(commands)
            .map(|(n, command)| {
                let payload: Value = serde_json::from_str(&command.encode()).unwrap();
                json!({
                    "op": OpId(self.server.clock.uuid()), "n": n, "kind": command.kind(),
                    "at_device": self.server.clock.now(), "payload": payload
                })
            })
            .collect();
        let body = json!({
            "protocol": 1, "scope": scope, "device": self.device, "user": user,
            "commands": commands
        });
        let answer = self.post("/api/v1/sync/push", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["outcomes"].clone()
    }

    /// Every record of a kind that this person's phone receives.
    pub async fn pull(&self, scope: Scope, kind: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/sync/pull?scope={scope}&cursor={cursor}");
            let answer = self.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let page = answer.json();
            let of_kind = page["rows"].as_array().unwrap().iter().filter(|row| row["k"] == kind);
            rows.extend(of_kind.cloned());
            if page["more"] == json!(false) {
                return rows;
            }
            cursor = page["cursor"].as_str().unwrap().to_owned();
        }
    }
}

/// A visit in a cluster that brings attachments.
pub fn visit(name: &str, cluster: ClusterId, photos: &[&[u8]]) -> Command {
    RecordVisit {
        visit: VisitId::derived(&["test visit", name]),
        cluster,
        unit: None,
        place: "东大堂".into(),
        way: VisitWay::OnTheWay,
        met: "张三".into(),
        topics: vec![Topic::Need],
        note: "灯不亮".into(),
        result: VisitResult::Answered,
        attachments: photos
            .iter()
            .map(|bytes| Attachment {
                sha256: Sha256Hex(sha256_hex(bytes)),
                mime: "image/jpeg".into(),
                size: bytes.len() as u64,
                role: AttachmentRole::Photo,
                at: NOW,
            })
            .collect(),
    }
    .into()
}

/// A small but whole JPEG of any size, with a place in it.
pub fn photo(seed: u8, size: usize) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE1, 0x00, 0x20];
    bytes.extend(b"Exif\0\0MM\0*\0\0\0\x08\0\0 39.9N116.4E!");
    bytes.resize(2 + 2 + 0x20, b'!');
    bytes.extend([0xFF, 0xDB, 0x00, 0x05, 0x00, seed, 0x01]);
    bytes.extend([0xFF, 0xDA, 0x00, 0x04, 0x01, 0x02]);
    while bytes.len() + 2 < size {
        let place = bytes.len();
        bytes.push(u8::try_from((place * 31 + usize::from(seed)) % 251).unwrap());
    }
    bytes.extend([0xFF, 0xD9]);
    bytes
}
