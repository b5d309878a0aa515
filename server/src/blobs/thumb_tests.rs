//! Small pictures of real ones, and of what only looks like one.

use super::*;
use crate::blobs::rendition::rendition;
use image::{Rgb, RgbImage, Rgba, RgbaImage};

const PHOTO: &[u8] = include_bytes!("../../demo-pictures/leak-before.jpg");

fn size_of(bytes: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(bytes).unwrap();
    (picture.width(), picture.height())
}

/// Red on the left, blue on the right.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        // Some grain, so that there is something to make smaller.
        let grain = u8::try_from((x * 31 + y * 17) % 60).unwrap();
        if x < width / 2 { Rgb([255, grain, grain]) } else { Rgb([grain, grain, 255]) }
    })
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut out = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut out, 90)).unwrap();
    out
}

#[test]
fn the_longest_edge_of_a_small_picture_is_320_and_its_shape_stays() {
    let (width, height) = size_of(PHOTO);
    let small = thumb(BlobKind::Jpeg, PHOTO).unwrap();
    assert_eq!(BlobKind::sniff(&small), Some(BlobKind::Jpeg));
    let (w, h) = size_of(&small);
    assert_eq!(w.max(h), EDGE);
    let (shape, kept) = (f64::from(width) / f64::from(height), f64::from(w) / f64::from(h));
    assert!((shape - kept).abs() < 0.02, "{shape} became {kept}");
    assert!(small.len() < 40_000, "{} bytes", small.len());
}

#[test]
fn a_small_picture_stands_the_right_way_up() {
    let mut turned = jpeg(&halves(800, 600));
    // Orientation 6: the camera was held upright, the top is on the right of what is stored.
    let mut exif = vec![0xFF, 0xE1, 0, 34];
    exif.extend(b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0");
    turned.splice(2..2, exif);
    let turned = rendition(BlobKind::Jpeg, &turned).unwrap();
    let small = image::load_from_memory(&thumb(BlobKind::Jpeg, &turned).unwrap()).unwrap();
    assert_eq!((small.width(), small.height()), (240, 320));
    let (top, bottom) = (small.to_rgb8()[(120, 20)], small.to_rgb8()[(120, 300)]);
    assert!(top[0] > 200 && bottom[2] > 200, "red is above blue: {top:?}, {bottom:?}");
}

#[test]
fn a_signature_stays_transparent() {
    let picture = RgbaImage::from_fn(900, 400, |x, y| {
        Rgba([0, 0, 0, if (x * y) % 97 < 20 { 255 } else { 0 }])
    });
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).unwrap();
    let small = thumb(BlobKind::Png, out.get_ref()).unwrap();
    assert_eq!(BlobKind::sniff(&small), Some(BlobKind::Png));
    assert_eq!(size_of(&small).0, EDGE);
    assert!(image::load_from_memory(&small).unwrap().color().has_alpha());
}

#[test]
fn what_cannot_be_read_or_is_sound_or_too_large_has_no_small_picture() {
    assert!(thumb(BlobKind::WebmAudio, b"\x1a\x45\xdf\xa3webm").is_none());
    assert!(
        thumb(BlobKind::Jpeg, b"\xff\xd8\xff\xe0 nothing that a viewer could follow").is_none()
    );
    assert!(thumb(BlobKind::Jpeg, &PHOTO[..PHOTO.len() / 50]).is_none());
    // A bomb: a few bytes that say they are 30,000 by 30,000 pixels.
    let mut bomb = Vec::new();
    image::GrayImage::new(16, 16).write_to(&mut Cursor::new(&mut bomb), ImageFormat::Png).unwrap();
    bomb[16..20].copy_from_slice(&30_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&30_000_u32.to_be_bytes());
    assert!(thumb(BlobKind::Png, &bomb).is_none());
}
