//! `guanjia import-estate`: makes or updates a project with its clusters, buildings, units, people.
//!
//! What is stored is found again by its name: the project by its name, clusters by code, buildings
//! by number, units by label. It keeps its id, whoever made it; new ids follow from the names, so
//! that an import that was interrupted goes on with the same ones.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::Refusal;
use domain::id::{BuildingId, ClusterId, ProjectId, UnitId, derived};
use domain::modules::Command;
use domain::modules::company::Settings;
use domain::modules::fees::Arrears;
use domain::modules::households::{
    Building, Cluster, Contact, Household, Project, RegisterBuilding, RegisterCluster,
    RegisterProject, RegisterUnit, Relation,
};
use domain::modules::rounds::{RoundTemplate, builtin};
use domain::sync::{RecordKey, Scope, SyncedRecord};
use uuid::Uuid;

use super::estate_file::{self, Col, PEOPLE, UnitRow};
use super::people::{self, Cell};
use super::problems::Problems;
use super::rehearsal::{Effect, Rehearsal};
use super::sheet::Sheet;
use super::summary::EstateSummary;
use super::{ImportError, by_label, decode, names, projects, write};
use crate::state::AppState;
use crate::store;
use crate::words::Words;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct EstateImport<'a> {
    /// Name of the project.
    pub project: &'a str,
    /// Bytes of the CSV file.
    pub file: &'a [u8],
    /// Whether a company that has projects may get another one: a mistyped name would make one, and
    /// a project is never removed.
    pub new_project: bool,
    /// Whether a stored building may go to another cluster. Without it a building number that two
    /// clusters have would move the first one's building, with its units, to the second.
    pub move_buildings: bool,
    /// Only check, and say what would change.
    pub dry_run: bool,
}

/// What is stored of the project.
#[derive(Default)]
struct Estate {
    clusters: Vec<Cluster>,
    buildings: Vec<Building>,
    households: Vec<Household>,
    arrears: Vec<Arrears>,
}

/// Brings an estate file in, or checks it.
pub async fn estate(
    state: &AppState,
    import: &EstateImport<'_>,
) -> Result<EstateSummary, ImportError> {
    let mut problems = Problems::default();
    let text = decode::decode(import.file)
        .map_err(|words| ImportError::Problems(Problems::of_file(words)))?;
    let sheet = Sheet::<Col>::read(&text, &mut problems);
    let rows = sheet.as_ref().map(|sheet| estate_file::read(sheet, &mut problems));
    let (Some(sheet), Some(rows)) = (sheet, rows) else {
        return Err(ImportError::Problems(problems));
    };

    let mut tx = state.db.begin_read().await?;
    let name = import.project.trim();
    let (existing, found) = projects(&mut tx, name).await?;
    if found.is_none() && !existing.is_empty() && !import.new_project {
        return Err(ImportError::Call(Words::new(
            format!(
                "没有叫“{name}”的项目，已有：{}。确实要新建请加 --new-project。",
                names(&existing)
            ),
            format!(
                "No project is called “{name}”; there are: {}. To make another one add --new-project.",
                names(&existing)
            ),
        )));
    }
    let new_project = found.is_none();
    let project = found.map_or_else(|| new_project_id(name, &existing), |project| project.id);
    let scope = Scope::Project(project);
    let stored = Estate {
        clusters: store::records::all(&mut tx, Some(scope)).await?,
        buildings: store::records::all(&mut tx, Some(scope)).await?,
        households: store::records::all(&mut tx, Some(scope)).await?,
        arrears: store::records::all(&mut tx, Some(scope)).await?,
    };
    let templates = if new_project { missing_templates(&mut tx).await? } else { Vec::new() };
    let settings = store::records::all::<Settings>(&mut tx, Some(Scope::Company)).await?;
    drop(tx);

    let settings = settings.into_iter().next().unwrap_or_default();
    let mut rehearsal = Rehearsal::new(scope, settings, state.clock.now());
    rehearsal.know(existing);
    rehearsal.know(stored.clusters.iter().cloned());
    rehearsal.know(stored.buildings.iter().cloned());
    rehearsal.know(stored.households.iter().cloned());
    rehearsal.know(stored.arrears.iter().cloned());

    let mut plan = Plan {
        project,
        sheet: &sheet,
        stored: &stored,
        move_buildings: import.move_buildings,
        rehearsal,
        problems,
        commands: Vec::new(),
        summary: EstateSummary {
            project: name.to_owned(),
            new_project,
            templates: templates.len(),
            unused: sheet.unused.clone(),
            ..EstateSummary::default()
        },
    };
    plan.project(name);
    let clusters = plan.clusters(&rows);
    let buildings = plan.buildings(&rows, &clusters);
    plan.units(&rows, &buildings);
    let Plan { problems, commands, mut summary, .. } = plan;
    problems.settle().map_err(ImportError::Problems)?;

    if !import.dry_run {
        // First the templates: if the rest fails, the next attempt still finds a new project.
        write(state, Scope::Company, templates).await?;
        write(state, scope, commands).await?;
        summary.written = true;
    }
    Ok(summary)
}

