//! The engine and the replica on a server that answers at once: what a person sees and when.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

mod checked;
mod devices;
mod uploads;

use super::memory::MemoryStore;
use super::*;
use crate::actor::{Actor, Role};
use crate::id::{DeviceId, OpId, UserId, VisitId};
use crate::modules::Command;
use crate::modules::RecordKind;
use crate::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use crate::modules::households::Household;
use crate::modules::visits::{AnswerVisit, RecordVisit, Topic, Visit, VisitResult, VisitWay};
use crate::refusal::{CommonCode, Refusal};
use crate::sync::batch::{REPEATED, RESUMED, sha256_hex};
use crate::sync::outcome::OutcomeKind;
use crate::sync::record::{Scope, SyncedRecord};
use crate::sync::sim::beside::Return;
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
    /// Whose cookie the browser has.
    session: Cell<UserId>,
    device: DeviceId,
    signed_in: Cell<bool>,
    /// The oldest build that the server takes commands from.
    min_client: Cell<u32>,
    /// Something on the way answers for the server when this attachment is asked after.
    answered_for: RefCell<Option<Sha256Hex>>,
    /// The server's sums are those of something else than it sends.
    wrong_sums: Cell<bool>,
    /// The one kind of request that gets no answer.
    stuck: Cell<Option<&'static str>>,
    /// Most bytes of a blob that the line carries before it breaks.
    carries: Cell<usize>,
    /// The cursors that pulls were asked with.
    cursors: RefCell<Vec<Option<String>>>,
}

impl Direct {
    fn of(server: &Rc<RefCell<Server>>, me: Actor, device: DeviceId) -> Self {
        let (session, signed_in) = (Cell::new(me.user), Cell::new(true));
        let server = Rc::clone(server);
        let (min_client, answered_for) = (Cell::new(1), RefCell::new(None));
        Self {
            server,
            me,
            session,
            device,
            signed_in,
            min_client,
            answered_for,
            wrong_sums: Cell::new(false),
            stuck: Cell::new(None),
            carries: Cell::new(usize::MAX),
            cursors: RefCell::default(),
        }
    }

    fn gets_through(&self, what: &str) -> Result<(), TransportError> {
        if self.stuck.get() == Some(what) { Err(TransportError::Timeout) } else { Ok(()) }
    }

    fn admit(&self) -> Result<UserId, TransportError> {
        if self.signed_in.get() {
            Ok(self.session.get())
        } else {
            Err(TransportError::Unauthorised)
        }
    }
}

impl Transport for Direct {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, TransportError> {
        self.gets_through("push")?;
        let session = self.admit()?;
        if request.client < Some(self.min_client.get()) {
            return Err(TransportError::Refused(Refusal::new(CommonCode::ClientTooOld)));
        }
        self.server.borrow_mut().push(session, request, NOW, Dies::Not)
    }
    async fn pull(&self, ask: &PullAsk) -> Result<PullResponse, TransportError> {
        self.gets_through("pull")?;
        let session = self.admit()?;
        self.cursors.borrow_mut().push(ask.cursor.clone());
        let mut page = self.server.borrow().pull(session, self.device, ask, NOW)?;
        if let Some(sum) = page.checksum.as_mut().filter(|_| self.wrong_sums.get()) {
            *sum = "0123456789abcdef".into();
        }
        Ok(page)
    }
    async fn blob_offset(&self, scope: Scope, sha: &Sha256Hex) -> Result<BlobAt, TransportError> {
        if self.answered_for.borrow().as_ref() == Some(sha) {
            return Err(TransportError::Garbled("no upload-offset".into()));
        }
        self.server.borrow().blob_offset(self.admit()?, self.device, scope, sha)
    }
    async fn blob_put(
        &self,
        blob: &Blob,
        offset: u64,
        bytes: &[u8],
    ) -> Result<BlobAt, TransportError> {
        if bytes.len() > self.carries.get() {
            return Err(TransportError::Timeout);
        }
        let named = (&blob.sha256, blob.size);
        let mut server = self.server.borrow_mut();
        server.blob_put(
            self.admit()?,
            self.device,
            blob.scope,
            named,
            offset,
            bytes,
            NOW,
            Dies::Not,
        )
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
    let transport = Direct::of(&server, me.clone(), device);
    let replica = Rc::new(RefCell::new(Replica::new(me, device)));
    let engine = run(Engine::open(MemoryStore::default(), transport, replica)).unwrap();
    for scope in scopes() {
        run(engine.sync(scope, &|| NOW)).unwrap();
    }
    Phone { server, engine }
}

impl Phone {
    fn on(store: MemoryStore, server: &Rc<RefCell<Server>>, device: DeviceId, me: &Actor) -> Phone {
        let transport = Direct::of(server, me.clone(), device);
        let replica = Rc::new(RefCell::new(Replica::new(me.clone(), device)));
        let engine = run(Engine::open(store, transport, replica)).unwrap();
        for scope in scopes() {
            run(engine.load(scope)).unwrap();
        }
        Phone { server: Rc::clone(server), engine }
    }

