//! The program comes in pieces, so that a first visit need not wait for all of it.
//!
//! `app.wasm` is what the sign-in page needs. Behind it come three parts, cut at the functions below:
//! `inside` (replica, store, sync, frame, Today), `field` (the other pages of the phone) and `office`
//! (the pages of the desk). The service worker keeps them all, so offline none is missing; which part
//! a page is in says `routes.rs`.
//!
//! A part is fetched when it is first wanted. One that cannot be loaded is asked for again at the next
//! attempt: nothing of a failure is remembered.

use std::future::Future;
use std::pin::Pin;

use domain::Refusal;
use domain::sync::client::TransportError;
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use wasm_bindgen_futures::spawn_local;

use crate::front::Door;
use crate::routes::{FieldPage, OfficePage};
use crate::sync::http;

/// What a part does that takes time: it has to have a size, to be handed over.
pub type Work<T> = Pin<Box<dyn Future<Output = T>>>;

/// A part could not be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        NotLoaded
    }
}

/// Opens what was left on this phone, and shows the pages as soon as somebody is signed in.
pub async fn open(door: Door) -> Result<(), NotLoaded> {
    cut::open(door).await?.await;
    Ok(())
}

/// Signs in: the same from the sign-in page and from inside.
pub async fn sign_in(door: Door, account: String, password: String) -> Result<(), Refusal> {
    match cut::sign_in(door, account, password).await {
        Ok(work) => work.await,
        // To whoever signs in it is the same as a server that does not answer.
        Err(NotLoaded) => Err(http::refusal_of_error(&TransportError::Offline)),
    }
}

/// Makes a page of a part.
pub type Make<P> = fn(P) -> AnyView;

/// A part with pages of its own.
pub struct Part<P: 'static> {
    state: RwSignal<State<P>>,
    load: fn() -> Work<Result<Make<P>, NotLoaded>>,
}

enum State<P> {
    Unasked,
    Loading,
    Failed,
    Ready(Make<P>),
}

impl<P> Clone for State<P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for State<P> {}
impl<P> Clone for Part<P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for Part<P> {}

impl<P: Copy + Send + Sync + 'static> Part<P> {
    fn new(load: fn() -> Work<Result<Make<P>, NotLoaded>>) -> Self {
        Self { state: RwSignal::new(State::Unasked), load }
    }

    /// Loads it, unless it is here or on its way.
    pub fn want(self) {
        // Asked for by timers too, which may outlive the pages.
        let state = self.state.try_get_untracked();
        if !matches!(state, Some(State::Unasked | State::Failed)) {
            return;
        }
        self.state.set(State::Loading);
        spawn_local(async move {
            let loaded = (self.load)().await;
            self.state.try_set(loaded.map_or(State::Failed, State::Ready));
        });
    }

    /// The page, or what stands in for it; loads the part where it is missing.
    pub fn page(
        self,
        page: P,
        meanwhile: fn() -> AnyView,
        failed: fn(Callback<()>) -> AnyView,
    ) -> AnyView {
        self.want();
        let shown = move || match self.state.get() {
            State::Ready(make) => make(page),
            State::Failed => failed(Callback::new(move |()| self.want())),
            State::Unasked | State::Loading => meanwhile(),
        };
        shown.into_any()
    }
}

/// The parts that have pages of their own.
#[derive(Clone, Copy)]
pub struct Parts {
    pub field: Part<FieldPage>,
    pub office: Part<OfficePage>,
}

impl Parts {
    pub fn new() -> Self {
        Self {
            field: Part::new(|| Box::pin(cut::field())),
            office: Part::new(|| Box::pin(cut::office())),
        }
    }
}

impl Default for Parts {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the program is cut. A function here is called across the cut, so it takes and gives plain
/// values; what takes time is handed over as `Work`.
#[cfg(not(feature = "contract"))]
mod cut {
    use super::{Door, FieldPage, Make, NotLoaded, OfficePage, Refusal, Work};
    use leptos::wasm_split::wasm_split;

    #[wasm_split(inside, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn open(door: Door) -> Result<Work<()>, NotLoaded> {
        Ok(Box::pin(crate::inside::open(door)))
    }

    #[wasm_split(inside, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn sign_in(
        door: Door,
        account: String,
        password: String,
    ) -> Result<Work<Result<(), Refusal>>, NotLoaded> {
        Ok(Box::pin(crate::inside::sign_in(door, account, password)))
    }

    #[wasm_split(field, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn field() -> Result<Make<FieldPage>, NotLoaded> {
        Ok(crate::routes::field_page)
    }

    #[wasm_split(office, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn office() -> Result<Make<OfficePage>, NotLoaded> {
        Ok(crate::routes::office_page)
    }
}

/// The build that runs the suite of the local store is made without the splitter, hence uncut.
#[cfg(feature = "contract")]
mod cut {
    use super::{Door, FieldPage, Make, NotLoaded, OfficePage, Refusal, Work};

    pub async fn open(door: Door) -> Result<Work<()>, NotLoaded> {
        Ok(Box::pin(crate::inside::open(door)))
    }

    pub async fn sign_in(
        door: Door,
        account: String,
        password: String,
    ) -> Result<Work<Result<(), Refusal>>, NotLoaded> {
        Ok(Box::pin(crate::inside::sign_in(door, account, password)))
    }

    pub async fn field() -> Result<Make<FieldPage>, NotLoaded> {
        Ok(crate::routes::field_page)
    }

    pub async fn office() -> Result<Make<OfficePage>, NotLoaded> {
        Ok(crate::routes::office_page)
    }
}
