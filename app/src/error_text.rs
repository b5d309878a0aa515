//! Refusals in words: what happened, what was kept, what to do.

use domain::Refusal;

use crate::i18n::{fill, lookup, tr};

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

/// A param in words where it is one of our names.
fn param_text(name: &str, value: &str) -> String {
    let named = NAMED.iter().find(|(known, _)| *known == name);
    let found = named.and_then(|(_, prefix)| {
        lookup("refusals", &format!("{prefix}{}", value.replace(['.', '-'], "_")))
    });
    found.map_or_else(|| value.to_owned(), str::to_owned)
}
