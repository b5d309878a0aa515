//! The layout itself: every process has its counterparts, layers know only what they may, SQL and
//! texts stand where they belong. What deviates is listed here with its reason, and a reason that is
//! no longer needed fails as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Why something that is usually there is not.
type Reasons = &'static [(&'static str, &'static str)];

const LANGUAGES: [&str; 3] = ["zh-Hans", "zh-Hant", "en"];

/// Processes without pages of their own.
const NO_PAGES: Reasons =
    &[("attachments", "photos are shown and taken within the pages of what they belong to (ui/)")];

/// Folders of pages that belong to no process of `domain`.
const ONLY_PAGES: Reasons = &[
    ("attention", "what the office settles, over all processes"),
    ("dashboard", "a view over all processes"),
    ("devices", "devices are no records: they are never synced"),
    ("more", "the way to everything else"),
    ("outbox", "the phone's own queue"),
    ("session", "signing in comes before any record"),
    ("today", "what is due, over all processes"),
];

/// Texts that belong to no folder of pages.
const ONLY_TEXTS: Reasons = &[
    ("common", "words that every page uses"),
    ("dates", "dates, weekdays and months (i18n/fmt.rs)"),
    ("frame", "the frame around every page (ui/frame.rs)"),
    ("kit", "the parts of ui/"),
    ("print", "paper (print.rs)"),
    ("refusals", "the codes of all processes"),
    ("shell", "what the server renders (shell.rs)"),
    ("sync", "the state of sync, shown everywhere"),
];

/// Folders of pages whose looks are those of the kit or of another file.
const NO_LOOK: Reasons = &[
    ("accounts", "an office table: office.css"),
    ("attention", "an office list: office.css"),
    ("company", "an office form: office.css"),
    ("devices", "an office table: office.css"),
    ("more", "only parts of the kit"),
];

/// Looks that belong to no folder of pages.
const ONLY_LOOK: Reasons = &[("office", "the tables of the office, one look for all")];

/// Where statements for the database stand.
const SQL: Reasons = &[
    ("auth/heard.rs", "when each device was last in step"),
    ("auth/store.rs", "accounts, devices, sessions"),
    ("blobs/store.rs", "attachments"),
    ("db/", "the dialects, the migrations"),
    ("http/probes.rs", "asks whether the database answers"),
    ("store/", "records, log, feed"),
    ("sync/heads.rs", "NOTIFY and LISTEN, which are no tables"),
    ("views/", "what the office reads"),
];

/// Where Chinese stands in the app's code, and not in its texts.
const CHINESE: Reasons = &[
    ("i18n.rs", "languages are called by their own names"),
    ("start.rs", "shown when not even the texts could be loaded"),
];

/// Pages of the office, which read the server; every other page reads the phone's own store.
const ASKS_THE_SERVER: Reasons = &[
    ("accounts/", "passwords never lie on a phone"),
    ("attention/", "an office page"),
    ("dashboard/", "an office page"),
    ("devices/", "an office page"),
    ("more/password_sheet.rs", "the password never leaves the server again"),
    ("rounds/table_page.rs", "an office page"),
    ("tickets/table_page.rs", "an office page"),
];

/// What of the server looks into the app.
const RENDERS: Reasons = &[
    ("http/shell.rs", "renders the shell"),
    ("http/site.rs", "names the files that the shell loads"),
    ("print/", "renders paper"),
    ("words.rs", "says refusals on the command line with the app's texts"),
];

/// Pages that are shown at the address of another.
const NO_ADDRESS: Reasons = &[("rounds/point_page.rs", "a step of the round, at its address")];

/// What of the app lives as long as its page is open, so that it need not be taken off any list.
const LIVES_ON: Reasons = &[
    ("app_context.rs", "made once, for the root"),
    ("inside.rs", "made once, for the root"),
    ("reactive.rs", "makes all others"),
    ("routes.rs", "made once, for the root"),
];

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// Names in a folder; those of files without their extension.
fn names(folder: &str, folders: bool) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.path().is_dir() == folders)
        .map(|entry| entry.path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "mod")
        .collect()
}

/// Every Rust file under a folder, by its path from there.
pub fn sources(folder: &str) -> BTreeMap<String, String> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let base = root().join(folder);
    let mut files = Vec::new();
    walk(&base, &mut files);
    let named = files.into_iter().map(|path| {
        let name = path.strip_prefix(&base).unwrap().to_str().unwrap().replace('\\', "/");
        (name, read(path))
    });
    named.collect()
}

/// The code of a file: without comments, and without the tests at its end.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    lines.map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn is_test(path: &str) -> bool {
    let tests = ["tests.rs", "testkit.rs"];
    tests.iter().any(|end| path.ends_with(end)) || path.contains("tests/")
}

