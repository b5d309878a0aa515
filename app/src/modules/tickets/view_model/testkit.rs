//! Tickets and people for the tests of this folder.

use domain::id::{ClusterId, ProjectId, TicketId, UnitId, UserId};
use domain::modules::company::Settings;
use domain::modules::tickets::{
    Clock, Intake, Place, Ticket, TicketContact, TicketKind, TicketState, Urgency,
};
use domain::time::HOUR;
use domain::{Actor, Ms, Role};

pub const NOW: Ms = Ms(1_800_000_000_000);

pub fn user(name: &str) -> UserId {
    UserId::derived(&["user", name])
}

pub fn cluster(name: &str) -> ClusterId {
    ClusterId::derived(&["cluster", name])
}

pub fn actor(name: &str, role: Role, clusters: &[&str]) -> Actor {
    Actor {
        user: user(name),
        name: name.into(),
        roles: vec![role],
        clusters: clusters.iter().map(|name| cluster(name)).collect(),
    }
}

/// A leak in 3-2-1501, cluster A, that came in an hour ago.
pub fn ticket(name: &str, state: TicketState) -> Ticket {
    let opened = NOW.plus(-HOUR);
    Ticket {
        id: TicketId::derived(&["ticket", name]),
        project: ProjectId::derived(&["project"]),
        cluster: cluster("A"),
        number: Some(7),
        kind: TicketKind::Repair,
        category: "leak".into(),
        urgency: Urgency::Normal,
        intake: Intake::Phone,
        place: Place { unit: Some(UnitId::derived(&["unit"])), label: "3-2-1501".into() },
        contact: TicketContact { name: "张三".into(), phone: "13800000000".into() },
        description: "厨房水管漏水".into(),
        photos: Vec::new(),
        origin: None,
        state,
        opened_by: user("desk"),
        opened_at: opened,
        clock: Clock::begin(TicketKind::Repair, Intake::Phone, opened, None, &Settings::default()),
        limits: Default::default(),
        estimate: None,
        completion: None,
        earlier: Vec::new(),
        score: None,
        reopened: 0,
        conflicts: 0,
        timeline: Vec::new(),
        changed_at: opened,
    }
}
