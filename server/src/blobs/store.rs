//! Tables of attachments: what is here, and who is still to be told.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::UserId;
use domain::modules::attachments::Sha256Hex;
use domain::sync::{Outcome, Scope};
use domain::{Ms, modules::Command};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::kind::BlobKind;
use crate::db::{Db, Tx, sql};
use crate::error::ApiError;

type Result<T> = std::result::Result<T, ApiError>;

/// Notes that an attachment is here, or that somebody has asked for it again. `false`: it was noted
/// before. `by` is not known of one that was found in its place.
pub async fn note(
    db: &Db,
    sha256: &Sha256Hex,
    kind: BlobKind,
    size: u64,
    by: Option<UserId>,
    now: Ms,
) -> Result<bool> {
    let known = sql("SELECT 1 FROM blobs WHERE sha256 = $1").bind(sha256.0.clone());
    let known = known.fetch_optional(db.readers()).await?.is_some();
    // Whoever was told that it is here has as long again to name it.
    let insert =
        sql("INSERT INTO blobs (sha256, size, mime, received, complete, uploaded_by, at) \
         VALUES ($1, $2, $3, $2, 1, $4, $5) ON CONFLICT (sha256) DO UPDATE SET at = excluded.at")
        .bind(sha256.0.clone())
        .bind(size.cast_signed())
        .bind(kind.mime().to_owned())
        .bind(by.map(|by| by.to_string()))
        .bind(now.0);
    insert.execute(db.writers()).await?;
    Ok(!known)
}

/// Who brought an attachment that is here.
pub async fn uploader(db: &Db, sha256: &Sha256Hex) -> Result<Option<String>> {
    let find = sql("SELECT uploaded_by FROM blobs WHERE sha256 = $1").bind(sha256.0.clone());
    let row = find.fetch_optional(db.readers()).await?;
    Ok(row.map(|row| row.try_get::<Option<String>, _>(0)).transpose()?.flatten())
}

/// An arrival that a scope has not been told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    pub scope: Scope,
    pub sha256: Sha256Hex,
    pub size: u64,
}

fn untold(row: &AnyRow) -> Result<Untold> {
    let scope: &str = row.try_get(0)?;
    let size: i64 = row.try_get(2)?;
    Ok(Untold {
        scope: scope.parse().map_err(|e| ApiError::fault("blob_refs.scope", e))?,
        sha256: Sha256Hex(row.try_get(1)?),
        size: size.unsigned_abs(),
    })
}

const UNTOLD: &str = "SELECT DISTINCT r.scope, r.sha256, b.size FROM blob_refs r \
    JOIN blobs b ON b.sha256 = r.sha256 AND b.complete = 1 \
    LEFT JOIN blob_arrivals a ON a.scope = r.scope AND a.sha256 = r.sha256 WHERE a.id IS NULL";

/// Arrivals of these attachments that scopes which name them have not been told of.
pub async fn untold_of(db: &Db, sha256s: &[Sha256Hex]) -> Result<Vec<Untold>> {
    let set = serde_json::to_string(sha256s).expect("texts are plain data");
    let select = format!("{UNTOLD} AND r.sha256 IN ({})", db.dialect().texts(1));
    let rows = sql(select).bind(set).fetch_all(db.readers()).await?;
    rows.iter().map(untold).collect()
}

/// Rows of a log read at once.
const PAGE: i64 = 1000;

