//! What single cells say: numbers, dates, words, as people and spreadsheets write them.

use chrono::{Datelike, NaiveDate};
use domain::modules::households::UnitStatus;

use crate::words::Words;

/// Full-width letters, digits and signs as their ordinary ones, as Chinese keyboards mix them.
pub fn narrow(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => {
                char::from_u32(u32::from(c) - 0xfee0).expect("full-width forms have ordinary ones")
            }
            '\u{3000}' | '\u{a0}' => ' ',
            '−' | '–' | '—' => '-',
            _ => c,
        })
        .collect()
}

/// The text without one of these endings.
fn without_unit<'a>(text: &'a str, units: &[&str]) -> &'a str {
    units.iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text).trim_end()
}

/// A decimal number in hundredths: `1,012.5` is 101250. `None` for more than two decimals, for
/// thousands that are not grouped by three, for anything else.
fn hundredths(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = !whole.contains(',')
        || ((1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3));
    let whole = whole.replace(',', "");
    if whole.is_empty() || whole.len() > 15 || !grouped || !is_digits(&whole) {
        return None;
    }
    if fraction.len() > 2 || !is_digits(fraction) {
        return None;
    }
    let value: i64 = format!("{whole}{fraction:0<2}").parse().ok()?;
    Some(if negative { -value } else { value })
}

/// Square metres, in hundredths.
pub fn area(text: &str) -> Result<i64, Words> {
    let plain = narrow(text);
    let plain = without_unit(plain.trim(), &["㎡", "m²", "m2", "平方米", "平米"]);
    hundredths(plain).ok_or_else(|| {
        Words::new(
            format!("“{text}”不是面积，请写平方米数，最多两位小数，例如 101.25。"),
            format!("“{text}” is no area; write square metres with at most two decimals: 101.25."),
        )
    })
}

/// Yuan, in fen.
pub fn money(text: &str) -> Result<i64, Words> {
    let plain = narrow(text);
    let plain = plain.trim();
    let plain = plain.strip_prefix(['\u{a5}', '\u{ffe5}']).unwrap_or(plain).trim_start();
    hundredths(without_unit(plain, &["元"])).ok_or_else(|| {
        Words::new(
            format!("“{text}”不是金额，请写元，最多两位小数，例如 1234.50；没有欠费写 0。"),
            format!(
                "“{text}” is no amount; write yuan with at most two decimals: 1234.50, and 0 for nothing owed."
            ),
        )
    })
}

/// A small whole number; `units` may stand behind it.
pub fn whole(text: &str, units: &[&str]) -> Result<i32, Words> {
    let plain = narrow(text);
    let plain = without_unit(plain.trim(), units);
    // Spreadsheets write `15.0` where a column holds other decimals.
    let plain = plain.strip_suffix(".0").unwrap_or(plain);
    plain.parse().map_err(|_| {
        Words::new(format!("“{text}”不是整数。"), format!("“{text}” is no whole number."))
    })
}

/// A floor: `15`, `15层`, `15F`, `-1`, `B1` (first below ground).
pub fn floor(text: &str) -> Result<i32, Words> {
    let plain = narrow(text).trim().to_uppercase();
    match plain.strip_prefix('B') {
        Some(below) if below.bytes().all(|byte| byte.is_ascii_digit()) => {
            whole(below, &[]).map(|floor| -floor).map_err(|_| no_floor(text))
        }
        _ => whole(&plain, &["层", "楼", "F"]).map_err(|_| no_floor(text)),
    }
}

fn no_floor(text: &str) -> Words {
    Words::new(
        format!("“{text}”不是楼层，请写数字，地下为负数，例如 15 或 -1。"),
        format!("“{text}” is no floor; write a number, negative below ground: 15 or -1."),
    )
}

/// The numbers of a date, however they are separated.
fn date_parts(text: &str) -> Option<Vec<u32>> {
    let plain = narrow(text);
    // A time of day that a spreadsheet has added says nothing here.
    let plain = plain.split_whitespace().next().unwrap_or_default();
    let plain: String =
        plain.chars().map(|c| if matches!(c, '/' | '.' | '年' | '月') { '-' } else { c }).collect();
    let plain = plain.trim_end_matches(['日', '-']);
    let is_compact = plain.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = match plain.len() {
        6 if is_compact => vec![&plain[..4], &plain[4..]],
        8 if is_compact => vec![&plain[..4], &plain[4..6], &plain[6..]],
        _ => plain.split('-').collect(),
    };
    parts.into_iter().map(|part| part.parse().ok()).collect()
}

/// A day of this or the last century: anything else is a typing mistake.
fn day(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    (1950..=2099).contains(&date.year()).then_some(date)
}

/// A date: `2020-06-30`, `2020/6/30`, `2020年6月30日`, `20200630`.
pub fn date(text: &str) -> Result<NaiveDate, Words> {
    let found = match date_parts(text).as_deref() {
        Some([y, m, d]) => day(*y, *m, *d),
        _ => None,
    };
    found.ok_or_else(|| {
        Words::new(
            format!("“{text}”不是日期，请写成 2020-06-30。"),
            format!("“{text}” is no date; write 2020-06-30."),
        )
    })
}

