//! What every local store must do, as cases that run against any implementation: natively on the one
//! in memory, in a browser on IndexedDB.
//!
//! A case gets a fresh, empty store. `reopen` gives a second handle to the same data, as another tab
//! or the next start of the app has.

use uuid::Uuid;

use super::store::{
    Answers, BlobState, LocalStore, NewBlob, NewCommand, OutboxEntry, Page, ScopeMeta, StoreError,
    StoredRow,
};
use crate::id::{OpId, ProjectId};
use crate::modules::RecordKind;
use crate::modules::attachments::Sha256Hex;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::batch::sha256_hex;
use crate::sync::outcome::{Outcome, OutcomeKind};
use crate::sync::record::Scope;
use crate::time::Ms;

/// Makes stores for the cases.
#[allow(async_fn_in_trait)] // single-threaded on both sides: the browser, and the tests
pub trait Maker {
    type Store: LocalStore;
    /// A store with nothing in it, under a name not used before in this run.
    async fn fresh(&self, name: &str) -> Result<Self::Store, StoreError>;
    /// Another handle to the data of that name.
    async fn reopen(&self, name: &str) -> Result<Self::Store, StoreError>;
}

/// How one case came out.
#[derive(Clone, Debug)]
pub struct CaseResult {
    pub name: &'static str,
    pub error: Option<String>,
}

type Checked = Result<(), String>;

fn why(error: StoreError) -> String {
    error.to_string()
}

fn ensure(holds: bool, what: &str) -> Checked {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn ensure_eq<V: PartialEq + std::fmt::Debug>(what: &str, got: V, expected: V) -> Checked {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?} instead of {expected:?}")) }
}

fn here() -> Scope {
    Scope::Project(ProjectId::derived(&["contract"]))
}

fn epoch(name: &str) -> Uuid {
    crate::id::derived(&["contract epoch", name])
}

fn op(name: &str) -> OpId {
    OpId::derived(&["contract", name])
}

fn photo(name: &str) -> NewBlob {
    let bytes = name.repeat(100).into_bytes();
    NewBlob { sha256: Sha256Hex(sha256_hex(&bytes)), mime: "image/jpeg".into(), bytes }
}

fn command(name: &str) -> NewCommand {
    NewCommand {
        scope: here(),
        op: op(name),
        kind: "visits.record".into(),
        payload: format!(r#"{{"b":1, "name":"{name}", "a":[2.50]}}"#),
        at_device: Ms(1_795_278_600_000),
        offset: Some(-12),
        blobs: Vec::new(),
        draft: None,
    }
}

fn outcome(name: &str, n: u64, seq: u64, kind: OutcomeKind) -> Outcome {
    let reason = kind.needs_attention().then(|| Refusal::new(CommonCode::NotAllowed));
    Outcome { op: op(name), n, outcome: kind, seq, reason }
}

fn answers(sent_under: Option<&str>, in_epoch: &str, outcomes: Vec<Outcome>) -> Answers {
    Answers {
        scope: here(),
        sent_under: sent_under.map(epoch),
        epoch: epoch(in_epoch),
        outcomes,
        at: Ms(1_795_278_700_000),
    }
}

fn row(id: u128, seq: u64, body: Option<&str>) -> StoredRow {
    let body = body.map(str::to_owned);
    StoredRow { kind: RecordKind::Visit, id: Uuid::from_u128(id), seq, body }
}

fn page(after: Option<&str>, cursor: &str, rows: Vec<StoredRow>) -> Page {
    Page {
        scope: here(),
        after: after.map(str::to_owned),
        epoch: epoch("1"),
        cursor: cursor.into(),
        reset: false,
        snapshot: false,
        completes: false,
        seq: rows.iter().map(|row| row.seq).max().unwrap_or(0),
        backup_seq: 0,
        at: Ms(1_795_278_800_000),
        rows,
    }
}

fn snapshot(after: Option<&str>, cursor: &str, reset: bool, rows: Vec<StoredRow>) -> Page {
    Page { reset, snapshot: true, ..page(after, cursor, rows) }
}

/// The base as it reads: later rows replace earlier ones.
async fn base(store: &impl LocalStore) -> Result<Vec<(u128, String)>, String> {
    let stored = store.load(here()).await.map_err(why)?;
    let mut rows = std::collections::BTreeMap::new();
    for row in stored.segments.into_iter().flat_map(|segment| segment.0).chain(stored.delta) {
        match row.body {
            Some(body) => rows.insert(row.id.as_u128(), body),
            None => rows.remove(&row.id.as_u128()),
        };
    }
    Ok(rows.into_iter().collect())
}

fn shown(rows: &[(u128, &str)]) -> Vec<(u128, String)> {
    rows.iter().map(|(id, body)| (*id, (*body).to_owned())).collect()
}

async fn meta(store: &impl LocalStore) -> Result<ScopeMeta, String> {
    Ok(store.queue(here()).await.map_err(why)?.meta)
}

/// Records commands by name, one transaction each.
async fn record(store: &impl LocalStore, names: &[&str]) -> Result<Vec<OutboxEntry>, String> {
    let mut entries = Vec::new();
    for name in names {
        entries.extend(store.record(vec![command(name)], Vec::new()).await.map_err(why)?);
    }
    Ok(entries)
}

/// Numbers in outbox, journal and attention.
async fn places(store: &impl LocalStore) -> Result<[Vec<u64>; 3], String> {
    let queue = store.queue(here()).await.map_err(why)?;
    Ok([
        queue.outbox.iter().map(|entry| entry.n).collect(),
        queue.journal.iter().map(|entry| entry.entry.n).collect(),
        queue.attention.iter().map(|entry| entry.entry.n).collect(),
    ])
}

async fn numbers_are_contiguous<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let other = make.reopen(name).await.map_err(why)?;
    record(&store, &["a"]).await?;
    record(&other, &["b"]).await?;
    let two = store.record(vec![command("c"), command("d")], vec![]).await.map_err(why)?;
    ensure_eq("numbers of one transaction", two.iter().map(|e| e.n).collect(), vec![3, 4])?;
    let elsewhere = NewCommand { scope: Scope::Company, ..command("e") };
    let first = store.record(vec![elsewhere], vec![]).await.map_err(why)?;
    ensure_eq("the first number of another scope", first[0].n, 1)?;
    ensure_eq("the outbox", places(&other).await?[0].clone(), vec![1, 2, 3, 4])
}

