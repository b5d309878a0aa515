//! The append-only log, and the quarantine of what needs a person.

use domain::id::{DeviceId, OpId, UserId};
use domain::sync::batch::{Known, LogRow};
use domain::sync::{Outcome, OutcomeKind, Scope};
use domain::{Ms, Refusal};
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use super::bulk::{self, Cell};
use super::{About, Result, StoreError, json, parsed, rows, run, unsigned};
use crate::db::{Dialect, Ty, sql};

const TABLE: &str = "log";

const COLUMNS: [(&str, Ty); 18] = [
    ("seq", Ty::Int),
    ("op", Ty::Text),
    ("device", Ty::Text),
    ("n", Ty::Int),
    ("actor", Ty::Text),
    ("actor_name", Ty::Text),
    ("kind", Ty::Text),
    ("v", Ty::Int),
    ("payload", Ty::Text),
    ("payload_hash", Ty::Text),
    ("at_device", Ty::Int),
    ("clock_offset", Ty::Int),
    ("occurred_at", Ty::Int),
    ("received_at", Ty::Int),
    ("outcome", Ty::Text),
    ("code", Ty::Text),
    ("reply", Ty::Text),
    ("hash", Ty::Text),
];

pub async fn append(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    log: &[LogRow],
) -> Result<()> {
    let scope = scope.to_string();
    let columns: Vec<_> = std::iter::once(("scope", Ty::Text)).chain(COLUMNS).collect();
    let rows = log.iter().map(|row| cells(&scope, row)).collect();
    bulk::insert(tx, dialect, TABLE, &columns, "", rows).await
}

fn cells<'a>(scope: &'a str, row: &'a LogRow) -> Vec<Cell<'a>> {
    vec![
        scope.into(),
        row.seq.into(),
        row.op.to_string().into(),
        row.device.to_string().into(),
        row.n.into(),
        row.actor.user.to_string().into(),
        row.actor.name.as_str().into(),
        row.kind.as_str().into(),
        i64::from(row.v).into(),
        row.payload.as_str().into(),
        row.payload_hash.as_str().into(),
        row.at_device.0.into(),
        row.offset.map_or(Cell::Null, Cell::from),
        row.occurred_at.0.into(),
        row.received_at.0.into(),
        row.outcome.name().into(),
        row.code.as_str().into(),
        row.reply.as_str().into(),
        row.hash.as_str().into(),
    ]
}

fn known(row: &sqlx::any::AnyRow, scope: &str) -> Result<Known> {
    let found: &str = row.try_get(0).about(TABLE)?;
    Ok(Known {
        op: parsed(row, TABLE, 1)?,
        device: parsed(row, TABLE, 2)?,
        // A row of another scope is known by its id only: its number belongs to that scope, and no
        // command has number 0.
        n: if found == scope { unsigned(row, TABLE, 3)? } else { 0 },
        user: parsed(row, TABLE, 6)?,
        payload_hash: row.try_get(4).about(TABLE)?,
        reply: row.try_get(5).about(TABLE)?,
    })
}

/// Rows with one of these ids, whichever scope they are in: an id is one command for ever.
pub async fn known_ops(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    ops: impl IntoIterator<Item = OpId>,
) -> Result<Vec<Known>> {
    let ops: Vec<String> = ops.into_iter().map(|op| op.to_string()).collect();
    let select = format!(
        "SELECT scope, op, device, n, payload_hash, reply, actor FROM log WHERE op IN ({})",
        dialect.texts(1)
    );
    let scope = scope.to_string();
    rows(tx, TABLE, select, &[&json(&ops)]).await?.iter().map(|row| known(row, &scope)).collect()
}

/// Rows with one of these devices and numbers.
pub async fn known_numbers(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    numbers: impl IntoIterator<Item = (DeviceId, u64)>,
) -> Result<Vec<Known>> {
    #[derive(Serialize)]
    struct Number {
        device: DeviceId,
        n: u64,
    }
    let set: Vec<_> = numbers.into_iter().map(|(device, n)| Number { device, n }).collect();
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let scope = scope.to_string();
    let found = rows(tx, TABLE, by_number(dialect), &[&json(&set), &scope]).await?;
    found.iter().map(|row| known(row, &scope)).collect()
}

