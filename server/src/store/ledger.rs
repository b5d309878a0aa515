//! Looks at what is kept beside the log and must agree with it. Questions only; nothing is changed.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::DeviceId;
use domain::modules::attachments::Sha256Hex;
use domain::sync::Scope;
use sqlx::{AnyConnection, Row};

use super::{About, Result, parsed, rows, unsigned};
use crate::db::{Dialect, sql};

/// Most problems of one kind that are named.
const MOST: &str = "LIMIT 100";

/// Rows that refer to what is not there, and damaged pages. PostgreSQL never lets go of a reference
/// and checks its pages itself.
pub async fn engine_problems(tx: &mut AnyConnection, dialect: Dialect) -> Result<Vec<String>> {
    if dialect == Dialect::Postgres {
        return Ok(Vec::new());
    }
    let mut problems = Vec::new();
    let pages = sql("PRAGMA integrity_check(20)").fetch_all(&mut *tx).await.about("database")?;
    for row in &pages {
        let told: &str = row.try_get(0).about("database")?;
        if told != "ok" {
            problems.push(format!("the file is damaged: {told}"));
        }
    }
    let dangling =
        "SELECT \"table\", \"parent\", COUNT(*) FROM pragma_foreign_key_check GROUP BY 1, 2";
    for row in &rows(tx, "database", dangling.into(), &[]).await? {
        let (table, parent): (&str, &str) =
            (row.try_get(0).about("database")?, row.try_get(1).about("database")?);
        let count: i64 = row.try_get(2).about("database")?;
        problems
            .push(format!("{count} rows of {table} refer to rows of {parent} that are not there"));
    }
    Ok(problems)
}

/// The last number of every device of a scope.
pub async fn device_heads(tx: &mut AnyConnection, scope: Scope) -> Result<BTreeMap<DeviceId, u64>> {
    const TABLE: &str = "device_heads";
    let select = "SELECT device, n FROM device_heads WHERE scope = $1";
    let found = rows(tx, TABLE, select.into(), &[&scope.to_string()]).await?;
    found.iter().map(|row| Ok((parsed(row, TABLE, 0)?, unsigned(row, TABLE, 1)?))).collect()
}

/// What is wrong with the commands of a scope that wait, and with those that need a person.
pub async fn queue_problems(tx: &mut AnyConnection, scope: Scope) -> Result<Vec<String>> {
    let questions = [
        (
            "held",
            "waits, but the log does not have it so",
            "SELECT h.seq FROM held h LEFT JOIN log l ON l.scope = h.scope AND l.seq = h.seq
             WHERE h.scope = $1 AND (l.seq IS NULL OR l.outcome <> 'held' OR l.op <> h.op
               OR l.device <> h.device OR l.n <> h.n OR l.payload <> h.payload)",
        ),
        (
            "held",
            "was held, and neither waits nor was settled",
            "SELECT l.seq FROM log l WHERE l.scope = $1 AND l.outcome = 'held'
             AND NOT EXISTS (SELECT 1 FROM held h WHERE h.scope = l.scope AND h.seq = l.seq)
             AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.id = l.op)",
        ),
        (
            "quarantine",
            "is in the quarantine with another command or outcome than in the log",
            "SELECT q.seq FROM quarantine q LEFT JOIN log l ON l.scope = q.scope AND l.seq = q.seq
             WHERE q.scope = $1 AND (l.seq IS NULL
               OR (l.kind = 'sync.settled' AND NOT EXISTS
                 (SELECT 1 FROM settlements s WHERE s.id = q.op AND s.outcome = q.outcome))
               OR (l.kind <> 'sync.settled' AND l.op <> q.op)
               OR (l.kind NOT IN ('sync.settled', 'sync.resumed')
                 AND (l.outcome <> q.outcome OR l.code <> q.code)))",
        ),
        (
            "quarantine",
            "was refused or is in conflict, and is not in the quarantine",
            "SELECT l.seq FROM log l WHERE l.scope = $1 AND l.outcome IN ('conflict', 'refused')
             AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.scope = l.scope AND q.seq = l.seq)",
        ),
    ];
    let mut problems = Vec::new();
    for (table, what, question) in questions {
        let text = format!("{question} {MOST}");
        for row in &rows(tx, table, text, &[&scope.to_string()]).await? {
            let seq = unsigned(row, table, 0)?;
            problems.push(format!("{scope}: log row {seq} {what}"));
        }
    }
    Ok(problems)
}

/// Commands of a scope with the attachments that they are known to name.
pub async fn named(tx: &mut AnyConnection, scope: Scope) -> Result<BTreeSet<(String, Sha256Hex)>> {
    const TABLE: &str = "blob_refs";
    let select = "SELECT op, sha256 FROM blob_refs WHERE scope = $1";
    let found = rows(tx, TABLE, select.into(), &[&scope.to_string()]).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok((row.try_get(0).about(TABLE)?, Sha256Hex(row.try_get(1).about(TABLE)?)))
    };
    found.iter().map(read).collect()
}

/// Attachments that have arrived.
pub async fn arrived(tx: &mut AnyConnection) -> Result<BTreeSet<Sha256Hex>> {
    const TABLE: &str = "blobs";
    let select = "SELECT sha256 FROM blobs WHERE complete = 1";
    let found = rows(tx, TABLE, select.into(), &[]).await?;
    found.iter().map(|row| Ok(Sha256Hex(row.try_get(0).about(TABLE)?))).collect()
}
