//! What readers get of an attachment: the same picture or sound without what the camera wrote beside
//! it (place, device, owner, embedded previews).
//!
//! Lossless: segments are left out, pixels are not touched, so a photo stays evidence. Re-encoding
//! was rejected: it costs quality and a decoder for hostile input. Whatever cannot be taken apart is
//! not accepted as an upload in the first place.

use super::kind::BlobKind;

/// The bytes for readers; `None` when the structure cannot be followed.
pub fn rendition(kind: BlobKind, bytes: &[u8]) -> Option<Vec<u8>> {
    match kind {
        BlobKind::Jpeg => jpeg(bytes),
        BlobKind::Png => png(bytes),
        BlobKind::Webp => webp(bytes),
        BlobKind::Mp4Audio => {
            let mut copy = bytes.to_vec();
            blank_mp4_metadata(&mut copy, 0)?;
            Some(copy)
        }
        // Recorders write neither place nor owner into WebM, and its tags are not shown by players.
        BlobKind::WebmAudio => Some(bytes.to_vec()),
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
}

fn le32(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
}

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.get(..2)? != [0xFF, SOI] {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len());
    out.extend([0xFF, SOI]);
    let mut at = 2;
    let mut scans = 0;
    loop {
        // A file cut off within or after a scan still shows most of its picture.
        if at + 1 >= bytes.len() && scans > 0 {
            return Some(out);
        }
        if *bytes.get(at)? != 0xFF {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xFF => at += 1,
            EOI => {
                // What follows the end (a second picture, a film) belongs to no viewer of ours.
                out.extend([0xFF, EOI]);
                return (scans > 0).then_some(out);
            }
            0x01 | 0xD0..=0xD7 => {
                out.extend([0xFF, marker]);
                at += 2;
            }
            0x00 | SOI => return None,
            _ => {
                let length = be16(bytes, at + 2)?;
                let segment = bytes.get(at..at + 2 + length)?;
                let content = segment.get(4..)?;
                if is_kept(marker, content) {
                    out.extend_from_slice(segment);
                } else if marker == 0xE1 && content.starts_with(b"Exif\0\0") {
                    out.extend(orientation(&content[6..]).into_iter().flat_map(upright_exif));
                }
                at += segment.len();
                if marker == SOS {
                    scans += 1;
                    let end = end_of_scan(bytes, at);
                    out.extend_from_slice(&bytes[at..end]);
                    at = end;
                }
            }
        }
    }
}

/// Keeps what decoding needs: of the application segments only JFIF, the colour profile, and Adobe's
/// colour transform.
fn is_kept(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xE0 => content.starts_with(b"JFIF\0"),
        0xE2 => content.starts_with(b"ICC_PROFILE\0"),
        0xEE => content.starts_with(b"Adobe"),
        0xE1..=0xEF | 0xFE => false,
        _ => true,
    }
}

/// Where the entropy-coded data ends: at the next marker that is no restart.
fn end_of_scan(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at + 1 < bytes.len() {
        if bytes[at] == 0xFF && !matches!(bytes[at + 1], 0x00 | 0xD0..=0xD7) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// The orientation in an Exif block, when it turns or mirrors the picture.
fn orientation(tiff: &[u8]) -> Option<u8> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| -> Option<usize> {
        let pair: [u8; 2] = tiff.get(at..at + 2)?.try_into().ok()?;
        Some(usize::from(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }))
    };
    let directory = if little { le32(tiff, 4)? } else { be32(tiff, 4)? };
    let entries = directory.checked_add(2)?;
    (0..short(directory)?).find_map(|index| {
        let entry = entries.checked_add(index * 12)?;
        let value = (short(entry)? == 0x0112).then(|| short(entry + 8))??;
        u8::try_from(value).ok().filter(|value| (2..=8).contains(value))
    })
}

/// An Exif segment that says nothing but which way is up; without it portraits would lie down.
fn upright_exif(orientation: u8) -> Vec<u8> {
    let mut segment = vec![0xFF, 0xE1, 0, 34];
    segment.extend(b"Exif\0\0MM\0*\0\0\0\x08\0\x01");
    segment.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    segment.extend([0, 0, 0, 0]);
    segment
}

const PNG_HEAD: usize = 8;
/// The chunks that decide what is seen.
const PNG_KEPT: [&[u8]; 14] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP",
    b"sBIT", b"bKGD", b"pHYs", b"hIST",
];

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.get(..PNG_HEAD)?.to_vec();
    let mut at = PNG_HEAD;
    loop {
        let length = be32(bytes, at)?;
        let chunk = bytes.get(at..at.checked_add(length)?.checked_add(12)?)?;
        let kind = &chunk[4..8];
        if PNG_KEPT.contains(&kind) {
            out.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(out);
        }
        at += chunk.len();
    }
}

/// The flags in `VP8X` that announce Exif and XMP.
const WEBP_METADATA: u8 = 0x08 | 0x04;

fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = le32(bytes, 4)?.checked_add(8)?.min(bytes.len());
    let mut out = bytes.get(..12)?.to_vec();
    let mut at = 12;
    while at + 8 <= end {
        let length = le32(bytes, at + 4)?;
        let chunk = bytes.get(at..at.checked_add(length)?.checked_add(8)?)?;
        let from = out.len();
        if [&b"VP8 "[..], b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"]
            .contains(&&chunk[..4])
        {
            out.extend_from_slice(chunk);
            if length % 2 == 1 {
                out.push(0);
            }
        }
        if &chunk[..4] == b"VP8X" {
            *out.get_mut(from + 8)? &= !WEBP_METADATA;
        }
        at += chunk.len() + length % 2;
    }
    let size = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    (out.len() > 12).then_some(out)
}

/// Turns metadata boxes into free space of the same size, because media offsets count from the
/// start of the file.
fn blank_mp4_metadata(bytes: &mut [u8], depth: usize) -> Option<()> {
    const DEEPEST: usize = 4;
    let mut at = 0;
    while at + 8 <= bytes.len() {
        let (head, length) = match be32(bytes, at)? {
            // To the end of the file; and a 64-bit size.
            0 => (8, bytes.len() - at),
            1 => (16, be32(bytes, at + 8)?.checked_shl(32)? | be32(bytes, at + 12)?),
            length => (8, length),
        };
        if length < head {
            return None;
        }
        let end = at.checked_add(length)?;
        let content = bytes.get_mut(at + 4..end)?;
        match &content[..4] {
            b"moov" | b"trak" | b"mdia" if depth < DEEPEST => {
                blank_mp4_metadata(&mut content[head - 4..], depth + 1)?;
            }
            b"udta" | b"meta" | b"uuid" => {
                content[..4].copy_from_slice(b"free");
                content[head - 4..].fill(0);
            }
            _ => {}
        }
        at = end;
    }
    Some(())
}

#[cfg(test)]
#[path = "rendition_tests.rs"]
mod tests;
