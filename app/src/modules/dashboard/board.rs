//! The board itself, from one set of figures.

use domain::time::MINUTE;
use domain::views::{ClusterToday, Dashboard, DeviceLine, Happening, RoundLine, TicketLine};
use domain::{Ms, Right};
use leptos::prelude::*;

use super::view_model::{calls, object_href, rounds_done, rounds_note, rounds_summary, silence};
use crate::app_context::use_app;
use crate::i18n::{fmt, name_of, tr};
use crate::modules::rounds::words::state_tone;
use crate::reactive::{bound, words};
use crate::ui::{Bar, Bars, ClockChip, Empty, Icon, Lines};

#[component]
pub fn Board(figures: Dashboard) -> impl IntoView {
    let app = use_app();
    let open: u32 = figures.open_by_kind.iter().map(|(_, count)| count).sum();
    let kinds: Vec<String> = figures
        .open_by_kind
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{} {count}", name_of("tickets", "kind_", kind.name())))
        .collect();
    let (rounds, all_rounds) = rounds_done(&figures);
    let (made, all_calls) = calls(&figures.clusters);
    let money = app.may(Right::ViewArrears);
    let bars: Vec<Bar> = figures
        .clusters
        .iter()
        .map(|cluster| Bar {
            name: format!("{} {}", cluster.code, cluster.name),
            parts: vec![
                (f64::from(cluster.open_tickets.saturating_sub(cluster.over)), ""),
                (f64::from(cluster.over), "late"),
            ],
            text: cluster.open_tickets.to_string(),
        })
        .collect();
    let trend: Vec<(String, f64, f64)> = figures
        .days
        .iter()
        .map(|day| (fmt::date(day.date), f64::from(day.opened), f64::from(day.finished)))
        .collect();
    let now = figures.at;
    let (unassigned, unassigned_tone) = if figures.relay_over > 0 {
        (tr::dashboard::relay_over(figures.relay_over), "late")
    } else {
        (tr::dashboard::unassigned_note().to_owned(), tone_of(figures.unassigned, "soon"))
    };
    let promises: u32 = figures.clusters.iter().map(|cluster| cluster.promises_due).sum();
    let to_settle = if app.may(Right::SettleConflict) {
        "/office/attention"
    } else {
        "/office/tickets?conflict=true"
    };
    view! {
        <div class="figures">
            <FigureCard
                href="/office/tickets"
                label=tr::dashboard::open_tickets()
                figure=open.to_string()
                note=kinds.join(" · ")
                tone=""
            />
            <FigureCard
                href="/office/tickets?assignee=none"
                label=tr::dashboard::unassigned()
                figure=figures.unassigned.to_string()
                note=unassigned
                tone=unassigned_tone
            />
            <FigureCard
                href="/office/tickets?sort=due"
                label=tr::dashboard::soon()
                figure=figures.soon.to_string()
                note=tr::dashboard::soon_note().to_owned()
                tone=tone_of(figures.soon, "soon")
            />
            <FigureCard
                href="/office/tickets?over=true"
                label=tr::dashboard::over()
                figure=figures.over.to_string()
                note=tr::dashboard::over_note().to_owned()
                tone=tone_of(figures.over, "late")
            />
            <FigureCard
                href="/office/rounds"
                label=tr::dashboard::rounds_today()
                figure=format!("{rounds}/{all_rounds}")
                note=rounds_note(&figures.clusters)
                tone=""
            />
            <FigureCard
                href="/fees"
                label=tr::dashboard::calls_today()
                figure=format!("{made}/{all_calls}")
                note=tr::dashboard::promises_today(promises)
                tone=""
            />
            <FigureCard
                href="/office/tickets?state=return_visit"
                label=tr::dashboard::return_visits()
                figure=figures.return_visits.to_string()
                note=tr::dashboard::return_visits_note().to_owned()
                tone=""
            />
            <FigureCard
                href=to_settle
                label=tr::dashboard::conflicts()
                figure=figures.conflicts.to_string()
                note=tr::dashboard::conflicts_note().to_owned()
                tone=tone_of(figures.conflicts, "late")
            />
        </div>
        <div class="board">
            <section class="card flush">
                <header><h2>{tr::dashboard::pressing()}</h2></header>
                <Pressing lines=figures.pressing.clone() now=now/>
            </section>
            <section class="card flush">
                <header><h2>{tr::dashboard::by_cluster()}</h2></header>
                <ClusterGrid clusters=figures.clusters.clone() money=money/>
            </section>
            <section class="card">
                <header><h2>{tr::dashboard::load_by_cluster()}</h2></header>
                <Bars bars=Signal::stored(bars) label=words(tr::dashboard::load_by_cluster)/>
                <p class="legend">
                    <span><i></i>{tr::dashboard::in_time()}</span>
                    <span><i class="late"></i>{tr::dashboard::over()}</span>
                </p>
            </section>
            <section class="card">
                <header><h2>{tr::dashboard::trend()}</h2></header>
                <Lines points=Signal::stored(trend) label=words(tr::dashboard::trend)/>
                <p class="legend">
                    <span><i></i>{tr::dashboard::opened()}</span>
                    <span><i class="soon"></i>{tr::dashboard::finished()}</span>
                </p>
            </section>
            <section class="card flush">
                <header><h2>{tr::dashboard::happenings()}</h2></header>
                <Happenings rows=figures.happenings.clone()/>
            </section>
            <section class="card flush">
                <header><h2>{tr::dashboard::devices()}</h2></header>
                <Devices rows=figures.devices.clone() now=now/>
            </section>
        </div>
    }
}

