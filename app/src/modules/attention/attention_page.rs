//! The list: who recorded what, when, why it was not applied, everything it carried; settled by a
//! person once dealt with.

use domain::Right;
use domain::modules::Command;
use domain::views::{AttentionTable, Quarantined};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::{use_app, use_view};
use crate::device::page;
use crate::error_text::error_text;
use crate::i18n::{Text, fmt, name_of, tr};
use crate::modules::dashboard::view_model::object_href;
use crate::modules::outbox::view_model::recorded;
use crate::reactive::{call, derive, drawn, words};
use crate::ui::{Button, ButtonLink, Empty, Icon, Notice, Page, Skeleton, Weight, use_toasts};

#[component]
pub fn AttentionPage() -> impl IntoView {
    let view = use_view::<AttentionTable>(Signal::stored("/api/v1/views/attention".to_owned()));
    view! {
        <Page
            title=words(tr::frame::nav_attention)
            subtitle=words(tr::attention::about)
        >
            {drawn(move || {
                view.error
                    .get()
                    .map(|refusal| view! { <Notice tone="late" text=derive(move || error_text(&refusal))/> })
            })}
            {drawn(move || match view.data.get() {
                None => view! { <Skeleton/> }.into_any(),
                Some(table) if table.rows.is_empty() => {
                    view! {
                        <Empty
                            icon=Icon::CheckCircle
                            title=words(tr::attention::none)
                            note=words(tr::attention::none_note)
                        />
                    }
                        .into_any()
                }
                Some(table) => {
                    view! {
                        <ul class="stack">
                            {table
                                .rows
                                .into_iter()
                                .map(|row| view! { <Entry row=row reload=view.reload/> })
                                .collect_view()}
                        </ul>
                    }
                        .into_any()
                }
            })}
        </Page>
    }
}

#[component]
fn Entry(row: Quarantined, reload: Callback<()>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let zone = app.zone();
    let busy = RwSignal::new(false);
    let verb = name_of("dashboard", "did_", &row.kind.replace('.', "_"));
    // Nothing to decide: what it waits for is on another phone, or it is another's to decide.
    let waits = row.outcome == "held" || row.barred;
    let outcome = name_of("dashboard", "outcome_", &row.outcome);
    let reason = row.reason.as_ref().map(error_text).unwrap_or_default();
    // Which of two completions counts is decided on the ticket, where both can be read.
    let (about, closing): (Text, Text) = if row.outcome == "conflict" && row.ticket.is_some() {
        (tr::attention::decide, tr::attention::keep)
    } else {
        (tr::attention::open_ticket, tr::attention::settle)
    };
    let unit = row.unit.filter(|_| app.may(Right::ViewHouseholds));
    let about_text = row.about.clone();
    let about_link = match object_href(row.ticket, row.round, unit) {
        Some(href) => view! { <a href=href>{about_text}</a> }.into_any(),
        None => about_text.into_any(),
    };
    let path = format!("/api/v1/attention/{}/{}/settle", row.scope, row.seq);
    let settle = move |()| {
        let path = path.clone();
        busy.set(true);
        spawn_local(async move {
            match app.api_send::<()>("POST", &path, "{}").await {
                Ok(()) => {
                    toasts.say(tr::attention::settled());
                    call(reload, ());
                }
                Err(refusal) => toasts.warn(error_text(&refusal)),
            }
            busy.set(false);
        });
    };
    let (name, payload) = (format!("guanjia-{}-{}.json", row.kind, row.seq), pretty(&row.payload));
    let export = move |()| {
        let parts = js_sys::Array::of1(&wasm_bindgen::JsValue::from_str(&payload));
        if let Err(error) = page::download(&name, "application/json", &parts) {
            toasts.warn(page::describe(&error));
        }
    };
    view! {
        <li class="card">
            <header>
                <h2>{format!("{} {verb} ", row.by)} {about_link}</h2>
                <span class="badge late">{outcome}</span>
            </header>
            <p>{reason}</p>
            {waits.then(|| view! { <p>{tr::attention::held_note()}</p> })}
            <p class="small soft number">
                {tr::attention::times(fmt::exact(row.at, &zone), fmt::exact(row.received, &zone))} " · "
                {row.device_name.clone()}
            </p>
            <details>
                <summary>{tr::attention::recorded()}</summary>
                {in_words(&row)}
                <Button
                    text=words(tr::attention::export)
                    icon=Icon::Download
                    weight=Weight::Quiet
                    on_press=export
                />
            </details>
            <div class="button-row">
                {row.ticket
                    .map(|ticket| {
                        view! {
                            <ButtonLink
                                text=words(about)
                                href=format!("/tickets/{ticket}")
                                icon=Icon::Tickets
                            />
                        }
                    })}
                {(!waits)
                    .then(|| {
                        view! {
                            <Button
                                text=words(closing)
                                icon=Icon::Check
                                busy=busy
                                on_press=Callback::new(settle)
                            />
                        }
                    })}
            </div>
        </li>
    }
}

/// What was recorded, field by field; a payload of a newer build is only for the file.
fn in_words(row: &Quarantined) -> AnyView {
    let lines = match Command::decode(&row.kind, 1, &row.payload) {
        Some(Ok(command)) => recorded(&command),
        _ => return view! { <p class="soft">{tr::attention::unreadable()}</p> }.into_any(),
    };
    let line = |(name, value): (&'static str, String)| view! { <dt>{name}</dt> <dd>{value}</dd> };
    view! { <dl class="facts">{lines.into_iter().map(line).collect_view()}</dl> }.into_any()
}

fn pretty(payload: &str) -> String {
    serde_json::from_str::<serde_json::Value>(payload)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| payload.to_owned())
}
