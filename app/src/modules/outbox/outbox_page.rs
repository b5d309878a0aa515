//! Everything recorded here and where it stands.

use domain::Refusal;
use domain::id::OpId;
use domain::refusal::CommonCode;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::details_sheet::DetailsSheet;
use super::item_row::{ItemRow, export_unsent, title_now};
use super::paused::PausedNotice;
use super::received::use_received;
use super::storage_card::StorageCard;
use super::view_model::unsent_parts;
use crate::app_context::{OutboxItem, use_app};
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::modules::households::kit::words;
use crate::reactive::{derive, drawn, memo, written};
use crate::ui::{
    Button, Empty, Glyph, Icon, Notice, Page, Sheet, Show, ShowMore, Skeleton, Weight, use_toasts,
};

/// Lines of each part that are drawn at once.
const STEP: usize = 50;

/// `/outbox`
#[component]
pub fn OutboxPage() -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let items = app.outbox();
    let received = use_received(app, items);
    let viewed = RwSignal::new(None::<OpId>);
    let dismissing = RwSignal::new(None::<OpId>);
    let on_view = Callback::new(move |op: OpId| viewed.set(Some(op)));
    let on_dismiss = Callback::new(move |op: OpId| dismissing.set(Some(op)));
    let looked_at = derive(move || {
        let op = viewed.get()?;
        let queued = items.with(|items| items.iter().flatten().find(|i| i.op == op).cloned());
        queued.or_else(|| received.with(|items| items.iter().find(|i| i.op == op).cloned()))
    });
    let part = move |wanted: bool| {
        items.with(|items| {
            let items = items.iter().flatten();
            items.filter(|item| item.state.needs_person() == wanted).cloned().collect::<Vec<_>>()
        })
    };
    let shown = RwSignal::new(STEP);
    let rows = move |items: Vec<OutboxItem>| {
        items
            .into_iter()
            .take(shown.get())
            .map(|item| view! { <ItemRow item=item on_view=on_view on_dismiss=on_dismiss/> })
            .collect_view()
    };
    view! {
        <Page title=words(tr::sync::outbox_title) back="/more" narrow=true>
            <StatusCard/>
            {drawn(move || {
                if items.with(Option::is_none) {
                    return view! { <Skeleton rows=3/> }.into_any();
                }
                let (attention, waiting) = (part(true), part(false));
                let (needing, unanswered) = (attention.len(), waiting.len());
                if attention.is_empty() && waiting.is_empty() {
                    return view! {
                        <Empty
                            icon=Icon::CheckCircle
                            title=words(tr::sync::outbox_empty)
                            note=words(tr::sync::outbox_empty_note)
                        />
                    }
                        .into_any();
                }
                view! {
                    {(!attention.is_empty())
                        .then(|| {
                            view! {
                                <section aria-labelledby="attention">
                                    <h2 class="section-title" id="attention">
                                        {tr::outbox::attention()} <span class="number">{needing}</span>
                                    </h2>
                                    <ul class="list">{rows(attention)}</ul>
                                    <ShowMore total=Signal::stored(needing) shown=shown step=STEP/>
                                </section>
                            }
                        })}
                    {(!waiting.is_empty())
                        .then(|| {
                            view! {
                                <section aria-labelledby="waiting">
                                    <h2 class="section-title" id="waiting">
                                        {tr::outbox::waiting()} " "
                                        // As on the badge: records and their photos; and what waits elsewhere.
                                        <span class="number">
                                            {drawn(move || {
                                                Some(app.status().with(|s| s.unsent() + s.held)).filter(|n| *n > 0)
                                            })}
                                        </span>
                                    </h2>
                                    <ul class="list">{rows(waiting)}</ul>
                                    <ShowMore total=Signal::stored(unanswered) shown=shown step=STEP/>
                                </section>
                            }
                        })}
                }
                    .into_any()
            })}
            <Received items=received on_view=on_view/>
            <StorageCard/>
            <div class="button-row">
                <Button
                    text=words(tr::sync::export)
                    icon=Icon::Download
                    on_press=Callback::new(move |()| export_unsent(app, toasts))
                />
            </div>
            <DetailsSheet item=looked_at on_close=Callback::new(move |()| viewed.set(None))/>
            <DismissSheet op=dismissing/>
        </Page>
    }
}

