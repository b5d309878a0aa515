//! Units of an estate file and their people: found by label.

use std::collections::HashMap;

use domain::Refusal;
use domain::id::{BuildingId, UnitId};
use domain::modules::households::{Contact, Household, RegisterUnit, Relation};
use domain::sync::SyncedRecord;

use super::Plan;
use super::buildings::floor_of;
use crate::import::by_label;
use crate::import::estate_file::{Col, PEOPLE, UnitRow};
use crate::import::people::{self, Cell};
use crate::words::Words;

impl Plan<'_> {
    pub(super) fn units(&mut self, rows: &[UnitRow], buildings: &HashMap<String, BuildingId>) {
        let stored = self.stored;
        let by_label = by_label(&stored.households);
        let mut lines: HashMap<&str, u64> = HashMap::new();
        let mut named = 0;
        for row in rows {
            if let Some(line) = lines.insert(&row.label, self.line(row.index)) {
                let label = &row.label;
                let words = Words::new(
                    format!("{label} 在第 {line} 行已经有了；一户一行。"),
                    format!("{label} is on line {line} already; each unit has one row."),
                );
                self.problem(row.index, Col::Unit, words);
                continue;
            }
            let unit = match by_label.get(row.label.as_str()) {
                Some(Ok(unit)) => Some(*unit),
                Some(Err(words)) => {
                    self.problem(row.index, Col::Unit, words.clone());
                    continue;
                }
                None => None,
            };
            named += usize::from(unit.is_some());
            // Without its building there is nothing to say of it that was not said.
            if let Some(building) = buildings.get(&row.building) {
                self.unit(row, *building, unit);
            }
        }
        self.summary.absent = stored.households.len() - named;
    }

    fn unit(&mut self, row: &UnitRow, building: BuildingId, stored: Option<&Household>) {
        let floor = row.floor.or(stored.map(|unit| unit.floor)).or_else(|| floor_of(&row.label));
        let contacts = self.contacts(row, stored.map_or(&[], |unit| &unit.contacts));
        let Some(floor) = floor else {
            let words = Words::new(
                format!("从“{}”看不出楼层，请填写“楼层”。", row.label),
                format!("“{}” does not tell the floor; fill in 楼层 (floor).", row.label),
            );
            return self.problem(row.index, Col::Floor, words);
        };
        let Some(contacts) = contacts else { return };
        let unit = stored.map_or_else(
            || UnitId(self.new_id("unit", &row.label, Household::key_of)),
            |stored| stored.id,
        );
        let command = RegisterUnit {
            unit,
            building,
            label: row.label.clone(),
            floor,
            area_centi: row.area_centi,
            status: row.status,
            handed_over: row.handed_over.unwrap_or(stored.and_then(|unit| unit.handed_over)),
            contacts,
            key_customer: row.key_customer.unwrap_or(stored.is_some_and(|unit| unit.key_customer)),
            caution: row
                .caution
                .clone()
                .unwrap_or_else(|| stored.map(|unit| unit.caution.clone()).unwrap_or_default()),
        };
        let people = command.contacts.clone();
        let key = Household::key_of(unit.0);
        let effect = self
            .decide(Some(row.index), command.into(), key, |refusal| column_of(refusal, &people));
        if let Some(effect) = effect {
            self.summary.units.count(effect);
        }
    }

    /// Everybody of the unit; relations that the file has no columns for stay as they are stored.
    fn contacts(&mut self, row: &UnitRow, stored: &[Contact]) -> Option<Vec<Contact>> {
        let mut all = Vec::new();
        let mut whole = true;
        for (relation, names, phones) in PEOPLE {
            let Some(people) = row.people.iter().find(|people| people.relation == relation) else {
                all.extend(stored.iter().filter(|c| c.relation == relation).cloned());
                continue;
            };
            match people::contacts(relation, &people.names, people.phones.as_deref(), stored) {
                Ok(contacts) => all.extend(contacts),
                Err((cell, words)) => {
                    let column = if cell == Cell::Names { names } else { phones };
                    self.problem(row.index, column, words);
                    whole = false;
                }
            }
        }
        all.extend(stored.iter().filter(|c| c.relation == Relation::Emergency).cloned());
        whole.then_some(all)
    }
}

/// Which cell a unit's refusal is about.
fn column_of(refusal: &Refusal, people: &[Contact]) -> Option<Col> {
    let columns = |relation| PEOPLE.iter().find(|(one, ..)| *one == relation);
    let field = refusal.params.get("field").map(String::as_str);
    match (refusal.code.as_ref(), field) {
        ("households.bad_unit_label", _) => Some(Col::Unit),
        ("households.bad_area", _) => Some(Col::Area),
        ("households.bad_phone", _) => {
            let name = refusal.params.get("name")?;
            let person = people.iter().find(|contact| contact.name.trim() == name)?;
            columns(person.relation).map(|(_, _, phones)| *phones)
        }
        (_, Some("floor")) => Some(Col::Floor),
        (_, Some("caution")) => Some(Col::Caution),
        (_, Some("contact" | "contacts" | "pinyin")) => Some(Col::Owner),
        _ => None,
    }
}
