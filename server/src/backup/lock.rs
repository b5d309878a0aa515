//! Who has a SQLite database to himself: those who serve it share a lock, whoever replaces or moves it
//! takes it alone. A server that went on writing to a file that has been moved aside would acknowledge
//! what nobody will ever see. PostgreSQL needs none: nothing of it is ever replaced.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;

use super::files::sqlite_file;
use super::{OrSay, Outcome, words};

/// Let go of when it is dropped, and by the system when the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "holds the lock by being open")] File);

fn open(database: &str) -> Outcome<Option<File>> {
    let Some(file) = sqlite_file(database) else { return Ok(None) };
    let path = PathBuf::from(format!("{}.lock", file.display()));
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let named = format!("The lock {} cannot be opened", path.display());
    opened.map(Some).or_say((&format!("锁文件 {} 无法打开", path.display()), &named))
}

impl Lock {
    /// For serving, beside others who do.
    pub fn shared(database: &str) -> Outcome<Option<Self>> {
        Self::take(database, File::try_lock_shared, || {
            words(
                "数据库正在恢复或迁移，请稍候",
                "The database is being restored or moved; wait for that to end",
            )
        })
    }

    /// For replacing or moving the database.
    pub fn alone(database: &str) -> Outcome<Option<Self>> {
        Self::take(database, File::try_lock, || {
            words(
                "服务正在使用这个数据库，请先停止服务",
                "A server is using this database: stop it first",
            )
        })
    }

    fn take(
        database: &str,
        lock: impl Fn(&File) -> Result<(), TryLockError>,
        held: impl Fn() -> String,
    ) -> Outcome<Option<Self>> {
        let Some(file) = open(database)? else { return Ok(None) };
        match lock(&file) {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Err(held()),
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, "this disk knows no locks");
                Ok(None)
            }
        }
    }
}
