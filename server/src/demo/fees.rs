//! A year of monthly statements, arrears and chasing calls.
//!
//! Whatever the day, each steward has promises that were broken and must call again.

use chrono::{Datelike, Days, Months, NaiveDate};
use domain::Fen;
use domain::id::{FeeCallId, TicketId};
use domain::modules::fees::{CallOutcome, RecordFeeCall, SetArrears, UnpaidReason};
use domain::modules::tickets::{Intake, Origin, Place, TicketContact, TicketKind};
use domain::time::{HOUR, Zone};

use super::estate::{CLUSTERS, Unit};
use super::history::History;
use super::people::Staff;
use super::stream::Stream;
use super::tickets::{self, NewTicket};

/// Property fee in fen per square metre and month.
const TARIFF: i64 = 180;
/// Households of each cluster that promised and did not pay.
const BROKEN: usize = 7;

/// One household that does not pay on time.
struct Debtor<'a> {
    unit: &'a Unit,
    /// Months owed when the year began.
    behind: u32,
    broken: bool,
}

pub fn fill(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    units: &[Unit],
    zone: &Zone,
) {
    let today = zone.date(history.now);
    let mut debtors = Vec::new();
    for plan in CLUSTERS {
        let mut own: Vec<&Unit> = units.iter().filter(|unit| unit.cluster == plan.id()).collect();
        chance.shuffle(&mut own);
        let count = (own.len() * 16 / 100).max(BROKEN + 8);
        debtors.extend(own.into_iter().take(count).enumerate().map(|(index, unit)| Debtor {
            unit,
            behind: u32::try_from(chance.below(4)).unwrap_or(0),
            broken: index < BROKEN,
        }));
    }
    let months: Vec<NaiveDate> = (0..12)
        .rev()
        .filter_map(|back| today.with_day(1)?.checked_sub_months(Months::new(back)))
        .collect();
    let mut paid_until: Vec<Option<usize>> = vec![None; debtors.len()];
    for (month, first) in months.iter().enumerate() {
        for (index, debtor) in debtors.iter().enumerate() {
            // Some settle their bill now and then; those who broke a promise have not.
            if !debtor.broken && chance.chance(18) {
                paid_until[index] = Some(month);
            }
            let owed = match paid_until[index] {
                Some(paid) => u32::try_from(month - paid).unwrap_or(0),
                None => debtor.behind + u32::try_from(month).unwrap_or(0) + 1,
            };
            set(history, chance, staff, debtor.unit, owed, *first + Days::new(11), zone);
            if owed > 0 {
                monthly_call(history, chance, staff, debtor, *first, today, zone);
            }
        }
    }
    for debtor in debtors.iter().filter(|debtor| debtor.broken) {
        broken_promise(history, chance, staff, debtor, today, zone);
    }
    paid_up(history, chance, staff, units, &debtors, today, zone);
}

fn set(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    unit: &Unit,
    months: u32,
    day: NaiveDate,
    zone: &Zone,
) {
    // 07:40, when the night's import has run.
    let at = zone.start_of_day(day).plus(7 * HOUR + 40 * 60_000);
    let monthly = unit.area_centi * TARIFF / 100;
    let since = (months > 0)
        .then(|| day.with_day(1)?.checked_sub_months(Months::new(months - 1)))
        .flatten();
    let command = SetArrears {
        unit: unit.id,
        owed: Fen(monthly * i64::from(months)),
        since,
        months,
        as_of: at,
    };
    history.add(chance, staff.get("caiwu1"), at, command);
}

fn monthly_call(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    debtor: &Debtor<'_>,
    first: NaiveDate,
    today: NaiveDate,
    zone: &Zone,
) {
    let day = first + Days::new(14 + chance.below(7) as u64);
    // The last days' calls are left to do, and whoever broke a promise was not called since.
    let recent = today.signed_duration_since(day).num_days();
    if recent < 1 || (debtor.broken && recent < 40) {
        return;
    }
    let steward = staff.steward(debtor.unit.cluster);
    let at = zone.start_of_day(day).plus(9 * HOUR + chance.minutes(0, 8 * 60));
    let call = FeeCallId(chance.uuid(at));
    let mut command = RecordFeeCall {
        call,
        unit: debtor.unit.id,
        dialled: String::new(),
        outcome: CallOutcome::Connected,
        reason: None,
        promised: None,
        note: String::new(),
        ticket: None,
    };
    match chance.below(10) {
        0..=2 => command.outcome = CallOutcome::NoAnswer,
        3..=6 => {
            command.reason = Some(*chance.pick(&[UnpaidReason::NoTime, UnpaidReason::Away]));
            // Kept promises show as paid bills; open ones must not lie in the past by chance.
            command.promised = (recent > 20).then(|| day + Days::new(2 + chance.below(9) as u64));
            command.note = "对账单已收到，答应按时缴纳".into();
        }
        7 => {
            command.reason = Some(UnpaidReason::ServiceProblem);
            command.note = "反映漏水问题未彻底解决，解决后再缴费".into();
            let ticket = TicketId(chance.uuid(at));
            command.ticket = Some(ticket);
            let new = NewTicket {
                id: ticket,
                cluster: debtor.unit.cluster,
                kind: TicketKind::Repair,
                category: "leak".into(),
                place: Place { unit: Some(debtor.unit.id), label: debtor.unit.label.clone() },
                contact: TicketContact {
                    name: debtor.unit.contact.clone(),
                    phone: debtor.unit.phone.clone(),
                },
                description: "催缴时业主反映：卫生间漏水维修后仍有渗水".into(),
                intake: Intake::FeeCall,
                origin: Some(Origin::FeeCall { call }),
            };
            tickets::open(history, chance, staff, steward, at.plus(-30_000), new);
        }
        8 => {
            command.outcome = CallOutcome::Refused;
            command.reason = Some(*chance.pick(&[UnpaidReason::Dispute, UnpaidReason::Refuses]));
        }
        _ => command.reason = Some(*chance.pick(&[UnpaidReason::Vacant, UnpaidReason::Hardship])),
    }
    history.add(chance, steward, at, command);
}

fn broken_promise(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    debtor: &Debtor<'_>,
    today: NaiveDate,
    zone: &Zone,
) {
    let promised = today - Days::new(1 + chance.below(6) as u64);
    let called = promised - Days::new(6 + chance.below(8) as u64);
    let at = zone.start_of_day(called).plus(10 * HOUR + chance.minutes(0, 6 * 60));
    let command = RecordFeeCall {
        call: FeeCallId(chance.uuid(at)),
        unit: debtor.unit.id,
        dialled: String::new(),
        outcome: CallOutcome::Connected,
        reason: Some(UnpaidReason::NoTime),
        promised: Some(promised),
        note: "答应发工资后缴清".into(),
        ticket: None,
    };
    history.add(chance, staff.steward(debtor.unit.cluster), at, command);
}

/// This month's import also says who owes nothing.
fn paid_up(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    units: &[Unit],
    debtors: &[Debtor<'_>],
    today: NaiveDate,
    zone: &Zone,
) {
    let Some(first) = today.with_day(1) else { return };
    let day = if today.day() > 12 { first + Days::new(11) } else { first - Days::new(19) };
    for unit in units.iter().filter(|unit| debtors.iter().all(|debtor| debtor.unit.id != unit.id)) {
        set(history, chance, staff, unit, 0, day, zone);
    }
}
