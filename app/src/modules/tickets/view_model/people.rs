//! Whom to give a ticket to: who can, how much they have in hand, whom the rules suggest.

use domain::Role;
use domain::id::UserId;
use domain::modules::accounts::User;
use domain::modules::tickets::{Ticket, can_be_assigned};
use domain::order;

/// Somebody a ticket can be given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub user: UserId,
    pub name: String,
    pub roles: Vec<Role>,
    /// Open tickets in hand.
    pub open: usize,
    /// Has the skill, or the cluster.
    pub fits: bool,
}

/// Technical work wants a technician; what concerns service wants the cluster's steward.
fn fits(user: &User, ticket: &Ticket) -> bool {
    if ticket.kind.is_technical() {
        user.roles.contains(&Role::Technician)
    } else {
        user.roles.contains(&Role::Steward) && user.clusters.contains(&ticket.cluster)
    }
}

/// Everyone who can be assigned, the best suggestion first: who fits, then who has least in hand.
pub fn assignable<'a>(
    users: impl Iterator<Item = &'a User>,
    ticket: Option<&Ticket>,
    tickets: &[&Ticket],
) -> Vec<Person> {
    let in_hand = |user: UserId| {
        let holds = |t: &&&Ticket| t.state.holder() == Some(user) && !t.state.is_finished();
        tickets.iter().filter(holds).count()
    };
    let mut people: Vec<Person> = users
        .filter(|user| can_be_assigned(user))
        .map(|user| Person {
            user: user.id,
            name: user.name.clone(),
            roles: user.roles.clone(),
            open: in_hand(user.id),
            fits: ticket.is_some_and(|ticket| fits(user, ticket)),
        })
        .collect();
    // Stewards of other clusters are possible, but hardly ever meant.
    let foreign = |p: &Person| !p.fits && p.roles.iter().all(|role| *role == Role::Steward);
    order::sort_by_cached_key(&mut people, |p| {
        (!p.fits, foreign(p), p.open, p.name.clone(), p.user)
    });
    people
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{cluster, ticket, user};
    use super::*;
    use domain::modules::tickets::{TicketKind, TicketState};

    fn account(name: &str, role: Role, clusters: &[&str]) -> User {
        User {
            id: user(name),
            account: name.into(),
            name: name.into(),
            roles: vec![role],
            clusters: clusters.iter().map(|name| cluster(name)).collect(),
            disabled: false,
        }
    }

    fn staff() -> Vec<User> {
        vec![
            account("lin", Role::Steward, &["A"]),
            account("wang", Role::Steward, &["B"]),
            account("li", Role::Technician, &[]),
            account("wu", Role::Technician, &[]),
            account("he", Role::EngineeringLead, &[]),
            account("desk", Role::FrontDesk, &[]),
        ]
    }

    fn names(kind: TicketKind, busy: &[&Ticket]) -> Vec<String> {
        let mut one = ticket("one", TicketState::Received);
        one.kind = kind;
        assignable(staff().iter(), Some(&one), busy).into_iter().map(|p| p.name).collect()
    }

    #[test]
    fn a_repair_goes_to_the_technician_with_least_in_hand() {
        let busy = ticket("busy", TicketState::Accepted { by: user("li") });
        assert_eq!(names(TicketKind::Repair, &[&busy]), ["wu", "li", "he", "lin", "wang"]);
    }

    #[test]
    fn a_complaint_goes_to_the_clusters_own_steward() {
        assert_eq!(names(TicketKind::Complaint, &[])[0], "lin");
    }

    #[test]
    fn finished_work_does_not_count_as_in_hand() {
        let by = user("li");
        let done = ticket("done", TicketState::Done { by, at: domain::Ms(0) });
        assert_eq!(names(TicketKind::Repair, &[&done])[0], "li");
    }

    #[test]
    fn nobody_is_suggested_who_cannot_be_assigned() {
        assert!(!names(TicketKind::Repair, &[]).contains(&"desk".to_owned()));
    }
}
