//! What came of the call: outcome, reason, promise, and the service problem as a ticket.

use chrono::NaiveDate;
use domain::id::{ClusterId, FeeCallId, OpId, TicketId, UnitId};
use domain::modules::Command;
use domain::modules::RecordKind;
use domain::modules::fees::{CallOutcome, UnpaidReason};
use domain::modules::households::Household;
use domain::modules::tickets::Ticket;
use domain::order;
use domain::{Refusal, Right};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;

use super::call_card::use_calls;
use super::call_list_page::{use_call_list, with_cluster};
use super::promise_date::DateChoice;
use super::view_model::{
    CallForm, key_for, next_after, next_contact, people_to_call, wrong_numbers,
};
use crate::app_context::{use_app, use_draft};
use crate::device::page::{bring_into_sight, is_visible, painted};
use crate::i18n::{name_of, tr};
use crate::modules::households::kit::{Problem, words};
use crate::modules::households::view_model::ticket_title;
use crate::modules::outbox::use_fix;
use crate::modules::tickets::view_model::open::Lack;
use crate::modules::visits::inline_ticket::TicketForm;
use crate::reactive::{derive, drawn, effect, memo, written};
use crate::ui::{
    Button, Chips, Choice, Icon, Notice, Segmented, Show, TextArea, Weight, use_toasts,
};

/// The call being noted: its draft, or the refused one that is to be changed.
pub fn use_call_form(unit: UnitId, fix: Option<OpId>) -> RwSignal<CallForm> {
    let key = key_for(unit, fix);
    let restored = use_app().has_draft(&key);
    let form = use_draft(key, CallForm::default());
    // What was already changed about it counts, after a reload too.
    if !restored {
        use_fix(fix, move |command| {
            if let Command::RecordFeeCall(command) = command {
                form.set(CallForm::of(command));
            }
        });
    }
    form
}

fn outcome_of(name: &str) -> Option<CallOutcome> {
    CallOutcome::ALL.into_iter().find(|outcome| outcome.name() == name)
}

fn reason_of(name: &str) -> Option<UnpaidReason> {
    UnpaidReason::ALL.into_iter().find(|reason| reason.name() == name)
}

