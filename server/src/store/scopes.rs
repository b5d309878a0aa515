//! Heads: of a scope, of each device in it, of its number series.

use std::collections::{BTreeMap, HashMap};

use domain::id::DeviceId;
use domain::sync::Scope;
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use super::{About, Result, json, parsed, rows, run, unsigned};
use crate::db::{Dialect, Ty, sql};

/// Where a scope's log ends.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Head {
    pub seq: u64,
    /// Hash of the last row; empty for an empty log.
    pub hash: String,
    /// Everything up to here is in the last backup.
    pub backed_up: u64,
}

fn head_of(row: &sqlx::any::AnyRow) -> Result<Head> {
    Ok(Head {
        seq: unsigned(row, "scopes", 0)?,
        hash: row.try_get(1).about("scopes")?,
        backed_up: unsigned(row, "scopes", 2)?,
    })
}

/// Locks the scope against other writers until the transaction ends, and reads its head. Must be
/// the transaction's first statement: what is read after it is then the latest.
pub async fn lock(tx: &mut AnyConnection, dialect: Dialect, scope: Scope) -> Result<Head> {
    let name = scope.to_string();
    let select = format!(
        "SELECT head, head_hash, backed_up FROM scopes WHERE scope = $1{}",
        dialect.for_update()
    );
    if let Some(row) = rows(tx, "scopes", select.clone(), &[&name]).await?.first() {
        return head_of(row);
    }
    let insert = "INSERT INTO scopes (scope, head, head_hash, backed_up) VALUES ($1, 0, '', 0) ON CONFLICT DO NOTHING";
    run(tx, "scopes", insert.into(), &[&name]).await?;
    let found = rows(tx, "scopes", select, &[&name]).await?;
    found.first().map_or_else(|| Err(super::StoreError::decode("scopes", "no head")), head_of)
}

/// Moves the head of a locked scope.
pub async fn advance(tx: &mut AnyConnection, scope: Scope, seq: u64, hash: &str) -> Result<()> {
    sql("UPDATE scopes SET head = $1, head_hash = $2 WHERE scope = $3")
        .bind(seq.cast_signed())
        .bind(hash.to_owned())
        .bind(scope.to_string())
        .execute(tx)
        .await
        .about("scopes")?;
    Ok(())
}

/// The head of a scope, without locking it; zero before its first command. Where no backup is
/// configured, committed counts as backed up.
pub async fn head(connection: &mut AnyConnection, scope: Scope) -> Result<Head> {
    let select = "SELECT head, head_hash, CASE WHEN EXISTS
         (SELECT 1 FROM meta WHERE name = 'backup' AND value = 'on') THEN backed_up ELSE head END
         FROM scopes WHERE scope = $1";
    let found = rows(connection, "scopes", select.into(), &[&scope.to_string()]).await?;
    found.first().map_or_else(|| Ok(Head::default()), head_of)
}

/// Every scope with the sequence it stands at.
pub async fn heads(connection: &mut AnyConnection) -> Result<Vec<(Scope, u64)>> {
    let found = rows(connection, "scopes", "SELECT scope, head FROM scopes".into(), &[]).await?;
    found.iter().map(|row| Ok((parsed(row, "scopes", 0)?, unsigned(row, "scopes", 1)?))).collect()
}

/// Every head as it is stored, whether or not a backup is configured.
pub async fn stored(connection: &mut AnyConnection) -> Result<BTreeMap<Scope, Head>> {
    let select = "SELECT head, head_hash, backed_up, scope FROM scopes";
    let found = rows(connection, "scopes", select.into(), &[]).await?;
    found.iter().map(|row| Ok((parsed(row, "scopes", 3)?, head_of(row)?))).collect()
}

/// Says that everything up to `seq` has reached a backup. It never goes back, and never beyond the
/// log: a copy of another history says nothing about this one.
pub async fn mark_backed_up(connection: &mut AnyConnection, scope: Scope, seq: u64) -> Result<()> {
    sql("UPDATE scopes SET backed_up = $1 WHERE scope = $2 AND backed_up < $1 AND head >= $1")
        .bind(seq.cast_signed())
        .bind(scope.to_string())
        .execute(connection)
        .await
        .about("scopes")?;
    Ok(())
}

