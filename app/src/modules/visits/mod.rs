//! Visits 拜访: noting one, answers still owed.

use leptos::prelude::*;

#[component]
pub fn VisitListPage() -> impl IntoView {}

#[component]
pub fn VisitPage() -> impl IntoView {}
