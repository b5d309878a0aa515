//! Uploading in pieces that can be resumed, and looking at attachments.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::Refusal;
use domain::modules::attachments::{AttachmentCode, MAX_BYTES, Sha256Hex};
use domain::refusal::CommonCode;
use domain::sync::Scope;
use serde::Deserialize;
use utoipa::OpenApi;

use super::range::{Wanted, wanted};
use super::upload::{Appended, Piece};
use super::{access, arrivals, store};
use crate::auth::Signed;
use crate::error::ApiError;
use crate::openapi::ErrorEnvelope;
use crate::state::AppState;

const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const SCOPE: HeaderName = HeaderName::from_static("x-guanjia-scope");

pub fn routes() -> Router<AppState> {
    let most = usize::try_from(MAX_BYTES).expect("the limit fits into memory");
    Router::new()
        .route("/api/v1/blobs/{sha256}", get(view).head(progress).put(receive).patch(receive))
        .layer(DefaultBodyLimit::max(most))
}

#[derive(OpenApi)]
#[openapi(paths(view, progress, put_doc, patch_doc))]
struct Doc;

pub fn doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

fn hash(text: String) -> Result<Sha256Hex, ApiError> {
    let sha256 = Sha256Hex(text);
    if sha256.is_valid() { Ok(sha256) } else { Err(ApiError::new(AttachmentCode::BadHash)) }
}

/// A store that is full or away is no fault of what was sent: the phone keeps it and comes again.
fn store_fault(e: std::io::Error) -> ApiError {
    if e.kind() == std::io::ErrorKind::InvalidData {
        return ApiError::fault("attachments", e);
    }
    tracing::error!(error = %e, "the store of attachments does not do what it is asked");
    ApiError::new(CommonCode::BlobStoreAway)
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    let bad = || Refusal::new(CommonCode::BadRequest).with("header", name);
    number.map(Some).ok_or_else(|| bad().into())
}

/// The scope that the sender says needs the attachment; it must be one they may see.
async fn named_scope(
    state: &AppState,
    signed: &Signed,
    headers: &HeaderMap,
) -> Result<Option<Scope>, ApiError> {
    let Some(value) = headers.get(&SCOPE) else { return Ok(None) };
    let unknown = || ApiError::new(CommonCode::UnknownScope);
    let scope: Scope = value.to_str().ok().and_then(|v| v.parse().ok()).ok_or_else(unknown)?;
    if state.sync.may_read(&signed.actor, scope).await? { Ok(Some(scope)) } else { Err(unknown()) }
}

fn offsets(received: u64, size: u64) -> [(HeaderName, HeaderValue); 2] {
    [(UPLOAD_OFFSET, received.into()), (UPLOAD_LENGTH, size.into())]
}

/// Notes a whole attachment and tells everyone who waits for it.
async fn arrived(
    state: &AppState,
    signed: &Signed,
    sha256: &Sha256Hex,
    found: (super::kind::BlobKind, u64),
    scope: Option<Scope>,
) -> Result<(), ApiError> {
    let (kind, size) = found;
    let now = state.clock.now();
    if store::note(&state.db, sha256, kind, size, Some(signed.user), now).await? {
        state.metrics.blob(size);
    }
    arrivals::tell(state, sha256, scope).await
}

/// How much of an attachment has arrived. A whole one counts for every device.
#[utoipa::path(head, path = "/api/v1/blobs/{sha256}", tag = "attachments",
    params(("sha256" = String, Path, description = "SHA-256 of the bytes, 64 lower-case hex digits")),
    security(("session" = [])),
    responses(
        (status = 200, description = "Go on at `Upload-Offset`; whole when it equals `Upload-Length`"),
        (status = 404, description = "Nothing has arrived"),
        (status = 503, description = "`blob.store_away`: come again"),
    ))]
async fn progress(
    State(state): State<AppState>,
    signed: Signed,
    Path(sha256): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sha256 = hash(sha256)?;
    let scope = named_scope(&state, &signed, &headers).await?;
    let found = state.blobs.progress(signed.device, &sha256).await.map_err(store_fault)?;
    match found {
        Some(Appended::Whole { kind, size }) => {
            arrived(&state, &signed, &sha256, (kind, size), scope).await?;
            Ok((StatusCode::OK, offsets(size, size)).into_response())
        }
        Some(Appended::Partial(partial)) => {
            Ok((StatusCode::OK, offsets(partial.received, partial.size)).into_response())
        }
        _ => Err(ApiError::new(CommonCode::BlobUnknown)),
    }
}

