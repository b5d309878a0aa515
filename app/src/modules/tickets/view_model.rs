//! What the ticket pages show, derived from records: pure, tested without a browser.

pub mod complete;
pub mod link;
pub mod list;
pub mod moves;
pub mod open;
pub mod people;
pub mod table;
#[cfg(test)]
pub mod testkit;
pub mod timeline;
