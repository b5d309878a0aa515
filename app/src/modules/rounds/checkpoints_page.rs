//! The places of a template in a cluster: registered, given a new code, measured, printed.

use domain::Right;
use domain::id::{ClusterId, TemplateId};
use domain::modules::households::Cluster;
use domain::modules::rounds::{Checkpoint, RoundTemplate};
use domain::modules::{Command, RecordKind};
use domain::order;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::checkpoint_sheet::{PlaceSheet, Sought};
use super::view_model::checkpoints::{self, Spot};
use super::words::say;
use crate::app_context::use_app;
use crate::error_text::error_text;
use crate::i18n::{self, fmt, tr};
use crate::reactive::{derive, drawn, memo, written};
use crate::ui::{Button, Empty, Icon, Notice, Page, Select, Skeleton, Weight, use_toasts};

/// What is shown: a template in a cluster, and its places.
#[derive(Clone, PartialEq)]
struct Shown {
    cluster: Cluster,
    template: RoundTemplate,
    spots: Vec<Spot>,
}

/// `/office/checkpoints?cluster=…&template=…`.
#[component]
pub fn CheckpointsPage() -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let query = use_query_map();
    let navigate = use_navigate();
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let mut list: Vec<Cluster> = replica.iter::<Cluster>().cloned().collect();
        order::sort_by(&mut list, |a, b| a.code.cmp(&b.code));
        list
    });
    let templates = app.query(&[RecordKind::RoundTemplate], |replica| {
        let current = replica.iter::<RoundTemplate>().filter(|one| !one.superseded && !one.retired);
        let mut list: Vec<RoundTemplate> = current.cloned().collect();
        order::sort_by(&mut list, |a, b| a.name.cmp(&b.name));
        list
    });
    // Without an address that says which, the first of each.
    let cluster = memo(move || {
        let asked = query.with(|q| q.get("cluster")).and_then(|id| id.parse::<ClusterId>().ok());
        clusters.with(|list| {
            let named = asked.and_then(|id| list.iter().find(|one| one.id == id));
            named.or(list.first()).cloned()
        })
    });
    let template = memo(move || {
        let asked = query.with(|q| q.get("template")).and_then(|id| id.parse::<TemplateId>().ok());
        templates.with(|list| {
            let named = asked.and_then(|id| list.iter().find(|one| one.template == id));
            named.or(list.first()).cloned()
        })
    });
    let shown = app.query(&[RecordKind::Checkpoint], move |replica| {
        let (cluster, template) = (cluster.get()?, template.get()?);
        let spots =
            checkpoints::spots(&template, &cluster, &|| Box::new(replica.iter::<Checkpoint>()));
        Some(Shown { cluster, template, spots })
    });
    let go = Callback::new(move |(cluster, template): (Option<String>, Option<String>)| {
        let here = cluster
            .or_else(|| shown.with_untracked(|s| s.as_ref().map(|s| s.cluster.id.to_string())));
        let of = template.or_else(|| {
            shown.with_untracked(|s| s.as_ref().map(|s| s.template.template.to_string()))
        });
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        let (here, of) = (here.unwrap_or_default(), of.unwrap_or_default());
        navigate(&format!("/office/checkpoints?cluster={here}&template={of}"), options);
    });
    let may_edit = memo(move || {
        cluster.with(|one| one.as_ref().is_some_and(|one| app.may_in(Right::EditTemplates, one.id)))
    });
    let sought = RwSignal::new(None::<Sought>);
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<String>);
    let register = move |()| {
        let Some(shown) = shown.get_untracked() else { return };
        let new = checkpoints::missing(&shown.template, &shown.cluster, &shown.spots);
        let count = new.len();
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let commands = new.into_iter().map(Command::from).collect();
            let result = app.send(commands, Vec::new(), None).await;
            busy.try_set(false);
            match result {
                Ok(()) => toasts.say(tr::rounds::points_registered(count)),
                Err(refusal) => {
                    problem.try_set(Some(error_text(&refusal)));
                }
            }
        });
    };
    let cluster_options = derive(move || {
        let option = |one: &Cluster| (one.id.to_string(), format!("{} {}", one.code, one.name));
        clusters.with(|list| list.iter().map(option).collect::<Vec<_>>())
    });
    let template_options = derive(move || {
        let option = |one: &RoundTemplate| (one.template.to_string(), one.name.clone());
        templates.with(|list| list.iter().map(option).collect::<Vec<_>>())
    });
    view! {
        <Page title=say(tr::rounds::checkpoints)>
            <p class="soft">{written(tr::rounds::checkpoints_note)}</p>
            <div class="fields-2">
                <Select
                    label=say(tr::rounds::cluster)
                    options=cluster_options
                    value=derive(move || cluster.with(|one| one.as_ref().map_or(String::new(), |one| one.id.to_string())))
                    on_change=move |id: String| go.run((Some(id), None))
                />
                <Select
                    label=say(tr::rounds::template)
                    options=template_options
                    value=derive(move || template.with(|one| one.as_ref().map_or(String::new(), |one| one.template.to_string())))
                    on_change=move |id: String| go.run((None, Some(id)))
                />
            </div>
            {drawn(move || problem.get().map(|text| view! { <Notice tone="late" text=text/> }))}
            {drawn(move || match shown.get() {
                None if app.status().with(|status| status.first_sync) => {
                    view! { <Skeleton/> }.into_any()
                }
                None => view! {
                    <Empty
                        icon=Icon::Code
                        title=say(tr::rounds::no_checkpoints)
                        note=say(tr::rounds::no_checkpoints_note)
                    />
                }
                .into_any(),
                Some(shown) => {
                    let left = shown.spots.iter().filter(|spot| spot.place.is_none()).count();
                    let hung = shown.spots.len() - left;
                    let sheet = checkpoints::sheet_address(
                        &shown.cluster,
                        &shown.template,
                        i18n::current().tag(),
                    );
                    view! {
                        <div class="toolbar">
                            <span class="soft number">{tr::rounds::registered_of(hung, shown.spots.len())}</span>
                            <span class="push"></span>
                            {(may_edit.get() && left > 0).then(|| view! {
                                <Button
                                    text=say(tr::rounds::register_all)
                                    icon=Icon::Plus
                                    weight=Weight::Primary
                                    busy=busy
                                    on_press=register
                                />
                            })}
                            // Rendered by the server, for paper: outside the app's own pages.
                            {(hung > 0 && app.may(Right::EditSchedules)).then(|| view! {
                                <a class="button" href=sheet target="_blank" rel="external noopener">
                                    {tr::rounds::print_codes()}
                                </a>
                            })}
                        </div>
                        {table(shown.spots, may_edit.get(), sought)}
                    }
                    .into_any()
                }
            })}
        </Page>
        <PlaceSheet sought=sought/>
    }
}

