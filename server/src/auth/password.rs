//! Passwords: argon2id, so costly on purpose that only a few may be checked at once.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::Refusal;
use domain::modules::accounts::AccountCode;
use domain::refusal::CommonCode;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::error::ApiError;

/// OWASP's minimum for one lane: 19 MiB, 2 passes.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Longest time in the queue before a caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Shortest and longest password. The longest only bounds the work of hashing it.
pub const MIN_CHARS: usize = 10;
pub const MAX_CHARS: usize = 200;

/// Whether this may become a password. Length is what counts; composition rules only annoy.
pub fn check_new(password: &str) -> Result<(), Refusal> {
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        return Err(Refusal::new(AccountCode::PasswordTooShort).with("min", MIN_CHARS));
    }
    if chars > MAX_CHARS {
        let refusal = Refusal::new(CommonCode::TextTooLong);
        return Err(refusal.with("field", "password").with("max", MAX_CHARS));
    }
    Ok(())
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    clock: Clock,
    turns: Arc<Semaphore>,
    /// Hash of a password nobody has: checking an unknown account takes as long as a known one.
    nobody: Arc<str>,
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("these parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &str, salt: [u8; 16]) -> Result<String, String> {
    let salt = SaltString::encode_b64(&salt).map_err(|e| e.to_string())?;
    let hash = argon2().hash_password(password.as_bytes(), &salt).map_err(|e| e.to_string())?;
    Ok(hash.to_string())
}

fn matches(password: &str, hash: &str) -> Result<bool, String> {
    let hash = PasswordHash::new(hash).map_err(|e| format!("stored hash: {e}"))?;
    match argon2().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(e) => Err(e.to_string()),
    }
}

impl Passwords {
    /// Blocks for one hash; call it once, at start.
    pub fn new(clock: Clock) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let nobody = hash_now("nobody has this password", clock.random())
            .expect("hashing a constant succeeds");
        Self { clock, turns: Arc::new(Semaphore::new(cores)), nobody: nobody.into() }
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| ApiError::new(CommonCode::TooManyRequests))?
            .expect("the semaphore is never closed");
        let work = tokio::task::spawn_blocking(move || {
            // Given back when the work is done, not when the caller stops waiting for it.
            let _turn = turn;
            work()
        });
        let done = work.await.map_err(|e| ApiError::fault("password", e))?;
        done.map_err(|e| ApiError::fault("password", e))
    }

    pub async fn hash(&self, password: String) -> Result<String, ApiError> {
        let salt = self.clock.random();
        self.in_turn(move || hash_now(&password, salt)).await
    }

    /// Checks a password against the stored hash; without one the same work is done for nothing.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<bool, ApiError> {
        if password.chars().count() > MAX_CHARS {
            return Ok(false);
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        self.in_turn(move || Ok(matches(&password, &hash)? && known)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_accepted_only_for_its_own_hash() {
        let passwords = Passwords::new(Clock::system());
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.check("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.check("correct house".into(), Some(hash)).await.unwrap());
        assert!(!passwords.check("nobody has this password".into(), None).await.unwrap());
    }
}
