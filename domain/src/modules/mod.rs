//! The processes. This list IS the list of processes: a record or a command that is registered here
//! is stored, synced, decided and shown; one that is not does not exist.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub mod accounts;
pub mod attachments;
pub mod company;
pub mod fees;
pub mod households;
pub mod rounds;
pub mod tickets;
pub mod visits;

use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, World};
use crate::sync::record::{Channel, RecordKey, Scope, SyncedRecord};

macro_rules! records {
    ($($variant:ident($type:ty) = $name:literal),+ $(,)?) => {
        /// The kinds of synced records, by their stable wire names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RecordKind { $(#[serde(rename = $name)] $variant),+ }

        impl RecordKind {
            pub const ALL: &'static [RecordKind] = &[$(RecordKind::$variant),+];
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }

        /// Any synced record.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(clippy::large_enum_variant, reason = "records are few at a time and lie behind boxes where they are many")]
        pub enum Record { $($variant($type)),+ }

        impl Record {
            /// Decodes the stored or sent JSON form.
            pub fn decode(kind: RecordKind, json: &str) -> Result<Self, serde_json::Error> {
                match kind { $(RecordKind::$variant => $crate::json::from_str(json).map(Self::$variant)),+ }
            }
            /// The JSON form that is stored and sent.
            pub fn encode(&self) -> String {
                let encoded = match self { $(Self::$variant(record) => serde_json::to_string(record)),+ };
                encoded.expect("records hold only string-keyed maps and finite numbers")
            }
            pub fn key(&self) -> RecordKey {
                match self { $(Self::$variant(record) => record.key()),+ }
            }
            pub fn id(&self) -> Uuid {
                self.key().id
            }
            pub fn kind(&self) -> RecordKind {
                match self { $(Self::$variant(_) => RecordKind::$variant),+ }
            }
            pub fn scope(&self) -> Scope {
                match self { $(Self::$variant(record) => record.scope()),+ }
            }
            pub fn channels(&self) -> Vec<Channel> {
                match self { $(Self::$variant(record) => record.channels()),+ }
            }
            /// Every kind with the schema of its body.
            #[cfg(feature = "openapi")]
            pub fn described() -> Vec<$crate::openapi::Described> {
                vec![$($crate::openapi::Described::of::<$type>($name)),+]
            }
        }

        $(impl From<$type> for Record {
            fn from(record: $type) -> Self {
                Self::$variant(record)
            }
        })+
    };
}

/// Connects a record type to its variant; the module supplies id, scope and channels, and where most
/// records are history, how that is seen (`SyncedRecord::is_over`).
#[macro_export]
macro_rules! synced {
    ($type:ty, $variant:ident, |$r:ident| id: $id:expr, scope: $scope:expr, channels: $channels:expr
        $(, over: $over:expr)?) => {
        impl $crate::sync::record::SyncedRecord for $type {
            const KIND: $crate::modules::RecordKind = $crate::modules::RecordKind::$variant;
            fn id(&self) -> uuid::Uuid {
                let $r = self;
                let _ = $r;
                $id
            }
            fn scope(&self) -> $crate::sync::record::Scope {
                let $r = self;
                let _ = $r;
                $scope
            }
            fn channels(&self) -> Vec<$crate::sync::record::Channel> {
                let $r = self;
                let _ = $r;
                $channels
            }
            fn into_record(self) -> $crate::modules::Record {
                $crate::modules::Record::$variant(self)
            }
            fn from_record(record: &$crate::modules::Record) -> Option<&Self> {
                match record {
                    $crate::modules::Record::$variant(record) => Some(record),
                    _ => None,
                }
            }
            $(fn is_over(body: &str) -> bool {
                let over: fn(&str) -> bool = $over;
                over(body)
            })?
        }
    };
}