/// Fails with every deviation that has no reason, and every reason without a deviation.
#[track_caller]
fn settle(what: &str, deviations: BTreeSet<String>, reasons: Reasons) {
    let known: BTreeSet<String> = reasons.iter().map(|(name, _)| (*name).to_owned()).collect();
    let new: Vec<_> = deviations.difference(&known).collect();
    let gone: Vec<_> = known.difference(&deviations).collect();
    assert!(new.is_empty(), "{what}: {new:?}; add what is missing, or list it with its reason");
    assert!(gone.is_empty(), "{what}: the reasons for {gone:?} are not needed any more");
    assert!(reasons.iter().all(|(_, reason)| reason.len() > 5), "{what}: say why");
}

fn processes() -> BTreeSet<String> {
    names("domain/src/modules", true)
}

#[test]
fn the_list_of_processes_is_the_list_of_folders() {
    for list in ["domain/src/modules/mod.rs", "server/src/modules/mod.rs", "app/src/modules/mod.rs"]
    {
        let text = read(list);
        let named: BTreeSet<String> = text
            .lines()
            .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
            .map(|name| name.trim_end_matches(';').to_owned())
            .collect();
        assert_eq!(named, names(list.trim_end_matches("/mod.rs"), true), "{list}");
    }
}

#[test]
fn every_process_with_records_has_its_tables_and_only_processes_have_any() {
    let with_records: BTreeSet<String> = processes()
        .into_iter()
        .filter(|process| {
            let files = sources(&format!("domain/src/modules/{process}"));
            files.values().any(|text| text.contains("crate::synced!("))
        })
        .collect();
    assert!(with_records.len() > 5, "found nothing to check: {with_records:?}");
    for process in &with_records {
        let table = format!("server/src/modules/{process}/table.rs");
        assert!(exists(&table), "{table} is missing: where are its records kept?");
    }
    assert_eq!(names("server/src/modules", true), with_records);
}

#[test]
fn every_process_has_its_pages_and_every_folder_of_pages_its_process() {
    let (processes, pages) = (processes(), names("app/src/modules", true));
    settle("processes without pages", processes.difference(&pages).cloned().collect(), NO_PAGES);
    settle("pages without a process", pages.difference(&processes).cloned().collect(), ONLY_PAGES);
}

#[test]
fn every_folder_of_pages_has_its_texts_in_every_language() {
    let pages = names("app/src/modules", true);
    for language in LANGUAGES {
        let texts = names(&format!("app/locales/{language}"), false);
        let missing: Vec<_> = pages.difference(&texts).collect();
        assert!(missing.is_empty(), "app/locales/{language} lacks {missing:?}");
        let others = texts.difference(&pages).cloned().collect();
        settle(&format!("texts in {language} without pages"), others, ONLY_TEXTS);
    }
}

#[test]
fn every_folder_of_pages_has_its_look_and_every_look_is_used() {
    let (pages, looks) = (names("app/src/modules", true), names("style/modules", false));
    settle("pages without a look", pages.difference(&looks).cloned().collect(), NO_LOOK);
    settle("looks without pages", looks.difference(&pages).cloned().collect(), ONLY_LOOK);
    let index = read("style/index.css");
    for (folder, looks) in [("modules", looks), ("components", names("style/components", false))] {
        for look in looks {
            let import = format!("@import \"{folder}/{look}.css\";");
            assert!(index.contains(&import), "style/index.css lacks {import}");
        }
    }
}

#[test]
fn every_routed_page_is_in_the_list_of_addresses() {
    let routes = read("app/src/routes.rs");
    let pages = sources("app/src/modules");
    let routed = pages.iter().filter(|(path, _)| path.ends_with("_page.rs"));
    let mut count = 0;
    let mut without = BTreeSet::new();
    for (path, text) in routed {
        let component = text
            .lines()
            .filter_map(|line| line.strip_prefix("pub fn "))
            .find_map(|line| line.split('(').next().filter(|name| name.ends_with("Page")))
            .unwrap_or_else(|| panic!("{path} has no component that ends in Page"));
        let is_routed =
            routes.contains(&format!("={component}")) || routes.contains(&format!("<{component}"));
        if !is_routed {
            without.insert(path.clone());
        }
        count += 1;
    }
    settle("pages without an address in app/src/routes.rs", without, NO_ADDRESS);
    assert!(count > 15, "only {count} pages were found");
}

#[test]
fn field_pages_never_ask_the_server() {
    let asking = ["use_view", "api_text", "api_get", "api_send", "http::"];
    let asks = sources("app/src/modules")
        .into_iter()
        .filter(|(path, text)| {
            let code = code(text);
            !is_test(path) && asking.iter().any(|call| code.contains(call))
        })
        .map(|(path, _)| place(&path, ASKS_THE_SERVER))
        .collect();
    settle("pages that ask the server", asks, ASKS_THE_SERVER);
}

/// The listed place that a file lies in, else the file.
fn place(path: &str, reasons: Reasons) -> String {
    let inside = |(place, _): &&(&'static str, &'static str)| {
        path == *place || (place.ends_with('/') && path.starts_with(place))
    };
    reasons.iter().find(inside).map_or_else(|| path.to_owned(), |(place, _)| (*place).to_owned())
}

