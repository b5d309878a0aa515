//! The outbox page's side: what is queued, what needs a person, and what one can do about it.

use domain::id::OpId;
use domain::modules::Command;
use domain::modules::attachments::Sha256Hex;
use domain::order;
use domain::refusal::CommonCode;
use domain::sync::client::{
    AttentionEntry, Blob, BlobRefusal, BlobState, JournalEntry, LocalStore, OutboxEntry, Queue,
    StoreError,
};
use domain::sync::outcome::OutcomeKind;
use domain::sync::record::Scope;
use domain::{Ms, Refusal};
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::{App, Core};
use crate::device::{blobs, page};
use crate::reactive::effect;
use crate::sync::driver;

/// Where a recorded action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// Not yet sent, or not yet answered.
    Waiting,
    /// On the server; photos are still on their way.
    Uploading,
    /// On the server; waits there for another device.
    Held,
    /// A rule said no.
    Refused,
    /// Both sides were kept; the office decides.
    Conflict,
    /// On the server, but it will not take a photo as it is.
    PhotoRefused,
}

impl OutboxState {
    pub fn needs_person(self) -> bool {
        matches!(self, Self::Refused | Self::Conflict | Self::PhotoRefused)
    }
}

/// A photo, signature or voice note of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxBlob {
    pub sha256: Sha256Hex,
    pub mime: String,
    pub size: u64,
    /// Bytes that have arrived.
    pub sent: u64,
    pub arrived: bool,
    /// The server will not take it as it is; it stays on this phone.
    pub refused: bool,
}

/// One recorded action.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxItem {
    pub op: OpId,
    pub scope: Scope,
    pub n: u64,
    /// `"<process>.<verb>"`; its words are `i18n::lookup("sync", "kind_<process>_<verb>")`.
    pub kind: String,
    /// For a label; absent for a command of a newer build.
    pub command: Option<Command>,
    /// When the person acted, by the corrected clock.
    pub at: Ms,
    pub state: OutboxState,
    /// Why it was refused, is in conflict or waits.
    pub reason: Option<Refusal>,
    pub blobs: Vec<OutboxBlob>,
}

fn item(
    entry: &OutboxEntry,
    state: OutboxState,
    reason: Option<Refusal>,
    blobs: &[Blob],
) -> OutboxItem {
    let own = blobs.iter().filter(|blob| entry.blobs.contains(&blob.sha256));
    OutboxItem {
        op: entry.op,
        scope: entry.scope,
        n: entry.n,
        kind: entry.kind.clone(),
        command: Command::decode(&entry.kind, 1, &entry.payload).and_then(Result::ok),
        at: entry.at_device.plus(entry.offset.unwrap_or(0)),
        state,
        reason,
        blobs: own
            .map(|blob| OutboxBlob {
                sha256: blob.sha256.clone(),
                mime: blob.mime.clone(),
                size: blob.size,
                sent: blob.sent,
                arrived: blob.state == BlobState::Confirmed,
                refused: blob.refused.is_some() && blob.state != BlobState::Confirmed,
            })
            .collect(),
    }
}

