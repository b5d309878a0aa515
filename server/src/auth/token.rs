//! The session's token: 256 random bits in a cookie that scripts cannot read; the database knows
//! only its hash.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::sync::batch::sha256_hex;

use super::IDLE;
use crate::clock::Clock;

/// The prefix binds it to this host, to HTTPS (or this machine) and to the whole site.
pub const COOKIE: &str = "__Host-guanjia";
const ATTRIBUTES: &str = "Path=/; HttpOnly; Secure; SameSite=Lax";

/// A new token: what goes into the cookie, and what is stored.
pub fn make(clock: &Clock) -> (HeaderValue, String) {
    let token = URL_SAFE_NO_PAD.encode(clock.random::<32>());
    let stored = sha256_hex(token.as_bytes());
    let cookie = format!("{COOKIE}={token}; {ATTRIBUTES}; Max-Age={}", IDLE / 1000);
    (
        HeaderValue::from_str(&cookie).expect("base64url and our attributes are visible ASCII"),
        stored,
    )
}

/// Removes the cookie.
pub fn removal() -> HeaderValue {
    HeaderValue::from_str(&format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0"))
        .expect("our attributes are visible ASCII")
}

/// The stored form of the token that a request carries.
pub fn of_request(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .map(|token| sha256_hex(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies_and_only_its_hash_is_stored() {
        let (cookie, stored) = make(&Clock::system());
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        let sent = format!("__Host-guanjia-x=1; {pair}; other=2");
        headers.insert(header::COOKIE, HeaderValue::from_str(&sent).unwrap());
        assert_eq!(of_request(&headers), Some(stored.clone()));
        assert!(!pair.contains(&stored));
    }
}
