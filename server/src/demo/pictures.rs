//! The pictures of the demo's history: a few drawn illustrations, stored like any photo.

use domain::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use domain::sync::batch::sha256_hex;
use domain::time::Ms;

macro_rules! pictures {
    ($($name:literal),+ $(,)?) => {
        const PICTURES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../demo-pictures/", $name, ".jpg")))),+];
    };
}

pictures! {
    "leak-before", "leak-after", "electric-before", "electric-after", "door-before", "door-after",
    "place-before", "place-after", "round-1", "round-2", "signature-1", "signature-2", "signature-3",
}

/// Every picture's bytes, to be stored before the history names them.
pub fn all() -> impl Iterator<Item = &'static [u8]> {
    PICTURES.iter().map(|(_, bytes)| *bytes)
}

fn named(name: &str, role: AttachmentRole, at: Ms) -> Attachment {
    let (_, bytes) =
        PICTURES.iter().find(|(own, _)| *own == name).expect("a picture of the list above");
    Attachment {
        sha256: Sha256Hex(sha256_hex(bytes)),
        mime: "image/jpeg".into(),
        size: bytes.len() as u64,
        role,
        at,
    }
}

/// A picture that fits the category; `After` shows it mended.
pub fn of(category: &str, role: AttachmentRole, at: Ms) -> Attachment {
    let subject = match category {
        "leak" | "water_supply" | "drainage" => "leak",
        "electricity" | "lighting" | "lift" | "fire" => "electric",
        "door_window" | "access_control" => "door",
        _ => "place",
    };
    let moment = if role == AttachmentRole::After { "after" } else { "before" };
    named(&format!("{subject}-{moment}"), role, at)
}

pub fn signature(which: usize, at: Ms) -> Attachment {
    named(&format!("signature-{}", which % 3 + 1), AttachmentRole::Signature, at)
}

/// What a steward photographs on a round.
pub fn view(which: usize, at: Ms) -> Attachment {
    named(&format!("round-{}", which % 2 + 1), AttachmentRole::Photo, at)
}
