//! The extractor that every handler starts with: without it there is no actor to ask for rights, so
//! that forgetting to authorise does not compile.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::id::{ClusterId, DeviceId, UserId};
use domain::refusal::CommonCode;
use domain::sync::Channel;
use domain::time::MINUTE;
use domain::{Actor, Right};

use super::{IDLE, store, token};
use crate::error::ApiError;
use crate::state::AppState;

/// How exactly it is known when a session was last used; finer would be a write with each request.
const TOUCH_AFTER: i64 = 10 * MINUTE;

/// The signed-in person behind a request, with the rights of this moment.
#[derive(Clone, Debug)]
pub struct Signed {
    pub actor: Arc<Actor>,
    pub user: UserId,
    pub account: String,
    pub device: DeviceId,
    pub device_name: String,
    /// Names the session (the hash of its token).
    pub session: String,
}

impl Signed {
    pub fn require(&self, right: Right) -> Result<(), ApiError> {
        Ok(self.actor.require(right)?)
    }

    pub fn require_in(&self, right: Right, cluster: ClusterId) -> Result<(), ApiError> {
        Ok(self.actor.require_in(right, cluster)?)
    }

    /// The channels this person listens to on this device.
    pub fn channels(&self) -> Vec<Channel> {
        Channel::of_reader(&self.actor, self.device)
    }
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        // Several extractors of one request may ask.
        if let Some(signed) = parts.extensions.get::<Signed>() {
            return Ok(signed.clone());
        }
        let expired = || ApiError::new(CommonCode::SignInExpired);
        let session = token::of_request(&parts.headers).ok_or_else(expired)?;
        let found = store::find_session(&state.db, &session).await?.ok_or_else(expired)?;
        let now = state.clock.now();
        if found.revoked || now.since(found.last_seen) > IDLE {
            store::end_session(&state.db, &session).await?;
            return Err(expired());
        }
        if found.user.disabled {
            return Err(ApiError::new(CommonCode::SignInDisabled));
        }
        if now.since(found.last_seen) > TOUCH_AFTER {
            // Not worth failing a request for.
            if let Err(error) = store::touch(&state.db, &session, found.device, now).await {
                tracing::warn!(%error, "the use of a session was not noted");
            }
        }
        let signed = Signed {
            user: found.user.id,
            account: found.user.account.clone(),
            actor: Arc::new(found.user.actor()),
            device: found.device,
            device_name: found.device_name,
            session,
        };
        parts.extensions.insert(signed.clone());
        Ok(signed)
    }
}
