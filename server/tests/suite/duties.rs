//! Work at intervals: on one node at a time, taken over when that dies, and nothing by who has lost it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::*;
use crate::web;
use domain::time::DAY;
use server::db::{Db, sql};
use server::duties::{Job, Node, Outcome, Pace};
use server::metrics::Metrics;
use server::store::StoreError;
use server::store::duties::{self, Duty, Fence};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

const HOUR: Duration = Duration::from_secs(3600);

/// Looks often, and otherwise waits as long as a server: nothing is taken over by mistake.
fn patient() -> Pace {
    let again = Duration::from_secs(2);
    Pace { look: Duration::from_millis(20), again, ..Pace::default() }
}

/// Takes over soon.
fn hasty() -> Pace {
    Pace {
        look: Duration::from_millis(20),
        beat: Duration::from_millis(50),
        hold: Duration::from_millis(700),
        desert: Duration::from_millis(1_500),
        again: Duration::from_millis(200),
    }
}

/// What the nodes of a test do, and whether ever two did it at once.
#[derive(Default)]
struct Stage {
    events: Mutex<Vec<String>>,
    now: AtomicUsize,
    two_at_once: AtomicBool,
}

impl Stage {
    fn note(&self, event: String) {
        self.events.lock().unwrap().push(event);
    }
    fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }
    fn has(&self, event: &str) -> bool {
        self.events().iter().any(|known| known == event)
    }
    async fn waits_for(&self, event: &str) {
        until(async || self.has(event)).await;
    }
}

/// Waits for something that has to come; how long that takes decides nothing.
async fn until(happened: impl AsyncFn() -> bool) {
    for _ in 0..6_000 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it has not happened within a minute");
}

