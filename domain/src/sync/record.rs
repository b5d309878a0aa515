//! Records: the current state of things, as the server stores and the phone replicates it.

use std::fmt;
use std::str::FromStr;

use crate::order;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use uuid::Uuid;

use crate::actor::{Actor, Role};
use crate::id::{ClusterId, DeviceId, ProjectId, UserId};
use crate::modules::{Record, RecordKind};

/// What one log, one sequence and one cursor cover: the company, or one project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Accounts, rights, settings, templates, prices.
    Company,
    Project(ProjectId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Company => f.write_str("company"),
            Scope::Project(id) => id.fmt(f),
        }
    }
}

impl FromStr for Scope {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "company" { Ok(Scope::Company) } else { Ok(Scope::Project(text.parse()?)) }
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Scope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("`company`, or a project's id."))
            .pattern(Some("^(company|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Scope {}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Names one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    pub kind: RecordKind,
    pub id: Uuid,
}

/// Who receives a record. A reader listens to several channels; a record speaks on several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Every member of the scope.
    All,
    /// Front desk, supervisors, leads, managers, quality.
    Office,
    /// Whoever may see what a household owes, and is no steward: cashiers, front desk, supervisors, managers.
    Finance,
    /// Administrators.
    Admin,
    /// Technicians: work nobody has taken yet, and the rounds that are theirs, whoever of them walked.
    Pool,
    /// Guards: the rounds that are theirs, whoever of them walked.
    Guards,
    Cluster(ClusterId),
    User(UserId),
    Device(DeviceId),
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Channel::All => f.write_str("all"),
            Channel::Office => f.write_str("office"),
            Channel::Finance => f.write_str("finance"),
            Channel::Admin => f.write_str("admin"),
            Channel::Pool => f.write_str("pool"),
            Channel::Guards => f.write_str("guards"),
            Channel::Cluster(id) => write!(f, "c:{id}"),
            Channel::User(id) => write!(f, "u:{id}"),
            Channel::Device(id) => write!(f, "d:{id}"),
        }
    }
}

impl Channel {
    /// The channels a person listens to on one device, sorted, without repeats.
    pub fn of_reader(actor: &Actor, device: DeviceId) -> Vec<Channel> {
        let mut channels = vec![Channel::All, Channel::User(actor.user), Channel::Device(device)];
        for role in &actor.roles {
            match role {
                Role::Steward => {
                    channels.extend(actor.clusters.iter().copied().map(Channel::Cluster))
                }
                Role::Technician => channels.push(Channel::Pool),
                Role::Cashier => channels.push(Channel::Finance),
                Role::Admin => channels.push(Channel::Admin),
                Role::EngineeringLead => channels.extend([Channel::Office, Channel::Pool]),
                Role::FrontDesk | Role::Supervisor | Role::Manager => {
                    channels.extend([Channel::Office, Channel::Finance]);
                }
                Role::Quality => channels.push(Channel::Office),
                Role::Guard => channels.push(Channel::Guards),
                Role::System => {}
            }
        }
        order::sort(&mut channels);
        channels.dedup();
        channels
    }
}

/// A kind of record that is synced. The JSON form is stored and sent as it is.
pub trait SyncedRecord: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug {
    const KIND: RecordKind;
    fn id(&self) -> Uuid;
    fn scope(&self) -> Scope;
    /// Who receives it, a function of the record alone so that every node agrees.
    fn channels(&self) -> Vec<Channel>;
    fn into_record(self) -> Record;
    fn from_record(record: &Record) -> Option<&Self>;

    /// Whether the record with this JSON asks nothing of anybody any more, seen without decoding it: a
    /// phone holds thousands, and at its start it looks for the few that do. Only of what the server
    /// wrote; a quotation mark that somebody typed is escaped there, so a text cannot pass for a field.
    fn is_over(body: &str) -> bool {
        let _ = body;
        false
    }

    fn key(&self) -> RecordKey {
        RecordKey { kind: Self::KIND, id: self.id() }
    }
    fn key_of(id: Uuid) -> RecordKey {
        RecordKey { kind: Self::KIND, id }
    }
}
