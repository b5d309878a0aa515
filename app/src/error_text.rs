//! Refusals in words: what happened, what was kept, what to do.

use chrono::NaiveDate;
use domain::Refusal;

use crate::i18n::{fill, fmt, lookup, tr};

/// Params whose values are names of ours and have a text of their own, by namespace and prefix.
const NAMED: [(&str, &str); 5] = [
    ("field", "field_"),
    ("state", "state_"),
    ("move", "move_"),
    ("verb", "move_"),
    ("kind", "kind_"),
];

/// The sentence for a refusal. A code that this build does not know, because the server is newer,
/// gets a general sentence with the code in it.
pub fn error_text(refusal: &Refusal) -> String {
    let key = refusal.code.replace('.', "_");
    let Some(text) = lookup("refusals", &key) else {
        return tr::refusals::unknown(&refusal.code);
    };
    let words: Vec<(&str, String)> = refusal
        .params
        .iter()
        .map(|(name, value)| (name.as_ref(), param_text(name, value)))
        .collect();
    let values: Vec<(&str, &dyn std::fmt::Display)> =
        words.iter().map(|(name, word)| (*name, word as &dyn std::fmt::Display)).collect();
    fill(text, &values)
}

/// Params that are days, as the records write them.
const DAYS: [&str; 2] = ["date", "as_of"];

/// Reads "2026-12-04": chrono's own parser is too much for what the first page loads.
fn day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.splitn(3, '-');
    let mut next = || parts.next()?.parse::<u32>().ok();
    let (year, month, day) = (next()?, next()?, next()?);
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// A param in words where it is a day or one of our names.
fn param_text(name: &str, value: &str) -> String {
    if DAYS.contains(&name)
        && let Some(date) = day(value)
    {
        return fmt::full_date(date);
    }
    let named = NAMED.iter().find(|(known, _)| *known == name);
    let found = named.and_then(|(_, prefix)| {
        lookup("refusals", &format!("{prefix}{}", value.replace(['.', '-'], "_")))
    });
    found.map_or_else(|| value.to_owned(), str::to_owned)
}
