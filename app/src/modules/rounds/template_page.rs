//! One template: its next version being written, or an old one being read.

use domain::id::TemplateId;
use domain::modules::RecordKind;
use domain::modules::rounds::RoundTemplate;
use domain::{Refusal, Right};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use super::item_editor::PointEditor;
use super::template_read::{ReadTemplate, Versions};
use super::view_model::duties::newest;
use super::view_model::template_form::{PointForm, TemplateForm};
use super::words::say;
use crate::app_context::{App, use_app, use_draft};
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{derive, drawn, memo};
use crate::ui::{
    Button, ButtonLink, Empty, Icon, Notice, Page, Skeleton, TextField, Weight, use_toasts,
};

/// A code that no other point or item of the company has.
pub fn fresh_code(app: App) -> String {
    let id = app.new_id().simple().to_string();
    // The last digits are the random ones.
    id.chars().skip(20).collect()
}

/// `/office/templates/:id`; `new`, `new?copy=<id>`, `<id>?version=<n>`.
#[component]
pub fn TemplatePage() -> impl IntoView {
    let app = use_app();
    let params = use_params_map();
    let query = use_query_map();
    let address = memo(move || {
        let id = params.with(|params| params.get("id")).unwrap_or_default();
        let (copy, version) = query.with(|query| (query.get("copy"), query.get("version")));
        (id, copy, version.and_then(|version| version.parse::<u32>().ok()))
    });
    // Known once is enough: what others publish meanwhile is told, not taken over.
    let source = app.query(&[RecordKind::RoundTemplate], move |replica| {
        let (id, copy, version) = address.get();
        let id: TemplateId = copy.unwrap_or(id).parse().ok()?;
        match version {
            Some(version) => {
                let old = RoundTemplate::id_of(id, version);
                replica.get::<RoundTemplate>(old).map(|old| (old.template, old.version))
            }
            None => {
                let newest = newest(&mut replica.iter::<RoundTemplate>(), id)?;
                Some((newest.template, newest.version))
            }
        }
    });
    let is_known = memo(move || source.with(Option::is_some));
    let may_edit = memo(move || app.may(Right::EditTemplates));
    drawn(move || {
        let (id, copy, version) = address.get();
        if id == "new" && copy.is_none() {
            return view! { <Editor source=None copy=false/> }.into_any();
        }
        if !is_known.get() {
            return view! { <UnknownTemplate/> }.into_any();
        }
        // Untracked: a version that arrives now must not throw away what is being typed.
        let found = source.get_untracked().and_then(|(template, version)| {
            app.with_replica(|replica| {
                replica.get::<RoundTemplate>(RoundTemplate::id_of(template, version)).cloned()
            })
        });
        let Some(found) = found else { return view! { <UnknownTemplate/> }.into_any() };
        if version.is_some() || !may_edit.get() {
            return view! { <ReadTemplate template=found/> }.into_any();
        }
        view! { <Editor source=Some(found) copy=copy.is_some()/> }.into_any()
    })
}

#[component]
fn UnknownTemplate() -> impl IntoView {
    let app = use_app();
    view! {
        <Page title=say(tr::rounds::template) back="/office/templates">
            {drawn(move || if app.status().with(|status| status.first_sync) {
                view! { <Skeleton/> }.into_any()
            } else {
                view! {
                    <Empty
                        icon=Icon::Template
                        title=say(tr::rounds::template_unknown)
                        note=say(tr::rounds::template_unknown_note)
                    >
                        <ButtonLink text=say(tr::rounds::templates) href="/office/templates"/>
                    </Empty>
                }
                .into_any()
            })}
        </Page>
    }
}

