//! The language in the browser: fetched, kept, switched at run time.

use wasm_bindgen::JsValue;

use super::Language;
use crate::device::page;

const KEY: &str = "guanjia.language";

/// The language that was chosen on this device, else the one for this browser.
pub fn stored_language() -> Language {
    let stored: Option<String> = page::stored(KEY);
    stored.as_deref().and_then(Language::from_tag).unwrap_or_else(|| {
        Language::for_browser(&page::window().navigator().language().unwrap_or_default())
    })
}

/// Fetches the language's table, once. The address is on the boot script's tag, hashed, and the
/// service worker keeps it.
pub async fn load(language: Language) -> Result<(), JsValue> {
    if super::table(language).is_some() {
        return Ok(());
    }
    let name = format!("data-locale-{}", language.tag().to_ascii_lowercase());
    let url = page::boot_data(&name)
        .ok_or_else(|| JsValue::from_str(&format!("the page's start script lacks {name}")))?;
    let json = page::fetch_text(&url).await?;
    if super::keep_table(language, &json) {
        Ok(())
    } else {
        Err(JsValue::from_str(&format!("{url} is not of this build")))
    }
}

/// Shows everything in another language, and keeps that.
pub async fn switch_language(language: Language) -> Result<(), JsValue> {
    load(language).await?;
    super::set_current(language);
    if let Some(root) = page::document().document_element() {
        root.set_attribute("lang", language.tag())?;
    }
    // Not being able to keep it (private mode) is no reason not to switch.
    page::keep(KEY, &language.tag());
    Ok(())
}
