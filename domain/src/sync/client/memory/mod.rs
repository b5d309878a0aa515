//! A local store in memory: for tests and the simulation, where it also breaks on command.
//!
//! Several handles may share one disk, as tabs share one database. Every method is one transaction:
//! it gives way before and after it commits, so that a tab can die on either side.

mod disk;

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use uuid::Uuid;

pub use disk::{Disk, ScopeDisk};
use disk::{keep, keep_command};

use super::store::{
    Answers, Blob, BlobRefusal, BlobState, JournalEntry, LocalStore, NewBlob, NewCommand,
    OutboxEntry, Page, Queue, Segment, StoreError, StoredRow, StoredScope,
};
use crate::id::OpId;
use crate::modules::attachments::Sha256Hex;
use crate::sync::batch::sha256_hex;
use crate::sync::outcome::{Outcome, OutcomeKind};
use crate::sync::record::Scope;
use crate::time::Ms;

/// On which side of a transaction's commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

/// Decides what goes wrong. Asked twice for each transaction, by the method's name.
pub trait Faults {
    /// The tab dies here: nothing of it runs any more.
    fn dies(&self, _step: &'static str, _side: Side) -> bool {
        false
    }
    /// An error here: nothing was stored.
    fn before(&self, _step: &'static str) -> Result<(), StoreError> {
        Ok(())
    }
    /// An error here: it was stored, but the answer is lost with the connection to the database.
    fn after(&self, _step: &'static str) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Nothing goes wrong.
pub struct NoFaults;
impl Faults for NoFaults {}

/// A handle to a disk, as each tab has its own connection to the one database.
#[derive(Clone)]
pub struct MemoryStore {
    disk: Rc<RefCell<Disk>>,
    faults: Rc<dyn Faults>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Rc::default(), Rc::new(NoFaults))
    }
}

/// Delta rows that make a compaction worth while.
const DELTA: usize = 500;

impl MemoryStore {
    pub fn new(disk: Rc<RefCell<Disk>>, faults: Rc<dyn Faults>) -> Self {
        Self { disk, faults }
    }

    pub fn disk(&self) -> Ref<'_, Disk> {
        self.disk.borrow()
    }

    /// Takes a blob away, as no phone may: for showing that the simulation notices.
    pub fn lose_blob(&self, sha256: &Sha256Hex) {
        self.disk.borrow_mut().blobs.remove(sha256);
    }

    /// Gives what waits new ids, as no phone may: for the same.
    pub fn rename_outbox(&self) {
        for scope in self.disk.borrow_mut().scopes.values_mut() {
            for entry in scope.outbox.values_mut() {
                entry.op = OpId::derived(&["renamed", &entry.op.to_string()]);
            }
        }
    }

    /// Changes the disk outside of any transaction, as no phone may: for the same.
    pub fn tamper<V>(&self, work: impl FnOnce(&mut Disk) -> V) -> V {
        work(&mut self.disk.borrow_mut())
    }

    /// Keeps a page wherever the store stands, as no phone may: for the same.
    pub fn force_page(&self, page: Page) {
        keep(self.disk.borrow_mut().scopes.entry(page.scope).or_default(), page);
    }

    /// One transaction, with a place to die on either side.
    async fn commit<V>(
        &self,
        step: &'static str,
        work: impl FnOnce(&mut Disk) -> V,
    ) -> Result<V, StoreError> {
        give_way().await;
        if self.faults.dies(step, Side::Before) {
            std::future::pending::<()>().await;
        }
        self.faults.before(step)?;
        let value = work(&mut self.disk.borrow_mut());
        if self.faults.dies(step, Side::After) {
            std::future::pending::<()>().await;
        }
        self.faults.after(step)?;
        give_way().await;
        Ok(value)
    }

    async fn read<V>(
        &self,
        step: &'static str,
        work: impl FnOnce(&Disk) -> V,
    ) -> Result<V, StoreError> {
        give_way().await;
        self.faults.before(step)?;
        Ok(work(&self.disk.borrow()))
    }
}

/// Lets others run once.
async fn give_way() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

impl LocalStore for MemoryStore {
    async fn load(&self, scope: Scope) -> Result<StoredScope, StoreError> {
        self.read("load", |disk| {
            let Some(kept) = disk.scopes.get(&scope) else { return StoredScope::default() };
            let Queue { meta, outbox, journal, attention } = kept.queue();
            let (segments, delta) = (kept.segments.clone(), kept.delta.clone());
            StoredScope { meta, segments, delta, outbox, journal, attention }
        })
        .await
    }

