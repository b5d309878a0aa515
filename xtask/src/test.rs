//! Runs every test there is and counts them: `N passed, N failed`, alone on the last line.

use crate::postgres::{Cluster, Durability};
use crate::sh::{self, Outcome, say};
use crate::site::{self, Mode};
use crate::{serve, setup};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode};

/// Which tests to run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Everything but the server and the browser.
    Unit,
    /// The server.
    Server,
    /// The product in a browser.
    EndToEnd,
}

impl Scope {
    /// From the word behind `--only`.
    pub fn parse(word: &str) -> Outcome<Self> {
        match word {
            "unit" => Ok(Self::Unit),
            "server" => Ok(Self::Server),
            "e2e" => Ok(Self::EndToEnd),
            other => Err(format!("--only takes `unit`, `server` or `e2e`, not `{other}`.")),
        }
    }
}

/// Tests that ran, and what went wrong.
#[derive(Default)]
pub struct Count {
    passed: u64,
    failed: u64,
    /// What did not even run, or is no test: a lint, a build.
    problems: Vec<String>,
}

impl Count {
    /// Something other than a test went wrong; counts as one failure.
    pub fn problem(&mut self, problem: String) {
        eprintln!("\n✗ {problem}");
        self.problems.push(problem);
    }

    /// Whether nothing failed so far.
    pub fn is_clean(&self) -> bool {
        self.failed == 0 && self.problems.is_empty()
    }

    fn add(&mut self, name: &str, passed: u64, failed: u64) {
        say(format!("{name}: {passed} passed, {failed} failed"));
        self.passed += passed;
        self.failed += failed;
    }

