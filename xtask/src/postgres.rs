//! A PostgreSQL of one's own for the length of a test run or a benchmark: in a temporary folder, on a free port,
//! gone afterwards whatever happens.

use crate::setup::{apt_install, is_root};
use crate::sh::{self, Outcome, say};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What happens at a power cut: tests do not care, benchmarks must.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Commits reach the disk.
    Full,
    /// Commits are forgotten by a power cut.
    None,
}

/// A running cluster. Dropping it stops it and removes its folder.
pub struct Cluster {
    url: String,
    guard: Child,
}

/// The folder with `initdb` and `pg_ctl`; installs PostgreSQL when there is none.
pub fn binaries() -> Outcome<PathBuf> {
    if let Some(found) = find_binaries() {
        return Ok(found);
    }
    apt_install(&["postgresql"], "The tests run on PostgreSQL as well as on SQLite")?;
    find_binaries()
        .ok_or_else(|| "PostgreSQL is installed, but `initdb` is not where it is expected.".into())
}

fn find_binaries() -> Option<PathBuf> {
    // Debian keeps them off the PATH, one folder a version.
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    versions.retain(|bin| bin.join("initdb").exists());
    let number = |bin: &PathBuf| {
        let version = bin.parent().and_then(|v| v.file_name()).and_then(|v| v.to_str());
        version.and_then(|v| v.parse::<u32>().ok())
    };
    versions.sort_by_key(number);
    versions
        .pop()
        .or_else(|| sh::which("initdb").and_then(|path| path.parent().map(Path::to_path_buf)))
}

impl Cluster {
    /// Makes and starts a cluster with one empty database; its user may create more.
    pub fn start(durability: Durability) -> Outcome<Self> {
        say("starting a throw-away PostgreSQL");
        let bin = binaries()?;
        let folder = std::env::temp_dir().join(format!("guanjia-postgres-{}", std::process::id()));
        sh::remove_dir(&folder)?;
        sh::make_dir(&folder)?;
        if is_root() {
            sh::run_quiet(Command::new("chown").arg("postgres").arg(&folder))?;
        }
        let data = folder.join("data");
        let guard = guard(&bin, &folder)?;
        // From here on the guard cleans up, also when one of the next steps fails.
        let mut cluster = Self { url: String::new(), guard };
        let mut init = as_postgres(&bin.join("initdb"));
        init.args([
            "--username=guanjia",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--pgdata",
        ]);
        sh::run_quiet(init.arg(&data).current_dir(&folder))?;

        let port = free_port()?;
        let mut options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{}' -c max_connections=300",
            folder.display()
        );
        if durability == Durability::None {
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off";
        }
        let log = folder.join("log");
        let mut start = as_postgres(&bin.join("pg_ctl"));
        start
            .arg("start")
            .arg("--wait")
            .arg("--pgdata")
            .arg(&data)
            .arg("--log")
            .arg(&log)
            .args(["--options", &options]);
        // Its own output goes to the log; inherited pipes would keep whoever reads them waiting for the server to end.
        let started = start
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !started.is_ok_and(|status| status.success()) {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(format!("The throw-away PostgreSQL did not start:\n{said}"));
        }
        let port_text = port.to_string();
        let mut create = Command::new(bin.join("createdb"));
        create.args(["--host=127.0.0.1", "--username=guanjia", "--port", &port_text, "guanjia"]);
        sh::run_quiet(&mut create)?;
        cluster.url = format!("postgres://guanjia@127.0.0.1:{port}/guanjia?sslmode=disable");
        Ok(cluster)
    }

    /// How to reach it.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Closing its input is the guard's signal; see `guard`.
        drop(self.guard.stdin.take());
        self.guard.wait().ok();
    }
}

/// A shell that waits until this process lets go of its input, by intention or by being killed, and then clears away.
/// A `Drop` alone would leave the server running after Ctrl-C.
fn guard(bin: &Path, folder: &Path) -> Outcome<Child> {
    const CLEAR_AWAY: &str = r#"
        trap '' INT TERM HUP
        cat > /dev/null
        if [ -f "$2/data/postmaster.pid" ]; then
            cd "$2" && if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$1/pg_ctl" stop --mode=immediate --wait --pgdata "$2/data"
            else "$1/pg_ctl" stop --mode=immediate --wait --pgdata "$2/data"; fi > /dev/null 2>&1
        fi
        cd / && rm -rf "$2""#;
    Command::new("sh")
        .args(["-c", CLEAR_AWAY, "guard"])
        .arg(bin)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C goes to the whole group of processes; the guard has to outlive it.
        .process_group(0)
        .spawn()
        .map_err(|e| format!("`sh` could not be started: {e}"))
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

/// A port nobody uses now.
pub fn free_port() -> Outcome<u16> {
    let socket = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    socket.map(|address| address.port()).map_err(|e| format!("No free port on 127.0.0.1: {e}"))
}
