//! A CSV file as rows whose cells are found by column, whatever their order and language.

use std::marker::PhantomData;

use super::cells::narrow;
use super::problems::Problems;
use crate::words::Words;

/// The columns of one kind of file, as an enum.
pub trait Column: Copy + Eq + 'static {
    const ALL: &'static [Self];
    /// What the heading may say, the usual name first; compared by `heading`.
    fn names(self) -> &'static [&'static str];
    fn is_required(self) -> bool;
}

pub struct Sheet<C> {
    /// Place of each column of `C::ALL`, and its heading as written.
    places: Vec<Option<(usize, String)>>,
    pub rows: Vec<Row>,
    /// Headings that mean nothing here.
    pub unused: Vec<String>,
    kind: PhantomData<C>,
}

/// One row that says something.
pub struct Row {
    pub line: u64,
    cells: Vec<String>,
}

impl Row {
    /// Notes cells behind the last heading. Most are the rest of a number with a comma in it: `1,234`
    /// would otherwise be read as 1.
    fn within(&self, width: usize, problems: &mut Problems) {
        if self.cells.iter().skip(width).all(|cell| cell.trim().is_empty()) {
            return;
        }
        let why = Words::new(
            "格子比列名多。是不是有逗号没有放在引号 \" 里？",
            "There are more cells than headings; is a comma unquoted?",
        );
        problems.add(Some(self.line), None, why);
    }
}

/// A heading without what people add to it: `面积（㎡）`, ` Cluster code*`, `cluster_code`.
fn heading(text: &str) -> String {
    let text = narrow(text);
    let bare = text.split(['(', '[']).next().unwrap_or_default();
    bare.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '*' | ':'))
        .flat_map(char::to_lowercase)
        .collect()
}

impl<C: Column> Sheet<C> {
    /// Reads the text of a file. `None`, and why in `problems`, when it cannot be read on.
    pub fn read(text: &str, problems: &mut Problems) -> Option<Self> {
        let mut records = records(text, problems).into_iter();
        let Some((line, headings)) = records.next() else {
            // Unless it could not be read, which is told.
            if problems.is_empty() {
                problems.add(None, None, Words::new("文件是空的。", "The file is empty."));
            }
            return None;
        };
        let mut sheet = Self {
            places: vec![None; C::ALL.len()],
            rows: Vec::new(),
            unused: Vec::new(),
            kind: PhantomData,
        };
        // Spreadsheets pad the headings with empty ones as far as the longest row goes: such a place is
        // no column, and what stands there has no heading.
        let width = headings.iter().rposition(|written| !heading(written).is_empty());
        let width = width.map_or(0, |last| last + 1);
        let before = problems.iter().len();
        for (place, written) in headings.into_iter().enumerate() {
            sheet.take(place, written, line, problems);
        }
        for column in C::ALL.iter().filter(|column| column.is_required()) {
            if !sheet.has(*column) {
                let name = column.names()[0];
                problems.add(
                    Some(line),
                    Some(name),
                    Words::new(
                        "缺少这一列。第一行应是列名。",
                        "This column is missing. The first line holds the headings.",
                    ),
                );
            }
        }
        if problems.iter().len() > before {
            return None;
        }
        sheet.rows = records.map(|(line, cells)| Row { line, cells }).collect();
        for row in &sheet.rows {
            row.within(width, problems);
        }
        if sheet.rows.is_empty() && problems.is_empty() {
            problems.add(None, None, Words::new("文件里没有数据行。", "The file has no rows."));
        }
        Some(sheet)
    }

    fn take(&mut self, place: usize, written: String, line: u64, problems: &mut Problems) {
        let plain = heading(&written);
        if plain.is_empty() {
            return;
        }
        let is_named = |column: &C| column.names().iter().any(|name| heading(name) == plain);
        match C::ALL.iter().position(is_named) {
            None => self.unused.push(written),
            Some(column) if self.places[column].is_some() => problems.add(
                Some(line),
                Some(&written),
                Words::new("这一列出现了两次。", "This column is there twice."),
            ),
            Some(column) => self.places[column] = Some((place, written)),
        }
    }

    fn place(&self, column: C) -> Option<&(usize, String)> {
        let index = C::ALL.iter().position(|one| *one == column)?;
        self.places[index].as_ref()
    }

    pub fn has(&self, column: C) -> bool {
        self.place(column).is_some()
    }

    /// What the file calls a column, or what it would be called.
    pub fn heading(&self, column: C) -> &str {
        self.place(column).map_or(column.names()[0], |(_, written)| written.as_str())
    }

    /// The trimmed text of a cell; `None` when the file has no such column.
    pub fn cell<'a>(&self, row: &'a Row, column: C) -> Option<&'a str> {
        let (place, _) = self.place(column)?;
        // Spreadsheets leave empty cells at the end of a line out.
        Some(row.cells.get(*place).map_or("", |cell| cell.trim()))
    }

    /// Notes a problem of a cell.
    pub fn problem(&self, row: &Row, column: C, words: Words, problems: &mut Problems) {
        problems.add(Some(row.line), Some(self.heading(column)), words);
    }
}

