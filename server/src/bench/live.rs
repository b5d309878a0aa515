//! How long a commit takes to reach another client: of the same node, and of another on PostgreSQL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::id::DeviceId;

use super::{Estate, push};
use crate::db::{Db, Dialect};
use crate::metrics::Metrics;
use crate::state::AppState;
use crate::sync::{PAGE_ROWS, SyncService};

const COMMITS: u64 = 100;

pub(super) async fn measure(state: &AppState, site: &Estate, name: &str) -> Result<(), String> {
    let print = |what: &str, (half, most): (f64, f64), target: &str| {
        let measure = format!("{name}: commit → {what}, p50 / p95");
        println!("{measure:<52} {:>16} {target:>14}", format!("{half:.1} / {most:.1} ms"));
    };
    print("other client has it", commit_to_pull(state, &state.sync, site).await?, "p95 ≤ 20 ms");
    if state.db.dialect() == Dialect::Postgres {
        let db = Db::connect(state.db.url()).await.map_err(|e| e.to_string())?;
        // It looks for nothing by itself, so that what is measured is being told.
        let never = Duration::from_secs(3600);
        let genuine = Arc::new(|_: &str| false);
        let clock = state.clock.clone();
        let other = SyncService::start_polling(db, clock, genuine, Metrics::default(), never)
            .await
            .map_err(|e| e.to_string())?;
        // Its listener may still be connecting.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let times = commit_to_pull(state, &other, site).await?;
        print("client of another node", times, "p95 ≤ 150 ms");
        other.stop().await;
    }
    Ok(())
}

/// From the answer to a push until a client of `node` that listens has pulled the row: (p50, p95) in ms.
async fn commit_to_pull(
    state: &AppState,
    node: &SyncService,
    site: &Estate,
) -> Result<(f64, f64), String> {
    let reader = DeviceId(state.clock.uuid());
    let mut cursor: Option<String> = None;
    let pull = async |cursor: Option<String>| {
        node.pull(site.scope(), &site.actor, reader, cursor.as_deref(), PAGE_ROWS)
            .await
            .map_err(|e| e.to_string())
    };
    loop {
        let page = pull(cursor).await?;
        cursor = Some(page.cursor);
        if !page.more {
            break;
        }
    }
    let device = DeviceId(state.clock.uuid());
    let mut events = node.subscribe();
    let mut times = Vec::new();
    for n in 1..=COMMITS {
        let commands = site.commands(state, n, 1);
        push(state, site, device, &commands).await?;
        let committed = Instant::now();
        loop {
            let event = tokio::time::timeout(Duration::from_secs(5), events.recv()).await;
            let event =
                event.map_err(|_| "no event came within 5 s")?.map_err(|e| e.to_string())?;
            if event.scope != site.scope() {
                continue;
            }
            let page = pull(cursor.take()).await?;
            cursor = Some(page.cursor);
            // Of a commit before this one.
            if !page.rows.is_empty() {
                break;
            }
        }
        times.push(committed.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], times[times.len() * 95 / 100]))
}
