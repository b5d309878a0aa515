//! Where a reader stands, as an opaque text that it sends back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::sync::batch::sha256_hex;
use domain::sync::{Channel, Scope};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::feed::Position;

/// Raised when what is sent changes in a way that needs a fresh snapshot on every phone.
const SCHEMA: u32 = 3;

/// A reader's place. It holds no secret and grants nothing: what a reader gets follows from who
/// asks, so a forged one only harms its maker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    #[serde(rename = "e")]
    pub epoch: Uuid,
    /// Hash of scope and channels: other rights are another audience.
    #[serde(rename = "a")]
    audience: String,
    #[serde(rename = "v")]
    schema: u32,
    /// Everything up to here was sent. While a snapshot is filled: where it began.
    #[serde(rename = "s")]
    pub seq: u64,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
}

/// How far a snapshot is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fill {
    /// Records up to this one were sent.
    #[serde(rename = "p")]
    Page(Position),
    /// All records were sent; what changed meanwhile follows.
    #[serde(rename = "c")]
    CatchUp,
}

/// Names an audience within a scope.
pub(crate) fn audience(scope: Scope, channels: &[Channel]) -> String {
    let mut text = scope.to_string();
    for channel in channels {
        text.push('\n');
        text.push_str(&channel.to_string());
    }
    let mut hash = sha256_hex(text.as_bytes());
    hash.truncate(16);
    hash
}

impl Cursor {
    pub fn new(epoch: Uuid, audience: String, seq: u64, fill: Option<Fill>) -> Self {
        Self { epoch, audience, schema: SCHEMA, seq, fill }
    }

    pub fn encode(&self) -> String {
        let json = serde_json::to_vec(self).expect("a cursor is plain data");
        URL_SAFE_NO_PAD.encode(json)
    }

    /// Reads a cursor that is of use here. Anything else, garbage included, begins a new snapshot: a
    /// phone that could only be told "bad cursor" would be stuck for ever.
    pub fn decode(text: &str, epoch: Uuid, audience: &str, head: u64) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let cursor: Self = serde_json::from_slice(&bytes).ok()?;
        let fits = cursor.epoch == epoch
            && cursor.audience == audience
            && cursor.schema == SCHEMA
            && cursor.seq <= head;
        fits.then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_epoch_audience_or_future_is_of_no_use() {
        let epoch = Uuid::from_u128(1);
        let ours = audience(Scope::Company, &[Channel::All]);
        let cursor = Cursor::new(epoch, ours.clone(), 7, None);
        let text = cursor.encode();
        assert_eq!(Cursor::decode(&text, epoch, &ours, 7), Some(cursor));
        assert_eq!(Cursor::decode(&text, Uuid::from_u128(2), &ours, 7), None);
        let other = audience(Scope::Company, &[Channel::All, Channel::Admin]);
        assert_eq!(Cursor::decode(&text, epoch, &other, 7), None);
        assert_eq!(Cursor::decode(&text, epoch, &ours, 6), None, "a head that was lost");
        let before = Cursor { schema: SCHEMA - 1, ..Cursor::new(epoch, ours.clone(), 7, None) };
        assert_eq!(Cursor::decode(&before.encode(), epoch, &ours, 7), None, "sent by other rules");
        assert_eq!(Cursor::decode("%%%", epoch, &ours, 7), None);
        assert_eq!(Cursor::decode("e30", epoch, &ours, 7), None);
    }
}
