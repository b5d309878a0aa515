//! Copies every table of one database into another, of either kind: back-ups, restores, the move to
//! PostgreSQL.
//!
//! Rows travel as they are; nothing is read into the types of `domain`, so that a copy neither loses
//! nor mends anything. That no table and no column is forgotten is checked against the real schema
//! (`server/tests/suite/backup.rs`). Rejected: `VACUUM INTO` and `pg_dump`, one mechanism for each
//! pair of engines, and a back-up that only the engine it came from can read.

use std::collections::BTreeMap;

use domain::modules::RecordKind;
use futures::TryStreamExt;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bulk::{self, Cell};
use super::{About, Result, rows};
use crate::db::{Dialect, Ty, sql};
use crate::modules::table;

/// Rows, and bytes of text, that are written at once.
const PAGE_ROWS: usize = 1_000;
const PAGE_BYTES: usize = 4_000_000;

/// A table as it is copied.
pub struct Shape {
    pub name: &'static str,
    pub columns: Vec<(&'static str, Ty)>,
}

/// What the write path keeps beside the records, parents first.
const LEDGER: &[(&str, &str, &str)] = &[
    // Name, columns of text, columns of integers.
    ("meta", "name value", ""),
    ("scopes", "scope head_hash", "head backed_up feed_floor"),
    ("feed_marks", "scope", "at head"),
    (
        "log",
        "scope op device actor actor_name kind payload payload_hash outcome code reply hash",
        "seq n v at_device clock_offset occurred_at received_at",
    ),
    ("device_heads", "scope device", "n"),
    ("counters", "scope name", "value"),
    (
        "held",
        "scope waits_kind waits_id op device actor kind payload",
        "seq n v at_device clock_offset occurred_at received_at",
    ),
    ("quarantine", "scope op outcome code settled_by", "seq at settled_at"),
    ("feed", "scope channel kind record_id", "seq gone"),
    ("blob_refs", "sha256 scope op", ""),
];

/// Sign-in and attachments; they refer to people, who are records.
const ACCESS: &[(&str, &str, &str)] = &[
    ("credentials", "user_id hash", "changed_at must_change"),
    (
        "devices",
        "id user_id name client_build succeeds",
        "created last_seen last_sync revoked clock_offset outbox_waiting",
    ),
    ("sessions", "token_hash user_id device_id address", "created last_seen"),
    ("sign_in_tries", "key", "at"),
    ("blobs", "sha256 mime uploaded_by", "size received complete at"),
];

fn shape((name, texts, integers): &(&'static str, &'static str, &'static str)) -> Shape {
    let columns = |names: &'static str, ty| names.split_whitespace().map(move |name| (name, ty));
    Shape { name, columns: columns(texts, Ty::Text).chain(columns(integers, Ty::Int)).collect() }
}

/// What is not copied: migrating fills the one, the other says what the nodes of the moment are at.
pub const NOT_COPIED: [&str; 2] = ["schema_version", "duties"];

/// Every table but those; what is referred to comes first.
pub fn tables() -> Vec<Shape> {
    let records = RecordKind::ALL.iter().map(|kind| {
        let table = table(*kind);
        Shape { name: table.name, columns: table.all_columns() }
    });
    LEDGER.iter().map(shape).chain(records).chain(ACCESS.iter().map(shape)).collect()
}

/// Copies all rows of all tables into empty ones; returns how many each has. `from` is a transaction
/// that sees one moment, `to` one that is thrown away if this fails.
pub async fn copy(
    from: &mut AnyConnection,
    to: &mut AnyConnection,
    dialect: Dialect,
) -> Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for shape in tables() {
        counts.insert(shape.name.to_owned(), copy_table(from, to, dialect, &shape).await?);
    }
    Ok(counts)
}

async fn copy_table(
    from: &mut AnyConnection,
    to: &mut AnyConnection,
    dialect: Dialect,
    shape: &Shape,
) -> Result<u64> {
    let names: Vec<&str> = shape.columns.iter().map(|(name, _)| *name).collect();
    let select = sql(format!("SELECT {} FROM {}", names.join(", "), shape.name));
    let mut found = select.fetch(from);
    let (mut page, mut bytes, mut count) = (Vec::new(), 0, 0);
    loop {
        let row = found.try_next().await.about(shape.name)?;
        let complete = row.is_none();
        if let Some(row) = row {
            let cells = cells(&row, shape, dialect)?;
            bytes += cells.iter().map(size).sum::<usize>();
            page.push(cells);
            count += 1;
        }
        if !page.is_empty() && (complete || page.len() == PAGE_ROWS || bytes >= PAGE_BYTES) {
            let rows = std::mem::take(&mut page);
            bulk::insert(to, dialect, shape.name, &shape.columns, "", rows).await?;
            bytes = 0;
        }
        if complete {
            return Ok(count);
        }
    }
}

fn cells(row: &AnyRow, shape: &Shape, dialect: Dialect) -> Result<Vec<Cell<'static>>> {
    let cell = |(index, (_, ty)): (usize, &(&str, Ty))| -> Result<Cell<'static>> {
        Ok(match ty {
            Ty::Int => row.try_get::<Option<i64>, _>(index).about(shape.name)?.map(Cell::from),
            Ty::Text => {
                let text = row.try_get::<Option<String>, _>(index).about(shape.name)?;
                text.map(|text| match dialect {
                    // PostgreSQL keeps no NUL in a text (see `table::IntoColumn`). Texts that the chain
                    // is made of are JSON, hashes and ids, which have none.
                    Dialect::Postgres if shape.name != "log" => text.replace('\0', "").into(),
                    _ => Cell::from(text),
                })
            }
        }
        .unwrap_or(Cell::Null))
    };
    shape.columns.iter().enumerate().map(cell).collect()
}

fn size(cell: &Cell<'_>) -> usize {
    match cell {
        Cell::Text(text) => text.len(),
        Cell::Null | Cell::Int(_) => 8,
    }
}

/// What a server writes although nobody has used it yet.
const BEGUN: [&str; 3] = ["meta", "scopes", "feed_marks"];

/// Whether nobody has used this database: migrated and served at most.
pub async fn is_unused(connection: &mut AnyConnection) -> Result<bool> {
    for shape in tables().iter().filter(|shape| !BEGUN.contains(&shape.name)) {
        let select = format!("SELECT 1 FROM {} LIMIT 1", shape.name);
        if !rows(connection, shape.name, select, &[]).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes away what an unused database has of its own, so that nothing stands in the way of a copy.
pub async fn make_room(connection: &mut AnyConnection) -> Result<()> {
    for name in BEGUN {
        sql(format!("DELETE FROM {name}")).execute(&mut *connection).await.about(name)?;
    }
    Ok(())
}
