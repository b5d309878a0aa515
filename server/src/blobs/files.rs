//! A folder of whole attachments, `<aa>/<sha256>`: the server's own, and the one beside its back-ups.
//!
//! Files are put in their place whole and never change there, so that the same bytes need to be kept
//! once however many back-ups name them.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use domain::modules::attachments::Sha256Hex;
use domain::sync::batch::sha256_hex;

/// Where an attachment lies in such a folder.
pub fn place(folder: &Path, sha256: &Sha256Hex) -> PathBuf {
    folder.join(&sha256.0[..2]).join(&sha256.0)
}

/// The folder for an attachment, made if need be.
pub fn parent(folder: &Path, place: &Path) -> io::Result<PathBuf> {
    let parent = place.parent().expect("a whole attachment lies in a folder");
    if !parent.exists() {
        fs::create_dir_all(parent)?;
        File::open(folder)?.sync_all()?;
    }
    Ok(parent.to_owned())
}

/// Every attachment in a folder; none where there is no folder.
pub fn list(folder: &Path) -> io::Result<BTreeSet<Sha256Hex>> {
    let mut found = BTreeSet::new();
    let groups = match fs::read_dir(folder) {
        Ok(groups) => groups,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(e) => return Err(e),
    };
    for group in groups {
        let group = group?;
        if group.file_name().len() != 2 || !group.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(group.path())? {
            let sha256 = Sha256Hex(file?.file_name().to_string_lossy().into_owned());
            if sha256.is_valid() {
                found.insert(sha256);
            }
        }
    }
    Ok(found)
}

/// Writes an attachment that was checked into a folder, durably, unless it is there.
pub fn write(folder: &Path, sha256: &Sha256Hex, bytes: &[u8]) -> io::Result<()> {
    let place = place(folder, sha256);
    if place.exists() {
        return Ok(());
    }
    let parent = parent(folder, &place)?;
    write_into(&parent, &place, bytes)?;
    File::open(parent)?.sync_all()
}

fn write_into(parent: &Path, place: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // Somebody else, in this process or another, may be about the same file: whoever renames last has
    // written the same bytes.
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let own = format!("{}.{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let partial = parent.join(format!(".{name}.{own}"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, place)
}

/// What bringing a folder's attachments into another one came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Those that are in the second folder now, and their size.
    pub count: u64,
    pub bytes: u64,
    /// Those whose bytes are not what their name says; they were left where they are.
    pub damaged: Vec<Sha256Hex>,
}

/// Brings every attachment of a folder into another: linked where both are on one disk, else copied.
/// Nothing that is there is replaced, nothing is removed. What is new is read and checked first.
pub fn bring_all(from: &Path, to: &Path) -> io::Result<Brought> {
    fs::create_dir_all(to)?;
    let mut brought = Brought::default();
    let mut touched = BTreeSet::new();
    for sha256 in list(from)? {
        let (source, target) = (place(from, &sha256), place(to, &sha256));
        if !target.exists() {
            let bytes = fs::read(&source)?;
            if sha256_hex(&bytes) != sha256.0 {
                brought.damaged.push(sha256);
                continue;
            }
            let parent = parent(to, &target)?;
            match fs::hard_link(&source, &target) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                // Another disk, or one that knows no links.
                Err(_) => write_into(&parent, &target, &bytes)?,
            }
            touched.insert(parent);
        }
        brought.count += 1;
        brought.bytes += fs::metadata(&target)?.len();
    }
    for folder in touched {
        File::open(folder)?.sync_all()?;
    }
    Ok(brought)
}
