//! Names of states, flags, days and times of rounds in the reader's language.

use std::cell::Cell;

use chrono::{NaiveDate, NaiveTime};
use domain::Role;
use domain::modules::rounds::{Flag, Recurrence, Window};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::device::page;
use crate::i18n::{fmt, name_of, tr};
use crate::ui::role_name;

pub(crate) use crate::reactive::words as say;

thread_local! {
    static FIRST: Cell<bool> = const { Cell::new(true) };
}

/// False until the page is on the screen: what costs a look at many records waits for it, so that
/// the answer to a tap does not. The first page of all has the server's frame on the screen already:
/// it is drawn once, with everything in it.
pub(crate) fn after_paint() -> Signal<bool> {
    let painted = RwSignal::new(FIRST.replace(false));
    if painted.get_untracked() {
        return painted.into();
    }
    spawn_local(async move {
        page::painted().await;
        painted.try_set(true);
    });
    painted.into()
}

/// By `DueState::name`.
pub fn state(name: &str) -> String {
    name_of("rounds", "state_", name)
}

/// Colour of a state's badge, by `DueState::name`.
pub fn state_tone(name: &str) -> &'static str {
    match name {
        "done" => "ok",
        "open" | "running" | "done_late" => "soon",
        "not_reported" | "missed" => "late",
        _ => "",
    }
}

pub fn flag(flag: Flag) -> &'static str {
    match flag {
        Flag::TooFast => tr::rounds::flag_too_fast(),
        Flag::Correction => tr::rounds::flag_correction(),
        Flag::ByHand => tr::rounds::flag_by_hand(),
    }
}

/// ① … ⑳, ㉑ … ㊿, then plain numbers: `index` counts from 0.
pub fn circled(index: usize) -> String {
    let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
    let sign = match number {
        1..=20 => char::from_u32(0x2460 + number - 1),
        21..=35 => char::from_u32(0x3251 + number - 21),
        36..=50 => char::from_u32(0x32b1 + number - 36),
        _ => None,
    };
    sign.map_or_else(|| format!("({number})"), String::from)
}

fn clock(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// "06:00–12:00", "18:00–次日 06:00".
pub fn window(window: Window) -> String {
    times(clock(window.from), clock(window.to), window.to < window.from)
}

/// From when to when; an end on the day after says so.
pub fn times(from: String, to: String, overnight: bool) -> String {
    if overnight {
        tr::rounds::window_overnight(from, to)
    } else {
        tr::rounds::window_same_day(from, to)
    }
}

/// ISO weekday, Monday = 1, in the reader's short form.
pub fn weekday(day: u8) -> &'static str {
    // Any week that begins on a Monday will do.
    let monday = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default();
    let days = chrono::Days::new(u64::from(day.clamp(1, 7) - 1));
    fmt::weekday(monday.checked_add_days(days).unwrap_or(monday))
}

/// "每天", "每周 周一、周四", "每月 1、15 日".
pub fn recurrence(recurrence: &Recurrence) -> String {
    let numbers = |days: &[u8]| {
        let days: Vec<String> = days.iter().map(u8::to_string).collect();
        fmt::list(&days)
    };
    match recurrence {
        Recurrence::Daily => tr::rounds::every_day().to_owned(),
        Recurrence::WorkingDays => tr::rounds::every_working_day().to_owned(),
        Recurrence::Weekly { weekdays } => {
            let days: Vec<String> = weekdays.iter().map(|day| weekday(*day).to_owned()).collect();
            tr::rounds::every_week(fmt::list(&days))
        }
        Recurrence::Monthly { days } => tr::rounds::every_month(numbers(days)),
        Recurrence::Quarterly { day } => tr::rounds::every_quarter(day),
    }
}

/// "每天 06:00–12:00 组团管家": what a schedule asks for, in one line.
pub fn schedule(
    every: &Recurrence,
    windows: &[Window],
    role: Role,
    person: Option<&str>,
) -> String {
    let windows: Vec<String> = windows.iter().map(|one| window(*one)).collect();
    let who = person.map_or_else(|| role_name(role).to_owned(), str::to_owned);
    format!("{} {} {who}", recurrence(every), fmt::list(&windows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Language, in_language};
    use domain::modules::rounds::due::DueState;

    fn at(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).expect("a full hour")
    }

    #[test]
    fn a_schedule_reads_like_a_sentence() {
        let morning = [Window { from: at(6), to: at(12) }];
        let text = schedule(&Recurrence::Daily, &morning, Role::Steward, None);
        assert_eq!(text, "每天 06:00–12:00 组团管家");
        let night = [Window { from: at(18), to: at(6) }];
        let weekly = Recurrence::Weekly { weekdays: vec![1, 4] };
        let text = schedule(&weekly, &night, Role::Steward, Some("林晓梅"));
        assert_eq!(text, "每周 周一、周四 18:00–次日 06:00 林晓梅");
        let monthly = Recurrence::Monthly { days: vec![1, 15] };
        assert_eq!(recurrence(&monthly), "每月 1、15 日");
    }

    #[test]
    fn points_are_counted_in_circles_as_far_as_there_are_any() {
        assert_eq!([circled(0), circled(3), circled(19)], ["①", "④", "⑳"]);
        assert_eq!([circled(20), circled(49), circled(50)], ["㉑", "㊿", "(51)"]);
    }

    #[test]
    fn every_state_of_a_due_round_has_a_name_in_each_language() {
        for language in Language::ALL {
            in_language(language, || {
                for name in DueState::NAMES {
                    assert_ne!(state(name), name, "{language:?}");
                }
            });
        }
    }
}
