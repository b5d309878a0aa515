//! The table of devices, with remote sign-out for administrators.

use domain::Right;
use domain::time::MINUTE;
use domain::views::{DeviceLine, DeviceTable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::{use_app, use_view};
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, call, derive, drawn, words};
use crate::ui::{Button, Empty, Icon, Notice, Page, Show, Skeleton, Weight, role_name, use_toasts};

/// A clock further off than this is shown.
const CLOCK_OFF: i64 = 5 * MINUTE;

#[component]
pub fn DevicesPage() -> impl IntoView {
    let view = use_view::<DeviceTable>(Signal::stored("/api/v1/views/devices".to_owned()));
    view! {
        <Page
            title=words(tr::frame::nav_devices)
            subtitle=words(tr::devices::about)
        >
            {drawn(move || {
                view.error
                    .get()
                    .map(|refusal| view! { <Notice tone="late" text=derive(move || error_text(&refusal))/> })
            })}
            {drawn(move || match view.data.get() {
                None => view! { <Skeleton/> }.into_any(),
                Some(table) if table.rows.is_empty() => {
                    view! {
                        <Empty
                            icon=Icon::Device
                            title=words(tr::devices::none)
                            note=words(tr::devices::none_note)
                        />
                    }
                        .into_any()
                }
                Some(table) => {
                    view! {
                        <div class="table-frame" tabindex="0" role="region" aria-label=bound(tr::frame::nav_devices)>
                            <table class="data comfortable">
                                <thead>
                                    <tr>
                                        <th scope="col">{tr::devices::person()}</th>
                                        <th scope="col">{tr::devices::device()}</th>
                                        <th scope="col">{tr::devices::last_sync()}</th>
                                        <th scope="col">{tr::devices::last_seen()}</th>
                                        <th scope="col" class="end">{tr::devices::waiting()}</th>
                                        <th scope="col">{tr::devices::clock()}</th>
                                        <th scope="col"><span class="visually-hidden">{tr::devices::actions()}</span></th>
                                    </tr>
                                </thead>
                                <tbody>
                                    {table
                                        .rows
                                        .into_iter()
                                        .map(|device| view! { <DeviceRow device=device reload=view.reload/> })
                                        .collect_view()}
                                </tbody>
                            </table>
                        </div>
                    }
                        .into_any()
                }
            })}
        </Page>
    }
}

#[component]
fn DeviceRow(device: DeviceLine, reload: Callback<()>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let asking = RwSignal::new(false);
    let now = app.now();
    let roles: Vec<String> = device.roles.iter().map(|role| role_name(*role).to_owned()).collect();
    let synced = device.last_sync;
    let seen = device.last_seen;
    let id = device.device;
    let own = app.session().with(|session| session.as_ref().is_some_and(|s| s.device.id == id));
    let name = device.user_name.clone();
    let offset = device.clock_offset.filter(|offset| offset.abs() > CLOCK_OFF);
    let revoke = move |()| {
        let name = name.clone();
        // At once: pressed twice, it would be asked for twice.
        asking.set(false);
        spawn_local(async move {
            let path = format!("/api/v1/devices/{id}/revoke");
            match app.api_send::<()>("POST", &path, "{}").await {
                Ok(()) => {
                    toasts.say(tr::devices::revoked_now(&name));
                    call(reload, ());
                }
                Err(refusal) => toasts.warn(error_text(&refusal)),
            }
        });
    };
    view! {
        <tr>
            <th scope="row">
                {device.user_name.clone()} " " <span class="soft small">{fmt::list(&roles)}</span>
            </th>
            // The code under which timelines name it.
            <td class="name">
                {device.device_name.clone()} " " <span class="soft small number">{id.code()}</span>
            </td>
            <td class="nowrap">
                {drawn(move || match synced {
                    Some(at) => fmt::ago(at, now.get()),
                    None => tr::devices::never().to_owned(),
                })}
            </td>
            <td class="nowrap">{drawn(move || fmt::ago(seen, now.get()))}</td>
            <td class="end">
                {device.waiting.map_or_else(|| "—".to_owned(), |waiting| waiting.to_string())}
            </td>
            <td>
                {offset
                    .map(|offset| {
                        view! {
                            <span class="badge late">{tr::devices::clock_off(fmt::span(offset.abs()))}</span>
                        }
                    })}
            </td>
            <td class="end">
                {if device.revoked {
                    view! { <span class="badge late">{tr::devices::revoked()}</span> }.into_any()
                } else if own {
                    // Whoever wants to leave this one signs out.
                    view! { <span class="badge">{tr::devices::own()}</span> }.into_any()
                } else if app.may(Right::ManageAccounts) {
                    view! {
                        <Show
                            when=move || asking.get()
                            fallback=move || {
                                view! {
                                    <Button
                                        text=words(tr::devices::revoke)
                                        weight=Weight::Quiet
                                        on_press=move |()| asking.set(true)
                                    />
                                }
                            }
                        >
                            <Button
                                text=words(tr::common::cancel)
                                weight=Weight::Quiet
                                on_press=move |()| asking.set(false)
                            />
                            <Button
                                text=words(tr::devices::revoke_sure)
                                weight=Weight::Danger
                                on_press=Callback::new(revoke.clone())
                            />
                        </Show>
                    }
                        .into_any()
                } else {
                    ().into_any()
                }}
            </td>
        </tr>
    }
}
