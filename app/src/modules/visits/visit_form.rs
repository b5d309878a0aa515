//! The fields of a visit, in the order in which one thinks of them.

use chrono::NaiveDate;
use domain::id::{ClusterId, UnitId};
use domain::modules::households::Household;
use leptos::prelude::*;

use super::inline_ticket::TicketForm;
use super::unit_picker::VisitedUnit;
use super::view_model::{
    ResultChoice, TOPICS, VisitForm, WAYS, topic_key, topic_name, way_key, way_of,
};
use crate::app_context::use_app;
use crate::i18n::tr;
use crate::modules::fees::promise_date::DateChoice;
use crate::modules::households::kit::words;
use crate::modules::households::view_model::way_name;
use crate::modules::tickets::view_model::open::Lack;
use crate::reactive::{bound, derive, drawn, memo, written};
use crate::ui::{Chips, Choice, PhotoField, Photos, Segmented, Show, TextArea, TextField};

#[component]
pub fn VisitFields(
    form: RwSignal<VisitForm>,
    household: Memo<Option<Household>>,
    clusters: Memo<Vec<(ClusterId, String)>>,
    photos: Photos,
    /// What the ticket still needs.
    lack: Memo<Option<Lack>>,
) -> impl IntoView {
    let app = use_app();
    let at_unit = memo(move || form.with(|form| form.unit.is_some()));
    let choose_unit = Callback::new(move |unit: Option<UnitId>| {
        let found = app.with_replica(|replica| {
            unit.and_then(|unit| replica.get::<Household>(unit.0).cloned())
        });
        form.update(|form| *form = std::mem::take(form).moved_to(found.as_ref()));
    });
    let stamp = derive(move || {
        let unit = household.with(|household| household.as_ref().map(|h| h.label.clone()));
        unit.unwrap_or_else(|| form.with(|form| form.place.clone()))
    });
    view! {
        <Segmented
            label=words(tr::visits::way)
            choices=derive(|| {
                WAYS.into_iter().map(|w| Choice::new(way_key(w), way_name(w))).collect::<Vec<_>>()
            })
            value=derive(move || Some(form.with(|form| way_key(form.way).to_owned())))
            on_choose=Callback::new(move |key: String| {
                if let Some(way) = way_of(&key) {
                    form.update(|form| form.way = way);
                }
            })
        />
        <VisitedUnit household=household on_choose=choose_unit/>
        <Show when=move || !at_unit.get()>
            <Elsewhere form=form clusters=clusters/>
        </Show>
        <Met form=form household=household/>
        <div class="stack tight">
            <p class="section-title">{written(tr::visits::topics)}</p>
            <Topics form=form/>
        </div>
        <TextArea
            label=words(tr::visits::note)
            value=derive(move || form.with(|form| form.note.clone()))
            on_input=Callback::new(move |text: String| form.update(|form| form.set_note(text)))
        />
        <Outcome form=form lack=lack/>
        <PhotoField label=words(tr::visits::photos) photos=photos place=stamp/>
    }
}

/// A place in words, and the cluster for whoever works in several.
#[component]
fn Elsewhere(form: RwSignal<VisitForm>, clusters: Memo<Vec<(ClusterId, String)>>) -> impl IntoView {
    let several = memo(move || clusters.with(|all| all.len() > 1));
    view! {
        <TextField
            label=words(tr::visits::place)
            placeholder=words(tr::visits::place_hint)
            value=derive(move || form.with(|form| form.place.clone()))
            on_input=Callback::new(move |text: String| form.update(|form| form.place = text))
        />
        <Show when=move || several.get()>
            <Chips
                label=words(tr::households::cluster_filter)
                choices=derive(move || {
                    clusters.with(|all| {
                        all.iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect::<Vec<_>>()
                    })
                })
                value=derive(move || form.with(|f| f.cluster.map(|id| id.to_string())))
                on_choose=Callback::new(move |key: String| {
                    form.update(|form| form.cluster = key.parse().ok());
                })
            />
        </Show>
    }
}

