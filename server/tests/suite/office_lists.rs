//! What reaches whom of arrears and calls, and what the office's lists take in: long waits, the company's own
//! commands, promises from long ago.

use crate::web::{Client, NOW, Server, cluster, scope, user};
use axum::http::StatusCode;
use domain::Fen;
use domain::actor::Role;
use domain::id::{BuildingId, FeeCallId, TicketId, UnitId};
use domain::modules::Command;
use domain::modules::accounts::CreateAccount;
use domain::modules::fees::{CallOutcome, RecordFeeCall, SetArrears, UnpaidReason};
use domain::modules::households::{RegisterBuilding, RegisterUnit, UnitStatus};
use domain::modules::tickets::{
    DeclineTicket, Intake, NoteTicket, OpenTicket, Place, TicketContact, TicketKind, Urgency,
};
use domain::sync::Scope;
use domain::time::DAY;
use serde_json::{Value, json};

on_every_database!(
    only_who_may_see_what_is_owed_receives_arrears_and_calls,
    the_dashboard_tells_of_calls_and_promises_only_whoever_may_see_what_is_owed,
    a_promise_of_long_ago_is_still_to_be_called_about,
    a_call_about_a_declined_ticket_says_that_nothing_is_solved,
    what_waits_for_another_phone_reaches_the_office_after_five_days,
    what_was_refused_in_the_company_is_listed_and_settled_too,
);

fn unit() -> UnitId {
    UnitId::derived(&["test unit"])
}

/// A household of cluster A that has owed since the summer.
async fn owing(server: &Server) {
    let building = BuildingId::derived(&["test building"]);
    let estate: Vec<Command> = vec![
        RegisterBuilding {
            building,
            cluster: cluster("A"),
            number: "3".into(),
            name: String::new(),
            floors: 18,
            entrances: 2,
        }
        .into(),
        RegisterUnit {
            unit: unit(),
            building,
            label: "3-2-1501".into(),
            floor: 15,
            area_centi: 9_870,
            status: UnitStatus::OwnerOccupied,
            handed_over: None,
            contacts: Vec::new(),
            key_customer: false,
            caution: String::new(),
        }
        .into(),
        SetArrears {
            unit: unit(),
            owed: Fen(120_000),
            since: chrono::NaiveDate::from_ymd_opt(2026, 6, 1),
            months: 6,
            as_of: NOW,
        }
        .into(),
    ];
    server.system(scope(), estate).await;
}

fn call(name: &str) -> RecordFeeCall {
    RecordFeeCall {
        call: FeeCallId::derived(&["test call", name]),
        unit: unit(),
        dialled: String::new(),
        outcome: CallOutcome::Connected,
        reason: None,
        promised: Some(domain::time::Zone::default().date(NOW.plus(DAY))),
        note: String::new(),
        ticket: None,
    }
}

