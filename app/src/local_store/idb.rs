//! IndexedDB with futures: requests, transactions, keys.

use domain::id::OpId;
use domain::sync::client::StoreError;
use domain::sync::record::Scope;
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, IdbDatabase, IdbKeyRange, IdbObjectStore, IdbRequest, IdbTransaction};

use crate::device::page;

/// What the browser threw, in our words.
pub fn store_error(error: &JsValue) -> StoreError {
    let name = match error.dyn_ref::<DomException>() {
        Some(exception) => exception.name(),
        None => page::property(error, "name").as_string().unwrap_or_default(),
    };
    let why = page::describe(error);
    match name.as_str() {
        "QuotaExceededError" => StoreError::QuotaFull,
        // The connection went away under the page: iOS in the background, storage cleared, a newer
        // version of the app in another tab.
        "InvalidStateError" | "AbortError" | "TransactionInactiveError" | "UnknownError" => {
            StoreError::Lost(why)
        }
        _ => StoreError::Failed(why),
    }
}

/// Ends when the request did; gives its result.
pub async fn done(request: &IdbRequest) -> Result<JsValue, StoreError> {
    // The promise's own functions are the handlers: the result is then delivered in a microtask of
    // the event, where the transaction still takes requests.
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    match JsFuture::from(promise).await {
        Ok(_) => request.result().map_err(|error| store_error(&error)),
        Err(_) => Err(match request.error() {
            Ok(Some(error)) => store_error(&error),
            _ => StoreError::Failed("a request failed without a reason".into()),
        }),
    }
}

/// How a transaction may use its stores.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Read,
    Write,
    /// Written through to the disk before it counts as complete.
    Durable,
}

/// A transaction under way.
pub struct Tx {
    tx: IdbTransaction,
    finished: Promise,
}

impl Tx {
    pub fn begin(db: &IdbDatabase, stores: &[&str], mode: Mode) -> Result<Self, StoreError> {
        let names: Array = stores.iter().map(|name| JsValue::from_str(name)).collect();
        let options = Object::new();
        let durability = if mode == Mode::Durable { "strict" } else { "relaxed" };
        let begun = Reflect::set(&options, &"durability".into(), &durability.into())
            .and_then(|_| Reflect::get(db, &"transaction".into()))
            .and_then(|begin| begin.dyn_into::<Function>())
            .and_then(|begin| {
                let mode = if mode == Mode::Read { "readonly" } else { "readwrite" };
                begin.call3(db, &names, &mode.into(), &options)
            });
        let tx: IdbTransaction = begun.map_err(|error| store_error(&error))?.unchecked_into();
        let finished = Promise::new(&mut |resolve, _| {
            tx.set_oncomplete(Some(&resolve));
            tx.set_onabort(Some(&resolve));
        });
        Ok(Self { tx, finished })
    }

    /// Waits until the transaction is complete; an aborted one says why.
    pub async fn commit(self) -> Result<(), StoreError> {
        let event = JsFuture::from(self.finished).await.unwrap_or(JsValue::UNDEFINED);
        if page::property(&event, "type").as_string().as_deref() == Some("complete") {
            return Ok(());
        }
        Err(match self.tx.error() {
            Some(error) => store_error(&error),
            None => StoreError::Lost("the transaction was aborted".into()),
        })
    }

    /// Undoes everything.
    pub async fn abort(self) {
        if self.tx.abort().is_ok() {
            let _ = JsFuture::from(self.finished).await;
        }
    }

    fn store(&self, name: &str) -> Result<IdbObjectStore, StoreError> {
        self.tx.object_store(name).map_err(|error| store_error(&error))
    }

    pub async fn get(&self, store: &str, key: &JsValue) -> Result<JsValue, StoreError> {
        let request = self.store(store)?.get(key).map_err(|error| store_error(&error))?;
        done(&request).await
    }

    /// A value that was kept as JSON text. One that cannot be read is an error: it must not be
    /// taken for missing and written over.
    pub async fn read<T: DeserializeOwned>(
        &self,
        store: &str,
        key: &JsValue,
    ) -> Result<Option<T>, StoreError> {
        match self.get(store, key).await?.as_string() {
            Some(text) => parse(&text).map(Some),
            None => Ok(None),
        }
    }

    pub async fn get_all(&self, store: &str, range: &JsValue) -> Result<Array, StoreError> {
        let store = self.store(store)?;
        let request = store.get_all_with_key(range).map_err(|error| store_error(&error))?;
        Ok(done(&request).await?.unchecked_into())
    }

