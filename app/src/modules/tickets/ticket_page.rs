//! One ticket: what it is, what happened, and exactly what this person may do with it now.

use std::sync::Arc;

use domain::Right;
use domain::id::TicketId;
use domain::modules::RecordKind;
use domain::modules::tickets::{Move, Ticket};
use domain::sync::record::SyncedRecord;
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use super::labels;
use super::move_sheet::MoveSheet;
use super::parts::{Problem, say, use_sending};
use super::ticket_record::TicketRecord;
use super::view_model::link::local;
use super::view_model::moves::{
    Ask, MoveForm, Offer, command, complete_address, is_one_tap, offer,
};
use crate::app_context::use_app;
use crate::i18n::tr;
use crate::reactive::{bound, derive, drawn, effect, memo, memo_after};
use crate::ui::{Button, Empty, Icon, Notice, Page, Skeleton, Weight};

/// The id in the address of the page.
pub(super) fn ticket_id() -> Memo<Option<TicketId>> {
    let params = use_params_map();
    memo(move || params.with(|params| params.get("id")?.parse().ok()))
}

/// The ticket that the address names, as this phone knows it.
pub(super) fn ticket_here(id: Memo<Option<TicketId>>) -> Memo<Option<Arc<Ticket>>> {
    use_app().query(&[RecordKind::Ticket], move |replica| {
        id.get().and_then(|id| replica.get::<Ticket>(id.0)).cloned().map(Arc::new)
    })
}

/// The ticket as it was last seen here: it may go out of this phone's sight while it is shown.
pub(super) fn last_known(first: Arc<Ticket>, live: Memo<Option<Arc<Ticket>>>) -> Memo<Arc<Ticket>> {
    memo_after(move |before: Option<&Arc<Ticket>>| {
        live.get().unwrap_or_else(|| before.unwrap_or(&first).clone())
    })
}

#[component]
pub fn TicketPage() -> impl IntoView {
    let app = use_app();
    let id = ticket_id();
    let ticket = ticket_here(id);
    let table = if untrack(|| app.may(Right::ViewOffice)) { "/office/tickets" } else { "/tickets" };
    let back = local(use_query_map().get_untracked().get("back"));
    let back = back.unwrap_or_else(|| table.to_owned());
    let title = derive(move || {
        ticket.with(|ticket| match ticket {
            Some(ticket) => {
                tr::tickets::record_title(labels::kind(ticket.kind), ticket.display_number())
            }
            None => tr::tickets::title().to_owned(),
        })
    });
    let subtitle = derive(move || {
        ticket.with(|ticket| ticket.as_ref().map(|t| t.place.label.clone()).unwrap_or_default())
    });
    // Another ticket is another page: nothing of an open sheet must go over to it.
    let shown = memo(move || ticket.with(|ticket| ticket.as_ref().map(|ticket| ticket.id)));
    // Given to somebody else while it was open: said otherwise than an address that leads nowhere.
    let seen = StoredValue::new(None::<TicketId>);
    effect(move || {
        if let Some(id) = shown.get() {
            seen.set_value(Some(id));
        }
    });
    view! {
        <Page title=title subtitle=subtitle back=back>
            {drawn(move || match (shown.get(), ticket.get_untracked()) {
                (Some(_), Some(first)) => view! { <Body first=first live=ticket/> }.into_any(),
                _ if app.status().with(|status| status.first_sync) => view! { <Skeleton/> }.into_any(),
                _ if id.get().is_some() && seen.get_value() == id.get() => view! {
                    <Empty
                        icon=Icon::Tickets
                        title=say(tr::tickets::gone)
                        note=say(tr::tickets::gone_note)
                    />
                }
                .into_any(),
                _ => view! {
                    <Empty
                        icon=Icon::Tickets
                        title=say(tr::tickets::not_here)
                        note=say(tr::tickets::not_here_note)
                    />
                }
                .into_any(),
            })}
        </Page>
    }
}

