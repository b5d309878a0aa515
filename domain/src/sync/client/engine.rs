//! The steps of sync. Each may be cut at any await, by the battery or by the browser, and run again:
//! what is durable after every transaction is a state from which the same steps go on.
//!
//! Push and pull are independent of each other. At most one tab should run them (Web Locks), but
//! nothing breaks when two do.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::both::both;
use super::checked::{Checked, Told};
use super::replica::{Draft, Preview, Replica};
use super::status::{Paused, RecordError, SyncError, SyncStatus};
use super::steps::{self, AfterGap};
use super::store::{Answers, LocalStore, NewBlob, NewCommand, OutboxEntry, Queue, StoreError};
use super::transport::{PullAsk, Transport, TransportError};
use super::upload::Way;
use crate::id::{DeviceId, OpId, UserId};
use crate::modules::attachments::Settlement;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::outcome::Outcome;
use crate::sync::record::Scope;
use crate::sync::wire::{PullResponse, PushRequest};
use crate::sync::{CLIENT, PROTOCOL};
use crate::time::Ms;

/// `LocalStore::meta` key that says whose store this is: user and device.
pub const OWNER: &str = "owner";

/// What a push did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Nothing to send.
    Idle,
    /// So many answers were kept; more may wait.
    Answered(usize),
    /// The queue changed under it (an older backup, another tab): push again.
    Again,
}

/// What a pull did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulled {
    pub rows: usize,
    /// Pull again at once.
    pub more: bool,
}

/// When a person acted, by the phone's own clock.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub at_device: Ms,
    /// Server time minus device time as last measured.
    pub offset: Option<i64>,
}

impl Moment {
    pub fn occurred_at(&self) -> Ms {
        self.at_device.plus(self.offset.unwrap_or(0))
    }
}

/// Sync of one user on one installation.
pub struct Engine<S, T> {
    pub store: S,
    pub transport: T,
    pub replica: Rc<RefCell<Replica>>,
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    notes: RefCell<Notes>,
    pub(super) way: Way,
    /// The page behind the last one, asked for while that one was being kept.
    ahead: RefCell<Option<(PullAsk, PullResponse)>>,
    /// As `LocalStore::meta` has it; only the tab that pulls writes it.
    pub(super) checked: RefCell<BTreeMap<Scope, Checked>>,
    /// Something may be kept that nothing needs: looked for at the next pull.
    untidy: Cell<bool>,
}

#[derive(Default)]
struct Notes {
    last_error: Option<String>,
    paused: Option<Paused>,
    /// The server takes no commands from this build. Kept apart, because a pull that works says
    /// nothing of it.
    too_old: bool,
}

impl<S: LocalStore, T: Transport> Engine<S, T> {
    /// Opens the store of this user; one that belongs to another user or device is not touched.
    pub async fn open(
        store: S,
        transport: T,
        replica: Rc<RefCell<Replica>>,
    ) -> Result<Self, SyncError> {
        let (user, device) = {
            let replica = replica.borrow();
            (replica.actor().user, replica.device())
        };
        let owner = owner(user, device);
        match store.meta(OWNER).await? {
            Some(stored) if stored != owner => return Err(SyncError::Paused(Paused::OtherUser)),
            Some(_) => {}
            None => store.put_meta(OWNER, &owner).await?,
        }
        Ok(Self {
            store,
            transport,
            replica,
            user,
            device,
            notes: RefCell::default(),
            way: Way::default(),
            ahead: RefCell::default(),
            checked: RefCell::default(),
            untidy: Cell::new(true),
        })
    }

    /// Goes on as `device`, because the numbers of the old one are taken: all that is kept here is
    /// numbered anew in one transaction, and what the server has already it answers by its op. This
    /// engine speaks for the old device and ends with it; the store is opened anew, the device
    /// registered with the session that is there. `false`: another tab has done it.
    pub async fn renew(&self, device: DeviceId) -> Result<bool, SyncError> {
        let (from, to) = (owner(self.user, self.device), owner(self.user, device));
        Ok(self.store.renew(OWNER, &from, &to).await?)
    }

    /// The store has no owner any more: the browser cleared it under the page, together with everything
    /// that was kept here.
    pub async fn was_cleared(&self) -> Result<bool, StoreError> {
        Ok(self.store.meta(OWNER).await?.is_none())
    }

    /// Another tab may have renewed the device, whose numbers are not ours then; or the browser cleared the
    /// store, and what this replica shows is all there is left: an empty store must not replace it.
    async fn is_ours(&self) -> Result<(), SyncError> {
        let owner = owner(self.user, self.device);
        if self.store.meta(OWNER).await? == Some(owner) {
            Ok(())
        } else {
            Err(SyncError::Paused(Paused::OtherUser))
        }
    }

