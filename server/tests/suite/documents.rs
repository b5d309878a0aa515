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
