//! Takes from the replica what is due for the person who is signed in.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};
use domain::id::{ClusterId, TemplateId, TicketId};
use domain::modules::fees::{Arrears, FeeCall, call_list};
use domain::modules::households::Cluster;
use domain::modules::rounds::{Briefing, Round, RoundTemplate, Schedule};
use domain::modules::tickets::{Ticket, TicketState};
use domain::modules::visits::{Visit, follow_up};
use domain::order;
use domain::sync::client::Replica;
use domain::{Ms, Right, Role};

use super::view_model::{Row, What, round_row};
use crate::modules::rounds::view_model::duties::{Looking, current_template, duties};

/// Return visits that are listed one by one; the rest is one line.
const MOST_RETURN_VISITS: usize = 8;

/// What decides what is due.
#[derive(Clone, Copy)]
pub struct At {
    pub now: Ms,
    pub today: NaiveDate,
}

/// Own clusters of a steward; empty for whoever works for the whole project.
pub fn own_clusters(replica: &Replica) -> Vec<ClusterId> {
    let actor = replica.actor();
    if actor.has_role(Role::Steward) { actor.clusters.clone() } else { Vec::new() }
}

fn names(replica: &Replica) -> BTreeMap<ClusterId, String> {
    let name = |one: &Cluster| (one.id, format!("{} {}", one.code, one.name));
    order::map_of(replica.iter::<Cluster>().map(name))
}

/// The end of a day in the company's zone.
fn end_of(replica: &Replica, date: NaiveDate) -> Ms {
    let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
    replica.settings().zone.start_of_day(next).plus(-1)
}

/// The briefing of each own cluster, on working days and on every other day that the steward works.
pub fn briefings(replica: &Replica, at: At) -> Vec<Row> {
    let names = names(replica);
    let settings = replica.settings();
    let time = |time: NaiveTime| settings.zone.instant(at.today.and_time(time));
    own_clusters(replica)
        .into_iter()
        .map(|cluster| {
            let recorded = replica.get::<Briefing>(Briefing::id_of(cluster, at.today).0);
            Row {
                what: What::Briefing {
                    cluster: names.get(&cluster).cloned().unwrap_or_default(),
                    by: recorded.map(|briefing| briefing.by_name.clone()),
                },
                href: format!("/briefing?cluster={cluster}"),
                from: settings.zone.start_of_day(at.today),
                due: time(settings.briefing_at),
                done: recorded.is_some(),
            }
        })
        .collect()
}

pub fn rounds(replica: &Replica, at: At, synced: Option<Ms>) -> Vec<Row> {
    if !replica.actor().may(Right::WalkRound) {
        return Vec::new();
    }
    let names = names(replica);
    let several = own_clusters(replica).len() != 1;
    let (actor, settings) = (replica.actor(), replica.settings());
    let looking = Looking { actor, settings, now: at.now, synced };
    let points = |template: TemplateId| {
        let current = current_template(&mut replica.iter::<RoundTemplate>(), template);
        current.map_or(0, |t| u32::try_from(t.points.len()).unwrap_or(u32::MAX))
    };
    let round = |id: domain::id::RoundId| replica.get::<Round>(id.0);
    let own = duties(&looking, &mut replica.iter::<Schedule>(), &round, &points, (1, 1));
    own.into_iter()
        .filter_map(|duty| {
            let cluster = names.get(&duty.due.cluster).filter(|_| several).cloned();
            round_row(duty, cluster, at.today)
        })
        .collect()
}

/// Answers that this person, or a colleague in the own cluster, has promised.
pub fn promises(replica: &Replica) -> Vec<Row> {
    if !replica.actor().may(Right::RecordVisit) {
        return Vec::new();
    }
    let (me, clusters) = (replica.actor().user, own_clusters(replica));
    let mine = replica
        .active::<Visit>()
        .filter(|visit| visit.by == me || clusters.contains(&visit.cluster));
    follow_up::pending(mine)
        .into_iter()
        .map(|open| Row {
            what: What::Promise {
                place: open.visit.place.clone(),
                met: open.visit.met.clone(),
                note: open.visit.note.clone(),
            },
            href: format!("/visits?visit={}", open.visit.id),
            from: open.visit.at,
            due: end_of(replica, open.by),
            done: false,
        })
        .collect()
}

