//! Short words about what just happened, with one thing to do about it.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::device::page;
use crate::reactive::{call, effect};

#[derive(Clone)]
struct Toast {
    id: u32,
    text: String,
    late: bool,
    action: Option<(String, Callback<()>)>,
}

/// Says things at the edge of the page. `Toasts::provide` once, `use_toasts` anywhere.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    pub fn provide() {
        provide_context(Toasts { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
    }

    /// Something went as wanted.
    pub fn say(self, text: impl Into<String>) {
        self.show(text.into(), false, None, 3_500);
    }

    /// Something did not: stays longer.
    pub fn warn(self, text: impl Into<String>) {
        self.show(text.into(), true, None, 9_000);
    }

    /// With one thing to do about it.
    pub fn offer(self, text: impl Into<String>, action: impl Into<String>, run: Callback<()>) {
        self.show(text.into(), false, Some((action.into(), run)), 7_000);
    }

    fn show(self, text: String, late: bool, action: Option<(String, Callback<()>)>, for_ms: u64) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| {
            list.retain(|toast| toast.text != text);
            list.push(Toast { id, text, late, action });
        });
        set_timeout(move || self.close(id), Duration::from_millis(for_ms));
    }

    fn close(self, id: u32) {
        self.list.try_update(|list| list.retain(|toast| toast.id != id));
    }
}

pub fn use_toasts() -> Toasts {
    expect_context::<Toasts>()
}

/// Where they appear.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    let region = NodeRef::<html::Div>::new();
    // Dialogs lie above everything that is not put above them later.
    effect(move || {
        let some = toasts.list.with(|list| !list.is_empty());
        if some && let Some(region) = region.get_untracked() {
            for method in ["hidePopover", "showPopover"] {
                if let Ok(method) = page::property(&region, method).dyn_into::<js_sys::Function>() {
                    let _ = method.call0(&region);
                }
            }
        }
    });
    view! {
        <div class="toasts" node_ref=region popover="manual" role="status" aria-live="polite">
            <For each=move || toasts.list.get() key=|toast| toast.id let:toast>
                <div class="toast" class:late=toast.late>
                    <span class="grow">{toast.text.clone()}</span>
                    {toast
                        .action
                        .clone()
                        .map(|(text, run)| {
                            let id = toast.id;
                            view! {
                                <button
                                    type="button"
                                    class="button"
                                    on:click=move |_| {
                                        call(run, ());
                                        toasts.close(id);
                                    }
                                >
                                    {text}
                                </button>
                            }
                        })}
                </div>
            </For>
        </div>
    }
}
