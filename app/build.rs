//! The locale compiler: `locales/<language>/<namespace>.json` → `tr.rs` (one function a text) and one
//! table a language.
//!
//! A key that one language lacks, or whose placeholders differ, stops the build and is named. The
//! tables are no part of the wasm: with `GUANJIA_LOCALES_OUT` set they are written there and become
//! `/assets/locale-*.json`, one of which a phone fetches at start.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

const LANGUAGES: [&str; 3] = ["zh-Hans", "zh-Hant", "en"];

/// Namespace → key → text.
type Texts = BTreeMap<String, BTreeMap<String, String>>;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=locales");
    println!("cargo:rerun-if-env-changed=GUANJIA_LOCALES_OUT");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("locales");
    let mut problems = Vec::new();
    let languages: Vec<Texts> =
        LANGUAGES.iter().map(|language| read(&root.join(language), &mut problems)).collect();
    compare(&languages, &mut problems);
    if !problems.is_empty() {
        // One line each, so that cargo shows them all and an editor can be sent to them.
        for problem in &problems {
            println!("cargo:error={problem}");
        }
        std::process::exit(1);
    }
    let out = PathBuf::from(variable("OUT_DIR"));
    write(&out.join("tr.rs"), &functions(&languages[0]));
    let published = env::var_os("GUANJIA_LOCALES_OUT").map(PathBuf::from);
    for (language, texts) in LANGUAGES.iter().zip(&languages) {
        let table = table(texts);
        write(&out.join(format!("{language}.json")), &table);
        if let Some(folder) = &published {
            fs::create_dir_all(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
            write(&folder.join(format!("{language}.json")), &table);
        }
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

fn read(folder: &Path, problems: &mut Vec<String>) -> Texts {
    let mut texts = Texts::new();
    let Ok(files) = fs::read_dir(folder) else {
        problems.push(format!("{} cannot be read", folder.display()));
        return texts;
    };
    for path in files.flatten().map(|file| file.path()) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !is_identifier(&name) {
            problems.push(format!("{}: `{name}` is no namespace (a-z, 0-9, _)", path.display()));
            continue;
        }
        let read = fs::read_to_string(&path).map_err(|e| e.to_string());
        match read.and_then(|json| {
            serde_json::from_str::<BTreeMap<String, String>>(&json).map_err(|e| e.to_string())
        }) {
            Ok(keys) => {
                for key in keys.keys().filter(|key| !is_identifier(key)) {
                    problems.push(format!("{}: `{key}` is no key (a-z, 0-9, _)", path.display()));
                }
                texts.insert(name, keys);
            }
            Err(problem) => problems.push(format!("{}: {problem}", path.display())),
        }
    }
    texts
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Every language has every key with the same placeholders.
fn compare(languages: &[Texts], problems: &mut Vec<String>) {
    let all: BTreeSet<(&str, &str)> = languages
        .iter()
        .flat_map(|texts| texts.iter())
        .flat_map(|(name, keys)| keys.keys().map(|key| (name.as_str(), key.as_str())))
        .collect();
    for (name, key) in all {
        let found: Vec<Option<&String>> =
            languages.iter().map(|texts| texts.get(name).and_then(|keys| keys.get(key))).collect();
        for (language, text) in LANGUAGES.iter().zip(&found) {
            match text {
                None => problems.push(format!("locales/{language}/{name}.json lacks `{key}`")),
                Some(text) if text.trim().is_empty() => {
                    problems.push(format!("locales/{language}/{name}.json: `{key}` is empty"));
                }
                Some(_) => {}
            }
        }
        let sets: Vec<(&str, BTreeSet<String>)> = LANGUAGES
            .iter()
            .zip(&found)
            .filter_map(|(language, text)| {
                text.map(|text| (*language, placeholders(text).into_iter().collect()))
            })
            .collect();
        if sets.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            problems.push(format!("`{name}.{key}`: the placeholders differ: {sets:?}"));
        }
        for bad in sets.iter().flat_map(|(_, set)| set).filter(|name| !is_identifier(name)) {
            problems.push(format!("`{name}.{key}`: `{{{bad}}}` is no placeholder (a-z, 0-9, _)"));
        }
    }
}

/// The names in `{…}`, in order, without repeats.
fn placeholders(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in text.split('{').skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// One function a text. Arguments come in the order of the Chinese sentence.
fn functions(texts: &Texts) -> String {
    let mut out = String::from("// Made by build.rs from locales/.\n");
    let mut index = 0;
    for (name, keys) in texts {
        let _ = writeln!(out, "pub mod {name} {{");
        for (key, text) in keys {
            let shown = text.replace('\n', " ");
            let _ = writeln!(out, "/// {shown}");
            let names = placeholders(text);
            let function = escaped(key);
            if names.is_empty() {
                let _ = writeln!(
                    out,
                    "pub fn {function}() -> &'static str {{ crate::i18n::text({index}) }}"
                );
            } else {
                let list = names.iter().map(|n| format!("{}: impl std::fmt::Display", escaped(n)));
                let list = list.collect::<Vec<_>>().join(", ");
                let pairs = names.iter().map(|n| format!("({n:?}, &{})", escaped(n)));
                let pairs = pairs.collect::<Vec<_>>().join(", ");
                let _ = writeln!(
                    out,
                    "pub fn {function}({list}) -> String {{ crate::i18n::fill(crate::i18n::text({index}), &[{pairs}]) }}"
                );
            }
            index += 1;
        }
        out.push_str("}\n");
    }
    let _ = writeln!(out, "/// How many texts a table has.\npub const COUNT: usize = {index};");
    out.push_str("/// Namespace, the number of its first text, and its keys in order.\n");
    out.push_str("pub static KEYS: &[(&str, usize, &str)] = &[\n");
    let mut first = 0;
    for (name, keys) in texts {
        let listed: Vec<&str> = keys.keys().map(String::as_str).collect();
        let _ = writeln!(out, "({name:?}, {first}, {:?}),", listed.join(" "));
        first += keys.len();
    }
    out.push_str("];\n");
    out
}

fn escaped(name: &str) -> String {
    if is_keyword(name) { format!("r#{name}") } else { name.to_owned() }
}

fn is_keyword(key: &str) -> bool {
    matches!(
        key,
        "as" | "async"
            | "await"
            | "box"
            | "break"
            | "const"
            | "continue"
            | "do"
            | "dyn"
            | "else"
            | "enum"
            | "false"
            | "final"
            | "fn"
            | "for"
            | "gen"
            | "if"
            | "impl"
            | "in"
            | "let"
            | "loop"
            | "macro"
            | "match"
            | "mod"
            | "move"
            | "mut"
            | "override"
            | "priv"
            | "pub"
            | "ref"
            | "return"
            | "static"
            | "struct"
            | "trait"
            | "true"
            | "try"
            | "type"
            | "unsafe"
            | "use"
            | "where"
            | "while"
            | "yield"
    )
}

/// `[text, …]` in the order that `functions` counts.
fn table(texts: &Texts) -> String {
    let all: Vec<&String> = texts.values().flat_map(BTreeMap::values).collect();
    serde_json::to_string(&all).unwrap_or_else(|e| panic!("texts are plain strings: {e}"))
}
