//! Household files 住户: search, the unit and its timeline.

use leptos::prelude::*;

#[component]
pub fn HouseholdListPage() -> impl IntoView {}

#[component]
pub fn HouseholdPage() -> impl IntoView {}
