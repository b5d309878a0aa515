//! The briefings 晨会 of a day, read by the office.

use chrono::{Days, NaiveDate};
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::modules::rounds::{Briefing, BriefingLine};
use domain::order;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::view_model::briefings::{Held, of_day, parts};
use super::words::say;
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::{derive, drawn, memo, written};
use crate::ui::{Empty, Glyph, Icon, IconButton, Page, Skeleton, TextField};

/// `/office/briefings?date=…`.
#[component]
pub fn BriefingsPage() -> impl IntoView {
    let app = use_app();
    let query = use_query_map();
    let navigate = use_navigate();
    let date = memo(move || {
        let asked = query.with(|query| query.get("date"));
        let asked = asked.and_then(|date| date.parse::<NaiveDate>().ok());
        asked.unwrap_or_else(|| app.today().get())
    });
    let held = app.query(&[RecordKind::Cluster, RecordKind::Briefing], move |replica| {
        let mut clusters: Vec<Cluster> = replica.iter::<Cluster>().cloned().collect();
        order::sort_by(&mut clusters, |a, b| a.code.cmp(&b.code));
        of_day(&clusters, &|| Box::new(replica.iter::<Briefing>()), date.get())
    });
    let go = Callback::new(move |date: NaiveDate| {
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        navigate(&format!("/office/briefings?date={date}"), options);
    });
    let step = move |back: bool| {
        let date = date.get_untracked();
        let one = Days::new(1);
        let other = if back { date.checked_sub_days(one) } else { date.checked_add_days(one) };
        go.run(other.unwrap_or(date));
    };
    view! {
        <Page
            title=say(tr::rounds::briefings)
            subtitle=derive(move || fmt::date(date.get()))
            back="/office/rounds"
        >
            <div class="toolbar no-print">
                <IconButton
                    icon=Icon::Back
                    label=say(tr::rounds::day_before)
                    on_press=move |()| step(true)
                />
                <TextField
                    label=say(tr::rounds::date)
                    kind="date"
                    value=derive(move || date.get().to_string())
                    on_input=move |text: String| {
                        if let Ok(date) = text.parse() {
                            go.run(date);
                        }
                    }
                />
                <IconButton
                    icon=Icon::Forward
                    label=say(tr::rounds::day_after)
                    on_press=move |()| step(false)
                />
            </div>
            {drawn(move || {
                let held = held.get();
                if held.is_empty() {
                    if app.status().with(|status| status.first_sync) {
                        return view! { <Skeleton/> }.into_any();
                    }
                    return view! {
                        <Empty
                            icon=Icon::Talk
                            title=say(tr::rounds::no_cluster)
                            note=say(tr::rounds::no_cluster_note)
                        />
                    }
                    .into_any();
                }
                held.into_iter().map(one).collect_view().into_any()
            })}
        </Page>
    }
}

fn one(held: Held) -> AnyView {
    let zone = use_app().zone();
    let Some(briefing) = held.briefing else {
        return view! {
            <section class="card">
                <h2>{held.title}</h2>
                <p class="soft">{written(tr::rounds::briefing_not_held)}</p>
            </section>
        }
        .into_any();
    };
    let who = tr::rounds::briefing_was_by(&briefing.by_name, fmt::time(briefing.at, &zone));
    let (asked, added) = parts(&briefing);
    let nothing = asked.is_empty() && added.is_empty();
    view! {
        <section class="card stack tight">
            <div class="row wrap">
                <h2 class="grow">{held.title}</h2>
                <span class="soft number">{who}</span>
            </div>
            {nothing.then(|| view! { <p class="soft">{tr::rounds::briefing_empty()}</p> })}
            {list(asked)}
            {(!added.is_empty()).then(|| view! { <h3>{tr::rounds::briefing_added()}</h3> })}
            {list(added)}
        </section>
    }
    .into_any()
}

fn list(lines: Vec<BriefingLine>) -> AnyView {
    if lines.is_empty() {
        return ().into_any();
    }
    let row = |line: BriefingLine| {
        let text = match line.ticket {
            Some(ticket) => {
                view! { <a href=format!("/tickets/{ticket}")>{line.text}</a> }.into_any()
            }
            None => view! { <span>{line.text}</span> }.into_any(),
        };
        let (tone, said) = if line.ticked {
            ("badge ok", tr::rounds::briefing_ticked())
        } else {
            ("badge", tr::rounds::briefing_open())
        };
        view! {
            <li>
                <div class="item no-lead">
                    <span>
                        <span class="title">{text}</span>
                        {(!line.note.is_empty()).then(|| view! { <span class="note">{line.note}</span> })}
                    </span>
                    <span class=tone>
                        {line.ticked.then(|| view! { <Glyph icon=Icon::Check/> })}
                        {said}
                    </span>
                </div>
            </li>
        }
        .into_any()
    };
    view! { <ul class="list inset">{lines.into_iter().map(row).collect_view()}</ul> }.into_any()
}
