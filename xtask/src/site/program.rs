//! The program for the browser: compiled, cut into its pieces, made small.

use super::{File, Kept, LOCALES, Mode, bundle, hex, locale_path};
use crate::budget::Part;
use crate::sh::{self, Outcome, say};
use crate::{npm, setup, wasm};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

/// The program in its pieces and the script that connects them to the browser; and which pieces each part of the app
/// needs, for the boot script.
pub(super) fn app(toolchain: &wasm::Toolchain, mode: Mode) -> Outcome<(Vec<File>, Value)> {
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
    // Made from these bytes, by these options.
    let options = OPTIMISATIONS.concat() + &WASM_FEATURES.concat();
    let name = |module: &&Path| {
        let bytes = [&sh::read(module)?, options.as_bytes()].concat();
        Ok(memory.join(format!("{}.wasm", hex(&bytes))))
    };
    let known = modules.iter().map(name).collect::<Outcome<Vec<PathBuf>>>()?;
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

#[cfg(test)]
mod tests {
    use super::super::listing::{assets_json, service_worker};
    use super::*;

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
}
