//! The real store as the simulation asks it: the service on a database, killed and started again, backed up
//! and restored as the product does it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::web::{Database, Place};
use domain::id::DeviceId;
use domain::modules::RecordKind;
use domain::refusal::CommonCode;
use domain::sync::client::{PullAsk, TransportError};
use domain::sync::sim::beside::{Act, Kept, Return, Twin};
use domain::sync::sim::server::error_of;
use domain::sync::wire::{PullResponse, PushRequest, PushResponse};
use domain::sync::{Outcome, RecordKey, Scope};
use domain::time::DAY;
use domain::{Actor, Ms, Refusal};
use server::backup::{self, Backup, Restore};
use server::clock::Clock;
use server::db::{Db, sql};
use server::metrics::Metrics;
use server::store::{floor, records, scopes};
use server::sync::{Asked, PushFailure, SyncService, SystemCommand, verify};
use sqlx::Row;
use tokio::runtime::Runtime;
use uuid::Uuid;

/// One server, as long as it is not killed.
struct Life {
    runtime: Runtime,
    db: Db,
    sync: SyncService,
}

pub struct Real {
    database: Database,
    place: Place,
    clock: Clock,
    life: Option<Life>,
    /// The last back-up, and the one before it.
    made: PathBuf,
    earlier: PathBuf,
    /// A day for each time the feed was compacted: the product forgets by days, the simulation by sequence.
    marked: Ms,
}

pub fn on_sqlite(epoch: Uuid, now: Ms) -> Box<dyn Twin> {
    Box::new(Real::new(Database::Sqlite, epoch, now))
}

pub fn on_postgres(epoch: Uuid, now: Ms) -> Box<dyn Twin> {
    Box::new(Real::new(Database::Postgres, epoch, now))
}

impl Life {
    fn begin(database: &str, clock: &Clock, epoch: Option<Uuid>) -> Self {
        let runtime = runtime();
        let (db, sync) = runtime.block_on(async {
            let db = Db::connect(database).await.unwrap();
            if let Some(epoch) = epoch {
                let set = "INSERT INTO meta (name, value) VALUES ('epoch', $1)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                let set = sql(set).bind(epoch.to_string());
                set.execute(db.writers()).await.unwrap();
            }
            let genuine = Arc::new(|_: &str| true);
            let sync = SyncService::start(db.clone(), clock.clone(), genuine, Metrics::default());
            let sync = sync.await.unwrap();
            (db, sync)
        });
        Self { runtime, db, sync }
    }

