//! Cases of tickets: opened, given to somebody, finished.

use domain::Actor;
use domain::id::{TicketId, UserId};
use domain::modules::Command;
use domain::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use domain::modules::tickets::{
    AcceptTicket, AssessTicket, AssignTicket, CONDUCT, CloseTicket, CompleteTicket, DeclineTicket,
    Intake, NoteTicket, OpenTicket, Place, RecordReturnVisit, ReopenTicket, ResumeTicket,
    StartTicket, TicketContact, TicketKind, Urgency, WaitReason, WaitTicket,
};
use domain::sync::OutcomeKind;
use domain::time::{DAY, HOUR};

use super::{Case, WORKER, done, send, unit};
use crate::web::{NOW, cluster, scope, user};

impl Case<'_> {
    fn open(&self, kind: TicketKind) -> OpenTicket {
        let category = match kind {
            TicketKind::Repair => "leak",
            TicketKind::Finding => "lighting",
            _ => "other_service",
        };
        // Nobody can be asked about a lamp in a corridor.
        let place = match kind {
            TicketKind::Finding => Place { unit: None, label: "地下一层".into() },
            _ => Place { unit: Some(unit()), label: String::new() },
        };
        OpenTicket {
            ticket: TicketId::derived(&[&self.name]),
            cluster: cluster("A"),
            kind,
            category: category.into(),
            urgency: Urgency::Normal,
            intake: Intake::Phone,
            place,
            contact: TicketContact::default(),
            description: "说明".into(),
            photos: Vec::new(),
            origin: None,
        }
    }

    pub(super) async fn of_ticket(
        &self,
        kind: &str,
        when: &str,
        impossible: bool,
    ) -> Option<Command> {
        let product = Actor::system();
        let what = match when {
            "a complaint" | "a complaint nobody has" | "settling a complaint" => {
                TicketKind::Complaint
            }
            "a finding" => TicketKind::Finding,
            "an enquiry" => TicketKind::Enquiry,
            _ => TicketKind::Repair,
        };
        let open = self.open(what);
        if kind == "tickets.open" {
            return Some(open.into());
        }
        let ticket = open.ticket;
        done(self.server, &product, open).await;
        let assign = |to: UserId| AssignTicket { ticket, to, note: String::new() };
        let finished = ["tickets.return_visit", "tickets.close", "tickets.reopen"].contains(&kind);
        if when == "somebody else's" || finished {
            done(self.server, &product, assign(user(WORKER))).await;
        }
        if when == "given to them" {
            let given = assign(user(self.account)).into();
            let outcome = send(self.server, &product, HOUR, scope(), given).await;
            if impossible {
                let reason = outcome.reason.map(|reason| reason.code).unwrap_or_default();
                assert_eq!(reason, "tickets.not_a_technician", "{}", self.name);
                return None;
            }
            assert_eq!(outcome.outcome, OutcomeKind::Applied, "{}: {outcome:?}", self.name);
            let own = self.is(self.account);
            if ["tickets.wait", "tickets.resume"].contains(&kind) {
                done(self.server, &own, StartTicket { ticket }).await;
            }
            if kind == "tickets.resume" {
                done(self.server, &own, wait(ticket)).await;
            }
        }
        if finished {
            done(self.server, &self.is(WORKER), complete(ticket)).await;
        }
        let note = String::new();
        Some(match kind {
            "tickets.assess" => {
                AssessTicket { ticket, feasible: true, estimate: None, note }.into()
            }
            "tickets.assign" => assign(user(WORKER)).into(),
            "tickets.accept" => AcceptTicket { ticket }.into(),
            "tickets.start" => StartTicket { ticket }.into(),
            "tickets.wait" => wait(ticket).into(),
            "tickets.resume" => ResumeTicket { ticket }.into(),
            "tickets.complete" => complete(ticket).into(),
            "tickets.return_visit" => {
                RecordReturnVisit { ticket, solved: true, score: 5, note }.into()
            }
            "tickets.close" => CloseTicket { ticket, note }.into(),
            "tickets.decline" => {
                DeclineTicket { ticket, explanation: "属开发商保修".into() }.into()
            }
            "tickets.reopen" => ReopenTicket { ticket, reason: "又漏了".into() }.into(),
            "tickets.note" => NoteTicket {
                ticket,
                note: "看过".into(),
                photos: Vec::new(),
                settles_conflict: when.starts_with("settling"),
                counts: None,
            }
            .into(),
            other => panic!("say in cases.rs how {other} comes about"),
        })
    }
}

fn wait(ticket: TicketId) -> WaitTicket {
    let until = Some(NOW.plus(DAY));
    WaitTicket { ticket, reason: WaitReason::Parts, until, note: String::new() }
}

fn complete(ticket: TicketId) -> CompleteTicket {
    let after = Attachment {
        sha256: Sha256Hex("cd".repeat(32)),
        mime: "image/jpeg".into(),
        size: 1_000,
        role: AttachmentRole::After,
        at: NOW,
    };
    CompleteTicket {
        ticket,
        conduct: CONDUCT.map(str::to_owned).to_vec(),
        not_applicable: Vec::new(),
        cause: "老化".into(),
        action: "更换".into(),
        lines: Vec::new(),
        attachments: vec![after],
        signed_by: String::new(),
        unsigned_reason: "无人在家".into(),
    }
}
