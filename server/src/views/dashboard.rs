//! The live dashboard: what is open, what breaches next, rounds and calls by cluster, devices.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use chrono::{Days, NaiveDate};
use domain::id::ClusterId;
use domain::modules::company::Settings;
use domain::modules::fees::call_list::{done_today, for_day, promises_due};
use domain::modules::fees::{Arrears, FeeCall};
use domain::modules::households::Cluster;
use domain::modules::tickets::TicketKind;
use domain::sync::Scope;
use domain::time::MINUTE;
use domain::views::{ClusterToday, Dashboard, DayCount};
use domain::{Fen, Ms, Right};
use sqlx::Row;

use super::due::Duty;
use super::tickets::{self, LIMIT, OPEN, SOLVED};
use super::{OfProject, attention, count, devices, happenings, named, parsed, scope_for};
use crate::auth::{Signed, store as accounts};
use crate::db::{Db, sql};
use crate::error::ApiError;
use crate::openapi::ErrorEnvelope;
use crate::state::AppState;
use crate::store;

/// Days of the trend.
const TREND: u64 = 14;
/// How far back every call may matter to today's list: longer than the longest window. Of the time before, only
/// what a household said last does, which may be a promise.
const CALLS_BACK: u64 = 130;

/// Everything the wall screen shows.
#[utoipa::path(get, path = "/api/v1/views/dashboard", tag = "views", security(("session" = [])),
    responses((status = 200, description = "The figures of this moment"),
              (status = 403, description = "`common.not_allowed`", body = ErrorEnvelope)))]
pub async fn dashboard(
    State(state): State<AppState>,
    signed: Signed,
    Query(of): Query<OfProject>,
) -> Result<Json<Dashboard>, ApiError> {
    let (scope, project) = scope_for(&state, &signed, Right::ViewOffice, of.project).await?;
    let settings = accounts::settings(&state.db).await?;
    let now = state.clock.now();
    let today = settings.zone.date(now);
    let db = &state.db;
    let devices = devices::all(db).await?;
    let duty = Duty::load(db, scope, today - Days::new(1), today, &devices).await?;
    let tickets = Tickets::load(db, scope, now).await?;
    let calls = Calls::load(db, scope, &settings, today).await?;
    let mut clusters = {
        let mut tx = db.begin_read().await?;
        store::records::all::<Cluster>(&mut tx, Some(scope)).await?
    };
    clusters.sort_by(|a, b| a.code.cmp(&b.code));
    let rounds = duty.on(today, &settings, now);
    let money = signed.actor.may(Right::ViewArrears);
    let clusters = clusters
        .into_iter()
        .map(|cluster| {
            let calls = calls.of(cluster.id, &settings, today);
            ClusterToday {
                steward: duty.steward(cluster.id).map(|user| user.name.clone()),
                rounds: rounds.iter().filter(|r| r.cluster == cluster.id).cloned().collect(),
                open_tickets: tickets.open.get(&cluster.id).copied().unwrap_or(0),
                over: tickets.over.get(&cluster.id).copied().unwrap_or(0),
                calls_made: calls.made,
                calls_left: calls.left,
                promises_due: if money { calls.promises } else { 0 },
                // Whoever may not see what a household owes sees no sums either.
                households_owing: if money { calls.owing } else { 0 },
                owed: if money { calls.owed } else { Fen(0) },
                cluster: cluster.id,
                code: cluster.code,
                name: cluster.name,
            }
        })
        .collect();
    Ok(Json(Dashboard {
        project,
        at: now,
        open_by_kind: tickets.by_kind,
        unassigned: tickets.unassigned,
        over: tickets.over.values().sum(),
        soon: tickets.soon,
        relay_over: tickets.relay_over,
        conflicts: attention::to_settle(db, scope, &signed.actor, now).await?,
        return_visits: tickets.return_visits,
        pressing: tickets::pressing(db, &scope.to_string(), now, 10).await?,
        clusters,
        devices: devices.into_iter().filter(|device| !device.revoked).take(40).collect(),
        happenings: happenings::latest(db, scope, money, 14).await?,
        days: trend(db, scope, &settings, today).await?,
    }))
}

struct Tickets {
    by_kind: Vec<(TicketKind, u32)>,
    open: HashMap<ClusterId, u32>,
    over: HashMap<ClusterId, u32>,
    soon: u32,
    unassigned: u32,
    /// Past the time in which somebody should have been given it.
    relay_over: u32,
    return_visits: u32,
}

