//! Bytes of photos, signatures and voice notes: named, kept with their command, shown.

use domain::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use domain::sync::client::{LocalStore, NewBlob};
use js_sys::{Array, ArrayBuffer, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, BlobPropertyBag, Url};

use super::page;
use crate::app_context::App;

/// Something captured that goes into a form: the reference for the command, the bytes for `send`,
/// and an address under which the page shows it meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    pub attachment: Attachment,
    pub bytes: Vec<u8>,
    /// Object URL; given back by `release`.
    pub url: String,
}

impl Captured {
    /// Names the bytes by their hash.
    pub async fn new(
        bytes: Vec<u8>,
        mime: &str,
        role: AttachmentRole,
        at: domain::Ms,
    ) -> Result<Self, JsValue> {
        let sha256 = sha256(&bytes).await?;
        let url = object_url(&bytes, mime)?;
        let size = bytes.len() as u64;
        let attachment = Attachment { sha256, mime: mime.to_owned(), size, role, at };
        Ok(Self { attachment, bytes, url })
    }

    pub fn blob(&self) -> NewBlob {
        NewBlob {
            sha256: self.attachment.sha256.clone(),
            mime: self.attachment.mime.clone(),
            bytes: self.bytes.clone(),
        }
    }

    /// Frees what the page no longer shows.
    pub fn release(&self) {
        let _ = Url::revoke_object_url(&self.url);
    }
}

/// For `send`: the bytes of everything captured.
pub fn blobs_of(captured: &[Captured]) -> Vec<NewBlob> {
    captured.iter().map(Captured::blob).collect()
}

/// For a command: the references to everything captured.
pub fn attachments_of(captured: &[Captured]) -> Vec<Attachment> {
    captured.iter().map(|captured| captured.attachment.clone()).collect()
}

pub async fn sha256(bytes: &[u8]) -> Result<Sha256Hex, JsValue> {
    // On plain http (other than localhost) browsers offer no WebCrypto, and no service worker
    // either: such an installation cannot work offline anyway.
    let subtle = page::window().crypto()?.subtle();
    let data = Uint8Array::from(bytes);
    let promise = subtle.digest_with_str_and_buffer_source("SHA-256", &data)?;
    let digest: ArrayBuffer = JsFuture::from(promise).await?.dyn_into()?;
    let digest = Uint8Array::new(&digest).to_vec();
    Ok(Sha256Hex(digest.iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]).collect()))
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0')
}

pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > group.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

/// base64url, with or without padding.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// The bytes of a browser's blob.
pub async fn bytes_of(blob: &Blob) -> Result<Vec<u8>, JsValue> {
    let buffer: ArrayBuffer = JsFuture::from(blob.array_buffer()).await?.dyn_into()?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

fn object_url(bytes: &[u8], mime: &str) -> Result<String, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options)?;
    Url::create_object_url_with_blob(&blob)
}

impl App {
    /// An address under which an attachment can be shown: from this phone while its bytes are here,
    /// else from the server. Empty until that is known. Call it in a component: the address is freed
    /// with it.
    pub fn blob_url(self, attachment: &Attachment) -> Signal<String> {
        let url = RwSignal::new(String::new());
        let local = StoredValue::new(false);
        let (sha256, mime) = (attachment.sha256.clone(), attachment.mime.clone());
        spawn_local(async move {
            let bytes = match self.core() {
                Some(core) => core.engine.store.blob_bytes(&sha256).await.ok().flatten(),
                None => None,
            };
            let made = bytes.and_then(|bytes| object_url(&bytes, &mime).ok());
            let is_local = made.is_some();
            let address = made.unwrap_or_else(|| format!("/api/v1/blobs/{}", sha256.0));
            if let Some(unused) = url.try_set(address) {
                let _ = Url::revoke_object_url(&unused);
            } else {
                local.try_set_value(is_local);
            }
        });
        on_cleanup(move || {
            if local.try_get_value() == Some(true)
                && let Some(url) = url.try_get_untracked()
            {
                let _ = Url::revoke_object_url(&url);
            }
        });
        url.into()
    }

    /// How many of these attachments have arrived on the server: "2 of 3 photos". Tracked.
    pub fn arrived(self, attachments: &[Attachment]) -> usize {
        use domain::modules::RecordKind;
        use domain::modules::attachments::BlobArrival;
        self.track(&[RecordKind::BlobArrival]);
        let Some(project) = self.project() else { return 0 };
        let scope = domain::sync::record::Scope::Project(project);
        self.with_replica(|replica| {
            let arrived = |a: &&Attachment| {
                replica.get::<BlobArrival>(BlobArrival::id_of(scope, &a.sha256)).is_some()
            };
            attachments.iter().filter(arrived).count()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_of_a_key_is_read_and_other_signs_are_not() {
        assert_eq!(from_base64url("Zm9vYg"), Some(b"foob".to_vec()));
        assert_eq!(from_base64url("-_8="), Some(vec![0xfb, 0xff]));
        assert_eq!(from_base64url("Zm 9"), None);
    }

    #[test]
    fn exported_photos_can_be_read_by_anybody() {
        let encoded = ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }
}
