//! What is shown while nobody is signed in.

use leptos::prelude::*;

use super::browser_notice::BrowserNotice;
use super::language_switch::LanguageSwitch;
use super::sign_in_form::SignInForm;
use super::view_model::{Demo, demo};
use crate::device::{install, page};
use crate::front::use_door;
use crate::i18n::{name_of, tr};
use crate::reactive::{bound, drawn, effect, words, written};
use crate::ui::{Glyph, Icon, Notice, Show};

/// The accounts of a demo company, if the server that sent this page serves one.
fn offered() -> Option<Demo> {
    let meta = page::document().query_selector("meta[name='guanjia-demo']").ok()??;
    demo(&meta.get_attribute("content")?)
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let door = use_door();
    let account = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let device = install::device_name();
    effect(move || {
        let name = tr::session::sign_in();
        page::document().set_title(&format!("{name} · {}", tr::frame::product()));
    });
    view! {
        <main id="main" class="sign-in">
            <header class="stack tight">
                <p class="sign-in-mark">
                    <Glyph icon=Icon::Key/>
                    <span>{written(tr::frame::product)}</span>
                </p>
                <h1>{written(tr::shell::tagline)}</h1>
                <p class="soft">{written(tr::shell::promise)}</p>
            </header>
            <BrowserNotice/>
            <Show when=move || !door.is_online()>
                <Notice tone="soon" text=words(tr::session::offline_first)/>
            </Show>
            <Show when=move || door.is_shut()>
                <Notice tone="late" text=words(tr::session::store_shut)/>
                <button
                    type="button"
                    class="button block"
                    on:click=move |_| drop(page::window().location().reload())
                >
                    {written(tr::common::retry)}
                </button>
            </Show>
            <section class="card" aria-label=bound(tr::session::sign_in)>
                <SignInForm account=account password=password/>
                <p class="small soft">{drawn(move || tr::session::this_device(&device))}</p>
            </section>
            {offered().map(|demo| view! {
                <DemoAccounts demo=demo account=account password=password/>
            })}
            <footer class="stack tight">
                <LanguageSwitch/>
                <p class="small soft">{written(tr::session::forgot)}</p>
            </footer>
        </main>
    }
}

/// One tap fills the form.
#[component]
fn DemoAccounts(
    demo: Demo,
    account: RwSignal<String>,
    password: RwSignal<String>,
) -> impl IntoView {
    let secret = StoredValue::new(demo.password);
    let chip = move |one: super::view_model::DemoAccount| {
        let own = one.account.clone();
        let pressed = move || account.with(|account| *account == own).to_string();
        let (name, role) = (one.name, one.role);
        view! {
            <button
                type="button"
                class="chip"
                aria-pressed=bound(pressed)
                on:click=move |_| {
                    account.set(one.account.clone());
                    password.set(secret.get_value());
                }
            >
                {drawn(move || format!("{} {name}", name_of("frame", "role_", &role)))}
            </button>
        }
    };
    view! {
        <section class="stack tight">
            <h2 class="section-title">{written(tr::session::demo_title)}</h2>
            <p class="small soft">{written(tr::session::demo_note)}</p>
            <div class="chips" role="group" aria-label=bound(tr::session::demo_title)>
                {demo.accounts.into_iter().map(chip).collect_view()}
            </div>
        </section>
    }
}
