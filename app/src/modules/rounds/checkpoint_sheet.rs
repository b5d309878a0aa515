//! A place gets a new code, after asking, or a position.

use domain::modules::rounds::{Checkpoint, RegisterCheckpoint};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::view_model::checkpoints;
use super::words::say;
use crate::app_context::use_app;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{derive, drawn, written};
use crate::ui::{Button, Notice, Sheet, TextField, Weight, use_toasts};

/// What is to be done to a place.
#[derive(Clone, PartialEq)]
pub enum Sought {
    NewCode(Checkpoint),
    Position(Checkpoint),
}

#[component]
pub fn PlaceSheet(sought: RwSignal<Option<Sought>>) -> impl IntoView {
    let title = derive(move || {
        sought.with(|sought| match sought {
            Some(Sought::NewCode(place)) => tr::rounds::new_code_of(&place.name),
            Some(Sought::Position(place)) => tr::rounds::position_of(&place.name),
            None => String::new(),
        })
    });
    view! {
        <Sheet
            open=derive(move || sought.with(Option::is_some))
            title=title
            on_close=move |()| sought.set(None)
        >
            {drawn(move || match sought.get() {
                Some(Sought::NewCode(place)) => view! { <NewCode place=place sought=sought/> }.into_any(),
                Some(Sought::Position(place)) => view! { <Position place=place sought=sought/> }.into_any(),
                None => ().into_any(),
            })}
        </Sheet>
    }
}

/// What both forms end with.
#[derive(Clone, Copy)]
struct Saving {
    busy: RwSignal<bool>,
    problem: RwSignal<Option<String>>,
    sought: RwSignal<Option<Sought>>,
}

impl Saving {
    fn new(sought: RwSignal<Option<Sought>>) -> Self {
        Self { busy: RwSignal::new(false), problem: RwSignal::new(None), sought }
    }
}

#[component]
fn NewCode(place: Checkpoint, sought: RwSignal<Option<Sought>>) -> impl IntoView {
    let saving = Saving::new(sought);
    let save = saver(saving);
    let note = tr::rounds::new_code_note(place.code_version, place.code_version.saturating_add(1));
    view! {
        <p>{note}</p>
        <p class="soft">{written(tr::rounds::damaged_note)}</p>
        {drawn(move || saving.problem.get().map(|text| view! { <Notice tone="late" text=text/> }))}
        <footer>
            <Button text=say(tr::common::cancel) on_press=move |()| sought.set(None)/>
            <Button
                text=say(tr::rounds::new_code)
                weight=Weight::Danger
                busy=saving.busy
                on_press=move |()| save.run((checkpoints::recoded(&place), tr::rounds::new_code_done()))
            />
        </footer>
    }
}

#[component]
fn Position(place: Checkpoint, sought: RwSignal<Option<Sought>>) -> impl IntoView {
    let saving = Saving::new(sought);
    let save = saver(saving);
    let (first_east, first_north) = checkpoints::position_fields(&place);
    let (east, north) = (RwSignal::new(first_east), RwSignal::new(first_north));
    let submit = move |()| {
        let moved = (east.get_untracked(), north.get_untracked());
        match checkpoints::moved(&place, &moved.0, &moved.1) {
            Ok(command) => save.run((command, tr::rounds::position_saved())),
            Err(text) => saving.problem.set(Some(text().to_owned())),
        }
    };
    view! {
        <p>{written(tr::rounds::position_note)}</p>
        <div class="fields-2">
            <TextField
                label=say(tr::rounds::metres_east)
                inputmode="numeric"
                value=east
                on_input=move |text| east.set(text)
            />
            <TextField
                label=say(tr::rounds::metres_north)
                inputmode="numeric"
                value=north
                on_input=move |text| north.set(text)
            />
        </div>
        {drawn(move || saving.problem.get().map(|text| view! { <Notice tone="late" text=text/> }))}
        <footer>
            <Button text=say(tr::common::cancel) on_press=move |()| sought.set(None)/>
            <Button
                text=say(tr::common::save)
                weight=Weight::Primary
                busy=saving.busy
                on_press=submit
            />
        </footer>
    }
}

/// Records the command, says so and closes; a refusal stays in the sheet.
fn saver(saving: Saving) -> Callback<(RegisterCheckpoint, &'static str)> {
    let (app, toasts) = (use_app(), use_toasts());
    Callback::new(move |(command, said): (RegisterCheckpoint, &'static str)| {
        saving.busy.set(true);
        saving.problem.set(None);
        spawn_local(async move {
            let result = app.send(vec![command.into()], Vec::new(), None).await;
            saving.busy.try_set(false);
            match result {
                Ok(()) => {
                    toasts.say(said);
                    saving.sought.try_set(None);
                }
                Err(refusal) => {
                    saving.problem.try_set(Some(error_text(&refusal)));
                }
            }
        });
    })
}
