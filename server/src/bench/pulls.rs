//! What one incremental pull costs while the scope grows a hundredfold: it is to follow the changes, not the
//! data.
//!
//! The tickets that a scope has more of are copies of one that was opened by a command, written with their
//! feed rows by the functions of the write path, a few thousand a transaction; only their log is left out,
//! which no pull reads. The changes are real pushes, spread over all of them.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::id::{DeviceId, OpId, TicketId};
use domain::modules::Command;
use domain::modules::tickets::{NoteTicket, Ticket};
use domain::sync::batch::FeedRow;
use domain::sync::{Envelope, SyncedRecord};
use serde_json::value::RawValue;

use super::{Estate, push};
use crate::state::AppState;
use crate::store::{self, StoreError};
use crate::sync::PAGE_ROWS;

/// Tickets of the scope at first; then ten times and a hundred times as many.
const BASE: usize = 2_000;
const TIMES: [usize; 3] = [1, 10, 100];
const CHUNK: usize = 2_000;

/// Prints what a pull of one change and of a hundred costs at each size.
pub(super) async fn measure(state: &AppState, name: &str) -> Result<(), String> {
    let site = Estate::set_up(state).await?;
    let mut tickets = Vec::new();
    let mut bench = Pulls { state, site, device: DeviceId(state.clock.uuid()), n: 0 };
    let sample = bench.open().await?;
    let (mut one, mut hundred) = (Vec::new(), Vec::new());
    for times in TIMES {
        bench.grow(&sample, &mut tickets, BASE * times).await.map_err(|e| e.to_string())?;
        one.push(bench.median(&tickets, 1, 60).await?);
        hundred.push(bench.median(&tickets, 100, 15).await?);
    }
    for (changes, figures) in [("1 change", one), ("100 changes", hundred)] {
        let shown: Vec<String> = figures.iter().map(|ms| format!("{ms:.2}")).collect();
        println!(
            "{:<52} {:>16} {:>14}",
            format!("{name}: pull of {changes}, 2k/20k/200k tickets"),
            format!("{} ms", shown.join(" / ")),
            "≤ 1.5 × first"
        );
    }
    Ok(())
}

struct Pulls<'a> {
    state: &'a AppState,
    site: Estate,
    device: DeviceId,
    /// The last number of the device.
    n: u64,
}

impl Pulls<'_> {
    /// A ticket as the rules make it.
    async fn open(&mut self) -> Result<Ticket, String> {
        let commands = self.site.commands(self.state, self.n + 1, 1);
        push(self.state, &self.site, self.device, &commands).await?;
        self.n += 1;
        let mut connection = self.state.db.readers().acquire().await.map_err(|e| e.to_string())?;
        let all = store::records::all::<Ticket>(&mut connection, Some(self.site.scope())).await;
        all.map_err(|e| e.to_string())?.pop().ok_or_else(|| "the ticket is not there".into())
    }

    async fn grow(
        &self,
        sample: &Ticket,
        tickets: &mut Vec<TicketId>,
        to: usize,
    ) -> Result<(), StoreError> {
        let (db, scope) = (&self.state.db, self.site.scope());
        let dialect = db.dialect();
        let failed = |error| StoreError { table: "transaction", error };
        while tickets.len() < to {
            let mut tx = db.begin_write().await.map_err(failed)?;
            let head = store::scopes::lock(&mut tx, dialect, scope).await?;
            let (mut records, mut feed) = (BTreeMap::new(), Vec::new());
            let mut seq = head.seq;
            for _ in 0..CHUNK.min(to - tickets.len()) {
                seq += 1;
                let id = TicketId(self.state.clock.uuid());
                tickets.push(id);
                let ticket = Ticket { id, number: None, ..sample.clone() };
                let (key, channels) = (ticket.key(), ticket.channels());
                let kind = key.kind;
                let row = |channel| FeedRow { channel, kind, id: id.0, seq, gone: false };
                feed.extend(channels.into_iter().map(row));
                records.insert(key, (Some(ticket.into_record()), seq));
            }
            store::records::write(&mut tx, dialect, &records).await?;
            store::feed::write(&mut tx, dialect, scope, &feed).await?;
            store::scopes::advance(&mut tx, scope, seq, &head.hash).await?;
            tx.commit().await.map_err(failed)?;
        }
        Ok(())
    }

    /// How long a pull takes, in ms, by a reader who has everything but these changes.
    async fn median(
        &mut self,
        tickets: &[TicketId],
        changes: usize,
        runs: usize,
    ) -> Result<f64, String> {
        let reader = DeviceId(self.state.clock.uuid());
        let mut cursor = self.catch_up(reader).await?;
        let mut times = Vec::new();
        for run in 0..runs {
            self.change(tickets, changes, run).await?;
            let started = Instant::now();
            let page = self.pull(reader, Some(&cursor)).await?;
            let text = serde_json::to_string(&page).map_err(|e| e.to_string())?;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
            std::hint::black_box(text);
            if page.more || page.reset || page.rows.len() != changes {
                return Err(format!("{changes} changes came as {} rows", page.rows.len()));
            }
            cursor = page.cursor;
        }
        times.sort_by(f64::total_cmp);
        Ok(times[times.len() / 2])
    }

    /// A remark on tickets from all over the scope.
    async fn change(
        &mut self,
        tickets: &[TicketId],
        count: usize,
        run: usize,
    ) -> Result<(), String> {
        let state = self.state;
        let stride = tickets.len() / count;
        let commands = (0..count).map(|index| {
            let ticket = tickets[(index * stride + run * 7_919) % tickets.len()];
            let note = NoteTicket {
                ticket,
                note: "已电话联系业主,约定下午三点上门".into(),
                photos: Vec::new(),
                settles_conflict: false,
                counts: None,
            };
            let command = Command::from(note);
            let envelope = Envelope {
                op: OpId(state.clock.uuid()),
                n: self.n + 1 + index as u64,
                kind: command.kind().into(),
                v: 1,
                at_device: state.clock.now(),
                offset: Some(0),
                payload: RawValue::from_string(command.encode()).expect("commands are JSON"),
            };
            serde_json::value::to_raw_value(&envelope).expect("an envelope is JSON")
        });
        let commands: Vec<Box<RawValue>> = commands.collect();
        push(state, &self.site, self.device, &commands).await?;
        self.n += count as u64;
        Ok(())
    }

    async fn pull(
        &self,
        reader: DeviceId,
        cursor: Option<&str>,
    ) -> Result<domain::sync::wire::PullResponse, String> {
        let (scope, actor) = (self.site.scope(), &self.site.actor);
        let page = self.state.sync.pull(scope, actor, reader, cursor, PAGE_ROWS).await;
        page.map_err(|e| e.to_string())
    }

    async fn catch_up(&self, reader: DeviceId) -> Result<String, String> {
        let mut cursor: Option<String> = None;
        loop {
            let page = self.pull(reader, cursor.as_deref()).await?;
            if !page.more {
                return Ok(page.cursor);
            }
            cursor = Some(page.cursor);
        }
    }
}
