//! The small picture of a photo, for lists: a strip of ten photos is then 100 kB instead of 4 MB.
//!
//! It is made once, of the rendition that everybody gets, and is no evidence of anything, so that the
//! reasons against encoding anew (`rendition`) do not hold here. The decoders are of safe Rust and get
//! limits of size and memory; what they cannot read is shown as it is.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::kind::BlobKind;

/// Longest edge in pixels: three times the 104 of a strip.
const EDGE: u32 = 320;
/// Pictures whose bytes are no more than this are small already.
pub const SMALL: usize = 16 * 1024;
const QUALITY: u8 = 75;
/// Longest edge of what is decoded, and the memory for it.
const MOST_EDGE: u32 = 12_000;
const MOST_MEMORY: u64 = 160 * 1024 * 1024;

/// The small picture, as JPEG; as PNG where something is transparent, as in signatures. `None`: there
/// is none to be made.
pub fn thumb(kind: BlobKind, rendition: &[u8]) -> Option<Vec<u8>> {
    let format = match kind {
        BlobKind::Jpeg => ImageFormat::Jpeg,
        BlobKind::Png => ImageFormat::Png,
        BlobKind::Webp => ImageFormat::WebP,
        BlobKind::WebmAudio | BlobKind::Mp4Audio => return None,
    };
    let mut reader = ImageReader::with_format(Cursor::new(rendition), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_EDGE);
    limits.max_image_height = Some(MOST_EDGE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // Not every decoder keeps to its limits by itself.
    if decoder.total_bytes() > MOST_MEMORY {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let whole = DynamicImage::from_decoder(decoder).ok()?;
    let mut small =
        if whole.width().max(whole.height()) > EDGE { whole.thumbnail(EDGE, EDGE) } else { whole };
    small.apply_orientation(orientation);
    let mut out = Cursor::new(Vec::new());
    if small.color().has_alpha() {
        small.write_to(&mut out, ImageFormat::Png).ok()?;
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
        small.to_rgb8().write_with_encoder(encoder).ok()?;
    }
    let out = out.into_inner();
    (out.len() < rendition.len()).then_some(out)
}

#[cfg(test)]
#[path = "thumb_tests.rs"]
mod tests;
