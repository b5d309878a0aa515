//! Fees and chasing 收费与催缴 on the server.

pub mod table;
