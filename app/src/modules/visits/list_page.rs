//! Answers owed, visits made, households nobody has visited this half-year.

use chrono::NaiveDate;
use domain::id::{ClusterId, VisitId};
use domain::modules::RecordKind;
use domain::modules::households::Household;
use domain::modules::visits::{Visit, VisitResult, follow_up};
use domain::order;
use domain::{Ms, Right};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::answer_sheet::AnswerSheet;
use super::view_model::{Coverage, Unvisited, coverage, half_year_start, topic_name};
use crate::app_context::{App, use_app};
use crate::i18n::{fmt, tr};
use crate::modules::fees::call_list_page::{use_cluster, with_cluster};
use crate::modules::households::kit::{ClusterFilter, clusters_for, words};
use crate::modules::households::view_model::way_name;
use crate::reactive::{bound, derive, drawn, memo, written};
use crate::ui::{Button, ButtonLink, Empty, Glyph, Icon, Page, Progress, Show, ShowMore, Weight};

/// Visits shown below the answers owed.
const RECENT: usize = 30;
/// Unvisited households that are listed first, and that every further press adds.
const FIRST: usize = 20;
const STEP: usize = 100;

/// `/visits`
#[component]
pub fn VisitListPage() -> impl IntoView {
    let app = use_app();
    let cluster = use_cluster();
    let clusters = clusters_for(app, Right::RecordVisit);
    let go = use_navigate();
    let answering = RwSignal::new(None::<(VisitId, String)>);
    let may = app.may(Right::RecordVisit);
    // A row of the Today page names the visit whose answer is due: its sheet is open at once.
    let named = use_query_map().with_untracked(|query| query.get("visit"));
    if let Some(id) = named.and_then(|id| id.parse::<VisitId>().ok()) {
        answering.set(app.with_replica(|replica| {
            let visit = replica.get::<Visit>(id.0);
            follow_up::pending(visit.into_iter()).first().map(|owed| (id, about(owed.visit)))
        }));
    }
    view! {
        <Page title=words(tr::visits::title) back="/more">
            <ClusterFilter
                clusters=clusters
                value=cluster
                on_choose=Callback::new(move |id: Option<ClusterId>| {
                    let options =
                        NavigateOptions { replace: true, scroll: false, ..Default::default() };
                    go(&with_cluster("/visits", id), options);
                })
            />
            <FollowUps cluster=cluster answering=answering/>
            <CoverageCard cluster=cluster/>
            <Recent cluster=cluster/>
            {may.then(|| {
                view! {
                    <div class="action-bar">
                        <ButtonLink
                            text=words(tr::visits::new_title)
                            href="/visits/new?back=/visits"
                            icon=Icon::Talk
                            weight=Weight::Primary
                            large=true
                        />
                    </div>
                }
            })}
            <AnswerSheet visit=answering/>
        </Page>
    }
}

/// The visits of one cluster, or of all that the person sees.
fn of_cluster(cluster: Option<ClusterId>) -> impl Fn(&&Visit) -> bool {
    move |visit| cluster.is_none_or(|wanted| visit.cluster == wanted)
}

#[component]
fn FollowUps(
    cluster: Signal<Option<ClusterId>>,
    answering: RwSignal<Option<(VisitId, String)>>,
) -> impl IntoView {
    let app = use_app();
    let owed = app.query(&[RecordKind::Visit], move |replica| {
        let visits = replica.active::<Visit>().filter(of_cluster(cluster.get()));
        let pending = follow_up::pending(visits);
        pending.into_iter().map(|owed| (owed.visit.clone(), owed.by)).collect::<Vec<_>>()
    });
    view! {
        <section aria-labelledby="owed">
            <h2 class="section-title" id="owed">
                {written(tr::visits::owed)} <span class="number">{drawn(move || owed.with(Vec::len))}</span>
            </h2>
            {drawn(move || {
                if owed.with(Vec::is_empty) {
                    return view! { <p class="soft">{tr::visits::none_owed()}</p> }.into_any();
                }
                let rows = owed.get().into_iter().map(|(visit, by)| owed_line(app, visit, by, answering));
                view! { <ul class="list">{rows.collect_view()}</ul> }.into_any()
            })}
        </section>
    }
}

