//! The command line: serve, and what an operator does beside it.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use chrono::NaiveDate;
use clap::{Parser, Subcommand};
use domain::id::UserId;
use domain::modules::accounts::CreateAccount;
use domain::sync::Scope;
use domain::time::{DAY, HOUR};
use domain::{Ms, Role, Zone, modules::Command as DomainCommand};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::auth::heard::Listener;
use crate::auth::password::{self, Passwords};
use crate::auth::{self, store as accounts};
use crate::bench;
use crate::blobs::{self, Blobs};
use crate::clock::Clock;
use crate::code_key::CodeKey;
use crate::config::{Config, LogFormat};
use crate::db::Db;
use crate::demo;
use crate::http;
use crate::http::site::Site;
use crate::metrics::Metrics;
use crate::state::AppState;
use crate::sync::SyncService;

/// Guanjia 管家: residential property management that works without a signal.
#[derive(Debug, Parser)]
#[command(name = "guanjia", version, about)]
struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the database up to date and serve until SIGINT or SIGTERM; commits under way are
    /// finished.
    Serve,
    /// Bring the database up to date and end.
    Migrate,
    /// Fill an empty database with the demo company, and end.
    SeedDemo {
        /// Today, to the demo: its year of history ends on this date (YYYY-MM-DD). Without it,
        /// now.
        #[arg(long)]
        date: Option<NaiveDate>,
    },
    /// Make an administrator. The password comes from GUANJIA_PASSWORD or standard input.
    CreateAdmin {
        /// What is typed at sign-in: 3 to 32 of `a-z 0-9 - _ .`.
        account: String,
        /// The person's name.
        #[arg(long, default_value = "管理员")]
        name: String,
    },
    /// Give an account a new password, when nobody can sign in to do it. It comes from
    /// GUANJIA_PASSWORD or standard input.
    SetPassword { account: String },
    /// Check the hash chain of every log.
    Verify,
    /// Measure this build on throw-away databases and print the figures beside their targets.
    Bench {
        /// An empty PostgreSQL database to measure as well: `postgres://…`.
        #[arg(long)]
        postgres: Option<String>,
    },
}

/// Longest time for requests under way once the server is asked to stop.
const STOPPING: Duration = Duration::from_secs(20);
/// Unfinished uploads are kept as long as phones keep their journals.
const UPLOADS_KEPT: i64 = 35 * DAY;
const SWEEP: Duration = Duration::from_secs(6 * 3600);

/// Parses the command line and runs the command.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    log(cli.config.log);
    let result = cli.config.check().and_then(|()| {
        let runtime = tokio::runtime::Runtime::new()
            .map_err(|e| format!("The server's threads could not be started: {e}."))?;
        runtime.block_on(dispatch(cli.config, cli.command))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("guanjia: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn log(format: LogFormat) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let colours = std::io::stderr().is_terminal();
    match format {
        LogFormat::Text => builder.with_target(false).with_ansi(colours).init(),
        LogFormat::Json => builder.json().init(),
    }
}

async fn dispatch(config: Config, command: Command) -> Result<(), String> {
    match command {
        Command::Serve => serve(config).await,
        Command::Migrate => {
            let db = open(&config).await?;
            db.close().await;
            println!("The database is up to date.");
            Ok(())
        }
        Command::SeedDemo { date } => seed_demo(config, date).await,
        Command::CreateAdmin { account, name } => create_admin(config, account, name).await,
        Command::SetPassword { account } => set_password(config, account).await,
        Command::Verify => verify(config).await,
        Command::Bench { postgres } => bench::run(config, postgres).await,
    }
}

async fn open(config: &Config) -> Result<Db, String> {
    Db::connect(&config.database).await.map_err(|e| format!("The database cannot be used: {e}."))
}

/// Opens everything a server needs. `stopping` turns true when it is asked to stop.
pub async fn start(
    config: Config,
    clock: Clock,
    stopping: watch::Receiver<bool>,
) -> Result<AppState, String> {
    let db = open(&config).await?;
    let code_key = Arc::new(CodeKey::load_or_create(&config.data, &clock)?);
    let metrics = Metrics::default();
    let genuine = Arc::clone(&code_key);
    let sync = SyncService::start(
        db.clone(),
        clock.clone(),
        Arc::new(move |text: &str| genuine.is_genuine(text)),
        metrics.clone(),
    )
    .await
    .map_err(|e| format!("Sync could not be started: {e}."))?;
    let passwords = {
        let clock = clock.clone();
        tokio::task::spawn_blocking(move || Passwords::new(clock))
            .await
            .map_err(|e| format!("Passwords cannot be checked: {e}."))?
    };
    Ok(AppState {
        blobs: Blobs::open(&config.data)?,
        site: Arc::new(Site::new(&config.site)),
        config: Arc::new(config),
        clock,
        db,
        sync,
        code_key,
        passwords,
        listener: Listener::default(),
        metrics,
        stopping,
    })
}

/// Fills the database with the demo company when nobody has used it yet. `false`: somebody has.
async fn seed(state: &AppState, now: Ms) -> Result<bool, String> {
    if !demo::is_empty(state).await? {
        return Ok(false);
    }
    let applied = demo::seed(state, now, demo::SEED).await?;
    tracing::info!(commands = applied, "demo company made");
    Ok(true)
}

async fn seed_demo(config: Config, date: Option<NaiveDate>) -> Result<(), String> {
    let (_stop, stopping) = watch::channel(false);
    let state = start(config, Clock::system(), stopping).await?;
    // The end of an office day, so that it is full.
    let evening = |date: NaiveDate| Zone::default().start_of_day(date).plus(18 * HOUR);
    let now = date.map_or_else(|| state.clock.now(), evening);
    let seeded = seed(&state, now).await;
    state.sync.stop().await;
    state.db.close().await;
    if seeded? {
        println!("The demo company is there.");
        Ok(())
    } else {
        Err("the database is in use already; the demo company needs an empty one".into())
    }
}

async fn serve(config: Config) -> Result<(), String> {
    let (stop, stopping) = watch::channel(false);
    let state = start(config, Clock::system(), stopping).await?;
    if state.config.demo {
        seed(&state, state.clock.now()).await?;
    }
    let address = state.config.addr;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|e| format!("The address {address} cannot be served on: {e}."))?;
    let address = listener.local_addr().unwrap_or(address);
    greet(&state, address);
    let background =
        [tokio::spawn(blobs::arrivals::watch(state.clone())), tokio::spawn(sweep(state.clone()))];
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
        let kept_from = state.clock.now().plus(-UPLOADS_KEPT).0;
        let since = Duration::from_millis(u64::try_from(kept_from).unwrap_or(0));
        if let Some(since) = UNIX_EPOCH.checked_add(since)
            && let Err(error) = state.blobs.sweep(since).await
        {
            tracing::error!(%error, "abandoned uploads were not removed");
        }
    }
}

