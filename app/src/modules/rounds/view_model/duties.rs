//! Due rounds of one person, what became of them, and in which order to show them.

use chrono::{Days, NaiveDate};
use domain::id::{RoundId, TemplateId};
use domain::modules::company::Settings;
use domain::modules::rounds::due::{self, DueRound, DueState};
use domain::modules::rounds::{Round, RoundTemplate, Schedule};
use domain::order;
use domain::{Actor, Ms, Zone};

use crate::i18n::fmt;
use crate::modules::rounds::words::times;

/// How far back and ahead a phone shows due rounds.
pub const DAYS_BACK: u64 = 2;
pub const DAYS_AHEAD: u64 = 2;

/// A due round and what became of it, as far as this phone knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Duty {
    pub due: DueRound,
    pub state: DueState,
    /// Who walks or walked it.
    pub by: Option<String>,
    pub done: u32,
    /// Points of the version it runs with, or would start with.
    pub points: u32,
}

/// Where a duty stands on the list of rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Begun and not finished.
    Running,
    /// The window is open.
    Now,
    /// The window is over and nothing was reported.
    Missed,
    /// Later today or on the next days.
    Later,
    Done,
}

impl Duty {
    pub fn shelf(&self) -> Shelf {
        match self.state {
            DueState::Running { .. } => Shelf::Running,
            // Begun late is begun all the same.
            DueState::NotReported | DueState::Missed if self.by.is_some() => Shelf::Running,
            DueState::Open => Shelf::Now,
            DueState::NotReported | DueState::Missed => Shelf::Missed,
            DueState::NotYet => Shelf::Later,
            DueState::Done | DueState::DoneLate => Shelf::Done,
        }
    }
}

/// The version that new rounds start with: the newest, unless the template was retired.
pub fn current_template<'a>(
    templates: &mut dyn Iterator<Item = &'a RoundTemplate>,
    template: TemplateId,
) -> Option<&'a RoundTemplate> {
    newest(templates, template).filter(|newest| !newest.retired)
}

/// The newest version, retired or not.
pub fn newest<'a>(
    templates: &mut dyn Iterator<Item = &'a RoundTemplate>,
    template: TemplateId,
) -> Option<&'a RoundTemplate> {
    templates.filter(|one| one.template == template).max_by_key(|one| one.version)
}

fn duty(due: DueRound, round: Option<&Round>, points: u32, now: Ms, synced: Option<Ms>) -> Duty {
    Duty {
        state: due::state(&due, round, now, synced),
        by: round.map(|round| round.by_name.clone()),
        done: round.map_or(0, |r| u32::try_from(r.points_done()).unwrap_or(u32::MAX)),
        points: round.map_or(points, |round| round.points),
        due,
    }
}

/// What a person looks at their duties with.
pub struct Looking<'a> {
    pub actor: &'a Actor,
    pub settings: &'a Settings,
    pub now: Ms,
    /// When this phone was last in step with the server.
    pub synced: Option<Ms>,
}

/// This person's due rounds from some days back to some days ahead, by the start of their window.
///
/// A colleague's phone may still hold a round that two could have walked; only for a duty of one
/// named person does this phone's own sync tell that nobody went.
pub fn duties<'a>(
    looking: &Looking<'_>,
    schedules: &mut dyn Iterator<Item = &'a Schedule>,
    round: &dyn Fn(RoundId) -> Option<&'a Round>,
    points: &dyn Fn(TemplateId) -> u32,
    days: (u64, u64),
) -> Vec<Duty> {
    let today = looking.settings.zone.date(looking.now);
    let from = today.checked_sub_days(Days::new(days.0)).unwrap_or(today);
    let to = today.checked_add_days(Days::new(days.1)).unwrap_or(today);
    let mut duties = Vec::new();
    for schedule in schedules {
        for due in due::expand(schedule, looking.settings, from, to) {
            if due::concerns(&due, looking.actor) {
                let own = due.person == Some(looking.actor.user);
                let synced = looking.synced.filter(|_| own);
                let points = points(due.template);
                duties.push(duty(due.clone(), round(due.id), points, looking.now, synced));
            }
        }
    }
    order::sort_by_key(&mut duties, |duty| (duty.due.window, duty.due.cluster, duty.due.id));
    duties
}

