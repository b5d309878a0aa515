//! The phone's list of tickets: mine, the pool, all; most pressing first.

use std::sync::Arc;

use domain::id::{TicketId, UserId};
use domain::modules::RecordKind;
use domain::modules::accounts::User;
use domain::modules::tickets::Ticket;
use domain::sync::client::Replica;
use domain::sync::record::SyncedRecord;
use domain::{Ms, Right};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::labels;
use super::parts::{Text, pending_badge, say, state_badge, urgency_badge};
use super::view_model::link::address;
use super::view_model::list::{Row, Shelf, counts, has_pool, on_shelf};
use crate::app_context::use_app;
use crate::i18n::tr;
use crate::reactive::{bound, derive, drawn, memo};
use crate::ui::{
    ButtonLink, Choice, ClockChip, Empty, Glyph, Icon, Page, Segmented, Show, ShowMore, Skeleton,
    Weight,
};

/// Rows that are drawn at first, and by each press on "more".
const PAGE: usize = 100;

/// The name of whoever holds a ticket, as far as this phone knows it.
pub(super) fn name_of(replica: &Replica, user: UserId) -> String {
    let known = replica.get::<User>(user.0).map(|user| user.name.clone());
    known.unwrap_or_else(|| tr::common::unknown_person().to_owned())
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Listed {
    counts: [usize; 3],
    rows: Vec<Arc<Row>>,
}

/// What the address says is shown.
fn here(shelf: Shelf, query: &str) -> String {
    let shelf = if shelf == Shelf::default() { "" } else { shelf.name() };
    address("/tickets", &[("shelf", shelf), ("q", query.trim())])
}

#[component]
pub fn TicketListPage() -> impl IntoView {
    let app = use_app();
    let params = use_query_map();
    let shelf = memo(move || {
        params.with(|params| Shelf::from_name(&params.get("shelf").unwrap_or_default()))
    });
    let query = RwSignal::new(params.with_untracked(|p| p.get("q").unwrap_or_default()));
    let more = RwSignal::new(PAGE);
    let navigate = use_navigate();
    let go = Callback::new(move |(shelf, query): (Shelf, String)| {
        let options =
            NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&here(shelf, &query), options);
    });
    let now = app.now();
    let listed = app.query(&[RecordKind::Ticket, RecordKind::User], move |replica| {
        let viewer = replica.actor();
        // A year's tickets are decoded for whoever looks at all of them, and for nobody else.
        let tickets: Vec<&Ticket> = match shelf.get() {
            Shelf::All => replica.iter::<Ticket>().collect(),
            Shelf::Mine | Shelf::Open => replica.active::<Ticket>().collect(),
        };
        let row = |ticket: &&Ticket| {
            let holder = ticket.state.holder().map(|user| name_of(replica, user));
            Arc::new(Row::of(ticket, holder, replica.is_pending(ticket.key())))
        };
        let found = on_shelf(&tickets, viewer, shelf.get(), &query.get(), now.get());
        Listed {
            counts: counts(&tickets, viewer, replica.count(RecordKind::Ticket)),
            rows: found.iter().map(row).collect(),
        }
    });
    let choices = move || {
        let pool = has_pool(&app.actor());
        let counts = listed.with(|listed| listed.counts);
        let name = |shelf| match shelf {
            Shelf::Mine => tr::tickets::shelf_mine(),
            Shelf::Open if pool => tr::tickets::shelf_pool(),
            Shelf::Open => tr::tickets::shelf_open(),
            Shelf::All => tr::tickets::shelf_all(),
        };
        let with_count = |(shelf, count): (Shelf, usize)| {
            Choice::new(shelf.name(), tr::tickets::shelf_count(name(shelf), count))
        };
        Shelf::ALL.into_iter().zip(counts).map(with_count).collect::<Vec<_>>()
    };
    let shown =
        move || listed.with(|l| l.rows.iter().take(more.get()).cloned().collect::<Vec<_>>());
    let total = move || listed.with(|listed| listed.rows.len());
    let loading = move || app.status().with(|status| status.first_sync);
    let type_in = move |text: String| {
        query.set(text.clone());
        more.set(PAGE);
        go.run((shelf.get_untracked(), text));
    };
    view! {
        <Page title=say(tr::tickets::title)>
            <Segmented
                label=say(tr::tickets::shelves)
                choices=derive(choices)
                value=derive(move || Some(shelf.get().name().to_owned()))
                on_choose=move |name: String| {
                    more.set(PAGE);
                    go.run((Shelf::from_name(&name), query.get_untracked()));
                }
            />
            <div class="search" role="search">
                <Glyph icon=Icon::Search/>
                <input
                    type="search"
                    aria-label=bound(tr::tickets::search)
                    placeholder=bound(tr::tickets::search_hint)
                    prop:value=bound(move || query.get())
                    on:input=move |event| type_in(event_target_value(&event))
                />
            </div>
            <Show when=move || total() == 0 && loading()>
                <Skeleton rows=6/>
            </Show>
            <Show when=move || total() == 0 && !loading()>
                {drawn(move || empty(shelf.get(), has_pool(&app.actor()), !query.get().trim().is_empty()))}
            </Show>
            <Show when=move || { total() > 0 }>
                <ul class="list tickets">
                    <For each=shown key=|row| face(row) let:row>
                        <li>{line(&row, &here(shelf.get_untracked(), &query.get_untracked()))}</li>
                    </For>
                </ul>
            </Show>
            <ShowMore total=derive(total) shown=more step=PAGE/>
            <Show when=move || app.may(Right::OpenTicket)>
                <div class="action-bar">
                    <ButtonLink
                        text=say(tr::tickets::open_new)
                        href="/tickets/new"
                        weight=Weight::Primary
                        large=true
                        icon=Icon::Plus
                    />
                </div>
            </Show>
        </Page>
    }
}

