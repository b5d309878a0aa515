//! One recorded action: what, when, where it stands, and what a person can do about it.

use domain::id::OpId;
use domain::modules::RecordKind;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::view_model::{fix_href, photos, record_href, state_words, title};
use crate::app_context::{App, OutboxItem, OutboxState, use_app};
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::modules::households::kit::words;
use crate::reactive::{derive, drawn, memo, said};
use crate::ui::{Button, ButtonLink, Glyph, Icon, Progress, Toasts, use_toasts};

/// What a title may name.
pub const NAMED: [RecordKind; 6] = [
    RecordKind::Ticket,
    RecordKind::Household,
    RecordKind::Visit,
    RecordKind::Round,
    RecordKind::RoundTemplate,
    RecordKind::Cluster,
];

/// The title, kept up to date with the records it names. Tracked.
pub fn title_now(app: App, item: &OutboxItem) -> String {
    app.track(&NAMED);
    app.with_replica(|replica| title(item, replica))
}

#[component]
pub fn ItemRow(
    item: OutboxItem,
    on_view: Callback<OpId>,
    on_dismiss: Callback<OpId>,
) -> impl IntoView {
    let app = use_app();
    let (op, at, state) = (item.op, item.at, item.state);
    let needs = state.needs_person();
    let (class, icon) = match state {
        OutboxState::Refused | OutboxState::Conflict | OutboxState::PhotoRefused => {
            ("outbox-item late", Icon::Alert)
        }
        OutboxState::Held => ("outbox-item soon", Icon::Pause),
        OutboxState::Waiting | OutboxState::Uploading => ("outbox-item", Icon::Sync),
    };
    let reason = item.reason.clone();
    let sent = photos(&item.blobs);
    let named = item.clone();
    let name = memo(move || title_now(app, &named));
    view! {
        <li class=class>
            <button type="button" class="item" on:click=move |_| on_view.run(op)>
                <span class="lead"><Glyph icon=icon/></span>
                <span class="stack tight">
                    <span class="title">{drawn(move || name.get())}</span>
                    <span class="note">
                        {drawn(move || app.status().with(|status| state_words(state, status)))} " · "
                        {drawn(move || fmt::moment(at, app.now().get(), &app.zone()))}
                    </span>
                </span>
                <span class="trail soft"><Glyph icon=Icon::Forward small=true/></span>
            </button>
            {sent
                .map(|(done, total)| {
                    let label = derive(move || tr::outbox::photos(done, total));
                    view! {
                        <div class="row outbox-photos">
                            <span class="small soft number">{said(label)}</span>
                            <Progress done=Signal::stored(done) total=Signal::stored(total) label=label/>
                        </div>
                    }
                })}
            {reason.map(|reason| view! { <p class="outbox-reason">{drawn(move || error_text(&reason))}</p> })}
            {needs.then(|| view! { <Settle item=item on_view=on_view on_dismiss=on_dismiss/> })}
        </li>
    }
}

/// The ways to settle what was refused.
#[component]
fn Settle(item: OutboxItem, on_view: Callback<OpId>, on_dismiss: Callback<OpId>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let op = item.op;
    let busy = RwSignal::new(false);
    let fix = item.command.as_ref().and_then(|command| fix_href(command, op));
    // A conflict was applied as far as it could be; sending it again would record it twice.
    let may_fix = item.state == OutboxState::Refused && item.command.is_some();
    // What has no form of its own is looked at where it belongs.
    let record = match &fix {
        Some(_) if may_fix => None,
        _ => item.command.as_ref().and_then(record_href),
    };
    let of_photo = item.state == OutboxState::PhotoRefused;
    let resend = Callback::new(move |()| {
        busy.set(true);
        spawn_local(async move {
            let done = if of_photo { app.resend_photos(op).await } else { app.resend(op).await };
            match done {
                Ok(()) => toasts.say(tr::outbox::sent_again()),
                Err(refusal) => toasts.warn(error_text(&refusal)),
            }
            busy.try_set(false);
        });
    });
    let export = Callback::new(move |()| export_unsent(app, toasts));
    view! {
        <div class="button-row">
            <Button text=words(tr::outbox::view) on_press=Callback::new(move |()| on_view.run(op))/>
            {may_fix
                .then(|| match fix {
                    Some(href) => {
                        view! { <ButtonLink text=words(tr::outbox::fix) href=href icon=Icon::Pen/> }.into_any()
                    }
                    None => ().into_any(),
                })}
            {record.map(|href| view! { <ButtonLink text=words(tr::outbox::open_record) href=href/> })}
            {(may_fix || of_photo)
                .then(|| view! { <Button text=words(tr::outbox::resend) on_press=resend busy=busy/> })}
            <Button text=words(tr::outbox::export) on_press=export/>
            <Button
                text=words(tr::outbox::dismiss)
                on_press=Callback::new(move |()| on_dismiss.run(op))
            />
        </div>
    }
}

/// Everything unsent as a file.
pub fn export_unsent(app: App, toasts: Toasts) {
    spawn_local(async move {
        match app.export_unsent().await {
            Ok(()) => toasts.say(tr::outbox::exported()),
            Err(refusal) => toasts.warn(error_text(&refusal)),
        }
    });
}