/// Whom one met: the household's people as chips, anybody else by name.
#[component]
fn Met(form: RwSignal<VisitForm>, household: Memo<Option<Household>>) -> impl IntoView {
    let people = memo(move || {
        household.with(|household| {
            let contacts = household.iter().flat_map(|household| &household.contacts);
            contacts.map(|contact| contact.name.clone()).collect::<Vec<_>>()
        })
    });
    let any = memo(move || people.with(|people| !people.is_empty()));
    let met = derive(move || form.with(|form| form.met.clone()));
    view! {
        <div class="stack tight">
            <Show when=move || any.get()>
                <Chips
                    label=words(tr::visits::met)
                    choices=derive(move || {
                        people.with(|all| all.iter().map(|name| Choice::new(name, name)).collect::<Vec<_>>())
                    })
                    value=derive(move || Some(met.get()))
                    on_choose=Callback::new(move |name: String| form.update(|form| form.met = name))
                />
            </Show>
            <TextField
                label=words(tr::visits::met)
                autocomplete="off"
                value=met
                on_input=Callback::new(move |text: String| form.update(|form| form.met = text))
            />
        </div>
    }
}

/// What it was about; several may be true at once.
#[component]
fn Topics(form: RwSignal<VisitForm>) -> impl IntoView {
    view! {
        <div class="chips" role="group" aria-label=bound(tr::visits::topics)>
            {TOPICS
                .into_iter()
                .map(|topic| {
                    let pressed = move || form.with(|form| form.topics.contains(&topic)).to_string();
                    view! {
                        <button
                            type="button"
                            class="chip"
                            data-topic=topic_key(topic)
                            aria-pressed=bound(pressed)
                            on:click=move |_| form.update(|form| form.toggle(topic))
                        >
                            {drawn(move || topic_name(topic))}
                        </button>
                    }
                })
                .collect_view()}
        </div>
    }
}

/// What became of it, with what that asks for.
#[component]
fn Outcome(form: RwSignal<VisitForm>, lack: Memo<Option<Lack>>) -> impl IntoView {
    let today = use_app().today();
    let result = memo(move || form.with(|form| form.result));
    let linked = memo(move || form.with(|form| form.forwarded.is_some()));
    let choose = Callback::new(move |key: String| {
        let Some(result) = ResultChoice::ALL.into_iter().find(|choice| choice.key() == key) else {
            return;
        };
        form.update(|form| {
            form.result = result;
            // The day that is promised most.
            if result == ResultChoice::Promised && form.by.is_none() {
                form.by = today.get_untracked().succ_opt();
            }
        });
    });
    view! {
        <div class="stack">
            <p class="section-title">{written(tr::visits::result)}</p>
            <Segmented
                label=words(tr::visits::result)
                choices=derive(|| {
                    ResultChoice::ALL.into_iter().map(|r| Choice::new(r.key(), r.name())).collect::<Vec<_>>()
                })
                value=derive(move || Some(result.get().key().to_owned()))
                on_choose=choose
            />
            {drawn(move || match result.get() {
                ResultChoice::Promised => {
                    view! {
                        <DateChoice
                            label=words(tr::visits::answer_until)
                            field=words(tr::fees::other_date)
                            value=derive(move || form.with(|form| form.by))
                            on_choose=Callback::new(move |by: Option<NaiveDate>| {
                                form.update(|form| form.by = by);
                            })
                        />
                    }
                        .into_any()
                }
                ResultChoice::Forwarded if linked.get() => {
                    view! { <p class="soft">{written(tr::visits::already_forwarded)}</p> }.into_any()
                }
                ResultChoice::Forwarded => {
                    view! {
                        <div class="card">
                            <h2>{written(tr::visits::ticket)}</h2>
                            <TicketForm
                                fields=derive(move || form.with(|form| form.ticket.clone()))
                                on_change=Callback::new(move |fields| {
                                    form.update(|form| form.ticket = fields);
                                })
                                lack=lack
                            />
                        </div>
                    }
                        .into_any()
                }
                ResultChoice::Answered | ResultChoice::Nothing => ().into_any(),
            })}
        </div>
    }
}
