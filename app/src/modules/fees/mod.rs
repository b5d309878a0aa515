//! Chasing unpaid fees 催缴 on the phone: the day's call list, and what came of each call.
//!
//! The list is derived from the replica by `domain`'s chasing calendar, so it is right without a
//! network. Who acts: stewards and the front desk.

mod call_card;
mod call_form;
pub mod call_list_page;
mod call_page;
pub mod promise_date;
pub mod view_model;

pub use call_list_page::CallListPage;
pub use call_page::CallPage;
