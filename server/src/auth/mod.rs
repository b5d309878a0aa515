//! Who is asking: sign-in, sessions, devices, and the extractor that every handler starts with.
//!
//! A session belongs to a device, a device to one person. Passwords and sessions are not records:
//! they are never synced. Rights are read with every request, so that taking them away works at
//! once. Acts: everyone; devices are revoked by the administrator, or by whoever owns them.

pub mod address;
pub mod heard;
pub mod password;
mod routes;
mod signed;
pub mod store;
mod token;

pub use routes::{doc, routes};
pub use signed::{DEVICE, Holder, Signed};
pub use token::COOKIE;

use domain::time::{DAY, MINUTE};

/// A session that was not used for this long has ended.
pub const IDLE: i64 = 30 * DAY;
/// Wrong passwords are counted over this time.
pub const TRY_WINDOW: i64 = 15 * MINUTE;
/// Wrong passwords for one account before it is locked, whoever tries.
pub const TRIES_PER_ACCOUNT: i64 = 10;
/// Attempts from one address: an office shares one, a guesser walks through accounts.
pub const TRIES_PER_ADDRESS: i64 = 100;
