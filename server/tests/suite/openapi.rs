//! Integrators read in `/api/openapi.json` what to send and what comes back; what is written there is
//! what the domain reads and writes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::modules::{Command, Record, RecordKind};
use domain::openapi::{COMMAND, Described, ROW};
use jsonschema::Validator;
use serde_json::{Value, json};

fn document() -> Value {
    serde_json::to_value(server::openapi::document()).unwrap()
}

/// Judges values by one of the document's schemas, as any program would.
fn validator(document: &Value, schema: &str) -> Validator {
    let schema = json!({
        "$ref": format!("#/components/schemas/{schema}"),
        "components": document["components"],
    });
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
    options.should_validate_formats(true).build(&schema).unwrap()
}

#[track_caller]
fn assert_fits(validator: &Validator, value: &Value) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|e| format!("{} {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\nin {value:#}");
}

/// Every text in the domain's sources that is a JSON object: its golden tests hold one for each payload
/// and for each record, as phones have sent them.
fn frozen() -> Vec<Value> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src/modules")];
    let mut found = Vec::new();
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            collect(&path, &mut found);
        }
    }
    found
}

fn collect(path: &Path, found: &mut Vec<Value>) {
    let text = std::fs::read_to_string(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "json") {
        objects(serde_json::from_str(&text).unwrap(), found);
        return;
    }
    for marks in ["#", "##"] {
        let (open, close) = (format!("r{marks}\""), format!("\"{marks}"));
        for quoted in text.split(&open).skip(1).filter_map(|rest| rest.split(&close).next()) {
            // The goldens of rounds write their one id as `#`.
            let text = quoted.replace("\"#\"", "\"018f0000-0000-7000-8000-000000000001\"");
            if let Ok(value) = serde_json::from_str(&text) {
                objects(value, found);
            }
        }
    }
}

/// The outermost objects in a value.
fn objects(value: Value, found: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| objects(item, found)),
        Value::Object(_) => found.push(value),
        _ => {}
    }
}

/// Those of which the golden tests hold no whole text.
fn written_here() -> Vec<Value> {
    const ID: &str = "018f0000-0000-7000-8000-000000000001";
    const AT: i64 = 1_795_226_400_000;
    let photo = json!({
        "sha256": "07".repeat(32), "mime": "image/jpeg", "size": 1000, "role": "photo", "at": AT,
    });
    let answers = json!([
        {"item": "post", "answer": {"value": "normal"}},
        {"item": "lamp", "answer": {"value": "abnormal"}, "note": "暗", "photos": [photo], "ticket": ID},
        {"item": "pressure", "answer": {"value": "number", "reading": 650}},
        {"item": "remark", "answer": {"value": "text", "text": "好"}},
    ]);
    let points = json!([{"code": "gate", "name": "大门", "items": [
        {"code": "post", "text": "在岗", "answer": {"type": "normal"}, "category": "fire", "safety": true},
        {"code": "pressure", "text": "水压", "answer": {"type": "number", "unit": "MPa", "low": 300, "high": 900}},
        {"code": "remark", "text": "备注", "answer": {"type": "text"}, "optional": true},
    ]}]);
    let schedule = json!({
        "id": ID, "project": ID, "cluster": ID, "template": ID, "name": "日常",
        "recurrence": {"every": "weekly", "weekdays": [1, 3]},
        "windows": [{"from": "09:00:00", "to": "11:30:00"}], "role": "steward", "person": ID,
        "starts": "2026-11-01", "ends": "2026-12-31", "changed_at": AT,
    });
    let result = json!({
        "point": "gate", "checkpoint": ID, "position": [-12, 30],
        "confirmation": {"by": "hand", "reason": "码掉了"}, "at": AT, "received": AT, "by": ID,
        "answers": answers, "flags": ["by_hand"],
    });
    vec![
        json!({
            "round": ID, "template": ID, "version": 1, "point": "gate", "checkpoint": ID,
            "confirmation": {"by": "code", "code": "GJ1.x"}, "answers": answers,
        }),
        json!({
            "template": ID, "version": 2, "name": "日常", "points": points, "retired": false,
            "superseded": true, "changed_at": AT,
        }),
        json!({
            "id": ID, "project": ID, "cluster": ID, "template": ID, "point": "gate", "name": "大门",
            "position": [-12, 30], "code_version": 1, "code_since": AT,
        }),
        schedule,
        json!({
            "id": ID, "project": ID, "cluster": ID, "schedule": ID, "date": "2026-11-22",
            "window": [AT, AT + 1], "template": ID, "version": 1, "name": "日常", "points": 1,
            "role": "guard", "by": ID, "by_name": "孙", "joined": [ID], "started": AT, "finished": AT,
            "finish_received": AT, "late": true, "summary": "雨", "results": [result],
            "changed_at": AT,
        }),
        json!({
            "id": ID, "project": ID, "cluster": ID, "date": "2026-11-22", "by": ID, "by_name": "林",
            "at": AT, "lines": [{"ticket": ID, "text": "漏水", "ticked": true, "note": "已修"}],
        }),
    ]
}

