//! Commands that wait for a record of another device, or for a newer server.

use std::sync::Arc;

use domain::modules::RecordKind;
use domain::sync::batch::{Decoded, Held, Incoming};
use domain::sync::{RecordKey, Scope};
use domain::{Actor, Ms};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{About, Result, StoreError, json, parsed, rows, run, unsigned};
use crate::db::{Dialect, Ty};

const TABLE: &str = "held";

const COLUMNS: [(&str, Ty); 14] = [
    ("seq", Ty::Int),
    ("waits_kind", Ty::Text),
    ("waits_id", Ty::Text),
    ("op", Ty::Text),
    ("device", Ty::Text),
    ("n", Ty::Int),
    ("actor", Ty::Text),
    ("kind", Ty::Text),
    ("v", Ty::Int),
    ("payload", Ty::Text),
    ("at_device", Ty::Int),
    ("clock_offset", Ty::Int),
    ("occurred_at", Ty::Int),
    ("received_at", Ty::Int),
];

fn names(prefix: &str) -> String {
    COLUMNS.map(|(name, _)| format!("{prefix}{name}")).join(", ")
}

/// Keeps commands that wait; one that now waits for something else is updated.
pub async fn put(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    held: &[Held],
) -> Result<()> {
    #[derive(Serialize)]
    struct Stored<'a> {
        seq: u64,
        waits_kind: Option<&'static str>,
        waits_id: Option<uuid::Uuid>,
        op: domain::id::OpId,
        device: domain::id::DeviceId,
        n: u64,
        actor: String,
        kind: &'a str,
        v: u32,
        payload: &'a str,
        at_device: Ms,
        clock_offset: Option<i64>,
        occurred_at: Ms,
        received_at: Ms,
    }
    let set: Vec<_> = held
        .iter()
        .map(|held| Stored {
            seq: held.seq,
            waits_kind: held.waits_for.map(|key| key.kind.name()),
            waits_id: held.waits_for.map(|key| key.id),
            op: held.incoming.op,
            device: held.incoming.device,
            n: held.incoming.n,
            actor: json(&*held.incoming.actor),
            kind: &held.incoming.kind,
            v: held.incoming.v,
            payload: &held.incoming.payload,
            at_device: held.incoming.at_device,
            clock_offset: held.incoming.offset,
            occurred_at: held.incoming.occurred_at,
            received_at: held.incoming.received_at,
        })
        .collect();
    let names = names("");
    let insert = format!(
        "INSERT INTO held (scope, {names}) SELECT $1, {names} FROM {} WHERE true
         ON CONFLICT (scope, seq) DO UPDATE
         SET waits_kind = excluded.waits_kind, waits_id = excluded.waits_id",
        dialect.rows(2, &COLUMNS)
    );
    run(tx, TABLE, insert, &[&scope.to_string(), &json(&set)]).await.map(drop)
}

/// Forgets commands that have become final.
pub async fn remove(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    seqs: &[u64],
) -> Result<()> {
    #[derive(Serialize)]
    struct Seq {
        seq: u64,
    }
    let set: Vec<_> = seqs.iter().map(|seq| Seq { seq: *seq }).collect();
    let delete = format!(
        "DELETE FROM held WHERE scope = $1 AND seq IN (SELECT x.seq FROM {})",
        dialect.rows(2, &[("seq", Ty::Int)])
    );
    run(tx, TABLE, delete, &[&scope.to_string(), &json(&set)]).await.map(drop)
}

#[derive(Serialize)]
struct Waited {
    kind: &'static str,
    id: String,
}

fn waited(keys: impl IntoIterator<Item = RecordKey>) -> Vec<Waited> {
    keys.into_iter().map(|key| Waited { kind: key.kind.name(), id: key.id.to_string() }).collect()
}

const WAITED: [(&str, Ty); 2] = [("kind", Ty::Text), ("id", Ty::Text)];

