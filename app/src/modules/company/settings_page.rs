//! `/office/settings`: name, limits and calendar of the company.

use domain::Refusal;
use domain::modules::company::Settings;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::days::Days;
use super::view_model::{Form, OTHERS, RETURN_VISITS, TICKETS};
use crate::app_context::{use_app, use_draft};
use crate::error_text::error_text;
use crate::i18n::{Text, fmt, name_of, tr};
use crate::reactive::{derive, drawn, effect, memo, words, written};
use crate::ui::{Button, Notice, Page, Show, TextField, Weight, use_toasts};

const DRAFT: &str = "settings";

/// One text of the form.
type Read = fn(&Form) -> &String;
type Write = fn(&mut Form) -> &mut String;

#[component]
pub fn SettingsPage() -> impl IntoView {
    let app = use_app();
    // Counts how often the form has begun anew: with what is kept now.
    let begun = RwSignal::new(0_u32);
    let settings = app.settings();
    let version = memo(move || settings.with(|settings| settings.version));
    view! {
        <Page
            title=words(tr::frame::nav_settings)
            subtitle=derive(move || tr::company::version(version.get()))
            narrow=true
        >
            <p class="soft">{written(tr::company::about)}</p>
            {drawn(move || {
                begun.track();
                view! { <Editor begun=begun/> }
            })}
        </Page>
    }
}

/// The problem of one field.
fn of_field(problems: &[Refusal], name: &str) -> Option<String> {
    let own = |problem: &&Refusal| problem.params.get("field").is_some_and(|field| field == name);
    problems.iter().find(own).map(error_text)
}

fn label(name: &'static str) -> Signal<String> {
    derive(move || name_of("refusals", "field_", name))
}

#[component]
fn Editor(begun: RwSignal<u32>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let settings = app.settings();
    let form = use_draft(DRAFT, Form::of(&settings.get_untracked()));
    let problems = RwSignal::new(Vec::<Refusal>::new());
    let refusal = RwSignal::new(None::<Refusal>);
    let busy = RwSignal::new(false);
    let changed = memo(move || form.with(Form::is_changed));
    let again = move || {
        app.drop_draft(DRAFT);
        begun.update(|begun| *begun += 1);
    };
    // Others' changes come at once into a form that nobody has touched.
    let overtaken =
        memo(move || settings.with(|now| form.with(|form| form.base.version != now.version)));
    effect(move || {
        if overtaken.get() && !changed.get_untracked() {
            again();
        }
    });
    let save = move |()| {
        let command = match form.with_untracked(Form::command) {
            Ok(command) => command,
            Err(found) => {
                refusal.set(None);
                problems.set(found);
                return;
            }
        };
        problems.set(Vec::new());
        busy.set(true);
        spawn_local(async move {
            let sent = app.send(vec![command.into()], Vec::new(), Some(DRAFT.to_owned())).await;
            busy.try_set(false);
            match sent {
                Ok(()) => {
                    toasts.say(tr::company::saved());
                    again();
                }
                Err(why) => {
                    refusal.try_set(Some(why));
                }
            }
        });
    };
    let problem = move |name: &'static str| {
        derive(move || problems.with(|problems| of_field(problems, name)))
    };
    let line = move |name: &'static str, kind: &'static str, read: Read, write: Write| {
        view! {
            <TextField
                label=label(name)
                kind=kind
                autocomplete="off"
                problem=problem(name)
                value=derive(move || form.with(|form| read(form).clone()))
                on_input=move |text| form.update(|form| *write(form) = text)
            />
        }
    };
    let number = move |name: &'static str| {
        let usual = Settings::default().numbers().find(|(known, ..)| *known == name);
        let hint = move || match usual {
            Some((_, usual, low, high)) => tr::company::usual(
                fmt::integer(usual.into()),
                fmt::integer(low.into()),
                fmt::integer(high.into()),
            ),
            None => String::new(),
        };
        view! {
            <TextField
                label=label(name)
                kind="number"
                inputmode="numeric"
                autocomplete="off"
                hint=derive(hint)
                problem=problem(name)
                value=derive(move || form.with(|form| form.numbers.get(name).cloned().unwrap_or_default()))
                on_input=move |text| form.update(|form| {
                    form.numbers.insert(name.to_owned(), text);
                })
            />
        }
    };
    let part = move |title: Text, names: &'static [&'static str]| {
        view! {
            <section class="card">
                <header><h2>{written(title)}</h2></header>
                <div class="limits">{names.iter().copied().map(number).collect_view()}</div>
            </section>
        }
    };
    view! {
        <Show when=move || overtaken.get() && changed.get()>
            <Notice tone="soon" text=words(tr::company::overtaken)/>
        </Show>
        <section class="card">
            <header><h2>{written(tr::company::part_company)}</h2></header>
            {line("company", "text", |form| &form.company, |form| &mut form.company)}
            <div class="fields-2">
                {line("briefing_at", "time", |form| &form.briefing_at, |form| &mut form.briefing_at)}
                {line("office_closes", "time", |form| &form.office_closes, |form| &mut form.office_closes)}
            </div>
        </section>
        {part(tr::company::part_tickets, &TICKETS)}
        {part(tr::company::part_return_visits, &RETURN_VISITS)}
        <section class="card">
            <header><h2>{written(tr::company::part_calendar)}</h2></header>
            <Days
                label=tr::company::holidays
                hint=tr::company::holidays_hint
                days=derive(move || form.with(|form| form.holidays.clone()))
                on_change=move |days| form.update(|form| form.holidays = days)
            />
            <Days
                label=tr::company::workdays
                hint=tr::company::workdays_hint
                days=derive(move || form.with(|form| form.workdays.clone()))
                on_change=move |days| form.update(|form| form.workdays = days)
            />
        </section>
        {part(tr::company::part_others, &OTHERS)}
        <Show when=move || { problems.with(|problems| !problems.is_empty()) || refusal.with(Option::is_some) }>
            <Notice
                tone="late"
                text=derive(move || {
                    let first = problems.with(|problems| problems.first().map(error_text));
                    first.or_else(|| refusal.with(|why| why.as_ref().map(error_text))).unwrap_or_default()
                })
            />
        </Show>
        <div class="action-bar">
            <Show when=move || changed.get()>
                <Button text=words(tr::company::undo) on_press=move |()| again()/>
            </Show>
            <Button
                text=words(tr::company::save)
                weight=Weight::Primary
                large=true
                disabled=derive(move || !changed.get())
                busy=busy
                on_press=save
            />
        </div>
    }
}