/// Whether the domain reads it as that kind.
fn reads_command(kind: &str, value: &Value) -> Option<Value> {
    let command = Command::decode(kind, Command::VERSION, &value.to_string()).unwrap().ok()?;
    Some(serde_json::from_str(&command.encode()).unwrap())
}

fn reads_record(kind: &str, value: &Value) -> Option<Value> {
    let kind = RecordKind::from_name(kind).unwrap();
    let record = Record::decode(kind, &value.to_string()).ok()?;
    Some(serde_json::from_str(&record.encode()).unwrap())
}

type Reads = fn(&str, &Value) -> Option<Value>;

/// The frozen examples of each kind: what is read as it and written back the same.
fn examples(kinds: Vec<Described>, reads: Reads) -> Vec<(Described, Vec<Value>)> {
    let mut frozen = frozen();
    frozen.extend(written_here());
    let of = |kind: &str| -> Vec<Value> {
        frozen.iter().filter(|value| reads(kind, value).as_ref() == Some(value)).cloned().collect()
    };
    kinds
        .into_iter()
        .map(|kind| {
            let examples = of(kind.kind);
            (kind, examples)
        })
        .collect()
}

/// Calls `check` with every variant of the value in which one thing is wrong or left out.
fn each_damage(value: &Value, check: &mut dyn FnMut(&str, Value)) {
    fn paths(value: &Value, at: String, all: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    paths(field, format!("{at}/{name}"), all);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    paths(item, format!("{at}/{index}"), all);
                }
            }
            _ => {}
        }
        if !at.is_empty() {
            all.push(at);
        }
    }
    let mut all = Vec::new();
    paths(value, String::new(), &mut all);
    for path in all {
        // Not a small number: serde reads one as the place of a choice, which nobody sends.
        for wrong in [json!(null), json!(true), json!(99), json!("x!"), json!({}), json!([[]])] {
            let mut damaged = value.clone();
            *damaged.pointer_mut(&path).unwrap() = wrong;
            check(&path, damaged);
        }
        let (parent, name) = path.rsplit_once('/').unwrap();
        let mut damaged = value.clone();
        if let Some(fields) = damaged.pointer_mut(parent).unwrap().as_object_mut() {
            fields.remove(name);
            check(&path, damaged);
        }
    }
}