#[component]
fn Body(first: Arc<Ticket>, live: Memo<Option<Arc<Ticket>>>) -> impl IntoView {
    let app = use_app();
    let key = first.key();
    let ticket = last_known(first, live);
    let pending = app.query(&[RecordKind::Ticket], move |replica| replica.is_pending(key));
    let ask = RwSignal::new(None::<Ask>);
    let sending = use_sending();
    let offered = memo(move || {
        let actor = app.actor();
        ticket.with(|ticket| {
            let gives_out = ticket.require(Right::AssignTicket, &actor).is_ok();
            offer(&ticket.possible_moves(&actor), &ticket.state, gives_out)
        })
    });
    let settles = memo(move || {
        let actor = app.actor();
        ticket.with(|ticket| {
            ticket.conflicts > 0 && ticket.require(Right::SettleConflict, &actor).is_ok()
        })
    });
    let navigate = use_navigate();
    let make = Callback::new(move |tried: Move| {
        if tried == Move::Complete {
            let to = ticket.with_untracked(|ticket| complete_address(ticket));
            navigate(&to, Default::default());
        } else if is_one_tap(tried) {
            let zone = app.settings().with_untracked(|settings| settings.zone.clone());
            let id = ticket.with_untracked(|ticket| ticket.id);
            let made = command(Ask::Move(tried), id, &MoveForm::default(), Vec::new(), &zone);
            let done = Callback::new(|()| ());
            sending.send(
                made.into_iter().collect(),
                Vec::new(),
                None,
                labels::move_done(tried),
                done,
            );
        } else {
            ask.set(Some(Ask::Move(tried)));
        }
    });
    view! {
        {drawn(move || {
            let conflicts = ticket.with(|ticket| ticket.conflicts);
            let settles = settles.get();
            (conflicts > 0).then(|| view! {
                <Notice
                    tone="late"
                    text=derive(move || tr::tickets::conflict_notice(conflicts))
                >
                    {settles.then(|| view! {
                        <Button
                            text=say(tr::tickets::settle)
                            on_press=move |()| ask.set(Some(Ask::Settle))
                        />
                    })}
                </Notice>
            })
        })}
        <TicketRecord ticket=ticket pending=pending>
            <Problem sending=sending/>
            <Others ticket=ticket offered=offered make=make busy=sending.busy/>
        </TicketRecord>
        <Main ticket=ticket offered=offered make=make busy=sending.busy/>
        <MoveSheet ticket=ticket ask=ask/>
    }
}

/// What else can be done, below the facts.
#[component]
fn Others(
    ticket: Memo<Arc<Ticket>>,
    offered: Memo<Offer>,
    make: Callback<Move>,
    busy: RwSignal<bool>,
) -> impl IntoView {
    let button = move |tried: Move| {
        let weight = if tried == Move::Decline { Weight::Danger } else { Weight::Plain };
        view! {
            <Button
                text=derive(move || ticket.with(|ticket| labels::move_name_of(tried, ticket)))
                on_press=move |()| make.run(tried)
                weight=weight
                busy=busy
            />
        }
    };
    drawn(move || {
        let others = offered.with(|offer| offer.others.clone());
        (!others.is_empty()).then(|| {
            view! {
                <div class="row wrap ticket-moves" role="group" aria-label=bound(tr::tickets::moves)>
                    {others.into_iter().map(button).collect_view()}
                </div>
            }
        })
    })
}

/// The one main action, within the thumb's reach.
#[component]
fn Main(
    ticket: Memo<Arc<Ticket>>,
    offered: Memo<Offer>,
    make: Callback<Move>,
    busy: RwSignal<bool>,
) -> impl IntoView {
    drawn(move || {
        offered.with(|offer| offer.main).map(|tried| {
            view! {
                <div class="action-bar ticket-main">
                    <Button
                        text=derive(move || ticket.with(|ticket| labels::move_name_of(tried, ticket)))
                        on_press=move |()| make.run(tried)
                        weight=Weight::Primary
                        large=true
                        busy=busy
                    />
                </div>
            }
        })
    })
}
