//! Finds a unit among the households of this phone as one types.

use domain::id::UnitId;
use domain::modules::households::Household;
use domain::modules::households::search::SearchIndex;
use leptos::prelude::*;

use crate::app_context::use_app;
use crate::i18n::tr;
use crate::reactive::{bound, drawn, memo};
use crate::ui::{Glyph, Icon};

/// Hits that are shown; whoever needs more types on.
const HITS: usize = 8;

#[derive(Clone, PartialEq)]
struct Hit {
    unit: UnitId,
    label: String,
    name: String,
}

/// A search field with its hits below; tells the unit that was tapped.
#[component]
pub fn UnitPicker(#[prop(into)] on_pick: Callback<UnitId>) -> impl IntoView {
    let app = use_app();
    let query = RwSignal::new(String::new());
    // Built when somebody begins to type: opening the form stays fast.
    let index = StoredValue::new(None::<SearchIndex>);
    let hits = memo(move || {
        let query = query.get();
        if query.trim().is_empty() {
            return Vec::new();
        }
        app.with_replica(|replica| {
            let found = index.try_update_value(|index| {
                index
                    .get_or_insert_with(|| SearchIndex::build(replica.iter::<Household>()))
                    .find(&query, HITS)
            });
            let hit = |unit: UnitId| {
                let household = replica.get::<Household>(unit.0)?;
                let name = household.first_contact().map(|contact| contact.name.clone());
                Some(Hit { unit, label: household.label.clone(), name: name.unwrap_or_default() })
            };
            found.unwrap_or_default().into_iter().filter_map(hit).collect::<Vec<_>>()
        })
    });
    let nothing = move || !query.with(|query| query.trim().is_empty()) && hits.with(Vec::is_empty);
    view! {
        <div class="stack tight">
            <div class="search">
                <Glyph icon=Icon::Search/>
                <input
                    type="search"
                    autocomplete="off"
                    aria-label=bound(tr::tickets::unit_search)
                    placeholder=bound(tr::tickets::unit_search_hint)
                    prop:value=bound(move || query.get())
                    on:input=move |event| query.set(event_target_value(&event))
                />
            </div>
            <ul class="list inset" aria-label=bound(tr::tickets::unit_hits)>
                {drawn(move || {
                    hits.get()
                        .into_iter()
                        .map(|hit| {
                            let unit = hit.unit;
                            view! {
                                <li>
                                    <button type="button" class="item no-lead" on:click=move |_| on_pick.run(unit)>
                                        <span class="title">{hit.label}</span>
                                        <span class="note">{hit.name}</span>
                                    </button>
                                </li>
                            }
                        })
                        .collect_view()
                })}
            </ul>
            <p class="small soft" role="status">
                {drawn(move || nothing().then(tr::tickets::unit_none))}
            </p>
        </div>
    }
}
