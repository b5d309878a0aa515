//! The phone's list: which tickets lie on which shelf, in which order, and what a search finds.

use domain::id::TicketId;
use domain::modules::tickets::{Clock, ClockLight, Ticket, TicketKind, TicketState, Urgency};
use domain::order;
use domain::{Actor, Ms, Right};

use crate::modules::tickets::labels;

/// The three parts of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shelf {
    #[default]
    Mine,
    /// For technicians what nobody has taken, for everyone else what is not over.
    Open,
    All,
}

impl Shelf {
    pub const ALL: [Shelf; 3] = [Shelf::Mine, Shelf::Open, Shelf::All];

    pub fn name(self) -> &'static str {
        match self {
            Shelf::Mine => "mine",
            Shelf::Open => "open",
            Shelf::All => "all",
        }
    }

    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|shelf| shelf.name() == name).unwrap_or_default()
    }

    pub fn holds(self, ticket: &Ticket, viewer: &Actor) -> bool {
        match self {
            Shelf::Mine => is_mine(ticket, viewer),
            Shelf::Open if has_pool(viewer) => in_pool(ticket, viewer),
            Shelf::Open => !ticket.state.is_finished(),
            Shelf::All => true,
        }
    }
}

/// Takes work from the pool rather than giving it out.
pub fn has_pool(viewer: &Actor) -> bool {
    viewer.may(Right::WorkTicket) && !viewer.may(Right::AssignTicket)
}

fn in_pool(ticket: &Ticket, viewer: &Actor) -> bool {
    matches!(ticket.state, TicketState::Received | TicketState::Assessed)
        && ticket.is_open_to(viewer)
}

/// What this person still has to see to: work in hand, what they received first, and the return
/// visits of their own clusters.
pub fn is_mine(ticket: &Ticket, viewer: &Actor) -> bool {
    if ticket.state.is_final() {
        return false;
    }
    let in_hand = ticket.state.holder() == Some(viewer.user) && !ticket.state.is_finished();
    let to_ask = matches!(ticket.state, TicketState::ReturnVisit { .. })
        && viewer.clusters.contains(&ticket.cluster)
        && ticket.require(Right::CloseTicket, viewer).is_ok();
    in_hand || to_ask || ticket.opened_by == viewer.user
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: TicketId,
    pub number: String,
    pub kind: TicketKind,
    pub category: String,
    pub urgency: Urgency,
    pub place: String,
    pub state: &'static str,
    pub holder: Option<String>,
    pub clock: Clock,
    pub conflicts: u32,
    /// Not yet confirmed by the server.
    pub pending: bool,
}

impl Row {
    pub fn of(ticket: &Ticket, holder: Option<String>, pending: bool) -> Self {
        Self {
            id: ticket.id,
            number: ticket.display_number(),
            kind: ticket.kind,
            category: ticket.category.clone(),
            urgency: ticket.urgency,
            place: ticket.place.label.clone(),
            state: ticket.state.name(),
            holder,
            clock: ticket.clock,
            conflicts: ticket.conflicts,
            pending,
        }
    }
}

/// Over first, then danger, then by what is left; what waits and what is over and done come last.
fn rank(ticket: &Ticket, now: Ms) -> (u8, i64) {
    if ticket.state.is_finished() {
        return (4, -ticket.changed_at.0);
    }
    let rank = if ticket.clock.paused.is_some() {
        3
    } else if ticket.clock.light(now) == ClockLight::Red {
        0
    } else if ticket.urgency == Urgency::Emergency {
        1
    } else {
        2
    };
    (rank, ticket.clock.due.0)
}

/// The tickets of a shelf that a search finds, most pressing first.
pub fn on_shelf<'a>(
    tickets: &[&'a Ticket],
    viewer: &Actor,
    shelf: Shelf,
    query: &str,
    now: Ms,
) -> Vec<&'a Ticket> {
    let words: Vec<String> = query.split_whitespace().map(fold).collect();
    let mut found: Vec<&Ticket> = tickets
        .iter()
        .copied()
        .filter(|ticket| shelf.holds(ticket, viewer) && fits(ticket, &words))
        .collect();
    order::sort_by_cached_key(&mut found, |ticket| (rank(ticket, now), ticket.id));
    found
}

/// How many lie on each shelf, in the order of `Shelf::ALL`. `tickets` may leave out those that are
/// over, which lie on no shelf but that of all.
pub fn counts(tickets: &[&Ticket], viewer: &Actor, all: usize) -> [usize; 3] {
    Shelf::ALL.map(|shelf| match shelf {
        Shelf::All => all,
        _ => tickets.iter().filter(|ticket| shelf.holds(ticket, viewer)).count(),
    })
}

