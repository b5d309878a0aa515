//! The demo's past as a list of commands in the order in which the server would have received them.

use std::collections::HashMap;

use domain::id::OpId;
use domain::modules::{Command, RecordKind};
use domain::sync::{RecordKey, Scope};
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
    since: Ms,
    scope: Scope,
    events: Vec<Event>,
}

impl History {
    pub fn new(now: Ms, scope: Scope) -> Self {
        Self { now, since: Ms(i64::MIN), scope, events: Vec::new() }
    }

    /// Leaves out what was before, and whatever builds on it.
    pub fn since(self, since: Ms) -> Self {
        Self { since, ..self }
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
        let delay =
            if chance.chance(16) { chance.minutes(4, 90) } else { chance.between(300, 4_000) };
        let received = at.plus(delay);
        if received > self.now {
            return false;
        }
        let op = OpId(chance.uuid(at));
        let (scope, member) = (self.scope, member.clone());
        self.events.push(Event { scope, member, op, at, received, command: command.into() });
        true
    }

    /// Everything in the order of arrival. What one person did on one phone never overtakes itself,
    /// and nobody acts on a ticket, a round or a visit of which the server has not heard.
    pub fn into_events(mut self) -> Vec<Event> {
        let (since, now) = (self.since, self.now);
        self.events.sort_by_key(|event| (event.at, event.op));
        let mut phones = HashMap::new();
        let mut records: HashMap<RecordKey, Ms> = HashMap::new();
        self.events.retain_mut(|event| {
            let about: Vec<RecordKey> =
                event.command.reads().into_iter().filter(is_course).collect();
            let heard = about.iter().filter_map(|key| records.get(key)).max();
            let sent = phones.get(&event.member.device);
            event.received = heard.into_iter().chain(sent).fold(event.received, |at, t| at.max(*t));
            // What arrives after the demo begins has not arrived, nor what would build on it.
            let arrived = event.at >= since && event.received <= now;
            let until = if arrived { event.received } else { Ms(i64::MAX) };
            records.extend(about.into_iter().map(|key| (key, until)));
            if arrived {
                phones.insert(event.member.device, event.received);
            }
            arrived
        });
        self.events.sort_by_key(|event| (event.received, event.at, event.op));
        self.events
    }
}

/// Records that have a course of events.
fn is_course(key: &RecordKey) -> bool {
    matches!(key.kind, RecordKind::Ticket | RecordKind::Round | RecordKind::Visit)
}
