//! Oracles over random cases: what two phones did comes out the same whichever is heard first, nothing
//! is merged twice, and three ways to the same data agree.

use std::sync::Arc;

use chrono::NaiveDate;
use domain::actor::{Actor, Role};
use domain::id::{DeviceId, OpId, RoundId, TemplateId, UserId, VisitId, derived};
use domain::modules::company::{SetSettings, Settings};
use domain::modules::rounds::{
    Answer, Briefing, BriefingLine, Confirmation, FinishRound, ItemAnswer, RecordBriefing,
    RecordCheckpoint, Round, StartRound,
};
use domain::modules::visits::{AnswerVisit, RecordVisit, Topic, Visit, VisitResult, VisitWay};
use domain::modules::{Command, Record};
use domain::sync::batch::{Decoded, Incoming};
use domain::sync::sim::Course;
use domain::sync::sim::rng::Rng;
use domain::sync::sim::server::Server;
use domain::sync::sim::work::{cluster, founder, founding, person, scopes};
use domain::sync::{Outcome, OutcomeKind, RecordKey, Scope, SyncedRecord};
use domain::{Ms, Zone};

const NOW: Ms = Ms(1_795_278_600_000);
const CASES: u64 = 100;

/// What one device did.
#[derive(Clone)]
struct Deed {
    actor: Actor,
    device: DeviceId,
    op: OpId,
    scope: Scope,
    at: Ms,
    command: Command,
}

/// The estate, and what the server has heard in this order.
struct Estate {
    server: Server,
    heard: i64,
}

impl Estate {
    fn new() -> Self {
        let mut server = Server::new(derived(&["oracle"]));
        for (scope, command) in founding() {
            server.act(scope, founder(), command, NOW);
        }
        Self { server, heard: 0 }
    }

    /// The deed reaches the server, a day after everything happened.
    fn hears(&mut self, deed: &Deed) -> Outcome {
        self.heard += 1;
        let received_at = NOW.plus(86_400_000 + self.heard);
        let db = &self.server.db.scopes[&deed.scope];
        let payload = deed.command.encode();
        let incoming = Incoming {
            device: deed.device,
            actor: Arc::new(deed.actor.clone()),
            received_at,
            op: deed.op,
            n: db.device_heads.get(&deed.device).copied().unwrap_or(0) + 1,
            kind: deed.command.kind().to_owned(),
            v: 1,
            at_device: deed.at,
            occurred_at: deed.at,
            offset: None,
            command: Decoded::of(deed.command.kind(), 1, &payload),
            payload,
        };
        let plan = self.server.plan(deed.scope, vec![incoming], None);
        let reply = plan.replies[0].clone().expect("an answer");
        self.server.commit(deed.scope, plan);
        serde_json::from_str(&reply).expect("an outcome")
    }

    fn record<T: SyncedRecord>(&self, scope: Scope, id: uuid::Uuid) -> Option<T> {
        let key: RecordKey = T::key_of(id);
        let (record, _): &(Record, u64) = self.server.db.scopes[&scope].records.get(&key)?;
        T::from_record(record).cloned()
    }
}

fn here() -> Scope {
    scopes()[1]
}

fn steward() -> Actor {
    person("steward A", Role::Steward, &["A"])
}

fn deed(rng: &mut Rng, actor: Actor, device: &str, scope: Scope, at: Ms, command: Command) -> Deed {
    let (device, op) = (DeviceId::derived(&[device]), OpId(rng.uuid()));
    Deed { actor, device, op, scope, at, command }
}

/// The same deeds in both orders, behind the same beginning.
fn both_orders(first: &[Deed], one: &Deed, other: &Deed) -> [(Estate, Outcome, Outcome); 2] {
    [false, true].map(|turned| {
        let mut estate = Estate::new();
        for deed in first {
            let outcome = estate.hears(deed);
            assert!(!outcome.outcome.needs_attention(), "{outcome:?}");
        }
        let (of_one, of_other);
        if turned {
            of_other = estate.hears(other);
            of_one = estate.hears(one);
        } else {
            of_one = estate.hears(one);
            of_other = estate.hears(other);
        }
        (estate, of_one, of_other)
    })
}