/// The id that follows from a name, unless another project has it: one that was made under this name
/// and is called otherwise now would become this one.
fn new_project_id(name: &str, existing: &[Project]) -> ProjectId {
    let candidate = |attempt: u32| match attempt {
        0 => ProjectId::derived(&["import", "project", name]),
        _ => ProjectId::derived(&["import", "project", name, &attempt.to_string()]),
    };
    let free = |id: &ProjectId| existing.iter().all(|project| project.id != *id);
    (0..).map(candidate).find(free).expect("some id is free")
}

/// The built-in round templates that the company has no version of: without any, the office of a
/// first project could schedule no round.
async fn missing_templates(tx: &mut crate::db::Tx) -> Result<Vec<Command>, ImportError> {
    let stored = store::records::all::<RoundTemplate>(tx, Some(Scope::Company)).await?;
    let known: HashSet<_> = stored.iter().map(|template| template.template).collect();
    let missing =
        builtin::templates().into_iter().filter(|template| !known.contains(&template.template));
    Ok(missing.map(Command::from).collect())
}

/// The commands that a file asks for, decided as they are made.
struct Plan<'a> {
    project: ProjectId,
    sheet: &'a Sheet<Col>,
    stored: &'a Estate,
    move_buildings: bool,
    rehearsal: Rehearsal,
    problems: Problems,
    /// Those that change something.
    commands: Vec<Command>,
    summary: EstateSummary,
}

