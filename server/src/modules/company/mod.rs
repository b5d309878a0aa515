//! Company settings 公司设置 on the server.

pub mod table;
