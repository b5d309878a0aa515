//! All households within reach: search as one types, or building by building.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::Right;
use domain::id::{ClusterId, DeviceId, UnitId};
use domain::modules::RecordKind;
use domain::modules::fees::Arrears;
use domain::modules::households::{Building, Household, UnitStatus};
use domain::{Fen, modules::households::Relation};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::kit::{ClusterFilter, clusters_for, words};
use super::view_model::{
    BuildingGroup, Estate, Row, Shared, by_building, relation_name, status_name,
};
use crate::app_context::{App, use_app};
use crate::device::page::{Timer, document};
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, derive, drawn, memo};
use crate::ui::{Empty, Glyph, Icon, NoRight, Page, Show, Skeleton};

/// More than fit on a screen and a person reads through.
const MOST_RESULTS: usize = 60;
/// As many as fit above a keyboard: while one types, no more are drawn, so that every key is answered at once.
const FIRST_RESULTS: usize = 8;
/// A pause in typing as long as this puts the words into the address, and draws the rest.
const PAUSE: i32 = 400;

/// What the units were made of: whose replica, and how often a household of it had changed.
type Edition = (DeviceId, u64);

thread_local! {
    /// A thousand units are not sorted and spelt anew for every page that lists them.
    static ESTATE: RefCell<Option<(Edition, Shared<Estate>)>> = const { RefCell::new(None) };
}

/// The units of the replica; made again only when a household changed.
pub fn use_estate(app: App) -> Memo<Shared<Estate>> {
    app.query(&[RecordKind::Household], |replica| {
        let edition = (replica.device(), replica.revision(RecordKind::Household));
        let known = ESTATE.with_borrow(|known| known.clone());
        if let Some((_, estate)) = known.filter(|(of, _)| *of == edition) {
            return estate;
        }
        let estate = Shared::new(Estate::of(replica.iter::<Household>()));
        ESTATE.set(Some((edition, estate.clone())));
        estate
    })
}

/// `/households`
#[component]
pub fn HouseholdListPage() -> impl IntoView {
    let app = use_app();
    let may = memo(move || app.may(Right::ViewHouseholds));
    drawn(move || {
        if may.get() {
            return view! { <Households/> }.into_any();
        }
        view! { <Page title=words(tr::households::title)><NoRight/></Page> }.into_any()
    })
}

