//! The page and its browser: the few handles everything else goes through.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Poll, Waker};

use gloo_storage::{LocalStorage, Storage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, EventTarget, Response, Window};

pub fn window() -> Window {
    web_sys::window().expect("the app runs in a page")
}

pub fn document() -> Document {
    window().document().expect("a page has a document")
}

/// A `data-…` attribute of the boot script's tag, where the shell names the hashed addresses.
pub fn boot_data(name: &str) -> Option<String> {
    document().query_selector("script[data-app-js]").ok()??.get_attribute(name)
}

/// The text at an address of our own; anything but 2xx is an error.
pub async fn fetch_text(url: &str) -> Result<String, JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(url)).await?.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::from_str(&format!("{url}: {}", response.status())));
    }
    let text = JsFuture::from(response.text()?).await?;
    Ok(text.as_string().unwrap_or_default())
}

/// Whether this browser keeps small things for us. Where it refuses, or the page is being left, gloo's
/// functions throw, and what JavaScript throws through a task leaves it half done for good.
fn keeps() -> bool {
    window().local_storage().is_ok_and(|storage| storage.is_some())
}

/// The text kept in this browser under that key.
pub fn stored_text(key: &str) -> Option<String> {
    if keeps() { LocalStorage::raw().get_item(key).ok()? } else { None }
}

/// What was kept in this browser under that key.
pub fn stored<T: DeserializeOwned>(key: &str) -> Option<T> {
    domain::json::from_str(&stored_text(key)?).ok()
}

/// Keeps something under that key, if this browser lets us.
pub fn keep<T: Serialize>(key: &str, value: &T) {
    if keeps() {
        let _ = LocalStorage::set(key, value);
    }
}

pub fn forget(key: &str) {
    if keeps() {
        LocalStorage::delete(key);
    }
}

/// Listens as long as the page lives.
pub fn listen(target: &EventTarget, event: &str, handler: impl Fn(web_sys::Event) + 'static) {
    listen_dyn(target, event, Box::new(handler));
}

#[inline(never)]
fn listen_dyn(target: &EventTarget, event: &str, handler: Box<dyn Fn(web_sys::Event)>) {
    let closure = Closure::<dyn Fn(web_sys::Event)>::wrap(handler);
    // Fails only for a target that is gone, which has no events either.
    let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// Runs `task` once after so many milliseconds.
pub fn after(milliseconds: i32, task: impl FnOnce() + 'static) {
    after_dyn(milliseconds, Box::new(task));
}

#[inline(never)]
fn after_dyn(milliseconds: i32, task: Box<dyn FnOnce()>) {
    let closure = Closure::once_into_js(task);
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(
        closure.unchecked_ref(),
        milliseconds,
    );
}

/// Brings what the selector finds into sight once it is drawn, and the focus with it where it takes one:
/// of something wrong beyond the edge it looks as if the button had done nothing.
pub fn bring_into_sight(selector: &str) {
    let selector = selector.to_owned();
    after(0, move || {
        if let Ok(Some(element)) = document().query_selector(&selector) {
            element.scroll_into_view();
            if let Ok(element) = element.dyn_into::<web_sys::HtmlElement>() {
                let _ = element.focus();
            }
        }
    });
}

/// A timer that is stopped when it is dropped.
pub struct Timer {
    id: i32,
    _task: Closure<dyn FnMut()>,
}

impl Timer {
    pub fn start(milliseconds: i32, task: impl FnOnce() + 'static) -> Option<Self> {
        Self::start_dyn(milliseconds, Box::new(task))
    }

    #[inline(never)]
    fn start_dyn(milliseconds: i32, task: Box<dyn FnOnce()>) -> Option<Self> {
        let task = Closure::once(task);
        let id = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(
                task.as_ref().unchecked_ref(),
                milliseconds,
            )
            .ok()?;
        Some(Self { id, _task: task })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        window().clear_timeout_with_handle(self.id);
    }
}

/// Whether it rang, and who waits for it.
type Bell = Rc<RefCell<(bool, Option<Waker>)>>;

/// Ends after so many milliseconds; costs nothing once dropped.
pub async fn sleep(milliseconds: i32) {
    let bell = Bell::default();
    let ring = bell.clone();
    let timer = Timer::start(milliseconds, move || {
        let waker = {
            let mut bell = ring.borrow_mut();
            bell.0 = true;
            bell.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    });
    std::future::poll_fn(|context| {
        let mut bell = bell.borrow_mut();
        if bell.0 || timer.is_none() {
            return Poll::Ready(());
        }
        bell.1 = Some(context.waker().clone());
        Poll::Pending
    })
    .await;
}

/// Until what was changed last is on the screen: what is to be seen at once must not wait for the drawing of
/// what comes after it. A page that nobody sees draws nothing, and is not waited for long.
pub async fn painted() {
    let frame = js_sys::Promise::new(&mut |resolve, _| {
        let _ = window().request_animation_frame(&resolve);
    });
    within(100, JsFuture::from(frame)).await;
    // A frame is drawn after those who asked for it.
    sleep(0).await;
}

/// Waits for `work`, but no longer than so many milliseconds: browsers leave some promises open.
pub async fn within<T>(milliseconds: i32, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut timer = std::pin::pin!(sleep(milliseconds));
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = work.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}

pub fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// Back to the first address, at its top, and from there to `home` where somebody is signed in already:
/// by a link, which the router follows whatever it is doing, and which the browser follows without it.
pub fn start_over(home: Option<&str>) {
    let window = window();
    window.scroll_to_with_x_and_y(0.0, 0.0);
    // Told twice, by a push and by a pull, say: the router goes nowhere from where it is.
    if home.is_some() && window.location().pathname().ok().as_deref() == home {
        return;
    }
    if let Ok(history) = window.history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some("/"));
    }
    match home {
        // The router is told as if the person had gone there.
        None => tell("popstate"),
        Some(home) => {
            let link = document().create_element("a");
            if let (Ok(link), Some(body)) = (link, document().body())
                && link.set_attribute("href", home).is_ok()
                && body.append_child(&link).is_ok()
                && let Some(link) = link.dyn_ref::<web_sys::HtmlElement>()
            {
                link.click();
                link.remove();
            }
        }
    }
}

/// Tells the boot script something (`guanjia:…`).
pub fn tell(name: &str) {
    if let Ok(event) = web_sys::CustomEvent::new(name) {
        let _ = window().dispatch_event(&event);
    }
}

/// What JavaScript threw, in words for a diagnosis.
pub fn describe(error: &JsValue) -> String {
    if let Some(error) = error.dyn_ref::<js_sys::Error>() {
        return format!("{}: {}", String::from(error.name()), String::from(error.message()));
    }
    if let Some(error) = error.dyn_ref::<web_sys::DomException>() {
        return format!("{}: {}", error.name(), error.message());
    }
    error.as_string().unwrap_or_else(|| format!("{error:?}"))
}

/// A property of any object; `undefined` when it is missing.
pub fn property(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Offers a file to keep, made of texts one after the other.
pub fn download(name: &str, mime: &str, parts: &js_sys::Array) -> Result<(), JsValue> {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(mime);
    let blob = web_sys::Blob::new_with_str_sequence_and_options(parts, &options)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    let link: web_sys::HtmlAnchorElement = document().create_element("a")?.dyn_into()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // Safari reads the address only after the click has returned.
    after(60_000, move || {
        let _ = web_sys::Url::revoke_object_url(&url);
    });
    Ok(())
}