/// Lines that somebody may have written into one cell.
const LONGEST_CELL: usize = 20;

/// Non-empty records with the line they begin on. The lines are counted here: those of the library
/// are off by what it has skipped between two records.
fn records(text: &str, problems: &mut Problems) -> Vec<(u64, Vec<String>)> {
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if !first.contains(',') && first.contains('\t') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut found = Vec::new();
    let mut counted = 0;
    let mut line = 1;
    let mut read = reader.records();
    while let Some(record) = read.next() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let why = Words::new(
                    format!("这里不是 CSV：{error}"),
                    format!("This is not CSV: {error}"),
                );
                problems.add(error.position().map(csv::Position::line), None, why);
                break;
            }
        };
        let at = record.position().map_or(0, csv::Position::byte);
        let mut at = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
        while matches!(text.as_bytes().get(at), Some(b'\r' | b'\n')) {
            at += 1;
        }
        line += text.as_bytes()[counted..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        counted = at;
        let end = usize::try_from(read.reader().position().byte()).unwrap_or(usize::MAX);
        let raw = &text.as_bytes()[at..end.clamp(at, text.len())];
        let is_broken =
            record.iter().any(|cell| cell.contains('\n')) && !is_quoted_well(raw, delimiter);
        if is_broken || record.iter().any(|cell| cell.lines().count() > LONGEST_CELL) {
            // Otherwise the lines after it would silently become one cell.
            let why = Words::new(
                "这里的引号 \" 没有成对，后面的行都并进了一个格子。",
                "A quotation mark \" opened here is not closed, so that the lines after it became one cell.",
            );
            problems.add(Some(line), None, why);
            break;
        }
        if record.iter().any(|cell| !cell.trim().is_empty()) {
            found.push((line, record.iter().map(str::to_owned).collect()));
        }
    }
    found
}

/// Whether every quoted cell of a record is closed, and nothing but the next cell follows. A mark that
/// is not closed takes the next one of the file for its end, or the end of the file; to count the
/// marks was rejected: an inch in a cell without quotes (`3"`) is one too.
fn is_quoted_well(raw: &[u8], delimiter: u8) -> bool {
    let mut rest = raw.iter().copied().peekable();
    let mut begins = true;
    while let Some(byte) = rest.next() {
        if !(begins && byte == b'"') {
            begins = byte == delimiter;
            continue;
        }
        loop {
            match rest.next() {
                None => return false,
                Some(b'"') if rest.next_if_eq(&b'"').is_none() => break,
                Some(_) => {}
            }
        }
        let follows = rest.peek().copied();
        if !follows.is_none_or(|byte| byte == delimiter || matches!(byte, b'\r' | b'\n')) {
            return false;
        }
        begins = false;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Two {
        Unit,
        Area,
    }

    impl Column for Two {
        const ALL: &'static [Self] = &[Two::Unit, Two::Area];
        fn names(self) -> &'static [&'static str] {
            match self {
                Two::Unit => &["房号", "unit"],
                Two::Area => &["面积", "area_m2"],
            }
        }
        fn is_required(self) -> bool {
            self == Two::Unit
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let text =
            "Area m2,备注, 房号 \r\n\r\n1,\"两\r\n行\",1-101\r\n,,\r\n2,,\"1-102\"\r\n\n3,x,1-103";
        let mut problems = Problems::default();
        let sheet = Sheet::<Two>::read(text, &mut problems).unwrap();
        assert!(problems.is_empty(), "{problems}");
        let units: Vec<_> =
            sheet.rows.iter().map(|row| (row.line, sheet.cell(row, Two::Unit))).collect();
        assert_eq!(units, [(3, Some("1-101")), (6, Some("1-102")), (8, Some("1-103"))]);
        assert_eq!(sheet.unused, ["备注"]);
    }

    #[test]
    fn headings_are_found_by_either_name_with_units_behind_them() {
        for first in ["房号,面积（㎡）", "unit,AREA_M2", "Unit*\tarea m2 [m²]"] {
            let mut problems = Problems::default();
            let text =
                format!("{first}\n1-101{}88.5", if first.contains('\t') { '\t' } else { ',' });
            let sheet = Sheet::<Two>::read(&text, &mut problems).unwrap();
            assert_eq!(sheet.cell(&sheet.rows[0], Two::Area), Some("88.5"), "{first}");
        }
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_does_not_swallow_the_rest() {
        let rest = "1,1-102\n".repeat(30);
        let mut problems = Problems::default();
        Sheet::<Two>::read(&format!("面积,房号\n1,1-101\n2,\"1-102\n{rest}"), &mut problems);
        assert_eq!(problems.iter().next().and_then(|problem| problem.line), Some(3), "{problems}");
    }

    #[test]
    fn a_missing_and_a_doubled_column_are_both_told() {
        let mut problems = Problems::default();
        assert!(Sheet::<Two>::read("面积,area_m2\n1,2", &mut problems).is_none());
        assert_eq!(problems.iter().len(), 2, "{problems}");
    }
}
