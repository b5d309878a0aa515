//! Back-ups, restores, and the move to PostgreSQL: one copy of all tables, three uses.
//!
//! A back-up is a folder with the database as one SQLite file, whichever engine it came from, the key
//! of the checkpoint codes, and a manifest; the attachments of all back-ups lie once beside them. It is
//! made of one moment of a database that goes on being written to, appears under its name only when it
//! was checked, and only then are phones told (`backup_seq`) that they may let go of what it holds.
//! How it is operated: docs/backup.md.

mod check;
mod files;
mod lock;
mod make;
mod manifest;
mod postgres;
mod restore;
mod schedule;

use std::fmt::Display;

pub use check::{Checked, check};
pub use lock::Lock;
pub use make::{Backup, Made, make, stop};
pub use manifest::{FORMAT, MANIFEST, Manifest, list};
pub use postgres::{Moved, copy_to_postgres};
pub use restore::{Restore, Restored, restore};
pub use schedule::{DUTY, begin, when_due};

use crate::words::Words;

/// The database in the folder of a back-up.
pub const DATABASE: &str = "guanjia.db";

/// Done, or why not, in words.
pub type Outcome<T> = Result<T, String>;

/// A sentence in both languages of those who read it.
pub(crate) fn words(zh: impl Into<String>, en: impl Into<String>) -> String {
    Words::new(zh, en).to_string()
}

/// What was being done when it failed, in Chinese and in English.
pub(crate) type What<'a> = (&'a str, &'a str);

/// Turns an error into words.
pub(crate) trait OrSay<T> {
    fn or_say(self, what: What<'_>) -> Outcome<T>;
}

impl<T, E: Display> OrSay<T> for Result<T, E> {
    fn or_say(self, (zh, en): What<'_>) -> Outcome<T> {
        self.map_err(|error| format!("{}: {error}.", words(zh, en)))
    }
}
