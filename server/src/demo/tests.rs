//! Whatever the day and hour at which it is made, the demo company has work for each steward.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDateTime};
use domain::id::RoundId;
use domain::modules::Record;
use domain::modules::fees::call_list::{Phase, for_day, phase};
use domain::modules::fees::{Arrears, FeeCall};
use domain::modules::rounds::Schedule;
use domain::modules::rounds::due::{DueState, concerns, expand, state};
use domain::sync::command::{Change, Context, NoNumbers, World};
use domain::sync::{RecordKey, SyncedRecord};

use super::*;

/// What the rules have made of the commands so far.
#[derive(Default)]
struct Records(HashMap<RecordKey, Record>);

impl World for Records {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        self.0.get(&key)
    }
}

impl Records {
    fn decide(&mut self, actor: &Actor, at: Ms, received: Ms, command: &Command) {
        let settings = Settings::default();
        let context = Context {
            actor,
            device: DeviceId::derived(&["test"]),
            op: OpId::derived(&["test"]),
            scope: Scope::Project(estate::project()),
            occurred_at: at,
            received_at: received,
            settings: &settings,
            code_is_genuine: &|_| true,
        };
        let decided = command.decide(self, &context, &mut NoNumbers);
        let decision =
            decided.unwrap_or_else(|stop| panic!("{} at {at:?}: {stop:?}", command.kind()));
        for change in decision.changes {
            if let Change::Put(record) = change {
                self.0.insert(record.key(), *record);
            }
        }
    }

    fn all<'a, R: SyncedRecord + 'a>(&'a self) -> impl Iterator<Item = &'a R> {
        self.0.values().filter_map(R::from_record)
    }
}

/// The company as it is at that moment in Shanghai: who owes and was called, which rounds were begun.
fn company(now: Ms) -> (Staff, Records, BTreeSet<RoundId>) {
    let zone = Settings::default().zone;
    let today = zone.date(now);
    let begun = now.plus(-366 * DAY);
    let staff = Staff::new();
    let mut records = Records::default();
    let (commands, units) = estate::build(&mut Stream::new(SEED, "estate"), today);
    for command in &commands {
        records.decide(&Actor::system(), begun, begun, command);
    }
    let published = rounds::publish();
    for command in rounds::register(today) {
        if let Command::SetSchedule(schedule) = &command {
            // Templates are of the company's scope; a schedule only asks whether its own exists.
            let of = |one: &&Command| matches!(one, Command::PublishTemplate(p) if p.template == schedule.template);
            let template = published.iter().find(of).expect("a built-in template");
            records.0.extend(template_record(template, begun));
            records.decide(&Actor::system(), begun, begun, &command);
        }
    }
    let mut history = History::new(now, Scope::Project(estate::project()));
    fees::fill(&mut history, &mut Stream::new(SEED, "fees"), &staff, &units, &zone);
    for event in history.into_events() {
        if event.command.kind().starts_with("fees.") {
            records.decide(&event.member.actor, event.at, event.received, &event.command);
        }
    }
    let mut history = History::new(now, Scope::Project(estate::project()));
    let unsigned = |_: CheckpointId, _: u32| String::new();
    rounds::fill(&mut history, &mut Stream::new(SEED, "rounds"), &staff, today, &unsigned);
    let started = history.into_events().into_iter().filter_map(|event| match event.command {
        Command::StartRound(start) => Some(start.round),
        _ => None,
    });
    (staff, records, started.collect())
}

fn template_record(command: &Command, at: Ms) -> Option<(RecordKey, Record)> {
    let Command::PublishTemplate(publish) = command else { return None };
    let template = domain::modules::rounds::RoundTemplate {
        template: publish.template,
        version: publish.version,
        name: publish.name.clone(),
        points: publish.points.clone(),
        retired: false,
        superseded: false,
        changed_at: at,
    };
    Some((template.key(), template.into_record()))
}

#[test]
fn at_any_date_and_hour_each_steward_has_an_open_round_and_five_calls_to_make() {
    let moments = [
        // In the middle of the calendar's window, and at its edges.
        "2026-11-21T10:00:00",
        "2026-12-15T00:05:00",
        "2027-05-25T09:00:00",
        "2026-12-27T20:00:00",
        // Outside its windows.
        "2027-03-03T05:30:00",
        // The ends of months and years, before and after midnight.
        "2026-11-30T23:50:00",
        "2026-12-31T23:59:59",
        "2027-01-01T00:00:30",
        "2028-02-29T12:00:00",
        // The eve and the first day of the Spring Festival of 2027.
        "2027-02-05T18:00:00",
        "2027-02-06T03:00:00",
    ];
    let settings = Settings::default();
    let mut phases = BTreeSet::new();
    for moment in moments {
        let local: NaiveDateTime = moment.parse().unwrap();
        let now = settings.zone.instant(local);
        let today = local.date();
        phases.insert(phase(today).name());
        let (staff, records, started) = company(now);
        let stewards = staff.members.iter().filter(|m| m.account.starts_with("guanjia"));
        let mut count = 0;
        for steward in stewards {
            count += 1;
            let own = |cluster| steward.actor.clusters.contains(&cluster);
            let arrears = records.all::<Arrears>().filter(|one| own(one.cluster));
            let calls = records.all::<FeeCall>().filter(|one| own(one.cluster));
            // As if no service problem were solved: a solved one only adds calls.
            let list = for_day(today, &settings, arrears, calls, &|_| None);
            assert!(list.len() >= 5, "{} has {} calls on {moment}", steward.account, list.len());
            let yesterday = today - Days::new(1);
            let open =
                records.all::<Schedule>().flat_map(|one| expand(one, &settings, yesterday, today));
            let open = open.filter(|due| {
                concerns(due, &steward.actor)
                    && !started.contains(&due.id)
                    && state(due, None, now, None) == DueState::Open
            });
            assert!(open.count() >= 1, "{} has no open round on {moment}", steward.account);
        }
        assert_eq!(count, 5);
    }
    let every: BTreeSet<&str> = Phase::ALL.map(Phase::name).into();
    assert_eq!(phases, every, "each phase of the calendar is among the moments");
}
