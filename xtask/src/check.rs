//! What has to hold before a change is merged: formatting, lints, licences, then the tests.

use crate::licences;
use crate::sh::{self, Outcome, say};
use crate::test::{self, Count, Scope};
use std::process::{Command, ExitCode};

/// Formatting and lints. All are tried, so that one look shows all that is to be mended.
pub fn check() -> Outcome {
    let mut count = Count::default();
    lint(&mut count);
    if count.is_clean() { Ok(()) } else { Err("The checks above did not pass.".into()) }
}

/// Everything. A check that does not pass counts as one failure in the line that ends the tests.
pub fn ci() -> Outcome<ExitCode> {
    let mut count = Count::default();
    lint(&mut count);
    dependencies(&mut count);
    test::collect(Scope::All, &mut count);
    Ok(count.finish())
}

fn lint(count: &mut Count) {
    let steps: [(&str, &[&str]); 3] = [
        ("formatting (`cargo fmt` mends it)", &["fmt", "--all", "--check"]),
        ("lints", &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        // For this machine's processor: the browser's interfaces type-check here as well, and Debian's compiler for
        // WebAssembly is of another version, which lints differently.
        (
            "lints of the app as built for the browser",
            &[
                "clippy",
                "--quiet",
                "--package",
                "app",
                "--no-default-features",
                "--features",
                "csr",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
        ),
    ];
    for (name, arguments) in steps {
        say(format!("checking {name}"));
        if sh::run(sh::cargo().args(arguments)).is_err() {
            count.problem(format!("{name}: did not pass; see above"));
        }
    }
}

fn dependencies(count: &mut Count) {
    say("checking licences of dependencies");
    if let Err(problem) = licences::check() {
        count.problem(problem);
    }
    // Compiling cargo-deny takes longer than the tests, so it is used where it is and not installed.
    if sh::which("cargo-deny").is_none() {
        return say(
            "cargo-deny is not installed: known vulnerabilities were NOT looked for (`cargo install cargo-deny --locked`)",
        );
    }
    if !sh::succeeds(Command::new("cargo-deny").arg("fetch").current_dir(sh::root())) {
        return say(
            "the list of known vulnerabilities could not be fetched: they were NOT looked for",
        );
    }
    say("checking known vulnerabilities, bans and sources of dependencies");
    let mut deny = Command::new("cargo-deny");
    deny.args(["check", "--disable-fetch", "advisories", "bans", "sources"])
        .current_dir(sh::root());
    if sh::run(&mut deny).is_err() {
        count.problem("cargo-deny: did not pass; see above".into());
    }
}
