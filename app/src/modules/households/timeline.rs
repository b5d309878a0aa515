//! A unit's history as a list.

use leptos::prelude::*;

use super::kit::words;
use super::view_model::{Happening, Process};
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::{drawn, memo, written};
use crate::ui::{Empty, Icon, PhotoStrip, Show};

/// Rows shown before one asks for more.
const FIRST: usize = 40;

/// Everything that happened, the newest first.
#[component]
pub fn HouseholdTimeline(happenings: Memo<Vec<Happening>>) -> impl IntoView {
    let all = RwSignal::new(false);
    let more = memo(move || !all.get() && happenings.with(Vec::len) > FIRST);
    view! {
        <section class="card" aria-labelledby="history">
            <header>
                <h2 id="history">{written(tr::households::history)}</h2>
            </header>
            <Show
                when=move || !happenings.with(Vec::is_empty)
                fallback=|| {
                    view! {
                        <Empty
                            icon=Icon::Clock
                            title=words(tr::households::history_empty)
                            note=words(tr::households::history_empty_note)
                        />
                    }
                }
            >
                <ol class="timeline household-history">
                    {drawn(move || {
                        let limit = if all.get() { usize::MAX } else { FIRST };
                        happenings.get().into_iter().take(limit).map(line).collect_view()
                    })}
                </ol>
                <Show when=move || more.get()>
                    <button type="button" class="button block" on:click=move |_| all.set(true)>
                        {drawn(move || tr::households::history_all(happenings.with(Vec::len)))}
                    </button>
                </Show>
            </Show>
        </section>
    }
}

fn line(happening: Happening) -> impl IntoView {
    let app = use_app();
    let at = happening.at;
    let class = match happening.process {
        Process::Ticket => "ticket",
        Process::Visit => "visit",
        Process::Call => "call",
    };
    let title = match happening.href {
        Some(href) => view! { <a href=href class="who">{happening.title}</a> }.into_any(),
        None => view! { <span class="who">{happening.title}</span> }.into_any(),
    };
    let when = move || {
        let moment = fmt::moment(at, app.now().get(), &app.zone());
        if happening.by.is_empty() { moment } else { format!("{moment} · {}", happening.by) }
    };
    view! {
        <li class=class>
            {title}
            {(!happening.note.is_empty()).then(|| view! { <p>{happening.note}</p> })}
            {(!happening.photos.is_empty())
                .then(|| {
                    let label = words(tr::common::photos);
                    view! { <PhotoStrip attachments=happening.photos label=label/> }
                })}
            <p class="when">{drawn(when)}</p>
        </li>
    }
}
