//! Templates, checkpoints, schedules, and a year of walked rounds.
//!
//! The steward's schedules of each cluster cover the whole day, so that at any hour one round is open;
//! the guard clears the buildings at night, technicians look after fire safety and the state of the
//! buildings, and the supervisor walks the site and checks quality.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, NaiveTime};
use domain::Role;
use domain::id::{CheckpointId, ClusterId, ScheduleId, TicketId};
use domain::modules::Command;
use domain::modules::attachments::AttachmentRole;
use domain::modules::company::Settings;
use domain::modules::rounds::builtin::{template_id, templates};
use domain::modules::rounds::due::expand;
use domain::modules::rounds::{
    Answer, AnswerType, Confirmation, FinishRound, HandReason, Item, ItemAnswer, PublishTemplate,
    RecordCheckpoint, Recurrence, RegisterCheckpoint, Schedule, SetSchedule, StartRound, Window,
};
use domain::modules::tickets::{Intake, Origin, Place, TicketContact, TicketKind};
use domain::time::{MINUTE, Ms};

use super::estate::{CLUSTERS, project};
use super::history::History;
use super::people::{Member, Staff};
use super::pictures;
use super::stream::Stream;
use super::tickets::{self, NewTicket};

/// On which days a plan falls.
#[derive(Clone, Copy)]
enum On {
    Every,
    Weekday(u8),
    OfMonth(u8),
}

/// A schedule of the demo.
struct Plan {
    code: &'static str,
    template: &'static str,
    name: &'static str,
    /// Full hours.
    windows: &'static [(u32, u32)],
    on: On,
    role: Role,
    /// Walked once for the whole site: it stands with the first cluster, where the office is.
    site: bool,
    /// Days of history.
    days: u64,
}

