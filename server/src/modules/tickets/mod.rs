//! Tickets 工单 on the server.

pub mod table;
