//! What happened to a record: who, when it happened, and when it arrived if that was later.

use domain::Ms;
use domain::modules::attachments::Attachment;
use leptos::prelude::*;

use super::photo_strip::PhotoStrip;
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};

/// One line of history, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineRow {
    pub title: String,
    pub by: String,
    /// When it happened, by the device's corrected clock.
    pub at: Ms,
    /// When the server heard of it, if much later: it was recorded without a network.
    pub arrived: Option<Ms>,
    pub note: String,
    /// Facts with their names: what a late completion brought.
    pub facts: Vec<(String, String)>,
    pub photos: Vec<Attachment>,
    /// A person has to settle it.
    pub conflict: bool,
}

/// The lines, newest last.
#[component]
pub fn Timeline(#[prop(into)] rows: Signal<Vec<TimelineRow>>) -> impl IntoView {
    let app = use_app();
    view! {
        <ol class="timeline">
            {move || {
                rows.get()
                    .into_iter()
                    .map(|row| {
                        // Only the words about time move on; the pictures stay as they are.
                        let moment = move |at| fmt::moment(at, app.now().get(), &app.zone());
                        let exact = move || fmt::exact(row.at, &app.zone());
                        let late = row.arrived.map(|at| move || tr::kit::timeline_offline(moment(at)));
                        let facts = row.facts.into_iter().map(|(name, value)| view! {
                            <dt>{name}</dt>
                            <dd>{value}</dd>
                        });
                        let facts = facts.collect::<Vec<_>>();
                        view! {
                            <li class:conflict=row.conflict>
                                <p>
                                    <span class="who">{row.title}</span>
                                    " "
                                    <span class="soft">{row.by}</span>
                                    {row.conflict.then(|| view! {
                                        " "
                                        <span class="badge late">{tr::kit::timeline_conflict()}</span>
                                    })}
                                </p>
                                <p class="when">
                                    <time title=exact>{move || moment(row.at)}</time>
                                    {late.map(|text| view! { " · " <span>{text}</span> })}
                                </p>
                                {(!row.note.is_empty()).then(|| view! { <p class="said">{row.note}</p> })}
                                {(!facts.is_empty()).then(|| view! { <dl class="facts">{facts}</dl> })}
                                {(!row.photos.is_empty()).then(|| view! {
                                    <PhotoStrip
                                        attachments=row.photos
                                        label=Signal::derive(|| tr::common::photos().to_owned())
                                    />
                                })}
                            </li>
                        }
                    })
                    .collect_view()
            }}
        </ol>
    }
}