fn owed_line(
    app: App,
    visit: Visit,
    by: NaiveDate,
    answering: RwSignal<Option<(VisitId, String)>>,
) -> impl IntoView {
    let today = app.today().get();
    let late = by < today;
    let class = if late { "item no-lead late" } else { "item no-lead" };
    let badge = if late {
        let days = today.signed_duration_since(by).num_days();
        view! { <span class="badge late">{tr::visits::overdue(days)}</span> }
    } else {
        view! { <span class="badge soon">{tr::visits::answer_by(fmt::near_date(by, today))}</span> }
    };
    let may = app.may_in(Right::RecordVisit, visit.cluster);
    let about = about(&visit);
    let id = visit.id;
    view! {
        <li class=class>
            <span class="stack tight">
                <span class="title">{place(&visit)} <span>{visit.met.clone()}</span></span>
                <span class="note">{visit.note.clone()}</span>
                <span>{badge}</span>
            </span>
            {may.then(|| {
                view! {
                    <Button
                        text=words(tr::visits::answered)
                        on_press=Callback::new(move |()| answering.set(Some((id, about.clone()))))
                    />
                }
            })}
        </li>
    }
}

/// What a visit is called: where, and who was met.
fn about(visit: &Visit) -> String {
    format!("{} {}", visit.place, visit.met)
}

/// The place, leading to the household when it is one.
fn place(visit: &Visit) -> AnyView {
    let label = visit.place.clone();
    match visit.unit {
        Some(unit) => {
            view! { <a href=format!("/households/{unit}") class="number">{label}</a> }.into_any()
        }
        None => view! { <span>{label}</span> }.into_any(),
    }
}

#[component]
fn Recent(cluster: Signal<Option<ClusterId>>) -> impl IntoView {
    let app = use_app();
    let recent = app.query(&[RecordKind::Visit], move |replica| {
        let mut visits: Vec<&Visit> =
            replica.iter::<Visit>().filter(of_cluster(cluster.get())).collect();
        order::sort_by_key(&mut visits, |visit| std::cmp::Reverse((visit.at, visit.id)));
        visits.into_iter().take(RECENT).cloned().collect::<Vec<_>>()
    });
    view! {
        <section aria-labelledby="recent">
            <h2 class="section-title" id="recent">{written(tr::visits::recent)}</h2>
            {drawn(move || {
                if recent.with(Vec::is_empty) {
                    return view! {
                        <Empty
                            icon=Icon::Talk
                            title=words(tr::visits::empty)
                            note=words(tr::visits::empty_note)
                        />
                    }
                        .into_any();
                }
                let rows = recent.get().into_iter().map(|visit| recent_line(app, visit));
                view! { <ul class="list visit-list">{rows.collect_view()}</ul> }.into_any()
            })}
        </section>
    }
}

fn recent_line(app: App, visit: Visit) -> impl IntoView {
    let at = visit.at;
    let topics: Vec<String> = visit.topics.iter().map(|t| topic_name(*t).to_owned()).collect();
    let photos = visit.attachments.clone();
    let outcome = match &visit.result {
        VisitResult::Answered => Some(("badge ok", tr::visits::result_answered().to_owned())),
        VisitResult::Forwarded { .. } => Some(("badge", tr::visits::result_forwarded().to_owned())),
        VisitResult::Promised { .. } if !visit.answers.is_empty() => {
            Some(("badge ok", tr::visits::answered_them().to_owned()))
        }
        VisitResult::Promised { by } => Some(("badge soon", tr::visits::answer_by(fmt::day(*by)))),
        VisitResult::Nothing => None,
    };
    let ticket = match visit.result {
        VisitResult::Forwarded { ticket } => Some(format!("/tickets/{ticket}")),
        _ => None,
    };
    let words = [way_name(visit.way).to_owned(), fmt::list(&topics), visit.note.clone()];
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    view! {
        <li class="item no-lead">
            <span class="stack tight">
                <span class="title">{place(&visit)} <span>{visit.met.clone()}</span></span>
                <span class="note">{words.join(" · ")}</span>
                <span class="note">
                    {drawn(move || fmt::moment(at, app.now().get(), &app.zone()))} " · " {visit.by_name.clone()}
                    {(!photos.is_empty())
                        .then(|| {
                            let total = photos.len();
                            view! { " · " {drawn(move || tr::common::photos_arrived(app.arrived(&photos), total))} }
                        })}
                </span>
            </span>
            <span class="trail">
                {outcome
                    .map(|(class, text)| match ticket {
                        Some(href) => view! { <a href=href class=class>{text}</a> }.into_any(),
                        None => view! { <span class=class>{text}</span> }.into_any(),
                    })}
            </span>
        </li>
    }
}

