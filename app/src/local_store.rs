//! The durable store on the phone: `domain`'s `LocalStore` on IndexedDB.

pub mod encoding;
mod idb;
pub mod indexed_db;
mod queue;
mod rows;
mod schema;

pub use indexed_db::IndexedDb;
