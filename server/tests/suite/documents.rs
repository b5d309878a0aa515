//! What the documents name must exist: tests, journeys, files.

use std::collections::BTreeSet;
use std::fs;

use super::architecture::{exists, read, root, sources};

/// What stands between backticks in a line.
fn quoted(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// A name with so many parts is a sentence, and that of a test.
fn is_test_name(word: &str) -> bool {
    let parts: Vec<&str> = word.split('_').collect();
    let part = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    parts.len() >= 5 && parts.iter().all(part)
}

fn is_path(word: &str) -> bool {
    word.contains('/')
        && !word.starts_with('/')
        && [".rs", ".ts", ".json", ".md"].iter().any(|end| word.ends_with(end))
}

fn functions() -> BTreeSet<String> {
    let files = ["domain", "server", "app/src", "xtask/src"].map(sources);
    let lines = files.iter().flat_map(|folder| folder.values()).flat_map(|text| text.lines());
    let named = lines.filter_map(|line| {
        let (_, rest) = line.split_once("fn ")?;
        Some(rest.split(['(', '<']).next()?.trim().to_owned())
    });
    named.collect()
}

/// The titles of a file of journeys.
fn journeys(file: &str) -> Option<String> {
    let path = root().join("end2end/tests").join(format!("{file}.spec.ts"));
    fs::read_to_string(path).ok()
}

/// What a line names and is not there, and how much it names that is.
fn check(line: &str, functions: &BTreeSet<String>) -> (Vec<String>, usize) {
    let (mut missing, mut found) = (Vec::new(), 0);
    let mut file = None;
    for word in quoted(line) {
        let is_there = if is_test_name(word) {
            functions.contains(word)
        } else if is_path(word) {
            exists(word)
        } else if let Some(text) = journeys(word) {
            file = Some(text);
            found += 1;
            continue;
        } else if let (Some(text), true) = (&file, word.contains(' ')) {
            // What is left out of a title is told by dots.
            word.split('…').all(|part| text.contains(part.trim()))
        } else {
            continue;
        };
        if is_there {
            found += 1;
        } else {
            missing.push(word.to_owned());
        }
    }
    (missing, found)
}

#[test]
fn every_test_and_file_that_a_document_names_exists() {
    let functions = functions();
    let mut missing = Vec::new();
    for document in ["sync-protocol", "backup", "deploy", "api", "processes"] {
        let path = format!("docs/{document}.md");
        if !exists(&path) {
            continue;
        }
        for line in read(&path).lines() {
            let (gone, _) = check(line, &functions);
            missing.extend(gone.into_iter().map(|name| format!("{path}: {name}")));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_invariant_names_a_test() {
    let functions = functions();
    let text = read("docs/sync-protocol.md");
    let (_, rest) = text.split_once("## Invariants").unwrap();
    let (table, _) = rest.split_once("\n## ").unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 30, "the table has {} rows", rows.len());
    let idle: Vec<_> = rows.iter().filter(|row| check(row, &functions).1 == 0).collect();
    assert!(idle.is_empty(), "{idle:#?}");
}

#[test]
fn a_name_that_is_not_there_is_found() {
    let functions = functions();
    let line = "| x | `a_test_that_nobody_has_written`, `server/tests/suite/nowhere.rs`; `photos`: `no such title …` |";
    assert_eq!(check(line, &functions).0.len(), 3);
}

const SAMPLES: [&str; 4] = ["Caddyfile", "compose.yaml", "guanjia.env", "guanjia.service"];

/// The names of settings in a text.
fn settings(text: &str) -> BTreeSet<String> {
    let named = text.match_indices("GUANJIA_").map(|(at, _)| {
        let end = |c: char| !(c.is_ascii_uppercase() || c == '_');
        let rest = &text[at..];
        rest[..rest.find(end).unwrap_or(rest.len())].to_owned()
    });
    named.filter(|name| name != "GUANJIA_").collect()
}

#[test]
fn every_setting_that_a_document_or_a_sample_names_is_read_by_something() {
    let mut read_by_programs = BTreeSet::new();
    for folder in ["server/src", "xtask/src"] {
        sources(folder).values().for_each(|text| read_by_programs.extend(settings(text)));
    }
    for file in [
        "end2end/tests/faults.spec.ts",
        "end2end/support/env.ts",
        "server/tests/suite/matrix/mod.rs",
    ] {
        read_by_programs.extend(settings(&read(file)));
    }
    let samples = SAMPLES.map(|name| settings(&read(format!("docs/deploy/{name}"))));
    let documents = [
        "README.md",
        "CONTRIBUTING.md",
        "docs/deploy.md",
        "docs/backup.md",
        "docs/sync-protocol.md",
    ];
    let named = documents.map(|path| settings(&read(path)));
    let unknown: Vec<_> = named
        .iter()
        .chain(&samples)
        .flatten()
        .filter(|name| !read_by_programs.contains(*name))
        // What one sample sets and another takes.
        .filter(|name| samples.iter().filter(|sample| sample.contains(*name)).count() < 2)
        .filter(|name| *name != "GUANJIA_DB_PASSWORD")
        .collect();
    assert!(unknown.is_empty(), "nothing reads {unknown:?}");
    assert!(read_by_programs.len() > 10 && !samples[2].is_empty());
}

#[test]
fn the_samples_name_the_same_nodes_folders_and_ports() {
    let [caddy, compose, environment, unit] =
        SAMPLES.map(|name| read(format!("docs/deploy/{name}")));
    let nodes = compose.lines().find_map(|line| line.trim().strip_prefix("GUANJIA_NODES: "));
    let named: BTreeSet<&str> = nodes.unwrap().split(' ').collect();
    let services = compose.lines().filter_map(|line| line.trim().strip_suffix(": *node"));
    let port = ":3000";
    let served: BTreeSet<String> = services.map(|name| format!("{name}{port}")).collect();
    assert_eq!(named, served.iter().map(String::as_str).collect());
    assert!(compose.contains(&format!("GUANJIA_ADDR: 0.0.0.0{port}")));

    let value = |name: &str| {
        let mut lines = environment.lines();
        lines
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
            .unwrap()
    };
    assert!(caddy.contains(&format!("{{$GUANJIA_NODES:{}}}", value("GUANJIA_ADDR"))));
    assert!(caddy.starts_with('#') && caddy.contains("\nguanjia.example.com {"));
    assert!(value("GUANJIA_PUBLIC_URL").ends_with("//guanjia.example.com"));
    // What the unit may write to is where the settings put it.
    assert!(unit.contains(&format!("WorkingDirectory={}\n", value("GUANJIA_DATA"))));
    assert!(unit.contains(&format!("ReadWritePaths=-{}\n", value("GUANJIA_BACKUP_DIR"))));
}
