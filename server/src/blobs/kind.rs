//! What uploaded bytes really are. What the sender says about them is never believed.

/// A kind of attachment that is kept (`attachments::TYPES`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobKind {
    Jpeg,
    Png,
    Webp,
    WebmAudio,
    Mp4Audio,
}

impl BlobKind {
    pub fn mime(self) -> &'static str {
        match self {
            BlobKind::Jpeg => "image/jpeg",
            BlobKind::Png => "image/png",
            BlobKind::Webp => "image/webp",
            BlobKind::WebmAudio => "audio/webm",
            BlobKind::Mp4Audio => "audio/mp4",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            BlobKind::Jpeg => "jpg",
            BlobKind::Png => "png",
            BlobKind::Webp => "webp",
            BlobKind::WebmAudio => "webm",
            BlobKind::Mp4Audio => "m4a",
        }
    }

    /// Tells the kind by the first bytes.
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        let at = |offset: usize, magic: &[u8]| {
            bytes.get(offset..offset + magic.len()).is_some_and(|found| found == magic)
        };
        if at(0, b"\xff\xd8\xff") {
            Some(BlobKind::Jpeg)
        } else if at(0, b"\x89PNG\r\n\x1a\n") {
            Some(BlobKind::Png)
        } else if at(0, b"RIFF") && at(8, b"WEBP") {
            Some(BlobKind::Webp)
        } else if at(0, b"\x1a\x45\xdf\xa3") {
            // Matroska has the same first bytes; the document type stands within the header.
            let header = &bytes[..bytes.len().min(64)];
            header.windows(4).any(|window| window == b"webm").then_some(BlobKind::WebmAudio)
        } else if at(4, b"ftyp") {
            let brands: [&[u8]; 7] =
                [b"M4A ", b"mp41", b"mp42", b"isom", b"iso5", b"iso6", b"dash"];
            brands.iter().any(|brand| at(8, brand)).then_some(BlobKind::Mp4Audio)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::modules::attachments::TYPES;

    #[test]
    fn every_type_a_command_may_name_can_be_told_by_its_bytes() {
        let samples: [&[u8]; 5] = [
            b"\xff\xd8\xff\xe0\x00\x10JFIF",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"RIFF\x10\0\0\0WEBPVP8 ",
            b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm",
            b"\0\0\0\x1cftypisom\0\0\x02\0",
        ];
        let mut told: Vec<&str> =
            samples.iter().map(|bytes| BlobKind::sniff(bytes).unwrap().mime()).collect();
        let mut named = TYPES.to_vec();
        told.sort_unstable();
        named.sort_unstable();
        assert_eq!(told, named);
    }

    #[test]
    fn pages_scripts_and_vector_pictures_are_not_attachments() {
        for text in ["<html><script>", "<svg xmlns=", "#!/bin/sh", "%PDF-1.7", "GIF89a", "MZ", ""] {
            assert_eq!(BlobKind::sniff(text.as_bytes()), None, "{text}");
        }
    }
}
