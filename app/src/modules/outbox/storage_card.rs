//! How full the phone is, and whether the browser promised to keep what is on it.

use leptos::prelude::*;

use crate::device::use_storage;
use crate::i18n::{fmt, tr};
use crate::modules::households::kit::words;
use crate::reactive::{derive, drawn, written};
use crate::ui::{Notice, Progress, Show};

#[component]
pub fn StorageCard() -> impl IntoView {
    let storage = use_storage();
    storage.refresh();
    let used = derive(move || storage.per_mille() as usize);
    let line = derive(move || {
        let (used, quota) = storage.usage.get()?;
        Some(tr::sync::storage_used(fmt::bytes(used), fmt::bytes(quota)))
    });
    let low = derive(move || tr::sync::storage_low(fmt::percent(storage.per_mille())));
    view! {
        <section class="card" aria-labelledby="storage">
            <header>
                <h2 id="storage">{written(tr::outbox::storage)}</h2>
                {drawn(move || {
                    storage
                        .persistent
                        .get()
                        .map(|kept| {
                            let class = if kept { "badge ok" } else { "badge soon" };
                            let text = if kept { tr::outbox::kept() } else { tr::outbox::not_kept() };
                            view! { <span class=class>{text}</span> }
                        })
                })}
            </header>
            <p class="number">
                {drawn(move || line.get().unwrap_or_else(|| tr::outbox::storage_unknown().to_owned()))}
            </p>
            <Progress done=used total=Signal::stored(1_000usize) label=words(tr::outbox::storage)/>
            <Show when=move || storage.is_low()>
                <Notice tone="late" text=low/>
            </Show>
            <p class="soft small">
                {drawn(move || match storage.persistent.get() {
                    Some(true) => tr::sync::storage_persistent(),
                    Some(false) => tr::sync::storage_not_persistent(),
                    None => "",
                })}
            </p>
        </section>
    }
}
