//! The extractor that every handler starts with: without it there is no actor to ask for rights, so
//! that forgetting to authorise does not compile.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
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

/// The header in which a phone says whose store it fills. All tabs of a browser share one cookie: one
/// that lingers after somebody else has signed in would otherwise pull the next person's data into
/// the first one's store. Programs without a store leave it out.
pub const DEVICE: &str = "x-guanjia-device";

/// Refuses a request that speaks for another device than its session's. Not as 401: the session is
/// good, and what lingers must not take it for its own that has ended.
pub(super) fn check_device(headers: &HeaderMap, device: DeviceId) -> Result<(), ApiError> {
    let is_ours = |named: &axum::http::HeaderValue| {
        named.to_str().ok().and_then(|named| named.parse().ok()) == Some(device)
    };
    if headers.get_all(DEVICE).iter().all(is_ours) {
        Ok(())
    } else {
        Err(ApiError::new(CommonCode::WrongDevice))
    }
}

/// Whoever holds a session, also while the password is one that somebody else chose. Only what belongs
/// to the session itself is answered to them: who am I, another password, another device.
pub struct Holder(pub Signed);

/// The signed-in person behind a request, with the rights of this moment. While an administrator's
/// password has not been replaced nobody is: not for a push either, whose commands would go into the
/// log in the name of one of two who know it. They wait on the phone.
#[derive(Clone, Debug)]
pub struct Signed {
    pub actor: Arc<Actor>,
    pub user: UserId,
    pub account: String,
    pub device: DeviceId,
    pub device_name: String,
    /// Names the session (the hash of its token).
    pub session: String,
    pub must_change_password: bool,
}

impl Signed {
    pub fn require(&self, right: Right) -> Result<(), ApiError> {
        Ok(self.actor.require(right)?)
    }

    pub fn require_in(&self, right: Right, cluster: ClusterId) -> Result<(), ApiError> {
        Ok(self.actor.require_in(right, cluster)?)
    }

    /// The same for a request that can carry no header of ours (`EventSource`) and names its device
    /// in the address.
    pub fn require_device(&self, named: Option<DeviceId>) -> Result<(), ApiError> {
        if named.is_none_or(|named| named == self.device) {
            Ok(())
        } else {
            Err(ApiError::new(CommonCode::WrongDevice))
        }
    }

    /// The channels this person listens to on this device.
    pub fn channels(&self) -> Vec<Channel> {
        Channel::of_reader(&self.actor, self.device)
    }
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Holder(signed) = Holder::from_request_parts(parts, state).await?;
        if signed.must_change_password {
            return Err(ApiError::new(CommonCode::PasswordMustChange));
        }
        Ok(signed)
    }
}

impl FromRequestParts<AppState> for Holder {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        // Several extractors of one request may ask.
        if let Some(signed) = parts.extensions.get::<Signed>() {
            return Ok(Holder(signed.clone()));
        }
        let expired = || ApiError::new(CommonCode::SignInExpired);
        let session = token::of_request(&parts.headers).ok_or_else(expired)?;
        let found = store::find_session(&state.db, &session).await?.ok_or_else(expired)?;
        let now = state.clock.now();
        if found.revoked || now.since(found.last_seen) > IDLE {
            store::end_session(&state.db, &session).await?;
            return Err(expired());
        }
        // Before anything is said of the person: it may be another than whoever asks.
        check_device(&parts.headers, found.device)?;
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
            must_change_password: found.must_change_password,
        };
        parts.extensions.insert(signed.clone());
        Ok(Holder(signed))
    }
}
