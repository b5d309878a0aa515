//! One way to ask the server: same origin, a deadline that covers the body too, and errors in the
//! words of `TransportError`.

use std::cell::Cell;

use domain::Ms;
use domain::sync::client::transport::TransportError;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestCredentials, RequestInit, Response};

use crate::clock;
use crate::device::page;

/// For requests that carry commands, rows, questions.
pub const DEADLINE: i32 = 25_000;
/// For a chunk of a photo on a bad line.
pub const UPLOAD_DEADLINE: i32 = 90_000;

thread_local! {
    static OFFSET: Cell<Option<i64>> = const { Cell::new(None) };
}

/// Server time minus device time, as last measured; absent when never measured.
pub fn clock_offset() -> Option<i64> {
    OFFSET.get()
}

/// Takes over what was measured before the page was loaded.
pub fn restore_clock_offset(offset: i64) {
    if OFFSET.get().is_none() {
        OFFSET.set(Some(offset));
    }
}

/// Measures the offset from one exchange: the server's time is taken to be of its middle. A slow
/// exchange says little, so it only counts when nothing better is known.
pub fn measure(server_time: Ms, sent_at: Ms, received_at: Ms) {
    let took = received_at.since(sent_at);
    if took < 0 || (took > 10_000 && OFFSET.get().is_some()) {
        return;
    }
    OFFSET.set(Some(server_time.since(sent_at.plus(took / 2))));
}

/// What a request carries.
pub enum Body<'a> {
    None,
    Json(&'a str),
    Bytes(&'a [u8]),
}

/// An answer with 2xx.
pub struct Answer {
    pub text: String,
    pub headers: Headers,
    pub status: u16,
    pub sent_at: Ms,
    pub received_at: Ms,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }
}

fn js(error: &JsValue) -> TransportError {
    TransportError::Garbled(page::describe(error))
}

/// Asks, and waits no longer than `deadline` milliseconds for the whole answer.
#[inline(never)]
pub async fn ask(
    method: &str,
    path: &str,
    body: Body<'_>,
    headers: &[(&str, &str)],
    deadline: i32,
) -> Result<Answer, TransportError> {
    let controller = AbortController::new().map_err(|e| js(&e))?;
    let init = RequestInit::new();
    init.set_method(method);
    init.set_signal(Some(&controller.signal()));
    init.set_credentials(RequestCredentials::SameOrigin);
    let head = Headers::new().map_err(|e| js(&e))?;
    // Other origins cannot send it without asking first, which is what keeps forged posts out.
    head.set("x-guanjia", "1").map_err(|e| js(&e))?;
    match &body {
        Body::None => {}
        Body::Json(text) => {
            head.set("content-type", "application/json").map_err(|e| js(&e))?;
            init.set_body(&JsValue::from_str(text));
        }
        Body::Bytes(bytes) => {
            init.set_body(&js_sys::Uint8Array::from(*bytes));
        }
    }
    for (name, value) in headers {
        head.set(name, value).map_err(|e| js(&e))?;
    }
    init.set_headers(&head);
    let late = std::rc::Rc::new(Cell::new(false));
    let timer = {
        let late = late.clone();
        Timer::start(deadline, move || {
            late.set(true);
            controller.abort();
        })
    };
    let result = exchange(path, &init).await;
    drop(timer);
    match result {
        Ok(answer) => answer,
        // What fetch throws does not say more than that there was no answer.
        Err(_) if late.get() => Err(TransportError::Timeout),
        Err(_) => Err(TransportError::Offline),
    }
}

async fn exchange(
    path: &str,
    init: &RequestInit,
) -> Result<Result<Answer, TransportError>, JsValue> {
    let sent_at = clock::device_now();
    let promise = page::window().fetch_with_str_and_init(path, init);
    let response: Response = JsFuture::from(promise).await?.dyn_into()?;
    let received_at = clock::device_now();
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let status = response.status();
    let headers = response.headers();
    if response.ok() {
        return Ok(Ok(Answer { text, headers, status, sent_at, received_at }));
    }
    let retry_after = headers.get("retry-after")?;
    let retry_after = retry_after.and_then(|s| s.trim().parse::<u64>().ok()).map(|s| s * 1_000);
    Ok(Err(TransportError::of_status(status, &text, retry_after)))
}

/// A timer that is stopped when it is dropped.
struct Timer {
    id: i32,
    _task: wasm_bindgen::closure::Closure<dyn FnMut()>,
}

impl Timer {
    fn start(milliseconds: i32, task: impl FnOnce() + 'static) -> Option<Self> {
        let task = wasm_bindgen::closure::Closure::once(task);
        let id = page::window()
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
        page::window().clear_timeout_with_handle(self.id);
    }
}
