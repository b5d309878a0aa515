//! Attachments: photos, signatures and voice notes, named by the SHA-256 of their bytes.
//!
//! The command that names one travels on its own, before or after the bytes. Bytes come in pieces
//! that are appended to a file of the device (`disk`); once they are whole, have the right hash and
//! are of a kind that is kept, they are immutable, and every scope that names them is told
//! (`arrivals`). Readers get a rendition without what the camera wrote beside the picture.

mod access;
pub mod arrivals;
mod disk;
pub mod files;
mod kind;
mod rendition;
mod routes;
mod store;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain::id::DeviceId;
use domain::modules::attachments::Sha256Hex;
use domain::sync::batch::sha256_hex;
use domain::{Actor, Ms};

pub use routes::{doc, routes};

use crate::error::ApiError;
use crate::state::AppState;
use disk::{Appended, Disk, Piece};

/// The folder of attachments in a data folder, and in a folder of back-ups.
pub fn folder_in(base: &Path) -> PathBuf {
    base.join("blobs")
}

/// The store of attachments.
#[derive(Clone)]
pub struct Blobs {
    disk: Disk,
}

impl Blobs {
    /// Keeps attachments below a data folder, and, where this process makes back-ups, a copy of each
    /// below theirs before it counts as arrived.
    pub fn open(data: &Path, backups: Option<&Path>) -> Result<Self, String> {
        let folder = folder_in(data);
        let secured = backups.map(folder_in);
        let disk = Disk::open(&folder, secured.as_deref())
            .map_err(|e| format!("The folder for attachments, {}: {e}.", folder.display()))?;
        Ok(Self { disk })
    }

    /// Those of the attachments whose bytes are here.
    pub async fn arrived(
        &self,
        wanted: BTreeSet<Sha256Hex>,
    ) -> std::io::Result<BTreeSet<Sha256Hex>> {
        self.disk
            .run(move |disk| {
                let mut here = BTreeSet::new();
                for sha256 in wanted {
                    if disk.find(&sha256)?.is_some() {
                        here.insert(sha256);
                    }
                }
                Ok(here)
            })
            .await
    }

    /// Removes uploads that nobody has continued since then; their bytes are still on the phones.
    pub async fn sweep(&self, untouched_since: std::time::SystemTime) -> std::io::Result<usize> {
        self.disk.run(move |disk| disk.sweep(untouched_since)).await
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
    let name = sha256.clone();
    let size = bytes.len() as u64;
    let appended = state
        .blobs
        .disk
        .run(move |disk| disk.append(&Piece { device, sha256: &name, size, offset: None, bytes }));
    match appended.await.map_err(|e| ApiError::fault("attachments", e))? {
        Appended::Whole { kind, size } => {
            store::note(&state.db, &sha256, kind, size, Actor::system().user, at).await?;
            Ok(())
        }
        _ => Err(ApiError::fault("attachments", "an imported picture is not whole")),
    }
}
