//! The rows of the office table, with headers that sort.

use std::collections::BTreeSet;

use domain::id::{ClusterId, TicketId};
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::views::{TicketLine, TicketTable};
use leptos::prelude::*;

use super::labels;
use super::parts::{Text, state_badge, urgency_badge, wait_over_badge};
use super::table_page::toggle;
use super::view_model::table::TableQuery;
use crate::app_context::{View, use_app};
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, drawn, effect, memo};
use crate::ui::{ClockChip, Glyph, Icon, Show};

/// What a row shows; a row that shows the same is not drawn again, so the place on the page stays.
type Face = (TicketId, String, Option<String>, i64, Option<i64>, u32, Option<u32>);

fn face(line: &TicketLine) -> Face {
    let clock = &line.clock;
    let stopped = clock.stopped.or(clock.paused).map(|at| at.0);
    let state = format!("{} {}", line.state, labels::urgency_name(line.urgency));
    (line.id, state, line.assignee_name.clone(), clock.due.0, stopped, line.conflicts, line.number)
}

#[component]
pub fn TableRows(
    view: View<TicketTable>,
    query: Memo<TableQuery>,
    go: Callback<TableQuery>,
    open: Callback<TicketId>,
    marked: RwSignal<Option<usize>>,
    picked: RwSignal<BTreeSet<TicketId>>,
    may_assign: Memo<bool>,
) -> impl IntoView {
    let rows = move || view.data.with(|t| t.as_ref().map(|t| t.rows.clone()).unwrap_or_default());
    // By id: a row stays marked where it is now, although it may have moved.
    let marked_id = memo(move || {
        let at = marked.get()?;
        view.data.with(|table| table.as_ref()?.rows.get(at).map(|row| row.id))
    });
    let clusters = use_app().query(&[RecordKind::Cluster], |replica| {
        let named = |cluster: &Cluster| (cluster.id, cluster.code.clone());
        replica.iter::<Cluster>().map(named).collect::<Vec<(ClusterId, String)>>()
    });
    let sorted = move |column: &'static str, text: Text| {
        let order = move || query.with(|query| query.order_of(column));
        let arrow = move || match order() {
            "ascending" => Some(view! { <Glyph icon=Icon::Up small=true/> }),
            "descending" => Some(view! { <Glyph icon=Icon::Down small=true/> }),
            _ => None,
        };
        view! {
            <th scope="col" aria-sort=bound(order)>
                <button
                    type="button"
                    on:click=move |_| go.run(query.with_untracked(|query| query.sorted_by(column)))
                >
                    {text}
                    {drawn(arrow)}
                </button>
            </th>
        }
    };
    let all_picked = move || {
        view.data.with(|table| {
            let rows = table.as_ref().map(|table| table.rows.as_slice()).unwrap_or_default();
            picked
                .with(|picked| !rows.is_empty() && rows.iter().all(|row| picked.contains(&row.id)))
        })
    };
    let pick_all = move |on: bool| {
        let ids = view.data.with_untracked(|table| {
            table.as_ref().map(|t| t.rows.iter().map(|r| r.id).collect()).unwrap_or_default()
        });
        picked.set(if on { ids } else { BTreeSet::new() });
    };
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label=bound(tr::tickets::title)>
            <table class="data tickets-table">
                <thead>
                    <tr>
                        <Show when=move || may_assign.get()>
                            <th scope="col">
                                <input
                                    type="checkbox"
                                    aria-label=bound(tr::tickets::pick_all)
                                    prop:checked=bound(all_picked)
                                    on:change=move |event| pick_all(event_target_checked(&event))
                                />
                            </th>
                        </Show>
                        {sorted("number", tr::tickets::number)}
                        <th scope="col">{tr::tickets::kind}</th>
                        {sorted("place", tr::tickets::place)}
                        <th scope="col">{tr::tickets::cluster}</th>
                        {sorted("state", tr::tickets::state)}
                        <th scope="col">{tr::tickets::holder}</th>
                        {sorted("opened", tr::tickets::opened_at)}
                        {sorted("due", tr::tickets::time_left)}
                    </tr>
                </thead>
                <tbody>
                    <For each=rows key=face let:line>
                        <Line
                            line=line
                            clusters=clusters
                            open=open
                            marked=marked_id
                            picked=picked
                            may_assign=may_assign
                        />
                    </For>
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Line(
    line: TicketLine,
    clusters: Memo<Vec<(ClusterId, String)>>,
    open: Callback<TicketId>,
    marked: Memo<Option<TicketId>>,
    picked: RwSignal<BTreeSet<TicketId>>,
    may_assign: Memo<bool>,
) -> impl IntoView {
    let app = use_app();
    let id = line.id;
    let number = line.number.map_or_else(String::new, |number| number.to_string());
    let said = number.clone();
    let row = NodeRef::<leptos::html::Tr>::new();
    let is_marked = memo(move || marked.get() == Some(id));
    effect(move || {
        if is_marked.get()
            && let Some(row) = row.get()
        {
            let options = web_sys::ScrollIntoViewOptions::new();
            let _ = js_sys::Reflect::set(&options, &"block".into(), &"nearest".into());
            row.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    let cluster = move || {
        let code = |all: &Vec<(ClusterId, String)>| {
            all.iter().find(|(known, _)| *known == line.cluster).map(|(_, code)| code.clone())
        };
        clusters.with(code).unwrap_or_default()
    };
    let (kind, category) = (line.kind, line.category.clone());
    let what = move || tr::tickets::kind_category(labels::kind(kind), labels::category(&category));
    let state = line.state.clone();
    let (urgency, conflicts, clock) = (line.urgency, line.conflicts, line.clock);
    view! {
        <tr
            node_ref=row
            aria-selected=bound(move || is_marked.get().to_string())
            on:click=move |event| {
                // The tick and the link of a row have their own click.
                if !on_control(&event) {
                    open.run(id);
                }
            }
        >
            <Show when=move || may_assign.get()>
                <td>
                    <input
                        type="checkbox"
                        aria-label={
                            let said = said.clone();
                            move || tr::tickets::pick(said.clone())
                        }
                        prop:checked=bound(move || picked.with(|picked| picked.contains(&id)))
                        on:change=move |_| toggle(picked, id)
                    />
                </td>
            </Show>
            <td class="nowrap number">
                <a href=format!("/tickets/{id}")>"#" {number}</a>
            </td>
            <td class="nowrap">{what} " " {drawn(move || urgency_badge(urgency))}</td>
            <td class="nowrap">{line.place}</td>
            <td>{drawn(cluster)}</td>
            <td class="nowrap">
                {drawn(move || state_badge(&state))}
                {drawn(move || wait_over_badge(clock.wait_is_over(app.now().get())))}
                {drawn(move || (conflicts > 0).then(|| view! {
                    " "
                    <span class="badge late">{tr::tickets::conflicts(conflicts)}</span>
                }))}
            </td>
            <td class="nowrap">{line.assignee_name}</td>
            <td class="nowrap number">{drawn(move || fmt::moment(line.opened_at, app.now().get(), &app.zone()))}</td>
            <td class="nowrap"><ClockChip clock=line.clock/></td>
        </tr>
    }
}

fn on_control(event: &leptos::ev::MouseEvent) -> bool {
    use wasm_bindgen::JsCast;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| element.closest("a, input").ok().flatten().is_some())
}
