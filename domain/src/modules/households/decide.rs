//! Rules of registering the estate. Registering again replaces the facts.

use super::search::normalise_label;
use super::{
    Building, Cluster, Contact, Household, HouseholdCode, Project, RegisterBuilding,
    RegisterCluster, RegisterProject, RegisterUnit,
};
use crate::actor::Right;
use crate::id::ProjectId;
use crate::modules::fees::Arrears;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, World, find, need};
use crate::sync::record::{RecordKey, Scope, SyncedRecord};
use crate::text;

/// Most contacts of one household, and search keys of one name.
const MOST_CONTACTS: usize = 20;
const MOST_KEYS: usize = 8;
/// Longest unit label and longest telephone number, in characters.
const LABEL: usize = 32;
const PHONE: usize = 24;
/// Ten hectares, in hundredths of a square metre: a whole shopping centre as one unit.
const LARGEST_AREA: i64 = 100_000 * 100;

/// The project a command is for; commands of a project never go into the company's log.
pub fn project_of(scope: Scope) -> Result<ProjectId, Refusal> {
    match scope {
        Scope::Project(project) => Ok(project),
        Scope::Company => Err(Refusal::new(CommonCode::WrongScope)),
    }
}

/// A record of another project may not be rewritten or referred to from here.
fn same_project(ours: ProjectId, theirs: ProjectId) -> Result<(), Refusal> {
    if ours == theirs { Ok(()) } else { Err(Refusal::new(CommonCode::WrongScope)) }
}

fn in_range(field: &'static str, value: i64, low: i64, high: i64) -> Result<(), Refusal> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Refusal::new(CommonCode::NumberOutOfRange)
        .with("field", field)
        .with("low", low)
        .with("high", high))
}

/// Puts the record unless it says the same already: an import repeated wakes no phone.
fn put_if_new<R: SyncedRecord>(stored: Option<&R>, record: R) -> Decision {
    if stored == Some(&record) { Decision::default() } else { Decision::put(record) }
}

impl Decide for RegisterProject {
    const KIND: &'static str = "households.register_project";

    fn reads(&self) -> Vec<RecordKey> {
        vec![Project::key_of(self.project.0)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        same_project(project_of(context.scope)?, self.project)?;
        context.actor.require(Right::EditHouseholds)?;
        text::required("name", &self.name, text::LINE)?;
        let project = Project { id: self.project, name: self.name.trim().to_owned() };
        Ok(put_if_new(find::<Project>(world, self.project.0), project))
    }
}

impl Decide for RegisterCluster {
    const KIND: &'static str = "households.register_cluster";

    fn reads(&self) -> Vec<RecordKey> {
        vec![Cluster::key_of(self.cluster.0)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let project = project_of(context.scope)?;
        context.actor.require(Right::EditHouseholds)?;
        text::required("code", &self.code, LABEL)?;
        text::required("name", &self.name, text::LINE)?;
        let stored = find::<Cluster>(world, self.cluster.0);
        if let Some(stored) = stored {
            same_project(project, stored.project)?;
        }
        let cluster = Cluster {
            id: self.cluster,
            project,
            code: self.code.trim().to_owned(),
            name: self.name.trim().to_owned(),
        };
        Ok(put_if_new(stored, cluster))
    }
}

impl Decide for RegisterBuilding {
    const KIND: &'static str = "households.register_building";

