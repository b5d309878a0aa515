//! The list of the 9:30 briefing 晨会: what the rules propose, what was recorded today already, and
//! what is being ticked and added now.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::id::{ClusterId, TicketId};
use domain::modules::rounds::{Briefing, BriefingLine, RecordBriefing};
use serde::{Deserialize, Serialize};

use crate::i18n::tr;

/// Who is asked (S4): guard leader, technician, cleaning lead, call centre, front desk.
pub const ASKED: [&str; 5] = ["guard", "technician", "cleaning", "call_centre", "front_desk"];

/// What was changed on a line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Touched {
    pub ticked: bool,
    #[serde(default)]
    pub note: String,
}

/// The form; kept as a draft.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BriefingForm {
    /// By the line's key.
    #[serde(default)]
    pub touched: BTreeMap<String, Touched>,
    /// Lines that were added and are not recorded yet.
    #[serde(default)]
    pub added: Vec<String>,
    /// A line that is being written: who was asked, and what they said.
    #[serde(default)]
    pub asked: Option<String>,
    #[serde(default)]
    pub text: String,
}

/// One line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub key: String,
    pub ticket: Option<TicketId>,
    pub text: String,
    pub overnight: bool,
    pub ticked: bool,
    pub note: String,
    /// Added here and not recorded: can be taken away again.
    pub is_new: bool,
    /// Answered here since it was recorded.
    pub touched: bool,
    /// In the record of the day.
    pub recorded: bool,
}

fn key_of(line: &BriefingLine) -> String {
    match line.ticket {
        Some(ticket) => ticket.to_string(),
        None => line.text.trim().to_owned(),
    }
}

/// Everything to ask about: the proposals in their order, then what else was recorded today, then
/// what is added now.
pub fn lines(
    proposed: &[(BriefingLine, bool)],
    recorded: Option<&Briefing>,
    form: &BriefingForm,
) -> Vec<Line> {
    let old = recorded.map_or(&[][..], |briefing| briefing.lines.as_slice());
    let known = |key: &str| old.iter().find(|line| key_of(line) == key);
    let shown = |line: &BriefingLine, overnight: bool| {
        let key = key_of(line);
        let known = known(&key);
        let answer = form.touched.get(&key).cloned();
        let (touched, recorded) = (answer.is_some(), known.is_some());
        let answer = answer.unwrap_or_else(|| Touched {
            ticked: known.is_some_and(|line| line.ticked),
            note: known.map_or_else(String::new, |line| line.note.clone()),
        });
        Line {
            key,
            ticket: line.ticket,
            text: line.text.clone(),
            overnight,
            ticked: answer.ticked,
            note: answer.note,
            is_new: false,
            touched,
            recorded,
        }
    };
    let mut lines: Vec<Line> =
        proposed.iter().map(|(line, overnight)| shown(line, *overnight)).collect();
    for line in old {
        if !lines.iter().any(|one| one.key == key_of(line)) {
            lines.push(shown(line, false));
        }
    }
    for text in &form.added {
        let added = BriefingLine { text: text.clone(), ..BriefingLine::default() };
        if !lines.iter().any(|one| one.key == key_of(&added)) {
            // Whoever adds a line has just asked about it.
            let mut line = shown(&added, false);
            line.ticked = form.touched.get(&line.key).is_none_or(|touched| touched.ticked);
            line.is_new = true;
            lines.push(line);
        }
    }
    lines
}

/// "秩序班长：夜间巡逻正常".
pub fn added_text(asked: Option<&str>, text: &str) -> String {
    let who = match asked {
        Some("guard") => tr::rounds::asked_guard(),
        Some("technician") => tr::rounds::asked_technician(),
        Some("cleaning") => tr::rounds::asked_cleaning(),
        Some("call_centre") => tr::rounds::asked_call_centre(),
        Some("front_desk") => tr::rounds::asked_front_desk(),
        _ => return text.trim().to_owned(),
    };
    tr::rounds::asked_line(who, text.trim())
}

