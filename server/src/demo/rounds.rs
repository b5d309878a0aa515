//! Templates, checkpoints, schedules, and a year of walked rounds.
//!
//! The three schedules of each cluster cover the whole day, so that at any hour a round is open.

use chrono::{Days, NaiveDate, NaiveTime};
use domain::Role;
use domain::id::{CheckpointId, ClusterId, ScheduleId, TicketId};
use domain::modules::Command;
use domain::modules::attachments::AttachmentRole;
use domain::modules::company::Settings;
use domain::modules::rounds::builtin::{template_id, templates};
use domain::modules::rounds::due::expand;
use domain::modules::rounds::{
    Answer, AnswerType, Confirmation, FinishRound, Item, ItemAnswer, PublishTemplate,
    RecordCheckpoint, Recurrence, RegisterCheckpoint, Schedule, SetSchedule, StartRound, Window,
};
use domain::modules::tickets::{Intake, Origin, Place, TicketContact, TicketKind};
use domain::time::{MINUTE, Ms};

use super::estate::{CLUSTERS, project};
use super::history::History;
use super::people::Staff;
use super::pictures;
use super::stream::Stream;
use super::tickets::{self, NewTicket};

/// (code, template, name, from hour, to hour, days of history).
const SCHEDULES: &[(&str, &str, &str, u32, u32, u64)] = &[
    ("morning", "daily_cluster", "组团晨巡", 6, 12, 365),
    ("afternoon", "morning_boards", "午后公共设施与公告检查", 12, 18, 30),
    ("night", "night_clearing", "夜间清楼", 18, 6, 14),
];

/// Signs the code on a checkpoint's wall.
pub type SignCode<'a> = &'a dyn Fn(CheckpointId, u32) -> String;

fn checkpoint(cluster: ClusterId, template: &str, point: &str) -> CheckpointId {
    CheckpointId::derived(&["demo", "checkpoint", &cluster.to_string(), template, point])
}

fn schedule_id(cluster: ClusterId, code: &str) -> ScheduleId {
    ScheduleId::derived(&["demo", "schedule", &cluster.to_string(), code])
}

/// Company commands: the built-in templates.
pub fn publish() -> Vec<Command> {
    templates().into_iter().map(Command::from).collect()
}

/// Project commands: checkpoints and schedules.
pub fn register(today: NaiveDate) -> Vec<Command> {
    let mut commands = Vec::new();
    let published = templates();
    for (index, plan) in CLUSTERS.iter().enumerate() {
        for (code, template, name, from, to, days) in SCHEDULES {
            commands.push(Command::from(set_schedule(
                plan.id(),
                code,
                template,
                name,
                *from,
                *to,
                today - Days::new(*days),
            )));
        }
        for (template, points) in published_points(&published) {
            for (place, point) in points.points.iter().enumerate() {
                let east = i32::try_from(index * 260 + place * 18).unwrap_or(0);
                let north = i32::try_from(place * 15).unwrap_or(0);
                commands.push(Command::from(RegisterCheckpoint {
                    checkpoint: checkpoint(plan.id(), template, &point.code),
                    cluster: plan.id(),
                    template: points.template,
                    point: point.code.clone(),
                    name: format!("{}组团 {}", plan.code, point.name),
                    position: Some((east, north)),
                    code_version: 1,
                }));
            }
        }
    }
    commands
}

fn published_points(
    published: &[PublishTemplate],
) -> impl Iterator<Item = (&'static str, &PublishTemplate)> {
    SCHEDULES.iter().map(move |(_, template, ..)| {
        let found = published.iter().find(|p| p.template == template_id(template));
        (*template, found.expect("a built-in template"))
    })
}

fn set_schedule(
    cluster: ClusterId,
    code: &str,
    template: &str,
    name: &str,
    from: u32,
    to: u32,
    starts: NaiveDate,
) -> SetSchedule {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a full hour");
    SetSchedule {
        schedule: schedule_id(cluster, code),
        cluster,
        template: template_id(template),
        name: name.into(),
        recurrence: Recurrence::Daily,
        windows: vec![Window { from: time(from), to: time(to) }],
        role: Role::Steward,
        person: None,
        starts,
        ends: None,
    }
}

/// Every round that was due and is over, but for the few that were forgotten.
pub fn fill(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    today: NaiveDate,
    sign: SignCode<'_>,
) {
    let settings = Settings::default();
    let published = templates();
    for plan in CLUSTERS {
        for (code, template, name, from, to, days) in SCHEDULES {
            let starts = today - Days::new(*days);
            let command = set_schedule(plan.id(), code, template, name, *from, *to, starts);
            let schedule = Schedule {
                id: command.schedule,
                project: project(),
                cluster: command.cluster,
                template: command.template,
                name: command.name,
                recurrence: command.recurrence,
                windows: command.windows,
                role: command.role,
                person: None,
                starts,
                ends: None,
                changed_at: history.now,
            };
            let points = published.iter().find(|p| p.template == schedule.template);
            let points = points.expect("a built-in template");
            for due in expand(&schedule, &settings, starts, today) {
                // The window that is open now is left to whoever tries the demo.
                if due.window.1 > history.now || chance.chance(3) {
                    continue;
                }
                let walk =
                    Walk { cluster: plan.id(), cluster_code: plan.code, template, points, staff };
                walk.through(history, chance, &due, sign);
            }
        }
    }
}

