//! Gets what building and testing need, and only what is missing.
//!
//! A second run finds everything and takes a fraction of a second.

use crate::sh::{self, Outcome, say};
use crate::{npm, postgres, wasm};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `build` and `run` need.
pub fn for_running() -> Outcome<wasm::Toolchain> {
    c_compiler()?;
    node()?;
    npm::install(&npm::tools())?;
    wasm::toolchain()
}

/// What `test` needs besides.
pub fn for_testing() -> Outcome<wasm::Toolchain> {
    let toolchain = for_running()?;
    postgres::binaries()?;
    if has_browser_tests() {
        chromium()?;
        chinese_fonts()?;
        shell_tools()?;
        engines();
        npm::install(&sh::root().join("end2end"))?;
    }
    Ok(toolchain)
}

/// Whether there are browser tests to prepare for.
pub fn has_browser_tests() -> bool {
    sh::root().join("end2end/package.json").exists()
}

/// Where this program keeps what took long to make, apart from `target`, so that `cargo clean` does not cost it.
pub fn cache() -> Outcome<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()) {
        Some(dir) => PathBuf::from(dir),
        None => {
            let home = std::env::var_os("HOME")
                .ok_or("Neither XDG_CACHE_HOME nor HOME is set: nowhere to keep built tools.")?;
            Path::new(&home).join(".cache")
        }
    };
    Ok(base.join("guanjia"))
}

/// Removes what setup keeps outside `target`. Installed system packages stay.
pub fn clean_cache() -> Outcome {
    let tests = sh::root().join("end2end");
    let kept = [tests.join("node_modules"), tests.join("peers/node_modules")];
    for folder in [cache()?, npm::tool("")].into_iter().chain(kept) {
        say(format!("removing {}", folder.display()));
        sh::remove_dir(&folder)?;
    }
    Ok(())
}

/// Installs Debian packages, or says exactly what to type.
pub fn apt_install(packages: &[&str], why: &str) -> Outcome {
    let list = packages.join(" ");
    let typed = format!("apt-get install --no-install-recommends {list}");
    if sh::which("apt-get").is_none() {
        return Err(format!(
            "{why}, and this system has no apt-get. Please install what Debian calls: {list}"
        ));
    }
    let mut prefix: Vec<&str> = Vec::new();
    if !is_root() {
        if !sh::succeeds(Command::new("sudo").args(["-n", "true"])) {
            return Err(format!(
                "{why}. Please run once:\n\n    sudo {typed}\n\nand then this command again."
            ));
        }
        prefix.push("sudo");
        prefix.push("-n");
    }
    prefix.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(prefix[0]);
        command.args(&prefix[1..]).args(arguments);
        command
    };
    say(format!("{why}: {typed}"));
    let mut install = vec!["install", "-y", "-q", "--no-install-recommends"];
    install.extend(packages);
    // The lists of packages may be missing or old, which shows only when installing fails.
    if sh::run_quiet(&mut apt(&install)).is_err() {
        sh::run_quiet(&mut apt(&["update", "-q"]))?;
        sh::run_quiet(&mut apt(&install))
            .map_err(|e| format!("{why}, but the packages could not be installed: {list}\n{e}"))?;
    }
    Ok(())
}

/// Whether this process may install packages and change users.
pub fn is_root() -> bool {
    sh::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn c_compiler() -> Outcome {
    if sh::which("cc").is_some() || sh::which("gcc").is_some() || sh::which("clang").is_some() {
        return Ok(());
    }
    apt_install(&["gcc", "libc6-dev"], "SQLite is compiled from C and there is no C compiler")
}

fn node() -> Outcome {
    const OLDEST: u32 = 18;
    if sh::which("node").is_none() || sh::which("npm").is_none() {
        apt_install(&["nodejs", "npm"], "The build minifies and optimises with tools from npm")?;
    }
    let version = sh::output(Command::new("node").arg("--version"))?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|n| n.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST => Ok(()),
        _ => Err(format!("node {OLDEST} or newer is needed; this is {}", version.trim())),
    }
}

/// The browser to test in.
pub fn chromium() -> Outcome<PathBuf> {
    if let Some(chosen) = std::env::var_os("CHROMIUM").filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(chosen));
    }
    let find = || {
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
            .into_iter()
            .find_map(sh::which)
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    apt_install(&["chromium"], "The browser tests need Chromium")?;
    find().ok_or_else(|| {
        "Chromium is installed but not on the PATH; set CHROMIUM to its path.".into()
    })
}

/// Browsers that the promise is kept in besides Chromium. Not every system has them: one that cannot be had is not
/// tested, and that is said, here and beside the results.
fn engines() {
    let firefox = std::env::var_os("FIREFOX").is_some_and(|path| !path.is_empty())
        || ["firefox-esr", "firefox"].into_iter().any(|name| sh::which(name).is_some());
    // Its window is a few lines of Python, which need its bindings.
    let bindings = sh::succeeds(
        Command::new("/usr/bin/python3")
            .args(["-c", "import gi; gi.require_version('WebKit2', '4.1')"]),
    );
    let webkit = bindings
        && ["WebKitWebDriver", "Xvfb", "openssl"].into_iter().all(|name| sh::which(name).is_some());
    let webkit_packages =
        ["webkit2gtk-driver", "xvfb", "openssl", "python3-gi", "gir1.2-webkit2-4.1"];
    for (name, there, packages) in
        [("Firefox", firefox, &["firefox-esr"][..]), ("WebKit", webkit, &webkit_packages)]
    {
        if there {
            continue;
        }
        let why = format!("The app is tested in {name}, too");
        if let Err(problem) = apt_install(packages, &why) {
            say(format!("{name} will NOT be tested. {problem}"));
        }
    }
}

/// What the session of docs/api.md is typed with, which a test pastes into a shell.
fn shell_tools() -> Outcome {
    let missing: Vec<&str> =
        ["curl", "jq"].into_iter().filter(|name| sh::which(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    apt_install(&missing, "The tests run the session of docs/api.md")
}

fn chinese_fonts() -> Outcome {
    let have = |folder: &str| {
        sh::files_below(Path::new(folder))
            .is_ok_and(|files| files.iter().any(|f| f.to_string_lossy().contains("CJK")))
    };
    let listed = sh::output(Command::new("fc-list").arg(":lang=zh"))
        .is_ok_and(|fonts| !fonts.trim().is_empty());
    if listed || have("/usr/share/fonts") {
        return Ok(());
    }
    apt_install(
        &["fonts-noto-cjk"],
        "The browser tests show Chinese text and there is no Chinese font",
    )
}
