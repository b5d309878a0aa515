//! Making a back-up of a database that goes on being written to.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::files::{self, blocking, sqlite_url, sync_folder};
use super::manifest::{BlobsOf, FORMAT, FileOf, HeadOf, MANIFEST, Manifest, list, name};
use super::{DATABASE, OrSay, Outcome, What, words};
use crate::blobs;
use crate::blobs::files::Brought;
use crate::clock::Clock;
use crate::code_key;
use crate::config::make_private_folder;
use crate::db::{Db, Tx, migrate};
use crate::store::duties::{self, Fence};
use crate::store::{StoreError, copy, meta, scopes};
use crate::sync::{Report, verify};

/// What to back up, and where to.
#[derive(Clone, Debug)]
pub struct Backup {
    pub db: Db,
    pub data: PathBuf,
    /// The folder of all back-ups.
    pub root: PathBuf,
    /// How many stay.
    pub keep: usize,
    pub clock: Clock,
}

/// A back-up that is there.
#[derive(Clone, Debug)]
pub struct Made {
    pub folder: PathBuf,
    pub manifest: Manifest,
    /// Older ones that went.
    pub removed: usize,
}

/// Taken while a back-up is being made in a folder, by whatever process on whatever node.
const LOCK: &str = ".lock";
const PARTIAL: &str = ".partial-";
/// Where a copy stays that is not what it should be, for somebody to look at.
const UNSOUND: &str = "unsound";

fn lock(root: &Path) -> Outcome<File> {
    let problem: What<'_> = ("备份目录无法写入", "The folder of back-ups cannot be written to");
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).open(root.join(LOCK));
    let file = file.or_say(problem)?;
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => Err(words(
            "另一个备份正在进行",
            "Another back-up is being made in this folder at the moment",
        )),
        // A disk that knows no locks: two at once would be a waste, not a danger.
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(file),
    }
}

/// Makes a back-up, checks it, gives it its name, tells the database, and lets old ones go. After an
/// error nothing has changed but attachments that were brought over.
pub async fn make(from: &Backup) -> Outcome<Made> {
    make_as(from, None).await
}

/// As `make`; done as a duty, the database is told only while that is still this node's.
pub(super) async fn make_as(from: &Backup, duty: Option<Fence>) -> Outcome<Made> {
    let root = &from.root;
    make_private_folder(root)?;
    let _alone = lock(root)?;
    // The newest is the one that was made last, also when the clock of the node that made the one before
    // was ahead: the oldest goes, and the newest is restored.
    let last = list(root).pop().map_or(domain::Ms(0), |(_, last)| last.made_at);
    let made_at = from.clock.now().max(last.plus(1));
    let mut folder = root.join(name(made_at));
    for again in 2.. {
        if !folder.exists() {
            break;
        }
        folder = root.join(format!("{}-{again}", name(made_at)));
    }
    let partial = begin(root, &folder)?;
    let manifest = match write(from, &partial, made_at).await {
        Ok(manifest) => manifest,
        Err(problem) => {
            fs::remove_dir_all(&partial).ok();
            return Err(problem);
        }
    };
    let written = || -> std::io::Result<()> {
        files::write(&partial.join(MANIFEST), manifest.text().as_bytes())?;
        sync_folder(&partial)?;
        fs::rename(&partial, &folder)?;
        sync_folder(root)
    };
    written().or_say(("备份没有写完", "The back-up was not written to its end"))?;
    // Only now: until here a phone is the only place where a command is kept twice.
    tell(&from.db, &manifest, duty).await.or_say((
        "备份已完成，但没有记入数据库",
        "The back-up is there, but the database could not be told",
    ))?;
    let removed = let_go(root, from.keep);
    Ok(Made { folder, manifest, removed })
}

/// The folder to write into; what an interrupted back-up left goes.
fn begin(root: &Path, folder: &Path) -> Outcome<PathBuf> {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let partial = root.join(format!("{PARTIAL}{name}"));
    make_private_folder(&partial)?;
    Ok(partial)
}

async fn write(from: &Backup, partial: &Path, made_at: domain::Ms) -> Outcome<Manifest> {
    let file = partial.join(DATABASE);
    // An empty file is an empty database, and this one is its owner's alone.
    files::write(&file, b"").or_say(("备份无法开始", "The back-up cannot be begun"))?;
    let copy = Db::connect(&sqlite_url(&file)).await;
    let copy = copy.or_say(("备份无法开始", "The back-up cannot be begun"))?;
    let result = fill(from, &copy, partial).await;
    let settled = settle(copy).await;
    let (epoch, heads, rows, report, blobs) = result?;
    settled?;
    let hashed = file.clone();
    let (sha256, bytes) = blocking(move || files::hash(&hashed, None))
        .await
        .or_say(("备份无法读回", "The back-up cannot be read back"))?;
    if !report.is_sound() {
        return Err(set_aside(&from.root, partial, &report));
    }
    Ok(Manifest {
        format: FORMAT,
        made_at,
        build: env!("CARGO_PKG_VERSION").into(),
        schema: migrate::known(),
        epoch,
        heads,
        rows,
        database: FileOf { bytes, sha256 },
        code_key: copy_key(&from.data, partial)?,
        blobs: BlobsOf {
            count: blobs.count,
            bytes: blobs.bytes,
            missing: report.missing,
            damaged: blobs.damaged,
        },
    })
}

type Filled =
    (uuid::Uuid, BTreeMap<domain::sync::Scope, HeadOf>, BTreeMap<String, u64>, Report, Brought);

