//! More 更多: the person, language, theme, storage, sign-out.

use leptos::prelude::*;

#[component]
pub fn MorePage() -> impl IntoView {}