async fn entry_is_kept_byte_for_byte<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let given = command("a");
    let entries = record(&store, &["a"]).await?;
    let again = make.reopen(name).await.map_err(why)?;
    let kept = again.queue(here()).await.map_err(why)?.outbox;
    ensure_eq("what another handle reads", kept.clone(), entries)?;
    ensure_eq("the payload", kept[0].payload.as_str(), given.payload.as_str())?;
    ensure_eq("time and offset", (kept[0].at_device, kept[0].offset), (given.at_device, given.offset))
}

async fn second_try_gets_first_number<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let first = record(&store, &["a", "b"]).await?;
    let again = record(&store, &["a"]).await?;
    ensure_eq("the entry of a second try", &again[0], &first[0])?;
    store
        .answered(answers(None, "1", vec![outcome("a", 1, 5, OutcomeKind::Applied)]))
        .await
        .map_err(why)?;
    let again = record(&store, &["a"]).await?;
    ensure_eq("the entry of a try after its answer", &again[0], &first[0])?;
    ensure_eq("the outbox", places(&store).await?[0].clone(), vec![2])
}

async fn photo_and_draft_go_with_command<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    store.put_draft("visit", "half").await.map_err(why)?;
    let blob = photo("p");
    let with = NewCommand {
        blobs: vec![blob.sha256.clone()],
        draft: Some("visit".into()),
        ..command("a")
    };
    store.record(vec![with], vec![blob.clone()]).await.map_err(why)?;
    let again = make.reopen(name).await.map_err(why)?;
    ensure_eq("the draft", again.draft("visit").await.map_err(why)?, None)?;
    let kept = again.blobs().await.map_err(why)?;
    ensure(kept.len() == 1, "one photo is kept")?;
    ensure_eq("its command", (kept[0].scope, kept[0].n), (here(), 1))?;
    ensure_eq("its size", kept[0].size, blob.bytes.len() as u64)?;
    ensure_eq("its state", (kept[0].state, kept[0].sent), (BlobState::Pending, 0))?;
    let bytes = again.blob_bytes(&blob.sha256).await.map_err(why)?;
    ensure(bytes.as_deref() == Some(&blob.bytes[..]), "its bytes are as they were")
}

