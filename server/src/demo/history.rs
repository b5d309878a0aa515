//! The demo's past as a list of commands in the order in which the server would have received them.

use domain::id::OpId;
use domain::modules::Command;
use domain::sync::Scope;
use domain::time::Ms;

use super::people::Member;
use super::stream::Stream;

/// Something a member of staff did.
pub struct Event {
    pub scope: Scope,
    pub member: Member,
    pub op: OpId,
    pub at: Ms,
    /// Later than `at` when the phone had no signal.
    pub received: Ms,
    pub command: Command,
}

/// Collects what happened up to `now`; what would lie ahead is left out, so that work of the last
/// hours is still open.
pub struct History {
    pub now: Ms,
    scope: Scope,
    events: Vec<Event>,
}

impl History {
    pub fn new(now: Ms, scope: Scope) -> Self {
        Self { now, scope, events: Vec::new() }
    }

    /// Adds a command; false when it lies ahead, and then nothing that follows from it happened.
    pub fn add(
        &mut self,
        chance: &mut Stream,
        member: &Member,
        at: Ms,
        command: impl Into<Command>,
    ) -> bool {
        // One phone in six was in a basement and delivered later.
        let delay = if chance.chance(16) { chance.minutes(4, 90) } else { chance.between(300, 4_000) };
        let received = at.plus(delay);
        if received > self.now {
            return false;
        }
        let op = OpId(chance.uuid(at));
        let (scope, member) = (self.scope, member.clone());
        self.events.push(Event { scope, member, op, at, received, command: command.into() });
        true
    }

    /// Everything in the order of arrival. What one person did on one phone never overtakes itself.
    pub fn into_events(mut self) -> Vec<Event> {
        self.events.sort_by_key(|event| (event.at, event.op));
        let mut last = std::collections::HashMap::new();
        for event in &mut self.events {
            let earlier = last.entry(event.member.device).or_insert(event.received);
            event.received = event.received.max(*earlier);
            *earlier = event.received;
        }
        self.events.sort_by_key(|event| (event.received, event.at, event.op));
        self.events
    }
}