struct Walk<'a> {
    cluster: ClusterId,
    cluster_code: &'static str,
    template: &'a str,
    points: &'a PublishTemplate,
    staff: &'a Staff,
}

impl Walk<'_> {
    fn through(
        &self,
        history: &mut History,
        chance: &mut Stream,
        due: &domain::modules::rounds::due::DueRound,
        sign: SignCode<'_>,
    ) {
        let steward = self.staff.steward(self.cluster);
        let (from, _) = due.window;
        let mut at = from.plus(chance.minutes(100, 200));
        let start = StartRound {
            round: due.id,
            cluster: self.cluster,
            schedule: Some(due.schedule),
            date: due.date,
            slot: due.slot,
            template: self.points.template,
            version: 1,
        };
        if !history.add(chance, steward, at, start) {
            return;
        }
        for point in &self.points.points {
            at = at.plus(chance.minutes(3, 9));
            let place = checkpoint(self.cluster, self.template, &point.code);
            let mut raised = None;
            let answers =
                point.items.iter().map(|item| self.answer(chance, item, at, &mut raised)).collect();
            if let Some((ticket, item)) = &raised {
                self.raise(
                    history,
                    chance,
                    at.plus(-MINUTE),
                    *ticket,
                    item,
                    due.id,
                    place,
                    &point.name,
                );
            }
            let confirmation = if chance.chance(94) {
                Confirmation::Code { code: sign(place, 1) }
            } else {
                Confirmation::Hand { reason: "二维码污损,无法识别".into() }
            };
            let record = RecordCheckpoint {
                round: due.id,
                template: self.points.template,
                version: 1,
                point: point.code.clone(),
                checkpoint: Some(place),
                confirmation,
                answers,
            };
            if !history.add(chance, steward, at, record) {
                return;
            }
        }
        let finish = FinishRound { round: due.id, summary: String::new(), left_out: String::new() };
        history.add(chance, steward, at.plus(2 * MINUTE), finish);
    }

    fn answer(
        &self,
        chance: &mut Stream,
        item: &Item,
        at: Ms,
        raised: &mut Option<(TicketId, Item)>,
    ) -> ItemAnswer {
        let mut answer = ItemAnswer {
            item: item.code.clone(),
            answer: Answer::Normal,
            note: String::new(),
            photos: Vec::new(),
            ticket: None,
        };
        answer.answer = match &item.answer {
            AnswerType::Normal
                if raised.is_none() && !item.category.is_empty() && chance.below(140) == 0 =>
            {
                let ticket = TicketId(chance.uuid(at));
                *raised = Some((ticket, item.clone()));
                answer.ticket = Some(ticket);
                answer.note = "现场发现异常,已拍照并报工程部".into();
                answer.photos = vec![pictures::of(&item.category, AttachmentRole::Photo, at)];
                Answer::Abnormal
            }
            AnswerType::Normal => Answer::Normal,
            AnswerType::Number { low, high, .. } => {
                let (low, high) = (low.unwrap_or(0), high.unwrap_or(3_000));
                Answer::Number { reading: low + (high - low) / 2000 * 1000 }
            }
            AnswerType::Text => Answer::Text { text: "无异常".into() },
            AnswerType::Photo => {
                answer.photos = vec![pictures::view(chance.below(2), at)];
                Answer::Photo
            }
        };
        answer
    }

    #[allow(clippy::too_many_arguments)] // one call, all of it different
    fn raise(
        &self,
        history: &mut History,
        chance: &mut Stream,
        at: Ms,
        ticket: TicketId,
        item: &Item,
        round: domain::id::RoundId,
        place: CheckpointId,
        point: &str,
    ) {
        let new = NewTicket {
            id: ticket,
            cluster: self.cluster,
            kind: TicketKind::Finding,
            category: item.category.clone(),
            place: Place { unit: None, label: format!("{}组团 {point}", self.cluster_code) },
            contact: TicketContact::default(),
            description: format!("巡视发现:{}", item.text),
            intake: Intake::Round,
            origin: Some(Origin::Round { round, checkpoint: place, item: item.code.clone() }),
        };
        let steward = self.staff.steward(self.cluster);
        tickets::open(history, chance, self.staff, steward, at, new);
    }
}
