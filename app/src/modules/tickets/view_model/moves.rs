//! Which of the possible moves is the main one, and which ask for something first.

use domain::Zone;
use domain::id::TicketId;
use domain::modules::Command;
use domain::modules::attachments::Attachment;
use domain::modules::tickets::{
    AcceptTicket, AssessTicket, AssignTicket, CloseTicket, CompletionRef, DeclineTicket, Move,
    NoteTicket, RecordReturnVisit, ReopenTicket, ResumeTicket, StartTicket, Ticket, TicketState,
    WaitReason, WaitTicket,
};
use domain::order;

use crate::i18n::fmt;
use crate::modules::tickets::labels;

/// The moves of a page: the one main action, and the others in the order in which they are offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    pub main: Option<Move>,
    pub others: Vec<Move>,
}

/// The move that brings the work on from here.
fn preferred(state: &TicketState) -> &'static [Move] {
    match state {
        TicketState::Received => &[Move::Accept, Move::Assign, Move::Assess],
        TicketState::Assessed => &[Move::Accept, Move::Assign],
        TicketState::Assigned { .. } => &[Move::Accept],
        TicketState::Accepted { .. } => &[Move::Start],
        TicketState::InProgress { .. } => &[Move::Complete],
        TicketState::Waiting { .. } => &[Move::Resume],
        TicketState::Done { .. } => &[Move::Close],
        TicketState::ReturnVisit { .. } => &[Move::ReturnVisit],
        TicketState::Closed { .. } | TicketState::Declined { .. } => &[],
    }
}

/// `gives_out`: work is given out by this person, so assigning goes before taking it oneself.
pub fn offer(possible: &[Move], state: &TicketState, gives_out: bool) -> Offer {
    let mut wanted = preferred(state).to_vec();
    if gives_out {
        order::sort_by_key(&mut wanted, |tried| *tried != Move::Assign);
    }
    let main = wanted.into_iter().find(|tried| possible.contains(tried));
    // Not by accident the last: what ends a ticket without work lies furthest from the thumb.
    const ORDER: [Move; 12] = [
        Move::Accept,
        Move::Start,
        Move::Resume,
        Move::Complete,
        Move::Wait,
        Move::ReturnVisit,
        Move::Close,
        Move::Assess,
        Move::Assign,
        Move::Note,
        Move::Reopen,
        Move::Decline,
    ];
    let others = ORDER.into_iter().filter(|m| possible.contains(m) && Some(*m) != main).collect();
    Offer { main, others }
}

/// Done at once, without a question.
pub fn is_one_tap(tried: Move) -> bool {
    matches!(tried, Move::Accept | Move::Start | Move::Resume)
}

/// What a question before a move holds; kept as a draft.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct MoveForm {
    pub note: String,
    /// Of *wait*: a name of `labels::wait_reason_name`.
    pub reason: String,
    /// Of *wait*: local wall time as `datetime-local` writes it.
    pub until: String,
    /// Of *assess*.
    pub feasible: bool,
    pub estimate: String,
    /// Of *assign*.
    pub to: Option<domain::id::UserId>,
    /// Of *settle*: `completion_name` of the one that counts; empty: everything stays as it is.
    pub counts: String,
    /// Of the return visit.
    pub solved: Option<bool>,
    pub score: u8,
}

impl Default for MoveForm {
    fn default() -> Self {
        Self {
            note: String::new(),
            reason: String::new(),
            until: String::new(),
            feasible: true,
            estimate: String::new(),
            to: None,
            counts: String::new(),
            solved: None,
            score: 0,
        }
    }
}

/// What a sheet asks about: a move, or whether the office has settled the conflicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Move(Move),
    Settle,
}

impl Ask {
    pub fn name(self) -> &'static str {
        match self {
            Ask::Move(tried) => tried.name(),
            Ask::Settle => "settle",
        }
    }
}

/// The estimate as it was typed.
fn estimate(form: &MoveForm) -> Option<domain::Fen> {
    fmt::parse_money(&form.estimate).filter(|fen| fen.0 >= 0)
}

/// Nothing, or an amount: nothing else can be an estimate.
pub fn is_estimate(form: &MoveForm) -> bool {
    form.estimate.trim().is_empty() || estimate(form).is_some()
}

