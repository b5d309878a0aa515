//! The walk itself: starting, recording point by point, finishing.

use super::answers::{check, confirm, insert, is_news, place};
use super::{cluster_here, same_project};
use crate::actor::Right;
use crate::id::RoundId;
use crate::modules::attachments::{self, Attachment};
use crate::modules::households::Cluster;
use crate::modules::rounds::due::{DueRound, expand, is_duty_of, round_id};
use crate::modules::rounds::{
    Checkpoint, FinishRound, PointResult, RecordCheckpoint, Round, RoundCode, RoundTemplate,
    Schedule, StartRound,
};
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, Verdict, World, find, need};
use crate::sync::record::{RecordKey, SyncedRecord};
use crate::text;
use crate::time::DAY;

/// Far above what corrections honestly come to.
const MAX_RESULTS: usize = 1_000;
/// What the summaries of everybody who finished may come to, in characters.
const MAX_SUMMARY: usize = 10 * text::NOTE;

impl Decide for StartRound {
    const KIND: &'static str = "rounds.start";

    fn reads(&self) -> Vec<RecordKey> {
        let mut keys = vec![
            Cluster::key_of(self.cluster.0),
            RoundTemplate::key_of(RoundTemplate::id_of(self.template, self.version)),
            Round::key_of(self.round.0),
        ];
        keys.extend(self.schedule.map(|schedule| Schedule::key_of(schedule.0)));
        keys
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let actor = context.actor;
        actor.require_in(Right::WalkRound, self.cluster)?;
        let project = cluster_here(world, context, self.cluster)?;
        if let Some(running) = find::<Round>(world, self.round.0) {
            return self.join(running, context);
        }
        let template =
            need::<RoundTemplate>(world, RoundTemplate::id_of(self.template, self.version))?;
        if template.retired {
            return Err(Refusal::new(RoundCode::WrongTemplate).into());
        }
        let duty = match self.schedule {
            Some(schedule) => self.duty(need::<Schedule>(world, schedule.0)?, context)?,
            // An extra round is of the day it is walked on, whatever the phone's calendar says.
            None if actor.walks_duties_only() => {
                return Err(Refusal::new(RoundCode::NotYourRound).into());
            }
            None => Duty { due: None, schedule: None, verdict: Verdict::Applied },
        };
        let name = duty.schedule.map_or(&template.name, |schedule| &schedule.name);
        let round = Round {
            id: self.round,
            project,
            cluster: self.cluster,
            schedule: self.schedule,
            date: match self.schedule {
                Some(_) => self.date,
                None => context.settings.zone.date(context.occurred_at),
            },
            window: duty.due.as_ref().map(|due| due.window),
            template: self.template,
            version: self.version,
            name: name.clone(),
            points: u32::try_from(template.points.len()).unwrap_or(u32::MAX),
            role: duty.schedule.map(|schedule| schedule.role),
            person: duty.schedule.and_then(|schedule| schedule.person),
            by: actor.user,
            by_name: actor.name.clone(),
            joined: Vec::new(),
            started: context.occurred_at,
            finished: None,
            finish_received: None,
            late: false,
            summary: String::new(),
            results: Vec::new(),
            changed_at: context.occurred_at,
        };
        Ok(Decision { verdict: duty.verdict, ..Decision::put(round) })
    }
}

/// What the schedule says about a round that is being started.
struct Duty<'w> {
    /// Absent when the schedule no longer asks for it.
    due: Option<DueRound>,
    schedule: Option<&'w Schedule>,
    verdict: Verdict,
}

impl StartRound {
    /// The round runs already: on another phone of the same duty, or from the same person's other
    /// phone. Two people may walk one round.
    fn join(&self, running: &Round, context: &Context<'_>) -> Result<Decision, Stop> {
        same_project(context, running.project)?;
        if running.cluster != self.cluster
            || running.schedule != self.schedule
            || running.template != self.template
        {
            return Err(Refusal::new(RoundCode::WrongTemplate).into());
        }
        if running.is_walked_by(context.actor.user) {
            return Ok(Decision::default());
        }
        let mut round = running.clone();
        let verdict = walk_along(&mut round, context)?;
        // Whoever began first began the round, whichever phone was heard first.
        round.started = round.started.min(context.occurred_at);
        round.changed_at = context.occurred_at;
        Ok(Decision { verdict, ..Decision::put(round) })
    }

    fn duty<'w>(&self, schedule: &'w Schedule, context: &Context<'_>) -> Result<Duty<'w>, Stop> {
        same_project(context, schedule.project)?;
        if self.round != round_id(schedule.id, self.date, self.slot) {
            return Err(Refusal::new(RoundCode::NotDue).into());
        }
        let due = expand(schedule, context.settings, self.date, self.date)
            .into_iter()
            .find(|due| due.slot == self.slot);
        let actor = context.actor;
        let refusal = if schedule.cluster != self.cluster || schedule.template != self.template {
            Some(RoundCode::WrongTemplate)
        } else if !is_duty_of(schedule.role, schedule.person, schedule.cluster, actor) {
            Some(RoundCode::NotYourRound)
        } else if due.is_none() {
            Some(RoundCode::NotDue)
        } else {
            None
        };
        // A day of grace for a phone whose clock was never measured.
        if due.as_ref().is_some_and(|due| due.window.0.since(context.occurred_at) > DAY) {
            return Err(Refusal::new(RoundCode::NotDue).into());
        }
        match refusal {
            None => Ok(Duty { due, schedule: Some(schedule), verdict: Verdict::Applied }),
            // The office changed the plan behind the back of a phone in the basement: the plan
            // stands, and so does what was walked.
            Some(_) if is_news(schedule.changed_at, context.occurred_at) => {
                Ok(Duty { due, schedule: Some(schedule), verdict: Verdict::Merged })
            }
            Some(code) => Err(Refusal::new(code).into()),
        }
    }
}

