//! Where the company's settings are kept.

use domain::modules::company::Settings;

crate::table!(SETTINGS: Settings => "settings", |settings| {
    version: Int = settings.version,
});
