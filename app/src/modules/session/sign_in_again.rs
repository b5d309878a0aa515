//! The session is over: nothing is sent until the same person signs in again. Recording goes on.

use domain::sync::client::Paused;
use leptos::prelude::*;

use super::sign_in_form::SignInForm;
use crate::app_context::use_app;
use crate::i18n::tr;
use crate::reactive::{derive, memo, words, written};
use crate::ui::{Button, Notice, Sheet, Show, Weight, use_toasts};

/// A notice with the way on; nothing while the session holds.
#[component]
pub fn SignInAgain() -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let why = memo(move || app.status().with(|status| status.paused));
    // Where somebody else is signed in the same form helps: it signs the first one in again.
    let over = memo(move || matches!(why.get(), Some(Paused::SignIn | Paused::OtherUser)));
    let reason = derive(move || match why.get() {
        Some(Paused::OtherUser) => tr::sync::paused_other_user().to_owned(),
        _ => tr::sync::paused_sign_in().to_owned(),
    });
    let open = RwSignal::new(false);
    let account = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let ask = move |()| {
        let own = app.session().with_untracked(|s| s.as_ref().map(|s| s.account.clone()));
        account.set(own.unwrap_or_default());
        open.set(true);
    };
    view! {
        <Show when=move || over.get()>
            <Notice tone="late" text=reason>
                <Button
                    text=words(tr::session::sign_in_again)
                    weight=Weight::Primary
                    on_press=ask
                />
            </Notice>
        </Show>
        <Sheet
            open=derive(move || open.get() && over.get())
            title=words(tr::session::sign_in_again)
            on_close=move |()| open.set(false)
        >
            <p class="soft">{written(tr::session::nothing_lost)}</p>
            <SignInForm
                account=account
                password=password
                fixed=true
                on_done=Callback::new(move |()| {
                    open.try_set(false);
                    toasts.say(tr::session::signed_in_again());
                })
            />
        </Sheet>
    }
}