/// `CROSS JOIN` keeps SQLite from looking through the scope's whole log for each resent push.
fn by_number(dialect: Dialect) -> String {
    format!(
        "SELECT l.scope, l.op, l.device, l.n, l.payload_hash, l.reply, l.actor FROM {}
         CROSS JOIN log l WHERE l.scope = $2 AND l.device = x.device AND l.n = x.n",
        dialect.rows(1, &[("device", Ty::Text), ("n", Ty::Int)])
    )
}

/// A row as the chain is checked against it.
pub struct Link {
    pub row: LogRow,
    pub payload_matches: bool,
}

/// Up to `limit` rows after a sequence, in order.
pub async fn after(
    connection: &mut AnyConnection,
    scope: Scope,
    seq: u64,
    limit: i64,
) -> Result<Vec<Link>> {
    let names = COLUMNS.map(|(name, _)| name).join(", ");
    let select =
        format!("SELECT {names} FROM log WHERE scope = $1 AND seq > $2 ORDER BY seq LIMIT $3");
    let found = sql(select)
        .bind(scope.to_string())
        .bind(seq.cast_signed())
        .bind(limit)
        .fetch_all(connection)
        .await
        .about(TABLE)?;
    found.iter().map(link).collect()
}

fn link(row: &sqlx::any::AnyRow) -> Result<Link> {
    let integer = |column: usize| row.try_get::<i64, _>(column).about(TABLE);
    let text = |column: usize| row.try_get::<String, _>(column).about(TABLE);
    let outcome = text(14)?;
    let outcome = [
        OutcomeKind::Applied,
        OutcomeKind::Merged,
        OutcomeKind::Conflict,
        OutcomeKind::Refused,
        OutcomeKind::Held,
    ]
    .into_iter()
    .find(|kind| kind.name() == outcome)
    .ok_or_else(|| StoreError::decode(TABLE, "unknown outcome"))?;
    let actor = domain::Actor {
        user: parsed(row, TABLE, 4)?,
        name: text(5)?,
        roles: Vec::new(),
        clusters: Vec::new(),
    };
    let row = LogRow {
        seq: unsigned(row, TABLE, 0)?,
        op: parsed(row, TABLE, 1)?,
        device: parsed(row, TABLE, 2)?,
        n: unsigned(row, TABLE, 3)?,
        actor: actor.into(),
        kind: text(6)?,
        v: u32::try_from(integer(7)?).map_err(|error| StoreError::decode(TABLE, error))?,
        payload: text(8)?,
        payload_hash: text(9)?,
        at_device: Ms(integer(10)?),
        offset: row.try_get(11).about(TABLE)?,
        occurred_at: Ms(integer(12)?),
        received_at: Ms(integer(13)?),
        outcome,
        code: text(15)?,
        reply: text(16)?,
        hash: text(17)?,
    };
    let payload_matches =
        domain::sync::batch::sha256_hex(row.payload.as_bytes()) == row.payload_hash;
    Ok(Link { row, payload_matches })
}

/// Something for a person to look at.
pub struct Quarantined {
    pub seq: u64,
    pub op: OpId,
    pub outcome: OutcomeKind,
    pub code: String,
    pub at: Ms,
}

impl Quarantined {
    /// A command that was held and has now failed.
    pub fn settled(outcome: &Outcome, at: Ms) -> Self {
        let code = outcome.reason.as_ref().map(|reason: &Refusal| reason.code.to_string());
        Self {
            seq: outcome.seq,
            op: outcome.op,
            outcome: outcome.outcome,
            code: code.unwrap_or_default(),
            at,
        }
    }
}

impl Quarantined {
    /// Commands that a device lost before they were sent.
    pub fn loss(row: &LogRow) -> Self {
        let code = domain::refusal::RefusalCode::code(domain::refusal::CommonCode::Gap);
        Self { outcome: OutcomeKind::Refused, code: code.into(), ..Self::from(row) }
    }
}

