//! Rules of importing arrears and of recording a chasing call.

use chrono::{Datelike, Days, NaiveDate};

use super::{Arrears, CallOutcome, FeeCall, FeeCode, RecordFeeCall, SetArrears, UnpaidReason};
use crate::actor::Right;
use crate::modules::company::Settings;
use crate::modules::households::{self, Household};
use crate::money::Fen;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, World, find, need};
use crate::sync::record::{RecordKey, SyncedRecord};
use crate::text;
use crate::time::Ms;

/// A hundred million yuan: more than any estate owes, far from what arithmetic cannot hold.
const MOST_OWED: Fen = Fen(10_000_000_000);
/// Fees are billed by the quarter, by the half-year at handover, at most a year ahead.
const MONTHS_AHEAD: i32 = 12;

/// Months since year 0, to count between two dates.
fn month_number(date: NaiveDate) -> i32 {
    date.year() * 12 + date.month0().cast_signed()
}

impl SetArrears {
    fn check_period(&self, as_of: NaiveDate) -> Result<(), Refusal> {
        let fits = match self.since {
            None => self.months == 0,
            Some(since) => {
                let unpaid = i64::from(self.months);
                let possible =
                    i64::from(month_number(as_of) - month_number(since)) + i64::from(MONTHS_AHEAD);
                self.owed > Fen(0) && since.day() == 1 && (1..=possible).contains(&unpaid)
            }
        };
        if fits { Ok(()) } else { Err(Refusal::new(FeeCode::BadPeriod)) }
    }
}

impl Decide for SetArrears {
    const KIND: &'static str = "fees.set_arrears";

    fn reads(&self) -> Vec<RecordKey> {
        vec![Household::key_of(self.unit.0), Arrears::key_of(Arrears::id_of(self.unit))]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let project = households::project_of(context.scope)?;
        context.actor.require(Right::ImportArrears)?;
        let household = need::<Household>(world, self.unit.0)?;
        context.actor.require_in(Right::ImportArrears, household.cluster)?;
        if !(Fen(0)..=MOST_OWED).contains(&self.owed) {
            return Err(Refusal::new(FeeCode::BadAmount).into());
        }
        let zone = &context.settings.zone;
        // By the day: a statement dated today is not from the future because of its hour.
        if zone.date(self.as_of) > zone.date(context.received_at) {
            return Err(Refusal::new(CommonCode::TimeInFuture).with("field", "as_of").into());
        }
        self.check_period(zone.date(self.as_of))?;
        let stored = find::<Arrears>(world, Arrears::id_of(self.unit));
        // Figures of the same moment are a corrected import, not an older one.
        if let Some(stored) = stored
            && self.as_of < stored.as_of
        {
            return Err(Refusal::new(FeeCode::OlderFigures)
                .with("label", &household.label)
                .with("as_of", zone.date(stored.as_of))
                .into());
        }
        let arrears = Arrears {
            unit: self.unit,
            project,
            cluster: household.cluster,
            label: household.label.clone(),
            owed: self.owed,
            since: self.since,
            months: self.months,
            as_of: self.as_of,
        };
        // The same file imported twice wakes no phone.
        if stored == Some(&arrears) {
            return Ok(Decision::default());
        }
        Ok(Decision::put(arrears))
    }
}

impl RecordFeeCall {
    /// What the outcome asks for: a promise only from somebody who spoke, a reason from whoever
    /// was reached and promised nothing, a ticket where the service is the reason.
    fn check_result(&self, at: Ms, settings: &Settings) -> Result<(), Refusal> {
        if let Some(promised) = self.promised {
            if self.outcome != CallOutcome::Connected {
                return Err(Refusal::new(FeeCode::PromiseNeedsConnection));
            }
            let called = settings.zone.date(at);
            if promised < called {
                return Err(Refusal::new(FeeCode::PromiseInPast).with("date", promised));
            }
            let latest = called.checked_add_days(Days::new(u64::from(settings.promise_days)));
            if latest.is_some_and(|latest| promised > latest) {
                return Err(Refusal::new(FeeCode::PromiseTooFar)
                    .with("days", settings.promise_days)
                    .with("date", promised));
            }
        }
        if self.outcome.is_reached() && self.promised.is_none() && self.reason.is_none() {
            return Err(Refusal::new(FeeCode::ReasonMissing));
        }
        if self.reason == Some(UnpaidReason::ServiceProblem) && self.ticket.is_none() {
            return Err(Refusal::new(FeeCode::TicketMissing));
        }
        Ok(())
    }
}

impl Decide for RecordFeeCall {
    const KIND: &'static str = "fees.record_call";

    fn reads(&self) -> Vec<RecordKey> {
        // The ticket of a service problem is not read: its own command may still be on its way.
        vec![
            FeeCall::key_of(self.call.0),
            Household::key_of(self.unit.0),
            Arrears::key_of(Arrears::id_of(self.unit)),
        ]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        let project = households::project_of(context.scope)?;
        context.actor.require(Right::RecordCall)?;
        let household = need::<Household>(world, self.unit.0)?;
        context.actor.require_in(Right::RecordCall, household.cluster)?;
        if find::<FeeCall>(world, self.call.0).is_some() {
            return Err(Refusal::new(CommonCode::AlreadyExists).into());
        }
        text::optional("note", &self.note, text::NOTE)?;
        text::optional("phone", &self.dialled, text::LINE)?;
        self.check_result(context.occurred_at, context.settings)?;
        let arrears = find::<Arrears>(world, Arrears::id_of(self.unit));
        Ok(Decision::put(FeeCall {
            id: self.call,
            project,
            cluster: household.cluster,
            unit: self.unit,
            label: household.label.clone(),
            dialled: self.dialled.trim().to_owned(),
            outcome: self.outcome,
            reason: self.reason,
            promised: self.promised,
            owed: arrears.map_or(Fen(0), |arrears| arrears.owed),
            note: self.note.trim().to_owned(),
            ticket: self.ticket,
            by: context.actor.user,
            by_name: context.actor.name.clone(),
            at: context.occurred_at,
            received: context.received_at,
        }))
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
