//! More 更多: who is signed in, the ways to everything else, language and looks, leaving.

mod more_page;
mod password_sheet;
mod person_card;
mod phone_card;
mod places;
pub mod preferences;
mod sign_out;

pub use more_page::MorePage;
pub use password_sheet::{PasswordForm, PasswordSheet};
