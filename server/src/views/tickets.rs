//! The ticket table: filter, sort, search, page.

use axum::Json;
use axum::extract::{Query, State};
use domain::id::{ClusterId, ProjectId, UserId};
use domain::modules::tickets::{Clock, TicketState};
use domain::refusal::CommonCode;
use domain::views::{TicketLine, TicketTable};
use domain::{Ms, Refusal, Right, text};
use serde::Deserialize;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{count, ms, ms_opt, named, parsed, parsed_opt, scope_for};
use crate::auth::Signed;
use crate::db::{Db, sql};
use crate::error::ApiError;
use crate::openapi::ErrorEnvelope;
use crate::state::AppState;

/// Most rows of one page.
const MOST: i64 = 500;

/// What the address bar of the table holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TicketFilter {
    pub project: Option<ProjectId>,
    /// `open` (default), `finished`, `all`, or the name of a state.
    pub state: Option<String>,
    pub kind: Option<String>,
    pub cluster: Option<ClusterId>,
    /// A person, or `none`.
    pub assignee: Option<String>,
    /// Only what is over its limit.
    pub over: Option<bool>,
    /// Only with unsettled conflicts.
    pub conflict: Option<bool>,
    /// A number, or a part of the place, of the contact's name or telephone number, or of the
    /// description; `#7` is the number only.
    pub q: Option<String>,
    /// `due` (default), `number`, `opened`, `place`, `state`.
    pub sort: Option<String>,
    pub descending: Option<bool>,
    pub offset: Option<i64>,
    pub limit: Option<i64>,
}

/// States in which the work is not over: `TicketState::is_finished` in SQL, turned round.
pub(crate) const OPEN: &str =
    "state IN ('received', 'assessed', 'assigned', 'accepted', 'in_progress', 'waiting')";

/// States in which what was asked for has been done: `TicketState::is_solved` in SQL.
pub(crate) const SOLVED: &str = "state IN ('done', 'return_visit', 'closed')";

pub(crate) const COLUMNS: &str = "t.id, t.number, t.kind, t.category, t.urgency, t.state, \
     t.cluster_id, t.place, t.assignee, u.name, t.opened_at, t.due, t.relay_due, t.paused, \
     t.stopped, t.conflicts, t.paused_until";

/// Tickets whose clock runs now; one whose wait is over does (`Clock::is_paused`).
pub(crate) fn runs(now: i64) -> String {
    format!("(paused IS NULL OR paused_until <= {now})")
}

/// The limit of a clock that runs: what a wait that is over has taken out moves it on.
pub(crate) const LIMIT: &str = "(due + COALESCE(paused_until - paused, 0))";

/// One page of the project's tickets.
#[utoipa::path(get, path = "/api/v1/views/tickets", tag = "views", security(("session" = [])),
    params(
        ("state" = Option<String>, Query, description = "`open`, `finished`, `all` or a state"),
        ("kind" = Option<String>, Query), ("cluster" = Option<String>, Query),
        ("assignee" = Option<String>, Query, description = "A person's id, or `none`"),
        ("over" = Option<bool>, Query), ("conflict" = Option<bool>, Query),
        ("q" = Option<String>, Query, 
            description = "A number (`#7`: nothing else), or a part of the place, of the contact's name \
                           or telephone number, or of the description"),
        ("sort" = Option<String>, Query, description = "`due`, `number`, `opened`, `place`, `state`"),
        ("descending" = Option<bool>, Query), ("offset" = Option<i64>, Query),
        ("limit" = Option<i64>, Query, description = "At most 500"),
    ),
    responses((status = 200, description = "`{total, rows}`"),
              (status = 403, description = "`common.not_allowed`", body = ErrorEnvelope)))]
