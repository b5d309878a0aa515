//! Form fields: label, control, hint, problem.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

use crate::reactive::{bound, call, drawn, said};

static NEXT_ID: AtomicU32 = AtomicU32::new(1);

/// An element id that no other field of the page has.
pub fn fresh_id() -> String {
    format!("f{}", NEXT_ID.fetch_add(1, Ordering::Relaxed))
}

/// A line of text.
#[component]
pub fn TextField(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_input: Callback<String>,
    /// `text`, `password`, `tel`, `date`, `time`, `number`, `search`.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(optional, into)] hint: Signal<String>,
    #[prop(optional, into)] problem: Signal<Option<String>>,
    #[prop(optional, into)] placeholder: Signal<String>,
) -> impl IntoView {
    let id = fresh_id();
    let about = format!("{id}-about");
    view! {
        <div class="field">
            <label for=id.clone()>{said(label)}</label>
            <input
                id=id
                type=kind
                autocomplete=autocomplete
                inputmode=inputmode
                placeholder=bound(move || placeholder.get())
                prop:value=bound(move || value.get())
                aria-invalid=bound(move || problem.get().is_some().to_string())
                aria-describedby=about.clone()
                on:input=move |event| call(on_input, event_target_value(&event))
            />
            <FieldAbout id=about hint=hint problem=problem/>
        </div>
    }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_input: Callback<String>,
    #[prop(default = 3)] rows: u32,
    #[prop(optional, into)] hint: Signal<String>,
    #[prop(optional, into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    let id = fresh_id();
    let about = format!("{id}-about");
    view! {
        <div class="field">
            <label for=id.clone()>{said(label)}</label>
            <textarea
                id=id
                rows=rows
                prop:value=bound(move || value.get())
                aria-invalid=bound(move || problem.get().is_some().to_string())
                aria-describedby=about.clone()
                on:input=move |event| call(on_input, event_target_value(&event))
            ></textarea>
            <FieldAbout id=about hint=hint problem=problem/>
        </div>
    }
}

#[component]
fn FieldAbout(id: String, hint: Signal<String>, problem: Signal<Option<String>>) -> impl IntoView {
    view! {
        <div id=id class:visually-hidden=bound(move || problem.get().is_none() && hint.get().is_empty())>
            {drawn(move || match problem.get() {
                Some(problem) => view! { <span class="problem" role="alert">{problem}</span> }.into_any(),
                None => view! { <span class="hint">{hint.get()}</span> }.into_any(),
            })}
        </div>
    }
}

/// One choice out of many. Options are (value, text).
#[component]
pub fn Select(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_change: Callback<String>,
    #[prop(optional, into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    let id = fresh_id();
    let about = format!("{id}-about");
    view! {
        <div class="field">
            <label for=id.clone()>{said(label)}</label>
            <select
                id=id
                prop:value=bound(move || value.get())
                aria-invalid=bound(move || problem.get().is_some().to_string())
                aria-describedby=about.clone()
                on:change=move |event| call(on_change, event_target_value(&event))
            >
                {drawn(move || {
                    let chosen = value.get();
                    options
                        .get()
                        .into_iter()
                        .map(|(key, text)| {
                            let selected = key == chosen;
                            view! { <option value=key selected=selected>{text}</option> }
                        })
                        .collect_view()
                })}
            </select>
            <FieldAbout id=about hint=Signal::stored(String::new()) problem=problem/>
        </div>
    }
}

/// A tick.
#[component]
pub fn Check(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] checked: Signal<bool>,
    #[prop(into)] on_change: Callback<bool>,
) -> impl IntoView {
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked=bound(move || checked.get())
                on:change=move |event| call(on_change, event_target_checked(&event))
            />
            <span>{said(label)}</span>
        </label>
    }
}