/// What a person may want to see of a queue: first what needs them, then by time.
fn items_of(queue: &Queue, blobs: &[Blob]) -> Vec<OutboxItem> {
    let attention = queue.attention.iter().map(|stored: &AttentionEntry| {
        let state = match stored.outcome.outcome {
            OutcomeKind::Conflict => OutboxState::Conflict,
            _ => OutboxState::Refused,
        };
        item(&stored.entry, state, stored.outcome.reason.clone(), blobs)
    });
    let seen = |entry: &OutboxEntry| queue.attention.iter().any(|a| a.entry.op == entry.op);
    let waiting = queue.outbox.iter().filter(|entry| !seen(entry));
    let waiting = waiting.map(|entry| item(entry, OutboxState::Waiting, None, blobs));
    let answered = queue.journal.iter().filter(|stored| !seen(&stored.entry));
    let answered = answered.filter_map(|stored: &JournalEntry| {
        let reason = stored.outcome.reason.clone();
        if stored.outcome.outcome == OutcomeKind::Held {
            return Some(item(&stored.entry, OutboxState::Held, reason, blobs));
        }
        let own = |blob: &&Blob| stored.entry.blobs.contains(&blob.sha256);
        if let Some(blob) = blobs.iter().filter(own).find(|blob| blob.needs_attention()) {
            let reason = blob.refused.as_ref().map(|refused| refused.reason.clone());
            return Some(item(&stored.entry, OutboxState::PhotoRefused, reason, blobs));
        }
        let on_its_way = blobs.iter().filter(own).any(Blob::is_on_its_way);
        on_its_way.then(|| item(&stored.entry, OutboxState::Uploading, None, blobs))
    });
    let mut items: Vec<OutboxItem> = attention.chain(waiting).chain(answered).collect();
    order::sort_by_key(&mut items, |item| (!item.state.needs_person(), item.at, item.n));
    items
}

impl Core {
    async fn outbox(&self) -> Result<Vec<OutboxItem>, StoreError> {
        let blobs = self.engine.store.blobs().await?;
        let mut items = Vec::new();
        for scope in self.scopes() {
            items.extend(items_of(&self.engine.store.queue(scope).await?, &blobs));
        }
        Ok(items)
    }

    /// The photos of an action that the server does not take.
    async fn refused_blobs(&self, entry: &OutboxEntry) -> Result<Vec<Blob>, StoreError> {
        let blobs = self.engine.store.blobs().await?.into_iter();
        let own = blobs.filter(|blob| entry.blobs.contains(&blob.sha256));
        Ok(own
            .filter(|blob| blob.refused.is_some() && blob.state != BlobState::Confirmed)
            .collect())
    }

