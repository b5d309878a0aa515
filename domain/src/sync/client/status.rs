//! What the engine tells the pages about itself, and how long it waits before it tries again.

use serde::{Deserialize, Serialize};

use super::store::{Blob, Queue, StoreError};
use super::transport::TransportError;
use crate::refusal::{CommonCode, Refusal, RefusalCode};
use crate::sync::outcome::OutcomeKind;
use crate::time::Ms;

/// Why nothing is sent although there is a connection. Recording goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paused {
    /// The session is over, or it is somebody else's.
    SignIn,
    /// The server takes no commands from a build this old.
    Update,
    /// The numbers of this device are taken: its store was copied or went back in time. It goes on
    /// as a new device (`Engine::renew`).
    NumberReused,
    /// The store belongs to another user or device than the session: somebody else has signed in in
    /// this browser.
    OtherUser,
    /// The password was chosen by an administrator: its owner has to choose a new one first.
    ChangePassword,
}

/// Why a step did not do its work. All of it can be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncError {
    Store(StoreError),
    Transport(TransportError),
    Paused(Paused),
}

impl From<StoreError> for SyncError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl From<TransportError> for SyncError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl SyncError {
    pub(super) fn garbled(why: &str) -> Self {
        Self::Transport(TransportError::Garbled(why.to_owned()))
    }

    /// The stable code whose text is shown.
    pub fn code(&self) -> &str {
        match self {
            Self::Store(StoreError::QuotaFull) => CommonCode::QuotaFull.code(),
            Self::Store(_) => CommonCode::StorageFailed.code(),
            Self::Transport(error) => error.code(),
            Self::Paused(Paused::Update) => CommonCode::ClientTooOld.code(),
            Self::Paused(Paused::NumberReused) => CommonCode::NumberReused.code(),
            Self::Paused(Paused::SignIn) => CommonCode::SignInExpired.code(),
            Self::Paused(Paused::OtherUser) => CommonCode::WrongDevice.code(),
            Self::Paused(Paused::ChangePassword) => CommonCode::PasswordMustChange.code(),
        }
    }
}

impl std::fmt::Display for SyncError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Paused(why) => write!(f, "paused: {why:?}"),
        }
    }
}
impl std::error::Error for SyncError {}

/// Why something was not recorded. Nothing of it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordError {
    Refused(Refusal),
    Store(StoreError),
}

impl RecordError {
    /// What to show.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Store(StoreError::QuotaFull) => Refusal::new(CommonCode::QuotaFull),
            Self::Store(error) => Refusal::new(CommonCode::StorageFailed).with("why", error),
        }
    }
}

/// For the sync indicator and its page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncStatus {
    /// Recorded, not yet answered.
    pub waiting: usize,
    /// Attachments on their way: the server does not have them whole.
    pub uploading: usize,
    /// Commands that were refused or are in conflict, and attachments the server will not take: a
    /// person has to look.
    pub attention: usize,
    /// Wait on the server for another device.
    pub held: usize,
    /// Answered, not yet backed up.
    pub unsecured: usize,
    /// The oldest complete pull among the scopes; `None` while one has never been pulled.
    pub synced_at: Option<Ms>,
    pub last_error: Option<String>,
    pub paused: Option<Paused>,
}

impl SyncStatus {
    /// Whether something is on this phone that is not safe elsewhere, or that a person has to settle.
    pub fn holds_anything(&self) -> bool {
        self.waiting + self.uploading + self.attention + self.unsecured > 0
    }

    pub fn add_queue(&mut self, queue: &Queue) {
        self.waiting += queue.outbox.len();
        self.attention += queue.attention.len();
        self.unsecured += queue.journal.len();
        let held = |outcome| outcome == OutcomeKind::Held;
        self.held += queue.journal.iter().filter(|entry| held(entry.outcome.outcome)).count();
    }
    pub fn add_blobs(&mut self, blobs: &[Blob]) {
        self.uploading += blobs.iter().filter(|blob| blob.is_on_its_way()).count();
        self.attention += blobs.iter().filter(|blob| blob.needs_attention()).count();
    }
}

/// Milliseconds until attempt number `attempt` (from 0): full jitter over a doubling span, at most
/// half a minute, never sooner than the server asked for. `random` is uniform over all of `u64`.
pub fn backoff(attempt: u32, random: u64, retry_after: Option<u64>) -> u64 {
    const FIRST: u64 = 500;
    const LONGEST: u64 = 30_000;
    let span = FIRST.saturating_mul(1 << attempt.min(16)).min(LONGEST);
    retry_after.unwrap_or(0).min(20 * LONGEST) + random % (span + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_to_half_a_minute_and_never_undercuts_the_server() {
        assert!(backoff(0, u64::MAX, None) <= 500);
        assert!((0..100).all(|attempt| backoff(attempt, u64::MAX - 7, None) <= 30_000));
        assert!(backoff(0, 0, Some(5_000)) >= 5_000);
        assert_eq!(backoff(30, 30_000, None), 30_000);
    }
}