    fn do_command(&self, name: &str, command: Command) {
        let draft = Draft { scope: here(), op: OpId::derived(&[name]), command, draft: None };
        let moment = Moment { at_device: NOW, offset: None };
        run(self.engine.record(vec![draft], vec![], moment, &|_| true)).unwrap();
    }

    /// How often a command is in the log, and how it came out there.
    fn logged(&self, name: &str) -> Vec<OutcomeKind> {
        let server = self.server.borrow();
        let log = server.db.scopes[&here()].log.iter();
        log.filter(|row| row.op == OpId::derived(&[name])).map(|row| row.outcome).collect()
    }

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
fn a_push_that_is_stuck_stops_no_pull_and_a_pull_that_is_stuck_no_push() {
    let one = phone();
    let device = DeviceId::derived(&["other"]);
    let me = one.engine.transport.me.clone();
    one.server.borrow_mut().register(me.user, me.user, device).unwrap();
    let other = Phone::on(MemoryStore::default(), &one.server, device, &me);
    other.sync();

    one.engine.transport.stuck.set(Some("push"));
    one.visit("waits", "想换灯", vec![]).unwrap();
    let theirs = other.visit("theirs", "想换锁", vec![]).unwrap();
    other.sync();
    assert!(run(one.engine.sync(here(), &|| NOW)).is_err());
    assert_eq!((one.shows(theirs), one.status().waiting), (1, 1));

    one.engine.transport.stuck.set(Some("pull"));
    assert!(run(one.engine.sync(here(), &|| NOW)).is_err());
    assert_eq!(one.logged("waits"), [OutcomeKind::Applied]);
    assert_eq!(one.status().waiting, 0);
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
    // What asks the server nothing does not know better.
    assert_eq!(run(phone.engine.upload_once(&scopes())), Ok(Uploaded::Idle));
    assert_eq!(phone.status().paused, Some(Paused::SignIn));
    phone.engine.transport.signed_in.set(true);
    phone.sync();
    assert_eq!((phone.status().waiting, phone.status().paused), (0, None));
}

#[test]
fn a_build_that_is_too_old_stays_paused_although_pulls_work_until_its_commands_are_taken() {
    let phone = phone();
    phone.visit("v", "想换灯", vec![]).unwrap();
    phone.engine.transport.min_client.set(crate::sync::CLIENT + 1);
    let error = run(phone.engine.push_once(here(), NOW)).unwrap_err();
    assert_eq!(error, SyncError::Paused(Paused::Update));
    run(phone.engine.pull_once(here(), NOW)).unwrap();
    assert_eq!((phone.status().waiting, phone.status().paused), (1, Some(Paused::Update)));
    phone.engine.transport.min_client.set(crate::sync::CLIENT);
    phone.sync();
    assert_eq!((phone.status().waiting, phone.status().paused), (0, None));
}

#[test]
fn another_user_cannot_open_the_store() {
    let phone = phone();
    let other = person("steward B", Role::Steward, &["B"]);
    let device = DeviceId::derived(&["phone of another"]);
    let transport = Direct::of(&phone.server, other.clone(), device);
    let replica = Rc::new(RefCell::new(Replica::new(other, device)));
    let opened = run(Engine::open(phone.engine.store.clone(), transport, replica));
    assert_eq!(opened.err(), Some(SyncError::Paused(Paused::OtherUser)));
}

#[test]
fn a_tab_that_lingers_after_somebody_else_signed_in_neither_sends_nor_receives() {
    let phone = phone();
    let photo = picture(7, 100);
    phone.visit("a", "见照片", vec![photo.clone()]).unwrap();
    phone.push();
    phone.visit("b", "想换灯", vec![]).unwrap();
    let other = person("steward B", Role::Steward, &["B"]);
    phone.server.borrow_mut().db.actors.insert(other.user, other.clone());
    phone.engine.transport.session.set(other.user);
    let cursor = |phone: &Phone| run(phone.engine.store.queue(here())).unwrap().meta.cursor;
    let before = cursor(&phone);
    let paused = Some(SyncError::Paused(Paused::OtherUser));
    assert_eq!(run(phone.engine.push_once(here(), NOW)).err(), paused);
    assert_eq!(run(phone.engine.pull_once(here(), NOW)).err(), paused);
    assert_eq!(run(phone.engine.upload_once(&scopes())).err(), paused);
    assert_eq!(cursor(&phone), before);
    let status = phone.status();
    assert_eq!((status.waiting, status.uploading, status.attention), (1, 1, 0));
    phone.engine.transport.session.set(phone.engine.transport.me.user);
    phone.sync();
    assert_eq!(run(phone.engine.upload_once(&scopes())), Ok(Uploaded::Confirmed));
    assert_eq!((phone.status().waiting, phone.status().paused), (0, None));
}

/// A picture; one that begins with 19 is none to the server.
fn picture(first: u8, size: usize) -> NewBlob {
    let mut bytes = vec![1; size];
    bytes[0] = first;
    NewBlob { sha256: Sha256Hex(sha256_hex(&bytes)), mime: "image/jpeg".into(), bytes }
}

#[test]
fn a_server_from_an_older_backup_gets_everything_again() {
    let phone = phone();
    let before = phone.server.borrow().db.clone();
    let visits = ["a", "b"].map(|name| phone.visit(name, "想换灯", vec![]).unwrap());
    phone.sync();
    phone.server.borrow_mut().backup = before;
    phone.server.borrow_mut().restore(crate::id::derived(&["second epoch"]), Return::Last, NOW);
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
    phone.server.borrow_mut().restore(crate::id::derived(&["second epoch"]), Return::Last, NOW);
    let visit = phone.visit("c", "想换灯", vec![]).unwrap();
    phone.sync();
    assert_eq!(phone.status().waiting, 0);
    let server = phone.server.borrow();
    let db = &server.db.scopes[&here()];
    assert!(db.records.contains_key(&Visit::key_of(visit.0)));
    let report = db.log.iter().find(|row| row.kind == RESUMED).unwrap();
    assert!(report.payload.contains(r#""lost_from":1,"lost_to":2"#), "{}", report.payload);
}

#[test]
fn each_page_of_a_snapshot_is_asked_for_once_although_the_next_is_asked_for_ahead() {
    let old = phone();
    old.server.borrow_mut().page = 3;
    let Direct { device, me, .. } = &old.engine.transport;
    let phone = Phone::on(MemoryStore::default(), &old.server, *device, me);
    for scope in scopes() {
        run(phone.engine.sync(scope, &|| NOW)).unwrap();
        assert_eq!(
            phone.engine.replica.borrow().checksum(scope),
            old.engine.replica.borrow().checksum(scope)
        );
    }
    let mut asked = phone.engine.transport.cursors.borrow().clone();
    let pulls = asked.len();
    assert!(pulls > 2 * scopes().len(), "snapshots of several pages");
    asked.sort();
    asked.dedup();
    assert_eq!(
        pulls,
        asked.len() + scopes().len() - 1,
        "only the first of each scope has no cursor"
    );
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

#[test]
fn history_is_passed_over_and_what_is_pending_or_names_the_id_is_found() {
    let phone = phone();
    let promised = VisitResult::Promised { by: "2026-12-04".parse().unwrap() };
    let talked = phone.visit("talked", "想换灯", vec![]).unwrap();
    phone.sync();
    let active = || {
        let replica = phone.engine.replica.borrow();
        replica.active::<Visit>().map(|visit| visit.note.clone()).collect::<Vec<_>>()
    };
    assert!(active().is_empty());
    let unit = phone.engine.replica.borrow().iter::<Household>().next().unwrap().clone();
    let asked = RecordVisit {
        visit: VisitId::derived(&["asked"]),
        cluster: unit.cluster,
        unit: None,
        place: "门口".into(),
        way: VisitWay::Door,
        met: String::new(),
        topics: vec![Topic::Need],
        note: "要电话".into(),
        result: promised,
        attachments: vec![],
    };
    phone.do_command("asked", asked.into());
    assert_eq!(active(), ["要电话"], "before it is sent");
    phone.sync();
    assert_eq!(active(), ["要电话"], "from the server");
    let replica = phone.engine.replica.borrow();
    let named: Vec<_> =
        replica.naming::<Visit>(talked.0).map(|visit| visit.note.as_str()).collect();
    assert_eq!(named, ["想换灯"]);
    assert_eq!(replica.count(Visit::KIND), 2);
    assert_eq!(replica.count(Visit::KIND), replica.iter::<Visit>().count());
}

#[test]
fn the_revision_of_a_kind_grows_with_what_changes_of_it_and_with_nothing_else() {
    let phone = phone();
    let of = |kind| phone.engine.replica.borrow().revision(kind);
    let before = (of(RecordKind::Visit), of(RecordKind::Household));
    phone.visit("v", "想换灯", vec![]).unwrap();
    let recorded = of(RecordKind::Visit);
    assert!(recorded > before.0, "recorded here");
    phone.sync();
    assert!(of(RecordKind::Visit) > recorded, "and as the server has it");
    assert_eq!(of(RecordKind::Household), before.1);
}