/// Takes bytes: all of them, or a piece. Answers 204 with how far it has come.
async fn receive(
    State(state): State<AppState>,
    signed: Signed,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let sha256 = hash(sha256)?;
    let scope = named_scope(&state, &signed, &headers).await?;
    let too_large = || Refusal::new(CommonCode::BlobTooLarge).with("max", MAX_BYTES);
    let body = body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::from(too_large())
        } else {
            // Cut off on its way: nothing of the piece is kept, `HEAD` says where to go on.
            ApiError::new(CommonCode::BadRequest)
        }
    })?;
    let offset = number(&headers, &UPLOAD_OFFSET)?;
    let length = number(&headers, &UPLOAD_LENGTH)?;
    let piece = body.len() as u64;
    let size = match (offset, length) {
        // A piece without the size of the whole could never be known to be the last.
        (Some(_), None) => return Err(ApiError::new(CommonCode::BadRequest)),
        (None, None) => piece,
        (_, Some(length)) => length,
    };
    if size > MAX_BYTES {
        return Err(too_large().into());
    }
    if size == 0 || offset.unwrap_or(0).saturating_add(piece) > size {
        return Err(ApiError::new(CommonCode::BadRequest));
    }
    let piece = Piece { device: signed.device, sha256: sha256.clone(), size, offset, bytes: body };
    let outcome = state.blobs.append(piece).await.map_err(store_fault)?;
    match outcome {
        Appended::Partial(partial) => {
            Ok((StatusCode::NO_CONTENT, offsets(partial.received, partial.size)).into_response())
        }
        Appended::Whole { kind, size } => {
            arrived(&state, &signed, &sha256, (kind, size), scope).await?;
            Ok((StatusCode::NO_CONTENT, offsets(size, size)).into_response())
        }
        Appended::WrongOffset { received } => Err(ApiError::Refused {
            refusal: Refusal::new(CommonCode::BlobOffset),
            expected: Some(received),
        }),
        Appended::HashMismatch => Err(ApiError::new(CommonCode::BlobHashMismatch)),
        Appended::NotAllowed => Err(ApiError::new(CommonCode::BlobType)),
        Appended::TooMany => Err(ApiError::new(CommonCode::TooManyRequests)),
    }
}

/// Brings an attachment, whole or from `Upload-Offset` on.
#[utoipa::path(put, path = "/api/v1/blobs/{sha256}", tag = "attachments",
    params(
        ("sha256" = String, Path, description = "SHA-256 of the bytes, 64 lower-case hex digits"),
        ("Upload-Offset" = Option<u64>, Header, description = "Where this piece begins; without it the body is the whole"),
        ("Upload-Length" = Option<u64>, Header, description = "Size of the whole"),
        ("x-guanjia-scope" = Option<String>, Header, description = "Scope to tell, where the command has not arrived yet"),
    ),
    request_body(content_type = "application/octet-stream"),
    security(("session" = [])),
    responses(
        (status = 204, description = "Taken; `Upload-Offset` says how far it has come"),
        (status = 409, description = "`blob.wrong_offset` with the expected one", body = ErrorEnvelope),
        (status = 413, description = "`blob.too_large`", body = ErrorEnvelope),
        (status = 415, description = "`blob.type_not_allowed`", body = ErrorEnvelope),
        (status = 422, description = "`blob.hash_mismatch`: begin again", body = ErrorEnvelope),
        (status = 503, description = "`blob.store_away`: keep it and come again", body = ErrorEnvelope),
    ))]
#[allow(dead_code)] // `receive` serves two methods, and a handler can carry the description of one
fn put_doc() {}

