//! Visits 拜访 on the phone: noting one in a few taps, answers still owed, who was never visited.
//!
//! Who acts: stewards, the front desk, supervisors. What cannot be answered becomes a ticket in the
//! same step.

mod answer_sheet;
pub mod inline_ticket;
mod list_page;
mod unit_picker;
pub mod view_model;
mod visit_form;
mod visit_page;

pub use list_page::VisitListPage;
pub use visit_page::VisitPage;
