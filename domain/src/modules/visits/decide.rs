//! Rules of noting a visit and of giving the promised answer.

use super::{AnswerVisit, RecordVisit, Topic, Visit, VisitAnswer, VisitCode, VisitResult};
use crate::actor::Right;
use crate::modules::attachments::{self, Attachment};
use crate::modules::households::{self, Cluster, Household};
use crate::order;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, Verdict, World, find, need};
use crate::sync::record::{RecordKey, SyncedRecord};
use crate::text;

impl Decide for RecordVisit {
    const KIND: &'static str = "visits.record";

    fn reads(&self) -> Vec<RecordKey> {
        let place = match self.unit {
            Some(unit) => Household::key_of(unit.0),
            None => Cluster::key_of(self.cluster.0),
        };
        // The ticket of a forwarded visit is not read: its own command may still be on its way.
        vec![Visit::key_of(self.visit.0), place]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let project = households::project_of(context.scope)?;
        context.actor.require(Right::RecordVisit)?;
        // The household's cluster is the truth: a unit that the office moved while the phone was
        // offline must not cost the visit that was made there.
        let cluster = match self.unit {
            Some(unit) => need::<Household>(world, unit.0)?.cluster,
            None => need::<Cluster>(world, self.cluster.0)?.id,
        };
        context.actor.require_in(Right::RecordVisit, cluster)?;
        if find::<Visit>(world, self.visit.0).is_some() {
            return Err(Refusal::new(CommonCode::AlreadyExists).into());
        }
        self.check_texts()?;
        if let VisitResult::Promised { by } = self.result
            && by < context.settings.zone.date(context.occurred_at)
        {
            return Err(Refusal::new(VisitCode::PromiseInPast).with("date", by).into());
        }
        let mut topics = self.topics.clone();
        order::sort(&mut topics);
        topics.dedup();
        let mut decision = Decision::put(Visit {
            id: self.visit,
            project,
            cluster,
            unit: self.unit,
            place: self.place.trim().to_owned(),
            way: self.way,
            met: self.met.trim().to_owned(),
            topics,
            note: self.note.trim().to_owned(),
            result: self.result.clone(),
            attachments: self.attachments.clone(),
            by: context.actor.user,
            by_name: context.actor.name.clone(),
            at: context.occurred_at,
            received: context.received_at,
            answers: Vec::new(),
        });
        if cluster != self.cluster {
            decision.verdict = Verdict::Merged;
        }
        Ok(decision)
    }

    fn attachments(&self) -> Vec<&Attachment> {
        self.attachments.iter().collect()
    }
}

impl RecordVisit {
    fn check_texts(&self) -> Result<(), Refusal> {
        text::required("place", &self.place, text::LINE)?;
        text::optional("met", &self.met, text::LINE)?;
        text::optional("note", &self.note, text::NOTE)?;
        text::at_most("topics", self.topics.len(), 8)?;
        attachments::check(&self.attachments)?;
        // A greeting alone says enough only when one knows who was greeted.
        let greeted = self.topics.contains(&Topic::Greeting) && !self.met.trim().is_empty();
        if self.note.trim().is_empty()
            && self.topics.iter().all(|t| *t == Topic::Greeting)
            && !greeted
        {
            return Err(Refusal::new(VisitCode::NothingSaid));
        }
        Ok(())
    }
}

impl Decide for AnswerVisit {
    const KIND: &'static str = "visits.answer";

    fn reads(&self) -> Vec<RecordKey> {
        vec![Visit::key_of(self.visit.0)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        households::project_of(context.scope)?;
        context.actor.require(Right::RecordVisit)?;
        let visit = need::<Visit>(world, self.visit.0)?;
        context.actor.require_in(Right::RecordVisit, visit.cluster)?;
        text::required("text", &self.text, text::NOTE)?;
        if !matches!(visit.result, VisitResult::Promised { .. }) {
            return Err(Refusal::new(VisitCode::NothingPromised).into());
        }
        // Two people may answer the same promise, each offline: both answers happened, both stay.
        let again = !visit.answers.is_empty();
        let mut visit = visit.clone();
        visit.answers.push(VisitAnswer {
            text: self.text.trim().to_owned(),
            by: context.actor.user,
            at: context.occurred_at,
        });
        let mut decision = Decision::put(visit);
        if again {
            decision.verdict = Verdict::Merged;
        }
        Ok(decision)
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
