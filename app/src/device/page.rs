//! The page and its browser: the few handles everything else goes through.

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

/// Ends after so many milliseconds.
pub async fn sleep(milliseconds: i32) {
    let timer = js_sys::Promise::new(&mut |resolve, _| {
        let _ = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = JsFuture::from(timer).await;
}

pub fn is_visible() -> bool {
    document().visibility_state() == web_sys::DocumentVisibilityState::Visible
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

/// Offers text as a file to keep.
pub fn download(name: &str, mime: &str, text: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(mime);
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options)?;
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