/// The day's call list as one line.
pub fn calls(replica: &Replica, at: At) -> Option<Row> {
    let actor = replica.actor();
    if !actor.may(Right::RecordCall) {
        return None;
    }
    let settings = replica.settings();
    let mine = |cluster: ClusterId| actor.may_in(Right::RecordCall, cluster);
    let arrears = replica.iter::<Arrears>().filter(|arrears| mine(arrears.cluster));
    let made = || replica.iter::<FeeCall>().filter(|call| mine(call.cluster));
    let solved = |id: TicketId| replica.get::<Ticket>(id.0).map(|ticket| ticket.state.is_solved());
    let list = call_list::for_day(at.today, settings, arrears, made(), &solved);
    let done = call_list::done_today(at.today, settings, made());
    if list.is_empty() && done == 0 {
        return None;
    }
    let broken = list.iter().filter(|item| item.broken).count();
    Some(Row {
        what: What::Calls { left: list.len(), done, phase: call_list::phase(at.today), broken },
        href: "/fees".into(),
        from: settings.zone.start_of_day(at.today),
        due: end_of(replica, at.today),
        done: list.is_empty(),
    })
}

/// The first line of what was said.
fn first_line(ticket: &Ticket) -> String {
    ticket.description.lines().next().unwrap_or_default().to_owned()
}

fn ticket_row(ticket: &Ticket) -> Row {
    Row {
        what: What::Ticket {
            number: ticket.display_number(),
            place: ticket.place.label.clone(),
            text: first_line(ticket),
            clock: ticket.clock,
            urgency: ticket.urgency,
            state: ticket.state.name(),
        },
        href: format!("/tickets/{}", ticket.id),
        from: ticket.opened_at,
        due: ticket.clock.due,
        done: false,
    }
}

/// Jobs in hand, tickets one is the first to answer for, what the pool offers, return visits.
pub fn tickets(replica: &Replica) -> Vec<Row> {
    let actor = replica.actor();
    let me = actor.user;
    let clusters = own_clusters(replica);
    let works = actor.may(Right::WorkTicket);
    let mut rows = Vec::new();
    let mut pool: Option<(usize, Ms)> = None;
    let mut visits: Vec<(Ms, &Ticket)> = Vec::new();
    for ticket in replica.active::<Ticket>() {
        if let TicketState::ReturnVisit { due, .. } = ticket.state {
            let own = clusters.contains(&ticket.cluster) || ticket.opened_by == me;
            if own && ticket.require(Right::CloseTicket, actor).is_ok() {
                visits.push((due, ticket));
            }
            continue;
        }
        if ticket.state.is_finished() {
            continue;
        }
        let free = matches!(ticket.state, TicketState::Received | TicketState::Assessed);
        if ticket.state.holder() == Some(me) || (!works && ticket.opened_by == me) {
            rows.push(ticket_row(ticket));
        } else if works && actor.has_role(Role::Technician) && free && ticket.kind.is_technical() {
            let (count, first) = pool.unwrap_or((0, ticket.clock.due));
            pool = Some((count + 1, first.min(ticket.clock.due)));
        }
    }
    if let Some((count, due)) = pool {
        let (what, href) = (What::Pool { count }, "/tickets?shelf=open".to_owned());
        rows.push(Row { what, href, from: Ms(0), due, done: false });
    }
    order::sort_by_key(&mut visits, |(due, ticket)| (*due, ticket.id));
    let more = visits.split_off(visits.len().min(MOST_RETURN_VISITS));
    for (due, ticket) in visits {
        let what = What::ReturnVisit {
            number: ticket.display_number(),
            place: ticket.place.label.clone(),
            text: first_line(ticket),
        };
        let href = format!("/tickets/{}", ticket.id);
        rows.push(Row { what, href, from: Ms(0), due, done: false });
    }
    if let Some((due, _)) = more.first() {
        let what = What::MoreReturnVisits { count: more.len() };
        rows.push(Row {
            what,
            href: "/tickets?shelf=mine".into(),
            from: Ms(0),
            due: *due,
            done: false,
        });
    }
    rows
}
