//! Chasing calls 催缴: the day’s list, and recording a call.

use leptos::prelude::*;

#[component]
pub fn CallListPage() -> impl IntoView {}

#[component]
pub fn CallPage() -> impl IntoView {}
