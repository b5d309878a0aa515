//! The rules of residential property management and of sync.
//!
//! Everything here is pure: no IO, no clock, no randomness. The phone and the server run the same
//! functions, so what the phone shows at once is what the server will decide. `modules` holds one
//! folder per business process; `sync` holds the protocol that carries their commands and records.

pub mod actor;
pub mod id;
pub mod json;
pub mod modules;
pub mod money;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod order;
pub mod refusal;
pub mod sync;
pub mod text;
pub mod time;
pub mod views;

pub use actor::{Actor, Right, Role};
pub use money::Fen;
pub use refusal::Refusal;
pub use time::{Ms, Zone};
