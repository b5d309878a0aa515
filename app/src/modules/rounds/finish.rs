//! The end of a round: why points were left out, a summary, done.

use domain::Refusal;
use domain::id::RoundId;
use domain::modules::rounds::{FinishRound, Round, RoundTemplate};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;
use serde::{Deserialize, Serialize};

use super::view_model::record::{findings, left_out};
use super::words::say;
use crate::app_context::{use_app, use_draft};
use crate::device::page;
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::reactive::{derive, drawn, memo};
use crate::ui::{Button, Icon, Notice, Show, TextArea, Weight, use_toasts};

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
struct Form {
    summary: String,
    left_out: String,
}

#[component]
pub fn FinishForm(
    id: RoundId,
    round: Memo<Option<Round>>,
    template: Memo<Option<RoundTemplate>>,
) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let navigate = use_navigate();
    let key = format!("round:{id}:finish");
    let form = use_draft(key.clone(), Form::default());
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let missing = memo(move || match (round.get(), template.get()) {
        (Some(round), Some(template)) => left_out(&round, &template),
        _ => Vec::new(),
    });
    let found = memo(move || match (round.get(), template.get()) {
        (Some(round), Some(template)) => (findings(&round, &template), round.tickets().count()),
        _ => (0, 0),
    });
    let needs_reason = move || {
        let silent = form.with(|form| form.left_out.trim().is_empty());
        (!missing.with(Vec::is_empty) && silent).then(|| tr::rounds::left_out_needed().to_owned())
    };
    let tried = RwSignal::new(false);
    let finish = Callback::new(move |()| {
        if needs_reason().is_some() {
            tried.set(true);
            return;
        }
        busy.set(true);
        let Form { summary, left_out } = form.get_untracked();
        let command = FinishRound { round: id, summary, left_out };
        let (key, navigate) = (key.clone(), navigate.clone());
        spawn_local(async move {
            let result = app.send(vec![command.into()], Vec::new(), Some(key)).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    toasts.say(tr::rounds::finished_saved());
                    page::painted().await;
                    navigate(&format!("/rounds/{id}/record"), Default::default());
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                }
            }
        });
    });
    view! {
        <div class="stack">
            <p class="number">
                {drawn(move || {
                    let (findings, tickets) = found.get();
                    tr::rounds::found(findings, tickets)
                })}
            </p>
            <Show when=move || !missing.with(Vec::is_empty)>
                <Notice
                    tone="soon"
                    text=derive(move || {
                        missing.with(|names| tr::rounds::points_missing(names.len(), fmt::list(names)))
                    })
                />
                <TextArea
                    label=say(tr::rounds::left_out)
                    value=derive(move || form.with(|form| form.left_out.clone()))
                    on_input=move |text| form.update(|form| form.left_out = text)
                    problem=derive(move || tried.get().then(needs_reason).flatten())
                    rows=2
                />
            </Show>
            <TextArea
                label=say(tr::rounds::summary)
                value=derive(move || form.with(|form| form.summary.clone()))
                on_input=move |text| form.update(|form| form.summary = text)
                hint=say(tr::common::optional)
            />
            {drawn(move || problem.get().map(|refusal| view! {
                <Notice tone="late" text=error_text(&refusal)/>
            }))}
            <div class="action-bar flat">
                <Button
                    text=say(tr::rounds::finish)
                    weight=Weight::Primary
                    large=true
                    icon=Icon::CheckCircle
                    busy=busy
                    on_press=finish
                />
            </div>
        </div>
    }
}
