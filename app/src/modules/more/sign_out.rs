//! Leaving: stopped while something is unsent, until it was sent or exported.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::{Unsent, use_app};
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::modules::households::kit::words;
use crate::ui::{Button, Icon, Notice, Sheet, Weight, use_toasts};

#[component]
pub fn SignOut() -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let unsent = RwSignal::new(None::<Unsent>);
    let exported = RwSignal::new(false);
    let leave = move |although_unsent: bool| {
        busy.set(true);
        spawn_local(async move {
            if let Err(counts) = app.sign_out(although_unsent).await {
                unsent.try_set(Some(counts));
            }
            busy.try_set(false);
        });
    };
    let export = Callback::new(move |()| {
        spawn_local(async move {
            match app.export_unsent().await {
                Ok(()) => {
                    exported.try_set(true);
                    toasts.say(tr::outbox::exported());
                }
                Err(refusal) => toasts.warn(error_text(&refusal)),
            }
        });
    });
    let explained = Signal::derive(move || {
        unsent
            .get()
            .map(|unsent| tr::sync::sign_out_unsent(unsent.commands, unsent.attachments))
            .unwrap_or_default()
    });
    view! {
        <Button
            text=words(tr::more::sign_out)
            icon=Icon::SignOut
            weight=Weight::Danger
            busy=busy
            on_press=Callback::new(move |()| leave(false))
        />
        <Sheet
            open=Signal::derive(move || unsent.with(Option::is_some))
            title=words(tr::more::sign_out_stopped)
            on_close=Callback::new(move |()| unsent.set(None))
        >
            <Notice tone="late" text=explained/>
            <div class="stack">
                <Button
                    text=words(tr::sync::sync_now)
                    icon=Icon::Sync
                    weight=Weight::Primary
                    on_press=Callback::new(move |()| {
                        unsent.set(None);
                        app.sync_now();
                    })
                />
                <Button text=words(tr::sync::export) icon=Icon::Download on_press=export/>
                <Show when=move || exported.get()>
                    <p class="soft small">{move || tr::more::sign_out_kept()}</p>
                    <Button
                        text=words(tr::more::sign_out_anyway)
                        weight=Weight::Danger
                        busy=busy
                        on_press=Callback::new(move |()| leave(true))
                    />
                </Show>
            </div>
        </Sheet>
    }
}
