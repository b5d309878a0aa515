//! What a phone may be made to download, and the table that shows how much of it is used.

use crate::sh::Outcome;
use serde_json::{Value, json};

/// One thing that is weighed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The piece of the program that the first page of a first visit needs.
    FirstPage,
    /// All pieces of the program.
    Wasm,
    /// All scripts of the first visit: glue, boot, service worker; not the QR decoder, which is loaded when asked for.
    Script,
    /// The style sheet.
    Style,
    /// The texts of all languages.
    Locales,
    /// The QR decoder.
    QrReader,
    /// Everything that is kept for working offline on every device.
    Precache,
    /// What is kept besides where somebody with a desk signs in.
    Desk,
}

/// Limits in bytes after brotli, 1 kB = 1000 bytes. `None` is shown and not limited by itself.
///
/// The first page, the scripts and what every phone keeps stand at their targets (250 kB, 15 kB, 1 MB); the
/// pages of the desk come on top only where somebody uses them, and all of the program may not grow unnoticed.
pub const BUDGET: [(Part, &str, Option<u64>); 8] = [
    (Part::FirstPage, "app.wasm (first page)", Some(250_000)),
    (Part::Wasm, "all wasm", Some(1_060_000)),
    (Part::Script, "JavaScript", Some(15_000)),
    (Part::Style, "style.css", None),
    (Part::Locales, "locales", None),
    (Part::QrReader, "QR decoder (on demand)", None),
    (Part::Precache, "precache of a phone", Some(1_000_000)),
    (Part::Desk, "… and of a desk besides", Some(170_000)),
];

/// Bytes before compression, after gzip, and after brotli.
#[derive(Clone, Copy, Default)]
pub struct Size {
    /// Uncompressed.
    pub raw: u64,
    /// After gzip.
    pub gzip: u64,
    /// After brotli.
    pub brotli: u64,
}

impl std::ops::AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.raw += other.raw;
        self.gzip += other.gzip;
        self.brotli += other.brotli;
    }
}

/// The weighed site.
pub struct Sizes(Vec<(Part, Size)>);

impl Sizes {
    /// Sums what was weighed; one file may count for several parts.
    pub fn of(weighed: impl IntoIterator<Item = (Part, Size)>) -> Self {
        let mut sums: Vec<(Part, Size)> =
            BUDGET.iter().map(|(part, ..)| (*part, Size::default())).collect();
        for (part, size) in weighed {
            if let Some((_, sum)) = sums.iter_mut().find(|(known, _)| *known == part) {
                *sum += size;
            }
        }
        Self(sums)
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, Size, Option<u64>)> {
        self.0.iter().zip(BUDGET).map(|((_, size), (_, name, limit))| (name, *size, limit))
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let mut text =
            format!("{:<24}{:>11}{:>11}{:>11}{:>11}\n", "bytes", "raw", "gzip", "brotli", "limit");
        for (name, size, limit) in self.rows() {
            let limit = limit.map_or_else(|| "–".to_owned(), |limit| limit.to_string());
            text += &format!(
                "{name:<24}{:>11}{:>11}{:>11}{limit:>11}\n",
                size.raw, size.gzip, size.brotli
            );
        }
        text
    }

    /// The same numbers for the benchmark.
    pub fn to_json(&self) -> Value {
        let row = |(name, size, limit): (&str, Size, Option<u64>)| json!({ "name": name, "raw": size.raw, "gzip": size.gzip, "brotli": size.brotli, "limit": limit });
        Value::Array(self.rows().map(row).collect())
    }

    /// A problem for whoever made the site too heavy.
    pub fn check(&self) -> Outcome {
        let over: Vec<String> = self
            .rows()
            .filter_map(|(name, size, limit)| {
                let limit = limit.filter(|limit| size.brotli > *limit)?;
                let excess = size.brotli - limit;
                Some(format!(
                    "{name} is {} bytes after brotli, {excess} over the limit of {limit}",
                    size.brotli
                ))
            })
            .collect();
        if over.is_empty() {
            return Ok(());
        }
        Err(format!("The site is too heavy for a phone:\n  {}", over.join("\n  ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brotli(brotli: u64) -> Size {
        Size { raw: brotli * 3, gzip: brotli + 1, brotli }
    }

    #[test]
    fn a_part_at_its_limit_is_accepted_and_one_byte_more_is_not() {
        assert!(Sizes::of([(Part::FirstPage, brotli(250_000))]).check().is_ok());
        let over = Sizes::of([(Part::FirstPage, brotli(250_001))]).check();
        assert_eq!(
            over,
            Err("The site is too heavy for a phone:\n  app.wasm (first page) is 250001 bytes after brotli, 1 over the limit of 250000".into())
        );
    }

    #[test]
    fn files_of_one_part_are_summed() {
        let sizes = Sizes::of([(Part::Script, brotli(8_000)), (Part::Script, brotli(8_000))]);
        assert!(sizes.check().is_err());
    }
}
