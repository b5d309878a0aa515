//! `domain`'s transport on fetch.

use domain::id::DeviceId;
use domain::modules::attachments::Sha256Hex;
use domain::refusal::CommonCode;
use domain::sync::client::{Blob, BlobAt, PullAsk, Transport, TransportError};
use domain::sync::record::Scope;
use domain::sync::wire::{ErrorBody, PullResponse, PushRequest, PushResponse};
use domain::{Ms, Refusal};

use super::http::{self, Answer, Body, ask, ask_any};

/// Names the scope that needs an attachment.
const SCOPE: &str = "x-guanjia-scope";

/// Names the device: the server refuses it when the session's cookie, which all tabs share, has
/// become another user's.
pub const DEVICE: &str = "x-guanjia-device";

/// Repeats the stable code of a refusal.
const CODE: &str = "x-guanjia-code";

/// The server that the page came from, in the name of one device.
#[derive(Clone, Debug)]
pub struct Fetch {
    device: String,
}

impl Fetch {
    pub fn of_device(device: DeviceId) -> Self {
        Self { device: device.to_string() }
    }
}

fn garbled(error: &serde_json::Error) -> TransportError {
    TransportError::Garbled(error.to_string())
}

fn measured(answer: &Answer, server_time: Ms) {
    http::measure(server_time, answer.sent_at, answer.received_at);
}

fn blob_path(sha256: &Sha256Hex) -> String {
    format!("/api/v1/blobs/{}", sha256.0)
}

/// Where an upload stands, from the headers of an answer.
fn blob_at(answer: &Answer) -> Result<BlobAt, TransportError> {
    let number = |name| answer.header(name).and_then(|text| text.trim().parse::<u64>().ok());
    match (number("upload-offset"), number("upload-length")) {
        (Some(offset), Some(length)) => Ok(BlobAt { offset, complete: offset == length }),
        _ => Err(TransportError::Garbled("no upload-offset".into())),
    }
}

/// The offset that the server wants, when it was asked to go on from another one: a piece that
/// arrived although its answer was lost.
fn expected_offset(answer: &Answer) -> Option<u64> {
    let body: ErrorBody = domain::json::from_str(&answer.text).ok()?;
    body.error.expected.filter(|_| body.error.refusal.is(CommonCode::BlobOffset))
}

impl Transport for Fetch {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, TransportError> {
        let body = serde_json::to_string(request).map_err(|error| garbled(&error))?;
        let headers = [(DEVICE, self.device.as_str())];
        let answer = ask("POST", "/api/v1/sync/push", Body::Json(&body), &headers).await?;
        let response: PushResponse =
            domain::json::from_str(&answer.text).map_err(|error| garbled(&error))?;
        measured(&answer, response.server_time);
        Ok(response)
    }

    async fn pull(&self, pull: &PullAsk) -> Result<PullResponse, TransportError> {
        let PullAsk { scope, waiting, .. } = pull;
        let mut path = format!("/api/v1/sync/pull?scope={scope}&waiting={waiting}");
        if let Some(offset) = http::clock_offset() {
            path.push_str(&format!("&offset={offset}"));
        }
        for (wanted, name) in [(pull.check, "&check=true"), (pull.repair, "&repair=true")] {
            if wanted {
                path.push_str(name);
            }
        }
        if let Some(cursor) = &pull.cursor {
            path.push_str("&cursor=");
            path.push_str(&String::from(js_sys::encode_uri_component(cursor)));
        }
        let headers = [(DEVICE, self.device.as_str())];
        let answer = ask("GET", &path, Body::None, &headers).await?;
        let response: PullResponse =
            domain::json::from_str(&answer.text).map_err(|error| garbled(&error))?;
        measured(&answer, response.server_time);
        Ok(response)
    }

    async fn blob_offset(
        &self,
        scope: Scope,
        sha256: &Sha256Hex,
    ) -> Result<BlobAt, TransportError> {
        let scope = scope.to_string();
        let headers = [(SCOPE, scope.as_str()), (DEVICE, self.device.as_str())];
        let answer = ask_any("HEAD", &blob_path(sha256), Body::None, &headers).await?;
        // Nothing has arrived.
        if answer.status == 404 {
            return Ok(BlobAt { offset: 0, complete: false });
        }
        // Answers to HEAD have no body to say more in; the code is in a header too.
        match answer.header(CODE) {
            Some(code) if [403, 409].contains(&answer.status) => {
                Err(TransportError::Refused(Refusal::of_code(code)))
            }
            _ => blob_at(&answer.into_ok()?),
        }
    }

    async fn blob_put(
        &self,
        blob: &Blob,
        offset: u64,
        bytes: &[u8],
    ) -> Result<BlobAt, TransportError> {
        let (from, size) = (offset.to_string(), blob.size.to_string());
        let scope = blob.scope.to_string();
        let headers = [
            ("content-type", "application/octet-stream"),
            ("upload-offset", from.as_str()),
            ("upload-length", size.as_str()),
            (SCOPE, scope.as_str()),
            (DEVICE, self.device.as_str()),
        ];
        let path = blob_path(&blob.sha256);
        let answer = ask_any("PATCH", &path, Body::Bytes(bytes), &headers).await?;
        match expected_offset(&answer) {
            Some(expected) if expected != offset => {
                Ok(BlobAt { offset: expected, complete: false })
            }
            _ => blob_at(&answer.into_ok()?),
        }
    }
}
