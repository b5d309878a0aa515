//! What the server has lately taken from this phone, as proof for whoever recorded it.

use domain::order;
use domain::sync::client::LocalStore;
use domain::sync::outcome::OutcomeKind;
use domain::{Ms, modules::Command};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::{App, OutboxItem, OutboxState};
use crate::reactive::{derive, effect};

/// As many as reassure.
const SHOWN: usize = 8;

/// Answered actions, the newest first. Read again whenever the outbox is.
pub fn use_received(app: App, outbox: Signal<Option<Vec<OutboxItem>>>) -> Signal<Vec<OutboxItem>> {
    let received = RwSignal::new(Vec::new());
    effect(move || {
        outbox.track();
        let Some(core) = app.core() else { return };
        spawn_local(async move {
            let mut items = Vec::new();
            for scope in core.scopes() {
                // A store that cannot be read now is read again at the next change.
                let Ok(queue) = core.engine.store.queue(scope).await else { return };
                let taken = queue.journal.into_iter().filter(|answered| {
                    matches!(answered.outcome.outcome, OutcomeKind::Applied | OutcomeKind::Merged)
                });
                items.extend(taken.map(|answered| {
                    let entry = answered.entry;
                    OutboxItem {
                        op: entry.op,
                        scope,
                        n: entry.n,
                        command: Command::decode(&entry.kind, 1, &entry.payload)
                            .and_then(Result::ok),
                        kind: entry.kind,
                        at: Ms(entry.at_device.0 + entry.offset.unwrap_or(0)),
                        state: OutboxState::Uploading,
                        reason: None,
                        blobs: Vec::new(),
                    }
                }));
            }
            order::sort_by_key(&mut items, |item: &OutboxItem| {
                std::cmp::Reverse((item.at, item.n))
            });
            items.truncate(SHOWN);
            received.try_set(items);
        });
    });
    // Those whose photos are still on their way are in the list above.
    derive(move || {
        outbox.with(|listed| {
            let listed = listed.as_deref().unwrap_or_default();
            received.with(|items| {
                let new = |item: &&OutboxItem| listed.iter().all(|known| known.op != item.op);
                items.iter().filter(new).cloned().collect()
            })
        })
    })
}
