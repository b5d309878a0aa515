//! Numbers, money, dates and times in the reader's language. All of it tracks the language.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use domain::modules::rounds::HandReason;
use domain::modules::tickets::Clock;
use domain::time::{DAY, HOUR, MINUTE};
use domain::{Fen, Ms, Zone};

use super::{current, lookup, name_of, tr};

/// Groups of three: 1284 → "1,284".
pub fn integer(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        out.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "¥1,284.50"; a credit as "−¥12.00".
pub fn money(amount: Fen) -> String {
    let sign = if amount.0 < 0 { "−" } else { "" };
    let fen = amount.0.unsigned_abs();
    let yuan = integer(i64::try_from(fen / 100).unwrap_or(i64::MAX));
    format!("{sign}¥{yuan}.{:02}", fen % 100)
}

/// Whole yuan for tables and charts: "¥1,285".
pub fn money_round(amount: Fen) -> String {
    let yuan = (amount.0.abs() + 50) / 100 * amount.0.signum();
    let sign = if yuan < 0 { "−" } else { "" };
    format!("{sign}¥{}", integer(yuan.abs()))
}

/// Thousandths without superfluous zeros: 500 → "0.5", 35_000 → "35".
pub fn thousandths(value: i64) -> String {
    decimal(value, 3)
}

/// Hundredths without superfluous zeros: 10125 → "101.25".
pub fn hundredths(value: i64) -> String {
    decimal(value, 2)
}

fn decimal(value: i64, places: u32) -> String {
    let unit = 10u64.pow(places);
    let whole = value.unsigned_abs() / unit;
    let part = value.unsigned_abs() % unit;
    let sign = if value < 0 { "−" } else { "" };
    let whole = integer(i64::try_from(whole).unwrap_or(i64::MAX));
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let part = format!("{part:0width$}", width = places as usize);
    format!("{sign}{whole}.{}", part.trim_end_matches('0'))
}

/// Reads what somebody typed as a decimal into thousandths; accepts "0,5" and full-width signs.
pub fn parse_thousandths(text: &str) -> Option<i64> {
    parse_decimal(text, 3)
}

/// Reads an amount of yuan.
pub fn parse_money(text: &str) -> Option<Fen> {
    let text = text.trim().trim_start_matches(['\u{a5}', '\u{ffe5}']).trim_start();
    parse_decimal(text, 2).map(Fen)
}

fn parse_decimal(text: &str, places: usize) -> Option<i64> {
    let plain: String = text.trim().chars().map(half_width).filter(|c| *c != ',').collect();
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain.as_str()),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part:0<places$}");
    let is_number = all.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || part.len() > places || !is_number {
        return None;
    }
    let value: i64 = all.parse().ok()?;
    Some(if negative { -value } else { value })
}

/// Chinese keyboards write full-width digits and signs.
fn half_width(c: char) -> char {
    match c {
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - 0xff10, 10).unwrap_or(c),
        '\u{ff0e}' | '。' => '.',
        '\u{ff0d}' | '−' => '-',
        '\u{ff0c}' => ',',
        other => other,
    }
}

/// "82%".
pub fn percent(per_mille: u32) -> String {
    format!("{}%", (per_mille + 5) / 10)
}

/// "1.2 MB".
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{}.{} MB", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}

fn named(prefix: &str, number: u32) -> &'static str {
    lookup("dates", &format!("{prefix}{number}")).unwrap_or_default()
}

fn month_name(date: NaiveDate) -> &'static str {
    named("month_", date.month())
}

/// "周五", "週五", "Fri".
pub fn weekday(date: NaiveDate) -> &'static str {
    named("weekday_", date.weekday().number_from_monday())
}

/// "12月16日 周五", "Fri 16 Dec".
pub fn date(date: NaiveDate) -> String {
    tr::dates::date(month_name(date), date.day(), weekday(date))
}

/// Without the weekday: "12月16日", "16 Dec".
pub fn day(date: NaiveDate) -> String {
    tr::dates::day(month_name(date), date.day())
}

/// With the year: "2026年12月16日", "16 Dec 2026".
pub fn full_date(date: NaiveDate) -> String {
    tr::dates::full_date(date.year(), month_name(date), date.day())
}

/// "2026年12月", "Dec 2026".
pub fn month(date: NaiveDate) -> String {
    tr::dates::month(date.year(), month_name(date))
}

/// "2026-12-16": tables and files.
pub fn iso_date(date: NaiveDate) -> String {
    date.to_string()
}

