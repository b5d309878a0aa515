//! Who is signed in: kept on the phone so that the app opens without a network, renewed with one.

use std::rc::Rc;

use domain::Refusal;
use domain::id::DeviceId;
use domain::modules::accounts::User;
use domain::refusal::CommonCode;
use domain::sync::client::{LocalStore, Paused, SyncError};
use domain::sync::record::Scope;
use domain::sync::wire::{DeviceInfo, Session, SignIn};
use gloo_storage::{LocalStorage, Storage};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{App, Core};
use crate::clock;
use crate::device::{install, page};
use crate::sync::http::{self, Body, DEADLINE};
use crate::sync::{driver, events};

const SESSION: &str = "guanjia.session";
const OFFSET: &str = "guanjia.clock_offset";
/// A sign-out the server has not heard of yet.
const SIGN_OUT: &str = "guanjia.sign_out_pending";
const PATH: &str = "/api/v1/session";
/// Raised when this build must no longer push to servers that say so by `min_client`.
pub const CLIENT: u32 = 1;

/// Why nobody was signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsent {
    pub commands: usize,
    pub attachments: usize,
}

fn device_key(account: &str) -> String {
    format!("guanjia.device.{account}")
}

/// The installation's id for that account: a device is an installation × a user.
fn device_of(account: &str) -> DeviceId {
    let stored: Option<String> = LocalStorage::get(device_key(account)).ok();
    stored.and_then(|id| id.parse().ok()).unwrap_or_else(|| {
        let id = DeviceId(clock::new_uuid());
        keep_device(account, id);
        id
    })
}

fn keep_device(account: &str, id: DeviceId) {
    let _ = LocalStorage::set(device_key(account), id.to_string());
}

impl App {
    /// Opens what was left on this phone; called once before anything is drawn.
    pub async fn restore(self) {
        if let Ok(offset) = LocalStorage::get::<i64>(OFFSET) {
            http::restore_clock_offset(offset);
        }
        events::listen(self);
        if LocalStorage::get::<bool>(SIGN_OUT).is_ok() {
            spawn_local(self.finish_sign_out());
        }
        let Ok(session) = LocalStorage::get::<Session>(SESSION) else { return };
        if let Err(error) = self.begin(session).await {
            leptos::logging::error!("the store did not open: {error}");
            self.status.update(|status| status.last_error = Some(error.code().to_owned()));
        }
    }

    /// Signs in. Needs the network; afterwards everything works without.
    pub async fn sign_in(self, account: &str, password: &str) -> Result<(), Refusal> {
        let account = account.trim().to_lowercase();
        let mut session = self.post_session(&account, password, device_of(&account)).await?;
        // The browser may have lost the id of this installation and kept the store, whose commands
        // are numbered for that id.
        let store = crate::local_store::IndexedDb::of_user(session.actor.user);
        let owner = store.meta("owner").await.ok().flatten();
        let kept = owner.and_then(|owner| owner.split_once('/')?.1.parse::<DeviceId>().ok());
        if let Some(kept) = kept.filter(|kept| *kept != session.device.id) {
            session = self.post_session(&account, password, kept).await?;
            keep_device(&account, kept);
        }
        let _ = LocalStorage::set(SESSION, &session);
        LocalStorage::delete(SIGN_OUT);
        self.begin(session)
            .await
            .map_err(|error| Refusal::new(CommonCode::StorageFailed).with("why", error))
    }

    async fn post_session(
        self,
        account: &str,
        password: &str,
        device: DeviceId,
    ) -> Result<Session, Refusal> {
        let request = SignIn {
            account: account.to_owned(),
            password: password.to_owned(),
            device: DeviceInfo { id: device, name: install::device_name() },
        };
        let body = serde_json::to_string(&request)
            .map_err(|error| Refusal::new(CommonCode::Fault).with("why", error))?;
        let answer = http::ask_any("POST", PATH, Body::Json(&body), &[], DEADLINE).await;
        let answer = answer.map_err(|error| http::refusal_of_error(&error))?;
        if !answer.is_ok() {
            return Err(http::refusal_of(&answer));
        }
        let session: Session = serde_json::from_str(&answer.text)
            .map_err(|error| Refusal::new(CommonCode::Fault).with("why", error))?;
        http::measure(session.server_time, answer.sent_at, answer.received_at);
        Ok(session)
    }

