//! Builds `target/site`: all that a browser loads, named by its hash, compressed, weighed and listed.
//!
//! `assets.json` is what the server reads. Its `files` gives the address of each part, `precache` what the service
//! worker keeps, `build` the name of the whole: two builds with one name are the same to the byte.

use crate::budget::Part;
use crate::sh::{self, Outcome, say};
use crate::{npm, setup};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Stdio;

mod listing;
mod program;
mod weight;
pub use program::contract;

/// How much care a build takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As small as it gets, and refused when too heavy.
    Release,
    /// As fast as it gets.
    Dev,
}

/// The oldest client that may still push. Raised only when the protocol drops what older clients send.
const MIN_CLIENT: u32 = 1;

/// The browsers that have to work; newer syntax is translated down to them.
const BROWSERS: &str = "--target=chrome100,edge100,safari16.4,firefox115";

const LOCALES: [&str; 3] = ["zh-Hans", "zh-Hant", "en"];

/// When the service worker keeps a file for working offline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// With the app, on every device.
    Always,
    /// Where somebody signs in who has a use for it: the pages of the desk.
    AtTheDesk,
    Never,
}

/// One file of the site.
struct File {
    /// What the server calls it, e.g. `app.js`; empty for those with a fixed address.
    key: String,
    /// Its address, from the root.
    url: String,
    bytes: Vec<u8>,
    part: Option<Part>,
    kept: Kept,
}

impl File {
    /// A file that may be kept for ever, because its address changes with its content.
    fn hashed(key: &str, part: Part, bytes: Vec<u8>) -> Self {
        let hash = &hex(&bytes)[..10];
        let flat = key.replace('/', "-");
        let (stem, extension) = flat.rsplit_once('.').unwrap_or((&flat, "bin"));
        let url = format!("/assets/{stem}.{hash}.{extension}");
        Self { key: key.to_owned(), url, bytes, part: Some(part), kept: Kept::Always }
    }

    /// A file whose address is given by others: browsers, stores, crawlers.
    fn fixed(url: &str, bytes: Vec<u8>, kept: Kept) -> Self {
        Self { key: String::new(), url: url.to_owned(), bytes, part: None, kept }
    }

    fn compressible(&self) -> bool {
        !self.url.ends_with(".png") && !self.url.ends_with(".jpg")
    }
}