/// Attachments named by commands that a log has gained after `from`, and up to where it was read. A
/// command that had waited is in the log from before; what settles it is new and says which it was.
pub async fn named_after(
    db: &Db,
    scope: Scope,
    from: u64,
    head: u64,
) -> Result<(u64, Vec<Sha256Hex>)> {
    let to = head.min(from + PAGE.unsigned_abs());
    let rows = sql("SELECT kind, v, payload FROM log WHERE scope = $1 AND seq > $2 AND seq <= $3 \
         AND (payload LIKE '%sha256%' OR kind = 'sync.settled')")
    .bind(scope.to_string())
    .bind(from.cast_signed())
    .bind(to.cast_signed())
    .fetch_all(db.readers())
    .await?;
    let (mut named, mut settled) = (Vec::new(), Vec::new());
    for row in &rows {
        match serde_json::from_str::<Outcome>(row.try_get(2)?) {
            Ok(outcome) if row.try_get::<&str, _>(0)? == "sync.settled" => {
                settled.push(outcome.op.to_string());
            }
            _ => named.extend(attachments(row)?),
        }
    }
    if !settled.is_empty() {
        let set = serde_json::to_string(&settled).expect("texts are plain data");
        let select =
            format!("SELECT kind, v, payload FROM log WHERE op IN ({})", db.dialect().texts(1));
        for row in &sql(select).bind(set).fetch_all(db.readers()).await? {
            named.extend(attachments(row)?);
        }
    }
    Ok((to, named))
}

/// Hashes that a command in the log (`kind, v, payload`) brings.
fn attachments(row: &AnyRow) -> Result<Vec<Sha256Hex>> {
    let command = command(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)?;
    let attachments = command.iter().flat_map(Command::attachments);
    Ok(attachments.map(|attachment| attachment.sha256.clone()).collect())
}

fn command(kind: &str, v: i64, payload: &str) -> Result<Option<Command>> {
    let v = u32::try_from(v).map_err(|e| ApiError::fault("log.v", e))?;
    // What this build cannot read names nothing for it either.
    Ok(Command::decode(kind, v, payload).and_then(std::result::Result::ok))
}

/// Where every log ends.
pub async fn heads(db: &Db) -> Result<Vec<(Scope, u64)>> {
    let mut connection = db.readers().acquire().await?;
    Ok(crate::store::scopes::heads(&mut connection).await?)
}

/// All of them. Looks at every reference there is.
pub async fn all_untold(db: &Db) -> Result<Vec<Untold>> {
    sql(UNTOLD).fetch_all(db.readers()).await?.iter().map(untold).collect()
}

/// The size of an attachment that is here and of which this scope has not been told.
pub async fn untold_in(db: &Db, sha256: &Sha256Hex, scope: Scope) -> Result<Option<Untold>> {
    let row =
        sql("SELECT $1, b.sha256, b.size FROM blobs b WHERE b.sha256 = $2 AND b.complete = 1 \
         AND NOT EXISTS (SELECT 1 FROM blob_arrivals a WHERE a.scope = $1 AND a.sha256 = $2)")
        .bind(scope.to_string())
        .bind(sha256.0.clone())
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(untold).transpose()
}

/// The commands that named an attachment, with the scope each was for. Bytes that are named more
/// often than this are shown to those who may see one of the latest.
pub async fn named_by(db: &Db, sha256: &Sha256Hex) -> Result<Vec<(Scope, Command)>> {
    const MOST: i64 = 50;
    let rows = sql("SELECT l.scope, l.kind, l.v, l.payload FROM blob_refs r \
         JOIN log l ON l.op = r.op WHERE r.sha256 = $1 ORDER BY l.received_at DESC LIMIT $2")
    .bind(sha256.0.clone())
    .bind(MOST)
    .fetch_all(db.readers())
    .await?;
    let mut commands = Vec::with_capacity(rows.len());
    for row in &rows {
        let scope: &str = row.try_get(0)?;
        let scope = scope.parse().map_err(|e| ApiError::fault("log.scope", e))?;
        let found = command(row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)?;
        commands.extend(found.map(|command| (scope, command)));
    }
    Ok(commands)
}

/// Those of the attachments that have no row: found in their place, and noted by nobody.
pub async fn unnoted(db: &Db, sha256s: &[Sha256Hex]) -> Result<BTreeSet<Sha256Hex>> {
    let known = of_set(db, "SELECT sha256 FROM blobs WHERE sha256 IN", sha256s).await?;
    Ok(sha256s.iter().filter(|sha256| !known.contains(*sha256)).cloned().collect())
}

async fn of_set(db: &Db, select: &str, sha256s: &[Sha256Hex]) -> Result<BTreeSet<Sha256Hex>> {
    let set = serde_json::to_string(sha256s).expect("texts are plain data");
    let select = format!("{select} ({})", db.dialect().texts(1));
    let rows = sql(select).bind(set).fetch_all(db.readers()).await?;
    rows.iter().map(|row| Ok(Sha256Hex(row.try_get(0)?))).collect()
}

