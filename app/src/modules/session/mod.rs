//! Signing in.

use leptos::prelude::*;

#[component]
pub fn SignInPage() -> impl IntoView {}
