//! The office's table of tickets: filters in the address, sorting, paging, keyboard, assigning many
//! at once. Reads the server's view; writes by the same commands as the phone.

use std::collections::BTreeSet;

use domain::Right;
use domain::id::{TicketId, UserId};
use domain::modules::tickets::{AssignTicket, Move, Ticket};
use domain::views::TicketTable;
use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::assign_list::AssignList;
use super::parts::{Problem, Text, say, use_sending};
use super::table_filters::{Filters, Pager};
use super::table_rows::TableRows;
use super::view_model::link::address;
use super::view_model::table::{TableQuery, moved};
use crate::app_context::{View, use_app, use_view};
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{call, derive, drawn, effect, memo};
use crate::ui::{Button, ButtonLink, Empty, Icon, Notice, Page, Sheet, Show, Skeleton, Weight};

/// Whether somebody is typing, and keys are letters rather than commands.
fn is_typing(event: &ev::KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let tag = element.map(|element| element.tag_name()).unwrap_or_default();
    matches!(tag.as_str(), "INPUT" | "SELECT" | "TEXTAREA")
        || event.ctrl_key()
        || event.meta_key()
        || event.alt_key()
}

#[component]
pub fn TicketTablePage() -> impl IntoView {
    let app = use_app();
    let params = use_query_map();
    let query = memo(move || params.with(|params| TableQuery::read(|name| params.get(name))));
    let navigate = use_navigate();
    let go = {
        let navigate = navigate.clone();
        Callback::new(move |query: TableQuery| {
            let options =
                NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&query.page_address(), options);
        })
    };
    let view: View<TicketTable> = use_view(derive(move || query.with(TableQuery::view_address)));
    let marked = RwSignal::new(None::<usize>);
    let picked = RwSignal::new(BTreeSet::<TicketId>::new());
    let search = NodeRef::<Input>::new();
    let open = Callback::new(move |ticket: TicketId| {
        let back = query.with_untracked(TableQuery::page_address);
        let back = if back == "/office/tickets" { "" } else { &back };
        navigate(&address(&format!("/tickets/{ticket}"), &[("back", back)]), Default::default());
    });
    // Another page or order: what was marked is somewhere else now.
    effect(move || {
        query.get();
        marked.set(None);
    });
    // Rows that went off the page are not assigned unseen.
    effect(move || {
        view.data.with(|table| {
            if let Some(table) = table {
                picked.update(|picked| {
                    picked.retain(|id| table.rows.iter().any(|row| row.id == *id))
                });
            }
        });
    });
    let assigning = RwSignal::new(false);
    let keys = window_event_listener(ev::keydown, move |event| {
        if assigning.get_untracked() || is_typing(&event) {
            return;
        }
        let rows = view.data.with_untracked(|table| table.as_ref().map_or(0, |t| t.rows.len()));
        let at_mark = || {
            let at = marked.get_untracked()?;
            view.data.with_untracked(|table| table.as_ref()?.rows.get(at).map(|row| row.id))
        };
        match event.key().as_str() {
            "/" => {
                event.prevent_default();
                if let Some(search) = search.get_untracked() {
                    let _ = search.focus();
                }
            }
            "j" => marked.update(|at| *at = moved(*at, rows, true)),
            "k" => marked.update(|at| *at = moved(*at, rows, false)),
            "x" => {
                if let Some(id) = at_mark() {
                    toggle(picked, id);
                }
            }
            "Enter" => {
                // A focused button or link has its own Enter.
                if let Some(id) = at_mark().filter(|_| on_page(&event)) {
                    open.run(id);
                }
            }
            _ => {}
        }
    });
    on_cleanup(move || keys.remove());
    let may_assign = memo(move || app.may(Right::AssignTicket));
    let total = move || view.data.with(|table| table.as_ref().map(|table| table.total));
    let body = move || {
        let known = view.data.with(|table| table.as_ref().map(|table| table.rows.is_empty()));
        match (known, view.error.get()) {
            (None, Some(refusal)) => view! {
                <Notice tone="late" text=Signal::stored(error_text(&refusal))>
                    <Button text=say(tr::common::retry) on_press=view.reload/>
                </Notice>
            }
            .into_any(),
            (None, None) => view! { <Skeleton rows=8/> }.into_any(),
            (Some(true), _) => {
                let narrowed = query.with(TableQuery::is_narrowed);
                let (title, note): (Text, Text) = if narrowed {
                    (tr::tickets::none_found, tr::tickets::none_found_note)
                } else {
                    (tr::tickets::none_open, tr::tickets::none_open_note)
                };
                view! { <Empty icon=Icon::Tickets title=say(title) note=say(note)/> }.into_any()
            }
            (Some(false), _) => view! {
                <TableRows
                    view=view
                    query=query
                    go=go
                    open=open
                    marked=marked
                    picked=picked
                    may_assign=may_assign
                />
            }
            .into_any(),
        }
    };
    // Only what decides which of the faces is shown, so that new rows do not redraw the table.
    let face = memo(move || {
        let rows = view.data.with(|table| table.as_ref().map(|table| table.rows.is_empty()));
        (rows, if rows.is_none() { view.error.get() } else { None })
    });
    view! {
        <Page
            title=say(tr::tickets::title)
            subtitle=derive(move || total().map(tr::tickets::rows_total).unwrap_or_default())
        >
            <Filters query=query go=go search=search/>
            <Show when=move || view.error.with(Option::is_some) && view.data.with(Option::is_some)>
                <Notice text=say(tr::common::stale)>
                    <Button text=say(tr::common::retry) on_press=view.reload/>
                </Notice>
            </Show>
            <div class="row wrap table-actions">
                <Show when=move || may_assign.get() && !picked.with(BTreeSet::is_empty)>
                    <Button
                        text=derive(move || tr::tickets::assign_picked(picked.with(BTreeSet::len)))
                        on_press=move |()| assigning.set(true)
                        weight=Weight::Primary
                    />
                    <Button text=say(tr::tickets::pick_none) on_press=move |()| picked.update(BTreeSet::clear)/>
                </Show>
                <span class="push small soft">{tr::tickets::keys}</span>
                <Show when=move || app.may(Right::OpenTicket)>
                    <ButtonLink
                        text=say(tr::tickets::open_new)
                        href="/tickets/new?back=/office/tickets"
                        icon=Icon::Plus
                    />
                </Show>
            </div>
            {drawn(move || {
                face.get();
                untrack(body)
            })}
            <Pager query=query go=go total=derive(move || total().unwrap_or(0))/>
            <Sheet
                open=assigning
                title=derive(move || tr::tickets::assign_picked(picked.with(BTreeSet::len)))
                on_close=move |()| assigning.set(false)
            >
                <AssignMany picked=picked on_done=move |()| assigning.set(false)/>
            </Sheet>
        </Page>
    }
}

