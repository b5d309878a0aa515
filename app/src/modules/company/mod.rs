//! The company 公司: its settings, made by the administrator.

mod days;
mod settings_page;
mod view_model;

pub use settings_page::SettingsPage;
