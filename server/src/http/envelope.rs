//! Every error of the API is in our envelope, also those that a framework's extractor or router
//! answered in plain text before a handler of ours was asked.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::refusal::CommonCode;

use crate::error::ApiError;

/// Middleware for `/api`.
pub async fn envelope(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    // A download that goes on behind the end is told the size in a header; nobody reads more of it.
    if !is_error || is_json || status == StatusCode::RANGE_NOT_SATISFIABLE {
        return response;
    }
    let code = match status {
        // What exists, but not in this way, is not offered.
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => CommonCode::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => CommonCode::TooLarge,
        StatusCode::TOO_MANY_REQUESTS => CommonCode::TooManyRequests,
        status if status.is_client_error() => CommonCode::BadRequest,
        _ => return ApiError::fault("answer", status).into_response(),
    };
    ApiError::new(code).into_response()
}
