//! The record of a round 组团巡查记录表: who, when, which way, what was found; to read and to print.

use domain::id::{RoundId, TicketId};
use domain::modules::RecordKind;
use domain::modules::accounts::User;
use domain::modules::households::{Cluster, Project};
use domain::modules::rounds::{Round, RoundTemplate};
use domain::modules::tickets::Ticket;
use domain::order;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::record_step::RecordStep;
use super::round_page::Unknown;
use super::view_model::duties::window_text;
use super::view_model::record::{findings, left_out, steps};
use super::words::{self, say};
use crate::app_context::use_app;
use crate::i18n::{fmt, name_of, tr};
use crate::reactive::{drawn, memo, written};
use crate::ui::{Button, Icon, Notice, Page, is_office};

/// `/rounds/:id/record`.
#[component]
pub fn RoundRecordPage() -> impl IntoView {
    let app = use_app();
    let params = use_params_map();
    let id = memo(move || {
        params.with(|params| params.get("id")).and_then(|id| id.parse::<RoundId>().ok())
    });
    let round =
        app.query(&[RecordKind::Round], move |replica| replica.get::<Round>(id.get()?.0).cloned());
    drawn(move || match round.get() {
        Some(round) => view! { <Record round=round/> }.into_any(),
        None => view! { <Unknown/> }.into_any(),
    })
}

