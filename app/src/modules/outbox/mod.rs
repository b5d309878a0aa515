//! Outbox 待同步: every queued action and photo with its state.

use leptos::prelude::*;

#[component]
pub fn OutboxPage() -> impl IntoView {}