/// What is recorded: answers as such, so that what a colleague answered meanwhile stays; and the rest of
/// the list where the day's record does not have it yet.
pub fn command(cluster: ClusterId, date: NaiveDate, lines: &[Line]) -> RecordBriefing {
    let of = |wanted: fn(&&Line) -> bool| {
        let line = |line: &Line| BriefingLine {
            ticket: line.ticket,
            text: line.text.clone(),
            ticked: line.ticked,
            note: line.note.trim().to_owned(),
            at: None,
        };
        lines.iter().filter(wanted).map(line).collect()
    };
    RecordBriefing {
        cluster,
        date,
        lines: of(|line| line.touched || line.is_new),
        listed: of(|line| !(line.touched || line.is_new || line.recorded)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testkit::*;
    use super::*;
    use domain::Ms;

    fn line(ticket: Option<&str>, text: &str, ticked: bool) -> BriefingLine {
        let ticket = ticket.map(|name| TicketId::derived(&[name]));
        BriefingLine { ticket, text: text.into(), ticked, ..BriefingLine::default() }
    }

    fn recorded(lines: Vec<BriefingLine>) -> Briefing {
        Briefing {
            id: Briefing::id_of(cluster(), date()),
            project: project(),
            cluster: cluster(),
            date: date(),
            by: steward().user,
            by_name: steward().name,
            at: Ms(0),
            lines,
        }
    }

    #[test]
    fn what_was_ticked_this_morning_is_still_ticked_and_new_tickets_are_added_to_the_list() {
        let proposed = [
            (line(Some("a"), "1120 漏水", false), false),
            (line(Some("b"), "1123 停电", false), true),
        ];
        let old = recorded(vec![line(Some("a"), "1120 漏水", true), line(None, "前台：无", true)]);
        let lines = lines(&proposed, Some(&old), &BriefingForm::default());
        let shown: Vec<_> =
            lines.iter().map(|l| (l.text.as_str(), l.ticked, l.overnight)).collect();
        assert_eq!(
            shown,
            [("1120 漏水", true, false), ("1123 停电", false, true), ("前台：无", true, false)]
        );
    }

    #[test]
    fn an_added_line_says_who_was_asked_and_is_ticked() {
        let text = added_text(Some("guard"), " 夜间巡逻正常 ");
        assert_eq!(text, "秩序班长：夜间巡逻正常");
        let form = BriefingForm { added: vec![text], ..BriefingForm::default() };
        let lines = lines(&[], None, &form);
        assert!(lines[0].ticked && lines[0].is_new);
        let command = command(cluster(), date(), &lines);
        assert_eq!(command.lines.len(), 1);
        assert_eq!(added_text(None, "停车场积水"), "停车场积水");
    }

    #[test]
    fn a_tick_taken_back_now_wins_over_the_recorded_one() {
        let old = recorded(vec![line(Some("a"), "1120 漏水", true)]);
        let mut form = BriefingForm::default();
        let key = TicketId::derived(&["a"]).to_string();
        form.touched.insert(key, Touched { ticked: false, note: "再看".into() });
        let lines = lines(&[(line(Some("a"), "1120 漏水", false), false)], Some(&old), &form);
        assert_eq!((lines[0].ticked, lines[0].note.as_str()), (false, "再看"));
    }

    #[test]
    fn only_what_was_answered_is_sent_as_an_answer_and_the_list_only_once() {
        let proposed = [
            (line(Some("a"), "1120 漏水", false), false),
            (line(Some("b"), "1123 停电", false), false),
            (line(Some("c"), "1125 门禁", false), false),
        ];
        let old = recorded(vec![line(Some("a"), "1120 漏水", true)]);
        let mut form = BriefingForm::default();
        let key = TicketId::derived(&["b"]).to_string();
        form.touched.insert(key, Touched { ticked: true, note: String::new() });
        let command = command(cluster(), date(), &lines(&proposed, Some(&old), &form));
        assert_eq!(command.lines, [line(Some("b"), "1123 停电", true)]);
        assert_eq!(command.listed, [line(Some("c"), "1125 门禁", false)]);
    }
}
