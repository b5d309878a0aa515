//! The store: every kind of record comes back byte for byte, and the database's own rules hold.

use std::collections::BTreeMap;

use crate::common::*;
use domain::id::*;
use domain::modules::accounts::User;
use domain::modules::attachments::{BlobArrival, Settlement, Sha256Hex};
use domain::modules::company::Settings;
use domain::modules::fees::{Arrears, CallOutcome, FeeCall};
use domain::modules::households::{Building, Cluster, Household, Project, UnitStatus};
use domain::modules::rounds::{
    AnswerType, Briefing, Checkpoint, Item, Point, Recurrence, Round, RoundTemplate, Schedule,
};
use domain::modules::tickets::{
    Intake, Place, Ticket, TicketContact, TicketKind, TicketState, Urgency,
};
use domain::modules::visits::{Visit, VisitResult, VisitWay};
use domain::modules::{Record, RecordKind};
use domain::sync::{Outcome, OutcomeKind, RecordKey, Scope, SyncedRecord};
use domain::{Fen, Role};
use server::db::sql;
use server::store::{self, records};

fn day() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
}

fn user() -> UserId {
    lin().user
}

fn a_ticket() -> Ticket {
    Ticket {
        id: ticket("one"),
        project: project(),
        cluster: cluster("a"),
        number: Some(7),
        kind: TicketKind::Repair,
        category: "leak".into(),
        urgency: Urgency::Urgent,
        intake: Intake::OnSite,
        place: Place { unit: Some(unit("a", 1)), label: "1-1-101".into() },
        contact: TicketContact { name: "张\"伟\"\\".into(), phone: "138".into() },
        description: "漏水 \u{1F4A7}\nzwei\t'drei'".into(),
        photos: vec![photo(1)],
        origin: None,
        state: TicketState::Assigned { to: user() },
        opened_by: user(),
        opened_at: TEN,
        clock: domain::modules::tickets::Clock {
            started: TEN,
            due: TEN.plus(1),
            relay_due: None,
            paused: None,
            paused_until: None,
            stopped: None,
        },
        limits: domain::modules::company::Limits {
            return_leak_days: domain::modules::company::Usual(6),
            ..Default::default()
        },
        estimate: Some(Fen(-5)),
        completion: None,
        earlier: Vec::new(),
        score: Some(5),
        reopened: 0,
        conflicts: 0,
        timeline: Vec::new(),
        changed_at: TEN,
    }
}

