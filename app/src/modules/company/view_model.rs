//! The settings as they are filled in: pure, tested without a browser.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime, Timelike};
use domain::Refusal;
use domain::modules::company::{CompanyCode, SetSettings, Settings};
use domain::order;
use domain::refusal::CommonCode;
use serde::{Deserialize, Serialize};

/// Numbers in the order of the page.
pub const TICKETS: [&str; 8] = [
    "relay_minutes",
    "repair_hours",
    "complaint_hours",
    "quality_line_hours",
    "enquiry_hours",
    "request_days",
    "letter_box_working_days",
    "wait_days",
];
pub const RETURN_VISITS: [&str; 4] =
    ["return_complaint_days", "return_safety_days", "return_leak_days", "return_other_days"];
pub const OTHERS: [&str; 4] = ["promise_days", "walking_mps", "photo_edge", "photo_bytes"];

/// What somebody made of the settings that they saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The settings as they were shown.
    pub base: Settings,
    pub company: String,
    /// As typed, by the name of the number.
    pub numbers: BTreeMap<String, String>,
    pub briefing_at: String,
    pub office_closes: String,
    pub holidays: Vec<NaiveDate>,
    pub workdays: Vec<NaiveDate>,
}

fn hour_and_minute(time: NaiveTime) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// A time as it was, unless another minute was typed.
fn time(typed: &str, before: NaiveTime, field: &str) -> Result<NaiveTime, Refusal> {
    if typed == hour_and_minute(before) {
        return Ok(before);
    }
    typed.parse().map_err(|_| Refusal::new(CommonCode::TextEmpty).with("field", field))
}

impl Form {
    pub fn of(settings: &Settings) -> Self {
        let number =
            |(name, value, ..): (&str, u32, u32, u32)| (name.to_owned(), value.to_string());
        Self {
            base: settings.clone(),
            company: settings.company.clone(),
            numbers: order::map_of(settings.numbers().map(number)),
            briefing_at: hour_and_minute(settings.briefing_at),
            office_closes: hour_and_minute(settings.office_closes),
            holidays: settings.holidays.clone(),
            workdays: settings.workdays.clone(),
        }
    }

    pub fn is_changed(&self) -> bool {
        *self != Self::of(&self.base)
    }

    /// The command that keeps it, or everything that stands in the way, each with its field.
    pub fn command(&self) -> Result<SetSettings, Vec<Refusal>> {
        let mut settings = self.base.clone();
        let mut problems = Vec::new();
        settings.company = self.company.trim().to_owned();
        if settings.company.is_empty() {
            problems.push(Refusal::new(CommonCode::TextEmpty).with("field", "company"));
        }
        for (name, _, low, high) in self.base.numbers() {
            let typed = self.numbers.get(name).map(|typed| typed.trim().parse::<u32>());
            match typed {
                Some(Ok(value)) if (low..=high).contains(&value) => {
                    settings.set_number(name, value);
                }
                // A draft of a build that did not know the number leaves it as it is.
                None => {}
                Some(_) => problems.push(
                    Refusal::new(CompanyCode::BadLimit)
                        .with("field", name)
                        .with("low", low)
                        .with("high", high),
                ),
            }
        }
        match time(&self.briefing_at, self.base.briefing_at, "briefing_at") {
            Ok(at) => settings.briefing_at = at,
            Err(problem) => problems.push(problem),
        }
        match time(&self.office_closes, self.base.office_closes, "office_closes") {
            Ok(at) => settings.office_closes = at,
            Err(problem) => problems.push(problem),
        }
        settings.holidays.clone_from(&self.holidays);
        settings.workdays.clone_from(&self.workdays);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(SetSettings { settings, base: Some(self.base.clone()) })
    }
}

/// The day among the others, in order and once.
pub fn with_day(mut days: Vec<NaiveDate>, day: NaiveDate) -> Vec<NaiveDate> {
    if !days.contains(&day) {
        days.push(day);
    }
    order::sort(&mut days);
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_number_of_the_settings_is_on_the_page_once() {
        let mut shown: Vec<_> = [&TICKETS[..], &RETURN_VISITS[..], &OTHERS[..]].concat();
        let settings = Settings::default();
        let mut there: Vec<_> = settings.numbers().map(|(name, ..)| name).collect();
        shown.sort_unstable();
        there.sort_unstable();
        assert_eq!(shown, there);
    }

    #[test]
    fn what_nobody_touched_changes_nothing() {
        let closes = "21:00:30".parse().unwrap();
        let settings = Settings { office_closes: closes, version: 4, ..Settings::default() };
        let form = Form::of(&settings);
        assert!(!form.is_changed());
        assert_eq!(form.command().unwrap().settings, settings);
    }

    #[test]
    fn what_was_typed_is_in_the_command_beside_what_was_shown() {
        let mut form = Form::of(&Settings::default());
        form.numbers.insert("complaint_hours".into(), " 12 ".into());
        form.briefing_at = "08:45".into();
        form.holidays = with_day(form.holidays, day("2027-01-01"));
        assert!(form.is_changed());
        let command = form.command().unwrap();
        assert_eq!(command.settings.limits.complaint_hours.0, 12);
        assert_eq!(hour_and_minute(command.settings.briefing_at), "08:45");
        assert_eq!(command.settings.holidays, [day("2027-01-01")]);
        assert_eq!(command.base, Some(Settings::default()));
    }

    #[test]
    fn everything_that_cannot_be_is_named_at_once() {
        let mut form = Form::of(&Settings::default());
        form.company = "  ".into();
        form.numbers.insert("repair_hours".into(), "0".into());
        form.numbers.insert("return_leak_days".into(), "drei".into());
        form.office_closes.clear();
        let fields: Vec<String> = form
            .command()
            .unwrap_err()
            .iter()
            .map(|problem| problem.params["field"].to_string())
            .collect();
        assert_eq!(fields, ["company", "repair_hours", "return_leak_days", "office_closes"]);
    }

    #[test]
    fn a_day_is_there_once_and_in_its_order() {
        let days = with_day(vec![day("2027-02-01")], day("2027-01-01"));
        assert_eq!(with_day(days, day("2027-01-01")), [day("2027-01-01"), day("2027-02-01")]);
    }
}
