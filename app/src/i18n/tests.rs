//! The tables themselves.

use super::*;
use crate::error_text::error_text;
use domain::Refusal;
use domain::modules::company::Settings;
use domain::modules::fees::FeeCode;
use domain::refusal::CommonCode;

#[test]
fn every_refusal_has_its_words_in_every_language() {
    for language in Language::ALL {
        in_language(language, || {
            let lacking: Vec<&str> = domain::modules::all_refusal_codes()
                .into_iter()
                .filter(|code| lookup("refusals", &code.replace('.', "_")).is_none())
                .collect();
            assert!(lacking.is_empty(), "{}: {lacking:?}", language.tag());
        });
    }
}

#[test]
fn every_command_has_a_name_in_every_language() {
    for language in Language::ALL {
        in_language(language, || {
            let lacking: Vec<&&str> = domain::modules::Command::KINDS
                .iter()
                .filter(|kind| {
                    lookup("sync", &format!("kind_{}", kind.replace('.', "_"))).is_none()
                })
                .collect();
            assert!(lacking.is_empty(), "{}: {lacking:?}", language.tag());
        });
    }
}

#[test]
fn a_refusal_names_the_field_in_words() {
    let refusal = Refusal::new(CommonCode::TextTooLong).with("field", "note").with("max", 2_000);
    let text = in_language(Language::En, || error_text(&refusal));
    assert!(text.contains("2000") && !text.contains('{') && !text.contains("\"note\""), "{text}");
}

/// Everything that a refusal of `domain` or the server can name as its field, read from the sources.
fn fields_named_in_refusals() -> Vec<String> {
    fn visit(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                visit(&entry, found);
                continue;
            }
            let text = std::fs::read_to_string(&entry).unwrap_or_default();
            for opening in
                ["text::required(", "text::optional(", "text::at_most(", ".with(\"field\","]
            {
                found.extend(text.split(opening).skip(1).filter_map(|rest| {
                    let name = rest.trim_start().strip_prefix('"')?.split_once('"')?.0;
                    Some(name.to_owned())
                }));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    visit(&root.join("domain/src"), &mut found);
    visit(&root.join("server/src"), &mut found);
    found.extend(Settings::default().numbers().map(|(name, ..)| name.to_owned()));
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn every_field_that_a_refusal_can_name_has_a_name_in_words() {
    let fields = fields_named_in_refusals();
    assert!(fields.len() > 30 && fields.iter().any(|field| field == "wait_days"), "{fields:?}");
    for language in Language::ALL {
        in_language(language, || {
            let lacking: Vec<&String> = fields
                .iter()
                .filter(|field| lookup("refusals", &format!("field_{field}")).is_none())
                .collect();
            assert!(lacking.is_empty(), "{}: {lacking:?}", language.tag());
        });
    }
}

#[test]
fn a_day_in_a_refusal_is_written_as_everywhere_else() {
    let refusal = Refusal::new(FeeCode::PromiseInPast).with("date", "2026-12-04");
    let said = |language| in_language(language, || error_text(&refusal));
    assert!(said(Language::ZhHans).contains("2026年12月4日"), "{}", said(Language::ZhHans));
    assert!(said(Language::En).contains("4 Dec 2026"), "{}", said(Language::En));
    let odd = Refusal::new(FeeCode::PromiseInPast).with("date", "2026-13-04");
    assert!(in_language(Language::En, || error_text(&odd)).contains("2026-13-04"));
}

#[test]
fn a_code_of_a_newer_server_is_still_a_sentence() {
    let refusal = Refusal { code: "goods.pass_used".into(), params: Default::default() };
    for language in Language::ALL {
        let text = in_language(language, || error_text(&refusal));
        assert!(text.contains("goods.pass_used"), "{text}");
    }
}

#[test]
fn a_value_that_is_missing_leaves_no_braces() {
    assert_eq!(fill("a {x} b {y}", &[("x", &1)]), "a 1 b ");
    assert_eq!(fill("100 { open", &[]), "100 { open");
}

#[test]
fn the_same_key_finds_the_same_text_by_name_and_by_function() {
    in_language(Language::En, || assert_eq!(lookup("common", "close"), Some(tr::common::close())));
    assert_eq!(lookup("common", "no_such_key"), None);
    assert_eq!(lookup("no_such_namespace", "close"), None);
}

#[test]
fn a_first_visit_reads_simplified_chinese_unless_the_browser_reads_traditional() {
    assert_eq!(Language::for_browser("en-US"), Language::ZhHans);
    assert_eq!(Language::for_browser("zh-TW"), Language::ZhHant);
    assert_eq!(Language::for_browser("zh-Hant-HK"), Language::ZhHant);
}
