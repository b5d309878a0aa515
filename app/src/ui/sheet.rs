//! A sheet that rises from the bottom on the phone, a dialog on the desk.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::button::IconButton;
use super::icon::Icon;
use super::show::Show;
use crate::device::{page, sheets};
use crate::i18n::tr;
use crate::reactive::{bound, call, said, words};

/// Shows its children above the page while `open`. Escape, the cross and the phone's back key close
/// it; focus goes in, stays in, and comes back to where it was.
#[component]
pub fn Sheet(
    #[prop(into)] open: Signal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] on_close: Callback<()>,
    children: ChildrenFn,
) -> impl IntoView {
    view! {
        <Show when=move || open.get()>
            <Modal title=title on_close=on_close children=children.clone()/>
        </Show>
    }
}

/// The browser's own dialog: it keeps the focus inside and the page behind it still.
#[component]
fn Modal(title: Signal<String>, on_close: Callback<()>, children: ChildrenFn) -> impl IntoView {
    let before = StoredValue::new_local(page::document().active_element());
    let dialog = NodeRef::<html::Dialog>::new();
    dialog.on_load(|dialog| {
        // Only what is in the page can be shown.
        if dialog.show_modal().is_err() {
            request_animation_frame(move || {
                let _ = dialog.show_modal();
            });
        }
    });
    let mark = sheets::opened(on_close);
    on_cleanup(move || {
        sheets::gone(mark);
        let before = before.try_get_value().flatten();
        page::after(0, move || give_focus_back(before));
    });
    view! {
        <dialog
            node_ref=dialog
            class="scrim"
            aria-label=bound(move || title.get())
            on:click=move |event| {
                if event.target() == event.current_target() {
                    call(on_close, ());
                }
            }
            on:cancel=move |event: web_sys::Event| {
                // Whoever opened it decides; a chooser of files within sends this up too.
                if event.target() == event.current_target() {
                    event.prevent_default();
                    call(on_close, ());
                }
            }
            on:close=move |event: web_sys::Event| {
                // Browsers let a second Escape through.
                if event.target() == event.current_target() {
                    call(on_close, ());
                }
            }
        >
            <section class="sheet" tabindex="-1" autofocus>
                <header>
                    <h2>{said(title)}</h2>
                    <IconButton
                        icon=Icon::Close
                        label=words(tr::frame::close)
                        on_press=on_close
                    />
                </header>
                {children()}
            </section>
        </dialog>
    }
}

/// To the button that opened the sheet, unless the focus is somewhere already.
fn give_focus_back(before: Option<web_sys::Element>) {
    let lost = page::document().active_element().is_none_or(|now| now.tag_name() == "BODY");
    if let Some(before) = before
        && lost
        && before.is_connected()
        && let Ok(before) = before.dyn_into::<web_sys::HtmlElement>()
    {
        let _ = before.focus();
    }
}
