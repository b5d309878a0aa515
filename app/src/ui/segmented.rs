//! One choice out of few, each one tap away.

use crate::reactive::{bound, call, drawn};
use leptos::prelude::*;

/// One of the choices. `bad` colours it as a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub text: String,
    pub bad: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self { value: value.into(), text: text.into(), bad: false }
    }
    #[must_use]
    pub fn bad(mut self) -> Self {
        self.bad = true;
        self
    }
}

/// Two to four choices side by side.
#[component]
pub fn Segmented(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] choices: Signal<Vec<Choice>>,
    #[prop(into)] value: Signal<Option<String>>,
    #[prop(into)] on_choose: Callback<String>,
) -> impl IntoView {
    view! { <Choices class="segmented" label=label choices=choices value=value on_choose=on_choose/> }
}

/// Any number of choices as wrapping chips.
#[component]
pub fn Chips(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] choices: Signal<Vec<Choice>>,
    #[prop(into)] value: Signal<Option<String>>,
    #[prop(into)] on_choose: Callback<String>,
) -> impl IntoView {
    view! { <Choices class="chips" label=label choices=choices value=value on_choose=on_choose/> }
}

#[component]
fn Choices(
    class: &'static str,
    label: Signal<String>,
    choices: Signal<Vec<Choice>>,
    value: Signal<Option<String>>,
    on_choose: Callback<String>,
) -> impl IntoView {
    let chip = class == "chips";
    view! {
        <div class=class role="group" aria-label=bound(move || label.get())>
            {drawn(move || {
                choices
                    .get()
                    .into_iter()
                    .map(|choice| {
                        let own = choice.value.clone();
                        let pressed = move || (value.get().as_deref() == Some(&own)).to_string();
                        let key = choice.value;
                        view! {
                            <button
                                type="button"
                                class:chip=chip
                                class:bad=choice.bad
                                aria-pressed=bound(pressed)
                                on:click=move |_| call(on_choose, key.clone())
                            >
                                {choice.text}
                            </button>
                        }
                    })
                    .collect_view()
            })}
        </div>
    }
}
