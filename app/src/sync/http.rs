//! One way to ask the server: same origin, given up when no answer begins or ends, and errors in the
//! words of `TransportError`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use domain::sync::client::TransportError;
use domain::sync::wire::ErrorBody;
use domain::{Ms, Refusal};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestCredentials, RequestInit, Response};

use crate::clock;
use crate::device::page;

/// Milliseconds until an answer begins, and as many until it ends. A connection that died without a word
/// must be noticed soon enough for what was recorded to arrive within a minute of the line's coming back.
const PATIENCE: i32 = 25_000;
/// Milliseconds for the rest of an answer that is long: a page of records on a bad line.
const BODY: i32 = 60_000;
/// Bytes a millisecond that the slowest usable line carries; how far a request has gone is not told,
/// so one with much to carry gets as much longer.
const SLOWEST: usize = 8;

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

/// An answer, whatever its status.
pub struct Answer {
    pub text: String,
    pub headers: Headers,
    pub status: u16,
    pub sent_at: Ms,
    pub received_at: Ms,
}

impl Body<'_> {
    fn patience(&self) -> i32 {
        let size = match self {
            Body::None => 0,
            Body::Json(text) => text.len(),
            Body::Bytes(bytes) => bytes.len(),
        };
        PATIENCE.saturating_add(i32::try_from(size / SLOWEST).unwrap_or(i32::MAX))
    }
}

/// Ends a request that takes too long.
struct Patience {
    controller: AbortController,
    late: Rc<Cell<bool>>,
    timer: RefCell<Option<page::Timer>>,
}

impl Patience {
    fn new(controller: AbortController) -> Self {
        Self { controller, late: Rc::default(), timer: RefCell::default() }
    }

    /// From now on so many milliseconds.
    fn give(&self, milliseconds: i32) {
        let (late, controller) = (self.late.clone(), self.controller.clone());
        self.timer.replace(page::Timer::start(milliseconds, move || {
            late.set(true);
            controller.abort();
        }));
    }
}

impl Drop for Patience {
    /// A request that nobody waits for any more must not take the line from the next one.
    fn drop(&mut self) {
        self.controller.abort();
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }

    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Every answer but 2xx as its error.
    pub fn into_ok(self) -> Result<Self, TransportError> {
        if self.is_ok() { Ok(self) } else { Err(self.error()) }
    }

    fn error(&self) -> TransportError {
        let seconds = self.header("retry-after").and_then(|text| text.trim().parse::<u64>().ok());
        let retry_after = seconds.map(|seconds| seconds.saturating_mul(1_000));
        TransportError::of_status(self.status, &self.text, retry_after)
    }
}

/// The refusal in the body of an error answer, or what its status means.
pub fn refusal_of(answer: &Answer) -> Refusal {
    match domain::json::from_str::<ErrorBody>(&answer.text) {
        Ok(body) => body.error.refusal,
        Err(_) => refusal_of_error(&answer.error()),
    }
}

/// What to show for a request without a usable answer.
pub fn refusal_of_error(error: &TransportError) -> Refusal {
    match error {
        TransportError::Refused(refusal) => refusal.clone(),
        other => Refusal::of_code(other.code().to_owned()),
    }
}

fn js(error: &JsValue) -> TransportError {
    TransportError::Garbled(page::describe(error))
}

/// Asks, and turns every answer but 2xx into its error.
pub async fn ask(
    method: &str,
    path: &str,
    body: Body<'_>,
    headers: &[(&str, &str)],
) -> Result<Answer, TransportError> {
    ask_any(method, path, body, headers).await?.into_ok()
}

/// Asks, and waits neither for the beginning nor for the end of the answer for ever.
#[inline(never)]
pub async fn ask_any(
    method: &str,
    path: &str,
    body: Body<'_>,
    headers: &[(&str, &str)],
) -> Result<Answer, TransportError> {
    let controller = AbortController::new().map_err(|e| js(&e))?;
    let init = RequestInit::new();
    init.set_method(method);
    init.set_signal(Some(&controller.signal()));
    init.set_credentials(RequestCredentials::SameOrigin);
    // A picture that was looked at is in the browser's cache, for ever; asked how far it has come, only
    // the server knows.
    js_sys::Reflect::set(&init, &"cache".into(), &"no-store".into()).map_err(|e| js(&e))?;
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
    let patience = Patience::new(controller);
    patience.give(body.patience());
    let rest = if method == "GET" { BODY } else { PATIENCE };
    match exchange(path, &init, &patience, rest).await {
        Ok(answer) => Ok(answer),
        // What fetch throws does not say more than that there was no answer.
        Err(_) if patience.late.get() => Err(TransportError::Timeout),
        Err(_) => Err(TransportError::Offline),
    }
}

async fn exchange(
    path: &str,
    init: &RequestInit,
    patience: &Patience,
    rest: i32,
) -> Result<Answer, JsValue> {
    let sent_at = clock::device_now();
    let promise = page::window().fetch_with_str_and_init(path, init);
    let response: Response = JsFuture::from(promise).await?.dyn_into()?;
    let received_at = clock::device_now();
    patience.give(rest);
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let (status, headers) = (response.status(), response.headers());
    Ok(Answer { text, headers, status, sent_at, received_at })
}