fn on_page(event: &ev::KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_none_or(|element| !matches!(element.tag_name().as_str(), "BUTTON" | "A"))
}

pub(super) fn toggle(picked: RwSignal<BTreeSet<TicketId>>, id: TicketId) {
    picked.update(|picked| {
        if !picked.remove(&id) {
            picked.insert(id);
        }
    });
}

/// One person for all rows that are picked.
#[component]
fn AssignMany(
    picked: RwSignal<BTreeSet<TicketId>>,
    #[prop(into)] on_done: Callback<()>,
) -> impl IntoView {
    let app = use_app();
    let chosen = RwSignal::new(None::<UserId>);
    let sending = use_sending();
    // One that is finished by now would have all of them refused.
    let (ready, skipped) = picked.with_untracked(|picked| {
        app.with_replica(|replica| {
            let actor = replica.actor();
            let can = |id: &&TicketId| {
                let known = replica.get::<Ticket>(id.0);
                known.is_none_or(|ticket| ticket.gate(Move::Assign, actor).is_ok())
            };
            let ready: Vec<TicketId> = picked.iter().filter(can).copied().collect();
            let skipped = picked.len() - ready.len();
            (ready, skipped)
        })
    });
    let first = ready.first().copied();
    let none = ready.is_empty();
    let ready = StoredValue::new(ready);
    let submit = move |()| {
        let Some(to) = chosen.get_untracked() else { return };
        let assign =
            |ticket: &TicketId| AssignTicket { ticket: *ticket, to, note: String::new() }.into();
        let commands: Vec<_> = ready.with_value(|ready| ready.iter().map(assign).collect());
        let text = tr::tickets::assigned_many(commands.len());
        let done = Callback::new(move |()| {
            picked.update(BTreeSet::clear);
            call(on_done, ());
        });
        sending.send(commands, Vec::new(), None, text, done);
    };
    view! {
        <AssignList ticket=first chosen=chosen on_choose=move |user| chosen.set(Some(user))/>
        <p class="small soft" role="status">
            {drawn(move || (skipped > 0).then(|| tr::tickets::assign_skipped(skipped)))}
        </p>
        <Problem sending=sending/>
        <footer>
            <Button
                text=say(tr::tickets::assign_confirm)
                on_press=submit
                weight=Weight::Primary
                large=true
                disabled=derive(move || none || chosen.get().is_none())
                busy=sending.busy
            />
        </footer>
    }
}
