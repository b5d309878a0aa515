//! Attachments on the simulation's server.

use super::server::{Dies, File, Server, refused};
use crate::actor::Actor;
use crate::id::{DeviceId, UserId};
use crate::modules::attachments::{BlobArrived, Sha256Hex};
use crate::refusal::CommonCode;
use crate::sync::batch::sha256_hex;
use crate::sync::client::{BlobAt, TransportError};
use crate::sync::record::Scope;
use crate::time::Ms;

/// Bytes that the server takes for no picture, whatever they are called. Only by their content, so
/// that phone and check agree on it.
pub fn is_no_picture(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first % 10 == 9)
}

impl Server {
    pub fn blob_offset(
        &self,
        session: UserId,
        device: DeviceId,
        scope: Scope,
        sha256: &Sha256Hex,
    ) -> Result<BlobAt, TransportError> {
        self.admit(session, device)?;
        if !self.db.named.contains(&(scope, sha256.clone())) {
            return Err(refused(CommonCode::BlobUnknown));
        }
        let file = self.files.get(sha256).cloned().unwrap_or_default();
        Ok(BlobAt { offset: file.bytes.len() as u64, complete: file.complete })
    }

    #[allow(clippy::too_many_arguments)] // as many as the request has
    pub fn blob_put(
        &mut self,
        session: UserId,
        device: DeviceId,
        scope: Scope,
        (sha256, size): (&Sha256Hex, u64),
        offset: u64,
        bytes: &[u8],
        now: Ms,
        dies: Dies,
    ) -> Result<BlobAt, TransportError> {
        let at = self.blob_offset(session, device, scope, sha256)?;
        if at.complete {
            return Ok(at);
        }
        if at.offset != offset {
            return Err(refused(CommonCode::BlobOffset));
        }
        self.version += 1;
        let file = self.files.entry(sha256.clone()).or_default();
        file.bytes.extend_from_slice(bytes);
        if dies == Dies::BeforeCommit {
            // All of it may be there, and nothing has looked at it.
            return Err(TransportError::Server);
        }
        if file.bytes.len() as u64 >= size {
            if sha256_hex(&file.bytes) != sha256.0 {
                *file = File::default();
                return Err(refused(CommonCode::BlobHashMismatch));
            }
            if is_no_picture(&file.bytes) {
                *file = File::default();
                return Err(refused(CommonCode::BlobType));
            }
            file.complete = true;
        }
        let at = BlobAt { offset: file.bytes.len() as u64, complete: file.complete };
        if at.complete {
            let arrived = BlobArrived { sha256: sha256.clone(), size };
            self.act(scope, Actor::system(), arrived.into(), now);
        }
        Ok(at)
    }
}
