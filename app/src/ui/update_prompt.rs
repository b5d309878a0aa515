//! "A new version is here": asks, never reloads by itself and never in the middle of a form.

use leptos::prelude::*;

use crate::device::install::use_install;
use crate::i18n::tr;
use crate::ui::{Button, Weight};

/// A bar with the choice, once a new version waits.
#[component]
pub fn UpdatePrompt() -> impl IntoView {
    let install = use_install();
    let ready = install.update_ready;
    view! {
        <Show when=move || ready.get()>
            <div class="update-bar" role="status">
                <span class="grow">{move || tr::frame::update_ready()}</span>
                <Button
                    text=Signal::derive(|| tr::frame::update_later().to_owned())
                    on_press=move |()| ready.set(false)
                />
                <Button
                    text=Signal::derive(|| tr::frame::update_now().to_owned())
                    weight=Weight::Primary
                    on_press=move |()| install.apply_update()
                />
            </div>
        </Show>
    }
}
