//! The page: fetches the view, keeps the last figures when the network is gone, wall-screen mode.

use domain::views::Dashboard;
use leptos::prelude::*;

use super::board::Board;
use crate::app_context::{use_app, use_view};
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::ui::{Button, Icon, Notice, Page, Skeleton};

#[component]
pub fn DashboardPage() -> impl IntoView {
    let app = use_app();
    let view = use_view::<Dashboard>(Signal::stored("/api/v1/views/dashboard".to_owned()));
    let wall = RwSignal::new(false);
    let subtitle = Signal::derive(move || {
        view.data.with(|data| match data {
            Some(data) => {
                let ago = fmt::time(data.at, &app.zone());
                tr::dashboard::as_of(&data.project, &ago)
            }
            None => String::new(),
        })
    });
    let figures = Memo::new(move |_| view.data.get());
    view! {
        <div class:wall=move || wall.get()>
            <Page title=Signal::derive(|| tr::frame::nav_dashboard().to_owned()) subtitle=subtitle>
                <div class="row wrap no-print">
                    <span class="badge" class:ok=move || view.error.with(Option::is_none)>
                        {move || {
                            if view.error.with(Option::is_none) {
                                tr::dashboard::live()
                            } else {
                                tr::dashboard::not_live()
                            }
                        }}
                    </span>
                    <span class="push">
                        <Button
                            text=Signal::derive(move || {
                                if wall.get() { tr::dashboard::wall_off() } else { tr::dashboard::wall_on() }
                                    .to_owned()
                            })
                            icon=Icon::Dashboard
                            on_press=move |()| wall.update(|wall| *wall = !*wall)
                        />
                    </span>
                </div>
                {move || {
                    view.error
                        .get()
                        .map(|refusal| {
                            view! {
                                <Notice tone="late" text=Signal::derive(move || error_text(&refusal))>
                                    <Button
                                        text=Signal::derive(|| tr::dashboard::retry().to_owned())
                                        on_press=view.reload
                                    />
                                </Notice>
                            }
                        })
                }}
                {move || match figures.get() {
                    Some(figures) => view! { <Board figures=figures/> }.into_any(),
                    None if view.error.with(Option::is_some) => ().into_any(),
                    None => view! { <Skeleton rows=6/> }.into_any(),
                }}
            </Page>
        </div>
    }
}
