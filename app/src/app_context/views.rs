//! What the office reads: answers of the server, refreshed when it announces something new.

use std::cell::Cell;
use std::time::Duration;

use domain::Refusal;
use domain::refusal::CommonCode;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

use super::{App, use_app};
use crate::clock;
use crate::device::page;
use crate::reactive::{call, derive, effect_after, memo};
use crate::sync::http::{self, Body};
use crate::sync::transport::DEVICE;

/// Least time between two fetches of one view, in milliseconds.
const THROTTLE: f64 = 300.0;

impl App {
    /// The text at an address of the API.
    #[inline(never)]
    pub async fn api_text(
        self,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> Result<String, Refusal> {
        let body = body.map_or(Body::None, Body::Json);
        // A page that lingers after somebody else has signed in must not show what they may see.
        let device = self.core().map(|core| core.with_replica(|r| r.device().to_string()));
        let named = device.as_deref().map(|device| (DEVICE, device));
        match http::ask_any(method, path, body, named.as_slice()).await {
            Ok(answer) if answer.is_ok() => Ok(answer.text),
            Ok(answer) => {
                let refusal = http::refusal_of(&answer);
                if refusal.is(CommonCode::WrongDevice) {
                    self.session_is_anothers();
                }
                Err(refusal)
            }
            Err(error) => Err(http::refusal_of_error(&error)),
        }
    }

    /// Asks the API; only for office pages, which need the network.
    pub async fn api_get<T: DeserializeOwned>(self, path: &str) -> Result<T, Refusal> {
        decode(&self.api_text("GET", path, None).await?)
    }

    /// Posts JSON to the API and reads the answer; `()` for an answer without a body.
    pub async fn api_send<T: DeserializeOwned>(
        self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<T, Refusal> {
        let text = self.api_text(method, path, Some(body)).await?;
        decode(if text.is_empty() { "null" } else { &text })
    }
}

fn decode<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    domain::json::from_str(text).map_err(|error| Refusal::new(CommonCode::Fault).with("why", error))
}

/// One view of the office.
pub struct View<T: Send + Sync + 'static> {
    /// The last answer; kept when a later one fails.
    pub data: RwSignal<Option<T>>,
    /// Why the last attempt failed.
    pub error: RwSignal<Option<Refusal>>,
    pub loading: RwSignal<bool>,
    pub reload: Callback<()>,
    /// When the last answer came, by the monotonic clock.
    answered: StoredValue<Option<f64>>,
}

impl<T: Send + Sync + 'static> Clone for View<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for View<T> {}

/// What decides when a view fetches; the same code for every type of view.
#[derive(Clone, Copy)]
struct Fetching {
    path: Signal<String>,
    /// Number of the newest request; answers to older ones are dropped.
    newest: StoredValue<u64>,
    last: StoredValue<f64>,
    planned: StoredValue<bool>,
    start: StoredValue<Option<Callback<(String, u64)>>>,
}

impl Fetching {
    /// Fetches now, or as soon as the last fetch is long enough ago.
    fn ask(self) {
        let Some(last) = self.last.try_get_value() else { return };
        let wait = THROTTLE - (clock::monotonic() - last);
        if wait <= 0.0 {
            self.run();
        } else if self.planned.try_get_value() == Some(false) {
            self.planned.set_value(true);
            // Under a third of a second.
            #[allow(clippy::cast_possible_truncation)]
            page::after(wait as i32 + 1, move || {
                if self.planned.try_set_value(false).is_none() {
                    self.run();
                }
            });
        }
    }

    fn run(self) {
        let Some(path) = self.path.try_get_untracked() else { return };
        self.last.set_value(clock::monotonic());
        let number = self.newest.try_update_value(|newest| {
            *newest += 1;
            *newest
        });
        if let (Some(number), Some(Some(start))) = (number, self.start.try_get_value()) {
            call(start, (path, number));
        }
    }
}

