//! What the office lays down: templates as versions, checkpoints, schedules.

use std::collections::BTreeSet;

use super::{CODE, cluster_here, need_template, same_project, template_key};
use crate::actor::Right;
use crate::modules::households::Cluster;
use crate::modules::rounds::{
    AnswerType, Checkpoint, Item, Point, PublishTemplate, Recurrence, RegisterCheckpoint,
    RoundCode, RoundTemplate, Schedule, SetSchedule, Window,
};
use crate::modules::tickets::TicketCode;
use crate::modules::tickets::category::category;
use crate::order;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, World, find, need};
use crate::sync::record::{RecordKey, Scope, SyncedRecord};
use crate::text;

const MAX_POINTS: usize = 100;
/// Items of one point.
const MAX_ITEMS: usize = 60;
const MAX_WINDOWS: usize = 12;
/// Longest unit ("MPa", "kWh") in characters.
const UNIT: usize = 16;

impl Decide for PublishTemplate {
    const KIND: &'static str = "rounds.publish_template";

    fn reads(&self) -> Vec<RecordKey> {
        let version = |version| RoundTemplate::key_of(RoundTemplate::id_of(self.template, version));
        let mut keys = vec![version(self.version)];
        if self.version > 1 {
            keys.push(version(self.version - 1));
        }
        keys
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        if context.scope != Scope::Company {
            return Err(Refusal::new(CommonCode::WrongScope).into());
        }
        context.actor.require(Right::EditTemplates)?;
        text::required("name", &self.name, text::LINE)?;
        check_points(&self.points)?;
        let id = RoundTemplate::id_of(self.template, self.version);
        if self.version == 0 || find::<RoundTemplate>(world, id).is_some() {
            return Err(old_version(self.version));
        }
        let mut decision = Decision::default();
        if self.version > 1 {
            let seen = RoundTemplate::id_of(self.template, self.version - 1);
            let previous = need::<RoundTemplate>(world, seen)?;
            decision = decision.and_put(RoundTemplate {
                superseded: true,
                changed_at: context.occurred_at,
                ..previous.clone()
            });
        }
        Ok(decision.and_put(RoundTemplate {
            template: self.template,
            version: self.version,
            name: self.name.trim().to_owned(),
            points: self.points.clone(),
            retired: self.retired,
            superseded: false,
            changed_at: context.occurred_at,
        }))
    }
}

fn old_version(version: u32) -> Stop {
    Refusal::new(RoundCode::OldVersion).with("version", version).into()
}

fn check_points(points: &[Point]) -> Result<(), Refusal> {
    if points.is_empty() {
        return Err(Refusal::new(RoundCode::EmptyTemplate));
    }
    text::at_most("points", points.len(), MAX_POINTS)?;
    let mut point_codes = BTreeSet::new();
    let mut item_codes = BTreeSet::new();
    for point in points {
        text::required("code", &point.code, CODE)?;
        text::required("name", &point.name, text::LINE)?;
        if point.items.is_empty() {
            return Err(Refusal::new(RoundCode::EmptyTemplate).with("point", &point.name));
        }
        text::at_most("items", point.items.len(), MAX_ITEMS)?;
        if !point_codes.insert(point.code.as_str()) {
            return Err(Refusal::new(RoundCode::DuplicateItem).with("item", &point.code));
        }
        for item in &point.items {
            check_item(item)?;
            if !item_codes.insert(item.code.as_str()) {
                return Err(Refusal::new(RoundCode::DuplicateItem).with("item", &item.code));
            }
        }
    }
    Ok(())
}

fn check_item(item: &Item) -> Result<(), Refusal> {
    text::required("code", &item.code, CODE)?;
    text::required("text", &item.text, text::LINE)?;
    if !item.category.is_empty() && category(&item.category).is_none() {
        return Err(Refusal::new(TicketCode::UnknownCategory).with("category", &item.category));
    }
    if let AnswerType::Number { unit, low, high } = &item.answer {
        text::optional("unit", unit, UNIT)?;
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            return Err(Refusal::new(RoundCode::BadLimits).with("item", &item.text));
        }
    }
    Ok(())
}

