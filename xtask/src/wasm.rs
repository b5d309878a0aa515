//! The compiler for WebAssembly, and the app compiled with it.
//!
//! The target comes from rustup where rustup can get it. Where it cannot (a machine that reaches only a package
//! mirror), Debian's `rustc-web` compiles, with a standard library built once from `rust-web-src` and kept in the
//! user's cache. Debian has no package of that library; a private folder as sysroot leaves `/usr` alone.

use crate::setup::{self, apt_install};
use crate::sh::{self, Outcome, say};
use crate::site::Mode;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// What compiles to WebAssembly here.
pub enum Toolchain {
    /// The toolchain that is in use anyway has the target.
    Rustup,
    /// Debian's compiler with a standard library of our own making.
    Debian {
        /// Private sysroot that holds the library.
        sysroot: PathBuf,
        /// The linker that fits the compiler's LLVM.
        linker: String,
    },
}

/// Finds a compiler for WebAssembly, or installs one.
pub fn toolchain() -> Outcome<Toolchain> {
    let forced = std::env::var("GUANJIA_WASM_TOOLCHAIN").unwrap_or_default();
    let target_help = "GUANJIA_WASM_TOOLCHAIN may be `rustup`, `debian`, or left out";
    match forced.as_str() {
        "rustup" if has_rustup_target() || rustup_target_add() => Ok(Toolchain::Rustup),
        "rustup" => Err(format!(
            "`rustup target add {TARGET}` failed and GUANJIA_WASM_TOOLCHAIN=rustup allows nothing else."
        )),
        "debian" => debian(),
        "" if has_rustup_target() => Ok(Toolchain::Rustup),
        // Before asking rustup again: a download that failed once would fail slowly every time.
        "" => match debian_if_ready() {
            Some(ready) => Ok(ready),
            None if rustup_target_add() => Ok(Toolchain::Rustup),
            None => debian(),
        },
        other => Err(format!("{target_help}; it is `{other}`.")),
    }
}

fn has_rustup_target() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let Ok(sysroot) = sh::output(Command::new(rustc).args(["--print", "sysroot"])) else {
        return false;
    };
    has_std(Path::new(sysroot.trim()))
}

fn lib_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

fn has_std(sysroot: &Path) -> bool {
    let Ok(files) = std::fs::read_dir(lib_folder(sysroot)) else { return false };
    // Cargo puts no hash into the names of crates that are also dynamic libraries, as std is; rustup's has one.
    files.flatten().any(|file| {
        let name = file.file_name();
        let name = name.to_string_lossy();
        name == "libstd.rlib" || name.starts_with("libstd-")
    })
}

fn rustup_target_add() -> bool {
    if sh::which("rustup").is_none() {
        return false;
    }
    say(format!("rustup target add {TARGET}"));
    match sh::run_quiet(Command::new("rustup").args(["target", "add", TARGET])) {
        Ok(()) => has_rustup_target(),
        Err(_) => {
            say("rustup cannot get it here; using Debian's compiler for WebAssembly instead");
            false
        }
    }
}

/// What `/usr/bin/rustc -vV` says, if that compiler is there and new enough: the same path holds Debian's ordinary,
/// much older compiler where that one is installed.
fn debian_version() -> Option<String> {
    const OLDEST: (u32, u32) = (1, 94);
    if !Path::new(DEBIAN_RUSTC).exists() {
        return None;
    }
    let version = sh::output(Command::new(DEBIAN_RUSTC).arg("-vV")).ok()?;
    let mut numbers = version_field(&version, "release")?.split('.').map(|n| n.parse::<u32>().ok());
    let release = (numbers.next()??, numbers.next()??);
    (release >= OLDEST).then_some(version)
}

fn version_field<'a>(version: &'a str, name: &str) -> Option<&'a str> {
    version.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn debian_linker(version: &str) -> Outcome<String> {
    let llvm =
        version_field(version, "LLVM version").and_then(|v| v.split('.').next()).ok_or_else(
            || format!("`{DEBIAN_RUSTC} -vV` does not name its LLVM version:\n{version}"),
        )?;
    Ok(format!("wasm-ld-{llvm}"))
}

