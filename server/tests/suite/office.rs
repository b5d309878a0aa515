//! What the office reads and settles: conflicts from either side, order by time left, relay clocks,
//! when devices were last in step, and what others may see of accounts.

use crate::web::{Client, NOW, Server, cluster, scope, user};
use axum::http::StatusCode;
use chrono::NaiveTime;
use domain::actor::Role;
use domain::id::{ScheduleId, TemplateId, TicketId};
use domain::modules::Command;
use domain::modules::attachments::{Attachment, AttachmentRole, Sha256Hex};
use domain::modules::rounds::{
    AnswerType, Item, Point, PublishTemplate, Recurrence, SetSchedule, Window,
};
use domain::modules::tickets::{
    AcceptTicket, AssignTicket, CompleteTicket, CompletionRef, Intake, NoteTicket, OpenTicket,
    Place, StartTicket, Ticket, TicketContact, TicketKind, Urgency, WaitReason, WaitTicket,
};
use domain::sync::Scope;
use domain::time::{HOUR, MINUTE};
use serde_json::{Value, json};

on_every_database!(
    settling_on_the_ticket_settles_the_offices_list_with_it,
    settling_the_last_entry_of_a_ticket_settles_the_ticket,
    an_engineering_lead_settles_repairs_and_no_complaint_not_even_one_of_several,
    a_completion_that_came_too_late_can_be_made_to_count,
    whoever_was_too_late_still_receives_the_ticket,
    refused_records_are_counted_on_the_dashboard,
    the_table_is_sorted_by_the_time_that_is_left,
    a_wait_that_has_run_out_is_over_its_limit,
    a_ticket_that_nobody_was_given_in_time_is_counted_and_presses,
    whatever_happened_says_what_it_was_about,
    a_device_is_in_step_when_it_keeps_nothing_back,
    a_round_is_missed_once_the_device_has_said_that_it_has_nothing_of_it,
    only_administrators_receive_the_names_people_sign_in_with,
);

fn ticket(name: &str) -> TicketId {
    TicketId::derived(&["office test", name])
}

fn open(name: &str) -> Command {
    open_as(name, TicketKind::Finding)
}

fn open_as(name: &str, kind: TicketKind) -> Command {
    OpenTicket {
        ticket: ticket(name),
        cluster: cluster("A"),
        kind,
        category: if kind == TicketKind::Complaint { "noise" } else { "leak" }.into(),
        urgency: Urgency::Normal,
        intake: Intake::OnSite,
        place: Place { unit: None, label: name.into() },
        contact: TicketContact::default(),
        description: "渗水".into(),
        photos: Vec::new(),
        origin: None,
    }
    .into()
}

fn assign(name: &str, to: &str) -> Command {
    AssignTicket { ticket: ticket(name), to: user(to), note: String::new() }.into()
}

fn complete(name: &str) -> Command {
    let after = Attachment {
        sha256: Sha256Hex("ab".repeat(32)),
        mime: "image/jpeg".into(),
        size: 1_000,
        role: AttachmentRole::After,
        at: NOW,
    };
    CompleteTicket {
        ticket: ticket(name),
        conduct: Vec::new(),
        not_applicable: Vec::new(),
        cause: "老化".into(),
        action: "更换".into(),
        lines: Vec::new(),
        attachments: vec![after],
        signed_by: String::new(),
        unsigned_reason: "公共部位".into(),
    }
    .into()
}

fn wait(name: &str, hours: i64) -> Command {
    let until = Some(NOW.plus(hours * HOUR));
    WaitTicket { ticket: ticket(name), reason: WaitReason::Parts, until, note: String::new() }
        .into()
}

fn settle(name: &str, counts: Option<CompletionRef>) -> Command {
    NoteTicket {
        ticket: ticket(name),
        note: "裁定".into(),
        photos: Vec::new(),
        settles_conflict: true,
        counts,
    }
    .into()
}