#[component]
fn Editor(source: Option<RoundTemplate>, copy: bool) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let navigate = use_navigate();
    let make = {
        let source = source.clone();
        move || match &source {
            None => TemplateForm::empty(TemplateId(app.new_id()), &mut || fresh_code(app)),
            Some(source) if copy => TemplateForm::copy_of(source, TemplateId(app.new_id())),
            Some(source) => TemplateForm::of(source),
        }
    };
    let key = match &source {
        None => "template:new".to_owned(),
        Some(source) if copy => format!("template:copy:{}", source.template),
        Some(source) => format!("template:{}", source.template),
    };
    let restored = app.has_draft(&key);
    let form = use_draft(key.clone(), make());
    let is_draft = RwSignal::new(restored);
    let problems = RwSignal::new(Vec::<String>::new());
    let refusal = RwSignal::new(None::<Refusal>);
    let busy = RwSignal::new(false);
    // Somebody else published while this was being written.
    let overtaken = app.query(&[RecordKind::RoundTemplate], move |replica| {
        let (template, seen) = form.with(|form| (form.template, form.seen));
        let newest = newest(&mut replica.iter::<RoundTemplate>(), template)?;
        (newest.version > seen).then_some(newest.version)
    });
    let codes = memo(move || {
        form.with(|form| form.points.iter().map(|point| point.code.clone()).collect::<Vec<_>>())
    });
    let discard = {
        let (make, key) = (make.clone(), key.clone());
        move |()| {
            form.set(make());
            app.drop_draft(&key);
            is_draft.set(false);
            problems.set(Vec::new());
            refusal.set(None);
        }
    };
    let publish = move |()| {
        let command = match form.with_untracked(TemplateForm::command) {
            Ok(command) => command,
            Err(found) => {
                problems.set(found);
                return;
            }
        };
        problems.set(Vec::new());
        busy.set(true);
        let (version, key, navigate) = (command.version, key.clone(), navigate.clone());
        spawn_local(async move {
            let result = app.send(vec![command.into()], Vec::new(), Some(key)).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    toasts.say(tr::rounds::published(version));
                    navigate("/office/templates", Default::default());
                }
                Err(why) => {
                    refusal.try_set(Some(why));
                }
            }
        });
    };
    let old = source.filter(|_| !copy);
    let title = {
        let name = old.as_ref().map(|old| old.name.clone());
        derive(move || name.clone().unwrap_or_else(|| tr::rounds::new_template().to_owned()))
    };
    let subtitle = derive(move || tr::rounds::version_number(form.with(|form| form.seen + 1)));
    view! {
        <Page title=title subtitle=subtitle back="/office/templates" narrow=true>
            {
                let discard = Callback::new(discard);
                move || is_draft.get().then(|| view! {
                    <Notice tone="soon" text=say(tr::common::draft_restored)>
                        <Button text=say(tr::common::discard_draft) on_press=discard/>
                    </Notice>
                })
            }
            {drawn(move || overtaken.get().map(|version| view! {
                <Notice tone="soon" text=tr::rounds::overtaken(version)>
                    <Button
                        text=say(tr::rounds::go_on_from_it)
                        on_press=move |()| form.update(|form| form.seen = version)
                    />
                </Notice>
            }))}
            <TextField
                label=say(tr::rounds::template_name)
                value=derive(move || form.with(|form| form.name.clone()))
                on_input=move |text| form.update(|form| form.name = text)
            />
            <ol class="stack">
                <For each=move || codes.get() key=|code| code.clone() let:code>
                    <PointEditor form=form code=code/>
                </For>
            </ol>
            <Button
                text=say(tr::rounds::add_point)
                icon=Icon::Plus
                on_press=move |()| {
                    let point = PointForm { code: fresh_code(app), ..PointForm::default() };
                    form.update(|form| form.points.push(point));
                }
            />
            {drawn(move || {
                let list = problems.get();
                (!list.is_empty()).then(|| view! {
                    <div class="notice late" role="alert">
                        <ul>
                            {list.into_iter().map(|text| view! { <li>{text}</li> }).collect_view()}
                        </ul>
                    </div>
                })
            })}
            {drawn(move || refusal.get().map(|why| view! { <Notice tone="late" text=error_text(&why)/> }))}
            <div class="action-bar">
                <Button
                    text=derive(move || {
                        tr::rounds::publish_version(form.with(|form| form.seen + 1))
                    })
                    weight=Weight::Primary
                    large=true
                    busy=busy
                    on_press=publish
                />
            </div>
            {old.map(|old| view! { <Versions template=old.template/> })}
        </Page>
    }
}
