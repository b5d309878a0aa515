//! A schedule being edited: what was chosen, what is missing, and what is set.

use chrono::{NaiveDate, NaiveTime};
use domain::id::{ClusterId, ScheduleId, TemplateId, UserId};
use domain::modules::rounds::{Recurrence, Schedule, SetSchedule, Window};
use domain::order;
use domain::{Right, Role};
use serde::{Deserialize, Serialize};

use crate::i18n::tr;

/// Recurrences by the names they have on the wire.
pub const EVERY: [&str; 5] = ["daily", "working_days", "weekly", "monthly", "quarterly"];

/// The sheet; kept as a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleForm {
    pub schedule: ScheduleId,
    pub cluster: Option<ClusterId>,
    pub template: Option<TemplateId>,
    pub name: String,
    /// One of `EVERY`.
    pub every: String,
    #[serde(default)]
    pub weekdays: Vec<u8>,
    /// Days of the month as typed: "1, 15".
    #[serde(default)]
    pub days: String,
    /// Windows as the browser's time fields give them: ("06:00", "12:00").
    pub windows: Vec<(String, String)>,
    pub role: Role,
    #[serde(default)]
    pub person: Option<UserId>,
    pub starts: String,
    #[serde(default)]
    pub ends: String,
}

/// Roles that may walk a round, in the order of the organisation.
pub fn walking_roles() -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().filter(|role| role.rights().contains(&Right::WalkRound))
}

impl ScheduleForm {
    pub fn empty(schedule: ScheduleId, cluster: Option<ClusterId>, today: NaiveDate) -> Self {
        Self {
            schedule,
            cluster,
            template: None,
            name: String::new(),
            every: EVERY[0].into(),
            weekdays: vec![1],
            days: "1".into(),
            windows: vec![("08:00".into(), "10:00".into())],
            role: Role::Steward,
            person: None,
            starts: today.to_string(),
            ends: String::new(),
        }
    }

    pub fn of(schedule: &Schedule) -> Self {
        let time = |time: NaiveTime| time.format("%H:%M").to_string();
        let list = |days: &[u8]| days.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        let (every, weekdays, days) = match &schedule.recurrence {
            Recurrence::Daily => ("daily", vec![1], "1".to_owned()),
            Recurrence::WorkingDays => ("working_days", vec![1], "1".to_owned()),
            Recurrence::Weekly { weekdays } => ("weekly", weekdays.clone(), "1".to_owned()),
            Recurrence::Monthly { days } => ("monthly", vec![1], list(days)),
            Recurrence::Quarterly { day } => ("quarterly", vec![1], day.to_string()),
        };
        Self {
            schedule: schedule.id,
            cluster: Some(schedule.cluster),
            template: Some(schedule.template),
            name: schedule.name.clone(),
            every: every.into(),
            weekdays,
            days,
            windows: schedule.windows.iter().map(|w| (time(w.from), time(w.to))).collect(),
            role: schedule.role,
            person: schedule.person,
            starts: schedule.starts.to_string(),
            ends: schedule.ends.map_or_else(String::new, |ends| ends.to_string()),
        }
    }

    /// What is set, or the first thing that is missing, in words.
    pub fn command(&self) -> Result<SetSchedule, &'static str> {
        let cluster = self.cluster.ok_or_else(tr::rounds::problem_no_cluster)?;
        let template = self.template.ok_or_else(tr::rounds::problem_no_template)?;
        if self.name.trim().is_empty() {
            return Err(tr::rounds::problem_no_schedule_name());
        }
        let recurrence = self.recurrence()?;
        let mut windows = Vec::with_capacity(self.windows.len());
        for (from, to) in &self.windows {
            let window = time(from).zip(time(to)).ok_or_else(tr::rounds::problem_window)?;
            let window = Window { from: window.0, to: window.1 };
            if window.from == window.to {
                return Err(tr::rounds::problem_window_empty());
            }
            if windows.iter().any(|other: &Window| other.overlaps(&window)) {
                return Err(tr::rounds::problem_window_overlap());
            }
            windows.push(window);
        }
        if windows.is_empty() {
            return Err(tr::rounds::problem_no_window());
        }
        order::sort(&mut windows);
        let starts: NaiveDate = self.starts.parse().map_err(|_| tr::rounds::problem_starts())?;
        let ends = match self.ends.trim() {
            "" => None,
            text => Some(text.parse::<NaiveDate>().map_err(|_| tr::rounds::problem_ends())?),
        };
        if ends.is_some_and(|ends| ends < starts) {
            return Err(tr::rounds::problem_ends_first());
        }
        Ok(SetSchedule {
            schedule: self.schedule,
            cluster,
            template,
            name: self.name.trim().to_owned(),
            recurrence,
            windows,
            role: self.role,
            person: self.person,
            starts,
            ends,
        })
    }

    fn recurrence(&self) -> Result<Recurrence, &'static str> {
        Ok(match self.every.as_str() {
            "working_days" => Recurrence::WorkingDays,
            "weekly" => {
                let mut weekdays = self.weekdays.clone();
                order::sort(&mut weekdays);
                weekdays.dedup();
                if weekdays.is_empty() {
                    return Err(tr::rounds::problem_no_weekday());
                }
                Recurrence::Weekly { weekdays }
            }
            "monthly" => Recurrence::Monthly { days: self.month_days()? },
            "quarterly" => match self.month_days()?.as_slice() {
                [day] => Recurrence::Quarterly { day: *day },
                _ => return Err(tr::rounds::problem_one_day()),
            },
            _ => Recurrence::Daily,
        })
    }

    fn month_days(&self) -> Result<Vec<u8>, &'static str> {
        let parts = self.days.split([',', '，', '、', ' ', ';']).map(str::trim);
        let days: Result<Vec<u8>, _> =
            parts.filter(|part| !part.is_empty()).map(str::parse).collect();
        let mut days = days.map_err(|_| tr::rounds::problem_days())?;
        order::sort(&mut days);
        days.dedup();
        if days.is_empty() || !days.iter().all(|day| (1..=31).contains(day)) {
            return Err(tr::rounds::problem_days());
        }
        Ok(days)
    }
}

