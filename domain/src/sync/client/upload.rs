//! Attachments: chunk by chunk, after their command, resumed where the server says it stands.

use super::engine::Engine;
use super::status::SyncError;
use super::store::{Blob, BlobState, LocalStore, Queue};
use super::transport::{CHUNK, Transport, TransportError};
use crate::modules::attachments::Sha256Hex;
use crate::refusal::CommonCode;
use crate::sync::outcome::OutcomeKind;
use crate::sync::record::Scope;

/// What an upload step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// Nothing to send: all is there, or waits for its command.
    Idle,
    /// One attachment is whole on the server.
    Confirmed,
}

impl<S: LocalStore, T: Transport> Engine<S, T> {
    /// Sends one attachment whose command the server has. `scopes` are those of this user.
    pub async fn upload_once(&self, scopes: &[Scope]) -> Result<Uploaded, SyncError> {
        let result = self.upload_step(scopes).await;
        self.note(result)
    }

    async fn upload_step(&self, scopes: &[Scope]) -> Result<Uploaded, SyncError> {
        let blobs = self.store.blobs().await?;
        if blobs.iter().all(|blob| blob.state == BlobState::Confirmed) {
            return Ok(Uploaded::Idle);
        }
        let mut queues = Vec::with_capacity(scopes.len());
        for scope in scopes {
            queues.push((*scope, self.store.queue(*scope).await?));
        }
        let mut failed = None;
        for blob in blobs.iter().filter(|blob| blob.state == BlobState::Pending) {
            let Some(scope) = scope_to_send_in(&queues, &blob.sha256) else { continue };
            match self.send(&Blob { scope, ..blob.clone() }).await {
                Ok(true) => return Ok(Uploaded::Confirmed),
                Ok(false) => {}
                // One that the server refuses must not keep the others from going.
                Err(SyncError::Transport(TransportError::Refused(refusal))) => {
                    failed = Some(TransportError::Refused(refusal));
                }
                Err(error) => return Err(error),
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Uploaded::Idle),
        }
    }

    /// `false`: the server does not know this attachment (yet).
    async fn send(&self, blob: &Blob) -> Result<bool, SyncError> {
        let mut at = match self.transport.blob_offset(blob.scope, &blob.sha256).await {
            Err(TransportError::Refused(why)) if why.is(CommonCode::BlobUnknown) => {
                return Ok(false);
            }
            other => other?,
        };
        let Some(bytes) = self.store.blob_bytes(&blob.sha256).await? else { return Ok(false) };
        while !at.complete {
            let from = usize::try_from(at.offset).unwrap_or(usize::MAX).min(bytes.len());
            let to = bytes.len().min(from + CHUNK);
            // At the end and still not whole: the empty chunk asks the server to check its hash.
            at = self.transport.blob_put(blob, at.offset, &bytes[from..to]).await?;
            let sent = at.offset;
            if !at.complete && usize::try_from(sent).unwrap_or(usize::MAX) >= bytes.len() {
                return Err(SyncError::garbled("an attachment that never becomes whole"));
            }
            self.store.blob_progress(&blob.sha256, sent, BlobState::Pending).await?;
        }
        self.store.blob_progress(&blob.sha256, blob.size, BlobState::Confirmed).await?;
        Ok(true)
    }
}

/// The scope of a command that brought this attachment and that the server applied; refused and
/// held ones have no place for it on the server.
fn scope_to_send_in(queues: &[(Scope, Queue)], sha256: &Sha256Hex) -> Option<Scope> {
    queues.iter().find_map(|(scope, queue)| {
        let mut journal = queue.journal.iter();
        let applied = journal.any(|entry| {
            !matches!(entry.outcome.outcome, OutcomeKind::Refused | OutcomeKind::Held)
                && entry.entry.blobs.contains(sha256)
        });
        applied.then_some(*scope)
    })
}
