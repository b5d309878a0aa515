//! The pages and the list of their addresses. One line a page; Today is here with the
//! frame, the others come with the part of the program that they name.

use domain::Right;
use domain::id::UserId;
use leptos::prelude::*;
use leptos_router::components::{Redirect, Route, Router, Routes};
use leptos_router::path;

use crate::app_context::use_app;
use crate::device::page;
use crate::i18n::{Text, tr};
use crate::modules::accounts::AccountsPage;
use crate::modules::attention::AttentionPage;
use crate::modules::company::SettingsPage;
use crate::modules::dashboard::DashboardPage;
use crate::modules::devices::DevicesPage;
use crate::modules::fees::{CallListPage, CallPage};
use crate::modules::households::{HouseholdListPage, HouseholdPage};
use crate::modules::more::MorePage;
use crate::modules::outbox::OutboxPage;
use crate::modules::rounds::{
    BriefingPage, BriefingsPage, CheckpointsPage, RoundPage, RoundRecordPage, RoundTablePage,
    RoundsPage, SchedulesPage, TemplatePage, TemplatesPage,
};
use crate::modules::session::{ChoosePasswordPage, SignInPage};
use crate::modules::tickets::{
    CompletePage, OpenTicketPage, TicketListPage, TicketPage, TicketTablePage,
};
use crate::modules::today::TodayPage;
use crate::modules::visits::{VisitListPage, VisitPage};
use crate::parts::Parts;
use crate::reactive::{drawn, memo, words};
use crate::ui::{
    Button, ButtonLink, Empty, Icon, NoRight, Notice, Page, Show, Skeleton, is_office,
};

/// A page of the phone other than Today.
#[derive(Clone, Copy)]
pub enum FieldPage {
    ChoosePassword(RwSignal<Option<UserId>>),
    Briefing,
    Rounds,
    Round,
    RoundRecord,
    Tickets,
    OpenTicket,
    Ticket,
    Complete,
    Households,
    Household,
    Calls,
    Call,
    Visits,
    Visit,
    Outbox,
    More,
}

/// Makes a page of the phone; with that part of the program.
pub fn field_page(page: FieldPage) -> AnyView {
    match page {
        FieldPage::ChoosePassword(later) => view! { <ChoosePasswordPage later=later/> }.into_any(),
        FieldPage::Briefing => view! { <BriefingPage/> }.into_any(),
        FieldPage::Rounds => view! { <RoundsPage/> }.into_any(),
        FieldPage::Round => view! { <RoundPage/> }.into_any(),
        FieldPage::RoundRecord => view! { <RoundRecordPage/> }.into_any(),
        FieldPage::Tickets => view! { <TicketListPage/> }.into_any(),
        FieldPage::OpenTicket => view! { <OpenTicketPage/> }.into_any(),
        FieldPage::Ticket => view! { <TicketPage/> }.into_any(),
        FieldPage::Complete => view! { <CompletePage/> }.into_any(),
        FieldPage::Households => view! { <HouseholdListPage/> }.into_any(),
        FieldPage::Household => view! { <HouseholdPage/> }.into_any(),
        FieldPage::Calls => view! { <CallListPage/> }.into_any(),
        FieldPage::Call => view! { <CallPage/> }.into_any(),
        FieldPage::Visits => view! { <VisitListPage/> }.into_any(),
        FieldPage::Visit => view! { <VisitPage/> }.into_any(),
        FieldPage::Outbox => view! { <OutboxPage/> }.into_any(),
        FieldPage::More => view! { <MorePage/> }.into_any(),
    }
}

/// A page of the desk.
#[derive(Clone, Copy)]
pub enum OfficePage {
    Dashboard,
    TicketTable,
    RoundTable,
    Templates,
    Template,
    Schedules,
    Checkpoints,
    Briefings,
    Attention,
    Devices,
    Accounts,
    Settings,
}

