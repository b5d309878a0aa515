//! Something that is there while a condition holds.

use leptos::children::ViewFn;
use leptos::prelude::*;

use crate::reactive::{drawn, memo};

/// What is asked; any closure that gives a `bool`.
pub struct Condition(Box<dyn Fn() -> bool + Send + Sync>);

impl<F: Fn() -> bool + Send + Sync + 'static> From<F> for Condition {
    fn from(ask: F) -> Self {
        Condition(Box::new(ask))
    }
}

/// leptos' `Show`, which is in the program once a use, where this is there once for all of them.
#[component]
pub fn Show(
    #[prop(into)] when: Condition,
    #[prop(optional, into)] fallback: ViewFn,
    children: ChildrenFn,
) -> impl IntoView {
    let holds = memo(when.0);
    drawn(move || if holds.get() { children() } else { fallback.run() })
}