    async fn entry(&self, op: OpId) -> Result<Option<OutboxEntry>, StoreError> {
        for scope in self.scopes() {
            let queue = self.engine.store.queue(scope).await?;
            let attention = queue.attention.into_iter().map(|stored| stored.entry);
            let journal = queue.journal.into_iter().map(|stored| stored.entry);
            let mut all = attention.chain(queue.outbox).chain(journal);
            if let Some(found) = all.find(|entry| entry.op == op) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn storage(error: StoreError) -> Refusal {
    match error {
        StoreError::QuotaFull => Refusal::new(CommonCode::QuotaFull),
        other => Refusal::new(CommonCode::StorageFailed).with("why", other),
    }
}

impl App {
    /// Everything that is queued or needs a person; `None` while it is being read.
    pub fn outbox(self) -> Signal<Option<Vec<OutboxItem>>> {
        let items = RwSignal::new(None);
        let session = self.session();
        effect(move || {
            self.queue.track();
            session.track();
            let core = self.core();
            spawn_local(async move {
                let read = match core {
                    Some(core) => core.outbox().await,
                    None => Ok(Vec::new()),
                };
                // After an error the list stays as it was; the next change reads it again.
                if let Ok(read) = read {
                    items.try_set(Some(read));
                }
            });
        });
        items.into()
    }

    /// Tries to send now.
    pub fn sync_now(self) {
        driver::sync_now();
    }

    /// A person has dealt with it: it leaves the phone, the server keeps it in its quarantine. Photos
    /// that the server does not take stay on the phone, for there is no other copy; they are only not
    /// raised any more.
    pub async fn dismiss(self, op: OpId) -> Result<(), Refusal> {
        let Some(core) = self.core() else { return Ok(()) };
        let Some(entry) = core.entry(op).await.map_err(storage)? else { return Ok(()) };
        core.engine.dismiss(entry.scope, op).await.map_err(storage)?;
        for blob in core.refused_blobs(&entry).await.map_err(storage)? {
            let seen = blob.refused.map(|refused| BlobRefusal { dealt_with: true, ..refused });
            core.engine.store.blob_refused(&blob.sha256, seen).await.map_err(storage)?;
        }
        driver::recorded(self);
        self.notify_queue();
        Ok(())
    }

    /// Sends a refused action again as a new one, as it is: the reason may be gone by now. To change
    /// it first, open its form with what `OutboxItem::command` holds, `send` that, then `dismiss`.
    pub async fn resend(self, op: OpId) -> Result<(), Refusal> {
        let Some(core) = self.core() else { return Ok(()) };
        let Some(entry) = core.entry(op).await.map_err(storage)? else { return Ok(()) };
        let Some(Ok(command)) = Command::decode(&entry.kind, 1, &entry.payload) else {
            return Err(Refusal::new(CommonCode::ClientTooOld));
        };
        self.send(vec![command], Vec::new(), None).await?;
        self.dismiss(op).await
    }

    /// Sends the photos of an action again that the server did not take: it may take them by now.
    pub async fn resend_photos(self, op: OpId) -> Result<(), Refusal> {
        let Some(core) = self.core() else { return Ok(()) };
        let Some(entry) = core.entry(op).await.map_err(storage)? else { return Ok(()) };
        for blob in core.refused_blobs(&entry).await.map_err(storage)? {
            core.engine.store.blob_refused(&blob.sha256, None).await.map_err(storage)?;
        }
        driver::recorded(self);
        self.notify_queue();
        Ok(())
    }

    /// Offers everything unsent and everything that needs a person as one file: commands as they
    /// are, photos in base64.
    pub async fn export_unsent(self) -> Result<(), Refusal> {
        let Some(core) = self.core() else { return Ok(()) };
        let parts = export_parts(&core, self.instant()).await.map_err(storage)?;
        let date = self.settings.with_untracked(|s| s.zone.date(self.instant()));
        let failed = |error: JsValue| {
            Refusal::new(CommonCode::StorageFailed).with("why", page::describe(&error))
        };
        page::download(&format!("guanjia-{date}.json"), "application/json", &parts).map_err(failed)
    }
}

/// The file in parts, so that hundreds of photos need not be one text in memory.
async fn export_parts(core: &Core, at: Ms) -> Result<Array, StoreError> {
    let text = |value: &serde_json::Value| JsValue::from_str(&value.to_string());
    let (user, device) = core.with_replica(|r| (r.actor().user, r.device()));
    let mut commands = Vec::new();
    for scope in core.scopes() {
        let queue = core.engine.store.queue(scope).await?;
        commands.extend(queue.outbox.iter().map(|entry| serde_json::json!(entry)));
        commands.extend(queue.attention.iter().map(|entry| serde_json::json!(entry)));
        // What is on the server already, but not with all its photos.
        for stored in &queue.journal {
            if !core.refused_blobs(&stored.entry).await?.is_empty() {
                commands.push(serde_json::json!(stored));
            }
        }
    }
    let parts = Array::new();
    let head = serde_json::json!({
        "format": "guanjia-unsent", "version": 1, "user": user, "device": device, "exported_at": at,
        "commands": commands,
    });
    let head = head.to_string();
    parts.push(&JsValue::from_str(head.strip_suffix("}").unwrap_or(&head)));
    parts.push(&JsValue::from_str(",\"blobs\":["));
    let mut first = true;
    for blob in core.engine.store.blobs().await? {
        if blob.state == BlobState::Confirmed {
            continue;
        }
        let Some(bytes) = core.engine.store.blob_bytes(&blob.sha256).await? else { continue };
        if !std::mem::take(&mut first) {
            parts.push(&JsValue::from_str(","));
        }
        let sha256 = blob.sha256;
        parts.push(&text(&serde_json::json!({
            "sha256": sha256, "mime": blob.mime, "base64": blobs::base64(&bytes),
        })));
    }
    parts.push(&JsValue::from_str("]}"));
    Ok(parts)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
