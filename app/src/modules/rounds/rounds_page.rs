//! My rounds: running, due now, missed, coming; and the records of the last 30 days.

use std::collections::BTreeMap;

use domain::Right;
use domain::id::TemplateId;
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::modules::rounds::{Round, RoundTemplate, Schedule};
use domain::order;
use domain::time::DAY;
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::extra_round::ExtraRound;
use super::view_model::duties::{self, Duty, Looking, Shelf, duties, window_text};
use super::words::{self, after_paint, say};
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::{derive, drawn, memo};
use crate::ui::{Button, Choice, Empty, Icon, Page, Segmented, Skeleton};

/// How long records are listed.
const RECORD_DAYS: i64 = 30;

/// A walked round as a line.
#[derive(Clone, PartialEq)]
struct RecordLine {
    href: String,
    name: String,
    note: String,
    state: &'static str,
    flags: usize,
    tickets: usize,
}

fn shelf_title(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Running => tr::rounds::shelf_running(),
        Shelf::Now => tr::rounds::shelf_now(),
        Shelf::Missed => tr::rounds::shelf_missed(),
        Shelf::Later => tr::rounds::shelf_later(),
        Shelf::Done => tr::rounds::shelf_done(),
    }
}

/// `/rounds`; `?shelf=records` shows the records.
#[component]
pub fn RoundsPage() -> impl IntoView {
    let app = use_app();
    let navigate = use_navigate();
    let query = use_query_map();
    let on_records =
        memo(move || query.with(|query| query.get("shelf").as_deref() == Some("records")));
    let extra = RwSignal::new(false);
    let choose = move |shelf: String| {
        let address = if shelf == "records" { "/rounds?shelf=records" } else { "/rounds" };
        navigate(address, leptos_router::NavigateOptions { replace: true, ..Default::default() });
    };
    view! {
        <Page title=say(tr::rounds::rounds)>
            <Segmented
                label=say(tr::rounds::rounds)
                choices=derive(|| vec![
                    Choice::new("due", tr::rounds::tab_due()),
                    Choice::new("records", tr::rounds::tab_records()),
                ])
                value=derive(move || {
                    Some(if on_records.get() { "records" } else { "due" }.to_owned())
                })
                on_choose=choose
            />
            {drawn(move || if on_records.get() {
                view! { <Records/> }.into_any()
            } else {
                view! { <DueList/> }.into_any()
            })}
            {drawn(move || (app.may(Right::WalkRound) && !app.actor().walks_duties_only()).then(|| view! {
                <div class="action-bar">
                    <Button
                        text=say(tr::rounds::extra_round)
                        icon=Icon::Plus
                        large=true
                        on_press=move |()| extra.set(true)
                    />
                </div>
            }))}
        </Page>
        <ExtraRound open=extra/>
    }
}

#[component]
fn DueList() -> impl IntoView {
    let app = use_app();
    let kinds = [RecordKind::Schedule, RecordKind::Round, RecordKind::RoundTemplate];
    let list = app.query(&kinds, move |replica| {
        let looking = Looking {
            actor: replica.actor(),
            settings: replica.settings(),
            now: app.now().get(),
            synced: app.status().with(|status| status.last_sync),
        };
        let points = |template: TemplateId| {
            let all = &mut replica.iter::<RoundTemplate>();
            let current = duties::current_template(all, template);
            current.map_or(0, |t| u32::try_from(t.points.len()).unwrap_or(u32::MAX))
        };
        let days = (duties::DAYS_BACK, duties::DAYS_AHEAD);
        let round = |id: domain::id::RoundId| replica.get::<Round>(id.0);
        let mut list = duties(&looking, &mut replica.iter::<Schedule>(), &round, &points, days);
        order::sort_by_key(&mut list, Duty::shelf);
        list
    });
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let name = |cluster: &Cluster| (cluster.id, format!("{} {}", cluster.code, cluster.name));
        order::map_of(replica.iter::<Cluster>().map(name))
    });
    let painted = after_paint();
    // Rounds without a schedule have no id that could be derived: all have to be looked at.
    let running = app.query(&[RecordKind::Round], move |replica| {
        if !painted.get() {
            return Vec::new();
        }
        let me = replica.actor().user;
        let own = replica.active::<Round>().filter(|round| {
            round.schedule.is_none() && round.finished.is_none() && round.is_walked_by(me)
        });
        let mut own: Vec<_> = own
            .map(|round| {
                let progress = tr::rounds::progress(round.points_done(), round.points);
                (round.started, round.id, round.name.clone(), progress)
            })
            .collect();
        order::sort_by_key(&mut own, |(started, ..)| *started);
        own
    });
    let shelves = move |list: &[Duty], wanted: &[Shelf]| {
        // Whoever has one cluster never has to be told which.
        let first = list.first().map(|duty| duty.due.cluster);
        let one = list.iter().all(|duty| Some(duty.due.cluster) == first);
        let names = if one { BTreeMap::new() } else { clusters.get() };
        let shelf = |shelf: &Shelf| {
            let rows: Vec<Duty> =
                list.iter().filter(|duty| duty.shelf() == *shelf).cloned().collect();
            (!rows.is_empty()).then(|| {
                view! {
                    <section>
                        <h2 class="section-title">
                            {shelf_title(*shelf)}
                            <span class="number">{rows.len()}</span>
                        </h2>
                        <ul class="list">
                            {rows
                                .into_iter()
                                .map(|duty| {
                                    let cluster = names.get(&duty.due.cluster).cloned();
                                    view! { <li><DutyRow duty=duty cluster=cluster/></li> }
                                })
                                .collect_view()}
                        </ul>
                    </section>
                }
            })
        };
        wanted.iter().filter_map(shelf).collect_view()
    };
    view! {
        {drawn(move || {
            let running = running.get();
            (!running.is_empty()).then(|| view! {
                <section>
                    <h2 class="section-title">{tr::rounds::shelf_extra()}</h2>
                    <ul class="list">
                        {running
                            .into_iter()
                            .map(|(_, id, name, progress)| view! {
                                <li>
                                    <a href=format!("/rounds/{id}") class="item no-lead">
                                        <span>
                                            <span class="title">{name}</span>
                                            <span class="note number">{progress}</span>
                                        </span>
                                        <span class="badge soon">{words::state("running")}</span>
                                    </a>
                                </li>
                            })
                            .collect_view()}
                    </ul>
                </section>
            })
        })}
        {drawn(move || {
            let list = list.get();
            if list.is_empty() {
                if app.status().with(|status| status.first_sync) {
                    return view! { <Skeleton/> }.into_any();
                }
                return view! {
                    <Empty
                        icon=Icon::Rounds
                        title=say(tr::rounds::no_rounds)
                        note=say(tr::rounds::no_rounds_note)
                    />
                }
                .into_any();
            }
            shelves(&list, &[Shelf::Running, Shelf::Now, Shelf::Missed]).into_any()
        })}
        {drawn(move || {
            // Below what is to be done, and long: the tap is answered before it is drawn.
            painted.get().then(|| list.with(|list| shelves(list, &[Shelf::Later, Shelf::Done])))
        })}
    }
}

