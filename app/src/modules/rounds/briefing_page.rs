//! The 9:30 briefing 晨会: the list is prepared, the steward asks, ticks and adds.

use domain::id::ClusterId;
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::modules::rounds::{Briefing, briefing_lines};
use domain::modules::tickets::Ticket;
use domain::order;
use domain::{Refusal, Right};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::view_model::briefing::{ASKED, BriefingForm, Line, Touched, added_text, command, lines};
use super::words::say;
use crate::app_context::{use_app, use_draft};
use crate::error_text::error_text;
use crate::i18n::{fmt, name_of, tr};
use crate::reactive::{derive, drawn, memo, written};
use crate::ui::{
    Button, Check, Chips, Choice, Empty, Icon, IconButton, Notice, Page, Select, TextField, Weight,
    use_toasts,
};

/// `/briefing?cluster=…`.
#[component]
pub fn BriefingPage() -> impl IntoView {
    let app = use_app();
    let navigate = use_navigate();
    let query = use_query_map();
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let mine = |one: &&Cluster| replica.actor().may_in(Right::WalkRound, one.id);
        let mut list: Vec<&Cluster> = replica.iter::<Cluster>().filter(mine).collect();
        order::sort_by(&mut list, |a, b| a.code.cmp(&b.code));
        let option = |one: &&Cluster| (one.id.to_string(), format!("{} {}", one.code, one.name));
        list.iter().map(option).collect::<Vec<_>>()
    });
    let cluster = memo(move || {
        let asked = query.with(|query| query.get("cluster")).unwrap_or_default();
        clusters.with(|list| {
            let known = list.iter().find(|(id, _)| *id == asked).or(list.first());
            known.and_then(|(id, _)| id.parse::<ClusterId>().ok())
        })
    });
    let subtitle = derive(move || fmt::date(app.today().get()));
    let choose = move |id: String| {
        let options = leptos_router::NavigateOptions { replace: true, ..Default::default() };
        navigate(&format!("/briefing?cluster={id}"), options);
    };
    view! {
        <Page title=say(tr::rounds::briefing) subtitle=subtitle back="/today">
            {
                let choose = Callback::new(choose);
                move || clusters.with(|list| list.len() > 1).then(|| view! {
                    <Select
                        label=say(tr::rounds::cluster)
                        options=clusters
                        value=derive(move || {
                            cluster.get().map_or(String::new(), |id| id.to_string())
                        })
                        on_change=choose
                    />
                })
            }
            {drawn(move || match cluster.get() {
                Some(cluster) => view! { <List cluster=cluster/> }.into_any(),
                None => view! {
                    <Empty
                        icon=Icon::Talk
                        title=say(tr::rounds::no_cluster)
                        note=say(tr::rounds::no_cluster_note)
                    />
                }
                .into_any(),
            })}
        </Page>
    }
}