impl From<&LogRow> for Quarantined {
    fn from(row: &LogRow) -> Self {
        Self {
            seq: row.seq,
            op: row.op,
            outcome: row.outcome,
            code: row.code.clone(),
            at: row.received_at,
        }
    }
}

pub async fn quarantine(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    rows: &[Quarantined],
) -> Result<()> {
    #[derive(Serialize)]
    struct Stored<'a> {
        seq: u64,
        op: OpId,
        outcome: &'a str,
        code: &'a str,
        at: Ms,
    }
    let set: Vec<_> = rows
        .iter()
        .map(|row| Stored {
            seq: row.seq,
            op: row.op,
            outcome: row.outcome.name(),
            code: &row.code,
            at: row.at,
        })
        .collect();
    let columns = [
        ("seq", Ty::Int),
        ("op", Ty::Text),
        ("outcome", Ty::Text),
        ("code", Ty::Text),
        ("at", Ty::Int),
    ];
    let insert = format!(
        "INSERT INTO quarantine (scope, seq, op, outcome, code, at)
         SELECT $1, seq, op, outcome, code, at FROM {}",
        dialect.rows(2, &columns)
    );
    run(tx, "quarantine", insert, &[&scope.to_string(), &json(&set)]).await.map(drop)
}

/// A command in conflict that nobody has settled yet.
pub struct OpenConflict {
    pub seq: u64,
    pub kind: String,
    pub v: u32,
    pub payload: String,
}

/// Every one of a scope. There are few: people settle them.
pub async fn open_conflicts(tx: &mut AnyConnection, scope: Scope) -> Result<Vec<OpenConflict>> {
    let select = "SELECT q.seq, l.kind, l.v, l.payload FROM quarantine q
         JOIN log l ON l.scope = q.scope AND l.seq = q.seq
         WHERE q.scope = $1 AND q.settled_at IS NULL AND q.outcome = 'conflict' ORDER BY q.seq";
    let found = sql(select).bind(scope.to_string()).fetch_all(tx).await.about("quarantine")?;
    let read = |row: &sqlx::any::AnyRow| {
        let v: i64 = row.try_get(2).about("quarantine")?;
        Ok(OpenConflict {
            seq: unsigned(row, "quarantine", 0)?,
            kind: row.try_get(1).about("quarantine")?,
            v: u32::try_from(v).map_err(|error| StoreError::decode("quarantine", error))?,
            payload: row.try_get(3).about("quarantine")?,
        })
    };
    found.iter().map(read).collect()
}

/// Lets go of one that is to be settled; `false`: there is none.
pub async fn settle(
    tx: &mut AnyConnection,
    scope: Scope,
    seq: u64,
    by: UserId,
    at: Ms,
) -> Result<bool> {
    let update = "UPDATE quarantine SET settled_at = $3, settled_by = $4
         WHERE scope = $1 AND seq = $2 AND settled_at IS NULL";
    let done = sql(update)
        .bind(scope.to_string())
        .bind(seq.cast_signed())
        .bind(at.0)
        .bind(by.to_string())
        .execute(tx)
        .await
        .about("quarantine")?;
    Ok(done.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::*;
    use crate::clock::Clock;
    use crate::db::Db;

    /// On a database of a year, a push that is sent again took a second instead of a millisecond.
    #[tokio::test]
    async fn a_resent_push_looks_up_its_numbers_by_their_index() {
        let name = format!("guanjia-plan-{}.db", Clock::system().uuid());
        let file = std::env::temp_dir().join(name);
        let db = Db::connect(&format!("sqlite:{}", file.display())).await.unwrap();
        let plan = sql(format!("EXPLAIN QUERY PLAN {}", by_number(db.dialect())));
        let plan = plan.bind("[]").bind("company").fetch_all(db.readers()).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.try_get("detail").unwrap()).collect();
        let by_index = steps.iter().any(|step| step.contains("(scope=? AND device=? AND n=?)"));
        assert!(by_index, "{steps:?}");
        db.close().await;
        std::fs::remove_file(file).ok();
    }
}
