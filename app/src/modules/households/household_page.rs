//! One household: facts, people to call, what is owed, what is open, everything that happened.

use domain::id::UnitId;
use domain::modules::RecordKind;
use domain::modules::fees::{Arrears, FeeCall};
use domain::modules::households::{Contact, Household};
use domain::modules::tickets::Ticket;
use domain::modules::visits::{Visit, follow_up};
use domain::order;
use domain::{Fen, Right};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::kit::words;
use super::timeline::HouseholdTimeline;
use super::view_model::{relation_name, status_name, tel, ticket_title, timeline, way_name};
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::modules::tickets::labels;
use crate::reactive::{bound, drawn, memo, written};
use crate::ui::{ButtonLink, ClockChip, Empty, Glyph, Icon, NoRight, Notice, Page, Show, Weight};

/// `/households/:id`
#[component]
pub fn HouseholdPage() -> impl IntoView {
    let params = use_params_map();
    let unit = memo(move || {
        params.with(|params| params.get("id")).and_then(|id| id.parse::<UnitId>().ok())
    });
    drawn(move || match unit.get() {
        Some(unit) => view! { <HouseholdFile unit=unit/> }.into_any(),
        None => view! { <Missing/> }.into_any(),
    })
}

#[component]
fn Missing() -> impl IntoView {
    if !untrack(|| use_app().may(Right::ViewHouseholds)) {
        return view! { <Page title=words(tr::households::title)><NoRight/></Page> }.into_any();
    }
    view! {
        <Page title=words(tr::households::title) back="/households">
            <Empty
                icon=Icon::Households
                title=words(tr::households::missing)
                note=words(tr::households::missing_note)
            />
        </Page>
    }
    .into_any()
}

#[component]
fn HouseholdFile(unit: UnitId) -> impl IntoView {
    let app = use_app();
    let household = app
        .query(&[RecordKind::Household], move |replica| replica.get::<Household>(unit.0).cloned());
    drawn(move || match household.get() {
        Some(household) => view! { <File household=household/> }.into_any(),
        None => view! { <Missing/> }.into_any(),
    })
}

#[component]
fn File(household: Household) -> impl IntoView {
    let app = use_app();
    let (unit, cluster) = (household.id, household.cluster);
    let arrears = app.query(&[RecordKind::Arrears], move |replica| {
        replica.get::<Arrears>(Arrears::id_of(unit)).cloned()
    });
    let last_call = app.query(&[RecordKind::FeeCall], move |replica| {
        let calls = replica.naming::<FeeCall>(unit.0).filter(|call| call.unit == unit);
        calls.filter(|call| call.outcome.is_reached()).max_by_key(|call| call.at).cloned()
    });
    let open = app.query(&[RecordKind::Ticket], move |replica| {
        let of_unit = replica.active::<Ticket>().filter(|t| t.place.unit == Some(unit));
        let mut open: Vec<Ticket> = of_unit.filter(|t| !t.state.is_final()).cloned().collect();
        order::sort_by_key(&mut open, |ticket| ticket.clock.due);
        open
    });
    let history =
        app.query(&[RecordKind::Ticket, RecordKind::Visit, RecordKind::FeeCall], move |replica| {
            timeline(
                replica.naming::<Ticket>(unit.0).filter(|ticket| ticket.place.unit == Some(unit)),
                replica.naming::<Visit>(unit.0).filter(|visit| visit.unit == Some(unit)),
                replica.naming::<FeeCall>(unit.0).filter(|call| call.unit == unit),
            )
        });
    let label = household.label.clone();
    let sees_arrears = app.may_in(Right::ViewArrears, cluster);
    let owing = move || arrears.with(|a| a.as_ref().is_some_and(|a| a.owed > Fen(0)));
    let here = format!("/households/{unit}");
    let visit = format!("/visits/new?unit={unit}&back={here}");
    let ticket = format!("/tickets/new?unit={unit}&back={here}");
    let call = format!("/fees/{unit}?back={here}");
    let main = [
        (
            app.may_in(Right::RecordVisit, cluster),
            visit,
            Icon::Talk,
            tr::households::note_visit as fn() -> _,
        ),
        (
            app.may_in(Right::OpenTicket, cluster),
            ticket,
            Icon::Tickets,
            tr::households::report as fn() -> _,
        ),
    ];
    let may_call = app.may_in(Right::RecordCall, cluster);
    let has_actions = main.iter().any(|(may, ..)| *may);

    view! {
        <Page title=label back="/households">
            {(!household.caution.is_empty())
                .then(|| {
                    let text = tr::households::caution(&household.caution);
                    view! { <Notice tone="soon" text=text/> }
                })}
            <Facts household=household.clone()/>
            <People contacts=household.contacts.clone()/>
            {sees_arrears
                .then(|| view! { <ArrearsCard arrears=arrears last_call=last_call call=may_call.then_some(call)/> })}
            <OpenTickets tickets=open/>
            <HouseholdTimeline happenings=history/>
            {has_actions
                .then(|| {
                    let buttons = main
                        .into_iter()
                        .filter(|(may, ..)| *may)
                        .enumerate()
                        .map(|(at, (_, href, icon, text))| {
                            let weight = if at == 0 && !owing() { Weight::Primary } else { Weight::Plain };
                            view! { <ButtonLink text=words(text) href=href icon=icon weight=weight large=true/> }
                        })
                        .collect_view();
                    view! { <div class="action-bar">{buttons}</div> }
                })}
        </Page>
    }
}