    pub async fn get_all_keys(&self, store: &str, range: &JsValue) -> Result<Array, StoreError> {
        let store = self.store(store)?;
        let request = store.get_all_keys_with_key(range).map_err(|error| store_error(&error))?;
        Ok(done(&request).await?.unchecked_into())
    }

    pub async fn count(&self, store: &str, range: &JsValue) -> Result<usize, StoreError> {
        let counted = self.store(store)?.count_with_key(range);
        let count = done(&counted.map_err(|error| store_error(&error))?).await?;
        // Far below 2^53.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok(count.as_f64().unwrap_or_default() as usize)
    }

    pub async fn read_all<T: DeserializeOwned>(
        &self,
        store: &str,
        range: &JsValue,
    ) -> Result<Vec<T>, StoreError> {
        let texts = self.get_all(store, range).await?;
        texts.iter().map(|text| parse(&text.as_string().unwrap_or_default())).collect()
    }

    /// Not awaited: an error aborts the transaction, and `commit` tells.
    pub fn put(&self, store: &str, key: &JsValue, value: &JsValue) -> Result<(), StoreError> {
        let put = self.store(store)?.put_with_key(value, key);
        put.map(|_| ()).map_err(|error| store_error(&error))
    }

    pub fn write<T: Serialize>(
        &self,
        store: &str,
        key: &JsValue,
        value: &T,
    ) -> Result<(), StoreError> {
        let text =
            serde_json::to_string(value).map_err(|error| StoreError::Failed(error.to_string()))?;
        self.put(store, key, &JsValue::from_str(&text))
    }

    /// Removes one key or a range.
    pub fn delete(&self, store: &str, key: &JsValue) -> Result<(), StoreError> {
        self.store(store)?.delete(key).map(|_| ()).map_err(|error| store_error(&error))
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    domain::json::from_str(text).map_err(|error| StoreError::Failed(format!("unreadable: {error}")))
}

/// `[scope, n]`.
pub fn entry_key(scope: Scope, n: u64) -> JsValue {
    // Numbers of commands stay far below 2^53.
    #[allow(clippy::cast_precision_loss)]
    let n = n as f64;
    Array::of2(&scope.to_string().into(), &n.into()).into()
}

/// `[scope, op]`.
pub fn op_key(scope: Scope, op: OpId) -> JsValue {
    Array::of2(&scope.to_string().into(), &op.to_string().into()).into()
}

/// The entries of a scope with these numbers.
pub fn entry_range(scope: Scope, from: u64, to: u64) -> Result<JsValue, StoreError> {
    IdbKeyRange::bound(&entry_key(scope, from), &entry_key(scope, to))
        .map(Into::into)
        .map_err(|error| store_error(&error))
}

/// Every entry of a scope.
pub fn scope_range(scope: Scope) -> Result<JsValue, StoreError> {
    let name: JsValue = scope.to_string().into();
    // Arrays sort behind numbers and texts, so `[scope, []]` is behind every `[scope, n]`.
    range(&Array::of1(&name), &Array::of2(&name, &Array::new()))
}

/// `[scope, generation, index]`.
pub fn block_key(scope: Scope, generation: u32, index: u32) -> JsValue {
    Array::of3(&scope.to_string().into(), &generation.into(), &index.into()).into()
}

/// Every block of a generation.
pub fn generation_range(scope: Scope, generation: u32) -> Result<JsValue, StoreError> {
    let (name, generation): (JsValue, JsValue) = (scope.to_string().into(), generation.into());
    range(&Array::of2(&name, &generation), &Array::of3(&name, &generation, &Array::new()))
}

/// Texts from `low` up to, and without, `high`.
pub fn text_range(low: &str, high: &str) -> Result<JsValue, StoreError> {
    IdbKeyRange::bound_with_lower_open_and_upper_open(&low.into(), &high.into(), false, true)
        .map(Into::into)
        .map_err(|error| store_error(&error))
}

fn range(low: &Array, high: &Array) -> Result<JsValue, StoreError> {
    IdbKeyRange::bound(low, high).map(Into::into).map_err(|error| store_error(&error))
}

pub fn scope_key(scope: Scope) -> JsValue {
    JsValue::from_str(&format!("scope/{scope}"))
}

pub fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

pub fn js_bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}