#[component]
fn Households() -> impl IntoView {
    let app = use_app();
    let estate = use_estate(app);
    let owed = app.query(&[RecordKind::Arrears], |replica| {
        let owing = replica.iter::<Arrears>().filter(|arrears| arrears.owed > Fen(0));
        owing.map(|arrears| (arrears.unit, arrears.owed)).collect::<HashMap<UnitId, Fen>>()
    });
    let names = app.query(&[RecordKind::Building], |replica| {
        let named = replica.iter::<Building>().map(|b| (b.id, b.name.clone()));
        named.collect::<HashMap<_, _>>()
    });
    let query = use_query_map();
    let go = use_navigate();
    let put = Callback::new(move |pairs: Vec<(&'static str, String)>| {
        let mut map = query.get_untracked();
        for (key, value) in pairs {
            map.remove(key);
            if !value.is_empty() {
                map.insert(key, value);
            }
        }
        let options = NavigateOptions { replace: true, scroll: false, ..Default::default() };
        go(&format!("/households{}", map.to_query_string()), options);
    });
    let typed = RwSignal::new(query.with_untracked(|map| map.get("q").unwrap_or_default()));
    let typing = RwSignal::new(false);
    let cluster =
        derive(move || -> Option<ClusterId> { query.with(|map| map.get("cluster"))?.parse().ok() });
    let clusters = clusters_for(app, Right::ViewHouseholds);
    let is_searching = memo(move || typed.with(|text| !text.trim().is_empty()));
    let found = memo(move || {
        let text = typed.get();
        estate.with(|estate| {
            let rows = estate.find(&text, cluster.get(), MOST_RESULTS);
            rows.into_iter().cloned().collect::<Vec<Row>>()
        })
    });
    let first = memo(move || {
        found.with(|rows| rows.iter().take(FIRST_RESULTS).cloned().collect::<Vec<Row>>())
    });
    // On their own, so that no row is drawn anew under a finger when they come.
    let rest = memo(move || {
        let skipped = if typing.get() { usize::MAX } else { FIRST_RESULTS };
        found.with(|rows| rows.iter().skip(skipped).cloned().collect::<Vec<Row>>())
    });
    let groups = memo(move || estate.with(|estate| by_building(&estate.rows, cluster.get())));
    let count = memo(move || estate.with(|estate| estate.rows.len()));
    let arrears = move |row: &Row| {
        let seen = app.may_in(Right::ViewArrears, row.cluster);
        owed.with(|owed| owed.get(&row.unit).copied()).filter(|_| seen)
    };
    let rows = move |rows: Vec<Row>| {
        rows.into_iter()
            .map(|row| {
                let owed = arrears(&row);
                view! { <HouseholdRow row=row owed=owed/> }
            })
            .collect_view()
    };

    view! {
        <Page
            title=words(tr::households::title)
            subtitle=derive(move || tr::households::units(fmt::integer(count.get() as i64)))
        >
            <SearchField typed=typed typing=typing found=found put=put/>
            <ClusterFilter
                clusters=clusters
                value=cluster
                on_choose=Callback::new(move |id: Option<ClusterId>| {
                    let id = id.map(|id| id.to_string()).unwrap_or_default();
                    put.run(vec![("cluster", id), ("open", String::new())]);
                })
            />
            {drawn(move || {
                if count.get() == 0 {
                    return view! { <Nothing/> }.into_any();
                }
                if is_searching.get() {
                    return view! {
                        <section aria-label=bound(tr::households::results)>
                            <p class="section-title" role="status">
                                {drawn(move || tr::households::found(found.with(Vec::len)))}
                            </p>
                            <Show
                                when=move || !found.with(Vec::is_empty)
                                fallback=|| {
                                    view! {
                                        <Empty
                                            icon=Icon::Search
                                            title=words(tr::households::none_found)
                                            note=words(tr::households::none_found_note)
                                        />
                                    }
                                }
                            >
                                <div class="list household-list">
                                    {drawn(move || rows(first.get()))}
                                    {drawn(move || rows(rest.get()))}
                                </div>
                            </Show>
                        </section>
                    }
                        .into_any();
                }
                let open = query.with(|map| map.get("open")).unwrap_or_default();
                let entrance = query.with(|map| map.get("entrance")).unwrap_or_default();
                let groups = groups.get();
                let only_one = groups.len() == 1;
                groups
                    .into_iter()
                    .map(|group| {
                        let name = names.with(|names| names.get(&group.building).cloned());
                        let is_open = only_one || open == group.number;
                        view! {
                            <BuildingSection
                                group=group
                                name=name.unwrap_or_default()
                                open=is_open
                                entrance=entrance.clone()
                                put=put
                                rows=Callback::new(move |list: Vec<Row>| rows(list).into_any())
                            />
                        }
                    })
                    .collect_view()
                    .into_any()
            })}
        </Page>
    }
}

