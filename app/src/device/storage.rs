//! How full this phone is, and whether the browser may clear it.

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_futures::spawn_local;

use super::{page, reserve};

/// What the browser says about our storage. Make it once with `StorageState::provide`.
#[derive(Clone, Copy)]
pub struct StorageState {
    /// It promised not to clear by itself; unknown before it answered.
    pub persistent: RwSignal<Option<bool>>,
    /// Bytes used and bytes there may be.
    pub usage: RwSignal<Option<(u64, u64)>>,
}

impl StorageState {
    pub fn provide() -> Self {
        let state = StorageState { persistent: RwSignal::new(None), usage: RwSignal::new(None) };
        provide_context(state);
        state.refresh();
        state
    }

    /// Looks again: after photos were taken or sent.
    pub fn refresh(self) {
        spawn_local(async move {
            if let Ok(usage) = estimate().await {
                self.usage.try_set(Some(usage));
            }
            if let Ok(persistent) = persist().await {
                self.persistent.try_set(Some(persistent));
            }
        });
    }

    /// 80 % is used: photos should be sent soon. Tracked.
    pub fn is_low(self) -> bool {
        self.usage.get().is_some_and(|(used, quota)| is_low(used, quota))
    }

    /// Used part in thousandths. Tracked.
    pub fn per_mille(self) -> u32 {
        self.usage.get().map_or(0, |(used, quota)| per_mille(used, quota))
    }
}

pub fn use_storage() -> StorageState {
    expect_context::<StorageState>()
}

fn per_mille(used: u64, quota: u64) -> u32 {
    u32::try_from(used.saturating_mul(1_000) / quota.max(1)).unwrap_or(1_000).min(1_000)
}

fn is_low(used: u64, quota: u64) -> bool {
    quota > 0 && per_mille(used, quota) >= 800
}

async fn estimate() -> Result<(u64, u64), JsValue> {
    let estimate = JsFuture::from(page::window().navigator().storage().estimate()?).await?;
    // Bytes stay below 2^53.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let number = |name| page::property(&estimate, name).as_f64().unwrap_or(0.0).max(0.0) as u64;
    Ok((number("usage"), number("quota")))
}

/// Kept free for commands when photos no longer fit: thousands of them.
pub const RESERVE: u64 = 8_000_000;

/// Whether so many bytes of photos may be kept without touching the reserve for commands.
pub async fn has_room_for(bytes: u64) -> bool {
    let fits = match estimate().await {
        Ok((used, quota)) => fits(used, quota, bytes),
        // A browser that does not tell will refuse by itself.
        Err(_) => true,
    };
    fits && reserve::stands().await
}

fn fits(used: u64, quota: u64, bytes: u64) -> bool {
    quota == 0 || used.saturating_add(bytes).saturating_add(RESERVE) <= quota
}

/// Asks not to be cleared; browsers decide by themselves, most without a question.
async fn persist() -> Result<bool, JsValue> {
    let storage = page::window().navigator().storage();
    if JsFuture::from(storage.persisted()?).await?.as_bool() == Some(true) {
        return Ok(true);
    }
    Ok(JsFuture::from(storage.persist()?).await?.as_bool().unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_comes_at_eighty_percent_and_not_where_the_browser_says_nothing() {
        assert!(is_low(80, 100));
        assert!(!is_low(79, 100));
        assert!(!is_low(0, 0));
        assert_eq!(per_mille(u64::MAX, 1), 1_000);
    }

    #[test]
    fn photos_never_take_the_space_that_commands_need() {
        assert!(fits(50_000_000, 100_000_000, 1_000_000));
        assert!(!fits(91_500_000, 100_000_000, 1_000_000));
        assert!(fits(0, 0, 1_000_000));
    }
}
