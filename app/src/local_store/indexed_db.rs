//! The connection, and the operations on rows, drafts and blobs. Those on commands are in `queue`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use domain::id::UserId;
use domain::modules::attachments::Sha256Hex;
use domain::order;
use domain::sync::client::{
    Answers, Blob, BlobRefusal, BlobState, JournalEntry, LocalStore, NewBlob, NewCommand,
    OutboxEntry, Page, Queue, StoreError, StoredScope,
};
use domain::sync::outcome::Outcome;
use domain::sync::record::Scope;
use domain::{Ms, id::OpId};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbDatabase, IdbFactory, IdbVersionChangeEvent};

use super::idb::{self, Mode, Tx};
use super::queue;
use super::rows;
use super::schema;
use crate::device::{blobs, page, reserve};

/// Longest wait for a transaction; behind it the connection counts as lost (iOS leaves some open).
const DEADLINE: i32 = 20_000;

/// The store of one user on this installation, or of the installation itself.
#[derive(Clone)]
pub struct IndexedDb {
    name: Rc<str>,
    /// Absent while not opened, and after it was lost; the next use opens it again.
    connection: Rc<RefCell<Option<IdbDatabase>>>,
    /// Removed on purpose: whatever still runs must not make it anew, empty.
    removed: Rc<Cell<bool>>,
}

impl IndexedDb {
    /// The store of a user. Each has a database of their own.
    pub fn of_user(user: UserId) -> Self {
        Self::named(&format!("guanjia-{user}"))
    }

    /// What is kept whoever is signed in. One connection for the page, in which one write follows the other.
    pub fn of_installation() -> Self {
        thread_local! {
            static STORE: IndexedDb = IndexedDb::named("guanjia");
        }
        STORE.with(Clone::clone)
    }

    pub fn named(name: &str) -> Self {
        Self { name: name.into(), connection: Rc::default(), removed: Rc::default() }
    }

    /// Removes a database with everything in it.
    pub async fn remove(self) -> Result<(), StoreError> {
        self.removed.set(true);
        if let Some(db) = self.connection.borrow_mut().take() {
            db.close();
        }
        let request =
            factory()?.delete_database(&self.name).map_err(|error| idb::store_error(&error))?;
        idb::done(&request).await.map(|_| ())
    }

    async fn connect(&self) -> Result<IdbDatabase, StoreError> {
        if self.removed.get() {
            return Err(StoreError::Failed("the store was removed".into()));
        }
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
        // As long as the connection, of which a page has two or three.
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
        match result {
            Err(StoreError::Lost(_)) => self.forget_connection(),
            // Whoever tries again finds the room. Photos must not have it, nor the drafts that hold them, nor
            // what can be pulled at any time.
            Err(StoreError::QuotaFull)
                if ![schema::DRAFTS, schema::BASE].iter().any(|store| stores.contains(store)) =>
            {
                reserve::release().await;
            }
            _ => {}
        }
        result
    }

    async fn get_text(&self, store: &str, key: JsValue) -> Result<Option<String>, StoreError> {
        self.transact(&[store], Mode::Read, async |tx| Ok(tx.get(store, &key).await?.as_string()))
            .await
    }

    async fn put_text(&self, store: &str, key: JsValue, text: &str) -> Result<(), StoreError> {
        let text = JsValue::from_str(text);
        self.transact(&[store], Mode::Write, async |tx| tx.put(store, &key, &text)).await
    }

    /// Puts what `change` makes of a small text, if anything, written through to the disk before it is there.
    pub async fn amend_meta(
        &self,
        key: &str,
        change: impl FnOnce(Option<String>) -> Option<String>,
    ) -> Result<(), StoreError> {
        let key = schema::meta_key(key);
        self.transact(&[schema::META], Mode::Durable, async |tx| {
            match change(tx.get(schema::META, &key).await?.as_string()) {
                Some(text) => tx.put(schema::META, &key, &JsValue::from_str(&text)),
                None => Ok(()),
            }
        })
        .await
    }

