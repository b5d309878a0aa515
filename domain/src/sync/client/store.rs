//! What a phone keeps, as operations that are each one durable transaction.
//!
//! The contract suite in `contract` runs against every implementation (memory, IndexedDB).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::OpId;
use crate::modules::RecordKind;
use crate::modules::attachments::Sha256Hex;
use crate::refusal::Refusal;
use crate::sync::outcome::Outcome;
use crate::sync::record::Scope;
use crate::time::Ms;

/// Why the phone could not keep something. Nothing was stored then, not even in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The browser's quota is full. Commands have a reserve; photos may not fit.
    QuotaFull,
    /// The database was closed or lost under the page; reopen and try again.
    Lost(String),
    /// Anything else the browser said.
    Failed(String),
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StoreError::QuotaFull => f.write_str("quota full"),
            StoreError::Lost(why) => write!(f, "database lost: {why}"),
            StoreError::Failed(why) => write!(f, "storage failed: {why}"),
        }
    }
}
impl std::error::Error for StoreError {}

/// A command to be kept. Its number is taken in the transaction that stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommand {
    pub scope: Scope,
    pub op: OpId,
    pub kind: String,
    /// The payload's bytes, never re-serialised after this.
    pub payload: String,
    pub at_device: Ms,
    pub offset: Option<i64>,
    /// Attachments it names.
    pub blobs: Vec<Sha256Hex>,
    /// Key of the draft that it finishes; removed in the same transaction with its parts
    /// ([`is_draft`]).
    pub draft: Option<String>,
}

/// Whether `key` names the form `draft` or a part of it that is kept apart, such as its photos
/// (`<draft>/photos`). What is left of a form that is done would slip into the next one.
pub fn is_draft(draft: &str, key: &str) -> bool {
    let rest = key.strip_prefix(draft);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Bytes to be kept with a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBlob {
    pub sha256: Sha256Hex,
    pub mime: String,
    pub bytes: Vec<u8>,
}

/// A command on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    pub scope: Scope,
    pub n: u64,
    pub op: OpId,
    pub kind: String,
    pub at_device: Ms,
    pub offset: Option<i64>,
    pub payload: String,
    pub blobs: Vec<Sha256Hex>,
}

/// A command the server has answered, kept until it is backed up there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    #[serde(flatten)]
    pub entry: OutboxEntry,
    pub outcome: Outcome,
    /// The server's epoch in which this outcome is known to stand. One that differs from
    /// `ScopeMeta::epoch` has still to be matched with a server that came back from a backup.
    pub epoch: Uuid,
}

/// A command that was refused or is in conflict: stays until a person dealt with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionEntry {
    #[serde(flatten)]
    pub entry: OutboxEntry,
    pub outcome: Outcome,
    pub since: Ms,
}

/// Where a blob stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobState {
    /// Only here.
    Pending,
    /// The server has it whole and its hash is right; kept until the command is backed up too.
    Confirmed,
}

/// Why the server will never take a blob as it is. Its bytes stay: they are all there is of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRefusal {
    pub reason: Refusal,
    /// A person has seen it; it is not raised any more.
    #[serde(default)]
    pub dealt_with: bool,
}

/// A kept blob, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    pub sha256: Sha256Hex,
    pub mime: String,
    pub size: u64,
    pub state: BlobState,
    /// Scope and number of the command that names it.
    pub scope: Scope,
    pub n: u64,
    /// Bytes the server said it has.
    pub sent: u64,
    /// Beside the state, not one of its values: a build from before this one reads the blob all the
    /// same, and only tries in vain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<BlobRefusal>,
}

impl Blob {
    /// Still to be sent.
    pub fn is_on_its_way(&self) -> bool {
        self.state == BlobState::Pending && self.refused.is_none()
    }

    /// Refused for good, and nobody has dealt with it.
    pub fn needs_attention(&self) -> bool {
        self.state == BlobState::Pending
            && self.refused.as_ref().is_some_and(|refused| !refused.dealt_with)
    }
}

/// What a cursor and its surroundings remember for one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeMeta {
    /// Of the complete base; absent before the first snapshot is whole.
    pub cursor: Option<String>,
    /// Of a snapshot that is being filled in the shadow.
    pub shadow_cursor: Option<String>,
    /// The newest epoch of the server that this phone has heard of.
    pub epoch: Option<Uuid>,
    /// The epoch the base was pulled in: `seq` and `cursor` mean nothing in another.
    pub base_epoch: Option<Uuid>,
    /// The log position the base stands at.
    pub seq: u64,
    /// Of `base_epoch`.
    pub backup_seq: u64,
    /// Last number given to a command of this scope.
    pub last_n: u64,
    pub synced_at: Option<Ms>,
}

