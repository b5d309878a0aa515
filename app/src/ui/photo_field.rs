//! Photos of a form that is still being filled in: taken, shown small, taken out again, and kept on
//! the disk with the draft, so that a killed tab costs no photo.

use std::pin::Pin;

use domain::Refusal;
use domain::modules::attachments::{Attachment, AttachmentRole, MAX_COUNT};
use domain::order;
use domain::sync::client::NewBlob;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};

use super::icon::{Glyph, Icon};
use super::photo_strip::FullPhoto;
use crate::app_context::{App, use_app, use_draft};
use crate::device::photo::Source;
use crate::device::{Captured, attachments_of, blobs, blobs_of};
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, derive, drawn, said};

/// A photo as it is kept in a draft.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    attachment: Attachment,
    base64: String,
}

/// Everything captured for one form: photos of any role, and the signature.
#[derive(Clone, Copy)]
pub struct Photos {
    shown: RwSignal<Vec<Captured>>,
    kept: RwSignal<Vec<Kept>>,
    /// Chosen, drawn or read again, and not ready.
    making: RwSignal<usize>,
    /// Of the draft that `kept` is written to.
    key: StoredValue<String>,
}

/// The photos of a form, with those that were there before the page was closed. `key` is a part of
/// the form's draft (`<form>/photos`): it goes when a command finishes the form.
pub fn use_photos(key: impl Into<String>) -> Photos {
    let key = key.into();
    let kept: RwSignal<Vec<Kept>> = use_draft(key.clone(), Vec::new());
    let before = kept.get_untracked();
    let photos = Photos {
        shown: RwSignal::new(Vec::new()),
        kept,
        making: RwSignal::new(0),
        key: StoredValue::new(key),
    };
    for one in before {
        photos.while_made(async move { photos.restore(one).await });
    }
    on_cleanup(move || {
        // The addresses of pictures outlive their signals otherwise.
        photos.shown.try_with_untracked(|shown| shown.iter().for_each(Captured::release));
    });
    photos
}

impl Photos {
    /// Runs what makes a picture for this form. The form is not sent before it has ended: what was taken for it
    /// would be left out, and go with its draft.
    pub fn while_made(self, make: impl Future<Output = ()> + 'static) {
        let make: Pin<Box<dyn Future<Output = ()>>> = Box::pin(make);
        self.making.update(|making| *making += 1);
        spawn_local(async move {
            make.await;
            self.making.try_update(|making| *making -= 1);
        });
    }

    /// For the button that sends the form: a picture is still being made, or `sending` goes on.
    pub fn or_busy(self, sending: RwSignal<bool>) -> Signal<bool> {
        derive(move || sending.get() || self.are_making())
    }

    /// Pictures of this form are still being made. Tracked.
    pub fn are_making(self) -> bool {
        self.making.get() > 0
    }

    /// A picture that became ready: in the form, or, when the form was left meanwhile, in its draft, where it
    /// is found when the form is opened again.
    fn ready(self, app: App, key: &str, captured: Captured) {
        if !self.kept.is_disposed() {
            return self.add(captured);
        }
        captured.release();
        let base64 = blobs::base64(&captured.bytes);
        let late = Kept { attachment: captured.attachment, base64 };
        app.amend_draft(key, |text| {
            let mut kept: Vec<Kept> =
                text.and_then(|text| domain::json::from_str(&text).ok()).unwrap_or_default();
            kept.push(late);
            serde_json::to_string(&kept).ok()
        });
    }

    async fn restore(self, kept: Kept) {
        let Some(bytes) = blobs::from_base64url(&kept.base64) else { return };
        let Attachment { mime, role, at, .. } = &kept.attachment;
        if let Ok(captured) = Captured::new(bytes, mime, *role, *at).await {
            self.show(captured);
        }
    }

    fn show(self, captured: Captured) {
        let refused = self.shown.try_update(|shown| {
            // Side by side in the order in which they were taken, whichever was ready first.
            let place =
                shown.partition_point(|known| known.attachment.at <= captured.attachment.at);
            shown.insert(place, captured.clone());
        });
        if refused.is_none() {
            captured.release();
        }
    }

    /// Adds a picture; the same one twice in one role stays one.
    pub fn add(self, captured: Captured) {
        let known = self.shown.try_with_untracked(|shown| {
            shown.iter().any(|known| same(&known.attachment, &captured.attachment))
        });
        if known != Some(false) {
            captured.release();
            return;
        }
        let attachment = captured.attachment.clone();
        let base64 = blobs::base64(&captured.bytes);
        self.kept.try_update(|kept| kept.push(Kept { attachment, base64 }));
        self.show(captured);
    }

    pub fn remove(self, attachment: &Attachment) {
        self.kept.update(|kept| kept.retain(|known| !same(&known.attachment, attachment)));
        self.shown.update(|shown| {
            shown.retain(|known| {
                let stays = !same(&known.attachment, attachment);
                if !stays {
                    known.release();
                }
                stays
            });
        });
    }

