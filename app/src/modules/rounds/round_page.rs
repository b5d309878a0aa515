//! One round: what it will be, the walk, and where its record is.

use domain::id::RoundId;
use domain::modules::RecordKind;
use domain::modules::rounds::{Round, RoundTemplate, Schedule, next_point};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use super::finish::FinishForm;
use super::overview::Overview;
use super::point_page::PointPage;
use super::point_sheet::PointSheet;
use super::view_model::duties::due_by_id;
use super::words::say;
use crate::app_context::use_app;
use crate::i18n::tr;
use crate::modules::tickets::view_model::link::address;
use crate::reactive::{derive, drawn, memo};
use crate::ui::{Button, ButtonLink, Empty, Icon, Notice, Page, Progress, Sheet, Skeleton, Weight};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unknown,
    Due,
    Running,
    Finished,
}

/// `/rounds/:id`, whether the round was begun or is only due.
#[component]
pub fn RoundPage() -> impl IntoView {
    let app = use_app();
    let params = use_params_map();
    let id = memo(move || {
        params.with(|params| params.get("id")).and_then(|id| id.parse::<RoundId>().ok())
    });
    let kinds = [RecordKind::Round, RecordKind::Schedule];
    let stage = app.query(&kinds, move |replica| {
        let Some(id) = id.get() else { return Stage::Unknown };
        if let Some(round) = replica.get::<Round>(id.0) {
            return if round.finished.is_some() { Stage::Finished } else { Stage::Running };
        }
        let today = app.today().get();
        let due = due_by_id(&mut replica.iter::<Schedule>(), replica.settings(), today, id);
        if due.is_some() { Stage::Due } else { Stage::Unknown }
    });
    drawn(move || match (stage.get(), id.get()) {
        (Stage::Due, Some(id)) => view! { <Overview id=id/> }.into_any(),
        (Stage::Running, Some(id)) => view! { <Walk id=id/> }.into_any(),
        (Stage::Finished, Some(id)) => view! { <Finished id=id/> }.into_any(),
        _ => view! { <Unknown/> }.into_any(),
    })
}

/// Not here: not yet, or not for this person.
#[component]
pub fn Unknown() -> impl IntoView {
    let app = use_app();
    view! {
        <Page title=say(tr::rounds::round) back="/rounds">
            {drawn(move || {
                if app.status().with(|status| status.first_sync) {
                    return view! { <Skeleton/> }.into_any();
                }
                view! {
                    <Empty
                        icon=Icon::Rounds
                        title=say(tr::rounds::round_unknown)
                        note=say(tr::rounds::round_unknown_note)
                    >
                        <ButtonLink text=say(tr::rounds::to_rounds) href="/rounds"/>
                    </Empty>
                }
                .into_any()
            })}
        </Page>
    }
}

#[component]
fn Finished(id: RoundId) -> impl IntoView {
    view! {
        <Page title=say(tr::rounds::round) back="/rounds">
            <Empty
                icon=Icon::CheckCircle
                title=say(tr::rounds::round_finished)
                note=say(tr::rounds::round_finished_note)
            >
                <ButtonLink
                    text=say(tr::rounds::show_record)
                    href=format!("/rounds/{id}/record")
                    weight=Weight::Primary
                />
            </Empty>
        </Page>
    }
}

/// A code that was scanned while another point was shown: it confirms the point that is opened next.
#[derive(Clone, Copy)]
pub struct Carried(pub RwSignal<Option<(String, String)>>);

/// Point by point, until every one has a result.
#[component]
fn Walk(id: RoundId) -> impl IntoView {
    let app = use_app();
    let navigate = use_navigate();
    let query = use_query_map();
    let round = app.query(&[RecordKind::Round], move |replica| replica.get::<Round>(id.0).cloned());
    let template = app.query(&[RecordKind::Round, RecordKind::RoundTemplate], move |replica| {
        let round = replica.get::<Round>(id.0)?;
        let version = RoundTemplate::id_of(round.template, round.version);
        replica.get::<RoundTemplate>(version).cloned()
    });
    let current = memo(move || {
        let template = template.get()?;
        let chosen = query.with(|query| query.get("point"));
        let chosen = chosen.filter(|code| template.point(code).is_some());
        chosen.or_else(|| {
            round.with(|round| Some(next_point(&template, round.as_ref()?)?.code.clone()))
        })
    });
    // The address names the point, so that a reload comes back to it.
    let go = Callback::new(move |point: Option<String>| {
        let to = address(&format!("/rounds/{id}"), &[("point", &point.unwrap_or_default())]);
        navigate(&to, NavigateOptions { replace: true, ..NavigateOptions::default() });
    });
    provide_context(Carried(RwSignal::new(None)));
    let list_open = RwSignal::new(false);
    let finish_open = RwSignal::new(false);
    let done = memo(move || round.with(|r| r.as_ref().map_or(0, Round::points_done)));
    let total = memo(move || template.with(|t| t.as_ref().map_or(0, |t| t.points.len())));
    let title =
        derive(move || round.with(|r| r.as_ref().map_or(String::new(), |r| r.name.clone())));
    let progress = derive(move || tr::rounds::progress(done.get(), total.get()));
    let alone = move || {
        let me = app.actor().user;
        round.with(|round| {
            let other = round.as_ref().filter(|round| round.by != me)?;
            Some(tr::rounds::walks_too(&other.by_name))
        })
    };
    view! {
        <Page title=title subtitle=progress back="/rounds" bare=true>
            <div class="round-head">
                <Progress done=done total=total label=progress/>
                <Button
                    text=say(tr::rounds::points_list)
                    icon=Icon::Rounds
                    weight=Weight::Quiet
                    on_press=move |()| list_open.set(true)
                />
            </div>
            {drawn(move || alone().map(|text| view! { <Notice tone="soon" text=text/> }))}
            {drawn(move || match (current.get(), template.with(Option::is_some)) {
                (_, false) => view! {
                    <Notice tone="soon" text=say(tr::rounds::template_missing)/>
                }
                .into_any(),
                (Some(point), true) => view! {
                    <PointPage id=id point=point round=round template=template go=go/>
                }
                .into_any(),
                (None, true) => view! {
                    <section class="stack">
                        <Notice tone="ok" text=say(tr::rounds::all_points_done)/>
                        <FinishForm id=id round=round template=template/>
                    </section>
                }
                .into_any(),
            })}
        </Page>
        <PointSheet
            open=list_open
            round=round
            template=template
            current=current
            on_choose=move |point: String| {
                list_open.set(false);
                go.run(Some(point));
            }
            on_finish=move |()| {
                list_open.set(false);
                finish_open.set(true);
            }
        />
        <Sheet
            open=finish_open
            title=say(tr::rounds::finish)
            on_close=move |()| finish_open.set(false)
        >
            <FinishForm id=id round=round template=template/>
        </Sheet>
    }
}
