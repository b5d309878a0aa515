//! Finding a household from what one types: shorthand, name, pinyin, phone tail.
//!
//! Everything is folded once, when the index is built, so that a keystroke only compares strings:
//! no full-text library, which would cost every phone more code than the estate has text.

use super::{Contact, Household};
use crate::id::UnitId;
use crate::order;

/// The households of a replica with their search keys, in the natural order of their labels.
#[derive(Clone, Debug, Default)]
pub struct SearchIndex {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    unit: UnitId,
    /// "3-2-1501", folded.
    label: String,
    /// "321501": typed without dashes.
    compact: String,
    people: Vec<Person>,
}

#[derive(Clone, Debug)]
struct Person {
    name: String,
    /// First letters: as many as the name has characters.
    initials: Vec<String>,
    /// Full pinyin.
    pinyin: Vec<String>,
    /// Digits only.
    phone: String,
}

/// How well a household fits, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The whole label: `3-2-1501`, `321501`.
    Label,
    /// Whole leading parts: `3-2`.
    LabelParts,
    /// Whole trailing parts: `1501`, `2-1501`.
    Room,
    LabelPrefix,
    NamePrefix,
    Initials,
    InitialsPrefix,
    PinyinPrefix,
    Contains,
    PhoneTail,
    PhoneContains,
}

/// Fewest digits that are looked for in telephone numbers: from the end, and anywhere.
const PHONE_TAIL: usize = 3;
const PHONE_PART: usize = 4;
/// More words than this are not looked at one by one.
const MOST_WORDS: usize = 4;

impl SearchIndex {
    pub fn build<'a>(households: impl Iterator<Item = &'a Household>) -> Self {
        let mut entries: Vec<Entry> = households.map(Entry::new).collect();
        order::sort_by_cached_key(&mut entries, |entry| (natural_key(&entry.label), entry.unit));
        Self { entries }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The households that fit, best first; those that fit equally well by label. Several words
    /// must all fit (`3-2 zs`). Nothing typed finds nothing.
    pub fn find(&self, query: &str, limit: usize) -> Vec<UnitId> {
        let whole = Needle::new(query);
        let mut words: Vec<Needle> = Vec::new();
        if query.split_whitespace().nth(1).is_some() {
            words.extend(query.split_whitespace().take(MOST_WORDS).map(Needle::new));
        }
        let rank_of = |entry: &Entry| {
            let by_words = words
                .iter()
                .map(|word| entry.rank(word))
                .reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b)))
                .flatten();
            // `3 2 1501` is one label, `3-2 zs` is two words: the better reading counts.
            better(entry.rank(&whole), by_words)
        };
        let ranked = self.entries.iter().enumerate();
        let mut hits: Vec<(Rank, usize)> =
            ranked.filter_map(|(place, entry)| Some((rank_of(entry)?, place))).collect();
        order::sort(&mut hits);
        hits.into_iter().take(limit).map(|(_, place)| self.entries[place].unit).collect()
    }
}

/// What was typed, read as a label, as a name and as digits of a telephone number.
#[derive(Debug)]
struct Needle {
    label: String,
    /// The label without its dashes.
    compact: String,
    text: String,
    /// Empty unless only digits were typed.
    digits: String,
}

impl Needle {
    fn new(query: &str) -> Self {
        let label = folded_label(query);
        let text = fold(query);
        let bare: String = text.chars().filter(|c| !matches!(c, '+' | '-' | '(' | ')')).collect();
        let only_digits = bare.bytes().all(|b| b.is_ascii_digit());
        Self {
            compact: label.replace('-', ""),
            label,
            text,
            digits: if only_digits { bare } else { String::new() },
        }
    }
}

impl Entry {
    fn new(household: &Household) -> Self {
        let label = folded_label(&household.label);
        Self {
            unit: household.id,
            compact: label.replace('-', ""),
            label,
            people: household.contacts.iter().map(Person::new).collect(),
        }
    }

    fn rank(&self, needle: &Needle) -> Option<Rank> {
        let of_label = self.label_rank(needle);
        // No name or number fits better than these, so the people are not looked at.
        if of_label.is_some_and(|rank| rank <= Rank::LabelPrefix) {
            return of_label;
        }
        let of_people = self.people.iter().filter_map(|person| person.rank(needle)).min();
        better(of_label, of_people)
    }

