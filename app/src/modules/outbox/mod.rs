//! Outbox 待同步: everything recorded on this phone and where it stands, what a person has to settle,
//! how full the phone is.

mod details_sheet;
mod item_row;
mod outbox_page;
mod paused;
mod received;
mod storage_card;
mod use_fix;
pub mod view_model;

pub use outbox_page::OutboxPage;
pub use use_fix::{fixed, restore_photos, use_fix};