/// A password for the command line's own commands.
fn new_password() -> Result<String, String> {
    let password = read_password()?;
    let (min, max) = (password::MIN_CHARS, password::MAX_CHARS);
    let wrong = |_| format!("A password has {min} to {max} characters.");
    password::check_new(&password).map_err(wrong)?;
    Ok(password)
}

async fn create_admin(config: Config, account: String, name: String) -> Result<(), String> {
    let password = new_password()?;
    let (_stop, stopping) = watch::channel(false);
    let state = start(config, Clock::system(), stopping).await?;
    let result = make_admin(&state, account, name, password).await;
    state.sync.stop().await;
    state.db.close().await;
    result
}

async fn set_password(config: Config, account: String) -> Result<(), String> {
    let password = new_password()?;
    let (_stop, stopping) = watch::channel(false);
    let state = start(config, Clock::system(), stopping).await?;
    let found = accounts::find_account(&state.db, &account).await.map_err(|e| e.to_string())?;
    let result = match found {
        Some(found) => give_password(&state, found.user.id, password).await,
        None => Err(format!("There is no account {account}.")),
    };
    state.sync.stop().await;
    state.db.close().await;
    result?;
    println!("{account} has the new password and is signed out everywhere.");
    Ok(())
}

async fn give_password(state: &AppState, user: UserId, password: String) -> Result<(), String> {
    let hash = state.passwords.hash(password).await.map_err(|e| e.to_string())?;
    accounts::set_password(&state.db, user, &hash, false, None, state.clock.now())
        .await
        .map_err(|e| format!("The password could not be set: {e}."))
}

/// Makes an account with all the rights of an administrator, and its password.
pub async fn make_admin(
    state: &AppState,
    account: String,
    name: String,
    password: String,
) -> Result<(), String> {
    let create = CreateAccount {
        account: account.clone(),
        name,
        roles: vec![Role::Admin],
        clusters: Vec::new(),
    };
    let user = create.user();
    let outcomes = state
        .sync
        .system(Scope::Company, vec![DomainCommand::from(create)], state.clock.now())
        .await
        .map_err(|e| format!("The account could not be made: {e}."))?;
    if let Some(reason) = outcomes.into_iter().find_map(|outcome| outcome.reason) {
        return Err(format!("The account {account} was not made: {reason}."));
    }
    give_password(state, user, password).await?;
    println!("{account} may sign in as administrator.");
    Ok(())
}

/// From the environment, or from standard input: arguments can be read by everybody on the machine.
fn read_password() -> Result<String, String> {
    if let Ok(password) = std::env::var("GUANJIA_PASSWORD") {
        return Ok(password);
    }
    let unreadable = |e: std::io::Error| format!("The password could not be read: {e}.");
    let mut input = std::io::stdin().lock();
    let mut password = String::new();
    if input.is_terminal() {
        eprint!("Password (it is shown as you type): ");
        input.read_line(&mut password).map_err(unreadable)?;
    } else {
        input.take(4096).read_to_string(&mut password).map_err(unreadable)?;
    }
    Ok(password.trim_end_matches(['\r', '\n']).to_owned())
}

async fn verify(config: Config) -> Result<(), String> {
    let db = open(&config).await?;
    let report = crate::sync::verify(&db).await;
    db.close().await;
    let report = report.map_err(|e| format!("The database cannot be read: {e}."))?;
    for problem in &report.problems {
        println!("{problem}");
    }
    if report.more {
        println!("… and more");
    }
    println!(
        "{} scopes, {} rows of log, {} records looked at",
        report.scopes, report.log_rows, report.records
    );
    if report.is_sound() { Ok(()) } else { Err("the database is not what it should be".into()) }
}
