//! Sync in the browser: fetch for the transport, the loop that drives the engine, what is shown of it.

pub mod http;
pub mod status;

pub use status::{Pause, SyncStatus};
