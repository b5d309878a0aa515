//! Compressing the site, and weighing it.

use super::{File, Kept, Mode, hex, path_in};
use crate::budget::{Part, Size, Sizes};
use crate::npm;
use crate::sh::{self, Outcome, say};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Puts `.br` and `.gz` beside every file that gains from it; remembers by content what it once compressed.
pub(super) fn compress(site: &Path, files: &[File], mode: Mode) -> Outcome {
    let quality = match mode {
        Mode::Release => 11,
        Mode::Dev => 5,
    };
    let memory = sh::target(format!("compressed-{quality}"));
    sh::make_dir(&memory)?;
    let remembered =
        |file: &File, extension: &str| memory.join(format!("{}.{extension}", hex(&file.bytes)));
    let each = || files.iter().filter(|file| file.compressible());
    let missing: Vec<&File> =
        each().filter(|f| !["br", "gz"].iter().all(|e| remembered(f, e).exists())).collect();
    if !missing.is_empty() {
        say("compressing");
        let paths: Vec<PathBuf> = missing.iter().map(|file| path_in(site, file)).collect();
        let order = json!({ "brotli": quality, "files": paths });
        let mut command = Command::new("node");
        command.arg(npm::tools().join("compress.mjs")).stdin(Stdio::piped());
        let mut node = command.spawn().map_err(|e| format!("node could not be started: {e}"))?;
        if let Some(mut input) = node.stdin.take() {
            // If node is gone, its status below says so.
            input.write_all(order.to_string().as_bytes()).ok();
        }
        if !node.wait().is_ok_and(|status| status.success()) {
            return Err("Compressing the site failed; the message is above.".into());
        }
    }
    let mut in_use = Vec::new();
    for file in each() {
        for extension in ["br", "gz"] {
            let beside = compressed_path(&path_in(site, file), extension);
            let kept = remembered(file, extension);
            if beside.exists() {
                sh::copy(&beside, &kept)?
            } else {
                sh::copy(&kept, &beside)?
            }
            in_use.push(kept);
        }
    }
    for old in sh::files_below(&memory)?.iter().filter(|old| !in_use.contains(old)) {
        // Only a cache: what cannot be removed is removed the next time.
        std::fs::remove_file(old).ok();
    }
    Ok(())
}

/// What each file weighs, on the disk and on the line.
pub(super) fn weigh(site: &Path, files: &[File]) -> Outcome<Sizes> {
    let length = |path: &Path| {
        std::fs::metadata(path)
            .map(|m| m.len())
            .map_err(|e| format!("{} cannot be weighed: {e}", path.display()))
    };
    let mut weighed = Vec::new();
    for file in files {
        let path = path_in(site, file);
        let raw = length(&path)?;
        let size = if file.compressible() {
            Size {
                raw,
                gzip: length(&compressed_path(&path, "gz"))?,
                brotli: length(&compressed_path(&path, "br"))?,
            }
        } else {
            Size { raw, gzip: raw, brotli: raw }
        };
        weighed.extend(file.part.map(|part| (part, size)));
        if file.part == Some(Part::FirstPage) {
            weighed.push((Part::Wasm, size));
        }
        match file.kept {
            Kept::Always => weighed.push((Part::Precache, size)),
            Kept::AtTheDesk => weighed.push((Part::Desk, size)),
            Kept::Never => {}
        }
    }
    Ok(Sizes::of(weighed))
}

fn compressed_path(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}
