//! Buttons and links that look like them.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::reactive::{bound, call, said};

/// How much a button weighs on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    #[default]
    Plain,
    /// The one main action.
    Primary,
    Quiet,
    Danger,
}

impl Weight {
    fn class(self, large: bool) -> String {
        let weight = match self {
            Weight::Plain => "",
            Weight::Primary => " primary",
            Weight::Quiet => " quiet",
            Weight::Danger => " danger",
        };
        format!("button{weight}{}", if large { " large" } else { "" })
    }
}

/// A button. While `busy` it shows so and takes no second press.
#[component]
pub fn Button(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] on_press: Callback<()>,
    #[prop(optional)] weight: Weight,
    #[prop(optional)] large: bool,
    #[prop(optional, into)] icon: Option<Icon>,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional, into)] busy: Signal<bool>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class=weight.class(large)
            disabled=bound(move || disabled.get() || busy.get())
            aria-busy=bound(move || busy.get().to_string())
            on:click=move |_| call(on_press, ())
        >
            {icon.map(|icon| view! { <Glyph icon=icon/> })}
            <span>{said(text)}</span>
        </button>
    }
}

/// A link in a button's clothes.
#[component]
pub fn ButtonLink(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] href: String,
    #[prop(optional)] weight: Weight,
    #[prop(optional)] large: bool,
    #[prop(optional, into)] icon: Option<Icon>,
) -> impl IntoView {
    view! {
        <a href=href class=weight.class(large)>
            {icon.map(|icon| view! { <Glyph icon=icon/> })}
            <span>{said(text)}</span>
        </a>
    }
}

/// A button that is only an icon; `label` is what a screen reader says.
#[component]
pub fn IconButton(
    icon: Icon,
    #[prop(into)] label: Signal<String>,
    #[prop(into)] on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=bound(move || label.get())
            title=bound(move || label.get())
            on:click=move |_| call(on_press, ())
        >
            <Glyph icon=icon/>
        </button>
    }
}