    /// Nothing is asked to stop or to finish: what went on is gone with its connections.
    fn end(self) {
        let Self { runtime, db, sync } = self;
        let handle = runtime.handle().clone();
        let _context = handle.enter();
        runtime.shutdown_background();
        drop((sync, db));
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

impl Real {
    fn new(database: Database, epoch: Uuid, now: Ms) -> Self {
        let place = runtime().block_on(Place::fresh(database));
        let clock = Clock::manual(now);
        let life = Some(Life::begin(&place.database, &clock, Some(epoch)));
        Self {
            database,
            place,
            clock,
            life,
            made: PathBuf::new(),
            earlier: PathBuf::new(),
            marked: Ms(0),
        }
    }

    fn live(&self) -> &Life {
        self.life.as_ref().unwrap()
    }

    fn run(&self, statement: &'static str) {
        let Life { runtime, db, .. } = self.live();
        runtime.block_on(sql(statement).execute(db.writers())).unwrap();
    }

    fn kill(&mut self) {
        self.life.take().into_iter().for_each(Life::end);
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.kill();
        runtime().block_on(self.place.clear());
    }
}

fn failure(failure: PushFailure) -> TransportError {
    match failure {
        PushFailure::Refused(error) => error_of(error),
        PushFailure::UnknownScope => {
            TransportError::Refused(Refusal::new(CommonCode::UnknownScope))
        }
        PushFailure::Unavailable(why) | PushFailure::Broken(why) => TransportError::Garbled(why),
    }
}

impl Twin for Real {
    fn act(&mut self, act: Act) -> Outcome {
        self.clock.set(act.now);
        let Act { scope, device, op, actor, command, now } = act;
        let command =
            SystemCommand { actor, device, op, occurred_at: now, received_at: now, command };
        let Life { runtime, sync, .. } = self.live();
        runtime.block_on(sync.apply(scope, vec![command])).unwrap().remove(0)
    }

    fn push(
        &mut self,
        actor: Arc<Actor>,
        request: &PushRequest,
        now: Ms,
    ) -> Result<PushResponse, TransportError> {
        self.clock.set(now);
        let Life { runtime, sync, .. } = self.live();
        let PushRequest { scope, device, commands, resume_from, .. } = request;
        let pushed = sync.push_resumed(*scope, *device, actor, commands, *resume_from, now);
        runtime.block_on(pushed).map_err(failure)
    }

    fn push_in_vain(&mut self, actor: Arc<Actor>, request: &PushRequest, now: Ms) {
        let (full, empty): (&[&str], _) = match self.database {
            // The head moves last, and there is one connection that writes.
            Database::Sqlite => (
                &["CREATE TEMP TRIGGER no_room AFTER UPDATE OF head ON main.scopes
                   BEGIN SELECT abs(-9223372036854775808); END"],
                "DROP TRIGGER no_room",
            ),
            Database::Postgres => (
                &[
                    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
                     $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$",
                    "CREATE CONSTRAINT TRIGGER no_room AFTER UPDATE OF head ON scopes
                     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no_room()",
                ],
                "DROP FUNCTION no_room() CASCADE",
            ),
        };
        for statement in full {
            self.run(statement);
        }
        drop(self.push(actor, request, now));
        self.run(empty);
    }

    fn pull(
        &mut self,
        actor: &Actor,
        device: DeviceId,
        ask: &PullAsk,
        limit: usize,
        now: Ms,
    ) -> Result<PullResponse, TransportError> {
        self.clock.set(now);
        let PullAsk { scope, cursor, check, repair, .. } = ask;
        let asked = Asked { cursor: cursor.as_deref(), limit, check: *check, repair: *repair };
        let Life { runtime, sync, .. } = self.live();
        Ok(runtime.block_on(sync.pull_asked(*scope, actor, device, asked)).unwrap())
    }

    fn back_up(&mut self, now: Ms) {
        self.clock.set(now);
        let Life { runtime, db, .. } = self.live();
        let backup = Backup {
            db: db.clone(),
            data: self.place.folder.join("data"),
            root: self.place.folder.join("backups"),
            keep: 2,
            clock: self.clock.clone(),
        };
        let made = runtime.block_on(backup::make(&backup)).unwrap().folder;
        self.earlier = std::mem::replace(&mut self.made, made);
    }

    fn restore(
        &mut self,
        epoch: Uuid,
        which: Return,
        now: Ms,
    ) -> BTreeMap<Scope, BTreeMap<String, u32>> {
        self.clock.set(now);
        self.kill();
        let runtime = runtime();
        // The machine is gone; the back-ups lie on another.
        let place = runtime.block_on(Place::fresh(self.database));
        let lost = std::mem::replace(&mut self.place, place);
        let root = self.place.folder.join("backups");
        std::fs::rename(lost.folder.join("backups"), &root).unwrap();
        // There is none before the second back-up.
        self.earlier = self.earlier.file_name().map_or_else(PathBuf::new, |name| root.join(name));
        self.made = root.join(self.made.file_name().unwrap());
        if which == Return::Earlier && self.made != self.earlier {
            std::fs::remove_dir_all(&self.made).unwrap();
            self.made.clone_from(&self.earlier);
        }
        runtime.block_on(lost.clear());
        let restore = Restore {
            folder: self.made.clone(),
            database: self.place.database.clone(),
            data: self.place.folder.join("data"),
            replace: false,
            older: false,
            sign_out: false,
            clock: self.clock.clone(),
        };
        let restored = runtime.block_on(backup::restore(&restore)).unwrap();
        drop(runtime);
        self.life = Some(Life::begin(&self.place.database, &self.clock, Some(epoch)));
        let mut series: BTreeMap<Scope, BTreeMap<String, u32>> = BTreeMap::new();
        for went_on in restored.series {
            let last = u32::try_from(went_on.skipped_to).unwrap();
            series.entry(went_on.scope).or_default().insert(went_on.name, last);
        }
        series
    }

    fn compact(&mut self, scope: Scope, floor: u64) -> usize {
        self.marked = self.marked.plus(DAY);
        let Life { runtime, db, .. } = self.live();
        let forgotten = runtime.block_on(async {
            let mut tx = db.begin_write().await.unwrap();
            scopes::lock(&mut tx, db.dialect(), scope).await.unwrap();
            floor::mark(&mut tx, scope, floor, self.marked).await.unwrap();
            let forgotten = floor::raise(&mut tx, scope, self.marked).await.unwrap();
            tx.commit().await.unwrap();
            forgotten
        });
        usize::try_from(forgotten).unwrap()
    }

    fn die(&mut self) {
        self.kill();
        self.life = Some(Life::begin(&self.place.database, &self.clock, None));
    }

    fn kept(&mut self) -> Result<Kept, String> {
        let Life { runtime, db, .. } = self.live();
        let report = runtime.block_on(verify(db)).unwrap();
        match report.problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(runtime.block_on(kept(db))),
        }
    }
}

/// Everything that the simulation has too.
async fn kept(db: &Db) -> Kept {
    let mut all = Kept::default();
    let mut tx = db.begin_read().await.unwrap();
    for (scope, head) in scopes::stored(&mut tx).await.unwrap() {
        all.head(scope, head.seq, &head.hash);
        for kind in RecordKind::ALL {
            for body in records::page(&mut tx, *kind, scope, "", i64::MAX).await.unwrap() {
                all.record(scope, body.key, body.seq, &body.body);
            }
        }
    }
    for (scope, name, last) in scopes::all_counters(&mut tx).await.unwrap() {
        all.series(scope, &name, last);
    }
    let feed = sql("SELECT scope, kind, record_id, channel, seq, gone FROM feed");
    for row in feed.fetch_all(&mut *tx).await.unwrap() {
        let (seq, gone): (i64, i64) = (row.get(4), row.get(5));
        let channel = row.get::<String, _>(3);
        all.feed(place(&row), &channel, key(&row), seq.unsigned_abs(), gone != 0);
    }
    let held = sql("SELECT scope, waits_kind, waits_id, seq FROM held");
    for row in held.fetch_all(&mut *tx).await.unwrap() {
        let waits_for = row.get::<Option<String>, _>(1).map(|_| key(&row));
        all.held(place(&row), row.get::<i64, _>(3).unsigned_abs(), waits_for);
    }
    all
}

fn place(row: &sqlx::any::AnyRow) -> Scope {
    row.get::<String, _>(0).parse().unwrap()
}

/// Of the columns behind the scope.
fn key(row: &sqlx::any::AnyRow) -> RecordKey {
    let (kind, id): (String, String) = (row.get(1), row.get(2));
    RecordKey { kind: RecordKind::from_name(&kind).unwrap(), id: id.parse().unwrap() }
}