/// One folder for each compiler: a library only fits the very compiler that built it.
fn debian_sysroot(version: &str) -> Outcome<PathBuf> {
    let release = version_field(version, "release").unwrap_or("unknown");
    let key = format!("{:x}", Sha256::digest(version));
    Ok(setup::cache()?.join(format!("wasm-std-{release}-{}", &key[..12])))
}

fn debian_if_ready() -> Option<Toolchain> {
    let version = debian_version()?;
    let linker = debian_linker(&version).ok()?;
    let sysroot = debian_sysroot(&version).ok()?;
    (has_std(&sysroot) && sh::which(&linker).is_some())
        .then_some(Toolchain::Debian { sysroot, linker })
}

fn debian() -> Outcome<Toolchain> {
    if let Some(ready) = debian_if_ready() {
        return Ok(ready);
    }
    const WHY: &str = "The compiler for WebAssembly is missing";
    let source = Path::new("/usr/lib/rustlib/src/rust/library");
    if debian_version().is_none() {
        // lld has to fit the LLVM of the compiler, which is known only once the compiler is there.
        let newest_known = "lld-22";
        match apt_install(&["rustc-web", "rust-web-src", newest_known], WHY) {
            Ok(()) => {}
            // Debian has moved on to another LLVM; the matching linker is installed below.
            Err(_) if setup::is_root() => apt_install(&["rustc-web", "rust-web-src"], WHY)?,
            Err(problem) => return Err(problem),
        }
    }
    let version = debian_version()
        .ok_or("rustc-web is installed but /usr/bin/rustc does not run, or is too old.")?;
    let linker = debian_linker(&version)?;
    if sh::which(&linker).is_none() {
        apt_install(&[&linker.replace("wasm-ld", "lld")], "The linker for WebAssembly is missing")?;
    }
    if !source.exists() {
        apt_install(&["rust-web-src"], "The source of Rust's standard library is missing")?;
    }
    let sysroot = debian_sysroot(&version)?;
    build_std(&version, source, &sysroot)?;
    Ok(Toolchain::Debian { sysroot, linker })
}

/// Builds the standard library for WebAssembly from Debian's source package.
fn build_std(version: &str, source: &Path, sysroot: &Path) -> Outcome {
    let release = version_field(version, "release").unwrap_or("?");
    say(format!(
        "building Rust's standard library for WebAssembly ({release}), once, under a minute"
    ));
    // A name of its own: two builds started at once must not mix, and a killed one must not look finished.
    let name = sysroot.file_name().unwrap_or_default().to_string_lossy();
    let work = sysroot.with_file_name(format!("{name}.building-{}", std::process::id()));
    sh::remove_dir(&work)?;
    let built = build_std_in(&work, source, sysroot);
    sh::remove_dir(&work)?;
    built
}

