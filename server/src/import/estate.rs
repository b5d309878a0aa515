//! `guanjia import-estate`: makes or updates a project with its clusters, buildings, units, people.
//!
//! What is stored is found again by its name: the project by its name, clusters by code, buildings
//! by number, units by label. It keeps its id, whoever made it; new ids follow from the names, so
//! that an import that was interrupted goes on with the same ones.

use std::collections::HashSet;

use domain::Refusal;
use domain::id::{ProjectId, derived};
use domain::modules::Command;
use domain::modules::company::Settings;
use domain::modules::fees::Arrears;
use domain::modules::households::{Building, Cluster, Household, Project, RegisterProject};
use domain::modules::rounds::{RoundTemplate, builtin};
use domain::sync::{RecordKey, Scope, SyncedRecord};
use uuid::Uuid;

use super::estate_file::{self, Col};
use super::problems::Problems;
use super::rehearsal::{Effect, Rehearsal};
use super::sheet::Sheet;
use super::summary::EstateSummary;
use super::{ImportError, decode, names, projects, write};
use crate::state::AppState;
use crate::store;
use crate::words::Words;

mod buildings;
mod clusters;
mod units;

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
}
