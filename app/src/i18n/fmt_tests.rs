//! What people read, in each language.

use super::*;
use crate::i18n::Language;
use crate::i18n::in_language;

fn day_of(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn money_is_grouped_and_a_credit_has_its_sign_in_front() {
    assert_eq!(money(Fen(128_450)), "¥1,284.50");
    assert_eq!(money(Fen(5)), "¥0.05");
    assert_eq!(money(Fen(-1_200)), "−¥12.00");
    assert_eq!(money(Fen(12_345_678_900)), "¥123,456,789.00");
    assert_eq!(money_round(Fen(-128_450)), "−¥1,285");
}

#[test]
fn decimals_lose_only_their_superfluous_zeros() {
    assert_eq!(thousandths(500), "0.5");
    assert_eq!(thousandths(35_000), "35");
    assert_eq!(thousandths(-1_250), "−1.25");
    assert_eq!(hundredths(10_125), "101.25");
    assert_eq!(hundredths(10_005), "100.05");
}

#[test]
fn an_amount_typed_in_any_keyboard_is_read() {
    assert_eq!(parse_money("1,284.5"), Some(Fen(128_450)));
    assert_eq!(parse_money("¥35"), Some(Fen(3_500)));
    assert_eq!(parse_money("\u{ff13}\u{ff15}。\u{ff15}"), Some(Fen(3_550)));
    assert_eq!(parse_thousandths("0.5"), Some(500));
    assert_eq!(parse_thousandths("-2"), Some(-2_000));
    assert_eq!(parse_money("3.505"), None);
    assert_eq!(parse_money("12元"), None);
    assert_eq!(parse_money(""), None);
    assert_eq!(parse_money("."), None);
}

#[test]
fn dates_follow_the_language() {
    let date = day_of("2026-12-18");
    let shown = |language| in_language(language, || super::date(date));
    assert_eq!(shown(Language::ZhHans), "12月18日 周五");
    assert_eq!(shown(Language::ZhHant), "12月18日 週五");
    assert_eq!(shown(Language::En), "Fri 18 Dec");
}

#[test]
fn a_clock_says_what_is_left_and_by_how_much_it_is_over() {
    in_language(Language::ZhHans, || {
        assert_eq!(left(35 * MINUTE), "还剩 35 分");
        assert_eq!(left(-2 * HOUR), "超 2 时");
        assert_eq!(left(2 * HOUR + 5 * MINUTE), "还剩 2 时 5 分");
        assert_eq!(left(3 * DAY + HOUR), "还剩 3 天");
    });
    in_language(Language::En, || {
        assert_eq!(left(35 * MINUTE), "35 min left");
        assert_eq!(left(-2 * HOUR), "2 h over");
    });
}

#[test]
fn nothing_is_left_on_the_clock_of_work_that_is_over() {
    let begun = Clock {
        started: Ms(0),
        due: Ms(2 * HOUR),
        relay_due: None,
        paused: None,
        paused_until: None,
        stopped: None,
    };
    in_language(Language::ZhHans, || {
        assert_eq!(clock_left(&begun, Ms(HOUR)).as_deref(), Some("还剩 1 时"));
        assert_eq!(clock_left(&begun.stop(Ms(HOUR)), Ms(9 * HOUR)), None);
        assert_eq!(clock_left(&begun.stop(Ms(4 * HOUR)), Ms(9 * HOUR)).as_deref(), Some("超 2 时"));
    });
}

#[test]
fn a_moment_is_as_short_as_it_stays_clear() {
    let zone = Zone::default();
    let at = |text: &str| zone.instant(text.parse().unwrap());
    let now = at("2026-12-16T12:00:00");
    in_language(Language::ZhHans, || {
        assert_eq!(moment(at("2026-12-16T09:30:00"), now, &zone), "9:30");
        assert_eq!(moment(at("2026-12-15T23:05:00"), now, &zone), "昨天 23:05");
        assert_eq!(moment(at("2026-11-02T08:00:00"), now, &zone), "11月2日 8:00");
        assert_eq!(moment(at("2025-11-02T08:00:00"), now, &zone), "2025年11月2日 8:00");
        assert_eq!(near_date(day_of("2026-12-17"), day_of("2026-12-16")), "明天");
    });
}