#[component]
fn Facts(household: Household) -> impl IntoView {
    let app = use_app();
    let unit = household.id;
    let last = app.query(&[RecordKind::Visit], move |replica| {
        follow_up::last_visit(replica.naming::<Visit>(unit.0), unit)
            .map(|visit| (visit.at, visit.way, visit.by_name.clone()))
    });
    let last_words = move || match last.get() {
        Some((at, way, by)) => {
            let when = fmt::moment(at, app.now().get(), &app.zone());
            format!("{when} · {} · {by}", way_name(way))
        }
        None => tr::households::never_visited().to_owned(),
    };
    view! {
        <section class="card" aria-labelledby="facts">
            <header>
                <h2 id="facts">{written(tr::households::facts)}</h2>
                {household
                    .key_customer
                    .then(|| {
                        view! {
                            <span class="badge ok">
                                <Glyph icon=Icon::Star small=true/>
                                {written(tr::households::key_customer)}
                            </span>
                        }
                    })}
            </header>
            <dl class="facts">
                <dt>{written(tr::households::status)}</dt>
                <dd>{drawn(move || status_name(household.status))}</dd>
                <dt>{written(tr::households::area)}</dt>
                <dd class="number">{fmt::hundredths(household.area_centi)} " m²"</dd>
                <dt>{written(tr::households::floor)}</dt>
                <dd class="number">{household.floor}</dd>
                <dt>{written(tr::households::handed_over)}</dt>
                <dd>
                    {drawn(move || {
                        household
                            .handed_over
                            .map_or_else(|| tr::households::not_yet().to_owned(), fmt::full_date)
                    })}
                </dd>
                <dt>{written(tr::households::last_visit)}</dt>
                <dd>{drawn(last_words)}</dd>
            </dl>
        </section>
    }
}

/// Whom to call, in the order in which to try.
#[component]
fn People(contacts: Vec<Contact>) -> impl IntoView {
    let none = contacts.is_empty();
    view! {
        <section class="card" aria-labelledby="people">
            <header>
                <h2 id="people">{written(tr::households::people)}</h2>
            </header>
            {none.then(|| view! { <p class="soft">{written(tr::households::no_people)}</p> })}
            <ul class="stack">
                {contacts.into_iter().map(|contact| view! { <Person contact=contact/> }).collect_view()}
            </ul>
        </section>
    }
}