    /// Prints the line that ends every test run.
    pub fn finish(self) -> ExitCode {
        for problem in &self.problems {
            eprintln!("✗ {}", problem.lines().next().unwrap_or_default());
        }
        let failed = self.failed + self.problems.len() as u64;
        println!("\n{} passed, {failed} failed", self.passed);
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Runs the tests and prints the count.
pub fn run(scope: Scope) -> Outcome<ExitCode> {
    let mut count = Count::default();
    collect(scope, &mut count);
    Ok(count.finish())
}

/// Runs the tests into a count that may already hold other checks.
pub fn collect(scope: Scope, count: &mut Count) {
    if let Err(problem) = setup::for_testing() {
        return count.problem(problem);
    }
    if scope != Scope::EndToEnd
        && let Err(problem) = native(scope, count)
    {
        count.problem(problem);
    }
    if matches!(scope, Scope::All | Scope::EndToEnd)
        && let Err(problem) = end_to_end(count)
    {
        count.problem(problem);
    }
}

/// Everything cargo tests, on this machine's own processor.
fn native(scope: Scope, count: &mut Count) -> Outcome {
    // The app exists in two builds, for the browser and for the server's rendering. Most of its tests are in both;
    // they run in both, and count once.
    let mut seen = BTreeSet::new();
    if scope != Scope::Server {
        say("testing the app as built for the browser");
        let mut test = sh::cargo();
        test.args([
            "test",
            "--package",
            "app",
            "--no-default-features",
            "--features",
            "csr",
            "--no-fail-fast",
        ]);
        let result = cargo_test(&mut test, &BTreeSet::new())?;
        count.add("app for the browser", result.passed, result.failed);
        result.complain(count, "the app as built for the browser");
        seen = result.app_tests;
    }
    let mut test = sh::cargo();
    test.args(["test", "--no-fail-fast"]);
    let name = match scope {
        Scope::Unit => {
            test.args(["--package", "domain", "--package", "xtask"]);
            "domain, xtask"
        }
        Scope::Server => {
            test.args(["--package", "server"]);
            "server"
        }
        Scope::All | Scope::EndToEnd => {
            test.arg("--workspace");
            "workspace"
        }
    };
    let cluster = if scope == Scope::Unit { None } else { Some(Cluster::start(Durability::None)?) };
    if let Some(cluster) = &cluster {
        test.env("GUANJIA_TEST_POSTGRES", cluster.url());
    }
    say(format!("testing: {name}"));
    let result = cargo_test(&mut test, &seen)?;
    count.add(name, result.passed, result.failed);
    result.complain(count, name);
    Ok(())
}

/// What one `cargo test` printed.
#[derive(Default)]
struct CargoTest {
    passed: u64,
    failed: u64,
    /// Tests of the program that is running now which an earlier run has counted.
    repeated: u64,
    succeeded: bool,
    /// Names of the app's own tests that passed.
    app_tests: BTreeSet<String>,
}

impl CargoTest {
    /// A failure that no test accounts for must still fail the run: a build error, a crash.
    fn complain(&self, count: &mut Count, name: &str) {
        if !self.succeeded && self.failed == 0 {
            count.problem(format!("`cargo test` failed for {name} without a failed test: it did not build, or crashed."));
        }
    }

    /// Takes one line. `of_app` says whether the program that is running now is the app's.
    fn read(&mut self, line: &str, of_app: &mut bool, seen: &BTreeSet<String>) {
        if let Some(program) = line.trim_start().strip_prefix("Running ") {
            *of_app = program.contains("/deps/app-");
        } else if line.trim_start().starts_with("Doc-tests ") {
            *of_app = false;
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... ok"))
        {
            if *of_app {
                self.repeated += u64::from(seen.contains(name));
                self.app_tests.insert(name.to_owned());
            }
        } else if let Some(rest) = line.strip_prefix("test result: ") {
            let number_before = |word: &str| {
                let before = rest.split(word).next()?.trim_end();
                before.rsplit([' ', '.']).next()?.parse::<u64>().ok()
            };
            // The summary of a program counts all that passed in it.
            let repeated = std::mem::take(&mut self.repeated);
            self.passed += number_before(" passed").unwrap_or(0).saturating_sub(repeated);
            self.failed += number_before(" failed").unwrap_or(0);
        }
    }
}

fn cargo_test(command: &mut Command, seen: &BTreeSet<String>) -> Outcome<CargoTest> {
    let text = sh::shown(command);
    // One pipe for both: cargo says on one stream which program runs, and the program says the rest on the other.
    let (reader, writer) = std::io::pipe().map_err(|e| format!("no pipe for `{text}`: {e}"))?;
    let second = writer.try_clone().map_err(|e| format!("no pipe for `{text}`: {e}"))?;
    command.stdout(writer).stderr(second);
    let mut child = command.spawn().map_err(|e| format!("`{text}` could not be started: {e}"))?;
    // The command holds the writing ends, and reading ends only when all of them are closed.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut result = CargoTest::default();
    let mut of_app = false;
    for line in BufReader::new(reader).split(b'\n') {
        let line = line.map_err(|e| format!("`{text}` could not be read: {e}"))?;
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        result.read(line.trim_end(), &mut of_app, seen);
    }
    result.succeeded = child.wait().is_ok_and(|status| status.success());
    Ok(result)
}

/// The optimised product in Chromium, and what it promises in the other engines that are installed.
fn end_to_end(count: &mut Count) -> Outcome {
    // Also without browser tests: the limits of the site are tests, too.
    site::build(Mode::Release)?;
    let binary = serve::release_server()?;
    if !setup::has_browser_tests() {
        say("end2end/package.json does not exist: no browser tests");
        return Ok(());
    }
    say("testing the product in a browser");
    journeys(count, "browser", playwright(&binary)?)?;
    say("testing the promise in other engines");
    let mut engines = playwright(&binary)?;
    engines.args(["--config", "engines/engines.config.ts"]);
    journeys(count, "other engines", engines)
}

/// Runs journeys and counts them.
fn journeys(count: &mut Count, name: &str, mut playwright: Command) -> Outcome {
    let report = sh::target("playwright.json");
    std::fs::remove_file(&report).ok();
    playwright
        .args(["--reporter=list,json"])
        .env("GUANJIA_E2E_CONTRACT", site::contract()?)
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report)
        .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report);
    let succeeded = playwright.status().is_ok_and(|status| status.success());
    let report = sh::read(&report)
        .map_err(|_| "Playwright did not get as far as running tests; its messages are above.")?;
    let report: Value = serde_json::from_slice(&report)
        .map_err(|e| format!("Playwright's report is not JSON: {e}"))?;
    let number = |name: &str| report["stats"][name].as_u64().unwrap_or(0);
    // A flaky test failed first and passed when repeated.
    let (failed, flaky) = (number("unexpected"), number("flaky"));
    if flaky > 0 {
        say(format!(
            "{flaky} journeys passed only at the second try (`flaky` above): look at them"
        ));
    }
    count.add(name, number("expected") + flaky, failed);
    let mut skipped = BTreeSet::new();
    reasons_to_skip(&report, &mut skipped);
    skipped.iter().for_each(say);
    if !succeeded && failed == 0 {
        count.problem("Playwright failed without a failed test; its messages are above.".into());
    }
    Ok(())
}

/// Why tests were left out, from anywhere in Playwright's report.
fn reasons_to_skip(report: &Value, reasons: &mut BTreeSet<String>) {
    match report {
        Value::Array(values) => values.iter().for_each(|one| reasons_to_skip(one, reasons)),
        Value::Object(fields) => {
            if fields.get("type").is_some_and(|kind| kind == "skip")
                && let Some(why) = fields.get("description").and_then(Value::as_str)
            {
                reasons.insert(why.to_owned());
            }
            fields.values().for_each(|one| reasons_to_skip(one, reasons));
        }
        _ => {}
    }
}

/// The journeys, on the site and the server that were built.
fn playwright(server: &Path) -> Outcome<Command> {
    let mut command = Command::new("npx");
    command
        .args(["playwright", "test"])
        .current_dir(sh::root().join("end2end"))
        .env("GUANJIA_E2E_BINARY", server)
        .env("GUANJIA_SITE", sh::target("site"))
        .env("CHROMIUM", setup::chromium()?);
    Ok(command)
}

/// Real faults, for as long as it takes to hit every moment of a commit.
pub fn faults() -> Outcome {
    setup::for_testing()?;
    crate::postgres::binaries()?;
    site::build(Mode::Release)?;
    let mut faults = playwright(&serve::release_server()?)?;
    // What fails once in a hundred times fails. `browser_faults` begins the names of three files.
    faults.args([
        "tests/faults.spec.ts",
        "tests/kill.spec.ts",
        "tests/browser_faults",
        "--retries=0",
    ]);
    // The second: commands of a day without a network, with a tenth as many photos.
    for (size, value) in [("GUANJIA_KILLS", "2000"), ("GUANJIA_DAY", "5000")] {
        if std::env::var_os(size).is_none() {
            faults.env(size, value);
        }
    }
    sh::run(&mut faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, seen: &BTreeSet<String>) -> CargoTest {
        let mut result = CargoTest::default();
        let mut of_app = false;
        text.lines().for_each(|line| result.read(line, &mut of_app, seen));
        result
    }

    const APP: &str = "     Running unittests src/lib.rs (target/debug/deps/app-0123)\n\
        test money::shown ... ok\ntest sync::waits ... ok\ntest sync::breaks ... FAILED\n\
        test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";

    #[test]
    fn results_of_all_programs_are_summed() {
        let text = "     Running unittests src/lib.rs (target/debug/deps/domain-0123)\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        let result = read(&format!("{text}{APP}"), &BTreeSet::new());
        assert_eq!((result.passed, result.failed), (14, 1));
        assert_eq!(result.app_tests.len(), 2);
    }

    #[test]
    fn what_was_left_out_is_told_once_with_its_reason() {
        let skip = r#"{"annotations": [{"type": "skip", "description": "WebKit is NOT tested"}]}"#;
        let report = format!(
            r#"{{"suites": [{{"specs": [{{"tests": [{skip}, {skip}, {{"type": "issue"}}]}}]}}]}}"#
        );
        let mut reasons = BTreeSet::new();
        reasons_to_skip(&serde_json::from_str(&report).unwrap(), &mut reasons);
        assert_eq!(reasons, BTreeSet::from(["WebKit is NOT tested".to_owned()]));
    }

    #[test]
    fn tests_of_the_app_that_ran_before_are_not_counted_again() {
        let seen = BTreeSet::from(["money::shown".to_owned()]);
        assert_eq!(read(APP, &seen).passed, 1);
        let other = APP.replace("deps/app-", "deps/domain-");
        assert_eq!(
            read(&other, &seen).passed,
            2,
            "another crate's test of the same name is another test"
        );
    }
}
