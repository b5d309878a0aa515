//! What a reader is sent: a snapshot in pages, then what has changed.

use std::collections::HashMap;

use domain::id::DeviceId;
use domain::modules::RecordKind;
use domain::modules::accounts::User;
use domain::sync::wire::{PullResponse, Row};
use domain::sync::{Channel, RecordKey, Scope};
use domain::{Actor, Right};
use serde_json::value::RawValue;
use sqlx::AnyConnection;

use super::SyncService;
use super::cursor::{Cursor, Fill, audience};
use crate::store::feed::{self, Position};
use crate::store::records::{self, Body};
use crate::store::{Result, StoreError, floor, scopes};

/// Most records on a page, and about the most bytes.
pub const PAGE_ROWS: usize = 2_000;
const PAGE_BYTES: usize = 1_000_000;
/// Bodies that are read at a time: a page of large records is full long before its most records.
const READ_ROWS: usize = 200;

/// What a reader asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub cursor: Option<&'a str>,
    pub limit: usize,
    /// A checksum of what the reader is to hold, once nothing more follows.
    pub check: bool,
    /// The last one did not match: a snapshot, whatever the cursor says.
    pub repair: bool,
}

struct Page {
    rows: Vec<Row>,
    cursor: Cursor,
    /// Part of a snapshot, with what follows it until the reader is up to date.
    snapshot: bool,
    more: bool,
}

impl SyncService {
    /// The next page for a reader who asks for nothing else.
    pub async fn pull(
        &self,
        scope: Scope,
        actor: &Actor,
        device: DeviceId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<PullResponse> {
        let asked = Asked { cursor, limit, check: false, repair: false };
        self.pull_asked(scope, actor, device, asked).await
    }

    /// The next page for a reader. Every page is one moment of the database.
    pub async fn pull_asked(
        &self,
        scope: Scope,
        actor: &Actor,
        device: DeviceId,
        asked: Asked<'_>,
    ) -> Result<PullResponse> {
        let shared = &self.0.shared;
        if asked.repair {
            shared.metrics.checksum_mismatch();
            let user = actor.user;
            tracing::warn!(%scope, %device, %user, "a phone holds something else than it is to hold; it begins anew");
        }
        let limit = asked.limit.clamp(1, PAGE_ROWS);
        let channels = Channel::of_reader(actor, device);
        let audience = audience(scope, &channels);
        let channels = feed::names(&channels);

        let begin = |error| StoreError { table: "transaction", error };
        let mut tx = shared.db.begin_read().await.map_err(begin)?;
        let head = scopes::head(&mut tx, scope).await?;
        let cursor = asked.cursor.filter(|_| !asked.repair);
        let mut known =
            cursor.and_then(|text| Cursor::decode(text, shared.epoch, &audience, head.seq));
        // Who has everything misses nothing, wherever the floor is.
        if known.as_ref().is_some_and(|cursor| cursor.seq < head.seq) {
            let floor = floor::of(&mut tx, scope).await?;
            known = known.filter(|cursor| cursor.seq >= floor);
        }
        let reset = known.is_none();
        let masks_accounts = !actor.may(Right::ManageAccounts);
        let reader =
            Reader { service: self, scope, channels, limit, head: head.seq, masks_accounts };
        let start = || {
            let fill = Some(Fill::Page(Position::default()));
            Cursor::new(shared.epoch, audience, head.seq, fill)
        };
        let page = reader.page(&mut tx, known.unwrap_or_else(start)).await?;
        let checksum = if asked.check && !page.more {
            Some(feed::holds(&mut tx, scope, &reader.channels).await?.text())
        } else {
            None
        };
        tx.commit().await.map_err(begin)?;
        Ok(PullResponse {
            epoch: shared.epoch,
            cursor: page.cursor.encode(),
            reset,
            snapshot: page.snapshot,
            more: page.more,
            head: head.seq,
            backup_seq: head.backed_up,
            server_time: shared.clock.now(),
            checksum,
            rows: page.rows,
        })
    }
}

struct Reader<'a> {
    service: &'a SyncService,
    scope: Scope,
    channels: Vec<String>,
    limit: usize,
    head: u64,
    /// Names that people sign in with are left out: see `masked`.
    masks_accounts: bool,
}