/// Fetches `path` now, when it changes, and when the server announces something new.
pub fn use_view<T>(path: impl Into<Signal<String>>) -> View<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
{
    let app = use_app();
    let fetching = Fetching {
        path: path.into(),
        newest: StoredValue::new(0),
        last: StoredValue::new(f64::MIN),
        planned: StoredValue::new(false),
        start: StoredValue::new(None),
    };
    let view = View {
        data: RwSignal::new(None),
        error: RwSignal::new(None),
        loading: RwSignal::new(true),
        reload: Callback::new(move |()| fetching.ask()),
        answered: StoredValue::new(None),
    };
    let start = move |(path, number): (String, u64)| {
        view.loading.set(true);
        spawn_local(async move {
            let answer = app.api_get::<T>(&path).await;
            // Another path was asked for meanwhile, or the page is gone.
            if fetching.newest.try_get_value() != Some(number) {
                return;
            }
            view.loading.set(false);
            match answer {
                Ok(data) => {
                    view.answered.set_value(Some(clock::monotonic()));
                    view.data.set(Some(data));
                    view.error.set(None);
                }
                Err(refusal) => view.error.set(Some(refusal)),
            }
        });
    };
    fetching.start.set_value(Some(Callback::new(start)));
    let heads = app.heads();
    let status = app.status();
    let online = memo(move || status.with(|status| status.online));
    effect_after(move |before: Option<bool>| {
        heads.track();
        fetching.path.track();
        let online = online.get();
        // What happened while there was no network was announced to nobody here.
        if before.is_none() || online || before == Some(online) {
            fetching.ask();
        }
        online
    });
    view
}

/// How often a view is looked at; asked for, and no longer live, after so many milliseconds.
const LOOK: Duration = Duration::from_secs(5);
const AGAIN: f64 = 30_000.0;
const LIVE: f64 = 60_000.0;

/// What to do about a view whose last answer and last question are so long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pulse {
    ask: bool,
    live: bool,
}

fn pulse(answered: Option<f64>, asked: f64, now: f64, visible: bool) -> Pulse {
    Pulse {
        ask: visible && now - asked >= AGAIN,
        live: answered.is_some_and(|answered| now - answered <= LIVE),
    }
}

impl<T: Send + Sync + 'static> View<T> {
    /// Keeps the figures up with time too, not only with what is recorded: clocks run out while
    /// nobody does anything. Says whether they are live.
    pub fn keep_live(self) -> Signal<bool> {
        let live = RwSignal::new(true);
        let answered = self.answered;
        keep_asking(self.reload, live, Box::new(move || answered.try_get_value().flatten()));
        let error = self.error;
        derive(move || live.get() && error.with(Option::is_none))
    }
}

#[inline(never)]
fn keep_asking(reload: Callback<()>, live: RwSignal<bool>, answered: Box<dyn Fn() -> Option<f64>>) {
    let began = clock::monotonic();
    let asked = Cell::new(began);
    let look = move || {
        let now = clock::monotonic();
        // An answer to a question of the server's own counts as one.
        let newest = answered().map_or(asked.get(), |answered| answered.max(asked.get()));
        let pulse = pulse(answered().or(Some(began)), newest, now, page::is_visible());
        if live.try_get_untracked() != Some(pulse.live) {
            live.try_set(pulse.live);
        }
        if pulse.ask {
            asked.set(now);
            call(reload, ());
        }
    };
    if let Ok(timer) = set_interval_with_handle(look, LOOK) {
        on_cleanup(move || timer.clear());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_in_sight_is_asked_for_every_half_minute() {
        let ask = |since, visible| pulse(Some(0.0), 0.0, since, visible).ask;
        assert!(!ask(29_999.0, true));
        assert!(ask(30_000.0, true));
        assert!(!ask(90_000.0, false));
    }

    #[test]
    fn figures_are_live_for_a_minute_after_the_last_answer() {
        let live = |answered, now| pulse(answered, now, now, true).live;
        assert!(live(Some(0.0), 60_000.0));
        assert!(!live(Some(0.0), 60_001.0));
        assert!(!live(None, 0.0));
    }
}
