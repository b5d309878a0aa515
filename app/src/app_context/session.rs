//! Who is signed in: kept on the phone so that the app opens without a network, renewed with one.

use std::rc::Rc;

use domain::id::{DeviceId, UserId};
use domain::modules::accounts::User;
use domain::refusal::CommonCode;
use domain::sync::client::{LocalStore, Paused, SyncError};
use domain::sync::record::Scope;
use domain::sync::wire::{DeviceInfo, RegisterDevice, Session, SignIn};
use domain::{Refusal, Right};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::kept_session::{
    Left, device_of, forget_session, keep_device, keep_session, owner_of, recover_session,
    remove_store, stored_owner, stored_session,
};
use super::{App, Core};
use crate::clock;
use crate::device::{install, page, reserve};
use crate::local_store::IndexedDb;
use crate::sync::http::{self, Body};
use crate::sync::transport::DEVICE;
use crate::sync::{driver, events};

pub(super) const OFFSET: &str = "guanjia.clock_offset";
/// The device of a sign-out the server has not heard of yet.
const SIGN_OUT: &str = "guanjia.sign_out_pending";
const PATH: &str = "/api/v1/session";
const DEVICE_PATH: &str = "/api/v1/session/device";

/// Longest look for a session that the browser forgot, in milliseconds.
const LOOK: i32 = 1_000;

/// Why nobody was signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsent {
    pub commands: usize,
    pub attachments: usize,
}

/// Whoever comes next starts at their own first page, and not where the one before was. Once what was
/// shown has gone, or the pages of the one before would go there.
fn leave_the_page(home: Option<&'static str>) {
    page::after(0, move || page::start_over(home));
}