/// "9:30".
pub fn time_of_day(hour: u32, minute: u32) -> String {
    format!("{hour}:{minute:02}")
}

/// The local wall time of an instant: "9:30".
pub fn time(at: Ms, zone: &Zone) -> String {
    let local = zone.local(at);
    time_of_day(local.hour(), local.minute())
}

/// Exact, for tapping on a relative time: "2026年12月16日 周五 9:30:05".
pub fn exact(at: Ms, zone: &Zone) -> String {
    let local = zone.local(at);
    let date = local.date();
    format!(
        "{} {} {}:{:02}:{:02}",
        full_date(date),
        weekday(date),
        local.hour(),
        local.minute(),
        local.second()
    )
}

/// As short as it stays clear today: "9:30", "昨天 9:30", "12月16日 9:30", with the year when it is
/// another one.
pub fn moment(at: Ms, now: Ms, zone: &Zone) -> String {
    let (local, today) = (zone.local(at), zone.date(now));
    let clock = time_of_day(local.hour(), local.minute());
    match day_word(local.date(), today) {
        Some("") => clock,
        Some(word) => format!("{word} {clock}"),
        None => format!("{} {clock}", dated(local, today)),
    }
}

fn dated(local: NaiveDateTime, today: NaiveDate) -> String {
    if local.year() == today.year() { day(local.date()) } else { full_date(local.date()) }
}

/// "今天", "明天", "昨天", else the date: promises and due days.
pub fn near_date(date: NaiveDate, today: NaiveDate) -> String {
    match day_word(date, today) {
        Some("") => tr::common::today().to_owned(),
        Some(word) => word.to_owned(),
        None if date.year() == today.year() => self::date(date),
        None => full_date(date),
    }
}

/// Empty for today.
fn day_word(date: NaiveDate, today: NaiveDate) -> Option<&'static str> {
    match date.signed_duration_since(today).num_days() {
        0 => Some(""),
        1 => Some(tr::common::tomorrow()),
        -1 => Some(tr::common::yesterday()),
        _ => None,
    }
}

/// A span in one unit, two below a day: "35 分", "2 时 5 分", "3 天".
pub fn span(milliseconds: i64) -> String {
    let span = milliseconds.abs();
    if span < MINUTE {
        tr::common::under_a_minute().to_owned()
    } else if span < HOUR {
        tr::common::minutes(span / MINUTE)
    } else if span < DAY {
        let (hours, minutes) = (span / HOUR, span % HOUR / MINUTE);
        if minutes == 0 || hours >= 10 {
            tr::common::hours(hours)
        } else {
            tr::common::hours_minutes(hours, minutes)
        }
    } else if span < 2 * DAY {
        tr::common::hours(span / HOUR)
    } else {
        tr::common::days(span / DAY)
    }
}

/// What is left on a ticket's clock: "还剩 35 分", "超 2 时", "暂停 · 还剩 2 时". Of a clock that has
/// stopped only by how much it was over: nothing is left of it.
pub fn clock_left(clock: &Clock, now: Ms) -> Option<String> {
    let span = clock.left(now);
    if clock.stopped.is_some() {
        return (span < 0).then(|| left(span));
    }
    Some(if clock.is_paused(now) { tr::common::paused(left(span)) } else { left(span) })
}

/// "还剩 35 分", "超 2 时".
pub fn left(milliseconds: i64) -> String {
    if milliseconds < 0 {
        tr::common::over_by(span(milliseconds))
    } else {
        tr::common::left(span(milliseconds))
    }
}

/// "35 分前", "刚刚".
pub fn ago(at: Ms, now: Ms) -> String {
    let passed = now.since(at);
    if passed < MINUTE { tr::common::just_now().to_owned() } else { tr::common::ago(span(passed)) }
}

/// Why a place was confirmed by hand: the usual reason by its name, then the walker's own words.
pub fn hand_reason(usual: Option<HandReason>, words: &str) -> String {
    let mut all: Vec<String> = Vec::new();
    all.extend(usual.map(|reason| name_of("rounds", "reason_", reason.name())));
    if !words.is_empty() {
        all.push(words.to_owned());
    }
    list(&all)
}

/// "A、B、C" or "A, B, C".
pub fn list(words: &[String]) -> String {
    let separator = if current().is_chinese() { "、" } else { ", " };
    let mut out = String::new();
    for (index, word) in words.iter().enumerate() {
        let _ = write!(out, "{}{word}", if index == 0 { "" } else { separator });
    }
    out
}

#[cfg(test)]
#[path = "fmt_tests.rs"]
mod tests;
