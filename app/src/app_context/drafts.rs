//! Half-filled forms survive a phone call, a reload, a flat battery: kept as one types.

use std::collections::BTreeMap;
use std::rc::Rc;

use domain::sync::client::{LocalStore, is_draft};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

use super::{App, Core, use_app};
use crate::device::page;
use crate::reactive::effect_after;

/// A pause in typing as long as this writes the draft.
const PAUSE: i32 = 300;

/// A form's content under a key (`"visit:<unit>"`): what was left there, else `default`, written
/// down as it changes. `app.send(…, Some(key))` removes it together with storing the command.
pub fn use_draft<T>(key: impl Into<String>, default: T) -> RwSignal<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let app = use_app();
    let key = key.into();
    let empty = serde_json::to_string(&default).unwrap_or_default();
    let stored = app.core().and_then(|core| core.draft(&key));
    let restored = stored.and_then(|text| domain::json::from_str(&text).ok());
    let form = RwSignal::new(restored.unwrap_or(default));
    effect_after(move |first: Option<()>| {
        let text = form.with(|form| serde_json::to_string(form).unwrap_or_default());
        // The first run sees what was there before anybody typed.
        if first.is_some() {
            app.put_draft(&key, (text != empty).then_some(text));
        }
    });
    form
}

impl App {
    /// Whether something is left under that key.
    pub fn has_draft(self, key: &str) -> bool {
        self.core().is_some_and(|core| core.draft(key).is_some())
    }

    /// Throws a draft away because the person said so.
    pub fn drop_draft(self, key: &str) {
        self.put_draft(key, None);
    }

    /// Changes what is left under that key of a form that is not open any more.
    pub fn amend_draft(self, key: &str, change: impl FnOnce(Option<String>) -> Option<String>) {
        let Some(core) = self.core() else { return };
        let text = change(core.draft(key));
        self.put_draft(key, text);
    }

    #[inline(never)]
    fn put_draft(self, key: &str, text: Option<String>) {
        let Some(core) = self.core() else { return };
        core.keep_draft(key, text);
        core.plan_flush();
    }

    /// Writes down what is not yet written: the page is about to go to the background.
    pub(crate) fn flush_drafts(self) {
        if let Some(core) = self.core() {
            spawn_local(async move { core.flush_drafts().await });
        }
    }
}

impl Core {
    pub(super) fn draft(&self, key: &str) -> Option<String> {
        self.drafts.borrow().get(key).cloned()
    }

    /// Notes a change, to be written soon.
    pub(super) fn keep_draft(&self, key: &str, text: Option<String>) {
        match &text {
            Some(text) => self.drafts.borrow_mut().insert(key.to_owned(), text.clone()),
            None => self.drafts.borrow_mut().remove(key),
        };
        self.unsaved.borrow_mut().insert(key.to_owned(), text);
    }

    /// A command is being stored that finishes this draft: nothing is written to it or its parts
    /// meanwhile. Gives what was in them.
    pub(super) fn hold_draft(&self, draft: &str) -> Vec<(String, String)> {
        self.unsaved.borrow_mut().retain(|key, _| !is_draft(draft, key));
        let mut held = Vec::new();
        self.drafts.borrow_mut().retain(|key, text| {
            let own = is_draft(draft, key);
            if own {
                held.push((key.clone(), std::mem::take(text)));
            }
            !own
        });
        held
    }

    /// The draft went with the command.
    pub(super) fn forget_draft(&self, draft: &str) {
        self.unsaved.borrow_mut().retain(|key, _| !is_draft(draft, key));
        self.drafts.borrow_mut().retain(|key, _| !is_draft(draft, key));
    }

    /// Goes on with what the page already had of the forms.
    pub(super) fn go_on_with(self: &Rc<Self>, typed: BTreeMap<String, String>) {
        let newer = |(key, text): &(String, String)| self.draft(key).as_ref() != Some(text);
        let newer: Vec<_> = typed.into_iter().filter(newer).collect();
        for (key, text) in newer {
            self.keep_draft(&key, Some(text));
        }
        self.clone().plan_flush();
    }

    fn plan_flush(self: Rc<Self>) {
        if self.flush_planned.replace(true) {
            return;
        }
        page::after(PAUSE, move || {
            self.flush_planned.set(false);
            spawn_local(async move { self.flush_drafts().await });
        });
    }

    async fn flush_drafts(&self) {
        let unsaved = std::mem::take(&mut *self.unsaved.borrow_mut());
        for (key, text) in unsaved {
            // While the one before was written, a command may have finished this form: written after
            // it, the draft would come back.
            if text.is_some() && self.draft(&key) != text {
                continue;
            }
            let written = match &text {
                Some(text) => self.engine.store.put_draft(&key, text).await,
                None => self.engine.store.drop_draft(&key).await,
            };
            // A full disk keeps the draft in memory; the next change tries again.
            if written.is_err() {
                self.unsaved.borrow_mut().entry(key).or_insert(text);
            }
        }
    }
}
