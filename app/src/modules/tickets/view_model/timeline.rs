//! The history of a ticket in words.

use domain::Ms;
use domain::modules::tickets::{
    Completion, Move, PricedLine, Ticket, TicketEvent, TimelineEntry, WaitReason,
};
use domain::time::MINUTE;

use crate::i18n::{fmt, tr};
use crate::modules::tickets::labels;
use crate::ui::TimelineRow;

/// Later than this, an entry was recorded without a network.
const LATE: i64 = 2 * MINUTE;

/// When it arrived, if that was much later than it happened.
pub fn arrival(entry: &TimelineEntry) -> Option<Ms> {
    (entry.received.since(entry.at) > LATE).then_some(entry.received)
}

/// The lines, newest last. `name_of` knows people by id, `moment` writes a time.
pub fn rows(
    ticket: &Ticket,
    name_of: &dyn Fn(domain::id::UserId) -> String,
    moment: &dyn Fn(Ms) -> String,
) -> Vec<TimelineRow> {
    let line = |(at, entry): (usize, &TimelineEntry)| TimelineRow {
        title: match entry.event {
            TicketEvent::Assigned { to } if ticket.is_reassignment(at) => {
                tr::tickets::event_reassigned(name_of(to))
            }
            _ => title(&entry.event, name_of, moment),
        },
        ..row(entry, name_of, moment)
    };
    ticket.timeline.iter().enumerate().map(line).collect()
}

fn row(
    entry: &TimelineEntry,
    name_of: &dyn Fn(domain::id::UserId) -> String,
    moment: &dyn Fn(Ms) -> String,
) -> TimelineRow {
    let mut photos = entry.attachments.clone();
    let mut facts = Vec::new();
    if let TicketEvent::CompletedAgain { completion } = &entry.event {
        photos.extend(completion.attachments.iter().cloned());
        facts = completion_facts(completion);
    }
    TimelineRow {
        title: title(&entry.event, name_of, moment),
        by: entry.by_name.clone(),
        device: entry.device,
        at: entry.at,
        arrived: arrival(entry),
        note: entry.note.clone(),
        facts,
        photos,
        conflict: entry.conflict,
    }
}

fn title(
    event: &TicketEvent,
    name_of: &dyn Fn(domain::id::UserId) -> String,
    moment: &dyn Fn(Ms) -> String,
) -> String {
    let text = match event {
        TicketEvent::Opened => tr::tickets::event_opened(),
        TicketEvent::Assessed { feasible: false, .. } => tr::tickets::event_infeasible(),
        TicketEvent::Assessed { estimate: Some(estimate), .. } => {
            return tr::tickets::event_estimated(fmt::money(*estimate));
        }
        TicketEvent::Assessed { .. } => tr::tickets::event_assessed(),
        TicketEvent::Assigned { to } => return tr::tickets::event_assigned(name_of(*to)),
        TicketEvent::Accepted => tr::tickets::event_accepted(),
        TicketEvent::Started => tr::tickets::event_started(),
        TicketEvent::Waiting { reason, until } => return waiting(*reason, *until, moment),
        TicketEvent::Resumed => tr::tickets::event_resumed(),
        TicketEvent::Completed => tr::tickets::event_completed(),
        TicketEvent::CompletedAgain { .. } => tr::tickets::event_completed_again(),
        TicketEvent::ReturnVisited { solved: true, score } => {
            return tr::tickets::event_solved(score);
        }
        TicketEvent::ReturnVisited { score, .. } => return tr::tickets::event_unsolved(score),
        TicketEvent::Closed => tr::tickets::event_closed(),
        TicketEvent::Declined => tr::tickets::event_declined(),
        TicketEvent::Reopened => tr::tickets::event_reopened(),
        TicketEvent::Noted => tr::tickets::event_noted(),
        TicketEvent::CompletionCounts { completion } => {
            let (by, at) = (name_of(completion.by), moment(completion.at));
            return tr::tickets::event_counts(by, at);
        }
        TicketEvent::LateMove { verb, reason, until } => {
            return match reason {
                Some(reason) => tr::tickets::event_late(waiting(*reason, *until, moment)),
                None => tr::tickets::event_late(late_verb(verb)),
            };
        }
    };
    text.to_owned()
}

/// A verb of a newer build is shown as it is.
fn late_verb(verb: &str) -> String {
    let known = Move::ALL.into_iter().find(|tried| tried.name() == verb);
    known.map_or_else(|| verb.to_owned(), labels::move_name)
}

fn waiting(reason: WaitReason, until: Option<Ms>, moment: &dyn Fn(Ms) -> String) -> String {
    let reason = labels::wait_reason(reason);
    match until {
        Some(until) => tr::tickets::event_waiting_until(reason, moment(until)),
        None => tr::tickets::event_waiting(reason),
    }
}

/// "角阀 ×1 个".
pub fn line_text(line: &PricedLine) -> String {
    format!("{} ×{} {}", line.name, fmt::thousandths(line.quantity), line.unit)
}

