//! What narrows the office table, and the way through its pages: each change is a new address.

use domain::modules::RecordKind;
use domain::modules::accounts::User;
use domain::modules::households::Cluster;
use domain::modules::tickets::{TicketKind, TicketState, can_be_assigned};
use domain::order;
use leptos::html::Input;
use leptos::prelude::*;

use super::labels;
use super::parts::say;
use super::view_model::table::{PAGE, TableQuery};
use crate::app_context::use_app;
use crate::i18n::tr;
use crate::reactive::{bound, derive, drawn, memo};
use crate::ui::{Button, Check, Glyph, Icon, Select, Show};

/// Choices of a filter: value and text, the first one for "no filter".
type Options = Vec<(String, String)>;

fn with_any(text: &str, rest: impl Iterator<Item = (String, String)>) -> Options {
    std::iter::once((String::new(), text.to_owned())).chain(rest).collect()
}

/// Everything that narrows the table; each change is a new address.
#[component]
pub fn Filters(
    query: Memo<TableQuery>,
    go: Callback<TableQuery>,
    search: NodeRef<Input>,
) -> impl IntoView {
    let app = use_app();
    let change = move |how: &dyn Fn(&mut TableQuery)| {
        let mut next = query.get_untracked();
        how(&mut next);
        next.offset = 0;
        go.run(next);
    };
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let mut all: Vec<&Cluster> = replica.iter::<Cluster>().collect();
        order::sort_by(&mut all, |a, b| a.code.cmp(&b.code));
        all.iter()
            .map(|c| (c.id.to_string(), format!("{} {}", c.code, c.name)))
            .collect::<Options>()
    });
    let people = app.query(&[RecordKind::User], |replica| {
        let mut all: Vec<&User> = replica.iter::<User>().filter(|u| can_be_assigned(u)).collect();
        order::sort_by(&mut all, |a, b| a.name.cmp(&b.name));
        all.iter().map(|user| (user.id.to_string(), user.name.clone())).collect::<Options>()
    });
    let states = || {
        let fixed = [
            ("all", tr::tickets::state_filter_all()),
            ("finished", tr::tickets::state_filter_finished()),
        ];
        let fixed = fixed.into_iter().map(|(value, text)| (value.to_owned(), text.to_owned()));
        let named = TicketState::NAMES.iter().map(|name| ((*name).to_owned(), labels::state(name)));
        with_any(tr::tickets::state_filter_open(), fixed.chain(named))
    };
    let kinds = || {
        let kinds = TicketKind::ALL.into_iter().map(|k| (k.name().to_owned(), labels::kind(k)));
        with_any(tr::common::all(), kinds)
    };
    let field =
        move |read: fn(&TableQuery) -> &String| derive(move || query.with(|q| read(q).clone()));
    view! {
        <form class="toolbar" role="search" on:submit=move |event| event.prevent_default()>
            <div class="search">
                <Glyph icon=Icon::Search/>
                <input
                    type="search"
                    node_ref=search
                    aria-label=bound(tr::tickets::search)
                    placeholder=bound(tr::tickets::table_search_hint)
                    prop:value=bound(move || query.with(|query| query.q.clone()))
                    on:input=move |event| change(&|next| next.q = event_target_value(&event))
                />
            </div>
            <Select
                label=say(tr::tickets::state)
                options=derive(states)
                value=field(|query| &query.state)
                on_change=move |value: String| change(&|next| next.state = value.clone())
            />
            <Select
                label=say(tr::tickets::kind)
                options=derive(kinds)
                value=field(|query| &query.kind)
                on_change=move |value: String| change(&|next| next.kind = value.clone())
            />
            <Select
                label=say(tr::tickets::cluster)
                options=derive(move || with_any(tr::common::all(), clusters.get().into_iter()))
                value=field(|query| &query.cluster)
                on_change=move |value: String| change(&|next| next.cluster = value.clone())
            />
            <Select
                label=say(tr::tickets::holder)
                options=derive(move || {
                    let none = ("none".to_owned(), tr::tickets::unassigned().to_owned());
                    with_any(tr::common::all(), std::iter::once(none).chain(people.get()))
                })
                value=field(|query| &query.assignee)
                on_change=move |value: String| change(&|next| next.assignee = value.clone())
            />
            <Check
                label=say(tr::tickets::only_over)
                checked=derive(move || query.with(|query| query.over))
                on_change=move |on| change(&|next| next.over = on)
            />
            <Check
                label=say(tr::tickets::only_conflicts)
                checked=derive(move || query.with(|query| query.conflict))
                on_change=move |on| change(&|next| next.conflict = on)
            />
            <Show when=move || query.with(TableQuery::is_narrowed)>
                <Button
                    text=say(tr::tickets::filter_clear)
                    on_press=move |()| {
                        let now = query.get_untracked();
                        go.run(TableQuery {
                            sort: now.sort,
                            descending: now.descending,
                            ..TableQuery::default()
                        });
                    }
                />
            </Show>
        </form>
    }
}

#[component]
pub fn Pager(
    query: Memo<TableQuery>,
    go: Callback<TableQuery>,
    total: Signal<u64>,
) -> impl IntoView {
    let neighbours = memo(move || query.with(|query| query.neighbours(total.get())));
    let to = move |offset: Option<u64>| {
        if let Some(offset) = offset {
            go.run(TableQuery { offset, ..query.get_untracked() });
        }
    };
    let range = move || {
        let offset = query.with(|query| query.offset);
        tr::tickets::rows_range(offset + 1, (offset + PAGE).min(total.get()), total.get())
    };
    view! {
        <Show when=move || neighbours.get() != (None, None)>
            <nav class="row wrap" aria-label=bound(tr::tickets::pages)>
                <Button
                    text=say(tr::tickets::page_before)
                    on_press=move |()| to(neighbours.get_untracked().0)
                    disabled=derive(move || neighbours.get().0.is_none())
                />
                <span class="number">{drawn(range)}</span>
                <Button
                    text=say(tr::tickets::page_after)
                    on_press=move |()| to(neighbours.get_untracked().1)
                    disabled=derive(move || neighbours.get().1.is_none())
                />
            </nav>
        </Show>
    }
}