fn table(spots: Vec<Spot>, may_edit: bool, sought: RwSignal<Option<Sought>>) -> AnyView {
    let app = use_app();
    let row = move |spot: Spot| {
        let position = spot.place.as_ref().and_then(|place| place.position);
        let position = position.map_or_else(
            || "–".to_owned(),
            |(east, north)| tr::rounds::position_value(east, north),
        );
        let code = spot.place.as_ref().map(|place| {
            let since = fmt::moment(place.code_since, app.now().get_untracked(), &app.zone());
            tr::rounds::code_number(place.code_version, since)
        });
        let state = match (&spot.place, spot.gone) {
            (None, _) => ("late", tr::rounds::not_registered()),
            (Some(_), true) => ("soon", tr::rounds::point_gone()),
            (Some(_), false) => ("ok", tr::rounds::registered()),
        };
        let buttons = spot.place.clone().filter(|_| may_edit).map(|place| {
            let (other, name) = (place.clone(), spot.name.clone());
            view! {
                <button
                    type="button"
                    class="button small"
                    aria-label=tr::rounds::new_code_of(&name)
                    on:click=move |_| sought.set(Some(Sought::NewCode(other.clone())))
                >
                    {tr::rounds::new_code()}
                </button>
                " "
                <button
                    type="button"
                    class="button small quiet"
                    aria-label=tr::rounds::position_of(&name)
                    on:click=move |_| sought.set(Some(Sought::Position(place.clone())))
                >
                    {tr::rounds::position()}
                </button>
            }
        });
        view! {
            <tr>
                <td>{spot.name}</td>
                <td class="nowrap"><span class=format!("badge {}", state.0)>{state.1}</span></td>
                <td class="nowrap number">{code}</td>
                <td class="nowrap number">{position}</td>
                <td class="nowrap">{buttons}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label=tr::rounds::checkpoints()>
            <table class="data comfortable" aria-label=tr::rounds::checkpoints()>
                <thead>
                    <tr>
                        <th scope="col">{tr::rounds::checkpoint()}</th>
                        <th scope="col">{tr::rounds::state()}</th>
                        <th scope="col">{tr::rounds::code()}</th>
                        <th scope="col">{tr::rounds::position()}</th>
                        <th scope="col">
                            <span class="visually-hidden">{tr::rounds::actions()}</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{spots.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