    async fn queue(&self, scope: Scope) -> Result<Queue, StoreError> {
        let queue = |disk: &Disk| disk.scopes.get(&scope).map(ScopeDisk::queue).unwrap_or_default();
        self.read("queue", queue).await
    }

    async fn answered_entry(
        &self,
        scope: Scope,
        n: u64,
    ) -> Result<Option<JournalEntry>, StoreError> {
        let entry = |disk: &Disk| disk.scopes.get(&scope)?.journal.get(&n).cloned();
        self.read("answered_entry", entry).await
    }

    async fn waiting(&self, scope: Scope) -> Result<usize, StoreError> {
        let waiting = |disk: &Disk| disk.scopes.get(&scope).map_or(0, |kept| kept.outbox.len());
        self.read("waiting", waiting).await
    }

    async fn record(
        &self,
        commands: Vec<NewCommand>,
        blobs: Vec<NewBlob>,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        self.commit("record", |disk| {
            let entries: Vec<OutboxEntry> =
                commands.into_iter().map(|command| keep_command(disk, command)).collect();
            for blob in blobs {
                let named = entries.iter().find(|entry| entry.blobs.contains(&blob.sha256));
                let Some(named) = named.or(entries.first()) else { continue };
                let kept = Blob {
                    sha256: blob.sha256.clone(),
                    mime: blob.mime,
                    size: blob.bytes.len() as u64,
                    state: BlobState::Pending,
                    scope: named.scope,
                    n: named.n,
                    sent: 0,
                    refused: None,
                };
                disk.blobs.entry(blob.sha256).or_insert((kept, blob.bytes));
            }
            entries
        })
        .await
    }

    async fn answered(&self, answers: Answers) -> Result<bool, StoreError> {
        self.commit("answered", |disk| {
            let scope = disk.scopes.entry(answers.scope).or_default();
            let current = scope.meta.epoch;
            if current != Some(answers.epoch) && current != answers.sent_under {
                return false;
            }
            scope.meta.epoch = Some(answers.epoch);
            for outcome in answers.outcomes {
                let waiting = scope.outbox.get(&outcome.n).filter(|entry| entry.op == outcome.op);
                let old = scope.journal.get(&outcome.n).filter(|old| old.entry.op == outcome.op);
                let (entry, is_news) = match (waiting, old) {
                    (Some(entry), _) => (entry.clone(), true),
                    (None, Some(old)) if old.epoch != answers.epoch => {
                        (old.entry.clone(), old.outcome.outcome != outcome.outcome)
                    }
                    _ => continue,
                };
                scope.outbox.remove(&entry.n);
                if is_news || scope.attention.contains_key(&entry.op) {
                    scope.look_at(&entry, &outcome, answers.at);
                }
                let epoch = answers.epoch;
                scope.journal.insert(entry.n, JournalEntry { entry, outcome, epoch });
            }
            true
        })
        .await
    }

    async fn settled(
        &self,
        scope: Scope,
        outcomes: Vec<Outcome>,
        at: Ms,
    ) -> Result<(), StoreError> {
        self.commit("settled", |disk| {
            let scope = disk.scopes.entry(scope).or_default();
            for outcome in outcomes {
                let found = scope.journal.values_mut().find(|e| e.entry.op == outcome.op);
                let Some(found) = found else { continue };
                found.outcome = outcome.clone();
                let entry = found.entry.clone();
                scope.look_at(&entry, &outcome, at);
            }
        })
        .await
    }

    async fn keep_page(&self, page: Page) -> Result<bool, StoreError> {
        self.commit("keep_page", |disk| {
            let scope = disk.scopes.entry(page.scope).or_default();
            if !page.continues(&scope.meta) {
                return false;
            }
            keep(scope, page);
            true
        })
        .await
    }

    async fn compact(&self, scope: Scope) -> Result<(), StoreError> {
        self.commit("compact", |disk| {
            let scope = disk.scopes.entry(scope).or_default();
            if scope.delta.len() >= DELTA {
                let rows: Vec<StoredRow> = scope.base().into_values().collect();
                scope.segments = rows.chunks(DELTA).map(|rows| Segment(rows.to_vec())).collect();
                scope.delta.clear();
            }
        })
        .await
    }

