//! Attachments 附件: photos, signatures, voice notes, named by the SHA-256 of their bytes.
//!
//! A command brings the names; the bytes follow in chunks. `BlobArrival` tells every phone that
//! the bytes are here ("2 of 3 photos"). Acts: the product itself.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::actor::Role;
use crate::id::{DeviceId, OpId, UserId, derived};
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, World, find};
use crate::sync::outcome::Outcome;
use crate::sync::record::{Channel, RecordKey, Scope};
use crate::time::Ms;

crate::refusal_codes! {
    AttachmentCode {
        BadHash = "attachments.bad_hash",
        TooMany = "attachments.too_many",
    }
}

/// Largest attachment in bytes, and most of them on one command.
pub const MAX_BYTES: u64 = 8 * 1024 * 1024;
pub const MAX_COUNT: usize = 20;
/// What may be kept: sniffed on the server, never believed.
pub const TYPES: [&str; 5] = ["image/jpeg", "image/png", "image/webp", "audio/webm", "audio/mp4"];

/// SHA-256 of an attachment's bytes, as 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Sha256Hex(pub String);

impl Sha256Hex {
    pub fn is_valid(&self) -> bool {
        self.0.len() == 64
            && self.0.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttachmentRole {
    Photo,
    Before,
    After,
    Signature,
    Voice,
}

/// A reference to bytes that travel on their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attachment {
    pub sha256: Sha256Hex,
    pub mime: String,
    /// Size in bytes.
    pub size: u64,
    pub role: AttachmentRole,
    /// When it was taken.
    pub at: Ms,
}

/// Checks the attachments a command brings.
pub fn check<'a>(attachments: impl IntoIterator<Item = &'a Attachment>) -> Result<(), Refusal> {
    for (count, attachment) in attachments.into_iter().enumerate() {
        if count >= MAX_COUNT {
            return Err(Refusal::new(AttachmentCode::TooMany).with("max", MAX_COUNT));
        }
        if !attachment.sha256.is_valid() {
            return Err(Refusal::new(AttachmentCode::BadHash));
        }
        if attachment.size > MAX_BYTES {
            return Err(Refusal::new(CommonCode::BlobTooLarge).with("max", MAX_BYTES));
        }
        if !TYPES.contains(&attachment.mime.as_str()) {
            return Err(Refusal::new(CommonCode::BlobType).with("type", &attachment.mime));
        }
    }
    Ok(())
}

/// The bytes of an attachment have arrived, whole and with the right hash. Says nothing about what
/// they show, so every member of the scope may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlobArrival {
    pub sha256: Sha256Hex,
    pub size: u64,
    pub at: Ms,
    pub scope: Scope,
}

impl BlobArrival {
    pub fn id_of(scope: Scope, sha256: &Sha256Hex) -> Uuid {
        derived(&["blob", &scope.to_string(), &sha256.0])
    }
}

crate::synced!(BlobArrival, BlobArrival, |blob| id: BlobArrival::id_of(blob.scope, &blob.sha256), scope: blob.scope, channels: vec![Channel::All]);

/// Told by the product when an upload is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlobArrived {
    pub sha256: Sha256Hex,
    pub size: u64,
}

impl Decide for BlobArrived {
    const KIND: &'static str = "attachments.arrived";

    fn reads(&self) -> Vec<RecordKey> {
        // The id depends on the scope, which the payload does not repeat: `sync::batch::reads`
        // names the arrival.
        Vec::new()
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        if !context.actor.has_role(Role::System) {
            return Err(Refusal::new(CommonCode::NotAllowed).into());
        }
        if !self.sha256.is_valid() {
            return Err(Refusal::new(AttachmentCode::BadHash).into());
        }
        if self.size > MAX_BYTES {
            return Err(Refusal::new(CommonCode::BlobTooLarge).with("max", MAX_BYTES).into());
        }
        let id = BlobArrival::id_of(context.scope, &self.sha256);
        if find::<BlobArrival>(world, id).is_some() {
            return Ok(Decision::default());
        }
        Ok(Decision::put(BlobArrival {
            sha256: self.sha256.clone(),
            size: self.size,
            at: context.received_at,
            scope: context.scope,
        }))
    }
}

/// The final outcome of a command that had been *held*, told through the feed to whoever recorded it:
/// on each of their devices, for the one that waits may have been registered anew meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Settlement {
    pub op: OpId,
    pub device: DeviceId,
    /// Absent in what was settled before devices could be registered anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    pub scope: Scope,
    pub outcome: Outcome,
}

crate::synced!(Settlement, Settlement, |settlement| id: settlement.op.0, scope: settlement.scope, channels: vec![match settlement.user {
    Some(user) => Channel::User(user),
    None => Channel::Device(settlement.device),
}]);

#[cfg(test)]
mod tests;
