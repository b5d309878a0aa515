//! Choosing a day that was promised: the days one says as chips, any other as a date.

use chrono::NaiveDate;
use leptos::prelude::*;

use super::view_model::{QuickDate, quick_dates};
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::derive;
use crate::ui::{Chips, Choice, TextField};

fn name_of_day(day: QuickDate) -> &'static str {
    match day {
        QuickDate::Today => tr::common::today(),
        QuickDate::Tomorrow => tr::common::tomorrow(),
        QuickDate::Friday => tr::fees::friday(),
        QuickDate::NextFriday => tr::fees::next_friday(),
        QuickDate::NextMonday => tr::fees::next_monday(),
        QuickDate::MonthEnd => tr::fees::month_end(),
    }
}

/// A day, or none: tapping the chosen one again takes it back.
#[component]
pub fn DateChoice(
    #[prop(into)] label: Signal<String>,
    /// What the field for any other date is called.
    #[prop(into)]
    field: Signal<String>,
    #[prop(into)] value: Signal<Option<NaiveDate>>,
    #[prop(into)] on_choose: Callback<Option<NaiveDate>>,
) -> impl IntoView {
    let today = use_app().today();
    let choices = derive(move || {
        quick_dates(today.get())
            .into_iter()
            .map(|(day, date)| Choice::new(date.to_string(), name_of_day(day)))
            .collect::<Vec<_>>()
    });
    let chosen = derive(move || value.get().map(|date| date.to_string()));
    view! {
        <div class="stack">
            <p class="section-title">{label}</p>
            <Chips
                label=label
                choices=choices
                value=chosen
                on_choose=Callback::new(move |key: String| {
                    let date = key.parse::<NaiveDate>().ok();
                    on_choose.run(date.filter(|date| value.get_untracked() != Some(*date)));
                })
            />
            <TextField
                label=field
                kind="date"
                value=derive(move || chosen.get().unwrap_or_default())
                hint=derive(move || {
                    value.get().map(|date| fmt::near_date(date, today.get())).unwrap_or_default()
                })
                on_input=Callback::new(move |text: String| on_choose.run(text.parse().ok()))
            />
        </div>
    }
}