/// Lets the actor into the round if it is theirs to walk.
fn walk_along(round: &mut Round, context: &Context<'_>) -> Result<Verdict, Refusal> {
    let actor = context.actor;
    if round.is_walked_by(actor.user) {
        return Ok(Verdict::Applied);
    }
    let shares =
        round.role.is_some_and(|role| is_duty_of(role, round.person, round.cluster, actor));
    if !shares {
        return Err(Refusal::new(RoundCode::NotYourRound).with("holder", &round.by_name));
    }
    round.joined.push(actor.user);
    Ok(Verdict::Merged)
}

/// The round, if the actor may write in it, and how their writing counts so far.
fn open(world: &dyn World, context: &Context<'_>, id: RoundId) -> Result<(Round, Verdict), Stop> {
    let round = need::<Round>(world, id.0)?;
    same_project(context, round.project)?;
    context.actor.require_in(Right::WalkRound, round.cluster)?;
    let mut round = round.clone();
    let verdict = walk_along(&mut round, context)?;
    round.changed_at = context.occurred_at;
    Ok((round, verdict))
}

impl Decide for RecordCheckpoint {
    const KIND: &'static str = "rounds.record_checkpoint";

    fn reads(&self) -> Vec<RecordKey> {
        let mut keys = vec![
            Round::key_of(self.round.0),
            RoundTemplate::key_of(RoundTemplate::id_of(self.template, self.version)),
        ];
        keys.extend(place(self).map(|checkpoint| Checkpoint::key_of(checkpoint.0)));
        keys
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let (mut round, mut verdict) = open(world, context, self.round)?;
        if (self.template, self.version) != (round.template, round.version) {
            return Err(Refusal::new(RoundCode::WrongTemplate).into());
        }
        let template =
            need::<RoundTemplate>(world, RoundTemplate::id_of(self.template, self.version))?;
        let point = template.point(&self.point).ok_or_else(|| {
            Refusal::new(RoundCode::UnknownCheckpoint).with("checkpoint", &self.point)
        })?;
        attachments::check(self.attachments())?;
        check(point, &self.answers)?;
        let checkpoint = confirm(self, &round, world, context)?;
        if round.results.len() >= MAX_RESULTS {
            return Err(Refusal::new(CommonCode::ListTooLong)
                .with("field", "results")
                .with("max", MAX_RESULTS)
                .into());
        }
        // Answers are never lost: what arrives after the finish is kept, and said to be so.
        if round.finished.is_some() {
            verdict = Verdict::Merged;
        }
        let result = PointResult {
            point: self.point.clone(),
            checkpoint: checkpoint.map(|checkpoint| checkpoint.id),
            position: checkpoint.and_then(|checkpoint| checkpoint.position),
            confirmation: self.confirmation.clone(),
            at: context.occurred_at,
            received: context.received_at,
            by: context.actor.user,
            answers: self.answers.clone(),
            flags: Vec::new(),
        };
        insert(&mut round.results, result, context.settings.walking_mps);
        Ok(Decision { verdict, ..Decision::put(round) })
    }

    fn attachments(&self) -> Vec<&Attachment> {
        self.answers.iter().flat_map(|answer| &answer.photos).collect()
    }
}

impl Decide for FinishRound {
    const KIND: &'static str = "rounds.finish";

    fn reads(&self) -> Vec<RecordKey> {
        vec![Round::key_of(self.round.0)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let (mut round, mut verdict) = open(world, context, self.round)?;
        text::optional("summary", &self.summary, text::NOTE)?;
        text::optional("left_out", &self.left_out, text::NOTE)?;
        let done = u32::try_from(round.points_done()).unwrap_or(u32::MAX);
        let missing = round.points.saturating_sub(done);
        if missing > 0 && self.left_out.trim().is_empty() {
            return Err(Refusal::new(RoundCode::PointsMissing).with("missing", missing).into());
        }
        for part in [self.summary.trim(), self.left_out.trim()] {
            if !part.is_empty() && !round.summary.lines().any(|line| line == part) {
                if !round.summary.is_empty() {
                    round.summary.push('\n');
                }
                round.summary.push_str(part);
            }
        }
        text::optional("summary", &round.summary, MAX_SUMMARY)?;
        if round.finished.is_some() {
            verdict = Verdict::Merged;
        } else {
            round.finish_received = Some(context.received_at);
        }
        // The round was over when the first of those who walked it said so, whichever phone was
        // heard first.
        let finished = round.finished.map_or(context.occurred_at, |at| at.min(context.occurred_at));
        round.finished = Some(finished);
        round.late = round.window.is_some_and(|(_, end)| finished > end);
        Ok(Decision { verdict, ..Decision::put(round) })
    }
}
