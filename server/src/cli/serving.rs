//! `guanjia serve`: from the first connection to the last.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use domain::time::DAY;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{seed, start};
use crate::auth::{self, store as accounts};
use crate::backup;
use crate::blobs;
use crate::clock::Clock;
use crate::config::Config;
use crate::demo;
use crate::http;
use crate::state::AppState;

/// Longest time for requests under way once the server is asked to stop.
const STOPPING: Duration = Duration::from_secs(20);
/// Unfinished uploads are kept as long as phones keep their journals.
const UPLOADS_KEPT: i64 = 35 * DAY;
const SWEEP: Duration = Duration::from_secs(6 * 3600);

/// Serves until somebody asks it to stop; commits under way are finished.
pub(super) async fn serve(config: Config) -> Result<(), String> {
    let (stop, stopping) = watch::channel(false);
    let state = start(config, Clock::system(), stopping).await?;
    backup::begin(&state).await?;
    if state.config.demo {
        seed(&state, state.clock.now(), demo::SEED).await?;
    }
    let address = state.config.addr;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|e| format!("The address {address} cannot be served on: {e}."))?;
    let address = listener.local_addr().unwrap_or(address);
    greet(&state, address);
    let background = [
        tokio::spawn(blobs::arrivals::watch(state.clone())),
        tokio::spawn(sweep(state.clone())),
        tokio::spawn(backup::run(state.clone())),
    ];
    let mut asked = state.stopping.clone();
    let served = axum::serve(
        listener,
        http::router(state.clone()).into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move {
        let _ = asked.wait_for(|stop| *stop).await;
    });
    let mut served = tokio::spawn(served.into_future());
    let result = tokio::select! {
        ended = &mut served => ended,
        () = asked_to_stop() => {
            tracing::info!("stopping");
            let _ = stop.send(true);
            match tokio::time::timeout(STOPPING, &mut served).await {
                Ok(ended) => ended,
                Err(_) => {
                    tracing::warn!("some requests did not end in time");
                    served.abort();
                    Ok(Ok(()))
                }
            }
        }
    };
    for task in background {
        task.abort();
    }
    state.sync.stop().await;
    state.db.close().await;
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(e)) => Err(format!("Serving ended: {e}.")),
        Err(e) => Err(format!("Serving ended: {e}.")),
    }
}

/// SIGINT or SIGTERM.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate =
        signal(SignalKind::terminate()).expect("a handler for SIGTERM can be installed at start");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn greet(state: &AppState, address: SocketAddr) {
    let shown = state.config.public_url.as_ref().map(ToString::to_string);
    println!("Guanjia 管家 → {}", shown.unwrap_or_else(|| format!("http://{address}")));
    if state.site.assets().is_none() {
        println!("  {} holds no built app yet: run `make run`.", state.site.folder().display());
    }
    if state.config.demo {
        println!("  demo accounts, all with the password {}:", demo::PASSWORD);
        for (account, name, roles, _) in demo::STAFF {
            let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            println!("    {account:<12} {name} ({})", roles.join(", "));
        }
    }
    // A pipe would otherwise hold it back until the server ends.
    let _ = std::io::stdout().flush();
}

/// Removes what nobody uses any more.
async fn sweep(state: AppState) {
    let mut interval = tokio::time::interval(SWEEP);
    loop {
        interval.tick().await;
        let idle_since = state.clock.now().plus(-auth::IDLE - DAY);
        if let Err(error) = accounts::sweep(&state.db, idle_since).await {
            tracing::error!(%error, "old sessions were not removed");
        }
        if let Err(error) = state.sync.compact_feed().await {
            tracing::error!(%error, "old tombstones were not forgotten");
        }
        let kept_from = state.clock.now().plus(-UPLOADS_KEPT).0;
        let since = Duration::from_millis(u64::try_from(kept_from).unwrap_or(0));
        if let Some(since) = UNIX_EPOCH.checked_add(since)
            && let Err(error) = state.blobs.sweep(since).await
        {
            tracing::error!(%error, "abandoned uploads were not removed");
        }
    }
}
