//! Everything the server's tests say, in one program: twenty-five would each link the whole server.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

#[macro_use]
mod common;
#[macro_use]
mod web;
mod matrix;

mod architecture;
mod auth;
mod authorisation;
mod backup;
mod backup_phones;
mod bad_input;
mod blobs;
mod blobs_orphans;
mod blobs_resume;
mod blobs_store;
mod demo;
mod devices;
mod documents;
mod duties;
mod http;
mod import;
mod office;
mod office_lists;
mod openapi;
mod print;
mod restore;
mod simulated;
mod store;
mod sync_concurrency;
mod sync_events;
mod sync_floor;
mod sync_held;
mod sync_pull;
mod sync_push;
mod sync_verify;
mod ticket_search;
