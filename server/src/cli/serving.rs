//! `guanjia serve`: from the first connection to the last.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{seed, start};
use crate::backup;
use crate::blobs;
use crate::clock::Clock;
use crate::config::Config;
use crate::demo;
use crate::duties;
use crate::http;
use crate::state::AppState;

/// Longest time for requests under way once the server is asked to stop.
const STOPPING: Duration = Duration::from_secs(20);
/// And then for letting go of the duties that this node is at; whoever does not is found to have deserted them.
const LETTING_GO: Duration = Duration::from_secs(3);

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
    let arrivals = tokio::spawn(blobs::arrivals::watch(state.clone()));
    let mut duties = tokio::spawn(duties::Node::of(&state).run(state.stopping.clone()));
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
    arrivals.abort();
    // Where serving ended by itself, they do not know yet.
    let _ = stop.send(true);
    if tokio::time::timeout(LETTING_GO, &mut duties).await.is_err() {
        duties.abort();
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
