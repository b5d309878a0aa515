//! Running other programs, and the few file helpers that every command needs.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Problems are sentences for the person at the terminal; nothing here is handled by kind.
pub type Outcome<T = ()> = Result<T, String>;

/// Tells what is happening now.
pub fn say(message: impl AsRef<str>) {
    let message = message.as_ref();
    if std::io::stderr().is_terminal() {
        eprintln!("\x1b[1;32m»\x1b[0m {message}");
    } else {
        eprintln!("» {message}");
    }
}

/// The folder of the repository.
pub fn root() -> PathBuf {
    // Set by `cargo run`; not taken at compile time, because a built xtask must survive the folder being moved.
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(xtask) => Path::new(&xtask).parent().map(Path::to_path_buf).unwrap_or_default(),
        None => std::env::current_dir().unwrap_or_default(),
    }
}

/// `target/<path>` of the repository.
pub fn target(path: impl AsRef<Path>) -> PathBuf {
    root().join("target").join(path)
}

/// The cargo that started this program, so that a chosen toolchain stays chosen.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// A command as it would be typed.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| {
            let word = word.to_string_lossy();
            let short =
                Path::new(word.as_ref()).strip_prefix(root()).map(|p| p.display().to_string());
            short.unwrap_or_else(|_| word.into_owned())
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs to the end; anything but success is a problem.
pub fn run(command: &mut Command) -> Outcome {
    let text = shown(command);
    let status = command.status().map_err(|e| format!("`{text}` could not be started: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{text}` failed ({status}); its messages are above."))
    }
}

/// Runs to the end without showing anything unless it fails.
pub fn run_quiet(command: &mut Command) -> Outcome {
    output(command).map(|_| ())
}

/// Runs to the end and gives what it printed.
pub fn output(command: &mut Command) -> Outcome<String> {
    let text = shown(command);
    let out = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("`{text}` could not be started: {e}"))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    let said = [out.stdout, out.stderr].concat();
    Err(format!("`{text}` failed ({}):\n{}", out.status, String::from_utf8_lossy(&said).trim_end()))
}

/// Whether the command ends with success; what it prints is of no interest.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Where a program is on the PATH.
pub fn which(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program.as_ref())).find(|p| p.is_file())
}

/// Reads a file, naming it when that fails.
pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|e| format!("{} could not be read: {e}", path.display()))
}

/// Reads a text file, naming it when that fails.
pub fn read_text(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{} could not be read: {e}", path.display()))
}

/// Writes a file and the folders above it, naming it when that fails.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Outcome {
    if let Some(parent) = path.parent() {
        make_dir(parent)?;
    }
    std::fs::write(path, bytes).map_err(|e| format!("{} could not be written: {e}", path.display()))
}

/// Copies a file and makes the folders above it.
pub fn copy(from: &Path, to: &Path) -> Outcome {
    if let Some(parent) = to.parent() {
        make_dir(parent)?;
    }
    std::fs::copy(from, to)
        .map(|_| ())
        .map_err(|e| format!("{} could not be copied to {}: {e}", from.display(), to.display()))
}

/// Renames within one file system.
pub fn rename(from: &Path, to: &Path) -> Outcome {
    std::fs::rename(from, to)
        .map_err(|e| format!("{} could not be renamed to {}: {e}", from.display(), to.display()))
}

/// Makes a folder and those above it.
pub fn make_dir(path: &Path) -> Outcome {
    std::fs::create_dir_all(path).map_err(|e| format!("{} could not be made: {e}", path.display()))
}

/// Removes a folder with all that is in it; one that is not there is fine.
pub fn remove_dir(path: &Path) -> Outcome {
    match std::fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{} could not be removed: {e}", path.display()))
        }
        _ => Ok(()),
    }
}

/// All files below a folder, sorted, so that whatever is made from them is the same every time.
pub fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(format!("{} could not be listed: {e}", folder.display())),
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                if path.file_name() != Some(OsStr::new("node_modules")) {
                    folders.push(path);
                }
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
