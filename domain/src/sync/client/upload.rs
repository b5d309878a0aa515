//! Attachments: chunk by chunk, after their command, resumed where the server says it stands.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use uuid::Uuid;

use super::engine::{Engine, pause_of};
use super::status::SyncError;
use super::store::{Blob, BlobRefusal, BlobState, JournalEntry, LocalStore, Queue, StoreError};
use super::transport::{CHUNK, LEAST_CHUNK, Transport, TransportError};
use crate::modules::attachments::{AttachmentCode, Sha256Hex};
use crate::refusal::{CommonCode, Refusal};
use crate::sync::outcome::OutcomeKind;
use crate::sync::record::Scope;

/// What an upload step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// Nothing to send: all is there, or waits for its command.
    Idle,
    /// One attachment is whole on the server.
    Confirmed,
    /// The server will not take one as it is; it is kept for a person to decide.
    SetAside,
}

/// After so many times in which right bytes arrived wrong, something on the way changes them.
const MUTILATIONS: u32 = 3;

/// What the way to the server has proved to be since the app was opened.
pub(super) struct Way {
    /// How often an attachment whose bytes are right arrived wrong.
    mutilated: RefCell<BTreeMap<Sha256Hex, u32>>,
    /// Bytes of an attachment that one request carries.
    chunk: Cell<usize>,
    /// Pieces that arrived.
    pieces: Cell<u64>,
}

impl Default for Way {
    fn default() -> Self {
        let (mutilated, pieces) = Default::default();
        Self { mutilated, chunk: Cell::new(CHUNK / 2), pieces }
    }
}

impl Way {
    /// A piece went, or did not.
    fn learn<T>(&self, put: &Result<T, TransportError>) {
        match put {
            Ok(_) => {
                self.chunk.set(CHUNK.min(self.chunk.get() * 2));
                self.pieces.set(self.pieces.get() + 1);
            }
            // What the server decides has nothing to do with the size of a piece.
            Err(TransportError::Refused(_) | TransportError::Busy { .. }) => {}
            // What is cut has to travel again.
            Err(_) => self.chunk.set(LEAST_CHUNK.max(self.chunk.get() / 2)),
        }
    }
}

impl<S: LocalStore, T: Transport> Engine<S, T> {
    /// Sends one attachment whose command the server has. `scopes` are those of this user.
    pub async fn upload_once(&self, scopes: &[Scope]) -> Result<Uploaded, SyncError> {
        match self.upload_step(scopes).await {
            // The server was not asked: what it said last still holds.
            Ok(Uploaded::Idle) => Ok(Uploaded::Idle),
            result => self.note(result),
        }
    }

    /// How many pieces of attachments have arrived since the start: grows although the rest is cut.
    pub fn pieces(&self) -> u64 {
        self.way.pieces.get()
    }

    /// A server in another epoch came back from a back-up: whether it still has what it confirmed is not
    /// known any more, so it is asked again. Before anything is kept of what it says, for a step that
    /// is cut is run again only as long as the old epoch stands.
    pub(super) async fn doubt_blobs(
        &self,
        before: Option<Uuid>,
        now: Uuid,
    ) -> Result<(), StoreError> {
        if before.is_none_or(|before| before == now) {
            return Ok(());
        }
        let blobs = self.store.blobs().await?;
        for blob in blobs.iter().filter(|blob| blob.state == BlobState::Confirmed) {
            self.store.blob_progress(&blob.sha256, 0, BlobState::Pending).await?;
        }
        Ok(())
    }

    async fn upload_step(&self, scopes: &[Scope]) -> Result<Uploaded, SyncError> {
        let blobs = self.store.blobs().await?;
        if !blobs.iter().any(Blob::is_on_its_way) {
            return Ok(Uploaded::Idle);
        }
        let mut queues = Vec::new();
        let mut failed = None;
        for blob in blobs.iter().filter(|blob| blob.is_on_its_way()) {
            // Mostly in the scope of the command that brought it; all that was answered is read only where
            // that one does not tell, for with hundreds of photos to go it is read as often.
            let named = self.store.answered_entry(blob.scope, blob.n).await?;
            let known = named.filter(|_| scopes.contains(&blob.scope));
            let scope = if known.is_some_and(|entry| gives_a_place(&entry, &blob.sha256)) {
                blob.scope
            } else {
                if queues.is_empty() {
                    for scope in scopes {
                        queues.push((*scope, self.store.queue(*scope).await?));
                    }
                }
                let Some(scope) = scope_to_send_in(&queues, &blob.sha256) else { continue };
                scope
            };
            match self.send(&Blob { scope, ..blob.clone() }).await.map_err(pause_of) {
                Ok(true) => return Ok(Uploaded::Confirmed),
                Ok(false) => {}
                // One that the server refuses must not keep the others from going.
                Err(SyncError::Transport(TransportError::Refused(reason))) => {
                    if self.is_final(&blob.sha256, &reason).await? {
                        let refused = BlobRefusal { reason, dealt_with: false };
                        self.store.blob_refused(&blob.sha256, Some(refused)).await?;
                        return Ok(Uploaded::SetAside);
                    }
                    failed = Some(TransportError::Refused(reason));
                }
                // Nor may one that something on the way answers for.
                Err(SyncError::Transport(TransportError::Garbled(what))) => {
                    failed = Some(TransportError::Garbled(what));
                }
                Err(error) => return Err(error),
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Uploaded::Idle),
        }
    }

    /// Whether trying again with the same bytes can only be refused again. What is refused for the
    /// moment (a place to go on from, an attachment the server does not know yet, a request that was
    /// cut) is not.
    async fn is_final(&self, sha256: &Sha256Hex, reason: &Refusal) -> Result<bool, StoreError> {
        let never = [CommonCode::BlobTooLarge, CommonCode::BlobType];
        if never.iter().any(|code| reason.is(*code)) || reason.is(AttachmentCode::BadHash) {
            return Ok(true);
        }
        if !reason.is(CommonCode::BlobHashMismatch) {
            return Ok(false);
        }
        if !self.store.blob_is_intact(sha256).await? {
            return Ok(true);
        }
        let mut mutilated = self.way.mutilated.borrow_mut();
        let times = mutilated.entry(sha256.clone()).or_insert(0);
        *times += 1;
        let hopeless = *times >= MUTILATIONS;
        if hopeless {
            // Sent again because a person wants it, it gets as many tries.
            mutilated.remove(sha256);
        }
        Ok(hopeless)
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
            let to = bytes.len().min(from + self.way.chunk.get());
            // At the end and still not whole: the empty chunk asks the server to check its hash.
            let put = self.transport.blob_put(blob, at.offset, &bytes[from..to]).await;
            self.way.learn(&put);
            at = put?;
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

/// The server applied a command that named the attachment; refused and held ones have no place for it
/// there.
fn gives_a_place(stored: &JournalEntry, sha256: &Sha256Hex) -> bool {
    !matches!(stored.outcome.outcome, OutcomeKind::Refused | OutcomeKind::Held)
        && stored.entry.blobs.contains(sha256)
}

/// The scope of a command that gives it a place.
fn scope_to_send_in(queues: &[(Scope, Queue)], sha256: &Sha256Hex) -> Option<Scope> {
    queues.iter().find_map(|(scope, queue)| {
        queue.journal.iter().any(|stored| gives_a_place(stored, sha256)).then_some(*scope)
    })
}
