//! One transaction of a scope: lock its head, load what the commands look at, decide, write, commit.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use domain::id::{OpId, TicketId};
use domain::modules::attachments::Settlement;
use domain::modules::company::Settings;
use domain::modules::tickets::{self, NoteTicket};
use domain::modules::{Command, Record};
use domain::sync::Decide;
use domain::sync::batch::{
    self, Decoded, Held, Incoming, Loaded, LogRow, Plan, PlanEnv, PushError, RESUMED, Resume,
};
use domain::sync::{OutcomeKind, RecordKey, Scope, SyncedRecord};
use sqlx::AnyConnection;

use super::Shared;
use crate::db::Dialect;
use crate::store::log::Quarantined;
use crate::store::{self, Result, StoreError};

/// Commands that were sent together and are refused together.
#[derive(Clone)]
pub(crate) struct Group {
    pub incoming: Vec<Incoming>,
    /// The device gave the numbers; otherwise they are given here, and an id that is known is
    /// answered, not applied.
    pub numbered: bool,
    pub resume: Option<Resume>,
}

/// What happens to waiting commands whose record is here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    All,
    /// Leaves them waiting.
    None,
    /// Only the one with this sequence.
    Only(u64),
    /// Only that one, and it is refused: the database cannot keep what it makes.
    Refuse(u64),
}

/// Work for one transaction.
pub(crate) struct Batch<'a> {
    pub scope: Scope,
    pub groups: &'a [&'a Group],
    /// Records that have arrived through another scope.
    pub touched: &'a [RecordKey],
    pub release: Release,
    /// Decides only, and writes nothing.
    pub rehearsal: bool,
}

/// What a transaction did.
pub(crate) struct Committed {
    /// A group's answers, or why it was not taken.
    pub answers: Vec<std::result::Result<Vec<String>, PushError>>,
    pub head: u64,
    /// Whether the log has grown.
    pub grown: bool,
    pub changed: Vec<RecordKey>,
    /// Records that commands of this transaction wait for.
    pub waits: Vec<RecordKey>,
    pub outcomes: Vec<OutcomeKind>,
    /// Sequences of waiting commands that were looked at.
    pub looked_at: Vec<u64>,
}

/// Runs one transaction. After an error nothing of it has happened.
pub(crate) async fn commit(shared: &Shared, batch: &Batch<'_>) -> Result<Committed> {
    let dialect = shared.db.dialect();
    let failed = |error| StoreError { table: "transaction", error };
    let mut tx = shared.db.begin_write().await.map_err(failed)?;
    let mut loaded = load(&mut tx, dialect, batch).await?;
    let settings = settings(&loaded);
    let looked_at = loaded.held.iter().map(|held| held.seq).collect();
    loaded.held.retain(|held| match batch.release {
        Release::All => true,
        Release::None => false,
        Release::Only(seq) | Release::Refuse(seq) => held.seq == seq,
    });
    if let Release::Refuse(_) = batch.release {
        for held in &mut loaded.held {
            held.incoming.command = Decoded::Impossible(impossible("held"));
        }
    }
    let (plan, answers) = {
        let env = PlanEnv {
            scope: batch.scope,
            settings: &settings,
            code_is_genuine: &*shared.code_is_genuine,
        };
        decide(&mut loaded, batch.groups, &env)
    };
    if plan.log.is_empty() || batch.rehearsal {
        tx.rollback().await.map_err(failed)?;
    } else {
        write(&mut tx, dialect, batch.scope, &loaded, &plan).await?;
        tx.commit().await.map_err(failed)?;
    }
    Ok(Committed {
        answers,
        head: plan.head,
        grown: !plan.log.is_empty(),
        changed: plan.records.keys().copied().collect(),
        waits: plan.held.iter().filter_map(|held| held.waits_for).collect(),
        outcomes: plan.log.iter().map(|row| row.outcome).collect(),
        looked_at,
    })
}

/// The refusal of a command whose result breaks a rule of the database that no rule of ours
/// foresaw. Params: `table`.
pub(crate) fn impossible(table: &str) -> domain::Refusal {
    domain::Refusal::new(domain::refusal::CommonCode::Fault).with("table", table)
}

fn settings(loaded: &Loaded) -> Settings {
    let stored = loaded.records.get(&Settings::key());
    stored.and_then(Settings::from_record).cloned().unwrap_or_default()
}

