//! Serving the product: as people get it, and while it is being written.

use crate::postgres::{Cluster, Durability};
use crate::sh::{self, Outcome, say};
use crate::site::{self, Mode};
use crate::{npm, setup};
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

/// Builds the optimised server.
pub fn release_server() -> Outcome<PathBuf> {
    say("building the server");
    sh::run(sh::cargo().args(["build", "--release", "--package", "server", "--bin", "guanjia"]))?;
    Ok(sh::target("release/guanjia"))
}

fn serve(binary: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command.arg("serve").args(arguments).current_dir(sh::root());
    // What is already set wins: somebody may want another database or address.
    let mut default = |name: &str, value: PathBuf| {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    };
    default("GUANJIA_SITE", sh::target("site"));
    // Whoever builds from source wants to look around; an operator starts the binary itself, and must not
    // find the demo company in the place where a real one is to begin.
    default("GUANJIA_DATA", demo_folder());
    default(
        "GUANJIA_DATABASE",
        format!("sqlite:{}", demo_folder().join("guanjia.db").display()).into(),
    );
    default("GUANJIA_DEMO", "true".into());
    command
}

fn demo_folder() -> PathBuf {
    sh::root().join("data/demo")
}

/// Builds everything optimised and becomes the server.
pub fn run(arguments: &[&str]) -> Outcome {
    site::build(Mode::Release)?;
    let binary = release_server()?;
    sh::make_dir(&demo_folder())?;
    // This process becomes the server, so that signals and the exit status are the server's own.
    let problem = serve(&binary, arguments).exec();
    Err(format!("{} could not be started: {problem}", binary.display()))
}

/// What has to be made again after a change.
const SITE_SOURCES: [&str; 6] = ["app", "domain", "style", "public", "Cargo.toml", "Cargo.lock"];
const SERVER_SOURCES: [&str; 5] = ["server", "app", "domain", "Cargo.toml", "Cargo.lock"];

/// Serves quick builds and makes them again whenever a file changes. Polling, because two cores have no use for a
/// file-watching crate and its dependencies, and listing some hundred files takes a millisecond.
pub fn dev(arguments: &[&str]) -> Outcome {
    setup::for_running()?;
    sh::make_dir(&demo_folder())?;
    let mut server: Option<Child> = None;
    let mut built_site = BTreeMap::new();
    let mut built_server = BTreeMap::new();
    loop {
        let site_now = changed_at(&SITE_SOURCES)?;
        if site_now != built_site {
            built_site = site_now;
            report("the site", site::build(Mode::Dev));
        }
        let server_now = changed_at(&SERVER_SOURCES)?;
        if server_now != built_server {
            built_server = server_now;
            let built =
                sh::run(sh::cargo().args(["build", "--package", "server", "--bin", "guanjia"]));
            if report("the server", built) {
                stop(&mut server);
                server = Some(
                    serve(&sh::target("debug/guanjia"), arguments)
                        .stdin(Stdio::null())
                        .spawn()
                        .map_err(|e| format!("The server could not be started: {e}"))?,
                );
            }
        }
        if let Some(child) = &mut server
            && let Ok(Some(status)) = child.try_wait()
        {
            say(format!("the server ended ({status}); it starts again after the next change"));
            server = None;
        }
        std::thread::sleep(Duration::from_millis(400));
    }
}

fn report(what: &str, result: Outcome) -> bool {
    if let Err(problem) = &result {
        eprintln!("\n✗ {what} was not built: {problem}\n  waiting for the next change");
    }
    result.is_ok()
}

/// Asks the server to finish what it is committing, and waits for that.
fn stop(server: &mut Option<Child>) {
    if let Some(mut child) = server.take() {
        sh::succeeds(Command::new("kill").arg(child.id().to_string()));
        child.wait().ok();
    }
}

fn changed_at(sources: &[&str]) -> Outcome<BTreeMap<PathBuf, SystemTime>> {
    let mut times = BTreeMap::new();
    for source in sources {
        let path = sh::root().join(source);
        let files = if path.is_dir() { sh::files_below(&path)? } else { vec![path] };
        for file in files {
            // A file may be gone again between listing and looking.
            if let Ok(time) = std::fs::metadata(&file).and_then(|m| m.modified()) {
                times.insert(file, time);
            }
        }
    }
    Ok(times)
}

/// Measures the optimised product: the server by its own `bench` command, the app in a browser.
pub fn bench() -> Outcome {
    setup::for_testing()?;
    site::build(Mode::Release)?;
    let binary = release_server()?;
    // Commits have to reach the disk here, or the numbers mean nothing.
    let cluster = Cluster::start(Durability::Full)?;
    say("measuring the server");
    sh::run(
        Command::new(&binary).args(["bench", "--postgres", cluster.url()]).current_dir(sh::root()),
    )?;
    drop(cluster);
    let script = sh::root().join("end2end/bench.mjs");
    if !script.exists() {
        say("end2end/bench.mjs does not exist: nothing is measured in a browser");
        return Ok(());
    }
    npm::install(&sh::root().join("end2end"))?;
    say("measuring the app in a browser");
    let mut node = Command::new("node");
    node.arg(&script)
        .current_dir(sh::root().join("end2end"))
        .env("GUANJIA_E2E_BINARY", &binary)
        .env("GUANJIA_SITE", sh::target("site"))
        .env("CHROMIUM", setup::chromium()?);
    sh::run(&mut node)
}

/// The same work against another sync engine, on this machine in one run. Its packages are installed only for this.
pub fn bench_peers() -> Outcome {
    setup::for_testing()?;
    site::build(Mode::Release)?;
    let binary = release_server()?;
    let folder = sh::root().join("end2end");
    npm::install(&folder)?;
    npm::install(&folder.join("peers"))?;
    say("measuring the app and its peer in a browser");
    let mut node = Command::new("node");
    node.arg("node_modules/@playwright/test/cli.js")
        .args(["test", "--config", "peers/peers.config.ts"])
        .current_dir(&folder)
        .env("GUANJIA_E2E_BINARY", &binary)
        .env("GUANJIA_SITE", sh::target("site"))
        .env("CHROMIUM", setup::chromium()?);
    sh::run(&mut node)
}
