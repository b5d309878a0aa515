//! The files: `<aa>/<sha256>` for whole attachments, `partial/<device>/<sha256>.<size>` for those on
//! their way, `thumb/<aa>/<sha256>` for small pictures, `removed/<aa>/<sha256>` for what nobody named.
//!
//! A partial file belongs to a device, so that nobody can spoil somebody else's upload of the same
//! bytes. Its length is the offset to go on from; nothing else is remembered about it. All of this
//! blocks and runs on the threads for that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use domain::Ms;
use domain::id::DeviceId;
use domain::modules::attachments::Sha256Hex;
use domain::sync::batch::sha256_hex;

use super::files;
use super::kind::BlobKind;
use super::rendition::rendition;
use super::upload::{Appended, HEAD, Partial, Piece, UNFINISHED};

const THUMB: &str = "thumb";
const REMOVED: &str = "removed";

/// `None` for what is not there.
fn there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Where the files are.
#[derive(Clone)]
pub struct Disk {
    folder: Arc<PathBuf>,
    /// The attachments beside the back-ups, where this process makes those.
    secured: Option<Arc<PathBuf>>,
}

/// Opens a partial file for this request alone: two requests of one device for one attachment, on
/// this node or another, take turns. The file that was waited for may have become the attachment
/// itself meanwhile, or be gone; it must not be written to then.
fn locked(path: &Path) -> io::Result<File> {
    loop {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.lock()?;
        match fs::metadata(path) {
            Ok(there) if there.ino() == file.metadata()?.ino() => return Ok(file),
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
}

impl Disk {
    pub fn open(folder: &Path, secured: Option<&Path>) -> io::Result<Self> {
        fs::create_dir_all(folder.join("partial"))?;
        if let Some(secured) = secured {
            fs::create_dir_all(secured)?;
        }
        let secured = secured.map(|folder| Arc::new(folder.to_owned()));
        Ok(Self { folder: Arc::new(folder.to_owned()), secured })
    }

    /// Runs something that blocks.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Disk) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let disk = self.clone();
        tokio::task::spawn_blocking(move || work(&disk)).await.map_err(io::Error::other)?
    }

    fn whole(&self, sha256: &Sha256Hex) -> PathBuf {
        files::place(&self.folder, sha256)
    }

    fn of_device(&self, device: DeviceId) -> PathBuf {
        self.folder.join("partial").join(device.to_string())
    }

    /// The kind and size of a whole attachment. A file is put in its place only after it was checked,
    /// so its being there is the truth, whatever a restored database says. One that was laid aside
    /// comes back.
    pub fn find(&self, sha256: &Sha256Hex) -> io::Result<Option<(BlobKind, u64)>> {
        let Some(mut file) = self.open_whole(sha256)? else { return Ok(None) };
        let mut head = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(&mut file, HEAD), &mut head)?;
        let size = file.metadata()?.len();
        Ok(BlobKind::sniff(&head).map(|kind| (kind, size)))
    }

    fn open_whole(&self, sha256: &Sha256Hex) -> io::Result<Option<File>> {
        if let Some(file) = there(File::open(self.whole(sha256)))? {
            return Ok(Some(file));
        }
        if self.put_back(sha256)? { there(File::open(self.whole(sha256))) } else { Ok(None) }
    }

    /// The bytes of a whole attachment.
    pub fn read(&self, sha256: &Sha256Hex) -> io::Result<Option<Bytes>> {
        let Some(mut file) = self.open_whole(sha256)? else { return Ok(None) };
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut file, &mut bytes)?;
        Ok(Some(bytes.into()))
    }

    pub fn thumb(&self, sha256: &Sha256Hex) -> io::Result<Option<Bytes>> {
        let place = files::place(&self.folder.join(THUMB), sha256);
        Ok(there(fs::read(place))?.map(Bytes::from))
    }

    pub fn keep_thumb(&self, sha256: &Sha256Hex, bytes: &[u8]) -> io::Result<()> {
        files::write(&self.folder.join(THUMB), sha256, bytes)
    }

    /// Every whole attachment.
    pub fn list(&self) -> io::Result<Vec<Sha256Hex>> {
        Ok(files::list(&self.folder)?.into_iter().collect())
    }

    /// Takes an attachment out of its place, for a while that begins now.
    pub fn set_aside(&self, sha256: &Sha256Hex, now: Ms) -> io::Result<()> {
        let aside = files::place(&self.folder.join(REMOVED), sha256);
        let folder = files::parent(&self.folder, &aside)?;
        let whole = self.whole(sha256);
        // Dated first: whoever finds it aside must not take it for one that has long been there.
        let now = UNIX_EPOCH + Duration::from_millis(now.0.unsigned_abs());
        if there(File::open(&whole).and_then(|file| file.set_modified(now)))?.is_some()
            && there(fs::rename(whole, &aside))?.is_some()
        {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// `false`: it was not aside.
    pub fn put_back(&self, sha256: &Sha256Hex) -> io::Result<bool> {
        let aside = files::place(&self.folder.join(REMOVED), sha256);
        if !aside.exists() {
            return Ok(false);
        }
        let place = self.whole(sha256);
        let parent = files::parent(&self.folder, &place)?;
        let back = there(fs::rename(aside, place))?.is_some();
        File::open(parent)?.sync_all()?;
        Ok(back)
    }

    /// What lies aside, and since when.
    pub fn aside(&self) -> io::Result<Vec<(Sha256Hex, Ms)>> {
        let folder = self.folder.join(REMOVED);
        let mut found = Vec::new();
        for sha256 in files::list(&folder)? {
            let Some(meta) = there(fs::metadata(files::place(&folder, &sha256)))? else { continue };
            let since = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            found.push((sha256, Ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))));
        }
        Ok(found)
    }

    /// Removes what lies aside for good, with its small picture.
    pub fn purge(&self, sha256: &Sha256Hex) -> io::Result<()> {
        there(fs::remove_file(files::place(&self.folder.join(THUMB), sha256)))?;
        there(fs::remove_file(files::place(&self.folder.join(REMOVED), sha256))).map(drop)
    }

    /// The unfinished uploads of a device.
    fn unfinished(&self, device: DeviceId) -> io::Result<Vec<(String, Partial)>> {
        let Some(entries) = there(fs::read_dir(self.of_device(device)))? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some((sha256, size)) = name.split_once('.') else { continue };
            // May be gone again: another request of the device has just finished it.
            if let (Ok(size), Ok(meta)) = (size.parse(), entry.metadata()) {
                found.push((sha256.to_owned(), Partial { received: meta.len(), size }));
            }
        }
        Ok(found)
    }

    /// How far a device has come with an upload. A server that stopped between the last byte and the
    /// check has left a file that is long enough and is nothing yet: it is checked now, for a length
    /// that is complete makes the phone let go of its copy. `None`: nothing is here (any more).
    pub fn progress(&self, device: DeviceId, sha256: &Sha256Hex) -> io::Result<Option<Appended>> {
        let found = self.unfinished(device)?.into_iter();
        let Some((_, partial)) = found.into_iter().find(|(name, _)| *name == sha256.0) else {
            return Ok(None);
        };
        if partial.received < partial.size {
            return Ok(Some(Appended::Partial(partial)));
        }
        let nothing_new = Piece {
            device,
            sha256: sha256.clone(),
            size: partial.size,
            offset: Some(partial.received),
            bytes: Bytes::new(),
        };
        Ok(match self.append(&nothing_new)? {
            done @ (Appended::Whole { .. } | Appended::Partial(_)) => Some(done),
            _ => None,
        })
    }

    /// Takes a piece; after the last one the attachment is checked and put in its place.
    pub fn append(&self, piece: &Piece) -> io::Result<Appended> {
        let folder = self.of_device(piece.device);
        let path = folder.join(format!("{}.{}", piece.sha256.0, piece.size));
        if !path.exists() {
            if self.unfinished(piece.device)?.len() >= UNFINISHED {
                return Ok(Appended::TooMany);
            }
            if piece.offset.is_some_and(|offset| offset > 0) {
                return Ok(Appended::WrongOffset { received: 0 });
            }
            fs::create_dir_all(&folder)?;
        }
        let mut file = locked(&path)?;
        // Another request may have finished the attachment while this one waited for its turn.
        if let Some((kind, size)) = self.find(&piece.sha256)? {
            fs::remove_file(&path)?;
            return Ok(Appended::Whole { kind, size });
        }
        let received = file.metadata()?.len();
        match piece.offset {
            None => file.set_len(0)?,
            Some(offset) if offset != received => return Ok(Appended::WrongOffset { received }),
            Some(_) => {}
        }
        let start = file.seek(SeekFrom::End(0))?;
        if let Err(e) = file.write_all(&piece.bytes) {
            // A full disk must not leave a length that was never told to anybody.
            file.set_len(start)?;
            return Err(e);
        }
        let received = start + piece.bytes.len() as u64;
        if received < piece.size {
            return Ok(Appended::Partial(Partial { received, size: piece.size }));
        }
        self.finish(&piece.sha256, &file, &path)
    }

    fn finish(&self, sha256: &Sha256Hex, file: &File, path: &Path) -> io::Result<Appended> {
        let bytes = fs::read(path)?;
        if sha256_hex(&bytes) != sha256.0 {
            fs::remove_file(path)?;
            return Ok(Appended::HashMismatch);
        }
        // What cannot be taken apart could not be shown without its place either.
        let kind = BlobKind::sniff(&bytes).filter(|kind| rendition(*kind, &bytes).is_some());
        let Some(kind) = kind else {
            fs::remove_file(path)?;
            return Ok(Appended::NotAllowed);
        };
        file.sync_all()?;
        // The phone lets go of its copy once it hears that the bytes are here and the command is in
        // the last back-up, which may be older than these bytes. So they are secured first; copied,
        // not linked, because a partial file may still be begun again.
        if let Some(secured) = &self.secured {
            files::write(secured, sha256, &bytes)?;
        }
        let place = self.whole(sha256);
        let parent = files::parent(&self.folder, &place)?;
        fs::rename(path, &place)?;
        File::open(parent)?.sync_all()?;
        Ok(Appended::Whole { kind, size: bytes.len() as u64 })
    }

    /// Removes partial files that were not written to since then.
    pub fn sweep(&self, untouched_since: SystemTime) -> io::Result<usize> {
        let mut removed = 0;
        for device in fs::read_dir(self.folder.join("partial"))? {
            let device = device?.path();
            for file in fs::read_dir(&device)? {
                let file = file?;
                if file.metadata()?.modified()? < untouched_since {
                    fs::remove_file(file.path())?;
                    removed += 1;
                }
            }
            // Fails, as it should, while something is left in it.
            fs::remove_dir(&device).ok();
        }
        Ok(removed)
    }
}
