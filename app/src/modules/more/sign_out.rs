//! Leaving: stopped while something is unsent, until it was sent or exported.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::use_app;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::modules::households::kit::words;
use crate::reactive::{derive, drawn, memo, written};
use crate::sync::status::SyncStatus;
use crate::ui::{Button, Icon, Notice, Sheet, Show, Weight, use_toasts};

#[component]
pub fn SignOut() -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    // Stopped once; what is said and offered then follows the sync.
    let stopped = RwSignal::new(false);
    let exported = RwSignal::new(false);
    let leave = move |although_unsent: bool| {
        busy.set(true);
        spawn_local(async move {
            if app.sign_out(although_unsent).await.is_err() {
                stopped.try_set(true);
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
    let status = app.status();
    let unsent = memo(move || status.with(SyncStatus::has_unsent));
    let explained = derive(move || {
        if unsent.get() {
            status.with(|status| tr::sync::sign_out_unsent(status.waiting, status.uploading))
        } else {
            tr::more::sign_out_ready().to_owned()
        }
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
            open=stopped
            title=words(tr::more::sign_out_stopped)
            on_close=Callback::new(move |()| stopped.set(false))
        >
            {drawn(move || {
                let tone = if unsent.get() { "late" } else { "ok" };
                view! { <Notice tone=tone text=explained/> }
            })}
            <div class="stack">
                <Show when=move || !unsent.get()>
                    <Button
                        text=words(tr::more::sign_out)
                        icon=Icon::SignOut
                        weight=Weight::Primary
                        busy=busy
                        on_press=Callback::new(move |()| leave(false))
                    />
                </Show>
                <Show when=move || unsent.get()>
                    <Button
                        text=words(tr::sync::sync_now)
                        icon=Icon::Sync
                        weight=Weight::Primary
                        on_press=Callback::new(move |()| app.sync_now())
                    />
                    <Button text=words(tr::sync::export) icon=Icon::Download on_press=export/>
                </Show>
                <Show when=move || exported.get() && unsent.get()>
                    <p class="soft small">{written(tr::more::sign_out_kept)}</p>
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
