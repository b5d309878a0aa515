//! The record of a ticket: facts, description and photos, completions, timeline.

use std::sync::Arc;

use domain::Right;
use domain::id::UserId;
use domain::modules::RecordKind;
use domain::modules::fees::FeeCall;
use domain::modules::rounds::Round;
use domain::modules::tickets::{Completion, Origin, Ticket, TicketState};
use domain::modules::visits::Visit;
use domain::sync::client::Replica;
use leptos::prelude::*;

use super::labels;
use super::list_page::name_of;
use super::parts::{pending_badge, say, state_badge, urgency_badge, wait_over_badge};
use super::view_model::timeline::{completion_facts, rows};
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, drawn, memo};
use crate::ui::{ClockChip, Glyph, Icon, PhotoStrip, Timeline};

#[component]
pub fn TicketRecord(
    ticket: Memo<Arc<Ticket>>,
    #[prop(into)] pending: Signal<bool>,
    /// What can be done, below the facts.
    children: Children,
) -> impl IntoView {
    let app = use_app();
    let clock = memo(move || ticket.with(|ticket| ticket.clock));
    let now = app.now();
    let wait_over = memo(move || clock.get().wait_is_over(now.get()));
    let state = memo(move || ticket.with(|ticket| ticket.state.name()));
    let urgency = memo(move || ticket.with(|ticket| ticket.urgency));
    let photos = memo(move || ticket.with(|ticket| ticket.photos.clone()));
    let text = memo(move || ticket.with(|ticket| ticket.description.clone()));
    let completion = memo(move || ticket.with(|ticket| ticket.completion.clone()));
    let earlier = memo(move || ticket.with(|ticket| ticket.earlier.clone()));
    // Rebuilt for a change of the ticket or a name, not as time goes by: the times of the rows move
    // on by themselves, those within the words are of the past.
    let history = app.query(&[RecordKind::User], move |replica| {
        let zone = app.zone();
        let moment = |at| fmt::moment(at, app.instant(), &zone);
        ticket.with(|ticket| rows(ticket, &|user| name_of(replica, user), &moment))
    });
    view! {
        <div class="ticket-columns">
            <div class="stack">
                <section class="card" aria-label=bound(tr::tickets::facts)>
                    <div class="row wrap">
                        {drawn(move || state_badge(state.get()))}
                        {drawn(move || urgency_badge(urgency.get()))}
                        {drawn(move || wait_over_badge(wait_over.get()))}
                        {drawn(move || pending_badge(pending.get()))}
                        <span class="push">{drawn(move || view! { <ClockChip clock=clock.get()/> })}</span>
                    </div>
                    <Facts ticket=ticket/>
                </section>
                {children()}
                <section class="card">
                    <h2>{tr::tickets::description}</h2>
                    <p class="said">{drawn(move || {
                        let text = text.get();
                        if text.is_empty() { tr::tickets::no_description().to_owned() } else { text }
                    })}</p>
                    {drawn(move || view! { <PhotoStrip attachments=photos.get() label=say(tr::common::photos)/> })}
                </section>
                {drawn(move || completion.get().map(|one| {
                    view! { <CompletionCard completion=one title=say(tr::tickets::completion)/> }
                }))}
                {drawn(move || earlier.get().into_iter().rev().map(|one| {
                    view! { <CompletionCard completion=one title=say(tr::tickets::completion_earlier)/> }
                }).collect_view())}
            </div>
            <section class="card">
                <h2>{tr::tickets::timeline}</h2>
                <Timeline rows=history/>
            </section>
        </div>
    }
}

/// Where an origin can be read, and what it is called.
fn origin_link(replica: &Replica, origin: &Origin) -> (&'static str, Option<String>) {
    let actor = replica.actor();
    match origin {
        Origin::Round { round, .. } => {
            let known = replica.get::<Round>(round.0).is_some();
            (tr::tickets::origin_round(), known.then(|| format!("/rounds/{round}/record")))
        }
        Origin::Visit { visit } => {
            let unit = replica.get::<Visit>(visit.0).and_then(|visit| visit.unit);
            (tr::tickets::origin_visit(), unit.map(|unit| format!("/households/{unit}")))
        }
        Origin::FeeCall { call } => {
            let may = actor.may(Right::RecordCall);
            let call = replica.get::<FeeCall>(call.0).filter(|_| may);
            (tr::tickets::origin_call(), call.map(|call| format!("/fees/{}", call.unit)))
        }
    }
}

/// Names and values; the place, the telephone and the origin lead on.
#[component]
fn Facts(ticket: Memo<Arc<Ticket>>) -> impl IntoView {
    let app = use_app();
    // Drawn anew only when the ticket changes; a ticket has no fact that moves with the clock.
    let lines = move || {
        app.track(&[RecordKind::User, RecordKind::FeeCall, RecordKind::Visit, RecordKind::Round]);
        let zone = app.zone();
        let ticket = ticket.get();
        let moment = |at| fmt::moment(at, app.instant(), &zone);
        let name = |user: UserId| app.with_replica(|replica| name_of(replica, user));
        let mut facts: Vec<AnyView> = Vec::new();
        facts.push(place(&ticket, app.may(Right::ViewHouseholds)));
        facts.extend(contact(&ticket));
        facts.push(fact(tr::tickets::category(), labels::category(&ticket.category)));
        facts.extend(state_facts(&ticket.state, &moment, &name));
        facts.push(fact(tr::tickets::intake(), labels::intake(ticket.intake)));
        let opened = tr::tickets::opened_by(name(ticket.opened_by), moment(ticket.opened_at));
        facts.push(fact(tr::tickets::opened_at(), opened));
        if !ticket.state.is_finished() {
            facts.push(fact(tr::tickets::due(), moment(ticket.clock.due)));
            // Only until somebody has it: the chip moves on by itself.
            facts.extend(ticket.relay_clock().map(|clock| {
                view! { <dt>{tr::tickets::relay_due()}</dt><dd><ClockChip clock=clock/></dd> }
                    .into_any()
            }));
        }
        facts.extend(ticket.estimate.map(|fen| fact(tr::tickets::estimate(), fmt::money(fen))));
        facts.extend(
            ticket.score.map(|score| fact(tr::tickets::score(), tr::tickets::score_of(score))),
        );
        if ticket.reopened > 0 {
            let times = tr::tickets::reopened_times(ticket.reopened);
            facts.push(fact(tr::tickets::reopened(), times));
        }
        if let Some(origin) = &ticket.origin {
            let (name, to) = app.with_replica(|replica| origin_link(replica, origin));
            facts.push(linked(tr::tickets::origin(), name.to_owned(), to));
        }
        facts
    };
    view! { <dl class="facts">{drawn(lines)}</dl> }
}

