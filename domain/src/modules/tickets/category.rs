//! The category tree of tickets: codes, the kinds they belong to, what a technician needs.

use super::TicketKind;

/// One leaf of the tree. Its name is the locale key `tickets.category.<code>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category {
    pub code: &'static str,
    pub kinds: &'static [TicketKind],
    /// 安全设施: the return visit comes within 2 days.
    pub safety: bool,
    /// 渗漏: the return visit comes within 3 days.
    pub leak: bool,
}

use TicketKind::{Complaint, Enquiry, Finding, PaidService, Repair, Request};

const TECHNICAL: &[TicketKind] = &[Repair, Finding, PaidService];
const SERVICE: &[TicketKind] = &[Complaint, Enquiry, Request, Finding];

const fn technical(code: &'static str) -> Category {
    Category { code, kinds: TECHNICAL, safety: false, leak: false }
}
const fn service(code: &'static str) -> Category {
    Category { code, kinds: SERVICE, safety: false, leak: false }
}

/// The built-in tree.
pub const CATEGORIES: &[Category] = &[
    Category { leak: true, ..technical("leak") },
    technical("water_supply"),
    technical("drainage"),
    technical("electricity"),
    Category { safety: true, ..technical("lift") },
    Category { safety: true, ..technical("fire") },
    Category { safety: true, ..technical("access_control") },
    technical("door_window"),
    technical("wall_floor"),
    technical("lighting"),
    Category { safety: true, ..technical("play_equipment") },
    technical("other_repair"),
    service("cleaning"),
    service("greening"),
    service("security"),
    service("parking"),
    service("noise"),
    service("renovation"),
    service("fees"),
    service("staff_conduct"),
    service("other_service"),
];

pub fn category(code: &str) -> Option<&'static Category> {
    CATEGORIES.iter().find(|category| category.code == code)
}