fn date(rng: &mut Rng) -> NaiveDate {
    let days = chrono::Days::new(rng.below(300) as u64);
    NaiveDate::from_ymd_opt(2026, 1, 1)
        .and_then(|first| first.checked_add_days(days))
        .expect("a date")
}

/// Some fields of the settings changed, each or not.
fn edited(rng: &mut Rng, base: &Settings) -> Settings {
    let mut new = base.clone();
    let some = |rng: &mut Rng| rng.chance(350);
    if some(rng) {
        new.repair_hours = 1 + rng.below(100) as u32;
    }
    if some(rng) {
        new.relay_minutes = 1 + rng.below(60) as u32;
    }
    if some(rng) {
        new.promise_days = 1 + rng.below(60) as u32;
    }
    if some(rng) {
        new.limits.quality_line_hours.0 = 1 + rng.below(60) as u32;
    }
    if some(rng) {
        new.company = format!("公司{}", rng.below(3));
    }
    if some(rng) {
        new.holidays = vec![date(rng)];
    }
    new
}

fn fields_changed(base: &Settings, new: &Settings) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let mut note = |name, old: String, new: String| {
        if old != new {
            all.push((name, new));
        }
    };
    note("repair_hours", base.repair_hours.to_string(), new.repair_hours.to_string());
    note("relay_minutes", base.relay_minutes.to_string(), new.relay_minutes.to_string());
    note("promise_days", base.promise_days.to_string(), new.promise_days.to_string());
    let hours = |settings: &Settings| settings.limits.quality_line_hours.0.to_string();
    note("quality_line_hours", hours(base), hours(new));
    note("company", base.company.clone(), new.company.clone());
    note("holidays", format!("{:?}", base.holidays), format!("{:?}", new.holidays));
    all
}

#[test]
fn settings_changed_by_two_are_merged_by_field_in_either_order_and_only_once() {
    let (mut merged, mut clashed) = (0, 0);
    for case in 0..CASES {
        let mut rng = Rng::of(case, 1);
        let base: Settings =
            Estate::new().record(Scope::Company, Settings::ID).expect("settings from the founding");
        let edits = [edited(&mut rng, &base), edited(&mut rng, &base)];
        let deeds: Vec<Deed> = (0..2)
            .map(|index| {
                let set = SetSettings { settings: edits[index].clone(), base: Some(base.clone()) };
                let device = ["one", "other"][index];
                deed(&mut rng, founder(), device, Scope::Company, NOW, set.into())
            })
            .collect();
        let changes = edits.each_ref().map(|edit| fields_changed(&base, edit));
        let clash = changes[0]
            .iter()
            .any(|(name, mine)| changes[1].iter().any(|(n, theirs)| n == name && theirs != mine));
        let kept = both_orders(&[], &deeds[0], &deeds[1]).map(|(mut estate, one, other)| {
            let kinds = [one.outcome, other.outcome];
            if clash {
                let refused = kinds.iter().filter(|kind| **kind == OutcomeKind::Refused).count();
                assert_eq!(refused, 1, "case {case}: whoever comes second is told: {kinds:?}");
                return None;
            }
            assert!(!kinds.contains(&OutcomeKind::Refused), "case {case}: {kinds:?}");
            let all = estate.record::<Settings>(Scope::Company, Settings::ID).unwrap();
            // Said again under a new id, nothing moves any more.
            let again = Deed { op: OpId(rng.uuid()), ..deeds[0].clone() };
            estate.hears(&again);
            let once_more = estate.record::<Settings>(Scope::Company, Settings::ID).unwrap();
            assert_eq!(fields_changed(&all, &once_more), [], "case {case}");
            Some(fields_changed(&base, &all))
        });
        assert_eq!(kept[0], kept[1], "case {case}");
        let [first, _] = kept;
        match first {
            Some(all) => {
                merged += usize::from(changes.iter().all(|changes| !changes.is_empty()));
                let wanted = changes.iter().flatten();
                assert!(wanted.clone().all(|change| all.contains(change)), "case {case}: {all:?}");
            }
            None => clashed += 1,
        }
    }
    assert!(merged > 10 && clashed > 10, "{merged} merged, {clashed} clashed");
}

