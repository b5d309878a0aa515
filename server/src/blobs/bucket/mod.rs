//! Attachments in a store that speaks S3: `<aa>/<sha256>` for whole ones, as in the folder; pieces of
//! those on their way as `partial/<device>/<sha256>/<size>/<offset>`.
//!
//! Pieces lie in the store and not on a node's disk, so that an upload goes on wherever the phone
//! comes next. The store's own multipart uploads were rejected: their parts have 5 MiB at least, and
//! most phones never send that much. What has come is what follows from the start without a gap; a
//! piece that was doubled or overtaken can at worst spoil the whole, whose hash then says so.

mod open;

use std::fmt;
use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use domain::Ms;
use domain::id::DeviceId;
use domain::modules::attachments::Sha256Hex;
use domain::sync::batch::sha256_hex;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
};

use super::kind::BlobKind;
use super::rendition::rendition;
use super::upload::{Appended, HEAD, Partial, Piece, UNFINISHED};

/// Whole attachments, small pictures made of them, uploads on their way, and what nobody named.
const PARTIAL: &str = "partial";
const REMOVED: &str = "removed";
const THUMB: &str = "thumb";

/// The store.
#[derive(Clone)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    root: Path,
    shown: String,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.shown).finish()
    }
}

fn other(error: Error) -> io::Error {
    io::Error::other(error)
}

/// `None` for what is not there.
fn there<T>(result: object_store::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(other(error)),
    }
}

fn at(meta: &ObjectMeta) -> Ms {
    Ms(meta.last_modified.timestamp_millis())
}

impl Bucket {
    fn place(&self, sha256: &Sha256Hex) -> Path {
        self.root.clone().join(&sha256.0[..2]).join(sha256.0.as_str())
    }

    fn beside(&self, folder: &'static str, sha256: &Sha256Hex) -> Path {
        self.root.clone().join(folder).join(&sha256.0[..2]).join(sha256.0.as_str())
    }

    fn of_upload(&self, device: DeviceId, sha256: &Sha256Hex) -> Path {
        self.root.clone().join(PARTIAL).join(device.to_string()).join(sha256.0.as_str())
    }

    /// The kind and size of a whole attachment. One that was laid aside comes back.
    pub async fn find(&self, sha256: &Sha256Hex) -> io::Result<Option<(BlobKind, u64)>> {
        let found = self.look(sha256).await?;
        if found.is_none() && self.put_back(sha256).await? {
            return self.look(sha256).await;
        }
        Ok(found)
    }

    async fn look(&self, sha256: &Sha256Hex) -> io::Result<Option<(BlobKind, u64)>> {
        let head = GetOptions { range: Some(GetRange::Bounded(0..HEAD)), ..GetOptions::default() };
        let Some(found) = there(self.store.get_opts(&self.place(sha256), head).await)? else {
            return Ok(None);
        };
        let size = found.meta.size;
        let head = found.bytes().await.map_err(other)?;
        Ok(BlobKind::sniff(&head).map(|kind| (kind, size)))
    }

    async fn get(&self, place: &Path) -> io::Result<Option<Bytes>> {
        match there(self.store.get(place).await)? {
            Some(found) => there(found.bytes().await),
            None => Ok(None),
        }
    }

    /// The bytes of a whole attachment.
    pub async fn read(&self, sha256: &Sha256Hex) -> io::Result<Option<Bytes>> {
        if let Some(bytes) = self.get(&self.place(sha256)).await? {
            return Ok(Some(bytes));
        }
        if self.put_back(sha256).await? { self.get(&self.place(sha256)).await } else { Ok(None) }
    }

    pub async fn thumb(&self, sha256: &Sha256Hex) -> io::Result<Option<Bytes>> {
        self.get(&self.beside(THUMB, sha256)).await
    }

    pub async fn keep_thumb(&self, sha256: &Sha256Hex, bytes: Bytes) -> io::Result<()> {
        let place = self.beside(THUMB, sha256);
        self.store.put(&place, bytes.into()).await.map(drop).map_err(other)
    }

