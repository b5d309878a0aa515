//! Looking through a back-up: is it the one that was written, and does it agree with itself?

use std::path::{Path, PathBuf};

use super::files::{self, blocking, sqlite_url};
use super::make::heads;
use super::manifest::Manifest;
use super::{DATABASE, OrSay, Outcome, What, words};
use crate::blobs;
use crate::db::Db;
use crate::store::meta;
use crate::sync::{Report, verify_with};

/// A back-up that was looked through.
#[derive(Clone, Debug)]
pub struct Checked {
    pub manifest: Manifest,
    pub report: Report,
}

/// Looks through a back-up without touching it: its hash, then everything `verify` looks at.
pub async fn check(folder: &Path, work: &Path) -> Outcome<Checked> {
    let manifest = Manifest::read(folder)?;
    let opened = open(folder, &manifest, work).await;
    let checked = match opened {
        Ok((db, report)) => {
            db.close().await;
            Ok(Checked { manifest, report })
        }
        Err(problem) => Err(problem),
    };
    files::remove_database(work);
    checked
}

/// Copies the database of a back-up to `work`, checking that it is the one that was written, opens it and
/// looks through it.
pub(super) async fn open(folder: &Path, manifest: &Manifest, work: &Path) -> Outcome<(Db, Report)> {
    files::remove_database(work);
    let (from, to) = (folder.join(DATABASE), work.to_owned());
    let (sha256, bytes) = blocking(move || files::hash(&from, Some(&to)))
        .await
        .or_say(("备份的数据库无法读取", "The back-up's database cannot be read"))?;
    if (bytes, &sha256) != (manifest.database.bytes, &manifest.database.sha256) {
        return Err(words(
            "备份已损坏：数据库文件与清单不符，没有恢复任何内容",
            "The back-up is damaged: its database is not the one that was written. Nothing was restored",
        ));
    }
    let db = Db::connect(&sqlite_url(work)).await;
    let db = db.or_say(("备份的数据库无法打开", "The back-up's database cannot be opened"))?;
    match look_through(&db, folder, manifest).await {
        Ok(report) => Ok((db, report)),
        Err(problem) => {
            db.close().await;
            Err(problem)
        }
    }
}

async fn look_through(db: &Db, folder: &Path, manifest: &Manifest) -> Outcome<Report> {
    let unreadable: What<'_> = ("备份的数据库无法读取", "The back-up's database cannot be read");
    let mut tx = db.begin_read().await.or_say(unreadable)?;
    let found = (
        meta::known_epoch(&mut tx).await.or_say(unreadable)?,
        heads(&mut tx).await.or_say(unreadable)?,
    );
    drop(tx);
    if found != (Some(manifest.epoch), manifest.heads.clone()) {
        return Err(words(
            "备份已损坏：清单与数据库不是同一份",
            "The back-up is damaged: manifest and database are not of one and the same back-up",
        ));
    }
    let root = folder_of_blobs(folder);
    let there = blocking(move || blobs::files::list(&root)).await.or_say(unreadable)?;
    if there.is_empty() && manifest.blobs.count > 0 {
        let root = folder_of_blobs(folder);
        return Err(words(
            format!("备份的附件不在 {}：请把整个备份目录一起拿来", root.display()),
            format!(
                "The attachments of the back-up are not in {}: bring the whole folder of back-ups",
                root.display()
            ),
        ));
    }
    let mut report = verify_with(db, None).await.or_say(unreadable)?;
    report.missing.retain(|sha256| !there.contains(sha256));
    if report.is_sound() {
        return Ok(report);
    }
    let problems = report.problems.iter().take(10).cloned().collect::<Vec<_>>().join("\n  ");
    Err(words("备份内容不一致", format!("The back-up does not agree with itself:\n  {problems}\n")))
}

/// Attachments lie beside the back-ups.
pub(super) fn folder_of_blobs(folder: &Path) -> PathBuf {
    // A folder that was given as "." has its place all the same.
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    blobs::folder_in(folder.parent().unwrap_or(&folder))
}
