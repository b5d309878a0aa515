//! Opens a refused action in its own form, to be changed and sent again.

use domain::id::OpId;
use domain::modules::Command;
use domain::modules::attachments::Attachment;
use domain::sync::client::LocalStore;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::{App, use_app};
use crate::device::Captured;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::effect_after;
use crate::ui::{Photos, Toasts, use_toasts};

/// Fills the form once with what was recorded under that op; nothing without one.
pub fn use_fix(fix: Option<OpId>, fill: impl Fn(&Command) + 'static) {
    let Some(op) = fix else { return };
    let items = use_app().outbox();
    effect_after(move |done: Option<bool>| {
        if done == Some(true) {
            return true;
        }
        items.with(|items| {
            let item = items.iter().flatten().find(|item| item.op == op);
            match item.and_then(|item| item.command.as_ref()) {
                Some(command) => {
                    fill(command);
                    true
                }
                None => false,
            }
        })
    });
}

/// Puts the photos of what was recorded back into its form, and `then` the rest: a form that is filled
/// in has them all, whether it is sent at once or found again as a draft. Says how many this phone no
/// longer has.
pub fn restore_photos(
    app: App,
    photos: Photos,
    attachments: Vec<Attachment>,
    then: impl FnOnce() + 'static,
) {
    let Some(core) = app.core() else { return };
    let toasts = use_toasts();
    let then: Box<dyn FnOnce()> = Box::new(then);
    photos.while_made(async move {
        let mut gone = 0;
        for one in attachments {
            let bytes = core.engine.store.blob_bytes(&one.sha256).await.ok().flatten();
            let captured = match bytes {
                Some(bytes) => Captured::new(bytes, &one.mime, one.role, one.at).await.ok(),
                None => None,
            };
            match captured {
                Some(captured) => photos.add(captured),
                None => gone += 1,
            }
        }
        then();
        if gone > 0 {
            toasts.warn(tr::outbox::photos_gone(gone));
        }
    });
}

/// What was refused is dealt with: it was sent again as it is now.
pub fn fixed(app: App, toasts: Toasts, fix: Option<OpId>) {
    let Some(op) = fix else { return };
    spawn_local(async move {
        if let Err(refusal) = app.dismiss(op).await {
            toasts.warn(error_text(&refusal));
        }
    });
}
