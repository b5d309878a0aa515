//! "A new version is here": asks, never reloads by itself and never in the middle of a form.

use leptos::prelude::*;

use super::show::Show;
use crate::device::install::use_install;
use crate::i18n::tr;
use crate::reactive::{words, written};
use crate::ui::{Button, Weight};

/// A bar with the choice, once a new version waits.
#[component]
pub fn UpdatePrompt() -> impl IntoView {
    let install = use_install();
    // "Later" only puts the bar away: the page "more" goes on offering it.
    let later = RwSignal::new(false);
    let asks = move || install.update_ready.get() && !later.get();
    view! {
        <Show when=asks>
            <div class="update-bar" role="status">
                <span class="grow">{written(tr::frame::update_ready)}</span>
                <Button
                    text=words(tr::frame::update_later)
                    on_press=move |()| later.set(true)
                />
                <Button
                    text=words(tr::frame::update_now)
                    weight=Weight::Primary
                    on_press=move |()| install.apply_update()
                />
            </div>
        </Show>
    }
}