/// Types into the search; `/` goes there, Enter opens the best result, Escape clears it.
#[component]
fn SearchField(
    typed: RwSignal<String>,
    typing: RwSignal<bool>,
    found: Memo<Vec<Row>>,
    put: Callback<Vec<(&'static str, String)>>,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let timer = StoredValue::new_local(None::<Timer>);
    let go = use_navigate();
    let slash = window_event_listener(ev::keydown, move |event| {
        let elsewhere = document().active_element().is_none_or(|element| {
            !matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
        });
        if event.key() == "/" && elsewhere && !event.ctrl_key() && !event.meta_key() {
            event.prevent_default();
            if let Some(input) = input.get_untracked() {
                let _ = input.focus();
            }
        }
    });
    on_cleanup(move || slash.remove());
    let change = move |text: String| {
        typing.set(true);
        typed.set(text.clone());
        // Not at every key: browsers limit how often a page may change its address.
        timer.set_value(Timer::start(PAUSE, move || {
            typing.try_set(false);
            put.run(vec![("q", text)]);
        }));
    };
    view! {
        <div class="search" role="search">
            <Glyph icon=Icon::Search/>
            <input
                node_ref=input
                type="search"
                enterkeyhint="search"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-label=bound(tr::households::search)
                placeholder=bound(tr::households::search_hint)
                prop:value=bound(move || typed.get())
                on:input=move |event| change(event_target_value(&event))
                on:keydown=move |event| {
                    match event.key().as_str() {
                        "Enter" => {
                            let first = found.with_untracked(|rows| rows.first().map(|r| r.unit));
                            if let Some(unit) = first {
                                go(&format!("/households/{unit}"), Default::default());
                            }
                        }
                        "Escape" => change(String::new()),
                        _ => {}
                    }
                }
            />
        </div>
    }
}

/// One building: closed, or with its entrances.
#[component]
fn BuildingSection(
    group: BuildingGroup,
    name: String,
    open: bool,
    entrance: String,
    put: Callback<Vec<(&'static str, String)>>,
    rows: Callback<Vec<Row>, AnyView>,
) -> impl IntoView {
    let number = group.number.clone();
    let title = if name.is_empty() { tr::households::building_n(&number) } else { name };
    let count = group.units;
    let alone = group.entrances.len() == 1;
    let toggle = move |_| {
        let next = if open { String::new() } else { number.clone() };
        put.run(vec![("open", next), ("entrance", String::new())]);
    };
    view! {
        <section class="building">
            <h2>
                <button type="button" class="item fold" aria-expanded=open.to_string() on:click=toggle>
                    <span class="lead"><Glyph icon=if open { Icon::Up } else { Icon::Down }/></span>
                    <span class="title">{title}</span>
                    <span class="trail soft number">{tr::households::units(count)}</span>
                </button>
            </h2>
            {open
                .then(|| {
                    group
                        .entrances
                        .into_iter()
                        .map(|part| {
                            if alone || part.number.is_empty() {
                                return view! { <div class="list household-list">{rows.run(part.rows)}</div> }
                                    .into_any();
                            }
                            let here = part.number == entrance;
                            let number = part.number.clone();
                            let toggle = move |_| {
                                let next = if here { String::new() } else { number.clone() };
                                put.run(vec![("entrance", next)]);
                            };
                            view! {
                                <h3>
                                    <button
                                        type="button"
                                        class="item fold inner"
                                        aria-expanded=here.to_string()
                                        on:click=toggle
                                    >
                                        <span class="lead">
                                            <Glyph icon=if here { Icon::Up } else { Icon::Down }/>
                                        </span>
                                        <span>{tr::households::entrance_n(&part.number)}</span>
                                        <span class="trail soft number">
                                            {tr::households::units(part.rows.len())}
                                        </span>
                                    </button>
                                </h3>
                                {here
                                    .then(|| {
                                        view! {
                                            <div class="list household-list">{rows.run(part.rows)}</div>
                                        }
                                    })}
                            }
                                .into_any()
                        })
                        .collect_view()
                })}
        </section>
    }
}

/// A unit as a line that leads to its page.
#[component]
fn HouseholdRow(row: Row, owed: Option<Fen>) -> impl IntoView {
    let status = match row.status {
        UnitStatus::Renovating => "badge soon",
        _ => "badge",
    };
    // Who lives there as a tenant is worth a word; an owner is what one expects.
    let relation = row.relation.filter(|relation| *relation != Relation::Owner);
    view! {
        <a href=format!("/households/{}", row.unit) class="item no-lead household-row">
            <span class="stack tight">
                <span class="title">
                    <span class="number">{row.label}</span>
                    <span class="clip">{row.name}</span>
                </span>
                <span class="row wrap">
                    <span class=status>{status_name(row.status)}</span>
                    {relation.map(|r| view! { <span class="badge">{relation_name(r)}</span> })}
                    {row
                        .key_customer
                        .then(|| {
                            view! {
                                <span class="badge ok">
                                    <Glyph icon=Icon::Star small=true/>
                                    {tr::households::key_customer()}
                                </span>
                            }
                        })}
                </span>
            </span>
            <span class="trail">
                {owed
                    .map(|owed| {
                        let text = tr::households::owes(fmt::money(owed));
                        view! { <span class="badge late number">{text}</span> }
                    })}
            </span>
        </a>
    }
}

/// No unit at all: still loading, or nothing registered within reach.
#[component]
fn Nothing() -> impl IntoView {
    let app = use_app();
    let loading = memo(move || app.status().with(|status| status.first_sync));
    drawn(move || {
        if loading.get() {
            view! {
                <p class="soft" role="status">{tr::sync::first_sync()}</p>
                <Skeleton rows=6/>
            }
            .into_any()
        } else {
            view! {
                <Empty
                    icon=Icon::Households
                    title=words(tr::households::empty)
                    note=words(tr::households::empty_note)
                />
            }
            .into_any()
        }
    })
}
