//! What happened to a record: who, when it happened, and when it arrived if that was later.

use domain::Ms;
use domain::id::DeviceId;
use domain::modules::attachments::Attachment;
use leptos::prelude::*;

use super::photo_strip::PhotoStrip;
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, drawn, words};

/// One line of history, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineRow {
    pub title: String,
    pub by: String,
    /// Where it was recorded. Names of devices are the office's; its code every phone knows.
    pub device: DeviceId,
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
    let own = app.with_replica(domain::sync::client::Replica::device);
    view! {
        <ol class="timeline">
            {drawn(move || {
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
                        let code = row.device.code();
                        let device = if row.device == own {
                            tr::kit::timeline_this_device(code)
                        } else {
                            tr::kit::timeline_device(code)
                        };
                        view! {
                            <li class:conflict=row.conflict>
                                <p>
                                    <span class="who">{row.title}</span>
                                    " "
                                    <span class="soft">{row.by} " · " <span class="number">{device}</span></span>
                                    {row.conflict.then(|| view! {
                                        " "
                                        <span class="badge late">{tr::kit::timeline_conflict()}</span>
                                    })}
                                </p>
                                <p class="when">
                                    <time title=bound(exact)>{drawn(move || moment(row.at))}</time>
                                    {late.map(|text| view! { " · " <span>{drawn(text)}</span> })}
                                </p>
                                {(!row.note.is_empty()).then(|| view! { <p class="said">{row.note}</p> })}
                                {(!facts.is_empty()).then(|| view! { <dl class="facts">{facts}</dl> })}
                                {(!row.photos.is_empty()).then(|| view! {
                                    <PhotoStrip
                                        attachments=row.photos
                                        label=words(tr::common::photos)
                                    />
                                })}
                            </li>
                        }
                    })
                    .collect_view()
            })}
        </ol>
    }
}
