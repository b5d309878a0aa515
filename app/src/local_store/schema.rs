//! The object stores. Versions are only ever added to: an older build that is opened again must
//! still find everything it wrote.

use domain::sync::client::ScopeMeta;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use web_sys::IdbDatabase;

/// Version of the schema; each step below says what it added.
pub const VERSION: u32 = 1;

/// `[scope, generation, index]` → block of rows.
pub const BASE: &str = "base";
/// `[scope, generation, index]` → block of rows that came after the base, one a page.
pub const DELTA: &str = "delta";
/// `[scope, n]` → `OutboxEntry` as JSON text.
pub const OUTBOX: &str = "outbox";
/// `[scope, n]` → `JournalEntry` as JSON text.
pub const JOURNAL: &str = "journal";
/// `[scope, n]` → `AttentionEntry` as JSON text.
pub const ATTENTION: &str = "attention";
/// `[scope, op]` → number: the same command recorded twice is one command.
pub const OPS: &str = "ops";
/// SHA-256 → bytes.
pub const BLOBS: &str = "blobs";
/// SHA-256 → `Blob` as JSON text: lists need no bytes.
pub const BLOB_META: &str = "blob_meta";
/// Key → text of a half-filled form.
pub const DRAFTS: &str = "drafts";
/// `scope/<scope>` → `ScopeRow` as JSON text; `m/<key>` → text.
pub const META: &str = "meta";

pub const ALL: [&str; 10] =
    [BASE, DELTA, OUTBOX, JOURNAL, ATTENTION, OPS, BLOBS, BLOB_META, DRAFTS, META];

/// Where a small text is kept in [`META`].
pub fn meta_key(key: &str) -> JsValue {
    JsValue::from_str(&format!("m/{key}"))
}

/// Brings a database from `old` to [`VERSION`].
pub fn upgrade(db: &IdbDatabase, old: u32) -> Result<(), JsValue> {
    if old < 1 {
        for name in ALL {
            db.create_object_store(name)?;
        }
    }
    Ok(())
}

/// What is kept of a scope besides its rows and commands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScopeRow {
    pub meta: ScopeMeta,
    /// Which generation of blocks is the base.
    #[serde(default)]
    pub generation: u32,
    /// Blocks and rows in the delta of that generation.
    #[serde(default)]
    pub delta: u32,
    #[serde(default)]
    pub delta_rows: u32,
    /// Rows in the base of that generation.
    #[serde(default)]
    pub base_rows: u32,
    /// Blocks and rows of the snapshot that is being filled, under `generation + 1`.
    #[serde(default)]
    pub shadow: u32,
    #[serde(default)]
    pub shadow_rows: u32,
}

impl ScopeRow {
    pub fn shadow_generation(&self) -> u32 {
        self.generation + 1
    }
}
