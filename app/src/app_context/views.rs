//! What the office reads: answers of the server, refreshed when it announces something new.

use domain::Refusal;
use domain::refusal::CommonCode;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

use super::{App, use_app};
use crate::clock;
use crate::device::page;
use crate::sync::http::{self, Body, DEADLINE};

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
        match http::ask_any(method, path, body, &[], DEADLINE).await {
            Ok(answer) if answer.is_ok() => Ok(answer.text),
            Ok(answer) => Err(http::refusal_of(&answer)),
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
    serde_json::from_str(text).map_err(|error| Refusal::new(CommonCode::Fault).with("why", error))
}

/// One view of the office.
pub struct View<T: Send + Sync + 'static> {
    /// The last answer; kept when a later one fails.
    pub data: RwSignal<Option<T>>,
    /// Why the last attempt failed.
    pub error: RwSignal<Option<Refusal>>,
    pub loading: RwSignal<bool>,
    pub reload: Callback<()>,
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
        } else if !self.planned.get_value() {
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
        let number = self.newest.get_value() + 1;
        self.newest.set_value(number);
        if let Some(start) = self.start.get_value() {
            start.run((path, number));
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
                    view.data.set(Some(data));
                    view.error.set(None);
                }
                Err(refusal) => view.error.set(Some(refusal)),
            }
        });
    };
    fetching.start.set_value(Some(Callback::new(start)));
    let heads = app.heads();
    Effect::new(move |_| {
        heads.track();
        fetching.path.track();
        fetching.ask();
    });
    view
}
