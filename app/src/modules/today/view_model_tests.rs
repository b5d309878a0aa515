//! Order and sections of the page.

use super::*;
use crate::modules::rounds::view_model::duties::{Looking, duties};
use crate::modules::rounds::view_model::testkit::{date, local, round, schedule, steward};
use domain::modules::company::Settings;
use domain::modules::rounds::{Round, Schedule};
use domain::time::{DAY, HOUR};

fn zone() -> Zone {
    Settings::default().zone
}

fn ticket(href: &str, due: Ms, urgency: Urgency) -> Row {
    let clock = Clock {
        started: Ms(0),
        due,
        relay_due: None,
        paused: None,
        paused_until: None,
        stopped: None,
    };
    Row {
        what: What::Ticket {
            number: "1123".into(),
            place: "3-2-1501".into(),
            text: "漏水".into(),
            clock,
            urgency,
            state: "accepted",
        },
        href: href.into(),
        from: Ms(0),
        due,
        done: false,
    }
}

fn promise(href: &str, due: Ms) -> Row {
    Row {
        what: What::Promise { place: "3-2-1501".into(), met: "张三".into(), note: String::new() },
        href: href.into(),
        from: Ms(0),
        due,
        done: false,
    }
}

fn briefing(by: Option<&str>) -> Row {
    Row {
        what: What::Briefing { cluster: "A".into(), by: by.map(str::to_owned) },
        href: "/briefing".into(),
        from: local(0, 0),
        due: local(9, 30),
        done: by.is_some(),
    }
}

fn hrefs(sections: &[(Section, Vec<Row>)], wanted: Section) -> Vec<&str> {
    let found = sections.iter().find(|(section, _)| *section == wanted);
    found.map_or(Vec::new(), |(_, rows)| rows.iter().map(|row| row.href.as_str()).collect())
}

#[test]
fn the_latest_comes_first_then_what_runs_out_next() {
    let rows = vec![
        ticket("/evening", local(18, 0), Urgency::Normal),
        promise("/yesterday", local(9, 0).plus(-DAY)),
        briefing(None),
        ticket("/this-morning", local(8, 0), Urgency::Normal),
    ];
    let sections = arrange(rows, local(9, 0), &zone(), false);
    assert_eq!(hrefs(&sections, Section::Late), ["/yesterday", "/this-morning"]);
    assert_eq!(hrefs(&sections, Section::Today), ["/briefing", "/evening"]);
}

#[test]
fn danger_comes_before_everything_that_only_runs_out_sooner() {
    let rows = vec![
        briefing(None),
        ticket("/lift", local(20, 0), Urgency::Emergency),
        ticket("/lamp", local(10, 0), Urgency::Normal),
    ];
    let sections = arrange(rows, local(9, 0), &zone(), false);
    assert_eq!(hrefs(&sections, Section::Today), ["/lift", "/briefing", "/lamp"]);
}

#[test]
fn a_technicians_jobs_come_before_rounds_and_the_pool_after_the_own() {
    let pool = Row {
        what: What::Pool { count: 4 },
        href: "/tickets".into(),
        from: Ms(0),
        due: local(9, 5),
        done: false,
    };
    let rows = vec![pool, briefing(None), ticket("/job", local(20, 0), Urgency::Normal)];
    let sections = arrange(rows, local(9, 0), &zone(), true);
    assert_eq!(hrefs(&sections, Section::Today), ["/job", "/tickets", "/briefing"]);
}

#[test]
fn a_promise_for_later_is_of_the_week_and_one_for_next_month_is_not_shown_as_today() {
    let rows =
        vec![promise("/today", local(23, 59)), promise("/later", local(23, 59).plus(3 * DAY))];
    let sections = arrange(rows, local(9, 0), &zone(), false);
    assert_eq!(hrefs(&sections, Section::Today), ["/today"]);
    assert_eq!(hrefs(&sections, Section::Week), ["/later"]);
}

#[test]
fn a_job_that_waits_for_parts_is_not_late_when_its_old_limit_passes() {
    let mut waiting = ticket("/waiting", local(8, 0), Urgency::Normal);
    if let What::Ticket { clock, .. } = &mut waiting.what {
        *clock = clock.pause(local(7, 0));
    }
    let rows = vec![waiting, ticket("/soon", local(9, 30), Urgency::Normal)];
    let sections = arrange(rows, local(9, 0), &zone(), true);
    assert_eq!(hrefs(&sections, Section::Late), Vec::<&str>::new());
    assert_eq!(hrefs(&sections, Section::Today), ["/soon", "/waiting"]);
}

#[test]
fn what_is_done_today_is_kept_in_sight_below() {
    let sections = arrange(vec![briefing(Some("林晓梅"))], local(11, 0), &zone(), false);
    assert_eq!(hrefs(&sections, Section::Done), ["/briefing"]);
    assert_eq!(hrefs(&sections, Section::Late), Vec::<&str>::new());
}

fn round_rows(schedule: &Schedule, rounds: &[Round], now: Ms) -> Vec<Row> {
    let settings = Settings::default();
    let actor = steward();
    let looking = Looking { actor: &actor, settings: &settings, now, synced: None };
    let round = |id| rounds.iter().find(|round| round.id == id);
    let own = duties(&looking, &mut [schedule.clone()].iter(), &round, &|_| 3, (2, 2));
    own.into_iter().filter_map(|duty| round_row(duty, None, date())).collect()
}

#[test]
fn yesterdays_round_that_nobody_reported_is_late_and_tomorrows_is_of_the_week() {
    let schedule = schedule(8, 10);
    let sections = arrange(round_rows(&schedule, &[], local(9, 0)), local(9, 0), &zone(), false);
    let counts: Vec<_> = sections.iter().map(|(section, rows)| (*section, rows.len())).collect();
    assert_eq!(counts, [(Section::Late, 1), (Section::Today, 1), (Section::Week, 2)]);
}

#[test]
fn a_finished_round_leads_to_its_record_and_yesterdays_is_gone() {
    let schedule = schedule(8, 10);
    let mut walked = round(&schedule, local(8, 5));
    walked.finished = Some(local(9, 0));
    let rows = round_rows(&schedule, &[walked.clone()], local(9, 30));
    let done: Vec<&str> = rows.iter().filter(|row| row.done).map(|row| row.href.as_str()).collect();
    assert_eq!(done, [format!("/rounds/{}/record", walked.id)]);
}

#[test]
fn the_greeting_knows_the_time_of_day() {
    assert_eq!(greeting("林晓梅", local(8, 0), &zone()), "早上好，林晓梅");
    assert_eq!(greeting("林晓梅", local(19, 0), &zone()), "晚上好，林晓梅");
    assert_eq!(greeting("林晓梅", local(0, 0).plus(HOUR), &zone()), "晚上好，林晓梅");
}
