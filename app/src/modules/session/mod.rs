//! Signing in: once with a network, afterwards everything works without; and signing in again when
//! the session is over, with everything that was recorded still here.

mod browser_notice;
mod choose_password_page;
mod language_switch;
mod sign_in_again;
mod sign_in_form;
mod sign_in_page;
pub mod view_model;

pub use browser_notice::BrowserNotice;
pub use choose_password_page::ChoosePasswordPage;
pub use language_switch::LanguageSwitch;
pub use sign_in_again::SignInAgain;
pub use sign_in_page::SignInPage;
