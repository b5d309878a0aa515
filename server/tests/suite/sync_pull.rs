//! Pulling: incremental equals snapshot, whatever happens between two pages.

use std::sync::Arc;

use crate::common::*;
use chrono::NaiveTime;
use domain::actor::Role;
use domain::id::{CheckpointId, ScheduleId, TemplateId};
use domain::modules::RecordKind;
use domain::modules::fees::SetArrears;
use domain::modules::rounds::due::round_id;
use domain::modules::rounds::{
    AnswerType, Item, Point, PublishTemplate, Recurrence, RegisterCheckpoint, SetSchedule,
    StartRound, Window,
};
use domain::modules::tickets::{
    AcceptTicket, AssignTicket, NoteTicket, OpenTicket, Place, StartTicket,
};
use domain::sync::{OutcomeKind, Scope};

fn note(name: &str) -> NoteTicket {
    NoteTicket {
        ticket: ticket(name),
        note: "x".into(),
        photos: vec![],
        settles_conflict: false,
        counts: None,
    }
}

fn public(name: &str) -> OpenTicket {
    OpenTicket { place: Place { unit: None, label: "大堂".into() }, ..leak(name) }
}

/// What a reader gets who begins now.
async fn snapshot(site: &Site, reader: &Phone, limit: usize) -> Replica {
    let mut replica = reader.replica();
    replica.follow(&site.sync, reader, limit).await;
    replica
}

async fn following_the_cursor_gives_what_a_fresh_snapshot_gives(site: &Site) {
    site.furnish().await;
    let readers = [
        Phone::new("r-lin", lin()),
        Phone::new("r-song", song()),
        Phone::new("r-chen", chen()),
        Phone::new("r-desk", desk()),
        Phone::new("r-boss", boss()),
    ];
    let mut replicas: Vec<Replica> = readers.iter().map(Phone::replica).collect();
    let mut office = Phone::new("boss", boss());
    let mut worker = Phone::new("chen", chen());
    let mut steward = Phone::new("lin", lin());
    // A small generator of its own, so that a failure repeats.
    let mut state = 0x9E37_79B9_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below
    };
    for step in 0..150 {
        let name = format!("t{}", random(12));
        match random(6) {
            0 | 1 => drop(steward.does(&site.sync, public(&format!("t{}", step % 12))).await),
            2 => drop(
                office
                    .does(
                        &site.sync,
                        AssignTicket {
                            ticket: ticket(&name),
                            to: chen().user,
                            note: String::new(),
                        },
                    )
                    .await,
            ),
            3 => drop(worker.does(&site.sync, AcceptTicket { ticket: ticket(&name) }).await),
            4 => drop(worker.does(&site.sync, StartTicket { ticket: ticket(&name) }).await),
            _ => drop(steward.does(&site.sync, note(&name)).await),
        }
        for (reader, replica) in readers.iter().zip(&mut replicas) {
            // Some follow closely in small pages, some stop in the middle of a page run.
            if random(3) == 0 {
                let limit = usize::try_from(1 + random(4)).unwrap();
                replica.page(&site.sync, reader, limit).await;
            }
        }
    }
    for (reader, replica) in readers.iter().zip(&mut replicas) {
        replica.follow(&site.sync, reader, 3).await;
        let fresh = snapshot(site, reader, 2_000).await;
        assert_eq!(replica.rows, fresh.rows);
        assert_eq!(replica.resets, 1);
        assert_eq!(snapshot(site, reader, 2).await.rows, fresh.rows, "in pages of two");
    }
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

async fn a_ticket_that_leaves_the_audience_comes_as_a_tombstone(site: &Site) {
    site.furnish().await;
    let mut steward = Phone::new("lin", lin());
    let mut office = Phone::new("boss", boss());
    let wang = Phone::new("r-wang", person("wang", Role::Technician, vec![]));
    steward.does(&site.sync, leak("one")).await;
    let mut replica = snapshot(site, &wang, 100).await;
    assert!(replica.has(RecordKind::Ticket, ticket("one").0), "in the pool");
    let assigned = office
        .does(
            &site.sync,
            AssignTicket { ticket: ticket("one"), to: chen().user, note: String::new() },
        )
        .await;
    assert_eq!(assigned.outcome, OutcomeKind::Applied);
    let received = replica.received;
    replica.follow(&site.sync, &wang, 100).await;
    assert!(!replica.has(RecordKind::Ticket, ticket("one").0));
    assert_eq!(replica.received, received + 1, "the tombstone and nothing else");
    let chens = snapshot(site, &Phone::new("r-chen", chen()), 100).await;
    assert!(chens.has(RecordKind::Ticket, ticket("one").0));
}

