//! The ways to everything that the bottom bar has no room for.

use domain::Right;
use leptos::prelude::*;

use crate::app_context::{App, use_app};
use crate::i18n::tr;
use crate::reactive::{drawn, written};
use crate::ui::{Glyph, Icon};

type Place = (&'static str, Icon, fn() -> &'static str);

/// What the person may use in the field, and in the office.
fn places(app: App) -> (Vec<Place>, Vec<Place>) {
    let may = |right| app.may(right);
    let allowed = |list: Vec<(bool, Place)>| {
        list.into_iter().filter(|(may, _)| *may).map(|(_, place)| place).collect::<Vec<_>>()
    };
    let chases = may(Right::RecordCall) && may(Right::ViewArrears);
    let briefs = may(Right::WalkRound) && !app.actor().walks_duties_only();
    let field = allowed(vec![
        (may(Right::RecordVisit), ("/visits", Icon::Talk, tr::more::visits)),
        (chases, ("/fees", Icon::Phone, tr::more::calls)),
        (briefs, ("/briefing", Icon::Users, tr::more::briefing)),
        (true, ("/outbox", Icon::Outbox, tr::more::outbox)),
    ]);
    let office = allowed(vec![
        (may(Right::ViewOffice), ("/dashboard", Icon::Dashboard, tr::frame::nav_dashboard)),
        (may(Right::ViewOffice), ("/office/tickets", Icon::Tickets, tr::more::ticket_table)),
        (may(Right::ViewOffice), ("/office/rounds", Icon::Rounds, tr::more::round_table)),
        (
            may(Right::EditTemplates),
            ("/office/templates", Icon::Template, tr::frame::nav_templates),
        ),
        (
            may(Right::EditSchedules),
            ("/office/schedules", Icon::Calendar, tr::frame::nav_schedules),
        ),
        (may(Right::SettleConflict), ("/office/attention", Icon::Alert, tr::frame::nav_attention)),
        (may(Right::ViewDevices), ("/office/devices", Icon::Device, tr::frame::nav_devices)),
        (may(Right::ManageAccounts), ("/office/accounts", Icon::Users, tr::frame::nav_accounts)),
        (may(Right::EditSettings), ("/office/settings", Icon::Pen, tr::frame::nav_settings)),
    ]);
    (field, office)
}

#[component]
pub fn Places() -> impl IntoView {
    let app = use_app();
    let count = move || app.status().with(|s| s.unsent() + s.attention);
    let list = move |places: Vec<Place>| {
        let lines = places.into_iter().map(|(href, icon, text)| {
            let badge = move || {
                let count = if href == "/outbox" { count() } else { 0 };
                (count > 0).then(|| view! { <span class="badge soon number">{count}</span> })
            };
            view! {
                <a href=href class="item">
                    <span class="lead"><Glyph icon=icon/></span>
                    <span class="title">{written(text)}</span>
                    <span class="trail">{drawn(badge)}</span>
                </a>
            }
        });
        view! { <div class="list">{lines.collect_view()}</div> }
    };
    drawn(move || {
        let (field, office) = places(app);
        view! {
            <nav class="stack" aria-label=tr::more::places()>
                {list(field)}
                {(!office.is_empty())
                    .then(|| {
                        view! {
                            <h2 class="section-title">{tr::more::office()}</h2>
                            {list(office)}
                        }
                    })}
            </nav>
        }
    })
}
