//! The server's side of sync: push, pull, live events. See docs/sync-protocol.md.
//!
//! `domain::sync::batch` decides; this module gives it what the database holds, inside a write
//! transaction that has locked the scope's head (`commit`), for all commands that wait at that
//! moment (`writer`), and tells whoever listens (`heads`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use domain::Ms;
use domain::actor::Actor;
use domain::id::{DeviceId, OpId};
use domain::modules::Command;
use domain::sync::batch::{Resume, read_push};
use domain::sync::wire::{HeadEvent, PushResponse};
use domain::sync::{Outcome, RecordKey, Scope, SyncedRecord};
use serde_json::value::RawValue;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::Db;
use crate::metrics::Metrics;
use crate::state::AppState;
use crate::store::duties::Fence;
use crate::store::{self, StoreError};

mod commit;
mod cursor;
mod events;
mod failure;
mod heads;
mod http;
mod pull;
mod reader;
mod verify;
mod writer;

pub use failure::PushFailure;
pub use pull::{Asked, PAGE_ROWS};
pub use verify::{Report, verify, verify_with};

use commit::Group;
use writer::Job;

/// Whether a scanned checkpoint code carries a genuine signature of this site.
pub type CodeIsGenuine = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// How often commands that wait are looked at without any event.
const SWEEP: Duration = Duration::from_secs(60);
/// Commands of the product itself in one transaction.
const SYSTEM_BATCH: usize = 1_000;

/// A command of the product itself, or of a person whose history is brought in.
#[derive(Clone, Debug)]
pub struct SystemCommand {
    pub actor: Arc<Actor>,
    pub device: DeviceId,
    /// Applied once: the same id again gives the first answer.
    pub op: OpId,
    pub occurred_at: Ms,
    pub received_at: Ms,
    pub command: Command,
}

/// Decides, stores and hands out. Clones are the same service.
#[derive(Clone)]
pub struct SyncService(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    /// One writer a scope, made when it is first written to; `None` once the service has stopped.
    writers: Mutex<Option<HashMap<Scope, Writer>>>,
    /// What runs beside them.
    background: Mutex<Vec<JoinHandle<()>>>,
}

struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
    task: JoinHandle<()>,
}

/// What writers and readers need.
pub(crate) struct Shared {
    pub db: Db,
    pub clock: Clock,
    pub code_is_genuine: CodeIsGenuine,
    pub metrics: Metrics,
    pub epoch: Uuid,
    pub heads: heads::Heads,
    /// True once the service is asked to stop.
    pub stopping: watch::Sender<bool>,
}

impl SyncService {
    /// Starts the service and what it does on its own: hearing of other nodes, and looking after
    /// commands that wait.
    pub async fn start(
        db: Db,
        clock: Clock,
        code_is_genuine: CodeIsGenuine,
        metrics: Metrics,
    ) -> Result<Self, StoreError> {
        Self::start_polling(db, clock, code_is_genuine, metrics, heads::POLL).await
    }

    /// The same, looking `every` so often for what no other node has told.
    pub async fn start_polling(
        db: Db,
        clock: Clock,
        code_is_genuine: CodeIsGenuine,
        metrics: Metrics,
        every: Duration,
    ) -> Result<Self, StoreError> {
        let begin = |error| StoreError { table: "meta", error };
        let mut tx = db.begin_write().await.map_err(begin)?;
        let epoch = store::meta::epoch(&mut tx, &clock).await?;
        tx.commit().await.map_err(begin)?;
        let heads = heads::Heads::new(epoch);
        let stopping = watch::Sender::new(false);
        let shared = Shared { db, clock, code_is_genuine, metrics, epoch, heads, stopping };
        let shared = Arc::new(shared);
        let mut background = heads::start(&shared, every);
        let service = Self(Arc::new(Inner {
            shared,
            writers: Mutex::new(Some(HashMap::new())),
            background: Mutex::default(),
        }));
        background.push(service.start_sweeping());
        *locked(&service.0.background) = background;
        Ok(service)
    }

    /// Takes nothing more, finishes what it has taken, and lets go of the database.
    pub async fn stop(&self) {
        self.0.shared.stopping.send_replace(true);
        let writers = locked(&self.0.writers).take().unwrap_or_default();
        for Writer { jobs, task } in writers.into_values() {
            // Without its queue a writer ends after the last job.
            drop(jobs);
            task.await.ok();
        }
        let background = std::mem::take(&mut *locked(&self.0.background));
        for task in background {
            task.await.ok();
        }
    }

