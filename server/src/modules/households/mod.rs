//! The estate and its household files 一户一档 on the server.

pub mod table;