    /// The signature, or any other role of which there is one: takes the place of the one before.
    pub fn replace(self, captured: Captured) {
        let role = captured.attachment.role;
        let before = self.shown.try_with_untracked(|shown| {
            let own = shown.iter().filter(|known| known.attachment.role == role);
            own.map(|known| known.attachment.clone()).collect::<Vec<_>>()
        });
        for old in before.unwrap_or_default() {
            self.remove(&old);
        }
        self.add(captured);
    }

    /// Those of one role. Tracked.
    pub fn of(self, role: AttachmentRole) -> Vec<Captured> {
        self.shown.with(|shown| {
            shown.iter().filter(|known| known.attachment.role == role).cloned().collect()
        })
    }

    /// How many there are. Tracked.
    pub fn count(self) -> usize {
        self.shown.with(Vec::len)
    }

    /// For the command. Tracked.
    pub fn attachments(self) -> Vec<Attachment> {
        self.shown.with(|shown| attachments_of(shown))
    }

    /// For `send`: the bytes of what the command names.
    pub fn blobs(self, named: &[Attachment]) -> Vec<NewBlob> {
        let mut blobs = self.shown.with_untracked(|shown| blobs_of(shown));
        blobs.retain(|blob| named.iter().any(|one| one.sha256 == blob.sha256));
        order::sort_by(&mut blobs, |a, b| a.sha256.cmp(&b.sha256));
        blobs.dedup_by(|a, b| a.sha256 == b.sha256);
        blobs
    }
}

fn same(one: &Attachment, other: &Attachment) -> bool {
    one.sha256 == other.sha256 && one.role == other.role
}

/// Takes photos of one role. `place` is stamped on them ("3-2-1501").
#[component]
pub fn PhotoField(
    #[prop(into)] label: Signal<String>,
    photos: Photos,
    #[prop(default = AttachmentRole::Photo)] role: AttachmentRole,
    #[prop(optional, into)] place: Signal<String>,
    #[prop(optional, into)] hint: Signal<String>,
) -> impl IntoView {
    let app = use_app();
    let problem = RwSignal::new(None::<Refusal>);
    let full = RwSignal::new(None::<Captured>);
    let take = move |source: Source| {
        // Called within the click, for browsers open the camera only then.
        let key = photos.key.get_value();
        let each = Box::new(move |one| photos.ready(app, &key, one));
        let taking = app.take_photos(role, place.get_untracked(), source, photos.making, each);
        spawn_local(async move {
            let refusal = taking.await.err();
            problem.try_set(refusal);
        });
    };
    let is_full = move || photos.count() >= MAX_COUNT;
    view! {
        <div class="field" role="group" aria-label=bound(move || label.get())>
            <span class="label">{said(label)}</span>
            <div class="photos">
                {drawn(move || {
                    let own = photos.of(role).into_iter().enumerate();
                    own.map(|(index, one)| thumbnail(index + 1, one, label, photos, full)).collect_view()
                })}
                <button
                    type="button"
                    class="photo add"
                    disabled=bound(is_full)
                    aria-label=bound(move || tr::kit::photo_take(label.get()))
                    on:click=move |_| take(Source::Camera)
                >
                    <Glyph icon=Icon::Camera/>
                    <span>{tr::kit::photo_add}</span>
                </button>
            </div>
            <button
                type="button"
                class="button quiet from-gallery"
                disabled=bound(is_full)
                aria-label=bound(move || tr::kit::photo_pick(label.get()))
                on:click=move |_| take(Source::Gallery)
            >
                {tr::kit::photo_gallery}
            </button>
            {drawn(move || {
                let making = photos.making.get();
                (making > 0).then(|| {
                    view! { <span class="hint" role="status">{tr::kit::photo_making(making)}</span> }
                })
            })}
            {drawn(move || {
                let text = if is_full() { tr::kit::photo_full(MAX_COUNT) } else { hint.get() };
                (!text.is_empty()).then(|| view! { <span class="hint">{text}</span> })
            })}
            {drawn(move || {
                problem.get().map(|refusal| {
                    let why = error_text(&refusal);
                    view! { <p class="problem" role="alert">{tr::kit::photo_failed(why)}</p> }
                })
            })}
            {drawn(move || {
                full.get().map(|one| view! {
                    <FullPhoto url=Signal::stored(one.url.clone()) on_close=move |()| full.set(None)/>
                })
            })}
        </div>
    }
}

fn thumbnail(
    number: usize,
    one: Captured,
    label: Signal<String>,
    photos: Photos,
    full: RwSignal<Option<Captured>>,
) -> AnyView {
    let attachment = one.attachment.clone();
    let url = one.url.clone();
    let size = fmt::bytes(one.attachment.size);
    view! {
        <div class="photo">
            <button
                type="button"
                class="photo-open"
                aria-label=bound(move || tr::kit::photo_open(label.get(), number))
                on:click=move |_| full.set(Some(one.clone()))
            >
                <img src=url alt=""/>
            </button>
            <span class="state">{size}</span>
            <button
                type="button"
                class="remove"
                aria-label=bound(move || tr::kit::photo_remove(label.get(), number))
                on:click=move |_| photos.remove(&attachment)
            >
                <Glyph icon=Icon::Trash small=true/>
            </button>
        </div>
    }
    .into_any()
}
