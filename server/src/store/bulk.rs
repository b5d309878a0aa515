//! Many rows into one table.
//!
//! PostgreSQL takes them as one JSON parameter. SQLite takes them as values of a statement for a
//! fixed number of rows: unpacking JSON there costs more than all of the row's indexes together.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};
use sqlx::AnyConnection;

use super::{About, Result, json, run};
use crate::db::{Dialect, Ty, sql};

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
}

impl From<i64> for Cell<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Cell<'_> {
    fn from(value: u64) -> Self {
        Self::Int(value.cast_signed())
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// Rows per statement on SQLite, from large to small; each size is a statement of its own that stays
/// prepared.
const SIZES: [usize; 3] = [32, 8, 1];

/// Inserts rows; `conflict` is what follows the values ("" or an ON CONFLICT clause).
pub async fn insert(
    tx: &mut AnyConnection,
    dialect: Dialect,
    table: &'static str,
    columns: &[(&str, Ty)],
    conflict: &str,
    rows: Vec<Vec<Cell<'_>>>,
) -> Result<()> {
    debug_assert!(rows.iter().all(|row| row.len() == columns.len()));
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let list = names.join(", ");
    if dialect == Dialect::Postgres {
        let text = format!(
            "INSERT INTO {table} ({list}) SELECT {list} FROM {} {conflict}",
            dialect.rows(1, columns)
        );
        let set: Vec<_> = rows.iter().map(|cells| Named { names: &names, cells }).collect();
        return run(tx, table, text, &[&json(&set)]).await.map(drop);
    }
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        let size = SIZES.into_iter().find(|size| *size <= rest.len()).unwrap_or(1);
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let mut query = sql(values(table, &list, names.len(), size, conflict));
        for cell in chunk.iter().flatten() {
            query = match cell {
                Cell::Null => query.bind(None::<String>),
                Cell::Int(value) => query.bind(*value),
                Cell::Text(text) => query.bind(text.clone().into_owned()),
            };
        }
        query.execute(&mut *tx).await.about(table)?;
    }
    Ok(())
}

fn values(table: &str, list: &str, columns: usize, rows: usize, conflict: &str) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    format!("INSERT INTO {table} ({list}) VALUES {} {conflict}", vec![row; rows].join(", "))
}

struct Named<'a> {
    names: &'a [&'a str],
    cells: &'a [Cell<'a>],
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(Some(self.names.len()))?;
        for (name, cell) in self.names.iter().zip(self.cells) {
            row.serialize_entry(name, cell)?;
        }
        row.end()
    }
}
