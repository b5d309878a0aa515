//! The rest of a long list.

use leptos::prelude::*;

use super::button::Button;
use super::show::Show;
use crate::i18n::tr;
use crate::reactive::derive;

/// Draws another `step` lines of a list of `total` at every press. What is not drawn costs nothing:
/// a phone that was offline for a day may have thousands of lines, and each that is drawn is kept up
/// with the clock.
#[component]
pub fn ShowMore(
    #[prop(into)] total: Signal<usize>,
    shown: RwSignal<usize>,
    step: usize,
) -> impl IntoView {
    let left = move || total.get().saturating_sub(shown.get());
    view! {
        <Show when=move || { left() > 0 }>
            <Button
                text=derive(move || tr::kit::show_more(left()))
                on_press=move |()| shown.update(|shown| *shown += step)
            />
        </Show>
    }
}