/// Commands of the scope that wait for one of these records, in log order.
pub async fn waiting_for(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    keys: impl IntoIterator<Item = RecordKey>,
) -> Result<Vec<Held>> {
    let keys = waited(keys);
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let select = format!(
        "SELECT {} FROM {} CROSS JOIN held h
         WHERE h.waits_kind = x.kind AND h.waits_id = x.id AND h.scope = $2 ORDER BY h.seq",
        names("h."),
        dialect.rows(1, &WAITED)
    );
    let found = rows(tx, TABLE, select, &[&json(&keys), &scope.to_string()]).await?;
    found.iter().map(read).collect()
}

/// Commands of the scope that wait for a server that knows their kind.
pub async fn waiting_for_knowledge(tx: &mut AnyConnection, scope: Scope) -> Result<Vec<Held>> {
    let select = format!(
        "SELECT {} FROM held h WHERE h.waits_kind IS NULL AND h.scope = $1 ORDER BY h.seq",
        names("h.")
    );
    rows(tx, TABLE, select, &[&scope.to_string()]).await?.iter().map(read).collect()
}

/// Scopes other than `scope` in which something waits for one of these records.
pub async fn scopes_waiting_for(
    connection: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    keys: impl IntoIterator<Item = RecordKey>,
) -> Result<Vec<Scope>> {
    let keys = waited(keys);
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let select = format!(
        "SELECT DISTINCT h.scope FROM {} CROSS JOIN held h
         WHERE h.waits_kind = x.kind AND h.waits_id = x.id AND h.scope <> $2",
        dialect.rows(1, &WAITED)
    );
    let found = rows(connection, TABLE, select, &[&json(&keys), &scope.to_string()]).await?;
    found.iter().map(|row| parsed(row, TABLE, 0)).collect()
}

/// What is waited for, by scope; `None` for a newer server's kind, with that kind and version.
pub async fn all_waits(
    connection: &mut AnyConnection,
) -> Result<Vec<(Scope, Option<RecordKey>, String, u32)>> {
    let select = "SELECT DISTINCT scope, waits_kind, waits_id, kind, v FROM held";
    let found = rows(connection, TABLE, select.into(), &[]).await?;
    let read = |row| {
        let v = u32::try_from(unsigned(row, TABLE, 4)?);
        let v = v.map_err(|error| StoreError::decode(TABLE, error))?;
        Ok((parsed(row, TABLE, 0)?, key(row, 1)?, row.try_get(3).about(TABLE)?, v))
    };
    found.iter().map(read).collect()
}

fn key(row: &AnyRow, column: usize) -> Result<Option<RecordKey>> {
    let kind: Option<&str> = row.try_get(column).about(TABLE)?;
    let Some(kind) = kind else { return Ok(None) };
    let kind = RecordKind::from_name(kind)
        .ok_or_else(|| StoreError::decode(TABLE, format!("unknown record kind {kind}")))?;
    Ok(Some(RecordKey { kind, id: parsed(row, TABLE, column + 1)? }))
}

fn read(row: &AnyRow) -> Result<Held> {
    let integer = |column: usize| row.try_get::<i64, _>(column).about(TABLE);
    let text = |column: usize| row.try_get::<String, _>(column).about(TABLE);
    let actor: Actor =
        serde_json::from_str(&text(6)?).map_err(|error| StoreError::decode(TABLE, error))?;
    let kind = text(7)?;
    let v = u32::try_from(integer(8)?).map_err(|error| StoreError::decode(TABLE, error))?;
    let payload = text(9)?;
    let incoming = Incoming {
        device: parsed(row, TABLE, 4)?,
        actor: Arc::new(actor),
        received_at: Ms(integer(13)?),
        op: parsed(row, TABLE, 3)?,
        n: unsigned(row, TABLE, 5)?,
        at_device: Ms(integer(10)?),
        occurred_at: Ms(integer(12)?),
        offset: row.try_get(11).about(TABLE)?,
        command: Decoded::of(&kind, v, &payload),
        kind,
        v,
        payload,
    };
    Ok(Held { seq: unsigned(row, TABLE, 0)?, waits_for: key(row, 1)?, incoming })
}
