//! Who hears that a log has grown: the streams of this node at once, other nodes through PostgreSQL.
//!
//! NOTIFY goes out after the commit, on another connection, coalesced: inside the transaction it
//! cost four fifths of the throughput. A slow poll behind it finds what a broken connection lost,
//! and what another process wrote into the same SQLite file.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use domain::sync::Scope;
use domain::sync::wire::HeadEvent;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{Shared, locked};
use crate::db::{Db, Dialect, sql};
use crate::store;

const CHANNEL: &str = "guanjia_heads";
/// How often the heads are read, whatever was heard.
pub(crate) const POLL: Duration = Duration::from_secs(2);
/// After a lost connection.
const PAUSE: Duration = Duration::from_secs(1);
/// Events a slow listener may fall behind before it is told to look at every head.
const BACKLOG: usize = 256;

pub(crate) struct Heads {
    /// Two databases on one PostgreSQL server may share the channel's name; events carry the epoch.
    epoch: Uuid,
    sender: broadcast::Sender<HeadEvent>,
    known: Mutex<HashMap<Scope, u64>>,
    /// Not yet told to the other nodes.
    untold: Mutex<HashMap<Scope, u64>>,
    wake: Notify,
}

impl Heads {
    pub fn new(epoch: Uuid) -> Self {
        Self {
            epoch,
            sender: broadcast::channel(BACKLOG).0,
            known: Mutex::default(),
            untold: Mutex::default(),
            wake: Notify::new(),
        }
    }

    pub fn subscribe(&self) -> broadcast::Receiver<HeadEvent> {
        self.sender.subscribe()
    }

    /// A commit of this node.
    pub fn committed(&self, scope: Scope, head: u64) {
        self.heard(scope, head);
        let mut untold = locked(&self.untold);
        untold.insert(scope, head);
        drop(untold);
        self.wake.notify_one();
    }

    /// A head, from wherever; passed on when it is news.
    fn heard(&self, scope: Scope, head: u64) {
        let mut known = locked(&self.known);
        let last = known.entry(scope).or_insert(0);
        if *last < head {
            *last = head;
            // Nobody listening is no error.
            self.sender.send(HeadEvent { scope, head }).ok();
        }
    }
}

/// Starts what keeps the heads known; it ends with the service.
pub(crate) fn start(shared: &Arc<Shared>, every: Duration) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![tokio::spawn(poll(Arc::downgrade(shared), every))];
    if shared.db.dialect() == Dialect::Postgres {
        tasks.push(tokio::spawn(tell(Arc::downgrade(shared))));
        tasks.push(tokio::spawn(listen(Arc::downgrade(shared), shared.db.url().to_owned())));
    }
    tasks
}

/// Waits, holding nothing that keeps the service alive; says whether to go on.
pub(crate) async fn pause(shared: &Weak<Shared>, pause: Duration) -> bool {
    let Some(mut stopping) = shared.upgrade().map(|shared| shared.stopping.subscribe()) else {
        return false;
    };
    let stopped = tokio::time::timeout(pause, stopping.wait_for(|stopping| *stopping)).await;
    stopped.is_err()
}

async fn poll(shared: Weak<Shared>, every: Duration) {
    while let Some(strong) = shared.upgrade() {
        match read_heads(&strong.db).await {
            Ok(heads) => {
                heads.into_iter().for_each(|(scope, head)| strong.heads.heard(scope, head))
            }
            Err(error) => tracing::warn!(%error, "the heads could not be read"),
        }
        drop(strong);
        if !pause(&shared, every).await {
            return;
        }
    }
}

async fn read_heads(db: &Db) -> store::Result<Vec<(Scope, u64)>> {
    let connection = db.readers().acquire().await;
    let mut connection = connection.map_err(|error| store::StoreError { table: "pool", error })?;
    store::scopes::heads(&mut connection).await
}

async fn tell(shared: Weak<Shared>) {
    while let Some(shared) = shared.upgrade() {
        let mut stopping = shared.stopping.subscribe();
        tokio::select! {
            () = shared.heads.wake.notified() => {}
            // Lets go of the service in between, so that it can end.
            () = tokio::time::sleep(POLL) => continue,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        let untold = std::mem::take(&mut *locked(&shared.heads.untold));
        for (scope, head) in untold {
            let event = format!("{} {scope} {head}", shared.heads.epoch);
            let told = sql("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(event);
            if let Err(error) = told.execute(shared.db.readers()).await {
                tracing::warn!(%error, "the other nodes could not be told; they poll");
            }
        }
    }
}

async fn listen(shared: Weak<Shared>, url: String) {
    loop {
        if let Err(error) = try_listen(&shared, &url).await {
            tracing::warn!(%error, "the other nodes cannot be heard; polling");
        }
        if !pause(&shared, PAUSE).await {
            return;
        }
    }
}

async fn try_listen(shared: &Weak<Shared>, url: &str) -> sqlx::Result<()> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let Some(mut stopping) = shared.upgrade().map(|shared| shared.stopping.subscribe()) else {
            return Ok(());
        };
        let event = tokio::select! {
            event = listener.recv() => event?,
            _ = stopping.wait_for(|stopping| *stopping) => return Ok(()),
        };
        let Some(shared) = shared.upgrade() else { return Ok(()) };
        if let Some((scope, head)) = parse(event.payload(), shared.heads.epoch) {
            shared.heads.heard(scope, head);
        }
    }
}

fn parse(event: &str, epoch: Uuid) -> Option<(Scope, u64)> {
    let mut parts = event.split(' ');
    let of: Uuid = parts.next()?.parse().ok()?;
    let scope = parts.next()?.parse().ok()?;
    let head = parts.next()?.parse().ok()?;
    (of == epoch).then_some((scope, head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_another_database_is_not_ours() {
        let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let event = format!("{theirs} company 7");
        assert_eq!(parse(&event, ours), None);
        assert_eq!(parse(&event, theirs), Some((Scope::Company, 7)));
    }

    #[test]
    fn an_old_head_heard_late_wakes_nobody() {
        let heads = Heads::new(Uuid::from_u128(1));
        let mut listener = heads.subscribe();
        heads.heard(Scope::Company, 5);
        heads.heard(Scope::Company, 4);
        assert_eq!(listener.try_recv().unwrap().head, 5);
        assert!(listener.try_recv().is_err());
    }
}