/// One of every kind, parents first.
fn one_of_each() -> Vec<Record> {
    let template = TemplateId::derived(&["t"]);
    let schedule = ScheduleId::derived(&["s"]);
    let item = Item {
        code: "i".into(),
        text: "门".into(),
        answer: AnswerType::Number { unit: "MPa".into(), low: Some(-1), high: None },
        category: String::new(),
        safety: true,
        optional: false,
    };
    vec![
        User {
            id: user(),
            account: "lin".into(),
            name: "林".into(),
            roles: vec![Role::Steward],
            clusters: vec![cluster("a")],
            disabled: true,
        }
        .into(),
        Settings::default().into(),
        Project { id: project(), name: "樱园".into() }.into(),
        Cluster {
            id: cluster("a"), project: project(), code: "a".into(), name: "罗马假日".into()
        }
        .into(),
        Building {
            id: building("a"),
            project: project(),
            cluster: cluster("a"),
            number: "1".into(),
            name: String::new(),
            floors: 18,
            entrances: 2,
        }
        .into(),
        Household {
            id: unit("a", 1),
            project: project(),
            cluster: cluster("a"),
            building: building("a"),
            label: "1-1-101".into(),
            floor: -1,
            area_centi: 10_125,
            status: UnitStatus::Let,
            handed_over: Some(day()),
            contacts: vec![],
            key_customer: true,
            caution: "狗".into(),
            changed_at: TEN,
        }
        .into(),
        a_ticket().into(),
        RoundTemplate {
            template,
            version: 2,
            name: "日巡".into(),
            points: vec![Point { code: "p".into(), name: "大堂".into(), items: vec![item] }],
            retired: false,
            superseded: true,
            changed_at: TEN,
        }
        .into(),
        Checkpoint {
            id: CheckpointId::derived(&["c"]),
            project: project(),
            cluster: cluster("a"),
            template,
            point: "p".into(),
            name: "大堂".into(),
            position: Some((-3, 4)),
            code_version: 1,
            code_since: TEN,
        }
        .into(),
        Schedule {
            id: schedule,
            project: project(),
            cluster: cluster("a"),
            template,
            name: "日巡".into(),
            recurrence: Recurrence::Daily,
            windows: vec![],
            role: Role::Steward,
            person: None,
            starts: day(),
            ends: None,
            changed_at: TEN,
        }
        .into(),
        Round {
            id: RoundId::derived(&["r"]),
            project: project(),
            cluster: cluster("a"),
            schedule: Some(schedule),
            date: day(),
            window: Some((TEN, TEN)),
            template,
            version: 2,
            name: "日巡".into(),
            points: 1,
            role: None,
            person: None,
            by: user(),
            by_name: "林".into(),
            joined: vec![],
            started: TEN,
            finished: Some(TEN),
            finish_received: None,
            late: true,
            summary: String::new(),
            results: vec![],
            changed_at: TEN,
        }
        .into(),
        Briefing {
            id: Briefing::id_of(cluster("a"), day()),
            project: project(),
            cluster: cluster("a"),
            date: day(),
            by: user(),
            by_name: "林".into(),
            at: TEN,
            lines: vec![],
        }
        .into(),
        Visit {
            id: VisitId::derived(&["v"]),
            project: project(),
            cluster: cluster("a"),
            unit: Some(unit("a", 1)),
            place: "1-1-101".into(),
            way: VisitWay::OnTheWay,
            met: "张".into(),
            topics: vec![],
            note: "x".into(),
            result: VisitResult::Promised { by: day() },
            attachments: vec![],
            by: user(),
            by_name: "林".into(),
            at: TEN,
            received: TEN,
            answers: vec![],
        }
        .into(),
        Arrears {
            unit: unit("a", 1),
            project: project(),
            cluster: cluster("a"),
            label: "1-1-101".into(),
            owed: Fen(i64::MAX / 2),
            since: Some(day()),
            months: 3,
            as_of: TEN,
        }
        .into(),
        FeeCall {
            id: FeeCallId::derived(&["f"]),
            project: project(),
            cluster: cluster("a"),
            unit: unit("a", 1),
            label: "1-1-101".into(),
            dialled: String::new(),
            outcome: CallOutcome::Refused,
            reason: None,
            promised: None,
            owed: Fen(1),
            note: String::new(),
            ticket: None,
            by: user(),
            by_name: "林".into(),
            at: TEN,
            received: TEN,
        }
        .into(),
        BlobArrival { sha256: Sha256Hex("ab".repeat(32)), size: 9, at: TEN, scope: scope() }.into(),
        Settlement {
            user: None,
            op: op("x"),
            device: device("d"),
            scope: scope(),
            outcome: Outcome {
                op: op("x"),
                n: 1,
                outcome: OutcomeKind::Applied,
                seq: 9,
                reason: None,
            },
        }
        .into(),
    ]
}

async fn write(site: &Site, states: Vec<(RecordKey, Option<Record>)>) -> store::Result<()> {
    let states: BTreeMap<_, _> =
        states.into_iter().map(|(key, record)| (key, (record, 3))).collect();
    let mut tx = site.db.begin_write().await.unwrap();
    records::write(&mut tx, site.db.dialect(), &states).await?;
    tx.commit().await.unwrap();
    Ok(())
}

fn put(record: impl Into<Record>) -> (RecordKey, Option<Record>) {
    let record = record.into();
    (record.key(), Some(record))
}

async fn every_kind_of_record_comes_back_byte_for_byte(site: &Site) {
    let all = one_of_each();
    for kind in RecordKind::ALL {
        assert!(all.iter().any(|record| record.kind() == *kind), "{kind:?} has no example");
    }
    // Twice: the second time they replace themselves.
    for _ in 0..2 {
        write(site, all.iter().cloned().map(put).collect()).await.unwrap();
    }
    let mut connection = site.db.readers().acquire().await.unwrap();
    let keys = all.iter().map(Record::key);
    let bodies = records::bodies(&mut connection, site.db.dialect(), keys.clone()).await.unwrap();
    assert_eq!(bodies.len(), all.len());
    let loaded = records::load(&mut connection, site.db.dialect(), keys).await.unwrap();
    for record in &all {
        let body = bodies.iter().find(|body| body.key == record.key()).unwrap();
        assert_eq!((&body.body, body.seq), (&record.encode(), 3));
        assert_eq!(&loaded[&record.key()], record);
    }
}

async fn projected_columns_follow_the_record(site: &Site) {
    write(site, one_of_each().into_iter().map(put).collect()).await.unwrap();
    let found = format!(
        "SELECT COUNT(*) FROM tickets WHERE number = 7 AND kind = 'repair' AND state = 'assigned'
         AND urgency = 'urgent' AND intake = 'on_site' AND assignee = '{}' AND unit_id = '{}' AND due = {}
         AND stopped IS NULL AND score = 5",
        user(), unit("a", 1), TEN.0 + 1
    );
    assert_eq!(site.count(&found).await, 1);
    let closed = Ticket { state: TicketState::Closed { by: user(), at: TEN }, ..a_ticket() };
    write(site, vec![put(closed)]).await.unwrap();
    assert_eq!(
        site.count("SELECT COUNT(*) FROM tickets WHERE state = 'closed' AND assignee IS NULL")
            .await,
        1
    );
    let visits = "SELECT COUNT(*) FROM visits WHERE way = 'on_the_way' AND result = 'promised' AND promised = '2026-11-21'";
    assert_eq!(site.count(visits).await, 1);
}