/// One row of the replica as it came: body absent means gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRow {
    pub kind: RecordKind,
    pub id: Uuid,
    pub seq: u64,
    pub body: Option<String>,
}

/// A block of the base as one text, because record-by-record storage alone costs more than
/// everything else together (design measurement: 380 against 20–50 ms for 10,000 records).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment(pub Vec<StoredRow>);

/// One pulled page to be kept.
#[derive(Clone, Debug)]
pub struct Page {
    pub scope: Scope,
    /// The cursor it was asked with. Another tab may have pulled meanwhile: a page that does not
    /// continue from the cursor in store is not kept.
    pub after: Option<String>,
    pub epoch: Uuid,
    pub cursor: String,
    /// First page of a snapshot: forget any shadow.
    pub reset: bool,
    /// Belongs to a snapshot, or to what is pulled after it before it is swapped in: goes to the
    /// shadow.
    pub snapshot: bool,
    /// The snapshot is whole with this page: the shadow becomes the base, in this transaction.
    pub completes: bool,
    /// Log position after this page.
    pub seq: u64,
    pub backup_seq: u64,
    pub at: Ms,
    pub rows: Vec<StoredRow>,
}

/// Answers to one push, to be kept.
#[derive(Clone, Debug)]
pub struct Answers {
    pub scope: Scope,
    /// `ScopeMeta::epoch` as it was read before the request was sent. The server answered in that
    /// epoch or a later one.
    pub sent_under: Option<Uuid>,
    /// The epoch the server answered in.
    pub epoch: Uuid,
    pub outcomes: Vec<Outcome>,
    pub at: Ms,
}

/// The commands of one scope and where its cursor stands, without the base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    pub meta: ScopeMeta,
    /// Each list sorted by number.
    pub outbox: Vec<OutboxEntry>,
    pub journal: Vec<JournalEntry>,
    pub attention: Vec<AttentionEntry>,
}

impl Page {
    /// Whether it goes on from where the store stands. Comparing cursors alone is not enough: the
    /// one at a snapshot's end may equal that of the base just swapped in, and a second answer to the
    /// same request would then swap in an empty shadow.
    pub fn continues(&self, meta: &ScopeMeta) -> bool {
        let fits = self.reset || self.snapshot == meta.shadow_cursor.is_some();
        fits && meta.active_cursor() == self.after.as_deref()
    }
}

impl ScopeMeta {
    /// The cursor to pull with: that of the snapshot being filled, else that of the base.
    pub fn active_cursor(&self) -> Option<&str> {
        self.shadow_cursor.as_deref().or(self.cursor.as_deref())
    }
}

/// Everything kept of one scope.
#[derive(Clone, Debug, Default)]
pub struct StoredScope {
    pub meta: ScopeMeta,
    /// Base segments, then the delta in the order of arrival: later rows replace earlier ones.
    pub segments: Vec<Segment>,
    pub delta: Vec<StoredRow>,
    /// Sorted by number.
    pub outbox: Vec<OutboxEntry>,
    pub journal: Vec<JournalEntry>,
    pub attention: Vec<AttentionEntry>,
}

/// The durable store of one user on one installation. Every method is one transaction: after an
/// error nothing of it happened. Reading methods never see half a transaction.
#[allow(async_fn_in_trait)] // single-threaded on both sides: the browser, and the simulation
pub trait LocalStore {
    async fn load(&self, scope: Scope) -> Result<StoredScope, StoreError>;

    /// The same without the base: what a push looks at.
    async fn queue(&self, scope: Scope) -> Result<Queue, StoreError>;

    /// How many commands of a scope are in the outbox.
    async fn waiting(&self, scope: Scope) -> Result<usize, StoreError>;

    /// The answered command with that number, as long as the journal has it.
    async fn answered_entry(
        &self,
        scope: Scope,
        n: u64,
    ) -> Result<Option<JournalEntry>, StoreError>;

    /// Keeps commands with their photos, strictly durable: numbers taken, blobs stored, drafts
    /// removed, all or nothing. Returns the entries in order. A command whose op is kept already (a
    /// second try after a commit whose answer was lost) gets its first entry again, no new number.
    async fn record(
        &self,
        commands: Vec<NewCommand>,
        blobs: Vec<NewBlob>,
    ) -> Result<Vec<OutboxEntry>, StoreError>;

