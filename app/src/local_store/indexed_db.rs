//! The connection, and the operations on rows, drafts and blobs. Those on commands are in `queue`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use domain::id::UserId;
use domain::modules::attachments::Sha256Hex;
use domain::sync::client::{
    Answers, Blob, BlobState, LocalStore, NewBlob, NewCommand, OutboxEntry, Page, Queue, Segment,
    StoreError, StoredRow, StoredScope,
};
use domain::sync::outcome::Outcome;
use domain::sync::record::{RecordKey, Scope};
use domain::{Ms, id::OpId};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbDatabase, IdbFactory, IdbVersionChangeEvent};

use super::encoding;
use super::idb::{self, Mode, Tx};
use super::queue;
use super::schema::{self, ScopeRow};
use crate::device::page;

/// Longest wait for a transaction; behind it the connection counts as lost (iOS leaves some open).
const DEADLINE: i32 = 20_000;
/// Rows in a block of the base: large enough to be few, small enough to be written anew.
const BLOCK: usize = 500;
/// A delta is folded into the base at this many rows, or at a quarter of the base if that is more.
const DELTA_ROWS: u32 = 400;
/// As many pages cost more to read than the rows in them.
const DELTA_BLOCKS: u32 = 60;

/// The store of one user on this installation.
#[derive(Clone)]
pub struct IndexedDb {
    name: Rc<str>,
    /// Absent while not opened, and after it was lost; the next use opens it again.
    connection: Rc<RefCell<Option<IdbDatabase>>>,
}

impl IndexedDb {
    /// The store of a user. Each has a database of their own.
    pub fn of_user(user: UserId) -> Self {
        Self::named(&format!("guanjia-{user}"))
    }

    pub fn named(name: &str) -> Self {
        Self { name: name.into(), connection: Rc::default() }
    }

    /// Removes a database with everything in it.
    pub async fn remove(self) -> Result<(), StoreError> {
        if let Some(db) = self.connection.borrow_mut().take() {
            db.close();
        }
        let request = factory()?
            .delete_database(&self.name)
            .map_err(|error| idb::store_error(&error))?;
        idb::done(&request).await.map(|_| ())
    }

    async fn connect(&self) -> Result<IdbDatabase, StoreError> {
        if let Some(db) = self.connection.borrow().clone() {
            return Ok(db);
        }
        let opened = page::within(DEADLINE, self.open()).await;
        let db = opened.unwrap_or_else(|| Err(StoreError::Lost("opening took too long".into())))?;
        *self.connection.borrow_mut() = Some(db.clone());
        Ok(db)
    }

    async fn open(&self) -> Result<IdbDatabase, StoreError> {
        let request = factory()?
            .open_with_u32(&self.name, schema::VERSION)
            .map_err(|error| idb::store_error(&error))?;
        let opening = request.clone();
        let upgrade = Closure::once(move |event: IdbVersionChangeEvent| {
            // Versions are small whole numbers.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let old = event.old_version() as u32;
            let db = opening.result().map(JsCast::unchecked_into::<IdbDatabase>);
            // Throwing out of the handler aborts the upgrade, and opening fails with the reason.
            db.and_then(|db| schema::upgrade(&db, old))
        });
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let db: IdbDatabase = idb::done(&request).await?.unchecked_into();
        drop(upgrade);
        self.watch(&db);
        Ok(db)
    }

    /// Lets go of a connection that the browser closed, or that a newer version waits for.
    fn watch(&self, db: &IdbDatabase) {
        let slot = Rc::downgrade(&self.connection);
        let watched = db.clone();
        let gone = Closure::<dyn Fn()>::new(move || {
            watched.close();
            if let Some(slot) = slot.upgrade() {
                slot.borrow_mut().take();
            }
        });
        db.set_onclose(Some(gone.as_ref().unchecked_ref()));
        db.set_onversionchange(Some(gone.as_ref().unchecked_ref()));
        // As long as the connection, of which a page has one or two.
        gone.forget();
    }

    fn forget_connection(&self) {
        if let Some(db) = self.connection.borrow_mut().take() {
            db.close();
        }
    }

