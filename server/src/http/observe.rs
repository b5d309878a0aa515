//! Every request has an id: in the answer, in each line of the log, in every error.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tracing::Instrument;

use crate::error::{ApiError, REQUEST_ID};
use crate::state::AppState;

/// Middleware: gives the request its id (a sane one from a proxy is kept), measures and logs it. The
/// query stays out of the log; people search for names.
pub async fn observe(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = match request.headers().get(REQUEST_ID) {
        Some(id) if is_sane(id) => id.clone(),
        _ => {
            let id = state.clock.uuid().simple().to_string();
            HeaderValue::from_str(&id).expect("hex digits are visible ASCII")
        }
    };
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let shown = id.to_str().unwrap_or_default().to_owned();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id = %shown, %method, %path);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = started.elapsed();
    let status = response.status();
    state.metrics.request(status.as_u16(), took);
    span.in_scope(|| {
        let ms = took.as_millis();
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), ms, "answered");
        } else {
            tracing::debug!(status = status.as_u16(), ms, "answered");
        }
    });
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

fn is_sane(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (8..=64).contains(&bytes.len()) && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

/// Our bug, met at run time: logged, and to the user a fault like any other.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    ApiError::fault("panic in a handler", text).into_response()
}

/// Longest time to an answer. A piece of a photo may take that long over a bad line.
const PATIENCE: Duration = Duration::from_secs(120);

/// Middleware: a request that takes too long is given up. A commit that is under way goes on, and its
/// outcome is told when the phone asks again.
pub async fn patience(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::fault("request", "given up after two minutes").into_response(),
    }
}
