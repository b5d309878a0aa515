//! Tickets 工单 on the phone and in the office: list, form, record, completion, table.

mod assign_list;
mod complete_lines;
mod complete_page;
mod complete_parts;
pub mod labels;
mod list_page;
mod move_sheet;
mod open_page;
mod parts;
mod table_filters;
mod table_page;
mod table_rows;
mod ticket_page;
mod ticket_record;
mod unit_picker;
pub mod view_model;

pub use complete_page::CompletePage;
pub use list_page::TicketListPage;
pub use open_page::OpenTicketPage;
pub use table_page::TicketTablePage;
pub use ticket_page::TicketPage;
pub use unit_picker::UnitPicker;