fn build_std_in(work: &Path, source: &Path, sysroot: &Path) -> Outcome {
    sh::make_dir(work)?;
    let library = work.join("library");
    sh::run_quiet(Command::new("cp").arg("-rL").arg(source).arg(&library))?;
    let mut build = sh::cargo();
    build
        .args(["build", "--quiet", "--release", "--target", TARGET, "--manifest-path"])
        .arg(library.join("sysroot/Cargo.toml"))
        .arg("--target-dir")
        .arg(work.join("target"))
        .current_dir(&library)
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env("RUSTFLAGS", "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    sh::run_quiet(&mut build)?;
    let finished = work.join("sysroot");
    for file in sh::files_below(&work.join("target").join(TARGET).join("release/deps"))? {
        if let (Some(name), Some("rlib")) =
            (file.file_name(), file.extension().and_then(|e| e.to_str()))
        {
            sh::copy(&file, &lib_folder(&finished).join(name))?;
        }
    }
    if !has_std(&finished) {
        return Err(format!(
            "The standard library was built from {}, but there is none among the results.",
            source.display()
        ));
    }
    sh::remove_dir(sysroot)?;
    sh::rename(&finished, sysroot)
}

/// Compiles the app for the browser; gives the file that the splitter takes.
pub fn compile_app(toolchain: &Toolchain, mode: Mode, locales: &Path) -> Outcome<PathBuf> {
    let profile = match mode {
        Mode::Release => "wasm-release",
        Mode::Dev => "wasm-dev",
    };
    compile(toolchain, profile, "csr", &sh::target("wasm"), locales)
}

/// Compiles the app with the suite of the local store in it, and without cuts: for the browser tests.
pub fn compile_contract(toolchain: &Toolchain, locales: &Path) -> Outcome<PathBuf> {
    compile(toolchain, "wasm-contract", "contract", &sh::target("wasm"), locales)
}

fn compile(
    toolchain: &Toolchain,
    profile: &str,
    features: &str,
    folder: &Path,
    locales: &Path,
) -> Outcome<PathBuf> {
    let mut build = sh::cargo();
    build
        .args(["build", "--package", "app", "--lib", "--no-default-features", "--features"])
        .arg(features)
        .args(["--target", TARGET, "--profile", profile, "--target-dir"])
        .arg(folder)
        .env("GUANJIA_LOCALES_OUT", locales)
        .env_remove("RUSTFLAGS");
    // Types of components erased: less code is generated for the same pages.
    let mut flags = vec!["--cfg".to_owned(), "erase_components".to_owned()];
    // Splitting moves functions and data between modules, for which it has to know who names whom.
    flags.extend(["-C".to_owned(), "link-args=--emit-relocs".to_owned()]);
    if let Toolchain::Debian { sysroot, linker } = toolchain {
        flags.extend(["--sysroot".to_owned(), sysroot.display().to_string()]);
        build.env("RUSTC", DEBIAN_RUSTC).env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    // With `--target` these reach only what runs in the browser, not build scripts and macros. The encoded form,
    // because the cache folder may have a space in its name.
    build.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    sh::run(&mut build)?;
    Ok(folder.join(TARGET).join(profile).join("app.wasm"))
}

/// A module that is loaded when it is needed.
pub struct SplitModule {
    /// Its file, as the splitter named it.
    pub path: PathBuf,
    /// Its name in the loader script.
    pub file_name: String,
}

/// The program, cut in pieces.
pub struct Split {
    /// The piece that wasm-bindgen takes and that loads the others.
    pub main: PathBuf,
    /// The others.
    pub modules: Vec<SplitModule>,
    /// Names of the files that each part of the app needs.
    pub needed: BTreeMap<String, Vec<String>>,
}

/// Name of the script that loads the pieces; wasm-bindgen's script imports it from beside itself.
const LOADER: &str = "./loader.js";

/// Cuts the program at its `wasm_split` functions. Leaves the pieces and their loader in `out`.
pub fn split(wasm: &Path, out: &Path) -> Outcome<Split> {
    sh::remove_dir(out)?;
    sh::make_dir(out)?;
    let bytes = sh::read(wasm)?;
    let main = out.join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    options.output_dir = out;
    options.main_out_path = &main;
    options.main_module = "./app.js";
    options.link_name = LOADER;
    let split = wasm_split_cli_support::transform(options)
        .map_err(|e| format!("{} could not be split: {e:#}", wasm.display()))?;
    let module = |path: PathBuf| {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        SplitModule { path, file_name }
    };
    let mut modules: Vec<SplitModule> = split.split_modules.into_iter().map(module).collect();
    modules.sort_by(|a, b| a.file_name.cmp(&b.file_name));
    let needed = split.prefetch_map.into_iter().map(|(part, mut files)| {
        files.sort();
        (part, files.into_iter().map(|file| format!("{file}.wasm")).collect())
    });
    Ok(Split { main, modules, needed: needed.collect() })
}

/// Makes the JavaScript side; leaves `app.js` and `app_bg.wasm` in `out`, beside the loader.
pub fn bind(wasm: &Path, out: &Path, mode: Mode) -> Outcome {
    let release = matches!(mode, Mode::Release);
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("app")
        .typescript(false)
        .keep_debug(false)
        // What the pieces share is exported by the linker's names.
        .keep_lld_exports(true)
        .demangle(false)
        .remove_name_section(release)
        .remove_producers_section(release)
        // boot.js gives the address, which carries a hash that wasm-bindgen cannot know.
        .omit_default_module_path(true);
    let web = bindgen.web(true).map_err(|e| format!("wasm-bindgen: {e:#}"))?;
    web.generate(out)
        .map_err(|e| format!("wasm-bindgen could not process {}: {e:#}", wasm.display()))
}
