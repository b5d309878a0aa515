//! Brings the tables up to date. Migrations are only ever appended: expand first, contract later.

use super::{Db, Dialect, OpenError, sql};

/// One step. Its file serves both databases; see `Dialect::migration`.
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub text: &'static str,
}

/// Every step, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "sync", text: include_str!("../../migrations/0001_sync.sql") },
    Migration {
        version: 2,
        name: "records",
        text: include_str!("../../migrations/0002_records.sql"),
    },
    Migration {
        version: 3,
        name: "access",
        text: include_str!("../../migrations/0003_access.sql"),
    },
    Migration {
        version: 4,
        name: "device_succession",
        text: include_str!("../../migrations/0004_device_succession.sql"),
    },
    Migration {
        version: 5,
        name: "wait_ends",
        text: include_str!("../../migrations/0005_wait_ends.sql"),
    },
    Migration {
        version: 6,
        name: "fees_for_finance",
        text: include_str!("../../migrations/0006_fees_for_finance.sql"),
    },
    Migration {
        version: 7,
        name: "ticket_words",
        text: include_str!("../../migrations/0007_ticket_words.sql"),
    },
    Migration {
        version: 8,
        name: "feed_floor",
        text: include_str!("../../migrations/0008_feed_floor.sql"),
    },
    Migration {
        version: 9,
        name: "duties",
        text: include_str!("../../migrations/0009_duties.sql"),
    },
    Migration {
        version: 10,
        name: "feed_changes",
        text: include_str!("../../migrations/0010_feed_changes.sql"),
    },
];

/// Statements of a file; each ends with `;` at the end of a line.
fn statements(text: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current = String::new();
    for line in text.lines() {
        let bare = line.trim_end();
        current.push_str(bare);
        current.push('\n');
        if bare.ends_with(';') && !bare.trim_start().starts_with("--") {
            statements.push(std::mem::take(&mut current));
        }
    }
    statements
}

/// The schema this build writes.
pub fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// Whether the tables are exactly this build's. Looks only.
pub async fn check(db: &Db) -> Result<(), OpenError> {
    let select = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
    let found: i64 = sqlx::query_scalar(select).fetch_one(db.readers()).await?;
    match found.cmp(&known()) {
        std::cmp::Ordering::Less => Err(OpenError::Older { found, known: known() }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(OpenError::Newer { found, known: known() }),
    }
}

/// Applies what is missing, all of it or nothing. Two nodes that start at once take turns.
pub async fn run(db: &Db) -> Result<(), OpenError> {
    let mut tx = db.begin_write().await?;
    if db.dialect() == Dialect::Postgres {
        // Held to the end of the transaction; the number is this product's own.
        sql("SELECT pg_advisory_xact_lock(7815263)").execute(&mut *tx).await?;
    }
    sql("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)")
        .execute(&mut *tx)
        .await?;
    let found: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM schema_version")
        .fetch_one(&mut *tx)
        .await?;
    let known = known();
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > found) {
        let version = migration.version;
        let failed = |error| OpenError::Migration { version, error };
        for statement in statements(&db.dialect().migration(migration.text)) {
            if db.dialect().takes(&statement) {
                sql(statement).execute(&mut *tx).await.map_err(failed)?;
            }
        }
        sql("INSERT INTO schema_version (version, name) VALUES ($1, $2)")
            .bind(version)
            .bind(migration.name)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        // A new one, such as each back-up, is not news.
        if found > 0 {
            tracing::info!(version, name = migration.name, "database migrated");
        }
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_contiguous_so_that_none_is_ever_skipped() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(
                usize::try_from(migration.version).unwrap(),
                index + 1,
                "{}",
                migration.name
            );
        }
    }

    #[test]
    fn a_statement_for_one_database_is_kept_from_the_other() {
        let text = "CREATE TABLE a (id TEXT /*bytes*/);\n-- a word; more\n--[postgres]\nCREATE INDEX b ON a (id);\n";
        let all = statements(text);
        assert_eq!(all.len(), 2);
        assert!(Dialect::Sqlite.takes(&all[0]) && !Dialect::Sqlite.takes(&all[1]));
        assert!(Dialect::Postgres.takes(&all[1]));
        assert!(Dialect::Postgres.migration(text).contains("COLLATE \"C\""));
    }
}
