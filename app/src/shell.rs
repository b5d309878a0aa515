//! The page around the app, rendered by the server: what is seen before the program has arrived.
//!
//! It is the same for every address and every person, so that the service worker can keep one copy
//! for all of them. It holds the text that is the largest paint of a first visit, and no inline
//! script or style, which the content security policy would refuse. The app replaces what is in
//! `#app`.

use leptos::prelude::*;

use crate::i18n::{Language, in_language, tr};

/// Where the parts of the current build are (`assets.json` of `cargo xtask build`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShellAssets {
    pub build: String,
    pub style_css: Option<String>,
    pub boot_js: String,
    pub app_js: String,
    pub app_wasm: String,
    pub qr_js: Option<String>,
    /// By language tag.
    pub locales: Vec<(Language, String)>,
    /// The accounts of a demo company as JSON, for the sign-in page; a real company has none.
    pub demo: Option<String>,
}

impl ShellAssets {
    fn locale(&self, language: Language) -> Option<String> {
        self.locales.iter().find(|(known, _)| *known == language).map(|(_, url)| url.clone())
    }
}

/// The texts of the shell, looked up once: rendering itself may happen on any thread.
struct Texts {
    title: &'static str,
    name: &'static str,
    description: &'static str,
    tagline: &'static str,
    promise: &'static str,
    loading: &'static str,
    no_script: &'static str,
}

impl Texts {
    /// In the language of a first visit; the app switches to the reader's own.
    fn first_visit() -> Self {
        in_language(Language::default(), || Self {
            title: tr::shell::title(),
            name: tr::shell::name(),
            description: tr::shell::description(),
            tagline: tr::shell::tagline(),
            promise: tr::shell::promise(),
            loading: tr::shell::loading(),
            no_script: tr::shell::no_script(),
        })
    }
}

/// The whole document.
#[component]
pub fn Shell(assets: ShellAssets) -> impl IntoView {
    let texts = Texts::first_visit();
    let first_locale = assets.locale(Language::default());
    view! {
        <!DOCTYPE html>
        <html lang=Language::default().tag()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <title>{texts.title}</title>
                <meta name="description" content=texts.description />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#faf8f3" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#111412" />
                <meta name="color-scheme" content="light dark" />
                <meta name="format-detection" content="telephone=no" />
                <meta name="guanjia-build" content=assets.build.clone() />
                {assets.demo.clone().map(|json| view! { <meta name="guanjia-demo" content=json /> })}
                {assets.style_css.clone().map(|url| view! { <link rel="stylesheet" href=url /> })}
                // First, and as soon as it is here: it knows what this page needs besides the program's first piece.
                <script
                    r#async=true
                    r#type="module"
                    src=assets.boot_js.clone()
                    data-app-js=assets.app_js.clone()
                    data-app-wasm=assets.app_wasm.clone()
                    data-qr-js=assets.qr_js.clone()
                    data-build=assets.build.clone()
                    data-locale-zh-hans=assets.locale(Language::ZhHans)
                    data-locale-zh-hant=assets.locale(Language::ZhHant)
                    data-locale-en=assets.locale(Language::En)
                ></script>
                <link rel="modulepreload" href=assets.app_js.clone() />
                <link
                    rel="preload"
                    href=assets.app_wasm.clone()
                    r#as="fetch"
                    r#type="application/wasm"
                    crossorigin="anonymous"
                />
                {first_locale.map(|url| {
                    view! { <link rel="preload" href=url r#as="fetch" crossorigin="anonymous" /> }
                })}
                <link rel="manifest" href="/manifest.webmanifest" />
                <link rel="icon" href="/icons/icon.svg" r#type="image/svg+xml" />
                <link rel="icon" href="/icons/icon-192.png" r#type="image/png" sizes="192x192" />
                <link rel="apple-touch-icon" href="/icons/apple-touch-icon.png" />
            </head>
            <body>
                <div id="app">
                    <Waiting texts />
                </div>
            </body>
        </html>
    }
}

/// The frame of a field page with the product's name in it, until the app is there.
#[component]
fn Waiting(texts: Texts) -> impl IntoView {
    view! {
        <div class="app">
            <header class="app-bar">
                <h1>{texts.name}</h1>
            </header>
            <main class="page" aria-busy="true">
                <div class="stack">
                    <h2>{texts.tagline}</h2>
                    <p class="soft">{texts.promise}</p>
                    <noscript>
                        <p class="strong">{texts.no_script}</p>
                    </noscript>
                </div>
                <div class="skeleton" role="status" aria-label=texts.loading>
                    <span></span>
                    <span></span>
                    <span></span>
                </div>
            </main>
            // Empty, but of the right height, so that nothing jumps when the app draws its own.
            <div class="bottom-bar" aria-hidden="true">
                <a></a>
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered() -> String {
        let assets = ShellAssets {
            build: "0123456789abcdef".into(),
            style_css: Some("/assets/style.1.css".into()),
            boot_js: "/assets/boot.1.js".into(),
            app_js: "/assets/app.1.js".into(),
            app_wasm: "/assets/app.1.wasm".into(),
            qr_js: Some("/assets/qr-reader.1.js".into()),
            locales: vec![(Language::ZhHans, "/assets/locale-zh-Hans.1.json".into())],
            demo: None,
        };
        draw(assets)
    }

    fn draw(assets: ShellAssets) -> String {
        Owner::new().with(|| view! { <Shell assets /> }.to_html())
    }

    #[test]
    fn what_is_painted_first_needs_no_program() {
        let html = rendered();
        let name = in_language(Language::ZhHans, tr::shell::name);
        let tagline = in_language(Language::ZhHans, tr::shell::tagline);
        assert!(html.starts_with("<!DOCTYPE html>"), "{html}");
        assert!(html.contains(name) && html.contains(tagline), "{html}");
        assert!(html.contains(r#"lang="zh-Hans""#));
    }

    #[test]
    fn the_boot_script_is_told_where_the_parts_are_and_nothing_is_inline() {
        let html = rendered();
        for part in [
            r#"data-app-js="/assets/app.1.js""#,
            r#"data-app-wasm="/assets/app.1.wasm""#,
            r#"data-qr-js="/assets/qr-reader.1.js""#,
            r#"data-locale-zh-hans="/assets/locale-zh-Hans.1.json""#,
            r#"data-build="0123456789abcdef""#,
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(html.matches("<script").count(), 1);
        assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains("onclick"));
    }

    #[test]
    fn only_a_demo_company_tells_its_accounts() {
        assert!(!rendered().contains("guanjia-demo"));
        let demo = Some(r#"{"password":"p","accounts":[]}"#.to_owned());
        let html = draw(ShellAssets { demo, ..ShellAssets::default() });
        assert!(
            html.contains(r#"<meta name="guanjia-demo" content="{&quot;password&quot;"#),
            "{html}"
        );
    }
}
