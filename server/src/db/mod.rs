//! The company's database: SQLite for one node without any set-up, PostgreSQL for several.
//!
//! Both are spoken to through sqlx's `Any` driver, so that one SQL text serves both: it translates
//! `$1` placeholders for SQLite, leaves texts, integers and errors alone, and costs one copy of each
//! text. What it lacks — arrays, JSON columns — is not missed: sets go in as one JSON text (see
//! `Dialect::rows`), and bodies are stored as text because their bytes matter. A generic
//! `impl Database` was rejected: it puts seven bounds on every function that runs a query.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyArguments, AnyPoolOptions};
use sqlx::query::Query;
use sqlx::{Any, AnyPool, AssertSqlSafe, Connection as _, Executor, Transaction};

pub mod dialect;
pub mod migrate;

pub use dialect::{Dialect, Ty};

/// A transaction; rolled back when it is dropped without a commit.
pub type Tx = Transaction<'static, Any>;

/// Readers of a SQLite file, or connections to PostgreSQL for reading.
const READERS: u32 = 8;
/// Connections to PostgreSQL for writing; SQLite has exactly one writer.
const WRITERS: u32 = 8;
/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(15);

/// Why the database could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Neither `sqlite:` nor `postgres:`.
    UnknownScheme,
    /// The database was written by a newer build.
    Newer {
        found: i64,
        known: i64,
    },
    /// The database was written by an older build, and is not to be changed now.
    Older {
        found: i64,
        known: i64,
    },
    Migration {
        version: i64,
        error: sqlx::Error,
    },
    Database(sqlx::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownScheme => f.write_str("a database URL starts with sqlite: or postgres:"),
            Self::Newer { found, known } => {
                write!(f, "the database has schema {found}, this build knows {known}")
            }
            Self::Older { found, known } => {
                write!(
                    f,
                    "the database has schema {found}, this build writes {known}: use the build that \
                     serves it, or run `guanjia migrate` first"
                )
            }
            Self::Migration { version, error } => write!(f, "migration {version}: {error}"),
            Self::Database(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    dialect: Dialect,
    url: String,
    readers: AnyPool,
    writers: AnyPool,
}

impl Db {
    /// Opens the database, makes it when it is a SQLite file that does not exist, and brings its
    /// tables up to date.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        let db = Self::connect_as_is(url).await?;
        migrate::run(&db).await?;
        Ok(db)
    }

    /// Opens a database that is there and has this build's tables, and changes none of them: another
    /// process may be serving it.
    pub async fn connect_existing(url: &str) -> Result<Self, OpenError> {
        let separator = if url.contains('?') { '&' } else { '?' };
        let db = match Dialect::of_url(url) {
            Some(Dialect::Sqlite) if !url.contains("mode=") => {
                Self::connect_as_is(&format!("{url}{separator}mode=rw")).await?
            }
            _ => Self::connect_as_is(url).await?,
        };
        match migrate::check(&db).await {
            Ok(()) => Ok(db),
            Err(error) => {
                db.close().await;
                Err(error)
            }
        }
    }

    /// Opens the database without touching its tables.
    pub async fn connect_as_is(url: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let dialect = Dialect::of_url(url).ok_or(OpenError::UnknownScheme)?;
        let url = match dialect {
            Dialect::Sqlite if !url.contains("mode=") => {
                let separator = if url.contains('?') { '&' } else { '?' };
                format!("{url}{separator}mode=rwc")
            }
            // The statements of every kind of record fit: preparing again costs a round trip.
            Dialect::Postgres if !url.contains("statement-cache-capacity") => {
                let separator = if url.contains('?') { '&' } else { '?' };
                format!("{url}{separator}statement-cache-capacity=400")
            }
            _ => url.to_owned(),
        };
        let writers = match dialect {
            Dialect::Sqlite => 1,
            Dialect::Postgres => WRITERS,
        };
        // The writer first: it makes the file and switches it to WAL before readers look.
        let writers = pool(dialect, writers, true).connect(&url).await?;
        let readers = pool(dialect, READERS, false).connect_lazy(&url)?;
        Ok(Self(Arc::new(Inner { dialect, url, readers, writers })))
    }

    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// For listening on a connection of its own.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// For single statements that read.
    pub fn readers(&self) -> &AnyPool {
        &self.0.readers
    }

    /// For single statements that write.
    pub fn writers(&self) -> &AnyPool {
        &self.0.writers
    }

    /// Begins a transaction that writes. On SQLite it is the only one, from its first moment on.
    pub async fn begin_write(&self) -> sqlx::Result<Tx> {
        match self.0.dialect {
            Dialect::Sqlite => self.0.writers.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres => self.0.writers.begin().await,
        }
    }

    /// Begins a transaction in which every statement sees the same moment.
    pub async fn begin_read(&self) -> sqlx::Result<Tx> {
        match self.0.dialect {
            Dialect::Sqlite => self.0.readers.begin().await,
            Dialect::Postgres => {
                self.0.readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
            }
        }
    }

    /// Brings all that was written into the one file of a SQLite database, so that the file alone is
    /// the database.
    pub async fn settle(&self) -> sqlx::Result<()> {
        if self.0.dialect == Dialect::Sqlite {
            self.0.readers.close().await;
            let row = sql("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.0.writers).await?;
            let busy: i64 = sqlx::Row::try_get(&row, 0)?;
            if busy != 0 {
                return Err(sqlx::Error::Protocol("somebody still reads the database".into()));
            }
        }
        Ok(())
    }

    /// Lets go of every connection, after what is under way.
    pub async fn close(&self) {
        self.0.readers.close().await;
        self.0.writers.close().await;
    }
}

impl fmt::Debug for Db {
    /// Without the URL: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Db").field(&self.0.dialect).finish()
    }
}

fn pool(dialect: Dialect, connections: u32, writes: bool) -> AnyPoolOptions {
    let writer = if writes { dialect.on_connect_writer() } else { &[] };
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        // A broken connection shows at its first statement; asking first would double the
        // round trips of a short request.
        .test_before_acquire(dialect == Dialect::Postgres)
        // SQLite itself ends the transaction whose commit finds the disk full, and the driver believes for ever
        // that it goes on: such a connection is given up, or nothing would be written until a restart.
        .before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for statement in dialect.on_connect().iter().chain(writer) {
                    connection.execute(*statement).await?;
                }
                Ok(())
            })
        })
}

/// A query of generated text. The text is made of names in this program, never of input.
pub fn sql(text: impl Into<String>) -> Query<'static, Any, AnyArguments> {
    sqlx::query(AssertSqlSafe(text.into()))
}