#[component]
pub fn CallResult(
    household: Household,
    form: RwSignal<CallForm>,
    /// The list's filter, kept for the next household.
    cluster: Option<ClusterId>,
    /// Where to go when there is no next one.
    leave: String,
    /// Came from elsewhere than the list: back there, not on to the next.
    alone: bool,
    fix: Option<OpId>,
) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let go = use_navigate();
    let unit = household.id;
    let list = use_call_list(app, Signal::stored(cluster));
    let next = memo(move || {
        let rows = list.with(|list| next_after(&list.to_call, unit));
        rows.filter(|_| !alone && fix.is_none())
    });
    let heading = NodeRef::<html::H2>::new();
    return_to(heading, form);

    let saving = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    // What was refused is what the form said then.
    effect(move || {
        form.track();
        problem.set(None);
    });
    let tried = RwSignal::new(false);
    let lack = memo(move || form.with(CallForm::lack).filter(|_| tried.get()));
    let chosen = memo(move || form.with(|form| form.outcome.is_some()));
    let of_household = household.clone();
    let calls = use_calls(unit);
    let people = {
        let household = household.clone();
        memo(move || people_to_call(&household, &calls.with(|calls| wrong_numbers(calls))))
    };
    // Not dialled from this page: whoever one calls first, then.
    let called = move || {
        let first = || people.with(|people| people.first().map(|(one, _)| one.phone.clone()));
        form.with(|form| Some(form.phone.clone()).filter(|phone| !phone.is_empty()))
            .or_else(first)
            .unwrap_or_default()
    };
    let other = memo(move || {
        let wrong = form.with(|form| form.outcome == Some(CallOutcome::WrongNumber));
        let called = called();
        wrong.then(|| people.with(|people| next_contact(people, &called)))?
    });
    // `stays`: the next call goes to another number of the same household.
    let save = Callback::new(move |stays: bool| {
        tried.set(true);
        if lack.get_untracked().is_some() {
            bring_into_sight("main .problem");
            return;
        }
        if form.with_untracked(|form| form.outcome == Some(CallOutcome::WrongNumber)) {
            let called = untrack(called);
            form.update(|form| form.phone = called);
        }
        let call = FeeCallId(app.new_id());
        let ticket = TicketId(app.new_id());
        let commands = form.with_untracked(|form| form.commands(&of_household, call, ticket));
        // Before the list changes by this very call.
        let target = match next.get_untracked() {
            Some(unit) => with_cluster(&format!("/fees/{unit}"), cluster),
            None => leave.clone(),
        };
        let go = go.clone();
        saving.set(true);
        problem.set(None);
        spawn_local(async move {
            match app.send(commands, Vec::new(), Some(key_for(unit, fix))).await {
                Ok(()) => {
                    if let Some(op) = fix
                        && let Err(refusal) = app.dismiss(op).await
                    {
                        toasts.warn(crate::error_text::error_text(&refusal));
                    }
                    toasts.say(tr::common::saved());
                    painted().await;
                    if stays {
                        form.try_set(CallForm::default());
                        tried.try_set(false);
                        saving.try_set(false);
                        return;
                    }
                    go(&target, Default::default());
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                    saving.try_set(false);
                }
            }
        });
    });
    let main = derive(move || {
        let text = match (chosen.get(), next.get()) {
            (false, _) => tr::fees::choose_outcome(),
            (true, Some(_)) => tr::fees::save_next(),
            (true, None) => tr::common::save(),
        };
        text.to_owned()
    });
    let dialled =
        memo(move || form.with(|form| form.dialled.clone().filter(|_| form.outcome.is_none())));

    view! {
        <section class="stack" aria-labelledby="outcome">
            <h2 id="outcome" node_ref=heading tabindex="-1">{written(tr::fees::outcome)}</h2>
            {drawn(move || dialled.get().map(|who| view! { <Notice tone="ok" text=tr::fees::just_dialled(who)/> }))}
            <Segmented
                label=words(tr::fees::outcome)
                choices=derive(|| {
                    CallOutcome::ALL
                        .into_iter()
                        .map(|o| Choice::new(o.name(), name_of("fees", "outcome_", o.name())))
                        .collect::<Vec<_>>()
                })
                value=derive(move || form.with(|f| f.outcome.map(|o| o.name().to_owned())))
                on_choose=Callback::new(move |name: String| {
                    form.update(|form| form.outcome = outcome_of(&name));
                })
            />
            {drawn(move || {
                other.get().map(|contact| {
                    let name = StoredValue::new(contact.name);
                    view! {
                        <Button
                            text=derive(move || tr::fees::other_contact(name.get_value()))
                            icon=Icon::Phone
                            busy=saving
                            on_press=Callback::new(move |()| save.run(true))
                        />
                        <p class="soft small">
                            {drawn(move || tr::fees::other_contact_note(name.get_value()))}
                        </p>
                    }
                })
            })}
            <Details household=household form=form lack=lack/>
            <TextArea
                label=words(tr::common::note)
                rows=2
                value=derive(move || form.with(|form| form.note.clone()))
                on_input=Callback::new(move |text: String| form.update(|form| form.set_note(text)))
            />
            <Problem refusal=problem/>
            <div class="action-bar">
                <Button
                    text=main
                    weight=Weight::Primary
                    large=true
                    disabled=derive(move || !chosen.get())
                    busy=saving
                    on_press=Callback::new(move |()| save.run(false))
                />
            </div>
        </section>
    }
}

/// Back from the dialler, the page is where one goes on: at the outcome.
fn return_to(heading: NodeRef<html::H2>, form: RwSignal<CallForm>) {
    let show = move || {
        let waits =
            form.try_with_untracked(|form| form.dialled.is_some() && form.outcome.is_none());
        if waits == Some(true)
            && let Some(heading) = heading.get_untracked()
        {
            heading.scroll_into_view();
            let _ = heading.focus();
        }
    };
    // The phone may have thrown the page away meanwhile: then it is a fresh page with a draft.
    heading.on_load(move |_| request_animation_frame(show));
    let listener = window_event_listener_untyped("visibilitychange", move |_| {
        if is_visible() {
            show();
        }
    });
    on_cleanup(move || listener.remove());
}

