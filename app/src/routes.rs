//! The root of the app and the list of its addresses. One line a page.

use leptos::prelude::*;
use leptos_router::components::{Redirect, Route, Router, Routes};
use leptos_router::path;

use crate::app_context::use_app;
use crate::i18n::tr;
use crate::modules::accounts::AccountsPage;
use crate::modules::attention::AttentionPage;
use crate::modules::dashboard::DashboardPage;
use crate::modules::devices::DevicesPage;
use crate::modules::fees::{CallListPage, CallPage};
use crate::modules::households::{HouseholdListPage, HouseholdPage};
use crate::modules::more::MorePage;
use crate::modules::outbox::OutboxPage;
use crate::modules::rounds::{
    BriefingPage, RoundPage, RoundRecordPage, RoundTablePage, RoundsPage, SchedulesPage,
    TemplatePage, TemplatesPage,
};
use crate::modules::session::SignInPage;
use crate::modules::tickets::{
    CompletePage, OpenTicketPage, TicketListPage, TicketPage, TicketTablePage,
};
use crate::modules::today::TodayPage;
use crate::modules::visits::{VisitListPage, VisitPage};
use crate::ui::{ButtonLink, Empty, Icon, Page, ToastRegion, Toasts, UpdatePrompt, home_of};

/// Everything: signed out, the sign-in page; signed in, the pages.
#[component]
pub fn Root() -> impl IntoView {
    let app = use_app();
    Toasts::provide();
    let signed_in = Memo::new(move |_| app.session().with(Option::is_some));
    view! {
        <Router>
            <Show when=move || signed_in.get() fallback=|| view! { <SignInPage/> }>
                <Routes fallback=|| view! { <NotFoundPage/> }>
                    <Route path=path!("/") view=move || view! { <Redirect path=home_of(app)/> }/>
                    <Route path=path!("/today") view=TodayPage/>
                    <Route path=path!("/briefing") view=BriefingPage/>
                    <Route path=path!("/rounds") view=RoundsPage/>
                    <Route path=path!("/rounds/:id") view=RoundPage/>
                    <Route path=path!("/rounds/:id/record") view=RoundRecordPage/>
                    <Route path=path!("/tickets") view=TicketListPage/>
                    <Route path=path!("/tickets/new") view=OpenTicketPage/>
                    <Route path=path!("/tickets/:id") view=TicketPage/>
                    <Route path=path!("/tickets/:id/complete") view=CompletePage/>
                    <Route path=path!("/households") view=HouseholdListPage/>
                    <Route path=path!("/households/:id") view=HouseholdPage/>
                    <Route path=path!("/fees") view=CallListPage/>
                    <Route path=path!("/fees/:id") view=CallPage/>
                    <Route path=path!("/visits") view=VisitListPage/>
                    <Route path=path!("/visits/new") view=VisitPage/>
                    <Route path=path!("/outbox") view=OutboxPage/>
                    <Route path=path!("/more") view=MorePage/>
                    <Route path=path!("/dashboard") view=DashboardPage/>
                    <Route path=path!("/office/tickets") view=TicketTablePage/>
                    <Route path=path!("/office/rounds") view=RoundTablePage/>
                    <Route path=path!("/office/templates") view=TemplatesPage/>
                    <Route path=path!("/office/templates/:id") view=TemplatePage/>
                    <Route path=path!("/office/schedules") view=SchedulesPage/>
                    <Route path=path!("/office/attention") view=AttentionPage/>
                    <Route path=path!("/office/devices") view=DevicesPage/>
                    <Route path=path!("/office/accounts") view=AccountsPage/>
                </Routes>
            </Show>
        </Router>
        <UpdatePrompt/>
        <ToastRegion/>
    }
}

/// An address that leads nowhere.
#[component]
fn NotFoundPage() -> impl IntoView {
    let app = use_app();
    view! {
        <Page title=Signal::derive(|| tr::frame::not_found().to_owned())>
            <Empty
                icon=Icon::Search
                title=Signal::derive(|| tr::frame::not_found().to_owned())
                note=Signal::derive(|| tr::frame::not_found_note().to_owned())
            >
                <ButtonLink text=Signal::derive(|| tr::frame::go_home().to_owned()) href=home_of(app)/>
            </Empty>
        </Page>
    }
}
