//! Why nothing is sent although there is a connection, and the way on.

use domain::Refusal;
use domain::sync::client::Paused;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::item_row::export_unsent;
use crate::app_context::use_app;
use crate::device::use_install;
use crate::i18n::tr;
use crate::modules::households::kit::{Problem, words};
use crate::ui::{Button, Icon, Notice, TextField, Weight, use_toasts};

#[component]
pub fn PausedNotice() -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let paused = Memo::new(move |_| app.status().with(|status| status.paused));
    move || {
        let why = paused.get()?;
        let text = match why {
            Paused::SignIn => tr::sync::paused_sign_in,
            Paused::Update => tr::sync::paused_update,
            Paused::NumberReused => tr::sync::paused_number_reused,
            Paused::OtherUser => tr::sync::paused_other_user,
        };
        let way_on = match why {
            Paused::SignIn => view! { <SignInHere/> }.into_any(),
            Paused::Update => {
                let install = use_install();
                view! {
                    <Button
                        text=words(tr::frame::update_now)
                        on_press=Callback::new(move |()| install.apply_update())
                    />
                }
                .into_any()
            }
            Paused::NumberReused => view! {
                <Button
                    text=words(tr::sync::export)
                    icon=Icon::Download
                    on_press=Callback::new(move |()| export_unsent(app, toasts))
                />
            }
            .into_any(),
            Paused::OtherUser => ().into_any(),
        };
        Some(view! {
            <Notice tone="late" text=words(text)/>
            {way_on}
        })
    }
}

/// The same person's password, without leaving what is on the screen.
#[component]
fn SignInHere() -> impl IntoView {
    let app = use_app();
    let account = app.session().with_untracked(|s| s.as_ref().map(|s| s.account.clone()));
    let account = StoredValue::new(account.unwrap_or_default());
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let sign_in = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let result = app.sign_in(&account.get_value(), &password.get_untracked()).await;
            if let Err(refusal) = result {
                problem.try_set(Some(refusal));
            }
            busy.try_set(false);
        });
    };
    view! {
        <form
            class="stack"
            on:submit=move |event| {
                event.prevent_default();
                sign_in();
            }
        >
            <input type="text" class="visually-hidden" autocomplete="username" readonly=true tabindex="-1" aria-hidden="true" prop:value=move || account.get_value()/>
            <TextField
                label=words(tr::outbox::password)
                kind="password"
                autocomplete="current-password"
                value=password
                on_input=Callback::new(move |text: String| password.set(text))
            />
            <Problem refusal=problem/>
            <Button
                text=words(tr::outbox::sign_in)
                weight=Weight::Primary
                busy=busy
                on_press=Callback::new(move |()| sign_in())
            />
        </form>
    }
}
