//! What was recorded, in words: so that nobody has to guess what "refused" took away.

use leptos::prelude::*;

use super::item_row::title_now;
use super::view_model::{record_href, recorded, state_words};
use crate::app_context::{OutboxItem, use_app};
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::modules::households::kit::words;
use crate::reactive::{derive, drawn, written};
use crate::ui::{ButtonLink, Icon, Sheet};

/// Shows the item while there is one.
#[component]
pub fn DetailsSheet(
    #[prop(into)] item: Signal<Option<OutboxItem>>,
    #[prop(into)] on_close: Callback<()>,
) -> impl IntoView {
    let app = use_app();
    let open = derive(move || item.with(Option::is_some));
    let title = derive(move || {
        item.with(|item| item.as_ref().map(|item| title_now(app, item))).unwrap_or_default()
    });
    view! {
        <Sheet open=open title=title on_close=on_close>
            {drawn(move || item.get().map(|item| view! { <Details item=item/> }))}
        </Sheet>
    }
}

#[component]
fn Details(item: OutboxItem) -> impl IntoView {
    let app = use_app();
    let OutboxItem { command, at, state, reason, blobs, n, .. } = item;
    let href = command.as_ref().and_then(record_href);
    let lines = move || {
        let lines = command.as_ref().map(recorded).unwrap_or_default();
        lines
            .into_iter()
            .map(|(name, value)| view! { <dt>{name}</dt> <dd>{value}</dd> })
            .collect_view()
    };
    let pictures = move || {
        blobs
            .iter()
            .map(|blob| {
                let size = fmt::bytes(blob.size);
                let text = if blob.arrived {
                    tr::outbox::blob_arrived(size)
                } else if blob.refused {
                    tr::outbox::blob_refused(size)
                } else {
                    tr::outbox::blob_sent(fmt::bytes(blob.sent), size)
                };
                view! { <li class="number">{text}</li> }
            })
            .collect_view()
    };
    view! {
        {reason.map(|reason| view! { <p class="outbox-reason">{drawn(move || error_text(&reason))}</p> })}
        <dl class="facts">
            <dt>{written(tr::outbox::state)}</dt>
            <dd>{drawn(move || app.status().with(|status| state_words(state, status)))}</dd>
            <dt>{written(tr::outbox::at)}</dt>
            <dd class="number">{drawn(move || fmt::exact(at, &app.zone()))}</dd>
            <dt>{written(tr::outbox::number)}</dt>
            <dd class="number">{n}</dd>
            {drawn(lines)}
        </dl>
        <ul class="small soft">{drawn(pictures)}</ul>
        {href
            .map(|href| {
                view! { <ButtonLink text=words(tr::outbox::open_record) href=href icon=Icon::Link/> }
            })}
    }
}