async fn load(tx: &mut AnyConnection, dialect: Dialect, batch: &Batch<'_>) -> Result<Loaded> {
    let scope = batch.scope;
    let head = store::scopes::lock(tx, dialect, scope).await?;
    let items = || batch.groups.iter().flat_map(|group| &group.incoming);

    let mut devices: BTreeSet<_> = items().map(|item| item.device).collect();
    devices.insert(batch::settler(scope));
    let device_heads = store::scopes::device_heads(tx, dialect, scope, devices).await?;

    let mut known = store::log::known_ops(tx, dialect, scope, items().map(|item| item.op)).await?;
    let used = items().map(|item| (item.device, item.n)).filter(|(device, n)| {
        let last = device_heads.get(device).copied().unwrap_or(0);
        (1..=last).contains(n)
    });
    known.extend(store::log::known_numbers(tx, dialect, scope, used).await?);

    let mut keys = BTreeSet::new();
    for group in batch.groups {
        keys.extend(batch::reads(scope, &group.incoming));
    }
    keys.extend(batch.touched);
    // What had to wait and comes again under another number is answered as it was settled.
    let held_before = known.iter().filter(|known| known.reply.contains("\"held\""));
    keys.extend(held_before.map(|known| Settlement::key_of(known.op.0)));
    let held = load_held(tx, dialect, batch, &mut keys).await?;
    keys.insert(Settings::key());
    Ok(Loaded {
        head: head.seq,
        head_hash: head.hash,
        device_heads,
        known,
        records: store::records::load(tx, dialect, keys).await?,
        counters: store::scopes::counters(tx, scope).await?,
        held,
        resume: batch.groups.iter().find_map(|group| group.resume.clone()),
    })
}

/// Waiting commands that this batch may release, those that these may release, and so on; adds what
/// they read to `keys`.
async fn load_held(
    tx: &mut AnyConnection,
    dialect: Dialect,
    batch: &Batch<'_>,
    keys: &mut BTreeSet<RecordKey>,
) -> Result<Vec<Held>> {
    let mut held: Vec<Held> = Vec::new();
    if batch.release == Release::None {
        return Ok(held);
    }
    let mut fresh: Vec<RecordKey> = keys.iter().copied().collect();
    // An empty batch is a call to look again, at new kinds too.
    let mut found = if batch.groups.iter().all(|group| group.incoming.is_empty()) {
        let mut found = store::held::waiting_for_knowledge(tx, batch.scope).await?;
        found.retain(|held| !matches!(held.incoming.command, Decoded::Unknown));
        found
    } else {
        Vec::new()
    };
    loop {
        found.extend(
            store::held::waiting_for(tx, dialect, batch.scope, fresh.iter().copied()).await?,
        );
        found.retain(|new| held.iter().all(|old| old.seq != new.seq));
        if found.is_empty() {
            held.sort_by_key(|held| held.seq);
            return Ok(held);
        }
        let incoming: Vec<Incoming> = found.iter().map(|held| held.incoming.clone()).collect();
        let reads = batch::reads(batch.scope, &incoming);
        fresh = reads.into_iter().filter(|key| keys.insert(*key)).collect();
        held.append(&mut found);
    }
}

/// Where the answer to one command comes from.
enum Answer {
    /// Place in the plan's replies.
    Planned(usize),
    Known(String),
}

/// Plans all groups together. A group with an error is left out as a whole, and the others are
/// planned again without it.
fn decide(
    loaded: &mut Loaded,
    groups: &[&Group],
    env: &PlanEnv<'_>,
) -> (Plan, Vec<std::result::Result<Vec<String>, PushError>>) {
    let mut errors: Vec<Option<PushError>> = vec![None; groups.len()];
    loop {
        let mut incoming = Vec::new();
        let mut answers: Vec<Vec<Answer>> = Vec::with_capacity(groups.len());
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(groups.len());
        let mut numbers = Numbers::new(loaded);
        for (group, error) in groups.iter().zip(&errors) {
            let start = incoming.len();
            let taken = if error.is_none() { group.incoming.as_slice() } else { &[] };
            answers.push(numbers.number(group.numbered, taken, &mut incoming));
            ranges.push(start..incoming.len());
        }
        if let Some(resumed) = groups.iter().position(|group| group.resume.is_some())
            && errors[resumed].is_some()
        {
            loaded.resume = None;
        }
        let plan = batch::plan(loaded, incoming, env);
        let mut failed = false;
        for (range, error) in ranges.into_iter().zip(&mut errors) {
            if let Some(Err(first)) = plan.replies[range].iter().find(|reply| reply.is_err()) {
                *error = Some(first.clone());
                failed = true;
            }
        }
        if failed {
            continue;
        }
        let reply = |answer| match answer {
            Answer::Known(reply) => reply,
            Answer::Planned(index) => {
                let reply: &std::result::Result<String, PushError> = &plan.replies[index];
                reply.clone().unwrap_or_default()
            }
        };
        let answers = answers
            .into_iter()
            .zip(errors)
            .map(|(answers, error)| match error {
                Some(error) => Err(error),
                None => Ok(answers.into_iter().map(reply).collect()),
            })
            .collect();
        return (plan, answers);
    }
}

/// Gives numbers to commands that come without.
struct Numbers<'a> {
    loaded: &'a Loaded,
    heads: HashMap<domain::id::DeviceId, u64>,
    /// Unnumbered ids of this batch, with their place in it.
    seen: HashMap<OpId, usize>,
}

