//! The command line: serve, and what an operator does beside it.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use chrono::NaiveDate;
use clap::{Parser, Subcommand, ValueEnum};
use domain::time::HOUR;
use domain::{Ms, Zone};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::auth::heard::Listener;
use crate::auth::password::Passwords;
use crate::backup::Lock;
use crate::bench;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::code_key::CodeKey;
use crate::config::{Config, LogFormat};
use crate::db::Db;
use crate::demo;
use crate::http::site::Site;
use crate::import::{self, ArrearsImport, EstateImport};
use crate::metrics::Metrics;
use crate::state::AppState;
use crate::sync::SyncService;
use crate::words::Words;

mod company;
mod safety;
mod serving;
pub use company::{make_admin, replace_password, set_company_name};

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
        /// The chance behind names, tickets, calls and their hours: the same seed and date make the
        /// same company again.
        #[arg(long, default_value_t = demo::SEED)]
        seed: u64,
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
    /// Give the company its name, as sign-in and every page show it.
    NameCompany { name: String },
    /// Make or update a project with its clusters, buildings, units and people from a CSV file
    /// (docs/import.md; a file to fill in: `export-template estate`). 导入项目的组团、楼栋、房屋和住户。
    ///
    /// Every problem is listed with its line, and while there is one nothing is written. What is
    /// stored is found by its name and keeps its id, rows that are not in the file are left alone, and
    /// the same file again changes nothing. The first import of a project also publishes the built-in
    /// round templates. It may run while the server does, on PostgreSQL and on SQLite alike: the two
    /// take turns at writing, and phones hear of it within seconds.
    ImportEstate {
        /// Name of the project.
        #[arg(long)]
        project: String,
        /// The CSV file: UTF-8 or GB18030, one row a unit.
        file: PathBuf,
        /// Only check the file, and say what would change.
        #[arg(long)]
        dry_run: bool,
        /// Make another project although the company has one: without this a mistyped name is told.
        #[arg(long)]
        new_project: bool,
        /// Buildings may go to another cluster: without this a building number that two clusters have
        /// is told.
        #[arg(long)]
        move_buildings: bool,
    },
    /// Set what the units of a project owe from a CSV file (docs/import.md; a file to fill in:
    /// `export-template arrears`). 导入欠费。
    ///
    /// Figures of an earlier day never replace later ones; a second file of the same day corrects the
    /// first. Problems, repeating and a running server are as with `import-estate`.
    ImportArrears {
        /// Name of the project.
        #[arg(long)]
        project: String,
        /// The day the figures were true (YYYY-MM-DD).
        #[arg(long)]
        as_of: NaiveDate,
        /// The CSV file: UTF-8 or GB18030, one row a unit.
        file: PathBuf,
        /// The file names everybody who owes: whoever owed before and is not in it has paid.
        #[arg(long)]
        rest_paid: bool,
        /// Only check the file, and say what would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// Print a sample file to fill in and import: `guanjia export-template estate > estate.csv`.
    ExportTemplate { what: Template },
    /// Make a back-up (docs/backup.md). 备份。
    ///
    /// Also while a server runs, this one or another: it is one moment of the database, with the
    /// attachments and the key of the checkpoint codes. It is checked before it gets its name, and only then
    /// do phones let go of what it holds. A server with GUANJIA_BACKUP_DIR makes them by itself.
    Backup {
        /// Folder of all back-ups; without it GUANJIA_BACKUP_DIR.
        #[arg(long)]
        to: Option<PathBuf>,
        /// Make none: there will be no more back-ups, and phones are to keep nothing for them.
        #[arg(long, conflicts_with = "to")]
        stop: bool,
    },
    /// Bring a back-up back (docs/backup.md). 恢复备份。
    ///
    /// Stop the server first. The back-up is checked before anything is touched. Phones then fetch
    /// everything anew by themselves and send again what the back-up had not seen.
    Restore {
        /// The folder of one back-up.
        folder: PathBuf,
        /// The database that is there gives way; it is kept under another name (SQLite only).
        #[arg(long)]
        replace: bool,
        /// Although there is a newer back-up, which holds what phones have let go of.
        #[arg(long)]
        older: bool,
        /// Everybody has to sign in again: who was shut out after the back-up stays out.
        #[arg(long)]
        sign_out: bool,
    },
    /// Check a database, or a back-up: hash chains, references, queues, the feed, attachments. 检查。
    Verify {
        /// The folder of a back-up; without it the database.
        folder: Option<PathBuf>,
    },
    /// Remove attachments that nothing has named for 35 days, as a server does by itself every six hours
    /// (docs/backup.md). 清理无人引用的附件。
    ///
    /// They are laid aside for a week before they are gone. Also while a server runs.
    CleanAttachments {
        /// Only say what would go.
        #[arg(long)]
        dry_run: bool,
    },
    /// Copy the database into an empty PostgreSQL database and check it there (docs/backup.md).
    /// 迁移到 PostgreSQL。
    ///
    /// Stop the server first. Phones notice nothing. The database that is there is left as it is.
    CopyToPostgres {
        /// `postgres://<user>:<password>@<host>/<name>`
        url: String,
    },
    /// Measure this build on throw-away databases and print the figures beside their targets.
    Bench {
        /// An empty PostgreSQL database to measure as well: `postgres://…`.
        #[arg(long)]
        postgres: Option<String>,
        /// Only what a pull costs while its scope grows.
        #[arg(long)]
        pulls: bool,
    },
}