/// Whether the question can be answered with what is there.
pub fn is_answered(ask: Ask, form: &MoveForm, photos: usize) -> bool {
    let says = !form.note.trim().is_empty();
    match ask {
        Ask::Settle => true,
        Ask::Move(Move::Assign) => form.to.is_some(),
        Ask::Move(Move::Wait) => !form.reason.is_empty() && parse_local(&form.until).is_some(),
        Ask::Move(Move::Assess) => (form.feasible || says) && is_estimate(form),
        Ask::Move(Move::ReturnVisit) => form.solved.is_some() && (1..=5).contains(&form.score),
        Ask::Move(Move::Decline | Move::Reopen) => says,
        Ask::Move(Move::Note) => says || photos > 0,
        Ask::Move(Move::Close | Move::Accept | Move::Start | Move::Resume | Move::Complete) => true,
    }
}

/// What is recorded for an answer. Nothing for a completion, which has a page of its own, and for
/// an answer that `is_answered` does not let through.
pub fn command(
    ask: Ask,
    ticket: TicketId,
    form: &MoveForm,
    photos: Vec<Attachment>,
    zone: &Zone,
) -> Option<Command> {
    let note = form.note.trim().to_owned();
    let settles_conflict = ask == Ask::Settle;
    let Ask::Move(tried) = ask else {
        let counts = completion_named(&form.counts);
        return Some(NoteTicket { ticket, note, photos, settles_conflict, counts }.into());
    };
    Some(match tried {
        Move::Accept => AcceptTicket { ticket }.into(),
        Move::Start => StartTicket { ticket }.into(),
        Move::Resume => ResumeTicket { ticket }.into(),
        Move::Note => NoteTicket { ticket, note, photos, settles_conflict, counts: None }.into(),
        Move::Assess => {
            let estimate = estimate(form).filter(|_| form.feasible);
            AssessTicket { ticket, feasible: form.feasible, estimate, note }.into()
        }
        Move::Assign => AssignTicket { ticket, to: form.to?, note }.into(),
        Move::Wait => {
            let all = [WaitReason::Parts, WaitReason::Owner, WaitReason::ThirdParty];
            let named = |one: &WaitReason| labels::wait_reason_name(*one) == form.reason;
            let reason = all.into_iter().find(named)?;
            let until = parse_local(&form.until).map(|local| zone.instant(local));
            WaitTicket { ticket, reason, until, note }.into()
        }
        Move::ReturnVisit => {
            RecordReturnVisit { ticket, solved: form.solved?, score: form.score, note }.into()
        }
        Move::Close => CloseTicket { ticket, note }.into(),
        Move::Decline => DeclineTicket { ticket, explanation: note }.into(),
        Move::Reopen => ReopenTicket { ticket, reason: note }.into(),
        Move::Complete => return None,
    })
}

/// Names a completion within a form: who, when.
pub fn completion_name(which: CompletionRef) -> String {
    format!("{} {}", which.by, which.at.0)
}

fn completion_named(name: &str) -> Option<CompletionRef> {
    let (by, at) = name.split_once(' ')?;
    Some(CompletionRef { by: by.parse().ok()?, at: domain::Ms(at.parse().ok()?) })
}

/// What the office can decide of a conflict: the completions that came too late, by name and who made
/// them when.
pub fn rivals(ticket: &Ticket) -> Vec<(String, CompletionRef)> {
    let named = |completion| {
        let which = CompletionRef::of(completion);
        (completion_name(which), which)
    };
    ticket.rival_completions().map(named).collect()
}