async fn the_steward_of_another_cluster_sees_nothing_of_it(site: &Site) {
    site.furnish().await;
    let mut steward = Phone::new("lin", lin());
    steward.does(&site.sync, leak("one")).await;
    let other = snapshot(site, &Phone::new("r", song()), 100).await;
    assert!(!other.has(RecordKind::Ticket, ticket("one").0));
    assert!(!other.has(RecordKind::Household, unit("a", 1).0));
    assert!(other.has(RecordKind::Household, unit("b", 1).0));
    assert!(other.has(RecordKind::Building, building("a").0), "everyone sees the buildings");
}

async fn a_guard_receives_plans_and_the_guards_rounds_and_nothing_of_the_residents(site: &Site) {
    site.furnish().await;
    let template = TemplateId::derived(&["clearing"]);
    let item = Item {
        code: "doors".into(),
        text: "门窗".into(),
        answer: AnswerType::Normal,
        category: String::new(),
        safety: false,
        optional: false,
    };
    let point = Point { code: "hall".into(), name: "大堂".into(), items: vec![item] };
    let publish = PublishTemplate {
        template,
        version: 1,
        name: "夜间清楼".into(),
        points: vec![point],
        retired: false,
    };
    site.must(Scope::Company, vec![publish.into()]).await;
    let day = domain::Zone::default().date(TEN);
    let all_day = Window {
        from: NaiveTime::from_hms_opt(0, 0, 0).unwrap(),
        to: NaiveTime::from_hms_opt(23, 59, 0).unwrap(),
    };
    let schedule = |role: Role| SetSchedule {
        schedule: ScheduleId::derived(&[role.name()]),
        cluster: cluster("a"),
        template,
        name: role.name().into(),
        recurrence: Recurrence::Daily,
        windows: vec![all_day],
        role,
        person: None,
        starts: day,
        ends: None,
    };
    let owes = SetArrears {
        unit: unit("a", 1),
        owed: domain::Fen(10_000),
        since: Some("2026-11-01".parse().unwrap()),
        months: 1,
        as_of: TEN,
    };
    let place = RegisterCheckpoint {
        checkpoint: CheckpointId::derived(&["hall"]),
        cluster: cluster("a"),
        template,
        point: "hall".into(),
        name: "大堂".into(),
        position: None,
        code_version: 1,
    };
    let plan = [schedule(Role::Guard).into(), schedule(Role::Steward).into(), owes.into()];
    site.must(scope(), plan.into_iter().chain([place.into()]).collect()).await;
    let guard = |name: &str| Phone::new(name, person(name, Role::Guard, vec![]));
    let (mut first, second, mut steward) = (guard("sun"), guard("zhou"), Phone::new("lin", lin()));
    let start = |role: Role| {
        let schedule = ScheduleId::derived(&[role.name()]);
        let round = round_id(schedule, day, 0);
        let schedule = Some(schedule);
        StartRound {
            round,
            cluster: cluster("a"),
            schedule,
            date: day,
            slot: 0,
            template,
            version: 1,
        }
    };
    assert_eq!(first.does(&site.sync, start(Role::Guard)).await.outcome, OutcomeKind::Applied);
    assert_eq!(steward.does(&site.sync, start(Role::Steward)).await.outcome, OutcomeKind::Applied);
    let refused = first.does(&site.sync, start(Role::Steward)).await;
    assert!(refused.reason.unwrap().is(domain::modules::rounds::RoundCode::NotYourRound));
    let replica = snapshot(site, &second, 100).await;
    assert!(replica.has(RecordKind::Round, start(Role::Guard).round.0), "of the shift before");
    assert!(!replica.has(RecordKind::Round, start(Role::Steward).round.0));
    let kinds = |kind: RecordKind| replica.rows.keys().filter(|key| key.kind == kind).count();
    assert_eq!((kinds(RecordKind::Schedule), kinds(RecordKind::Checkpoint)), (2, 1));
    for kind in [RecordKind::Arrears, RecordKind::Household, RecordKind::FeeCall] {
        assert_eq!(kinds(kind), 0, "{kind:?}");
    }
    let company = snapshot(site, &guard("sun").in_scope(Scope::Company), 100).await;
    assert!(company.rows.keys().any(|key| key.kind == RecordKind::RoundTemplate));
}

