//! This device: language, looks, installing, whether the browser keeps what is stored.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::preferences::{Theme, stored_theme, switch_theme};
use crate::device::install::{can_work_offline, is_embedded_browser, is_installed, is_ios};
use crate::device::{use_install, use_storage};
use crate::i18n::{self, Language, tr};
use crate::modules::households::kit::words;
use crate::reactive::{derive, drawn, written};
use crate::ui::{Button, Choice, Icon, Segmented, Show, use_toasts};

/// Language and looks.
#[component]
pub fn LooksCard() -> impl IntoView {
    let toasts = use_toasts();
    let theme = RwSignal::new(stored_theme());
    let choose_language = Callback::new(move |tag: String| {
        let Some(language) = Language::from_tag(&tag) else { return };
        spawn_local(async move {
            // Only the languages that were used before are on the phone without a network.
            if i18n::switch_language(language).await.is_err() {
                toasts.warn(tr::more::language_unreachable());
            }
        });
    });
    let choose_theme = Callback::new(move |key: String| {
        if let Some(chosen) = Theme::of(&key) {
            switch_theme(chosen);
            theme.set(chosen);
        }
    });
    view! {
        <section class="card" aria-labelledby="looks">
            <h2 id="looks">{written(tr::more::looks)}</h2>
            <p class="section-title">{written(tr::common::language)}</p>
            <Segmented
                label=words(tr::common::language)
                choices=derive(|| {
                    Language::ALL.into_iter().map(|l| Choice::new(l.tag(), l.name())).collect::<Vec<_>>()
                })
                value=derive(|| Some(i18n::current().tag().to_owned()))
                on_choose=choose_language
            />
            <p class="section-title">{written(tr::more::theme)}</p>
            <Segmented
                label=words(tr::more::theme)
                choices=derive(|| {
                    Theme::ALL.into_iter().map(|t| Choice::new(t.key(), t.name())).collect::<Vec<_>>()
                })
                value=derive(move || Some(theme.get().key().to_owned()))
                on_choose=choose_theme
            />
        </section>
    }
}

/// Installing, and what the browser promised.
#[component]
pub fn PhoneCard() -> impl IntoView {
    let install = use_install();
    let storage = use_storage();
    let installed = is_installed();
    let way = move || {
        if installed {
            return view! { <p>{tr::more::installed()}</p> }.into_any();
        }
        if install.install_ready.get() {
            return view! {
                <Button
                    text=words(tr::more::install)
                    icon=Icon::Download
                    on_press=Callback::new(move |()| install.install())
                />
            }
            .into_any();
        }
        let text = if is_embedded_browser() {
            tr::more::install_embedded()
        } else if is_ios() {
            tr::more::install_ios()
        } else {
            tr::more::install_menu()
        };
        view! { <p>{text}</p> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="phone">
            <h2 id="phone">{written(tr::more::phone)}</h2>
            {drawn(way)}
            <p class="soft small">
                {drawn(move || match storage.persistent.get() {
                    Some(true) => tr::sync::storage_persistent(),
                    Some(false) => tr::sync::storage_not_persistent(),
                    None => "",
                })}
            </p>
            {(!can_work_offline())
                .then(|| view! { <p class="soft small">{written(tr::more::no_offline)}</p> })}
            <Show when=move || install.update_ready.get()>
                <Button
                    text=words(tr::frame::update_now)
                    on_press=Callback::new(move |()| install.apply_update())
                />
            </Show>
        </section>
    }
}
