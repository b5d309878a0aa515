//! The writer of one scope: everything that waits goes into one transaction (group commit).
//!
//! A transaction that breaks a rule of the database is taken apart: each command gets one of its
//! own, and the one that cannot be kept becomes a refused outcome. So a command is never lost, and
//! never keeps others waiting.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use domain::modules::RecordKind;
use domain::sync::batch::Decoded;
use domain::sync::{RecordKey, Scope};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::commit::{Batch, Committed, Group, Release, commit, impossible};
use super::{Inner, PushFailure, Shared, SyncService};
use crate::store::{self, StoreError};

/// Most commands in one transaction: it bounds how long a small push waits behind large ones.
const BATCH: usize = 1_000;
/// How often a transaction that another one was in the way of is tried.
const ATTEMPTS: u32 = 4;

type Answer = Result<(Vec<String>, u64), PushFailure>;

/// One push, or a call to look at what waits.
pub(crate) struct Job {
    pub group: Group,
    pub touched: Vec<RecordKey>,
    pub reply: Option<oneshot::Sender<Answer>>,
}

impl Job {
    /// Has a transaction of its own: a report of lost numbers, a look at what waits.
    fn is_alone(&self) -> bool {
        self.group.resume.is_some() || self.group.incoming.is_empty()
    }

    fn answer(self, answer: Answer) {
        if let Some(reply) = self.reply {
            // Whoever asked may have gone; the resend finds the same answer in the log.
            reply.send(answer).ok();
        }
    }
}

/// Starts the writer of a scope; it ends when the service is gone.
pub(crate) fn start(
    shared: Arc<Shared>,
    service: Weak<Inner>,
    scope: Scope,
) -> (mpsc::UnboundedSender<Job>, JoinHandle<()>) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<Job>();
    let writer = Writer { shared, service, scope };
    let task = tokio::spawn(async move {
        let mut next = None;
        loop {
            let first = match next.take() {
                Some(job) => job,
                None => match receiver.recv().await {
                    Some(job) => job,
                    None => return,
                },
            };
            let mut count = first.group.incoming.len();
            let mut jobs = vec![first];
            while !jobs[0].is_alone() && count < BATCH {
                let Ok(job) = receiver.try_recv() else { break };
                if job.is_alone() || count + job.group.incoming.len() > BATCH {
                    next = Some(job);
                    break;
                }
                count += job.group.incoming.len();
                jobs.push(job);
            }
            writer.run(jobs).await;
        }
    });
    (sender, task)
}

struct Writer {
    shared: Arc<Shared>,
    service: Weak<Inner>,
    scope: Scope,
}

impl Writer {
    async fn run(&self, jobs: Vec<Job>) {
        let groups: Vec<&Group> = jobs.iter().map(|job| &job.group).collect();
        let touched = jobs[0].touched.clone();
        match self.commit(&groups, &touched, Release::All).await {
            Ok(committed) => {
                let head = committed.head;
                for (job, answers) in jobs.into_iter().zip(committed.answers) {
                    let answer = answers.map(|answers| (answers, head));
                    job.answer(answer.map_err(PushFailure::Refused));
                }
            }
            Err(error) if error.is_about_data() => {
                tracing::warn!(scope = %self.scope, %error, "a batch is taken apart");
                for job in jobs {
                    let answer = self.one_by_one(&job).await;
                    job.answer(answer);
                }
            }
            Err(error) => self.fail(jobs, &error),
        }
    }

    fn fail(&self, jobs: Vec<Job>, error: &StoreError) {
        tracing::error!(scope = %self.scope, %error, "a batch was not written");
        for job in jobs {
            job.answer(Err(PushFailure::from(error)));
        }
    }