    /// Changes when the database comes back from a backup.
    pub fn epoch(&self) -> Uuid {
        self.0.shared.epoch
    }

    /// Applies a push. The answers come after the commit, in the order of the commands.
    pub async fn push(
        &self,
        scope: Scope,
        device: DeviceId,
        actor: Arc<Actor>,
        commands: &[Box<RawValue>],
        received_at: Ms,
    ) -> Result<PushResponse, PushFailure> {
        self.push_resumed(scope, device, actor, commands, None, received_at).await
    }

    /// Applies a push whose device says from which number on it still has its commands
    /// (`PushRequest::resume_from`).
    pub async fn push_resumed(
        &self,
        scope: Scope,
        device: DeviceId,
        actor: Arc<Actor>,
        commands: &[Box<RawValue>],
        resume_from: Option<u64>,
        received_at: Ms,
    ) -> Result<PushResponse, PushFailure> {
        let incoming =
            read_push(commands, device, &actor, received_at).map_err(PushFailure::Refused)?;
        if !self.scope_exists(scope).await? {
            return Err(PushFailure::UnknownScope);
        }
        // Only what really follows is taken from there.
        let resume = resume_from
            .filter(|from| incoming.first().is_some_and(|first| first.n == *from))
            .map(|from| Resume { device, from, actor, received_at });
        let (outcomes, head) = if incoming.is_empty() {
            (Vec::new(), self.head(scope).await?)
        } else {
            self.submit(scope, Group { incoming, numbered: true, resume }).await?
        };
        let outcomes = outcomes
            .into_iter()
            .map(|reply| RawValue::from_string(reply).expect("answers are stored as JSON"))
            .collect();
        let server_time = self.0.shared.clock.now();
        Ok(PushResponse { epoch: self.epoch(), outcomes, head, server_time })
    }

    /// Applies commands of the product itself, under its own device in that scope.
    pub async fn system(
        &self,
        scope: Scope,
        commands: Vec<Command>,
        at: Ms,
    ) -> Result<Vec<Outcome>, PushFailure> {
        let actor = Arc::new(Actor::system());
        let device = DeviceId::derived(&["system", &scope.to_string()]);
        let commands = commands.into_iter().map(|command| SystemCommand {
            actor: Arc::clone(&actor),
            device,
            op: OpId(self.0.shared.clock.uuid()),
            occurred_at: at,
            received_at: at,
            command,
        });
        self.apply(scope, commands.collect()).await
    }

    /// Applies commands in order, on exactly the path of a push; numbers are given to them here. A
    /// project begins with its `RegisterProject`.
    pub async fn apply(
        &self,
        scope: Scope,
        commands: Vec<SystemCommand>,
    ) -> Result<Vec<Outcome>, PushFailure> {
        let mut outcomes = Vec::with_capacity(commands.len());
        let mut commands = commands.into_iter().peekable();
        while commands.peek().is_some() {
            let incoming = commands.by_ref().take(SYSTEM_BATCH).map(SystemCommand::into_incoming);
            let group = Group { incoming: incoming.collect(), numbered: false, resume: None };
            let (replies, _) = self.submit(scope, group).await?;
            for reply in replies {
                let outcome = serde_json::from_str(&reply);
                outcomes.push(outcome.map_err(|error| StoreError::decode("log", error))?);
            }
        }
        Ok(outcomes)
    }

    /// Where a scope's log ends.
    pub async fn head(&self, scope: Scope) -> Result<u64, StoreError> {
        let mut connection = self.reader().await?;
        Ok(store::scopes::head(&mut connection, scope).await?.seq)
    }

    /// The stored state of one record.
    pub async fn record<R: SyncedRecord>(&self, id: Uuid) -> Result<Option<R>, StoreError> {
        let mut connection = self.reader().await?;
        store::records::find(&mut connection, self.0.shared.db.dialect(), id).await
    }

    /// Hears of every scope whose log has grown, on this node or another.
    pub fn subscribe(&self) -> broadcast::Receiver<HeadEvent> {
        self.0.shared.heads.subscribe()
    }

    async fn reader(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Any>, StoreError> {
        let connection = self.0.shared.db.readers().acquire().await;
        connection.map_err(|error| StoreError { table: "pool", error })
    }

    async fn submit(&self, scope: Scope, group: Group) -> Result<(Vec<String>, u64), PushFailure> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(scope, Job { group, touched: Vec::new(), reply: Some(reply) });
        let gone = |_| PushFailure::Unavailable("the scope's writer has stopped".into());
        answer.await.map_err(gone)?
    }

