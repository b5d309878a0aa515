//! Accounts 账号 on the server.

pub mod table;
