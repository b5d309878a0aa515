//! Company settings 公司设置: time zone, working calendar, limits. Acts: the administrator.
//!
//! One record in the `company` scope. Every decision sees it; defaults are the spec's.

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::actor::Right;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, Verdict, World, find};
use crate::sync::record::{Channel, RecordKey, Scope, SyncedRecord};
use crate::time::{Ms, Zone};

mod limits;
pub use limits::{Limits, Usual};

crate::refusal_codes! {
    CompanyCode {
        BadLimit = "company.bad_limit",
        BadZone = "company.bad_zone",
        /// Somebody else has changed the same field since the editor was opened.
        ChangedMeanwhile = "company.changed_meanwhile",
    }
}

/// Company settings with the spec's defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Settings {
    pub version: u32,
    pub company: String,
    pub zone: Zone,
    /// Public holidays 节假日.
    pub holidays: Vec<NaiveDate>,
    /// Weekend days worked in exchange 调休.
    pub workdays: Vec<NaiveDate>,
    /// Hours to handle a repair or a finding (S1: 24 h).
    pub repair_hours: u32,
    /// Minutes to relay a ticket to whoever handles it (S3: 10).
    pub relay_minutes: u32,
    /// 9:30 briefing (S4).
    #[cfg_attr(feature = "openapi", schema(pattern = "^\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?$"))]
    pub briefing_at: NaiveTime,
    /// When the office closes and the night begins (S2: daily 9 to 21). What comes in later is for the
    /// next briefing.
    #[serde(skip_serializing_if = "is_usual_closing")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?$"))]
    pub office_closes: NaiveTime,
    /// Metres between two checkpoints that can be walked in a second; faster is flagged.
    pub walking_mps: u32,
    /// Long edge of a photo in pixels and its size in bytes.
    pub photo_edge: u32,
    pub photo_bytes: u32,
    /// Longest promise of payment in days.
    pub promise_days: u32,
    /// Longest wait 挂起 of a ticket in days.
    #[serde(skip_serializing_if = "is_usual_wait")]
    pub wait_days: u32,
    /// What tickets may take besides.
    #[serde(skip_serializing_if = "Limits::is_usual")]
    pub limits: Limits,
}

/// Days that a ticket may wait unless the company says otherwise.
const WAIT_DAYS: u32 = 90;

/// Left out then, so that settings from before the field look as they did.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_usual_wait(days: &u32) -> bool {
    *days == WAIT_DAYS
}

/// When the office closes unless the company says otherwise.
fn usual_closing() -> NaiveTime {
    NaiveTime::from_hms_opt(21, 0, 0).expect("nine in the evening exists")
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_usual_closing(time: &NaiveTime) -> bool {
    *time == usual_closing()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: 0,
            company: "管家".into(),
            zone: Zone::default(),
            holidays: Vec::new(),
            workdays: Vec::new(),
            repair_hours: 24,
            relay_minutes: 10,
            briefing_at: NaiveTime::from_hms_opt(9, 30, 0).expect("half past nine exists"),
            office_closes: usual_closing(),
            walking_mps: 3,
            photo_edge: 1600,
            photo_bytes: 300_000,
            promise_days: 90,
            wait_days: WAIT_DAYS,
            limits: Limits::default(),
        }
    }
}

crate::synced!(Settings, Settings, |_settings| id: Settings::ID, scope: Scope::Company, channels: vec![Channel::All]);

impl Settings {
    /// There is one settings record.
    pub const ID: Uuid = Uuid::from_u128(0x6775_616e_6a69_6100_8000_0000_0000_00ff);

    pub fn key() -> RecordKey {
        Settings::key_of(Settings::ID)
    }

    /// Every number with its name and the least and most that can be meant.
    pub fn numbers(&self) -> impl Iterator<Item = (&'static str, u32, u32, u32)> {
        let own = [
            ("repair_hours", self.repair_hours, 1, 24 * 30),
            ("relay_minutes", self.relay_minutes, 1, 24 * 60),
            ("walking_mps", self.walking_mps, 1, 100),
            ("photo_edge", self.photo_edge, 320, 4096),
            ("photo_bytes", self.photo_bytes, 50_000, 3_000_000),
            ("promise_days", self.promise_days, 1, 366),
            ("wait_days", self.wait_days, 1, 366),
        ];
        own.into_iter().chain(self.limits.all())
    }

    /// Sets the number of that name. `false`: there is none.
    pub fn set_number(&mut self, name: &str, value: u32) -> bool {
        match name {
            "repair_hours" => self.repair_hours = value,
            "relay_minutes" => self.relay_minutes = value,
            "walking_mps" => self.walking_mps = value,
            "photo_edge" => self.photo_edge = value,
            "photo_bytes" => self.photo_bytes = value,
            "promise_days" => self.promise_days = value,
            "wait_days" => self.wait_days = value,
            _ => return self.limits.set(name, value),
        }
        true
    }

