//! Builds `target/site`: all that a browser loads, named by its hash, compressed, weighed and listed.
//!
//! `assets.json` is what the server reads. Its `files` gives the address of each part, `precache` what the service
//! worker keeps, `build` the name of the whole: two builds with one name are the same to the byte.

use crate::budget::{Part, Size, Sizes};
use crate::sh::{self, Outcome, say};
use crate::{npm, setup, wasm};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// What `wasm-opt` does: each function once, and nothing that nobody calls. Its `-Oz` makes a module a tenth smaller and
/// what brotli makes of it a tenth larger: it renumbers the locals that LLVM numbers alike in functions that are alike.
const OPTIMISATIONS: [&str; 4] = [
    "--duplicate-function-elimination",
    "--remove-unused-module-elements",
    "--strip-debug",
    "--strip-producers",
];

/// What rustc may have put into the module beyond the first version of WebAssembly; all of it is in [`BROWSERS`].
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

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
    let (mut files, parts) = app(&toolchain, mode)?;
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
    let build = build_id(&files, &worker, mode)?;
    files.push(service_worker(&files, worker, &build));

    let site = sh::target("site.new");
    sh::remove_dir(&site)?;
    for file in &files {
        sh::write(&path_in(&site, file), &file.bytes)?;
    }
    compress(&site, &files, mode)?;
    let sizes = weigh(&site, &files)?;
    let sizes_json = json!({ "build": build, "rows": sizes.to_json() });
    sh::write(&site.join("sizes.json"), format!("{sizes_json:#}\n"))?;
    sh::write(&site.join("assets.json"), format!("{:#}\n", assets_json(&files, &build)))?;
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

fn compressed_path(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// The program in its pieces and the script that connects them to the browser; and which pieces each part of the app
/// needs, for the boot script.
fn app(toolchain: &wasm::Toolchain, mode: Mode) -> Outcome<(Vec<File>, Value)> {
    let locales = sh::target("locales");
    sh::make_dir(&locales)?;
    say("compiling the app for the browser");
    let compiled = wasm::compile_app(toolchain, mode, &locales)?;
    if !LOCALES.iter().all(|tag| locale_path(tag).exists()) {
        // The tables were removed while cargo still believes its build script has nothing to do.
        touch(&sh::root().join("app/build.rs"))?;
        wasm::compile_app(toolchain, mode, &locales)?;
    }
    let bound = sh::target("wasm/bound");
    let split = wasm::split(&compiled, &bound)?;
    wasm::bind(&split.main, &bound, mode)?;
    let main = bound.join("app_bg.wasm");
    let mut paths = vec![main.as_path()];
    paths.extend(split.modules.iter().map(|module| module.path.as_path()));
    let bytes = match mode {
        Mode::Release => optimised(&paths)?,
        Mode::Dev => paths.iter().map(|path| sh::read(path)).collect::<Outcome<Vec<_>>>()?,
    };
    let mut bytes = bytes.into_iter();
    let main = File::hashed("app.wasm", Part::FirstPage, bytes.next().unwrap_or_default());
    let mut pieces: Vec<File> = split
        .modules
        .iter()
        .zip(bytes)
        .map(|(module, bytes)| File::hashed(&piece_key(&module.file_name), Part::Wasm, bytes))
        .collect();
    let names: Vec<&str> = split.modules.iter().map(|module| &*module.file_name).collect();
    let loader = bound.join("loader.js");
    let script = sh::read(&loader).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())?;
    for (piece, name) in pieces.iter_mut().zip(&names) {
        if only_for(DESK, &split.needed, name) {
            piece.kept = Kept::AtTheDesk;
        }
    }
    let urls: Vec<&str> = pieces.iter().map(|piece| &*piece.url).collect();
    sh::write(&loader, with_addresses(&script, &names, &urls)?)?;
    let parts: Map<String, Value> = split
        .needed
        .iter()
        .map(|(part, files)| {
            let url = |file: &String| urls.get(names.iter().position(|name| name == file)?);
            (part.clone(), json!(files.iter().filter_map(url).collect::<Vec<_>>()))
        })
        .collect();
    let script =
        File::hashed("app.js", Part::Script, bundle(&bound.join("app.js"), &["--format=esm"])?);
    Ok((std::iter::once(main).chain(pieces).chain([script]).collect(), parts.into()))
}

/// The part of the app with the pages of the desk.
const DESK: &str = "office";

