//! The office table's filters: in the address of the page, and in the address of the view.

use super::link::address;

/// Rows of one page.
pub const PAGE: u64 = 100;

/// Columns that can be sorted by.
pub const SORTS: [&str; 5] = ["due", "number", "opened", "place", "state"];

/// What the address of the page holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableQuery {
    /// `open` when empty.
    pub state: String,
    pub kind: String,
    pub cluster: String,
    pub assignee: String,
    pub over: bool,
    pub conflict: bool,
    pub q: String,
    /// `due` when empty.
    pub sort: String,
    pub descending: bool,
    pub offset: u64,
}

impl TableQuery {
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| get(name).unwrap_or_default();
        let flag = |name: &str| get(name).as_deref() == Some("true");
        Self {
            state: text("state"),
            kind: text("kind"),
            cluster: text("cluster"),
            assignee: text("assignee"),
            over: flag("over"),
            conflict: flag("conflict"),
            q: text("q"),
            sort: text("sort"),
            descending: flag("descending"),
            offset: text("offset").parse().unwrap_or(0),
        }
    }

    fn at(&self, path: &str, limit: &str) -> String {
        let flag = |on: bool| if on { "true" } else { "" };
        let offset = if self.offset == 0 { String::new() } else { self.offset.to_string() };
        address(
            path,
            &[
                ("state", &self.state),
                ("kind", &self.kind),
                ("cluster", &self.cluster),
                ("assignee", &self.assignee),
                ("over", flag(self.over)),
                ("conflict", flag(self.conflict)),
                ("q", self.q.trim()),
                ("sort", &self.sort),
                ("descending", flag(self.descending)),
                ("offset", &offset),
                ("limit", limit),
            ],
        )
    }

    pub fn page_address(&self) -> String {
        self.at("/office/tickets", "")
    }

    pub fn view_address(&self) -> String {
        self.at("/api/v1/views/tickets", &PAGE.to_string())
    }

    /// Whether anything narrows the table beyond what it opens with.
    pub fn is_narrowed(&self) -> bool {
        let plain =
            Self { sort: self.sort.clone(), descending: self.descending, ..Self::default() };
        Self { offset: 0, ..self.clone() } != plain
    }

    fn column(&self) -> &str {
        if self.sort.is_empty() { SORTS[0] } else { &self.sort }
    }

    /// One press on a header: sorts by it, a second one turns it round. Starts from the first page.
    #[must_use]
    pub fn sorted_by(&self, column: &str) -> Self {
        let descending = self.column() == column && !self.descending;
        let sort = if column == SORTS[0] { String::new() } else { column.to_owned() };
        Self { sort, descending, offset: 0, ..self.clone() }
    }

    /// For `aria-sort`.
    pub fn order_of(&self, column: &str) -> &'static str {
        match (self.column() == column, self.descending) {
            (false, _) => "none",
            (true, false) => "ascending",
            (true, true) => "descending",
        }
    }

    /// The page before this one, and the one after, while there are rows.
    pub fn neighbours(&self, total: u64) -> (Option<u64>, Option<u64>) {
        let before = (self.offset > 0).then(|| self.offset.saturating_sub(PAGE));
        let after = self.offset.saturating_add(PAGE);
        (before, (after < total).then_some(after))
    }
}

/// Where `j` and `k` lead from the row that is marked.
pub fn moved(at: Option<usize>, rows: usize, down: bool) -> Option<usize> {
    let last = rows.checked_sub(1)?;
    Some(match (at, down) {
        (None, true) => 0,
        (None, false) => last,
        (Some(at), true) => (at + 1).min(last),
        (Some(at), false) => at.min(last).saturating_sub(usize::from(at <= last)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> TableQuery {
        let query = address.split_once('?').map_or("", |(_, query)| query).to_owned();
        TableQuery::read(move |name| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        })
    }

    #[test]
    fn what_is_on_the_screen_is_in_the_address_and_comes_back_from_it() {
        let query = TableQuery {
            state: "finished".into(),
            over: true,
            q: "3-2".into(),
            sort: "number".into(),
            descending: true,
            offset: 200,
            ..TableQuery::default()
        };
        assert_eq!(read(&query.page_address()), query);
        assert!(query.view_address().ends_with("&limit=100"));
        assert_eq!(TableQuery::default().page_address(), "/office/tickets");
    }

    #[test]
    fn a_second_press_on_a_header_turns_the_order_round() {
        let once = TableQuery { offset: 100, ..TableQuery::default() }.sorted_by("number");
        assert_eq!((once.order_of("number"), once.offset), ("ascending", 0));
        assert_eq!(once.sorted_by("number").order_of("number"), "descending");
        assert_eq!(once.order_of("due"), "none");
        assert_eq!(TableQuery::default().sorted_by("due").order_of("due"), "descending");
    }

    #[test]
    fn paging_stops_at_both_ends() {
        let first = TableQuery::default();
        assert_eq!(first.neighbours(100), (None, None));
        assert_eq!(first.neighbours(101), (None, Some(100)));
        let second = TableQuery { offset: 100, ..first };
        assert_eq!(second.neighbours(150), (Some(0), None));
    }

    #[test]
    fn j_and_k_walk_the_rows_and_stop_at_both_ends() {
        assert_eq!(moved(None, 3, true), Some(0));
        assert_eq!(moved(Some(2), 3, true), Some(2));
        assert_eq!(moved(Some(0), 3, false), Some(0));
        assert_eq!(moved(Some(2), 3, false), Some(1));
        // The table became shorter meanwhile.
        assert_eq!(moved(Some(9), 3, false), Some(2));
        assert_eq!(moved(Some(1), 0, true), None);
    }

    #[test]
    fn sorting_alone_narrows_nothing() {
        assert!(!TableQuery::default().sorted_by("place").is_narrowed());
        assert!(TableQuery { over: true, ..TableQuery::default() }.is_narrowed());
    }
}