async fn answers_move_to_journal_and_attention<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    record(&store, &["a", "b", "c", "d"]).await?;
    let told = vec![
        outcome("a", 1, 10, OutcomeKind::Applied),
        outcome("b", 2, 11, OutcomeKind::Refused),
        outcome("c", 3, 12, OutcomeKind::Conflict),
    ];
    let kept = store.answered(answers(None, "1", told.clone())).await.map_err(why)?;
    ensure(kept, "the first answers are kept")?;
    let again = make.reopen(name).await.map_err(why)?;
    ensure_eq("places", places(&again).await?, [vec![4], vec![1, 2, 3], vec![2, 3]])?;
    let doubled = store.answered(answers(None, "1", told)).await.map_err(why)?;
    ensure(doubled, "a doubled response of the same epoch is no error")?;
    ensure_eq("places after it", places(&store).await?, [vec![4], vec![1, 2, 3], vec![2, 3]])?;
    store.dismiss_attention(here(), op("b")).await.map_err(why)?;
    ensure_eq("attention", places(&store).await?[2].clone(), vec![3])
}

async fn stale_answers_are_not_kept<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    record(&store, &["a", "b"]).await?;
    let first = vec![outcome("a", 1, 10, OutcomeKind::Applied)];
    store.answered(answers(None, "1", first)).await.map_err(why)?;
    let reset = Page { epoch: epoch("2"), completes: true, ..snapshot(None, "c", true, vec![]) };
    ensure(store.keep_page(reset).await.map_err(why)?, "the page of the new epoch is kept")?;
    let late = vec![outcome("b", 2, 11, OutcomeKind::Applied)];
    let kept = store.answered(answers(Some("1"), "1", late)).await.map_err(why)?;
    ensure(!kept, "an answer of the epoch before the restore is not kept")?;
    ensure_eq("places", places(&store).await?, [vec![2], vec![1], vec![]])?;
    let newer = vec![outcome("b", 2, 9, OutcomeKind::Applied)];
    let kept = store.answered(answers(Some("2"), "3", newer)).await.map_err(why)?;
    ensure(kept, "an answer of a still newer epoch is kept when nothing came between")?;
    let queue = store.queue(here()).await.map_err(why)?;
    ensure_eq("the epoch", queue.meta.epoch, Some(epoch("3")))?;
    let epochs: Vec<Uuid> = queue.journal.iter().map(|entry| entry.epoch).collect();
    ensure_eq("the epochs of the journal", epochs, vec![epoch("3"), epoch("3")])
}

async fn replay_puts_back_with_numbers<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let blob = photo("p");
    let with = NewCommand { blobs: vec![blob.sha256.clone()], ..command("b") };
    let a = record(&store, &["a"]).await?;
    let b = store.record(vec![with], vec![blob.clone()]).await.map_err(why)?;
    record(&store, &["c"]).await?;
    let told = vec![
        outcome("a", 1, 10, OutcomeKind::Applied),
        outcome("b", 2, 11, OutcomeKind::Conflict),
    ];
    store.answered(answers(None, "1", told)).await.map_err(why)?;
    store.blob_progress(&blob.sha256, 300, BlobState::Confirmed).await.map_err(why)?;
    store.replay_journal(here(), 2).await.map_err(why)?;
    let queue = store.queue(here()).await.map_err(why)?;
    ensure_eq("the outbox", queue.outbox.iter().map(|e| e.n).collect(), vec![2, 3])?;
    ensure_eq("the entry put back", &queue.outbox[0], &b[0])?;
    ensure_eq("the journal", queue.journal.iter().map(|e| &e.entry).collect(), vec![&a[0]])?;
    ensure_eq("attention", queue.attention.len(), 1)?;
    let blobs = store.blobs().await.map_err(why)?;
    ensure_eq("the photo", (blobs[0].state, blobs[0].sent), (BlobState::Pending, 0))?;
    let well = vec![outcome("b", 2, 8, OutcomeKind::Applied)];
    store.answered(answers(Some("1"), "1", well)).await.map_err(why)?;
    ensure_eq("places when it then comes out well", places(&store).await?, [vec![3], vec![1, 2], vec![]])
}

async fn only_backed_up_is_forgotten<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let (one, two) = (photo("one"), photo("two"));
    let with = |name: &str, blob: &NewBlob| NewCommand {
        blobs: vec![blob.sha256.clone()],
        ..command(name)
    };
    store.record(vec![with("a", &one)], vec![one.clone()]).await.map_err(why)?;
    store.record(vec![with("b", &two)], vec![two.clone()]).await.map_err(why)?;
    record(&store, &["c", "d", "e"]).await?;
    let told = vec![
        outcome("a", 1, 10, OutcomeKind::Applied),
        outcome("b", 2, 11, OutcomeKind::Applied),
        outcome("c", 3, 12, OutcomeKind::Held),
        outcome("d", 4, 13, OutcomeKind::Applied),
    ];
    store.answered(answers(None, "1", told)).await.map_err(why)?;
    store.blob_progress(&one.sha256, 300, BlobState::Confirmed).await.map_err(why)?;
    store.forget_backed_up(here(), epoch("other"), 100).await.map_err(why)?;
    ensure_eq("under another epoch", places(&store).await?[1].clone(), vec![1, 2, 3, 4])?;
    store.forget_backed_up(here(), epoch("1"), 12).await.map_err(why)?;
    // 2: its photo is not there yet. 3: held. 4: not backed up.
    ensure_eq("the journal", places(&store).await?[1].clone(), vec![2, 3, 4])?;
    let left = store.blobs().await.map_err(why)?;
    ensure_eq("photos left", left.iter().map(|b| &b.sha256).collect(), vec![&two.sha256])?;
    ensure_eq("bytes of the other", store.blob_bytes(&one.sha256).await.map_err(why)?, None)
}

