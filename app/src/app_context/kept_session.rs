//! Who is signed in, on the disk: in the browser's small storage, where every tab sees at once that it
//! changed, and a moment later in a database of the installation. Browsers write the small storage to the
//! disk some seconds late; of a phone that dies in those seconds the database still knows who had signed in,
//! or out. Both count the changes, so that it is known which of the two is behind.

use domain::id::{DeviceId, UserId};
use domain::sync::client::{LocalStore, StoreError, SyncStatus};
use domain::sync::record::Scope;
use domain::sync::wire::Session;
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::spawn_local;

use crate::clock;
use crate::device::page;
use crate::local_store::IndexedDb;

/// Where the session is kept; whether there is one is looked up before this part is here.
pub const SESSION: &str = "guanjia.session";
/// How often it has changed.
const CHANGES: &str = "guanjia.session_changes";
/// Under which name both are in the database of the installation.
const KEPT: &str = "session";

/// Somebody who signed out, and what that leaves to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Left {
    pub user: UserId,
    pub device: DeviceId,
    pub account: String,
    /// What the store holds, if it goes too: nothing in it was only there.
    pub remove: Option<Vec<Scope>>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    changes: u64,
    session: Option<Session>,
    left: Option<Left>,
}

pub fn stored_session() -> Option<Session> {
    page::stored(SESSION)
}

/// Whose session all tabs share, and on which device.
pub fn stored_owner() -> Option<(UserId, DeviceId)> {
    stored_session().as_ref().map(owner_of)
}

pub fn owner_of(session: &Session) -> (UserId, DeviceId) {
    (session.actor.user, session.device.id)
}

/// Keeps the session of all tabs.
pub fn keep_session(session: &Session) {
    page::keep(SESSION, session);
    write_down(Some(session.clone()), None);
}

/// Nobody is signed in any more.
pub fn forget_session(left: Left) {
    page::forget(SESSION);
    write_down(None, Some(left));
}

fn changes() -> u64 {
    page::stored(CHANGES).unwrap_or(0)
}

fn read(text: Option<String>) -> Option<Kept> {
    domain::json::from_str(&text?).ok()
}

/// Where this fails the small storage is ahead, and stays what counts.
fn write_down(session: Option<Session>, left: Option<Left>) {
    let kept = Kept { changes: changes() + 1, session, left };
    page::keep(CHANGES, &kept.changes);
    spawn_local(async move {
        let Ok(text) = serde_json::to_string(&kept) else { return };
        // Another tab's may be the later one.
        let amend = |before| {
            let is_later = read(before).is_none_or(|before| before.changes < kept.changes);
            is_later.then_some(text)
        };
        let _ = IndexedDb::of_installation().amend_meta(KEPT, amend).await;
    });
}

/// Puts right what the small storage lost when the phone died; says who had signed out of it.
pub async fn recover_session() -> Option<Left> {
    let kept = read(IndexedDb::of_installation().meta(KEPT).await.ok()?)?;
    if kept.changes <= changes() {
        return None;
    }
    page::keep(CHANGES, &kept.changes);
    match kept.session {
        Some(session) => page::keep(SESSION, &session),
        None => page::forget(SESSION),
    }
    kept.left
}

fn device_key(account: &str) -> String {
    format!("guanjia.device.{account}")
}

/// The installation's id for that account: a device is an installation × a user.
pub fn device_of(account: &str) -> DeviceId {
    let stored: Option<String> = page::stored(&device_key(account));
    stored.and_then(|id| id.parse().ok()).unwrap_or_else(|| {
        let id = DeviceId(clock::new_uuid());
        keep_device(account, id);
        id
    })
}

pub fn keep_device(account: &str, id: DeviceId) {
    page::keep(&device_key(account), &id.to_string());
}

/// Whether nothing in a store is only there.
async fn is_spare(store: &IndexedDb, scopes: &[Scope]) -> Result<bool, StoreError> {
    let mut status = SyncStatus::default();
    for scope in scopes {
        status.add_queue(&store.queue(*scope).await?);
    }
    status.add_blobs(&store.blobs().await?);
    Ok(!status.holds_anything() && store.drafts().await?.is_empty())
}

/// Residents' data leaves a phone with the person. Looks once more: another tab may have recorded
/// something since it was decided, perhaps a start ago.
pub async fn remove_store(store: IndexedDb, scopes: &[Scope], account: &str) {
    if is_spare(&store, scopes).await == Ok(true) && store.remove().await.is_ok() {
        // Its numbers went with the store; the same id must not start again from 1.
        page::forget(&device_key(account));
    }
}
