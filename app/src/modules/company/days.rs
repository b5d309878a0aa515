//! A list of days: each can be taken off, another is added by its date.

use chrono::NaiveDate;
use leptos::prelude::*;

use super::view_model::with_day;
use crate::i18n::{Text, fmt, tr};
use crate::reactive::{call, derive, drawn, words, written};
use crate::ui::{Button, Glyph, Icon, TextField};

#[component]
pub fn Days(
    label: Text,
    hint: Text,
    #[prop(into)] days: Signal<Vec<NaiveDate>>,
    #[prop(into)] on_change: Callback<Vec<NaiveDate>>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let add = move |()| {
        if let Ok(day) = typed.get_untracked().parse::<NaiveDate>() {
            call(on_change, with_day(days.get_untracked(), day));
            typed.set(String::new());
        }
    };
    let chip = move |day: NaiveDate| {
        let remove = move |_| {
            let others = days.get_untracked().into_iter().filter(|other| *other != day);
            call(on_change, others.collect());
        };
        view! {
            <button
                type="button"
                class="chip day"
                aria-label=tr::company::remove_day(fmt::full_date(day))
                on:click=remove
            >
                <span class="number">{fmt::full_date(day)}</span>
                <Glyph icon=Icon::Close small=true/>
            </button>
        }
    };
    view! {
        <div class="stack tight">
            <div class="add-day">
                <TextField
                    label=words(label)
                    kind="date"
                    value=typed
                    on_input=move |text| typed.set(text)
                />
                <Button
                    text=words(tr::company::add_day)
                    icon=Icon::Plus
                    disabled=derive(move || typed.with(String::is_empty))
                    on_press=add
                />
            </div>
            <p class="soft small">{written(hint)}</p>
            <div class="chips">
                {drawn(move || days.get().into_iter().map(chip).collect_view())}
            </div>
        </div>
    }
}