/// One contact with what dials it.
#[component]
fn Person(contact: Contact) -> impl IntoView {
    let Contact { name, relation, phone, .. } = contact;
    let spoken = name.clone();
    view! {
        <li class="row">
            <span class="grow stack tight">
                <span class="strong">
                    {name} " " <span class="badge">{drawn(move || relation_name(relation))}</span>
                </span>
                <span class="number soft">{phone.clone()}</span>
            </span>
            {match tel(&phone) {
                Some(href) => {
                    view! {
                        <a class="button" href=href aria-label=bound(move || tr::households::call_person(&spoken))>
                            <Glyph icon=Icon::Phone/>
                            <span>{written(tr::fees::dial)}</span>
                        </a>
                    }
                        .into_any()
                }
                None => view! { <span class="soft small">{written(tr::households::no_phone)}</span> }.into_any(),
            }}
        </li>
    }
}

/// What is owed, since when, what was promised; leads to the call.
#[component]
fn ArrearsCard(
    arrears: Memo<Option<Arrears>>,
    last_call: Memo<Option<FeeCall>>,
    call: Option<String>,
) -> impl IntoView {
    let app = use_app();
    let promise = move || {
        let promised = last_call.get()?.promised?;
        let today = app.today().get();
        let class = if promised < today { "badge late" } else { "badge soon" };
        let text = if promised < today {
            tr::fees::broken(fmt::day(promised))
        } else {
            tr::fees::promised_for(fmt::near_date(promised, today))
        };
        Some(view! { <p><span class=class>{text}</span></p> })
    };
    view! {
        <section class="card" aria-labelledby="arrears">
            <header>
                <h2 id="arrears">{written(tr::households::arrears)}</h2>
            </header>
            {drawn(move || {
                let Some(figures) = arrears.get() else {
                    return view! { <p class="soft">{tr::households::no_figures()}</p> }.into_any();
                };
                let as_of = tr::fees::as_of(fmt::moment(figures.as_of, app.now().get(), &app.zone()));
                if figures.owed <= Fen(0) {
                    let paid = view! { <p class="strong">{tr::households::all_paid()}</p> };
                    return view! { {paid} <p class="soft small">{as_of}</p> }.into_any();
                }
                let since = figures
                    .since
                    .map(|since| tr::fees::since_months(fmt::month(since), figures.months));
                let call = call.clone();
                view! {
                    <p class="figure number">{fmt::money(figures.owed)}</p>
                    <p class="soft">{since} " · " {as_of}</p>
                    {drawn(promise)}
                    {call
                        .map(|href| {
                            view! {
                                <ButtonLink
                                    text=words(tr::households::chase)
                                    href=href
                                    icon=Icon::Phone
                                    weight=Weight::Primary
                                />
                            }
                        })}
                }
                    .into_any()
            })}
        </section>
    }
}

#[component]
fn OpenTickets(tickets: Memo<Vec<Ticket>>) -> impl IntoView {
    let any = memo(move || tickets.with(|tickets| !tickets.is_empty()));
    view! {
        <Show when=move || any.get()>
            <section class="card flush" aria-labelledby="open">
                <header>
                    <h2 id="open">
                        {drawn(move || tr::households::open_tickets(tickets.with(Vec::len)))}
                    </h2>
                </header>
                <div class="list">
                    {drawn(move || {
                        tickets
                            .get()
                            .into_iter()
                            .map(|ticket| {
                                let state = labels::state(ticket.state.name());
                                view! {
                                    <a href=format!("/tickets/{}", ticket.id) class="item no-lead">
                                        <span class="stack tight">
                                            <span class="title">{ticket_title(&ticket)}</span>
                                            <span class="note">
                                                {labels::category(&ticket.category)} " · " {state} " · "
                                                {ticket.description.clone()}
                                            </span>
                                        </span>
                                        <span class="trail"><ClockChip clock=ticket.clock/></span>
                                    </a>
                                }
                            })
                            .collect_view()
                    })}
                </div>
            </section>
        </Show>
    }
}
