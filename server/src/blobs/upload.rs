//! What an upload is made of, wherever it is kept.

use axum::body::Bytes;
use domain::id::DeviceId;
use domain::modules::attachments::Sha256Hex;

use super::kind::BlobKind;

/// Uploads one device may have begun and not finished.
pub const UNFINISHED: usize = 64;

/// First bytes that are looked at to tell the kind.
pub const HEAD: u64 = 64;

/// An upload that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partial {
    pub received: u64,
    pub size: u64,
}

/// What a piece led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Appended {
    /// More has to come.
    Partial(Partial),
    /// Whole, genuine, and kept.
    Whole { kind: BlobKind, size: u64 },
    /// The piece does not begin where what is here ends.
    WrongOffset { received: u64 },
    /// All bytes came and are not those of this hash; they are gone.
    HashMismatch,
    /// All bytes came and are nothing that is kept; they are gone.
    NotAllowed,
    /// The device has begun too many others.
    TooMany,
}

/// One piece of an upload.
#[derive(Clone, Debug)]
pub struct Piece {
    pub device: DeviceId,
    pub sha256: Sha256Hex,
    /// Size of the whole attachment.
    pub size: u64,
    /// Where the piece begins; `None` replaces what came before.
    pub offset: Option<u64>,
    pub bytes: Bytes,
}
