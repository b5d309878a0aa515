//! Bringing a back-up back: checked before anything is touched, and another epoch afterwards, so that
//! every phone takes a new snapshot and sends again what the back-up had not seen.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::Ms;
use domain::modules::attachments::Sha256Hex;
use domain::sync::Scope;
use domain::time::DAY;
use uuid::Uuid;

use super::check::{folder_of_blobs, open};
use super::files::{self, beside, blocking, sqlite_file, sync_folder};
use super::make::settle;
use super::manifest::{Manifest, list, name};
use super::{Lock, OrSay, Outcome, What, words};
use crate::blobs;
use crate::clock::Clock;
use crate::code_key;
use crate::config::make_private_folder;
use crate::db::{Db, Dialect};
use crate::store::{StoreError, copy, meta, scopes};
use crate::sync::Report;

/// What to bring back, and where to.
#[derive(Clone, Debug)]
pub struct Restore {
    pub folder: PathBuf,
    pub database: String,
    pub data: PathBuf,
    /// A database that was used gives way and is kept aside.
    pub replace: bool,
    /// Although a newer one lies beside it.
    pub older: bool,
    /// Everybody has to sign in again.
    pub sign_out: bool,
    pub clock: Clock,
}

/// A series of numbers and how it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub scope: Scope,
    pub name: String,
    /// The last number in the back-up.
    pub last: u64,
    /// Numbers up to this one are not given any more.
    pub skipped_to: u64,
}

/// What was brought back.
#[derive(Clone, Debug)]
pub struct Restored {
    pub manifest: Manifest,
    pub epoch: Uuid,
    pub series: Vec<Series>,
    /// Attachments that commands name and that are not here: on a phone, or lost.
    pub missing: Vec<Sha256Hex>,
    /// Attachments of the back-up that were damaged there and not brought over.
    pub damaged: Vec<Sha256Hex>,
    /// Where the database is that gave way.
    pub aside: Option<PathBuf>,
}

/// Numbers that a series skips, at least and for each day since the back-up was made. What was given
/// after the back-up is not known here and stands on paper: numbers are plenty, and none is given twice.
/// A project of a few thousand households opens some hundred tickets on its worst day.
const SKIP: u64 = 1_000;

/// Brings a back-up back. Until the moment the database takes its place nothing has changed but
/// attachments that came back.
pub async fn restore(from: &Restore) -> Outcome<Restored> {
    let manifest = Manifest::read(&from.folder)?;
    if !from.older {
        refuse_older(&from.folder, &manifest)?;
    }
    make_private_folder(&from.data)?;
    let target = sqlite_file(&from.database);
    if let Some(folder) = target.as_deref().and_then(Path::parent) {
        let problem = ("数据库目录无法建立", "The database's folder cannot be made");
        fs::create_dir_all(folder).or_say(problem)?;
    }
    let _alone = Lock::alone(&from.database)?;
    let used = given_numbers(from).await?;
    // Beside the database that it becomes, so that it can take its place in one step.
    let work = target
        .as_ref()
        .map_or_else(|| from.data.join("restoring.db"), |file| beside(file, ".restoring"));
    let result = bring_back(from, manifest, &used, &work, target.as_deref()).await;
    if result.is_err() || target.is_none() {
        files::remove_database(&work);
    }
    result
}

async fn bring_back(
    from: &Restore,
    manifest: Manifest,
    used: &[(Scope, String, u64)],
    work: &Path,
    target: Option<&Path>,
) -> Outcome<Restored> {
    let (db, report) = open(&from.folder, &manifest, work).await?;
    let began = begin_anew(from, &manifest, used, &db).await;
    let (epoch, series) = began.or_say(("备份无法恢复", "The back-up cannot be restored"))?;
    let (beside, data) = (folder_of_blobs(&from.folder), blobs::folder_in(&from.data));
    let (damaged, here) = blocking(move || {
        let damaged = blobs::files::bring_all(&beside, &data)?.damaged;
        Ok((damaged, blobs::files::list(&data)?))
    })
    .await
    .or_say(("附件无法恢复", "The attachments cannot be restored"))?;
    bring_key(from, &manifest)?;
    let aside = match target {
        Some(target) => {
            settle(db).await?;
            take_place(work, target, from.clock.now())?
        }
        None => {
            let moved = into_postgres(&db, &from.database).await;
            db.close().await;
            moved?;
            None
        }
    };
    let missing = missing(report, &damaged, &here);
    Ok(Restored { manifest, epoch, series, missing, damaged, aside })
}

