//! Changing the own password; needs the network, for it never leaves the server again.

use domain::Refusal;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::use_app;
use crate::i18n::tr;
use crate::modules::households::kit::{Problem, words};
use crate::reactive::{call, derive, memo};
use crate::ui::{Button, Notice, Sheet, Show, TextField, Weight, use_toasts};

#[component]
pub fn PasswordSheet(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Sheet
            open=open
            title=words(tr::more::change_password)
            on_close=Callback::new(move |()| open.set(false))
        >
            <PasswordForm on_done=Callback::new(move |()| {
                open.try_set(false);
            })/>
        </Sheet>
    }
}

/// The form, also for whoever has to choose a password before anything else.
#[component]
pub fn PasswordForm(#[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let current = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let again = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let refusal = RwSignal::new(None::<Refusal>);
    let online = memo(move || app.status().with(|status| status.online));
    let differs = derive(move || {
        let differs = again.with(|again| !again.is_empty() && new.with(|new| new != again));
        differs.then(|| tr::more::passwords_differ().to_owned())
    });
    let incomplete = derive(move || {
        let empty = current.with(String::is_empty) || new.with(String::is_empty);
        empty || new.with(|new| again.with(|again| new != again)) || !online.get()
    });
    let change = move || {
        if incomplete.get_untracked() || busy.get_untracked() {
            return;
        }
        let body = serde_json::json!({
            "current": current.get_untracked(),
            "new": new.get_untracked(),
        });
        busy.set(true);
        refusal.set(None);
        spawn_local(async move {
            let path = "/api/v1/session/password";
            match app.api_text("POST", path, Some(&body.to_string())).await {
                Ok(_) => {
                    toasts.say(tr::more::password_changed());
                    app.password_chosen();
                    call(on_done, ());
                }
                Err(why) => {
                    refusal.try_set(Some(why));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <form
            class="stack"
            on:submit=move |event| {
                event.prevent_default();
                change();
            }
        >
            <Show when=move || !online.get()>
                <Notice text=words(tr::more::password_needs_network)/>
            </Show>
            <TextField
                label=words(tr::more::password_current)
                kind="password"
                autocomplete="current-password"
                value=current
                on_input=Callback::new(move |text: String| current.set(text))
            />
            <TextField
                label=words(tr::more::password_new)
                kind="password"
                autocomplete="new-password"
                hint=words(tr::more::password_hint)
                value=new
                on_input=Callback::new(move |text: String| new.set(text))
            />
            <TextField
                label=words(tr::more::password_again)
                kind="password"
                autocomplete="new-password"
                problem=differs
                value=again
                on_input=Callback::new(move |text: String| again.set(text))
            />
            <Problem refusal=refusal/>
            <Button
                text=words(tr::more::change_password)
                weight=Weight::Primary
                large=true
                busy=busy
                disabled=incomplete
                on_press=Callback::new(move |()| change())
            />
        </form>
    }
}