/// Whether a piece is needed by this part of the app and by no other.
fn only_for(part: &str, needed: &BTreeMap<String, Vec<String>>, piece: &str) -> bool {
    let mut users = needed.iter().filter(|(_, pieces)| pieces.iter().any(|name| name == piece));
    users.next().is_some_and(|(name, _)| *name == part) && users.next().is_none()
}

/// What the server and people call a piece of the program: `split_field.wasm` is `field.wasm`, what several parts
/// share is `shared-3.wasm`.
fn piece_key(file_name: &str) -> String {
    match file_name.strip_prefix("split_") {
        Some(part) => part.to_owned(),
        None => file_name.replace("chunk_", "shared-"),
    }
}

/// Puts the hashed addresses into the loader script, which knows the pieces as files beside it.
fn with_addresses(script: &str, names: &[&str], urls: &[&str]) -> Outcome<String> {
    let mut script = script.to_owned();
    for (name, url) in names.iter().zip(urls) {
        let relative = format!("\"./{name}\"");
        if script.matches(&relative).count() != 1 {
            return Err(format!("the loader script names {name} not once, as it used to"));
        }
        script = script.replace(&relative, &format!("\"{url}\""));
    }
    Ok(script)
}

/// The app with the suite of the local store in it, for one of the browser tests; gives its folder.
pub fn contract() -> Outcome<PathBuf> {
    say("compiling the suite of the local store for the browser");
    let compiled = wasm::compile_contract(&setup::for_running()?, &sh::target("locales"))?;
    let out = sh::target("contract");
    sh::remove_dir(&out)?;
    sh::make_dir(&out)?;
    wasm::bind(&compiled, &out, Mode::Dev)?;
    Ok(out)
}

fn touch(path: &Path) -> Outcome {
    let problem = |e: std::io::Error| format!("{} could not be touched: {e}", path.display());
    let bytes = std::fs::read(path).map_err(problem)?;
    std::fs::write(path, bytes).map_err(problem)
}

/// `wasm-opt` on each module, remembered by content.
fn optimised(modules: &[&Path]) -> Outcome<Vec<Vec<u8>>> {
    let memory = sh::target("wasm/optimised");
    sh::make_dir(&memory)?;
    let known = modules
        .iter()
        .map(|module| Ok(memory.join(format!("{}.wasm", hex(&sh::read(module)?)))))
        .collect::<Outcome<Vec<PathBuf>>>()?;
    for old in sh::files_below(&memory)?.iter().filter(|old| !known.contains(old)) {
        // Only a cache: what cannot be removed is removed the next time.
        std::fs::remove_file(old).ok();
    }
    let missing: Vec<(&Path, &PathBuf)> =
        modules.iter().copied().zip(&known).filter(|(_, known)| !known.exists()).collect();
    if !missing.is_empty() {
        say("optimising the program for size");
    }
    // Each is a process that uses one core.
    let results: Vec<Outcome> = std::thread::scope(|scope| {
        let work: Vec<_> =
            missing.iter().map(|(module, known)| scope.spawn(|| optimise(module, known))).collect();
        let joined = work.into_iter().map(|one| {
            one.join().unwrap_or_else(|_| Err("the thread that waits for wasm-opt died".into()))
        });
        joined.collect()
    });
    results.into_iter().collect::<Outcome>()?;
    known.iter().map(|known| sh::read(known)).collect()
}