    /// One transaction, tried again while others are in its way; then tells whoever listens.
    #[expect(clippy::disallowed_methods, reason = "measures how long a commit takes")]
    async fn commit(
        &self,
        groups: &[&Group],
        touched: &[RecordKey],
        release: Release,
    ) -> Result<Committed, StoreError> {
        let batch = Batch { scope: self.scope, groups, touched, release, rehearsal: false };
        let mut attempt = 1;
        let begun = Instant::now();
        let committed = loop {
            match commit(&self.shared, &batch).await {
                Err(error) if error.is_worth_repeating() && attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(20) * attempt).await;
                    attempt += 1;
                }
                other => break other?,
            }
        };
        if committed.grown {
            self.shared.metrics.commit(committed.outcomes.len(), begun.elapsed());
            for outcome in &committed.outcomes {
                self.shared.metrics.outcome(*outcome);
            }
            self.shared.heads.committed(self.scope, committed.head);
        }
        self.look_across(&committed).await;
        Ok(committed)
    }

    /// Records of the company may be waited for in projects, and a command that has just begun to
    /// wait may have missed the commit that brought its record. Both look after their own commit,
    /// so one of them sees the other.
    async fn look_across(&self, committed: &Committed) {
        let waits: Vec<RecordKey> =
            committed.waits.iter().copied().filter(|key| is_of_company(key.kind)).collect();
        let changed: Vec<RecordKey> =
            committed.changed.iter().copied().filter(|key| is_of_company(key.kind)).collect();
        if waits.is_empty() && (changed.is_empty() || self.scope != Scope::Company) {
            return;
        }
        if let Err(error) = self.try_look_across(waits, changed).await {
            // The sweep looks again.
            tracing::warn!(scope = %self.scope, %error, "commands that wait could not be looked at");
        }
    }

    async fn try_look_across(
        &self,
        waits: Vec<RecordKey>,
        changed: Vec<RecordKey>,
    ) -> Result<(), StoreError> {
        let Some(service) = self.service.upgrade().map(SyncService) else { return Ok(()) };
        let dialect = self.shared.db.dialect();
        let mut connection = service.reader().await?;
        let arrived = store::records::existing(&mut connection, dialect, waits).await?;
        if !arrived.is_empty() {
            service.release(self.scope, arrived);
        }
        if self.scope == Scope::Company {
            let scopes = store::held::scopes_waiting_for(
                &mut connection,
                dialect,
                self.scope,
                changed.iter().copied(),
            );
            for scope in scopes.await? {
                service.release(scope, changed.clone());
            }
        }
        Ok(())
    }

    /// Each command of a push in a transaction of its own.
    async fn one_by_one(&self, job: &Job) -> Answer {
        // Whether the push is taken at all is decided as a whole.
        let rehearsal = Batch {
            scope: self.scope,
            groups: &[&job.group],
            touched: &[],
            release: Release::None,
            rehearsal: true,
        };
        let rehearsed = commit(&self.shared, &rehearsal).await?;
        let mut head = rehearsed.head;
        for answers in rehearsed.answers {
            answers.map_err(PushFailure::Refused)?;
        }
        let mut answers = Vec::with_capacity(job.group.incoming.len());
        let mut touched = job.touched.clone();
        for (index, item) in job.group.incoming.iter().enumerate() {
            let group = Group {
                incoming: vec![item.clone()],
                numbered: job.group.numbered,
                resume: job.group.resume.clone().filter(|_| index == 0),
            };
            let committed = self.alone(group).await?;
            head = committed.head;
            touched.extend(committed.changed);
            for answer in committed.answers {
                answers.extend(answer.map_err(PushFailure::Refused)?);
            }
        }
        self.release_one_by_one(&touched).await?;
        Ok((answers, head))
    }

    /// One command; when the database cannot keep what it makes, its refusal.
    async fn alone(&self, mut group: Group) -> Result<Committed, StoreError> {
        match self.commit(&[&group], &[], Release::None).await {
            Err(error) if error.is_about_data() => {
                let item = &mut group.incoming[0];
                tracing::error!(
                    scope = %self.scope, table = error.table, op = %item.op, kind = item.kind, %error,
                    "inconsistency: a command that the rules allow breaks a rule of the database"
                );
                item.command = Decoded::Impossible(impossible(error.table));
                self.commit(&[&group], &[], Release::None).await
            }
            other => other,
        }
    }

    /// Waiting commands that may be released now, each in a transaction of its own.
    async fn release_one_by_one(&self, touched: &[RecordKey]) -> Result<(), StoreError> {
        let look = Group { incoming: Vec::new(), numbered: true, resume: None };
        let all = Batch {
            scope: self.scope,
            groups: &[&look],
            touched,
            release: Release::All,
            rehearsal: true,
        };
        let waiting = commit(&self.shared, &all).await?.looked_at;
        for seq in waiting {
            match self.commit(&[&look], touched, Release::Only(seq)).await {
                Err(error) if error.is_about_data() => {
                    tracing::error!(
                        scope = %self.scope, table = error.table, seq, %error,
                        "inconsistency: a waiting command that the rules allow breaks a rule of the database"
                    );
                    self.commit(&[&look], touched, Release::Refuse(seq)).await?;
                }
                other => drop(other?),
            }
        }
        Ok(())
    }
}

/// Kept in the company's scope and read in projects.
fn is_of_company(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::User | RecordKind::Settings | RecordKind::RoundTemplate)
}