/// The tone of a figure that should be nothing.
fn tone_of(count: u32, tone: &'static str) -> &'static str {
    if count > 0 { tone } else { "" }
}

#[component]
fn FigureCard(
    href: &'static str,
    label: &'static str,
    figure: String,
    note: String,
    tone: &'static str,
) -> impl IntoView {
    view! {
        <a href=href class=format!("card figure-card {tone}")>
            <span class="label">{label}</span>
            <span class="figure">{figure}</span>
            <span class="note">{note}</span>
        </a>
    }
}

#[component]
fn Pressing(lines: Vec<TicketLine>, now: Ms) -> impl IntoView {
    if lines.is_empty() {
        return view! {
            <Empty icon=Icon::CheckCircle title=words(tr::dashboard::nothing_pressing)/>
        }
        .into_any();
    }
    // The list is in the order of these clocks, which is the server's.
    let relay = use_app().settings().with(|s| i64::from(s.relay_minutes) * MINUTE);
    view! {
        <ul class="list">
            {lines
                .into_iter()
                .map(|line| {
                    let (clock, of_relay) = line.clock.first(now, relay);
                    let clock_name =
                        if of_relay { tr::dashboard::clock_relay() } else { tr::dashboard::clock_work() };
                    let number = line.number.map_or_else(|| "—".to_owned(), |n| format!("#{n}"));
                    let who = line
                        .assignee_name
                        .clone()
                        .unwrap_or_else(|| tr::dashboard::nobody().to_owned());
                    view! {
                        <li>
                            <a href=format!("/tickets/{}", line.id) class="item no-lead">
                                <span>
                                    <span class="title">
                                        <span class="number">{number}</span>
                                        <span class="clip">
                                            {name_of("tickets", "category_", &line.category)} " " {line.place.clone()}
                                        </span>
                                    </span>
                                    <span class="note">
                                        {name_of("tickets", "state_", &line.state)} " · " {who}
                                    </span>
                                </span>
                                <span class="trail">
                                    <span class="soft small nowrap">{clock_name}</span>
                                    <ClockChip clock=clock/>
                                </span>
                            </a>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn ClusterGrid(clusters: Vec<ClusterToday>, money: bool) -> impl IntoView {
    view! {
        <div class="table-frame plain" tabindex="0" role="region" aria-label=bound(tr::dashboard::by_cluster)>
            <table class="data">
                <thead>
                    <tr>
                        <th scope="col">{tr::dashboard::cluster()}</th>
                        <th scope="col">{tr::dashboard::rounds()}</th>
                        <th scope="col" class="end">{tr::dashboard::tickets()}</th>
                        <th scope="col" class="end">{tr::dashboard::calls()}</th>
                        <th scope="col" class="end">{tr::dashboard::promises()}</th>
                        {money.then(|| view! { <th scope="col" class="end">{tr::dashboard::owed()}</th> })}
                    </tr>
                </thead>
                <tbody>
                    {clusters
                        .into_iter()
                        .map(|cluster| {
                            let all = cluster.calls_made + cluster.calls_left;
                            view! {
                                <tr>
                                    <th scope="row">
                                        {format!("{} {}", cluster.code, cluster.name)}
                                        <span class="soft small">" " {cluster.steward.clone()}</span>
                                    </th>
                                    <td>
                                        <RoundsToday rounds=cluster.rounds.clone()/>
                                    </td>
                                    <td class="end">
                                        <a href=format!("/office/tickets?cluster={}", cluster.cluster)>
                                            {cluster.open_tickets}
                                        </a>
                                        {(cluster.over > 0)
                                            .then(|| {
                                                view! {
                                                    " "
                                                    <span class="badge late">
                                                        {tr::dashboard::over_count(cluster.over)}
                                                    </span>
                                                }
                                            })}
                                    </td>
                                    <td class="end">{format!("{}/{all}", cluster.calls_made)}</td>
                                    <td class="end">{cluster.promises_due}</td>
                                    {money
                                        .then(|| {
                                            view! { <td class="end nowrap">{fmt::money_round(cluster.owed)}</td> }
                                        })}
                                </tr>
                            }
                        })
                        .collect_view()}
                </tbody>
            </table>
        </div>
    }
}

/// What runs or went wrong by name; what is as it should be as a number.
#[component]
fn RoundsToday(rounds: Vec<RoundLine>) -> impl IntoView {
    let (named, counts) = rounds_summary(&rounds);
    view! {
        <span class="row wrap tight">
            {named.into_iter().map(round_badge).collect_view()}
            {counts
                .into_iter()
                .map(|(state, count)| view! {
                    <span class=format!("badge {}", state_tone(state))>
                        {name_of("rounds", "state_", state)} " " {count}
                    </span>
                })
                .collect_view()}
        </span>
    }
}

fn round_badge(round: &RoundLine) -> impl IntoView + use<> {
    let text = match round.state.as_str() {
        "running" => format!("{} {}/{}", round.name, round.points_done, round.points),
        state => format!("{} {}", round.name, name_of("rounds", "state_", state)),
    };
    let class = format!("badge {}", state_tone(&round.state));
    let href = format!("/rounds/{}/record", round.id);
    if round.started.is_some() {
        view! { <a href=href class=class>{text}</a> }.into_any()
    } else {
        view! { <span class=class>{text}</span> }.into_any()
    }
}

#[component]
fn Happenings(rows: Vec<Happening>) -> impl IntoView {
    let app = use_app();
    let zone = app.zone();
    let homes = app.may(Right::ViewHouseholds);
    view! {
        <ul class="list happenings">
            {rows
                .into_iter()
                .map(|row| {
                    let verb = match row.reassigned {
                        true => tr::dashboard::did_tickets_reassign().to_owned(),
                        false => name_of("dashboard", "did_", &row.kind.replace('.', "_")),
                    };
                    // Two minutes apart: it was recorded without a network.
                    let late = row.received.since(row.at) > 120_000;
                    let verb = match row.kind.as_str() {
                        "rounds.record_briefing" => {
                            let href = format!("/office/briefings?date={}", zone.date(row.at));
                            view! { <a href=href>{verb}</a> }.into_any()
                        }
                        _ => view! { <span>{verb}</span> }.into_any(),
                    };
                    let times = if late {
                        tr::dashboard::offline_at(fmt::time(row.at, &zone), fmt::time(row.received, &zone))
                    } else {
                        fmt::time(row.at, &zone)
                    };
                    let href = object_href(row.ticket, row.round, row.unit.filter(|_| homes));
                    let about = match href {
                        Some(href) => view! { <a href=href>{row.about}</a> }.into_any(),
                        None => row.about.into_any(),
                    };
                    view! {
                        <li class="happening">
                            <span class="number soft">{times}</span>
                            <span>
                                <span class="strong">{row.by.clone()}</span> " " {verb} " " {about}
                                {matches!(row.outcome.as_str(), "conflict" | "refused")
                                    .then(|| {
                                        view! {
                                            " "
                                            <span class="badge late">
                                                {name_of("dashboard", "outcome_", &row.outcome)}
                                            </span>
                                        }
                                    })}
                            </span>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

#[component]
fn Devices(rows: Vec<DeviceLine>, now: domain::Ms) -> impl IntoView {
    view! {
        <ul class="list happenings">
            {rows
                .into_iter()
                .take(14)
                .map(|device| {
                    let tone = silence(&device, now);
                    let when = match device.last_sync {
                        Some(at) => fmt::ago(at, now),
                        None => tr::dashboard::never_synced().to_owned(),
                    };
                    view! {
                        <li class="happening">
                            <span class=format!("badge {tone}")>{when}</span>
                            <span class="clip">
                                <span class="strong">{device.user_name.clone()}</span> " "
                                <span class="soft small">{device.device_name.clone()}</span>
                            </span>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}
