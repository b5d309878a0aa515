//! Rounds 巡视 on the phone and in the office.
//!
//! In the field (`rounds_page`, `round_page`, `briefing_page`, `record_page`) everything is read from
//! the replica and recorded as commands, point by point. In the office templates and schedules are
//! laid down and the day's rounds are watched.

mod briefing_page;
mod briefings_page;
mod checkpoint_sheet;
mod checkpoints_page;
mod confirm;
mod extra_round;
mod finish;
mod item_editor;
mod item_row;
mod overview;
mod point_page;
mod point_sheet;
mod raise;
mod record_page;
mod record_step;
mod round_page;
mod rounds_page;
mod schedule_sheet;
mod schedules_page;
mod table_page;
mod template_page;
mod template_read;
mod templates_page;
pub(crate) mod view_model;
pub(crate) mod words;

pub use briefing_page::BriefingPage;
pub use briefings_page::BriefingsPage;
pub use checkpoints_page::CheckpointsPage;
pub use record_page::RoundRecordPage;
pub use round_page::RoundPage;
pub use rounds_page::RoundsPage;
pub use schedules_page::SchedulesPage;
pub use table_page::RoundTablePage;
pub use template_page::TemplatePage;
pub use templates_page::TemplatesPage;