const SCHEDULES: &[Plan] = &[
    Plan {
        code: "boards",
        template: "morning_boards",
        name: "文体设施与公告栏晨检",
        windows: &[(6, 9)],
        on: On::Every,
        role: Role::Steward,
        site: false,
        days: 30,
    },
    Plan {
        code: "morning",
        template: "daily_cluster",
        name: "组团晨巡",
        windows: &[(9, 12)],
        on: On::Every,
        role: Role::Steward,
        site: false,
        days: 365,
    },
    Plan {
        code: "afternoon",
        template: "daily_cluster",
        name: "组团午后巡视",
        windows: &[(12, 18)],
        on: On::Every,
        role: Role::Steward,
        site: false,
        days: 7,
    },
    Plan {
        code: "evening",
        template: "daily_cluster",
        name: "组团晚间巡视",
        windows: &[(18, 6)],
        on: On::Every,
        role: Role::Steward,
        site: false,
        days: 14,
    },
    Plan {
        code: "night",
        template: "night_clearing",
        name: "夜间清楼",
        windows: &[(18, 6)],
        on: On::Every,
        role: Role::Guard,
        site: false,
        days: 14,
    },
    Plan {
        code: "supervisor",
        template: "supervisor_site",
        name: "主管园区巡视",
        windows: &[(8, 11), (14, 17)],
        on: On::Every,
        role: Role::Supervisor,
        site: true,
        days: 14,
    },
    Plan {
        code: "quality",
        template: "weekly_quality",
        name: "每周品质检查",
        windows: &[(14, 18)],
        on: On::Weekday(5),
        role: Role::Supervisor,
        site: true,
        days: 60,
    },
    Plan {
        code: "fire",
        template: "weekly_fire",
        name: "每周消防设施巡查",
        windows: &[(8, 18)],
        on: On::Weekday(3),
        role: Role::Technician,
        site: false,
        days: 35,
    },
    Plan {
        code: "monthly",
        template: "building_monthly",
        name: "楼宇情况月报",
        windows: &[(8, 18)],
        on: On::OfMonth(25),
        role: Role::Technician,
        site: false,
        days: 62,
    },
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
        for schedule in SCHEDULES.iter().filter(|schedule| schedule.is_in(index)) {
            commands.push(schedule.set(plan.id(), today - Days::new(schedule.days)).into());
        }
        for (template, points) in published_points(&published, index) {
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
    cluster: usize,
) -> impl Iterator<Item = (&'static str, &PublishTemplate)> {
    let here = SCHEDULES.iter().filter(|schedule| schedule.is_in(cluster));
    let templates: BTreeSet<&str> = here.map(|schedule| schedule.template).collect();
    templates.into_iter().map(move |template| {
        let found = published.iter().find(|p| p.template == template_id(template));
        (template, found.expect("a built-in template"))
    })
}

impl Plan {
    fn is_in(&self, cluster: usize) -> bool {
        !self.site || cluster == 0
    }

    fn set(&self, cluster: ClusterId, starts: NaiveDate) -> SetSchedule {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a full hour");
        SetSchedule {
            schedule: schedule_id(cluster, self.code),
            cluster,
            template: template_id(self.template),
            name: self.name.into(),
            recurrence: match self.on {
                On::Every => Recurrence::Daily,
                On::Weekday(day) => Recurrence::Weekly { weekdays: vec![day] },
                On::OfMonth(day) => Recurrence::Monthly { days: vec![day] },
            },
            windows: self
                .windows
                .iter()
                .map(|(from, to)| Window { from: time(*from), to: time(*to) })
                .collect(),
            role: self.role,
            person: None,
            starts,
            ends: None,
        }
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
    for (index, plan) in CLUSTERS.iter().enumerate() {
        for asked in SCHEDULES.iter().filter(|asked| asked.is_in(index)) {
            let starts = today - Days::new(asked.days);
            let command = asked.set(plan.id(), starts);
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
                let (by, begins) = match asked.role {
                    // One guard walks all clusters, one after the other.
                    Role::Guard => (staff.get("menwei1"), 90 * index + chance.below(20)),
                    Role::Supervisor => (staff.get("zhuguan1"), 20 + chance.below(40)),
                    Role::Technician => {
                        let technicians = staff.technicians();
                        (
                            technicians[index % technicians.len()],
                            120 * (index / 3) + chance.below(30),
                        )
                    }
                    _ => (staff.steward(plan.id()), 10 + chance.below(50)),
                };
                let walk = Walk {
                    cluster: plan.id(),
                    cluster_code: plan.code,
                    template: asked.template,
                    points,
                    staff,
                    by,
                };
                walk.through(history, chance, &due, begins, sign);
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
    by: &'a Member,
}

impl Walk<'_> {
    fn through(
        &self,
        history: &mut History,
        chance: &mut Stream,
        due: &domain::modules::rounds::due::DueRound,
        begins: usize,
        sign: SignCode<'_>,
    ) {
        let (from, _) = due.window;
        let mut at = from.plus(i64::try_from(begins).unwrap_or(0) * MINUTE);
        let start = StartRound {
            round: due.id,
            cluster: self.cluster,
            schedule: Some(due.schedule),
            date: due.date,
            slot: due.slot,
            template: self.points.template,
            version: 1,
        };
        if !history.add(chance, self.by, at, start) {
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
                Confirmation::Hand { reason: String::new(), usual: Some(HandReason::Damaged) }
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
            if !history.add(chance, self.by, at, record) {
                return;
            }
        }
        let finish = FinishRound { round: due.id, summary: String::new(), left_out: String::new() };
        history.add(chance, self.by, at.plus(2 * MINUTE), finish);
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
                answer.note = "现场发现异常，已拍照并报工程部".into();
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
            description: format!("巡视发现：{}", item.text),
            intake: Intake::Round,
            origin: Some(Origin::Round { round, checkpoint: Some(place), item: item.code.clone() }),
        };
        tickets::open(history, chance, self.staff, self.by, at, new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::HOUR;

    fn schedule(plan: &Plan, cluster: ClusterId, starts: NaiveDate) -> Schedule {
        let asked = plan.set(cluster, starts);
        Schedule {
            id: asked.schedule,
            project: project(),
            cluster: asked.cluster,
            template: asked.template,
            name: asked.name,
            recurrence: asked.recurrence,
            windows: asked.windows,
            role: asked.role,
            person: None,
            starts: asked.starts,
            ends: None,
            changed_at: Ms(0),
        }
    }

    #[test]
    fn each_steward_has_an_open_round_at_any_hour_and_the_guard_one_at_night() {
        let settings = Settings::default();
        let day: NaiveDate = "2026-11-21".parse().unwrap();
        let midnight = settings.zone.start_of_day(day);
        for plan in CLUSTERS {
            let open = |role: Role, at: Ms| {
                let of_role = SCHEDULES.iter().filter(move |schedule| schedule.role == role);
                let is_open = |asked: &&Plan| {
                    let schedule = schedule(asked, plan.id(), day - Days::new(7));
                    let due = expand(&schedule, &settings, day - Days::new(1), day);
                    due.iter().any(|due| (due.window.0..due.window.1).contains(&at))
                };
                of_role.filter(is_open).count()
            };
            for hour in 0..24 {
                let at = midnight.plus(hour * HOUR + 30 * MINUTE);
                assert_eq!(open(Role::Steward, at), 1, "{} at {hour}", plan.code);
                let night = !(6..18).contains(&hour);
                assert_eq!(open(Role::Guard, at), usize::from(night), "{hour}");
            }
        }
    }

    #[test]
    fn every_round_of_the_rules_is_planned_and_the_notice_boards_are_looked_at_in_the_morning() {
        let planned: BTreeSet<&str> = SCHEDULES.iter().map(|plan| plan.template).collect();
        for template in [
            "daily_cluster",
            "morning_boards",
            "supervisor_site",
            "weekly_quality",
            "weekly_fire",
            "night_clearing",
            "building_monthly",
        ] {
            assert!(planned.contains(template), "{template} has no schedule");
        }
        let boards = SCHEDULES.iter().filter(|plan| plan.template == "morning_boards");
        assert!(boards.flat_map(|plan| plan.windows).all(|(_, to)| *to <= 12));
        let rounds = SCHEDULES.iter().find(|plan| plan.template == "supervisor_site").unwrap();
        assert!((2..=3).contains(&rounds.windows.len()), "two or three a day");
    }
}
