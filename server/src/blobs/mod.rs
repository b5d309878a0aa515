//! Attachments: photos, signatures and voice notes, named by the SHA-256 of their bytes.
//!
//! The command that names one travels on its own, before or after the bytes. Bytes come in pieces
//! that are appended to an upload of the device, in a folder (`disk`) or in a store that speaks S3
//! (`bucket`); once they are whole, have the right hash and are of a kind that is kept, they are
//! immutable, and every scope that names them is told (`arrivals`). Readers get a rendition without
//! what the camera wrote beside the picture. What nobody has named for long goes (`orphans`).

mod access;
pub mod arrivals;
mod bucket;
mod disk;
pub mod files;
mod kind;
pub mod orphans;
mod range;
mod rendition;
mod routes;
mod store;
mod thumb;
mod upload;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use domain::id::DeviceId;
use domain::modules::attachments::Sha256Hex;
use domain::sync::batch::sha256_hex;
use domain::{Actor, Ms};
use tokio::sync::Semaphore;

pub use bucket::Bucket;
pub use routes::{doc, routes};

use crate::config::BlobSettings;
use crate::error::ApiError;
use crate::state::AppState;
use disk::Disk;
use kind::BlobKind;
use upload::{Appended, Piece};

/// The folder of attachments in a data folder, and in a folder of back-ups.
pub fn folder_in(base: &Path) -> PathBuf {
    base.join("blobs")
}

/// Small pictures that are made at once: each may need the memory of a whole one.
const AT_ONCE: usize = 2;

/// The store of attachments.
#[derive(Clone)]
pub struct Blobs {
    kept: Kept,
    thumbs: Arc<Semaphore>,
}

#[derive(Clone)]
enum Kept {
    Folder(Disk),
    Bucket(Bucket),
}

/// Bytes that are not those of their name are not shown: a picture in a dispute is what was taken, or
/// nothing.
fn genuine(sha256: &Sha256Hex, bytes: Bytes) -> io::Result<Bytes> {
    if sha256_hex(&bytes) == sha256.0 {
        return Ok(bytes);
    }
    let damaged = format!("attachment {} is damaged where it is kept", sha256.0);
    Err(io::Error::new(io::ErrorKind::InvalidData, damaged))
}

/// Somebody may have set the store and not copied what was there before.
async fn warn_of_those_in_the_folder(bucket: &Bucket, data: &Path) {
    let folder = folder_in(data);
    let listed = tokio::task::spawn_blocking(move || files::list(&folder)).await;
    let count = listed.map_or(0, |listed| listed.map_or(0, |found| found.len()));
    if count > 0 {
        let store = bucket.shown();
        tracing::warn!(
            count,
            store,
            "attachments lie in the data folder, where nobody looks any more: copy them into the store, then remove \
             the folder (docs/deploy.md)"
        );
    }
}