/// Lower case, full-width signs as narrow ones.
fn fold(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// Every word has to be in it somewhere; `321501` also finds 3-2-1501.
fn fits(ticket: &Ticket, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let place = fold(&ticket.place.label);
    let compact = place.replace('-', "");
    let texts = [
        fold(&ticket.display_number()),
        place,
        compact,
        fold(&ticket.contact.name),
        ticket.contact.phone.clone(),
        fold(&ticket.description),
        fold(&labels::kind(ticket.kind)),
        fold(&labels::category(&ticket.category)),
        fold(&labels::state(ticket.state.name())),
    ];
    words.iter().all(|word| texts.iter().any(|text| text.contains(word.as_str())))
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{NOW, actor, ticket, user};
    use super::*;
    use domain::Role;
    use domain::time::HOUR;

    fn assigned(name: &str, to: &str) -> Ticket {
        ticket(name, TicketState::Assigned { to: user(to) })
    }

    #[test]
    fn what_is_over_comes_first_and_what_waits_comes_after_what_runs() {
        let mut over = assigned("over", "li");
        over.clock.due = NOW.plus(-1);
        let mut soon = assigned("soon", "li");
        soon.clock.due = NOW.plus(HOUR);
        let later = assigned("later", "li");
        let mut danger = assigned("danger", "li");
        danger.urgency = Urgency::Emergency;
        danger.clock.due = NOW.plus(90 * HOUR);
        let mut waits = assigned("waits", "li");
        waits.clock = waits.clock.pause(NOW);
        waits.clock.due = NOW.plus(1);
        let done = ticket("done", TicketState::Closed { by: user("desk"), at: NOW });
        let all = [&done, &waits, &later, &soon, &danger, &over];
        let desk = actor("desk", Role::FrontDesk, &[]);
        let order: Vec<_> =
            on_shelf(&all, &desk, Shelf::All, "", NOW).iter().map(|t| t.id).collect();
        let want = [&over, &danger, &soon, &later, &waits, &done].map(|t| t.id);
        assert_eq!(order, want);
    }

    #[test]
    fn a_technician_sees_own_work_and_the_pool() {
        let own = assigned("own", "li");
        let free = ticket("free", TicketState::Received);
        let other = assigned("other", "wu");
        let mut complaint = ticket("complaint", TicketState::Received);
        complaint.kind = TicketKind::Complaint;
        let all = [&own, &free, &other, &complaint];
        let technician = actor("li", Role::Technician, &[]);
        assert_eq!(counts(&all, &technician, all.len()), [1, 1, 4]);
        assert_eq!(on_shelf(&all, &technician, Shelf::Open, "", NOW)[0].id, free.id);
    }

    #[test]
    fn a_steward_keeps_what_she_opened_and_asks_the_customers_of_her_clusters() {
        let mut opened = assigned("opened", "li");
        opened.opened_by = user("lin");
        let asks = ticket(
            "asks",
            TicketState::ReturnVisit { by: user("li"), at: NOW, due: NOW.plus(HOUR) },
        );
        let mut foreign = asks.clone();
        foreign.cluster = super::super::testkit::cluster("B");
        let mut closed = ticket("closed", TicketState::Closed { by: user("lin"), at: NOW });
        closed.opened_by = user("lin");
        let steward = actor("lin", Role::Steward, &["A"]);
        assert!(is_mine(&opened, &steward) && is_mine(&asks, &steward));
        assert!(!is_mine(&foreign, &steward) && !is_mine(&closed, &steward));
    }

    #[test]
    fn a_finished_job_leaves_its_workers_own_list() {
        let asks = ticket(
            "asks",
            TicketState::ReturnVisit { by: user("li"), at: NOW, due: NOW.plus(HOUR) },
        );
        assert!(!is_mine(&asks, &actor("li", Role::Technician, &[])));
    }

    #[test]
    fn search_finds_by_shorthand_number_person_and_words() {
        let one = assigned("one", "li");
        let all = [&one];
        let desk = actor("desk", Role::FrontDesk, &[]);
        let hits = |query: &str| on_shelf(&all, &desk, Shelf::All, query, NOW).len();
        for query in ["321501", "3-2", "#7", "张三", "水管", "漏水 3-2", "3-2", "8000", "已派单"]
        {
            assert_eq!(hits(query), 1, "{query}");
        }
        assert_eq!(hits("电梯"), 0);
        assert_eq!(hits("张三 电梯"), 0);
    }

    #[test]
    fn an_unknown_shelf_in_the_address_shows_ones_own() {
        assert_eq!(Shelf::from_name("bogus"), Shelf::Mine);
        assert_eq!(Shelf::from_name("open"), Shelf::Open);
    }
}
