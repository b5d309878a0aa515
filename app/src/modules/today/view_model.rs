//! What is due today and in which order: pure, tested without a browser.

use chrono::{Days, NaiveDate, Timelike};
use domain::modules::fees::call_list::Phase;
use domain::modules::rounds::due::DueState;
use domain::modules::tickets::{Clock, Urgency};
use domain::order;
use domain::{Ms, Role, Zone};

use crate::i18n::tr;
use crate::modules::rounds::view_model::duties::Duty;

/// What has to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The 9:30 briefing; who recorded it.
    Briefing {
        cluster: String,
        by: Option<String>,
    },
    Round {
        duty: Box<Duty>,
        cluster: Option<String>,
    },
    /// An answer promised to somebody.
    Promise {
        place: String,
        met: String,
        note: String,
    },
    /// Households to phone: how many of how many, and why now.
    Calls {
        left: usize,
        done: usize,
        phase: Phase,
        broken: usize,
    },
    Ticket {
        number: String,
        place: String,
        text: String,
        clock: Clock,
        urgency: Urgency,
        state: &'static str,
    },
    /// Work nobody has taken yet.
    Pool {
        count: usize,
    },
    ReturnVisit {
        number: String,
        place: String,
        text: String,
    },
    /// Return visits beyond those listed.
    MoreReturnVisits {
        count: usize,
    },
}

/// One line of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub what: What,
    pub href: String,
    /// When it may be begun.
    pub from: Ms,
    /// When it should be done.
    pub due: Ms,
    pub done: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// 逾期
    Late,
    /// 今天
    Today,
    /// 本周
    Week,
    Done,
}

pub const SECTIONS: [Section; 4] = [Section::Late, Section::Today, Section::Week, Section::Done];

/// Days that the page looks ahead.
const WEEK: u64 = 7;

/// When the line runs out as things stand now: a clock that pauses moves on with the time.
fn runs_out(row: &Row, now: Ms) -> Ms {
    match &row.what {
        What::Ticket { clock, .. } => now.plus(clock.left(now)),
        _ => row.due,
    }
}

/// Where a line stands, if it is shown at all.
pub fn section(row: &Row, now: Ms, zone: &Zone) -> Option<Section> {
    let today = zone.date(now);
    if row.done {
        return Some(Section::Done);
    }
    // What lies in the pool for too long is nobody's lateness yet.
    if runs_out(row, now) < now && !matches!(row.what, What::Pool { .. }) {
        return Some(Section::Late);
    }
    if zone.date(row.from) <= today && is_urgent(row, today, zone) {
        return Some(Section::Today);
    }
    let week = today.checked_add_days(Days::new(WEEK)).unwrap_or(today);
    (zone.date(row.from) <= week).then_some(Section::Week)
}

/// Of today rather than of the week: a promise for Friday is no work of Monday. A job is of today
/// from the moment it is somebody's.
fn is_urgent(row: &Row, today: NaiveDate, zone: &Zone) -> bool {
    match row.what {
        What::Promise { .. } | What::ReturnVisit { .. } | What::MoreReturnVisits { .. } => {
            zone.date(row.due) <= today
        }
        _ => true,
    }
}

/// A technician's jobs come before everything else.
fn rank(row: &Row, technician: bool) -> u8 {
    match row.what {
        What::Ticket { urgency: Urgency::Emergency, .. } => 0,
        What::Ticket { .. } if technician => 1,
        What::Pool { .. } if technician => 2,
        _ => 3,
    }
}

/// The lines of each section, the latest first, then by when they run out.
pub fn arrange(rows: Vec<Row>, now: Ms, zone: &Zone, technician: bool) -> Vec<(Section, Vec<Row>)> {
    let mut rows: Vec<(Section, Row)> = rows
        .into_iter()
        .filter_map(|row| section(&row, now, zone).map(|section| (section, row)))
        .collect();
    order::sort_by(&mut rows, |(one, a), (other, b)| {
        let key =
            |section: Section, row: &Row| (section, rank(row, technician), runs_out(row, now));
        key(*one, a).cmp(&key(*other, b)).then_with(|| a.href.cmp(&b.href))
    });
    let mut sections: Vec<(Section, Vec<Row>)> = Vec::new();
    for (section, row) in rows {
        match sections.last_mut() {
            Some((last, own)) if *last == section => own.push(row),
            _ => sections.push((section, vec![row])),
        }
    }
    sections
}

/// A due round as a line. What was missed longer ago than yesterday is the office's business.
pub fn round_row(duty: Duty, cluster: Option<String>, today: NaiveDate) -> Option<Row> {
    let yesterday = today.pred_opt().unwrap_or(today);
    let done = matches!(duty.state, DueState::Done | DueState::DoneLate);
    let of_yesterday = duty.due.date < yesterday;
    if of_yesterday || (done && duty.due.date < today) {
        return None;
    }
    let href = if done {
        format!("/rounds/{}/record", duty.due.id)
    } else {
        format!("/rounds/{}", duty.due.id)
    };
    let (from, due) = duty.due.window;
    Some(Row { what: What::Round { duty: Box::new(duty), cluster }, href, from, due, done })
}

/// "早上好", "下午好", "晚上好" with the name.
pub fn greeting(name: &str, now: Ms, zone: &Zone) -> String {
    match zone.local(now).hour() {
        5..=10 => tr::today::good_morning(name),
        11..=12 => tr::today::good_noon(name),
        13..=17 => tr::today::good_afternoon(name),
        _ => tr::today::good_evening(name),
    }
}

/// Somebody whose first work is repairs.
pub fn is_technician(roles: &[Role]) -> bool {
    roles.contains(&Role::Technician)
}

#[cfg(test)]
#[path = "view_model_tests.rs"]
mod tests;
