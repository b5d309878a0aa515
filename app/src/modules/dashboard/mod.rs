//! Live dashboard 实时看板: what is open, what breaches next, rounds and calls by cluster, devices.
//!
//! Pushed, never polled by hand: the view is read again when the server announces something new.

mod board;
mod dashboard_page;
pub(in crate::modules) mod view_model;

pub use dashboard_page::DashboardPage;