/// Brings the next piece of an attachment.
#[utoipa::path(patch, path = "/api/v1/blobs/{sha256}", tag = "attachments",
    params(
        ("sha256" = String, Path, description = "SHA-256 of the bytes, 64 lower-case hex digits"),
        ("Upload-Offset" = u64, Header, description = "Where this piece begins"),
        ("Upload-Length" = u64, Header, description = "Size of the whole"),
        ("x-guanjia-scope" = Option<String>, Header, description = "Scope to tell, where the command has not arrived yet"),
    ),
    request_body(content_type = "application/octet-stream"),
    security(("session" = [])),
    responses(
        (status = 204, description = "Taken; `Upload-Offset` says how far it has come"),
        (status = 409, description = "`blob.wrong_offset` with the expected one", body = ErrorEnvelope),
        (status = 413, description = "`blob.too_large`", body = ErrorEnvelope),
        (status = 415, description = "`blob.type_not_allowed`", body = ErrorEnvelope),
        (status = 422, description = "`blob.hash_mismatch`: begin again", body = ErrorEnvelope),
        (status = 503, description = "`blob.store_away`: keep it and come again", body = ErrorEnvelope),
    ))]
#[allow(dead_code)]
fn patch_doc() {}

/// What to show of an attachment.
#[derive(Deserialize)]
struct Look {
    size: Option<String>,
}

/// Names what is sent for `If-None-Match` and `If-Range`. The figure goes up when a build makes other
/// bytes of the same attachment, so that no download is put together out of two.
fn tag(sha256: &Sha256Hex, small: bool) -> HeaderValue {
    let form = if small { "s1" } else { "w1" };
    HeaderValue::from_str(&format!("\"{}-{form}\"", &sha256.0[..32]))
        .expect("hex digits are visible ASCII")
}

/// Shows an attachment without what the camera wrote beside it, or a small picture of it. Supports one
/// byte range, for downloads that were cut and for players of voice notes.
#[utoipa::path(get, path = "/api/v1/blobs/{sha256}", tag = "attachments",
    params(
        ("sha256" = String, Path, description = "SHA-256 of the bytes, 64 lower-case hex digits"),
        ("size" = Option<String>, Query, description = "`thumb`: at most 320 pixels on the longest edge; the whole where there is no smaller one"),
        ("Range" = Option<String>, Header, description = "`bytes=<first>-`, `bytes=<first>-<last>` or `bytes=-<count>`"),
        ("If-Range" = Option<String>, Header, description = "`ETag` of the part that is there: another one is answered with the whole"),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of what is there"),
    ),
    security(("session" = [])),
    responses(
        (status = 200, description = "The picture or sound", content_type = "application/octet-stream"),
        (status = 206, description = "The asked part of it", content_type = "application/octet-stream"),
        (status = 304, description = "As it was"),
        (status = 404, description = "Unknown, or named by nothing you may see", body = ErrorEnvelope),
        (status = 416, description = "The part begins behind the end"),
        (status = 503, description = "`blob.store_away`: come again", body = ErrorEnvelope),
    ))]
async fn view(
    State(state): State<AppState>,
    signed: Signed,
    Path(sha256): Path<String>,
    Query(look): Query<Look>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sha256 = hash(sha256)?;
    let small = match look.size.as_deref() {
        None => false,
        Some("thumb") => true,
        Some(_) => return Err(Refusal::new(CommonCode::BadRequest).with("query", "size").into()),
    };
    // Whoever may not see it does not learn whether it exists.
    let unknown = || ApiError::new(CommonCode::BlobUnknown);
    if !access::may_see(&state.db, &signed, &sha256).await? {
        return Err(unknown());
    }
    let blobs = &state.blobs;
    let found = if small { blobs.thumb(&sha256).await } else { blobs.rendition(&sha256).await };
    let (kind, bytes) = found.map_err(store_fault)?.ok_or_else(unknown)?;
    let tag = tag(&sha256, small);
    let file = format!("inline; filename=\"{}.{}\"", &sha256.0[..16], kind.extension());
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind.mime())),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&file).expect("hex digits and our extensions are visible ASCII"),
        ),
        // The address says all about the bytes, but not who may see them.
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=31536000, immutable, no-transform"),
        ),
        (header::ETAG, tag.clone()),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        // Even opened as a page of its own it may do nothing.
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    let size = bytes.len();
    Ok(match wanted(&headers, &tag, size) {
        Wanted::Whole => (about, bytes).into_response(),
        Wanted::Part(first, last) => {
            let part = [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}"))];
            (StatusCode::PARTIAL_CONTENT, about, part, bytes.slice(first..=last)).into_response()
        }
        Wanted::Nothing => (StatusCode::NOT_MODIFIED, about).into_response(),
        Wanted::BehindTheEnd => {
            let all = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, all).into_response()
        }
    })
}
