//! The camera looks for a QR code, over the whole screen.

use std::rc::Rc;

use domain::Refusal;
use js_sys::{Array, Function, Object, Reflect};
use leptos::html::Video;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlVideoElement, MediaStream};

use super::button::{Button, IconButton};
use super::icon::Icon;
use super::show::Show;
use crate::device;
use crate::device::page;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{bound, call, derive, drawn, effect, words};

/// Reads one code and tells it. The page takes the component away then; the camera goes with it.
#[component]
pub fn Scanner(
    #[prop(into)] on_code: Callback<String>,
    #[prop(into)] on_cancel: Callback<()>,
    /// What to do instead where no code can be read.
    #[prop(optional, into)]
    on_manual: Option<Callback<()>>,
    /// What is being looked for.
    #[prop(optional, into)]
    title: Signal<String>,
) -> impl IntoView {
    let video = NodeRef::<Video>::new();
    let camera: StoredValue<Option<Rc<device::Scanner>>, LocalStorage> =
        StoredValue::new_local(None);
    let problem = RwSignal::new(None::<Refusal>);
    let torch = RwSignal::new(None::<bool>);
    let opened = StoredValue::new(false);
    effect(move || {
        let Some(element) = video.get() else { return };
        if opened.get_value() {
            return;
        }
        opened.set_value(true);
        spawn_local(async move {
            match device::Scanner::open(element.clone()).await {
                Ok(found) => {
                    torch.try_set(torch_track(&element).map(|_| false));
                    let found = Rc::new(found);
                    // The page may have gone while the person was asked for the camera; not kept
                    // here, it is let go.
                    if camera.try_set_value(Some(found.clone())).is_none()
                        && let Some(text) = found.read().await
                    {
                        call(on_code, text);
                    }
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                }
            }
        });
    });
    on_cleanup(move || {
        if let Some(Some(camera)) = camera.try_update_value(Option::take) {
            camera.stop();
        }
    });
    let switch_torch = move |()| {
        let Some(element) = video.get_untracked() else { return };
        let on = !torch.get_untracked().unwrap_or(false);
        if let Some(track) = torch_track(&element)
            && set_torch(&track, on).is_ok()
        {
            torch.set(Some(on));
        }
    };
    let heading = move || {
        let title = title.get();
        if title.is_empty() { tr::kit::scan_title().to_owned() } else { title }
    };
    view! {
        <div
            class="scanner"
            role="dialog"
            aria-modal="true"
            aria-label=bound(heading)
            tabindex="-1"
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    call(on_cancel, ());
                }
            }
        >
            <header>
                <strong class="grow">{drawn(heading)}</strong>
                <IconButton
                    icon=Icon::Close
                    label=words(tr::kit::scan_cancel)
                    on_press=on_cancel
                />
            </header>
            <div class="scanner-view">
                <video node_ref=video muted=true playsinline=true></video>
                {drawn(move || match problem.get() {
                    None => view! { <span class="frame" aria-hidden="true"></span> }.into_any(),
                    Some(refusal) => {
                        view! { <p class="scanner-problem" role="alert">{error_text(&refusal)}</p> }
                            .into_any()
                    }
                })}
            </div>
            <footer>
                <p class="grow" role="status">
                    {drawn(move || problem.get().is_none().then(tr::kit::scan_hint))}
                </p>
                <Show when=move || torch.get().is_some()>
                    <Button
                        text=derive(move || {
                            let on = torch.get() == Some(true);
                            let text = if on { tr::kit::torch_off() } else { tr::kit::torch_on() };
                            text.to_owned()
                        })
                        icon=Icon::Sun
                        on_press=switch_torch
                    />
                </Show>
                {on_manual.map(|manual| view! {
                    <Button
                        text=words(tr::kit::scan_manual)
                        icon=Icon::Pen
                        on_press=manual
                    />
                })}
            </footer>
        </div>
    }
}

/// The camera's track, if it has a light that can be switched.
fn torch_track(video: &HtmlVideoElement) -> Option<JsValue> {
    let stream: MediaStream = video.src_object()?;
    let track = stream.get_video_tracks().get(0);
    let ask: Function = page::property(&track, "getCapabilities").dyn_into().ok()?;
    let able = ask.call0(&track).ok()?;
    page::property(&able, "torch").is_truthy().then_some(track)
}

fn set_torch(track: &JsValue, on: bool) -> Result<(), JsValue> {
    let light = Object::new();
    Reflect::set(&light, &"torch".into(), &on.into())?;
    let constraints = Object::new();
    Reflect::set(&constraints, &"advanced".into(), &Array::of1(&light))?;
    let apply: Function = Reflect::get(track, &"applyConstraints".into())?.dyn_into()?;
    apply.call1(track, &constraints).map(|_| ())
}