/// After a restore: what is here came out of a backup.
pub async fn mark_all_backed_up(connection: &mut AnyConnection) -> Result<()> {
    run(connection, "scopes", "UPDATE scopes SET backed_up = head".into(), &[]).await.map(drop)
}

/// Every number series of every scope, with the last number it gave.
pub async fn all_counters(connection: &mut AnyConnection) -> Result<Vec<(Scope, String, u64)>> {
    const TABLE: &str = "counters";
    let select = "SELECT scope, name, value FROM counters ORDER BY scope, name";
    let found = rows(connection, TABLE, select.into(), &[]).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok((parsed(row, TABLE, 0)?, row.try_get(1).about(TABLE)?, unsigned(row, TABLE, 2)?))
    };
    found.iter().map(read).collect()
}

/// Lets a series go on behind `value`; it never goes back.
pub async fn raise_counter(
    connection: &mut AnyConnection,
    scope: Scope,
    name: &str,
    value: u64,
) -> Result<()> {
    sql("UPDATE counters SET value = $1 WHERE scope = $2 AND name = $3 AND value < $1")
        .bind(value.cast_signed())
        .bind(scope.to_string())
        .bind(name.to_owned())
        .execute(connection)
        .await
        .about("counters")?;
    Ok(())
}

#[derive(Serialize)]
struct DeviceRow {
    device: String,
    n: u64,
}

/// The last number each of these devices used in the scope; absent for a new device.
pub async fn device_heads(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    devices: impl IntoIterator<Item = DeviceId>,
) -> Result<HashMap<DeviceId, u64>> {
    const TABLE: &str = "device_heads";
    let devices: Vec<String> = devices.into_iter().map(|device| device.to_string()).collect();
    let select = format!(
        "SELECT device, n FROM device_heads WHERE scope = $1 AND device IN ({})",
        dialect.texts(2)
    );
    let found = rows(tx, TABLE, select, &[&scope.to_string(), &json(&devices)]).await?;
    found.iter().map(|row| Ok((parsed(row, TABLE, 0)?, unsigned(row, TABLE, 1)?))).collect()
}

pub async fn set_device_heads(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    heads: &HashMap<DeviceId, u64>,
) -> Result<()> {
    let set: Vec<DeviceRow> =
        heads.iter().map(|(device, n)| DeviceRow { device: device.to_string(), n: *n }).collect();
    let insert = format!(
        "INSERT INTO device_heads (scope, device, n) SELECT $1, device, n FROM {} WHERE true
         ON CONFLICT (scope, device) DO UPDATE SET n = excluded.n",
        dialect.rows(2, &[("device", Ty::Text), ("n", Ty::Int)])
    );
    run(tx, "device_heads", insert, &[&scope.to_string(), &json(&set)]).await?;
    Ok(())
}

/// Every number series of the scope; there are few.
pub async fn counters(tx: &mut AnyConnection, scope: Scope) -> Result<BTreeMap<String, u32>> {
    const TABLE: &str = "counters";
    let select = "SELECT name, value FROM counters WHERE scope = $1";
    let found = rows(tx, TABLE, select.into(), &[&scope.to_string()]).await?;
    let read = |row| {
        let value = unsigned(row, TABLE, 1)?;
        let value = u32::try_from(value).map_err(|e| super::StoreError::decode(TABLE, e))?;
        Ok((row.try_get(0).about(TABLE)?, value))
    };
    found.iter().map(read).collect()
}

pub async fn set_counters(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    counters: &BTreeMap<String, u32>,
) -> Result<()> {
    #[derive(Serialize)]
    struct CounterRow<'a> {
        name: &'a str,
        value: u32,
    }
    let set: Vec<_> =
        counters.iter().map(|(name, value)| CounterRow { name, value: *value }).collect();
    let insert = format!(
        "INSERT INTO counters (scope, name, value) SELECT $1, name, value FROM {} WHERE true
         ON CONFLICT (scope, name) DO UPDATE SET value = excluded.value",
        dialect.rows(2, &[("name", Ty::Text), ("value", Ty::Int)])
    );
    run(tx, "counters", insert, &[&scope.to_string(), &json(&set)]).await?;
    Ok(())
}
