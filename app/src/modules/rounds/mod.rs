//! Rounds 巡视 on the phone and in the office.

use leptos::prelude::*;

#[component]
pub fn BriefingPage() -> impl IntoView {}

#[component]
pub fn RoundPage() -> impl IntoView {}

#[component]
pub fn RoundRecordPage() -> impl IntoView {}

#[component]
pub fn RoundTablePage() -> impl IntoView {}

#[component]
pub fn RoundsPage() -> impl IntoView {}

#[component]
pub fn SchedulesPage() -> impl IntoView {}

#[component]
pub fn TemplatePage() -> impl IntoView {}

#[component]
pub fn TemplatesPage() -> impl IntoView {}
