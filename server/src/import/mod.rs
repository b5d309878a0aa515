//! Bringing a real company in: its estate and what its households owe, from CSV files.
//!
//! An operator runs it (`guanjia import-estate`, `guanjia import-arrears`). A file is read as a whole
//! (`decode`, `sheet`, `cells`, `people`), compared with what is stored (`estate`, `arrears`), and
//! every command it asks for is decided once without writing (`rehearsal`): so all problems are
//! listed together, and nothing is written while there is one. Then only the commands that change
//! something go through the one write path, as the product itself. Columns: docs/import.md.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use domain::Actor;
use domain::id::{DeviceId, OpId};
use domain::modules::Command;
use domain::modules::households::{Household, Project};
use domain::sync::{OutcomeKind, Scope};

use crate::state::AppState;
use crate::store::{self, StoreError};
use crate::sync::SystemCommand;
use crate::words::Words;

mod arrears;
mod arrears_file;
mod cells;
mod decode;
mod estate;
mod estate_file;
mod people;
mod problems;
mod rehearsal;
pub mod samples;
mod sheet;
mod summary;

pub use arrears::{ArrearsImport, arrears};
pub use estate::{EstateImport, estate};
pub use problems::{Problem, Problems};
pub use summary::{ArrearsSummary, EstateSummary, Tally};

/// Why nothing, or not everything, was brought in.
#[derive(Debug)]
pub enum ImportError {
    /// What is wrong in the file; nothing was written.
    Problems(Problems),
    /// What is wrong with the call; nothing was written.
    Call(Words),
    /// The database could not be read or written.
    Fault(String),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problems(problems) => problems.fmt(f),
            Self::Call(words) => words.fmt(f),
            Self::Fault(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ImportError {}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Fault(unreadable(error))
    }
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(unreadable(error))
    }
}

fn unreadable(error: impl fmt::Display) -> String {
    Words::new("数据库无法读取", "The database cannot be read").to_string() + &format!(": {error}.")
}

/// The projects of the company, and the one of that name.
async fn projects(
    tx: &mut crate::db::Tx,
    name: &str,
) -> Result<(Vec<Project>, Option<Project>), ImportError> {
    let projects = store::records::all::<Project>(tx, None).await?;
    let mut named = projects.iter().filter(|project| project.name == name);
    let found = named.next().cloned();
    if named.next().is_some() {
        return Err(ImportError::Call(Words::new(
            format!("有两个项目都叫“{name}”，无法确定是哪一个。"),
            format!("Two projects are called “{name}”; which one is meant cannot be told."),
        )));
    }
    Ok((projects, found))
}

/// The names of projects, for a sentence.
fn names(projects: &[Project]) -> String {
    let names: Vec<&str> = projects.iter().map(|project| project.name.as_str()).collect();
    names.join("、")
}

/// The stored units by their labels. No rule keeps two units from having one label (two phones may
/// each have made one): which of them a row means cannot be told, and words say so.
fn by_label(households: &[Household]) -> HashMap<&str, Result<&Household, Words>> {
    let mut units = HashMap::new();
    for unit in households {
        let label = unit.label.as_str();
        let known = units.entry(label);
        known
            .and_modify(|known| {
                *known = Err(Words::new(
                    format!("系统里有两户都叫 {label}，无法确定是哪一户。"),
                    format!(
                        "Two stored units are called {label}; which one is meant cannot be told."
                    ),
                ));
            })
            .or_insert(Ok(unit));
    }
    units
}

/// Sends commands through the one write path. What was written before a refusal stays; running the
/// same file again does the rest.
async fn write(
    state: &AppState,
    scope: Scope,
    commands: Vec<Command>,
) -> Result<usize, ImportError> {
    let actor = Arc::new(Actor::system());
    let device = DeviceId::derived(&["import", &scope.to_string()]);
    let at = state.clock.now();
    let commands = commands
        .into_iter()
        .map(|command| SystemCommand {
            actor: Arc::clone(&actor),
            device,
            op: OpId(state.clock.uuid()),
            occurred_at: at,
            received_at: at,
            command,
        })
        .collect();
    let outcomes = state.sync.apply(scope, commands).await.map_err(|error| {
        let words = Words::new(
            "导入中断，已写入的会保留；请用同一个文件再运行一次",
            "The import was interrupted; what was written stays: run it again with the same file",
        );
        ImportError::Fault(format!("{words}: {error}."))
    })?;
    let made = |kind| matches!(kind, OutcomeKind::Applied | OutcomeKind::Merged);
    if let Some(outcome) = outcomes.iter().find(|outcome| !made(outcome.outcome)) {
        // Everything was decided just before: somebody else has changed the estate since.
        let reason = outcome.reason.as_ref().map(Words::from);
        let (zh, en) = reason.map(|words| (words.zh, words.en)).unwrap_or_default();
        return Err(ImportError::Call(Words::new(
            format!("数据刚被别处改动，有一部分没有写入：{zh} 请再运行一次。"),
            format!(
                "Somebody changed the data meanwhile and a part was not written: {en} Run it again."
            ),
        )));
    }
    Ok(outcomes.len())
}
