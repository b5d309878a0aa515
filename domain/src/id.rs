//! Typed ids: lower-case UUID text on the wire, made on the device that makes the record.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Names of this product's derived (version 5) ids; fixed for ever, every installed phone knows it.
const NAMESPACE: Uuid = Uuid::from_u128(0x6775_616e_6a69_6100_8000_0000_0000_0001);

/// Makes a version 7 id from a time and ten random bytes that the caller supplies.
pub fn uuid_v7(at: crate::Ms, random: &[u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(at.0.max(0).cast_unsigned(), random).into_uuid()
}

/// Derives an id from its parts, the same on every phone and on the server (UUIDv5).
pub fn derived(parts: &[&str]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, parts.join("\u{1f}").as_bytes())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(
            value_type = String,
            format = "uuid",
            pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        ))]
        pub struct $name(pub Uuid);

        impl $name {
            /// The id that these parts always give.
            pub fn derived(parts: &[&str]) -> Self {
                Self(derived(parts))
            }
            /// An id from a time and ten random bytes (UUIDv7).
            pub fn new(at: crate::Ms, random: &[u8; 10]) -> Self {
                Self(uuid_v7(at, random))
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

impl DeviceId {
    /// The last characters, as people say them: enough to tell two phones of one name apart. The same
    /// on phone and server, and known without a network.
    pub fn code(self) -> String {
        let text = self.0.simple().to_string();
        text[text.len().saturating_sub(6)..].to_owned()
    }
}

ids! {
    /// A person with an account.
    UserId,
    /// An installation of the app × a user.
    DeviceId,
    /// One command; its identity for ever (idempotency key).
    OpId,
    /// 项目: a residential estate.
    ProjectId,
    /// 组团: a cluster of buildings under one steward.
    ClusterId,
    /// 楼栋.
    BuildingId,
    /// 房屋: one unit, and its household file.
    UnitId,
    /// 工单.
    TicketId,
    /// 巡视.
    RoundId,
    /// 巡视模板 (all its versions together).
    TemplateId,
    /// 巡视计划.
    ScheduleId,
    /// 巡视点.
    CheckpointId,
    /// 拜访.
    VisitId,
    /// 催缴电话.
    FeeCallId,
    /// 晨会.
    BriefingId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_called_by_the_end_of_its_id() {
        let device: DeviceId = "018f0000-0000-7000-8000-00000009225b".parse().unwrap();
        assert_eq!(device.code(), "09225b");
    }
}
