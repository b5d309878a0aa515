//! Where the customer signs with a finger. What was drawn is kept with the form's photos after each
//! stroke, so that nobody has to be asked to sign twice.

use std::rc::Rc;

use domain::modules::attachments::AttachmentRole;
use leptos::html::Canvas;
use leptos::prelude::*;

use super::button::Button;
use super::icon::Icon;
use super::photo_field::Photos;
use super::show::Show;
use crate::app_context::use_app;
use crate::device;
use crate::i18n::tr;
use crate::reactive::{bound, drawn, effect, effect_after, memo, said, words};

/// A line to sign on; the picture goes to `photos` in the role of the signature.
#[component]
pub fn SignaturePad(#[prop(into)] label: Signal<String>, photos: Photos) -> impl IntoView {
    let app = use_app();
    let canvas = NodeRef::<Canvas>::new();
    let pad: StoredValue<Option<Rc<device::SignaturePad>>, LocalStorage> =
        StoredValue::new_local(None);
    // The newest stroke; pictures of earlier ones come too late.
    let newest = StoredValue::new(0_u32);
    let failed = RwSignal::new(false);
    // Drawn on the canvas since it is there; a signature from before a reload is a picture instead.
    let drawing = RwSignal::new(false);
    let capture = move || {
        drawing.set(true);
        let stroke = newest.get_value().wrapping_add(1);
        newest.set_value(stroke);
        photos.while_made(async move {
            let Some(Some(drawn)) = pad.try_get_value() else { return };
            let captured = drawn.capture(app.instant()).await;
            if newest.try_get_value() != Some(stroke) {
                return;
            }
            match captured {
                Ok(Some(picture)) => photos.replace(picture),
                Ok(None) => {}
                Err(_) => {
                    failed.try_set(true);
                }
            }
        });
    };
    effect(move || {
        let made = canvas.get().map(|canvas| device::SignaturePad::new(canvas, capture));
        match made {
            Some(Ok(made)) => pad.set_value(Some(Rc::new(made))),
            Some(Err(_)) => failed.set(true),
            None => pad.set_value(None),
        }
    });
    // Turned or folded, the pad has another size and its lines would be gone: what was kept of them is shown instead.
    let turned = window_event_listener(leptos::ev::resize, move |_| {
        if !untrack(|| photos.of(AttachmentRole::Signature).is_empty()) {
            drawing.try_set(false);
        }
    });
    on_cleanup(move || turned.remove());
    let signed = memo(move || !photos.of(AttachmentRole::Signature).is_empty());
    let restored = move || photos.of(AttachmentRole::Signature).into_iter().next();
    let wipe = move || {
        newest.update_value(|stroke| *stroke = stroke.wrapping_add(1));
        pad.with_value(|pad| pad.iter().for_each(|pad| pad.clear()));
        drawing.set(false);
    };
    // Taken back by the form too, when what was signed for changed.
    effect_after(move |before: Option<bool>| {
        let now = signed.get();
        if before == Some(true) && !now {
            wipe();
        }
        now
    });
    let clear = move |()| {
        for old in untrack(|| photos.of(AttachmentRole::Signature)) {
            photos.remove(&old.attachment);
        }
        wipe();
    };
    view! {
        <div class="field" role="group" aria-label=bound(move || label.get())>
            <span class="label">{said(label)}</span>
            <div class="signature">
                {drawn(move || {
                    let shown = restored().filter(|_| !drawing.get());
                    match shown {
                        Some(picture) => {
                            view! { <img src=picture.url alt=bound(tr::kit::signature_there)/> }.into_any()
                        }
                        None => {
                            view! {
                                <canvas
                                    node_ref=canvas
                                    role="img"
                                    aria-label=bound(move || tr::kit::signature_canvas(label.get()))
                                ></canvas>
                                <span class="baseline" aria-hidden="true"></span>
                            }
                            .into_any()
                        }
                    }
                })}
                <Show when=move || !signed.get()>
                    <span class="hint">{tr::kit::signature_hint}</span>
                </Show>
            </div>
            <Show when=move || signed.get()>
                <Button
                    text=words(tr::kit::signature_again)
                    icon=Icon::Undo
                    on_press=clear
                />
            </Show>
            <Show when=move || failed.get()>
                <p class="problem" role="alert">{tr::kit::signature_failed}</p>
            </Show>
        </div>
    }
}
