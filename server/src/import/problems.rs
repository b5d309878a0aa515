//! What is wrong in a file, each with its line and column, so that one look mends all of it.

use std::fmt;

use crate::words::Words;

/// Most problems that are listed; the rest are counted.
const LISTED: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file, from 1, as an editor counts; `None` for the file as a whole.
    pub line: Option<u64>,
    /// The column's heading as the file has it, or as it should be called.
    pub column: Option<String>,
    pub words: Words,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.column.as_deref();
        match (self.line, column) {
            (Some(line), Some(column)) => write!(
                f,
                "第 {line} 行“{column}”：{} / line {line}, column “{column}”: {}",
                self.words.zh, self.words.en
            ),
            (Some(line), None) => {
                write!(f, "第 {line} 行：{} / line {line}: {}", self.words.zh, self.words.en)
            }
            (None, Some(column)) => {
                write!(f, "“{column}”：{} / column “{column}”: {}", self.words.zh, self.words.en)
            }
            (None, None) => self.words.fmt(f),
        }
    }
}

/// All that is wrong in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub fn add(&mut self, line: Option<u64>, column: Option<&str>, words: Words) {
        self.0.push(Problem { line, column: column.map(str::to_owned), words });
    }

    /// About the file as a whole.
    pub fn of_file(words: Words) -> Self {
        Self(vec![Problem { line: None, column: None, words }])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// `Err` with the problems in the order of the file, if there are any.
    pub fn settle(mut self) -> Result<(), Self> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort_by_key(|problem| problem.line);
        Err(self)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(
            f,
            "文件有 {count} 处问题，没有写入任何内容 / {count} problems in the file, nothing was written:"
        )?;
        for problem in self.0.iter().take(LISTED) {
            write!(f, "\n  {problem}")?;
        }
        if count > LISTED {
            let more = count - LISTED;
            write!(f, "\n  …还有 {more} 处 / and {more} more")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_problems_are_listed_in_the_order_of_the_file_and_the_rest_counted() {
        let mut problems = Problems::default();
        for line in (1..=60).rev() {
            problems.add(Some(line), Some("面积"), Words::new("不对", "wrong"));
        }
        let text = problems.settle().unwrap_err().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("60"), "{text}");
        assert!(lines[1].contains("第 1 行“面积”") && lines[1].contains("line 1, column"));
        assert_eq!(lines.len(), 1 + 50 + 1);
        assert!(lines[51].contains("10"), "{text}");
    }
}
