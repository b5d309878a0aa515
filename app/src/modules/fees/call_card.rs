//! What one needs to know before dialling: people, debt, promises, open service problems, and the
//! record of earlier calls 物管费催收记录表.

use domain::Fen;
use domain::id::UnitId;
use domain::modules::RecordKind;
use domain::modules::fees::{Arrears, FeeCall};
use domain::modules::households::{Contact, Household};
use domain::modules::tickets::Ticket;
use domain::order;
use leptos::prelude::*;

use super::view_model::{CallForm, people_to_call, wrong_numbers};
use crate::app_context::use_app;
use crate::i18n::{fmt, name_of, tr};
use crate::modules::households::kit::words;
use crate::modules::households::view_model::{relation_name, tel, ticket_title};
use crate::reactive::{drawn, memo, written};
use crate::ui::{Glyph, Icon, Notice, Show};

/// The calls to a unit, the newest first.
pub fn use_calls(unit: UnitId) -> Memo<Vec<FeeCall>> {
    use_app().query(&[RecordKind::FeeCall], move |replica| {
        let mut calls: Vec<FeeCall> =
            replica.naming::<FeeCall>(unit.0).filter(|call| call.unit == unit).cloned().collect();
        order::sort_by_key(&mut calls, |call| std::cmp::Reverse((call.at, call.id)));
        calls
    })
}

#[component]
pub fn CallCard(household: Household, form: RwSignal<CallForm>) -> impl IntoView {
    let app = use_app();
    let unit = household.id;
    let arrears = app.query(&[RecordKind::Arrears], move |replica| {
        replica.get::<Arrears>(Arrears::id_of(unit)).cloned()
    });
    let calls = use_calls(unit);
    let promised =
        memo(move || calls.with(|calls| calls.iter().find(|c| c.outcome.is_reached())?.promised));
    let problems = app.query(&[RecordKind::Ticket, RecordKind::FeeCall], move |replica| {
        let calls = replica.naming::<FeeCall>(unit.0).filter(|call| call.unit == unit);
        let mut ids: Vec<_> = calls.filter_map(|call| call.ticket).collect();
        order::sort(&mut ids);
        ids.dedup();
        let tickets = ids.into_iter().filter_map(|id| replica.get::<Ticket>(id.0));
        tickets.map(|t| (t.id, ticket_title(t), t.state.is_solved())).collect::<Vec<_>>()
    });
    let wrong = memo(move || calls.with(|calls| wrong_numbers(calls)));
    let caution = household.caution.clone();
    let debt = move || {
        let Some(figures) = arrears.get() else {
            return view! { <p class="soft">{tr::households::no_figures()}</p> }.into_any();
        };
        let as_of = tr::fees::as_of(fmt::moment(figures.as_of, app.now().get(), &app.zone()));
        if figures.owed <= Fen(0) {
            return view! { <p class="strong">{tr::households::all_paid()}</p> <p class="soft small">{as_of}</p> }
                .into_any();
        }
        let since =
            figures.since.map(|since| tr::fees::since_months(fmt::month(since), figures.months));
        view! {
            <p class="figure number">{fmt::money(figures.owed)}</p>
            <p class="soft">{since} " · " {as_of}</p>
        }
        .into_any()
    };
    let promise = move || {
        let promised = promised.get()?;
        let broken = promised < app.today().get();
        let text = if broken {
            tr::fees::broken(fmt::day(promised))
        } else {
            tr::fees::promised_for(fmt::day(promised))
        };
        let class = if broken { "badge late" } else { "badge soon" };
        Some(view! { <p><span class=class>{text}</span></p> })
    };
    view! {
        <section class="card" aria-labelledby="debt">
            <h2 class="visually-hidden" id="debt">{written(tr::households::arrears)}</h2>
            {drawn(debt)}
            {drawn(promise)}
            {drawn(move || {
                problems
                    .get()
                    .into_iter()
                    .map(|(id, title, solved)| {
                        let class = if solved { "badge ok" } else { "badge late" };
                        let text = if solved {
                            tr::fees::ticket_solved(title)
                        } else {
                            tr::fees::ticket_unsolved(title)
                        };
                        view! { <p><a href=format!("/tickets/{id}") class=class>{text}</a></p> }
                    })
                    .collect_view()
            })}
            {(!caution.is_empty())
                .then(|| {
                    let text = tr::households::caution(&caution);
                    view! { <Notice tone="soon" text=text/> }
                })}
            {drawn(move || {
                let people = people_to_call(&household, &wrong.get());
                if people.is_empty() {
                    return view! { <p class="soft">{written(tr::households::no_people)}</p> }.into_any();
                }
                people
                    .into_iter()
                    .enumerate()
                    .map(|(place, (contact, wrong))| {
                        let main = place == 0 && !wrong;
                        view! { <Dial contact=contact form=form main=main wrong=wrong/> }
                    })
                    .collect_view()
                    .into_any()
            })}
        </section>
    }
}

