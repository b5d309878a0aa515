//! Whom to give work to: everybody who can take it, with what they have in hand.

use domain::id::{TicketId, UserId};
use domain::modules::RecordKind;
use domain::modules::accounts::User;
use domain::modules::tickets::Ticket;
use leptos::prelude::*;

use super::parts::say;
use super::view_model::people::{Person, assignable};
use crate::app_context::use_app;
use crate::i18n::tr;
use crate::reactive::{bound, drawn};
use crate::ui::{Empty, Icon, Show, role_name};

/// One tap marks a person. The suggestion is made for `ticket`.
#[component]
pub fn AssignList(
    ticket: Option<TicketId>,
    #[prop(into)] chosen: Signal<Option<UserId>>,
    #[prop(into)] on_choose: Callback<UserId>,
) -> impl IntoView {
    let people = use_app().query(&[RecordKind::User, RecordKind::Ticket], move |replica| {
        let tickets: Vec<&Ticket> = replica.active::<Ticket>().collect();
        let wanted = ticket.and_then(|ticket| replica.get::<Ticket>(ticket.0));
        assignable(replica.iter::<User>(), wanted, &tickets)
    });
    let line = move |person: Person, suggested: bool| {
        let user = person.user;
        let pressed = move || (chosen.get() == Some(user)).to_string();
        let roles: Vec<String> = person.roles.iter().map(|r| role_name(*r).to_owned()).collect();
        view! {
            <li>
                <button
                    type="button"
                    class="item no-lead choose"
                    aria-pressed=bound(pressed)
                    on:click=move |_| on_choose.run(user)
                >
                    <span class="stack tight">
                        <span class="title">
                            {person.name}
                            {suggested.then(|| view! {
                                <span class="badge ok">{tr::tickets::suggested()}</span>
                            })}
                        </span>
                        <span class="note">{crate::i18n::fmt::list(&roles)}</span>
                    </span>
                    <span class="trail number">{tr::tickets::in_hand(person.open)}</span>
                </button>
            </li>
        }
    };
    view! {
        <Show
            when=move || !people.with(Vec::is_empty)
            fallback=|| view! { <Empty icon=Icon::Users title=say(tr::tickets::nobody)/> }
        >
            <ul class="list inset people" role="group" aria-label=bound(tr::tickets::assign_to)>
                {drawn(move || {
                    people
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(place, person)| {
                            let suggested = place == 0 && person.fits;
                            line(person, suggested)
                        })
                        .collect_view()
                })}
            </ul>
        </Show>
    }
}
