//! Due rounds of a stretch of days with what became of them.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use domain::Ms;
use domain::id::{ClusterId, RoundId, UserId};
use domain::modules::accounts::User;
use domain::modules::company::Settings;
use domain::modules::rounds::due::{DueRound, DueState, expand, state};
use domain::modules::rounds::{Flag, Round, Schedule};
use domain::sync::Scope;
use domain::views::{DeviceLine, RoundLine};
use sqlx::Row;

use crate::db::{Db, sql};
use crate::error::ApiError;
use crate::store;

/// What due rounds are made from.
pub(crate) struct Duty {
    pub schedules: Vec<Schedule>,
    pub users: Vec<User>,
    rounds: HashMap<RoundId, Round>,
    /// Until when what each person recorded has arrived: the last sync on whichever device, unless
    /// one of their devices said that it keeps work back.
    synced: HashMap<UserId, Ms>,
}

impl Duty {
    /// Loads schedules, people and the rounds of these days.
    pub async fn load(
        db: &Db,
        scope: Scope,
        from: NaiveDate,
        to: NaiveDate,
        devices: &[DeviceLine],
    ) -> Result<Self, ApiError> {
        let mut tx = db.begin_read().await?;
        let schedules = store::records::all::<Schedule>(&mut tx, Some(scope)).await?;
        let users = store::records::all::<User>(&mut tx, None).await?;
        let rows = sql("SELECT body FROM rounds WHERE scope = $1 AND due_on BETWEEN $2 AND $3")
            .bind(scope.to_string())
            .bind(from.to_string())
            .bind(to.to_string())
            .fetch_all(&mut *tx)
            .await?;
        let mut rounds = HashMap::new();
        for row in &rows {
            let round: Round = serde_json::from_str(row.try_get(0)?)
                .map_err(|error| ApiError::fault("rounds", error))?;
            rounds.insert(round.id, round);
        }
        let mut synced = HashMap::new();
        for device in devices.iter().filter(|device| !device.revoked) {
            if let Some(at) = device.last_sync {
                let last = synced.entry(device.user).or_insert(at);
                *last = at.max(*last);
            }
        }
        // A desk that is in step says nothing of the phone that walked the round.
        for device in devices.iter().filter(|device| !device.revoked && device.waiting > Some(0)) {
            synced.remove(&device.user);
        }
        Ok(Self { schedules, users, rounds, synced })
    }

    /// The steward of a cluster.
    pub fn steward(&self, cluster: ClusterId) -> Option<&User> {
        self.users.iter().find(|user| {
            !user.disabled
                && user.clusters.contains(&cluster)
                && user.roles.contains(&domain::Role::Steward)
        })
    }

    /// Until when everything is here that the people whose work it is recorded; the earliest, because
    /// any of them may have walked it. `last_sync` stands for that (`auth::heard`), so a round
    /// without a record whose window lies before it was not walked.
    fn heard(&self, due: &DueRound) -> Option<Ms> {
        let responsible = self.users.iter().filter(|user| {
            !user.disabled && domain::modules::rounds::due::concerns(due, &user.actor())
        });
        responsible.map(|user| self.synced.get(&user.id).copied()).min().flatten()
    }

    /// Every due round whose window touches the date, then the extra ones of that date.
    pub fn on(&self, date: NaiveDate, settings: &Settings, now: Ms) -> Vec<RoundLine> {
        let start = settings.zone.start_of_day(date);
        let end = settings.zone.start_of_day(date + Days::new(1));
        let mut lines: Vec<RoundLine> = self
            .schedules
            .iter()
            .flat_map(|schedule| expand(schedule, settings, date - Days::new(1), date))
            .filter(|due| due.window.1 > start && due.window.0 < end)
            .map(|due| {
                let round = self.rounds.get(&due.id);
                line(&due, round, state(&due, round, now, self.heard(&due)))
            })
            .collect();
        let extra = self.rounds.values().filter(|r| r.schedule.is_none() && r.date == date);
        lines.extend(extra.map(extra_line));
        lines
            .sort_by_key(|line| (line.window.map_or(Ms(i64::MAX), |w| w.0), line.cluster, line.id));
        lines
    }
}

fn line(due: &DueRound, round: Option<&Round>, state: DueState) -> RoundLine {
    let base = RoundLine {
        schedule: Some(due.schedule),
        window: Some(due.window),
        ..RoundLine::unwalked(due.id, due.cluster, due.date, due.name.clone(), state.name())
    };
    match round {
        Some(round) => walked(round, base),
        None => base,
    }
}

fn walked(round: &Round, base: RoundLine) -> RoundLine {
    let flags = round.results.iter().flat_map(|result| &result.flags);
    RoundLine {
        by: Some(round.by_name.clone()),
        started: Some(round.started),
        finished: round.finished,
        points_done: u32::try_from(round.points_done()).unwrap_or(u32::MAX),
        points: round.points,
        tickets: u32::try_from(round.tickets().count()).unwrap_or(u32::MAX),
        flags: u32::try_from(flags.filter(|flag| **flag != Flag::Correction).count())
            .unwrap_or(u32::MAX),
        ..base
    }
}

fn extra_line(round: &Round) -> RoundLine {
    let state = if round.finished.is_some() { "done" } else { "running" };
    let (id, name) = (round.id, round.name.clone());
    walked(round, RoundLine::unwalked(id, round.cluster, round.date, name, state))
}