#[test]
fn ticks_of_two_phones_in_one_briefing_come_out_the_same_in_either_order() {
    for case in 0..CASES {
        let mut rng = Rng::of(case, 2);
        let today = Zone::default().date(NOW);
        let tick = |rng: &mut Rng, device: &str, after: i64| {
            let (mut lines, mut listed) = (Vec::new(), Vec::new());
            for name in 0..4 {
                let line =
                    BriefingLine { text: format!("第{name}项"), ..BriefingLine::default() };
                let answered = BriefingLine {
                    ticked: rng.chance(500),
                    note: format!("{}", rng.below(100)),
                    ..line.clone()
                };
                match rng.below(3) {
                    0 => lines.push(answered),
                    1 => listed.push(line),
                    _ => {}
                }
            }
            let record = RecordBriefing { cluster: cluster("A"), date: today, lines, listed };
            deed(rng, steward(), device, here(), NOW.plus(after), record.into())
        };
        let (early, late) = (tick(&mut rng, "one", 1_000), tick(&mut rng, "other", 2_000));
        let kept = both_orders(&[], &early, &late).map(|(mut estate, ..)| {
            let id = Briefing::id_of(cluster("A"), today).0;
            let sorted = |estate: &Estate| {
                let mut briefing = estate.record::<Briefing>(here(), id).expect("a briefing");
                briefing.lines.sort_by(|a, b| a.text.cmp(&b.text));
                briefing
            };
            let all = sorted(&estate);
            estate.hears(&Deed { op: OpId(rng.uuid()), ..late.clone() });
            assert_eq!(sorted(&estate), all, "case {case}: ticked once more");
            all
        });
        assert_eq!(kept[0], kept[1], "case {case}");
    }
}

fn round(rng: &mut Rng) -> (RoundId, Deed) {
    let id = RoundId(rng.uuid());
    let start = StartRound {
        round: id,
        cluster: cluster("A"),
        schedule: None,
        date: Zone::default().date(NOW),
        slot: 0,
        template: TemplateId::derived(&["sim template"]),
        version: 1,
    };
    (id, deed(rng, steward(), "one", here(), NOW, start.into()))
}

fn answered(rng: &mut Rng, round: RoundId, device: &str) -> Deed {
    let record = RecordCheckpoint {
        round,
        template: TemplateId::derived(&["sim template"]),
        version: 1,
        point: "hall".into(),
        checkpoint: None,
        confirmation: Confirmation::Hand { reason: "无码".into(), usual: None },
        answers: vec![ItemAnswer {
            item: "light".into(),
            answer: Answer::Normal,
            note: rng.below(1_000_000).to_string(),
            photos: Vec::new(),
            ticket: None,
        }],
    };
    let at = NOW.plus(1 + rng.below(1_000_000) as i64);
    deed(rng, steward(), device, here(), at, record.into())
}

#[test]
fn answers_of_two_phones_on_one_round_are_all_kept_in_the_order_of_the_walk() {
    for case in 0..CASES {
        let mut rng = Rng::of(case, 3);
        let (id, start) = round(&mut rng);
        let (one, other) = (answered(&mut rng, id, "one"), answered(&mut rng, id, "other"));
        let kept = both_orders(&[start], &one, &other).map(|(estate, ..)| {
            let round = estate.record::<Round>(here(), id.0).expect("a round");
            let mut results = round.results;
            // When the server heard of each is all that may differ.
            results.iter_mut().for_each(|result| result.received = NOW);
            results
        });
        assert_eq!(kept[0].len(), 2, "case {case}");
        assert!(kept[0].is_sorted_by_key(|result| result.at), "case {case}");
        assert_eq!(kept[0], kept[1], "case {case}");
    }
}

