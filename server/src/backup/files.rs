//! Files of back-ups: written durably, named only when they are whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The file of a SQLite database; `None` for another engine, or one in memory.
pub fn sqlite_file(database: &str) -> Option<PathBuf> {
    let rest = database.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split('?').next().unwrap_or_default();
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// The address of a SQLite file.
pub fn sqlite_url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// A file of the database beside its main one.
pub fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Runs something that blocks.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Makes names that were given or taken in a folder survive a power cut.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file that only its owner may read.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads a file through, writing it to another one if asked; returns its hash and size. What is hashed
/// is what is written.
pub fn hash(from: &Path, to: Option<&Path>) -> io::Result<(String, u64)> {
    let mut source = File::open(from)?;
    let mut target = to.map(|path| private().open(path)).transpose()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        if let Some(target) = &mut target {
            target.write_all(&buffer[..read])?;
        }
        size += read as u64;
    }
    if let Some(target) = target {
        target.sync_all()?;
    }
    let hash = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hash, size))
}

/// Removes a SQLite database with what lies beside it; it need not be there.
pub fn remove_database(file: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(beside(file, suffix)).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_database_is_found_in_every_way_to_write_its_address() {
        for address in ["sqlite:data/a.db", "sqlite://data/a.db", "sqlite:data/a.db?mode=rwc"] {
            assert_eq!(sqlite_file(address), Some(PathBuf::from("data/a.db")), "{address}");
        }
        assert_eq!(sqlite_file("sqlite:///var/a.db"), Some(PathBuf::from("/var/a.db")));
        for none in ["postgres://host/name", "sqlite::memory:", "sqlite:"] {
            assert_eq!(sqlite_file(none), None, "{none}");
        }
    }
}
