//! Where templates, checkpoints, schedules, rounds and briefings are kept.

use domain::modules::rounds::{Briefing, Checkpoint, Round, RoundTemplate, Schedule};

crate::table!(ROUND_TEMPLATES: RoundTemplate => "round_templates", |template| {
    template_id: Text = template.template,
    version: Int = template.version,
    name: Text = &template.name,
    retired: Int = template.retired,
    superseded: Int = template.superseded,
});

crate::table!(CHECKPOINTS: Checkpoint => "checkpoints", |checkpoint| {
    cluster_id: Text = checkpoint.cluster,
    template_id: Text = checkpoint.template,
    point: Text = &checkpoint.point,
    name: Text = &checkpoint.name,
    code_version: Int = checkpoint.code_version,
});

crate::table!(SCHEDULES: Schedule => "schedules", |schedule| {
    cluster_id: Text = schedule.cluster,
    template_id: Text = schedule.template,
    name: Text = &schedule.name,
    starts: Text = schedule.starts,
    ends: Text = schedule.ends,
});

crate::table!(ROUNDS: Round => "rounds", |round| {
    cluster_id: Text = round.cluster,
    schedule_id: Text = round.schedule,
    template_id: Text = round.template,
    due_on: Text = round.date,
    name: Text = &round.name,
    walked_by: Text = round.by,
    started: Int = round.started,
    finished: Int = round.finished,
    late: Int = round.late,
    points: Int = round.points,
    points_done: Int = round.points_done(),
    tickets: Int = round.tickets().count(),
});

crate::table!(BRIEFINGS: Briefing => "briefings", |briefing| {
    cluster_id: Text = briefing.cluster,
    held_on: Text = briefing.date,
    held_by: Text = briefing.by,
    at: Int = briefing.at,
});