/// Builds the site into `target/site`, replacing the one there only when all went well.
pub fn build(mode: Mode) -> Outcome {
    let toolchain = setup::for_running()?;
    let (mut files, parts) = program::app(&toolchain, mode)?;
    let parts = format!("--define:GUANJIA_PARTS={parts}");
    files.push(File::hashed(
        "boot.js",
        Part::Script,
        bundle(&sh::root().join("public/boot.js"), &["--format=esm", &parts])?,
    ));
    files.push(style(mode)?);
    files.push(qr_reader()?);
    files.extend(locales()?);
    files.extend(fixed()?);

    let worker = bundle(&sh::root().join("public/service-worker.js"), &["--format=iife"])?;
    let build = listing::build_id(&files, &worker, mode)?;
    files.push(listing::service_worker(&files, worker, &build));

    let site = sh::target("site.new");
    sh::remove_dir(&site)?;
    for file in &files {
        sh::write(&path_in(&site, file), &file.bytes)?;
    }
    weight::compress(&site, &files, mode)?;
    let sizes = weight::weigh(&site, &files)?;
    let sizes_json = json!({ "build": build, "rows": sizes.to_json() });
    sh::write(&site.join("sizes.json"), format!("{sizes_json:#}\n"))?;
    sh::write(&site.join("assets.json"), format!("{:#}\n", listing::assets_json(&files, &build)))?;
    println!("\n{}", sizes.table());
    match mode {
        // Before the swap: a site that is refused does not replace one that was accepted.
        Mode::Release => sizes.check()?,
        Mode::Dev => say("quick build: not optimised, so the limits do not apply"),
    }
    swap(&site, &sh::target("site"))?;
    say(format!("target/site holds build {build}"));
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn path_in(site: &Path, file: &File) -> PathBuf {
    site.join(file.url.trim_start_matches('/'))
}

/// esbuild: one minified file out of an entry and what it imports.
fn bundle(entry: &Path, options: &[&str]) -> Outcome<Vec<u8>> {
    let mut command = npm::node("esbuild/bin/esbuild");
    command.arg(entry).args([
        "--bundle",
        "--minify",
        "--charset=utf8",
        "--legal-comments=none",
        "--log-level=warning",
    ]);
    command.arg(BROWSERS).args(options);
    // Warnings are shown even when all goes well.
    command.stderr(Stdio::inherit());
    // The QR decoder is imported by a file in public/, which has no node_modules above it.
    command.env("NODE_PATH", npm::tool(""));
    sh::output(&mut command).map(String::into_bytes)
}

/// The style sheet: `style/index.css` and what it imports, in that order.
fn style(mode: Mode) -> Outcome<File> {
    let folder = sh::root().join("style");
    let index = folder.join("index.css");
    if !index.exists() {
        return Err("style/index.css is missing; it lists the style sheets in their order.".into());
    }
    let listing = sh::target("style.meta.json");
    let metafile = format!("--metafile={}", listing.display());
    // Addresses of the site are no business of the bundler. The metafile needs an output file.
    let out = sh::target("style.out.css");
    let outfile = format!("--outfile={}", out.display());
    bundle(&index, &[&metafile, "--external:/icons/*", "--external:/assets/*", &outfile])?;
    let listing: Value = serde_json::from_slice(&sh::read(&listing)?)
        .map_err(|e| format!("esbuild's list of style sheets: {e}"))?;
    let imported = |file: &Path| {
        let relative = file.strip_prefix(sh::root()).unwrap_or(file).display().to_string();
        listing["inputs"].get(&relative).is_some()
    };
    let all = sh::files_below(&folder)?;
    let mut forgotten =
        all.iter().filter(|file| file.extension().is_some_and(|e| e == "css") && !imported(file));
    if let Some(file) = forgotten.next() {
        let problem = format!(
            "{} is not imported by style/index.css, so no page gets it.",
            file.strip_prefix(sh::root()).unwrap_or(file).display()
        );
        match mode {
            Mode::Release => return Err(problem),
            Mode::Dev => say(problem),
        }
    }
    Ok(File::hashed("style.css", Part::Style, sh::read(&out)?))
}

/// The QR decoder for browsers without one: our wrapper, bundled with its library.
fn qr_reader() -> Outcome<File> {
    let script = bundle(&sh::root().join("public/qr-reader.js"), &["--format=esm"])?;
    Ok(File::hashed("qr-reader.js", Part::QrReader, script))
}

fn locale_path(tag: &str) -> PathBuf {
    sh::target("locales").join(format!("{tag}.json"))
}

/// The tables of texts that the app's build script compiled.
fn locales() -> Outcome<Vec<File>> {
    let file = |tag| {
        Ok(File::hashed(&format!("locale/{tag}.json"), Part::Locales, sh::read(&locale_path(tag))?))
    };
    LOCALES.into_iter().map(file).collect()
}

/// What has a fixed address.
fn fixed() -> Outcome<Vec<File>> {
    let public = sh::root().join("public");
    let manifest = sh::read(&public.join("manifest.webmanifest"))?;
    let manifest: Value = serde_json::from_slice(&manifest)
        .map_err(|e| format!("public/manifest.webmanifest is not JSON: {e}"))?;
    let mut files = vec![
        File::fixed("/manifest.webmanifest", manifest.to_string().into_bytes(), Kept::Always),
        File::fixed("/robots.txt", sh::read(&public.join("robots.txt"))?, Kept::Never),
    ];
    // Screenshots are for whoever is about to install, and that is online.
    for (folder, kept) in [("icons", Kept::Always), ("screenshots", Kept::Never)] {
        for path in sh::files_below(&public.join(folder))? {
            let name = path.strip_prefix(&public).unwrap_or(&path).display().to_string();
            files.push(File::fixed(&format!("/{name}"), sh::read(&path)?, kept));
        }
    }
    let listed = |name: &str| manifest[name].as_array().cloned().unwrap_or_default();
    for picture in listed("icons").into_iter().chain(listed("screenshots")) {
        let src = picture["src"].as_str().unwrap_or_default();
        if !files.iter().any(|file| file.url == src) {
            return Err(format!("public/manifest.webmanifest names {src}, which does not exist."));
        }
    }
    Ok(files)
}

/// Replaces the site in one step; a server that is running sees the old one or the new one.
fn swap(new: &Path, current: &Path) -> Outcome {
    let old = sh::target("site.old");
    sh::remove_dir(&old)?;
    if current.exists() {
        sh::rename(current, &old)?;
    }
    sh::rename(new, current)?;
    sh::remove_dir(&old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_changes_its_address() {
        let address = |text: &str| File::hashed("locale/en.json", Part::Locales, text.into()).url;
        assert_ne!(address("{}"), address("{ }"));
        assert_eq!(address("{}"), "/assets/locale-en.44136fa355.json");
    }
}