async fn view(client: &Client<'_>, path: &str) -> Value {
    let answer = client.get(&format!("/api/v1/views/{path}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn only_who_may_see_what_is_owed_receives_arrears_and_calls(server: &Server) {
    owing(server).await;
    let mut steward = server.signed_in("steward").await;
    let outcomes = steward.push(scope(), user("steward"), &[call("one").into()]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    for (account, role, code) in crate::web::staff() {
        if role == Role::System {
            continue;
        }
        let sees = role.rights().contains(&domain::Right::ViewArrears) && code != Some("B");
        let client = server.signed_in(&account).await;
        for kind in ["arrears", "fee_call"] {
            let rows = client.pull(scope(), kind).await.len();
            assert_eq!(rows == 1, sees, "{account} receives {rows} of {kind}");
        }
    }
}

async fn the_dashboard_tells_of_calls_and_promises_only_whoever_may_see_what_is_owed(
    server: &Server,
) {
    owing(server).await;
    let mut steward = server.signed_in("steward").await;
    let today = domain::time::Zone::default().date(NOW);
    let promise = RecordFeeCall { promised: Some(today), ..call("today") };
    let outcomes = steward.push(scope(), user("steward"), &[promise.into()]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    for (who, told) in [("supervisor", true), ("quality", false), ("engineering-lead", false)] {
        let board = view(&server.signed_in(who).await, "dashboard").await;
        let rows = board["happenings"].as_array().unwrap();
        let any = rows.iter().any(|row| row["kind"] == "fees.record_call");
        assert_eq!(any, told, "{who}: {rows:?}");
        assert_eq!(board["clusters"][0]["promises_due"], json!(u32::from(told)), "{who}");
    }
}

async fn a_promise_of_long_ago_is_still_to_be_called_about(server: &Server) {
    owing(server).await;
    let mut steward = server.signed_in("steward").await;
    steward.push(scope(), user("steward"), &[call("promise").into()]).await;
    server.advance(200 * DAY);
    steward = server.signed_in("steward").await;
    let unheard = RecordFeeCall { outcome: CallOutcome::NoAnswer, promised: None, ..call("later") };
    let outcomes = steward.push(scope(), user("steward"), &[unheard.into()]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    let desk = server.signed_in("supervisor").await;
    let board = view(&desk, "dashboard").await;
    assert_eq!(board["clusters"][0]["calls_left"], json!(1), "{board}");
}

async fn a_call_about_a_declined_ticket_says_that_nothing_is_solved(server: &Server) {
    owing(server).await;
    // Into the window in which promises and service problems are looked at.
    server.advance(24 * DAY);
    let ticket = TicketId::derived(&["the reason"]);
    let leak = OpenTicket {
        ticket,
        cluster: cluster("A"),
        kind: TicketKind::Finding,
        category: "leak".into(),
        urgency: Urgency::Normal,
        intake: Intake::OnSite,
        place: Place { unit: None, label: "门厅".into() },
        contact: TicketContact::default(),
        description: "渗水".into(),
        photos: Vec::new(),
        origin: None,
    };
    let reason = Some(UnpaidReason::ServiceProblem);
    let about = RecordFeeCall { ticket: Some(ticket), reason, promised: None, ..call("about") };
    let mut steward = server.signed_in("steward").await;
    let outcomes = steward.push(scope(), user("steward"), &[leak.into(), about.into()]).await;
    assert_eq!(outcomes[1]["outcome"], "applied", "{outcomes}");
    let mut desk = server.signed_in("supervisor").await;
    let decline = DeclineTicket { ticket, explanation: "业主自用部位".into() };
    let outcomes = desk.push(scope(), user("supervisor"), &[decline.into()]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    server.advance(DAY);
    // Were it solved, the household would be called again in this window to be told.
    let board = view(&desk, "dashboard").await;
    assert_eq!(board["clusters"][0]["calls_left"], json!(0), "{board}");
}

async fn what_waits_for_another_phone_reaches_the_office_after_five_days(server: &Server) {
    let mut phone = server.signed_in("technician").await;
    let note = NoteTicket {
        ticket: TicketId::derived(&["on another phone"]),
        note: "阀门已关".into(),
        photos: Vec::new(),
        settles_conflict: false,
        counts: None,
    };
    let outcomes = phone.push(scope(), user("technician"), &[note.into()]).await;
    assert_eq!(outcomes[0]["outcome"], "held", "{outcomes}");
    server.advance(5 * DAY);
    let desk = server.signed_in("supervisor").await;
    assert_eq!(view(&desk, "attention").await["rows"], json!([]));
    server.advance(1);
    let rows = view(&desk, "attention").await["rows"].clone();
    assert_eq!(rows[0]["outcome"], "held", "{rows}");
    assert_eq!(rows[0]["by"], "technician");
    assert_eq!(view(&desk, "dashboard").await["conflicts"], json!(1));
    let path = format!("/api/v1/attention/{}/{}/settle", scope(), rows[0]["seq"]);
    assert_eq!(desk.post(&path, json!({})).await.status, StatusCode::NOT_FOUND);
}

async fn what_was_refused_in_the_company_is_listed_and_settled_too(server: &Server) {
    let mut manager = server.signed_in("manager").await;
    let account = CreateAccount {
        account: "friend".into(),
        name: "朋友".into(),
        roles: vec![Role::Admin],
        clusters: Vec::new(),
    };
    let outcomes = manager.push(Scope::Company, user("manager"), &[account.into()]).await;
    assert_eq!(outcomes[0]["outcome"], "refused", "{outcomes}");
    let desk = server.signed_in("supervisor").await;
    let rows = view(&desk, "attention").await["rows"].clone();
    assert_eq!(
        (&rows[0]["scope"], &rows[0]["kind"]),
        (&json!("company"), &json!("accounts.create"))
    );
    let path = format!("/api/v1/attention/company/{}/settle", rows[0]["seq"]);
    let guard = server.signed_in("guard").await;
    assert_eq!(guard.post(&path, json!({})).await.status, StatusCode::FORBIDDEN);
    assert_eq!(desk.post(&path, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(view(&desk, "attention").await["rows"], json!([]));
}
