//! A phone with the real engine, over the real router.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header};
use domain::id::{DeviceId, OpId, TicketId};
use domain::modules::attachments::Sha256Hex;
use domain::modules::tickets::Ticket;
use domain::modules::{Command, RecordKind};
use domain::sync::Scope;
use domain::sync::batch::sha256_hex;
use domain::sync::client::memory::MemoryStore;
use domain::sync::client::transport::PullAsk;
use domain::sync::client::{
    Blob, BlobAt, Draft, Engine, LocalStore, Moment, NewBlob, Replica, StoredRow, Transport,
    TransportError, Uploaded,
};
use domain::sync::wire::{PullResponse, PushRequest, PushResponse};
use domain::{Actor, Role};
use serde::de::DeserializeOwned;
use server::clock::Clock;
use tower::ServiceExt;

use super::{Answer, Server, cluster, scope, user};

/// What a phone of this company follows.
pub fn scopes() -> [Scope; 2] {
    [Scope::Company, scope()]
}

/// The way to whichever server there is now.
#[derive(Clone)]
pub struct Line {
    pub router: Rc<RefCell<Router>>,
    pub cookie: String,
    pub device: DeviceId,
}

impl Line {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:3000")
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-guanjia", "1")
            .header("x-guanjia-device", self.device.to_string());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        let peer: SocketAddr = "203.0.113.7:40000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = self.router.borrow().clone();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

pub fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, TransportError> {
    if !answer.status.is_success() {
        return Err(TransportError::of_status(answer.status.as_u16(), &answer.text(), None));
    }
    serde_json::from_slice(&answer.body).map_err(|e| TransportError::Garbled(e.to_string()))
}

pub fn at(answer: &Answer) -> Result<BlobAt, TransportError> {
    if !answer.status.is_success() {
        return Err(TransportError::of_status(answer.status.as_u16(), &answer.text(), None));
    }
    let [offset, size] =
        ["upload-offset", "upload-length"].map(|name| answer.header(name).parse::<u64>().unwrap());
    Ok(BlobAt { offset, complete: offset == size })
}

impl Transport for Line {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, TransportError> {
        let body = serde_json::to_vec(request).unwrap();
        read(&self.ask(Method::POST, "/api/v1/sync/push", &[], body).await)
    }

    async fn pull(&self, ask: &PullAsk) -> Result<PullResponse, TransportError> {
        let cursor = ask.cursor.as_deref().unwrap_or_default();
        let path = format!(
            "/api/v1/sync/pull?scope={}&cursor={cursor}&waiting={}",
            ask.scope, ask.waiting
        );
        read(&self.ask(Method::GET, &path, &[], Vec::new()).await)
    }

    async fn blob_offset(
        &self,
        scope: Scope,
        sha256: &Sha256Hex,
    ) -> Result<BlobAt, TransportError> {
        let headers = [("x-guanjia-scope", scope.to_string())];
        let answer = self
            .ask(Method::HEAD, &format!("/api/v1/blobs/{}", sha256.0), &headers, Vec::new())
            .await;
        if answer.status == 404 {
            return Ok(BlobAt { offset: 0, complete: false });
        }
        at(&answer)
    }

    async fn blob_put(
        &self,
        blob: &Blob,
        offset: u64,
        bytes: &[u8],
    ) -> Result<BlobAt, TransportError> {
        let headers = [
            ("x-guanjia-scope", blob.scope.to_string()),
            ("upload-offset", offset.to_string()),
            ("upload-length", blob.size.to_string()),
        ];
        at(&self
            .ask(
                Method::PATCH,
                &format!("/api/v1/blobs/{}", blob.sha256.0),
                &headers,
                bytes.to_vec(),
            )
            .await)
    }
}

/// A person with her phone.
pub struct Phone {
    pub engine: Engine<MemoryStore, Line>,
    pub actor: Actor,
    pub clock: Clock,
    pub ops: Vec<OpId>,
}

pub fn actor(account: &str, role: Role) -> Actor {
    let clusters = if role == Role::Steward { vec![cluster("A")] } else { Vec::new() };
    Actor { user: user(account), name: account.into(), roles: vec![role], clusters }
}

impl Phone {
    pub async fn of(
        server: &Server,
        router: &Rc<RefCell<Router>>,
        account: &str,
        role: Role,
    ) -> Self {
        let client = server.signed_in(account).await;
        let line = Line {
            router: Rc::clone(router),
            cookie: client.cookie.clone().unwrap(),
            device: client.device,
        };
        Self::on(line, actor(account, role), server.clock.clone()).await
    }

    pub async fn on(line: Line, actor: Actor, clock: Clock) -> Self {
        let replica = Rc::new(RefCell::new(Replica::new(actor.clone(), line.device)));
        let engine = Engine::open(MemoryStore::default(), line, replica).await.unwrap();
        for scope in scopes() {
            engine.load(scope).await.unwrap();
        }
        Self { engine, actor, clock, ops: Vec::new() }
    }

    pub async fn records(&mut self, command: impl Into<Command>, photos: &[&[u8]]) {
        let op = OpId(self.clock.uuid());
        let draft = Draft { scope: scope(), op, command: command.into(), draft: None };
        let blobs = photos.iter().map(|bytes| NewBlob {
            sha256: Sha256Hex(sha256_hex(bytes)),
            mime: "image/jpeg".into(),
            bytes: bytes.to_vec(),
        });
        let moment = Moment { at_device: self.clock.now(), offset: None };
        self.engine.record(vec![draft], blobs.collect(), moment, &|_| false).await.unwrap();
        self.ops.push(op);
    }

    /// Everything but the photos.
    pub async fn syncs(&self) {
        for scope in scopes() {
            self.engine.sync(scope, &|| self.clock.now()).await.unwrap();
        }
    }

    pub async fn uploads(&self) {
        while self.engine.upload_once(&scopes()).await.unwrap() == Uploaded::Confirmed {}
    }

    pub async fn syncs_all(&self) {
        self.syncs().await;
        self.uploads().await;
        self.syncs().await;
    }

    /// Sends and fetches what can be; what cannot is tried at the next turn.
    pub async fn tries(&self) {
        for scope in scopes() {
            self.engine.sync(scope, &|| self.clock.now()).await.ok();
        }
        while let Ok(Uploaded::Confirmed) = self.engine.upload_once(&scopes()).await {}
    }

    pub fn base(&self) -> BTreeMap<(RecordKind, uuid::Uuid), StoredRow> {
        let disk = self.engine.store.disk();
        disk.scopes.values().flat_map(|scope| scope.base()).collect()
    }

    pub fn numbers(&self) -> BTreeMap<u32, TicketId> {
        let replica = self.engine.replica.borrow();
        replica.iter::<Ticket>().filter_map(|ticket| Some((ticket.number?, ticket.id))).collect()
    }

    pub async fn queue_is_empty(&self) -> bool {
        let queue = self.engine.store.queue(scope()).await.unwrap();
        assert!(queue.attention.is_empty(), "{:?}", queue.attention);
        queue.outbox.is_empty()
    }

    pub async fn journal(&self) -> usize {
        self.engine.store.queue(scope()).await.unwrap().journal.len()
    }
}
