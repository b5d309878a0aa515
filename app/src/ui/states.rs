//! What a list shows when it has nothing to show.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::i18n::tr;
use crate::reactive::{said, words};

/// Nothing here: what will appear, and how to begin.
#[component]
pub fn Empty(
    icon: Icon,
    #[prop(into)] title: Signal<String>,
    #[prop(optional, into)] note: Signal<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Glyph icon=icon/>
            <p class="title">{said(title)}</p>
            <p>{said(note)}</p>
            {children.map(|children| children())}
        </div>
    }
}

/// A page that is not for the roles of whoever opened its address.
#[component]
pub fn NoRight() -> impl IntoView {
    view! {
        <Empty
            icon=Icon::Users
            title=words(tr::common::no_right)
            note=words(tr::common::no_right_note)
        />
    }
}

/// The shape of a list that is still loading.
#[component]
pub fn Skeleton(#[prop(default = 4)] rows: usize) -> impl IntoView {
    view! {
        <div class="skeleton" aria-hidden="true">
            {(0..rows).map(|_| view! { <span></span> }).collect_view()}
        </div>
    }
}

/// Something to know, with its colour and its word.
#[component]
pub fn Notice(
    /// `ok`, `soon` or `late`.
    #[prop(default = "soon")]
    tone: &'static str,
    #[prop(into)] text: Signal<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let icon = if tone == "ok" { Icon::CheckCircle } else { Icon::Alert };
    view! {
        <div class=format!("notice {tone}") role="status">
            <Glyph icon=icon/>
            <span class="grow">{said(text)}</span>
            {children.map(|children| children())}
        </div>
    }
}
