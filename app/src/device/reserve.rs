//! Room kept for words when photos no longer fit.
//!
//! What the browser tells of its quota is not to be relied on: Chromium names one that is larger than the disk.
//! So a few megabytes are held by something that can be given up at once, and are given up when the disk really is
//! full: commands are stored then, answers are kept, and photos that have arrived make room again. In the cache
//! storage and not in the database, where room that is given up stays taken for a while.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Cache, CacheStorage, Response};

use super::page;

/// Not one of the builds', which the service worker removes when they are old.
const NAME: &str = "reserve";
/// Says that it is whole. Looking into the cache would hold it open, and what is held open is not given up at once.
const WHOLE: &str = "guanjia.reserve";
const ADDRESS: &str = "/reserve";
/// One random piece many times over: as large, and browsers that compress find nothing in it.
const PIECE: usize = 65_536;
const PIECES: usize = super::storage::RESERVE as usize / PIECE;
/// After the start, when the first pages are there.
const LATER: i32 = 20_000;

fn caches() -> Result<CacheStorage, JsValue> {
    let caches = page::window().caches()?;
    // Some views inside other apps have none, and calling it would end the task.
    if caches.is_undefined() { Err(JsValue::NULL) } else { Ok(caches) }
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
    // A browser without such a storage, as in a private window, has no reserve and takes photos all the same.
    take().await.err().is_none_or(|error| {
        page::property(&error, "name").as_string().as_deref() != Some("QuotaExceededError")
    })
}

async fn take() -> Result<(), JsValue> {
    let caches = caches()?;
    if page::stored_text(WHOLE).is_some() && JsFuture::from(caches.has(NAME)).await?.is_truthy() {
        return Ok(());
    }
    let cache = JsFuture::from(caches.open(NAME)).await?.unchecked_into::<Cache>();
    let piece = Uint8Array::new_with_length(PIECE as u32);
    page::window().crypto()?.get_random_values_with_array_buffer_view(&piece)?;
    let pieces: Array = std::iter::repeat_n(JsValue::from(piece), PIECES).collect();
    let filling = Blob::new_with_u8_array_sequence(&pieces)?;
    let response = Response::new_with_opt_blob(Some(&filling))?;
    JsFuture::from(cache.put_with_str(ADDRESS, &response)).await?;
    page::keep(WHOLE, &true);
    Ok(())
}

/// Gives it up. Says whether there was any.
pub async fn release() -> bool {
    let Ok(caches) = caches() else { return false };
    if page::stored_text(WHOLE).is_none() {
        return false;
    }
    page::forget(WHOLE);
    JsFuture::from(caches.delete(NAME)).await.is_ok_and(|gone| gone.is_truthy())
}