/// The schema accepts what the domain reads, and nothing else.
fn assert_agree(kinds: Vec<Described>, reads: Reads) {
    let document = document();
    let mut different = BTreeSet::new();
    for (kind, examples) in examples(kinds, reads) {
        assert!(!examples.is_empty(), "{} has no example: add one to `written_here`", kind.kind);
        let validator = validator(&document, &kind.name);
        for example in examples {
            assert_fits(&validator, &example);
            each_damage(&example, &mut |path, damaged| {
                let (read, fits) =
                    (reads(kind.kind, &damaged).is_some(), validator.is_valid(&damaged));
                if read != fits {
                    let now = damaged.pointer(path);
                    different
                        .insert(format!("{} {path} {now:?} read: {read}, fits: {fits}", kind.kind));
                }
            });
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn every_payload_is_described_as_the_domain_reads_it() {
    assert_agree(Command::described(), reads_command);
}

#[test]
fn every_record_is_described_as_the_domain_writes_it() {
    assert_agree(Record::described(), reads_record);
}

fn assert_chosen_by(document: &Value, any: &str, by: &str, content: &str, kinds: &[&str]) {
    let schemas = &document["components"]["schemas"];
    let choice = &schemas[any];
    assert_eq!(choice["discriminator"]["propertyName"], by);
    assert_eq!(choice["oneOf"].as_array().unwrap().len(), kinds.len());
    for kind in kinds {
        let reference = choice["discriminator"]["mapping"][kind].as_str().unwrap();
        let target = |reference: &Value| {
            let pointer = reference.as_str().unwrap().trim_start_matches('#').to_owned();
            document.pointer(&pointer).unwrap_or_else(|| panic!("{reference}")).clone()
        };
        let carrier = target(&reference.into());
        assert_eq!(carrier["properties"][by]["enum"], json!([kind]));
        let carried = target(&carrier["properties"][content]["$ref"]);
        let has_fields = carried["properties"].as_object().is_some_and(|fields| !fields.is_empty());
        assert!(has_fields || carried["allOf"].is_array(), "{kind}: {carried:#}");
        assert!(carried["description"].is_string(), "{kind} has no description");
    }
}

#[test]
fn every_kind_is_chosen_by_its_name() {
    let document = document();
    assert_chosen_by(&document, COMMAND, "kind", "payload", Command::KINDS);
    let kinds: Vec<&str> = RecordKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_chosen_by(&document, ROW, "k", "b", &kinds);
}

#[test]
fn a_name_in_the_document_means_one_thing() {
    let mut seen = BTreeMap::new();
    for kind in Command::described().into_iter().chain(Record::described()) {
        for (name, schema) in kind.parts.into_iter().chain([(kind.name, kind.schema)]) {
            let schema = serde_json::to_value(schema).unwrap();
            let first = seen.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(*first, schema, "two types are called {name}");
        }
    }
    let carriers = Command::KINDS.len() + RecordKind::ALL.len();
    let choices = [COMMAND, ROW].len();
    assert_eq!(domain::openapi::components().len(), seen.len() + carriers + choices);
}

#[test]
fn a_push_and_a_page_are_described_with_what_they_carry() {
    let document = document();
    for body in ["PushBody", "PulledBody"] {
        let example = document["components"]["schemas"][body]["example"].clone();
        assert_fits(&validator(&document, body), &example);
    }
    let push = validator(&document, "PushBody");
    let good = document["components"]["schemas"]["PushBody"]["example"].clone();
    let with = |path: &str, value: Value| {
        let mut push = good.clone();
        *push.pointer_mut(path).unwrap() = value;
        push
    };
    assert!(!push.is_valid(&with("/commands/0/payload/topics", json!("praise"))));
    assert!(!push.is_valid(&with("/commands/0/payload/way", json!("window"))));
    assert!(!push.is_valid(&with("/commands/0/kind", json!("visits.answer"))));
    assert!(!push.is_valid(&with("/commands/0/n", json!("1"))));
    let page = validator(&document, "PulledBody");
    let mut gone = document["components"]["schemas"]["PulledBody"]["example"].clone();
    gone["rows"][0].as_object_mut().unwrap().remove("b");
    assert!(page.is_valid(&gone), "a record that left the reader's view has no body");
}