    fn reads(&self) -> Vec<RecordKey> {
        vec![Building::key_of(self.building.0), Cluster::key_of(self.cluster.0)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let project = project_of(context.scope)?;
        context.actor.require(Right::EditHouseholds)?;
        same_project(project, need::<Cluster>(world, self.cluster.0)?.project)?;
        text::required("number", &self.number, LABEL)?;
        text::optional("name", &self.name, text::LINE)?;
        in_range("floors", self.floors.into(), 1, 200)?;
        in_range("entrances", self.entrances.into(), 1, 50)?;
        let stored = find::<Building>(world, self.building.0);
        if let Some(stored) = stored {
            same_project(project, stored.project)?;
        }
        let building = Building {
            id: self.building,
            project,
            cluster: self.cluster,
            number: self.number.trim().to_owned(),
            name: self.name.trim().to_owned(),
            floors: self.floors,
            entrances: self.entrances,
        };
        Ok(put_if_new(stored, building))
    }
}

/// Letters and digits in parts joined by `-`, with at least one digit: "3-2-1501", "B1-023".
fn is_label(label: &str) -> bool {
    label.chars().count() <= LABEL
        && label.chars().any(|c| c.is_ascii_digit())
        && label.split('-').all(|part| !part.is_empty() && part.chars().all(char::is_alphanumeric))
}

fn is_phone(phone: &str) -> bool {
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ');
    phone.len() <= PHONE
        && phone.chars().all(allowed)
        && (phone.is_empty() || phone.bytes().filter(u8::is_ascii_digit).count() >= 3)
}

impl RegisterUnit {
    fn check(&self) -> Result<(), Refusal> {
        in_range("floor", self.floor.into(), -20, 200)?;
        if !(1..=LARGEST_AREA).contains(&self.area_centi) {
            return Err(Refusal::new(HouseholdCode::BadArea));
        }
        text::optional("caution", &self.caution, text::NOTE)?;
        text::at_most("contacts", self.contacts.len(), MOST_CONTACTS)?;
        self.contacts.iter().try_for_each(check_contact)
    }
}

fn check_contact(contact: &Contact) -> Result<(), Refusal> {
    text::required("contact", &contact.name, text::LINE)?;
    if !is_phone(contact.phone.trim()) {
        return Err(Refusal::new(HouseholdCode::BadPhone).with("name", contact.name.trim()));
    }
    text::at_most("pinyin", contact.pinyin.len(), MOST_KEYS)?;
    contact.pinyin.iter().try_for_each(|key| text::required("pinyin", key, text::LINE))
}

impl Decide for RegisterUnit {
    const KIND: &'static str = "households.register_unit";

    fn reads(&self) -> Vec<RecordKey> {
        vec![
            Household::key_of(self.unit.0),
            Building::key_of(self.building.0),
            Arrears::key_of(Arrears::id_of(self.unit)),
        ]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let project = project_of(context.scope)?;
        context.actor.require(Right::EditHouseholds)?;
        let building = need::<Building>(world, self.building.0)?;
        same_project(project, building.project)?;
        let label = normalise_label(&self.label);
        if !is_label(&label) {
            return Err(Refusal::new(HouseholdCode::BadUnitLabel)
                .with("label", &self.label)
                .into());
        }
        self.check()?;
        let stored = find::<Household>(world, self.unit.0);
        if let Some(stored) = stored {
            same_project(project, stored.project)?;
        }
        let contacts = self.contacts.iter().map(|contact| Contact {
            name: contact.name.trim().to_owned(),
            phone: contact.phone.trim().to_owned(),
            ..contact.clone()
        });
        let mut household = Household {
            id: self.unit,
            project,
            cluster: building.cluster,
            building: self.building,
            label,
            floor: self.floor,
            area_centi: self.area_centi,
            status: self.status,
            handed_over: self.handed_over,
            contacts: contacts.collect(),
            key_customer: self.key_customer,
            caution: self.caution.trim().to_owned(),
            // Facts said again have not changed.
            changed_at: stored.map_or(context.occurred_at, |stored| stored.changed_at),
        };
        if stored == Some(&household) {
            return Ok(Decision::default());
        }
        household.changed_at = context.occurred_at;
        let mut decision = Decision::default();
        // What the household owes goes with it to the new steward's phone.
        if let Some(arrears) = find::<Arrears>(world, Arrears::id_of(self.unit))
            && (arrears.cluster != household.cluster || arrears.label != household.label)
        {
            decision = decision.and_put(Arrears {
                cluster: household.cluster,
                label: household.label.clone(),
                ..arrears.clone()
            });
        }
        Ok(decision.and_put(household))
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