/// How many occupied households were visited in this half-year, and which were not.
#[component]
fn CoverageCard(cluster: Signal<Option<ClusterId>>) -> impl IntoView {
    let app = use_app();
    let today = app.today();
    let found = app.query(
        &[RecordKind::Household, RecordKind::Visit, RecordKind::Settings],
        move |replica| {
            let own = cluster.get();
            let mine = |id: ClusterId| {
                own.is_none_or(|wanted| wanted == id)
                    && replica.actor().may_in(Right::RecordVisit, id)
            };
            coverage(
                replica.iter::<Household>().filter(|household| mine(household.cluster)),
                replica.iter::<Visit>(),
                half_year_start(today.get()),
                &replica.settings().zone,
            )
        },
    );
    let done = memo(move || found.with(|found: &Coverage| found.visited));
    let total = memo(move || found.with(|found| found.occupied));
    let missing = memo(move || found.with(|found| found.missing.len()));
    let words_of = derive(move || tr::visits::coverage(done.get(), total.get()));
    let shown = RwSignal::new(false);
    let listed = RwSignal::new(FIRST);
    view! {
        <Show when=move || total.get() != 0>
            <section class="card" aria-labelledby="coverage">
                <header>
                    <h2 id="coverage">{written(tr::visits::coverage_title)}</h2>
                    <span class="strong number">{drawn(move || format!("{}/{}", done.get(), total.get()))}</span>
                </header>
                <Progress done=done total=total label=words_of/>
                <p class="soft small">
                    {drawn(move || tr::visits::coverage_since(fmt::day(half_year_start(today.get()))))}
                </p>
                <Show when=move || missing.get() != 0>
                    <button
                        type="button"
                        class="button block"
                        aria-expanded=bound(move || shown.get().to_string())
                        on:click=move |_| shown.update(|shown| *shown = !*shown)
                    >
                        <Glyph icon=Icon::Down/>
                        <span>{drawn(move || tr::visits::not_visited(missing.get()))}</span>
                    </button>
                    <Show when=move || shown.get()>
                        <div class="list visit-list">
                            {drawn(move || {
                                let rows = found.with(|f| f.missing.iter().take(listed.get()).cloned().collect::<Vec<_>>());
                                rows.into_iter().map(|row| unvisited_line(app, row)).collect_view()
                            })}
                        </div>
                        <ShowMore total=missing shown=listed step=STEP/>
                    </Show>
                </Show>
            </section>
        </Show>
    }
}

fn unvisited_line(app: App, row: Unvisited) -> impl IntoView {
    let last = move |at: Option<Ms>| match at {
        Some(at) => tr::visits::last_time(fmt::moment(at, app.now().get(), &app.zone())),
        None => tr::households::never_visited().to_owned(),
    };
    view! {
        <a href=format!("/visits/new?unit={}&back=/visits", row.unit) class="item no-lead">
            <span class="title">
                <span class="number">{row.label}</span>
                <span class="clip">{row.name}</span>
            </span>
            <span class="trail note">{drawn(move || last(row.last))}</span>
        </a>
    }
}