/// A month, as its first day: `2026-08`, `2026年8月`, `202608`, or any day of it.
pub fn month(text: &str) -> Result<NaiveDate, Words> {
    let found = match date_parts(text).as_deref() {
        Some([y, m]) => day(*y, *m, 1),
        Some([y, m, d]) => day(*y, *m, *d).and_then(|date| date.with_day(1)),
        _ => None,
    };
    found.ok_or_else(|| {
        Words::new(
            format!("“{text}”不是月份，请写成 2026-08。"),
            format!("“{text}” is no month; write 2026-08."),
        )
    })
}

/// Yes or no; empty is no.
pub fn yes_no(text: &str) -> Result<bool, Words> {
    match narrow(text).trim().to_lowercase().as_str() {
        "是" | "yes" | "y" | "true" | "1" | "√" | "✓" => Ok(true),
        "" | "否" | "no" | "n" | "false" | "0" | "×" | "-" => Ok(false),
        _ => Err(Words::new(
            format!("“{text}”应为“是”或“否”。"),
            format!("“{text}” should be yes or no."),
        )),
    }
}

/// What each status is called, the usual word first.
const STATUSES: [(UnitStatus, &[&str]); 6] = [
    (UnitStatus::NotDelivered, &["未交房", "未交付"]),
    (UnitStatus::Delivered, &["已交房", "已交付", "交房"]),
    (UnitStatus::Renovating, &["装修中", "装修", "在装修"]),
    (UnitStatus::Vacant, &["空置", "空房"]),
    (UnitStatus::OwnerOccupied, &["自住", "业主自住", "已入住"]),
    (UnitStatus::Let, &["出租", "已出租", "租住", "rented"]),
];

/// A status, in Chinese or as its code (`owner_occupied`).
pub fn status(text: &str) -> Result<UnitStatus, Words> {
    let plain = narrow(text).trim().to_lowercase().replace([' ', '-'], "_");
    let found = STATUSES
        .iter()
        .find(|(status, names)| status.name() == plain || names.contains(&plain.as_str()));
    found.map(|(status, _)| *status).ok_or_else(|| {
        let usual: Vec<&str> = STATUSES.iter().map(|(_, names)| names[0]).collect();
        let codes: Vec<&str> = STATUSES.iter().map(|(status, _)| status.name()).collect();
        Words::new(
            format!("“{text}”不是房屋状态，请写其中之一：{}。", usual.join("、")),
            format!("“{text}” is no status; write one of {}.", codes.join(", ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_and_amounts_are_exact_hundredths() {
        for (text, value) in [
            ("101.25", 10_125),
            ("１０１．５㎡", 10_150),
            ("88", 8_800),
            ("1,012.50 平方米", 101_250),
        ] {
            assert_eq!(area(text), Ok(value), "{text}");
        }
        for (text, value) in [
            ("1234.5", 123_450),
            ("￥1,234.56", 123_456),
            ("0", 0),
            ("12.300元", 1_230),
            ("-5", -500),
        ] {
            assert_eq!(money(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_never_guessed_at() {
        // A decimal comma would become a hundredfold amount; an exponent has lost its digits.
        for text in
            ["", "-", ".", ".5", "12,5", "1,2345", "1.005", "1.39E+10", "12a", "--5", "12 5"]
        {
            assert!(area(text).is_err(), "{text}");
            assert!(money(text).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_are_read_as_people_write_them_and_mistakes_are_found() {
        let expected = NaiveDate::from_ymd_opt(2020, 6, 3).unwrap();
        for text in
            ["2020-06-03", "2020/6/3", "2020.6.3", "2020年6月3日", "20200603", "2020/6/3 0:00"]
        {
            assert_eq!(date(text), Ok(expected), "{text}");
        }
        for text in ["", "20-06-03", "2020-13-01", "2020-02-30", "44012", "3/6/2020", "2020-06"] {
            assert!(date(text).is_err(), "{text}");
        }
        let first = NaiveDate::from_ymd_opt(2020, 6, 1).unwrap();
        for text in ["2020-06", "2020年6月", "202006", "2020/6/15"] {
            assert_eq!(month(text), Ok(first), "{text}");
        }
        assert!(month("6").is_err());
    }

    #[test]
    fn every_status_is_known_by_its_word_and_its_code() {
        for (expected, names) in STATUSES {
            assert_eq!(status(expected.name()), Ok(expected));
            for name in names {
                assert_eq!(status(name), Ok(expected), "{name}");
            }
        }
        assert_eq!(status("Owner occupied"), Ok(UnitStatus::OwnerOccupied));
        assert!(status("卖了").unwrap_err().zh.contains("自住"));
        assert_eq!(STATUSES.map(|(status, _)| status), UnitStatus::ALL);
    }

    #[test]
    fn floors_below_ground_are_negative() {
        for (text, value) in
            [("15", 15), ("15层", 15), ("-1", -1), ("B2", -2), ("3F", 3), ("7.0", 7)]
        {
            assert_eq!(floor(text), Ok(value), "{text}");
        }
        assert!(floor("B").is_err() && floor("顶层").is_err());
    }
}
