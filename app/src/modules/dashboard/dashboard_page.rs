//! The page: fetches the view, keeps the last figures when the network is gone, wall-screen mode.

use domain::views::Dashboard;
use leptos::prelude::*;

use super::board::Board;
use crate::app_context::{use_app, use_view};
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, derive, drawn, memo, words};
use crate::ui::{Button, Icon, Notice, Page, Skeleton};

#[component]
pub fn DashboardPage() -> impl IntoView {
    let app = use_app();
    let view = use_view::<Dashboard>(Signal::stored("/api/v1/views/dashboard".to_owned()));
    let live = view.keep_live();
    let wall = RwSignal::new(false);
    let subtitle = derive(move || {
        view.data.with(|data| match data {
            Some(data) => {
                let ago = fmt::time(data.at, &app.zone());
                tr::dashboard::as_of(&data.project, &ago)
            }
            None => String::new(),
        })
    });
    let figures = memo(move || view.data.get());
    view! {
        <div class:wall=bound(move || wall.get())>
            <Page title=words(tr::frame::nav_dashboard) subtitle=subtitle>
                <div class="row wrap no-print">
                    {drawn(move || {
                        if live.get() {
                            return view! { <span class="badge ok">{tr::dashboard::live()}</span> }.into_any();
                        }
                        // Without figures there is nothing that could be old.
                        let some = figures.with(Option::is_some);
                        some.then(|| view! { <span class="badge">{tr::dashboard::not_live()}</span> }).into_any()
                    })}
                    <span class="push">
                        <Button
                            text=derive(move || {
                                if wall.get() { tr::dashboard::wall_off() } else { tr::dashboard::wall_on() }
                                    .to_owned()
                            })
                            icon=Icon::Dashboard
                            on_press=move |()| wall.update(|wall| *wall = !*wall)
                        />
                    </span>
                </div>
                {drawn(move || {
                    view.error
                        .get()
                        .map(|refusal| {
                            view! {
                                <Notice tone="late" text=derive(move || error_text(&refusal))>
                                    <Button
                                        text=words(tr::dashboard::retry)
                                        on_press=view.reload
                                    />
                                </Notice>
                            }
                        })
                })}
                {drawn(move || match figures.get() {
                    Some(figures) => view! { <Board figures=figures/> }.into_any(),
                    None if view.error.with(Option::is_some) => ().into_any(),
                    None => view! { <Skeleton rows=6/> }.into_any(),
                })}
            </Page>
        </div>
    }
}
