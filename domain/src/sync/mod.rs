//! How commands and records travel: the protocol, the server's decision over a batch, and the
//! phone's replica. See docs/sync-protocol.md for the invariants.

pub mod batch;
pub mod checksum;
pub mod client;
pub mod command;
pub mod envelope;
pub mod outcome;
pub mod record;
#[cfg(any(test, feature = "simulation"))]
pub mod sim;
pub mod wire;

pub use command::{Change, Context, Decide, Decision, Numbers, Stop, World, find, need};
pub use envelope::Envelope;
pub use outcome::{Outcome, OutcomeKind};
pub use record::{Channel, RecordKey, Scope, SyncedRecord};

/// Version of the wire protocol and of every payload in it. Old ones are accepted for ≥ 180 days.
pub const PROTOCOL: u32 = 1;

/// This build of the app. Raised when servers have to be able to keep it from pushing by `min_client`.
pub const CLIENT: u32 = 1;
