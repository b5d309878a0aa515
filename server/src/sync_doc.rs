//! The sync endpoints as `/api/openapi.json` describes them. See docs/sync-protocol.md for what they
//! promise.

// Only the descriptions are used: the handlers are in `sync`, which need not know of OpenAPI.
#![allow(dead_code)]

use utoipa::OpenApi;

use crate::openapi::{ErrorEnvelope, PulledBody, PushBody, PushedBody};

#[utoipa::path(post, path = "/api/v1/sync/push", tag = "sync",
    request_body = PushBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "Every command has an outcome", body = PushedBody),
        (status = 409, description = "`sync.gap` with the expected number, or `sync.number_reused`", body = ErrorEnvelope),
        (status = 413, description = "Too many commands or bytes", body = ErrorEnvelope),
    ))]
fn push() {}

#[utoipa::path(get, path = "/api/v1/sync/pull", tag = "sync",
    params(
        ("scope" = String, Query, description = "`company`, or a project's id"),
        ("cursor" = Option<String>, Query, description = "From the last answer; without it a snapshot begins"),
        ("waiting" = Option<u64>, Query, description = "Commands that the device has not sent yet, in all scopes; with 0 a pull without `more` is the device's last sync"),
        ("offset" = Option<i64>, Query, description = "Server time minus device time in ms, as the device measured it"),
        ("check" = Option<bool>, Query, description = "A `checksum` is wanted with the page that ends the pull; ask once a day and after a snapshot"),
        ("repair" = Option<bool>, Query, description = "The last `checksum` did not match: a snapshot is wanted whatever the cursor says, and the server counts it"),
    ),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of records", body = PulledBody),
        (status = 400, description = "`sync.bad_cursor`", body = ErrorEnvelope),
    ))]
fn pull() {}

#[utoipa::path(get, path = "/api/v1/events", tag = "sync",
    params(("device" = Option<String>, Query, description = "As `x-guanjia-device`, which an `EventSource` cannot send")),
    security(("session" = [])),
    responses((status = 200, content_type = "text/event-stream",
        description = "An event `{scope, head}` whenever a scope's log has grown, and an event `beat` every 25 s")))]
fn events() {}

#[derive(OpenApi)]
#[openapi(paths(push, pull, events))]
struct Doc;

pub fn doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}