/// A link that dials, and remembers that it did: the page is at "outcome?" when one comes back.
#[component]
fn Dial(contact: Contact, form: RwSignal<CallForm>, main: bool, wrong: bool) -> impl IntoView {
    let Contact { name, relation, phone, .. } = contact;
    let Some(href) = tel(&phone) else {
        return view! {
            <p class="soft">
                {name} " · " {drawn(move || relation_name(relation))} " · " {written(tr::households::no_phone)}
            </p>
        }
        .into_any();
    };
    let class = if main { "button primary large block" } else { "button block" };
    let (who, number) = (name.clone(), phone.clone());
    view! {
        <a
            class=class
            href=href
            on:click=move |_| form.update(|form| {
                form.dialled = Some(who.clone());
                form.phone.clone_from(&number);
            })
        >
            <Glyph icon=Icon::Phone/>
            <span>
                {written(tr::fees::dial)} " " {name} " "
                {drawn(move || relation_name(relation))} " "
                <span class="number">{phone}</span>
                {wrong.then(|| view! {
                    " "
                    <span class="badge late">{written(tr::fees::wrong_mark)}</span>
                })}
            </span>
        </a>
    }
    .into_any()
}

/// 物管费催收记录表 of this unit.
#[component]
pub fn EarlierCalls(unit: UnitId) -> impl IntoView {
    let app = use_app();
    let calls = use_calls(unit);
    let any = memo(move || calls.with(|calls| !calls.is_empty()));
    view! {
        <section class="stack" aria-labelledby="record">
            <h2 id="record">{written(tr::fees::record)}</h2>
            <Show
                when=move || any.get()
                fallback=|| view! { <p class="soft">{words(tr::fees::no_calls)}</p> }
            >
                <div class="table-frame" tabindex="0" role="region" aria-labelledby="record">
                    <table class="data comfortable call-record">
                        <thead>
                            <tr>
                                <th scope="col">{written(tr::fees::col_date)}</th>
                                <th scope="col">{written(tr::fees::col_outcome)}</th>
                                <th scope="col">{written(tr::fees::col_reason)}</th>
                                <th scope="col">{written(tr::fees::col_promised)}</th>
                                <th scope="col" class="end">{written(tr::fees::col_owed)}</th>
                                <th scope="col">{written(tr::fees::col_by)}</th>
                                <th scope="col">{written(tr::common::note)}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {drawn(move || calls.get().into_iter().map(|call| line(&call, &app.zone())).collect_view())}
                        </tbody>
                    </table>
                </div>
            </Show>
        </section>
    }
}

fn line(call: &FeeCall, zone: &domain::Zone) -> impl IntoView + use<> {
    let reason = call.reason.map(|reason| name_of("fees", "reason_", reason.name()));
    view! {
        <tr>
            <td class="nowrap">{fmt::day(zone.date(call.at))}</td>
            <td class="nowrap">{name_of("fees", "outcome_", call.outcome.name())}</td>
            <td class="nowrap">{reason}</td>
            <td class="nowrap">{call.promised.map(fmt::day)}</td>
            <td class="end">{fmt::money(call.owed)}</td>
            <td class="nowrap">{call.by_name.clone()}</td>
            <td class="long">{call.note.clone()}</td>
        </tr>
    }
}
