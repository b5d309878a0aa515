//! The session's token: 256 random bits in a cookie that scripts cannot read; the database knows
//! only its hash.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::sync::batch::sha256_hex;

use crate::clock::Clock;

/// The prefix binds it to this host, to HTTPS (or this machine) and to the whole site.
pub const COOKIE: &str = "__Host-guanjia";
/// How long a browser keeps the cookie, in seconds: as long as browsers allow. When a session ends is the server's to
/// say, by its last use; a cookie that ended thirty days after the sign-in would sign out who works every day.
const MAX_AGE: i64 = 400 * 24 * 60 * 60;
const ATTRIBUTES: &str = "Path=/; HttpOnly; Secure; SameSite=Lax";

/// A new token: what goes into the cookie, and what is stored.
pub fn make(clock: &Clock) -> (HeaderValue, String) {
    let token = URL_SAFE_NO_PAD.encode(clock.random::<32>());
    let stored = sha256_hex(token.as_bytes());
    let cookie = format!("{COOKIE}={token}; {ATTRIBUTES}; Max-Age={MAX_AGE}");
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
    fn the_cookie_outlives_the_idle_limit_which_is_the_servers_to_keep() {
        let (cookie, _) = make(&Clock::system());
        let age = cookie.to_str().unwrap().rsplit_once("Max-Age=").unwrap().1.parse::<i64>();
        assert!(age.unwrap() * 1000 > 12 * super::super::IDLE);
    }

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
