//! Account and password.

use domain::Refusal;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::error_text::error_text;
use crate::front::use_door;
use crate::i18n::tr;
use crate::parts;
use crate::reactive::{bound, derive, drawn, words, written};
use crate::ui::field::fresh_id;
use crate::ui::{Notice, TextField};

/// Signs in with what is in the two signals. `fixed` is the account of whoever has to sign in
/// again: it is shown and cannot be changed, because what waits on this phone is theirs.
#[component]
pub fn SignInForm(
    account: RwSignal<String>,
    password: RwSignal<String>,
    #[prop(optional)] fixed: bool,
    #[prop(optional, into)] on_done: Option<Callback<()>>,
) -> impl IntoView {
    let door = use_door();
    let busy = RwSignal::new(false);
    let shown = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let lacking = RwSignal::new(false);
    let lacks = move |field: RwSignal<String>, text: fn() -> &'static str| {
        derive(move || {
            (lacking.get() && field.with(|field| field.trim().is_empty()))
                .then(|| text().to_owned())
        })
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let (name, secret) = (account.get_untracked(), password.get_untracked());
        if name.trim().is_empty() || secret.is_empty() {
            lacking.set(true);
            return;
        }
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let result = parts::sign_in(door, name, secret).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    password.try_set(String::new());
                    if let Some(done) = on_done {
                        done.try_run(());
                    }
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                }
            }
        });
    };
    let secret_lacks = lacks(password, tr::session::password_missing);
    let id = fresh_id();
    let about = format!("{id}-about");
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            {if fixed {
                view! {
                    <p class="row">
                        <span class="soft">{written(tr::session::account)}</span>
                        <span class="strong">{account}</span>
                    </p>
                }
                .into_any()
            } else {
                view! {
                    <TextField
                        label=words(tr::session::account)
                        value=account
                        autocomplete="username"
                        problem=lacks(account, tr::session::account_missing)
                        on_input=move |text| account.set(text)
                    />
                }
                .into_any()
            }}
            <div class="field">
                <label for=id.clone()>{written(tr::session::password)}</label>
                <div class="password">
                    <input
                        id=id.clone()
                        type=bound(move || if shown.get() { "text" } else { "password" })
                        autocomplete="current-password"
                        autocapitalize="none"
                        spellcheck="false"
                        prop:value=bound(move || password.get())
                        aria-invalid=bound(move || secret_lacks.get().is_some().to_string())
                        aria-describedby=about.clone()
                        on:input=move |event| password.set(event_target_value(&event))
                    />
                    <button
                        type="button"
                        class="button quiet"
                        aria-pressed=bound(move || shown.get().to_string())
                        aria-controls=id
                        on:click=move |_| shown.update(|shown| *shown = !*shown)
                    >
                        {drawn(move || if shown.get() {
                            tr::session::hide_password()
                        } else {
                            tr::session::show_password()
                        })}
                    </button>
                </div>
                <div id=about>
                    {drawn(move || secret_lacks.get().map(|text| view! {
                        <span class="problem" role="alert">{text}</span>
                    }))}
                </div>
            </div>
            {drawn(move || problem.get().map(|refusal| view! {
                <Notice tone="late" text=error_text(&refusal)/>
            }))}
            <button
                type="submit"
                class="button primary large block"
                disabled=bound(move || busy.get())
                aria-busy=bound(move || busy.get().to_string())
            >
                {drawn(move || if busy.get() { tr::session::signing_in() } else { tr::session::sign_in() })}
            </button>
        </form>
    }
}