    async fn forget_backed_up(
        &self,
        scope: Scope,
        epoch: Uuid,
        backup_seq: u64,
    ) -> Result<(), StoreError> {
        self.commit("forget_backed_up", |disk| {
            let Disk { scopes, blobs, .. } = disk;
            let is_there = |sha256: &Sha256Hex| {
                blobs.get(sha256).is_none_or(|(blob, _)| blob.state == BlobState::Confirmed)
            };
            let needed = |entry: &JournalEntry| {
                let kind = entry.outcome.outcome;
                entry.epoch != epoch
                    || kind == OutcomeKind::Held
                    || entry.outcome.seq > backup_seq
                    || (kind != OutcomeKind::Refused && !entry.entry.blobs.iter().all(is_there))
            };
            scopes.entry(scope).or_default().journal.retain(|_, entry| needed(entry));
            blobs.retain(|sha256, _| scopes.values().any(|scope| scope.names(sha256)));
        })
        .await
    }

    async fn replay_journal(&self, scope: Scope, from_n: u64) -> Result<(), StoreError> {
        self.commit("replay_journal", |disk| {
            let scope = disk.scopes.entry(scope).or_default();
            for (n, entry) in scope.journal.split_off(&from_n) {
                for sha256 in &entry.entry.blobs {
                    if let Some((blob, _)) = disk.blobs.get_mut(sha256) {
                        (blob.state, blob.sent) = (BlobState::Pending, 0);
                    }
                }
                scope.outbox.insert(n, entry.entry);
            }
        })
        .await
    }

    async fn renew(&self, key: &str, from: &str, to: &str) -> Result<bool, StoreError> {
        self.commit("renew", |disk| {
            if disk.meta.get(key).map(String::as_str) != Some(from) {
                return false;
            }
            disk.meta.insert(key.to_owned(), to.to_owned());
            for (name, scope) in &mut disk.scopes {
                scope.number_anew();
                for (blob, _) in disk.blobs.values_mut().filter(|(blob, _)| blob.scope == *name) {
                    let mut named = scope.outbox.values();
                    let named = named.find(|entry| entry.blobs.contains(&blob.sha256));
                    blob.n = named.map_or(blob.n, |entry| entry.n);
                }
            }
            true
        })
        .await
    }

    async fn dismiss_attention(&self, scope: Scope, op: OpId) -> Result<(), StoreError> {
        self.commit("dismiss_attention", |disk| {
            disk.scopes.entry(scope).or_default().attention.remove(&op);
        })
        .await
    }

    async fn blobs(&self) -> Result<Vec<Blob>, StoreError> {
        let blobs = |disk: &Disk| disk.blobs.values().map(|(blob, _)| blob.clone()).collect();
        self.read("blobs", blobs).await
    }

    async fn blob_bytes(&self, sha256: &Sha256Hex) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = |disk: &Disk| disk.blobs.get(sha256).map(|(_, bytes)| bytes.clone());
        self.read("blob_bytes", bytes).await
    }

    async fn blob_progress(
        &self,
        sha256: &Sha256Hex,
        sent: u64,
        state: BlobState,
    ) -> Result<(), StoreError> {
        self.commit("blob_progress", |disk| {
            if let Some((blob, _)) = disk.blobs.get_mut(sha256) {
                (blob.sent, blob.state) = (sent, state);
            }
        })
        .await
    }

    async fn blob_refused(
        &self,
        sha256: &Sha256Hex,
        refused: Option<BlobRefusal>,
    ) -> Result<(), StoreError> {
        self.commit("blob_refused", |disk| {
            if let Some((blob, _)) = disk.blobs.get_mut(sha256) {
                (blob.sent, blob.refused) = (0, refused);
            }
        })
        .await
    }

    async fn blob_is_intact(&self, sha256: &Sha256Hex) -> Result<bool, StoreError> {
        let is_intact = |disk: &Disk| {
            disk.blobs.get(sha256).is_none_or(|(_, bytes)| sha256_hex(bytes) == sha256.0)
        };
        self.read("blob_is_intact", is_intact).await
    }

    async fn put_draft(&self, key: &str, text: &str) -> Result<(), StoreError> {
        self.commit("put_draft", |disk| {
            disk.drafts.insert(key.to_owned(), text.to_owned());
        })
        .await
    }

    async fn draft(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.read("draft", |disk| disk.drafts.get(key).cloned()).await
    }

    async fn drop_draft(&self, key: &str) -> Result<(), StoreError> {
        self.commit("drop_draft", |disk| {
            disk.drafts.remove(key);
        })
        .await
    }

    async fn put_meta(&self, key: &str, text: &str) -> Result<(), StoreError> {
        self.commit("put_meta", |disk| {
            disk.meta.insert(key.to_owned(), text.to_owned());
        })
        .await
    }

    async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.read("meta", |disk| disk.meta.get(key).cloned()).await
    }
}