    /// After the service has stopped the job is dropped, which its sender notices.
    fn enqueue(&self, scope: Scope, job: Job) {
        let mut writers = locked(&self.0.writers);
        let Some(writers) = writers.as_mut() else { return };
        let start = || {
            let service = Arc::downgrade(&self.0);
            let (jobs, task) = writer::start(Arc::clone(&self.0.shared), service, scope);
            Writer { jobs, task }
        };
        let writer = writers.entry(scope).or_insert_with(start);
        if let Err(mpsc::error::SendError(job)) = writer.jobs.send(job) {
            // The writer ended with a panic; what it was doing was rolled back.
            *writer = start();
            writer.jobs.send(job).ok();
        }
    }

    /// Decides what waits in a scope for these records again.
    pub(crate) fn release(&self, scope: Scope, touched: Vec<RecordKey>) {
        let group = Group { incoming: Vec::new(), numbered: true, resume: None };
        self.enqueue(scope, Job { group, touched, reply: None });
    }

    fn start_sweeping(&self) -> JoinHandle<()> {
        let (service, shared) = (Arc::downgrade(&self.0), Arc::downgrade(&self.0.shared));
        tokio::spawn(async move {
            while let Some(inner) = service.upgrade() {
                if let Err(error) = Self(inner).sweep().await {
                    tracing::warn!(%error, "commands that wait could not be looked at");
                }
                if !heads::pause(&shared, SWEEP).await {
                    return;
                }
            }
        })
    }

    /// Forgets tombstones that are old enough, scope by scope; says how many. Run once in a while, as a duty.
    pub async fn compact_feed(&self, duty: Option<Fence>) -> Result<u64, StoreError> {
        let shared = &self.0.shared;
        let begin = |error| StoreError { table: "transaction", error };
        let now = shared.clock.now();
        let mut forgotten = 0;
        let scopes = store::scopes::heads(&mut *self.reader().await?).await?;
        for (scope, _) in scopes {
            let mut tx = shared.db.begin_write().await.map_err(begin)?;
            // As a writer does, for it writes the same rows.
            let head = store::scopes::lock(&mut tx, shared.db.dialect(), scope).await?;
            store::duties::hold(&mut tx, duty).await?;
            store::floor::mark(&mut tx, scope, head.seq, now).await?;
            let before = now.plus(-store::floor::TOMBSTONES_KEPT);
            forgotten += store::floor::raise(&mut tx, scope, before).await?;
            tx.commit().await.map_err(begin)?;
        }
        Ok(forgotten)
    }

    /// Commands that wait although what they wait for is here: a newer build knows their kind, or
    /// another scope brought their record at the same moment.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let mut connection = self.reader().await?;
        let waits = store::held::all_waits(&mut connection).await?;
        let keys = waits.iter().filter_map(|(_, key, _, _)| *key);
        let dialect = self.0.shared.db.dialect();
        let arrived = store::records::existing(&mut connection, dialect, keys).await?;
        drop(connection);
        let mut scopes: HashMap<Scope, Vec<RecordKey>> = HashMap::new();
        for (scope, key, kind, v) in waits {
            match key {
                Some(key) if arrived.contains(&key) => scopes.entry(scope).or_default().push(key),
                None if Command::decode(&kind, v, "").is_some() => {
                    scopes.entry(scope).or_default();
                }
                _ => {}
            }
        }
        for (scope, touched) in scopes {
            self.release(scope, touched);
        }
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SystemCommand {
    fn into_incoming(self) -> domain::sync::batch::Incoming {
        domain::sync::batch::Incoming {
            device: self.device,
            actor: self.actor,
            received_at: self.received_at,
            op: self.op,
            // Given once the head is locked.
            n: 0,
            kind: self.command.kind().to_owned(),
            v: 1,
            at_device: self.occurred_at,
            occurred_at: self.occurred_at.min(self.received_at),
            offset: None,
            payload: self.command.encode(),
            command: domain::sync::batch::Decoded::Command(Box::new(self.command)),
        }
    }
}

/// `POST /api/v1/sync/push`, `GET /api/v1/sync/pull`, `GET /api/v1/events`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/sync/push", post(http::push).layer(http::push_limit()))
        .route("/api/v1/sync/pull", get(http::pull))
        .route("/api/v1/events", get(events::events))
}
