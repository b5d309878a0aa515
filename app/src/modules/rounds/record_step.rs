//! One point of a record: when, how confirmed, which answers, with photos.

use domain::Zone;
use domain::modules::RecordKind;
use domain::modules::rounds::{Item, ItemAnswer};
use domain::modules::tickets::Ticket;
use leptos::prelude::*;

use super::view_model::record::{Step, answer_text, confirmation_text};
use super::words::{self, say};
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::drawn;
use crate::ui::PhotoStrip;

/// Received so much later that the record says so: it was walked without a network.
const SAID_LATE: i64 = 10 * domain::time::MINUTE;

#[component]
pub fn RecordStep(step: Step, items: Vec<Item>, zone: Zone) -> impl IntoView {
    let result = step.result;
    let time = fmt::time(result.at, &zone);
    let exact = fmt::exact(result.at, &zone);
    let confirmation = confirmation_text(&result.confirmation);
    let after = step.after.map(|after| tr::rounds::after(fmt::span(after)));
    let received = (result.received.since(result.at) > SAID_LATE)
        .then(|| tr::rounds::received_at(fmt::time(result.received, &zone)));
    let flags = result
        .flags
        .iter()
        .map(|flag| view! { <span class="badge soon">{words::flag(*flag)}</span> })
        .collect_view();
    let answers = result.answers.iter().map(|answer| one_answer(answer, &items)).collect_view();
    view! {
        <li class:replaced=step.replaced>
            <div class="row wrap">
                <h3 class="who">{format!("{} {}", words::circled(step.number), step.name)}</h3>
                {flags}
                {step.replaced.then(|| view! {
                    <span class="badge">{tr::rounds::replaced()}</span>
                })}
            </div>
            <p class="when" title=exact>
                {time} " · " {confirmation}
                {after.map(|text| format!(" · {text}"))}
                {received.map(|text| format!(" · {text}"))}
            </p>
            <ul class="answers">{answers}</ul>
        </li>
    }
}

fn one_answer(answer: &ItemAnswer, items: &[Item]) -> AnyView {
    let item = items.iter().find(|item| item.code == answer.item);
    let (text, bad) = answer_text(answer, item);
    let name = item.map_or_else(|| answer.item.clone(), |item| item.text.clone());
    let note = (!answer.note.is_empty()).then(|| answer.note.clone());
    let ticket = answer.ticket.map(|id| {
        let app = use_app();
        let number = move || {
            // The server's number comes later than the record.
            app.track(&[RecordKind::Ticket]);
            app.with_replica(|replica| Ticket::name_of(id, replica.get::<Ticket>(id.0)))
        };
        view! {
            <a href=format!("/tickets/{id}") class="badge reported">
                {drawn(move || tr::rounds::reported_as(number()))}
            </a>
        }
    });
    let photos = answer.photos.clone();
    view! {
        <li class:bad=bad>
            <div class="row top">
                <span class="grow">{name}</span>
                <span class=if bad { "badge late" } else { "answer" }>{text}</span>
            </div>
            {note.map(|note| view! { <p class="said small">{note}</p> })}
            {ticket}
            {(!photos.is_empty()).then(|| view! {
                <PhotoStrip attachments=photos label=say(tr::common::photos)/>
            })}
        </li>
    }
    .into_any()
}