/// What was done on site, as names and values.
pub fn completion_facts(completion: &Completion) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut say = |name: &str, value: String| {
        if !value.trim().is_empty() {
            facts.push((name.to_owned(), value));
        }
    };
    say(tr::tickets::cause(), completion.cause.clone());
    say(tr::tickets::action(), completion.action.clone());
    let excused = completion.not_applicable.iter().map(|code| labels::conduct(code));
    let excused = fmt::list(&excused.collect::<Vec<_>>());
    if !completion.conduct.is_empty() {
        let ticked = completion.conduct.len();
        let total = domain::modules::tickets::CONDUCT.len();
        say(tr::tickets::conduct(), tr::tickets::conduct_done(ticked, total));
    }
    say(tr::tickets::conduct_excused(), excused);
    if !completion.lines.is_empty() {
        let lines: Vec<String> = completion.lines.iter().map(line_text).collect();
        say(tr::tickets::lines(), fmt::list(&lines));
        say(tr::tickets::total(), fmt::money(completion.total));
    }
    say(tr::tickets::signed_by(), completion.signed_by.clone());
    say(tr::tickets::unsigned_reason(), completion.unsigned_reason.clone());
    facts
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{NOW, ticket, user};
    use super::*;
    use domain::id::DeviceId;
    use domain::modules::tickets::TicketState;
    use domain::time::HOUR;

    fn entry(event: TicketEvent, received: Ms) -> TimelineEntry {
        TimelineEntry {
            event,
            by: user("li"),
            by_name: "李工".into(),
            device: DeviceId::derived(&["d"]),
            at: NOW,
            received,
            note: String::new(),
            attachments: Vec::new(),
            conflict: false,
        }
    }

    #[test]
    fn only_what_arrived_much_later_is_said_to_be_recorded_offline() {
        assert_eq!(arrival(&entry(TicketEvent::Started, NOW.plus(2 * MINUTE))), None);
        let late = NOW.plus(HOUR);
        assert_eq!(arrival(&entry(TicketEvent::Started, late)), Some(late));
    }

    #[test]
    fn a_late_wait_still_says_what_was_waited_for() {
        let event = TicketEvent::LateMove {
            verb: "wait".into(),
            reason: Some(WaitReason::Parts),
            until: None,
        };
        let text = title(&event, &|_| String::new(), &|_| String::new());
        assert!(text.contains(&labels::wait_reason(WaitReason::Parts)), "{text}");
    }

    #[test]
    fn a_second_completion_keeps_its_cause_amount_and_signature_in_sight() {
        let completion = Completion {
            by: user("wu"),
            at: NOW,
            conduct: Vec::new(),
            not_applicable: Vec::new(),
            cause: "阀芯老化".into(),
            action: "更换".into(),
            lines: Vec::new(),
            total: domain::Fen(0),
            attachments: Vec::new(),
            signed_by: "张三".into(),
            unsigned_reason: String::new(),
        };
        let mut one = ticket("t", TicketState::Received);
        let event = TicketEvent::CompletedAgain { completion: Box::new(completion) };
        one.timeline = vec![TimelineEntry { conflict: true, ..entry(event, NOW) }];
        let rows = rows(&one, &|_| String::new(), &|_| String::new());
        assert!(rows[0].conflict);
        let values: Vec<&str> = rows[0].facts.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["阀芯老化", "更换", "张三"]);
    }

    #[test]
    fn a_line_says_on_which_device_it_was_done() {
        let mut one = ticket("t", TicketState::Received);
        one.timeline = vec![entry(TicketEvent::Started, NOW)];
        let rows = rows(&one, &|_| String::new(), &|_| String::new());
        assert_eq!(rows[0].device, DeviceId::derived(&["d"]));
    }

    #[test]
    fn what_is_taken_from_somebody_is_said_to_be_reassigned() {
        let mut one = ticket("t", TicketState::Received);
        let to = |name: &str| entry(TicketEvent::Assigned { to: user(name) }, NOW);
        one.timeline = vec![to("li"), entry(TicketEvent::Noted, NOW), to("wu")];
        let rows = rows(&one, &|_| "某人".into(), &|_| String::new());
        let titles: Vec<&str> = rows.iter().map(|row| row.title.as_str()).collect();
        assert_eq!((titles[0], titles[2]), ("派单给 某人", "改派给 某人"));
        let held = ticket("t", TicketState::Assigned { to: user("li") });
        assert_eq!(labels::move_name_of(Move::Assign, &held), "改派");
        assert_eq!(labels::move_done_of(Move::Assign, &held), "已改派");
        assert_eq!(labels::move_done_of(Move::Assign, &one), "已派单");
        assert_eq!(labels::move_done_of(Move::Note, &held), labels::move_done(Move::Note));
    }

    #[test]
    fn people_are_named_where_a_ticket_went_to_them() {
        let event = TicketEvent::Assigned { to: user("li") };
        let text = title(&event, &|_| "李工".into(), &|_| String::new());
        assert!(text.contains("李工"), "{text}");
    }
}
