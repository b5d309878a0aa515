//! A bar that fills.

use leptos::prelude::*;

use crate::reactive::bound;

/// `done` of `total`, with the words a screen reader says.
#[component]
pub fn Progress(
    #[prop(into)] done: Signal<usize>,
    #[prop(into)] total: Signal<usize>,
    #[prop(into)] label: Signal<String>,
) -> impl IntoView {
    let part = move || done.get() as f64 / total.get().max(1) as f64 * 100.0;
    view! {
        <div
            class="progress"
            role="progressbar"
            aria-label=bound(move || label.get())
            aria-valuemin="0"
            aria-valuemax=bound(move || total.get().to_string())
            aria-valuenow=bound(move || done.get().to_string())
        >
            <span style:inline-size=bound(move || format!("{:.1}%", part().min(100.0)))></span>
        </div>
    }
}
