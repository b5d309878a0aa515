//! Work that runs at intervals, on one node at a time: `of` is the list, one line each.
//!
//! Each duty has a row in the database (`store::duties`). A node that finds one due takes it, and says every
//! few seconds that it lives; when that stands still for half a minute another node takes the duty over
//! (`node`). Whoever could not say it for twenty seconds stops by itself, before that.
//!
//! *No clocks are compared.* When something is due is told by the database's clock alone; how long a
//! holder has been silent is measured by each node for itself, from when it saw the last sign.
//! *Fencing.* A node that was stopped for a minute and goes on does not know it yet. So whatever a duty
//! writes into the database begins with `store::duties::hold`, in the same transaction: whose term is
//! over changes nothing. `orphans` needs none: each of its steps is decided by what the tables say at that moment.
//! What a duty does to files has to do no harm when two do it at once.
//!
//! Rejected: a session's advisory lock. PostgreSQL frees it when the connection breaks, but a node that is
//! stopped keeps its connection and so the lock, a cut network keeps it until TCP gives up, a pooler that
//! hands connections on gives it to others, and SQLite has none. A row works the same way in both, so two
//! processes on one SQLite file take turns as two nodes do.
//!
//! What every node does for itself is no duty: hearing of other nodes' commits, looking after the waiting
//! commands of its writers, telling of attachments that arrived. Each is decided under the scope's lock
//! and applied once, whoever does it.

mod node;

use std::time::{Duration, UNIX_EPOCH};

use domain::time::DAY;

use crate::auth::{self, store as accounts};
use crate::backup;
use crate::state::AppState;
pub use crate::store::duties::Fence;
pub use node::{Job, Node, Outcome, Pace};

const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);
/// Unfinished uploads are kept as long as phones keep their journals.
const UPLOADS_KEPT: i64 = 35 * DAY;

/// Every duty of a server with these settings.
pub fn of(state: &AppState) -> Vec<Job> {
    let mut jobs = vec![
        Job::new("sessions", SIX_HOURS, state, sessions),
        Job::new("feed", SIX_HOURS, state, feed),
        Job::new("uploads", SIX_HOURS, state, uploads),
        Job::new("orphans", SIX_HOURS, state, crate::blobs::orphans::duty),
    ];
    // A node without the folder leaves it to those that have it.
    if state.config.backup_dir.is_some() {
        jobs.push(Job::new(backup::DUTY, state.config.backup_every.0, state, backup::when_due));
    }
    jobs
}

/// Removes sessions that nobody uses any more.
async fn sessions(state: AppState, fence: Fence) -> Outcome {
    let idle_since = state.clock.now().plus(-auth::IDLE - DAY);
    accounts::sweep(&state.db, fence, idle_since).await.map_err(|e| e.to_string())?;
    Ok(Duration::ZERO)
}

/// Forgets tombstones that no phone needs any more.
async fn feed(state: AppState, fence: Fence) -> Outcome {
    state.sync.compact_feed(Some(fence)).await.map_err(|e| e.to_string())?;
    Ok(Duration::ZERO)
}

/// Removes uploads that were begun and abandoned. Twice at once: what one has removed, the other does not find.
async fn uploads(state: AppState, _: Fence) -> Outcome {
    let kept_from = state.clock.now().plus(-UPLOADS_KEPT).0;
    let since = Duration::from_millis(u64::try_from(kept_from).unwrap_or(0));
    if let Some(since) = UNIX_EPOCH.checked_add(since) {
        state.blobs.sweep(since).await.map_err(|e| e.to_string())?;
    }
    Ok(Duration::ZERO)
}
