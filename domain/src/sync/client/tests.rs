//! The engine and the replica on a server that answers at once: what a person sees and when.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::memory::MemoryStore;
use super::*;
use crate::actor::{Actor, Role};
use crate::id::{DeviceId, OpId, VisitId};
use crate::modules::Command;
use crate::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use crate::modules::households::Household;
use crate::modules::visits::{RecordVisit, Topic, Visit, VisitResult, VisitWay};
use crate::sync::batch::sha256_hex;
use crate::sync::record::{Scope, SyncedRecord};
use crate::sync::sim::server::{Dies, Server};
use crate::sync::sim::work::{founder, founding, person, scopes};
use crate::sync::wire::{PullResponse, PushRequest, PushResponse};
use crate::time::Ms;

const NOW: Ms = Ms(1_795_278_600_000);

fn run<V>(future: impl Future<Output = V>) -> V {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// The simulation's server, one call away.
struct Direct {
    server: Rc<RefCell<Server>>,
    me: Actor,
    device: DeviceId,
    signed_in: Cell<bool>,
}

impl Direct {
    fn admit(&self) -> Result<(), TransportError> {
        if self.signed_in.get() { Ok(()) } else { Err(TransportError::Unauthorised) }
    }
}

impl Transport for Direct {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, TransportError> {
        self.admit()?;
        self.server.borrow_mut().push(self.me.user, request, NOW, Dies::Not)
    }
    async fn pull(
        &self,
        scope: Scope,
        cursor: Option<&str>,
    ) -> Result<PullResponse, TransportError> {
        self.admit()?;
        self.server.borrow().pull(self.me.user, self.device, scope, cursor, NOW)
    }
    async fn blob_offset(&self, scope: Scope, sha: &Sha256Hex) -> Result<BlobAt, TransportError> {
        self.server.borrow().blob_offset(self.me.user, self.device, scope, sha)
    }
    async fn blob_put(
        &self,
        blob: &Blob,
        offset: u64,
        bytes: &[u8],
    ) -> Result<BlobAt, TransportError> {
        let named = (&blob.sha256, blob.size);
        let mut server = self.server.borrow_mut();
        server.blob_put(self.me.user, self.device, blob.scope, named, offset, bytes, NOW)
    }
}

struct Phone {
    server: Rc<RefCell<Server>>,
    engine: Engine<MemoryStore, Direct>,
}

fn here() -> Scope {
    scopes()[1]
}

/// A steward's phone that has pulled everything.
fn phone() -> Phone {
    let me = person("steward A", Role::Steward, &["A"]);
    let device = DeviceId::derived(&["phone"]);
    let mut server = Server::new(crate::id::derived(&["epoch"]));
    for (scope, command) in founding() {
        server.act(scope, founder(), command, NOW);
    }
    server.devices.insert(device, me.user);
    server.db.actors.insert(me.user, me.clone());
    let server = Rc::new(RefCell::new(server));
    let transport =
        Direct { server: Rc::clone(&server), me: me.clone(), device, signed_in: Cell::new(true) };
    let replica = Rc::new(RefCell::new(Replica::new(me, device)));
    let engine = run(Engine::open(MemoryStore::default(), transport, replica)).unwrap();
    for scope in scopes() {
        run(engine.sync(scope, &|| NOW)).unwrap();
    }
    Phone { server, engine }
}

impl Phone {
    fn visit(&self, name: &str, note: &str, photos: Vec<NewBlob>) -> Result<VisitId, RecordError> {
        let visit = VisitId::derived(&[name]);
        let unit = self.engine.replica.borrow().iter::<Household>().next().unwrap().clone();
        let attachments = photos.iter().map(|blob| Attachment {
            sha256: blob.sha256.clone(),
            mime: blob.mime.clone(),
            size: blob.bytes.len() as u64,
            role: AttachmentRole::Photo,
            at: NOW,
        });
        let command: Command = RecordVisit {
            visit,
            cluster: unit.cluster,
            unit: Some(unit.id),
            place: unit.label,
            way: VisitWay::Door,
            met: String::new(),
            topics: vec![Topic::Need],
            note: note.into(),
            result: VisitResult::Nothing,
            attachments: attachments.collect(),
        }
        .into();
        let draft = Draft { scope: here(), op: OpId::derived(&[name]), command, draft: None };
        let moment = Moment { at_device: NOW, offset: None };
        run(self.engine.record(vec![draft], photos, moment, &|_| true)).map(|_| visit)
    }
    fn shows(&self, visit: VisitId) -> usize {
        self.engine.replica.borrow().iter::<Visit>().filter(|shown| shown.id == visit).count()
    }
    fn is_pending(&self, visit: VisitId) -> bool {
        self.engine.replica.borrow().is_pending(Visit::key_of(visit.0))
    }
    fn push(&self) -> Pushed {
        run(self.engine.push_once(here(), NOW)).unwrap()
    }
    fn sync(&self) {
        run(self.engine.sync(here(), &|| NOW)).unwrap();
    }
    fn status(&self) -> SyncStatus {
        run(self.engine.status(&scopes())).unwrap()
    }
}

#[test]
fn what_was_recorded_shows_at_once_and_once_until_the_server_shows_it() {
    let phone = phone();
    let visit = phone.visit("v", "想换灯", vec![]).unwrap();
    assert_eq!((phone.shows(visit), phone.is_pending(visit)), (1, true));
    assert_eq!(phone.push(), Pushed::Answered(1));
    assert_eq!((phone.shows(visit), phone.is_pending(visit)), (1, true));
    phone.sync();
    assert_eq!((phone.shows(visit), phone.is_pending(visit)), (1, false));
    assert_eq!(phone.status().waiting, 0);
}

#[test]
fn a_refusal_is_shown_at_once_and_nothing_is_stored() {
    let phone = phone();
    let refused = phone.visit("v", &"灯".repeat(9_000), vec![]).unwrap_err().refusal();
    assert_eq!(refused.code, "common.text_too_long");
    assert_eq!(phone.status().waiting, 0);
}

#[test]
fn a_new_start_of_the_app_shows_what_waits() {
    let phone = phone();
    let visit = phone.visit("v", "想换灯", vec![]).unwrap();
    let mut fresh = Replica::new(phone.engine.transport.me.clone(), phone.engine.transport.device);
    for scope in scopes() {
        fresh.load(scope, run(phone.engine.store.load(scope)).unwrap());
    }
    assert!(fresh.get::<Visit>(visit.0).is_some());
}

#[test]
fn without_a_session_the_queue_waits_and_says_why() {
    let phone = phone();
    phone.visit("v", "想换灯", vec![]).unwrap();
    phone.engine.transport.signed_in.set(false);
    let error = run(phone.engine.push_once(here(), NOW)).unwrap_err();
    assert_eq!(error, SyncError::Paused(Paused::SignIn));
    assert_eq!((phone.status().waiting, phone.status().paused), (1, Some(Paused::SignIn)));
    phone.engine.transport.signed_in.set(true);
    phone.sync();
    assert_eq!((phone.status().waiting, phone.status().paused), (0, None));
}

#[test]
fn another_user_cannot_open_the_store() {
    let phone = phone();
    let other = person("steward B", Role::Steward, &["B"]);
    let device = DeviceId::derived(&["phone of another"]);
    let transport = Direct {
        server: Rc::clone(&phone.server),
        me: other.clone(),
        device,
        signed_in: Cell::new(true),
    };
    let replica = Rc::new(RefCell::new(Replica::new(other, device)));
    let opened = run(Engine::open(phone.engine.store.clone(), transport, replica));
    assert_eq!(opened.err(), Some(SyncError::Paused(Paused::OtherUser)));
}

#[test]
fn a_photo_follows_its_command_and_leaves_the_phone_when_both_are_backed_up() {
    let phone = phone();
    let bytes = vec![7; transport::CHUNK + 1];
    let sha256 = Sha256Hex(sha256_hex(&bytes));
    let photo = NewBlob { sha256: sha256.clone(), mime: "image/jpeg".into(), bytes };
    phone.visit("v", "见照片", vec![photo]).unwrap();
    let upload = || run(phone.engine.upload_once(&scopes())).unwrap();
    assert_eq!(upload(), Uploaded::Idle);
    phone.push();
    assert_eq!(phone.status().uploading, 1);
    assert_eq!(upload(), Uploaded::Confirmed);
    phone.sync();
    assert!(run(phone.engine.store.blob_bytes(&sha256)).unwrap().is_some());
    let now = phone.server.borrow().db.clone();
    phone.server.borrow_mut().backup = now;
    phone.sync();
    assert!(run(phone.engine.store.blob_bytes(&sha256)).unwrap().is_none());
    assert_eq!(phone.status().unsecured, 0);
}

#[test]
fn a_server_from_an_older_backup_gets_everything_again() {
    let phone = phone();
    let before = phone.server.borrow().db.clone();
    let visits = ["a", "b"].map(|name| phone.visit(name, "想换灯", vec![]).unwrap());
    phone.sync();
    phone.server.borrow_mut().backup = before;
    phone.server.borrow_mut().restore(crate::id::derived(&["second epoch"]));
    phone.sync();
    phone.sync();
    let server = phone.server.borrow();
    for visit in visits {
        assert!(server.db.scopes[&here()].records.contains_key(&Visit::key_of(visit.0)));
        assert_eq!(phone.shows(visit), 1);
    }
}

#[test]
fn what_neither_phone_nor_server_has_any_more_is_reported_and_blocks_nothing() {
    let phone = phone();
    let before = phone.server.borrow().db.clone();
    phone.visit("a", "想换灯", vec![]).unwrap();
    phone.visit("b", "想换灯", vec![]).unwrap();
    phone.sync();
    // Backed up, so the phone forgets them; then that back-up is lost as well.
    let now = phone.server.borrow().db.clone();
    phone.server.borrow_mut().backup = now;
    phone.sync();
    phone.server.borrow_mut().backup = before;
    phone.server.borrow_mut().restore(crate::id::derived(&["second epoch"]));
    let visit = phone.visit("c", "想换灯", vec![]).unwrap();
    phone.sync();
    assert_eq!(phone.status().waiting, 0);
    let server = phone.server.borrow();
    let db = &server.db.scopes[&here()];
    assert!(db.records.contains_key(&Visit::key_of(visit.0)));
    let report = db.log.iter().find(|row| row.kind == "sync.resumed").unwrap();
    assert!(report.payload.contains(r#""lost_from":1,"lost_to":2"#), "{}", report.payload);
}

#[test]
fn only_kinds_that_changed_are_named() {
    let phone = phone();
    phone.engine.replica.borrow_mut().kinds_changed();
    phone.visit("v", "想换灯", vec![]).unwrap();
    let changed = phone.engine.replica.borrow_mut().kinds_changed();
    assert_eq!(changed.into_iter().collect::<Vec<_>>(), vec![Visit::KIND]);
    assert!(phone.engine.replica.borrow_mut().kinds_changed().is_empty());
}
