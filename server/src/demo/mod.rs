//! The demo company 万兴现代城 with a year of history up to the moment it is made.
//!
//! Everything goes through the one write path, as its people would have done it; one random stream a
//! process, so that the same seed and moment give the same company, up to the signatures of the codes
//! that were scanned: the key of those is the installation's own. Facts of the estate: S0 §2.

use std::sync::Arc;

use domain::id::{CheckpointId, DeviceId, OpId};
use domain::modules::Command;
use domain::modules::company::{SetSettings, Settings};
use domain::modules::rounds::code::site_of;
use domain::sync::{OutcomeKind, Scope};
use domain::time::{DAY, MINUTE, Ms};
use domain::{Actor, Role};

mod briefings;
mod estate;
mod fees;
mod history;
mod people;
mod pictures;
mod rounds;
mod stream;
mod tickets;
mod visits;

pub use people::{PASSWORD, STAFF, accounts_json};

use crate::auth::store as accounts;
use crate::blobs;
use crate::state::AppState;
use crate::sync::SystemCommand;
use history::{Event, History};
use people::Staff;
use stream::Stream;

/// The seed of the company that everybody sees.
pub const SEED: u64 = 2011;

/// A whole year and the day on which it begins.
const YEAR: i64 = 366;

/// How many commands are handed over at once; the service makes its own batches of them.
const CHUNK: usize = 5_000;

/// Whether nobody has ever used this database.
pub async fn is_empty(state: &AppState) -> Result<bool, String> {
    let head = state.sync.head(Scope::Company).await;
    head.map(|head| head == 0).map_err(|e| format!("The database cannot be read: {e}."))
}

/// Fills an empty database. Returns how many commands were applied.
pub async fn seed(state: &AppState, now: Ms, seed: u64) -> Result<usize, String> {
    seed_days(state, now, seed, YEAR).await
}

/// As `seed`, but of its year only the last days have happened: for whoever cannot wait for the rest.
pub async fn seed_days(state: &AppState, now: Ms, seed: u64, days: i64) -> Result<usize, String> {
    let zone = Settings::default().zone;
    let today = zone.date(now);
    let begun = now.plus(-YEAR * DAY);
    let project = Scope::Project(estate::project());
    let staff = Staff::new();

    store_pictures(state, begun).await?;

    let settings = Settings { company: "万兴物业（演示）".into(), ..Settings::default() };
    let mut company: Vec<Command> = vec![SetSettings { settings, base: None }.into()];
    for (account, name, roles, cluster) in STAFF {
        company.push(people::create_account(account, name, roles, *cluster).into());
    }
    company.extend(rounds::publish());
    let mut applied = set_up(state, Scope::Company, company, begun, seed).await?;
    set_passwords(state, &staff, begun).await?;

    let (mut commands, units) = estate::build(&mut Stream::new(seed, "estate"), today);
    commands.extend(rounds::register(today));
    applied += set_up(state, project, commands, begun.plus(MINUTE), seed).await?;

    let mut history = History::new(now, project).since(now.plus(-days * DAY));
    let site = site_of(estate::project());
    let codes = std::cell::RefCell::new(std::collections::HashMap::new());
    let sign = |checkpoint: CheckpointId, version: u32| -> String {
        // One code hangs on the wall; signing it anew each time would only cost time.
        codes
            .borrow_mut()
            .entry((checkpoint, version))
            .or_insert_with(|| state.code_key.sign(&site, checkpoint, version))
            .clone()
    };
    tickets::fill(&mut history, &mut Stream::new(seed, "tickets"), &staff, &units);
    rounds::fill(&mut history, &mut Stream::new(seed, "rounds"), &staff, today, &sign);
    briefings::fill(&mut history, &mut Stream::new(seed, "briefings"), &staff, &zone);
    visits::fill(&mut history, &mut Stream::new(seed, "visits"), &staff, &units, &zone);
    fees::fill(&mut history, &mut Stream::new(seed, "fees"), &staff, &units, &zone);
    applied += play(state, history.into_events()).await?;
    mark_devices(state, &staff, now).await?;
    Ok(applied)
}

