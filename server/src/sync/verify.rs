//! Looks through a whole database: is the log what it was, does what is kept beside it agree with it,
//! does the feed fit the records, and are the attachments there that applied commands name?

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::id::DeviceId;
use domain::modules::attachments::Sha256Hex;
use domain::modules::{Command, Record, RecordKind};
use domain::sync::batch::{LogRow, chain_hash};
use domain::sync::{OutcomeKind, Scope};
use serde::Serialize;
use sqlx::AnyConnection;

use crate::db::Db;
use crate::store::{Result, StoreError, feed, ledger, log, records, scopes};

const PAGE: i64 = 1_000;
/// Problems after which a report says no more than that there are more.
const MOST: usize = 100;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub scopes: usize,
    pub log_rows: u64,
    pub records: u64,
    /// Attachments that applied commands name.
    pub attachments: u64,
    /// Those of them whose bytes are not here: still on a phone, or lost.
    pub missing: Vec<Sha256Hex>,
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
/// device follow each other up to the one it is known by, what waits or needs a person is in the log
/// as it says, and the feed says of every record what its channels are.
pub async fn verify(db: &Db) -> Result<Report> {
    verify_with(db, None).await
}

/// The same, knowing which attachments have a file: one that is said to be here and has none is a
/// problem then.
pub async fn verify_with(db: &Db, files: Option<&BTreeSet<Sha256Hex>>) -> Result<Report> {
    let failed = |error| StoreError { table: "transaction", error };
    let mut tx = db.begin_read().await.map_err(failed)?;
    let mut report = Report::default();
    for problem in ledger::engine_problems(&mut tx, db.dialect()).await? {
        report.problem(problem);
    }
    let mut named = BTreeSet::new();
    for (scope, _) in scopes::heads(&mut tx).await? {
        report.scopes += 1;
        check_log(&mut tx, scope, &mut report, &mut named).await?;
        for problem in ledger::queue_problems(&mut tx, scope).await? {
            report.problem(problem);
        }
        for kind in RecordKind::ALL {
            check_feed(&mut tx, scope, *kind, &mut report).await?;
        }
    }
    let arrived = ledger::arrived(&mut tx).await?;
    if let Some(files) = files {
        for sha256 in arrived.difference(files) {
            report.problem(format!("attachment {}: is said to be here, and has no file", sha256.0));
        }
    }
    report.attachments = named.len() as u64;
    report.missing = named.difference(files.unwrap_or(&arrived)).cloned().collect();
    tx.commit().await.map_err(failed)?;
    Ok(report)
}

/// Adds the attachments of applied commands to `named`.
async fn check_log(
    tx: &mut AnyConnection,
    scope: Scope,
    report: &mut Report,
    named: &mut BTreeSet<Sha256Hex>,
) -> Result<()> {
    let references = ledger::named(tx, scope).await?;
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
            for sha256 in attachments(&row) {
                if !references.contains(&(row.op.to_string(), sha256.clone())) {
                    report.problem(format!(
                        "{scope}: log row {seq} names attachment {}, nobody waits for it",
                        sha256.0
                    ));
                }
            }
            hash = row.hash;
        }
        seq = last;
    }
    if (head.seq, &head.hash) != (seq, &hash) {
        report.problem(format!("{scope}: the head says {}, the log ends at {seq}", head.seq));
    }
    // A device is known by the last number it has in the log; one that is known by another would be
    // told of a gap for ever, or give a number twice.
    let heads = ledger::device_heads(tx, scope).await?;
    let devices: BTreeSet<DeviceId> = heads.keys().chain(numbers.keys()).copied().collect();
    for device in devices {
        let (known, logged) = (heads.get(&device), numbers.get(&device));
        if known != logged {
            let [known, logged] = [known, logged].map(|n| n.copied().unwrap_or(0));
            report.problem(format!(
                "{scope}: device {device} is known by number {known}, the log has it at {logged}"
            ));
        }
    }
    named.extend(references.into_iter().map(|(_, sha256)| sha256));
    Ok(())
}

/// Attachments that a command brought into its records. One that was held brings them when it is
/// settled, one that was refused never does.
fn attachments(row: &LogRow) -> Vec<Sha256Hex> {
    let applied = !matches!(row.outcome, OutcomeKind::Refused | OutcomeKind::Held);
    if !applied || !row.payload.contains("sha256") {
        return Vec::new();
    }
    // What this build cannot read is as it was when another one applied it.
    match Command::decode(&row.kind, row.v, &row.payload) {
        Some(Ok(command)) => {
            command.attachments().iter().map(|attachment| attachment.sha256.clone()).collect()
        }
        _ => Vec::new(),
    }
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
