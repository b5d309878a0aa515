//! Telling every scope that names an attachment that its bytes are here ("2 of 3 photos").
//!
//! Bytes and command come in either order, on any node, and a server may stop between the two
//! commits. So nothing is handed from one to the other: what is still to be told follows from the
//! tables, and is looked for whenever bytes arrive, whenever a log has grown, and from time to time
//! over everything.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::Actor;
use domain::id::{DeviceId, OpId};
use domain::modules::attachments::{BlobArrived, Sha256Hex};
use domain::sync::Scope;
use tokio::sync::broadcast::error::RecvError;

use super::orphans;
use super::store::{self, Untold};
use crate::error::ApiError;
use crate::state::AppState;
use crate::sync::SystemCommand;

/// How often everything is looked at; only a stop between two commits leaves something to find.
const EVERYTHING: Duration = Duration::from_secs(3600);

/// Tells the scopes that name this attachment, and `scope` even if it does not name it yet.
pub async fn tell(
    state: &AppState,
    sha256: &Sha256Hex,
    scope: Option<Scope>,
) -> Result<(), ApiError> {
    let mut untold = store::untold_of(&state.db, std::slice::from_ref(sha256)).await?;
    if let Some(scope) = scope
        && !untold.iter().any(|known| known.scope == scope)
    {
        untold.extend(store::untold_in(&state.db, sha256, scope).await?);
    }
    tell_all(state, untold).await
}

async fn tell_all(state: &AppState, untold: Vec<Untold>) -> Result<(), ApiError> {
    let now = state.clock.now();
    let actor = Arc::new(Actor::system());
    let mut scopes: HashMap<Scope, Vec<_>> = HashMap::new();
    for Untold { scope, sha256, size } in untold {
        let name = scope.to_string();
        scopes.entry(scope).or_default().push(SystemCommand {
            actor: Arc::clone(&actor),
            device: DeviceId::derived(&["system", &name]),
            // Whoever finds it first, and on whichever node: it is one event, applied once.
            op: OpId::derived(&["arrived", &name, &sha256.0]),
            occurred_at: now,
            received_at: now,
            command: BlobArrived { sha256, size }.into(),
        });
    }
    for (scope, arrived) in scopes {
        state.sync.apply(scope, arrived).await?;
    }
    Ok(())
}

/// Follows the logs from where they stood when the server started.
struct Follower {
    state: AppState,
    read: HashMap<Scope, u64>,
    /// What a restore brought beside its tables was looked for.
    adopted: bool,
}

impl Follower {
    /// Attachments named by what a scope's log has gained up to `head`.
    async fn follow(&mut self, scope: Scope, head: u64) -> Result<(), ApiError> {
        let mut from = self.read.get(&scope).copied().unwrap_or(0);
        while from < head {
            let (to, named) = store::named_after(&self.state.db, scope, from, head).await?;
            if !named.is_empty() {
                tell_all(&self.state, store::untold_of(&self.state.db, &named).await?).await?;
            }
            from = to;
            self.read.insert(scope, to);
        }
        Ok(())
    }

    async fn everything(&mut self) -> Result<(), ApiError> {
        // The heads first: what comes after them is followed.
        for (scope, head) in store::heads(&self.state.db).await? {
            let read = self.read.entry(scope).or_insert(0);
            *read = (*read).max(head);
        }
        // Not when the next clean-up is due: until then people would wait for photos that are here.
        if !self.adopted {
            orphans::adopt_after_restore(&self.state).await?;
            self.adopted = true;
        }
        tell_all(&self.state, store::all_untold(&self.state.db).await?).await
    }
}

/// Runs until the server stops.
pub async fn watch(state: AppState) {
    let mut grown = state.sync.subscribe();
    let mut everything = tokio::time::interval(EVERYTHING);
    let mut stopping = state.stopping.clone();
    let mut follower = Follower { state, read: HashMap::new(), adopted: false };
    loop {
        let event = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => return,
            _ = everything.tick() => None,
            event = grown.recv() => match event {
                Ok(event) => Some(event),
                Err(RecvError::Lagged(_)) => None,
                Err(RecvError::Closed) => return,
            },
        };
        let told = match event {
            Some(event) => follower.follow(event.scope, event.head).await,
            None => follower.everything().await,
        };
        if let Err(error) = told {
            tracing::error!(%error, "arrivals of attachments were not told");
        }
    }
}