#[test]
fn every_file_says_what_it_is() {
    let mut count = 0;
    for folder in ["app", "domain", "server/src", "server/tests", "xtask/src"] {
        for (path, text) in sources(folder) {
            assert!(text.starts_with("//! "), "{folder}/{path} does not open with `//!`");
            count += 1;
        }
    }
    assert!(count > 300, "only {count} files were found");
}

#[test]
fn statements_for_the_database_stand_where_they_belong() {
    let verbs = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "LISTEN "];
    let with_sql: BTreeSet<String> = sources("server/src")
        .into_iter()
        .filter(|(path, text)| {
            let code = code(text);
            // A verb at the beginning of a text, as statements have it.
            let begins = |verb: &&str| {
                code.contains(&format!("\"{verb}")) || code.contains(&format!(" {verb}"))
            };
            !is_test(path) && (verbs.iter().any(begins) || code.contains("sql("))
        })
        .map(|(path, _)| place(&path, SQL))
        .collect();
    settle("files with SQL", with_sql, SQL);
    for (path, text) in sources("app/src").into_iter().chain(sources("domain/src")) {
        assert!(!text.contains("sqlx"), "{path} knows the database");
    }
}

#[test]
fn no_text_stands_in_the_code_of_the_app() {
    let is_han = |c: char| ('\u{3400}'..='\u{9fff}').contains(&c);
    let speaking = sources("app/src")
        .into_iter()
        .filter(|(path, text)| !is_test(path) && code(text).contains(is_han))
        .map(|(path, _)| path)
        .collect();
    settle("files of the app with Chinese in them", speaking, CHINESE);
}

/// Whether an attribute is bound to a closure or a text, without `bound`.
fn binds_by_itself(code: &str) -> bool {
    let plain = ["href", "class", "title", "alt", "placeholder", "disabled", "value"];
    code.split_whitespace().any(|word| {
        let Some((name, value)) = word.split_once('=') else { return false };
        let attribute = plain.contains(&name) || name.contains(['-', ':']);
        let text = value.starts_with("tr::") && !value.contains('(');
        attribute && !name.starts_with("on:") && (value == "move" || text)
    })
}

/// See `reactive::leave_no_trace`.
#[test]
fn what_is_drawn_leaves_no_trace() {
    let leptos = ["Memo::new(", "Effect::new(", "<A ", "{move |"];
    let tracing = sources("app/src")
        .into_iter()
        .filter(|(path, text)| {
            let code = code(text);
            !is_test(path)
                && (leptos.iter().any(|made| code.contains(made)) || binds_by_itself(&code))
        })
        .map(|(path, _)| path)
        .collect();
    settle("made without `reactive`", tracing, LIVES_ON);
}

/// The names under `[dependencies]` and its like, but for `[dev-dependencies]`.
fn dependencies(package: &str) -> BTreeSet<String> {
    let text = read(format!("{package}/Cargo.toml"));
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.contains("dependencies]") && !section.starts_with("dev-");
        } else if inside && line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            names.insert(line.split(['.', ' ', '=']).next().unwrap().to_owned());
        }
    }
    names
}

#[test]
fn each_layer_knows_only_those_below_it() {
    let crates = ["app", "domain", "server", "xtask"];
    let of_ours = |package: &str| -> BTreeSet<String> {
        dependencies(package).into_iter().filter(|name| crates.contains(&name.as_str())).collect()
    };
    let expected = [("domain", vec![]), ("app", vec!["domain"]), ("xtask", vec![])];
    for (package, below) in expected {
        let below: BTreeSet<String> = below.into_iter().map(str::to_owned).collect();
        assert_eq!(of_ours(package), below, "{package}");
    }
    assert_eq!(of_ours("server"), BTreeSet::from(["app".to_owned(), "domain".to_owned()]));
    // The rules depend on their arguments alone. Their shapes can be described besides, on the server.
    let pure = ["chrono", "serde", "serde_json", "sha2", "utoipa", "uuid"].map(str::to_owned);
    assert_eq!(dependencies("domain"), BTreeSet::from(pure));
    let manifest = read("domain/Cargo.toml");
    let lines: Vec<&str> = manifest.lines().filter(|line| line.contains("utoipa")).collect();
    assert!(lines[0].starts_with("utoipa = {") && lines[0].contains("optional = true"));
    assert_eq!(lines[1..], ["openapi = [\"dep:utoipa\"]"], "not in the browser");
    assert!(!read("app/Cargo.toml").contains("openapi"), "not in the browser");
    for (path, text) in sources("domain/src") {
        let code = code(&text);
        for outside in ["std::fs", "std::net", "std::env", "std::thread", "SystemTime", "Instant::"]
        {
            assert!(!code.contains(outside), "domain/src/{path} uses {outside}");
        }
    }
    // Only what renders may look into the app.
    let looks = sources("server/src").into_iter().filter(|(_, text)| code(text).contains("app::"));
    let looks: BTreeSet<String> = looks.map(|(path, _)| place(&path, RENDERS)).collect();
    settle("files of the server that know the app", looks, RENDERS);
}