fn optimise(module: &Path, to: &Path) -> Outcome {
    let partial = to.with_extension("partial");
    let mut optimise = npm::node("binaryen/bin/wasm-opt");
    optimise.args(OPTIMISATIONS).args(WASM_FEATURES);
    sh::run_quiet(optimise.arg(module).arg("-o").arg(&partial))?;
    sh::rename(&partial, to)
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

/// A name for all that a client of this build gets to see.
fn build_id(files: &[File], worker: &[u8], mode: Mode) -> Outcome<String> {
    let mut all = Sha256::new();
    let mut add = |name: &str, bytes: &[u8]| all.update(format!("{name}\0{}\n", hex(bytes)));
    for file in files {
        add(&file.url, &file.bytes);
    }
    // Two workers with one name would fill, or fail to fill, one and the same cache.
    add("service-worker.js", worker);
    if mode == Mode::Release {
        // The server makes the shell that the service worker keeps, so a change there is a new build as well.
        for folder in ["server/src", "app/src"] {
            for source in sh::files_below(&sh::root().join(folder))? {
                add(
                    &source.strip_prefix(sh::root()).unwrap_or(&source).to_string_lossy(),
                    &sh::read(&source)?,
                );
            }
        }
    }
    Ok(format!("{:x}", all.finalize())[..16].to_owned())
}

/// The service worker with the list of what it keeps in front: address and hash, so that what a proxy mangled is
/// refused rather than kept.
fn service_worker(files: &[File], worker: Vec<u8>, build: &str) -> File {
    let listed = |kept| -> Value {
        let named = |file: &File| {
            json!([file.url, format!("sha256-{}", base64(&Sha256::digest(&file.bytes)))])
        };
        files.iter().filter(|file| file.kept == kept).map(named).collect()
    };
    let mut script = format!(
        "const GUANJIA_BUILD={},GUANJIA_FILES={},GUANJIA_DESK={};\n",
        json!(build),
        listed(Kept::Always),
        listed(Kept::AtTheDesk)
    )
    .into_bytes();
    script.extend(worker);
    let mut file = File::fixed("/service-worker.js", script, Kept::Never);
    file.part = Some(Part::Script);
    file
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > group.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

fn assets_json(files: &[File], build: &str) -> Value {
    let named: Map<String, Value> = files
        .iter()
        .filter(|file| !file.key.is_empty())
        .map(|file| (file.key.clone(), json!(file.url)))
        .collect();
    let kept = files.iter().filter(|file| file.kept == Kept::Always).map(|file| file.url.as_str());
    let precache: Vec<&str> = std::iter::once("/shell").chain(kept).collect();
    json!({ "build": build, "min_client": MIN_CLIENT, "files": named, "precache": precache })
}

/// Puts `.br` and `.gz` beside every file that gains from it; remembers by content what it once compressed.
fn compress(site: &Path, files: &[File], mode: Mode) -> Outcome {
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

fn weigh(site: &Path, files: &[File]) -> Outcome<Sizes> {
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
    fn base64_pads_like_everyone_does() {
        let encoded = ["", "f", "fo", "foo", "foob", "管"].map(|text| base64(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "566h"]);
    }

    #[test]
    fn the_loader_asks_for_the_pieces_by_their_hashed_addresses() {
        let script =
            r#"fetch(new URL("./split_field.wasm", x)); fetch(new URL("./chunk_3.wasm", x))"#;
        let names = ["chunk_3.wasm", "split_field.wasm"];
        let urls = ["/assets/shared-3.1.wasm", "/assets/field.1.wasm"];
        assert_eq!(
            with_addresses(script, &names, &urls).unwrap(),
            r#"fetch(new URL("/assets/field.1.wasm", x)); fetch(new URL("/assets/shared-3.1.wasm", x))"#
        );
        assert!(with_addresses("nothing here", &names, &urls).is_err());
    }

    #[test]
    fn pieces_are_listed_by_what_is_in_them_and_kept_offline() {
        assert_eq!(piece_key("split_field.wasm"), "field.wasm");
        assert_eq!(piece_key("chunk_3.wasm"), "shared-3.wasm");
        let piece = File::hashed(&piece_key("split_field.wasm"), Part::Wasm, b"\0asm".to_vec());
        let listed = assets_json(&[piece], "build");
        let url = listed["files"]["field.wasm"].as_str().unwrap();
        assert!(url.starts_with("/assets/field.") && url.ends_with(".wasm"), "{url}");
        assert_eq!(listed["precache"], json!(["/shell", url]));
    }

    #[test]
    fn only_what_no_other_part_needs_belongs_to_the_desk() {
        let needs = |part: &str, pieces: &[&str]| {
            (part.to_owned(), pieces.iter().map(|piece| (*piece).to_owned()).collect())
        };
        let needed = BTreeMap::from([
            needs("field", &["both", "field"]),
            needs("office", &["both", "tables", "office"]),
        ]);
        let desk = ["both", "field", "tables", "office"].map(|p| only_for(DESK, &needed, p));
        assert_eq!(desk, [false, false, true, true]);
        let mut piece = File::hashed("office.wasm", Part::Wasm, b"\0asm".to_vec());
        piece.kept = Kept::AtTheDesk;
        let url = piece.url.clone();
        let files = [piece];
        assert_eq!(assets_json(&files, "build")["precache"], json!(["/shell"]));
        let worker = service_worker(&files, Vec::new(), "build");
        let script = String::from_utf8(worker.bytes).unwrap();
        assert!(script.contains(&format!("GUANJIA_FILES=[],GUANJIA_DESK=[[\"{url}\"")), "{script}");
    }

    #[test]
    fn a_changed_file_changes_its_address() {
        let address = |text: &str| File::hashed("locale/en.json", Part::Locales, text.into()).url;
        assert_ne!(address("{}"), address("{ }"));
        assert_eq!(address("{}"), "/assets/locale-en.44136fa355.json");
    }
}