/// How many, since when, what stands in the way.
#[component]
fn StatusCard() -> impl IntoView {
    let app = use_app();
    let status = app.status();
    let summary = move || status.with(|s| tr::sync::outbox_summary(s.unsent(), s.attention));
    let reach = move || {
        status.with(|status| match (status.online, status.offline_since) {
            (true, _) => tr::sync::online().to_owned(),
            (false, Some(since)) => {
                tr::sync::offline_since(fmt::moment(since, app.now().get(), &app.zone()))
            }
            (false, None) => tr::frame::badge_offline().to_owned(),
        })
    };
    let last = move || {
        status.with(|status| match status.last_sync {
            Some(at) => tr::sync::last_sync(fmt::moment(at, app.now().get(), &app.zone())),
            None => tr::sync::never_synced().to_owned(),
        })
    };
    let extra = move || {
        status.with(|status| {
            let mut lines: Vec<String> = unsent_parts(status).into_iter().collect();
            if status.held > 0 {
                lines.push(tr::sync::held(status.held));
            }
            if status.unsecured > 0 {
                lines.push(tr::sync::unsecured(status.unsecured));
            }
            if !status.online {
                lines.push(tr::sync::offline_note().to_owned());
            }
            lines.into_iter().map(|line| view! { <p class="soft small">{line}</p> }).collect_view()
        })
    };
    let clock_off = memo(move || status.with(|status| status.clock_is_off()));
    let clock = derive(move || {
        let span = fmt::span(status.with(|s| s.clock_offset).unwrap_or(0));
        error_text(&Refusal::new(CommonCode::ClockOff).with("span", span))
    });
    let busy = derive(move || status.with(|status| status.busy));
    view! {
        <section class="card" aria-labelledby="summary">
            <header>
                <h2 id="summary" aria-live="polite">{drawn(summary)}</h2>
            </header>
            <p>{drawn(reach)} " · " {drawn(last)}</p>
            {drawn(extra)}
            <PausedNotice/>
            <Show when=move || clock_off.get()>
                <Notice tone="late" text=clock/>
            </Show>
            <Button
                text=words(tr::sync::sync_now)
                icon=Icon::Sync
                weight=Weight::Primary
                busy=busy
                on_press=Callback::new(move |()| app.sync_now())
            />
        </section>
    }
}

/// What has lately arrived.
#[component]
fn Received(items: Signal<Vec<OutboxItem>>, on_view: Callback<OpId>) -> impl IntoView {
    let app = use_app();
    let any = memo(move || items.with(|items| !items.is_empty()));
    view! {
        <Show when=move || any.get()>
            <section aria-labelledby="received">
                <h2 class="section-title" id="received">{written(tr::outbox::received)}</h2>
                <ul class="list">
                    {drawn(move || {
                        items
                            .get()
                            .into_iter()
                            .map(|item| {
                                let (op, at) = (item.op, item.at);
                                view! {
                                    <li class="outbox-item">
                                        <button type="button" class="item" on:click=move |_| on_view.run(op)>
                                            <span class="lead ok"><Glyph icon=Icon::Check/></span>
                                            <span class="title">{title_now(app, &item)}</span>
                                            <span class="trail note">
                                                {drawn(move || fmt::moment(at, app.now().get(), &app.zone()))}
                                            </span>
                                        </button>
                                    </li>
                                }
                            })
                            .collect_view()
                    })}
                </ul>
            </section>
        </Show>
    }
}

/// Asks before something leaves the phone.
#[component]
fn DismissSheet(op: RwSignal<Option<OpId>>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let dismiss = Callback::new(move |()| {
        let Some(chosen) = op.get_untracked() else { return };
        op.set(None);
        spawn_local(async move {
            match app.dismiss(chosen).await {
                Ok(()) => toasts.say(tr::outbox::dismissed()),
                Err(refusal) => toasts.warn(error_text(&refusal)),
            }
        });
    });
    view! {
        <Sheet
            open=derive(move || op.with(Option::is_some))
            title=words(tr::outbox::dismiss_title)
            on_close=Callback::new(move |()| op.set(None))
        >
            <p>{written(tr::sync::dismiss_note)}</p>
            <div class="button-row">
                <Button
                    text=words(tr::common::cancel)
                    on_press=Callback::new(move |()| op.set(None))
                />
                <Button text=words(tr::sync::dismiss) weight=Weight::Danger on_press=dismiss/>
            </div>
        </Sheet>
    }
}
