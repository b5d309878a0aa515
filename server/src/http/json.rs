//! JSON bodies whose rejections are in our own envelope.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use domain::Refusal;
use domain::refusal::CommonCode;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// A JSON body. What cannot be read is refused with a stable code, what is too long as well.
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refusal(&rejection).into()),
        }
    }
}

fn refusal(rejection: &JsonRejection) -> Refusal {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Refusal::new(CommonCode::TooLarge);
    }
    // Where in the body it went wrong; told to whoever sent it and not logged.
    Refusal::new(CommonCode::BadRequest).with("why", rejection.body_text())
}