async fn settled_becomes_final<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    record(&store, &["a"]).await?;
    let held = vec![outcome("a", 1, 10, OutcomeKind::Held)];
    store.answered(answers(None, "1", held)).await.map_err(why)?;
    let last = outcome("a", 1, 20, OutcomeKind::Refused);
    let told = vec![last.clone(), outcome("stranger", 1, 21, OutcomeKind::Applied)];
    store.settled(here(), told, Ms(5)).await.map_err(why)?;
    let queue = store.queue(here()).await.map_err(why)?;
    ensure_eq("the outcome", &queue.journal[0].outcome, &last)?;
    ensure_eq("attention", queue.attention.len(), 1)
}

async fn pages_in_order_only<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let first = Page {
        completes: true,
        ..snapshot(None, "c1", true, vec![row(1, 1, Some("one")), row(2, 2, Some("two"))])
    };
    ensure(store.keep_page(first.clone()).await.map_err(why)?, "a whole snapshot is kept")?;
    let next = page(Some("c1"), "c2", vec![row(1, 3, None), row(3, 4, Some("three"))]);
    ensure(store.keep_page(next.clone()).await.map_err(why)?, "the next page is kept")?;
    ensure(!store.keep_page(next).await.map_err(why)?, "the same page again is not")?;
    ensure(!store.keep_page(first).await.map_err(why)?, "nor is an overtaken first page")?;
    let again = make.reopen(name).await.map_err(why)?;
    ensure_eq("the base", base(&again).await?, shown(&[(2, "two"), (3, "three")]))?;
    let meta = meta(&again).await?;
    ensure_eq("cursor and place", (meta.cursor.as_deref(), meta.seq), (Some("c2"), 4))?;
    ensure_eq("the epoch of the base", meta.base_epoch, Some(epoch("1")))
}

async fn snapshot_fills_the_shadow<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let old = Page { completes: true, ..snapshot(None, "old", true, vec![row(1, 1, Some("old"))]) };
    store.keep_page(old).await.map_err(why)?;
    let begun = snapshot(Some("old"), "s1", true, vec![row(2, 5, Some("two"))]);
    ensure(store.keep_page(begun).await.map_err(why)?, "the first page is kept")?;
    ensure_eq("the base meanwhile", base(&store).await?, shown(&[(1, "old")]))?;
    let half = meta(&store).await?;
    ensure_eq("cursors", (half.cursor.as_deref(), half.active_cursor()), (Some("old"), Some("s1")))?;
    let anew = snapshot(Some("s1"), "t1", true, vec![row(3, 6, Some("three"))]);
    ensure(store.keep_page(anew).await.map_err(why)?, "a snapshot may begin anew")?;
    let rest = vec![row(4, 7, Some("four")), row(3, 8, None)];
    let last = Page { completes: true, ..snapshot(Some("t1"), "t2", false, rest) };
    ensure(store.keep_page(last.clone()).await.map_err(why)?, "the last page is kept")?;
    ensure_eq("the base", base(&store).await?, shown(&[(4, "four")]))?;
    let whole = meta(&store).await?;
    ensure_eq("cursors", (whole.cursor.as_deref(), whole.shadow_cursor), (Some("t2"), None))
}

async fn doubled_last_page_does_not_empty_the_base<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let begun = snapshot(None, "same", true, vec![row(1, 1, Some("one"))]);
    store.keep_page(begun).await.map_err(why)?;
    // Nothing happened meanwhile: the cursor behind the snapshot is the one at its end.
    let last = Page { completes: true, ..snapshot(Some("same"), "same", false, vec![]) };
    ensure(store.keep_page(last.clone()).await.map_err(why)?, "the last page is kept")?;
    ensure(!store.keep_page(last).await.map_err(why)?, "its double is not")?;
    ensure_eq("the base", base(&store).await?, shown(&[(1, "one")]))
}

