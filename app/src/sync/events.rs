//! Live events: the server announces heads, the leader pulls; and what the browser tells about
//! network and visibility.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use domain::Ms;
use domain::sync::wire::HeadEvent;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::driver::{self, Driver};
use super::tabs::Hint;
use crate::app_context::App;
use crate::device::page;

/// The server lets hear of itself every 25 s; after so many milliseconds of silence the line is dead,
/// though nobody said so.
const SILENCE: u64 = 60_000;

/// An open stream with its handlers.
struct Stream {
    source: EventSource,
    /// When anything came last.
    heard: Rc<Cell<Ms>>,
    _message: Closure<dyn Fn(MessageEvent)>,
    _open: Closure<dyn Fn()>,
    _error: Closure<dyn Fn()>,
    _beat: Closure<dyn Fn()>,
}

thread_local! {
    static STREAM: RefCell<Option<Stream>> = const { RefCell::new(None) };
}

/// Closes the stream.
pub fn close() {
    if let Some(stream) = STREAM.take() {
        stream.source.set_onopen(None);
        stream.source.set_onerror(None);
        stream.source.close();
    }
}

/// Opens the stream where there is none: one for all tabs, because browsers allow few connections.
pub fn ensure(driver: &Rc<Driver>) {
    let open = STREAM.with_borrow(|stream| {
        stream.as_ref().is_some_and(|stream| stream.source.ready_state() != EventSource::CLOSED)
    });
    if open || !driver.leader.get() || !driver.is_current() {
        return;
    }
    close();
    // A header of ours it cannot send.
    let device = driver.core.with_replica(|replica| replica.device());
    let Ok(source) = EventSource::new(&format!("/api/v1/events?device={device}")) else { return };
    let heard = Rc::new(Cell::new(driver.app.instant()));
    let app = driver.app;
    let beat = {
        let heard = heard.clone();
        Closure::<dyn Fn()>::new(move || heard.set(app.instant()))
    };
    let weak = Rc::downgrade(driver);
    let message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let Some(driver) = weak.upgrade() else { return };
        let data = event.data().as_string().unwrap_or_default();
        // What cannot be read is still a sign that something happened.
        match domain::json::from_str::<HeadEvent>(&data) {
            Ok(event) if !driver.core.scopes().contains(&event.scope) => return,
            Ok(event) => driver.wake_pull_of(event.scope),
            Err(_) => driver.wake_pull(),
        }
        driver.app.notify_heads();
        if let Some(tabs) = &driver.tabs {
            tabs.tell(&Hint::Head);
        }
    });
    let weak = Rc::downgrade(driver);
    let opened = Closure::<dyn Fn()>::new(move || {
        if let Some(driver) = weak.upgrade() {
            // Heads may have gone by while there was no stream.
            driver.live.set(true);
            driver.wake_all();
            driver.app.notify_heads();
        }
    });
    let weak = Rc::downgrade(driver);
    // The browser connects again by itself, unless the server said no; `ensure` is then called by
    // whatever wakes sync next.
    let failed = Closure::<dyn Fn()>::new(move || {
        if let Some(driver) = weak.upgrade() {
            // Told at every attempt of the browser's; only the first is news.
            if driver.live.replace(false) {
                driver.wake_pull();
            }
            page::after(60_000, move || ensure(&driver));
        }
    });
    for name in ["message", "head"] {
        let _ = source.add_event_listener_with_callback(name, message.as_ref().unchecked_ref());
    }
    // The line is alive as soon as it is open.
    for name in ["open", "message", "beat"] {
        let _ = source.add_event_listener_with_callback(name, beat.as_ref().unchecked_ref());
    }
    source.set_onopen(Some(opened.as_ref().unchecked_ref()));
    source.set_onerror(Some(failed.as_ref().unchecked_ref()));
    let stream =
        Stream { source, heard, _message: message, _open: opened, _error: failed, _beat: beat };
    STREAM.set(Some(stream));
}

/// Looks now and then whether the stream is still heard, as long as the driver runs.
pub async fn watch(driver: Rc<Driver>) {
    while driver.runs() {
        page::sleep(30_000).await;
        let now = driver.app.instant();
        let silent = STREAM.with_borrow(|stream| {
            let silent = |stream: &Stream| now.0.abs_diff(stream.heard.get().0) > SILENCE;
            stream.as_ref().is_some_and(silent)
        });
        if silent && driver.runs() {
            close();
            if driver.live.replace(false) {
                driver.wake_pull();
            }
            ensure(&driver);
        }
    }
}

/// Listens, once for the page, to what speaks for trying now.
pub fn listen(app: App) {
    let window = page::window();
    page::listen(&window, "online", move |_| {
        app.set_online(true);
        driver::wake();
    });
    page::listen(&window, "offline", move |_| app.set_online(false));
    page::listen(&window, "guanjia:push", |_| driver::wake());
    // Out of the browser's back-forward cache: timers and the stream stood still.
    page::listen(&window, "pageshow", |_| driver::wake());
    page::listen(&window, "pagehide", move |_| app.flush_drafts());
    page::listen(&window, "storage", move |_| {
        app.session_elsewhere();
    });
    page::listen(&page::document(), "visibilitychange", move |_| {
        if page::is_visible() {
            driver::wake();
        } else {
            app.flush_drafts();
        }
    });
}
