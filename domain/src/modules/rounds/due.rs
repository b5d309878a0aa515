//! Due rounds: what the schedules ask for on which day, and what became of it.
//!
//! Nothing of this is stored. Phone and server expand the same schedules into the same ids, so a
//! phone that was offline for days still shows each day's work, and two phones mean one round.

use chrono::{Datelike, Days, NaiveDate};

use super::{Recurrence, Round, Schedule};
use crate::actor::{Actor, Role};
use crate::id::{ClusterId, ProjectId, RoundId, ScheduleId, TemplateId, UserId};
use crate::modules::company::Settings;
use crate::time::{DAY, Ms};

/// One round that a schedule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRound {
    pub id: RoundId,
    pub schedule: ScheduleId,
    /// Which of the schedule's windows, from 0.
    pub slot: u32,
    pub date: NaiveDate,
    pub window: (Ms, Ms),
    pub project: ProjectId,
    pub cluster: ClusterId,
    pub template: TemplateId,
    pub name: String,
    pub role: Role,
    pub person: Option<UserId>,
}

/// The id of a due round, the same on every phone and on the server.
pub fn round_id(schedule: ScheduleId, date: NaiveDate, slot: u32) -> RoundId {
    RoundId::derived(&["round", &schedule.to_string(), &date.to_string(), &slot.to_string()])
}

/// The rounds that a schedule asks for from one date to another, both included, in order.
pub fn expand(
    schedule: &Schedule,
    settings: &Settings,
    from: NaiveDate,
    to: NaiveDate,
) -> Vec<DueRound> {
    let first = from.max(schedule.starts);
    let last = schedule.ends.map_or(to, |ends| ends.min(to));
    let mut due = Vec::new();
    for date in first.iter_days().take_while(|date| *date <= last) {
        if !falls_on(&schedule.recurrence, settings, date) {
            continue;
        }
        for (slot, window) in (0u32..).zip(&schedule.windows) {
            let overnight = window.to < window.from;
            let end_date = if overnight { date.checked_add_days(Days::new(1)) } else { Some(date) };
            due.push(DueRound {
                id: round_id(schedule.id, date, slot),
                schedule: schedule.id,
                slot,
                date,
                window: (
                    settings.zone.instant(date.and_time(window.from)),
                    settings.zone.instant(end_date.unwrap_or(date).and_time(window.to)),
                ),
                project: schedule.project,
                cluster: schedule.cluster,
                template: schedule.template,
                name: schedule.name.clone(),
                role: schedule.role,
                person: schedule.person,
            });
        }
    }
    due
}

fn falls_on(recurrence: &Recurrence, settings: &Settings, date: NaiveDate) -> bool {
    // A day that a shorter month does not have falls on its last one.
    let is_day = |day: u8| {
        let length = u32::from(date.num_days_in_month());
        date.day() == u32::from(day).min(length)
    };
    match recurrence {
        Recurrence::Daily => true,
        Recurrence::WorkingDays => settings.is_working_day(date),
        Recurrence::Weekly { weekdays } => {
            weekdays.iter().any(|day| u32::from(*day) == date.weekday().number_from_monday())
        }
        Recurrence::Monthly { days } => days.iter().any(|day| is_day(*day)),
        Recurrence::Quarterly { day } => date.month().is_multiple_of(3) && is_day(*day),
    }
}

/// Whether a duty is this person's: named, or (where nobody is named) by role in the cluster.
pub fn is_duty_of(role: Role, person: Option<UserId>, cluster: ClusterId, actor: &Actor) -> bool {
    match person {
        Some(person) => person == actor.user,
        None => {
            actor.has_role(role) && (role.is_project_wide() || actor.clusters.contains(&cluster))
        }
    }
}

/// Whether a due round is this person's work.
pub fn concerns(due: &DueRound, actor: &Actor) -> bool {
    is_duty_of(due.role, due.person, due.cluster, actor)
}

/// What became of a due round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueState {
    NotYet,
    Open,
    Running {
        done: u32,
        total: u32,
    },
    Done,
    DoneLate,
    /// 未上报: the window is over and nothing says it was walked; its phone may still have it.
    NotReported,
    /// 漏巡: its phone was heard from after the window, or a whole day has passed.
    Missed,
}

impl DueState {
    pub const NAMES: [&'static str; 7] =
        ["not_yet", "open", "running", "done", "done_late", "not_reported", "missed"];

    /// The stable name, as in locale keys.
    pub fn name(self) -> &'static str {
        match self {
            DueState::NotYet => "not_yet",
            DueState::Open => "open",
            DueState::Running { .. } => "running",
            DueState::Done => "done",
            DueState::DoneLate => "done_late",
            DueState::NotReported => "not_reported",
            DueState::Missed => "missed",
        }
    }
}

/// What became of a due round, as far as is known here. `synced` is when the responsible device was
/// last in step with the server: its silence before that says nothing.
pub fn state(due: &DueRound, round: Option<&Round>, now: Ms, synced: Option<Ms>) -> DueState {
    // The window a round started with holds for it, whatever the schedule says since.
    let (start, end) = round.and_then(|round| round.window).unwrap_or(due.window);
    if let Some(finished) = round.and_then(|round| round.finished) {
        return if finished > end { DueState::DoneLate } else { DueState::Done };
    }
    if now <= end {
        return match round {
            Some(round) => DueState::Running {
                done: u32::try_from(round.points_done()).unwrap_or(u32::MAX),
                total: round.points,
            },
            None if now < start => DueState::NotYet,
            None => DueState::Open,
        };
    }
    // Somebody who is still walking is late, which is not the same as never having gone.
    let heard = round.is_none() && synced.is_some_and(|synced| synced > end);
    if heard || now.since(end) >= DAY { DueState::Missed } else { DueState::NotReported }
}

#[cfg(test)]
#[path = "tests/due.rs"]
mod tests;