/// The tables, at one moment; then the attachments, which are never removed: all that the tables name
/// are there by then.
async fn fill(from: &Backup, copy: &Db, partial: &Path) -> Outcome<Filled> {
    let unreadable: What<'_> = ("数据库无法读取", "The database cannot be read");
    let copied = copy_tables(&from.db, copy).await.or_say(unreadable)?;
    let Some((epoch, heads, rows)) = copied else {
        return Err(words(
            "数据库还没有用过，没有可备份的内容",
            "The database has never been used: there is nothing to back up",
        ));
    };
    let (data, root) = (blobs::folder_in(&from.data), blobs::folder_in(&from.root));
    let brought = blocking(move || {
        let brought = blobs::files::bring_all(&data, &root)?;
        // Those that an upload has secured already are of this back-up, too.
        let there = blobs::files::list(&root)?;
        Ok((brought, there))
    });
    let (brought, there) =
        brought.await.or_say(("附件无法备份", "The attachments cannot be backed up"))?;
    let mut report = verify(copy).await.or_say(unreadable)?;
    report.missing.retain(|sha256| !there.contains(sha256));
    tracing::debug!(folder = %partial.display(), records = report.records, "copied and checked");
    Ok((epoch, heads, rows, report, brought))
}

type Copied = Option<(uuid::Uuid, BTreeMap<domain::sync::Scope, HeadOf>, BTreeMap<String, u64>)>;

/// Copies all tables as they are at one moment. `None`: nobody has used the database.
async fn copy_tables(from: &Db, to: &Db) -> Result<Copied, StoreError> {
    let failed = |error| StoreError { table: "transaction", error };
    let mut source = from.begin_read().await.map_err(failed)?;
    let mut target = to.begin_write().await.map_err(failed)?;
    let rows = copy::copy(&mut source, &mut target, to.dialect()).await?;
    source.commit().await.map_err(failed)?;
    let epoch = meta::known_epoch(&mut target).await?;
    let heads = heads(&mut target).await?;
    target.commit().await.map_err(failed)?;
    Ok(epoch.map(|epoch| (epoch, heads, rows)))
}

/// Where every log ends, to be compared.
pub(super) async fn heads(
    tx: &mut Tx,
) -> Result<BTreeMap<domain::sync::Scope, HeadOf>, StoreError> {
    let stored = scopes::stored(tx).await?;
    let heads =
        stored.into_iter().map(|(scope, head)| (scope, HeadOf { seq: head.seq, hash: head.hash }));
    Ok(heads.collect())
}

/// Closes a SQLite database so that all of it is in its one file.
pub(super) async fn settle(db: Db) -> Outcome<()> {
    let settled = db.settle().await;
    db.close().await;
    settled.or_say(("数据库文件没有写完", "The database's file was not written to its end"))
}

fn copy_key(data: &Path, partial: &Path) -> Outcome<Option<FileOf>> {
    let key = data.join(code_key::FILE);
    if !key.exists() {
        return Ok(None);
    }
    let copied = files::hash(&key, Some(&partial.join(code_key::FILE)));
    let (sha256, bytes) = copied
        .or_say(("巡检码密钥无法备份", "The key of the checkpoint codes cannot be backed up"))?;
    Ok(Some(FileOf { bytes, sha256 }))
}

/// Keeps a copy that does not agree with itself: it may still be the best there is. It does not count as a
/// back-up: phones keep what they have, and no older back-up goes.
fn set_aside(root: &Path, partial: &Path, report: &Report) -> String {
    let aside = root.join(UNSOUND);
    fs::remove_dir_all(&aside).ok();
    let kept = fs::rename(partial, &aside).is_ok();
    let problems = report.problems.iter().take(10).cloned().collect::<Vec<_>>().join("\n  ");
    let place = if kept { aside.display().to_string() } else { String::new() };
    words(
        format!("数据库内容不一致，本次不算备份（副本在 {place}）"),
        format!(
            "The database does not agree with itself, so this is no back-up (the copy is kept: {place}):\n  {problems}\n"
        ),
    )
}

/// Tells the live database what the back-up holds.
async fn tell(db: &Db, manifest: &Manifest, duty: Option<Fence>) -> Result<(), StoreError> {
    let failed = |error| StoreError { table: "transaction", error };
    let mut tx = db.begin_write().await.map_err(failed)?;
    duties::hold(&mut tx, duty).await?;
    // The same history still: a restore in between would make it another one.
    if meta::known_epoch(&mut tx).await? == Some(manifest.epoch) {
        meta::set_backup(&mut tx, true).await?;
        for (scope, head) in &manifest.heads {
            scopes::mark_backed_up(&mut tx, *scope, head.seq).await?;
        }
    }
    tx.commit().await.map_err(failed)
}

/// Back-ups are not made any more: committed counts as backed up again.
pub async fn stop(db: &Db) -> Result<(), StoreError> {
    let failed = |error| StoreError { table: "transaction", error };
    let mut tx = db.begin_write().await.map_err(failed)?;
    meta::set_backup(&mut tx, false).await?;
    tx.commit().await.map_err(failed)
}

/// Removes the oldest back-ups beyond `keep`; attachments stay.
fn let_go(root: &Path, keep: usize) -> usize {
    let all = list(root);
    let old = all.len().saturating_sub(keep);
    let gone = all.iter().take(old).filter(|(folder, _)| match fs::remove_dir_all(folder) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "an old back-up was not removed");
            false
        }
    });
    gone.count()
}
