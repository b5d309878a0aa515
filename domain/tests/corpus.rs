//! What phones of every release have sent and kept, for ever: a command that waited in an outbox for
//! half a year is taken as on the day it was recorded, and a base that was stored is read.
//!
//! One folder a release under `corpus/`, written once by `server/tests/suite/matrix/corpus.rs` and never
//! again. Where a later rule decides otherwise on purpose, `OTHERWISE` says so.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::Ms;
use domain::actor::Actor;
use domain::id::{DeviceId, OpId};
use domain::modules::{Command, Record, RecordKind};
use domain::sync::batch::{Decoded, Incoming, settler};
use domain::sync::sim::server::Server;
use domain::sync::{OutcomeKind, Scope};
use serde::Deserialize;
use uuid::Uuid;

/// Commands of a release that today's rules decide otherwise: release, op, why.
const OTHERWISE: &[(&str, &str, &str)] = &[];

#[derive(Deserialize)]
struct Sent {
    scope: Scope,
    op: OpId,
    device: DeviceId,
    n: u64,
    actor: Actor,
    kind: String,
    v: u32,
    payload: String,
    at_device: Ms,
    offset: Option<i64>,
    occurred_at: Ms,
    received_at: Ms,
    outcome: OutcomeKind,
    code: String,
}

#[derive(Deserialize)]
struct Kept {
    scope: Scope,
    kind: String,
    id: Uuid,
    seq: u64,
    body: String,
}

/// Name and folder of every release.
fn releases() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut found: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn lines<T: serde::de::DeserializeOwned>(file: &Path) -> Vec<T> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kind_of(name: &str) -> RecordKind {
    *RecordKind::ALL.iter().find(|kind| kind.name() == name).expect("kinds are never renamed")
}

#[test]
fn every_command_of_every_release_is_decided_as_on_its_day() {
    for (release, folder) in releases() {
        let mut server = Server::new(Uuid::nil());
        let mut wrong = Vec::new();
        for sent in lines::<Sent>(&folder.join("log.jsonl")) {
            // What the server adds by itself comes by itself.
            if sent.device == settler(sent.scope) {
                continue;
            }
            let command = Decoded::of(&sent.kind, sent.v, &sent.payload);
            let incoming = Incoming {
                device: sent.device,
                actor: Arc::new(sent.actor),
                received_at: sent.received_at,
                op: sent.op,
                n: sent.n,
                kind: sent.kind.clone(),
                v: sent.v,
                at_device: sent.at_device,
                occurred_at: sent.occurred_at,
                offset: sent.offset,
                command,
                payload: sent.payload,
            };
            let plan = server.plan(sent.scope, vec![incoming], None);
            let row =
                plan.log.first().unwrap_or_else(|| panic!("{release}: {} was not taken", sent.op));
            let otherwise =
                OTHERWISE.iter().any(|(of, op, _)| *of == release && *op == sent.op.to_string());
            if !otherwise && (row.outcome, &*row.code) != (sent.outcome, &*sent.code) {
                wrong.push(format!(
                    "{} {}: was {:?} {}, is {:?} {}",
                    sent.kind, sent.op, sent.outcome, sent.code, row.outcome, row.code
                ));
            }
            server.commit(sent.scope, plan);
        }
        assert!(wrong.is_empty(), "{release}:\n{}", wrong.join("\n"));
        let mut records = BTreeMap::new();
        for (scope, db) in &server.db.scopes {
            for (key, (record, seq)) in &db.records {
                records
                    .insert((scope.to_string(), key.kind.name(), key.id), (*seq, record.encode()));
            }
        }
        for kept in lines::<Kept>(&folder.join("records.jsonl")) {
            let key = (kept.scope.to_string(), kind_of(&kept.kind).name(), kept.id);
            let made = records.remove(&key);
            assert_eq!(made, Some((kept.seq, kept.body)), "{release}: {} {}", kept.kind, kept.id);
        }
        assert!(records.is_empty(), "{release}: {:?} were not there then", records.keys());
    }
}

#[test]
fn every_record_of_every_release_is_read_and_written_byte_for_byte() {
    for (release, folder) in releases() {
        for kept in lines::<Kept>(&folder.join("records.jsonl")) {
            let record = Record::decode(kind_of(&kept.kind), &kept.body);
            let record = record
                .unwrap_or_else(|error| panic!("{release}: {} {}: {error}", kept.kind, kept.id));
            assert_eq!(record.encode(), kept.body, "{release}: {}", kept.kind);
        }
    }
}

#[test]
fn the_newest_release_has_every_kind_of_command_and_of_record() {
    let (release, folder) = releases().pop().unwrap();
    let sent: BTreeSet<String> =
        lines::<Sent>(&folder.join("log.jsonl")).into_iter().map(|sent| sent.kind).collect();
    for kind in Command::KINDS {
        assert!(
            sent.contains(*kind),
            "{release} has no {kind}: write the corpus of the release to come (CONTRIBUTING.md)"
        );
    }
    let kept: BTreeSet<String> =
        lines::<Kept>(&folder.join("records.jsonl")).into_iter().map(|kept| kept.kind).collect();
    for kind in RecordKind::ALL {
        assert!(kept.contains(kind.name()), "{release} has no record of kind {}", kind.name());
    }
}
