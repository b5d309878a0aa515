//! The feed's floor: how far back it says what left a channel.
//!
//! A tombstone is needed until every reader has been told of it. Nobody knows all readers, so it is
//! kept for a time instead; who comes back after longer takes a snapshot, which needs none.

use domain::Ms;
use domain::sync::Scope;
use domain::time::DAY;
use sqlx::{AnyConnection, Row};

use super::{About, Result, rows, unsigned};
use crate::db::sql;

/// How long a tombstone is kept. More than twice the 35 days for which a phone keeps its journal, and
/// three times the 30 days after which an idle session ends: a phone that comes back later than this
/// has to sign in and fetch a snapshot anyway, and nobody who still works takes one for this.
pub const TOMBSTONES_KEPT: i64 = 90 * DAY;

const TABLE: &str = "feed_marks";

/// Everything that left a channel after this sequence is still told.
pub async fn of(connection: &mut AnyConnection, scope: Scope) -> Result<u64> {
    let select = "SELECT feed_floor FROM scopes WHERE scope = $1";
    let found = rows(connection, "scopes", select.into(), &[&scope.to_string()]).await?;
    found.first().map_or(Ok(0), |row| unsigned(row, "scopes", 0))
}

/// Notes where the log of a locked scope ends now, at most once a day.
pub async fn mark(tx: &mut AnyConnection, scope: Scope, head: u64, now: Ms) -> Result<()> {
    let select = "SELECT COALESCE(MAX(at), 0) FROM feed_marks WHERE scope = $1";
    let found = rows(tx, TABLE, select.into(), &[&scope.to_string()]).await?;
    let last: i64 = found.first().map_or(Ok(0), |row| row.try_get(0).about(TABLE))?;
    if now.0.saturating_sub(last) < DAY {
        return Ok(());
    }
    sql("INSERT INTO feed_marks (scope, at, head) VALUES ($1, $2, $3)")
        .bind(scope.to_string())
        .bind(now.0)
        .bind(head.cast_signed())
        .execute(tx)
        .await
        .about(TABLE)?;
    Ok(())
}

/// Raises the floor of a locked scope to where its log ended at `before` and forgets the tombstones up
/// to there; says how many.
pub async fn raise(tx: &mut AnyConnection, scope: Scope, before: Ms) -> Result<u64> {
    let name = scope.to_string();
    let found = sql("SELECT at, head FROM feed_marks WHERE scope = $1 AND at <= $2
         ORDER BY at DESC LIMIT 1")
    .bind(name.clone())
    .bind(before.0)
    .fetch_all(&mut *tx)
    .await
    .about(TABLE)?;
    let Some(row) = found.first() else { return Ok(0) };
    let (at, floor): (i64, i64) = (row.try_get(0).about(TABLE)?, row.try_get(1).about(TABLE)?);
    sql("UPDATE scopes SET feed_floor = $1 WHERE scope = $2 AND feed_floor < $1")
        .bind(floor)
        .bind(name.clone())
        .execute(&mut *tx)
        .await
        .about("scopes")?;
    let forgotten = sql("DELETE FROM feed WHERE scope = $1 AND gone = 1 AND seq <= $2")
        .bind(name.clone())
        .bind(floor)
        .execute(&mut *tx)
        .await
        .about("feed")?;
    sql("DELETE FROM feed_marks WHERE scope = $1 AND at < $2")
        .bind(name)
        .bind(at)
        .execute(tx)
        .await
        .about(TABLE)?;
    Ok(forgotten.rows_affected())
}
