//! Why nothing is sent although there is a connection, and the way on.

use domain::sync::client::Paused;
use leptos::prelude::*;

use super::item_row::export_unsent;
use crate::app_context::use_app;
use crate::device::use_install;
use crate::i18n::tr;
use crate::modules::households::kit::words;
use crate::modules::more::PasswordSheet;
use crate::modules::session::SignInAgain;
use crate::reactive::{drawn, memo};
use crate::ui::{Button, Icon, Notice, use_toasts};

#[component]
pub fn PausedNotice() -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let paused = memo(move || app.status().with(|status| status.paused));
    let password = RwSignal::new(false);
    let rest = move || {
        let why = paused.get()?;
        let text = match why {
            // Have a notice of their own.
            Paused::SignIn | Paused::OtherUser => return None,
            Paused::ChangePassword => tr::sync::paused_change_password,
            Paused::Update => tr::sync::paused_update,
            Paused::NumberReused => tr::sync::paused_number_reused,
        };
        let way_on = match why {
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
            Paused::ChangePassword => view! {
                <Button
                    text=words(tr::more::change_password)
                    on_press=Callback::new(move |()| password.set(true))
                />
            }
            .into_any(),
            Paused::SignIn | Paused::OtherUser => ().into_any(),
        };
        Some(view! {
            <Notice tone="late" text=words(text)/>
            {way_on}
        })
    };
    view! {
        <SignInAgain/>
        {drawn(rest)}
        <PasswordSheet open=password/>
    }
}
