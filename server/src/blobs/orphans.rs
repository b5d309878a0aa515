//! Removing attachments that nobody names.
//!
//! Bytes may come before the command that names them, and that command may be on a phone that is away
//! for weeks. So one that nothing names is first *forgotten* after 35 days, as long as phones keep
//! their journals, and laid aside; only after another week is it removed. Nothing in this depends on
//! who is faster:
//!
//! - Whoever asks for one that lies aside (a phone before it uploads, a reader) takes it out of there
//!   first. Whoever was told that it is here has 35 days again to name it.
//! - What a command names while it lies aside comes back with the next look, six hours later at most.
//! - After a restore nothing is laid aside or removed for as long: phones bring the commands again.
//! - It is removed for good in a moment in which no command can come to name anything, and only if
//!   nothing does: a command is before that moment, and keeps the bytes, or after it, and finds that
//!   they are not here, which makes its phone send them.
//!
//! Copies beside the back-ups stay: a command of another back-up may name them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::Ms;
use domain::modules::attachments::Sha256Hex;
use domain::time::DAY;
use uuid::Uuid;

use super::{arrivals, store};
use crate::duties::{Fence, Outcome};
use crate::error::ApiError;
use crate::state::AppState;

/// How long an attachment may be here without being named: as long as phones keep their journals.
const UNNAMED: i64 = 35 * DAY;
/// How long it lies aside then.
const ASIDE: i64 = 7 * DAY;
/// How long one removal may hold up those who write.
const REMOVING: Duration = Duration::from_secs(10);

/// What was found, or done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Laid aside, and their size.
    pub aside: Vec<Sha256Hex>,
    pub bytes: u64,
    /// Came back, because something names them.
    pub back: Vec<Sha256Hex>,
    /// Removed for good.
    pub removed: Vec<Sha256Hex>,
}

fn fault(error: std::io::Error) -> ApiError {
    ApiError::fault("attachments that nobody names", error)
}

/// Looks for what nobody names and lays it aside; removes what has lain there for long. With `dry_run`
/// nothing is touched, and the answer says what would have been.
pub async fn clean(state: &AppState, dry_run: bool) -> Result<Cleaned, ApiError> {
    let (db, blobs, now) = (&state.db, &state.blobs, state.clock.now());
    let mut cleaned = Cleaned::default();
    if !dry_run {
        adopt(state).await?;
    }
    let until = now.plus(-UNNAMED);
    // After a restore the phones bring back what names them; they have as long for it.
    let restored_long_ago = began(state.sync.epoch()) <= until;
    let mut unnamed =
        if restored_long_ago { store::unnamed(db, until).await? } else { BTreeMap::new() };
    let asked: Vec<Sha256Hex> = unnamed.keys().cloned().collect();
    for sha256 in store::named(db, &asked).await? {
        unnamed.remove(&sha256);
    }
    for (sha256, size) in unnamed {
        // The row first: from here on nobody is told that it is here without its being looked for.
        if dry_run || store::forget(db, &sha256, until).await? {
            if !dry_run {
                blobs.set_aside(&sha256, now).await.map_err(fault)?;
            }
            cleaned.aside.push(sha256);
            cleaned.bytes += size;
        }
    }
    let aside = blobs.aside().await.map_err(fault)?;
    let names: Vec<Sha256Hex> = aside.iter().map(|(sha256, _)| sha256.clone()).collect();
    let named = wanted(state, &names).await?;
    for (sha256, since) in aside {
        if named.contains(&sha256) {
            if dry_run || note(state, &sha256).await? {
                cleaned.back.push(sha256);
            }
            continue;
        }
        let due = restored_long_ago && since <= now.plus(-ASIDE);
        if due && (dry_run || remove(state, &sha256).await?) {
            cleaned.removed.push(sha256);
        }
    }
    Ok(cleaned)
}

/// When an epoch began: its id says so, as every id of ours.
fn began(epoch: Uuid) -> Ms {
    let (millis, _) = epoch.as_bytes().split_at(6);
    Ms(millis.iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte)))
}

/// A server that came back from a back-up has attachments of which its tables do not know yet: what arrived
/// after the back-up was made was secured beside it, and the phone that brought it may have let go of it.
pub async fn adopt_after_restore(state: &AppState) -> Result<(), ApiError> {
    if began(state.sync.epoch()) > state.clock.now().plus(-UNNAMED) {
        adopt(state).await?;
    }
    Ok(())
}

/// Notes attachments that are in their place and have no row, as after a stop between the two or a
/// restored database: the time in which they may be named begins now.
async fn adopt(state: &AppState) -> Result<(), ApiError> {
    let here: Vec<Sha256Hex> = state.blobs.list().await.map_err(fault)?.into_iter().collect();
    for some in here.chunks(1_000) {
        for sha256 in store::unnoted(&state.db, some).await? {
            note(state, &sha256).await?;
        }
    }
    Ok(())
}

/// Notes one that is here. Looking for it is what brings it back from where it lay aside.
async fn note(state: &AppState, sha256: &Sha256Hex) -> Result<bool, ApiError> {
    let found = state.blobs.find(sha256).await.map_err(fault)?;
    let Some((kind, size)) = found else { return Ok(false) };
    store::note(&state.db, sha256, kind, size, None, state.clock.now()).await?;
    arrivals::tell(state, sha256, None).await?;
    Ok(true)
}

/// Those that something names or that are said to be here.
async fn wanted(state: &AppState, names: &[Sha256Hex]) -> Result<BTreeSet<Sha256Hex>, ApiError> {
    let mut wanted = store::named(&state.db, names).await?;
    let unnoted = store::unnoted(&state.db, names).await?;
    wanted.extend(names.iter().filter(|sha256| !unnoted.contains(*sha256)).cloned());
    Ok(wanted)
}

async fn remove(state: &AppState, sha256: &Sha256Hex) -> Result<bool, ApiError> {
    let mut still = store::standstill(&state.db).await?;
    if still.is_wanted(sha256).await? {
        still.end().await?;
        note(state, sha256).await?;
        return Ok(false);
    }
    let purged = tokio::time::timeout(REMOVING, state.blobs.purge(sha256)).await;
    still.end().await?;
    let in_time = purged.map_err(|e| ApiError::fault("attachments that nobody names", e))?;
    in_time.map_err(fault)?;
    tracing::info!(sha256 = sha256.0, "an attachment that nobody named was removed");
    Ok(true)
}

/// As a server does from time to time. Two nodes at once do no harm: each step is decided by the database
/// at its moment, and what one has moved or removed the other does not find.
pub async fn duty(state: AppState, _: Fence) -> Outcome {
    let Cleaned { aside, back, removed, .. } =
        clean(&state, false).await.map_err(|e| e.to_string())?;
    if !(aside.is_empty() && back.is_empty() && removed.is_empty()) {
        let (aside, back, removed) = (aside.len(), back.len(), removed.len());
        tracing::info!(aside, back, removed, "attachments that nobody names");
    }
    Ok(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_says_when_it_began() {
        let clock = crate::clock::Clock::manual(Ms(1_795_312_800_123));
        assert_eq!(began(clock.uuid()), Ms(1_795_312_800_123));
    }
}
