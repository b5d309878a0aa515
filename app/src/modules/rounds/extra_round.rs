//! A round that nobody scheduled: choose where and what, and go.

use domain::id::{ClusterId, RoundId, TemplateId};
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::modules::rounds::{RoundTemplate, StartRound};
use domain::order;
use domain::{Refusal, Right};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;

use super::words::say;
use crate::app_context::use_app;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{drawn, memo, written};
use crate::ui::{Button, Icon, Notice, Select, Sheet, Show, Weight};

#[component]
pub fn ExtraRound(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Sheet open=open title=say(tr::rounds::extra_round) on_close=move |()| open.set(false)>
            <Choose/>
        </Sheet>
    }
}

/// The first of a list, once something has to be chosen and nothing was.
fn chosen_or_first(chosen: &str, options: &[(String, String)]) -> String {
    let known = options.iter().any(|(value, _)| value == chosen);
    if known { chosen.to_owned() } else { options.first().map_or(String::new(), |o| o.0.clone()) }
}

#[component]
fn Choose() -> impl IntoView {
    let app = use_app();
    let navigate = use_navigate();
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let mine = |one: &&Cluster| replica.actor().may_in(Right::WalkRound, one.id);
        let mut list: Vec<&Cluster> = replica.iter::<Cluster>().filter(mine).collect();
        order::sort_by(&mut list, |a, b| a.code.cmp(&b.code));
        let option = |one: &&Cluster| (one.id.to_string(), format!("{} {}", one.code, one.name));
        list.iter().map(option).collect::<Vec<_>>()
    });
    let templates = app.query(&[RecordKind::RoundTemplate], |replica| {
        let current = |one: &&RoundTemplate| !one.superseded && !one.retired;
        let mut list: Vec<&RoundTemplate> =
            replica.iter::<RoundTemplate>().filter(current).collect();
        order::sort_by(&mut list, |a, b| a.name.cmp(&b.name));
        list.iter().map(|one| (one.template, one.version, one.name.clone())).collect::<Vec<_>>()
    });
    let options = memo(move || {
        let option = |(id, _, name): &(TemplateId, u32, String)| (id.to_string(), name.clone());
        templates.with(|list| list.iter().map(option).collect::<Vec<_>>())
    });
    let cluster = RwSignal::new(String::new());
    let template = RwSignal::new(String::new());
    let own_cluster = memo(move || clusters.with(|list| chosen_or_first(&cluster.get(), list)));
    let own_template = memo(move || options.with(|list| chosen_or_first(&template.get(), list)));
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let start = move |()| {
        let cluster = own_cluster.get_untracked().parse::<ClusterId>();
        let wanted = own_template.get_untracked();
        let found = templates.with_untracked(|list| {
            list.iter().find(|(id, ..)| id.to_string() == wanted).map(|(id, v, _)| (*id, *v))
        });
        let (Ok(cluster), Some((template, version))) = (cluster, found) else { return };
        let round = RoundId(app.new_id());
        let date = app.today().get_untracked();
        let command =
            StartRound { round, cluster, schedule: None, date, slot: 0, template, version };
        busy.set(true);
        let navigate = navigate.clone();
        spawn_local(async move {
            let result = app.send(vec![command.into()], Vec::new(), None).await;
            busy.try_set(false);
            match result {
                Ok(()) => navigate(&format!("/rounds/{round}"), Default::default()),
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                }
            }
        });
    };
    let nothing = memo(move || options.with(Vec::is_empty) || clusters.with(Vec::is_empty));
    view! {
        <p class="soft">{written(tr::rounds::extra_round_note)}</p>
        <Show when=move || nothing.get()>
            <Notice tone="soon" text=say(tr::rounds::no_templates_here)/>
        </Show>
        <Select
            label=say(tr::rounds::cluster)
            options=clusters
            value=own_cluster
            on_change=move |value| cluster.set(value)
        />
        <Select
            label=say(tr::rounds::template)
            options=options
            value=own_template
            on_change=move |value| template.set(value)
        />
        {drawn(move || problem.get().map(|refusal| view! {
            <Notice tone="late" text=error_text(&refusal)/>
        }))}
        <footer>
            <Button
                text=say(tr::rounds::start)
                icon=Icon::Play
                weight=Weight::Primary
                large=true
                busy=busy
                disabled=nothing
                on_press=start.clone()
            />
        </footer>
    }
}
