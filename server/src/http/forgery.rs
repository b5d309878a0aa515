//! Against forged requests from other sites: a page elsewhere can make a browser send our cookie, but
//! can neither hide its origin nor add a header of ours without being asked first.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use domain::refusal::CommonCode;

use crate::error::ApiError;
use crate::state::AppState;

/// The header that only a script of our own origin can send without a preflight.
pub const OWN_HEADER: &str = "x-guanjia";

/// Middleware for `/api`.
pub async fn refuse_forged(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let public = state.config.public_url.as_ref().map(|url| url.origin());
    if reads || is_own(request.headers(), public) {
        return next.run(request).await;
    }
    ApiError::from(Refusal::new(CommonCode::Origin)).into_response()
}

fn is_own(headers: &HeaderMap, public: Option<&str>) -> bool {
    if headers.get(OWN_HEADER).is_none_or(|value| value != "1") {
        return false;
    }
    // Programs that are no browser send none.
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    match public {
        Some(public) => origin.eq_ignore_ascii_case(public) || is_loopback_of(headers, origin),
        None => is_host(headers, origin),
    }
}

/// Whether the origin is the host this request was sent to.
fn is_host(headers: &HeaderMap, origin: &str) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    match (host, authority) {
        (Some(host), Some(authority)) => host.eq_ignore_ascii_case(authority),
        _ => false,
    }
}

/// With a public address set, the machine itself may still be used for a look at the server.
fn is_loopback_of(headers: &HeaderMap, origin: &str) -> bool {
    let own = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    own.iter().any(|own| {
        origin.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }) && is_host(headers, origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_pages_and_programs_may_write() {
        let own = ("x-guanjia", "1");
        let host = ("host", "127.0.0.1:3000");
        let cases = [
            (vec![host], None, false),
            (vec![host, own], None, true),
            (vec![host, ("x-guanjia", "2")], None, false),
            (vec![host, own, ("origin", "http://127.0.0.1:3000")], None, true),
            (vec![host, own, ("origin", "http://127.0.0.1:3001")], None, false),
            (vec![host, own, ("origin", "https://evil.example")], None, false),
            (vec![host, own, ("origin", "null")], None, false),
            (vec![host, own, ("origin", "https://gj.example")], Some("https://gj.example"), true),
            (vec![host, own, ("origin", "http://gj.example")], Some("https://gj.example"), false),
            (
                vec![host, own, ("origin", "http://127.0.0.1:3000")],
                Some("https://gj.example"),
                true,
            ),
            (
                vec![("host", "evil.example"), own, ("origin", "https://evil.example")],
                Some("https://gj.example"),
                false,
            ),
        ];
        for (pairs, public, expected) in cases {
            assert_eq!(is_own(&headers(&pairs), public), expected, "{pairs:?} {public:?}");
        }
    }
}
