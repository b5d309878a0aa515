//! The templates of the company: what is in use, what was retired.

use domain::id::TemplateId;
use domain::modules::RecordKind;
use domain::modules::rounds::{PublishTemplate, RoundTemplate, Schedule};
use domain::order;
use domain::{Refusal, Right};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::words::say;
use crate::app_context::use_app;
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, derive, drawn, memo};
use crate::ui::{
    Button, ButtonLink, Empty, Icon, Notice, Page, Sheet, Skeleton, Weight, use_toasts,
};

/// One template as a line.
#[derive(Clone, PartialEq)]
struct Line {
    current: RoundTemplate,
    items: usize,
    /// Schedules that ask for it today or later.
    schedules: usize,
}

/// `/office/templates`.
#[component]
pub fn TemplatesPage() -> impl IntoView {
    let app = use_app();
    let kinds = [RecordKind::RoundTemplate, RecordKind::Schedule];
    let lines = app.query(&kinds, move |replica| {
        let today = app.today().get();
        let uses = |id: TemplateId| {
            let running = replica.iter::<Schedule>().filter(|schedule| {
                schedule.template == id && schedule.ends.is_none_or(|ends| ends >= today)
            });
            running.count()
        };
        let current = replica.iter::<RoundTemplate>().filter(|one| !one.superseded);
        let mut lines: Vec<Line> = current
            .map(|one| Line {
                items: one.points.iter().map(|point| point.items.len()).sum(),
                schedules: uses(one.template),
                current: one.clone(),
            })
            .collect();
        order::sort_by(&mut lines, |a, b| {
            (a.current.retired, &a.current.name).cmp(&(b.current.retired, &b.current.name))
        });
        lines
    });
    let asked = RwSignal::new(None::<Line>);
    let may_edit = memo(move || app.may(Right::EditTemplates));
    let row = move |line: Line| {
        let id = line.current.template;
        let retired = line.current.retired;
        let changed = fmt::moment(line.current.changed_at, app.now().get_untracked(), &app.zone());
        let points = line.current.points.len();
        let (name, version, items, schedules) =
            (line.current.name.clone(), line.current.version, line.items, line.schedules);
        let link = name.clone();
        view! {
            <tr>
                <td>
                    <a href=format!("/office/templates/{id}")>{link}</a>
                    " "
                    {retired.then(|| view! { <span class="badge">{tr::rounds::retired()}</span> })}
                </td>
                <td class="end">{version}</td>
                <td class="end">{points}</td>
                <td class="end">{items}</td>
                <td class="end">{schedules}</td>
                <td class="nowrap number">{changed}</td>
                <td class="nowrap">
                    {(!retired).then(|| view! {
                        <a href=format!("/office/checkpoints?template={id}") aria-label=tr::rounds::checkpoints_of(&name)>
                            {tr::rounds::checkpoints()}
                        </a>
                        " "
                    })}
                    {may_edit.get().then(|| view! {
                        <a href=format!("/office/templates/new?copy={id}") aria-label=tr::rounds::copy_named(&name)>
                            {tr::rounds::copy()}
                        </a>
                        " "
                        <button
                            type="button"
                            class="button small quiet"
                            aria-label=if retired {
                                tr::rounds::restore_named(&name)
                            } else {
                                tr::rounds::retire_named(&name)
                            }
                            on:click=move |_| asked.set(Some(line.clone()))
                        >
                            {if retired { tr::rounds::restore() } else { tr::rounds::retire() }}
                        </button>
                    })}
                </td>
            </tr>
        }
        .into_any()
    };
    view! {
        <Page title=say(tr::rounds::templates)>
            {drawn(move || may_edit.get().then(|| view! {
                <div class="toolbar">
                    <ButtonLink
                        text=say(tr::rounds::new_template)
                        href="/office/templates/new"
                        icon=Icon::Plus
                        weight=Weight::Primary
                    />
                </div>
            }))}
            {drawn(move || {
                let lines = lines.get();
                if lines.is_empty() {
                    if app.status().with(|status| status.first_sync) {
                        return view! { <Skeleton/> }.into_any();
                    }
                    return view! {
                        <Empty
                            icon=Icon::Template
                            title=say(tr::rounds::no_templates)
                            note=say(tr::rounds::no_templates_note)
                        />
                    }
                    .into_any();
                }
                view! {
                    <div class="table-frame" tabindex="0" role="region" aria-label=bound(tr::frame::nav_templates)>
                        <table class="data comfortable" aria-label=tr::rounds::templates()>
                            <thead>
                                <tr>
                                    <th scope="col">{tr::rounds::template()}</th>
                                    <th scope="col" class="end">{tr::rounds::version()}</th>
                                    <th scope="col" class="end">{tr::rounds::points()}</th>
                                    <th scope="col" class="end">{tr::rounds::items()}</th>
                                    <th scope="col" class="end">{tr::rounds::schedules()}</th>
                                    <th scope="col">{tr::rounds::changed()}</th>
                                    <th scope="col">
                                        <span class="visually-hidden">{tr::rounds::actions()}</span>
                                    </th>
                                </tr>
                            </thead>
                            <tbody>{lines.into_iter().map(row).collect_view()}</tbody>
                        </table>
                    </div>
                }
                .into_any()
            })}
        </Page>
        <Sheet
            open=derive(move || asked.with(Option::is_some))
            title=derive(move || asked.with(|asked| match asked {
                Some(line) if line.current.retired => tr::rounds::restore_named(&line.current.name),
                Some(line) => tr::rounds::retire_named(&line.current.name),
                None => String::new(),
            }))
            on_close=move |()| asked.set(None)
        >
            {drawn(move || asked.get().map(|line| view! { <Retire line=line asked=asked/> }))}
        </Sheet>
    }
}

/// Takes a template out of use, or back into it, as its next version.
#[component]
fn Retire(line: Line, asked: RwSignal<Option<Line>>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let retires = !line.current.retired;
    let current = line.current;
    let publish = move |()| {
        let command = PublishTemplate {
            template: current.template,
            version: current.version + 1,
            name: current.name.clone(),
            points: current.points.clone(),
            retired: retires,
        };
        busy.set(true);
        spawn_local(async move {
            let result = app.send(vec![command.into()], Vec::new(), None).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    let said = if retires {
                        tr::rounds::retired_done()
                    } else {
                        tr::rounds::restored_done()
                    };
                    toasts.say(said);
                    asked.try_set(None);
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                }
            }
        });
    };
    let note = move || match (retires, line.schedules) {
        (false, _) => tr::rounds::restore_note().to_owned(),
        (true, 0) => tr::rounds::retire_note().to_owned(),
        (true, schedules) => tr::rounds::retire_in_use(schedules),
    };
    let button = move || if retires { tr::rounds::retire() } else { tr::rounds::restore() };
    view! {
        <p>{drawn(note)}</p>
        {drawn(move || problem.get().map(|refusal| view! { <Notice tone="late" text=error_text(&refusal)/> }))}
        <footer>
            <Button text=say(tr::common::cancel) on_press=move |()| asked.set(None)/>
            <Button
                text=derive(move || button().to_owned())
                weight=if retires { Weight::Danger } else { Weight::Primary }
                busy=busy
                on_press=publish
            />
        </footer>
    }
}
