//! `guanjia bench`: the server's figures, each beside its target.
//!
//! Runs the real service, in process, on throw-away databases with durable commits. It prints and
//! never judges: these machines are noisy.

#![expect(clippy::disallowed_methods, reason = "measuring is what this module is for")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use domain::id::{BuildingId, ClusterId, DeviceId, OpId, ProjectId, TicketId, UnitId, VisitId};
use domain::modules::Command;
use domain::modules::households::{
    Contact, RegisterBuilding, RegisterCluster, RegisterProject, RegisterUnit, Relation, UnitStatus,
};
use domain::modules::tickets::{
    Intake, NoteTicket, OpenTicket, Place, TicketContact, TicketKind, Urgency,
};
use domain::modules::visits::{RecordVisit, Topic, VisitResult, VisitWay};
use domain::sync::{Envelope, Scope};
use domain::{Actor, Role};
use serde_json::value::RawValue;
use tokio::sync::watch;

use crate::cli;
use crate::clock::Clock;
use crate::config::Config;
use crate::state::AppState;

mod live;
mod pulls;

const UNITS: usize = 400;
/// Commands of the throughput run.
const COMMANDS: usize = 20_000;
const PUSHERS: usize = 16;
const BATCH: usize = 50;
const RUNS: usize = 3;

/// Measures on SQLite, and on PostgreSQL when its address is given.
pub async fn run(base: Config, postgres: Option<String>, only_pulls: bool) -> Result<(), String> {
    println!("{:<52} {:>16} {:>14}", "measure (medians)", "measured", "to reach");
    let folder = std::env::temp_dir().join(format!("guanjia-bench-{}", std::process::id()));
    let sqlite = format!("sqlite:{}", folder.join("bench.db").display());
    engine(&base, "SQLite", sqlite, &folder, (!only_pulls).then_some("≥ 10,000")).await?;
    if let Some(url) = postgres {
        engine(&base, "PostgreSQL", url, &folder, (!only_pulls).then_some("≥ 5,000")).await?;
    }
    std::fs::remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))
}

async fn engine(
    base: &Config,
    name: &str,
    database: String,
    folder: &PathBuf,
    target: Option<&str>,
) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let config =
        Config { database, data: folder.clone(), backup_dir: None, demo: false, ..base.clone() };
    let (_stop, stopping) = watch::channel(false);
    let state = cli::start(config, Clock::system(), stopping).await?;
    if let Some(target) = target {
        throughputs(&state, name, target).await?;
    }
    pulls::measure(&state, name).await?;
    state.sync.stop().await;
    state.db.close().await;
    Ok(())
}

async fn throughputs(state: &AppState, name: &str, target: &str) -> Result<(), String> {
    let site = Estate::set_up(state).await?;
    let mut rates = Vec::new();
    for run in 0..RUNS {
        rates.push(throughput(state, &site, run).await?);
    }
    row(&format!("{name}: durable commands/s, full rules"), rates, target);

    let mut rates = Vec::new();
    for run in 0..RUNS {
        rates.push(single_pushes(state, &site, run).await?);
    }
    row(&format!("{name}: pushes/s in one scope, one command each"), rates, "≥ 1,000");

    let mut rates = Vec::new();
    let mut rows = 0;
    for _ in 0..RUNS {
        let (count, seconds) = first_sync(state, &site).await?;
        rows = count;
        rates.push(count as f64 / seconds);
    }
    row(&format!("{name}: first sync, rows/s ({rows} rows)"), rates, "≥ 30,000");

    live::measure(state, &site, name).await
}

fn row(measure: &str, mut rates: Vec<f64>, target: &str) {
    rates.sort_by(f64::total_cmp);
    println!("{measure:<52} {:>16.0} {target:>14}", rates[rates.len() / 2]);
}

/// What the commands are about.
#[derive(Clone)]
struct Estate {
    project: ProjectId,
    cluster: ClusterId,
    units: Arc<Vec<(UnitId, String)>>,
    actor: Arc<Actor>,
}

