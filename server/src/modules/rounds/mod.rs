//! Rounds 组团巡视 on the server.

pub mod table;
