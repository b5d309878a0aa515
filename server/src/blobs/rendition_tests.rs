//! Renditions keep the picture and lose the place.

use super::*;

const GPS: &[u8] = b"39.9042N116.4074E";

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xFF, marker];
    bytes.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
    bytes.extend(content);
    bytes
}

fn exif(orientation: u8) -> Vec<u8> {
    let mut content = b"Exif\0\0II*\0\x08\0\0\0\x01\0".to_vec();
    content.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    content.extend([0, 0, 0, 0]);
    content.extend(GPS);
    segment(0xE1, &content)
}

const SCAN: &[u8] = &[0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56];

fn photo(middle: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8];
    bytes.extend(segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"));
    bytes.extend(middle.concat());
    bytes.extend(segment(0xDB, &[7; 65]));
    bytes.extend(segment(0xDA, &[1, 2, 3]));
    bytes.extend(SCAN);
    bytes.extend([0xFF, 0xD9]);
    bytes
}

fn says_where(bytes: &[u8]) -> bool {
    bytes.windows(GPS.len()).any(|window| window == GPS)
}

#[test]
fn a_photo_loses_its_place_in_every_segment_that_may_hold_it() {
    let hidden = [segment(0xE1, GPS), segment(0xED, GPS), segment(0xFE, GPS), segment(0xE2, GPS)];
    let mut bytes = photo(&[vec![exif(1)], hidden.to_vec()].concat());
    bytes.extend(GPS);
    assert!(says_where(&bytes));
    assert_eq!(rendition(BlobKind::Jpeg, &bytes).unwrap(), photo(&[]));
}

#[test]
fn a_portrait_stays_upright_without_its_exif() {
    let out = rendition(BlobKind::Jpeg, &photo(&[exif(6)])).unwrap();
    assert!(!says_where(&out));
    let kept = out.windows(6).position(|window| window == b"Exif\0\0").expect("an orientation");
    assert_eq!(orientation(&out[kept + 6..]), Some(6));
    assert_eq!(out, photo(&[upright_exif(6)]));
}

#[test]
fn colour_profile_and_adobe_transform_stay() {
    let needed = [segment(0xE2, b"ICC_PROFILE\0\x01\x01abc"), segment(0xEE, b"Adobe\0d")];
    assert_eq!(rendition(BlobKind::Jpeg, &photo(&needed)).unwrap(), photo(&needed));
}

#[test]
fn a_photo_cut_off_in_its_scan_is_still_shown() {
    let whole = photo(&[exif(1)]);
    let out = rendition(BlobKind::Jpeg, &whole[..whole.len() - 4]).unwrap();
    assert!(!says_where(&out));
}

#[test]
fn a_png_keeps_only_chunks_that_are_seen() {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let mut bytes = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(kind);
        bytes.extend(content);
        bytes.extend([0; 4]);
        bytes
    };
    let head = b"\x89PNG\r\n\x1a\n".to_vec();
    let (size, data, end) =
        (chunk(b"IHDR", &[1; 13]), chunk(b"IDAT", &[2; 9]), chunk(b"IEND", &[]));
    let noisy =
        [&head, &size, &chunk(b"eXIf", GPS), &chunk(b"tEXt", GPS), &data, &end, &GPS.to_vec()];
    let noisy: Vec<u8> = noisy.into_iter().flatten().copied().collect();
    assert_eq!(rendition(BlobKind::Png, &noisy).unwrap(), [head, size, data, end].concat());
}

#[test]
fn a_webp_loses_its_metadata_and_no_longer_announces_it() {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let mut bytes = kind.to_vec();
        bytes.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        bytes.extend(content);
        if content.len() % 2 == 1 {
            bytes.push(0);
        }
        bytes
    };
    let file = |chunks: &[Vec<u8>]| {
        let body = chunks.concat();
        let mut bytes = b"RIFF".to_vec();
        bytes.extend(u32::try_from(body.len() + 4).unwrap().to_le_bytes());
        bytes.extend(b"WEBP");
        bytes.extend(body);
        bytes
    };
    let head = |flags: u8| chunk(b"VP8X", &[flags, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
    let picture = chunk(b"VP8 ", &[5; 7]);
    let noisy = file(&[head(0x2C), picture.clone(), chunk(b"EXIF", GPS), chunk(b"XMP ", GPS)]);
    assert_eq!(rendition(BlobKind::Webp, &noisy).unwrap(), file(&[head(0x20), picture]));
}

#[test]
fn a_recording_loses_its_place_and_keeps_its_offsets() {
    let boxed = |kind: &[u8; 4], content: &[u8]| {
        let mut bytes = u32::try_from(content.len() + 8).unwrap().to_be_bytes().to_vec();
        bytes.extend(kind);
        bytes.extend(content);
        bytes
    };
    let trak = boxed(b"trak", &[boxed(b"tkhd", &[3; 4]), boxed(b"udta", GPS)].concat());
    let moov = boxed(b"moov", &[trak, boxed(b"meta", GPS)].concat());
    let file = [boxed(b"ftyp", b"M4A \0\0\0\0"), moov, boxed(b"mdat", &[9; 5])].concat();
    let out = rendition(BlobKind::Mp4Audio, &file).unwrap();
    assert!(says_where(&file) && !says_where(&out));
    assert_eq!(out.len(), file.len());
    assert!(out.ends_with(&[9; 5]));
}

#[test]
fn no_cut_or_flipped_file_makes_it_panic() {
    let samples = [
        (BlobKind::Jpeg, photo(&[exif(6)])),
        (BlobKind::Png, b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR".to_vec()),
        (BlobKind::Webp, b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff\0".to_vec()),
        (BlobKind::Webp, b"RIFF\x0c\0\0\0WEBPVP8X\0\0\0\0".to_vec()),
        (BlobKind::Mp4Audio, b"\0\0\0\x01ftyp\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        (BlobKind::Mp4Audio, b"\0\0\0\x09moov\0\0\0\x02trak".to_vec()),
    ];
    for (kind, bytes) in samples {
        for end in 0..=bytes.len() {
            let _ = rendition(kind, &bytes[..end]);
        }
        for at in 0..bytes.len() {
            for value in [0x00, 0x01, 0x7f, 0xff] {
                let mut flipped = bytes.clone();
                flipped[at] = value;
                let _ = rendition(kind, &flipped);
            }
        }
    }
}