/// Reads what a `datetime-local` field holds.
pub fn parse_local(text: &str) -> Option<chrono::NaiveDateTime> {
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .or_else(|_| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
        .ok()
}

/// Writes it.
pub fn write_local(at: chrono::NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M").to_string()
}

/// Nine in the morning, so many days from now: what people mean by "wait until".
pub fn morning_in(days: i64, now: domain::Ms, zone: &domain::Zone) -> String {
    let date = zone.date(zone.plus_days(now, days));
    write_local(date.and_hms_opt(9, 0, 0).unwrap_or_default())
}

/// Where the page leads from a ticket whose completion is being filled in.
pub fn complete_address(ticket: &Ticket) -> String {
    format!("/tickets/{}/complete", ticket.id)
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{NOW, actor, ticket, user};
    use super::*;
    use domain::Role;

    fn main_for(state: TicketState, name: &str, role: Role) -> Option<Move> {
        let ticket = ticket("t", state);
        let viewer = actor(name, role, &["A"]);
        let gives_out = viewer.may(domain::Right::AssignTicket);
        offer(&ticket.possible_moves(&viewer), &ticket.state, gives_out).main
    }

    #[test]
    fn the_main_action_brings_the_work_on() {
        let by = user("li");
        let technician = Role::Technician;
        let steps = [
            (TicketState::Received, Move::Accept),
            (TicketState::Assigned { to: by }, Move::Accept),
            (TicketState::Accepted { by }, Move::Start),
            (TicketState::InProgress { by, since: NOW }, Move::Complete),
        ];
        for (state, want) in steps {
            assert_eq!(main_for(state, "li", technician), Some(want));
        }
    }

    #[test]
    fn whoever_gives_work_out_is_offered_assigning_first() {
        assert_eq!(
            main_for(TicketState::Received, "he", Role::EngineeringLead),
            Some(Move::Assign)
        );
        assert_eq!(main_for(TicketState::Received, "he", Role::FrontDesk), Some(Move::Assess));
    }

    #[test]
    fn every_possible_move_is_offered_once() {
        let ticket = ticket("t", TicketState::Received);
        let lead = actor("he", Role::EngineeringLead, &[]);
        let possible = ticket.possible_moves(&lead);
        let offer = offer(&possible, &ticket.state, true);
        assert_eq!(offer.others.len() + 1, possible.len());
        assert!(!offer.others.contains(&Move::Assign));
    }

    #[test]
    fn an_infeasible_job_needs_its_explanation_and_a_wait_its_reason() {
        let assess = Ask::Move(Move::Assess);
        let mut form = MoveForm { feasible: false, ..MoveForm::default() };
        assert!(!is_answered(assess, &form, 0));
        form.note = "结构墙".into();
        assert!(is_answered(assess, &form, 0));
        form.estimate = "一百".into();
        assert!(!is_answered(assess, &form, 0));
        assert!(!is_answered(Ask::Move(Move::Wait), &form, 0));
        form.reason = "parts".into();
        assert!(!is_answered(Ask::Move(Move::Wait), &form, 0), "waiting has an end");
        form.until = "2026-12-01T09:00".into();
        assert!(is_answered(Ask::Move(Move::Wait), &form, 0));
        assert!(!is_answered(Ask::Move(Move::ReturnVisit), &form, 0));
    }

    #[test]
    fn a_photo_alone_is_a_remark() {
        let form = MoveForm::default();
        assert!(!is_answered(Ask::Move(Move::Note), &form, 0));
        assert!(is_answered(Ask::Move(Move::Note), &form, 1));
        assert!(is_answered(Ask::Settle, &form, 0));
    }

    #[test]
    fn whatever_can_be_answered_is_recorded() {
        let ticket = ticket("t", TicketState::Received);
        let form = MoveForm {
            note: "说明".into(),
            reason: "parts".into(),
            until: "2026-12-01T09:00".into(),
            estimate: "75.5".into(),
            to: Some(user("li")),
            solved: Some(true),
            score: 5,
            ..MoveForm::default()
        };
        let zone = domain::Zone::default();
        for tried in Move::ALL.into_iter().filter(|tried| *tried != Move::Complete) {
            let ask = Ask::Move(tried);
            assert!(is_answered(ask, &form, 0), "{tried:?}");
            let made = command(ask, ticket.id, &form, Vec::new(), &zone);
            assert_eq!(made.map(|c| c.kind()), Some(format!("tickets.{}", tried.name()).as_str()));
        }
        let settled = command(Ask::Settle, ticket.id, &form, Vec::new(), &zone);
        assert!(matches!(settled, Some(Command::NoteTicket(note)) if note.settles_conflict));
    }

    #[test]
    fn settling_keeps_things_as_they_are_unless_a_completion_was_chosen() {
        let ticket = ticket("t", TicketState::Received);
        let zone = domain::Zone::default();
        let made = |counts: String| {
            let form = MoveForm { counts, ..MoveForm::default() };
            match command(Ask::Settle, ticket.id, &form, Vec::new(), &zone) {
                Some(Command::NoteTicket(note)) => (note.settles(), note.counts),
                _ => (false, None),
            }
        };
        let which = CompletionRef { by: user("li"), at: NOW };
        assert_eq!(made(String::new()), (true, None));
        assert_eq!(made(completion_name(which)), (true, Some(which)));
        assert_eq!(rivals(&ticket), []);
    }

    #[test]
    fn tomorrow_morning_is_nine_by_the_companys_clock() {
        let zone = domain::Zone::default();
        let text = morning_in(1, domain::Ms(1_795_278_600_000), &zone);
        assert_eq!(text, "2026-11-23T09:00");
        assert_eq!(parse_local(&text).map(write_local), Some(text));
    }
}