impl Estate {
    async fn set_up(state: &AppState) -> Result<Self, String> {
        let project = ProjectId(state.clock.uuid());
        let cluster = ClusterId(state.clock.uuid());
        let building = BuildingId(state.clock.uuid());
        let mut commands: Vec<Command> = vec![
            RegisterProject { project, name: "bench".into() }.into(),
            RegisterCluster { cluster, code: "A".into(), name: "bench".into() }.into(),
            RegisterBuilding {
                building,
                cluster,
                number: "1".into(),
                name: "1".into(),
                floors: 99,
                entrances: 1,
            }
            .into(),
        ];
        let mut units = Vec::new();
        for index in 0..UNITS {
            let unit = UnitId(state.clock.uuid());
            let label = format!("1-1-{}{:02}", 1 + index / 8, 1 + index % 8);
            units.push((unit, label.clone()));
            commands.push(
                RegisterUnit {
                    unit,
                    building,
                    label,
                    floor: i32::try_from(1 + index / 8).unwrap_or(1),
                    area_centi: 9_000,
                    status: UnitStatus::OwnerOccupied,
                    handed_over: None,
                    contacts: vec![Contact {
                        name: "业主".into(),
                        relation: Relation::Owner,
                        phone: "13900000000".into(),
                        pinyin: vec!["yz".into(), "yezhu".into()],
                    }],
                    key_customer: false,
                    caution: String::new(),
                }
                .into(),
            );
        }
        let scope = Scope::Project(project);
        let outcomes = state.sync.system(scope, commands, state.clock.now()).await;
        let outcomes = outcomes.map_err(|e| e.to_string())?;
        if let Some(reason) = outcomes.into_iter().find_map(|outcome| outcome.reason) {
            return Err(format!("the bench's estate was refused: {reason}"));
        }
        let actor = Arc::new(Actor {
            user: domain::id::UserId(state.clock.uuid()),
            name: "bench".into(),
            roles: vec![Role::Supervisor],
            clusters: Vec::new(),
        });
        Ok(Self { project, cluster, units: Arc::new(units), actor })
    }

    fn scope(&self) -> Scope {
        Scope::Project(self.project)
    }

    /// A day's mix: a ticket, a remark on it, two visits.
    fn commands(&self, state: &AppState, from: u64, count: usize) -> Vec<Box<RawValue>> {
        let mut last = None;
        (0..count)
            .map(|index| {
                let (unit, label) =
                    &self.units[(usize::try_from(from).unwrap_or(0) + index) % self.units.len()];
                let command = match (index % 4, last) {
                    (1, Some(ticket)) => Command::from(NoteTicket {
                        ticket,
                        note: "已电话联系业主,约定下午三点上门".into(),
                        photos: Vec::new(),
                        settles_conflict: false,
                        counts: None,
                    }),
                    (0 | 1, _) => {
                        let ticket = TicketId(state.clock.uuid());
                        last = Some(ticket);
                        Command::from(OpenTicket {
                            ticket,
                            cluster: self.cluster,
                            kind: TicketKind::Repair,
                            category: "leak".into(),
                            urgency: Urgency::Normal,
                            intake: Intake::Phone,
                            place: Place { unit: Some(*unit), label: label.clone() },
                            contact: TicketContact {
                                name: "业主".into(),
                                phone: "13900000000".into(),
                            },
                            description: "厨房水槽下方渗水,柜底板已泡湿,业主要求尽快处理".into(),
                            photos: Vec::new(),
                            origin: None,
                        })
                    }
                    _ => Command::from(RecordVisit {
                        visit: VisitId(state.clock.uuid()),
                        cluster: self.cluster,
                        unit: Some(*unit),
                        place: label.clone(),
                        way: VisitWay::OnTheWay,
                        met: "业主".into(),
                        topics: vec![Topic::Opinion],
                        note: "认为保洁频次可以增加,周末楼道垃圾清理偏晚".into(),
                        result: VisitResult::Answered,
                        attachments: Vec::new(),
                    }),
                };
                let envelope = Envelope {
                    op: OpId(state.clock.uuid()),
                    n: from + index as u64,
                    kind: command.kind().into(),
                    v: 1,
                    at_device: state.clock.now(),
                    offset: Some(0),
                    payload: RawValue::from_string(command.encode()).expect("commands are JSON"),
                };
                serde_json::value::to_raw_value(&envelope).expect("an envelope is JSON")
            })
            .collect()
    }
}

