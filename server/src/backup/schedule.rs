//! Back-ups that a serving process makes by itself.

use std::path::Path;
use std::time::Duration;

use domain::Ms;

use super::files::blocking;
use super::make::make_as;
use super::manifest::list;
use super::{Backup, OrSay, Outcome};
use crate::blobs;
use crate::clock::Clock;
use crate::config::make_private_folder;
use crate::db::Db;
use crate::state::AppState;
use crate::store::duties::{self, Fence};
use crate::store::{StoreError, meta};

/// What the nodes know it as (`crate::duties`).
pub const DUTY: &str = "backup";
/// A back-up that somebody makes by hand or by cron is late then.
const LATE: i64 = 3 * domain::time::DAY;

impl Backup {
    /// What this server's settings say; `None`: it makes no back-ups.
    pub fn of(state: &AppState) -> Option<Self> {
        Some(Self {
            db: state.db.clone(),
            data: state.config.data.clone(),
            root: state.config.backup_dir.clone()?,
            keep: state.config.backup_keep,
            clock: state.clock.clone(),
        })
    }
}

/// Before anybody is served: from now on phones keep what they have until it is backed up, and every
/// attachment that is here lies beside the back-ups, too. Where the folder has no back-up that is young
/// enough, one is made as soon as a node serves.
pub async fn begin(state: &AppState) -> Outcome<()> {
    let Some(backup) = Backup::of(state) else {
        return look_for_others(&state.db).await;
    };
    make_private_folder(&backup.root)?;
    let (data, root) = (blobs::folder_in(&backup.data), blobs::folder_in(&backup.root));
    let brought = blocking(move || blobs::files::bring_all(&data, &root))
        .await
        .or_say(("附件无法备份", "The attachments cannot be backed up"))?;
    for sha256 in brought.damaged {
        tracing::error!(sha256 = sha256.0, "an attachment is damaged and was not backed up");
    }
    let told = async {
        let fault = |error| StoreError { table: "transaction", error };
        let mut tx = backup.db.begin_write().await.map_err(fault)?;
        meta::set_backup(&mut tx, true).await?;
        if due_in(&backup.root, state.config.backup_every.0, &backup.clock).is_zero() {
            duties::ask(&mut tx, DUTY).await?;
        }
        tx.commit().await.map_err(fault)
    };
    told.await.or_say(("数据库无法写入", "The database cannot be written to"))
}

/// Somebody made back-ups and this process does not: phones keep everything until the next one.
async fn look_for_others(db: &Db) -> Outcome<()> {
    let looked = async {
        let mut connection = db.readers().acquire().await?;
        Ok::<_, sqlx::Error>(meta::has_backup(&mut connection).await.unwrap_or(false))
    };
    let on = looked.await.or_say(("数据库无法读取", "The database cannot be read"))?;
    if on {
        tracing::warn!(
            "GUANJIA_BACKUP_DIR is not set, and phones keep what they did until the next `guanjia backup`; where none will \
             come, say `guanjia backup --stop`"
        );
    } else {
        tracing::info!("no back-ups are made: set GUANJIA_BACKUP_DIR (docs/backup.md)");
    }
    Ok(())
}

/// How long until the next one is due.
fn due_in(root: &Path, every: Duration, clock: &Clock) -> Duration {
    let Some((_, last)) = list(root).pop() else { return Duration::ZERO };
    remaining(last.made_at, every, clock.now())
}

fn remaining(last: Ms, every: Duration, now: Ms) -> Duration {
    let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
    // A clock that went back must not put it off for ever.
    let left = last.0.saturating_add(every).saturating_sub(now.0).clamp(0, every);
    Duration::from_millis(left.unsigned_abs())
}

/// Makes one, unless somebody has made one by hand meanwhile; says how long ago the last one was made.
pub async fn when_due(state: AppState, fence: Fence) -> Outcome<Duration> {
    let Some(backup) = Backup::of(&state) else { return Ok(Duration::ZERO) };
    let every = state.config.backup_every.0;
    let left = due_in(&backup.root, every, &backup.clock);
    if !left.is_zero() {
        return Ok(every.saturating_sub(left));
    }
    match make_as(&backup, Some(fence)).await {
        Ok(made) => {
            let blobs = made.manifest.blobs.count;
            tracing::info!(folder = %made.folder.display(), blobs, removed = made.removed, "backed up");
            Ok(Duration::ZERO)
        }
        Err(problem) => {
            let last = list(&backup.root).pop().map(|(_, last)| last.made_at);
            let late = last.is_none_or(|last| backup.clock.now().0 - last.0 > LATE);
            tracing::error!(problem, late, "no back-up was made; phones keep what they did");
            Err(problem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_is_due_a_span_after_the_last_whatever_the_clock_does() {
        let (hour, now) = (Duration::from_secs(3600), Ms(10_000_000_000));
        assert_eq!(remaining(now, hour, now), hour);
        assert_eq!(remaining(now.plus(-1_800_000), hour, now), Duration::from_secs(1800));
        assert_eq!(remaining(now.plus(-9_000_000), hour, now), Duration::ZERO);
        assert_eq!(remaining(now.plus(90_000_000), hour, now), hour, "made in the future");
    }
}