    /// Pieces of an upload, each with where it begins and ends, and the size of the whole: those that
    /// follow each other from the start.
    async fn pieces(
        &self,
        device: DeviceId,
        sha256: &Sha256Hex,
    ) -> io::Result<Option<(u64, Vec<(Path, u64)>)>> {
        let folder = self.of_upload(device, sha256);
        let mut pieces: Vec<ObjectMeta> =
            self.store.list(Some(&folder)).try_collect().await.map_err(other)?;
        pieces.sort_by(|a, b| a.location.cmp(&b.location));
        let mut found: Option<(u64, Vec<(Path, u64)>)> = None;
        for piece in pieces {
            let parts: Vec<_> = piece.location.parts().collect();
            let [.., size, offset] = parts.as_slice() else { continue };
            let (Ok(size), Ok(offset)) =
                (size.as_ref().parse::<u64>(), offset.as_ref().parse::<u64>())
            else {
                continue;
            };
            let (whole, before) = found.get_or_insert_with(|| (size, Vec::new()));
            let received = before.last().map_or(0, |(_, end)| *end);
            if *whole == size && offset == received {
                before.push((piece.location, offset + piece.size));
            }
        }
        Ok(found)
    }

    /// How far a device has come with an upload.
    pub async fn progress(
        &self,
        device: DeviceId,
        sha256: &Sha256Hex,
    ) -> io::Result<Option<Appended>> {
        let Some((size, pieces)) = self.pieces(device, sha256).await? else { return Ok(None) };
        let received = pieces.last().map_or(0, |(_, end)| *end);
        Ok((received < size).then_some(Appended::Partial(Partial { received, size })))
    }

    /// Takes a piece; after the last one the attachment is checked and put in its place.
    pub async fn append(&self, piece: &Piece) -> io::Result<Appended> {
        let Piece { device, sha256, size, offset, bytes } = piece;
        let (device, size, length) = (*device, *size, bytes.len() as u64);
        if offset.is_none_or(|offset| offset == 0) && length == size {
            return self.finish(device, sha256, bytes.clone()).await;
        }
        let mut before = self.pieces(device, sha256).await?;
        // Begun anew, or begun with another size: what is there leads nowhere.
        if offset.is_none() || before.as_ref().is_some_and(|(whole, _)| *whole != size) {
            self.forget_upload(device, sha256).await?;
            before = None;
        }
        let before = before.map(|(_, pieces)| pieces).unwrap_or_default();
        let received = before.last().map_or(0, |(_, end)| *end);
        if offset.is_some_and(|offset| offset != received) {
            return Ok(Appended::WrongOffset { received });
        }
        if received + length < size {
            if before.is_empty() && self.unfinished(device).await? >= UNFINISHED {
                return Ok(Appended::TooMany);
            }
            if length > 0 {
                let place = self.of_upload(device, sha256).join(size.to_string());
                let place = place.join(format!("{received:010}"));
                self.store.put(&place, bytes.clone().into()).await.map_err(other)?;
            }
            return Ok(Appended::Partial(Partial { received: received + length, size }));
        }
        let mut whole = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        for (place, _) in &before {
            match self.get(place).await? {
                Some(bytes) => whole.extend_from_slice(&bytes),
                // Another request has just finished the attachment, or thrown it away.
                None => return self.overtaken(device, sha256).await,
            }
        }
        whole.extend_from_slice(bytes);
        self.finish(device, sha256, whole.into()).await
    }

    async fn overtaken(&self, device: DeviceId, sha256: &Sha256Hex) -> io::Result<Appended> {
        if let Some((kind, size)) = self.find(sha256).await? {
            return Ok(Appended::Whole { kind, size });
        }
        let left = self.pieces(device, sha256).await?;
        let received = left.and_then(|(_, pieces)| Some(pieces.last()?.1)).unwrap_or(0);
        Ok(Appended::WrongOffset { received })
    }

    async fn finish(
        &self,
        device: DeviceId,
        sha256: &Sha256Hex,
        bytes: Bytes,
    ) -> io::Result<Appended> {
        if sha256_hex(&bytes) != sha256.0 {
            self.forget_upload(device, sha256).await?;
            return Ok(Appended::HashMismatch);
        }
        let kind = BlobKind::sniff(&bytes).filter(|kind| rendition(*kind, &bytes).is_some());
        let Some(kind) = kind else {
            self.forget_upload(device, sha256).await?;
            return Ok(Appended::NotAllowed);
        };
        let size = bytes.len() as u64;
        self.put_whole(sha256, bytes).await?;
        // Whole by now: what is left of the pieces goes with the next sweep.
        if let Err(error) = self.forget_upload(device, sha256).await {
            tracing::warn!(%error, "pieces of an attachment that is whole were not removed");
        }
        Ok(Appended::Whole { kind, size })
    }

