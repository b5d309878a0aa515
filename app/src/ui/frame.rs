//! The frame of every page: app bar with the sync badge, the page, the bottom bar within the thumb's
//! reach, and the side bar on the desk.

use domain::{Right, Role};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

use super::icon::{Glyph, Icon};
use super::show::Show;
use crate::app_context::{App, use_app};
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, drawn, effect, memo, said, written};
use crate::sync::Paused;
use crate::sync::status::Badge;

/// One place to go.
struct Place {
    href: &'static str,
    icon: Icon,
    text: fn() -> &'static str,
}

/// Roles whose work is done at a desk, whatever else the person does in the field.
const DESK: [Role; 7] = [
    Role::FrontDesk,
    Role::Supervisor,
    Role::EngineeringLead,
    Role::Cashier,
    Role::Manager,
    Role::Quality,
    Role::Admin,
];

/// Whoever works at a desk has the wide frame; everyone else the phone's.
pub fn is_office(app: App) -> bool {
    let actor = app.actor();
    DESK.into_iter().any(|role| actor.has_role(role)) || app.may(Right::ViewOffice)
}

/// The bottom bar: five places at most.
fn field_places(app: App) -> Vec<Place> {
    let mut places = vec![Place { href: "/today", icon: Icon::Today, text: tr::frame::nav_today }];
    if app.may(Right::WalkRound) {
        places.push(Place { href: "/rounds", icon: Icon::Rounds, text: tr::frame::nav_rounds });
    }
    if app.may(Right::OpenTicket) || app.may(Right::NoteTicket) {
        places.push(Place { href: "/tickets", icon: Icon::Tickets, text: tr::frame::nav_tickets });
    }
    if app.may(Right::ViewHouseholds) {
        places.push(Place {
            href: "/households",
            icon: Icon::Households,
            text: tr::frame::nav_households,
        });
    }
    places.push(Place { href: "/more", icon: Icon::More, text: tr::frame::nav_more });
    places
}

/// The side bar: the office first, then what the phone has too.
fn office_places(app: App) -> Vec<Place> {
    let mut places = Vec::new();
    if app.may(Right::ViewOffice) {
        places.push(Place {
            href: "/dashboard",
            icon: Icon::Dashboard,
            text: tr::frame::nav_dashboard,
        });
        places.push(Place {
            href: "/office/tickets",
            icon: Icon::Tickets,
            text: tr::frame::nav_tickets,
        });
        places.push(Place {
            href: "/office/rounds",
            icon: Icon::Rounds,
            text: tr::frame::nav_rounds,
        });
    }
    if app.may(Right::EditTemplates) {
        places.push(Place {
            href: "/office/templates",
            icon: Icon::Template,
            text: tr::frame::nav_templates,
        });
    }
    if app.may(Right::EditSchedules) {
        places.push(Place {
            href: "/office/schedules",
            icon: Icon::Calendar,
            text: tr::frame::nav_schedules,
        });
    }
    if app.may(Right::ViewHouseholds) {
        places.push(Place {
            href: "/households",
            icon: Icon::Households,
            text: tr::frame::nav_households,
        });
    }
    if app.may(Right::RecordCall) {
        places.push(Place { href: "/fees", icon: Icon::Phone, text: tr::frame::nav_calls });
    }
    if app.may(Right::SettleConflict) {
        places.push(Place {
            href: "/office/attention",
            icon: Icon::Alert,
            text: tr::frame::nav_attention,
        });
    }
    if app.may(Right::ViewDevices) {
        places.push(Place {
            href: "/office/devices",
            icon: Icon::Device,
            text: tr::frame::nav_devices,
        });
    }
    if app.may(Right::ManageAccounts) {
        places.push(Place {
            href: "/office/accounts",
            icon: Icon::Users,
            text: tr::frame::nav_accounts,
        });
    }
    if app.may(Right::EditSettings) {
        places.push(Place {
            href: "/office/settings",
            icon: Icon::Pen,
            text: tr::frame::nav_settings,
        });
    }
    places.push(Place { href: "/today", icon: Icon::Today, text: tr::frame::nav_today });
    places.push(Place { href: "/more", icon: Icon::More, text: tr::frame::nav_more });
    places
}

fn is_here(path: &str, href: &str) -> bool {
    path == href || (path.starts_with(href) && path.as_bytes().get(href.len()) == Some(&b'/'))
}

