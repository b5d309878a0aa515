//! Today 今日: what is due now, in order of lateness.

use leptos::prelude::*;

#[component]
pub fn TodayPage() -> impl IntoView {}