pub async fn tickets(
    State(state): State<AppState>,
    signed: Signed,
    Query(filter): Query<TicketFilter>,
) -> Result<Json<TicketTable>, ApiError> {
    let (scope, _) = scope_for(&state, &signed, Right::ViewOffice, filter.project).await?;
    let now = state.clock.now().0;
    let mut wheres = vec!["t.scope = $1".to_owned()];
    let mut texts = vec![scope.to_string()];
    let mut bind = |wheres: &mut Vec<String>, clause: &str, value: String| {
        texts.push(value);
        wheres.push(clause.replace('?', &format!("${}", texts.len())));
    };
    match filter.state.as_deref().unwrap_or("open") {
        "all" => {}
        "open" => wheres.push(format!("t.{OPEN}")),
        "finished" => wheres.push(format!("NOT t.{OPEN}").replace("NOT t.state", "t.state NOT")),
        name if TicketState::NAMES.contains(&name) => bind(&mut wheres, "t.state = ?", name.into()),
        other => return Err(bad("state", other)),
    }
    if let Some(kind) = filter.kind.filter(|kind| !kind.is_empty()) {
        bind(&mut wheres, "t.kind = ?", kind);
    }
    if let Some(cluster) = filter.cluster {
        bind(&mut wheres, "t.cluster_id = ?", cluster.to_string());
    }
    match filter.assignee.as_deref() {
        None | Some("") => {}
        Some("none") => wheres.push("t.assignee IS NULL".into()),
        Some(person) => {
            let person: UserId = person.parse().map_err(|_| bad("assignee", person))?;
            bind(&mut wheres, "t.assignee = ?", person.to_string());
        }
    }
    if filter.over == Some(true) {
        wheres.push(format!("t.{OPEN} AND {} AND {LIMIT} < {now}", runs(now)));
    }
    if filter.conflict == Some(true) {
        wheres.push("t.conflicts > 0".into());
    }
    let mut sought = None;
    if let Some(query) = filter.q.as_deref().map(str::trim).filter(|query| !query.is_empty()) {
        // Digits may also be of a room or of a telephone number.
        sought = query.trim_start_matches('#').parse::<i64>().ok();
        match sought {
            Some(number) if query.starts_with('#') => wheres.push(format!("t.number = {number}")),
            Some(number) => {
                let clause = format!("(t.number = {number} OR {HAS_WORDS})");
                bind(&mut wheres, &clause, pattern(query));
            }
            None => bind(&mut wheres, HAS_WORDS, pattern(query)),
        }
    }
    let direction = if filter.descending.unwrap_or(false) { "DESC" } else { "ASC" };
    let order = match filter.sort.as_deref().unwrap_or("due") {
        "due" => by_time_left(now, direction),
        "number" => format!("t.number {direction}"),
        "opened" => format!("t.opened_at {direction}"),
        "place" => format!("t.place {direction}"),
        "state" => format!("t.state {direction}"),
        other => return Err(bad("sort", other)),
    };
    // The ticket of the number that was typed comes before those that only hold its digits.
    let order = match sought {
        Some(number) => format!("CASE WHEN t.number = {number} THEN 0 ELSE 1 END, {order}"),
        None => order,
    };
    let limit = filter.limit.unwrap_or(100).clamp(1, MOST);
    let offset = filter.offset.unwrap_or(0).max(0);
    let wheres = wheres.join(" AND ");
    let mut total = sql(format!("SELECT COUNT(*) FROM tickets t WHERE {wheres}"));
    let mut page = sql(format!(
        "SELECT {COLUMNS} FROM tickets t LEFT JOIN users u ON u.id = t.assignee WHERE {wheres} \
         ORDER BY {order}, t.id LIMIT {limit} OFFSET {offset}"
    ));
    for text in &texts {
        total = total.bind(text.clone());
        page = page.bind(text.clone());
    }
    let mut tx = state.db.begin_read().await?;
    let total: i64 = total.fetch_one(&mut *tx).await?.try_get(0)?;
    let rows = page.fetch_all(&mut *tx).await?;
    let rows = rows.iter().map(line).collect::<Result<_, _>>()?;
    Ok(Json(TicketTable { total: u64::try_from(total).unwrap_or(0), rows }))
}

