//! Commands: business verbs, decided by one pure function on phone and server alike.

use serde::{Serialize, de::DeserializeOwned};

use super::record::{RecordKey, Scope, SyncedRecord};
use crate::actor::Actor;
use crate::id::{DeviceId, OpId};
use crate::modules::Record;
use crate::modules::company::Settings;
use crate::refusal::Refusal;
use crate::time::Ms;

/// The records a decision may look at. On the server exactly those that `Decide::reads` named; on
/// the phone the replica.
pub trait World {
    fn record(&self, key: RecordKey) -> Option<&Record>;
}

/// Looks a typed record up.
pub fn find<R: SyncedRecord>(world: &dyn World, id: impl Into<uuid::Uuid>) -> Option<&R> {
    world.record(R::key_of(id.into())).and_then(R::from_record)
}

/// Looks a typed record up; without it the command waits (*held*) for the device that has it.
pub fn need<R: SyncedRecord>(world: &dyn World, id: impl Into<uuid::Uuid>) -> Result<&R, Stop> {
    let key = R::key_of(id.into());
    world.record(key).and_then(R::from_record).ok_or(Stop::Waits(key))
}

/// Numbers that only the server gives out (ticket numbers). The phone has none and shows a short
/// device code until the record comes back.
pub trait Numbers {
    /// The next number of a series, starting at 1; `None` on the phone.
    fn next(&mut self, series: &str) -> Option<u32>;
}

/// No numbers here: the phone's side.
pub struct NoNumbers;
impl Numbers for NoNumbers {
    fn next(&mut self, _series: &str) -> Option<u32> {
        None
    }
}

/// Everything a decision may depend on besides the command and the world.
pub struct Context<'a> {
    pub actor: &'a Actor,
    pub device: DeviceId,
    pub op: OpId,
    pub scope: Scope,
    /// When it happened: device time plus the measured offset, never later than `received_at`.
    pub occurred_at: Ms,
    /// When the server received it; on the phone the same as `occurred_at`.
    pub received_at: Ms,
    pub settings: &'a Settings,
    /// Whether a scanned checkpoint code carries a genuine signature of this site.
    pub code_is_genuine: &'a dyn Fn(&str) -> bool,
}

/// One record's new state.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Put(Box<Record>),
    Remove(RecordKey),
}

/// How a command that was not refused came out.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Verdict {
    #[default]
    Applied,
    /// Applied together with somebody else's change to another part.
    Merged,
    /// Kept, but a person must decide; what was recorded is in the changes.
    Conflict(Refusal),
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Decision {
    pub changes: Vec<Change>,
    pub verdict: Verdict,
}

impl Decision {
    pub fn put(record: impl SyncedRecord) -> Self {
        Self::default().and_put(record)
    }
    #[must_use]
    pub fn and_put(mut self, record: impl SyncedRecord) -> Self {
        self.changes.push(Change::Put(Box::new(record.into_record())));
        self
    }
    #[must_use]
    pub fn but_conflict(mut self, reason: Refusal) -> Self {
        self.verdict = Verdict::Conflict(reason);
        self
    }
}

/// Why a command does nothing now.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    Refused(Refusal),
    /// Names a record that has not arrived.
    Waits(RecordKey),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A kind of command.
pub trait Decide: Serialize + DeserializeOwned {
    /// Stable name on the wire, `"<process>.<verb>"`.
    const KIND: &'static str;

    /// Every record the decision looks at; the server loads exactly these, set-wise.
    fn reads(&self) -> Vec<RecordKey>;

    /// Applies the rules. Must not depend on anything outside its arguments.
    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop>;

    /// Hashes of the attachments this command brings; the server keeps their blobs for it.
    fn attachments(&self) -> Vec<&crate::modules::attachments::Attachment> {
        Vec::new()
    }
}
