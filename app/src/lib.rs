//! The Guanjia web app.
//!
//! Built twice from the same source: for the browser (`csr`: pages on a local replica, sync, device)
//! and for the server (`ssr`: the shell and what is printed). Both share the texts.

pub mod error_text;
pub mod i18n;

#[cfg(feature = "csr")]
pub mod app_context;
#[cfg(feature = "csr")]
mod clock;
#[cfg(feature = "contract")]
mod contract;
#[cfg(feature = "csr")]
pub mod device;
#[cfg(feature = "csr")]
pub mod front;
#[cfg(feature = "csr")]
pub mod inside;
#[cfg(feature = "csr")]
pub mod local_store;
#[cfg(feature = "csr")]
pub mod modules;
#[cfg(feature = "csr")]
pub mod parts;
#[cfg(feature = "csr")]
pub mod reactive;
#[cfg(feature = "csr")]
pub mod routes;
#[cfg(all(feature = "csr", target_arch = "wasm32"))]
mod start;
#[cfg(feature = "csr")]
pub mod sync;
#[cfg(feature = "csr")]
pub mod ui;

#[cfg(feature = "ssr")]
pub mod print;
#[cfg(feature = "ssr")]
pub mod shell;
