//! The rules of rounds. The office's verbs are in `office`, the walk in `walk` and `answers`.

use super::{Briefing, BriefingLine, RecordBriefing, RoundTemplate};
use crate::actor::Right;
use crate::id::{ClusterId, ProjectId, TemplateId};
use crate::modules::households::Cluster;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, Verdict, World, find, need};
use crate::sync::record::{RecordKey, Scope, SyncedRecord};
use crate::text;
use crate::time::DAY;

mod answers;
mod office;
mod walk;

/// Longest stable code of a point or an item, in characters.
const CODE: usize = 40;
/// Most lines of one briefing.
const MAX_LINES: usize = 300;
/// A phone shows each day's work for so long without a network; what the office changed within that
/// time may be unknown to it.
const OFFLINE_STRETCH: i64 = 3 * DAY;

/// The project whose log this command is in.
fn project(context: &Context<'_>) -> Result<ProjectId, Refusal> {
    match context.scope {
        Scope::Project(project) => Ok(project),
        Scope::Company => Err(Refusal::new(CommonCode::WrongScope)),
    }
}

/// A record of another project is none of this log's business.
fn same_project(context: &Context<'_>, of_record: ProjectId) -> Result<(), Refusal> {
    if project(context)? == of_record { Ok(()) } else { Err(Refusal::new(CommonCode::WrongScope)) }
}

/// The cluster exists and lies in this project; returns the project.
fn cluster_here(
    world: &dyn World,
    context: &Context<'_>,
    cluster: ClusterId,
) -> Result<ProjectId, Stop> {
    let project = project(context)?;
    let cluster = need::<Cluster>(world, cluster.0)?;
    same_project(context, cluster.project)?;
    Ok(project)
}

/// The first version stands for the template as a whole: it is there if any version is.
fn template_key(template: TemplateId) -> RecordKey {
    RoundTemplate::key_of(RoundTemplate::id_of(template, 1))
}

fn need_template(world: &dyn World, template: TemplateId) -> Result<(), Stop> {
    need::<RoundTemplate>(world, RoundTemplate::id_of(template, 1)).map(|_| ())
}

impl Decide for RecordBriefing {
    const KIND: &'static str = "rounds.record_briefing";

    fn reads(&self) -> Vec<RecordKey> {
        vec![
            Cluster::key_of(self.cluster.0),
            Briefing::key_of(Briefing::id_of(self.cluster, self.date).0),
        ]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        context.actor.require_in(Right::WalkRound, self.cluster)?;
        if context.actor.walks_duties_only() {
            return Err(Refusal::new(CommonCode::NotAllowed).into());
        }
        let project = cluster_here(world, context, self.cluster)?;
        text::at_most("lines", self.lines.len() + self.listed.len(), MAX_LINES)?;
        for line in self.lines.iter().chain(&self.listed) {
            text::required("line", &line.text, text::NOTE)?;
            text::optional("note", &line.note, text::NOTE)?;
        }
        // A day of grace for a phone whose clock was never measured.
        let starts = context.settings.zone.start_of_day(self.date);
        if starts.since(context.occurred_at) > DAY {
            return Err(Refusal::new(CommonCode::TimeInFuture).into());
        }
        let id = Briefing::id_of(self.cluster, self.date);
        let old = find::<Briefing>(world, id.0);
        let newest = old.is_none_or(|old| context.occurred_at >= old.at);
        let mut briefing = match old {
            Some(old) => old.clone(),
            None => Briefing {
                id,
                project,
                cluster: self.cluster,
                date: self.date,
                by: context.actor.user,
                by_name: context.actor.name.clone(),
                at: context.occurred_at,
                lines: Vec::new(),
            },
        };
        let answered = self.lines.iter().map(|line| (line, Some(context.occurred_at)));
        for (line, at) in answered.chain(self.listed.iter().map(|line| (line, None))) {
            match briefing.lines.iter_mut().find(|old| same_line(old, line)) {
                // What was ticked later is not undone by an earlier tick that took longer to arrive.
                Some(old) if at.is_some() && at >= old.at => {
                    *old = BriefingLine { at, ..line.clone() }
                }
                Some(_) => {}
                None => briefing.lines.push(BriefingLine { at, ..line.clone() }),
            }
        }
        text::at_most("lines", briefing.lines.len(), MAX_LINES)?;
        let verdict = match old {
            Some(old) if old.by != context.actor.user => Verdict::Merged,
            _ => Verdict::Applied,
        };
        if newest {
            briefing.by = context.actor.user;
            briefing.by_name = context.actor.name.clone();
            briefing.at = context.occurred_at;
        }
        Ok(Decision { verdict, ..Decision::put(briefing) })
    }
}

/// Lines about a ticket are the same line whatever they say; others by their words.
fn same_line(one: &BriefingLine, other: &BriefingLine) -> bool {
    match (one.ticket, other.ticket) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.text.trim() == other.text.trim(),
        _ => false,
    }
}

#[cfg(test)]
#[path = "tests/decide/mod.rs"]
mod tests;
