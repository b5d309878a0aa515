//! The phone's store as the simulation sees it: the one in memory, behind switches that make it wrong
//! on purpose.

use std::cell::RefCell;
use std::rc::Rc;

use uuid::Uuid;

use super::Mutant;
use super::phone::PhoneFaults;
use crate::id::OpId;
use crate::modules::attachments::Sha256Hex;
use crate::sync::client::memory::{Disk, MemoryStore};
use crate::sync::client::{
    Answers, Blob, BlobRefusal, BlobState, JournalEntry, LocalStore, NewBlob, NewCommand,
    OutboxEntry, Page, Queue, StoreError, StoredScope,
};
use crate::sync::outcome::Outcome;
use crate::sync::record::Scope;
use crate::time::Ms;

/// Commands of one tap with their photos.
type Unsaved = (Vec<NewCommand>, Vec<NewBlob>);

#[derive(Clone)]
pub struct SimStore {
    pub inner: MemoryStore,
    pub mutant: Option<Mutant>,
    pub faults: Rc<PhoneFaults>,
    /// What a mutant has called saved and not stored.
    pub unsaved: Rc<RefCell<Vec<Unsaved>>>,
}

impl SimStore {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// What a disk does that loses a row, or keeps one that was removed.
    fn damage(&self, page: &mut Page) {
        let loses = self.is(Mutant::LoseRow) || self.is(Mutant::LoseRowUnchecked);
        let keeps = self.is(Mutant::KeepRow) || self.is(Mutant::KeepRowUnchecked);
        page.rows.retain(|row| match row.body {
            Some(_) => !(loses && self.faults.strikes(10, "row lost on the disk")),
            None => !(keeps && self.faults.strikes(800, "row kept on the disk")),
        });
    }
}

