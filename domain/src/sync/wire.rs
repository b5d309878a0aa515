//! Bodies of the sync endpoints.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::record::Scope;
use crate::actor::{Actor, Right};
use crate::id::{DeviceId, ProjectId, UserId};
use crate::modules::RecordKind;
use crate::time::Ms;

/// Limits of one push.
pub const MAX_PUSH_COMMANDS: usize = 500;
pub const MAX_PUSH_BYTES: usize = 4 * 1024 * 1024;
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// `POST /api/v1/session`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    pub account: String,
    pub password: String,
    pub device: DeviceInfo,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    pub id: DeviceId,
    pub name: String,
}

/// `POST /api/v1/session/device`: the phone's store goes on as another device, because the numbers of
/// the session's are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterDevice {
    /// Whose store it is; never another than the session's user.
    pub user: UserId,
    pub device: DeviceInfo,
}

/// Answer to sign-in and to `GET /api/v1/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub actor: Actor,
    pub account: String,
    pub device: DeviceInfo,
    pub scopes: Vec<ScopeInfo>,
    pub rights: Vec<Right>,
    pub server_time: Ms,
    pub min_client: u32,
    pub company: String,
    /// The site's public key for checkpoint codes: P-256, uncompressed SEC1, base64url.
    pub code_key: String,
    /// Shown on sign-in pages and prints of a demo company.
    #[serde(default)]
    pub demo: bool,
    /// Somebody else chose the password: nothing but choosing another is answered before that.
    #[serde(default)]
    pub must_change_password: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeInfo {
    pub scope: Scope,
    pub project: Option<ProjectId>,
    pub name: String,
}

/// `POST /api/v1/sync/push`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PushRequest {
    pub protocol: u32,
    pub scope: Scope,
    pub device: DeviceId,
    /// Whose outbox this is; never another than the session's user.
    pub user: UserId,
    /// Build of the app; programs of others leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<u32>,
    /// The device no longer has what lies between the number the server expects and this one (a
    /// restore from a backup older than its journal): take it from here and report the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_from: Option<u64>,
    /// Commands that wait on the device behind these, in all scopes together. With 0 everything that
    /// was recorded there has arrived once this push is answered; programs of others leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u64>,
    /// `Envelope`s, each kept raw so that one that cannot be read still gets an outcome.
    pub commands: Vec<Box<RawValue>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PushResponse {
    pub epoch: Uuid,
    /// `Outcome`s in the order of the commands, byte for byte as stored.
    pub outcomes: Vec<Box<RawValue>>,
    pub head: u64,
    pub server_time: Ms,
}

/// `GET /api/v1/sync/pull?scope=…&cursor=…`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PullResponse {
    pub epoch: Uuid,
    /// Opaque; send it back for the next page.
    pub cursor: String,
    /// True on the first page of a fresh snapshot: fill a shadow store from here.
    #[serde(default)]
    pub reset: bool,
    /// This page belongs to a snapshot that is still being filled.
    #[serde(default)]
    pub snapshot: bool,
    /// More pages follow at once.
    pub more: bool,
    pub head: u64,
    /// Everything up to here survives the loss of the server's disk.
    pub backup_seq: u64,
    pub server_time: Ms,
    /// On the page that ends a pull, to readers who asked (`check`): what they now hold of the scope
    /// (`checksum::Checksum`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    pub rows: Vec<Row>,
}

/// One record, or its absence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Row {
    #[serde(rename = "k")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: RecordKind,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: Uuid,
    /// Sequence of its last change.
    #[serde(rename = "s")]
    pub seq: u64,
    /// Absent: the record left this reader's view.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub body: Option<Box<RawValue>>,
}

/// An SSE event's data on `GET /api/v1/events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadEvent {
    pub scope: Scope,
    pub head: u64,
}

/// Every error body of the API: `{"error":{"code":…,"params":{…},"request_id":…}}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorDetail {
    #[serde(flatten)]
    pub refusal: crate::Refusal,
    /// With `sync.gap`: the next `n` the server takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
