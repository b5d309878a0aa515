//! The 9:30 briefing as it is recorded.

use super::*;

fn line(text: &str, ticked: bool) -> BriefingLine {
    BriefingLine { text: text.into(), ticked, ..BriefingLine::default() }
}

fn about(ticket: &str, text: &str, ticked: bool) -> BriefingLine {
    BriefingLine { ticket: Some(TicketId::derived(&[ticket])), ..line(text, ticked) }
}

fn record(lines: Vec<BriefingLine>) -> RecordBriefing {
    RecordBriefing { cluster: cluster(), date: day("2026-11-22"), lines, listed: vec![] }
}

fn at(at: Ms, line: BriefingLine) -> BriefingLine {
    BriefingLine { at: Some(at), ..line }
}

fn briefing(estate: &Estate) -> &Briefing {
    find::<Briefing>(estate, Briefing::id_of(cluster(), day("2026-11-22")).0).unwrap()
}

#[test]
fn a_second_record_of_the_day_replaces_its_lines_and_keeps_the_others() {
    let mut estate = Estate::bare();
    let first = record(vec![about("a", "~7K2P 漏水", false), line("夜间无异常", true)]);
    assert_eq!(estate.run(&first, &lin()), Ok(Verdict::Applied));
    estate.after(MINUTE);
    let second = record(vec![about("a", "1123 漏水", true), line("电梯困人", false)]);
    assert_eq!(estate.run(&second, &wang()), Ok(Verdict::Merged));
    let kept = briefing(&estate);
    let later = MORNING.plus(MINUTE);
    assert_eq!(
        kept.lines,
        [
            at(later, about("a", "1123 漏水", true)),
            at(MORNING, line("夜间无异常", true)),
            at(later, line("电梯困人", false))
        ]
    );
    assert_eq!((kept.by, kept.at), (wang().user, later));
    assert_eq!(estate.run(&second, &wang()), Ok(Verdict::Applied));
    assert_eq!(briefing(&estate).lines.len(), 3);
}

#[test]
fn an_earlier_record_that_arrives_later_unticks_nothing() {
    let mut estate = Estate::bare();
    estate.run(&record(vec![line("夜间无异常", true)]), &lin()).unwrap();
    estate.after(-MINUTE);
    let early = record(vec![line("夜间无异常", false), line("门禁故障", false)]);
    assert_eq!(estate.run(&early, &wang()), Ok(Verdict::Merged));
    let kept = briefing(&estate);
    let early = at(MORNING.plus(-MINUTE), line("门禁故障", false));
    assert_eq!(kept.lines, [at(MORNING, line("夜间无异常", true)), early]);
    assert_eq!((kept.by, kept.at), (lin().user, MORNING));
}

#[test]
fn of_two_stewards_ticking_at_once_neither_undoes_what_only_the_other_touched() {
    let (door, lift) = (line("门禁", true), line("电梯", true));
    let unticked = |line: &BriefingLine| BriefingLine { ticked: false, ..line.clone() };
    let of = |answered: &BriefingLine, listed: &BriefingLine| RecordBriefing {
        listed: vec![unticked(listed)],
        ..record(vec![answered.clone()])
    };
    for earlier_first in [true, false] {
        let mut estate = Estate::bare();
        let mut hear = |after: i64, command: RecordBriefing, by: &Actor| {
            estate.after(after);
            estate.run(&command, by).unwrap();
        };
        if earlier_first {
            hear(0, of(&door, &lift), &lin());
            hear(MINUTE, of(&lift, &door), &wang());
        } else {
            hear(MINUTE, of(&lift, &door), &wang());
            hear(-MINUTE, of(&door, &lift), &lin());
        }
        let mut kept = briefing(&estate).lines.clone();
        kept.sort_by_key(|line| line.at);
        assert_eq!(kept, [at(MORNING, door.clone()), at(MORNING.plus(MINUTE), lift.clone())]);
    }
}

#[test]
fn when_a_line_was_answered_is_when_it_was_recorded_whatever_a_phone_claims() {
    let mut estate = Estate::bare();
    estate.run(&record(vec![at(MORNING.plus(DAY), line("门禁", true))]), &lin()).unwrap();
    estate.after(MINUTE);
    estate.run(&record(vec![line("门禁", false)]), &wang()).unwrap();
    assert_eq!(briefing(&estate).lines, [at(MORNING.plus(MINUTE), line("门禁", false))]);
}

#[test]
fn briefings_are_of_ones_own_cluster_and_not_of_the_future() {
    let mut estate = Estate::bare();
    let stranger = actor("李", &[Role::Steward], &[ClusterId::derived(&["other"])]);
    refused(estate.run(&record(vec![]), &stranger), CommonCode::OtherCluster);
    let future = RecordBriefing { date: day("2026-11-24"), ..record(vec![]) };
    refused(estate.run(&future, &lin()), CommonCode::TimeInFuture);
    refused(estate.run(&record(vec![line(" ", true)]), &lin()), CommonCode::TextEmpty);
    let many: Vec<_> = (0..301).map(|n| line(&n.to_string(), false)).collect();
    refused(estate.run(&record(many), &lin()), CommonCode::ListTooLong);
}

#[test]
fn a_briefing_cannot_grow_without_bound() {
    let mut estate = Estate::bare();
    let lines =
        |range: std::ops::Range<u32>| record(range.map(|n| line(&n.to_string(), false)).collect());
    estate.run(&lines(0..200), &lin()).unwrap();
    refused(estate.run(&lines(200..301), &lin()), CommonCode::ListTooLong);
}
