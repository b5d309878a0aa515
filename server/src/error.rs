//! What a request may fail with, and the one JSON envelope that says so.
//!
//! Three kinds, never mixed: a *refusal* (a rule said no; its code goes to the user), a *fault*
//! (database, disk, network: logged once here, generic to the user) and an *inconsistency* (our
//! bug: a command broke a rule of the database; see `sync::writer`).

use std::fmt;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use domain::refusal::{CommonCode, RefusalCode};
use domain::sync::wire::{ErrorBody, ErrorDetail};

use crate::store::StoreError;

/// Name of the header that carries the id of a request, in and out.
pub const REQUEST_ID: &str = "x-request-id";

/// Name of the header that repeats the stable code: answers to `HEAD` have no body to say it in.
pub const CODE: HeaderName = HeaderName::from_static("x-guanjia-code");

tokio::task_local! {
    static CURRENT_REQUEST: String;
}

/// Middleware: lets every `ApiError` below it name the request. Goes inside the layer that sets
/// the request's `x-request-id`.
pub async fn with_request_id(request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    match id {
        Some(id) => CURRENT_REQUEST.scope(id, next.run(request)).await,
        None => next.run(request).await,
    }
}

/// Why a request was not served.
#[derive(Debug)]
pub enum ApiError {
    /// A rule said no.
    Refused { refusal: Refusal, expected: Option<u64> },
    /// The database cannot be reached or written just now: nothing of the request is kept, and the same
    /// may be sent again. The text is for the log only.
    Away(String),
    /// Something is broken; the text is for the log only.
    Fault(String),
}

impl ApiError {
    pub fn new(code: impl RefusalCode) -> Self {
        Refusal::new(code).into()
    }

    /// `sync.gap`, with the number that comes next.
    pub fn gap(expected: u64) -> Self {
        Self::Refused { refusal: Refusal::new(CommonCode::Gap), expected: Some(expected) }
    }

    /// A fault; `what` was being done when `error` happened.
    pub fn fault(what: &str, error: impl fmt::Display) -> Self {
        Self::Fault(format!("{what}: {error}"))
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused { refusal, .. } => status_of(&refusal.code),
            Self::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The status of a refusal. Clients go by the code; the status is for proxies and for people.
pub fn status_of(code: &str) -> StatusCode {
    let is = |candidate: CommonCode| code == candidate.code();
    match code {
        _ if is(CommonCode::Malformed)
            || is(CommonCode::BadCursor)
            || is(CommonCode::BadRequest) =>
        {
            StatusCode::BAD_REQUEST
        }
        _ if is(CommonCode::SignInWrong) || is(CommonCode::SignInExpired) => {
            StatusCode::UNAUTHORIZED
        }
        _ if is(CommonCode::NotAllowed)
            || is(CommonCode::OtherCluster)
            || is(CommonCode::SignInDisabled)
            || is(CommonCode::PasswordMustChange)
            || is(CommonCode::Origin) =>
        {
            StatusCode::FORBIDDEN
        }
        _ if is(CommonCode::NotFound)
            || is(CommonCode::UnknownScope)
            || is(CommonCode::BlobUnknown) =>
        {
            StatusCode::NOT_FOUND
        }
        _ if is(CommonCode::Gap)
            || is(CommonCode::NumberReused)
            || is(CommonCode::IdReused)
            || is(CommonCode::WrongDevice)
            || is(CommonCode::BlobOffset)
            || is(CommonCode::AlreadyExists) =>
        {
            StatusCode::CONFLICT
        }
        _ if is(CommonCode::TooLarge)
            || is(CommonCode::TooMany)
            || is(CommonCode::BlobTooLarge) =>
        {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        _ if is(CommonCode::BlobType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ if is(CommonCode::ClientTooOld) => StatusCode::UPGRADE_REQUIRED,
        _ if is(CommonCode::SignInLocked) || is(CommonCode::TooManyRequests) => {
            StatusCode::TOO_MANY_REQUESTS
        }
        _ if is(CommonCode::BlobStoreAway) || is(CommonCode::StoreAway) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ if is(CommonCode::Fault) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { refusal, .. } => refusal.fmt(f),
            Self::Away(why) | Self::Fault(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ApiError {}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { refusal, expected: None }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        StoreError { table: "database", error }.into()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.may_pass() {
            Self::Away(error.to_string())
        } else {
            Self::Fault(error.to_string())
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let (refusal, expected) = match self {
            Self::Refused { refusal, expected } => (refusal, expected),
            Self::Away(why) => {
                tracing::error!(%why, "the database cannot be reached or written");
                (Refusal::new(CommonCode::StoreAway), None)
            }
            Self::Fault(why) => {
                tracing::error!(%why, "fault");
                (Refusal::new(CommonCode::Fault), None)
            }
        };
        let request_id = CURRENT_REQUEST.try_with(Clone::clone).ok();
        let code = HeaderValue::from_str(&refusal.code).ok();
        let error = ErrorDetail { refusal, expected, request_id };
        let mut response = (status, Json(ErrorBody { error })).into_response();
        response.headers_mut().extend(code.map(|code| (CODE, code)));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_gap_answers_409_with_the_number_that_comes_next() {
        let response = ApiError::gap(7).into_response();
        assert_eq!(response.status(), StatusCode::CONFLICT);
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(body, r#"{"error":{"code":"sync.gap","expected":7}}"#);
    }

    #[tokio::test]
    async fn a_database_that_is_away_asks_to_come_again() {
        let response = ApiError::from(sqlx::Error::PoolTimedOut).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(body, r#"{"error":{"code":"server.store_away"}}"#);
    }

    #[tokio::test]
    async fn a_fault_tells_the_user_nothing_of_the_database() {
        let response = ApiError::from(sqlx::Error::RowNotFound).into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(body, r#"{"error":{"code":"server.fault"}}"#);
    }
}
