//! The list: who recorded what, when, why it was not applied, everything it carried; settled by a
//! person once dealt with.

use domain::views::{AttentionTable, Quarantined};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::{use_app, use_view};
use crate::error_text::error_text;
use crate::i18n::{fmt, name_of, tr};
use crate::ui::{Button, ButtonLink, Empty, Icon, Notice, Page, Skeleton, use_toasts};

#[component]
pub fn AttentionPage() -> impl IntoView {
    let view = use_view::<AttentionTable>(Signal::stored("/api/v1/views/attention".to_owned()));
    view! {
        <Page
            title=Signal::derive(|| tr::frame::nav_attention().to_owned())
            subtitle=Signal::derive(|| tr::attention::about().to_owned())
        >
            {move || {
                view.error
                    .get()
                    .map(|refusal| view! { <Notice tone="late" text=Signal::derive(move || error_text(&refusal))/> })
            }}
            {move || match view.data.get() {
                None => view! { <Skeleton/> }.into_any(),
                Some(table) if table.rows.is_empty() => {
                    view! {
                        <Empty
                            icon=Icon::CheckCircle
                            title=Signal::derive(|| tr::attention::none().to_owned())
                            note=Signal::derive(|| tr::attention::none_note().to_owned())
                        />
                    }
                        .into_any()
                }
                Some(table) => {
                    view! {
                        <ul class="stack">
                            {table
                                .rows
                                .into_iter()
                                .map(|row| view! { <Entry row=row reload=view.reload/> })
                                .collect_view()}
                        </ul>
                    }
                        .into_any()
                }
            }}
        </Page>
    }
}

#[component]
fn Entry(row: Quarantined, reload: Callback<()>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let zone = app.zone();
    let busy = RwSignal::new(false);
    let verb = name_of("dashboard", "did_", &row.kind.replace('.', "_"));
    let outcome = name_of("dashboard", "outcome_", &row.outcome);
    let reason = row.reason.as_ref().map(error_text).unwrap_or_default();
    let path = format!("/api/v1/attention/{}/{}/settle", row.scope, row.seq);
    let settle = move |()| {
        let path = path.clone();
        busy.set(true);
        spawn_local(async move {
            match app.api_send::<()>("POST", &path, "{}").await {
                Ok(()) => {
                    toasts.say(tr::attention::settled());
                    reload.run(());
                }
                Err(refusal) => toasts.warn(error_text(&refusal)),
            }
            busy.set(false);
        });
    };
    view! {
        <li class="card">
            <header>
                <h2>{format!("{} {verb}", row.by)}</h2>
                <span class="badge late">{outcome}</span>
            </header>
            <p>{reason}</p>
            <p class="small soft number">
                {tr::attention::times(fmt::exact(row.at, &zone), fmt::exact(row.received, &zone))} " · "
                {row.device_name.clone()}
            </p>
            <details>
                <summary>{tr::attention::recorded()}</summary>
                <pre class="payload">{pretty(&row.payload)}</pre>
            </details>
            <div class="button-row">
                {row.ticket
                    .map(|ticket| {
                        view! {
                            <ButtonLink
                                text=Signal::derive(|| tr::attention::open_ticket().to_owned())
                                href=format!("/tickets/{ticket}")
                                icon=Icon::Tickets
                            />
                        }
                    })}
                <Button
                    text=Signal::derive(|| tr::attention::settle().to_owned())
                    icon=Icon::Check
                    busy=busy
                    on_press=Callback::new(settle)
                />
            </div>
        </li>
    }
}

fn pretty(payload: &str) -> String {
    serde_json::from_str::<serde_json::Value>(payload)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| payload.to_owned())
}
