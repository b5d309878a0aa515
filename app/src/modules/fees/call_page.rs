//! One call: whom to dial, what is owed, what was said before, what came of it.

use domain::Right;
use domain::id::UnitId;
use domain::modules::RecordKind;
use domain::modules::households::Household;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::call_card::{CallCard, EarlierCalls};
use super::call_form::CallResult;
use super::call_list_page::with_cluster;
use crate::app_context::use_app;
use crate::i18n::tr;
use crate::modules::households::kit::words;
use crate::modules::tickets::view_model::link::local;
use crate::reactive::{drawn, memo};
use crate::ui::{Empty, Icon, Page};

/// `/fees/:id`
#[component]
pub fn CallPage() -> impl IntoView {
    let params = use_params_map();
    // The next household has the same route: everything below is made anew for it.
    let unit = memo(move || {
        params.with(|params| params.get("id")).and_then(|id| id.parse::<UnitId>().ok())
    });
    drawn(move || match unit.get() {
        Some(unit) => view! { <OneCall unit=unit/> }.into_any(),
        None => view! { <NoCall title=words(tr::fees::unknown_unit)/> }.into_any(),
    })
}

#[component]
fn NoCall(#[prop(into)] title: Signal<String>) -> impl IntoView {
    view! {
        <Page title=words(tr::fees::title) back="/fees">
            <Empty icon=Icon::Phone title=title note=words(tr::fees::unknown_unit_note)/>
        </Page>
    }
}

#[component]
fn OneCall(unit: UnitId) -> impl IntoView {
    let app = use_app();
    // What changes meanwhile on the record must not take away what is being typed.
    let found = app
        .query(&[RecordKind::Household], move |replica| replica.get::<Household>(unit.0).cloned());
    let known = memo(move || found.with(Option::is_some));
    drawn(move || {
        if !known.get() {
            return view! { <NoCall title=words(tr::fees::unknown_unit)/> }.into_any();
        }
        let Some(household) = found.get_untracked() else {
            return view! { <NoCall title=words(tr::fees::unknown_unit)/> }.into_any();
        };
        if !app.may_in(Right::RecordCall, household.cluster) {
            return view! { <NoCall title=words(tr::fees::not_allowed)/> }.into_any();
        }
        view! { <Call household=household/> }.into_any()
    })
}

#[component]
fn Call(household: Household) -> impl IntoView {
    let query = use_query_map();
    let (back, cluster) = query
        .with_untracked(|map| (map.get("back"), map.get("cluster").and_then(|id| id.parse().ok())));
    let fix = query.with_untracked(|map| map.get("fix").and_then(|op| op.parse().ok()));
    let back = local(back);
    let leave = back.clone().unwrap_or_else(|| with_cluster("/fees", cluster));
    let unit = household.id;
    let form = super::call_form::use_call_form(unit, fix);
    view! {
        <Page title=household.label.clone() subtitle=words(tr::fees::title) back=leave.clone() bare=true narrow=true>
            <CallCard household=household.clone() form=form/>
            <CallResult
                household=household
                form=form
                cluster=cluster
                leave=leave
                alone=back.is_some()
                fix=fix
            />
            <EarlierCalls unit=unit/>
        </Page>
    }
}
