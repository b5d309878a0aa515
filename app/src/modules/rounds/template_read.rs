//! A version of a template to read, and the list of its versions.

use domain::id::TemplateId;
use domain::modules::RecordKind;
use domain::modules::rounds::{AnswerType, Item, Point, RoundTemplate};
use domain::order;
use leptos::prelude::*;

use super::view_model::walk::limits_text;
use super::words::{self, say};
use crate::app_context::use_app;
use crate::i18n::{fmt, name_of, tr};
use crate::reactive::{drawn, written};
use crate::ui::{Notice, Page};

fn kind_text(answer: &AnswerType) -> String {
    let name = match answer {
        AnswerType::Normal => "normal",
        AnswerType::Number { .. } => "number",
        AnswerType::Text => "text",
        AnswerType::Photo => "photo",
    };
    format!("{} {}", name_of("rounds", "kind_", name), limits_text(answer)).trim().to_owned()
}

fn read_item(item: &Item) -> AnyView {
    let category = (!item.category.is_empty())
        .then(|| name_of("tickets", "category_", &item.category))
        .map(|name| format!(" · {name}"));
    view! {
        <li class="item no-lead">
            <span>
                <span class="title">{item.text.clone()}</span>
                <span class="note">{kind_text(&item.answer)} {category}</span>
            </span>
            <span class="trail">
                {item.safety.then(|| view! { <span class="badge soon">{tr::rounds::safety()}</span> })}
                {item.optional.then(|| view! { <span class="badge">{tr::common::optional()}</span> })}
            </span>
        </li>
    }
    .into_any()
}

fn read_point((index, point): (usize, &Point)) -> AnyView {
    view! {
        <li class="card flush">
            <header><h2>{format!("{} {}", words::circled(index), point.name)}</h2></header>
            <ul class="list">{point.items.iter().map(read_item).collect_view()}</ul>
        </li>
    }
    .into_any()
}

/// One version as it is, or was.
#[component]
pub fn ReadTemplate(template: RoundTemplate) -> impl IntoView {
    let subtitle = tr::rounds::version_number(template.version);
    view! {
        <Page title=template.name.clone() subtitle=subtitle back="/office/templates" narrow=true>
            {template.superseded.then(|| view! {
                <Notice tone="soon" text=say(tr::rounds::old_version_note)/>
            })}
            {template.retired.then(|| view! {
                <Notice tone="soon" text=say(tr::rounds::retired_note)/>
            })}
            <ol class="stack">
                {template.points.iter().enumerate().map(read_point).collect_view()}
            </ol>
            <Versions template=template.template/>
        </Page>
    }
}

/// Every version, newest first.
#[component]
pub fn Versions(template: TemplateId) -> impl IntoView {
    let app = use_app();
    let versions = app.query(&[RecordKind::RoundTemplate], move |replica| {
        let own = replica.iter::<RoundTemplate>().filter(|one| one.template == template);
        let mut versions: Vec<_> =
            own.map(|one| (one.version, one.changed_at, one.superseded)).collect();
        order::sort_by_key(&mut versions, |(version, ..)| std::cmp::Reverse(*version));
        versions
    });
    view! {
        <section class="stack tight">
            <h2>{written(tr::rounds::versions)}</h2>
            <ul class="list inset">
                {drawn(move || {
                    let (now, zone) = (app.now().get_untracked(), app.zone());
                    versions
                        .get()
                        .into_iter()
                        .map(|(version, at, superseded)| {
                            let href = if superseded {
                                format!("/office/templates/{template}?version={version}")
                            } else {
                                format!("/office/templates/{template}")
                            };
                            let time = fmt::moment(at, now, &zone);
                            let said = if superseded {
                                tr::rounds::replaced_at(time)
                            } else {
                                tr::rounds::published_at(time)
                            };
                            view! {
                                <li>
                                    <a href=href class="item no-lead">
                                        <span class="title">{tr::rounds::version_number(version)}</span>
                                        <span class="trail note number">
                                            {said}
                                        </span>
                                    </a>
                                </li>
                            }
                        })
                        .collect_view()
                })}
            </ul>
        </section>
    }
}
