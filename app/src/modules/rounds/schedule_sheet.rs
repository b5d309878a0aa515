//! A schedule being made or changed, or brought to its end.

use domain::id::{ScheduleId, UserId};
use domain::modules::RecordKind;
use domain::modules::accounts::User;
use domain::modules::households::Cluster;
use domain::modules::rounds::{RoundTemplate, Schedule};
use domain::order;
use domain::{Refusal, Right, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::schedules_page::Editing;
use super::view_model::schedule_form::{EVERY, ScheduleForm, ended, walking_roles};
use super::words::{self, say};
use crate::app_context::{use_app, use_draft};
use crate::error_text::error_text;
use crate::i18n::{name_of, tr};
use crate::reactive::{derive, drawn, memo, written};
use crate::ui::{
    Button, Check, Icon, IconButton, Notice, Select, Sheet, TextField, Weight, role_name,
    use_toasts,
};

#[component]
pub fn ScheduleSheet(editing: RwSignal<Editing>) -> impl IntoView {
    let title = derive(move || match editing.get() {
        Editing::Known(_) => tr::rounds::change_schedule().to_owned(),
        _ => tr::rounds::new_schedule().to_owned(),
    });
    view! {
        <Sheet
            open=derive(move || editing.get() != Editing::Nothing)
            title=title
            on_close=move |()| editing.set(Editing::Nothing)
        >
            {drawn(move || match editing.get() {
                Editing::Nothing => ().into_any(),
                known => view! { <Form known=known editing=editing/> }.into_any(),
            })}
        </Sheet>
    }
}

#[component]
fn Form(known: Editing, editing: RwSignal<Editing>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let today = app.today().get_untracked();
    let first = match known {
        Editing::Known(id) => {
            app.with_replica(|replica| replica.get::<Schedule>(id.0).map(ScheduleForm::of))
        }
        Editing::New(cluster) => {
            Some(ScheduleForm::empty(ScheduleId(app.new_id()), cluster, today))
        }
        Editing::Nothing => None,
    };
    let key = match known {
        Editing::Known(id) => format!("schedule:{id}"),
        Editing::New(Some(cluster)) => format!("schedule:new:{cluster}"),
        _ => "schedule:new".to_owned(),
    };
    let empty = || ScheduleForm::empty(ScheduleId(app.new_id()), None, today);
    let form = use_draft(key.clone(), first.unwrap_or_else(empty));
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let may = |one: &&Cluster| replica.actor().may_in(Right::EditSchedules, one.id);
        let mut list: Vec<&Cluster> = replica.iter::<Cluster>().filter(may).collect();
        order::sort_by(&mut list, |a, b| a.code.cmp(&b.code));
        let option = |one: &&Cluster| (one.id.to_string(), format!("{} {}", one.code, one.name));
        with_none(tr::common::choose(), list.iter().map(option).collect())
    });
    let templates = app.query(&[RecordKind::RoundTemplate], |replica| {
        let current = |one: &&RoundTemplate| !one.superseded && !one.retired;
        let mut list: Vec<&RoundTemplate> =
            replica.iter::<RoundTemplate>().filter(current).collect();
        order::sort_by(&mut list, |a, b| a.name.cmp(&b.name));
        let option = |one: &&RoundTemplate| (one.template.to_string(), one.name.clone());
        with_none(tr::common::choose(), list.iter().map(option).collect())
    });
    let persons = app.query(&[RecordKind::User], move |replica| {
        let (cluster, role) = form.with(|form| (form.cluster, form.role));
        let fits = |user: &&User| {
            let actor = user.actor();
            let there = cluster.is_none_or(|id| actor.may_in(Right::WalkRound, id));
            !user.disabled && actor.has_role(role) && there
        };
        let mut list: Vec<&User> = replica.iter::<User>().filter(fits).collect();
        order::sort_by(&mut list, |a, b| a.name.cmp(&b.name));
        let option = |user: &&User| (user.id.to_string(), user.name.clone());
        with_none(tr::rounds::anybody_of_role(), list.iter().map(option).collect())
    });
    let text_of = move |pick: fn(&ScheduleForm) -> String| derive(move || form.with(pick));
    let every = memo(move || form.with(|form| form.every.clone()));
    let windows = memo(move || form.with(|form| form.windows.len()));
    let summary = move || {
        let command = form.with(ScheduleForm::command).ok()?;
        let person = command.person.and_then(|id| {
            persons.with(|list| list.iter().find(|(key, _)| *key == id.to_string()).cloned())
        });
        let name = person.as_ref().map(|(_, name)| name.as_str());
        Some(words::schedule(&command.recurrence, &command.windows, command.role, name))
    };
    let save = move |()| {
        let command = match form.with_untracked(ScheduleForm::command) {
            Ok(command) => command,
            Err(text) => {
                problem.set(Some(text.to_owned()));
                return;
            }
        };
        problem.set(None);
        busy.set(true);
        let key = key.clone();
        spawn_local(async move {
            let result = app.send(vec![command.into()], Vec::new(), Some(key)).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    toasts.say(tr::rounds::schedule_saved());
                    editing.try_set(Editing::Nothing);
                }
                Err(refusal) => {
                    problem.try_set(Some(error_text(&refusal)));
                }
            }
        });
    };
    let window_row = move |index: usize| {
        let part = move |to: bool| {
            derive(move || {
                form.with(|form| {
                    let window = form.windows.get(index).cloned().unwrap_or_default();
                    if to { window.1 } else { window.0 }
                })
            })
        };
        let set = move |to: bool, text: String| {
            form.update(|form| {
                if let Some(window) = form.windows.get_mut(index) {
                    if to { window.1 = text } else { window.0 = text }
                }
            })
        };
        view! {
            <div class="window-row">
                <TextField
                    label=derive(move || tr::rounds::window_from(index + 1))
                    kind="time"
                    value=part(false)
                    on_input=move |text| set(false, text)
                />
                <TextField
                    label=derive(move || tr::rounds::window_to(index + 1))
                    kind="time"
                    value=part(true)
                    on_input=move |text| set(true, text)
                />
                <IconButton
                    icon=Icon::Trash
                    label=derive(move || tr::rounds::window_remove(index + 1))
                    on_press=move |()| form.update(|form| {
                        if index < form.windows.len() {
                            form.windows.remove(index);
                        }
                    })
                />
            </div>
        }
    };
    let roles = derive(|| {
        let option = |role: Role| (role.name().to_owned(), role_name(role).to_owned());
        walking_roles().map(option).collect::<Vec<_>>()
    });
    let recurrences = derive(|| {
        let option = |every: &&str| ((*every).to_owned(), name_of("rounds", "recurrence_", every));
        EVERY.iter().map(option).collect::<Vec<_>>()
    });
    view! {
        <Select
            label=say(tr::rounds::cluster)
            options=clusters
            value=text_of(|form| form.cluster.map_or(String::new(), |id| id.to_string()))
            on_change=move |id: String| form.update(|form| {
                form.cluster = id.parse().ok();
                form.person = None;
            })
        />
        <Select
            label=say(tr::rounds::template)
            options=templates
            value=text_of(|form| form.template.map_or(String::new(), |id| id.to_string()))
            on_change=move |id: String| {
                let named = templates.with_untracked(|list| {
                    list.iter().find(|(key, _)| *key == id).map(|(_, name)| name.clone())
                });
                form.update(|form| {
                    form.template = id.parse().ok();
                    if form.name.trim().is_empty() {
                        form.name = named.unwrap_or_default();
                    }
                });
            }
        />
        <TextField
            label=say(tr::rounds::schedule_name)
            value=text_of(|form| form.name.clone())
            on_input=move |text| form.update(|form| form.name = text)
        />
        <Select
            label=say(tr::rounds::recurrence)
            options=recurrences
            value=every
            on_change=move |text| form.update(|form| form.every = text)
        />
        {drawn(move || match every.get().as_str() {
            "weekly" => view! {
                <div class="row wrap" role="group" aria-label=tr::rounds::weekdays()>
                    {(1..=7u8)
                        .map(|day| view! {
                            <Check
                                label=derive(move || words::weekday(day).to_owned())
                                checked=derive(move || form.with(|form| form.weekdays.contains(&day)))
                                on_change=move |on| form.update(|form| {
                                    form.weekdays.retain(|one| *one != day);
                                    if on {
                                        form.weekdays.push(day);
                                    }
                                })
                            />
                        })
                        .collect_view()}
                </div>
            }
            .into_any(),
            "monthly" | "quarterly" => {
                let monthly = every.get_untracked() == "monthly";
                let hint = if monthly { tr::rounds::days_hint } else { tr::rounds::quarter_hint };
                view! {
                    <TextField
                        label=say(tr::rounds::days_of_month)
                        value=text_of(|form| form.days.clone())
                        hint=say(hint)
                        on_input=move |text| form.update(|form| form.days = text)
                    />
                }
                .into_any()
            }
            _ => ().into_any(),
        })}
        <fieldset class="stack tight">
            <legend class="section-title">{written(tr::rounds::windows)}</legend>
            {drawn(move || (0..windows.get()).map(window_row).collect_view())}
            <Button
                text=say(tr::rounds::add_window)
                icon=Icon::Plus
                weight=Weight::Quiet
                on_press=move |()| form.update(|form| form.windows.push(Default::default()))
            />
        </fieldset>
        <div class="fields-2">
            <Select
                label=say(tr::rounds::role)
                options=roles
                value=text_of(|form| form.role.name().to_owned())
                on_change=move |name: String| form.update(|form| {
                    if let Some(role) = walking_roles().find(|role| role.name() == name) {
                        form.role = role;
                        form.person = None;
                    }
                })
            />
            <Select
                label=say(tr::rounds::person)
                options=persons
                value=text_of(|form| form.person.map_or(String::new(), |id| id.to_string()))
                on_change=move |id: String| {
                    form.update(|form| form.person = id.parse::<UserId>().ok());
                }
            />
        </div>
        <div class="fields-2">
            <TextField
                label=say(tr::rounds::starts)
                kind="date"
                value=text_of(|form| form.starts.clone())
                on_input=move |text| form.update(|form| form.starts = text)
            />
            <TextField
                label=say(tr::rounds::ends)
                kind="date"
                value=text_of(|form| form.ends.clone())
                hint=say(tr::common::optional)
                on_input=move |text| form.update(|form| form.ends = text)
            />
        </div>
        {drawn(move || summary().map(|text| view! { <p class="soft">{text}</p> }))}
        {drawn(move || problem.get().map(|text| view! { <Notice tone="late" text=text/> }))}
        <footer>
            <Button text=say(tr::common::cancel) on_press=move |()| editing.set(Editing::Nothing)/>
            <Button
                text=say(tr::common::save)
                weight=Weight::Primary
                busy=busy
                on_press=save
            />
        </footer>
    }
}

