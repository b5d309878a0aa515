//! Texts in three languages: one function a text (`tr`), one table a language.
//!
//! In the browser the table of one language is fetched at start, and every `tr` function tracks the
//! language, so that switching it redraws what is on the screen. On the server and in native tests
//! the tables are built in and the language belongs to the thread (`in_language`).

use std::sync::OnceLock;

pub mod fmt;

/// One function for each text of `locales/`, by namespace: `tr::common::close()`.
#[allow(dead_code, clippy::too_many_arguments)] // a text may wait for its page
pub mod tr {
    include!(concat!(env!("OUT_DIR"), "/tr.rs"));
}

/// A text that is still to be looked up: `tr::common::close`.
pub type Text = fn() -> &'static str;

/// A language of the product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// 简体中文
    #[default]
    ZhHans,
    /// 繁體中文
    ZhHant,
    En,
}

impl Language {
    pub const ALL: [Language; 3] = [Language::ZhHans, Language::ZhHant, Language::En];

    /// As in `<html lang>`, in `locales/` and in storage.
    pub fn tag(self) -> &'static str {
        match self {
            Language::ZhHans => "zh-Hans",
            Language::ZhHant => "zh-Hant",
            Language::En => "en",
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// Its name in itself, for the switch.
    pub fn name(self) -> &'static str {
        match self {
            Language::ZhHans => "简体中文",
            Language::ZhHant => "繁體中文",
            Language::En => "English",
        }
    }

    pub fn is_chinese(self) -> bool {
        self != Language::En
    }

    /// What a first visit begins with: Simplified Chinese, unless the browser reads Traditional.
    pub fn for_browser(preferred: &str) -> Self {
        let preferred = preferred.to_ascii_lowercase();
        let traditional = ["zh-hant", "zh-tw", "zh-hk", "zh-mo"];
        if traditional.iter().any(|tag| preferred.starts_with(tag)) {
            Language::ZhHant
        } else {
            Language::ZhHans
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// The texts of one language, in the order in which `tr` counts them. Their keys are the same in all
/// languages, so they are in the program (`tr::KEYS`) and not in every table.
struct Table {
    texts: Vec<&'static str>,
}

/// Never given back: a page uses at most three of them as long as it lives.
static TABLES: [OnceLock<Table>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

impl Table {
    /// Reads a compiled table; `None` when it is not one of this build.
    fn parse(json: &str) -> Option<Self> {
        let texts: Vec<String> = domain::json::from_str(json).ok()?;
        let texts: Vec<&'static str> = texts.into_iter().map(leak).collect();
        (texts.len() == tr::COUNT).then_some(Table { texts })
    }

    fn find(&self, namespace: &str, key: &str) -> Option<&'static str> {
        let (_, first, keys) = tr::KEYS.iter().find(|(name, ..)| *name == namespace)?;
        let at = keys.split(' ').position(|known| known == key)?;
        self.texts.get(first + at).copied()
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod here {
    use super::{Language, TABLES, Table};
    use std::cell::Cell;

    thread_local! {
        static LANGUAGE: Cell<Language> = const { Cell::new(Language::ZhHans) };
    }

    pub fn current() -> Language {
        LANGUAGE.get()
    }

    /// Runs `render` with that language on this thread: what the server renders is synchronous.
    pub fn in_language<T>(language: Language, render: impl FnOnce() -> T) -> T {
        let before = LANGUAGE.replace(language);
        let rendered = render();
        LANGUAGE.set(before);
        rendered
    }

    #[cfg(feature = "csr")]
    pub(super) fn set_current(language: Language) {
        LANGUAGE.set(language);
    }

    /// Nothing to keep: the tables are built in.
    #[cfg(feature = "csr")]
    pub(super) fn keep_table(_language: Language, _json: &str) -> bool {
        true
    }

    pub(super) fn table(language: Language) -> Option<&'static Table> {
        let json = match language {
            Language::ZhHans => include_str!(concat!(env!("OUT_DIR"), "/zh-Hans.json")),
            Language::ZhHant => include_str!(concat!(env!("OUT_DIR"), "/zh-Hant.json")),
            Language::En => include_str!(concat!(env!("OUT_DIR"), "/en.json")),
        };
        let parse = || Table::parse(json).expect("the build script wrote this table");
        Some(TABLES[language.index()].get_or_init(parse))
    }
}

#[cfg(target_arch = "wasm32")]
mod here {
    use std::sync::LazyLock;

    use leptos::prelude::*;
    use leptos::reactive::graph::Observer;

    use super::{Language, TABLES, Table};

    /// Of the whole page, not of a component: texts are also made in event handlers and timers.
    static LANGUAGE: LazyLock<ArcRwSignal<Language>> =
        LazyLock::new(|| ArcRwSignal::new(Language::default()));

    /// The language now; tracked where something is listening.
    pub fn current() -> Language {
        if Observer::get().is_some() { LANGUAGE.get() } else { LANGUAGE.get_untracked() }
    }

    pub(super) fn set_current(language: Language) {
        LANGUAGE.set(language);
    }

    pub(super) fn table(language: Language) -> Option<&'static Table> {
        TABLES[language.index()].get()
    }

    pub(super) fn keep_table(language: Language, json: &str) -> bool {
        match Table::parse(json) {
            Some(table) => {
                let _ = TABLES[language.index()].set(table);
                true
            }
            None => false,
        }
    }
}

pub use here::current;
#[cfg(not(target_arch = "wasm32"))]
pub use here::in_language;
#[cfg(feature = "csr")]
use here::{keep_table, set_current, table};

#[cfg(feature = "csr")]
mod browser;
#[cfg(feature = "csr")]
pub use browser::{load, stored_language, switch_language};

/// Text number `index` in the current language.
#[inline(never)]
pub fn text(index: usize) -> &'static str {
    here::table(current()).and_then(|table| table.texts.get(index)).copied().unwrap_or_default()
}

/// Puts the values into the `{…}` of a text.
#[inline(never)]
pub fn fill(text: &str, values: &[(&str, &dyn std::fmt::Display)]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        // A value that is not there leaves no braces on the page.
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            let _ = write!(out, "{value}");
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// A text whose key is data: refusal codes, states, roles. `None` when there is no such key.
pub fn lookup(namespace: &str, key: &str) -> Option<&'static str> {
    here::table(current())?.find(namespace, key)
}

/// Like [`lookup`], but shows the name itself rather than nothing.
pub fn name_of(namespace: &str, prefix: &str, name: &str) -> String {
    let found = lookup(namespace, &format!("{prefix}{name}"));
    found.map_or_else(|| name.to_owned(), str::to_owned)
}

#[cfg(test)]
#[path = "i18n/tests.rs"]
mod tests;