/// Attachments that came, or were last asked for, up to then and that no command names, with their
/// sizes. Commands that wait or were refused are not looked at here.
pub async fn unnamed(db: &Db, until: Ms) -> Result<BTreeMap<Sha256Hex, u64>> {
    let rows = sql("SELECT b.sha256, b.size FROM blobs b WHERE b.complete = 1 AND b.at <= $1 \
         AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.sha256 = b.sha256)")
    .bind(until.0)
    .fetch_all(db.readers())
    .await?;
    let read = |row: &AnyRow| {
        let size: i64 = row.try_get(1)?;
        Ok((Sha256Hex(row.try_get(0)?), size.unsigned_abs()))
    };
    rows.iter().map(read).collect()
}

/// Those of the attachments that something names: a command that was applied, or waits, or was refused
/// and is in the office's list; or a scope that was told of the bytes.
pub async fn named(db: &Db, sha256s: &[Sha256Hex]) -> Result<BTreeSet<Sha256Hex>> {
    let mut named = BTreeSet::new();
    if sha256s.is_empty() {
        return Ok(named);
    }
    for table in ["blob_refs", "blob_arrivals"] {
        let select = format!("SELECT DISTINCT sha256 FROM {table} WHERE sha256 IN");
        named.extend(of_set(db, &select, sha256s).await?);
    }
    let waiting = [
        "SELECT payload FROM held WHERE payload LIKE '%sha256%'",
        "SELECT l.payload FROM quarantine q JOIN log l ON l.scope = q.scope AND l.seq = q.seq \
         WHERE l.payload LIKE '%sha256%'",
    ];
    for select in waiting {
        for row in &sql(select).fetch_all(db.readers()).await? {
            let payload: &str = row.try_get(0)?;
            // As text: a command of a newer build names what it names, too.
            named.extend(sha256s.iter().filter(|sha256| payload.contains(&sha256.0)).cloned());
        }
    }
    Ok(named)
}

/// Forgets an attachment that nobody has named or asked for up to then. `false`: somebody has.
pub async fn forget(db: &Db, sha256: &Sha256Hex, until: Ms) -> Result<bool> {
    let delete = sql("DELETE FROM blobs WHERE sha256 = $1 AND at <= $2 \
         AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.sha256 = blobs.sha256)")
    .bind(sha256.0.clone())
    .bind(until.0);
    Ok(delete.execute(db.writers()).await?.rows_affected() > 0)
}

/// A moment in which no command can come to name anything.
pub struct Standstill(Tx);

/// Begins one; it ends with the value. Writers of commands wait meanwhile.
pub async fn standstill(db: &Db) -> Result<Standstill> {
    let mut tx = db.begin_write().await?;
    // In the order in which a commit comes to them, so that none waits for the other.
    if let Some(lock) = db.dialect().lock_against_writers("held, quarantine, blob_refs, blobs") {
        sql(lock).execute(&mut *tx).await?;
    }
    Ok(Standstill(tx))
}

impl Standstill {
    /// Whether anything names an attachment, or says that it is here.
    pub async fn is_wanted(&mut self, sha256: &Sha256Hex) -> Result<bool> {
        let asked = sql("SELECT 1 FROM blobs WHERE sha256 = $1 \
             UNION ALL SELECT 1 FROM blob_refs WHERE sha256 = $1 \
             UNION ALL SELECT 1 FROM blob_arrivals WHERE sha256 = $1 \
             UNION ALL SELECT 1 FROM held WHERE payload LIKE '%' || $1 || '%' \
             UNION ALL SELECT 1 FROM quarantine q JOIN log l ON l.scope = q.scope AND l.seq = q.seq \
             WHERE l.payload LIKE '%' || $1 || '%'")
        .bind(sha256.0.clone());
        Ok(asked.fetch_optional(&mut *self.0).await?.is_some())
    }

    pub async fn end(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}