impl Tickets {
    async fn load(db: &Db, scope: Scope, now: Ms) -> Result<Self, ApiError> {
        let soon_at = now.plus(30 * MINUTE).0;
        let now = now.0;
        let runs = tickets::runs(now);
        let rows = sql(format!(
            "SELECT kind, cluster_id, COUNT(*), \
             COALESCE(SUM(CASE WHEN {runs} AND {LIMIT} < {now} THEN 1 ELSE 0 END), 0), \
             COALESCE(SUM(CASE WHEN {runs} AND {LIMIT} >= {now} AND {LIMIT} < {soon_at} THEN 1 ELSE 0 END), 0), \
             COALESCE(SUM(CASE WHEN assignee IS NULL THEN 1 ELSE 0 END), 0), \
             COALESCE(SUM(CASE WHEN relay_due < {now} THEN 1 ELSE 0 END), 0) \
             FROM tickets WHERE scope = $1 AND {OPEN} GROUP BY kind, cluster_id"
        ))
        .bind(scope.to_string())
        .fetch_all(db.readers())
        .await?;
        let mut tickets = Self {
            by_kind: TicketKind::ALL.map(|kind| (kind, 0)).to_vec(),
            open: HashMap::new(),
            over: HashMap::new(),
            soon: 0,
            unassigned: 0,
            relay_over: 0,
            return_visits: 0,
        };
        for row in &rows {
            let kind: TicketKind = named(row.try_get(0)?)?;
            let cluster: ClusterId = parsed(row, 1)?;
            let (open, over) = (count(row, 2)?, count(row, 3)?);
            for (own, total) in &mut tickets.by_kind {
                if *own == kind {
                    *total += open;
                }
            }
            *tickets.open.entry(cluster).or_default() += open;
            *tickets.over.entry(cluster).or_default() += over;
            tickets.soon += count(row, 4)?;
            tickets.unassigned += count(row, 5)?;
            tickets.relay_over += count(row, 6)?;
        }
        let row = sql("SELECT COUNT(*) FROM tickets WHERE scope = $1 AND state = 'return_visit'")
            .bind(scope.to_string())
            .fetch_one(db.readers())
            .await?;
        tickets.return_visits = count(&row, 0)?;
        Ok(tickets)
    }
}

struct Calls {
    arrears: Vec<Arrears>,
    calls: Vec<FeeCall>,
    solved: HashMap<domain::id::TicketId, bool>,
}

/// One cluster's calls of the day.
struct CallsToday {
    made: u32,
    left: u32,
    promises: u32,
    owing: u32,
    owed: Fen,
}

impl Calls {
    async fn load(
        db: &Db,
        scope: Scope,
        settings: &Settings,
        today: NaiveDate,
    ) -> Result<Self, ApiError> {
        let since = settings.zone.start_of_day(today - Days::new(CALLS_BACK)).0;
        let mut tx = db.begin_read().await?;
        let rows = sql("SELECT body FROM arrears WHERE scope = $1 AND owed > 0")
            .bind(scope.to_string())
            .fetch_all(&mut *tx)
            .await?;
        let arrears = rows.iter().map(|row| decode(row, "arrears")).collect::<Result<_, _>>()?;
        let rows = sql("SELECT c.body FROM fee_calls c WHERE c.scope = $1 AND (c.at >= $2 \
             OR (c.outcome IN ('connected', 'refused') AND NOT EXISTS (SELECT 1 FROM fee_calls b \
             WHERE b.unit_id = c.unit_id AND b.at > c.at AND b.outcome IN ('connected', 'refused'))))")
        .bind(scope.to_string())
        .bind(since)
        .fetch_all(&mut *tx)
        .await?;
        let calls = rows.iter().map(|row| decode(row, "fee_calls")).collect::<Result<_, _>>()?;
        let rows = sql(format!(
            "SELECT t.id, CASE WHEN t.{SOLVED} THEN 1 ELSE 0 END FROM fee_calls c \
             JOIN tickets t ON t.id = c.ticket_id WHERE c.scope = $1"
        ))
        .bind(scope.to_string())
        .fetch_all(&mut *tx)
        .await?;
        let solved = rows
            .iter()
            .map(|row| Ok((parsed(row, 0)?, count(row, 1)? == 1)))
            .collect::<Result<_, ApiError>>()?;
        Ok(Self { arrears, calls, solved })
    }

    fn of(&self, cluster: ClusterId, settings: &Settings, today: NaiveDate) -> CallsToday {
        let own = || self.arrears.iter().filter(|a| a.cluster == cluster);
        let calls = || self.calls.iter().filter(|c| c.cluster == cluster);
        let solved = |ticket| self.solved.get(&ticket).copied();
        let list = for_day(today, settings, own(), calls(), &solved);
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        CallsToday {
            made: small(done_today(today, settings, calls())),
            left: small(list.len()),
            promises: small(promises_due(today, settings, own(), calls(), &solved).len()),
            owing: small(own().count()),
            owed: own().map(|arrears| arrears.owed).sum(),
        }
    }
}

fn decode<T: serde::de::DeserializeOwned>(
    row: &sqlx::any::AnyRow,
    table: &'static str,
) -> Result<T, ApiError> {
    serde_json::from_str(row.try_get(0)?).map_err(|error| ApiError::fault(table, error))
}

async fn trend(
    db: &Db,
    scope: Scope,
    settings: &Settings,
    today: NaiveDate,
) -> Result<Vec<DayCount>, ApiError> {
    let first = today - Days::new(TREND - 1);
    let since = settings.zone.start_of_day(first).0;
    let rows = sql(
        "SELECT opened_at, stopped FROM tickets WHERE scope = $1 AND (opened_at >= $2 OR stopped >= $2)",
    )
    .bind(scope.to_string())
    .bind(since)
    .fetch_all(db.readers())
    .await?;
    let mut days: Vec<DayCount> = (0..TREND)
        .map(|ahead| DayCount { date: first + Days::new(ahead), opened: 0, finished: 0 })
        .collect();
    for row in &rows {
        let opened = settings.zone.date(Ms(row.try_get(0)?));
        let finished = row.try_get::<Option<i64>, _>(1)?.map(|at| settings.zone.date(Ms(at)));
        for day in &mut days {
            day.opened += u32::from(day.date == opened);
            day.finished += u32::from(Some(day.date) == finished);
        }
    }
    Ok(days)
}