async fn push(
    state: &AppState,
    site: &Estate,
    device: DeviceId,
    commands: &[Box<RawValue>],
) -> Result<(), String> {
    let answer = state
        .sync
        .push(site.scope(), device, Arc::clone(&site.actor), commands, state.clock.now())
        .await
        .map_err(|e| e.to_string())?;
    match answer.outcomes.iter().find(|outcome| !outcome.get().contains("\"applied\"")) {
        Some(other) => Err(format!("the bench's command was not applied: {}", other.get())),
        None => Ok(()),
    }
}

/// Commands a second when `PUSHERS` phones send their outboxes at once.
async fn throughput(state: &AppState, site: &Estate, run: usize) -> Result<f64, String> {
    let each = COMMANDS / PUSHERS;
    // Made before the clock starts: making them is the phones' work.
    let work: Vec<(DeviceId, Vec<Vec<Box<RawValue>>>)> = (0..PUSHERS)
        .map(|pusher| {
            let device = DeviceId::derived(&[
                "bench",
                &site.project.to_string(),
                &run.to_string(),
                &pusher.to_string(),
            ]);
            let batches = (0..each / BATCH)
                .map(|batch| site.commands(state, (batch * BATCH) as u64 + 1, BATCH))
                .collect();
            (device, batches)
        })
        .collect();
    let started = Instant::now();
    let mut tasks = Vec::new();
    let mut sent = 0;
    for (device, batches) in work {
        sent += batches.len() * BATCH;
        let (state, site) = (state.clone(), site.clone());
        tasks.push(tokio::spawn(async move {
            for batch in batches {
                push(&state, &site, device, &batch).await?;
            }
            Ok::<_, String>(())
        }));
    }
    for task in tasks {
        task.await.map_err(|e| e.to_string())??;
    }
    Ok(sent as f64 / started.elapsed().as_secs_f64())
}

/// Pushes a second when many phones send one command each.
async fn single_pushes(state: &AppState, site: &Estate, run: usize) -> Result<f64, String> {
    const PHONES: usize = 64;
    const EACH: u64 = 40;
    let started = Instant::now();
    let mut tasks = Vec::new();
    for phone in 0..PHONES {
        let (state, site) = (state.clone(), site.clone());
        let device = DeviceId::derived(&[
            "single",
            &site.project.to_string(),
            &run.to_string(),
            &phone.to_string(),
        ]);
        tasks.push(tokio::spawn(async move {
            for n in 1..=EACH {
                let commands = site.commands(&state, n, 1);
                push(&state, &site, device, &commands).await?;
            }
            Ok::<_, String>(())
        }));
    }
    for task in tasks {
        task.await.map_err(|e| e.to_string())??;
    }
    Ok((PHONES as u64 * EACH) as f64 / started.elapsed().as_secs_f64())
}

/// Pulls everything a supervisor sees: (rows, seconds).
async fn first_sync(state: &AppState, site: &Estate) -> Result<(usize, f64), String> {
    let device = DeviceId(state.clock.uuid());
    let started = Instant::now();
    let mut cursor: Option<String> = None;
    let mut rows = 0;
    loop {
        let page = state
            .sync
            .pull(site.scope(), &site.actor, device, cursor.as_deref(), crate::sync::PAGE_ROWS)
            .await
            .map_err(|e| e.to_string())?;
        // As the handler does: the page is on the wire only when it is text.
        let text = serde_json::to_string(&page).map_err(|e| e.to_string())?;
        rows += page.rows.len();
        std::hint::black_box(text);
        if !page.more {
            return Ok((rows, started.elapsed().as_secs_f64()));
        }
        cursor = Some(page.cursor);
    }
}
