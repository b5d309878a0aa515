//! Looks through a whole database: is the log what it was, and does the feed fit the records?

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::id::DeviceId;
use domain::modules::{Record, RecordKind};
use domain::sync::Scope;
use domain::sync::batch::chain_hash;
use serde::Serialize;
use sqlx::AnyConnection;

use crate::db::Db;
use crate::store::{Result, StoreError, feed, log, records, scopes};

const PAGE: i64 = 1_000;
/// Problems after which a report says no more than that there are more.
const MOST: usize = 100;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub scopes: usize,
    pub log_rows: u64,
    pub records: u64,
    /// In words, each naming the place; empty when all is well.
    pub problems: Vec<String>,
    /// More problems than are listed.
    pub more: bool,
}

impl Report {
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, text: String) {
        if self.problems.len() < MOST {
            self.problems.push(text);
        } else {
            self.more = true;
        }
    }
}

/// Checks every scope at one moment: the log has no gap and its hash chain holds, numbers of each
/// device follow each other, and the feed says of every record what its channels are.
pub async fn verify(db: &Db) -> Result<Report> {
    let failed = |error| StoreError { table: "transaction", error };
    let mut tx = db.begin_read().await.map_err(failed)?;
    let mut report = Report::default();
    for (scope, _) in scopes::heads(&mut tx).await? {
        report.scopes += 1;
        check_log(&mut tx, scope, &mut report).await?;
        for kind in RecordKind::ALL {
            check_feed(&mut tx, scope, *kind, &mut report).await?;
        }
    }
    tx.commit().await.map_err(failed)?;
    Ok(report)
}

async fn check_log(tx: &mut AnyConnection, scope: Scope, report: &mut Report) -> Result<()> {
    let head = scopes::head(tx, scope).await?;
    let mut hash = String::new();
    let mut seq = 0;
    let mut numbers: HashMap<DeviceId, u64> = HashMap::new();
    loop {
        let links = log::after(tx, scope, seq, PAGE).await?;
        let Some(last) = links.last().map(|link| link.row.seq) else { break };
        for link in links {
            let row = link.row;
            report.log_rows += 1;
            seq += 1;
            if row.seq != seq {
                report.problem(format!("{scope}: log rows {seq} to {} are missing", row.seq - 1));
                seq = row.seq;
            }
            if !link.payload_matches {
                report.problem(format!("{scope}: the payload of log row {seq} was changed"));
            }
            if chain_hash(&hash, &row) != row.hash {
                report.problem(format!("{scope}: the chain breaks at log row {seq}"));
            }
            let n = numbers.insert(row.device, row.n).unwrap_or(0);
            if row.n <= n {
                report.problem(format!("{scope}: log row {seq} goes back to number {}", row.n));
            }
            hash = row.hash;
        }
        seq = last;
    }
    if (head.seq, &head.hash) != (seq, &hash) {
        report.problem(format!("{scope}: the head says {}, the log ends at {seq}", head.seq));
    }
    Ok(())
}

async fn check_feed(
    tx: &mut AnyConnection,
    scope: Scope,
    kind: RecordKind,
    report: &mut Report,
) -> Result<()> {
    let mut present: BTreeMap<uuid::Uuid, BTreeSet<String>> =
        feed::all_present(tx, scope, kind).await?;
    let mut after = String::new();
    loop {
        let page = records::page(tx, kind, scope, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.key.id.to_string();
        for body in page {
            report.records += 1;
            let id = body.key.id;
            let record = match Record::decode(kind, &body.body) {
                Ok(record) => record,
                Err(error) => {
                    report.problem(format!("{} {id}: {error}", kind.name()));
                    continue;
                }
            };
            let told = present.remove(&id).unwrap_or_default();
            let channels: BTreeSet<String> = feed::names(&record.channels()).into_iter().collect();
            if told != channels {
                let text = format!("{} {id}: on {channels:?}, the feed says {told:?}", kind.name());
                report.problem(text);
            }
            if record.key() != body.key || record.scope() != scope {
                report.problem(format!("{} {id}: is stored in the wrong place", kind.name()));
            }
        }
    }
    for id in present.keys() {
        report.problem(format!("{} {id}: in the feed, but there is no such record", kind.name()));
    }
    Ok(())
}
