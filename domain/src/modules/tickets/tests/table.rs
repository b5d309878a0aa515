//! Every state × every move × everyone who might try.

use super::*;

/// `+` applied, `-` refused, `!` kept as a conflict. Cells in the order of `Move::ALL`: assess,
/// assign, accept, start, wait, resume, complete, return visit, close, decline, reopen, note.
/// Rows: the state; Chen, whose work it is or was last; Wu, who had it before the office gave it to
/// Chen; Zhao, a technician who never had it; the manager.
const TABLE: [(&str, [&str; 4]); 10] = [
    // Back at the office after it was declined and reopened: the former workers' moves are kept.
    ("received", ["--+!!!!----+", "--+!!!!----+", "--+--------+", "++-------+-+"]),
    ("assessed", ["--+!!!!----+", "--+!!!!----+", "--+--------+", "++-------+-+"]),
    ("assigned", ["--++--+----+", "--!!!!!----+", "--!--------!", "-+-------+-+"]),
    ("accepted", ["---++-+----+", "--!!!!!----+", "--!--------!", "-+-------+-+"]),
    ("in_progress", ["----+-+----+", "--!!!!!----+", "--!--------!", "-+-------+-+"]),
    ("waiting", ["-----++----+", "--!!!!!----+", "--!--------!", "-+-------+-+"]),
    ("done", ["--!!!!!----+", "--!!!!!----+", "--!--------!", "--------+-++"]),
    ("return_visit", ["--!!!!!----+", "--!!!!!----+", "--!--------!", "-------+--++"]),
    ("closed", ["--!!!!!----+", "--!!!!!----+", "--!--------!", "-------!--++"]),
    ("declined", ["--!!!!!----+", "--!!!!!----+", "--!--------!", "----------++"]),
];

/// The people in the order of a row.
fn people() -> [Actor; 4] {
    [chen(), wu(), zhao(), manager()]
}

/// The leak (or, for *done*, the lamp that nobody is asked about), first Wu's and then Chen's,
/// brought into a state by the moves that lead there.
fn estate_in(state: &str) -> Estate {
    let open = if state == "done" { lamp() } else { leak() };
    let mut estate = Estate::with(open);
    let office = manager();
    estate.applied(&office, later(1), assign(&wu()));
    estate.applied(&office, later(2), assign(&chen()));
    match state {
        "received" | "assessed" => {
            estate.applied(&office, later(3), decline());
            estate.applied(&office, later(3), reopen());
            if state == "assessed" {
                estate.applied(&office, later(3), assess());
            }
        }
        "accepted" => estate.applied(&chen(), later(3), accept()),
        "in_progress" => estate.applied(&chen(), later(3), start()),
        "waiting" => {
            estate.applied(&chen(), later(3), start());
            estate.applied(&chen(), later(3), wait());
        }
        "done" | "return_visit" | "closed" => {
            estate.applied(&chen(), later(3), complete(3));
            if state == "closed" {
                estate.applied(&desk(), later(3), return_visit(true));
            }
        }
        "declined" => estate.applied(&office, later(3), decline()),
        _ => {}
    }
    assert_eq!(estate.ticket().state.name(), state);
    estate
}

pub fn try_move(
    estate: &mut Estate,
    who: &Actor,
    tried: Move,
    at: Ms,
) -> (OutcomeKind, Option<Refusal>) {
    match tried {
        Move::Assess => estate.outcome(who, at, assess()),
        Move::Assign => estate.outcome(who, at, assign(&zhao())),
        Move::Accept => estate.outcome(who, at, accept()),
        Move::Start => estate.outcome(who, at, start()),
        Move::Wait => estate.outcome(who, at, wait()),
        Move::Resume => estate.outcome(who, at, resume()),
        Move::Complete => estate.outcome(who, at, complete(9)),
        Move::ReturnVisit => estate.outcome(who, at, return_visit(true)),
        Move::Close => estate.outcome(who, at, close()),
        Move::Decline => estate.outcome(who, at, decline()),
        Move::Reopen => estate.outcome(who, at, reopen()),
        Move::Note => estate.outcome(who, at, note("看过")),
    }
}

#[test]
fn every_move_in_every_state_is_applied_refused_or_kept_as_the_table_says() {
    for (state, rows) in TABLE {
        for (who, cells) in people().into_iter().zip(rows) {
            let outcomes: String = Move::ALL
                .into_iter()
                .map(|tried| match try_move(&mut estate_in(state), &who, tried, later(4)).0 {
                    OutcomeKind::Applied => '+',
                    OutcomeKind::Refused => '-',
                    OutcomeKind::Conflict => '!',
                    other => panic!("{} in {} gave {other:?}", tried.name(), state),
                })
                .collect();
            assert_eq!(outcomes, cells, "{} in {}", who.name, state);
        }
    }
    let states: Vec<_> = TABLE.iter().map(|(state, _)| *state).collect();
    assert_eq!(states, TicketState::NAMES);
}

#[test]
fn a_page_offers_exactly_the_moves_that_would_be_applied() {
    for (state, rows) in TABLE {
        let estate = estate_in(state);
        for (who, cells) in people().into_iter().zip(rows) {
            let applied: Vec<Move> = Move::ALL
                .into_iter()
                .zip(cells.chars())
                .filter_map(|(tried, cell)| (cell == '+').then_some(tried))
                .collect();
            assert_eq!(estate.ticket().possible_moves(&who), applied, "{} in {}", who.name, state);
        }
    }
}

#[test]
fn a_move_that_came_too_late_leaves_the_ticket_as_it_was_but_for_the_timeline() {
    for (state, [_, former, ..]) in TABLE {
        for (tried, cell) in Move::ALL.into_iter().zip(former.chars()) {
            if cell != '!' {
                continue;
            }
            let mut estate = estate_in(state);
            let before = estate.ticket().clone();
            try_move(&mut estate, &wu(), tried, later(4));
            let mut after = estate.ticket().clone();
            let entry = after.timeline.pop().unwrap();
            assert!(entry.conflict && entry.by == wu().user);
            assert_eq!(after.conflicts, before.conflicts + 1);
            let (conflicts, changed_at) = (before.conflicts, before.changed_at);
            assert_eq!(Ticket { conflicts, changed_at, ..after }, before);
        }
    }
}

#[test]
fn a_refused_move_names_the_state_and_the_move() {
    let (_, reason) = try_move(&mut estate_in("waiting"), &chen(), Move::Start, later(4));
    let reason = reason.unwrap();
    assert!(reason.is(TicketCode::IllegalMove));
    assert_eq!(
        (reason.params["state"].as_str(), reason.params["move"].as_str()),
        ("waiting", "start")
    );
}

#[test]
fn a_technician_who_never_had_the_job_is_told_whose_it_is() {
    let (_, reason) = try_move(&mut estate_in("in_progress"), &zhao(), Move::Complete, later(4));
    let reason = reason.unwrap();
    assert!(reason.is(TicketCode::NotYours));
    assert_eq!(reason.params["holder"], "陈工");
}