/// What a row shows; one that shows the same is not drawn again.
type Face =
    (TicketId, String, &'static str, &'static str, Option<String>, (Ms, Option<Ms>), u32, bool);

fn face(row: &Row) -> Face {
    (
        row.id,
        row.number.clone(),
        row.state,
        labels::urgency_name(row.urgency),
        row.holder.clone(),
        (row.clock.due, row.clock.stopped.or(row.clock.paused)),
        row.conflicts,
        row.pending,
    )
}

fn empty(shelf: Shelf, pool: bool, searching: bool) -> AnyView {
    let (title, note): (Text, Text) = if searching {
        (tr::tickets::none_found, tr::tickets::none_found_note)
    } else {
        match shelf {
            Shelf::Mine => (tr::tickets::none_mine, tr::tickets::none_mine_note),
            Shelf::Open if pool => (tr::tickets::none_pool, tr::tickets::none_pool_note),
            Shelf::Open => (tr::tickets::none_open, tr::tickets::none_open_note),
            Shelf::All => (tr::tickets::none_all, tr::tickets::none_all_note),
        }
    };
    view! { <Empty icon=Icon::Tickets title=say(title) note=say(note)/> }.into_any()
}

fn line(row: &Row, back: &str) -> AnyView {
    let id = row.id.to_string();
    let back = if back == "/tickets" { "" } else { back };
    let href = address(&format!("/tickets/{id}"), &[("back", back)]);
    let (kind, category, state) = (row.kind, row.category.clone(), row.state);
    let (urgency, pending, conflicts) = (row.urgency, row.pending, row.conflicts);
    let what = move || tr::tickets::kind_category(labels::kind(kind), labels::category(&category));
    let (number, clock) = (row.number.clone(), row.clock);
    let place = row.place.clone();
    let holder = row.holder.clone();
    view! {
        <a href=href class="item no-lead">
            <span class="stack tight">
                <span class="title">
                    <span class="number">{number}</span>
                    <span class="clip">{drawn(what)}</span>
                </span>
                <span class="note clip">
                    {place}
                    {holder.map(|name| view! { <span>" · " {name}</span> })}
                </span>
                <span class="row wrap">
                    {drawn(move || state_badge(state))}
                    {drawn(move || urgency_badge(urgency))}
                    {drawn(move || pending_badge(pending))}
                    {drawn(move || (conflicts > 0).then(|| view! {
                        <span class="badge late">{tr::tickets::conflicts(conflicts)}</span>
                    }))}
                </span>
            </span>
            <span class="trail">
                <ClockChip clock=clock/>
            </span>
        </a>
    }
    .into_any()
}
