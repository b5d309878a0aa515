//! Where SQLite and PostgreSQL differ, each difference in one place.

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// Type of a column in a JSON row source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    Int,
    Text,
}

impl Dialect {
    pub fn of_url(url: &str) -> Option<Self> {
        if url.starts_with("sqlite:") {
            Some(Self::Sqlite)
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Some(Self::Postgres)
        } else {
            None
        }
    }

    /// Statements for a new connection that writes, besides `on_connect`.
    pub fn on_connect_writer(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[],
            // The write path looks rows up by key, a few at a time. Plans are kept with the prepared
            // statement: one made while a table was small would read it whole long after it has
            // grown, until the statistics are next refreshed.
            Self::Postgres => &[
                "SET enable_seqscan = off",
                "SET enable_hashjoin = off",
                "SET enable_mergejoin = off",
            ],
        }
    }

    /// Statements for every new connection.
    pub fn on_connect(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[
                "PRAGMA busy_timeout = 15000",
                "PRAGMA journal_mode = WAL",
                // An acknowledged command survives a power cut.
                "PRAGMA synchronous = FULL",
                "PRAGMA foreign_keys = ON",
                "PRAGMA cache_size = -32000",
                "PRAGMA temp_store = MEMORY",
                // Pages that change in one commit after the other are copied back once, not every 4 MB.
                "PRAGMA wal_autocheckpoint = 4000",
            ],
            Self::Postgres => &[
                // A lost client must not hold the head of a scope.
                "SET idle_in_transaction_session_timeout = '30s'",
                "SET client_min_messages = warning",
            ],
        }
    }

    /// A row source `x` with these columns over the JSON array of objects bound as `$place`: a set
    /// of any size is one parameter, and the statement's text stays the same.
    pub fn rows(self, place: u8, columns: &[(&str, Ty)]) -> String {
        match self {
            Self::Sqlite => {
                let columns: Vec<String> = columns
                    .iter()
                    .map(|(name, _)| format!("value ->> '{name}' AS {name}"))
                    .collect();
                format!("(SELECT {} FROM json_each(${place})) AS x", columns.join(", "))
            }
            Self::Postgres => {
                let columns: Vec<String> = columns
                    .iter()
                    .map(|(name, ty)| match ty {
                        Ty::Int => format!("{name} bigint"),
                        Ty::Text => format!("{name} text"),
                    })
                    .collect();
                format!("json_to_recordset(${place}::json) AS x({})", columns.join(", "))
            }
        }
    }

    /// A subquery over the JSON array of texts bound as `$place`, for `IN (…)`.
    pub fn texts(self, place: u8) -> String {
        match self {
            Self::Sqlite => format!("SELECT value FROM json_each(${place})"),
            Self::Postgres => format!("SELECT json_array_elements_text(${place}::json)"),
        }
    }

    /// What the database's own clock says, in ms since 1970: one clock for all nodes.
    pub fn now(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }

    /// Ends a SELECT that locks its row. SQLite's writer is alone anyway.
    pub fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// Lets nobody else write to these tables until the transaction ends; everybody may read. `None`:
    /// nobody else can write at all while a transaction does.
    pub fn lock_against_writers(self, tables: &str) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")),
        }
    }

    /// A migration's text for this database. `/*bytes*/` after a text column asks for comparison by
    /// bytes, which SQLite does anyway: pages of a snapshot are merged outside the database, in
    /// the same order. `/*clustered*/` stores a table in its primary key. A line `--[sqlite]` or `--[postgres]` before a statement keeps it from the
    /// other.
    pub fn migration(self, text: &str) -> String {
        match self {
            Self::Sqlite => text.replace("/*clustered*/", "WITHOUT ROWID"),
            Self::Postgres => text.replace("/*bytes*/", "COLLATE \"C\""),
        }
    }

    /// Whether a statement of a migration is for this database.
    pub fn takes(self, statement: &str) -> bool {
        let only = |name: &str| statement.lines().any(|line| line.trim() == name);
        match self {
            Self::Sqlite => !only("--[postgres]"),
            Self::Postgres => !only("--[sqlite]"),
        }
    }
}