/// By what `Clock::left` says: running clocks, then those that wait, then those that have stopped.
/// That order stays in either direction: what waits presses nobody.
fn by_time_left(now: i64, direction: &str) -> String {
    let runs = runs(now);
    format!(
        "CASE WHEN stopped IS NOT NULL THEN 2 WHEN {runs} THEN 0 ELSE 1 END, \
         CASE WHEN stopped IS NOT NULL THEN due - stopped WHEN {runs} THEN {LIMIT} - {now} \
         ELSE due - paused END {direction}"
    )
}

/// Tickets in which what was typed stands somewhere.
const HAS_WORDS: &str = "t.words LIKE ? ESCAPE '!'";

/// Finds what was typed, as it was typed, whatever the case of its letters.
fn pattern(query: &str) -> String {
    let mut pattern = String::from("%");
    for letter in query.to_lowercase().chars().filter(|letter| *letter != '\0').take(text::LINE) {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

fn bad(field: &'static str, value: &str) -> ApiError {
    Refusal::new(CommonCode::BadRequest).with("field", field).with("value", value).into()
}

/// Reads a row of `COLUMNS`.
pub(crate) fn line(row: &AnyRow) -> Result<TicketLine, ApiError> {
    let kind: &str = row.try_get(2)?;
    let urgency: &str = row.try_get(4)?;
    let number: Option<i64> = row.try_get(1)?;
    Ok(TicketLine {
        id: parsed(row, 0)?,
        number: number.and_then(|number| u32::try_from(number).ok()),
        kind: named(kind)?,
        category: row.try_get(3)?,
        urgency: named(urgency)?,
        state: row.try_get(5)?,
        cluster: parsed(row, 6)?,
        place: row.try_get(7)?,
        assignee: parsed_opt(row, 8)?,
        assignee_name: row.try_get(9)?,
        opened_at: ms(row, 10)?,
        clock: Clock {
            started: ms(row, 10)?,
            due: ms(row, 11)?,
            relay_due: ms_opt(row, 12)?,
            paused: ms_opt(row, 13)?,
            paused_until: ms_opt(row, 16)?,
            stopped: ms_opt(row, 14)?,
        },
        conflicts: count(row, 15)?,
    })
}

/// Open tickets of a scope, most pressing first; those that wait are left out. One that nobody has
/// relayed yet presses by its relay clock, which runs out long before the other.
pub(crate) async fn pressing(
    db: &Db,
    scope: &str,
    now: Ms,
    limit: i64,
) -> Result<Vec<TicketLine>, ApiError> {
    let rows = sql(format!(
        "SELECT {COLUMNS} FROM tickets t LEFT JOIN users u ON u.id = t.assignee \
         WHERE t.scope = $1 AND t.{OPEN} AND {runs} \
         ORDER BY CASE WHEN relay_due < {LIMIT} THEN relay_due ELSE {LIMIT} END, t.id LIMIT {limit}",
        runs = runs(now.0)
    ))
    .bind(scope.to_owned())
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_states_that_sql_calls_open_or_solved_are_those_of_the_rules() {
        for name in TicketState::NAMES {
            let who = UserId::derived(&["li"]);
            let state: TicketState = serde_json::from_value(json!({
                "name": name, "to": who, "by": who, "since": 0, "at": 0, "due": 0, "reason": "parts"
            }))
            .unwrap();
            assert_eq!(state.name(), name);
            let among = |list: &str| list.contains(&format!("'{name}'"));
            assert_eq!(among(OPEN), !state.is_finished(), "{name}");
            assert_eq!(among(SOLVED), state.is_solved(), "{name}");
        }
        // And nothing else stands there.
        let named = |list: &str| list.matches('\'').count() / 2;
        assert_eq!(
            named(OPEN) + named(SOLVED) + 1,
            TicketState::NAMES.len(),
            "declined is neither"
        );
    }
}