    /// Takes over a session: opens the user's store, shows it, starts sync.
    async fn begin(self, session: Session) -> Result<(), SyncError> {
        let same = self.core().filter(|core| {
            core.with_replica(|r| {
                r.actor().user == session.actor.user && r.device() == session.device.id
            })
        });
        let core = match same {
            Some(core) => {
                core.engine.unpause();
                core
            }
            None => {
                self.close();
                let core = Core::open(&session).await?;
                self.core.set_value(Some(core.clone()));
                core
            }
        };
        self.take_session(&core, session).await?;
        // Before the first look at the queue nothing must say that all is here.
        let synced = core.engine.status(&core.scopes()).await.ok().and_then(|s| s.synced_at);
        self.status.update(|status| {
            status.paused = None;
            status.last_sync = synced;
            status.first_sync = synced.is_none();
        });
        driver::start(self, core);
        Ok(())
    }

    /// Rights, name or projects as the server has them now.
    async fn take_session(self, core: &Rc<Core>, session: Session) -> Result<(), SyncError> {
        let scopes: Vec<Scope> = session.scopes.iter().map(|scope| scope.scope).collect();
        for scope in scopes.iter().filter(|scope| !core.scopes().contains(scope)) {
            core.engine.load(*scope).await?;
        }
        for gone in core.scopes().iter().filter(|scope| !scopes.contains(scope)) {
            core.engine.replica.borrow_mut().unload(*gone);
        }
        core.scopes.replace(scopes);
        core.engine.replica.borrow_mut().set_actor(session.actor.clone());
        let too_old = session.min_client > CLIENT;
        self.session.set(Some(session));
        if too_old {
            self.status.update(|status| status.paused = Some(Paused::Update));
            page::tell("guanjia:check-update");
        }
        self.notify_kinds(&domain::modules::RecordKind::ALL.iter().copied().collect());
        self.notify_queue();
        Ok(())
    }

    fn close(self) {
        driver::stop();
        if let Some(core) = self.core() {
            core.end();
        }
        self.core.set_value(None);
        self.session.set(None);
        self.status.update(|status| {
            *status = crate::sync::SyncStatus { online: status.online, ..Default::default() };
        });
        self.notify_kinds(&domain::modules::RecordKind::ALL.iter().copied().collect());
    }

    /// Signs out. Refused while something is unsent, unless it was exported and the person says so:
    /// it stays in this user's store then and is sent at their next sign-in.
    pub async fn sign_out(self, although_unsent: bool) -> Result<(), Unsent> {
        let Some(core) = self.core() else { return Ok(()) };
        let counts = core.engine.status(&core.scopes()).await.unwrap_or_default();
        let unsent = Unsent { commands: counts.waiting, attachments: counts.uploading };
        if (unsent.commands + unsent.attachments > 0) && !although_unsent {
            return Err(unsent);
        }
        // Residents' data leaves a shared phone, unless something here is not safe elsewhere yet.
        let nothing_left = unsent.commands + unsent.attachments + counts.unsecured == 0
            && counts.attention == 0
            && core.drafts.borrow().is_empty();
        let account = self.session.with_untracked(|s| s.as_ref().map(|s| s.account.clone()));
        LocalStorage::delete(SESSION);
        let _ = LocalStorage::set(SIGN_OUT, true);
        self.close();
        if nothing_left {
            let store = core.engine.store.clone();
            if store.remove().await.is_ok()
                && let Some(account) = account
            {
                // Its numbers went with the store; the same id must not start again from 1.
                LocalStorage::delete(device_key(&account));
            }
        }
        self.finish_sign_out().await;
        Ok(())
    }

