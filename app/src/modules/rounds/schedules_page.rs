//! Schedules of rounds, cluster by cluster.

use std::collections::BTreeMap;

use domain::Right;
use domain::id::{ClusterId, ScheduleId};
use domain::modules::RecordKind;
use domain::modules::accounts::User;
use domain::modules::households::Cluster;
use domain::modules::rounds::{RoundTemplate, Schedule};
use domain::order;
use leptos::prelude::*;

use super::schedule_sheet::{EndSchedule, ScheduleSheet};
use super::view_model::duties::newest;
use super::words::{self, say};
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::{drawn, memo};
use crate::ui::{Button, ButtonLink, Check, Empty, Icon, Page, Skeleton, Weight};

/// One schedule as a line.
#[derive(Clone, PartialEq)]
struct Line {
    schedule: Schedule,
    person: Option<String>,
    template: String,
    /// Its template was retired: nothing can be started from it.
    retired: bool,
    ended: bool,
}

/// What is being edited: nothing, a new one, or one of the list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Editing {
    Nothing,
    New(Option<ClusterId>),
    Known(ScheduleId),
}

/// `/office/schedules`.
#[component]
pub fn SchedulesPage() -> impl IntoView {
    let app = use_app();
    let editing = RwSignal::new(Editing::Nothing);
    let ending = RwSignal::new(None::<Schedule>);
    let with_ended = RwSignal::new(false);
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let mut list: Vec<Cluster> = replica.iter::<Cluster>().cloned().collect();
        order::sort_by(&mut list, |a, b| a.code.cmp(&b.code));
        list
    });
    let kinds = [RecordKind::Schedule, RecordKind::RoundTemplate, RecordKind::User];
    let lines = app.query(&kinds, move |replica| {
        let today = app.today().get();
        let mut lines: BTreeMap<ClusterId, Vec<Line>> = BTreeMap::new();
        for schedule in replica.iter::<Schedule>() {
            let template = newest(&mut replica.iter::<RoundTemplate>(), schedule.template);
            let person = schedule.person.and_then(|id| replica.get::<User>(id.0));
            lines.entry(schedule.cluster).or_default().push(Line {
                person: person.map(|user| user.name.clone()),
                template: template.map_or(String::new(), |template| template.name.clone()),
                retired: template.is_some_and(|template| template.retired),
                ended: schedule.ends.is_some_and(|ends| ends < today),
                schedule: schedule.clone(),
            });
        }
        for own in lines.values_mut() {
            order::sort_by(own, |a, b| {
                let key = |line: &Line| (line.ended, line.schedule.windows.first().copied());
                key(a).cmp(&key(b)).then_with(|| a.schedule.name.cmp(&b.schedule.name))
            });
        }
        lines
    });
    let may_edit = memo(move || app.may(Right::EditSchedules));
    let group = move |cluster: Cluster| {
        let own = lines.with(|lines| lines.get(&cluster.id).cloned().unwrap_or_default());
        let shown: Vec<Line> =
            own.into_iter().filter(|line| with_ended.get() || !line.ended).collect();
        let title = format!("{} {}", cluster.code, cluster.name);
        let label = tr::rounds::add_schedule_in(&cluster.code);
        view! {
            <section class="stack tight">
                <div class="row">
                    <h2 class="grow">{title}</h2>
                    {may_edit.get().then(|| view! {
                        <Button
                            text=label.clone()
                            icon=Icon::Plus
                            weight=Weight::Quiet
                            on_press=move |()| editing.set(Editing::New(Some(cluster.id)))
                        />
                    })}
                </div>
                {if shown.is_empty() {
                    view! { <p class="soft">{tr::rounds::no_schedules_here()}</p> }.into_any()
                } else {
                    view! {
                        <ul class="list inset">
                            {shown.into_iter().map(|line| view! {
                                <li><ScheduleRow line=line editing=editing ending=ending may_edit=may_edit/></li>
                            }).collect_view()}
                        </ul>
                    }
                    .into_any()
                }}
            </section>
        }
        .into_any()
    };
    view! {
        <Page title=say(tr::rounds::schedules)>
            <div class="toolbar">
                {drawn(move || may_edit.get().then(|| view! {
                    <Button
                        text=say(tr::rounds::new_schedule)
                        icon=Icon::Plus
                        weight=Weight::Primary
                        on_press=move |()| editing.set(Editing::New(None))
                    />
                }))}
                <ButtonLink
                    text=say(tr::rounds::checkpoints)
                    href="/office/checkpoints"
                    icon=Icon::Code
                />
                <Check
                    label=say(tr::rounds::with_ended)
                    checked=with_ended
                    on_change=move |on| with_ended.set(on)
                />
            </div>
            {drawn(move || {
                let clusters = clusters.get();
                if clusters.is_empty() {
                    if app.status().with(|status| status.first_sync) {
                        return view! { <Skeleton/> }.into_any();
                    }
                    return view! {
                        <Empty
                            icon=Icon::Calendar
                            title=say(tr::rounds::no_cluster)
                            note=say(tr::rounds::no_cluster_note)
                        />
                    }
                    .into_any();
                }
                clusters.into_iter().map(group).collect_view().into_any()
            })}
        </Page>
        <ScheduleSheet editing=editing/>
        <EndSchedule ending=ending/>
    }
}

#[component]
fn ScheduleRow(
    line: Line,
    editing: RwSignal<Editing>,
    ending: RwSignal<Option<Schedule>>,
    may_edit: Memo<bool>,
) -> impl IntoView {
    let app = use_app();
    let schedule = line.schedule.clone();
    let person = line.person.clone();
    let summary = {
        let schedule = schedule.clone();
        move || {
            words::schedule(
                &schedule.recurrence,
                &schedule.windows,
                schedule.role,
                person.as_deref(),
            )
        }
    };
    let span = {
        let (starts, ends) = (schedule.starts, schedule.ends);
        move || {
            let today = app.today().get();
            match ends {
                Some(ends) if ends < today => tr::rounds::ended_on(fmt::full_date(ends)),
                Some(ends) => tr::rounds::until(fmt::full_date(ends)),
                None if starts > today => tr::rounds::from(fmt::full_date(starts)),
                None => String::new(),
            }
        }
    };
    let (id, name) = (schedule.id, schedule.name.clone());
    let ended = line.ended;
    let retired = line.retired;
    view! {
        <div class="item no-lead">
            <span class="schedule-text">
                <span class="title">
                    {name.clone()}
                    {ended.then(|| view! { <span class="badge">{tr::rounds::ended()}</span> })}
                    {(retired && !ended).then(|| view! {
                        <span class="badge late">{tr::rounds::template_is_retired()}</span>
                    })}
                </span>
                <span class="note">{summary}</span>
                <span class="note">{line.template.clone()} " " {span}</span>
            </span>
            <span class="row">
                {drawn(move || (may_edit.get() && !ended).then(|| {
                    let (schedule, name) = (schedule.clone(), name.clone());
                    view! {
                        <button
                            type="button"
                            class="button small"
                            aria-label=tr::rounds::edit_named(&name)
                            on:click=move |_| editing.set(Editing::Known(id))
                        >
                            {tr::common::edit()}
                        </button>
                        <button
                            type="button"
                            class="button small quiet"
                            aria-label=tr::rounds::end_named(&name)
                            on:click=move |_| ending.set(Some(schedule.clone()))
                        >
                            {tr::rounds::end_schedule()}
                        </button>
                    }
                }))}
            </span>
        </div>
    }
}
