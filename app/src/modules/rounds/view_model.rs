//! What the pages of rounds show, derived from records: pure, tested without a browser.

pub mod briefing;
pub mod briefings;
pub mod checkpoints;
pub mod duties;
pub mod record;
pub mod schedule_form;
pub mod template_form;
#[cfg(test)]
pub mod testkit;
pub mod walk;
