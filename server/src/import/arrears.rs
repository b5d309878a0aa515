//! `guanjia import-arrears`: what the units of a project owe, from the cashier's statement.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::modules::Command;
use domain::modules::company::Settings;
use domain::modules::fees::{Arrears, SetArrears};
use domain::modules::households::Household;
use domain::sync::{Scope, SyncedRecord};
use domain::{Fen, Ms};

use super::arrears_file::{self, ArrearsRow, Col};
use super::problems::Problems;
use super::rehearsal::{Effect, Rehearsal};
use super::sheet::Sheet;
use super::summary::ArrearsSummary;
use super::{ImportError, by_label, decode, names, projects, write};
use crate::state::AppState;
use crate::store;
use crate::words::Words;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ArrearsImport<'a> {
    /// Name of the project.
    pub project: &'a str,
    /// The day the figures were true. A second file of the same day corrects the first; figures of
    /// an earlier day never replace later ones.
    pub as_of: NaiveDate,
    /// Bytes of the CSV file.
    pub file: &'a [u8],
    /// The file names everybody who owes: whoever owed before and is not in it has paid.
    pub rest_paid: bool,
    /// Only check, and say what would change.
    pub dry_run: bool,
}

/// Brings an arrears file in, or checks it.
pub async fn arrears(
    state: &AppState,
    import: &ArrearsImport<'_>,
) -> Result<ArrearsSummary, ImportError> {
    let mut problems = Problems::default();
    let text = decode::decode(import.file)
        .map_err(|words| ImportError::Problems(Problems::of_file(words)))?;
    let Some(sheet) = Sheet::<Col>::read(&text, &mut problems) else {
        return Err(ImportError::Problems(problems));
    };
    let rows = arrears_file::read(&sheet, import.as_of, &mut problems);

    let mut tx = state.db.begin_read().await?;
    let name = import.project.trim();
    let (existing, found) = projects(&mut tx, name).await?;
    let Some(project) = found else {
        let known = if existing.is_empty() { "-".to_owned() } else { names(&existing) };
        return Err(ImportError::Call(Words::new(
            format!("没有叫“{name}”的项目，已有：{known}。请先用 import-estate 导入房屋。"),
            format!(
                "No project is called “{name}”; there are: {known}. Import its estate first (import-estate)."
            ),
        )));
    };
    let scope = Scope::Project(project.id);
    let households = store::records::all::<Household>(&mut tx, Some(scope)).await?;
    let stored = store::records::all::<Arrears>(&mut tx, Some(scope)).await?;
    let settings = store::records::all::<Settings>(&mut tx, Some(Scope::Company)).await?;
    drop(tx);

    let settings = settings.into_iter().next().unwrap_or_default();
    let now = state.clock.now();
    if import.as_of > settings.zone.date(now) {
        let as_of = import.as_of;
        return Err(ImportError::Call(Words::new(
            format!("数据日期 {as_of} 在未来。"),
            format!("The date of the figures, {as_of}, lies in the future."),
        )));
    }
    let as_of = settings.zone.start_of_day(import.as_of);
    let mut rehearsal = Rehearsal::new(scope, settings, now);
    rehearsal.know(households.iter().cloned());
    rehearsal.know(stored.iter().cloned());

    let mut plan = Plan {
        sheet: &sheet,
        households: by_label(&households),
        as_of,
        rehearsal,
        problems,
        commands: Vec::new(),
        summary: ArrearsSummary {
            project: name.to_owned(),
            unused: sheet.unused.clone(),
            ..ArrearsSummary::default()
        },
    };
    let named = plan.rows(&rows);
    plan.summary.absent = households.len() - named.len();
    if import.rest_paid {
        let owing = stored.iter().filter(|a| a.owed > Fen(0) && !named.contains_key(&*a.label));
        owing.for_each(|arrears| plan.paid(arrears));
    }
    let Plan { problems, commands, mut summary, .. } = plan;
    problems.settle().map_err(ImportError::Problems)?;
    if !import.dry_run {
        write(state, scope, commands).await?;
        summary.written = true;
    }
    Ok(summary)
}

/// The commands that a file asks for, decided as they are made.
struct Plan<'a> {
    sheet: &'a Sheet<Col>,
    households: HashMap<&'a str, Result<&'a Household, Words>>,
    as_of: Ms,
    rehearsal: Rehearsal,
    problems: Problems,
    /// Those that change something.
    commands: Vec<Command>,
    summary: ArrearsSummary,
}

impl Plan<'_> {
    fn problem(&mut self, row: &ArrearsRow, column: Col, words: Words) {
        self.sheet.problem(&self.sheet.rows[row.index], column, words, &mut self.problems);
    }

    /// Decides the rows; returns the units that the file names, with their lines.
    fn rows<'r>(&mut self, rows: &'r [ArrearsRow]) -> HashMap<&'r str, u64> {
        let mut lines: HashMap<&str, u64> = HashMap::new();
        for row in rows {
            let label = row.label.as_str();
            let unknown = || {
                Err(Words::new(
                    format!("项目里没有房号 {label}。"),
                    format!("The project has no unit {label}."),
                ))
            };
            let unit = match self.households.get(label).cloned().unwrap_or_else(unknown) {
                Ok(unit) => unit.id,
                Err(words) => {
                    self.problem(row, Col::Unit, words);
                    continue;
                }
            };
            if let Some(line) = lines.get(label) {
                let words = Words::new(
                    format!("{label} 在第 {line} 行已经有了；一户一行，请先合计。"),
                    format!(
                        "{label} is on line {line} already; each unit has one row with its total."
                    ),
                );
                self.problem(row, Col::Unit, words);
                continue;
            }
            lines.insert(label, self.sheet.rows[row.index].line);
            let command = SetArrears {
                unit,
                owed: row.owed,
                since: row.since,
                months: row.months,
                as_of: self.as_of,
            };
            self.decide(Some(row), command);
        }
        lines
    }

    fn paid(&mut self, arrears: &Arrears) {
        let command = SetArrears {
            unit: arrears.unit,
            owed: Fen(0),
            since: None,
            months: 0,
            as_of: self.as_of,
        };
        if self.decide(None, command).is_some() {
            self.summary.paid += 1;
        }
    }

    /// Decides a command; a refusal becomes a problem of its row.
    fn decide(&mut self, row: Option<&ArrearsRow>, command: SetArrears) -> Option<Effect> {
        let key = Arrears::key_of(Arrears::id_of(command.unit));
        let command = Command::from(command);
        match self.rehearsal.decide(&command, key) {
            Ok(effect) => {
                if effect != Effect::Unchanged {
                    self.commands.push(command);
                }
                if row.is_some() {
                    self.summary.units.count(effect);
                }
                Some(effect)
            }
            Err(refusal) => {
                let words = Words::from(&refusal);
                match (row, refusal.code.as_ref()) {
                    (None, _) => self.problems.add(None, None, words),
                    (Some(row), "fees.bad_amount") => self.problem(row, Col::Owed, words),
                    (Some(row), "fees.bad_period") => {
                        let has_since = self.sheet.has(Col::Since);
                        let column = if has_since { Col::Since } else { Col::Months };
                        self.problem(row, column, words);
                    }
                    (Some(row), _) => self.problem(row, Col::Unit, words),
                }
                None
            }
        }
    }
}