impl LocalStore for SimStore {
    async fn load(&self, scope: Scope) -> Result<StoredScope, StoreError> {
        self.inner.load(scope).await
    }
    async fn queue(&self, scope: Scope) -> Result<Queue, StoreError> {
        // A mutant stores when it finds the time.
        let unsaved = std::mem::take(&mut *self.unsaved.borrow_mut());
        for (commands, blobs) in unsaved {
            self.inner.record(commands, blobs).await?;
        }
        self.inner.queue(scope).await
    }
    async fn answered_entry(
        &self,
        scope: Scope,
        n: u64,
    ) -> Result<Option<JournalEntry>, StoreError> {
        self.inner.answered_entry(scope, n).await
    }
    async fn waiting(&self, scope: Scope) -> Result<usize, StoreError> {
        self.inner.waiting(scope).await
    }
    async fn record(
        &self,
        commands: Vec<NewCommand>,
        blobs: Vec<NewBlob>,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        if self.is(Mutant::SaidSavedTooSoon) {
            self.unsaved.borrow_mut().push((commands, blobs));
            return Ok(Vec::new());
        }
        if self.is(Mutant::PhotosAfterwards) {
            let entries = self.inner.record(commands.clone(), Vec::new()).await?;
            self.inner.record(commands, blobs).await?;
            return Ok(entries);
        }
        self.inner.record(commands, blobs).await
    }
    async fn answered(&self, mut answers: Answers) -> Result<bool, StoreError> {
        if self.mutant == Some(Mutant::AcceptStaleAnswers) {
            let epoch = self.inner.disk().scopes.get(&answers.scope).and_then(|s| s.meta.epoch);
            answers.sent_under = epoch;
            answers.epoch = epoch.unwrap_or(answers.epoch);
        }
        if self.is(Mutant::AnswersInTwoTransactions) {
            // Out of the outbox first, into the journal next.
            let numbers: Vec<u64> = answers.outcomes.iter().map(|outcome| outcome.n).collect();
            let taken = self.inner.tamper(|disk| {
                let scope = disk.scopes.entry(answers.scope).or_default();
                let taken = numbers.iter().filter_map(|n| scope.outbox.remove_entry(n));
                taken.collect::<Vec<_>>()
            });
            self.inner.put_meta("answered", "first half").await?;
            let put_back = |disk: &mut Disk| {
                disk.scopes.entry(answers.scope).or_default().outbox.extend(taken);
            };
            self.inner.tamper(put_back);
        }
        self.inner.answered(answers).await
    }
    async fn settled(
        &self,
        scope: Scope,
        outcomes: Vec<Outcome>,
        at: Ms,
    ) -> Result<(), StoreError> {
        self.inner.settled(scope, outcomes, at).await
    }
    async fn keep_page(&self, mut page: Page) -> Result<bool, StoreError> {
        self.damage(&mut page);
        if page.reset && self.is(Mutant::ForgetOutboxOnReset) {
            self.inner.tamper(|disk| disk.scopes.entry(page.scope).or_default().outbox.clear());
        }
        if self.mutant == Some(Mutant::KeepStalePages) {
            self.inner.force_page(page);
            return Ok(true);
        }
        self.inner.keep_page(page).await
    }
    async fn compact(&self, scope: Scope) -> Result<(), StoreError> {
        self.inner.compact(scope).await
    }
    async fn forget_backed_up(
        &self,
        scope: Scope,
        epoch: Uuid,
        seq: u64,
    ) -> Result<(), StoreError> {
        let seq = if self.mutant == Some(Mutant::ForgetBeforeBackup) { u64::MAX } else { seq };
        self.inner.forget_backed_up(scope, epoch, seq).await
    }
    async fn replay_journal(&self, scope: Scope, from_n: u64) -> Result<(), StoreError> {
        self.inner.replay_journal(scope, from_n).await
    }
    async fn renew(&self, key: &str, from: &str, to: &str) -> Result<bool, StoreError> {
        let renewed = self.inner.renew(key, from, to).await?;
        if self.mutant == Some(Mutant::RenewWithNewOps) {
            self.inner.rename_outbox();
        }
        Ok(renewed)
    }
    async fn dismiss_attention(&self, scope: Scope, op: OpId) -> Result<(), StoreError> {
        self.inner.dismiss_attention(scope, op).await
    }
    async fn blobs(&self) -> Result<Vec<Blob>, StoreError> {
        self.inner.blobs().await
    }
    async fn blob_bytes(&self, sha256: &Sha256Hex) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.blob_bytes(sha256).await
    }
    async fn blob_progress(
        &self,
        sha256: &Sha256Hex,
        sent: u64,
        state: BlobState,
    ) -> Result<(), StoreError> {
        self.inner.blob_progress(sha256, sent, state).await?;
        if self.mutant == Some(Mutant::DeleteBlobEarly) && state == BlobState::Confirmed {
            self.inner.lose_blob(sha256);
        }
        Ok(())
    }
    async fn blob_refused(
        &self,
        sha256: &Sha256Hex,
        refused: Option<BlobRefusal>,
    ) -> Result<(), StoreError> {
        self.inner.blob_refused(sha256, refused).await?;
        if self.mutant == Some(Mutant::DropRefusedBlob) {
            self.inner.lose_blob(sha256);
        }
        Ok(())
    }
    async fn blob_is_intact(&self, sha256: &Sha256Hex) -> Result<bool, StoreError> {
        self.inner.blob_is_intact(sha256).await
    }
    async fn put_draft(&self, key: &str, text: &str) -> Result<(), StoreError> {
        self.inner.put_draft(key, text).await
    }
    async fn draft(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.inner.draft(key).await
    }
    async fn drop_draft(&self, key: &str) -> Result<(), StoreError> {
        self.inner.drop_draft(key).await
    }
    async fn put_meta(&self, key: &str, text: &str) -> Result<(), StoreError> {
        self.inner.put_meta(key, text).await
    }
    async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.inner.meta(key).await
    }
}