/// What the tables name and is not here, after what is here was added to what the back-up had.
fn missing(report: Report, damaged: &[Sha256Hex], here: &BTreeSet<Sha256Hex>) -> Vec<Sha256Hex> {
    let named = report.missing.into_iter().chain(damaged.iter().cloned());
    named.filter(|sha256| !here.contains(sha256)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Phones have let go of what the newest back-up holds: an older one loses it.
fn refuse_older(folder: &Path, manifest: &Manifest) -> Outcome<()> {
    let root = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let newer = root.parent().map(list).unwrap_or_default().into_iter().rev();
    let mut newer = newer
        .filter(|(_, other)| other.epoch == manifest.epoch && other.made_at > manifest.made_at);
    match newer.next() {
        Some((newer, _)) => Err(words(
            format!(
                "还有更新的备份 {}；手机已不再保留其中的内容。确实要用旧的，请加 --older",
                newer.display()
            ),
            format!(
                "There is a newer back-up, {}, and phones have let go of what it holds. Say --older if this one it shall be",
                newer.display()
            ),
        )),
        None => Ok(()),
    }
}

/// Refuses a database that is in use, unless it shall give way; returns the numbers it had given.
async fn given_numbers(from: &Restore) -> Outcome<Vec<(Scope, String, u64)>> {
    let file = sqlite_file(&from.database);
    if file.as_ref().is_some_and(|file| !file.exists()) {
        return Ok(Vec::new());
    }
    if file.is_none() && Dialect::of_url(&from.database) != Some(Dialect::Postgres) {
        return Err(words(
            "这种数据库不能恢复",
            "There is no restoring into this kind of database",
        ));
    }
    let found = look_at(&from.database, file.is_some()).await;
    match (found, &file) {
        (Ok(None), _) => Ok(Vec::new()),
        (Ok(Some(_)), None) => Err(words(
            "PostgreSQL 数据库已有内容：请新建一个空库，再把 GUANJIA_DATABASE 指向它",
            "The PostgreSQL database is not empty, and nothing in it is replaced: make an empty one, and let GUANJIA_DATABASE name it",
        )),
        (Ok(Some(numbers)), Some(_)) if from.replace => Ok(numbers),
        // Damaged, perhaps: that is when people restore.
        (Err(error), Some(_)) if from.replace => {
            tracing::warn!(%error, "the database that gives way cannot be read");
            Ok(Vec::new())
        }
        (Err(error), None) => Err(error).or_say(("数据库无法使用", "The database cannot be used")),
        (_, Some(file)) => Err(words(
            format!(
                "数据库 {} 已有内容。要换成备份，请加 --replace（原库会改名保留）",
                file.display()
            ),
            format!(
                "The database {} is not empty. Say --replace to put the back-up in its place; the old one is kept under another name",
                file.display()
            ),
        )),
    }
}

/// `None`: nobody has used it.
async fn look_at(database: &str, as_is: bool) -> Result<Option<Vec<(Scope, String, u64)>>, String> {
    let db = if as_is { Db::connect_as_is(database).await } else { Db::connect(database).await };
    let db = db.map_err(|e| e.to_string())?;
    let read = async {
        let mut tx = db.begin_read().await.map_err(|e| e.to_string())?;
        if copy::is_unused(&mut tx).await.map_err(|e| e.to_string())? {
            return Ok(None);
        }
        scopes::all_counters(&mut tx).await.map(Some).map_err(|e| e.to_string())
    };
    let found = read.await;
    db.close().await;
    found
}

/// Makes the copy a database of its own: another epoch, numbers that were not given yet.
async fn begin_anew(
    from: &Restore,
    manifest: &Manifest,
    used: &[(Scope, String, u64)],
    db: &Db,
) -> Result<(Uuid, Vec<Series>), StoreError> {
    let failed = |error| StoreError { table: "transaction", error };
    let mut tx = db.begin_write().await.map_err(failed)?;
    let epoch = meta::begin_new_epoch(&mut tx, &from.clock).await?;
    let mut series = Vec::new();
    for (scope, name, last) in scopes::all_counters(&mut tx).await? {
        let given = used.iter().find(|(of, series, _)| (of, series) == (&scope, &name));
        let given = given.map_or(0, |(_, _, given)| *given);
        let skipped_to = skip(last, from.clock.now().0 - manifest.made_at.0).max(given);
        scopes::raise_counter(&mut tx, scope, &name, skipped_to).await?;
        series.push(Series { scope, name, last, skipped_to });
    }
    // What is here came out of a back-up; what the phones send again has to be backed up first.
    meta::set_backup(&mut tx, true).await?;
    scopes::mark_all_backed_up(&mut tx).await?;
    if from.sign_out {
        let ended = crate::auth::store::end_every_session(&mut tx).await;
        ended.map_err(|error| StoreError { table: "sessions", error })?;
    }
    tx.commit().await.map_err(failed)?;
    Ok((epoch, series))
}

/// Where a series goes on that stood at `last` so many milliseconds ago: behind a whole thousand, so
/// that people see that something was skipped.
fn skip(last: u64, age: i64) -> u64 {
    let days = u64::try_from(age.max(0) / DAY).unwrap_or(0);
    let least = last + SKIP * (days + 1);
    least.div_ceil(SKIP) * SKIP
}

/// The key of the checkpoint codes: without it every code on the walls would be void. Another one that is
/// there already is kept aside.
fn bring_key(from: &Restore, manifest: &Manifest) -> Outcome<()> {
    let Some(expected) = &manifest.code_key else { return Ok(()) };
    let (source, target) = (from.folder.join(code_key::FILE), from.data.join(code_key::FILE));
    let partial = from.data.join(format!("{}.restoring", code_key::FILE));
    let problem: What<'_> =
        ("巡检码密钥无法恢复", "The key of the checkpoint codes cannot be restored");
    let (sha256, _) = files::hash(&source, Some(&partial)).or_say(problem)?;
    let placed = || -> std::io::Result<()> {
        if target.exists() {
            if files::hash(&target, None)?.0 == sha256 {
                return fs::remove_file(&partial);
            }
            fs::rename(&target, beside(&target, &format!(".replaced-{}", name(from.clock.now()))))?;
        }
        fs::rename(&partial, &target)?;
        sync_folder(&from.data)
    };
    if sha256 != expected.sha256 {
        fs::remove_file(&partial).ok();
        return Err(words(
            "备份已损坏：巡检码密钥与清单不符",
            "The back-up is damaged: the key of the checkpoint codes is not the one that was written",
        ));
    }
    placed().or_say(problem)
}

/// Puts the restored file in the place of the database, which is kept aside with what lies beside it:
/// a log of changes that was left there would be played into the wrong database.
fn take_place(work: &Path, target: &Path, now: Ms) -> Outcome<Option<PathBuf>> {
    const PARTS: [&str; 3] = ["-wal", "-shm", ""];
    let place = || -> std::io::Result<Option<PathBuf>> {
        let there = PARTS.map(|part| (beside(target, part), part));
        let mut aside = None;
        if there.iter().any(|(file, _)| file.exists()) {
            let mut kept = beside(target, &format!(".replaced-{}", name(now)));
            while PARTS.iter().any(|part| beside(&kept, part).exists()) {
                kept = beside(&kept, "-again");
            }
            for (file, part) in there.iter().filter(|(file, _)| file.exists()) {
                fs::rename(file, beside(&kept, part))?;
            }
            aside = Some(kept);
        }
        fs::rename(work, target)?;
        // A name without a folder lies in the one we are in.
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        sync_folder(folder.unwrap_or(Path::new(".")))?;
        Ok(aside)
    };
    place().or_say(("恢复的数据库没有就位", "The restored database could not be put in its place"))
}

/// Copies the restored tables into an empty PostgreSQL database, all or nothing.
async fn into_postgres(from: &Db, database: &str) -> Outcome<()> {
    let problem: What<'_> =
        ("恢复到 PostgreSQL 失败", "The back-up could not be copied into PostgreSQL");
    let to = Db::connect(database).await;
    let to = to.or_say(("数据库无法使用", "The database cannot be used"))?;
    let copied = async {
        let fault = |error| StoreError { table: "transaction", error };
        let mut source = from.begin_read().await.map_err(fault)?;
        let mut target = to.begin_write().await.map_err(fault)?;
        copy::make_room(&mut target).await?;
        copy::copy(&mut source, &mut target, to.dialect()).await?;
        target.commit().await.map_err(fault)
    };
    let copied = copied.await;
    to.close().await;
    copied.or_say(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_goes_on_behind_what_may_have_been_given_since() {
        assert_eq!(skip(1_123, 0), 3_000);
        assert_eq!(skip(1_123, 3 * DAY), 6_000);
        assert_eq!(skip(0, -5), 1_000, "a clock that went back");
        for (last, days) in [(1, 0), (999, 1), (1_000, 7), (123_456, 30)] {
            assert!(skip(last, days * DAY) >= last + SKIP * (days.unsigned_abs() + 1));
        }
    }
}