impl Plan<'_> {
    /// Decides a command; `None` with a problem when a rule says no. `column` names the cell that a
    /// refusal is about.
    fn decide(
        &mut self,
        index: Option<usize>,
        command: Command,
        key: RecordKey,
        column: impl FnOnce(&Refusal) -> Option<Col>,
    ) -> Option<Effect> {
        match self.rehearsal.decide(&command, key) {
            Ok(effect) => {
                if effect != Effect::Unchanged {
                    self.commands.push(command);
                }
                Some(effect)
            }
            Err(refusal) => {
                let column = column(&refusal).map(|column| self.sheet.heading(column).to_owned());
                let line = index.map(|index| self.sheet.rows[index].line);
                self.problems.add(line, column.as_deref(), Words::from(&refusal));
                None
            }
        }
    }

    fn problem(&mut self, index: usize, column: Col, words: Words) {
        self.sheet.problem(&self.sheet.rows[index], column, words, &mut self.problems);
    }

    fn line(&self, index: usize) -> u64 {
        self.sheet.rows[index].line
    }

    /// The id that follows from a name, unless another record has it.
    fn new_id(&self, kind: &str, name: &str, key: impl Fn(Uuid) -> RecordKey) -> Uuid {
        let project = self.project.to_string();
        let candidate = |attempt: u32| match attempt {
            0 => derived(&["import", kind, &project, name]),
            _ => derived(&["import", kind, &project, name, &attempt.to_string()]),
        };
        let free = |id: &Uuid| !self.rehearsal.has(key(*id));
        (0..).map(candidate).find(free).expect("some id is free")
    }

    fn project(&mut self, name: &str) {
        let command = RegisterProject { project: self.project, name: name.to_owned() };
        self.decide(None, command.into(), Project::key_of(self.project.0), |_| None);
    }

    /// The cluster of each row, by its place in `rows`.
    fn clusters(&mut self, rows: &[UnitRow]) -> Vec<Option<ClusterId>> {
        // By code, or by name where the file has no codes.
        let mut known: BTreeMap<(bool, String), (Option<ClusterId>, String, u64)> = BTreeMap::new();
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let by_code = !row.cluster_code.is_empty();
            let said = if by_code { &row.cluster_code } else { &row.cluster_name };
            let key = (by_code, said.to_lowercase());
            if let Some((id, name, line)) = known.get(&key) {
                let differs = !row.cluster_name.is_empty() && row.cluster_name != *name;
                let (id, line) = (*id, *line);
                if differs && by_code && !name.is_empty() {
                    let words = Words::new(
                        format!("第 {line} 行把组团 {said} 叫作“{name}”。"),
                        format!("Line {line} calls the cluster {said} “{name}”."),
                    );
                    self.problem(row.index, Col::Cluster, words);
                }
                found.push(id);
                continue;
            }
            let id = self.cluster(row, by_code, said, rows);
            known.insert(key, (id, self.name_of_cluster(said, rows), self.line(row.index)));
            found.push(id);
        }
        found
    }

    /// The first name that the file gives a cluster.
    fn name_of_cluster(&self, code: &str, rows: &[UnitRow]) -> String {
        let mut named =
            rows.iter().filter(|row| row.cluster_code.to_lowercase() == code.to_lowercase());
        let named = named.find(|row| !row.cluster_name.is_empty());
        named.map(|row| row.cluster_name.clone()).unwrap_or_default()
    }

    fn cluster(
        &mut self,
        row: &UnitRow,
        by_code: bool,
        said: &str,
        rows: &[UnitRow],
    ) -> Option<ClusterId> {
        let clusters = &self.stored.clusters;
        let with_code = clusters.iter().find(|c| c.code.to_lowercase() == said.to_lowercase());
        let with_name = clusters.iter().find(|c| !by_code && c.name == said);
        let stored = with_name.or(with_code);
        let name = if by_code { self.name_of_cluster(said, rows) } else { String::new() };
        let cluster = stored.map_or_else(
            || ClusterId(self.new_id("cluster", &said.to_lowercase(), Cluster::key_of)),
            |stored| stored.id,
        );
        let command = RegisterCluster {
            cluster,
            code: stored.map_or_else(|| said.to_owned(), |stored| stored.code.clone()),
            name: match (name.is_empty(), stored) {
                (false, _) => name,
                (true, Some(stored)) => stored.name.clone(),
                (true, None) => said.to_owned(),
            },
        };
        let column = |refusal: &Refusal| match refusal.params.get("field").map(String::as_str) {
            Some("name") => Some(Col::Cluster),
            _ if by_code => Some(Col::ClusterCode),
            _ => Some(Col::Cluster),
        };
        let effect =
            self.decide(Some(row.index), command.into(), Cluster::key_of(cluster.0), column)?;
        self.summary.clusters.count(effect);
        Some(cluster)
    }

    /// The buildings by their numbers.
    fn buildings(
        &mut self,
        rows: &[UnitRow],
        clusters: &[Option<ClusterId>],
    ) -> HashMap<String, BuildingId> {
        let mut known: HashMap<String, (Option<BuildingId>, ClusterId, u64)> = HashMap::new();
        for (row, cluster) in rows.iter().zip(clusters) {
            let Some(cluster) = *cluster else { continue };
            if let Some((_, first, line)) = known.get(&row.building).copied() {
                if first != cluster {
                    let number = &row.building;
                    let words = Words::new(
                        format!("第 {line} 行的楼栋 {number} 在另一个组团；一栋楼属于一个组团。"),
                        format!(
                            "On line {line} building {number} is in another cluster; a building has one."
                        ),
                    );
                    self.problem(row.index, self.column_of_cluster(), words);
                }
                continue;
            }
            let id = self.building(row, cluster, rows);
            known.insert(row.building.clone(), (id, cluster, self.line(row.index)));
        }
        let made = known.into_iter().filter_map(|(number, (id, ..))| Some((number, id?)));
        made.collect()
    }

    fn building(
        &mut self,
        row: &UnitRow,
        cluster: ClusterId,
        rows: &[UnitRow],
    ) -> Option<BuildingId> {
        let number = &row.building;
        let stored = self.stored.buildings.iter().find(|b| b.number == *number);
        if let Some(moved) = stored.filter(|stored| stored.cluster != cluster) {
            self.may_move(row, moved)?;
            self.whole_building(row, moved, rows)?;
        }
        let building = stored.map_or_else(
            || BuildingId(self.new_id("building", number, Building::key_of)),
            |stored| stored.id,
        );
        let own = || rows.iter().filter(|row| row.building == *number);
        // What the units tell of their building; units that the file leaves out are still there.
        let highest = own().filter_map(|row| row.floor.or_else(|| floor_of(&row.label))).max();
        let highest = highest.and_then(|floor| u32::try_from(floor).ok()).unwrap_or(1);
        let entrances = own().filter_map(|row| entrance_of(&row.label)).max().unwrap_or(1);
        let (floors, doors) = stored.map_or((1, 1), |stored| (stored.floors, stored.entrances));
        let command = RegisterBuilding {
            building,
            cluster,
            number: number.clone(),
            name: stored.map_or_else(|| row.building_name.clone(), |stored| stored.name.clone()),
            floors: highest.clamp(floors.max(1), floors.max(MOST_FLOORS)),
            entrances: entrances.clamp(doors.max(1), doors.max(MOST_ENTRANCES)),
        };
        let key = Building::key_of(building.0);
        let effect = self.decide(Some(row.index), command.into(), key, |_| Some(Col::Building))?;
        self.summary.buildings.count(effect);
        Some(building)
    }

    /// A building goes to another cluster only when the operator says so: more often a second cluster
    /// numbers its buildings from 1 as well.
    fn may_move(&mut self, row: &UnitRow, moved: &Building) -> Option<()> {
        if self.move_buildings {
            return Some(());
        }
        let number = &moved.number;
        let known = self.stored.clusters.iter().find(|cluster| cluster.id == moved.cluster);
        let from = known.map_or("-", |cluster| cluster.code.as_str());
        let by_code = !row.cluster_code.is_empty();
        let to = if by_code { &row.cluster_code } else { &row.cluster_name };
        let words = Words::new(
            format!(
                "楼栋 {number} 已在组团 {from}，这里写的是组团 {to}。楼栋号在整个项目里不能重复：不是同一栋楼请加前缀（例如 {to}{number}），确实换组团请加 --move-buildings。"
            ),
            format!(
                "Building {number} is in the cluster {from}, and here in {to}. A building number is unique in the project: prefix it if it is another building (such as {to}{number}), or add --move-buildings if it changes its cluster."
            ),
        );
        self.problem(row.index, self.column_of_cluster(), words);
        None
    }

    /// The column that tells the cluster.
    fn column_of_cluster(&self) -> Col {
        if self.sheet.has(Col::ClusterCode) { Col::ClusterCode } else { Col::Cluster }
    }

    /// A building that goes to another cluster takes all its units along, so the file names them all:
    /// any other would stay on the phone of the former steward.
    fn whole_building(&mut self, row: &UnitRow, moved: &Building, rows: &[UnitRow]) -> Option<()> {
        let named: HashSet<&str> = rows.iter().map(|row| row.label.as_str()).collect();
        let left = |unit: &&Household| unit.building == moved.id && !named.contains(&*unit.label);
        let count = self.stored.households.iter().filter(left).count();
        if count == 0 {
            return Some(());
        }
        let number = &moved.number;
        let words = Words::new(
            format!("楼栋 {number} 换了组团，文件里却缺它的 {count} 户；换组团时请列出全部房屋。"),
            format!(
                "Building {number} changes its cluster, but {count} of its units are not in the file; list all of them."
            ),
        );
        self.problem(row.index, self.column_of_cluster(), words);
        None
    }

    fn units(&mut self, rows: &[UnitRow], buildings: &HashMap<String, BuildingId>) {
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

/// What a building is believed to have at most because of its units' labels; labels that do not mean
/// entrances would otherwise claim hundreds.
const MOST_FLOORS: u32 = 200;
const MOST_ENTRANCES: u32 = 50;

/// The floor that a room number tells: 1501 → 15, 301 → 3.
fn floor_of(label: &str) -> Option<i32> {
    let (_, room) = label.rsplit_once('-')?;
    let is_room = (3..=4).contains(&room.len()) && room.bytes().all(|byte| byte.is_ascii_digit());
    let floor: i32 = if is_room { room[..room.len() - 2].parse().ok()? } else { return None };
    (floor > 0).then_some(floor)
}

/// The entrance in building-entrance-room.
fn entrance_of(label: &str) -> Option<u32> {
    let mut parts = label.split('-');
    let (entrance, _room) = (parts.nth(1)?, parts.next()?);
    entrance.parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_number_tells_the_floor_where_it_has_three_or_four_digits() {
        assert_eq!(floor_of("3-2-1501"), Some(15));
        assert_eq!(floor_of("3-301"), Some(3));
        for label in ["3-2-10501", "B1-023", "3-2-A", "3-2-12", "1501"] {
            assert_eq!(floor_of(label), None, "{label}");
        }
        assert_eq!(entrance_of("3-2-1501"), Some(2));
        assert_eq!(entrance_of("3-1501"), None);
    }
}
