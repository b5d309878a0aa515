//! Shown instead of everything else while the password is one that an administrator chose: its owner
//! chooses another. Without a network that has to wait, and what is recorded meanwhile is kept.

use domain::id::UserId;
use leptos::prelude::*;

use crate::app_context::use_app;
use crate::i18n::tr;
use crate::modules::more::PasswordForm;
use crate::reactive::{bound, words, written};
use crate::ui::{Button, Show};

#[component]
pub fn ChoosePasswordPage(later: RwSignal<Option<UserId>>) -> impl IntoView {
    let app = use_app();
    view! {
        <main id="main" class="sign-in">
            <header class="stack tight">
                <h1>{written(tr::session::choose_password)}</h1>
                <p class="soft">{written(tr::session::choose_password_note)}</p>
            </header>
            <section class="card" aria-label=bound(tr::session::choose_password)>
                <PasswordForm on_done=Callback::new(|()| ())/>
            </section>
            <Show when=move || !app.status().with(|status| status.online)>
                <Button
                    text=words(tr::session::choose_password_later)
                    on_press=Callback::new(move |()| later.set(Some(app.actor().user)))
                />
            </Show>
        </main>
    }
}
