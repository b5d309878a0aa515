//! `cargo xtask <command>`: builds, serves, tests and measures the product.
//!
//! The Makefile only forwards to this program, so that there is one place which knows how the product is made.
//! Progress goes to standard error, results (tables, the count of tests) to standard output.

mod budget;
mod check;
mod licences;
mod npm;
mod postgres;
mod serve;
mod setup;
mod sh;
mod simulate;
mod site;
mod test;
mod wasm;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  setup [--tests]          install what building needs, and with --tests what testing needs; only what is missing
  build [--dev]            build the site into target/site (--dev: quick, unoptimised, budget not enforced)
  run [server arguments]   build everything optimised and serve it
  dev [server arguments]   build quickly, serve, and build again whenever a file changes
  test [--only unit|server|e2e]
                           run the tests and end with one line `N passed, N failed`
                             unit    everything but the server and the browser
                             server  the server, on SQLite and on PostgreSQL
                             e2e     the optimised product in a browser
  check                    formatting and lints, native and for the browser
  ci                       check, licences, then test: what has to hold before a change is merged
  simulate                 run 10,000 seeds of the simulation of sync on all cores; tell the first broken promise, made small
  mutants                  show that the simulation notices every fault that is built in on purpose
  faults                   kill the server and PostgreSQL a few thousand times, fill the disk, tear at the network; then audit
  bench                    measure the optimised product and print the tables
  bench-peers              the same work by Guanjia and by PouchDB with its server, and the least it can cost
  contract                 build the suite of the local store, for running its journey by hand
  clean-cache              remove what setup keeps outside this folder, and the npm packages

Environment
  GUANJIA_SEEDS            how many seeds `simulate` runs, and the test of it
  GUANJIA_SEED             from which seed on; alone, only that one
  GUANJIA_STEPS            only these steps of that seed, as a broken promise tells them: 3,7-9
  GUANJIA_KILLS            how often `faults` kills the server (default 2000), and the test of it (30)
  GUANJIA_DAY              commands of a day without a network in `faults` (default 5000), and in the test of it (500)
  GUANJIA_ADDR             address to serve on (default 127.0.0.1:3000)
  GUANJIA_WASM_TOOLCHAIN   `rustup` or `debian`: where the WebAssembly target must come from (default: what works)
  XDG_CACHE_HOME           setup keeps what it built in guanjia/ there (default ~/.cache)
  CHROMIUM                 the browser to test in (default: found)
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match dispatch(&args) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("\n✗ {problem}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[&str]) -> sh::Outcome<ExitCode> {
    let done = ExitCode::SUCCESS;
    match args {
        ["setup"] => setup::for_running().map(|_| done),
        ["setup", "--tests"] => setup::for_testing().map(|_| done),
        ["build"] => site::build(site::Mode::Release).map(|()| done),
        ["build", "--dev"] => site::build(site::Mode::Dev).map(|()| done),
        ["run", rest @ ..] => serve::run(rest).map(|()| done),
        ["dev", rest @ ..] => serve::dev(rest).map(|()| done),
        ["test"] => test::run(test::Scope::All),
        ["test", "--only", which] => test::run(test::Scope::parse(which)?),
        ["check"] => check::check().map(|()| done),
        ["ci"] => check::ci(),
        ["simulate"] => simulate::run("seeds").map(|()| done),
        ["mutants"] => simulate::run("mutants").map(|()| done),
        ["faults"] => test::faults().map(|()| done),
        ["bench"] => serve::bench().map(|()| done),
        ["bench-peers"] => serve::bench_peers().map(|()| done),
        ["contract"] => site::contract().map(|_| done),
        ["clean-cache"] => setup::clean_cache().map(|()| done),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(done)
        }
        other => {
            Err(format!("`{}` is not a command. The commands are:\n\n{HELP}", other.join(" ")))
        }
    }
}