fn with_none(text: &str, options: Vec<(String, String)>) -> Vec<(String, String)> {
    std::iter::once((String::new(), text.to_owned())).chain(options).collect()
}

/// Asks before a schedule is brought to its end.
#[component]
pub fn EndSchedule(ending: RwSignal<Option<Schedule>>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let end = move |()| {
        let Some(schedule) = ending.get_untracked() else { return };
        let command = ended(&schedule, app.today().get_untracked());
        busy.set(true);
        spawn_local(async move {
            let result = app.send(vec![command.into()], Vec::new(), None).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    toasts.say(tr::rounds::schedule_ended());
                    problem.try_set(None);
                    ending.try_set(None);
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                }
            }
        });
    };
    let title = derive(move || {
        ending.with(|ending| match ending {
            Some(schedule) => tr::rounds::end_named(&schedule.name),
            None => String::new(),
        })
    });
    view! {
        <Sheet
            open=derive(move || ending.with(Option::is_some))
            title=title
            on_close=move |()| ending.set(None)
        >
            <p>{written(tr::rounds::end_schedule_note)}</p>
            {drawn(move || problem.get().map(|refusal| view! {
                <Notice tone="late" text=error_text(&refusal)/>
            }))}
            <footer>
                <Button text=say(tr::common::cancel) on_press=move |()| ending.set(None)/>
                <Button
                    text=say(tr::rounds::end_schedule)
                    weight=Weight::Danger
                    busy=busy
                    on_press=end
                />
            </footer>
        </Sheet>
    }
}
