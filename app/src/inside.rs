//! Behind the sign-in: how the part that holds the replica, the store and sync is entered.

use std::cell::Cell;

use domain::Refusal;
use leptos::prelude::*;

use crate::app_context::{App, SESSION};
use crate::device::page;
use crate::front::Door;
use crate::i18n::tr;
use crate::routes::pages;
use crate::ui::use_toasts;

thread_local! {
    /// A page has one `App`, whichever way it was entered first.
    static APP: Cell<Option<App>> = const { Cell::new(None) };
}

/// Opens what was left on this phone; the pages are shown as soon as somebody is signed in, in this
/// tab or in another one.
pub async fn open(door: Door) {
    app(door).await;
}

/// Signs in with a network, and shows the pages.
pub async fn sign_in(door: Door, account: String, password: String) -> Result<(), Refusal> {
    app(door).await.sign_in(&account, &password).await
}

async fn app(door: Door) -> App {
    if let Some(app) = APP.get() {
        return app;
    }
    let app = door.owner().with(|| {
        let app = App::provide();
        let toasts = use_toasts();
        let cleared = Memo::new(move |_| app.status().with(|status| status.cleared));
        Effect::new(move |_| {
            if let Some(count) = cleared.get() {
                toasts.warn(tr::sync::cleared(count));
            }
        });
        Effect::new(move |_| door.set_online(app.status().with(|status| status.online)));
        Effect::new(move |_| {
            if app.session().with(Option::is_some) {
                door.set_shut(false);
                door.show(pages);
            }
        });
        app
    });
    APP.set(Some(app));
    app.restore().await;
    // Effects wait for their turn; nothing else should be painted meanwhile.
    let opened = app.session().with_untracked(Option::is_some);
    if opened {
        door.show(pages);
    }
    door.set_shut(!opened && page::stored_text(SESSION).is_some());
    app
}