macro_rules! commands {
    ($($variant:ident($type:ty)),+ $(,)?) => {
        /// Any command.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Command { $($variant(Box<$type>)),+ }

        impl Command {
            /// Every kind this build knows.
            pub const KINDS: &'static [&'static str] = &[$(<$type>::KIND),+];
            /// The version of every kind's payload that this build reads.
            pub const VERSION: u32 = 1;

            /// Decodes a payload; `None` for a kind this build does not know.
            pub fn decode(kind: &str, v: u32, payload: &str) -> Option<Result<Self, serde_json::Error>> {
                if v != Self::VERSION { return None; }
                $(if kind == <$type>::KIND {
                    return Some($crate::json::from_str(payload).map(|c| Self::$variant(Box::new(c))));
                })+
                None
            }
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => <$type>::KIND),+ }
            }
            /// The payload as the phone stores and sends it.
            pub fn encode(&self) -> String {
                let encoded = match self { $(Self::$variant(command) => serde_json::to_string(command)),+ };
                encoded.expect("commands hold only string-keyed maps and finite numbers")
            }
            pub fn reads(&self) -> Vec<RecordKey> {
                match self { $(Self::$variant(command) => command.reads()),+ }
            }
            pub fn attachments(&self) -> Vec<&attachments::Attachment> {
                match self { $(Self::$variant(command) => command.attachments()),+ }
            }
            pub fn decide(
                &self,
                world: &dyn World,
                context: &Context<'_>,
                numbers: &mut dyn Numbers,
            ) -> Result<Decision, Stop> {
                match self { $(Self::$variant(command) => command.decide(world, context, numbers)),+ }
            }
            /// Every kind with the schema of its payload.
            #[cfg(feature = "openapi")]
            pub fn described() -> Vec<$crate::openapi::Described> {
                vec![$($crate::openapi::Described::of::<$type>(<$type>::KIND)),+]
            }
        }

        $(impl From<$type> for Command {
            fn from(command: $type) -> Self {
                Self::$variant(Box::new(command))
            }
        })+
    };
}

records! {
    User(accounts::User) = "user",
    Settings(company::Settings) = "settings",
    Project(households::Project) = "project",
    Cluster(households::Cluster) = "cluster",
    Building(households::Building) = "building",
    Household(households::Household) = "household",
    Ticket(tickets::Ticket) = "ticket",
    RoundTemplate(rounds::RoundTemplate) = "round_template",
    Checkpoint(rounds::Checkpoint) = "checkpoint",
    Schedule(rounds::Schedule) = "schedule",
    Round(rounds::Round) = "round",
    Briefing(rounds::Briefing) = "briefing",
    Visit(visits::Visit) = "visit",
    Arrears(fees::Arrears) = "arrears",
    FeeCall(fees::FeeCall) = "fee_call",
    BlobArrival(attachments::BlobArrival) = "blob_arrival",
    Settlement(attachments::Settlement) = "settlement",
}

commands! {
    CreateAccount(accounts::CreateAccount),
    UpdateAccount(accounts::UpdateAccount),
    SetSettings(company::SetSettings),
    RegisterProject(households::RegisterProject),
    RegisterCluster(households::RegisterCluster),
    RegisterBuilding(households::RegisterBuilding),
    RegisterUnit(households::RegisterUnit),
    OpenTicket(tickets::OpenTicket),
    AssessTicket(tickets::AssessTicket),
    AssignTicket(tickets::AssignTicket),
    AcceptTicket(tickets::AcceptTicket),
    StartTicket(tickets::StartTicket),
    WaitTicket(tickets::WaitTicket),
    ResumeTicket(tickets::ResumeTicket),
    CompleteTicket(tickets::CompleteTicket),
    RecordReturnVisit(tickets::RecordReturnVisit),
    CloseTicket(tickets::CloseTicket),
    DeclineTicket(tickets::DeclineTicket),
    ReopenTicket(tickets::ReopenTicket),
    NoteTicket(tickets::NoteTicket),
    PublishTemplate(rounds::PublishTemplate),
    RegisterCheckpoint(rounds::RegisterCheckpoint),
    SetSchedule(rounds::SetSchedule),
    StartRound(rounds::StartRound),
    RecordCheckpoint(rounds::RecordCheckpoint),
    FinishRound(rounds::FinishRound),
    RecordBriefing(rounds::RecordBriefing),
    RecordVisit(visits::RecordVisit),
    AnswerVisit(visits::AnswerVisit),
    SetArrears(fees::SetArrears),
    RecordFeeCall(fees::RecordFeeCall),
    BlobArrived(attachments::BlobArrived),
}

/// Every refusal code, so that a test can show that each has its text in each language.
pub fn all_refusal_codes() -> Vec<&'static str> {
    [
        crate::refusal::CommonCode::ALL,
        accounts::AccountCode::ALL,
        company::CompanyCode::ALL,
        households::HouseholdCode::ALL,
        tickets::TicketCode::ALL,
        rounds::RoundCode::ALL,
        visits::VisitCode::ALL,
        fees::FeeCode::ALL,
        attachments::AttachmentCode::ALL,
    ]
    .concat()
}
