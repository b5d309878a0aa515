//! Room kept for words when photos no longer fit.
//!
//! What the browser tells of its quota is not to be relied on: Chromium names one that is larger than the disk.
//! So a few megabytes are held by something that can be given up at once, and are given up when the disk really is
//! full: commands are stored then, answers are kept, and photos that have arrived make room again. In the cache
//! storage and not in the database, where room that is given up stays taken for a while.

use std::cell::Cell;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, CacheStorage, Response};

use super::page;

/// Not one of the builds', which the service worker removes when they are old.
const NAME: &str = "reserve";
const ADDRESS: &str = "/reserve";
/// One random piece many times over: as large, and browsers that compress find nothing in it.
const PIECE: usize = 65_536;
const PIECES: usize = super::storage::RESERVE as usize / PIECE;
/// After the start, when the first pages are there.
const LATER: i32 = 20_000;

thread_local! {
    /// It was given up, or there was no room for it.
    static LACKING: Cell<bool> = const { Cell::new(false) };
}

fn caches() -> Result<CacheStorage, JsValue> {
    page::window().caches()
}

async fn is_held(caches: &CacheStorage) -> Result<bool, JsValue> {
    Ok(JsFuture::from(caches.has(NAME)).await?.is_truthy())
}

/// Holds the reserve from some time after the start on.
pub fn keep() {
    page::after(LATER, || {
        spawn_local(async {
            stands().await;
        });
    });
}

/// Whether it is held, taken again if there is room by now: else photos must not have what is left.
pub async fn stands() -> bool {
    let failed = take().await.err();
    // A browser without such a storage, as in a private window, has no reserve and takes photos all the same.
    let full = failed.is_some_and(|error| {
        page::property(&error, "name").as_string().as_deref() == Some("QuotaExceededError")
    });
    LACKING.set(full);
    !full
}

/// Whether photos may be kept as far as the reserve is concerned.
pub async fn is_untouched() -> bool {
    !LACKING.get() || stands().await
}

async fn take() -> Result<(), JsValue> {
    let caches = caches()?;
    if is_held(&caches).await? {
        return Ok(());
    }
    let piece = Uint8Array::new_with_length(PIECE as u32);
    page::window().crypto()?.get_random_values_with_array_buffer_view(&piece)?;
    let pieces: Array = std::iter::repeat_n(JsValue::from(piece), PIECES).collect();
    let filling = Blob::new_with_u8_array_sequence(&pieces)?;
    let cache = JsFuture::from(caches.open(NAME)).await?.unchecked_into::<web_sys::Cache>();
    let response = Response::new_with_opt_blob(Some(&filling))?;
    let put = JsFuture::from(cache.put_with_str(ADDRESS, &response)).await;
    if put.is_err() {
        // Else an empty one would be taken for it.
        let _ = JsFuture::from(caches.delete(NAME)).await;
    }
    put.map(|_| ())
}

/// Gives it up. Says whether there was any.
pub async fn release() -> bool {
    let Ok(caches) = caches() else { return false };
    let gone = JsFuture::from(caches.delete(NAME)).await.is_ok_and(|gone| gone.is_truthy());
    LACKING.set(LACKING.get() || gone);
    gone
}