/// The due round with that id, if a schedule asks for it around today.
pub fn due_by_id(
    schedules: &mut dyn Iterator<Item = &Schedule>,
    settings: &Settings,
    today: NaiveDate,
    id: RoundId,
) -> Option<DueRound> {
    let from = today.checked_sub_days(Days::new(DAYS_BACK)).unwrap_or(today);
    let to = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    for schedule in schedules {
        let due = due::expand(schedule, settings, from, to).into_iter().find(|due| due.id == id);
        if due.is_some() {
            return due;
        }
    }
    None
}

/// The window in words: "8:00–10:00", with the day unless it is today: "昨天 18:00–次日 6:00".
pub fn window_text(window: (Ms, Ms), today: NaiveDate, zone: &Zone) -> String {
    let date = zone.date(window.0);
    let (from, to) = (fmt::time(window.0, zone), fmt::time(window.1, zone));
    let times = times(from, to, zone.date(window.1) > date);
    if date == today { times } else { format!("{} {times}", fmt::near_date(date, today)) }
}

#[cfg(test)]
mod tests {
    use super::super::testkit::*;
    use super::*;
    use domain::id::UserId;

    fn list(schedules: &[Schedule], rounds: &[Round], now: Ms) -> Vec<Duty> {
        let settings = Settings::default();
        let actor = steward();
        let looking = Looking { actor: &actor, settings: &settings, now, synced: Some(now) };
        let round = |id| rounds.iter().find(|round| round.id == id);
        duties(&looking, &mut schedules.iter(), &round, &|_| 3, (1, 1))
    }

    #[test]
    fn a_steward_sees_yesterdays_forgotten_todays_and_tomorrows_rounds() {
        let duties = list(&[schedule(8, 10)], &[], local(9, 0));
        let shelves: Vec<Shelf> = duties.iter().map(Duty::shelf).collect();
        assert_eq!(shelves, [Shelf::Missed, Shelf::Now, Shelf::Later]);
        assert_eq!(duties[1].points, 3);
    }

    #[test]
    fn a_round_of_another_cluster_is_nobodys_business_here() {
        let mut other = schedule(8, 10);
        other.cluster = domain::id::ClusterId::derived(&["other"]);
        assert_eq!(list(&[other], &[], local(9, 0)), []);
    }

    #[test]
    fn begun_after_its_window_a_round_is_still_one_to_go_on_with() {
        let schedule = schedule(8, 10);
        let begun = round(&schedule, local(9, 50));
        let duties = list(&[schedule], &[begun], local(10, 30));
        assert_eq!(duties[1].state, DueState::NotReported);
        assert_eq!(duties[1].shelf(), Shelf::Running);
        assert_eq!(duties[1].by.as_deref(), Some("林晓梅"));
    }

    #[test]
    fn only_the_named_persons_own_phone_tells_that_nobody_went() {
        let shared = schedule(8, 10);
        let mut named = schedule(8, 10);
        named.id = domain::id::ScheduleId::derived(&["named"]);
        named.person = Some(steward().user);
        let duties = list(&[shared, named], &[], local(11, 0));
        let of_today = |duty: &&Duty| duty.due.date == date();
        let states: Vec<_> =
            duties.iter().filter(of_today).map(|d| (d.due.person, d.state)).collect();
        assert!(states.contains(&(None, DueState::NotReported)));
        assert!(states.contains(&(Some(steward().user), DueState::Missed)));
        assert!(!duties.iter().any(|duty| duty.due.person == Some(UserId::derived(&["x"]))));
    }

    #[test]
    fn a_night_round_says_that_it_ends_on_the_day_after() {
        let zone = Settings::default().zone;
        let night = (local(18, 0), local(6, 0).plus(domain::time::DAY));
        let tomorrow = date().succ_opt().expect("a day after");
        crate::i18n::in_language(crate::i18n::Language::ZhHans, || {
            assert_eq!(window_text((local(8, 0), local(10, 0)), date(), &zone), "8:00–10:00");
            assert_eq!(window_text(night, date(), &zone), "18:00–次日 6:00");
            assert_eq!(window_text(night, tomorrow, &zone), "昨天 18:00–次日 6:00");
        });
    }

    #[test]
    fn a_round_is_found_by_the_id_in_its_address() {
        let schedule = schedule(8, 10);
        let settings = Settings::default();
        let id = due::round_id(schedule.id, date(), 0);
        let found = due_by_id(&mut [schedule.clone()].iter(), &settings, date(), id);
        assert_eq!(found.map(|due| due.date), Some(date()));
        let unknown = due::round_id(schedule.id, date(), 7);
        assert_eq!(due_by_id(&mut [schedule].iter(), &settings, date(), unknown), None);
    }
}
