//! The current state of every kind of record, kept by its `Table`.

use std::collections::{BTreeMap, HashMap};

use domain::modules::{Record, RecordKind};
use domain::sync::{RecordKey, Scope, SyncedRecord};
use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::bulk::{self, Cell};
use super::{About, Result, StoreError, json, parsed, rows, run, unsigned};
use crate::db::{Dialect, sql};
use crate::modules::table;

/// A stored record's exact JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    pub key: RecordKey,
    pub seq: u64,
    pub body: String,
}

fn by_kind(keys: impl IntoIterator<Item = RecordKey>) -> BTreeMap<RecordKind, Vec<String>> {
    let mut kinds: BTreeMap<RecordKind, Vec<String>> = BTreeMap::new();
    for key in keys {
        kinds.entry(key.kind).or_default().push(key.id.to_string());
    }
    kinds
}

/// The stored bodies of these records, one statement a kind, in no particular order.
pub async fn bodies(
    connection: &mut AnyConnection,
    dialect: Dialect,
    keys: impl IntoIterator<Item = RecordKey>,
) -> Result<Vec<Body>> {
    let mut bodies = Vec::new();
    for (kind, ids) in by_kind(keys) {
        let name = table(kind).name;
        let select = format!("SELECT id, seq, body FROM {name} WHERE id IN ({})", dialect.texts(1));
        for row in rows(connection, name, select, &[&json(&ids)]).await? {
            bodies.push(Body {
                key: RecordKey { kind, id: parsed(&row, name, 0)? },
                seq: unsigned(&row, name, 1)?,
                body: row.try_get(2).about(name)?,
            });
        }
    }
    Ok(bodies)
}

/// These records, decoded; absent ones are left out.
pub async fn load(
    connection: &mut AnyConnection,
    dialect: Dialect,
    keys: impl IntoIterator<Item = RecordKey>,
) -> Result<HashMap<RecordKey, Record>> {
    let bodies = bodies(connection, dialect, keys).await?;
    bodies.iter().map(|body| Ok((body.key, decode(body)?))).collect()
}

fn decode(body: &Body) -> Result<Record> {
    Record::decode(body.key.kind, &body.body).map_err(|error| {
        StoreError::decode(table(body.key.kind).name, format!("{}: {error}", body.key.id))
    })
}

/// One record.
pub async fn find<R: SyncedRecord>(
    connection: &mut AnyConnection,
    dialect: Dialect,
    id: Uuid,
) -> Result<Option<R>> {
    let loaded = load(connection, dialect, [R::key_of(id)]).await?;
    Ok(loaded.into_values().next().as_ref().and_then(R::from_record).cloned())
}

/// Whether these records exist; returns those that do.
pub async fn existing(
    connection: &mut AnyConnection,
    dialect: Dialect,
    keys: impl IntoIterator<Item = RecordKey>,
) -> Result<Vec<RecordKey>> {
    let mut found = Vec::new();
    for (kind, ids) in by_kind(keys) {
        let name = table(kind).name;
        let select = format!("SELECT id FROM {name} WHERE id IN ({})", dialect.texts(1));
        for row in rows(connection, name, select, &[&json(&ids)]).await? {
            found.push(RecordKey { kind, id: parsed(&row, name, 0)? });
        }
    }
    Ok(found)
}

/// All records of a kind, of one scope or of all, decoded.
pub async fn all<R: SyncedRecord>(
    connection: &mut AnyConnection,
    scope: Option<Scope>,
) -> Result<Vec<R>> {
    let name = table(R::KIND).name;
    let found = match scope {
        Some(scope) => {
            let select = format!("SELECT body FROM {name} WHERE scope = $1 ORDER BY id");
            rows(connection, name, select, &[&scope.to_string()]).await?
        }
        None => rows(connection, name, format!("SELECT body FROM {name} ORDER BY id"), &[]).await?,
    };
    let read = |row: &sqlx::any::AnyRow| {
        let body: &str = row.try_get(0).about(name)?;
        serde_json::from_str(body).map_err(|error| StoreError::decode(name, error))
    };
    found.iter().map(read).collect()
}

/// Up to `limit` stored bodies of a kind after an id, in order of id.
pub async fn page(
    connection: &mut AnyConnection,
    kind: RecordKind,
    scope: Scope,
    after: &str,
    limit: i64,
) -> Result<Vec<Body>> {
    let name = table(kind).name;
    let select = format!(
        "SELECT id, seq, body FROM {name} WHERE scope = $1 AND id > $2 ORDER BY id LIMIT $3"
    );
    let found = sql(select)
        .bind(scope.to_string())
        .bind(after.to_owned())
        .bind(limit)
        .fetch_all(connection)
        .await
        .about(name)?;
    let read = |row| {
        Ok(Body {
            key: RecordKey { kind, id: parsed(row, name, 0)? },
            seq: unsigned(row, name, 1)?,
            body: row.try_get(2).about(name)?,
        })
    };
    found.iter().map(read).collect()
}

/// Writes final states: one statement a kind, parents before what refers to them; then removes.
pub async fn write(
    tx: &mut AnyConnection,
    dialect: Dialect,
    states: &BTreeMap<RecordKey, (Option<Record>, u64)>,
) -> Result<()> {
    let mut puts: BTreeMap<RecordKind, Vec<Vec<Cell<'_>>>> = BTreeMap::new();
    let mut removes: BTreeMap<RecordKind, Vec<String>> = BTreeMap::new();
    for (key, (record, seq)) in states {
        match record {
            Some(record) => {
                let mut row: Vec<Cell<'_>> = vec![
                    key.id.to_string().into(),
                    record.scope().to_string().into(),
                    Cell::from(*seq),
                    record.encode().into(),
                ];
                row.extend((table(key.kind).project)(record));
                puts.entry(key.kind).or_default().push(row);
            }
            None => removes.entry(key.kind).or_default().push(key.id.to_string()),
        }
    }
    for (kind, rows) in puts {
        let table = table(kind);
        let columns = table.all_columns();
        bulk::insert(tx, dialect, table.name, &columns, &table.replace(), rows).await?;
    }
    for (kind, ids) in removes.into_iter().rev() {
        let name = table(kind).name;
        let delete = format!("DELETE FROM {name} WHERE id IN ({})", dialect.texts(1));
        run(tx, name, delete, &[&json(&ids)]).await?;
    }
    Ok(())
}
