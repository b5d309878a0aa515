//! Photos of a record: from this phone while the bytes are here, else from the server, else the
//! plain word that they have not arrived.

use domain::modules::attachments::{Attachment, AttachmentRole};
use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use super::sheet::Sheet;
use super::show::Show;
use crate::app_context::use_app;
use crate::i18n::tr;
use crate::reactive::{bound, drawn, memo, words};

/// Thumbnails that open to the full screen.
#[component]
pub fn PhotoStrip(
    attachments: Vec<Attachment>,
    /// What they show, for a screen reader.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let app = use_app();
    let pictures: Vec<Attachment> = attachments
        .into_iter()
        .filter(|attachment| attachment.role != AttachmentRole::Voice)
        .collect();
    let total = pictures.len();
    let counted = pictures.clone();
    // Only said while some are on their way.
    let missing = move || {
        let arrived = app.arrived(&counted);
        (arrived < total).then(|| tr::kit::photos_arrived(total, arrived))
    };
    let shown = pictures
        .into_iter()
        .enumerate()
        .map(|(index, one)| view! { <Picture attachment=one number=index + 1 label=label/> })
        .collect_view();
    (total > 0).then(|| {
        view! {
            <div class="stack tight" role="group" aria-label=bound(move || label.get())>
                <div class="photos">{shown}</div>
                {drawn(move || missing().map(|text| view! { <p class="small soft">{text}</p> }))}
            </div>
        }
    })
}

#[component]
fn Picture(attachment: Attachment, number: usize, label: Signal<String>) -> impl IntoView {
    let app = use_app();
    let url = app.blob_url(&attachment);
    let signature = attachment.role == AttachmentRole::Signature;
    // Whoever took it sees it at once; the others once the server has it.
    let here = memo(move || {
        url.with(|url| url.starts_with("blob:"))
            || app.arrived(std::slice::from_ref(&attachment)) == 1
    });
    let broken = RwSignal::new(false);
    let open = RwSignal::new(false);
    view! {
        {drawn(move || {
            if url.with(String::is_empty) {
                return view! { <div class="photo" aria-hidden="true"></div> }.into_any();
            }
            if !here.get() || broken.get() {
                let text = if here.get() { tr::kit::photo_offline() } else { tr::kit::photo_missing() };
                return view! {
                    <div class="photo">
                        <span class="stack tight photo-word">
                            <Glyph icon=Icon::Camera/>
                            {text}
                        </span>
                    </div>
                }
                .into_any();
            }
            view! {
                <div class="photo" class:signed=signature>
                    <button
                        type="button"
                        class="photo-open"
                        aria-label=bound(move || tr::kit::photo_open(label.get(), number))
                        on:click=move |_| open.set(true)
                    >
                        <img
                            src=bound(move || small(url.get()))
                            alt=""
                            loading="lazy"
                            on:error=move |_| broken.set(true)
                        />
                    </button>
                </div>
            }
            .into_any()
        })}
        <Show when=move || open.get()>
            <FullPhoto url=url on_close=move |()| open.set(false)/>
        </Show>
    }
}

/// The address of a small picture: the server makes those; what lies on this phone is here anyway.
fn small(mut url: String) -> String {
    if !url.starts_with("blob:") {
        url.push_str("?size=thumb");
    }
    url
}

/// One picture as large as the screen.
#[component]
pub fn FullPhoto(
    #[prop(into)] url: Signal<String>,
    #[prop(into)] on_close: Callback<()>,
) -> impl IntoView {
    view! {
        <Sheet
            open=Signal::stored(true)
            title=words(tr::kit::photo_title)
            on_close=on_close
        >
            <img class="photo-full" src=bound(move || url.get()) alt=bound(tr::kit::photo_title)/>
        </Sheet>
    }
}

#[cfg(test)]
mod tests {
    use super::small;

    #[test]
    fn a_strip_asks_the_server_for_small_pictures_and_takes_its_own_as_they_are() {
        assert_eq!(small("/api/v1/blobs/ab".into()), "/api/v1/blobs/ab?size=thumb");
        assert_eq!(small("blob:http://x/1".into()), "blob:http://x/1");
    }
}