    fn label_rank(&self, needle: &Needle) -> Option<Rank> {
        let typed = needle.label.as_str();
        if typed.is_empty() {
            return None;
        }
        let undashed = typed.len() == needle.compact.len();
        if self.label == typed || (undashed && self.compact == typed) {
            return Some(Rank::Label);
        }
        if let Some(rest) = self.label.strip_prefix(typed) {
            return Some(if rest.starts_with('-') { Rank::LabelParts } else { Rank::LabelPrefix });
        }
        if self.label.strip_suffix(typed).is_some_and(|before| before.ends_with('-')) {
            return Some(Rank::Room);
        }
        if undashed && self.compact.starts_with(typed) {
            return Some(Rank::LabelPrefix);
        }
        let inside = self.label.contains(typed) || (undashed && self.compact.contains(typed));
        inside.then_some(Rank::Contains)
    }
}

impl Person {
    fn new(contact: &Contact) -> Self {
        let name = fold(&contact.name);
        let characters = name.chars().count();
        let keys = contact.pinyin.iter().map(|key| fold(key));
        let (initials, pinyin) = keys.partition(|key| key.chars().count() == characters);
        let phone = contact.phone.chars().map(narrow).filter(char::is_ascii_digit).collect();
        Self { name, initials, pinyin, phone }
    }

    fn rank(&self, needle: &Needle) -> Option<Rank> {
        let typed = needle.text.as_str();
        if typed.is_empty() {
            return None;
        }
        if self.name.starts_with(typed) {
            return Some(Rank::NamePrefix);
        }
        if self.initials.iter().any(|key| key == typed) {
            return Some(Rank::Initials);
        }
        if self.initials.iter().any(|key| key.starts_with(typed)) {
            return Some(Rank::InitialsPrefix);
        }
        if self.pinyin.iter().any(|key| key.starts_with(typed)) {
            return Some(Rank::PinyinPrefix);
        }
        let mut keys = self.initials.iter().chain(&self.pinyin);
        if self.name.contains(typed) || keys.any(|key| key.contains(typed)) {
            return Some(Rank::Contains);
        }
        let digits = needle.digits.as_str();
        if digits.len() >= PHONE_TAIL && self.phone.ends_with(digits) {
            return Some(Rank::PhoneTail);
        }
        (digits.len() >= PHONE_PART && self.phone.contains(digits)).then_some(Rank::PhoneContains)
    }
}

fn better(a: Option<Rank>, b: Option<Rank>) -> Option<Rank> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A full-width character (Ａ, ３, －) as the plain one.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Names and pinyin as compared: narrow, lower case, without spaces and the marks inside names.
fn fold(text: &str) -> String {
    let narrow = text.chars().map(narrow);
    let kept = narrow.filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '’' | '·' | '•'));
    kept.flat_map(char::to_lowercase).collect()
}

fn folded_label(text: &str) -> String {
    normalise_label(text).to_lowercase()
}

/// What separates the parts of a label, however it was written.
fn is_separator(c: char) -> bool {
    // A dash is typed in many ways, and `.`, `*`, `#` are what a number pad offers instead.
    matches!(c, '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '─' | 'ー' | '~' | '～')
        || matches!(c, '.' | '*' | '#' | '/' | '\\' | '_' | ',' | '，' | '。' | '、' | '·')
        || c.is_whitespace()
}

/// Words of an address that stand after a number: 3栋2单元1501室. They are names elsewhere
/// (单, 楼), so they separate only there.
fn is_address_word(c: char) -> bool {
    matches!(
        c,
        '栋' | '棟' | '幢' | '座' | '号' | '號' | '楼' | '樓' | '单' | '單' | '元' | '室' | '房'
    )
}

/// The one way a unit label is written: `３栋2单元1501室` and ` 3 - 2—1501 ` are `3-2-1501`.
pub fn normalise_label(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    let mut gap = false;
    for c in label.chars().map(narrow) {
        let after_number = gap || out.ends_with(|last: char| last.is_ascii_alphanumeric());
        if is_separator(c) || (is_address_word(c) && !out.is_empty() && after_number) {
            gap = true;
            continue;
        }
        if gap && !out.is_empty() {
            out.push('-');
        }
        gap = false;
        out.extend(c.to_uppercase());
    }
    out
}

/// Sorts `2-1-301` before `10-1-101`: digits by value, the rest as text.
fn natural_key(label: &str) -> Vec<(u64, String)> {
    let part_key = |part: &str| match part.parse::<u64>() {
        Ok(number) => (number, String::new()),
        Err(_) => (u64::MAX, part.to_owned()),
    };
    label.split('-').map(part_key).collect()
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
