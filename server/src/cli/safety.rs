//! What an operator does so that nothing is lost: back up, restore, check, move to PostgreSQL.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{end, open_existing, start_quietly};
use crate::backup::{self, Backup, Restore};
use crate::blobs::{self, Bucket, orphans};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::sync::{Report, verify_with};
use crate::words::Words;

/// Attachments that are named one by one; more are counted.
const NAMED: usize = 20;

pub(super) async fn back_up(config: Config, to: Option<PathBuf>, stop: bool) -> Result<(), String> {
    if stop {
        let db = open_existing(&config).await?;
        let stopped = backup::stop(&db).await;
        db.close().await;
        stopped.map_err(|e| format!("The database could not be told: {e}."))?;
        println!(
            "{}",
            Words::new(
                "不再等待备份：服务器收下的即视为安全。",
                "No back-ups are waited for any more: what the server has taken counts as safe."
            )
        );
        return Ok(());
    }
    let root = to.or(config.backup_dir.clone()).ok_or_else(|| {
        Words::new(
            "请给出备份目录：guanjia backup --to <目录>，或设置 GUANJIA_BACKUP_DIR",
            "Say where to: guanjia backup --to <folder>, or set GUANJIA_BACKUP_DIR",
        )
        .to_string()
    })?;
    let db = open_existing(&config).await?;
    let backup =
        Backup { db, data: config.data, root, keep: config.backup_keep, clock: Clock::system() };
    let made = backup::make(&backup).await;
    backup.db.close().await;
    let made = made?;
    println!("{}", made.folder.display());
    let manifest = &made.manifest;
    for (scope, head) in &manifest.heads {
        println!("  {scope}: {}", head.seq);
    }
    println!(
        "  {} rows of log, {} attachments ({} MB), {} older back-ups removed",
        manifest.rows.get("log").unwrap_or(&0),
        manifest.blobs.count,
        manifest.blobs.bytes / 1_000_000,
        made.removed
    );
    list("attachments that commands name are not here (yet)", &manifest.blobs.missing);
    list("attachments are damaged and were not backed up", &manifest.blobs.damaged);
    if manifest.blobs.damaged.is_empty() {
        Ok(())
    } else {
        Err(Words::new(
            "备份已完成，但有附件损坏",
            "The back-up is there, but attachments are damaged",
        )
        .to_string())
    }
}

pub(super) async fn restore(
    config: Config,
    folder: PathBuf,
    replace: bool,
    older: bool,
    sign_out: bool,
) -> Result<(), String> {
    let clock = Clock::system();
    let restore = Restore {
        folder,
        database: config.database,
        data: config.data,
        replace,
        older,
        sign_out,
        clock,
    };
    let restored = backup::restore(&restore).await?;
    for series in &restored.series {
        println!("  {} {}: {} → {}", series.scope, series.name, series.last, series.skipped_to + 1);
    }
    list(
        "attachments that commands name are not here; phones that have them send them again",
        &restored.missing,
    );
    list("attachments of the back-up are damaged and were not restored", &restored.damaged);
    if let Some(aside) = &restored.aside {
        println!(
            "{}",
            Words::new(
                format!("原来的数据库保留在 {}。", aside.display()),
                format!("The database that was there is kept: {}.", aside.display()),
            )
        );
    }
    println!(
        "{}",
        Words::new(
            "已恢复。启动服务后，手机会自动重新取数并补交备份之后的内容。",
            "Restored. Once the server runs, phones fetch everything anew and send again what the back-up had not seen.",
        )
    );
    Ok(())
}

pub(super) async fn copy_to_postgres(config: Config, to: String) -> Result<(), String> {
    let moved = backup::copy_to_postgres(&config.database, &to).await?;
    for (table, rows) in moved.rows.iter().filter(|(_, rows)| **rows > 0) {
        println!("  {table}: {rows}");
    }
    print(&moved.report);
    println!(
        "{}",
        Words::new(
            "已迁移并检查。请把 GUANJIA_DATABASE 改为新地址再启动服务；GUANJIA_DATA 不变。",
            "Moved and checked. Let GUANJIA_DATABASE name the new database and start the server; GUANJIA_DATA stays.",
        )
    );
    Ok(())
}

/// Looks through the database, or through a back-up.
pub(super) async fn verify(config: Config, folder: Option<PathBuf>) -> Result<(), String> {
    let report = match folder {
        Some(folder) => {
            let work =
                std::env::temp_dir().join(format!("guanjia-verify-{}.db", std::process::id()));
            backup::check(&folder, &work).await?.report
        }
        None => {
            let db = open_existing(&config).await?;
            let report = look_through(&db, &config).await;
            db.close().await;
            report?
        }
    };
    for problem in &report.problems {
        println!("{problem}");
    }
    if report.more {
        println!("… and more");
    }
    print(&report);
    list("attachments that commands name are not here: on a phone still, or lost", &report.missing);
    if report.is_sound() { Ok(()) } else { Err("the database is not what it should be".into()) }
}

async fn look_through(db: &Db, config: &Config) -> Result<Report, String> {
    let folder = blobs::folder_in(&config.data);
    let files = match Bucket::open(&config.blobs)? {
        Some(bucket) => bucket.list().await.map(BTreeSet::from_iter),
        None => {
            let files = tokio::task::spawn_blocking(move || blobs::files::list(&folder));
            files.await.map_err(|e| e.to_string())?
        }
    };
    let files = files.map_err(|e| format!("The attachments cannot be listed: {e}."))?;
    let report = verify_with(db, Some(&files)).await;
    report.map_err(|e| format!("The database cannot be read: {e}."))
}

/// Removes attachments that nobody names, or says which.
pub(super) async fn clean_attachments(config: Config, dry_run: bool) -> Result<(), String> {
    let state = start_quietly(config).await?;
    let cleaned = orphans::clean(&state, dry_run).await;
    end(state).await;
    let cleaned = cleaned.map_err(|e| format!("The attachments could not be cleaned up: {e}."))?;
    let (aside, back, removed) = if dry_run {
        ("would be laid aside", "would come back, because something names them", "would be removed")
    } else {
        ("were laid aside", "came back, because something names them", "were removed")
    };
    list(&format!("attachments that nobody names {aside}"), &cleaned.aside);
    list(&format!("attachments {back}"), &cleaned.back);
    list(&format!("attachments that lay aside {removed}"), &cleaned.removed);
    println!(
        "{}",
        Words::new(
            format!("无人引用：{} 个，{} KB。", cleaned.aside.len(), cleaned.bytes / 1_000),
            format!("Named by nobody: {}, {} kB.", cleaned.aside.len(), cleaned.bytes / 1_000),
        )
    );
    Ok(())
}

fn print(report: &Report) {
    println!(
        "{} scopes, {} rows of log, {} records, {} attachments looked at",
        report.scopes, report.log_rows, report.records, report.attachments
    );
}

fn list(what: &str, attachments: &[domain::modules::attachments::Sha256Hex]) {
    if attachments.is_empty() {
        return;
    }
    println!("{} {what}:", attachments.len());
    for sha256 in attachments.iter().take(NAMED) {
        println!("  {}", sha256.0);
    }
    if attachments.len() > NAMED {
        println!("  … and {} more", attachments.len() - NAMED);
    }
}
