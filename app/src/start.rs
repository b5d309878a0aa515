//! Where the program begins in the browser.

use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

use crate::app_context::SESSION;
use crate::device::{Install, StorageState, page};
use crate::front::{Door, Front};
use crate::i18n::{self, Language};
use crate::parts;
use crate::ui::Toasts;

/// Runs as soon as the boot script has loaded the program.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        show_failure(&panic.to_string());
    }));
    // Mounting would do it too, but signals and effects are made before.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    spawn_local(async {
        if let Err(error) = open().await {
            show_failure(&page::describe(&error));
        }
    });
}

/// Texts and what is stored are there before anything is drawn, so that nothing flickers.
async fn open() -> Result<(), JsValue> {
    let chosen = i18n::stored_language();
    if i18n::switch_language(chosen).await.is_err() {
        // The table of the chosen language is not to be had: better another language than nothing.
        i18n::switch_language(Language::default()).await?;
    }
    let place: HtmlElement = page::document()
        .get_element_by_id("app")
        .ok_or_else(|| JsValue::from_str("the page has no #app"))?
        .dyn_into()?;
    let owner = Owner::new();
    let door = owner.with(|| {
        Install::provide();
        StorageState::provide();
        Toasts::provide();
        Door::provide()
    });
    crate::modules::more::preferences::restore_theme();
    let not_loaded = |_| JsValue::from_str("a part of the program could not be loaded");
    // Until the pages are there, the page as the server made it stays: it has their frame.
    let signed_in = page::stored_text(SESSION).is_some();
    if signed_in {
        parts::open(door).await.map_err(not_loaded)?;
    }
    place.set_text_content(None);
    owner.with(|| mount_to(place, Front).forget());
    if !signed_in {
        // Ready by the time the password is typed. Where it cannot be loaded, signing in says so.
        let _ = parts::open(door).await;
    }
    // Of the whole page: it goes when the page goes.
    std::mem::forget(owner);
    Ok(())
}

/// Stands in for the app after a fault of ours. Without texts, hence in all three languages; what
/// was recorded is on the disk, and drafts are written as they are typed.
fn show_failure(detail: &str) {
    const WORDS: [(&str, &str, &str); 3] = [
        (
            "zh-Hans",
            "应用出错了",
            "您已保存的记录都在这台手机上，没有丢失。请点“重新打开”；反复出现请联系管理员，不要清除浏览器数据。",
        ),
        (
            "zh-Hant",
            "應用程式發生錯誤",
            "您已儲存的記錄都在這支手機上，沒有遺失。請點「重新打開」；若反覆出現請聯絡管理員，不要清除瀏覽器資料。",
        ),
        (
            "en",
            "Guanjia has stopped",
            "Everything you saved is on this phone; nothing is lost. Press “Reopen”. If it happens again, tell the administrator, and do not clear the browser's data.",
        ),
    ];
    let build = || -> Result<(), JsValue> {
        let document = page::document();
        let place = document.get_element_by_id("app").or_else(|| document.body().map(Into::into));
        let place = place.ok_or(JsValue::NULL)?;
        let main = document.create_element("main")?;
        main.set_class_name("boot-failure");
        main.set_attribute("role", "alert")?;
        let add = |tag: &str, text: &str, lang: &str| -> Result<web_sys::Element, JsValue> {
            let element = document.create_element(tag)?;
            element.set_text_content(Some(text));
            element.set_attribute("lang", lang)?;
            main.append_child(&element)?;
            Ok(element)
        };
        for (lang, title, words) in WORDS {
            add("h1", title, lang)?;
            add("p", words, lang)?;
        }
        let button = add("button", "重新打开 · 重新打開 · Reopen", "")?;
        page::listen(&button, "click", |_| {
            let _ = page::window().location().reload();
        });
        add("pre", detail, "en")?;
        place.set_text_content(None);
        place.append_child(&main)?;
        Ok(())
    };
    // Where not even this works there is nothing left to show it with.
    let _ = build();
}
