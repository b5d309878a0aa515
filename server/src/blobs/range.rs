//! Which part of an attachment a reader asks for.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// What to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Whole,
    /// From its first to its last byte.
    Part(usize, usize),
    /// The reader has it.
    Nothing,
    BehindTheEnd,
}

/// What the headers ask for of `size` bytes that are called `tag`. A part of other bytes than the reader
/// has is never sent.
pub fn wanted(headers: &HeaderMap, tag: &HeaderValue, size: usize) -> Wanted {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let tag = tag.to_str().unwrap_or_default();
    let mut known = text(header::IF_NONE_MATCH).unwrap_or_default().split(',').map(str::trim);
    if known.any(|known| known == "*" || known.trim_start_matches("W/") == tag) {
        return Wanted::Nothing;
    }
    // A date never matches: we send none.
    if text(header::IF_RANGE).is_some_and(|condition| condition != tag) {
        return Wanted::Whole;
    }
    text(header::RANGE).map_or(Wanted::Whole, |asked| range(asked, size))
}

/// A single range. Several, or what cannot be read, are answered with the whole, as the standard allows.
fn range(text: &str, size: usize) -> Wanted {
    let read = || {
        let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
        let end = size.checked_sub(1)?;
        Some(match (first.trim(), last.trim()) {
            ("", suffix) => match suffix.parse().ok()? {
                0 => (size, end),
                count => (size.saturating_sub(count), end),
            },
            (first, "") => (first.parse().ok()?, end),
            (first, last) => {
                let (first, last) = (first.parse().ok()?, last.parse::<usize>().ok()?);
                if last < first {
                    return None;
                }
                (first, last.min(end))
            }
        })
    };
    match read() {
        None => Wanted::Whole,
        Some((first, _)) if first >= size => Wanted::BehindTheEnd,
        Some((first, last)) => Wanted::Part(first, last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_stretch_within_the_bytes() {
        use Wanted::{BehindTheEnd, Part, Whole};
        let cases = [
            ("bytes=0-", Part(0, 99)),
            ("bytes=10-19", Part(10, 19)),
            ("bytes=90-200", Part(90, 99)),
            ("bytes=99-", Part(99, 99)),
            ("bytes=-10", Part(90, 99)),
            ("bytes=-500", Part(0, 99)),
            ("bytes=100-", BehindTheEnd),
            ("bytes=100-200", BehindTheEnd),
            ("bytes=-0", BehindTheEnd),
            ("bytes=5-4", Whole),
            ("bytes=0-1,5-6", Whole),
            ("bytes=a-", Whole),
            ("lines=0-1", Whole),
        ];
        for (text, expected) in cases {
            assert_eq!(range(text, 100), expected, "{text}");
        }
        assert_eq!(range("bytes=0-", 0), Whole);
    }

    #[test]
    fn a_part_is_sent_only_of_the_bytes_that_the_reader_has() {
        let tag = HeaderValue::from_static("\"abc-w1\"");
        let ask = |headers: &[(HeaderName, &'static str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
                .collect();
            wanted(&headers, &tag, 100)
        };
        let part = (header::RANGE, "bytes=50-");
        assert_eq!(ask(&[]), Wanted::Whole);
        assert_eq!(ask(std::slice::from_ref(&part)), Wanted::Part(50, 99));
        let same = (header::IF_RANGE, "\"abc-w1\"");
        assert_eq!(ask(&[part.clone(), same]), Wanted::Part(50, 99));
        for other in ["\"abc-s1\"", "W/\"abc-w1\"", "Sun, 22 Nov 2026 02:00:00 GMT"] {
            assert_eq!(ask(&[part.clone(), (header::IF_RANGE, other)]), Wanted::Whole, "{other}");
        }
        for known in ["\"abc-w1\"", "\"x\", W/\"abc-w1\"", "*"] {
            assert_eq!(ask(&[(header::IF_NONE_MATCH, known)]), Wanted::Nothing, "{known}");
        }
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "\"abc-s1\"")]), Wanted::Whole);
    }
}