async fn a_record_that_refers_to_nothing_is_refused_and_its_table_named(site: &Site) {
    let orphan = Ticket { cluster: cluster("nowhere"), ..a_ticket() };
    let error = write(site, vec![put(orphan)]).await.unwrap_err();
    assert!(error.is_about_data() && !error.is_worth_repeating(), "{error}");
    assert_eq!(error.table, "tickets");
    assert_eq!(site.count("SELECT COUNT(*) FROM tickets").await, 0);
}

async fn a_value_outside_its_check_is_refused(site: &Site) {
    write(site, one_of_each().into_iter().map(put).collect()).await.unwrap();
    let broken = Arrears {
        unit: unit("a", 1),
        project: project(),
        cluster: cluster("a"),
        label: String::new(),
        owed: Fen(-1),
        since: None,
        months: 0,
        as_of: TEN,
    };
    let error = write(site, vec![put(broken)]).await.unwrap_err();
    assert!(error.is_about_data(), "{error}");
    assert_eq!(error.table, "arrears");
}

async fn a_removed_record_is_gone_and_a_referred_one_stays(site: &Site) {
    write(site, one_of_each().into_iter().map(put).collect()).await.unwrap();
    write(site, vec![(Ticket::key_of(ticket("one").0), None)]).await.unwrap();
    assert_eq!(site.count("SELECT COUNT(*) FROM tickets").await, 0);
    let error = write(site, vec![(Cluster::key_of(cluster("a").0), None)]).await.unwrap_err();
    assert!(error.is_about_data(), "{error}");
    assert_eq!(site.count("SELECT COUNT(*) FROM clusters").await, 1);
}

async fn opening_a_database_again_keeps_what_is_in_it(site: &Site) {
    site.furnish().await;
    let again = server::db::Db::connect(site.db.url()).await.unwrap();
    let epoch = start(&again, &site.clock).await.epoch();
    assert_eq!(epoch, site.sync.epoch());
    again.close().await;
    assert_eq!(site.count("SELECT COUNT(*) FROM projects").await, 1);
}

async fn a_database_of_a_newer_build_is_left_alone(site: &Site) {
    sqlx::query("INSERT INTO schema_version (version, name) VALUES (9999, 'later')")
        .execute(site.db.writers())
        .await
        .unwrap();
    let error = server::db::Db::connect(site.db.url()).await.unwrap_err();
    assert!(matches!(error, server::db::OpenError::Newer { found: 9999, .. }), "{error}");
}

async fn a_transaction_that_is_dropped_leaves_nothing_behind(site: &Site) {
    let mut tx = site.db.begin_write().await.unwrap();
    store::scopes::lock(&mut tx, site.db.dialect(), Scope::Company).await.unwrap();
    store::scopes::advance(&mut tx, Scope::Company, 5, "x").await.unwrap();
    drop(tx);
    assert_eq!(site.sync.head(Scope::Company).await.unwrap(), 0);
}

async fn a_scope_of_another_project_cannot_be_written_from_here(site: &Site) {
    site.furnish().await;
    let outcomes = site.sync.system(Scope::Company, vec![leak("one").into()], TEN).await.unwrap();
    assert_eq!(outcomes[0].outcome, OutcomeKind::Refused);
}

async fn a_transaction_that_the_database_ended_itself_stops_no_later_one(site: &Site) {
    for _ in 0..3 {
        let mut tx = site.db.begin_write().await.unwrap();
        // As a full disk does it: the driver is not told.
        sql("ROLLBACK").execute(&mut *tx).await.unwrap();
        drop(tx);
    }
    let tx = site.db.begin_write().await.unwrap();
    tx.commit().await.unwrap();
}

on_both!(
    a_transaction_that_the_database_ended_itself_stops_no_later_one,
    every_kind_of_record_comes_back_byte_for_byte,
    projected_columns_follow_the_record,
    a_record_that_refers_to_nothing_is_refused_and_its_table_named,
    a_value_outside_its_check_is_refused,
    a_removed_record_is_gone_and_a_referred_one_stays,
    opening_a_database_again_keeps_what_is_in_it,
    a_database_of_a_newer_build_is_left_alone,
    a_transaction_that_is_dropped_leaves_nothing_behind,
    a_scope_of_another_project_cannot_be_written_from_here,
);