/// The supervisor's desk, and the phone of a technician who finished a job that had been given to
/// the engineering lead meanwhile.
async fn overtaken<'a>(server: &'a Server, name: &str) -> (Client<'a>, Client<'a>) {
    let mut desk = server.signed_in("supervisor").await;
    let boss = user("supervisor");
    desk.push(
        scope(),
        boss,
        &[open(name), assign(name, "technician"), assign(name, "engineering-lead")],
    )
    .await;
    let mut phone = server.signed_in("technician").await;
    let outcomes = phone.push(scope(), user("technician"), &[complete(name)]).await;
    assert_eq!(outcomes[0]["outcome"], "conflict", "{outcomes}");
    (desk, phone)
}

async fn view(client: &Client<'_>, path: &str) -> Value {
    let answer = client.get(&format!("/api/v1/views/{path}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn entries(desk: &Client<'_>) -> Vec<Value> {
    view(desk, "attention").await["rows"].as_array().unwrap().clone()
}

async fn stored(server: &Server, name: &str) -> Ticket {
    server.state.sync.record::<Ticket>(ticket(name).0).await.unwrap().unwrap()
}

async fn settling_on_the_ticket_settles_the_offices_list_with_it(server: &Server) {
    let (mut desk, mut phone) = overtaken(server, "a").await;
    desk.push(scope(), user("supervisor"), &[open("b"), assign("b", "engineering-lead")]).await;
    // Refused, and about another ticket: neither is settled with it.
    let start = StartTicket { ticket: ticket("b") };
    let outcomes = phone.push(scope(), user("technician"), &[start.into()]).await;
    assert_eq!(outcomes[0]["outcome"], "refused");
    assert_eq!(entries(&desk).await.len(), 2);
    let outcomes = desk.push(scope(), user("supervisor"), &[settle("a", None)]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    let left = entries(&desk).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["outcome"], "refused");
    assert_eq!(stored(server, "a").await.conflicts, 0);
}

async fn settling_the_last_entry_of_a_ticket_settles_the_ticket(server: &Server) {
    let (desk, mut phone) = overtaken(server, "a").await;
    phone.push(scope(), user("technician"), &[complete("a")]).await;
    let open = entries(&desk).await;
    assert_eq!((open.len(), stored(server, "a").await.conflicts), (2, 2));
    for (index, entry) in open.iter().enumerate() {
        let path = format!("/api/v1/attention/{}/{}/settle", scope(), entry["seq"]);
        let answer = desk.post(&path, json!({})).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        assert_eq!(entries(&desk).await.len(), 1 - index);
        assert_eq!(stored(server, "a").await.conflicts, if index == 0 { 2 } else { 0 });
        assert_eq!(desk.post(&path, json!({})).await.status, StatusCode::NOT_FOUND);
    }
    let ticket = stored(server, "a").await;
    assert_eq!(ticket.state.holder(), Some(user("engineering-lead")), "all stays as it is");
    assert_eq!(ticket.timeline.last().unwrap().by, user("supervisor"));
    assert!(server::sync::verify(&server.state.db).await.unwrap().is_sound());
}

async fn an_engineering_lead_settles_repairs_and_no_complaint_not_even_one_of_several(
    server: &Server,
) {
    let mut desk = server.signed_in("supervisor").await;
    let boss = user("supervisor");
    let mut phone = server.signed_in("steward").await;
    for (name, kind) in [("complaint", TicketKind::Complaint), ("repair", TicketKind::Finding)] {
        let given = [open_as(name, kind), assign(name, "steward"), assign(name, "steward-b")];
        let given = desk.push(scope(), boss, &given).await;
        assert_eq!(given[2]["outcome"], "applied", "{given}");
        for _ in 0..2 {
            let late = phone.push(scope(), user("steward"), &[complete(name)]).await;
            assert_eq!(late[0]["outcome"], "conflict", "{late}");
        }
    }
    let lead = server.signed_in("engineering-lead").await;
    let mut settled = 0;
    for entry in entries(&lead).await {
        let of_complaint = entry["ticket"] == json!(ticket("complaint"));
        assert_eq!(entry.get("barred").is_some(), of_complaint, "{entry}");
        let path = format!("/api/v1/attention/{}/{}/settle", scope(), entry["seq"]);
        let answer = lead.post(&path, json!({})).await;
        let expected = if of_complaint { StatusCode::FORBIDDEN } else { StatusCode::NO_CONTENT };
        assert_eq!(answer.status, expected, "{}", answer.text());
        settled += usize::from(!of_complaint);
    }
    assert_eq!((settled, entries(&desk).await.len()), (2, 2));
    assert!(entries(&desk).await.iter().all(|entry| entry.get("barred").is_none()));
}

async fn a_completion_that_came_too_late_can_be_made_to_count(server: &Server) {
    let (mut desk, _) = overtaken(server, "a").await;
    let which = CompletionRef::of(stored(server, "a").await.rival_completions().next().unwrap());
    let outcomes = desk.push(scope(), user("supervisor"), &[settle("a", Some(which))]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    let ticket = stored(server, "a").await;
    assert_eq!((ticket.state.name(), ticket.conflicts), ("done", 0));
    assert_eq!(CompletionRef::of(ticket.completion.as_ref().unwrap()), which);
    assert!(entries(&desk).await.is_empty());
}

async fn whoever_was_too_late_still_receives_the_ticket(server: &Server) {
    let (mut desk, phone) = overtaken(server, "a").await;
    let id = json!(ticket("a"));
    let has = async || phone.pull(scope(), "ticket").await.iter().any(|row| row["id"] == id);
    assert!(has().await);
    desk.push(scope(), user("supervisor"), &[settle("a", None)]).await;
    assert!(!has().await, "it is the other one's work");
}

async fn refused_records_are_counted_on_the_dashboard(server: &Server) {
    let (desk, mut phone) = overtaken(server, "a").await;
    let missing = StartTicket { ticket: ticket("a") };
    phone.push(scope(), user("technician"), &[open("x"), missing.into()]).await;
    let closing =
        domain::modules::tickets::CloseTicket { ticket: ticket("x"), note: String::new() };
    let outcomes = phone.push(scope(), user("technician"), &[closing.into()]).await;
    assert_eq!(outcomes[0]["outcome"], "refused");
    let listed = entries(&desk).await.len();
    assert_eq!(listed, 3);
    assert_eq!(view(&desk, "dashboard").await["conflicts"], json!(listed));
}

/// Places of the table in its order.
async fn places(desk: &Client<'_>, query: &str) -> Vec<String> {
    let table = view(desk, &format!("tickets?{query}")).await;
    let rows = table["rows"].as_array().unwrap();
    rows.iter().map(|row| row["place"].as_str().unwrap().to_owned()).collect()
}

/// A job of the technician's that waits since now for so many hours.
async fn waiting(server: &Server, name: &str, hours: i64) {
    let mut desk = server.signed_in("supervisor").await;
    desk.push(scope(), user("supervisor"), &[open(name), assign(name, "technician")]).await;
    let mut phone = server.signed_in("technician").await;
    let accept = AcceptTicket { ticket: ticket(name) }.into();
    let outcomes = phone.push(scope(), user("technician"), &[accept, wait(name, hours)]).await;
    assert_eq!(outcomes[1]["outcome"], "applied", "{outcomes}");
}

async fn the_table_is_sorted_by_the_time_that_is_left(server: &Server) {
    waiting(server, "long wait", 100).await;
    let mut desk = server.signed_in("supervisor").await;
    server.advance(HOUR);
    desk.push(scope(), user("supervisor"), &[open("old")]).await;
    server.advance(24 * HOUR);
    desk.push(scope(), user("supervisor"), &[open("new")]).await;
    // The wait began first and has 24 hours left; it presses nobody.
    assert_eq!(places(&desk, "sort=due").await, ["old", "new", "long wait"]);
    assert_eq!(places(&desk, "sort=due&descending=true").await, ["new", "old", "long wait"]);
}

async fn a_wait_that_has_run_out_is_over_its_limit(server: &Server) {
    waiting(server, "short wait", 2).await;
    let mut desk = server.signed_in("supervisor").await;
    server.advance(26 * HOUR);
    desk.push(scope(), user("supervisor"), &[open("new")]).await;
    assert_eq!(places(&desk, "over=true").await, Vec::<String>::new());
    server.advance(1);
    assert_eq!(places(&desk, "over=true").await, ["short wait"]);
    assert_eq!(places(&desk, "sort=due").await, ["short wait", "new"]);
    let board = view(&desk, "dashboard").await;
    assert_eq!(board["over"], json!(1));
    assert_eq!(board["pressing"][0]["place"], json!("short wait"));
}

async fn a_ticket_that_nobody_was_given_in_time_is_counted_and_presses(server: &Server) {
    let mut desk = server.signed_in("supervisor").await;
    let boss = user("supervisor");
    desk.push(scope(), boss, &[open("given"), assign("given", "technician")]).await;
    server.advance(HOUR);
    desk.push(scope(), boss, &[open("left lying")]).await;
    server.advance(10 * MINUTE);
    assert_eq!(view(&desk, "dashboard").await["relay_over"], json!(0));
    server.advance(1);
    let board = view(&desk, "dashboard").await;
    assert_eq!(board["relay_over"], json!(1));
    assert_eq!(board["pressing"][0]["place"], json!("left lying"));
    // The list is in the order of the clock that each line shows.
    let now = domain::Ms(board["at"].as_i64().unwrap());
    let left = |line: &Value| {
        let clock: domain::modules::tickets::Clock =
            serde_json::from_value(line["clock"].clone()).unwrap();
        clock.first(now, 10 * MINUTE).0.left(now)
    };
    let shown: Vec<i64> = board["pressing"].as_array().unwrap().iter().map(left).collect();
    assert_eq!(shown.len(), 2);
    assert!(shown.is_sorted(), "{shown:?}");
    desk.push(scope(), boss, &[assign("left lying", "technician")]).await;
    assert_eq!(view(&desk, "dashboard").await["relay_over"], json!(0));
}

async fn whatever_happened_says_what_it_was_about(server: &Server) {
    let (mut desk, _) = overtaken(server, "大堂").await;
    desk.push(scope(), user("supervisor"), &[open("车库")]).await;
    let board = view(&desk, "dashboard").await;
    let told: Vec<(String, String, bool)> = board["happenings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (text("kind"), text("about"), one["reassigned"] == json!(true))
        })
        .collect();
    let number = stored(server, "大堂").await.display_number();
    let hall = format!("{number} 大堂");
    let expected = [
        ("tickets.complete", hall.as_str(), false),
        ("tickets.assign", &hall, true),
        ("tickets.assign", &hall, false),
        ("tickets.open", &hall, false),
    ];
    let expected = expected.map(|(kind, about, again)| (kind.to_owned(), about.to_owned(), again));
    assert_eq!(told[1..5], expected, "{told:?}");
    let entry = &entries(&desk).await[0];
    assert_eq!((&entry["about"], &entry["ticket"]), (&json!(hall), &json!(ticket("大堂"))));
}

/// What the office sees of this device.
async fn line(desk: &Client<'_>, phone: &Client<'_>) -> Value {
    let table = view(desk, "devices").await;
    let rows = table["rows"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["device"] == json!(phone.device)).unwrap()
}

async fn pull_saying(phone: &Client<'_>, said: &str) {
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/sync/pull?scope={}&cursor={cursor}{said}", scope());
        let answer = phone.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let page = answer.json();
        if page["more"] == json!(false) {
            return;
        }
        cursor = page["cursor"].as_str().unwrap().to_owned();
    }
}

async fn a_device_is_in_step_when_it_keeps_nothing_back(server: &Server) {
    let desk = server.signed_in("supervisor").await;
    let mut phone = server.signed_in("steward").await;
    pull_saying(&phone, "").await;
    assert_eq!(line(&desk, &phone).await["last_sync"], json!(null), "it did not say");
    pull_saying(&phone, "&waiting=3&offset=-420000").await;
    let told = line(&desk, &phone).await;
    assert_eq!(told["last_sync"], json!(null), "three records are still on the phone");
    assert_eq!((&told["waiting"], &told["clock_offset"]), (&json!(3), &json!(-420_000)));
    server.advance(1_000);
    pull_saying(&phone, "&waiting=0&offset=100").await;
    let told = line(&desk, &phone).await;
    assert_eq!(told["last_sync"], json!(server.clock.now()));
    assert_eq!((&told["waiting"], &told["clock_offset"]), (&json!(0), &json!(100)));
    // A push behind which nothing waits says the same; one that says nothing of it does not.
    server.advance(60_000);
    phone.push(scope(), user("steward"), &[open("a")]).await;
    assert_ne!(line(&desk, &phone).await["last_sync"], json!(server.clock.now()));
    server.advance(60_000);
    let body = json!({
        "protocol": 1, "scope": scope(), "device": phone.device, "user": user("steward"),
        "waiting": 0, "commands": []
    });
    assert_eq!(phone.post("/api/v1/sync/push", body).await.status, StatusCode::OK);
    assert_eq!(line(&desk, &phone).await["last_sync"], json!(server.clock.now()));
}

async fn a_round_is_missed_once_the_device_has_said_that_it_has_nothing_of_it(server: &Server) {
    let template = TemplateId::derived(&["office test"]);
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
        name: "早巡".into(),
        points: vec![point],
        retired: false,
    };
    server.system(Scope::Company, vec![publish.into()]).await;
    let zone = domain::Zone::default();
    let now = zone.local(server.clock.now());
    let window = Window {
        from: NaiveTime::from_hms_opt(0, 0, 0).unwrap(),
        to: (now + chrono::TimeDelta::hours(1)).time(),
    };
    let schedule = SetSchedule {
        schedule: ScheduleId::derived(&["office test"]),
        cluster: cluster("A"),
        template,
        name: "早巡".into(),
        recurrence: Recurrence::Daily,
        windows: vec![window],
        role: Role::Steward,
        person: None,
        starts: now.date(),
        ends: None,
    };
    server.system(scope(), vec![schedule.into()]).await;
    let desk = server.signed_in("supervisor").await;
    let phone = server.signed_in("steward").await;
    let other = server.signed_in("steward").await;
    let state = async || view(&desk, "rounds").await["rows"][0]["state"].clone();
    server.advance(HOUR + MINUTE);
    assert_eq!(state().await, "not_reported", "the phone has not been heard of");
    pull_saying(&phone, "&waiting=2").await;
    assert_eq!(state().await, "not_reported", "the round may be among what it keeps back");
    pull_saying(&other, "&waiting=0").await;
    assert_eq!(state().await, "not_reported", "another device of hers says nothing of the phone");
    pull_saying(&phone, "&waiting=0").await;
    assert_eq!(state().await, "missed");
}

async fn only_administrators_receive_the_names_people_sign_in_with(server: &Server) {
    for (account, sees) in [("admin", true), ("supervisor", false), ("guard", false)] {
        let users = server.signed_in(account).await.pull(Scope::Company, "user").await;
        assert!(users.len() > 5);
        for row in users {
            let body = &row["b"];
            assert_ne!(body["name"], json!(""));
            assert!(!body["roles"].as_array().unwrap().is_empty());
            assert_eq!(body["account"] != json!(""), sees, "{account} sees {body}");
        }
    }
}