    /// Every draft, so that a form is there at once when it opens.
    pub async fn drafts(&self) -> Result<BTreeMap<String, String>, StoreError> {
        self.transact(&[schema::DRAFTS], Mode::Read, async |tx| {
            let keys = tx.get_all_keys(schema::DRAFTS, &JsValue::UNDEFINED).await?;
            let texts = tx.get_all(schema::DRAFTS, &JsValue::UNDEFINED).await?;
            let pairs = keys.iter().zip(texts.iter());
            let texts = pairs.filter_map(|(k, t)| Some((k.as_string()?, t.as_string()?)));
            Ok(order::map_of(texts))
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

impl LocalStore for IndexedDb {
    async fn load(&self, scope: Scope) -> Result<StoredScope, StoreError> {
        use schema::{ATTENTION, BASE, DELTA, JOURNAL, META, OUTBOX};
        let stores = [META, BASE, DELTA, OUTBOX, JOURNAL, ATTENTION];
        let read = async || {
            self.transact(&stores, Mode::Read, async |tx| {
                let row = rows::scope_row(tx, scope).await?;
                let range = idb::generation_range(scope, row.generation)?;
                let segments = rows::blocks(tx, BASE, &range).await?;
                let delta = rows::blocks(tx, DELTA, &range).await?;
                let (Some(segments), Some(delta)) = (segments, delta) else { return Ok(None) };
                let delta = delta.into_iter().flat_map(|s| s.0).collect();
                let Queue { meta, outbox, journal, attention } =
                    queue::read(tx, scope, row).await?;
                Ok(Some(StoredScope { meta, segments, delta, outbox, journal, attention }))
            })
            .await
        };
        if let Some(stored) = read().await? {
            return Ok(stored);
        }
        leptos::logging::error!("rows of {scope} cannot be read: they are fetched again");
        self.transact(&[META, BASE, DELTA], Mode::Write, async |tx| {
            rows::forget_base(tx, scope).await
        })
        .await?;
        read().await?.ok_or_else(|| StoreError::Failed("unreadable block of rows".into()))
    }

    async fn queue(&self, scope: Scope) -> Result<Queue, StoreError> {
        self.transact(&queue::STORES, Mode::Read, async |tx| {
            let row = rows::scope_row(tx, scope).await?;
            queue::read(tx, scope, row).await
        })
        .await
    }

    async fn answered_entry(
        &self,
        scope: Scope,
        n: u64,
    ) -> Result<Option<JournalEntry>, StoreError> {
        self.transact(&[schema::JOURNAL], Mode::Read, async |tx| {
            tx.read(schema::JOURNAL, &idb::entry_key(scope, n)).await
        })
        .await
    }

    async fn waiting(&self, scope: Scope) -> Result<usize, StoreError> {
        self.transact(&[schema::OUTBOX], Mode::Read, async |tx| {
            tx.count(schema::OUTBOX, &idb::scope_range(scope)?).await
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
            Err(StoreError::QuotaFull) if blobs.is_empty() && reserve::release().await => {
                record(commands, blobs).await
            }
            // Whether it was stored is not known; asking again for the same ids stores it once.
            Err(StoreError::Lost(_)) => record(commands, blobs).await,
            other => other,
        }
    }

    async fn answered(&self, answers: Answers) -> Result<bool, StoreError> {
        self.transact(&queue::STORES, Mode::Durable, async |tx| queue::answered(tx, answers).await)
            .await
    }

    async fn settled(
        &self,
        scope: Scope,
        outcomes: Vec<Outcome>,
        at: Ms,
    ) -> Result<(), StoreError> {
        self.transact(&queue::STORES, Mode::Durable, async |tx| {
            queue::settled(tx, scope, outcomes, at).await
        })
        .await
    }

    async fn keep_page(&self, page: Page) -> Result<bool, StoreError> {
        // What is pulled can be pulled again: not worth waiting for the disk.
        let stores = [schema::META, schema::BASE, schema::DELTA];
        self.transact(&stores, Mode::Write, async |tx| rows::keep_page(tx, &page).await).await
    }

    async fn compact(&self, scope: Scope) -> Result<(), StoreError> {
        let stores = [schema::META, schema::BASE, schema::DELTA];
        self.transact(&stores, Mode::Write, async |tx| rows::compact(tx, scope).await).await
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

    async fn renew(&self, key: &str, from: &str, to: &str) -> Result<bool, StoreError> {
        self.transact(&queue::ALL_STORES, Mode::Durable, async |tx| {
            queue::renew(tx, key, from, to).await
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
                Some(blob) => tx.write(schema::BLOB_META, &key, &Blob { sent, state, ..blob }),
                None => Ok(()),
            }
        })
        .await
    }

    async fn blob_refused(
        &self,
        sha256: &Sha256Hex,
        refused: Option<BlobRefusal>,
    ) -> Result<(), StoreError> {
        let key = JsValue::from_str(&sha256.0);
        self.transact(&[schema::BLOB_META], Mode::Durable, async |tx| {
            match tx.read::<Blob>(schema::BLOB_META, &key).await? {
                Some(blob) => tx.write(schema::BLOB_META, &key, &Blob { sent: 0, refused, ..blob }),
                None => Ok(()),
            }
        })
        .await
    }

    async fn blob_is_intact(&self, sha256: &Sha256Hex) -> Result<bool, StoreError> {
        let Some(bytes) = self.blob_bytes(sha256).await? else { return Ok(true) };
        let hash = blobs::sha256(&bytes).await;
        hash.map(|hash| hash == *sha256).map_err(|error| StoreError::Failed(page::describe(&error)))
    }

    async fn put_draft(&self, key: &str, text: &str) -> Result<(), StoreError> {
        self.put_text(schema::DRAFTS, JsValue::from_str(key), text).await
    }

    async fn draft(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.get_text(schema::DRAFTS, JsValue::from_str(key)).await
    }

    async fn drop_draft(&self, key: &str) -> Result<(), StoreError> {
        let key = JsValue::from_str(key);
        self.transact(&[schema::DRAFTS], Mode::Write, async |tx| tx.delete(schema::DRAFTS, &key))
            .await
    }

    async fn put_meta(&self, key: &str, text: &str) -> Result<(), StoreError> {
        self.put_text(schema::META, schema::meta_key(key), text).await
    }

    async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.get_text(schema::META, schema::meta_key(key)).await
    }
}
