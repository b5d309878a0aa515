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
use crate::ui::{Photos, Toasts};

/// Fills the form once with what was recorded under that op; nothing without one.
pub fn use_fix(fix: Option<OpId>, fill: impl Fn(&Command) + 'static) {
    let Some(op) = fix else { return };
    let items = use_app().outbox();
    Effect::new(move |done: Option<bool>| {
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

/// Puts the photos of what was recorded back into its form, as far as this phone still has them.
pub fn restore_photos(app: App, photos: Photos, attachments: Vec<Attachment>) {
    let Some(core) = app.core() else { return };
    spawn_local(async move {
        for one in attachments {
            let bytes = core.engine.store.blob_bytes(&one.sha256).await.ok().flatten();
            let Some(bytes) = bytes else { continue };
            if let Ok(captured) = Captured::new(bytes, &one.mime, one.role, one.at).await {
                photos.add(captured);
            }
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
