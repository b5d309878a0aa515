//! Limits on what people type, so that no record grows without bound or carries control characters.

use crate::refusal::{CommonCode, Refusal};

/// Longest single-line text (names, labels), in characters.
pub const LINE: usize = 120;
/// Longest note or description, in characters.
pub const NOTE: usize = 2_000;

fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

/// Checks a text that may be empty. `field` names it in the refusal.
pub fn optional(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if has_control(text) {
        return Err(Refusal::new(CommonCode::TextControl).with("field", field));
    }
    if text.chars().count() > max {
        return Err(Refusal::new(CommonCode::TextTooLong).with("field", field).with("max", max));
    }
    Ok(())
}

/// Checks a text that must say something.
pub fn required(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new(CommonCode::TextEmpty).with("field", field));
    }
    optional(field, text, max)
}

/// Checks the length of a list. `field` names it in the refusal.
pub fn at_most(field: &'static str, count: usize, max: usize) -> Result<(), Refusal> {
    if count > max {
        return Err(Refusal::new(CommonCode::ListTooLong).with("field", field).with("max", max));
    }
    Ok(())
}