#[component]
fn List(cluster: ClusterId) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let date = app.today().get_untracked();
    let key = format!("briefing:{cluster}:{date}");
    let form = use_draft(key.clone(), BriefingForm::default());
    // The order would move under the thumb if time alone changed it.
    let opened = app.now().get_untracked();
    let proposed = app.query(&[RecordKind::Ticket], move |replica| {
        let tickets = replica.iter::<Ticket>();
        let items = briefing_lines(cluster, tickets, opened, replica.settings());
        items.iter().map(|item| (item.line(), item.overnight)).collect::<Vec<_>>()
    });
    let recorded = app.query(&[RecordKind::Briefing], move |replica| {
        replica.get::<Briefing>(Briefing::id_of(cluster, date).0).cloned()
    });
    let shown = memo(move || {
        proposed.with(|proposed| {
            recorded.with(|recorded| form.with(|form| lines(proposed, recorded.as_ref(), form)))
        })
    });
    let keys = memo(move || shown.with(|s| s.iter().map(|l| l.key.clone()).collect::<Vec<_>>()));
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let save = move |()| {
        // What was typed and not yet added is meant to be in it.
        add(form);
        let command = shown.with_untracked(|shown| command(cluster, date, shown));
        busy.set(true);
        let key = key.clone();
        spawn_local(async move {
            let result = app.send(vec![command.into()], Vec::new(), Some(key)).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    form.try_set(BriefingForm::default());
                    problem.try_set(None);
                    toasts.say(tr::rounds::briefing_saved());
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                }
            }
        });
    };
    let who = move || {
        recorded.with(|recorded| {
            recorded.as_ref().map(|briefing| {
                tr::rounds::briefing_by(&briefing.by_name, fmt::time(briefing.at, &app.zone()))
            })
        })
    };
    let ticked = move || shown.with(|shown| shown.iter().filter(|line| line.ticked).count());
    view! {
        {drawn(move || who().map(|text| view! { <Notice tone="ok" text=text/> }))}
        <section class="stack">
            <h2 class="section-title">
                {written(tr::rounds::briefing_list)}
                <span class="number">{drawn(move || format!("{}/{}", ticked(), shown.with(Vec::len)))}</span>
            </h2>
            {drawn(move || shown.with(Vec::is_empty).then(|| view! {
                <Empty
                    icon=Icon::Talk
                    title=say(tr::rounds::briefing_empty)
                    note=say(tr::rounds::briefing_empty_note)
                />
            }))}
            <ul class="briefing">
                <For each=move || keys.get() key=|key| key.clone() let:key>
                    <LineRow key=key shown=shown form=form/>
                </For>
            </ul>
        </section>
        <section class="card">
            <h2>{written(tr::rounds::briefing_add)}</h2>
            <Chips
                label=say(tr::rounds::briefing_asked)
                choices=derive(|| {
                    ASKED.iter().map(|who| Choice::new(*who, name_of("rounds", "asked_", who))).collect()
                })
                value=derive(move || form.with(|form| form.asked.clone()))
                on_choose=move |who: String| form.update(|form| {
                    form.asked = (form.asked.as_ref() != Some(&who)).then_some(who);
                })
            />
            <TextField
                label=say(tr::rounds::briefing_said)
                value=derive(move || form.with(|form| form.text.clone()))
                on_input=move |text| form.update(|form| form.text = text)
            />
            <Button
                text=say(tr::rounds::add_line)
                icon=Icon::Plus
                disabled=derive(move || form.with(|form| form.text.trim().is_empty()))
                on_press=move |()| add(form)
            />
        </section>
        {drawn(move || problem.get().map(|refusal| view! {
            <Notice tone="late" text=error_text(&refusal)/>
        }))}
        <div class="action-bar">
            <Button
                text=say(tr::rounds::briefing_save)
                weight=Weight::Primary
                large=true
                busy=busy
                on_press=save
            />
        </div>
    }
}

/// Takes the line that is being written into the list.
fn add(form: RwSignal<BriefingForm>) {
    if form.with_untracked(|form| form.text.trim().is_empty()) {
        return;
    }
    form.update(|form| {
        let line = added_text(form.asked.as_deref(), &form.text);
        if !form.added.contains(&line) {
            form.added.push(line);
        }
        form.text.clear();
        form.asked = None;
    });
}

#[component]
fn LineRow(key: String, shown: Memo<Vec<Line>>, form: RwSignal<BriefingForm>) -> impl IntoView {
    let key = StoredValue::new(key);
    let line = memo(move || {
        shown.with(|shown| key.with_value(|key| shown.iter().find(|one| one.key == *key).cloned()))
    });
    let touch = move |change: &dyn Fn(&mut Touched)| {
        let Some(line) = line.get_untracked() else { return };
        form.update(|form| {
            let now = Touched { ticked: line.ticked, note: line.note };
            change(form.touched.entry(line.key).or_insert(now));
        });
    };
    let text = derive(move || line.with(|l| l.as_ref().map_or(String::new(), |l| l.text.clone())));
    let ticked = derive(move || line.with(|l| l.as_ref().is_some_and(|l| l.ticked)));
    let note = derive(move || line.with(|l| l.as_ref().map_or(String::new(), |l| l.note.clone())));
    let ticket = memo(move || line.with(|l| l.as_ref().and_then(|l| l.ticket)));
    let overnight = memo(move || line.with(|l| l.as_ref().is_some_and(|l| l.overnight)));
    let is_new = memo(move || line.with(|l| l.as_ref().is_some_and(|l| l.is_new)));
    view! {
        <li class="card">
            <div class="row top">
                <span class="grow">
                    <Check
                        label=text
                        checked=ticked
                        on_change=move |on| touch(&|touched| touched.ticked = on)
                    />
                </span>
                {drawn(move || overnight.get().then(|| view! {
                    <span class="badge soon">{tr::rounds::overnight()}</span>
                }))}
                {drawn(move || ticket.get().map(|id| view! {
                    <a href=format!("/tickets/{id}") class="badge">{tr::common::open()}</a>
                }))}
                {drawn(move || is_new.get().then(|| view! {
                    <IconButton
                        icon=Icon::Trash
                        label=say(tr::common::remove)
                        on_press=move |()| form.update(|form| {
                            key.with_value(|key| form.added.retain(|text| text.trim() != key));
                        })
                    />
                }))}
            </div>
            <TextField
                label=say(tr::common::note)
                value=note
                on_input=move |text: String| touch(&|touched| touched.note = text.clone())
            />
        </li>
    }
}