async fn compaction_changes_nothing_one_sees<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let first = Page { completes: true, ..snapshot(None, "c0", true, vec![]) };
    store.keep_page(first).await.map_err(why)?;
    for step in 0..30_u64 {
        let rows = (0..50).map(|i| {
            let id = u128::from(step * 7 % 11 * 50 + i);
            let body = format!("{step}:{i}");
            row(id, step + 1, (i % 9 != 0).then_some(body.as_str()))
        });
        let (after, cursor) = (format!("c{step}"), format!("c{}", step + 1));
        let next = page(Some(&after), &cursor, rows.collect());
        ensure(store.keep_page(next).await.map_err(why)?, "a page is kept")?;
        let before = base(&store).await?;
        store.compact(here()).await.map_err(why)?;
        ensure_eq("the base", base(&store).await?, before)?;
    }
    record(&store, &["a"]).await?;
    store.compact(here()).await.map_err(why)?;
    ensure_eq("the outbox", places(&store).await?[0].clone(), vec![1])
}

async fn small_things_are_kept<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    ensure_eq("an unknown key", store.meta("owner").await.map_err(why)?, None)?;
    store.put_meta("owner", "林晓").await.map_err(why)?;
    store.put_draft("x", "1").await.map_err(why)?;
    store.put_draft("x", "2").await.map_err(why)?;
    let again = make.reopen(name).await.map_err(why)?;
    ensure_eq("meta", again.meta("owner").await.map_err(why)?.as_deref(), Some("林晓"))?;
    ensure_eq("the draft", again.draft("x").await.map_err(why)?.as_deref(), Some("2"))?;
    again.drop_draft("x").await.map_err(why)?;
    ensure_eq("the dropped draft", store.draft("x").await.map_err(why)?, None)?;
    let empty = store.load(here()).await.map_err(why)?;
    ensure(empty.segments.is_empty() && empty.meta.cursor.is_none(), "an unknown scope is empty")
}

/// Runs every case, each on a store of its own.
pub async fn run_all<M: Maker>(make: &M) -> Vec<CaseResult> {
    let mut results = Vec::new();
    macro_rules! cases {
        ($($case:ident = $name:literal),+ $(,)?) => {$(
            let error = $case(make, stringify!($case)).await.err();
            results.push(CaseResult { name: $name, error });
        )+};
    }
    cases! {
        numbers_are_contiguous = "numbers are contiguous over tabs and transactions, per scope",
        entry_is_kept_byte_for_byte = "an entry is kept byte for byte",
        second_try_gets_first_number = "a second try at the same command gets its first number",
        photo_and_draft_go_with_command = "photos come and the draft goes with the command",
        answers_move_to_journal_and_attention = "answered commands go to journal and attention, once",
        stale_answers_are_not_kept = "answers from before a restore are not kept",
        replay_puts_back_with_numbers = "a replayed journal is the old outbox with its photos",
        only_backed_up_is_forgotten = "only what is backed up with its photos is forgotten",
        settled_becomes_final = "a held command becomes final",
        pages_in_order_only = "a page that does not continue is not kept",
        snapshot_fills_the_shadow = "a snapshot fills the shadow and is swapped in whole",
        doubled_last_page_does_not_empty_the_base = "the last page of a snapshot twice does not empty the base",
        compaction_changes_nothing_one_sees = "compaction changes nothing one sees",
        small_things_are_kept = "meta and drafts are kept",
    }
    results
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::pin::pin;
    use std::rc::Rc;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::sync::client::memory::{Disk, MemoryStore, NoFaults};

    #[derive(Default)]
    struct InMemory(RefCell<BTreeMap<String, Rc<RefCell<Disk>>>>);

    impl Maker for InMemory {
        type Store = MemoryStore;
        async fn fresh(&self, name: &str) -> Result<MemoryStore, StoreError> {
            self.0.borrow_mut().remove(name);
            self.reopen(name).await
        }
        async fn reopen(&self, name: &str) -> Result<MemoryStore, StoreError> {
            let disk = Rc::clone(self.0.borrow_mut().entry(name.to_owned()).or_default());
            Ok(MemoryStore::new(disk, Rc::new(NoFaults)))
        }
    }

    #[test]
    fn the_store_in_memory_keeps_the_contract() {
        let make = InMemory::default();
        let mut run = pin!(run_all(&make));
        let mut context = Context::from_waker(Waker::noop());
        let results = loop {
            if let Poll::Ready(results) = run.as_mut().poll(&mut context) {
                break results;
            }
        };
        let failed: Vec<_> = results.iter().filter(|case| case.error.is_some()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
        assert!(results.len() >= 14);
    }
}