async fn a_change_of_rights_begins_a_new_snapshot_and_the_numbers_go_on(site: &Site) {
    site.furnish().await;
    let mut phone = Phone::new("lin", lin());
    phone.does(&site.sync, leak("one")).await;
    let mut replica = snapshot(site, &phone, 100).await;
    assert!(!replica.has(RecordKind::Household, unit("b", 1).0));
    phone.actor = person("lin", Role::Steward, vec![cluster("a"), cluster("b")]);
    replica.follow(&site.sync, &phone, 100).await;
    assert_eq!(replica.resets, 2);
    assert!(replica.has(RecordKind::Household, unit("b", 1).0));
    assert_eq!(phone.does(&site.sync, note("one")).await.n, 2);
    // Rights that are gone: what was recorded is still taken in, and answered.
    phone.actor = person("lin", Role::Guard, vec![]);
    let refused = phone.does(&site.sync, note("one")).await;
    assert_eq!((refused.outcome, refused.n), (OutcomeKind::Refused, 3));
    replica.follow(&site.sync, &phone, 100).await;
    assert!(!replica.has(RecordKind::Household, unit("a", 1).0));
}

async fn a_snapshot_goes_on_where_it_stopped_while_others_write(site: &Site) {
    site.furnish().await;
    let mut steward = Phone::new("lin", lin());
    for index in 0..20 {
        steward.does(&site.sync, leak(&format!("t{index}"))).await;
    }
    let reader = Phone::new("r", boss());
    let mut replica = reader.replica();
    let mut index = 20;
    while replica.page(&site.sync, &reader, 5).await {
        steward.does(&site.sync, leak(&format!("t{index}"))).await;
        steward.does(&site.sync, note("t3")).await;
        index += 1;
        assert!(index < 100, "pages end although others go on writing");
    }
    assert_eq!(replica.resets, 1, "never from the beginning again");
    replica.follow(&site.sync, &reader, 5).await;
    assert_eq!(replica.rows, snapshot(site, &reader, 2_000).await.rows);
}

async fn garbage_for_a_cursor_begins_a_new_snapshot(site: &Site) {
    site.furnish().await;
    let reader = Phone::new("r", boss());
    for garbage in ["", "x", "%%", "e30", &"a".repeat(10_000)] {
        let page = site
            .sync
            .pull(scope(), &reader.actor, reader.device, Some(garbage), 100)
            .await
            .unwrap();
        assert!(page.reset && !page.rows.is_empty());
    }
    let whole = snapshot(site, &reader, 2_000).await;
    let foreign = site
        .sync
        .pull(Scope::Company, &reader.actor, reader.device, whole.cursor.as_deref(), 100)
        .await
        .unwrap();
    assert!(foreign.reset, "a cursor of another scope");
}

async fn nothing_new_costs_one_empty_page(site: &Site) {
    site.furnish().await;
    let reader = Phone::new("r", boss());
    let mut replica = snapshot(site, &reader, 2_000).await;
    let (pages, received) = (replica.pages, replica.received);
    replica.follow(&site.sync, &reader, 2_000).await;
    assert_eq!((replica.pages, replica.received), (pages + 1, received));
}

async fn a_server_come_back_from_a_backup_starts_every_phone_afresh(site: &Site) {
    site.furnish().await;
    let reader = Phone::new("r", boss());
    let mut replica = snapshot(site, &reader, 2_000).await;
    let mut tx = site.db.begin_write().await.unwrap();
    server::store::meta::begin_new_epoch(&mut tx, &site.clock).await.unwrap();
    tx.commit().await.unwrap();
    let restored = start(&site.db, &site.clock).await;
    assert_ne!(restored.epoch(), site.sync.epoch());
    replica.follow(&restored, &reader, 2_000).await;
    assert_eq!(replica.resets, 2);
}