/// "06:00", and "06:00:00" as some browsers give it.
fn time(text: &str) -> Option<NaiveTime> {
    let text = text.trim();
    NaiveTime::parse_from_str(text, "%H:%M")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"))
        .ok()
}

/// The schedule's last day was yesterday: today nothing of it is due any more. One that has not
/// begun never will.
pub fn ended(schedule: &Schedule, today: NaiveDate) -> SetSchedule {
    let yesterday = today.pred_opt().unwrap_or(today);
    let form = ScheduleForm::of(schedule);
    SetSchedule {
        schedule: schedule.id,
        cluster: schedule.cluster,
        template: schedule.template,
        name: form.name,
        recurrence: schedule.recurrence.clone(),
        windows: schedule.windows.clone(),
        role: schedule.role,
        person: schedule.person,
        starts: schedule.starts.min(yesterday),
        ends: Some(yesterday),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testkit;
    use super::*;

    #[test]
    fn what_is_opened_and_saved_unchanged_is_the_same_schedule() {
        let mut schedule = testkit::schedule(6, 12);
        schedule.recurrence = Recurrence::Monthly { days: vec![1, 15] };
        let command = ScheduleForm::of(&schedule).command().expect("complete");
        assert_eq!(command.recurrence, schedule.recurrence);
        assert_eq!((command.windows, command.starts), (schedule.windows, schedule.starts));
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        let mut form = ScheduleForm::of(&testkit::schedule(6, 12));
        form.every = "monthly".into();
        form.days = "15、1，1".into();
        let recurrence = form.command().map(|command| command.recurrence);
        assert_eq!(recurrence, Ok(Recurrence::Monthly { days: vec![1, 15] }));
        form.days = "32".into();
        assert!(form.command().is_err());
        form.every = "quarterly".into();
        form.days = "1, 2".into();
        assert!(form.command().is_err());
    }

    #[test]
    fn windows_are_put_in_order_and_an_empty_one_is_refused() {
        let mut form = ScheduleForm::of(&testkit::schedule(14, 16));
        form.windows.push(("06:00".into(), "08:00".into()));
        let windows = form.command().expect("complete").windows;
        assert_eq!(windows[0].from, testkit::clock(6, 0));
        form.windows.push(("09:00".into(), "09:00".into()));
        assert!(form.command().is_err());
    }

    #[test]
    fn only_who_may_walk_is_offered_a_round() {
        let roles: Vec<Role> = walking_roles().collect();
        assert!(roles.contains(&Role::Steward) && roles.contains(&Role::Technician));
        assert!(roles.contains(&Role::Guard) && !roles.contains(&Role::Cashier));
    }

    #[test]
    fn an_ended_schedule_asks_for_nothing_today() {
        let settings = domain::modules::company::Settings::default();
        let today = testkit::date();
        for starts in [testkit::schedule(6, 12).starts, today + chrono::Days::new(3)] {
            let schedule = Schedule { starts, ..testkit::schedule(6, 12) };
            let set = ended(&schedule, today);
            let ended = Schedule { starts: set.starts, ends: set.ends, ..schedule };
            let due = domain::modules::rounds::due::expand(
                &ended,
                &settings,
                today,
                today + chrono::Days::new(9),
            );
            assert_eq!(due, []);
        }
    }
}