impl Reader<'_> {
    async fn page(&self, tx: &mut AnyConnection, cursor: Cursor) -> Result<Page> {
        match cursor.fill.clone() {
            Some(Fill::Page(after)) => self.snapshot(tx, cursor, after).await,
            Some(Fill::CatchUp) => self.changes(tx, cursor, true).await,
            None => self.changes(tx, cursor, false).await,
        }
    }

    async fn snapshot(
        &self,
        tx: &mut AnyConnection,
        mut cursor: Cursor,
        after: Position,
    ) -> Result<Page> {
        let keys = feed::present_after(tx, self.scope, &self.channels, &after, self.limit).await?;
        let mut rows = Vec::with_capacity(keys.len());
        let mut bytes = 0;
        let mut last = None;
        for some in keys.chunks(READ_ROWS) {
            if bytes >= PAGE_BYTES {
                break;
            }
            let mut bodies = self.bodies(tx, some.iter().copied()).await?;
            for key in some {
                last = Some(*key);
                // Without a body it is gone; the feed will say so.
                let Some(body) = bodies.remove(key) else { continue };
                bytes += body.body.len();
                rows.push(self.row(body)?);
            }
        }
        let complete = keys.len() < self.limit && last == keys.last().copied();
        if complete {
            let caught_up = cursor.seq == self.head;
            cursor.fill = (!caught_up).then_some(Fill::CatchUp);
            return Ok(Page { rows, cursor, snapshot: true, more: !caught_up });
        }
        if let Some(key) = last {
            cursor.fill = Some(Fill::Page((key.kind.name().to_owned(), key.id.to_string())));
        }
        Ok(Page { rows, cursor, snapshot: true, more: true })
    }

    async fn changes(
        &self,
        tx: &mut AnyConnection,
        mut cursor: Cursor,
        snapshot: bool,
    ) -> Result<Page> {
        if cursor.seq == self.head {
            cursor.fill = None;
            return Ok(Page { rows: Vec::new(), cursor, snapshot, more: false });
        }
        let mut changes =
            feed::changes(tx, self.scope, &self.channels, cursor.seq, self.head, self.limit)
                .await?;
        // Gone from one channel, perhaps still there on another that did not change.
        let left: Vec<RecordKey> =
            changes.records.iter().filter(|(_, (_, here))| !here).map(|(key, _)| *key).collect();
        let dialect = self.service.0.shared.db.dialect();
        for key in feed::present(tx, dialect, self.scope, &self.channels, &left).await? {
            if let Some(change) = changes.records.get_mut(&key) {
                change.1 = true;
            }
        }
        let visible = changes.records.iter().filter(|(_, (_, here))| *here).map(|(key, _)| *key);
        let mut bodies = self.bodies(tx, visible.collect::<Vec<_>>()).await?;
        let mut rows = Vec::with_capacity(changes.records.len());
        for (key, (seq, here)) in changes.records {
            match bodies.remove(&key).filter(|_| here) {
                // Changed again behind this page: it comes there, with that sequence.
                Some(body) if body.seq > changes.complete_to => {}
                Some(body) => rows.push(self.row(body)?),
                None => rows.push(Row { kind: key.kind, id: key.id, seq, body: None }),
            }
        }
        rows.sort_by_key(|row| row.seq);
        let (rows, complete_to) = within_bytes(rows, changes.complete_to);
        cursor.seq = complete_to;
        let more = changes.more || complete_to < changes.complete_to;
        if !more {
            cursor.fill = None;
        }
        Ok(Page { rows, cursor, snapshot, more })
    }

    async fn bodies(
        &self,
        tx: &mut AnyConnection,
        keys: impl IntoIterator<Item = RecordKey>,
    ) -> Result<HashMap<RecordKey, Body>> {
        let dialect = self.service.0.shared.db.dialect();
        let bodies = records::bodies(tx, dialect, keys).await?;
        Ok(bodies.into_iter().map(|body| (body.key, body)).collect())
    }

    /// A stored record as it is sent: its bytes, not a new rendering.
    fn row(&self, body: Body) -> Result<Row> {
        let Body { key, seq, mut body } = body;
        if self.masks_accounts && key.kind == RecordKind::User {
            body = masked(&body)?;
        }
        let raw = RawValue::from_string(body);
        let raw =
            raw.map_err(|error| StoreError::decode("records", format!("{}: {error}", key.id)))?;
        Ok(Row { kind: key.kind, id: key.id, seq, body: Some(raw) })
    }
}

/// An account as colleagues see it: whom to assign and to call, not what is typed at sign-in. Who may
/// see that listens to a channel of their own (`Channel::Admin`), so another right is another
/// audience and begins a fresh snapshot.
fn masked(body: &str) -> Result<String> {
    let failed = |error| StoreError::decode("users", error);
    let user: User = serde_json::from_str(body).map_err(failed)?;
    serde_json::to_string(&User { account: String::new(), ..user }).map_err(failed)
}

/// Cuts a page of changes at a whole sequence once it is large.
fn within_bytes(mut rows: Vec<Row>, complete_to: u64) -> (Vec<Row>, u64) {
    let mut bytes = 0;
    for index in 0..rows.len() {
        if bytes >= PAGE_BYTES && rows[index].seq > rows[index - 1].seq {
            let complete_to = rows[index - 1].seq;
            rows.truncate(index);
            return (rows, complete_to);
        }
        bytes += rows[index].body.as_ref().map_or(0, |body| body.get().len());
    }
    (rows, complete_to)
}
