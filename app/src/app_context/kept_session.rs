//! Who is signed in, on the disk: in the browser's small storage, where every tab sees at once that it
//! changed, and in a database of the installation. Browsers write the small storage to the disk some
//! seconds late; of a phone that dies in those seconds the database still knows who had signed in, or out.

use domain::id::{DeviceId, UserId};
use domain::sync::client::LocalStore;
use domain::sync::wire::Session;

use crate::device::page;
use crate::local_store::IndexedDb;

/// Where the session is kept; whether there is one is looked up before this part is here.
pub const SESSION: &str = "guanjia.session";
/// Under which name in the database of the installation. `null`: signed out.
const KEPT: &str = "session";

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
pub async fn keep_session(session: &Session) {
    write_down(Some(session)).await;
    page::keep(SESSION, session);
}

/// Nobody is signed in any more.
pub async fn forget_session() {
    write_down(None).await;
    page::forget(SESSION);
}

/// The database first, always: where it differs from the small storage it is then the later of the two.
async fn write_down(session: Option<&Session>) {
    let store = IndexedDb::of_installation();
    let text = serde_json::to_string(&session).ok();
    if store.put_durable_meta(KEPT, text.as_deref()).await.is_err() {
        // For want of room, say. Nothing is better than what was true before.
        let _ = store.put_durable_meta(KEPT, None).await;
    }
}

/// Puts right what the small storage lost when the phone died. `true`: there is another session now, or
/// none any more.
pub async fn recover_session() -> bool {
    let before = page::stored_text(SESSION);
    let Ok(Some(kept)) = IndexedDb::of_installation().meta(KEPT).await else { return false };
    let Ok(kept) = domain::json::from_str::<Option<Session>>(&kept) else { return false };
    // Somebody signed in or out meanwhile, which is later than both.
    if page::stored_text(SESSION) != before || kept.as_ref().map(owner_of) == stored_owner() {
        return false;
    }
    match kept {
        Some(session) => page::keep(SESSION, &session),
        None => page::forget(SESSION),
    }
    true
}
