//! What an import did or would do, in words.

use std::fmt;

use super::rehearsal::Effect;

/// How many of a kind are new, changed, the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub new: usize,
    pub changed: usize,
    pub unchanged: usize,
}

impl Tally {
    fn is_still(&self) -> bool {
        self.new == 0 && self.changed == 0
    }

    pub fn count(&mut self, effect: Effect) {
        match effect {
            Effect::New => self.new += 1,
            Effect::Changed => self.changed += 1,
            Effect::Unchanged => self.unchanged += 1,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { new, changed, unchanged } = self;
        write!(
            f,
            "新增 {new}，变更 {changed}，不变 {unchanged} / {new} new, {changed} changed, {unchanged} unchanged"
        )
    }
}

/// What an estate file brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EstateSummary {
    pub project: String,
    /// The project was not there before.
    pub new_project: bool,
    pub clusters: Tally,
    pub buildings: Tally,
    pub units: Tally,
    /// Stored units that the file does not name; they stay as they are.
    pub absent: usize,
    /// Built-in round templates that the company did not have.
    pub templates: usize,
    /// Headings of columns that mean nothing here.
    pub unused: Vec<String>,
    /// False when it was only checked.
    pub written: bool,
}

impl fmt::Display for EstateSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let new = if self.new_project { "（新项目 / new project）" } else { "" };
        writeln!(f, "{}{new}", self.project)?;
        writeln!(f, "  组团 clusters: {}", self.clusters)?;
        writeln!(f, "  楼栋 buildings: {}", self.buildings)?;
        writeln!(f, "  房屋 units: {}", self.units)?;
        absent(f, self.absent)?;
        if self.templates > 0 {
            let count = self.templates;
            writeln!(f, "  内置巡视模板：新增 {count} / built-in round templates: {count} new")?;
        }
        let tallies = [self.clusters, self.buildings, self.units];
        let still = !self.new_project && tallies.iter().all(Tally::is_still);
        ending(f, &self.unused, self.written, still)
    }
}

/// What an arrears file brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrearsSummary {
    pub project: String,
    pub units: Tally,
    /// Units that the file does not name.
    pub absent: usize,
    /// Of those, the ones that owed and now owe nothing, as `--rest-paid` says.
    pub paid: usize,
    pub unused: Vec<String>,
    pub written: bool,
}

impl fmt::Display for ArrearsSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.project)?;
        writeln!(f, "  欠费 arrears: {}", self.units)?;
        if self.paid > 0 {
            let paid = self.paid;
            writeln!(f, "  文件里没有、记为已缴清 {paid} 户 / not in the file, now paid: {paid}")?;
        }
        absent(f, self.absent - self.paid)?;
        ending(f, &self.unused, self.written, self.units.is_still() && self.paid == 0)
    }
}

fn absent(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    if count == 0 {
        return Ok(());
    }
    writeln!(f, "  文件里没有、保持不动 {count} 户 / units not in the file, left alone: {count}")
}

fn ending(
    f: &mut fmt::Formatter<'_>,
    unused: &[String],
    written: bool,
    still: bool,
) -> fmt::Result {
    if !unused.is_empty() {
        writeln!(f, "  没有用到的列 / columns not used: {}", unused.join("、"))?;
    }
    f.write_str(match (written, still) {
        (false, _) => "只检查，没有写入。 / Only checked; nothing was written.",
        (true, true) => "没有变化。 / Nothing has changed.",
        (true, false) => "已写入。 / Written.",
    })
}
