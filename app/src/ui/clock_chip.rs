//! Time left on a ticket: a word, a colour, a bar; by how much it was over once it is finished.

use domain::modules::tickets::{Clock, ClockLight};
use leptos::prelude::*;

use crate::app_context::use_app;
use crate::i18n::fmt;
use crate::reactive::{bound, drawn};

/// The clock of a ticket, moving on by itself.
#[component]
pub fn ClockChip(clock: Clock) -> impl IntoView {
    let now = use_app().now();
    let class = move || {
        if clock.stopped.is_some() || clock.is_paused(now.get()) {
            return "clock still";
        }
        match clock.light(now.get()) {
            ClockLight::Green => "clock",
            ClockLight::Amber => "clock amber",
            ClockLight::Red => "clock red",
        }
    };
    let gone = move || f64::from(clock.gone_per_mille(now.get())) / 10.0;
    // Of work that is over in time there is nothing to say: its state does.
    if clock.stopped.is_some_and(|at| at <= clock.due) {
        return ().into_any();
    }
    view! {
        <span class=bound(class)>
            <span>{drawn(move || fmt::clock_left(&clock, now.get()))}</span>
            {clock.stopped.is_none().then(|| view! {
                <span class="bar" aria-hidden="true">
                    <span style:inline-size=bound(move || format!("{:.1}%", gone()))></span>
                </span>
            })}
        </span>
    }
    .into_any()
}
