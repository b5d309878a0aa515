//! Why a push was not taken, and how that is answered.

use domain::Refusal;
use domain::refusal::CommonCode;
use domain::sync::batch::PushError;

use crate::error::ApiError;
use crate::store::StoreError;

/// Why a push was not taken; nothing of it is applied.
#[derive(Debug)]
pub enum PushFailure {
    /// The numbers do not fit.
    Refused(PushError),
    /// There is no such project.
    UnknownScope,
    /// The database is not there; the same push may be sent again.
    Unavailable(String),
    /// The database does what it must not: a fault of ours.
    Broken(String),
}

impl std::fmt::Display for PushFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "{error:?}"),
            Self::UnknownScope => f.write_str("unknown scope"),
            Self::Unavailable(why) | Self::Broken(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for PushFailure {}

impl From<&StoreError> for PushFailure {
    fn from(error: &StoreError) -> Self {
        let why = error.to_string();
        if error.may_pass() { Self::Unavailable(why) } else { Self::Broken(why) }
    }
}

impl From<StoreError> for PushFailure {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<PushFailure> for ApiError {
    fn from(failure: PushFailure) -> Self {
        match failure {
            PushFailure::Refused(PushError::Gap { expected }) => Self::gap(expected),
            PushFailure::Refused(PushError::NumberReused { n }) => {
                Refusal::new(CommonCode::NumberReused).with("n", n).into()
            }
            PushFailure::Refused(PushError::Malformed { index }) => {
                Refusal::new(CommonCode::Malformed).with("index", index).into()
            }
            PushFailure::UnknownScope => Self::new(CommonCode::UnknownScope),
            PushFailure::Unavailable(why) => Self::Away(why),
            PushFailure::Broken(why) => Self::Fault(why),
        }
    }
}
