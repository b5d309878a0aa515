//! Giving a promised answer.

use domain::Refusal;
use domain::id::VisitId;
use domain::modules::visits::AnswerVisit;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::{use_app, use_draft};
use crate::i18n::tr;
use crate::modules::households::kit::{Problem, words};
use crate::reactive::{derive, drawn, memo};
use crate::ui::{Button, Sheet, TextArea, Weight, use_toasts};

/// Open for the visit in `visit`: its id and what to call it.
#[component]
pub fn AnswerSheet(visit: RwSignal<Option<(VisitId, String)>>) -> impl IntoView {
    let open = memo(move || visit.with(Option::is_some));
    let title = derive(move || {
        let about = visit.with(|visit| visit.as_ref().map(|(_, about)| about.clone()));
        tr::visits::answer_title(about.unwrap_or_default())
    });
    view! {
        <Sheet open=open title=title on_close=Callback::new(move |()| visit.set(None))>
            {drawn(move || {
                visit
                    .with(|visit| visit.as_ref().map(|(id, _)| *id))
                    .map(|id| view! { <Answer id=id visit=visit/> })
            })}
        </Sheet>
    }
}

#[component]
fn Answer(id: VisitId, visit: RwSignal<Option<(VisitId, String)>>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let key = format!("visit_answer:{id}");
    let text = use_draft(key.clone(), String::new());
    let saving = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let save = Callback::new(move |()| {
        let command = AnswerVisit { visit: id, text: text.get_untracked() };
        let key = key.clone();
        saving.set(true);
        problem.set(None);
        spawn_local(async move {
            match app.send(vec![command.into()], Vec::new(), Some(key)).await {
                Ok(()) => {
                    toasts.say(tr::common::saved());
                    visit.try_set(None);
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                    saving.try_set(false);
                }
            }
        });
    });
    view! {
        <TextArea
            label=words(tr::visits::answer_text)
            hint=words(tr::visits::answer_hint)
            value=text
            on_input=Callback::new(move |typed: String| text.set(typed))
        />
        <Problem refusal=problem/>
        <Button
            text=words(tr::visits::save_answer)
            weight=Weight::Primary
            large=true
            busy=saving
            on_press=save
        />
    }
}
