//! Single facts about this database.

use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::{About, Result, rows, run};
use crate::clock::Clock;

const TABLE: &str = "meta";
const EPOCH: &str = "epoch";
const BACKUP: &str = "backup";

async fn get(connection: &mut AnyConnection, name: &str) -> Result<Option<String>> {
    let select = "SELECT value FROM meta WHERE name = $1";
    let found = rows(connection, TABLE, select.into(), &[name]).await?;
    found.first().map(|row| row.try_get(0).about(TABLE)).transpose()
}

async fn set(connection: &mut AnyConnection, name: &str, value: &str) -> Result<()> {
    let insert = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    run(connection, TABLE, insert.into(), &[name, value]).await.map(drop)
}

/// The database's epoch, made at first use. Two nodes that start at once agree on one.
pub async fn epoch(tx: &mut AnyConnection, clock: &Clock) -> Result<Uuid> {
    let fresh = clock.uuid().to_string();
    let insert = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    run(tx, TABLE, insert.into(), &[EPOCH, &fresh]).await?;
    let epoch = get(tx, EPOCH).await?.unwrap_or(fresh);
    epoch.parse::<Uuid>().about(TABLE)
}

/// The epoch, where the database has been used.
pub async fn known_epoch(connection: &mut AnyConnection) -> Result<Option<Uuid>> {
    let epoch = get(connection, EPOCH).await?;
    epoch.map(|epoch| epoch.parse::<Uuid>().about(TABLE)).transpose()
}

/// After a restore: every phone takes a new snapshot and replays what the backup had not seen.
pub async fn begin_new_epoch(tx: &mut AnyConnection, clock: &Clock) -> Result<Uuid> {
    let epoch = clock.uuid();
    set(tx, EPOCH, &epoch.to_string()).await?;
    Ok(epoch)
}

/// Whether backups are made. Where none are, committed counts as backed up.
pub async fn has_backup(connection: &mut AnyConnection) -> Result<bool> {
    Ok(get(connection, BACKUP).await?.is_some_and(|value| value == "on"))
}

pub async fn set_backup(connection: &mut AnyConnection, on: bool) -> Result<()> {
    set(connection, BACKUP, if on { "on" } else { "off" }).await
}
