//! The rows of an arrears file: what one unit owes, and since when.

use chrono::{Datelike, Months, NaiveDate};
use domain::Fen;
use domain::modules::households::search::normalise_label;

use super::cells;
use super::problems::Problems;
use super::sheet::{Column, Row, Sheet};
use crate::words::Words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Col {
    Unit,
    Owed,
    Months,
    Since,
}

impl Column for Col {
    const ALL: &'static [Self] = &[Col::Unit, Col::Owed, Col::Months, Col::Since];

    fn names(self) -> &'static [&'static str] {
        match self {
            Col::Unit => &["房号", "房间号", "房屋编号", "unit", "unit_label", "label"],
            Col::Owed => &["欠费", "欠费金额", "欠费合计", "owed", "arrears"],
            Col::Months => &["欠费月数", "月数", "months"],
            Col::Since => &["起始月", "欠费起始月", "since"],
        }
    }

    fn is_required(self) -> bool {
        matches!(self, Col::Unit | Col::Owed)
    }
}

/// What one unit owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrearsRow {
    /// Place of its row in the sheet.
    pub index: usize,
    /// As `normalise_label` writes it.
    pub label: String,
    pub owed: Fen,
    pub months: u32,
    pub since: Option<NaiveDate>,
}

/// Reads every row; those with problems are left out. `as_of` is the day the figures were true.
pub fn read(sheet: &Sheet<Col>, as_of: NaiveDate, problems: &mut Problems) -> Vec<ArrearsRow> {
    let rows = sheet.rows.iter().enumerate();
    rows.filter_map(|(index, row)| arrears(sheet, row, index, as_of, problems)).collect()
}

fn arrears(
    sheet: &Sheet<Col>,
    row: &Row,
    index: usize,
    as_of: NaiveDate,
    problems: &mut Problems,
) -> Option<ArrearsRow> {
    let text = |column| sheet.cell(row, column).unwrap_or_default();
    let mut note = |column, words| sheet.problem(row, column, words, problems);
    // Every cell is read before the row is given up, so that all its problems are listed.
    let label = normalise_label(text(Col::Unit));
    if label.is_empty() {
        note(Col::Unit, Words::new("没有填。", "It is empty."));
    }
    let owed = cells::money(text(Col::Owed)).map_err(|words| note(Col::Owed, words)).ok();
    let months = match text(Col::Months) {
        "" => Some(None),
        months => match cells::whole(months, &["个月", "月"]).map(u32::try_from) {
            Ok(Ok(months)) => Some(Some(months)),
            _ => {
                note(
                    Col::Months,
                    Words::new(
                        format!("“{months}”不是月数。"),
                        format!("“{months}” is no number of months."),
                    ),
                );
                None
            }
        },
    };
    let since = match text(Col::Since) {
        "" => Some(None),
        since => match cells::month(since) {
            Ok(since) => Some(Some(since)),
            Err(words) => {
                note(Col::Since, words);
                None
            }
        },
    };
    let (owed, months, since) = (owed?, months?, since?);
    if label.is_empty() {
        return None;
    }
    let (months, since) = period(months.filter(|months| *months > 0), since, as_of);
    Some(ArrearsRow { index, label, owed: Fen(owed), months, since })
}

/// Months and the first unpaid month: one follows from the other, unpaid up to the month of `as_of`.
fn period(
    months: Option<u32>,
    since: Option<NaiveDate>,
    as_of: NaiveDate,
) -> (u32, Option<NaiveDate>) {
    let number = |date: NaiveDate| date.year() * 12 + date.month0().cast_signed();
    match (months, since) {
        (None, None) => (0, None),
        (Some(months), Some(since)) => (months, Some(since)),
        // Later than `as_of` it counts no month, and the rules refuse it.
        (None, Some(since)) => {
            (u32::try_from(number(as_of) - number(since) + 1).unwrap_or(0), Some(since))
        }
        (Some(months), None) => {
            let first =
                as_of.with_day(1).and_then(|day| day.checked_sub_months(Months::new(months - 1)));
            (months, first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_the_first_month_follow_from_each_other() {
        let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        let as_of = date(2026, 11, 12);
        let august = date(2026, 8, 1);
        assert_eq!(period(Some(4), None, as_of), (4, Some(august)));
        assert_eq!(period(None, Some(august), as_of), (4, Some(august)));
        assert_eq!(period(Some(3), Some(august), as_of), (3, Some(august)));
        assert_eq!(period(None, None, as_of), (0, None));
        assert_eq!(period(Some(14), None, as_of), (14, Some(date(2025, 10, 1))));
    }
}
