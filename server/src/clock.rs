//! The one place where the server asks for the time and for randomness.
//!
//! Everything else is handed a `Clock`, so that tests decide what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::Ms;
use uuid::Uuid;

/// Tells the time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until `set`; clones share it.
    pub fn manual(at: Ms) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(at.0))))
    }

    /// Moves a manual clock; the machine's clock is not ours to move.
    pub fn set(&self, at: Ms) {
        if let Source::Manual(now) = &self.0 {
            now.store(at.0, Ordering::SeqCst);
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the program's own clock")]
    pub fn now(&self) -> Ms {
        match &self.0 {
            Source::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Manual(now) => Ms(now.load(Ordering::SeqCst)),
        }
    }

    /// Random bytes from the operating system, for ids and secrets.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        rand::random()
    }

    /// A new time-ordered id (UUIDv7).
    pub fn uuid(&self) -> Uuid {
        domain::id::uuid_v7(self.now(), &self.random())
    }
}