impl Decide for RegisterCheckpoint {
    const KIND: &'static str = "rounds.register_checkpoint";

    fn reads(&self) -> Vec<RecordKey> {
        vec![
            Cluster::key_of(self.cluster.0),
            template_key(self.template),
            Checkpoint::key_of(self.checkpoint.0),
        ]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        context.actor.require_in(Right::EditTemplates, self.cluster)?;
        let project = cluster_here(world, context, self.cluster)?;
        need_template(world, self.template)?;
        text::required("name", &self.name, text::LINE)?;
        text::required("point", &self.point, CODE)?;
        let old = find::<Checkpoint>(world, self.checkpoint.0);
        if let Some(old) = old {
            same_project(context, old.project)?;
        }
        let current = old.map_or(0, |old| old.code_version);
        // Going back would make a code valid again that was taken off the wall.
        if self.code_version == 0 || self.code_version < current {
            return Err(old_version(self.code_version));
        }
        let code_since = match old {
            Some(old) if old.code_version == self.code_version => old.code_since,
            _ => context.occurred_at,
        };
        Ok(Decision::put(Checkpoint {
            id: self.checkpoint,
            project,
            cluster: self.cluster,
            template: self.template,
            point: self.point.clone(),
            name: self.name.trim().to_owned(),
            position: self.position,
            code_version: self.code_version,
            code_since,
        }))
    }
}

impl Decide for SetSchedule {
    const KIND: &'static str = "rounds.set_schedule";

    fn reads(&self) -> Vec<RecordKey> {
        vec![
            Cluster::key_of(self.cluster.0),
            template_key(self.template),
            Schedule::key_of(self.schedule.0),
        ]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        context.actor.require_in(Right::EditSchedules, self.cluster)?;
        let project = cluster_here(world, context, self.cluster)?;
        need_template(world, self.template)?;
        text::required("name", &self.name, text::LINE)?;
        text::at_most("windows", self.windows.len(), MAX_WINDOWS)?;
        // A window that ends when it begins would be empty, or a whole day: nobody could tell.
        let is_bad = |(i, window): (usize, &Window)| {
            window.from == window.to || self.windows[..i].iter().any(|other| other.overlaps(window))
        };
        if self.windows.is_empty() || self.windows.iter().enumerate().any(is_bad) {
            return Err(Refusal::new(RoundCode::BadWindow).into());
        }
        let ends_first = self.ends.is_some_and(|ends| ends < self.starts);
        if ends_first || !is_valid(&self.recurrence) {
            return Err(Refusal::new(RoundCode::BadRecurrence).into());
        }
        if let Some(old) = find::<Schedule>(world, self.schedule.0) {
            same_project(context, old.project)?;
            context.actor.require_in(Right::EditSchedules, old.cluster)?;
        }
        Ok(Decision::put(Schedule {
            id: self.schedule,
            project,
            cluster: self.cluster,
            template: self.template,
            name: self.name.trim().to_owned(),
            recurrence: self.recurrence.clone(),
            windows: self.windows.clone(),
            role: self.role,
            person: self.person,
            starts: self.starts,
            ends: self.ends,
            changed_at: context.occurred_at,
        }))
    }
}

fn is_valid(recurrence: &Recurrence) -> bool {
    let days = |days: &[u8], last: u8| {
        let distinct = order::set_of(days);
        !days.is_empty()
            && distinct.len() == days.len()
            && days.iter().all(|day| (1..=last).contains(day))
    };
    match recurrence {
        Recurrence::Daily | Recurrence::WorkingDays => true,
        Recurrence::Weekly { weekdays } => days(weekdays, 7),
        Recurrence::Monthly { days: of_month } => days(of_month, 31),
        Recurrence::Quarterly { day } => (1..=31).contains(day),
    }
}