/// Somebody at work, until this is dropped.
struct AtWork(Arc<Stage>, &'static str);

impl AtWork {
    fn begin(stage: &Arc<Stage>, node: &'static str) -> Self {
        if stage.now.fetch_add(1, Ordering::SeqCst) > 0 {
            stage.two_at_once.store(true, Ordering::SeqCst);
        }
        stage.note(format!("{node} begins"));
        Self(Arc::clone(stage), node)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.note(format!("{} ends", self.1));
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Work that ends only when it is broken off.
fn endless(stage: &Arc<Stage>, node: &'static str) -> Job {
    let stage = Arc::clone(stage);
    Job::of("endless", HOUR, move |_| {
        let stage = Arc::clone(&stage);
        async move {
            let _at_work = AtWork::begin(&stage, node);
            std::future::pending::<Outcome>().await
        }
    })
}

/// Work that is done at once.
fn short(name: &'static str, stage: &Arc<Stage>) -> Job {
    let stage = Arc::clone(stage);
    Job::of(name, HOUR, move |_| {
        stage.note(name.into());
        async { Ok(Duration::ZERO) }
    })
}

struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    metrics: Metrics,
}

fn run(db: &Db, name: &str, pace: Pace, jobs: Vec<Job>) -> Running {
    let (stop, stopping) = watch::channel(false);
    let metrics = Metrics::default();
    let node = Node::new(db.clone(), metrics.clone(), name.into(), pace, jobs);
    Running { stop, task: tokio::spawn(node.run(stopping)), metrics }
}

impl Running {
    async fn stops(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }
    /// As a process that is killed: nothing is said to anybody.
    async fn dies(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// Another node's connections to the same database.
async fn elsewhere(site: &Site) -> Db {
    Db::connect(site.db.url()).await.unwrap()
}

async fn seen(db: &Db, name: &str) -> Duty {
    let mut connection = db.writers().acquire().await.unwrap();
    let all = duties::look(&mut connection, db.dialect()).await.unwrap();
    all.into_iter().find(|duty| duty.name == name).unwrap()
}

/// Whether it was done; before a node has begun there is no such duty.
async fn is_done(db: &Db, name: &str) -> bool {
    let mut connection = db.readers().acquire().await.unwrap();
    let all = duties::look(&mut connection, db.dialect()).await.unwrap();
    all.iter().any(|duty| duty.name == name && duty.done.is_some())
}

async fn held(db: &Db, name: &'static str) -> (Fence, Duty) {
    let mut connection = db.writers().acquire().await.unwrap();
    duties::register(&mut connection, &[name]).await.unwrap();
    let all = duties::look(&mut connection, db.dialect()).await.unwrap();
    let duty = all.into_iter().find(|duty| duty.name == name).unwrap();
    let fence = duties::take(&mut connection, name, &duty, "first").await.unwrap().unwrap();
    drop(connection);
    (fence, seen(db, name).await)
}

async fn two_nodes_do_each_duty_once_a_period_between_them(site: &Site) {
    let (other, stage) = (elsewhere(site).await, Arc::new(Stage::default()));
    let jobs = || vec![short("one", &stage), short("two", &stage)];
    let nodes = [run(&site.db, "a", patient(), jobs()), run(&other, "b", patient(), jobs())];
    let count = |name: &str| stage.events().iter().filter(|event| *event == name).count();
    until(async || is_done(&other, "one").await).await;
    until(async || is_done(&other, "two").await).await;
    // Time for a second turn, if there were one.
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!((count("one"), count("two")), (1, 1));
    let hour = HOUR.as_millis();
    let later = format!("UPDATE duties SET done = done - {hour} WHERE name = 'one'");
    sql(later).execute(site.db.writers()).await.unwrap();
    until(async || count("one") == 2).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!((count("one"), count("two")), (2, 1));
    for node in nodes {
        node.stops().await;
    }
    other.close().await;
}

async fn a_living_holder_keeps_its_duty_and_a_dead_ones_is_taken_over(site: &Site) {
    let (other, stage) = (elsewhere(site).await, Arc::new(Stage::default()));
    let seconds = Duration::from_secs;
    let pace = Pace { hold: seconds(5), desert: seconds(6), beat: seconds(1), ..hasty() };
    let first = run(&site.db, "a", pace, vec![endless(&stage, "a")]);
    stage.waits_for("a begins").await;
    let second = run(&other, "b", pace, vec![endless(&stage, "b")]);
    tokio::time::sleep(pace.desert + seconds(1)).await;
    assert_eq!(stage.events(), ["a begins"], "it says that it lives");
    let text = second.metrics.render();
    assert!(text.contains("guanjia_duty_holder{duty=\"endless\",node=\"a\"} 1\n"), "{text}");

    first.dies().await;
    stage.waits_for("b begins").await;
    assert_eq!(stage.events(), ["a begins", "a ends", "b begins"]);
    assert_eq!(seen(&other, "endless").await.failures, 1, "what it was at has failed");
    second.stops().await;
    other.close().await;
}

async fn a_holder_that_cannot_say_that_it_lives_stops_before_another_begins(site: &Site) {
    let (cut, stage) = (elsewhere(site).await, Arc::new(Stage::default()));
    let first = run(&cut, "a", hasty(), vec![endless(&stage, "a")]);
    stage.waits_for("a begins").await;
    let second = run(&site.db, "b", hasty(), vec![endless(&stage, "b")]);
    // Nothing of this node reaches the database any more.
    let mut connections = Vec::new();
    for _ in 0..if site.is_postgres() { 8 } else { 1 } {
        connections.push(cut.writers().acquire().await.unwrap());
    }
    stage.waits_for("b begins").await;
    assert_eq!(stage.events()[..3], ["a begins", "a ends", "b begins"]);
    assert!(!stage.two_at_once.load(Ordering::SeqCst));
    until(async || first.metrics.render().contains("result=\"lost\"} 1\n")).await;
    drop(connections);
    second.stops().await;
    first.stops().await;
    assert!(!stage.two_at_once.load(Ordering::SeqCst));
    cut.close().await;
}

async fn who_comes_back_after_another_took_over_changes_nothing(site: &Site) {
    site.furnish().await;
    let (late, duty) = held(&site.db, "feed").await;
    let dialect = site.db.dialect();
    let mut other = elsewhere(site).await.writers().acquire().await.unwrap();
    assert!(duties::take_away(&mut other, dialect, &duty).await.unwrap());
    let (current, _) = held(&site.db, "feed").await;

    // It was stopped at some moment of its work, and goes on.
    site.clock.set(TEN.plus(DAY));
    let marks = "SELECT COUNT(*) FROM feed_marks";
    site.sync.compact_feed(Some(late)).await.unwrap_err();
    assert_eq!(site.count(marks).await, 0);
    assert!(!duties::beat(&mut other, late).await.unwrap());
    assert!(!duties::done(&mut other, dialect, late, Duration::ZERO).await.unwrap());
    assert!(!duties::failed(&mut other, dialect, late).await.unwrap());
    assert!(!duties::release(&mut other, late).await.unwrap());
    let now = seen(&site.db, "feed").await;
    assert_eq!((now.term, now.holder.as_deref(), now.done), (current.term, Some("first"), None));

    site.sync.compact_feed(Some(current)).await.unwrap();
    assert!(site.count(marks).await > 0);
}

async fn nobody_takes_over_in_the_middle_of_what_the_holder_writes(site: &Site) {
    let (fence, duty) = held(&site.db, "feed").await;
    let other = elsewhere(site).await;
    let mut tx = site.db.begin_write().await.unwrap();
    duties::hold(&mut tx, Some(fence)).await.unwrap();
    let (asked, asks) = oneshot::channel();
    let taking = tokio::spawn({
        let other = other.clone();
        async move {
            let mut connection = other.writers().acquire().await.unwrap();
            asked.send(()).unwrap();
            duties::take_away(&mut connection, other.dialect(), &duty).await.unwrap()
        }
    });
    asks.await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!taking.is_finished(), "it waits for the transaction");
    tx.commit().await.unwrap();
    assert!(!taking.await.unwrap(), "and sees that the holder lives");
    other.close().await;
}

async fn two_who_find_a_duty_free_do_not_both_get_it(site: &Site) {
    let mut connection = site.db.writers().acquire().await.unwrap();
    duties::register(&mut connection, &["feed"]).await.unwrap();
    drop(connection);
    let free = seen(&site.db, "feed").await;
    let taking = (0..8).map(|_| async {
        let db = elsewhere(site).await;
        let mut connection = db.writers().acquire().await.unwrap();
        let taken = duties::take(&mut connection, "feed", &free, "x").await;
        drop(connection);
        db.close().await;
        taken
    });
    let taken: Result<Vec<_>, StoreError> =
        futures::future::join_all(taking).await.into_iter().collect();
    assert_eq!(taken.unwrap().into_iter().flatten().count(), 1);
}

async fn what_failed_or_panicked_is_tried_again_and_counted(site: &Site) {
    let turns = Arc::new(AtomicUsize::new(0));
    let job = Job::of("shaky", HOUR, {
        let turns = Arc::clone(&turns);
        move |_| {
            let turn = turns.fetch_add(1, Ordering::SeqCst);
            async move {
                match turn {
                    0 => Err("the disk is full".into()),
                    1 => panic!("a bug"),
                    _ => Ok(HOUR / 2),
                }
            }
        }
    });
    let node = run(&site.db, "a", patient(), vec![job]);
    until(async || is_done(&site.db, "shaky").await).await;
    let duty = seen(&site.db, "shaky").await;
    assert_eq!((duty.failures, duty.holder.clone()), (0, None));
    let ago = u128::from(duty.now.since(duty.done.unwrap()).unsigned_abs());
    assert!(ago >= (HOUR / 2).as_millis(), "somebody else had done it half an hour ago");
    until(async || node.metrics.render().contains("duty_done_seconds{duty=\"shaky\"} 1")).await;
    let text = node.metrics.render();
    for line in [
        "guanjia_duty_turns_total{duty=\"shaky\",result=\"failed\"} 2\n",
        "guanjia_duty_turns_total{duty=\"shaky\",result=\"done\"} 1\n",
        "guanjia_duty_failures{duty=\"shaky\"} 0\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    node.stops().await;
}

async fn a_node_that_stops_lets_another_begin_at_once(site: &Site) {
    let (other, stage) = (elsewhere(site).await, Arc::new(Stage::default()));
    let first = run(&site.db, "a", patient(), vec![endless(&stage, "a")]);
    stage.waits_for("a begins").await;
    first.stops().await;
    let left = seen(&other, "endless").await;
    assert_eq!((left.holder, left.failures), (None, 0));
    let second = run(&other, "b", patient(), vec![endless(&stage, "b")]);
    stage.waits_for("b begins").await;
    second.stops().await;
    assert_eq!(stage.events(), ["a begins", "a ends", "b begins", "b ends"]);
    other.close().await;
}

on_both!(
    two_nodes_do_each_duty_once_a_period_between_them,
    a_living_holder_keeps_its_duty_and_a_dead_ones_is_taken_over,
    a_holder_that_cannot_say_that_it_lives_stops_before_another_begins,
    who_comes_back_after_another_took_over_changes_nothing,
    nobody_takes_over_in_the_middle_of_what_the_holder_writes,
    two_who_find_a_duty_free_do_not_both_get_it,
    what_failed_or_panicked_is_tried_again_and_counted,
    a_node_that_stops_lets_another_begin_at_once,
);

/// Hands on to a PostgreSQL server until `silent`: then no byte goes either way, and no connection ends.
async fn wire(to: String, silent: watch::Receiver<bool>) -> u16 {
    async fn hand_on(
        mut from: tokio::net::tcp::OwnedReadHalf,
        mut to: tokio::net::tcp::OwnedWriteHalf,
        mut silent: watch::Receiver<bool>,
    ) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut buffer = [0; 16_384];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if silent.wait_for(|silent| !*silent).await.is_err()
                || to.write_all(&buffer[..read]).await.is_err()
            {
                return;
            }
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(&to).await.unwrap();
            let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
            tokio::spawn(hand_on(from_near, to_far, silent.clone()));
            tokio::spawn(hand_on(from_far, to_near, silent.clone()));
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_cut_off_from_postgresql_stops_its_work_before_another_begins() {
    let Some(site) = Site::postgres().await else { return };
    let url = site.db.url().to_owned();
    let (before, rest) = url.split_once("://").unwrap();
    let (authority, rest) = rest.split_once('/').unwrap();
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
    let (cut_off, silent) = watch::channel(false);
    let to = if host.contains(':') { host.to_owned() } else { format!("{host}:5432") };
    let port = wire(to, silent).await;
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let far = Db::connect(&format!("{before}://{user}127.0.0.1:{port}/{rest}")).await.unwrap();

    let stage = Arc::new(Stage::default());
    let first = run(&far, "a", hasty(), vec![endless(&stage, "a")]);
    stage.waits_for("a begins").await;
    let second = run(&site.db, "b", hasty(), vec![endless(&stage, "b")]);
    cut_off.send(true).unwrap();
    stage.waits_for("b begins").await;
    assert_eq!(stage.events()[..3], ["a begins", "a ends", "b begins"]);
    cut_off.send(false).unwrap();
    // It is one of two again, and takes over in its turn.
    second.dies().await;
    until(async || stage.events().iter().filter(|event| *event == "a begins").count() > 1).await;
    first.stops().await;
    assert!(!stage.two_at_once.load(Ordering::SeqCst));
    far.close().await;
    site.close().await;
}

async fn a_server_does_all_its_duties(server: &web::Server) {
    let node = Node::of(&server.state);
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(node.run(stopping));
    let names: Vec<_> = server::duties::of(&server.state).iter().map(|job| job.name).collect();
    assert!(names.len() >= 3, "{names:?}");
    until(async || {
        let mut connection = server.state.db.readers().acquire().await.unwrap();
        let all = duties::look(&mut connection, server.state.db.dialect()).await.unwrap();
        all.len() == names.len() && all.iter().all(|duty| duty.done.is_some())
    })
    .await;
    stop.send(true).unwrap();
    running.await.unwrap();
    for name in names {
        let done = format!("guanjia_duty_turns_total{{duty=\"{name}\",result=\"done\"}} 1\n");
        assert!(server.state.metrics.render().contains(&done), "{name}");
    }
}

mod servers {
    on_every_database!(a_server_does_all_its_duties);
    use super::a_server_does_all_its_duties;
}
