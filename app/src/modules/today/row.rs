//! One line of the page.

use domain::modules::fees::call_list::Phase;
use domain::modules::tickets::Urgency;
use leptos::prelude::*;

use super::view_model::{Row, What};
use crate::app_context::use_app;
use crate::i18n::{fmt, name_of, tr};
use crate::modules::rounds::view_model::duties::window_text;
use crate::modules::rounds::words;
use crate::reactive::{drawn, written};
use crate::ui::{ClockChip, Glyph, Icon};

fn icon(what: &What) -> Icon {
    match what {
        What::Briefing { .. } => Icon::Talk,
        What::Round { .. } => Icon::Rounds,
        What::Promise { .. } => Icon::Users,
        What::Calls { .. } => Icon::Phone,
        What::Ticket { .. } | What::Pool { .. } => Icon::Tickets,
        What::ReturnVisit { .. } | What::MoreReturnVisits { .. } => Icon::Star,
    }
}

/// Number and place; the place alone says enough on most lines.
fn about(place: &str, text: &str) -> String {
    [place, text].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn title(what: &What) -> String {
    match what {
        What::Briefing { .. } => tr::today::briefing().to_owned(),
        What::Round { duty, .. } => duty.due.name.clone(),
        What::Promise { place, .. } => tr::today::promise(place),
        What::Calls { left, phase, .. } => {
            let phase = match phase {
                Phase::None => tr::today::phase_broken().to_owned(),
                phase => name_of("fees", "phase_", phase.name()),
            };
            if *left == 0 {
                tr::today::calls_done().to_owned()
            } else {
                tr::today::calls(left, phase)
            }
        }
        What::Ticket { number, place, .. } => tr::today::ticket(number, place),
        What::Pool { count } => tr::today::pool(count),
        What::ReturnVisit { number, place, .. } => tr::today::return_visit(number, place),
        What::MoreReturnVisits { count } => tr::today::more_return_visits(count),
    }
}

fn note(row: &Row) -> String {
    let app = use_app();
    let (today, zone) = (app.today().get(), app.zone());
    match &row.what {
        What::Briefing { cluster, by } => match by {
            Some(by) => about(cluster, &tr::today::recorded_by(by)),
            None => cluster.clone(),
        },
        What::Round { duty, cluster } => {
            let when = window_text(duty.due.window, today, &zone);
            let progress = match duty.by {
                Some(_) => tr::rounds::progress(duty.done, duty.points),
                None => String::new(),
            };
            about(&about(&when, cluster.as_deref().unwrap_or_default()), &progress)
        }
        What::Promise { met, note, .. } => about(met, note),
        What::Calls { left, done, broken, .. } => {
            let progress = tr::today::calls_progress(done, left + done);
            let broken = if *broken > 0 { tr::today::calls_broken(broken) } else { String::new() };
            about(&progress, &broken)
        }
        What::Ticket { text, .. } | What::ReturnVisit { text, .. } => text.clone(),
        What::Pool { .. } => tr::today::pool_note().to_owned(),
        What::MoreReturnVisits { .. } => String::new(),
    }
}

fn trail(row: &Row, late: bool) -> AnyView {
    let app = use_app();
    if row.done {
        return view! {
            <span class="badge ok">
                <Glyph icon=Icon::Check small=true/>
                {written(tr::today::done)}
            </span>
        }
        .into_any();
    }
    match &row.what {
        What::Ticket { clock, urgency, .. } => {
            let (urgent, own) = (*urgency != Urgency::Normal, *clock);
            let wait_over = drawn(move || {
                own.wait_is_over(app.now().get())
                    .then(|| view! { <span class="badge late">{tr::tickets::wait_over()}</span> })
            });
            let name = if *urgency == Urgency::Emergency {
                tr::today::emergency
            } else {
                tr::today::urgent
            };
            view! {
                {urgent.then(|| view! { <span class="badge late">{written(name)}</span> })}
                {wait_over}
                <ClockChip clock=*clock/>
            }
            .into_any()
        }
        What::Round { duty, .. } => {
            let name = duty.state.name();
            view! {
                <span class=format!("badge {}", words::state_tone(name))>
                    {drawn(move || words::state(name))}
                </span>
            }
            .into_any()
        }
        What::Calls { .. } | What::Pool { .. } => {
            view! { <Glyph icon=Icon::Forward small=true/> }.into_any()
        }
        _ => {
            let due = row.due;
            let text = move || {
                let (now, zone) = (app.now().get(), app.zone());
                if due < now {
                    fmt::left(due.since(now))
                } else if zone.date(due) == zone.date(now) {
                    fmt::time(due, &zone)
                } else {
                    fmt::near_date(zone.date(due), zone.date(now))
                }
            };
            view! { <span class="number note" class:over=late>{drawn(text)}</span> }.into_any()
        }
    }
}

#[component]
pub fn TodayRow(row: Row, late: bool) -> impl IntoView {
    let class = if late { "item late" } else { "item" };
    let (icon, trail) = (icon(&row.what), trail(&row, late));
    let href = row.href.clone();
    let row = StoredValue::new(row);
    view! {
        <a href=href class=class>
            <span class="lead"><Glyph icon=icon/></span>
            <span class="today-text">
                <span class="title">{drawn(move || row.with_value(|row| title(&row.what)))}</span>
                <span class="note clip">{drawn(move || row.with_value(note))}</span>
            </span>
            <span class="trail">{trail}</span>
        </a>
    }
}
