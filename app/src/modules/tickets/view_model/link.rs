//! Addresses with filters in them.

use std::fmt::Write;

/// A value as it stands in an address.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// `path?a=1&b=2`, without what is empty.
pub fn address(path: &str, values: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(if out.contains('?') { '&' } else { '?' });
        let _ = write!(out, "{name}={}", encode(value));
    }
    out
}

/// A way back that stays in the app: anybody can write an address.
pub fn local(back: Option<String>) -> Option<String> {
    back.filter(|to| to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_kept_in_the_address_whatever_was_typed() {
        let made = address("/tickets", &[("q", "3-2 漏&水"), ("shelf", ""), ("n", "1")]);
        assert_eq!(made, "/tickets?q=3-2%20%E6%BC%8F%26%E6%B0%B4&n=1");
        assert_eq!(address(&made, &[("x", "y")]), format!("{made}&x=y"));
    }

    #[test]
    fn the_way_back_never_leaves_the_app() {
        assert_eq!(local(Some("/fees/1?x=2".into())), Some("/fees/1?x=2".into()));
        for bad in ["https://example.org", "//example.org", "javascript:1", "/\\example.org", ""] {
            assert_eq!(local(Some(bad.into())), None, "{bad}");
        }
    }
}
