//! Today 今日: what is due now, in order of lateness, one tap from where it is done.

mod collect;
mod row;
mod today_page;
mod view_model;

pub use today_page::TodayPage;
