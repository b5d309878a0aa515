//! Accounts 账号: who may sign in, as what, for which clusters.

mod account_sheet;
mod accounts_page;
mod view_model;

pub use accounts_page::AccountsPage;