/// What a page of the desk shows is the server's to give, and only to those with this right; under which
/// name the page stands for the others.
fn reserved(page: OfficePage) -> Option<(Right, Text)> {
    match page {
        OfficePage::Dashboard => Some((Right::ViewOffice, tr::frame::nav_dashboard)),
        OfficePage::TicketTable => Some((Right::ViewOffice, tr::frame::nav_tickets)),
        OfficePage::RoundTable => Some((Right::ViewOffice, tr::frame::nav_rounds)),
        OfficePage::Briefings => Some((Right::ViewOffice, tr::rounds::briefings)),
        OfficePage::Attention => Some((Right::SettleConflict, tr::frame::nav_attention)),
        OfficePage::Devices => Some((Right::ViewDevices, tr::frame::nav_devices)),
        OfficePage::Accounts => Some((Right::ManageAccounts, tr::frame::nav_accounts)),
        OfficePage::Settings => Some((Right::EditSettings, tr::frame::nav_settings)),
        _ => None,
    }
}

/// Makes a page of the desk; with that part of the program.
pub fn office_page(page: OfficePage) -> AnyView {
    let Some((right, title)) = reserved(page) else { return open_page(page) };
    let app = use_app();
    let may = memo(move || app.may(right));
    let shown = drawn(move || {
        if may.get() {
            return open_page(page);
        }
        view! {
            <Page title=words(title)>
                <NoRight/>
            </Page>
        }
        .into_any()
    });
    view! { {shown} }.into_any()
}

fn open_page(page: OfficePage) -> AnyView {
    match page {
        OfficePage::Dashboard => view! { <DashboardPage/> }.into_any(),
        OfficePage::TicketTable => view! { <TicketTablePage/> }.into_any(),
        OfficePage::RoundTable => view! { <RoundTablePage/> }.into_any(),
        OfficePage::Templates => view! { <TemplatesPage/> }.into_any(),
        OfficePage::Template => view! { <TemplatePage/> }.into_any(),
        OfficePage::Schedules => view! { <SchedulesPage/> }.into_any(),
        OfficePage::Checkpoints => view! { <CheckpointsPage/> }.into_any(),
        OfficePage::Briefings => view! { <BriefingsPage/> }.into_any(),
        OfficePage::Attention => view! { <AttentionPage/> }.into_any(),
        OfficePage::Devices => view! { <DevicesPage/> }.into_any(),
        OfficePage::Accounts => view! { <AccountsPage/> }.into_any(),
        OfficePage::Settings => view! { <SettingsPage/> }.into_any(),
    }
}

/// Stands in for a page whose part of the program is on its way.
fn coming() -> AnyView {
    view! { <Page title=words(tr::common::loading)><Skeleton/></Page> }.into_any()
}

/// Stands in for a page whose part of the program could not be loaded.
fn missing(retry: Callback<()>) -> AnyView {
    view! {
        <Page title=words(tr::frame::not_loaded)>
            <Notice tone="late" text=words(tr::frame::not_loaded_note)>
                <Button text=words(tr::common::retry) on_press=retry/>
            </Notice>
        </Page>
    }
    .into_any()
}

/// Everything behind the sign-in, as `Door::show` takes it.
pub fn pages() -> AnyView {
    view! { <Pages/> }.into_any()
}

/// Time after which what the first page did not need is loaded, in milliseconds.
const AHEAD: i32 = 1_500;

