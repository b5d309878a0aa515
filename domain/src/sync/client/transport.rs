//! How the phone reaches the server, and what may go wrong on the way.
//!
//! Implementations put a deadline on every request and turn HTTP answers into these errors with
//! `TransportError::of_status`, so that page, worker and simulation agree on what each answer means.

use crate::modules::attachments::Sha256Hex;
use crate::refusal::{CommonCode, Refusal, RefusalCode};
use crate::sync::record::Scope;
use crate::sync::wire::{ErrorBody, PullResponse, PushRequest, PushResponse};

use super::store::Blob;

/// Most bytes of a blob that travel in one request.
pub const CHUNK: usize = 256 * 1024;
/// As many travel on a line that breaks in the middle of more.
pub(super) const LEAST_CHUNK: usize = 32 * 1024;

/// Why a request brought no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// No connection. Never the same as not being signed in.
    Offline,
    /// The deadline passed; whether the server acted is not known.
    Timeout,
    /// 401: the session is over. Recording goes on, the queue waits for a sign-in.
    Unauthorised,
    /// 409 `sync.gap`: the first number sent is above the one the server takes next.
    Gap { expected: u64 },
    /// 409 `sync.number_reused`: the number belongs to another command for ever.
    NumberReused,
    /// Any other 4xx: the request itself is wrong.
    Refused(Refusal),
    /// 429 or 503, with `Retry-After` in milliseconds.
    Busy { retry_after: Option<u64> },
    /// Any other 5xx.
    Server,
    /// An answer that cannot be read: cut, or not ours.
    Garbled(String),
}

impl TransportError {
    /// What an HTTP answer other than 2xx means.
    pub fn of_status(status: u16, body: &str, retry_after: Option<u64>) -> Self {
        let error = crate::json::from_str::<ErrorBody>(body).ok().map(|body| body.error);
        match (status, error) {
            (401, _) => Self::Unauthorised,
            (429 | 503, _) => Self::Busy { retry_after },
            (409, Some(error)) if error.refusal.is(CommonCode::Gap) => match error.expected {
                Some(expected) => Self::Gap { expected },
                None => Self::Garbled("a gap without the expected number".into()),
            },
            (409, Some(error)) if error.refusal.is(CommonCode::NumberReused) => Self::NumberReused,
            (400..=499, Some(error)) => Self::Refused(error.refusal),
            // A page of some proxy or captive portal, not of our server.
            (400..=499, None) => Self::Garbled(format!("status {status}")),
            (500..=599, _) => Self::Server,
            _ => Self::Garbled(format!("status {status}")),
        }
    }

    /// The stable code whose text is shown.
    pub fn code(&self) -> &str {
        match self {
            Self::Offline | Self::Timeout => CommonCode::Offline.code(),
            Self::Unauthorised => CommonCode::SignInExpired.code(),
            Self::Gap { .. } => CommonCode::Gap.code(),
            Self::NumberReused => CommonCode::NumberReused.code(),
            Self::Refused(refusal) => &refusal.code,
            Self::Busy { .. } => CommonCode::TooManyRequests.code(),
            Self::Server | Self::Garbled(_) => CommonCode::Fault.code(),
        }
    }

    /// Trying again later, unchanged, may succeed.
    pub fn is_passing(&self) -> bool {
        !matches!(self, Self::Unauthorised | Self::NumberReused | Self::Refused(_))
    }
}

impl std::fmt::Display for TransportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gap { expected } => write!(f, "gap: the server expects {expected}"),
            Self::Refused(refusal) => write!(f, "refused: {refusal}"),
            Self::Garbled(why) => write!(f, "unreadable answer: {why}"),
            other => f.write_str(other.code()),
        }
    }
}
impl std::error::Error for TransportError {}

/// How far the server has a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobAt {
    pub offset: u64,
    /// Whole, and its hash is right.
    pub complete: bool,
}

/// What a pull asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullAsk {
    pub scope: Scope,
    /// Where the reader stands; nowhere before its first pull.
    pub cursor: Option<String>,
    /// Commands in the outboxes of all scopes, so that the server knows whether this phone's silence
    /// means that nothing was done.
    pub waiting: usize,
    /// A checksum is wanted with the page that ends the pull.
    pub check: bool,
    /// The last checksum did not match: a snapshot is wanted whatever the cursor says, and the server
    /// is to know of it.
    pub repair: bool,
}

impl PullAsk {
    /// Asks for the same rows.
    pub(super) fn is_the_same(&self, other: &Self) -> bool {
        let rows = |ask: &Self| (ask.scope, ask.check, ask.repair);
        rows(self) == rows(other) && self.cursor == other.cursor
    }
}

/// The way to the server, in the name of whoever is signed in.
///
/// Every request names the device, and the server refuses it (409 `sync.wrong_device`) when the
/// session is another's: all tabs of a browser share one cookie, and a tab that lingers after
/// somebody else has signed in must neither send nor receive under that name.
#[allow(async_fn_in_trait)] // single-threaded on both sides: the browser, and the simulation
pub trait Transport {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, TransportError>;
    async fn pull(&self, ask: &PullAsk) -> Result<PullResponse, TransportError>;
    async fn blob_offset(&self, scope: Scope, sha256: &Sha256Hex)
    -> Result<BlobAt, TransportError>;
    /// Sends the bytes from `offset` on; at most `CHUNK` of them.
    async fn blob_put(
        &self,
        blob: &Blob,
        offset: u64,
        bytes: &[u8],
    ) -> Result<BlobAt, TransportError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_tells_the_number_the_server_takes_next() {
        let body = r#"{"error":{"code":"sync.gap","params":{},"expected":7}}"#;
        assert_eq!(TransportError::of_status(409, body, None), TransportError::Gap { expected: 7 });
    }

    #[test]
    fn a_captive_portal_is_not_a_refusal_and_no_network_is_not_a_sign_out() {
        let portal = TransportError::of_status(403, "<html>Wi-Fi login</html>", None);
        assert!(portal.is_passing());
        assert!(TransportError::Offline.is_passing());
        assert!(!TransportError::of_status(401, "", None).is_passing());
    }
}
