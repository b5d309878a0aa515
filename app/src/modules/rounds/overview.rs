//! A due round before its first step: when, where, which points.

use domain::id::RoundId;
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::modules::rounds::due::{DueRound, concerns};
use domain::modules::rounds::{RoundTemplate, Schedule, StartRound};
use domain::time::DAY;
use domain::{Ms, Refusal, Right};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::round_page::Unknown;
use super::view_model::duties::{current_template, due_by_id, window_text};
use super::words::{self, say};
use crate::app_context::use_app;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{derive, drawn};
use crate::ui::{Button, Icon, Notice, Page, Weight};

/// Why a round cannot be begun here and now; `None` when it can.
fn obstacle(due: &DueRound, has_template: bool, is_mine: bool, now: Ms) -> Option<&'static str> {
    if !is_mine {
        Some(tr::rounds::not_your_duty())
    } else if !has_template {
        Some(tr::rounds::template_retired())
    } else if due.window.0.since(now) > DAY {
        // The rules let a phone with a wrong clock begin up to a day early, and no earlier.
        Some(tr::rounds::too_early())
    } else {
        None
    }
}

#[component]
pub fn Overview(id: RoundId) -> impl IntoView {
    let app = use_app();
    let due = app.query(&[RecordKind::Schedule], move |replica| {
        let today = app.today().get();
        due_by_id(&mut replica.iter::<Schedule>(), replica.settings(), today, id)
    });
    let template = app.query(&[RecordKind::RoundTemplate], move |replica| {
        let wanted = due.with(|due| due.as_ref().map(|due| due.template))?;
        current_template(&mut replica.iter::<RoundTemplate>(), wanted).cloned()
    });
    let cluster = app.query(&[RecordKind::Cluster], move |replica| {
        let cluster = due.with(|due| due.as_ref().map(|due| due.cluster))?;
        let cluster = replica.get::<Cluster>(cluster.0)?;
        Some(format!("{} {}", cluster.code, cluster.name))
    });
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let start = move |due: DueRound, version: u32| {
        busy.set(true);
        let command = StartRound {
            round: due.id,
            cluster: due.cluster,
            schedule: Some(due.schedule),
            date: due.date,
            slot: due.slot,
            template: due.template,
            version,
        };
        spawn_local(async move {
            // Once it is recorded the page shows the walk by itself.
            let result = app.send(vec![command.into()], Vec::new(), None).await;
            busy.try_set(false);
            problem.try_set(result.err());
        });
    };
    drawn(move || {
        let Some(due) = due.get() else { return view! { <Unknown/> }.into_any() };
        let points = template.with(|t| t.as_ref().map_or(Vec::new(), |t| t.points.clone()));
        let version = template.with(|template| template.as_ref().map(|template| template.version));
        let is_mine = concerns(&due, &app.actor()) && app.may_in(Right::WalkRound, due.cluster);
        let title = due.name.clone();
        let when = {
            let window = due.window;
            move || window_text(window, app.today().get(), &app.zone())
        };
        let list = points
            .iter()
            .enumerate()
            .map(|(index, point)| {
                let safety = point.items.iter().any(|item| item.safety);
                view! {
                    <li class="item">
                        <span class="lead">{words::circled(index)}</span>
                        <span>
                            <span class="title">{point.name.clone()}</span>
                            <span class="note">{tr::rounds::items_count(point.items.len())}</span>
                        </span>
                        <span class="trail">
                            {safety.then(|| view! {
                                <span class="badge soon">{tr::rounds::safety()}</span>
                            })}
                        </span>
                    </li>
                }
            })
            .collect_view();
        let pressed = due.clone();
        let has_template = version.is_some();
        let why = derive(move || obstacle(&due, has_template, is_mine, app.now().get()));
        view! {
            <Page title=title back="/rounds">
                <dl class="facts card">
                    <dt>{tr::rounds::window()}</dt>
                    <dd class="number">{when}</dd>
                    <dt>{tr::rounds::cluster()}</dt>
                    <dd>{cluster}</dd>
                    <dt>{tr::rounds::points()}</dt>
                    <dd class="number">{points.len()}</dd>
                </dl>
                {drawn(move || problem.get().map(|refusal| view! {
                    <Notice tone="late" text=error_text(&refusal)/>
                }))}
                <section>
                    <h2 class="section-title">{tr::rounds::points()}</h2>
                    <ol class="list">{list}</ol>
                </section>
                {drawn(move || match (why.get(), version) {
                    (None, Some(version)) => {
                        let pressed = pressed.clone();
                        view! {
                            <div class="action-bar">
                                <Button
                                    text=say(tr::rounds::start)
                                    weight=Weight::Primary
                                    large=true
                                    icon=Icon::Play
                                    busy=busy
                                    on_press=move |()| start(pressed.clone(), version)
                                />
                            </div>
                        }
                        .into_any()
                    }
                    (why, _) => view! {
                        <Notice tone="soon" text=why.unwrap_or_default().to_owned()/>
                    }
                    .into_any(),
                })}
            </Page>
        }
        .into_any()
    })
}
