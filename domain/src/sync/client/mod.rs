//! The phone's side of sync, without a browser: what is stored durably, what the replica shows, and
//! the steps that push and pull. The app runs it on IndexedDB and fetch, the simulation on memory
//! and a network that loses, doubles, reorders and cuts.

mod both;
mod checked;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod engine;
mod layers;
#[cfg(any(test, feature = "contract"))]
pub mod memory;
pub mod replica;
pub mod status;
mod steps;
pub mod store;
#[cfg(test)]
mod tests;
pub mod transport;
pub mod upload;

pub use engine::{Engine, Moment, OWNER, Pulled, Pushed, device_of_owner};
pub use replica::{Draft, Preview, Replica};
pub use status::{Paused, RecordError, SyncError, SyncStatus, backoff};
pub use store::{
    Answers, AttentionEntry, Blob, BlobRefusal, BlobState, JournalEntry, LocalStore, NewBlob,
    NewCommand, OutboxEntry, Page, Queue, ScopeMeta, Segment, StoreError, StoredRow, StoredScope,
    is_draft,
};
pub use transport::{BlobAt, PullAsk, Transport, TransportError};
pub use upload::Uploaded;
