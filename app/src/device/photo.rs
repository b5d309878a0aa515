//! Photos: picked or taken, made small on the phone, stamped with time and place.

use domain::modules::attachments::AttachmentCode;
use domain::modules::attachments::AttachmentRole;
use domain::{Ms, Refusal};
use js_sys::{Function, Promise};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, CanvasRenderingContext2d, FileList, HtmlCanvasElement, HtmlInputElement, ImageBitmap,
};

use super::blobs::{self, Captured};
use super::page;
use crate::app_context::App;
use crate::i18n::fmt;

/// JPEG quality to begin with, the step down, and the least that still shows something.
const QUALITY: (f64, f64, f64) = (0.85, 0.1, 0.35);

/// Where a photo comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Taken now.
    Camera,
    /// Taken before, with the phone's own camera or by somebody else.
    Gallery,
}

impl App {
    /// Asks for photos; a desk has files instead of a camera. Several at once. Call it directly in
    /// the click handler, for browsers only open the camera on a click. Each photo is made small and
    /// stamped with `label` (the unit, "3-2-1501") and the time, and given to `each` when it is ready:
    /// of twenty the first is kept while the others are made. One that cannot be read keeps none of the
    /// others back; it is told at the end. `making` counts those that were chosen and are not ready.
    pub async fn take_photos(
        self,
        role: AttachmentRole,
        label: String,
        source: Source,
        making: RwSignal<usize>,
        each: Box<dyn Fn(Captured)>,
    ) -> Result<(), Refusal> {
        let failed = |error: JsValue| {
            Refusal::new(AttachmentCode::BadHash).with("why", page::describe(&error))
        };
        let Some(files) = pick(source).await.map_err(failed)? else { return Ok(()) };
        let (edge, bytes, stamp) = self.settings().with_untracked(|settings| {
            let at = self.instant();
            let stamp = format!("{label}  {}", fmt::exact(at, &settings.zone));
            (settings.photo_edge, settings.photo_bytes, stamp)
        });
        let mut problem = Ok(());
        let files: Vec<_> = (0..files.length()).filter_map(|index| files.item(index)).collect();
        making.try_update(|making| *making += files.len());
        for file in files {
            match photo(&file, edge, bytes, &stamp, role, self.instant()).await {
                Ok(captured) => each(captured),
                Err(error) => problem = Err(failed(error)),
            }
            making.try_update(|making| *making -= 1);
        }
        problem
    }
}

async fn pick(source: Source) -> Result<Option<FileList>, JsValue> {
    let input: HtmlInputElement = page::document().create_element("input")?.dyn_into()?;
    input.set_type("file");
    input.set_accept("image/*");
    input.set_multiple(true);
    if source == Source::Camera {
        // Many phones open the camera at once then and offer nothing else.
        input.set_attribute("capture", "environment")?;
    }
    let chosen = input.clone();
    let promise = Promise::new(&mut |resolve, _| {
        chosen.set_onchange(Some(&resolve));
        // Older browsers do not tell that nothing was chosen; the promise is then left with the input.
        let _ = chosen.add_event_listener_with_callback("cancel", &resolve);
    });
    input.click();
    JsFuture::from(promise).await?;
    Ok(input.files().filter(|files| files.length() > 0))
}

async fn photo(
    file: &Blob,
    edge: u32,
    most_bytes: u32,
    stamp: &str,
    role: AttachmentRole,
    at: Ms,
) -> Result<Captured, JsValue> {
    let window = page::window();
    // Turns the picture as its camera was held.
    let promise = window.create_image_bitmap_with_blob(file)?;
    let picture: ImageBitmap = JsFuture::from(promise).await?.dyn_into()?;
    let mut edge = edge;
    loop {
        let (width, height) = fit(picture.width(), picture.height(), edge);
        let canvas = canvas(width, height)?;
        let context = context(&canvas)?;
        context.draw_image_with_image_bitmap_and_dw_and_dh(
            &picture,
            0.0,
            0.0,
            f64::from(width),
            f64::from(height),
        )?;
        write_stamp(&context, width, height, stamp)?;
        let mut quality = QUALITY.0;
        while quality >= QUALITY.2 {
            let encoded = encode(&canvas, "image/jpeg", quality).await?;
            if encoded.size() <= f64::from(most_bytes) {
                picture.close();
                return Captured::new(blobs::bytes_of(&encoded).await?, "image/jpeg", role, at)
                    .await;
            }
            quality -= QUALITY.1;
        }
        // Grass and gravel do not get small by quality alone.
        edge = edge * 3 / 4;
        if edge < 200 {
            return Err(JsValue::from_str("the picture cannot be made small enough"));
        }
    }
}

/// The size with the longer edge at most `edge`; never larger than the picture.
fn fit(width: u32, height: u32, edge: u32) -> (u32, u32) {
    let longer = width.max(height).max(1);
    if longer <= edge {
        return (width.max(1), height.max(1));
    }
    let scale = |side: u32| {
        let scaled = u64::from(side) * u64::from(edge) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(edge).max(1)
    };
    (scale(width), scale(height))
}

pub(super) fn canvas(width: u32, height: u32) -> Result<HtmlCanvasElement, JsValue> {
    let canvas: HtmlCanvasElement = page::document().create_element("canvas")?.dyn_into()?;
    canvas.set_width(width);
    canvas.set_height(height);
    Ok(canvas)
}

pub(super) fn context(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d, JsValue> {
    let context = canvas.get_context("2d")?.ok_or_else(|| JsValue::from_str("no canvas"))?;
    context.dyn_into().map_err(Into::into)
}

/// Time and place along the lower edge, white on a dark band so that it can be read on anything.
fn write_stamp(
    context: &CanvasRenderingContext2d,
    width: u32,
    height: u32,
    stamp: &str,
) -> Result<(), JsValue> {
    let (width, height) = (f64::from(width), f64::from(height));
    let size = (width.max(height) / 48.0).max(12.0).round();
    let band = size * 1.8;
    context.set_fill_style_str("rgba(0, 0, 0, 0.55)");
    context.fill_rect(0.0, height - band, width, band);
    context.set_fill_style_str("#fff");
    context.set_font(&format!("{size}px system-ui, sans-serif"));
    context.set_text_baseline("middle");
    context.fill_text_with_max_width(stamp, size * 0.6, height - band / 2.0, width - size * 1.2)
}

/// The canvas as a file.
pub(super) async fn encode(
    canvas: &HtmlCanvasElement,
    mime: &str,
    quality: f64,
) -> Result<Blob, JsValue> {
    let promise = Promise::new(&mut |resolve: Function, _| {
        let made = Closure::once_into_js(move |blob: JsValue| {
            let _ = resolve.call1(&JsValue::UNDEFINED, &blob);
        });
        let _ = canvas.to_blob_with_type_and_encoder_options(
            made.unchecked_ref(),
            mime,
            &JsValue::from_f64(quality),
        );
    });
    JsFuture::from(promise).await?.dyn_into().map_err(|_| JsValue::from_str("no picture was made"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_keeps_its_shape_and_is_never_blown_up() {
        assert_eq!(fit(4_000, 3_000, 1_600), (1_600, 1_200));
        assert_eq!(fit(3_000, 4_000, 1_600), (1_200, 1_600));
        assert_eq!(fit(800, 600, 1_600), (800, 600));
        assert_eq!(fit(20_000, 10, 1_600), (1_600, 1));
    }
}
