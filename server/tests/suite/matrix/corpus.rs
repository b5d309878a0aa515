//! Writes what the table has made, log and records, as the corpus of a release:
//! `GUANJIA_WRITE_CORPUS=<folder> cargo test -p server --test suite authorisation::sqlite::every_command`. Once
//! a release is out, its corpus is never written again (domain/tests/corpus.rs).

use std::fmt::Write;
use std::path::Path;

use domain::Actor;
use domain::modules::RecordKind;
use domain::sync::Scope;
use serde_json::json;
use server::db::sql;
use sqlx::Row;

use super::cases;
use crate::web::Server;

/// Whose commands are written.
pub const OF: [&str; 4] = ["steward", "technician", "manager", "admin"];

pub async fn write(server: &Server, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    cases::finish(server).await;
    let mut connection = server.state.db.readers().acquire().await.unwrap();
    let mut log = String::new();
    for scope in [Scope::Company, crate::web::scope()] {
        let select = "SELECT op, device, n, actor_name, kind, v, payload, at_device, clock_offset,
            occurred_at, received_at, outcome, code FROM log WHERE scope = $1 ORDER BY seq";
        let rows = sql(select).bind(scope.to_string()).fetch_all(&mut *connection).await.unwrap();
        for row in rows {
            let name: String = row.get(3);
            let system = Actor::system();
            let actor = if name == system.name { system } else { cases::actor(&name) };
            let text = |index: usize| row.get::<String, _>(index);
            let number = |index: usize| row.get::<i64, _>(index);
            let line = json!({
                "scope": scope, "op": text(0), "device": text(1), "n": number(2), "actor": actor,
                "kind": text(4), "v": number(5), "payload": text(6), "at_device": number(7),
                "offset": row.get::<Option<i64>, _>(8), "occurred_at": number(9),
                "received_at": number(10), "outcome": text(11), "code": text(12),
            });
            writeln!(log, "{line}").unwrap();
        }
    }
    std::fs::write(folder.join("log.jsonl"), log).unwrap();
    let mut records = String::new();
    for scope in [Scope::Company, crate::web::scope()] {
        for kind in RecordKind::ALL {
            let bodies = server::store::records::page(
                &mut connection,
                *kind,
                scope,
                "",
                i64::from(i32::MAX),
            );
            for row in bodies.await.unwrap() {
                // As text: its bytes are what phones hold.
                let line = json!({
                    "scope": scope, "kind": kind.name(), "id": row.key.id, "seq": row.seq, "body": row.body,
                });
                writeln!(records, "{line}").unwrap();
            }
        }
    }
    std::fs::write(folder.join("records.jsonl"), records).unwrap();
}
