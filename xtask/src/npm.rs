//! npm packages: those of the build tools and those of the browser tests.

use crate::sh::{self, Outcome, say};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the build tools.
pub fn tools() -> PathBuf {
    sh::root().join("xtask/npm")
}

/// A file of an installed build tool.
pub fn tool(path: &str) -> PathBuf {
    tools().join("node_modules").join(path)
}

/// node running a script of an installed build tool.
pub fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(tool(script)).current_dir(sh::root());
    command
}

/// Installs exactly what the lock file says, unless that is what is installed.
pub fn install(folder: &Path) -> Outcome {
    let lock = folder.join("package-lock.json");
    let wanted = if lock.exists() { lock.clone() } else { folder.join("package.json") };
    let stamp = folder.join("node_modules/.guanjia-installed");
    let key = format!("{:x}", Sha256::digest(sh::read(&wanted)?));
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == key) {
        return Ok(());
    }
    say(format!(
        "installing the npm packages of {}",
        folder.strip_prefix(sh::root()).unwrap_or(folder).display()
    ));
    let command = if lock.exists() { "ci" } else { "install" };
    sh::run_quiet(Command::new("npm").args([command, "--no-audit", "--no-fund"]).current_dir(folder)).map_err(|e| {
        format!("The npm packages could not be installed; npm needs a registry it can reach (`npm config get registry`).\n{e}")
    })?;
    // `npm install` without a lock file writes one; the key has to be of what the next run finds.
    let key =
        format!("{:x}", Sha256::digest(sh::read(if lock.exists() { &lock } else { &wanted })?));
    sh::write(&stamp, key)
}
