//! Sync in the browser: fetch for the transport, the loops that drive the engine, tabs that tell
//! each other, and what is shown of it all.

pub mod driver;
pub mod events;
pub mod http;
pub mod report;
pub mod status;
pub mod tabs;
pub mod transport;
mod wake;

pub use domain::sync::client::Paused;
pub use status::{Badge, SyncStatus};
