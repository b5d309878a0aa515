//! Who, where to, how it looks, and the way out.

use leptos::prelude::*;

use super::password_sheet::PasswordSheet;
use super::person_card::PersonCard;
use super::phone_card::{LooksCard, PhoneCard};
use super::places::Places;
use super::sign_out::SignOut;
use crate::app_context::use_app;
use crate::device::page::boot_data;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::modules::households::kit::words;
use crate::reactive::{bound, drawn};
use crate::ui::{Button, Icon, Page, use_toasts};

/// `/more`
#[component]
pub fn MorePage() -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let password = RwSignal::new(false);
    // The build's hash in full is for the diagnosis; its beginning is what one reads out.
    let build: String = boot_data("data-build").unwrap_or_default().chars().take(8).collect();
    let diagnose = Callback::new(move |()| match app.export_diagnostics() {
        Ok(()) => toasts.say(tr::outbox::exported()),
        Err(refusal) => toasts.warn(error_text(&refusal)),
    });
    view! {
        <Page title=words(tr::more::title) narrow=true>
            <PersonCard/>
            <Places/>
            <LooksCard/>
            <PhoneCard/>
            <section class="stack" aria-label=bound(tr::more::account_actions)>
                <Button
                    text=words(tr::more::change_password)
                    icon=Icon::Key
                    on_press=Callback::new(move |()| password.set(true))
                />
                <Button
                    text=words(tr::sync::diagnostics)
                    icon=Icon::Download
                    on_press=diagnose
                />
                <SignOut/>
            </section>
            <p class="soft small number">
                {drawn(move || tr::more::version(env!("CARGO_PKG_VERSION"), build.clone()))}
            </p>
            <PasswordSheet open=password/>
        </Page>
    }
}