impl App {
    /// Where a person starts.
    pub fn home(self) -> &'static str {
        if self.may(Right::ViewOffice) {
            "/dashboard"
        } else if self.may(Right::ManageAccounts) {
            "/office/accounts"
        } else {
            "/today"
        }
    }

    /// Opens what was left on this phone; called once before anything is drawn.
    pub async fn restore(self) {
        if let Some(offset) = page::stored::<i64>(OFFSET) {
            http::restore_clock_offset(offset);
        }
        if !self.is_online() {
            // Nothing is asked of the server until there is a network, so nothing else says since when.
            self.set_online(false);
        }
        // Before anything of anybody's is shown.
        if let Some(Some(left)) = page::within(LOOK, recover_session()).await {
            page::keep(SIGN_OUT, &left.device.to_string());
            if let Some(scopes) = left.remove {
                remove_store(IndexedDb::of_user(left.user), &scopes, &left.account).await;
            }
        }
        if page::stored_text(SIGN_OUT).is_some() {
            // Earlier builds did not say which.
            let device = page::stored::<String>(SIGN_OUT);
            spawn_local(async move { self.finish_sign_out(device.as_deref()).await });
        }
        let before = stored_owner();
        if let Some(session) = stored_session()
            && let Err(error) = self.begin(session).await
        {
            leptos::logging::error!("the store did not open: {error}");
            self.status.update(|status| status.last_error = Some(error.code().to_owned()));
        }
        reserve::keep();
        // Not sooner: while the store opens this tab has no session yet, and what the page before it
        // kept last would be taken for another tab's sign-in, which opens the store a second time.
        events::listen(self);
        // Somebody may have signed in or out elsewhere meanwhile.
        if stored_owner() != before {
            self.session_elsewhere();
        }
    }

    /// Signs in. Needs the network; afterwards everything works without.
    pub async fn sign_in(self, account: &str, password: &str) -> Result<(), Refusal> {
        let account = account.trim().to_lowercase();
        let mut session = self.post_session(&account, password, device_of(&account)).await?;
        // The browser may have lost the id of this installation and kept the store, whose commands
        // are numbered for that id.
        let kept = Core::device_of_store(session.actor.user).await;
        if let Some(kept) = kept.filter(|kept| *kept != session.device.id) {
            session = self.post_session(&account, password, kept).await?;
            keep_device(&account, kept);
        }
        keep_session(&session);
        page::forget(SIGN_OUT);
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
        let answer = http::ask_any("POST", PATH, Body::Json(&body), &[]).await;
        let answer = answer.map_err(|error| http::refusal_of_error(&error))?;
        if !answer.is_ok() {
            return Err(http::refusal_of(&answer));
        }
        let session: Session = domain::json::from_str(&answer.text)
            .map_err(|error| Refusal::new(CommonCode::Fault).with("why", error))?;
        http::measure(session.server_time, answer.sent_at, answer.received_at);
        Ok(session)
    }

    /// Takes over a session: opens the user's store, shows it, starts sync.
    async fn begin(self, mut session: Session) -> Result<(), SyncError> {
        // The store says which device it is: one that was renewed is registered when the server is
        // next asked who is signed in.
        let device = Core::device_of_store(session.actor.user).await;
        if let Some(device) = device.filter(|device| *device != session.device.id) {
            session.device.id = device;
            keep_session(&session);
        }
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
            None => self.open(&session).await?,
        };
        // Before the session shows the pages: nothing on them must say that all is here while it is not.
        let scopes: Vec<Scope> = session.scopes.iter().map(|scope| scope.scope).collect();
        let synced = core.engine.status(&scopes).await.ok().and_then(|s| s.synced_at);
        self.status.update(|status| {
            status.paused = None;
            status.last_sync = synced;
            status.first_sync = synced.is_none();
        });
        self.take_session(&core, session).await?;
        driver::start(self, core);
        Ok(())
    }

    /// Opens the store of the session's user in place of what was open before.
    async fn open(self, session: &Session) -> Result<Rc<Core>, SyncError> {
        let before = self.core();
        // What was typed while a cleared store was filled again is only in this page.
        let filling = before.as_ref().filter(|core| core.refilling.get());
        let typed = filling.map(|core| core.drafts.borrow().clone());
        let user = |core: &Rc<Core>| core.with_replica(|replica| replica.actor().user);
        match before.filter(|core| user(core) == session.actor.user) {
            // The same person on another device number: the pages stay, with what is being typed.
            Some(core) => {
                driver::stop();
                core.end();
            }
            None => self.close(),
        }
        let core = match Core::open(session).await {
            Ok(core) => core,
            Err(error) => {
                self.close();
                return Err(error);
            }
        };
        core.go_on_with(typed.unwrap_or_default());
        self.core.set_value(Some(core.clone()));
        Ok(core)
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
        let too_old = session.min_client > domain::sync::CLIENT;
        core.engine.set_too_old(too_old);
        self.session.set(Some(session));
        if too_old {
            self.status.update(|status| status.paused = Some(Paused::Update));
            page::tell("guanjia:check-update");
        }
        self.notify_kinds(&domain::order::set_of(domain::modules::RecordKind::ALL.iter().copied()));
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
            *status = crate::sync::SyncStatus {
                online: status.online,
                offline_since: status.offline_since,
                ..Default::default()
            };
        });
        self.notify_kinds(&domain::order::set_of(domain::modules::RecordKind::ALL.iter().copied()));
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
        let spare = !counts.holds_anything() && core.drafts.borrow().is_empty();
        let remove = spare.then(|| core.scopes());
        let account = self.session.with_untracked(|s| s.as_ref().map(|s| s.account.clone()));
        let account = account.unwrap_or_default();
        let (user, device) = core.with_replica(|replica| (replica.actor().user, replica.device()));
        // A tab that lingers does not sign out whoever came after.
        if self.is_stored_session() {
            let (account, remove) = (account.clone(), remove.clone());
            forget_session(Left { user, device, account, remove });
            page::keep(SIGN_OUT, &device.to_string());
        }
        self.close();
        leave_the_page(None);
        if let Some(scopes) = remove {
            remove_store(core.engine.store.clone(), &scopes, &account).await;
        }
        self.finish_sign_out(Some(&device.to_string())).await;
        Ok(())
    }

    /// Ends the session on the server; without a network at the next start.
    async fn finish_sign_out(self, device: Option<&str>) {
        let named = device.map(|device| (DEVICE, device));
        let answer = http::ask_any("DELETE", PATH, Body::None, named.as_slice()).await;
        // 409: the session has become another's, so there is nothing of ours to end.
        if answer.is_ok_and(|answer| answer.is_ok() || [401, 409].contains(&answer.status)) {
            page::forget(SIGN_OUT);
        }
    }

    /// Asks the server who is signed in, and what they may do now.
    pub(crate) fn check_session(self) {
        let Some(core) = self.core() else { return };
        spawn_local(async move {
            let Ok(answer) = http::ask("GET", PATH, Body::None, &[]).await else {
                return;
            };
            let Ok(mut session) = domain::json::from_str::<Session>(&answer.text) else { return };
            http::measure(session.server_time, answer.sent_at, answer.received_at);
            if let Some(offset) = http::clock_offset() {
                page::keep(OFFSET, &offset);
            }
            let (user, device) = core.with_replica(|r| (r.actor().user, r.device()));
            let ours = session.actor.user == user;
            let mut registered = false;
            if ours && session.device.id != device && !core.has_ended() {
                // Our own session, of the device this store was before it was renewed.
                let Some(own) = self.register_device(user, device).await else { return };
                (session, registered) = (own, true);
            }
            let known = self.session.with_untracked(|known| {
                known.as_ref().is_some_and(|k| {
                    k.rights == session.rights
                        && k.scopes == session.scopes
                        && k.actor == session.actor
                        && k.min_client == session.min_client
                        && k.must_change_password == session.must_change_password
                })
            });
            if core.has_ended() || !ours {
                return;
            }
            // What is ours and answers is good again, whatever it was paused for.
            let was_paused = matches!(
                self.status_now().paused,
                Some(Paused::SignIn | Paused::OtherUser | Paused::ChangePassword)
            ) && !session.must_change_password;
            if !known {
                keep_session(&session);
                if self.take_session(&core, session).await.is_err() {
                    return;
                }
            }
            if was_paused || registered || !known {
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

    /// Registers the device this store has become under the session that is there. `None`: not now;
    /// a sign-in registers it too.
    async fn register_device(self, user: UserId, device: DeviceId) -> Option<Session> {
        let device = DeviceInfo { id: device, name: install::device_name() };
        let body = serde_json::to_string(&RegisterDevice { user, device }).ok()?;
        let answer = http::ask("POST", DEVICE_PATH, Body::Json(&body), &[]).await.ok()?;
        domain::json::from_str(&answer.text).ok()
    }

    /// The server has other commands under this phone's numbers: its storage was copied or set back.
    /// Goes on as a new device; what was recorded is sent under new numbers.
    pub(crate) fn renew_device(self) {
        let Some(core) = self.core() else { return };
        spawn_local(async move {
            let session = self.session.with_untracked(Clone::clone);
            let (Some(mut session), false) = (session, core.has_ended()) else { return };
            let device = DeviceId(clock::new_uuid());
            // `false`: another tab was faster, and the store says which device it is now.
            let Ok(_) = core.engine.renew(device).await else { return };
            let Some(device) = Core::device_of_store(session.actor.user).await else { return };
            keep_device(&session.account, device);
            session.device.id = device;
            // Other tabs hear of it and open the store anew as well.
            keep_session(&session);
            self.flush_drafts();
            if let Err(error) = self.begin(session).await {
                leptos::logging::error!("the renewed store did not open: {error}");
                return;
            }
            self.check_session();
        });
    }

    /// The password is one's own now: what waited for that goes on.
    pub(crate) fn password_chosen(self) {
        let chosen = self.session.try_update(|session| {
            let session = session.as_mut()?;
            std::mem::take(&mut session.must_change_password).then(|| session.clone())
        });
        let Some(session) = chosen.flatten() else { return };
        keep_session(&session);
        if let Some(core) = self.core() {
            core.engine.unpause();
        }
        driver::wake();
    }

    /// Who acts, and on which device, as this tab knows it.
    fn own_session(self) -> Option<(UserId, DeviceId)> {
        self.session.with_untracked(|s| s.as_ref().map(owner_of))
    }

    /// The session that all tabs share is this tab's.
    fn is_stored_session(self) -> bool {
        stored_owner() == self.own_session()
    }

    /// The server says that its session is not of this tab's device: somebody else has signed in, which
    /// this tab may have slept through, or its store was renewed. Its own session, if there is one,
    /// goes on.
    pub(crate) fn session_is_anothers(self) {
        if self.session_elsewhere() {
            return;
        }
        let Some(core) = self.core() else { return };
        spawn_local(async move {
            if core.engine.was_cleared().await != Ok(true) {
                return self.check_session();
            }
            // Push and pull both find it out.
            if !core.refilling.replace(true) {
                self.begin_anew(&core).await;
                core.refilling.set(false);
            }
        });
    }

    /// The browser has cleared the store under the page. What this page still knows of it, all but the bytes of
    /// photos, is stored again, under a device of its own, because the numbers of the old one went with
    /// the store.
    async fn begin_anew(self, core: &Rc<Core>) {
        let session = self.session.with_untracked(Clone::clone);
        let (Some(mut session), false) = (session, core.has_ended()) else { return };
        let (pages, unanswered) = core.with_replica(|replica| {
            let scopes = replica.scopes();
            let pages = scopes.into_iter().filter_map(|scope| replica.whole(scope));
            (pages.collect::<Vec<_>>(), replica.unanswered())
        });
        let (store, count) = (&core.engine.store, unanswered.len());
        // Signed out meanwhile, here or in another tab: nothing of this person's is put back.
        let goes_on = || !core.has_ended() && self.is_stored_session();
        let stored = async {
            store.record(unanswered, Vec::new()).await?;
            for page in pages.into_iter().take_while(|_| goes_on()) {
                store.keep_page(page).await?;
            }
            let drafts = core.drafts.borrow().clone();
            for (key, text) in drafts {
                // A form that was finished while this went on is not filled again.
                if core.drafts.borrow().get(&key) == Some(&text) && goes_on() {
                    store.put_draft(&key, &text).await?;
                }
            }
            Ok::<(), domain::sync::client::StoreError>(())
        };
        // What could not be stored now stays where it is, in this page, and is tried again.
        if stored.await.is_err() || !goes_on() {
            return;
        }
        let device = DeviceId(clock::new_uuid());
        keep_device(&session.account, device);
        session.device.id = device;
        keep_session(&session);
        self.flush_drafts();
        if self.begin(session).await.is_ok() {
            self.status.update(|status| status.cleared = Some(count));
            self.check_session();
            driver::wake();
        }
    }

    /// Another tab signed in, out, or as somebody else. `false`: this tab's session is the one that
    /// all share.
    pub(crate) fn session_elsewhere(self) -> bool {
        if self.is_stored_session() {
            // Perhaps signed in again after the session was over.
            if matches!(self.status_now().paused, Some(Paused::SignIn | Paused::OtherUser)) {
                self.check_session();
            }
            return false;
        }
        self.flush_drafts();
        let before = self.own_session().map(|(user, _)| user);
        spawn_local(async move {
            let next = stored_session();
            // Not for the same person, whose store was only renewed.
            let another = before.is_some() && before != next.as_ref().map(|next| next.actor.user);
            let home = match next {
                Some(session) => {
                    let begun = self.begin(session).await;
                    begun.is_ok().then(|| self.home())
                }
                None => {
                    self.close();
                    None
                }
            };
            if another {
                leave_the_page(home);
            }
        });
        true
    }
}