    async fn begin(&self, stores: &[&str], mode: Mode) -> Result<Tx, StoreError> {
        let db = self.connect().await?;
        match Tx::begin(&db, stores, mode) {
            Err(StoreError::Lost(_)) => {
                // Nothing was asked of it yet, so trying again on a new connection is safe.
                self.forget_connection();
                let db = self.connect().await?;
                Tx::begin(&db, stores, mode)
            }
            other => other,
        }
    }

    /// Runs `work` as one transaction: complete, or nothing of it.
    pub(super) async fn transact<T>(
        &self,
        stores: &[&str],
        mode: Mode,
        work: impl AsyncFnOnce(&Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let tx = self.begin(stores, mode).await?;
        let run = async {
            match work(&tx).await {
                Ok(value) => tx.commit().await.map(|()| value),
                Err(error) => {
                    tx.abort().await;
                    Err(error)
                }
            }
        };
        let result = page::within(DEADLINE, run).await;
        let result = result.unwrap_or_else(|| Err(StoreError::Lost("no answer".into())));
        if matches!(result, Err(StoreError::Lost(_))) {
            self.forget_connection();
        }
        result
    }

    async fn get_text(&self, store: &str, key: &str) -> Result<Option<String>, StoreError> {
        let key = JsValue::from_str(key);
        self.transact(&[store], Mode::Read, async |tx| {
            Ok(tx.get(store, &key).await?.as_string())
        })
        .await
    }

    async fn put_text(&self, store: &str, key: &str, text: &str) -> Result<(), StoreError> {
        let (key, text) = (JsValue::from_str(key), JsValue::from_str(text));
        self.transact(&[store], Mode::Write, async |tx| tx.put(store, &key, &text)).await
    }

    /// Every draft, so that a form is there at once when it opens.
    pub async fn drafts(&self) -> Result<BTreeMap<String, String>, StoreError> {
        self.transact(&[schema::DRAFTS], Mode::Read, async |tx| {
            let keys = tx.get_all_keys(schema::DRAFTS, &JsValue::UNDEFINED).await?;
            let texts = tx.get_all(schema::DRAFTS, &JsValue::UNDEFINED).await?;
            let pairs = keys.iter().zip(texts.iter());
            Ok(pairs.filter_map(|(k, t)| Some((k.as_string()?, t.as_string()?))).collect())
        })
        .await
    }
}

fn factory() -> Result<IdbFactory, StoreError> {
    match page::window().indexed_db() {
        Ok(Some(factory)) => Ok(factory),
        Ok(None) => Err(StoreError::Failed("this browser stores nothing".into())),
        Err(error) => Err(idb::store_error(&error)),
    }
}

pub(super) async fn scope_row(tx: &Tx, scope: Scope) -> Result<ScopeRow, StoreError> {
    Ok(tx.read(schema::META, &idb::scope_key(scope)).await?.unwrap_or_default())
}

pub(super) fn put_scope_row(tx: &Tx, scope: Scope, row: &ScopeRow) -> Result<(), StoreError> {
    tx.write(schema::META, &idb::scope_key(scope), row)
}

async fn blocks(tx: &Tx, store: &str, range: &JsValue) -> Result<Vec<Segment>, StoreError> {
    let stored = tx.get_all(store, range).await?;
    let decoded = stored.iter().map(|block| {
        let rows = idb::bytes(&block).and_then(|bytes| encoding::decode(&bytes));
        rows.map(Segment).ok_or_else(|| StoreError::Failed("unreadable block of rows".into()))
    });
    decoded.collect()
}

fn count(rows: &[StoredRow]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

/// Keeps a pulled page; see `LocalStore::keep_page`.
async fn keep_page(tx: &Tx, page: &Page) -> Result<bool, StoreError> {
    let scope = page.scope;
    let mut row = scope_row(tx, scope).await?;
    if !page.continues(&row.meta) {
        return Ok(false);
    }
    if page.reset {
        let shadow = idb::generation_range(scope, row.shadow_generation())?;
        tx.delete(schema::BASE, &shadow)?;
        row.shadow = 0;
        row.shadow_rows = 0;
        row.meta.shadow_cursor = None;
    }
    row.meta.epoch = Some(page.epoch);
    if !page.rows.is_empty() {
        let block = idb::js_bytes(&encoding::encode(&page.rows));
        if page.snapshot {
            let key = idb::block_key(scope, row.shadow_generation(), row.shadow);
            tx.put(schema::BASE, &key, &block)?;
            row.shadow += 1;
            row.shadow_rows += count(&page.rows);
        } else {
            tx.put(schema::DELTA, &idb::block_key(scope, row.generation, row.delta), &block)?;
            row.delta += 1;
            row.delta_rows += count(&page.rows);
        }
    }
    if page.snapshot && !page.completes {
        row.meta.shadow_cursor = Some(page.cursor.clone());
        return put_scope_row(tx, scope, &row).map(|()| true);
    }
    if page.completes {
        tx.delete(schema::BASE, &idb::generation_range(scope, row.generation)?)?;
        tx.delete(schema::DELTA, &idb::generation_range(scope, row.generation)?)?;
        row.generation = row.shadow_generation();
        row.base_rows = row.shadow_rows;
        (row.delta, row.delta_rows, row.shadow, row.shadow_rows) = (0, 0, 0, 0);
    }
    row.meta.shadow_cursor = None;
    row.meta.cursor = Some(page.cursor.clone());
    row.meta.base_epoch = Some(page.epoch);
    row.meta.seq = page.seq;
    row.meta.backup_seq = page.backup_seq;
    row.meta.synced_at = Some(page.at);
    put_scope_row(tx, scope, &row).map(|()| true)
}

/// Folds the delta into fresh blocks under the next generation. Not while a snapshot is being
/// filled there: that one replaces everything anyway.
async fn compact(tx: &Tx, scope: Scope) -> Result<(), StoreError> {
    let mut row = scope_row(tx, scope).await?;
    let grown = row.delta_rows >= DELTA_ROWS.max(row.base_rows / 4) || row.delta >= DELTA_BLOCKS;
    if !grown || row.shadow > 0 || row.meta.shadow_cursor.is_some() {
        return Ok(());
    }
    let old = idb::generation_range(scope, row.generation)?;
    let mut merged: BTreeMap<RecordKey, StoredRow> = BTreeMap::new();
    let base = blocks(tx, schema::BASE, &old).await?;
    let delta = blocks(tx, schema::DELTA, &old).await?;
    for stored in base.into_iter().chain(delta).flat_map(|segment| segment.0) {
        let key = RecordKey { kind: stored.kind, id: stored.id };
        if stored.body.is_some() {
            merged.insert(key, stored);
        } else {
            merged.remove(&key);
        }
    }
    let rows: Vec<StoredRow> = merged.into_values().collect();
    let generation = row.shadow_generation();
    for (index, block) in (0u32..).zip(rows.chunks(BLOCK)) {
        let key = idb::block_key(scope, generation, index);
        tx.put(schema::BASE, &key, &idb::js_bytes(&encoding::encode(block)))?;
    }
    tx.delete(schema::BASE, &old)?;
    tx.delete(schema::DELTA, &old)?;
    row.generation = generation;
    row.base_rows = count(&rows);
    (row.delta, row.delta_rows) = (0, 0);
    put_scope_row(tx, scope, &row)
}

impl LocalStore for IndexedDb {
    async fn load(&self, scope: Scope) -> Result<StoredScope, StoreError> {
        use schema::{ATTENTION, BASE, DELTA, JOURNAL, META, OUTBOX};
        let stores = [META, BASE, DELTA, OUTBOX, JOURNAL, ATTENTION];
        self.transact(&stores, Mode::Read, async |tx| {
            let row = scope_row(tx, scope).await?;
            let range = idb::generation_range(scope, row.generation)?;
            let segments = blocks(tx, BASE, &range).await?;
            let delta = blocks(tx, DELTA, &range).await?.into_iter().flat_map(|s| s.0).collect();
            let Queue { meta, outbox, journal, attention } = queue::read(tx, scope, row).await?;
            Ok(StoredScope { meta, segments, delta, outbox, journal, attention })
        })
        .await
    }

    async fn queue(&self, scope: Scope) -> Result<Queue, StoreError> {
        self.transact(&queue::STORES, Mode::Read, async |tx| {
            let row = scope_row(tx, scope).await?;
            queue::read(tx, scope, row).await
        })
        .await
    }

    async fn record(
        &self,
        commands: Vec<NewCommand>,
        blobs: Vec<NewBlob>,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let record = async |commands, blobs| {
            self.transact(&queue::RECORD_STORES, Mode::Durable, async |tx| {
                queue::record(tx, commands, blobs).await
            })
            .await
        };
        match record(commands.clone(), blobs.clone()).await {
            // Whether it was stored is not known; asking again for the same ids stores it once.
            Err(StoreError::Lost(_)) => record(commands, blobs).await,
            other => other,
        }
    }

    async fn answered(&self, answers: Answers) -> Result<bool, StoreError> {
        self.transact(&queue::STORES, Mode::Durable, async |tx| queue::answered(tx, answers).await)
            .await
    }

    async fn settled(&self, scope: Scope, outcomes: Vec<Outcome>, at: Ms) -> Result<(), StoreError> {
        self.transact(&queue::STORES, Mode::Durable, async |tx| {
            queue::settled(tx, scope, outcomes, at).await
        })
        .await
    }

    async fn keep_page(&self, page: Page) -> Result<bool, StoreError> {
        // What is pulled can be pulled again: not worth waiting for the disk.
        let stores = [schema::META, schema::BASE, schema::DELTA];
        self.transact(&stores, Mode::Write, async |tx| keep_page(tx, &page).await).await
    }

    async fn compact(&self, scope: Scope) -> Result<(), StoreError> {
        let stores = [schema::META, schema::BASE, schema::DELTA];
        self.transact(&stores, Mode::Write, async |tx| compact(tx, scope).await).await
    }

    async fn forget_backed_up(
        &self,
        scope: Scope,
        epoch: uuid::Uuid,
        backup_seq: u64,
    ) -> Result<(), StoreError> {
        self.transact(&queue::ALL_STORES, Mode::Write, async |tx| {
            queue::forget_backed_up(tx, scope, epoch, backup_seq).await
        })
        .await
    }

    async fn replay_journal(&self, scope: Scope, from_n: u64) -> Result<(), StoreError> {
        self.transact(&queue::ALL_STORES, Mode::Durable, async |tx| {
            queue::replay_journal(tx, scope, from_n).await
        })
        .await
    }

    async fn dismiss_attention(&self, scope: Scope, op: OpId) -> Result<(), StoreError> {
        self.transact(&[schema::ATTENTION], Mode::Durable, async |tx| {
            queue::dismiss(tx, scope, op).await
        })
        .await
    }

    async fn blobs(&self) -> Result<Vec<Blob>, StoreError> {
        self.transact(&[schema::BLOB_META], Mode::Read, async |tx| {
            tx.read_all(schema::BLOB_META, &JsValue::UNDEFINED).await
        })
        .await
    }

    async fn blob_bytes(&self, sha256: &Sha256Hex) -> Result<Option<Vec<u8>>, StoreError> {
        let key = JsValue::from_str(&sha256.0);
        self.transact(&[schema::BLOBS], Mode::Read, async |tx| {
            Ok(idb::bytes(&tx.get(schema::BLOBS, &key).await?))
        })
        .await
    }

    async fn blob_progress(
        &self,
        sha256: &Sha256Hex,
        sent: u64,
        state: BlobState,
    ) -> Result<(), StoreError> {
        let key = JsValue::from_str(&sha256.0);
        self.transact(&[schema::BLOB_META], Mode::Write, async |tx| {
            match tx.read::<Blob>(schema::BLOB_META, &key).await? {
                Some(blob) => {
                    tx.write(schema::BLOB_META, &key, &Blob { sent, state, ..blob })
                }
                None => Ok(()),
            }
        })
        .await
    }

    async fn put_draft(&self, key: &str, text: &str) -> Result<(), StoreError> {
        self.put_text(schema::DRAFTS, key, text).await
    }

    async fn draft(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.get_text(schema::DRAFTS, key).await
    }

    async fn drop_draft(&self, key: &str) -> Result<(), StoreError> {
        let key = JsValue::from_str(key);
        self.transact(&[schema::DRAFTS], Mode::Write, async |tx| tx.delete(schema::DRAFTS, &key))
            .await
    }

    async fn put_meta(&self, key: &str, text: &str) -> Result<(), StoreError> {
        self.put_text(schema::META, &format!("m/{key}"), text).await
    }

    async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.get_text(schema::META, &format!("m/{key}")).await
    }
}