    /// Whether people work on that date: Monday to Friday less holidays, plus make-up days.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        self.workdays.contains(&date) || !(weekend || self.holidays.contains(&date))
    }

    /// The same local time so many working days later.
    pub fn plus_working_days(&self, at: Ms, days: u32) -> Ms {
        // No calendar has so many days off in a row.
        const LONGEST: i64 = 3_660;
        let is_working = |later: &i64| {
            let date = self.zone.date(self.zone.plus_days(at, *later));
            self.is_working_day(date)
        };
        let last = usize::try_from(days).unwrap_or(usize::MAX).checked_sub(1);
        let found = last.and_then(|last| (1..=LONGEST).filter(is_working).nth(last));
        self.zone.plus_days(at, found.unwrap_or(0))
    }
}

/// Accounts and settings never go into a project's log.
pub fn only_company(scope: Scope) -> Result<(), Refusal> {
    match scope {
        Scope::Company => Ok(()),
        Scope::Project(_) => Err(Refusal::new(CommonCode::WrongScope)),
    }
}

/// Changes the settings. What already runs keeps the limits it started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetSettings {
    pub settings: Settings,
    /// The settings as the editor showed them. Only what differs from them is changed: what somebody
    /// else has changed meanwhile stays, and is a refusal where it is the same field. Without a base
    /// (scripts, builds from before it) everything is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Settings>,
}

impl SetSettings {
    /// The settings to keep, given those of now, and whether somebody else's changes are among them.
    fn onto(&self, theirs: &Settings) -> Result<(Settings, Verdict), Refusal> {
        let Some(base) = &self.base else {
            let kept = Settings { version: theirs.version, ..self.settings.clone() };
            return Ok((kept, Verdict::Applied));
        };
        let mut kept = theirs.clone();
        let mut merged = false;
        macro_rules! merge {
            ($($field:ident),+ $(,)?) => {
                // Names every field, so that one that is added cannot be forgotten here.
                let Settings { version: _, limits: own, $($field),+ } = &self.settings;
                let clash = |field| {
                    Refusal::new(CompanyCode::ChangedMeanwhile).with("field", field)
                };
                $(
                    merged |= limits::merge($field, &base.$field, &mut kept.$field)
                        .ok_or_else(|| clash(stringify!($field)))?;
                )+
                let (limits, others) = own.merge(&base.limits, &theirs.limits).map_err(clash)?;
                kept.limits = limits;
                merged |= others;
            };
        }
        merge!(
            company,
            zone,
            holidays,
            workdays,
            repair_hours,
            relay_minutes,
            briefing_at,
            office_closes,
            walking_mps,
            photo_edge,
            photo_bytes,
            promise_days,
            wait_days,
        );
        Ok((kept, if merged { Verdict::Merged } else { Verdict::Applied }))
    }
}

/// Two a year for two centuries.
const MOST_ZONE_CHANGES: usize = 400;

/// Ascending changes, at least one, each within the offsets that exist.
fn is_zone(zone: &Zone) -> bool {
    const FARTHEST: i32 = 18 * 60;
    let offsets_fit =
        zone.changes.iter().all(|c| (-FARTHEST..=FARTHEST).contains(&c.offset_minutes));
    let ascending = zone.changes.is_sorted_by(|a, b| a.from < b.from);
    !zone.changes.is_empty() && offsets_fit && ascending
}

impl Decide for SetSettings {
    const KIND: &'static str = "company.set_settings";

    fn reads(&self) -> Vec<RecordKey> {
        vec![Settings::key()]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        only_company(context.scope)?;
        context.actor.require(Right::EditSettings)?;
        let unset = Settings::default();
        let theirs = find::<Settings>(world, Settings::ID).unwrap_or(&unset);
        let (new, verdict) = self.onto(theirs)?;
        crate::text::required("company", &new.company, crate::text::LINE)?;
        crate::text::at_most("holidays", new.holidays.len() + new.workdays.len(), 400)?;
        for (field, value, low, high) in new.numbers() {
            if !(low..=high).contains(&value) {
                return Err(Refusal::new(CompanyCode::BadLimit)
                    .with("field", field)
                    .with("low", low)
                    .with("high", high)
                    .into());
            }
        }
        crate::text::required("zone", &new.zone.name, crate::text::LINE)?;
        crate::text::at_most("zone", new.zone.changes.len(), MOST_ZONE_CHANGES)?;
        if !is_zone(&new.zone) {
            return Err(Refusal::new(CompanyCode::BadZone).into());
        }
        let version = new.version + 1;
        Ok(Decision { verdict, ..Decision::put(Settings { version, ..new }) })
    }
}

#[cfg(test)]
mod tests;