impl Blobs {
    /// Keeps attachments in the store of the settings, or below a data folder; and then, where this
    /// process makes back-ups, a copy of each below theirs before it counts as arrived.
    pub async fn open(
        settings: &BlobSettings,
        data: &Path,
        backups: Option<&Path>,
    ) -> Result<Self, String> {
        let kept = match Bucket::open(settings)? {
            Some(bucket) => {
                bucket.reach().await?;
                warn_of_those_in_the_folder(&bucket, data).await;
                Kept::Bucket(bucket)
            }
            None => {
                let folder = folder_in(data);
                let secured = backups.map(folder_in);
                let disk = Disk::open(&folder, secured.as_deref()).map_err(|e| {
                    format!("The folder for attachments, {}: {e}.", folder.display())
                })?;
                Kept::Folder(disk)
            }
        };
        Ok(Self { kept, thumbs: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// The store that is not this machine's own disk.
    pub fn bucket(&self) -> Option<&Bucket> {
        match &self.kept {
            Kept::Bucket(bucket) => Some(bucket),
            Kept::Folder(_) => None,
        }
    }

    async fn find(&self, sha256: &Sha256Hex) -> io::Result<Option<(BlobKind, u64)>> {
        match &self.kept {
            Kept::Bucket(bucket) => bucket.find(sha256).await,
            Kept::Folder(disk) => {
                let sha256 = sha256.clone();
                disk.run(move |disk| disk.find(&sha256)).await
            }
        }
    }

    async fn progress(&self, device: DeviceId, sha256: &Sha256Hex) -> io::Result<Option<Appended>> {
        if let Some((kind, size)) = self.find(sha256).await? {
            return Ok(Some(Appended::Whole { kind, size }));
        }
        match &self.kept {
            Kept::Bucket(bucket) => bucket.progress(device, sha256).await,
            Kept::Folder(disk) => {
                let sha256 = sha256.clone();
                disk.run(move |disk| disk.progress(device, &sha256)).await
            }
        }
    }

    async fn append(&self, piece: Piece) -> io::Result<Appended> {
        // The same bytes are here already, brought by whomever.
        if let Some((kind, size)) = self.find(&piece.sha256).await? {
            return Ok(Appended::Whole { kind, size });
        }
        match &self.kept {
            Kept::Bucket(bucket) => bucket.append(&piece).await,
            Kept::Folder(disk) => disk.run(move |disk| disk.append(&piece)).await,
        }
    }

    async fn read(&self, sha256: &Sha256Hex) -> io::Result<Option<Bytes>> {
        let bytes = match &self.kept {
            Kept::Bucket(bucket) => bucket.read(sha256).await?,
            Kept::Folder(disk) => {
                let sha256 = sha256.clone();
                disk.run(move |disk| disk.read(&sha256)).await?
            }
        };
        let sha256 = sha256.clone();
        let checked = move || bytes.map(|bytes| genuine(&sha256, bytes)).transpose();
        tokio::task::spawn_blocking(checked).await.map_err(io::Error::other)?
    }

    /// What readers get of a whole attachment.
    async fn rendition(&self, sha256: &Sha256Hex) -> io::Result<Option<(BlobKind, Bytes)>> {
        let Some(bytes) = self.read(sha256).await? else { return Ok(None) };
        let Some(kind) = BlobKind::sniff(&bytes) else { return Ok(None) };
        let made = move || rendition::rendition(kind, &bytes);
        let made = tokio::task::spawn_blocking(made).await.map_err(io::Error::other)?;
        Ok(made.map(|bytes| (kind, bytes.into())))
    }

    /// The small picture of an attachment, made when it is first asked for; the whole rendition where
    /// there is none to be made.
    async fn thumb(&self, sha256: &Sha256Hex) -> io::Result<Option<(BlobKind, Bytes)>> {
        let kept = match &self.kept {
            Kept::Bucket(bucket) => bucket.thumb(sha256).await?,
            Kept::Folder(disk) => {
                let sha256 = sha256.clone();
                disk.run(move |disk| disk.thumb(&sha256)).await?
            }
        };
        // What was half written is made again.
        if let Some(bytes) = kept
            && let Some(kind) = BlobKind::sniff(&bytes)
        {
            return Ok(Some((kind, bytes)));
        }
        let Some((kind, whole)) = self.rendition(sha256).await? else { return Ok(None) };
        if whole.len() <= thumb::SMALL {
            return Ok(Some((kind, whole)));
        }
        let turn = Arc::clone(&self.thumbs).acquire_owned().await.map_err(io::Error::other)?;
        let source = whole.clone();
        let made = tokio::task::spawn_blocking(move || {
            let made = thumb::thumb(kind, &source);
            drop(turn);
            made
        });
        let Some(small) = made.await.map_err(io::Error::other)? else {
            return Ok(Some((kind, whole)));
        };
        let small = Bytes::from(small);
        if let Err(error) = self.keep_thumb(sha256, small.clone()).await {
            tracing::warn!(%error, sha256 = sha256.0, "a small picture was not kept");
        }
        Ok(BlobKind::sniff(&small).map(|kind| (kind, small)))
    }

    async fn keep_thumb(&self, sha256: &Sha256Hex, bytes: Bytes) -> io::Result<()> {
        match &self.kept {
            Kept::Bucket(bucket) => bucket.keep_thumb(sha256, bytes).await,
            Kept::Folder(disk) => {
                let sha256 = sha256.clone();
                disk.run(move |disk| disk.keep_thumb(&sha256, &bytes)).await
            }
        }
    }

    /// Those of the attachments whose bytes are here.
    pub async fn arrived(&self, wanted: BTreeSet<Sha256Hex>) -> io::Result<BTreeSet<Sha256Hex>> {
        let mut here = BTreeSet::new();
        for sha256 in wanted {
            if self.find(&sha256).await?.is_some() {
                here.insert(sha256);
            }
        }
        Ok(here)
    }

    /// Every attachment that is here.
    pub async fn list(&self) -> io::Result<BTreeSet<Sha256Hex>> {
        let all = match &self.kept {
            Kept::Bucket(bucket) => bucket.list().await?,
            Kept::Folder(disk) => disk.run(Disk::list).await?,
        };
        Ok(all.into_iter().collect())
    }

    async fn set_aside(&self, sha256: &Sha256Hex, now: Ms) -> io::Result<()> {
        match &self.kept {
            Kept::Bucket(bucket) => bucket.set_aside(sha256).await,
            Kept::Folder(disk) => {
                let sha256 = sha256.clone();
                disk.run(move |disk| disk.set_aside(&sha256, now)).await
            }
        }
    }

    async fn aside(&self) -> io::Result<Vec<(Sha256Hex, Ms)>> {
        match &self.kept {
            Kept::Bucket(bucket) => bucket.aside().await,
            Kept::Folder(disk) => disk.run(Disk::aside).await,
        }
    }

    async fn purge(&self, sha256: &Sha256Hex) -> io::Result<()> {
        match &self.kept {
            Kept::Bucket(bucket) => bucket.purge(sha256).await,
            Kept::Folder(disk) => {
                let sha256 = sha256.clone();
                disk.run(move |disk| disk.purge(&sha256)).await
            }
        }
    }

    /// Removes uploads that nobody has continued since then; their bytes are still on the phones.
    pub async fn sweep(&self, untouched_since: SystemTime) -> io::Result<usize> {
        match &self.kept {
            Kept::Bucket(bucket) => {
                let since = untouched_since.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
                bucket.sweep(Ms(i64::try_from(since.as_millis()).unwrap_or(0))).await
            }
            Kept::Folder(disk) => disk.run(move |disk| disk.sweep(untouched_since)).await,
        }
    }
}

/// Keeps an attachment that is known from elsewhere (an import, the demo) and came whole. Whoever
/// names it is told by the usual way.
pub async fn import(
    state: &AppState,
    device: DeviceId,
    bytes: &'static [u8],
    at: Ms,
) -> Result<(), ApiError> {
    let sha256 = Sha256Hex(sha256_hex(bytes));
    let size = bytes.len() as u64;
    let bytes = Bytes::from_static(bytes);
    let piece = Piece { device, sha256: sha256.clone(), size, offset: None, bytes };
    match state.blobs.append(piece).await.map_err(|e| ApiError::fault("attachments", e))? {
        Appended::Whole { kind, size } => {
            store::note(&state.db, &sha256, kind, size, Some(Actor::system().user), at).await?;
            Ok(())
        }
        _ => Err(ApiError::fault("attachments", "an imported picture is not whole")),
    }
}
