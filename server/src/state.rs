//! What every handler may use.

use std::sync::Arc;

use tokio::sync::watch;

use crate::auth::heard::Listener;
use crate::auth::password::Passwords;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::code_key::CodeKey;
use crate::config::Config;
use crate::db::Db;
use crate::http::site::Site;
use crate::metrics::Metrics;
use crate::sync::SyncService;

/// Cheap to clone; clones are the same server.
#[derive(Clone)]
pub struct AppState {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    pub sync: SyncService,
    pub blobs: Blobs,
    pub site: Arc<Site>,
    pub code_key: Arc<CodeKey>,
    pub passwords: Passwords,
    /// Notes when devices were last in step.
    pub listener: Listener,
    pub metrics: Metrics,
    /// True once the server is asked to stop: streams that would never end do so then.
    pub stopping: watch::Receiver<bool>,
}
