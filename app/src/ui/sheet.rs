//! A sheet that rises from the bottom on the phone, a dialog on the desk.

use leptos::prelude::*;

use super::button::IconButton;
use super::icon::Icon;
use crate::i18n::tr;

/// Shows its children above the page while `open`. Escape and the cross close it; focus goes in.
#[component]
pub fn Sheet(
    #[prop(into)] open: Signal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] on_close: Callback<()>,
    children: ChildrenFn,
) -> impl IntoView {
    view! {
        <Show when=move || open.get()>
            <div
                class="scrim"
                on:click=move |event| {
                    if event.target() == event.current_target() {
                        on_close.run(());
                    }
                }
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        on_close.run(());
                    }
                }
            >
                <section class="sheet" role="dialog" aria-modal="true" aria-label=move || title.get() tabindex="-1" autofocus>
                    <header>
                        <h2>{move || title.get()}</h2>
                        <IconButton
                            icon=Icon::Close
                            label=Signal::derive(|| tr::frame::close().to_owned())
                            on_press=on_close
                        />
                    </header>
                    {children()}
                </section>
            </div>
        </Show>
    }
}
