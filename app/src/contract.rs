//! The contract of the local store, run in a browser on IndexedDB. Only in builds with the feature
//! `contract`; the browser tests call `run_store_contract()` and read the JSON it resolves to.

use domain::sync::client::contract::{Maker, run_all};
use domain::sync::client::{LocalStore, NewBlob, NewCommand, StoreError};
use domain::sync::record::Scope;
use domain::{Ms, id::OpId, modules::attachments::Sha256Hex};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::clock;
use crate::local_store::IndexedDb;

/// Stores under names of this run.
struct InBrowser {
    run: String,
}

impl InBrowser {
    fn store(&self, name: &str) -> IndexedDb {
        IndexedDb::named(&format!("contract-{}-{name}", self.run))
    }
}

impl Maker for InBrowser {
    type Store = IndexedDb;

    async fn fresh(&self, name: &str) -> Result<IndexedDb, StoreError> {
        self.store(name).remove().await?;
        Ok(self.store(name))
    }

    async fn reopen(&self, name: &str) -> Result<IndexedDb, StoreError> {
        Ok(self.store(name))
    }
}

/// `[{"name": …, "error": null | …}, …]`.
#[wasm_bindgen]
pub async fn run_store_contract() -> String {
    let maker = InBrowser { run: clock::new_uuid().to_string() };
    let results = run_all(&maker).await;
    let cases =
        results.iter().map(|case| serde_json::json!({ "name": case.name, "error": case.error }));
    serde_json::Value::Array(cases.collect()).to_string()
}

/// Milliseconds that each of `count` strictly durable saves with a photo of `bytes` bytes took.
#[wasm_bindgen]
pub async fn time_saves(count: u32, bytes: u32) -> Result<Vec<f64>, String> {
    let store = IndexedDb::named(&format!("timing-{}", clock::new_uuid()));
    let mut times = Vec::new();
    for number in 0..count {
        let content = number.to_string();
        let sha256 = Sha256Hex(domain::sync::batch::sha256_hex(content.as_bytes()));
        let command = NewCommand {
            scope: Scope::Company,
            op: OpId(clock::new_uuid()),
            kind: "visits.record".into(),
            payload: format!(r#"{{"note":"{}"}}"#, "x".repeat(300)),
            at_device: Ms(0),
            offset: None,
            blobs: vec![sha256.clone()],
            draft: None,
        };
        let blob = NewBlob { sha256, mime: "image/jpeg".into(), bytes: vec![7; bytes as usize] };
        let begun = clock::monotonic();
        store.record(vec![command], vec![blob]).await.map_err(|error| error.to_string())?;
        times.push(clock::monotonic() - begun);
    }
    store.remove().await.map_err(|error| error.to_string())?;
    Ok(times)
}