#[test]
fn a_round_finished_on_two_phones_was_over_when_the_first_said_so() {
    for case in 0..CASES {
        let mut rng = Rng::of(case, 4);
        let (id, start) = round(&mut rng);
        let walked = answered(&mut rng, id, "one");
        let finish = |rng: &mut Rng, device: &str| {
            let said = ["正常", "有积水", "雨"][rng.below(3)].to_owned();
            let finish = FinishRound { round: id, summary: said, left_out: String::new() };
            let at = NOW.plus(2_000_000 + rng.below(1_000_000) as i64);
            deed(rng, steward(), device, here(), at, finish.into())
        };
        let (one, other) = (finish(&mut rng, "one"), finish(&mut rng, "other"));
        let kept = both_orders(&[start, walked], &one, &other).map(|(estate, ..)| {
            let round = estate.record::<Round>(here(), id.0).expect("a round");
            let mut said: Vec<String> = round.summary.lines().map(str::to_owned).collect();
            said.sort();
            (round.finished, round.late, said)
        });
        assert_eq!(kept[0], kept[1], "case {case}");
        assert_eq!(kept[0].0, Some(one.at.min(other.at)), "case {case}");
    }
}

#[test]
fn both_answers_to_one_promise_stay_in_either_order() {
    for case in 0..CASES {
        let mut rng = Rng::of(case, 5);
        let visit = VisitId(rng.uuid());
        let by = Zone::default().date(NOW).succ_opt().unwrap();
        let record = RecordVisit {
            visit,
            cluster: cluster("A"),
            unit: None,
            place: "大堂".into(),
            way: VisitWay::Door,
            met: "业主".into(),
            topics: vec![Topic::Need],
            note: "想换灯".into(),
            result: VisitResult::Promised { by },
            attachments: Vec::new(),
        };
        let promised = deed(&mut rng, steward(), "one", here(), NOW, record.into());
        let answer = |rng: &mut Rng, device: &str| {
            let text = format!("答{}", rng.below(1_000_000));
            let at = NOW.plus(1 + rng.below(1_000_000) as i64);
            deed(rng, steward(), device, here(), at, AnswerVisit { visit, text }.into())
        };
        let (one, other) = (answer(&mut rng, "one"), answer(&mut rng, "other"));
        let kept = both_orders(&[promised], &one, &other).map(|(estate, of_one, of_other)| {
            let kinds = [of_one.outcome, of_other.outcome];
            assert!(kinds.contains(&OutcomeKind::Merged), "case {case}: {kinds:?}");
            let visit = estate.record::<Visit>(here(), visit.0).expect("a visit");
            let mut answers: Vec<(Ms, String, UserId)> =
                visit.answers.into_iter().map(|a| (a.at, a.text, a.by)).collect();
            answers.sort();
            answers
        });
        assert_eq!(kept[0].len(), 2, "case {case}");
        assert_eq!(kept[0], kept[1], "case {case}");
    }
}

/// The simulation compares the three for every reader once all is quiet (`Ledger::compare`), and the
/// log's replay with the records (`Ledger::reckon`).
#[test]
fn following_the_cursor_a_fresh_snapshot_and_the_replayed_log_give_the_same() {
    for seed in 1_000..1_008 {
        let ran = Course { seed, ..Course::default() }.run();
        let summary = ran.outcome.unwrap_or_else(|broken| panic!("{broken}"));
        assert_eq!(summary.repairs, 0, "and no sum differed");
    }
}
