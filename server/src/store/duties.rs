//! Who is at which of the duties (`crate::duties`): one row each.
//!
//! Every change names the term, or the term and the beat, that it was decided on, so that of two nodes
//! that decide at once one changes nothing.

use std::time::Duration;

use domain::Ms;
use sqlx::{AnyConnection, Row};

use super::{About, Result, unsigned};
use crate::db::{Dialect, sql};

const TABLE: &str = "duties";

/// A row, and how long ago its moments were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    pub name: String,
    pub term: u64,
    pub beat: u64,
    pub holder: Option<String>,
    pub done: Option<Ms>,
    pub tried: Option<Ms>,
    pub failures: u64,
    /// The database's clock when it was looked at.
    pub now: Ms,
}

/// The right to do a duty: good until somebody else takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    pub name: &'static str,
    pub term: u64,
}

/// Makes the rows of duties that have none.
pub async fn register(connection: &mut AnyConnection, names: &[&str]) -> Result<()> {
    for name in names {
        sql("INSERT INTO duties (name, term, beat, failures) VALUES ($1, 0, 0, 0) ON CONFLICT DO NOTHING")
            .bind((*name).to_owned())
            .execute(&mut *connection)
            .await
            .about(TABLE)?;
    }
    Ok(())
}

/// All of them.
pub async fn look(connection: &mut AnyConnection, dialect: Dialect) -> Result<Vec<Duty>> {
    let select = format!(
        "SELECT name, term, beat, holder, done, tried, failures, {} FROM duties",
        dialect.now()
    );
    let found = sql(select).fetch_all(connection).await.about(TABLE)?;
    let duty = |row: &sqlx::any::AnyRow| -> Result<Duty> {
        let moment = |column: usize| row.try_get::<Option<i64>, _>(column).about(TABLE);
        Ok(Duty {
            name: row.try_get(0).about(TABLE)?,
            term: unsigned(row, TABLE, 1)?,
            beat: unsigned(row, TABLE, 2)?,
            holder: row.try_get(3).about(TABLE)?,
            done: moment(4)?.map(Ms),
            tried: moment(5)?.map(Ms),
            failures: unsigned(row, TABLE, 6)?,
            now: Ms(row.try_get(7).about(TABLE)?),
        })
    };
    found.iter().map(duty).collect()
}

/// Takes a duty that nobody holds, as it was seen.
pub async fn take(
    connection: &mut AnyConnection,
    name: &'static str,
    seen: &Duty,
    holder: &str,
) -> Result<Option<Fence>> {
    let taken = sql("UPDATE duties SET term = term + 1, beat = 0, holder = $1
         WHERE name = $2 AND term = $3 AND holder IS NULL")
    .bind(holder.to_owned())
    .bind(name)
    .bind(seen.term.cast_signed())
    .execute(connection)
    .await
    .about(TABLE)?;
    Ok((taken.rows_affected() == 1).then_some(Fence { name, term: seen.term + 1 }))
}

/// Takes a duty away from a holder who has not moved since it was seen: what it was at has failed.
/// `false`: it has moved.
pub async fn take_away(
    connection: &mut AnyConnection,
    dialect: Dialect,
    seen: &Duty,
) -> Result<bool> {
    let update = format!(
        "UPDATE duties SET term = term + 1, beat = 0, holder = NULL, failures = failures + 1, tried = {}
         WHERE name = $1 AND term = $2 AND beat = $3 AND holder IS NOT NULL",
        dialect.now()
    );
    let taken = sql(update)
        .bind(seen.name.clone())
        .bind(seen.term.cast_signed())
        .bind(seen.beat.cast_signed())
        .execute(connection)
        .await
        .about(TABLE)?;
    Ok(taken.rows_affected() == 1)
}

/// Says that the holder lives, and asks whether the duty is still its own. Inside a transaction nobody can
/// take it away until that ends: what the transaction writes is written by the holder, or not at all.
pub async fn beat(connection: &mut AnyConnection, fence: Fence) -> Result<bool> {
    let update = "UPDATE duties SET beat = beat + 1 WHERE name = $1 AND term = $2";
    let beaten = sql(update)
        .bind(fence.name)
        .bind(fence.term.cast_signed())
        .execute(connection)
        .await
        .about(TABLE)?;
    Ok(beaten.rows_affected() == 1)
}

/// As `beat`, for work that may also be asked for outside of any duty; what has lost its duty fails.
pub async fn hold(tx: &mut AnyConnection, fence: Option<Fence>) -> Result<()> {
    match fence {
        Some(fence) if !beat(tx, fence).await? => {
            let lost = format!("another node has taken over the duty {}", fence.name);
            Err(super::StoreError { table: TABLE, error: sqlx::Error::Protocol(lost) })
        }
        _ => Ok(()),
    }
}

/// Lets go of a duty that was done so long ago, which is usually now.
pub async fn done(
    connection: &mut AnyConnection,
    dialect: Dialect,
    fence: Fence,
    ago: Duration,
) -> Result<bool> {
    let now = dialect.now();
    let update = format!(
        "UPDATE duties SET holder = NULL, failures = 0, tried = {now}, done = {now} - $1
         WHERE name = $2 AND term = $3"
    );
    let ended = sql(update)
        .bind(i64::try_from(ago.as_millis()).unwrap_or(0))
        .bind(fence.name)
        .bind(fence.term.cast_signed())
        .execute(connection)
        .await
        .about(TABLE)?;
    Ok(ended.rows_affected() == 1)
}

/// Lets go of a duty that failed.
pub async fn failed(
    connection: &mut AnyConnection,
    dialect: Dialect,
    fence: Fence,
) -> Result<bool> {
    let update = format!(
        "UPDATE duties SET holder = NULL, failures = failures + 1, tried = {}
         WHERE name = $1 AND term = $2",
        dialect.now()
    );
    end(connection, update, fence).await
}

/// Lets go of a duty that was broken off because its node stops: another may begin it at once.
pub async fn release(connection: &mut AnyConnection, fence: Fence) -> Result<bool> {
    let update = "UPDATE duties SET holder = NULL WHERE name = $1 AND term = $2";
    end(connection, update.into(), fence).await
}

async fn end(connection: &mut AnyConnection, update: String, fence: Fence) -> Result<bool> {
    let ended = sql(update)
        .bind(fence.name)
        .bind(fence.term.cast_signed())
        .execute(connection)
        .await
        .about(TABLE)?;
    Ok(ended.rows_affected() == 1)
}

/// Makes a duty due, whenever it was last done or tried.
pub async fn ask(connection: &mut AnyConnection, name: &str) -> Result<()> {
    let update = "UPDATE duties SET done = NULL, tried = NULL WHERE name = $1";
    super::run(connection, TABLE, update.into(), &[name]).await.map(drop)
}
