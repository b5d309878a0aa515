//! Tickets 工单 on the phone and in the office.

use leptos::prelude::*;

#[component]
pub fn CompletePage() -> impl IntoView {}

#[component]
pub fn OpenTicketPage() -> impl IntoView {}

#[component]
pub fn TicketListPage() -> impl IntoView {}

#[component]
pub fn TicketPage() -> impl IntoView {}

#[component]
pub fn TicketTablePage() -> impl IntoView {}
