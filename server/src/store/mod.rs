//! All SQL of the write path and of the feed: plain async functions on a connection.
//!
//! Sets go in and come out with one statement each (see `Dialect::rows`), whatever their size: that
//! is what makes group commit cheap. `records` keeps every kind of record by its `Table`.

pub mod blob_refs;
pub mod bulk;
pub mod copy;
pub mod duties;
pub mod feed;
pub mod floor;
pub mod held;
pub mod ledger;
pub mod log;
pub mod meta;
pub mod records;
pub mod scopes;
pub mod table;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

pub use table::Table;

/// A statement that failed, and the table it was about.
#[derive(Debug)]
pub struct StoreError {
    pub table: &'static str,
    pub error: sqlx::Error,
}

pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    /// Not about the data and not about the code: no connection, a full disk, a database that restarts. The
    /// same request may be sent again.
    pub fn may_pass(&self) -> bool {
        match &self.error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(error) => {
                let code = error.code();
                let code = code.as_deref().unwrap_or_default();
                if code.len() == 5 {
                    // PostgreSQL: connection, rollback under way, resources, operator, system error.
                    return ["08", "40", "53", "57", "58"]
                        .iter()
                        .any(|class| code.starts_with(class));
                }
                // SQLite: busy, locked, read-only, interrupted, I/O, full, cannot open.
                const PASSING: [i32; 7] = [5, 6, 8, 9, 10, 13, 14];
                code.parse::<i32>().is_ok_and(|code| PASSING.contains(&(code & 0xff)))
            }
            _ => false,
        }
    }

    /// The database refused the data itself: a constraint, or a value it cannot hold. Trying again
    /// gives the same answer; anything else may pass.
    pub fn is_about_data(&self) -> bool {
        let sqlx::Error::Database(error) = &self.error else { return false };
        if !matches!(error.kind(), sqlx::error::ErrorKind::Other) {
            return true;
        }
        match error.code().as_deref() {
            // PostgreSQL: classes "data exception" and "integrity constraint violation".
            Some(code) if code.len() == 5 => code.starts_with("22") || code.starts_with("23"),
            // SQLite: too big, constraint, mismatch; extended codes keep it in the low byte.
            Some(code) => code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 18..=20)),
            None => false,
        }
    }

    /// Another transaction was in the way; the same work may succeed now.
    pub fn is_worth_repeating(&self) -> bool {
        let sqlx::Error::Database(error) = &self.error else { return false };
        match error.code().as_deref() {
            Some("40001" | "40P01") => true,
            Some(code) => code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)),
            None => false,
        }
    }

    /// Something of ours made no sense in the database: names what.
    pub(crate) fn decode(table: &'static str, why: impl std::fmt::Display) -> Self {
        Self { table, error: sqlx::Error::Decode(why.to_string().into()) }
    }
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.table, self.error)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Says which table a statement was about.
pub(crate) trait About<T> {
    fn about(self, table: &'static str) -> Result<T>;
}

impl<T> About<T> for sqlx::Result<T> {
    fn about(self, table: &'static str) -> Result<T> {
        self.map_err(|error| StoreError { table, error })
    }
}

impl<T> About<T> for std::result::Result<T, uuid::Error> {
    fn about(self, table: &'static str) -> Result<T> {
        self.map_err(|error| StoreError::decode(table, error))
    }
}

/// Runs a statement whose only parameters are texts.
pub(crate) async fn run(
    tx: &mut AnyConnection,
    table: &'static str,
    text: String,
    parameters: &[&str],
) -> Result<u64> {
    let mut query = crate::db::sql(text);
    for parameter in parameters {
        query = query.bind((*parameter).to_owned());
    }
    Ok(query.execute(tx).await.about(table)?.rows_affected())
}

/// Fetches all rows of a statement whose only parameters are texts.
pub(crate) async fn rows(
    tx: &mut AnyConnection,
    table: &'static str,
    text: String,
    parameters: &[&str],
) -> Result<Vec<AnyRow>> {
    let mut query = crate::db::sql(text);
    for parameter in parameters {
        query = query.bind((*parameter).to_owned());
    }
    query.fetch_all(tx).await.about(table)
}

/// A column of a row, as text that parses.
pub(crate) fn parsed<T>(row: &AnyRow, table: &'static str, column: usize) -> Result<T>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let text: &str = row.try_get(column).about(table)?;
    text.parse().map_err(|error| StoreError::decode(table, format!("{text:?}: {error}")))
}

/// A column that is never negative.
pub(crate) fn unsigned(row: &AnyRow, table: &'static str, column: usize) -> Result<u64> {
    let value: i64 = row.try_get(column).about(table)?;
    u64::try_from(value).map_err(|error| StoreError::decode(table, error))
}

/// A set as the one JSON parameter of a statement.
pub(crate) fn json(set: &impl serde::Serialize) -> String {
    serde_json::to_string(set).expect("rows hold only string-keyed maps, texts and integers")
}