    /// Takes answered commands from the outbox to the journal; a refused or conflicting one is put
    /// into attention as well, an attention entry whose command now came out well is removed.
    ///
    /// Kept only if `ScopeMeta::epoch` is `epoch` or still `sent_under`; it becomes `epoch` then.
    /// Otherwise nothing changes and the answer is `false`: a response that was under way while the
    /// server came back from a backup must not end the life of a command that the backup lacks.
    ///
    /// An answer to another command than the one that has its number here is ignored: the numbers were
    /// given anew (`renew`) while it was under way.
    ///
    /// Per number, when kept: in the outbox → moved; in the journal under another epoch → outcome and
    /// epoch replaced, attention as above but not raised again for what a person has dealt with
    /// unless the kind of outcome changed; otherwise ignored (a doubled response). Entries that the
    /// answers do not name stay as they are: their place in this epoch's log is not known.
    async fn answered(&self, answers: Answers) -> Result<bool, StoreError>;

    /// Makes outcomes of *held* commands final: replaces the outcome of journal entries with the
    /// same op, attention as in `answered`. Unknown ops are ignored.
    async fn settled(&self, scope: Scope, outcomes: Vec<Outcome>, at: Ms)
    -> Result<(), StoreError>;

    /// Keeps a pulled page with its cursor, if `Page::continues` says so of the meta in store;
    /// otherwise nothing changes and the answer is `false`. A first page (`reset`) clears any shadow.
    /// `epoch` becomes the page's. A page of a snapshot moves `shadow_cursor`; any other, and the one
    /// that completes a snapshot, moves `cursor`, `seq`, `backup_seq`, `base_epoch` and `synced_at`
    /// and clears `shadow_cursor`.
    async fn keep_page(&self, page: Page) -> Result<bool, StoreError>;

    /// Rewrites segments and delta into fresh segments when the delta has grown.
    async fn compact(&self, scope: Scope) -> Result<(), StoreError>;

    /// Drops journal entries that carry `epoch`, are final with `seq <= backup_seq`, and whose blobs
    /// are all confirmed (those of a refused command need not be); then every blob that no entry in
    /// outbox, journal or attention of any scope names.
    async fn forget_backed_up(
        &self,
        scope: Scope,
        epoch: Uuid,
        backup_seq: u64,
    ) -> Result<(), StoreError>;

    /// Puts journal entries numbered `from_n` and above back into the outbox, numbers unchanged, and
    /// their blobs back to pending: the server came back from a backup that lacks them. Always safe:
    /// what the server knows it answers with the stored reply.
    async fn replay_journal(&self, scope: Scope, from_n: u64) -> Result<(), StoreError>;

    /// Goes on as a new device: if `meta(key)` is `from` it becomes `to`, and in the same transaction
    /// every command kept here, of whatever scope and whether in outbox, journal or attention, is in
    /// the outbox with a number from 1 on, in the order of the old ones. Its op and its bytes stay, so
    /// that a server that has it already answers it instead of applying it again. Attention stays,
    /// blobs stay as they are, `last_n` is the last number given.
    ///
    /// Otherwise (another tab was faster) nothing changes and the answer is `false`.
    async fn renew(&self, key: &str, from: &str, to: &str) -> Result<bool, StoreError>;

    /// A person has dealt with it.
    async fn dismiss_attention(&self, scope: Scope, op: OpId) -> Result<(), StoreError>;

    async fn blobs(&self) -> Result<Vec<Blob>, StoreError>;
    async fn blob_bytes(&self, sha256: &Sha256Hex) -> Result<Option<Vec<u8>>, StoreError>;
    async fn blob_progress(
        &self,
        sha256: &Sha256Hex,
        sent: u64,
        state: BlobState,
    ) -> Result<(), StoreError>;

    /// Sets aside a blob that the server will never take, or (`None`) sends it again from its
    /// beginning. Never touches the bytes.
    async fn blob_refused(
        &self,
        sha256: &Sha256Hex,
        refused: Option<BlobRefusal>,
    ) -> Result<(), StoreError>;
    /// Whether the bytes still have the hash they are named by; also when there are none.
    async fn blob_is_intact(&self, sha256: &Sha256Hex) -> Result<bool, StoreError>;

    async fn put_draft(&self, key: &str, text: &str) -> Result<(), StoreError>;
    async fn draft(&self, key: &str) -> Result<Option<String>, StoreError>;
    async fn drop_draft(&self, key: &str) -> Result<(), StoreError>;

    async fn put_meta(&self, key: &str, text: &str) -> Result<(), StoreError>;
    async fn meta(&self, key: &str) -> Result<Option<String>, StoreError>;
}