/// How far the records on this device are with the server.
#[component]
pub fn SyncBadge() -> impl IntoView {
    let app = use_app();
    let status = app.status();
    let face = move || {
        status.with(|status| match status.badge() {
            Badge::Paused => {
                let text = match status.paused {
                    Some(Paused::Update) => tr::frame::badge_update(),
                    Some(Paused::NumberReused) => tr::frame::badge_stopped(),
                    _ => tr::frame::badge_paused(),
                };
                ("attention", Icon::Alert, text.to_owned())
            }
            Badge::Attention(count) => {
                ("attention", Icon::Alert, tr::frame::badge_attention(count))
            }
            Badge::Offline(since) => {
                let unsent = status.unsent();
                let text = match since {
                    _ if unsent > 0 => tr::frame::badge_offline_waiting(unsent),
                    Some(since) => {
                        // The date too, when it was not today.
                        let since = fmt::moment(since, app.now().get(), &app.zone());
                        tr::frame::badge_offline_since(since)
                    }
                    None => tr::frame::badge_offline().to_owned(),
                };
                ("waiting", Icon::Offline, text)
            }
            Badge::Waiting(count) => {
                ("waiting moving", Icon::Sync, tr::frame::badge_waiting(count))
            }
            Badge::Loading => ("waiting moving", Icon::Sync, tr::common::loading().to_owned()),
            Badge::Synced => ("", Icon::Check, tr::frame::badge_synced().to_owned()),
        })
    };
    view! {
        {drawn(move || {
            let (class, icon, text) = face();
            view! {
                <a href="/outbox" class=format!("sync-badge {class}")>
                    <Glyph icon=icon small=true/>
                    <span>{text}</span>
                </a>
            }
        })}
    }
}

/// Title, optional way back, the page's own actions, the badge.
#[component]
pub fn Page(
    #[prop(into)] title: Signal<String>,
    #[prop(optional, into)] subtitle: Signal<String>,
    /// Where the arrow leads; none on a first page.
    #[prop(optional, into)]
    back: Option<String>,
    /// Guided pages hide the bottom bar so that the one action has the room.
    #[prop(optional)]
    bare: bool,
    /// Reading width on the desk.
    #[prop(optional)]
    narrow: bool,
    children: Children,
) -> impl IntoView {
    let app = use_app();
    let office = memo(move || is_office(app));
    let navigate = use_navigate();
    let path = use_location().pathname;
    let bar = move |places: Vec<Place>| {
        places
            .into_iter()
            .map(|place| {
                let here = move || is_here(&path.get(), place.href).then_some("page");
                view! {
                    <a href=place.href aria-current=bound(here)>
                        <Glyph icon=place.icon/>
                        <span>{drawn(move || (place.text)())}</span>
                    </a>
                }
            })
            .collect_view()
    };
    effect(move || {
        let name = title.get();
        document().set_title(&format!("{name} · {}", tr::frame::product()));
    });
    view! {
        <div class="app" class:office=bound(move || office.get()) class:no-bottom-bar=bare>
            <a class="skip-link" href="#main">{written(tr::frame::skip_to_content)}</a>
            <header class="app-bar">
                {back
                    .map(|to| {
                        let navigate = navigate.clone();
                        view! {
                            <button
                                type="button"
                                class="back"
                                aria-label=bound(tr::frame::back)
                                on:click=move |_| navigate(&to, Default::default())
                            >
                                <Glyph icon=Icon::Back/>
                            </button>
                        }
                    })}
                <h1>
                    {said(title)}
                    " "
                    <span class="sub">{said(subtitle)}</span>
                </h1>
                <SyncBadge/>
            </header>
            <nav class="side-bar" aria-label=bound(tr::frame::navigation)>
                <Show when=move || office.get()>
                    <div class="wordmark">
                        <Glyph icon=Icon::Key/>
                        <span>{written(tr::frame::product)}</span>
                    </div>
                    {drawn(move || bar(office_places(app)))}
                </Show>
            </nav>
            <main id="main">
                <div class="page" class:narrow=narrow>{children()}</div>
            </main>
            {(!bare)
                .then(|| {
                    view! {
                        <nav class="bottom-bar" aria-label=bound(tr::frame::navigation)>
                            {drawn(move || bar(field_places(app)))}
                        </nav>
                    }
                })}
        </div>
    }
}

/// The name of a role in the reader's language.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Steward => tr::frame::role_steward(),
        Role::Technician => tr::frame::role_technician(),
        Role::Guard => tr::frame::role_guard(),
        Role::FrontDesk => tr::frame::role_front_desk(),
        Role::Supervisor => tr::frame::role_supervisor(),
        Role::EngineeringLead => tr::frame::role_engineering_lead(),
        Role::Cashier => tr::frame::role_cashier(),
        Role::Manager => tr::frame::role_manager(),
        Role::Quality => tr::frame::role_quality(),
        Role::Admin => tr::frame::role_admin(),
        Role::System => tr::frame::role_system(),
    }
}