/// Signed out, the sign-in page; signed in, the pages, once the password is one's own.
#[component]
fn Pages() -> impl IntoView {
    let app = use_app();
    let parts = Parts::new();
    // The next page should not have to wait for its part.
    page::after(AHEAD, move || parts.field.want());
    let desk = memo(move || is_office(app));
    Effect::new(move || {
        if desk.get() {
            page::after(AHEAD, move || {
                parts.office.want();
                page::tell("guanjia:keep-desk");
            });
        }
    });
    // One type of closure for all the pages of a part.
    let field = move |page| move || parts.field.page(page, coming, missing);
    let office = move |page| move || parts.office.page(page, coming, missing);
    let signed_in = memo(move || app.session().with(Option::is_some));
    // Who put it off: whoever comes next in this tab is asked again.
    let later = RwSignal::new(None);
    let must_choose = memo(move || {
        let must = app.session().with(|s| s.as_ref().is_some_and(|s| s.must_change_password));
        must && later.get() != Some(app.actor().user)
    });
    view! {
        <Router>
            <Show
                when=move || signed_in.get() && !must_choose.get()
                fallback=move || if must_choose.get() {
                    field(FieldPage::ChoosePassword(later))()
                } else {
                    view! { <SignInPage/> }.into_any()
                }
            >
                <Routes fallback=|| view! { <NotFoundPage/> }>
                    <Route path=path!("/") view=move || view! { <Redirect path=app.home()/> }/>
                    <Route path=path!("/today") view=TodayPage/>
                    <Route path=path!("/briefing") view=field(FieldPage::Briefing)/>
                    <Route path=path!("/rounds") view=field(FieldPage::Rounds)/>
                    <Route path=path!("/rounds/:id") view=field(FieldPage::Round)/>
                    <Route path=path!("/rounds/:id/record") view=field(FieldPage::RoundRecord)/>
                    <Route path=path!("/tickets") view=field(FieldPage::Tickets)/>
                    <Route path=path!("/tickets/new") view=field(FieldPage::OpenTicket)/>
                    <Route path=path!("/tickets/:id") view=field(FieldPage::Ticket)/>
                    <Route path=path!("/tickets/:id/complete") view=field(FieldPage::Complete)/>
                    <Route path=path!("/households") view=field(FieldPage::Households)/>
                    <Route path=path!("/households/:id") view=field(FieldPage::Household)/>
                    <Route path=path!("/fees") view=field(FieldPage::Calls)/>
                    <Route path=path!("/fees/:id") view=field(FieldPage::Call)/>
                    <Route path=path!("/visits") view=field(FieldPage::Visits)/>
                    <Route path=path!("/visits/new") view=field(FieldPage::Visit)/>
                    <Route path=path!("/outbox") view=field(FieldPage::Outbox)/>
                    <Route path=path!("/more") view=field(FieldPage::More)/>
                    <Route path=path!("/dashboard") view=office(OfficePage::Dashboard)/>
                    <Route path=path!("/office/tickets") view=office(OfficePage::TicketTable)/>
                    <Route path=path!("/office/rounds") view=office(OfficePage::RoundTable)/>
                    <Route path=path!("/office/templates") view=office(OfficePage::Templates)/>
                    <Route path=path!("/office/templates/:id") view=office(OfficePage::Template)/>
                    <Route path=path!("/office/schedules") view=office(OfficePage::Schedules)/>
                    <Route path=path!("/office/checkpoints") view=office(OfficePage::Checkpoints)/>
                    <Route path=path!("/office/briefings") view=office(OfficePage::Briefings)/>
                    <Route path=path!("/office/attention") view=office(OfficePage::Attention)/>
                    <Route path=path!("/office/devices") view=office(OfficePage::Devices)/>
                    <Route path=path!("/office/accounts") view=office(OfficePage::Accounts)/>
                    <Route path=path!("/office/settings") view=office(OfficePage::Settings)/>
                </Routes>
            </Show>
        </Router>
    }
}

/// An address that leads nowhere.
#[component]
fn NotFoundPage() -> impl IntoView {
    let app = use_app();
    view! {
        <Page title=words(tr::frame::not_found)>
            <Empty
                icon=Icon::Search
                title=words(tr::frame::not_found)
                note=words(tr::frame::not_found_note)
            >
                <ButtonLink text=words(tr::frame::go_home) href=app.home()/>
            </Empty>
        </Page>
    }
}
