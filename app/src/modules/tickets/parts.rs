//! What the ticket pages share: badges, recording, the sentence when a rule says no.

use domain::Refusal;
use domain::modules::Command;
use domain::modules::tickets::Urgency;
use domain::sync::client::{NewBlob, Preview};
use domain::sync::command::Verdict;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::labels;
use crate::app_context::{App, use_app};
use crate::device::page;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{derive, drawn};
use crate::ui::{Notice, Toasts, use_toasts};

pub use crate::i18n::Text;
pub use crate::reactive::words as say;

/// The state in a word and a colour.
pub fn state_badge(state: &str) -> AnyView {
    let class = format!("badge {}", labels::state_tone(state));
    view! { <span class=class>{labels::state(state)}</span> }.into_any()
}

/// Only said when it is not normal.
pub fn urgency_badge(urgency: Urgency) -> Option<AnyView> {
    (urgency != Urgency::Normal).then(|| {
        let class = format!("badge {}", labels::urgency_tone(urgency));
        view! { <span class=class>{labels::urgency(urgency)}</span> }.into_any()
    })
}

/// The wait has run out and nobody resumed: the clock runs again.
pub fn wait_over_badge(over: bool) -> Option<AnyView> {
    over.then(|| view! { <span class="badge late">{tr::tickets::wait_over()}</span> }.into_any())
}

/// Still in the outbox.
pub fn pending_badge(pending: bool) -> Option<AnyView> {
    pending.then(|| view! { <span class="badge soon">{tr::tickets::pending()}</span> }.into_any())
}

/// Recording from a form: busy meanwhile, and what was refused stays with the form.
#[derive(Clone, Copy)]
pub struct Sending {
    pub busy: RwSignal<bool>,
    pub problem: RwSignal<Option<Refusal>>,
    app: App,
    toasts: Toasts,
}

pub fn use_sending() -> Sending {
    Sending {
        busy: RwSignal::new(false),
        problem: RwSignal::new(None),
        app: use_app(),
        toasts: use_toasts(),
    }
}

impl Sending {
    /// Records, says `text`, then runs `done`. What was kept but came too late is said instead.
    pub fn send(
        self,
        commands: Vec<Command>,
        blobs: Vec<NewBlob>,
        draft: Option<String>,
        text: String,
        done: Callback<()>,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let result = self.app.send_previewed(commands, blobs, draft).await;
            match result {
                Ok(previews) => {
                    match previews.iter().find_map(conflict) {
                        Some(reason) => self.toasts.warn(error_text(&reason)),
                        None => self.toasts.say(text),
                    }
                    page::painted().await;
                    done.try_run(());
                    self.busy.try_set(false);
                }
                Err(refusal) => {
                    self.busy.try_set(false);
                    // A page that is gone cannot show it beside its form any more.
                    if let Some(refusal) = self.problem.try_set(Some(refusal)).flatten() {
                        self.toasts.warn(error_text(&refusal));
                    }
                }
            }
        });
    }
}

fn conflict(preview: &Preview) -> Option<Refusal> {
    match preview {
        Preview::Shown(decision) => match &decision.verdict {
            Verdict::Conflict(reason) => Some(reason.clone()),
            Verdict::Applied | Verdict::Merged => None,
        },
        Preview::Waits(_) => None,
    }
}

/// What was refused, in words, beside the form it was refused for.
#[component]
pub fn Problem(sending: Sending) -> impl IntoView {
    drawn(move || {
        sending.problem.get().map(|refusal| {
            view! { <Notice tone="late" text=derive(move || error_text(&refusal))/> }
        })
    })
}
