//! Whether every dependency may be used under the licences that `deny.toml` allows.
//!
//! Reads the same list as cargo-deny does, without needing it: cargo's own metadata has all that is asked here.

use crate::sh::{self, Outcome};
use serde_json::Value;
use std::collections::BTreeSet;

/// Fails with the list of dependencies that do not fit.
pub fn check() -> Outcome {
    let allowed = allowed(&sh::read_text(&sh::root().join("deny.toml"))?)?;
    let metadata = sh::output(sh::cargo().args(["metadata", "--format-version=1", "--locked"]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|e| format!("cargo's metadata: {e}"))?;
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        // The workspace's own crates have no source.
        if package["source"].is_null() {
            continue;
        }
        let licence = package["license"].as_str().unwrap_or("none given");
        if !fits(licence, &allowed) {
            let text = |field: &str| package[field].as_str().unwrap_or("?").to_owned();
            wrong.push(format!("{} {}: {licence}", text("name"), text("version")));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "Dependencies with a licence that deny.toml does not allow:\n  {}",
        wrong.join("\n  ")
    ))
}

/// The strings of `allow = [ … ]` in the section `[licenses]`.
fn allowed(deny: &str) -> Outcome<BTreeSet<String>> {
    let section = deny.split("\n[").find_map(|section| section.strip_prefix("licenses]"));
    let list = section.and_then(|section| section.split_once("allow = [")?.1.split_once(']'));
    let (list, _) = list.ok_or("deny.toml has no `allow = [ … ]` in a section [licenses].")?;
    let without_comments = list.lines().map(|line| line.split('#').next().unwrap_or_default());
    let words: Vec<&str> =
        without_comments.flat_map(|line| line.split('"').skip(1).step_by(2)).collect();
    Ok(words.into_iter().map(str::to_owned).collect())
}

/// Whether an SPDX expression can be met with the allowed licences alone. `/` is how `OR` was once written.
fn fits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest, allowed) && rest.is_empty()
}

fn either(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut met = both(words, allowed);
    while let Some((&"OR", rest)) = words.split_first() {
        *words = rest;
        // Not `||` alone: the right side has to be read past in any case.
        met |= both(words, allowed);
    }
    met
}

fn both(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while let Some((&"AND", rest)) = words.split_first() {
        *words = rest;
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let Some((&word, rest)) = words.split_first() else { return false };
    *words = rest;
    if word == "(" {
        let met = either(words, allowed);
        // Without its closing half the expression is broken: the leftover makes `fits` refuse it.
        return match words.split_first() {
            Some((&")", rest)) => {
                *words = rest;
                met
            }
            _ => false,
        };
    }
    let mut name = word.to_owned();
    if let [first, exception, rest @ ..] = *words
        && *first == "WITH"
    {
        name = format!("{name} WITH {exception}");
        *words = rest;
    }
    allowed.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> BTreeSet<String> {
        let text = "[graph]\nall-features = false\n\n[licenses]\n# why\nallow = [\n  \"MIT\", # a \"quoted\" word\n  \"Apache-2.0 WITH LLVM-exception\",\n  \"ISC\",\n]\n";
        allowed(text).unwrap()
    }

    #[test]
    fn the_allowed_licences_are_read_without_the_comments() {
        assert_eq!(
            list().into_iter().collect::<Vec<_>>(),
            ["Apache-2.0 WITH LLVM-exception", "ISC", "MIT"]
        );
    }

    #[test]
    fn an_expression_fits_when_a_choice_is_allowed() {
        for expression in [
            "MIT",
            "GPL-3.0 OR MIT",
            "GPL-3.0/MIT",
            "MIT AND ISC",
            "(GPL-3.0 OR MIT) AND ISC",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
        ] {
            assert!(fits(expression, &list()), "{expression}");
        }
    }

    #[test]
    fn an_expression_without_an_allowed_choice_does_not_fit() {
        for expression in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "ISC AND (GPL-3.0 OR AGPL-3.0)",
            "Apache-2.0",
            "",
            "(MIT",
            "MIT MIT",
        ] {
            assert!(!fits(expression, &list()), "{expression}");
        }
    }
}
