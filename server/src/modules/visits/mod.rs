//! Visits 拜访 on the server.

pub mod table;