    async fn put_whole(&self, sha256: &Sha256Hex, bytes: Bytes) -> io::Result<()> {
        let place = self.place(sha256);
        let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&place, bytes.clone().into(), create).await {
            Ok(_) => Ok(()),
            // Another phone was faster, and what stands there was checked as these were; or a store that was
            // asked twice at once wants to be asked again.
            Err(error @ (Error::AlreadyExists { .. } | Error::Precondition { .. })) => {
                let there = self.look(sha256).await?;
                let is_whole = there.is_some_and(|(_, size)| size == bytes.len() as u64);
                if is_whole { Ok(()) } else { Err(other(error)) }
            }
            // A store that knows no conditions: the same bytes once more do no harm.
            Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => {
                self.store.put(&place, bytes.into()).await.map(drop).map_err(other)
            }
            Err(error) => Err(other(error)),
        }
    }

    async fn forget_upload(&self, device: DeviceId, sha256: &Sha256Hex) -> io::Result<()> {
        self.remove_below(&self.of_upload(device, sha256), |_| true).await.map(drop)
    }

    async fn unfinished(&self, device: DeviceId) -> io::Result<usize> {
        let folder = self.root.clone().join(PARTIAL).join(device.to_string());
        let listed = self.store.list_with_delimiter(Some(&folder)).await.map_err(other)?;
        Ok(listed.common_prefixes.len())
    }

    async fn remove_below(
        &self,
        folder: &Path,
        goes: impl Fn(&ObjectMeta) -> bool,
    ) -> io::Result<usize> {
        let mut listed = self.store.list(Some(folder));
        let mut removed = 0;
        while let Some(object) = listed.next().await {
            let object = object.map_err(other)?;
            if goes(&object) {
                there(self.store.delete(&object.location).await)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes pieces that came before then.
    pub async fn sweep(&self, before: Ms) -> io::Result<usize> {
        self.remove_below(&self.root.clone().join(PARTIAL), |piece| at(piece) < before).await
    }

    /// Every whole attachment.
    pub async fn list(&self) -> io::Result<Vec<Sha256Hex>> {
        let depth = self.root.parts().count() + 2;
        let listed = self.store.list(Some(&self.root)).try_filter_map(|object| {
            let whole = object.location.parts().count() == depth;
            let sha256 = object.location.filename().map(|name| Sha256Hex(name.to_owned()));
            futures::future::ok(sha256.filter(|sha256| whole && sha256.is_valid()))
        });
        listed.try_collect().await.map_err(other)
    }

    /// Takes an attachment out of its place, for a while.
    pub async fn set_aside(&self, sha256: &Sha256Hex) -> io::Result<()> {
        let place = self.place(sha256);
        if there(self.store.copy(&place, &self.beside(REMOVED, sha256)).await)?.is_some() {
            there(self.store.delete(&place).await)?;
        }
        Ok(())
    }

    /// `false`: it was not aside.
    pub async fn put_back(&self, sha256: &Sha256Hex) -> io::Result<bool> {
        let aside = self.beside(REMOVED, sha256);
        // Asked first: not every store says of a copy that its source is not there.
        if there(self.store.head(&aside).await)?.is_none() {
            return Ok(false);
        }
        if there(self.store.copy(&aside, &self.place(sha256)).await)?.is_none() {
            return Ok(false);
        }
        there(self.store.delete(&aside).await)?;
        Ok(true)
    }

    /// What lies aside, and since when.
    pub async fn aside(&self) -> io::Result<Vec<(Sha256Hex, Ms)>> {
        let folder = self.root.clone().join(REMOVED);
        let listed: Vec<ObjectMeta> =
            self.store.list(Some(&folder)).try_collect().await.map_err(other)?;
        let named = listed.iter().filter_map(|object| {
            let sha256 = Sha256Hex(object.location.filename()?.to_owned());
            sha256.is_valid().then(|| (sha256, at(object)))
        });
        Ok(named.collect())
    }

    /// Removes what lies aside for good, with its small picture.
    pub async fn purge(&self, sha256: &Sha256Hex) -> io::Result<()> {
        there(self.store.delete(&self.beside(THUMB, sha256)).await)?;
        there(self.store.delete(&self.beside(REMOVED, sha256)).await).map(drop)
    }
}