/// Applies what an administrator does before a company starts.
async fn set_up(
    state: &AppState,
    scope: Scope,
    commands: Vec<Command>,
    at: Ms,
    seed: u64,
) -> Result<usize, String> {
    let actor = Arc::new(Actor::system());
    let device = DeviceId::derived(&["demo set-up", &scope.to_string()]);
    let mut chance = Stream::new(seed, "set-up");
    let commands = commands
        .into_iter()
        .map(|command| SystemCommand {
            actor: Arc::clone(&actor),
            device,
            op: OpId(chance.uuid(at)),
            occurred_at: at,
            received_at: at,
            command,
        })
        .collect();
    apply(state, scope, commands).await
}

/// Lets the year happen.
async fn play(state: &AppState, events: Vec<Event>) -> Result<usize, String> {
    let mut applied = 0;
    let mut events = events.into_iter().peekable();
    while let Some(scope) = events.peek().map(|event| event.scope) {
        let chunk = events
            .by_ref()
            .take(CHUNK)
            .map(|event| SystemCommand {
                actor: event.member.actor,
                device: event.member.device,
                op: event.op,
                occurred_at: event.at,
                received_at: event.received,
                command: event.command,
            })
            .collect();
        applied += apply(state, scope, chunk).await?;
    }
    Ok(applied)
}

/// Applies commands; a refused one is a mistake of the demo and stops it.
async fn apply(
    state: &AppState,
    scope: Scope,
    commands: Vec<SystemCommand>,
) -> Result<usize, String> {
    let kinds: Vec<&'static str> = commands.iter().map(|command| command.command.kind()).collect();
    let outcomes = state
        .sync
        .apply(scope, commands)
        .await
        .map_err(|e| format!("The demo company could not be made: {e}."))?;
    for (outcome, kind) in outcomes.iter().zip(&kinds) {
        if !matches!(outcome.outcome, OutcomeKind::Applied | OutcomeKind::Merged) {
            let reason = outcome.reason.as_ref().map(ToString::to_string).unwrap_or_default();
            return Err(format!(
                "The demo company is wrong: {kind} {} {}: {reason}.",
                outcome.op,
                outcome.outcome.name()
            ));
        }
    }
    Ok(outcomes.len())
}

/// One hash for all: they share the password, and hashing it fourteen times would take seconds.
async fn set_passwords(state: &AppState, staff: &Staff, at: Ms) -> Result<(), String> {
    let hash = state.passwords.hash(PASSWORD.into()).await.map_err(|e| e.to_string())?;
    for member in &staff.members {
        accounts::set_password(&state.db, member.actor.user, &hash, false, None, at)
            .await
            .map_err(|e| e.to_string())?;
    }
    Ok(())
}

async fn store_pictures(state: &AppState, at: Ms) -> Result<(), String> {
    let device = DeviceId::derived(&["demo pictures"]);
    for bytes in pictures::all() {
        blobs::import(state, device, bytes, at).await.map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// The phones of the demo's staff, last heard of some minutes ago.
async fn mark_devices(state: &AppState, staff: &Staff, now: Ms) -> Result<(), String> {
    for (index, member) in staff.members.iter().enumerate() {
        let minutes = i64::try_from(index).unwrap_or(0) * 7 + 2;
        let name = match member.actor.roles[0] {
            Role::Steward => "管家手机（演示）",
            Role::Technician => "维修手机（演示）",
            Role::Guard => "门岗手机（演示）",
            _ => "办公室电脑（演示）",
        };
        accounts::note_device(
            &state.db,
            member.device,
            member.actor.user,
            name,
            now.plus(-minutes * MINUTE),
        )
        .await
        .map_err(|e| e.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
