//! A rule said no: a stable code with the facts its text needs.
//!
//! Codes are part of the protocol: an installed phone of an older build shows the text of its own
//! table, and falls back to a general sentence for a code it does not know.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A set of stable codes, `"<process>.<reason>"`.
pub trait RefusalCode: Copy + 'static {
    fn code(self) -> &'static str;
}

/// Declares the codes of one process; `ALL` lets tests show that each has its texts.
#[macro_export]
macro_rules! refusal_codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
        impl $name {
            pub const ALL: &'static [&'static str] = &[$($code),+];
        }
        impl $crate::refusal::RefusalCode for $name {
            fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }
    };
}

refusal_codes! {
    /// Reasons that any process may give, and those of the transport.
    CommonCode {
        NotAllowed = "common.not_allowed",
        OtherCluster = "common.other_cluster",
        TextEmpty = "common.text_empty",
        TextTooLong = "common.text_too_long",
        TextControl = "common.text_control",
        ListTooLong = "common.list_too_long",
        NumberOutOfRange = "common.number_out_of_range",
        AlreadyExists = "common.already_exists",
        WrongScope = "common.wrong_scope",
        TimeInFuture = "common.time_in_future",
        /// A kind this server does not know (yet): held.
        UnknownKind = "sync.unknown_kind",
        /// Names a record that has not arrived: held.
        UnknownRecord = "sync.unknown_record",
        Malformed = "sync.malformed",
        TooLarge = "sync.too_large",
        TooMany = "sync.too_many",
        /// `n` is above the expected next number.
        Gap = "sync.gap",
        /// `n` was used before with another command.
        NumberReused = "sync.number_reused",
        /// The same command id with other content.
        IdReused = "sync.id_reused",
        UnknownScope = "sync.unknown_scope",
        WrongDevice = "sync.wrong_device",
        ClientTooOld = "sync.client_too_old",
        /// The cursor is not one of ours.
        BadCursor = "sync.bad_cursor",
        BlobHashMismatch = "blob.hash_mismatch",
        BlobTooLarge = "blob.too_large",
        BlobType = "blob.type_not_allowed",
        BlobOffset = "blob.wrong_offset",
        BlobUnknown = "blob.unknown",
        /// What keeps attachments is full or does not answer: the phone keeps its own and comes again.
        BlobStoreAway = "blob.store_away",
        SignInWrong = "session.wrong_password",
        SignInLocked = "session.locked",
        SignInExpired = "session.expired",
        SignInDisabled = "session.disabled",
        /// Somebody else chose the password: its owner has to choose one first.
        PasswordMustChange = "session.password_must_change",
        Origin = "session.bad_origin",
        TooManyRequests = "server.too_many_requests",
        NotFound = "server.not_found",
        BadRequest = "server.bad_request",
        Fault = "server.fault",
        /// The database cannot be reached or written just now.
        StoreAway = "server.store_away",
        /// Only on the phone: no connection.
        Offline = "client.offline",
        /// Only on the phone: the browser's quota is full.
        QuotaFull = "client.quota_full",
        StorageFailed = "client.storage_failed",
        /// The phone's clock is far from the server's.
        ClockOff = "client.clock_off",
        CameraDenied = "client.camera_denied",
    }
}

/// Why something was not done. Shown to the user in words; nothing recorded is lost by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refusal {
    pub code: Cow<'static, str>,
    /// What the text needs: names, limits, states.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<Cow<'static, str>, String>,
}

impl Refusal {
    pub fn new(code: impl RefusalCode) -> Self {
        Self { code: Cow::Borrowed(code.code()), params: BTreeMap::new() }
    }

    /// With a code that came over the wire and may be of a newer build.
    pub fn of_code(code: String) -> Self {
        Self { code: Cow::Owned(code), params: BTreeMap::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.params.insert(Cow::Borrowed(name), value.to_string());
        self
    }

    pub fn is(&self, code: impl RefusalCode) -> bool {
        self.code == code.code()
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.code)?;
        for (name, value) in &self.params {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
