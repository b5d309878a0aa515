//! The wire form of tickets and of their commands. Installed phones speak it: a difference here is
//! a change of the protocol, not of a test.

use serde_json::{Value, to_string_pretty};

use super::*;
use crate::modules::Command;

const TICKET: &str = include_str!("golden/ticket.json");
const COMMANDS: &str = include_str!("golden/commands.json");
const PARTS: &str = include_str!("golden/parts.json");

/// A ticket that went through nearly everything: taken over, waited with, done twice, late moves.
fn eventful() -> Ticket {
    let mut estate = Estate::new();
    let open = OpenTicket {
        photos: vec![picture(AttachmentRole::Photo, 7)],
        origin: Some(Origin::Visit { visit: VisitId::derived(&["visit"]) }),
        ..leak()
    };
    estate.applied(&desk(), TEN, open);
    estate.applied(&manager(), later(1), assess());
    estate.applied(&manager(), later(1), assign(&wu()));
    estate.applied(&manager(), later(2), assign(&chen()));
    let wait = WaitTicket { until: Some(later(9)), ..wait() };
    estate.conflicts(&wu(), later(2), wait.clone(), TicketCode::ReassignedElsewhere);
    estate.applied(&chen(), later(3), start());
    estate.applied(&chen(), later(4), wait);
    estate.applied(&chen(), later(5), resume());
    estate.applied(&chen(), later(6), complete(3));
    estate.conflicts(&wu(), later(6), complete(5), TicketCode::FinishedElsewhere);
    estate.applied(&desk(), later(30), return_visit(false));
    estate.applied(&chen(), later(31), complete(4));
    estate.applied(&desk(), later(60), return_visit(true));
    estate.ticket().clone()
}

fn commands() -> Vec<Command> {
    let photos = vec![picture(AttachmentRole::Photo, 7)];
    let origin = Some(Origin::Round {
        round: RoundId::derived(&["round"]),
        checkpoint: Some(CheckpointId::derived(&["checkpoint"])),
        item: "lamps".into(),
    });
    vec![
        OpenTicket { photos: photos.clone(), origin, ..leak() }.into(),
        assess().into(),
        assign(&chen()).into(),
        accept().into(),
        start().into(),
        WaitTicket { until: Some(later(9)), ..wait() }.into(),
        resume().into(),
        complete(3).into(),
        return_visit(true).into(),
        close().into(),
        decline().into(),
        reopen().into(),
        NoteTicket { photos, settles_conflict: true, ..note("以第一次为准") }.into(),
    ]
}

fn states() -> Vec<TicketState> {
    let (by, at) = (chen().user, TEN);
    let (since, due) = (at, later(24));
    let reason = WaitReason::ThirdParty;
    vec![
        TicketState::Received,
        TicketState::Assessed,
        TicketState::Assigned { to: by },
        TicketState::Accepted { by },
        TicketState::InProgress { by, since },
        TicketState::Waiting { by, since, reason, until: Some(due) },
        TicketState::Done { by, at },
        TicketState::ReturnVisit { by, at, due },
        TicketState::Closed { by, at },
        TicketState::Declined { by, at },
    ]
}

#[test]
fn a_ticket_keeps_its_wire_form() {
    let ticket = eventful();
    assert_eq!(to_string_pretty(&ticket).unwrap(), TICKET.trim_end());
    assert_eq!(serde_json::from_str::<Ticket>(TICKET).unwrap(), ticket);
}

#[test]
fn every_command_keeps_its_kind_and_its_wire_form() {
    let written: Vec<(String, Value)> = commands()
        .iter()
        .map(|c| (c.kind().to_owned(), serde_json::from_str(&c.encode()).unwrap()))
        .collect();
    let read: Vec<(String, Value)> = serde_json::from_str(COMMANDS).unwrap();
    assert_eq!(written, read);
    for ((kind, payload), command) in read.into_iter().zip(commands()) {
        assert_eq!(Command::decode(&kind, 1, &payload.to_string()).unwrap().unwrap(), command);
    }
    let here = Command::KINDS.iter().filter(|kind| kind.starts_with("tickets.")).count();
    assert_eq!(here, commands().len());
}

#[test]
fn every_state_and_the_plain_events_keep_their_wire_form() {
    let events =
        [TicketEvent::Closed, TicketEvent::Declined, TicketEvent::Reopened, TicketEvent::Noted];
    let parts = (states(), events);
    assert_eq!(to_string_pretty(&parts).unwrap(), PARTS.trim_end());
    assert_eq!(serde_json::from_str::<(Vec<TicketState>, [TicketEvent; 4])>(PARTS).unwrap(), parts);
    assert!(states().iter().map(TicketState::name).eq(TicketState::NAMES));
}

#[test]
fn what_settles_a_conflict_and_ends_a_wait_keeps_its_wire_form() {
    let counts = CompletionRef { by: chen().user, at: TEN };
    let by = chen().user;
    let sent = NoteTicket { settles_conflict: true, counts: Some(counts), ..note("x") };
    let text = format!(
        r#"{{"ticket":"{}","note":"x","photos":[],"settles_conflict":true,"counts":{{"by":"{by}","at":{}}}}}"#,
        job(),
        TEN.0
    );
    assert_eq!(serde_json::to_string(&sent).unwrap(), text);
    let event = TicketEvent::CompletionCounts { completion: counts };
    let text =
        format!(r#"{{"event":"completion_counts","completion":{{"by":"{by}","at":{}}}}}"#, TEN.0);
    assert_eq!(serde_json::to_string(&event).unwrap(), text);
    let clock = estate_clock().pause_until(TEN, later(2));
    let text = serde_json::to_string(&clock).unwrap();
    assert!(
        text.contains(&format!(r#""paused":{},"paused_until":{}"#, TEN.0, later(2).0)),
        "{text}"
    );
}

fn estate_clock() -> Clock {
    Estate::with(leak()).ticket().clock
}

#[test]
fn a_phone_may_leave_out_what_has_a_default() {
    let id = job();
    let sent: NoteTicket =
        serde_json::from_str(&format!(r#"{{"ticket":"{id}","note":"x"}}"#)).unwrap();
    assert_eq!(sent, note("x"));
    let event: TicketEvent =
        serde_json::from_str(r#"{"event":"late_move","verb":"start"}"#).unwrap();
    let verb = "start".to_owned();
    assert_eq!(event, TicketEvent::LateMove { verb, reason: None, until: None });
}

#[test]
fn a_ticket_is_seen_to_be_over_without_decoding_it_exactly_when_its_state_is_final() {
    let forged = r#""state":{"name":"closed","by":"#;
    for state in states() {
        let mut ticket = Ticket { state, description: forged.into(), ..eventful() };
        ticket.place.label = forged.into();
        let body = serde_json::to_string(&ticket).unwrap();
        assert_eq!(Ticket::is_over(&body), ticket.state.is_final(), "{}", ticket.state.name());
    }
}
