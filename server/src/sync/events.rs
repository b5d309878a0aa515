//! Live: a stream that says which log has grown, and nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use domain::id::DeviceId;
use domain::refusal::CommonCode;
use domain::sync::Scope;
use domain::sync::wire::HeadEvent;
use futures::stream::{self, Stream};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::watch;
use tokio::time::Instant;

use super::SyncService;
use crate::auth::Signed;
use crate::error::ApiError;
use crate::metrics::EventStream;
use crate::state::AppState;

/// Short enough for proxies that close what is silent, and for the reader to notice a line that died
/// without a word.
const BEAT: Duration = Duration::from_secs(25);
/// A stream keeps the rights it began with; the browser reconnects by itself.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

#[derive(Deserialize)]
pub(super) struct EventsQuery {
    device: Option<DeviceId>,
}

pub(super) async fn events(
    State(state): State<AppState>,
    signed: Signed,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let Query(query) = query.map_err(|_| ApiError::new(CommonCode::BadRequest))?;
    signed.require_device(query.device)?;
    // Subscribed before the heads are read, so that nothing falls between.
    let receiver = state.sync.subscribe();
    let scopes = state.sync.scopes_of(&signed.actor).await?;
    let mut listener = Listener {
        sync: state.sync.clone(),
        receiver,
        scopes: scopes.into_iter().map(|info| (info.scope, None)).collect(),
        ready: VecDeque::new(),
        until: Instant::now() + LIFETIME,
        stopping: state.stopping.clone(),
        _counted: state.metrics.event_stream(),
    };
    listener.read_all().await?;
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event_of(event)), listener))
    });
    // An event, for a browser shows a page no comments; one without data it would not show either.
    let beat = KeepAlive::new().interval(BEAT).event(Event::default().event("beat").data("1"));
    Ok(Sse::new(events).keep_alive(beat))
}

fn event_of(event: HeadEvent) -> Event {
    let data = serde_json::to_string(&event).expect("a head is plain data");
    Event::default().data(data)
}

struct Listener {
    sync: SyncService,
    receiver: broadcast::Receiver<HeadEvent>,
    /// What this reader may see, with the last head it was told.
    scopes: BTreeMap<Scope, Option<u64>>,
    ready: VecDeque<HeadEvent>,
    until: Instant,
    stopping: watch::Receiver<bool>,
    _counted: EventStream,
}

impl Listener {
    /// Reads every head: at the beginning, and after falling behind.
    async fn read_all(&mut self) -> Result<(), ApiError> {
        for scope in self.scopes.keys().copied().collect::<Vec<_>>() {
            let head = self.sync.head(scope).await?;
            self.note(HeadEvent { scope, head });
        }
        Ok(())
    }

    /// Keeps an event that is news to this reader; a newer one replaces an older one not yet sent.
    fn note(&mut self, event: HeadEvent) {
        let Some(told) = self.scopes.get_mut(&event.scope) else { return };
        if told.is_some_and(|told| told >= event.head) {
            return;
        }
        *told = Some(event.head);
        self.ready.retain(|waiting| waiting.scope != event.scope);
        self.ready.push_back(event);
    }

    async fn next(&mut self) -> Option<HeadEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let received = tokio::select! {
                received = self.receiver.recv() => received,
                () = tokio::time::sleep_until(self.until) => return None,
                // An error means that the server is gone.
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
            };
            match received {
                Ok(event) => self.note(event),
                Err(RecvError::Lagged(_)) => self.read_all().await.ok()?,
                Err(RecvError::Closed) => return None,
            }
            // Under load only the latest head of each scope is worth sending.
            loop {
                match self.receiver.try_recv() {
                    Ok(event) => self.note(event),
                    Err(TryRecvError::Lagged(_)) => self.read_all().await.ok()?,
                    Err(_) => break,
                }
            }
        }
    }
}