    /// What was known of the store while another tab led is not known any more.
    pub fn begins_to_lead(&self) {
        self.checked.borrow_mut().clear();
    }

    /// Takes everything stored of a scope into the replica: at the start, and on a hint that another
    /// tab has pulled.
    pub async fn load(&self, scope: Scope) -> Result<(), SyncError> {
        self.is_ours().await?;
        let stored = self.store.load(scope).await?;
        self.replica.borrow_mut().load(scope, stored);
        Ok(())
    }

    /// Takes over what other tabs recorded, and what was answered to them.
    pub async fn refresh(&self, scope: Scope) -> Result<Queue, SyncError> {
        self.is_ours().await?;
        let queue = self.store.queue(scope).await?;
        self.replica.borrow_mut().set_queue(scope, &queue);
        Ok(queue)
    }

    /// Decides, stores strictly durably, shows. Only after this has come back may a page say
    /// "saved".
    pub async fn record(
        &self,
        drafts: Vec<Draft>,
        blobs: Vec<NewBlob>,
        moment: Moment,
        code_is_genuine: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Preview>, RecordError> {
        let previews = {
            let replica = self.replica.borrow();
            replica
                .preview(&drafts, moment.occurred_at(), code_is_genuine)
                .map_err(RecordError::Refused)?
        };
        let commands = drafts.into_iter().map(|draft| NewCommand {
            scope: draft.scope,
            op: draft.op,
            kind: draft.command.kind().to_owned(),
            payload: draft.command.encode(),
            at_device: moment.at_device,
            offset: moment.offset,
            blobs: draft.command.attachments().iter().map(|a| a.sha256.clone()).collect(),
            draft: draft.draft,
        });
        let entries =
            self.store.record(commands.collect(), blobs).await.map_err(RecordError::Store)?;
        self.replica.borrow_mut().recorded(&entries);
        Ok(previews)
    }

    /// A person has dealt with what needed attention.
    pub async fn dismiss(&self, scope: Scope, op: OpId) -> Result<(), StoreError> {
        self.untidy.set(true);
        self.store.dismiss_attention(scope, op).await
    }

    /// Sends the next batch of a scope's outbox.
    pub async fn push_once(&self, scope: Scope, now: Ms) -> Result<Pushed, SyncError> {
        match self.push_step(scope, now).await {
            // The server was not asked: what it said last still holds.
            Ok(Pushed::Idle) => Ok(Pushed::Idle),
            result => self.note(result),
        }
    }

    async fn push_step(&self, scope: Scope, now: Ms) -> Result<Pushed, SyncError> {
        self.is_ours().await?;
        let queue = self.store.queue(scope).await?;
        let mut batch = steps::next_batch(&queue);
        if batch.is_empty() {
            return Ok(Pushed::Idle);
        }
        let elsewhere = self.waiting_elsewhere(scope).await?;
        // A batch may begin with answered commands whose place is in doubt: those wait for nothing.
        let behind = |batch: &[OutboxEntry]| {
            let last = batch.last().map_or(0, |last| last.n);
            elsewhere + queue.outbox.iter().filter(|entry| entry.n > last).count()
        };
        let mut request = self.request(scope, &batch, None);
        request.waiting = Some(behind(&batch) as u64);
        let response = match self.transport.push(&request).await {
            Err(TransportError::Gap { expected }) => {
                let fresh = self.store.queue(scope).await?;
                let from = match steps::after_gap(&fresh, expected) {
                    AfterGap::Replay => {
                        self.store.replay_journal(scope, expected).await?;
                        self.refresh(scope).await?;
                        return Ok(Pushed::Again);
                    }
                    AfterGap::Lost { resume_from } => resume_from,
                    AfterGap::Nonsense => return Err(TransportError::Gap { expected }.into()),
                };
                self.store.replay_journal(scope, from).await?;
                batch = steps::next_batch(&self.refresh(scope).await?);
                if batch.first().is_none_or(|first| first.n != from) {
                    return Ok(Pushed::Again);
                }
                self.transport.push(&self.request(scope, &batch, Some(from))).await?
            }
            other => other?,
        };
        self.set_too_old(false);
        let outcomes = steps::read_outcomes(&batch, &response.outcomes)?;
        let count = outcomes.len();
        let answers = Answers {
            scope,
            sent_under: queue.meta.epoch,
            epoch: response.epoch,
            outcomes,
            at: now,
        };
        self.doubt_blobs(queue.meta.epoch, answers.epoch).await?;
        let kept = self.store.answered(answers).await?;
        self.refresh(scope).await?;
        Ok(if kept { Pushed::Answered(count) } else { Pushed::Again })
    }

    fn request(
        &self,
        scope: Scope,
        batch: &[OutboxEntry],
        resume_from: Option<u64>,
    ) -> PushRequest {
        PushRequest {
            protocol: PROTOCOL,
            scope,
            device: self.device,
            user: self.user,
            client: Some(CLIENT),
            resume_from,
            // Unknown unless the caller counted.
            waiting: None,
            commands: batch.iter().map(steps::envelope).collect(),
        }
    }

    /// Commands that wait in the outboxes of this user's other scopes. From the store and not from the
    /// replica, because another tab may have recorded them.
    async fn waiting_elsewhere(&self, scope: Scope) -> Result<usize, SyncError> {
        let scopes = self.replica.borrow().scopes();
        let mut waiting = 0;
        for other in scopes.into_iter().filter(|other| *other != scope) {
            waiting += self.store.waiting(other).await?;
        }
        Ok(waiting)
    }

    /// Fetches and keeps the next page of a scope.
    pub async fn pull_once(&self, scope: Scope, now: Ms) -> Result<Pulled, SyncError> {
        let result = self.pull_step(scope, now).await;
        self.note(result)
    }

    async fn pull_step(&self, scope: Scope, now: Ms) -> Result<Pulled, SyncError> {
        self.is_ours().await?;
        let queue = self.store.queue(scope).await?;
        let waiting = queue.outbox.len() + self.waiting_elsewhere(scope).await?;
        let ask = self.pull_ask(scope, &queue, waiting, now).await?;
        let ahead = self.ahead.take().filter(|(asked, _)| asked.is_the_same(&ask));
        let mut response = match ahead {
            Some((_, response)) => response,
            None => self.transport.pull(&ask).await?,
        };
        let more = response.more;
        let checksum = response.checksum.take().filter(|_| !more);
        let page = steps::page_of(scope, &queue.meta, ask.cursor.clone(), response, now)?;
        let (reset, cursor) = (page.reset, page.cursor.clone());
        let (count, epoch, backup_seq) = (page.rows.len(), page.epoch, page.backup_seq);
        self.doubt_blobs(queue.meta.epoch, epoch).await?;
        let in_step = self.replica.borrow().stands_at(scope, &queue.meta);
        let completes = page.completes;
        let applied = (!page.snapshot && in_step).then(|| page.rows.clone());
        let reload = completes || (!page.snapshot && !in_step);
        let (kept, next) =
            both(self.store.keep_page(page), self.ask_ahead(&ask, &cursor, more)).await;
        if !kept? {
            // Another tab pulled meanwhile; its pages are in the store.
            self.load(scope).await?;
            return Ok(Pulled { rows: 0, more: true });
        }
        self.ahead.replace(next);
        let fresh = self.store.queue(scope).await?;
        // Keeping and asking ahead took their time: another tab that syncs as well may have gone on.
        let gone_on = fresh.meta.active_cursor() != Some(&*cursor)
            || !self.replica.borrow().stands_at(scope, &queue.meta);
        match applied {
            Some(rows) if !gone_on => {
                self.replica.borrow_mut().apply_rows(scope, rows, &fresh.meta);
            }
            Some(_) => self.load(scope).await?,
            None if reload => self.load(scope).await?,
            None => {}
        }
        let mut moved = self.settle(scope, &fresh, now).await?;
        // A transaction over everything that was recorded: not for every change that is pulled.
        if !more && (steps::may_forget(&fresh, epoch, backup_seq) || self.untidy.get()) {
            self.untidy.set(false);
            let forgotten = self.store.forget_backed_up(scope, epoch, backup_seq).await;
            self.untidy.set(self.untidy.get() || forgotten.is_err());
            forgotten?;
            moved = true;
        }
        if moved {
            self.refresh(scope).await?;
        } else {
            self.replica.borrow_mut().set_queue(scope, &fresh);
        }
        let told = checksum.as_deref().map(|sum| Told { sum, cursor: &cursor, reloaded: reload });
        let anew = self.check(&ask, reset, told, now).await?;
        Ok(Pulled { rows: count, more: more || anew })
    }

    /// Asks for the page behind `cursor`, when there is one. Whatever goes wrong is found out by the step
    /// that needs the page.
    async fn ask_ahead(
        &self,
        ask: &PullAsk,
        cursor: &str,
        more: bool,
    ) -> Option<(PullAsk, PullResponse)> {
        if !more {
            return None;
        }
        let next = PullAsk { cursor: Some(cursor.to_owned()), repair: false, ..ask.clone() };
        let response = self.transport.pull(&next).await.ok()?;
        Some((next, response))
    }

    /// Makes held commands final whose settlement is in the base, whether it came just now or before
    /// a crash. Says whether there were any.
    async fn settle(&self, scope: Scope, queue: &Queue, now: Ms) -> Result<bool, SyncError> {
        if queue.meta.base_epoch != queue.meta.epoch {
            return Ok(false);
        }
        let settled: Vec<Outcome> = {
            let replica = self.replica.borrow();
            let told = queue.journal.iter().filter_map(|entry| {
                let settlement = replica.get::<Settlement>(entry.entry.op.0)?;
                // It may have been held under another number than it has here; both places in the log
                // have to be backed up.
                let (n, seq) = (entry.entry.n, settlement.outcome.seq.max(entry.outcome.seq));
                let told = Outcome { n, seq, ..settlement.outcome.clone() };
                (told != entry.outcome).then_some(told)
            });
            told.collect()
        };
        if settled.is_empty() {
            return Ok(false);
        }
        self.store.settled(scope, settled, now).await?;
        Ok(true)
    }

    /// Pushes until nothing waits and pulls until nothing is new. A push that fails does not keep
    /// the pull from running; its error is returned after it.
    pub async fn sync(&self, scope: Scope, now: &dyn Fn() -> Ms) -> Result<(), SyncError> {
        let pushed = loop {
            match self.push_once(scope, now()).await {
                Ok(Pushed::Idle) => break Ok(()),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        while self.pull_once(scope, now()).await?.more {}
        pushed
    }

    /// How things stand, over the scopes of this user.
    pub async fn status(&self, scopes: &[Scope]) -> Result<SyncStatus, SyncError> {
        let mut status = SyncStatus::default();
        let mut oldest = Some(Ms(i64::MAX));
        for scope in scopes {
            let queue = self.store.queue(*scope).await?;
            status.add_queue(&queue);
            oldest = oldest.and_then(|oldest| queue.meta.synced_at.map(|at| at.min(oldest)));
        }
        status.synced_at = oldest.filter(|_| !scopes.is_empty());
        status.add_blobs(&self.store.blobs().await?);
        let notes = self.notes.borrow();
        status.last_error.clone_from(&notes.last_error);
        status.paused = notes.paused.or(notes.too_old.then_some(Paused::Update));
        Ok(status)
    }

    /// After a sign-in, or an update: what was paused may go on.
    pub fn unpause(&self) {
        self.notes.borrow_mut().paused = None;
    }

    /// What the server says of this build: whether it still takes commands from it.
    pub fn set_too_old(&self, too_old: bool) {
        self.notes.borrow_mut().too_old = too_old;
    }

    pub(super) fn note<V>(&self, result: Result<V, SyncError>) -> Result<V, SyncError> {
        let mut notes = self.notes.borrow_mut();
        match result {
            Ok(value) => {
                *notes = Notes { too_old: notes.too_old, ..Notes::default() };
                Ok(value)
            }
            Err(error) => {
                let error = pause_of(error);
                notes.last_error = Some(error.code().to_owned());
                match &error {
                    SyncError::Paused(Paused::Update) => notes.too_old = true,
                    SyncError::Paused(why) => notes.paused = Some(*why),
                    _ => {}
                }
                Err(error)
            }
        }
    }
}

fn owner(user: UserId, device: DeviceId) -> String {
    format!("{user}/{device}")
}

/// The device whose numbers a store of this user has, from its `owner`.
pub fn device_of_owner(owner: &str, user: UserId) -> Option<DeviceId> {
    let (of, device) = owner.split_once('/')?;
    (of == user.to_string()).then(|| device.parse().ok())?
}

/// Errors that no retry mends become a pause with its reason.
pub(super) fn pause_of(error: SyncError) -> SyncError {
    let is = |refusal: &Refusal, code: CommonCode| refusal.is(code);
    match &error {
        SyncError::Transport(TransportError::Unauthorised) => SyncError::Paused(Paused::SignIn),
        SyncError::Transport(TransportError::NumberReused) => {
            SyncError::Paused(Paused::NumberReused)
        }
        SyncError::Transport(TransportError::Refused(refusal)) => {
            if is(refusal, CommonCode::WrongDevice) {
                SyncError::Paused(Paused::OtherUser)
            } else if is(refusal, CommonCode::PasswordMustChange) {
                SyncError::Paused(Paused::ChangePassword)
            } else if is(refusal, CommonCode::ClientTooOld) {
                SyncError::Paused(Paused::Update)
            } else {
                error
            }
        }
        _ => error,
    }
}