#[component]
fn Record(round: Round) -> impl IntoView {
    let app = use_app();
    let round = StoredValue::new(round);
    let (template_id, version) = round.with_value(|round| (round.template, round.version));
    let template = app.query(&[RecordKind::RoundTemplate], move |replica| {
        replica.get::<RoundTemplate>(RoundTemplate::id_of(template_id, version)).cloned()
    });
    let place = app.query(&[RecordKind::Cluster, RecordKind::Project], move |replica| {
        let (project, cluster) = round.with_value(|round| (round.project, round.cluster));
        let project = replica.get::<Project>(project.0).map(|p| p.name.clone()).unwrap_or_default();
        let cluster = replica.get::<Cluster>(cluster.0);
        let cluster = cluster.map_or(String::new(), |c| format!("{} {}", c.code, c.name));
        (project, cluster)
    });
    let walkers = app.query(&[RecordKind::User], move |replica| {
        round.with_value(|round| {
            let name = |id: &domain::id::UserId| replica.get::<User>(id.0).map(|u| u.name.clone());
            let mut names = vec![round.by_name.clone()];
            names.extend(round.joined.iter().filter_map(name));
            fmt::list(&names)
        })
    });
    let tickets = app.query(&[RecordKind::Ticket], move |replica| {
        round.with_value(|round| {
            let line = |id: TicketId| match replica.get::<Ticket>(id.0) {
                Some(ticket) => (
                    id,
                    ticket.display_number(),
                    ticket.description.clone(),
                    ticket.state.name().to_owned(),
                ),
                None => (id, Ticket::name_of(id, None), String::new(), String::new()),
            };
            let mut ids: Vec<TicketId> = round.tickets().collect();
            order::sort(&mut ids);
            ids.dedup();
            ids.into_iter().map(line).collect::<Vec<_>>()
        })
    });
    let back = if is_office(app) { "/office/rounds" } else { "/rounds?shelf=records" };
    let title = round.with_value(|round| round.name.clone());
    let zone = app.zone();
    let (started, finished, late, window, summary) = round.with_value(|round| {
        (round.started, round.finished, round.late, round.window, round.summary.clone())
    });
    let is_finished = finished.is_some();
    let state = match (finished, late) {
        (None, _) => "running",
        (Some(_), true) => "done_late",
        (Some(_), false) => "done",
    };
    let window = window.map(|window| window_text(window, zone.date(started), &zone));
    let date = round.with_value(|round| round.date);
    let times = match finished {
        Some(finished) => {
            format!("{}–{}", fmt::time(started, &zone), fmt::time(finished, &zone))
        }
        None => format!("{}–", fmt::time(started, &zone)),
    };
    let step_zone = zone.clone();
    view! {
        <Page title=title back=back narrow=true>
            <article class="stack record">
                <header class="stack tight print-only">
                    <h2>{written(tr::rounds::record_title)}</h2>
                    <p>{drawn(move || place.with(|(project, _)| project.clone()))}</p>
                </header>
                <div class="row wrap">
                    <span class=format!("badge {}", words::state_tone(state))>
                        {drawn(move || words::state(state))}
                    </span>
                    <span class="grow"></span>
                    <span class="no-print">
                        <Button
                            text=say(tr::rounds::print)
                            icon=Icon::Print
                            on_press=move |()| {
                                let _ = window_print();
                            }
                        />
                    </span>
                </div>
                <dl class="facts card">
                    <dt>{written(tr::rounds::cluster)}</dt>
                    <dd>{drawn(move || place.with(|(_, cluster)| cluster.clone()))}</dd>
                    <dt>{written(tr::rounds::date)}</dt>
                    <dd class="number">{drawn(move || fmt::full_date(date))}</dd>
                    {window.map(|text| view! {
                        <dt>{written(tr::rounds::window)}</dt>
                        <dd class="number">{text}</dd>
                    })}
                    <dt>{written(tr::rounds::walked)}</dt>
                    <dd class="number">{times}</dd>
                    <dt>{written(tr::rounds::walker)}</dt>
                    <dd>{walkers}</dd>
                    <dt>{written(tr::rounds::points)}</dt>
                    <dd class="number">
                        {drawn(move || round.with_value(|round| {
                            tr::rounds::progress(round.points_done(), round.points)
                        }))}
                    </dd>
                    <dt>{written(tr::rounds::findings)}</dt>
                    <dd class="number">
                        {drawn(move || template.with(|template| match template {
                            Some(template) => round.with_value(|round| findings(round, template)),
                            None => 0,
                        }))}
                    </dd>
                    <dt>{written(tr::rounds::template)}</dt>
                    <dd>
                        {drawn(move || template.with(|template| template.as_ref().map(|template| {
                            tr::rounds::template_version(&template.name, template.version)
                        })))}
                    </dd>
                </dl>
                {drawn(move || {
                    let missing = template.with(|template| template.as_ref().map(|template| {
                        round.with_value(|round| left_out(round, template))
                    }));
                    missing.filter(|names| is_finished && !names.is_empty()).map(|names| view! {
                        <Notice
                            tone="soon"
                            text=tr::rounds::points_missing(names.len(), fmt::list(&names))
                        />
                    })
                })}
                {(!summary.is_empty()).then(|| view! {
                    <section class="card">
                        <h2>{written(tr::rounds::summary)}</h2>
                        <p class="said">{summary.clone()}</p>
                    </section>
                })}
                <section class="stack">
                    <h2>{written(tr::rounds::route)}</h2>
                    <ol class="timeline">
                        {drawn(move || {
                            let zone = step_zone.clone();
                            template.with(|template| {
                                round.with_value(|round| steps(round, template.as_ref()))
                                    .into_iter()
                                    .map(|step| {
                                        let items = template.as_ref().and_then(|template| {
                                            template.point(&step.result.point)
                                        });
                                        let items = items.map_or(Vec::new(), |p| p.items.clone());
                                        view! { <RecordStep step=step items=items zone=zone.clone()/> }
                                    })
                                    .collect_view()
                            })
                        })}
                    </ol>
                </section>
                {drawn(move || {
                    let tickets = tickets.get();
                    (!tickets.is_empty()).then(|| view! {
                        <section class="stack">
                            <h2>{tr::rounds::tickets_raised()}</h2>
                            <ul class="list inset">
                                {tickets
                                    .into_iter()
                                    .map(|(id, number, text, state)| view! {
                                        <li>
                                            <a href=format!("/tickets/{id}") class="item no-lead">
                                                <span>
                                                    <span class="title number">{number}</span>
                                                    <span class="note">{text}</span>
                                                </span>
                                                {(!state.is_empty()).then(|| view! {
                                                    <span class="badge">
                                                        {name_of("refusals", "state_", &state)}
                                                    </span>
                                                })}
                                            </a>
                                        </li>
                                    })
                                    .collect_view()}
                            </ul>
                        </section>
                    })
                })}
                <p class="print-only sign-line">{written(tr::rounds::signature_line)}</p>
            </article>
        </Page>
    }
}

/// The browser's own dialog; printing is laid out by the style sheet.
fn window_print() -> Result<(), wasm_bindgen::JsValue> {
    crate::device::page::window().print()
}