/// A file that can be imported.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Template {
    Estate,
    Arrears,
}

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
    // Whoever works on the database keeps it from being replaced meanwhile.
    let _at_work = match &command {
        Command::Restore { .. } | Command::CopyToPostgres { .. } => None,
        Command::ExportTemplate { .. } | Command::Bench { .. } | Command::Verify { .. } => None,
        _ => Lock::shared(&config.database)?,
    };
    match command {
        Command::Serve => serving::serve(config).await,
        Command::Migrate => {
            let db = open(&config).await?;
            db.close().await;
            println!("The database is up to date.");
            Ok(())
        }
        Command::SeedDemo { date, seed } => seed_demo(config, date, seed).await,
        Command::CreateAdmin { account, name } => {
            company::create_admin(config, account, name).await
        }
        Command::SetPassword { account } => company::set_password(config, account).await,
        Command::NameCompany { name } => company::name_company(config, name).await,
        Command::ImportEstate { project, file, dry_run, new_project, move_buildings } => {
            let bytes = read_file(&file)?;
            let import = EstateImport {
                project: &project,
                file: &bytes,
                new_project,
                move_buildings,
                dry_run,
            };
            let state = start_quietly(config).await?;
            let result = import::estate(&state, &import).await;
            end(state).await;
            println!("{}", result.map_err(|e| e.to_string())?);
            Ok(())
        }
        Command::ImportArrears { project, as_of, file, rest_paid, dry_run } => {
            let bytes = read_file(&file)?;
            let import =
                ArrearsImport { project: &project, as_of, file: &bytes, rest_paid, dry_run };
            let state = start_quietly(config).await?;
            let result = import::arrears(&state, &import).await;
            end(state).await;
            println!("{}", result.map_err(|e| e.to_string())?);
            Ok(())
        }
        Command::ExportTemplate { what } => {
            let sample = match what {
                Template::Estate => import::samples::ESTATE,
                Template::Arrears => import::samples::ARREARS,
            };
            let written = std::io::stdout().write_all(sample);
            written.map_err(|e| format!("The file could not be written: {e}."))
        }
        Command::Backup { to, stop } => safety::back_up(config, to, stop).await,
        Command::Restore { folder, replace, older, sign_out } => {
            safety::restore(config, folder, replace, older, sign_out).await
        }
        Command::Verify { folder } => safety::verify(config, folder).await,
        Command::CleanAttachments { dry_run } => safety::clean_attachments(config, dry_run).await,
        Command::CopyToPostgres { url } => safety::copy_to_postgres(config, url).await,
        Command::Bench { postgres, pulls } => bench::run(config, postgres, pulls).await,
    }
}

async fn open(config: &Config) -> Result<Db, String> {
    Db::connect(&config.database).await.map_err(|e| format!("The database cannot be used: {e}."))
}

/// Opens a database that may be served by another process; changes none of its tables.
async fn open_existing(config: &Config) -> Result<Db, String> {
    let opened = Db::connect_existing(&config.database).await;
    opened.map_err(|e| format!("The database cannot be used: {e}."))
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
        blobs: Blobs::open(&config.blobs, &config.data, config.backup_dir.as_deref()).await?,
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
async fn seed(state: &AppState, now: Ms, chance: u64) -> Result<bool, String> {
    if !demo::is_empty(state).await? {
        return Ok(false);
    }
    let applied = demo::seed(state, now, chance).await?;
    tracing::info!(commands = applied, "demo company made");
    Ok(true)
}

async fn seed_demo(config: Config, date: Option<NaiveDate>, chance: u64) -> Result<(), String> {
    let state = start_quietly(config).await?;
    // The end of an office day, so that it is full.
    let evening = |date: NaiveDate| Zone::default().start_of_day(date).plus(18 * HOUR);
    let now = date.map_or_else(|| state.clock.now(), evening);
    let seeded = seed(&state, now, chance).await;
    end(state).await;
    if seeded? {
        println!("The demo company is there.");
        Ok(())
    } else {
        Err("the database is in use already; the demo company needs an empty one".into())
    }
}

/// Opens what a command needs that is no server: nobody asks it to stop.
async fn start_quietly(config: Config) -> Result<AppState, String> {
    let (_stop, stopping) = watch::channel(false);
    start(config, Clock::system(), stopping).await
}

/// Finishes what is under way and lets go of the database.
async fn end(state: AppState) {
    state.sync.stop().await;
    state.db.close().await;
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| {
        let path = path.display();
        let words =
            Words::new(format!("文件 {path} 无法读取"), format!("The file {path} cannot be read"));
        format!("{words}: {error}.")
    })
}
