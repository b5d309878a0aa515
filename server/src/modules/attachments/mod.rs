//! Attachments 附件 on the server: the records that tell phones what has arrived.

pub mod table;
