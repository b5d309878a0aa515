//! Opens a refused action in its own form, to be changed and sent again.

use domain::id::OpId;
use domain::modules::Command;
use leptos::prelude::*;

use crate::app_context::use_app;

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