/// One due round, one tap from its page.
#[component]
pub fn DutyRow(duty: Duty, cluster: Option<String>) -> impl IntoView {
    let app = use_app();
    let finished = duty.shelf() == Shelf::Done;
    let href = match finished {
        true => format!("/rounds/{}/record", duty.due.id),
        false => format!("/rounds/{}", duty.due.id),
    };
    let name = duty.state.name();
    let class = match duty.shelf() {
        Shelf::Missed => "item no-lead late",
        Shelf::Now | Shelf::Running => "item no-lead soon",
        _ => "item no-lead",
    };
    let window = duty.due.window;
    let note = move || {
        let when = window_text(window, app.today().get(), &app.zone());
        // Letter and name stay on one line.
        let named = |name: String| format!(" · {}", name.replace(' ', "\u{a0}"));
        let cluster = cluster.clone().map_or(String::new(), named);
        let points = if duty.by.is_some() {
            tr::rounds::progress(duty.done, duty.points)
        } else {
            tr::rounds::points_count(duty.points)
        };
        format!("{when}{cluster} · {points}")
    };
    view! {
        <a href=href class=class>
            <span>
                <span class="title">{duty.due.name.clone()}</span>
                <span class="note number">{drawn(note)}</span>
            </span>
            <span class="trail">
                <span class=format!("badge {}", words::state_tone(name))>
                    {drawn(move || words::state(name))}
                </span>
            </span>
        </a>
    }
}

#[component]
fn Records() -> impl IntoView {
    let app = use_app();
    let painted = after_paint();
    let lines = app.query(&[RecordKind::Round], move |replica| {
        if !painted.get() {
            return None;
        }
        let (now, zone) = (app.now().get_untracked(), &replica.settings().zone);
        let recent = |round: &&Round| now.since(round.started) < RECORD_DAYS * DAY;
        let mut rounds: Vec<&Round> = replica.iter::<Round>().filter(recent).collect();
        order::sort_by_key(&mut rounds, |round| (std::cmp::Reverse(round.started), round.id));
        let line = |round: &&Round| RecordLine {
            href: format!("/rounds/{}/record", round.id),
            name: round.name.clone(),
            note: format!(
                "{} · {} · {}",
                fmt::moment(round.started, now, zone),
                round.by_name,
                tr::rounds::progress(round.points_done(), round.points)
            ),
            state: match (round.finished, round.late) {
                (None, _) => "running",
                (Some(_), true) => "done_late",
                (Some(_), false) => "done",
            },
            flags: round.results.iter().filter(|result| !result.flags.is_empty()).count(),
            tickets: round.tickets().count(),
        };
        Some(rounds.iter().map(line).collect::<Vec<_>>())
    });
    drawn(move || {
        match lines.get() {
        None => view! { <Skeleton rows=6/> }.into_any(),
        Some(lines) if lines.is_empty() => view! {
            <Empty
                icon=Icon::Rounds
                title=say(tr::rounds::no_records)
                note=say(tr::rounds::no_records_note)
            />
        }
        .into_any(),
        Some(lines) => view! {
            <ul class="list records">
                {lines
                    .into_iter()
                    .map(|line| view! {
                        <li>
                            <a href=line.href class="item no-lead">
                                <span>
                                    <span class="title">{line.name}</span>
                                    <span class="note number">{line.note}</span>
                                </span>
                                <span class="trail">
                                    <span class=format!("badge {}", words::state_tone(line.state))>
                                        {words::state(line.state)}
                                    </span>
                                    {(line.tickets > 0).then(|| view! {
                                        <span class="note">{tr::rounds::tickets_count(line.tickets)}</span>
                                    })}
                                    {(line.flags > 0).then(|| view! {
                                        <span class="note">{tr::rounds::flags_count(line.flags)}</span>
                                    })}
                                </span>
                            </a>
                        </li>
                    })
                    .collect_view()}
            </ul>
        }
        .into_any(),
    }
    })
}