impl<'a> Numbers<'a> {
    fn new(loaded: &'a Loaded) -> Self {
        Self { loaded, heads: loaded.device_heads.clone(), seen: HashMap::new() }
    }

    fn number(
        &mut self,
        numbered: bool,
        items: &[Incoming],
        incoming: &mut Vec<Incoming>,
    ) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(items.len());
        for item in items {
            let mut item = item.clone();
            if !numbered {
                if let Some(known) = self.loaded.known.iter().find(|known| known.op == item.op) {
                    answers.push(Answer::Known(known.reply.clone()));
                    continue;
                }
                if let Some(place) = self.seen.get(&item.op) {
                    answers.push(Answer::Planned(*place));
                    continue;
                }
                self.seen.insert(item.op, incoming.len());
            }
            let head = self.heads.entry(item.device).or_insert(0);
            if !numbered {
                item.n = *head + 1;
            }
            if item.n == *head + 1 {
                *head = item.n;
            }
            answers.push(Answer::Planned(incoming.len()));
            incoming.push(item);
        }
        answers
    }
}

async fn write(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    loaded: &Loaded,
    plan: &Plan,
) -> Result<()> {
    store::log::append(tx, dialect, scope, &plan.log).await?;
    if !plan.records.is_empty() {
        store::records::write(tx, dialect, &plan.records).await?;
        store::feed::write(tx, dialect, scope, &plan.feed).await?;
    }
    if plan.counters != loaded.counters {
        store::scopes::set_counters(tx, dialect, scope, &plan.counters).await?;
    }
    let mut heads = plan.device_heads.clone();
    heads.retain(|device, n| loaded.device_heads.get(device) != Some(n));
    store::scopes::set_device_heads(tx, dialect, scope, &heads).await?;
    if !plan.held.is_empty() {
        store::held::put(tx, dialect, scope, &plan.held).await?;
    }
    if !plan.released.is_empty() {
        store::held::remove(tx, dialect, scope, &plan.released).await?;
    }
    let quarantined = quarantined(plan);
    if !quarantined.is_empty() {
        store::log::quarantine(tx, dialect, scope, &quarantined).await?;
    }
    settle_conflicts(tx, scope, plan).await?;
    if !plan.blobs.is_empty() {
        store::blob_refs::write(tx, dialect, scope, &plan.blobs).await?;
    }
    store::scopes::advance(tx, scope, plan.head, &plan.head_hash).await
}

/// Whoever settles the conflicts of a ticket has settled what the office's list says of them.
async fn settle_conflicts(tx: &mut AnyConnection, scope: Scope, plan: &Plan) -> Result<()> {
    let settling = plan.log.iter().filter_map(|row| {
        let made = matches!(row.outcome, OutcomeKind::Applied | OutcomeKind::Merged);
        if !made || row.kind != NoteTicket::KIND {
            return None;
        }
        match Command::decode(&row.kind, row.v, &row.payload) {
            Some(Ok(Command::NoteTicket(note))) if note.settles() => Some((row, note.ticket)),
            _ => None,
        }
    });
    let settling: Vec<_> = settling.collect();
    if settling.is_empty() {
        return Ok(());
    }
    for conflict in store::log::open_conflicts(tx, scope).await? {
        let about = match Command::decode(&conflict.kind, conflict.v, &conflict.payload) {
            Some(Ok(command)) => tickets::ticket_of(&command),
            _ => None,
        };
        // One that came after it in the same batch is still to be settled.
        let settled =
            |(row, ticket): &&(&LogRow, TicketId)| conflict.seq < row.seq && about == Some(*ticket);
        if let Some((row, _)) = settling.iter().find(settled) {
            let (by, at) = (row.actor.user, row.received_at);
            store::log::settle(tx, scope, conflict.seq, by, at).await?;
        }
    }
    Ok(())
}

/// What a person has to look at: refused and conflicting commands, waiting ones that ended so, and
/// reports of lost ones.
fn quarantined(plan: &Plan) -> Vec<Quarantined> {
    let mut quarantined: Vec<Quarantined> = plan
        .log
        .iter()
        .filter(|row| row.outcome.needs_attention())
        .map(Quarantined::from)
        .collect();
    for row in plan.log.iter().filter(|row| row.kind == RESUMED) {
        if row.actor.has_role(domain::Role::System) {
            quarantined.push(Quarantined::loss(row));
        }
    }
    for (record, seq) in plan.records.values() {
        let Some(Record::Settlement(settlement)) = record else { continue };
        if !settlement.outcome.outcome.needs_attention() {
            continue;
        }
        if let Some(row) = plan.log.iter().find(|row| row.seq == *seq) {
            quarantined.push(Quarantined::settled(&settlement.outcome, row.received_at));
        }
    }
    quarantined
}
