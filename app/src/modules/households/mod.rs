//! Household file 一户一档 on the phone: finding a unit, and everything that happened to it.
//!
//! Reads the replica only; facts are changed by the office's import. Stewards see their clusters,
//! the office and the cashier the whole project.

mod household_page;
pub mod kit;
mod list_page;
mod timeline;
pub mod view_model;

pub use household_page::HouseholdPage;
pub use list_page::{HouseholdListPage, use_estate};