fn fact(name: &'static str, value: String) -> AnyView {
    view! { <dt>{name}</dt><dd>{value}</dd> }.into_any()
}

fn linked(name: &'static str, value: String, to: Option<String>) -> AnyView {
    match to {
        Some(to) => view! { <dt>{name}</dt><dd><a href=to>{value}</a></dd> }.into_any(),
        None => fact(name, value),
    }
}

fn place(ticket: &Ticket, may_look: bool) -> AnyView {
    let unit = ticket.place.unit.filter(|_| may_look);
    let to = unit.map(|unit| format!("/households/{unit}"));
    linked(tr::tickets::place(), ticket.place.label.clone(), to)
}

fn contact(ticket: &Ticket) -> Option<AnyView> {
    let contact = &ticket.contact;
    let (name, phone) = (contact.name.clone(), contact.phone.clone());
    if name.is_empty() && phone.is_empty() {
        return None;
    }
    let dial = (!phone.is_empty()).then(|| {
        let label = tr::tickets::dial(if name.is_empty() { &phone } else { &name });
        let href = format!("tel:{phone}");
        view! {
            <a class="button dial" href=href aria-label=label>
                <Glyph icon=Icon::Phone small=true/>
                <span class="number">{phone}</span>
            </a>
        }
    });
    Some(
        view! {
            <dt>{tr::tickets::contact()}</dt>
            <dd class="row wrap"><span>{name}</span> {dial}</dd>
        }
        .into_any(),
    )
}

fn state_facts(
    state: &TicketState,
    moment: &dyn Fn(domain::Ms) -> String,
    name: &dyn Fn(UserId) -> String,
) -> Vec<AnyView> {
    let mut facts: Vec<AnyView> = Vec::new();
    if let Some(holder) = state.holder() {
        facts.push(fact(tr::tickets::holder(), name(holder)));
    }
    match state {
        TicketState::Waiting { reason, until, .. } => {
            facts.push(fact(tr::tickets::waits_for(), labels::wait_reason(*reason)));
            facts.extend(until.map(|until| fact(tr::tickets::wait_until(), moment(until))));
        }
        TicketState::ReturnVisit { due, .. } => {
            facts.push(fact(tr::tickets::return_due(), moment(*due)));
        }
        TicketState::Closed { by, at } => {
            facts.push(fact(
                tr::tickets::closed_by(),
                tr::tickets::opened_by(name(*by), moment(*at)),
            ));
        }
        TicketState::Declined { by, at } => {
            facts.push(fact(
                tr::tickets::declined_by(),
                tr::tickets::opened_by(name(*by), moment(*at)),
            ));
        }
        _ => {}
    }
    facts
}

/// What was done on site, as the customer signed it.
#[component]
fn CompletionCard(completion: Completion, #[prop(into)] title: Signal<String>) -> impl IntoView {
    let lines = (!completion.lines.is_empty()).then(|| {
        let rows = completion.lines.iter().map(|line| {
            let amount = line.amount().map(fmt::money).unwrap_or_default();
            view! {
                <tr>
                    <td>{line.name.clone()}</td>
                    <td class="end">{format!("{} {}", fmt::thousandths(line.quantity), line.unit)}</td>
                    <td class="end">{fmt::money(line.price)}</td>
                    <td class="end">{amount}</td>
                </tr>
            }
        });
        let rows = rows.collect_view();
        let total = fmt::money(completion.total);
        view! {
            <div class="table-frame" tabindex="0" role="region" aria-label=bound(tr::tickets::lines)>
                <table class="data job-lines">
                    <caption class="visually-hidden">{tr::tickets::lines()}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{tr::tickets::line_name()}</th>
                            <th scope="col" class="end">{tr::tickets::quantity()}</th>
                            <th scope="col" class="end">{tr::tickets::price()}</th>
                            <th scope="col" class="end">{tr::tickets::amount()}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                    <tfoot>
                        <tr>
                            <th scope="row" colspan="3" class="end">{tr::tickets::total()}</th>
                            <td class="end strong">{total}</td>
                        </tr>
                    </tfoot>
                </table>
            </div>
        }
    });
    // The lines have their table.
    let spoken = Completion { lines: Vec::new(), ..completion.clone() };
    let facts = completion_facts(&spoken)
        .into_iter()
        .map(|(name, value)| view! { <dt>{name}</dt><dd class="said">{value}</dd> })
        .collect_view();
    view! {
        <section class="card">
            <h2>{title}</h2>
            <dl class="facts">{facts}</dl>
            {lines}
            <PhotoStrip attachments=completion.attachments label=say(tr::tickets::completion_photos)/>
        </section>
    }
}
