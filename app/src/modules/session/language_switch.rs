//! Another language, at once and for good.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::i18n::{self, Language, tr};
use crate::reactive::{derive, words};
use crate::ui::{Choice, Segmented, use_toasts};

#[component]
pub fn LanguageSwitch() -> impl IntoView {
    let toasts = use_toasts();
    let choose = move |tag: String| {
        let Some(language) = Language::from_tag(&tag) else { return };
        spawn_local(async move {
            // A language that was never shown here has to be fetched once.
            if i18n::switch_language(language).await.is_err() {
                toasts.warn(tr::session::language_failed());
            }
        });
    };
    view! {
        <Segmented
            label=words(tr::common::language)
            choices=derive(|| {
                Language::ALL.iter().map(|one| Choice::new(one.tag(), one.name())).collect()
            })
            value=derive(|| Some(i18n::current().tag().to_owned()))
            on_choose=choose
        />
    }
}
