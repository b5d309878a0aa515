//! Comparing what is stored with what the server says is to be: a base that lost a row, or kept one,
//! would otherwise stay wrong for ever, for nothing is sent that did not change.
//!
//! A mismatch fetches a snapshot of that scope anew; the outbox and everything else that was recorded
//! here is not touched by it. The request for it tells the server.

use super::engine::Engine;
use super::replica::Replica;
use super::status::SyncError;
use super::store::{LocalStore, Queue};
use super::transport::{PullAsk, Transport};
use crate::sync::checksum::CHECK_EVERY;
use crate::sync::record::Scope;
use crate::time::Ms;

/// What is known of a scope's base, kept in `LocalStore::meta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    Never,
    /// Compared at this moment of the phone's clock.
    At(i64),
    /// It did not match: the next pull begins a snapshot.
    Differs,
    /// That snapshot has begun. If it does not match either, the fault is not this phone's: asking
    /// again at once would fetch snapshots without end.
    Repaired,
}

/// What a page that ends a pull says of the base.
pub(super) struct Told<'a> {
    pub sum: &'a str,
    pub cursor: &'a str,
    /// The base was read from the disk after the page was kept.
    pub reloaded: bool,
}

const DIFFERS: &str = "differs";
const REPAIRED: &str = "repaired";

impl Checked {
    fn text(self) -> String {
        match self {
            Self::Never => String::new(),
            Self::At(at) => at.to_string(),
            Self::Differs => DIFFERS.to_owned(),
            Self::Repaired => REPAIRED.to_owned(),
        }
    }

    fn read(text: Option<&str>) -> Self {
        match text {
            None => Self::Never,
            Some(DIFFERS) => Self::Differs,
            Some(REPAIRED) => Self::Repaired,
            Some(at) => at.parse().map_or(Self::Never, Self::At),
        }
    }

    /// Also when the clock went back: it orders nothing.
    fn is_due(self, now: Ms) -> bool {
        match self {
            Self::At(at) => now.0.abs_diff(at) >= CHECK_EVERY.unsigned_abs(),
            _ => true,
        }
    }
}

fn key(scope: Scope) -> String {
    format!("checksum/{scope}")
}

impl<S: LocalStore, T: Transport> Engine<S, T> {
    /// What to ask of the next pull.
    pub(super) async fn pull_ask(
        &self,
        scope: Scope,
        queue: &Queue,
        waiting: usize,
        now: Ms,
    ) -> Result<PullAsk, SyncError> {
        let cursor = queue.meta.active_cursor().map(str::to_owned);
        let known = self.checked.borrow().get(&scope).copied();
        let checked = match known {
            Some(checked) => checked,
            None => Checked::read(self.store.meta(&key(scope)).await?.as_deref()),
        };
        self.checked.borrow_mut().insert(scope, checked);
        let fills = cursor.is_none() || queue.meta.shadow_cursor.is_some();
        let check = fills || checked.is_due(now);
        Ok(PullAsk { scope, cursor, waiting, check, repair: checked == Checked::Differs })
    }

    /// A page that answers `ask` was kept; the one that ends a pull may tell a sum. Says whether the base
    /// has to be fetched anew.
    pub(super) async fn check(
        &self,
        ask: &PullAsk,
        reset: bool,
        told: Option<Told<'_>>,
        now: Ms,
    ) -> Result<bool, SyncError> {
        if ask.repair {
            // A server from before checksums goes on from the cursor.
            self.checked_as(ask.scope, if reset { Checked::Repaired } else { Checked::At(now.0) })
                .await?;
        }
        let Some(told) = told else { return Ok(false) };
        let meta = self.store.queue(ask.scope).await?.meta;
        if meta.shadow_cursor.is_some() || meta.cursor.as_deref() != Some(told.cursor) {
            // Another tab has gone on; it compares for itself.
            return Ok(false);
        }
        // From the disk, for that is what the next start shows; what was read from there just now, at the
        // end of a snapshot, is not read twice.
        let shown = self.replica.borrow().checksum(ask.scope);
        let kept = if told.reloaded && self.replica.borrow().stands_at(ask.scope, &meta) {
            shown
        } else {
            let mut kept = Replica::new(self.replica.borrow().actor().clone(), self.device);
            kept.load(ask.scope, self.store.load(ask.scope).await?);
            if !kept.stands_at(ask.scope, &meta) {
                return Ok(false);
            }
            kept.checksum(ask.scope)
        };
        if shown != kept {
            self.load(ask.scope).await?;
        }
        let before = Checked::read(self.store.meta(&key(ask.scope)).await?.as_deref());
        let differs = kept.text() != told.sum && before != Checked::Repaired;
        self.checked_as(ask.scope, if differs { Checked::Differs } else { Checked::At(now.0) })
            .await?;
        Ok(differs)
    }

    async fn checked_as(&self, scope: Scope, checked: Checked) -> Result<(), SyncError> {
        self.checked.borrow_mut().remove(&scope);
        self.store.put_meta(&key(scope), &checked.text()).await?;
        self.checked.borrow_mut().insert(scope, checked);
        Ok(())
    }
}