    /// Ends the session on the server; without a network at the next start.
    async fn finish_sign_out(self) {
        let answer = http::ask_any("DELETE", PATH, Body::None, &[], DEADLINE).await;
        if answer.is_ok_and(|answer| answer.is_ok() || answer.status == 401) {
            LocalStorage::delete(SIGN_OUT);
        }
    }

    /// Asks the server who is signed in, and what they may do now.
    pub(crate) fn check_session(self) {
        let Some(core) = self.core() else { return };
        spawn_local(async move {
            let Ok(answer) = http::ask("GET", PATH, Body::None, &[], DEADLINE).await else {
                return;
            };
            let Ok(session) = serde_json::from_str::<Session>(&answer.text) else { return };
            http::measure(session.server_time, answer.sent_at, answer.received_at);
            if let Some(offset) = http::clock_offset() {
                let _ = LocalStorage::set(OFFSET, offset);
            }
            let ours = core.with_replica(|r| r.actor().user == session.actor.user);
            let known = self.session.with_untracked(|known| {
                known.as_ref().is_some_and(|k| {
                    k.rights == session.rights
                        && k.scopes == session.scopes
                        && k.actor == session.actor
                })
            });
            if core.has_ended() || !ours {
                return;
            }
            let was_paused = self.status_now().paused == Some(Paused::SignIn);
            if !known {
                let _ = LocalStorage::set(SESSION, &session);
                if self.take_session(&core, session).await.is_err() {
                    return;
                }
            }
            if was_paused || !known {
                core.engine.unpause();
                driver::wake();
            }
        });
    }

    /// After a pull: the own account may have changed.
    pub(crate) fn compare_rights(self) {
        let Some(core) = self.core() else { return };
        let changed = core.with_replica(|replica| {
            let own = replica.get::<User>(replica.actor().user.0);
            own.is_some_and(|own| own.actor() != *replica.actor())
        });
        if changed {
            self.check_session();
        }
    }

    /// Another tab signed in, out, or as somebody else.
    pub(crate) fn session_elsewhere(self) {
        let stored = LocalStorage::get::<Session>(SESSION).ok().map(|session| session.actor.user);
        let own = self.session.with_untracked(|s| s.as_ref().map(|session| session.actor.user));
        if stored == own {
            // Perhaps signed in again after the session was over.
            if self.status_now().paused == Some(Paused::SignIn) {
                self.check_session();
            }
            return;
        }
        self.flush_drafts();
        spawn_local(async move {
            match LocalStorage::get::<Session>(SESSION) {
                Ok(session) => {
                    let _ = self.begin(session).await;
                }
                Err(_) => self.close(),
            }
        });
    }

    // --- network -----------------------------------------------------------------------------

    /// As last seen, untracked; `status()` is the signal.
    pub fn is_online(self) -> bool {
        self.status_now().online
    }

    pub(crate) fn status_now(self) -> crate::sync::SyncStatus {
        self.status.try_get_untracked().unwrap_or_default()
    }

    pub(crate) fn set_status(self, next: crate::sync::SyncStatus) {
        let before = self.status_now();
        if before != next {
            let queue_moved = (before.waiting, before.uploading, before.attention, before.held)
                != (next.waiting, next.uploading, next.attention, next.held);
            self.status.try_set(next);
            if queue_moved {
                self.notify_queue();
            }
        }
    }

    pub(crate) fn set_online(self, online: bool) {
        let mut next = self.status_now();
        next.online = online;
        if online {
            next.offline_since = None;
        } else if next.offline_since.is_none() {
            next.offline_since = Some(super::corrected_now());
        }
        self.set_status(next);
    }

    /// A request came back, or did not.
    pub(crate) fn saw_network(self, result: &Result<(), SyncError>) {
        use domain::sync::client::TransportError::{Offline, Timeout};
        match result {
            Err(SyncError::Transport(Offline | Timeout)) => self.set_online(false),
            Err(SyncError::Store(_)) => {}
            _ => {
                self.set_online(true);
                if let Some(offset) = http::clock_offset() {
                    let _ = LocalStorage::set(OFFSET, offset);
                }
            }
        }
    }
}
