//! The processes on the server: where their records are kept and what the office is shown.

use domain::modules::RecordKind;

use crate::store::Table;

pub mod accounts;
pub mod attachments;
pub mod company;
pub mod fees;
pub mod households;
pub mod rounds;
pub mod tickets;
pub mod visits;

/// Where a kind of record is kept.
pub fn table(kind: RecordKind) -> &'static Table {
    match kind {
        RecordKind::User => &accounts::table::USERS,
        RecordKind::Settings => &company::table::SETTINGS,
        RecordKind::Project => &households::table::PROJECTS,
        RecordKind::Cluster => &households::table::CLUSTERS,
        RecordKind::Building => &households::table::BUILDINGS,
        RecordKind::Household => &households::table::HOUSEHOLDS,
        RecordKind::Ticket => &tickets::table::TICKETS,
        RecordKind::RoundTemplate => &rounds::table::ROUND_TEMPLATES,
        RecordKind::Checkpoint => &rounds::table::CHECKPOINTS,
        RecordKind::Schedule => &rounds::table::SCHEDULES,
        RecordKind::Round => &rounds::table::ROUNDS,
        RecordKind::Briefing => &rounds::table::BRIEFINGS,
        RecordKind::Visit => &visits::table::VISITS,
        RecordKind::Arrears => &fees::table::ARREARS,
        RecordKind::FeeCall => &fees::table::FEE_CALLS,
        RecordKind::BlobArrival => &attachments::table::BLOB_ARRIVALS,
        RecordKind::Settlement => &attachments::table::SETTLEMENTS,
    }
}
