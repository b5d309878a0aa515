//! The Guanjia server: it decides commands with the rules of `domain`, keeps the log, and serves the
//! app, its views and its attachments.
//!
//! `cli` is the way in; `http` puts the routes of all modules together; `state` is what every
//! handler may use.

pub mod accounts_api;
pub mod auth;
pub mod backup;
pub mod bench;
pub mod blobs;
pub mod cli;
pub mod clock;
pub mod code_key;
pub mod config;
pub mod db;
pub mod demo;
pub mod duties;
pub mod error;
pub mod http;
pub mod import;
pub mod metrics;
pub mod modules;
pub mod openapi;
pub mod pinyin;
pub mod print;
pub mod state;
pub mod store;
pub mod sync;
mod sync_doc;
pub mod views;
pub mod words;