/// What the outcome asks for: a promise, a reason, a ticket.
#[component]
fn Details(
    household: Household,
    form: RwSignal<CallForm>,
    lack: Memo<Option<Lack>>,
) -> impl IntoView {
    let reached = memo(move || form.with(CallForm::is_reached));
    let may_promise = memo(move || form.with(CallForm::may_promise));
    let needs_ticket = memo(move || form.with(CallForm::needs_ticket));
    let household = StoredValue::new(household);
    view! {
        <Show when=move || may_promise.get()>
            <DateChoice
                label=words(tr::fees::promised)
                field=words(tr::fees::other_date)
                value=derive(move || form.with(|form| form.promised))
                on_choose=Callback::new(move |date: Option<NaiveDate>| {
                    form.update(|form| form.promised = date);
                })
            />
        </Show>
        <Show when=move || reached.get()>
            <div class="stack">
                <p class="section-title">
                    {drawn(move || {
                        if form.with(|form| form.may_promise() && form.promised.is_some()) {
                            tr::fees::reason_optional()
                        } else {
                            tr::fees::reason()
                        }
                    })}
                </p>
                <Chips
                    label=words(tr::fees::reason)
                    choices=derive(|| {
                        UnpaidReason::ALL
                            .into_iter()
                            .map(|r| Choice::new(r.name(), name_of("fees", "reason_", r.name())))
                            .collect::<Vec<_>>()
                    })
                    value=derive(move || form.with(|f| f.reason.map(|r| r.name().to_owned())))
                    on_choose=Callback::new(move |name: String| {
                        form.update(|form| {
                            let reason = reason_of(&name);
                            form.reason = if form.reason == reason { None } else { reason };
                        });
                    })
                />
            </div>
        </Show>
        <Show when=move || needs_ticket.get()>
            <ServiceProblem household=household form=form lack=lack/>
        </Show>
    }
}

/// The service problem: one that is already a ticket, or a new one.
#[component]
fn ServiceProblem(
    household: StoredValue<Household>,
    form: RwSignal<CallForm>,
    lack: Memo<Option<Lack>>,
) -> impl IntoView {
    let app = use_app();
    let (unit, cluster) = household.with_value(|h| (h.id, h.cluster));
    let known = app.query(&[RecordKind::Ticket], move |replica| {
        let of_unit = replica.active::<Ticket>().filter(|t| t.place.unit == Some(unit));
        let mut open: Vec<(domain::Ms, TicketId, String)> = of_unit
            .filter(|ticket| !ticket.state.is_final())
            .map(|ticket| (ticket.opened_at, ticket.id, ticket_title(ticket)))
            .collect();
        order::sort_by_key(&mut open, |(at, ..)| std::cmp::Reverse(*at));
        open
    });
    let may_open = app.may_in(Right::OpenTicket, cluster);
    let any = memo(move || known.with(|known| !known.is_empty()));
    let choices = derive(move || {
        let mut choices = Vec::new();
        if may_open {
            choices.push(Choice::new("", tr::fees::new_ticket()));
        }
        known.with(|known| {
            choices.extend(
                known.iter().map(|(_, id, title)| Choice::new(id.to_string(), title.clone())),
            );
        });
        choices
    });
    let existing = memo(move || form.with(|form| form.existing));
    let value = derive(move || {
        let chosen = existing.get().map(|id| id.to_string());
        if may_open { Some(chosen.unwrap_or_default()) } else { chosen }
    });
    view! {
        <div class="card">
            <h3>{written(tr::fees::service_ticket)}</h3>
            <Show when=move || any.get()>
                <Chips
                    label=words(tr::fees::service_ticket)
                    choices=choices
                    value=value
                    on_choose=Callback::new(move |key: String| {
                        form.update(|form| form.existing = key.parse().ok());
                    })
                />
            </Show>
            <Show when=move || may_open && existing.get().is_none()>
                <TicketForm
                    fields=derive(move || form.with(|form| form.ticket.clone()))
                    on_change=Callback::new(move |fields| form.update(|form| form.ticket = fields))
                    lack=lack
                />
            </Show>
            <Show when=move || !may_open && existing.get().is_none()>
                <p class="soft">{written(tr::fees::no_ticket_right)}</p>
            </Show>
        </div>
    }
}