async fn what_is_backed_up_is_said(site: &Site) {
    site.furnish().await;
    let reader = Phone::new("r", boss());
    let page = site.sync.pull(scope(), &reader.actor, reader.device, None, 10).await.unwrap();
    assert_eq!(page.backup_seq, page.head, "without backups committed is backed up");
    let mut tx = site.db.begin_write().await.unwrap();
    server::store::meta::set_backup(&mut tx, true).await.unwrap();
    server::store::scopes::mark_backed_up(&mut tx, scope(), 3).await.unwrap();
    tx.commit().await.unwrap();
    let page = site.sync.pull(scope(), &reader.actor, reader.device, None, 10).await.unwrap();
    assert_eq!(page.backup_seq, 3);
}

async fn what_was_written_while_arrears_spoke_to_the_whole_office_reaches_only_finance(
    site: &Site,
) {
    site.furnish().await;
    let owed = SetArrears {
        unit: unit("a", 1),
        owed: domain::Fen(18_000),
        since: Some("2026-11-01".parse().unwrap()),
        months: 1,
        as_of: TEN,
    };
    site.must(scope(), vec![owed.into()]).await;
    let quality = Phone::new("quality", person("quality", Role::Quality, vec![]));
    let finance = Phone::new("boss", boss());
    let count = async |reader: &Phone| {
        let replica = snapshot(site, reader, 100).await;
        replica.rows.keys().filter(|key| key.kind == RecordKind::Arrears).count()
    };
    // As a build of then left it.
    for statement in [
        "INSERT INTO feed (scope, channel, kind, record_id, seq, gone) \
         SELECT scope, 'office', kind, record_id, seq, gone FROM feed \
         WHERE channel = 'finance' AND kind = 'arrears'",
        "ALTER TABLE tickets DROP COLUMN words",
        "ALTER TABLE scopes DROP COLUMN feed_floor",
        "DROP TABLE feed_marks",
        "DROP INDEX feed_gone",
        "DROP TABLE duties",
        "DELETE FROM schema_version WHERE version >= 6",
    ] {
        server::db::sql(statement).execute(site.db.writers()).await.unwrap();
    }
    assert_eq!((count(&quality).await, count(&finance).await), (1, 1));
    assert!(!server::sync::verify(&site.db).await.unwrap().is_sound());
    server::db::migrate::run(&site.db).await.unwrap();
    assert_eq!((count(&quality).await, count(&finance).await), (0, 1));
    assert!(server::sync::verify(&site.db).await.unwrap().is_sound());
}

async fn stewards_read_the_projects_of_their_clusters_and_the_office_all(site: &Site) {
    site.furnish().await;
    let names = |actor: Arc<domain::Actor>| async move {
        let scopes = site.sync.scopes_of(&actor).await.unwrap();
        scopes.into_iter().map(|info| info.scope).collect::<Vec<_>>()
    };
    assert_eq!(names(lin()).await, [Scope::Company, scope()]);
    assert_eq!(names(desk()).await, [Scope::Company, scope()]);
    let elsewhere = person("x", Role::Steward, vec![cluster("z")]);
    assert_eq!(names(Arc::clone(&elsewhere)).await, [Scope::Company]);
    assert!(!site.sync.may_read(&elsewhere, scope()).await.unwrap());
    assert!(site.sync.may_read(&lin(), scope()).await.unwrap());
}

on_both!(
    a_guard_receives_plans_and_the_guards_rounds_and_nothing_of_the_residents,
    following_the_cursor_gives_what_a_fresh_snapshot_gives,
    a_ticket_that_leaves_the_audience_comes_as_a_tombstone,
    the_steward_of_another_cluster_sees_nothing_of_it,
    a_change_of_rights_begins_a_new_snapshot_and_the_numbers_go_on,
    a_snapshot_goes_on_where_it_stopped_while_others_write,
    garbage_for_a_cursor_begins_a_new_snapshot,
    nothing_new_costs_one_empty_page,
    a_server_come_back_from_a_backup_starts_every_phone_afresh,
    what_is_backed_up_is_said,
    what_was_written_while_arrears_spoke_to_the_whole_office_reaches_only_finance,
    stewards_read_the_projects_of_their_clusters_and_the_office_all,
);
