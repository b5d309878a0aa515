//! What is typed above the office's table of tickets is found wherever it stands, and as it was typed.

use crate::web::{Client, Server, cluster, scope, user};
use axum::http::StatusCode;
use domain::id::TicketId;
use domain::modules::Command;
use domain::modules::tickets::{Intake, OpenTicket, Place, TicketContact, TicketKind, Urgency};
use server::db::{migrate, sql};
use sqlx::Row;

on_every_database!(
    a_ticket_is_found_by_any_part_of_place_contact_and_description,
    signs_that_mean_something_to_the_database_are_found_as_they_were_typed,
    a_number_comes_before_what_only_holds_its_digits,
    tickets_from_before_the_search_are_found_by_the_same_words,
);

fn ticket(place: &str, name: &str, phone: &str, description: &str) -> Command {
    OpenTicket {
        ticket: TicketId::derived(&["search", place]),
        cluster: cluster("A"),
        kind: TicketKind::Finding,
        category: "leak".into(),
        urgency: Urgency::Normal,
        intake: Intake::OnSite,
        place: Place { unit: None, label: place.into() },
        contact: TicketContact { name: name.into(), phone: phone.into() },
        description: description.into(),
        photos: Vec::new(),
        origin: None,
    }
    .into()
}

async fn open(server: &Server, tickets: &[Command]) {
    let mut steward = server.signed_in("steward").await;
    let outcomes = steward.push(scope(), user("steward"), tickets).await;
    assert!(
        outcomes.as_array().unwrap().iter().all(|one| one["outcome"] == "applied"),
        "{outcomes}"
    );
}

/// Places of the tickets that are found, in the order of the table.
async fn found(desk: &Client<'_>, typed: &str) -> Vec<String> {
    let encoded: String = typed.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = desk.get(&format!("/api/v1/views/tickets?sort=place&q={encoded}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{typed}: {}", answer.text());
    let table = answer.json();
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(table["total"], rows.len(), "{typed}");
    rows.iter().map(|row| row["place"].as_str().unwrap().to_owned()).collect()
}

async fn a_ticket_is_found_by_any_part_of_place_contact_and_description(server: &Server) {
    open(
        server,
        &[
            ticket("A1 格林地库", "张伟", "13900001398", "角阀 DN15 渗水"),
            ticket("B2 东大堂", "Émile Öst", "13900002222", "灯不亮"),
        ],
    )
    .await;
    let desk = server.signed_in("supervisor").await;
    for typed in ["格林", "地库", "张伟", "伟", "1398", "渗水", "dn15", "Dn15", "a1 格", " 地库 "]
    {
        assert_eq!(found(&desk, typed).await, ["A1 格林地库"], "{typed}");
    }
    for typed in ["ÉMILE", "émile", "öST", "大堂", "灯不", "0000222"] {
        assert_eq!(found(&desk, typed).await, ["B2 东大堂"], "{typed}");
    }
    assert_eq!(found(&desk, "139000").await.len(), 2);
    // What is only in the record's form, in another field, or across two fields is no word of it.
    for typed in ["leak", "finding", "description", "地库张伟", "\"", &"长".repeat(2_000)] {
        assert!(found(&desk, typed).await.is_empty(), "{typed}");
    }
}

async fn signs_that_mean_something_to_the_database_are_found_as_they_were_typed(server: &Server) {
    open(
        server,
        &[
            ticket("A1", "", "", "湿度 90% 以上"),
            ticket("A2", "", "", "湿度 90 以上"),
            ticket("A3", "", "", "标签 no_7"),
            ticket("A4", "", "", "标签 noX7! it's \\ there"),
        ],
    )
    .await;
    let desk = server.signed_in("supervisor").await;
    for (typed, places) in [
        ("90%", vec!["A1"]),
        ("%", vec!["A1"]),
        ("90", vec!["A1", "A2"]),
        ("o_7", vec!["A3"]),
        ("_", vec!["A3"]),
        ("7!", vec!["A4"]),
        ("t's", vec!["A4"]),
        ("\\", vec!["A4"]),
        ("?", vec![]),
        ("$1", vec![]),
        ("\0", vec!["A1", "A2", "A3", "A4"]),
    ] {
        assert_eq!(found(&desk, typed).await, places, "{typed}");
    }
}

async fn a_number_comes_before_what_only_holds_its_digits(server: &Server) {
    open(server, &[ticket("A2", "", "", "第一"), ticket("A1-2", "", "", "第二")]).await;
    let desk = server.signed_in("supervisor").await;
    // A1-2 is number 2, A2 is number 1: each holds the digit 2.
    assert_eq!(found(&desk, "2").await, ["A1-2", "A2"]);
    assert_eq!(found(&desk, "1").await, ["A2", "A1-2"]);
    assert_eq!(found(&desk, "#1").await, ["A2"]);
    assert_eq!(found(&desk, "#2").await, ["A1-2"]);
    assert!(found(&desk, "#3").await.is_empty());
}

async fn tickets_from_before_the_search_are_found_by_the_same_words(server: &Server) {
    open(
        server,
        &[
            ticket("A1 格林地库", "Zhang", "13900001398", "角阀 \"DN15\"\n渗水"),
            // Without a contact.
            ticket("B2", "", "", "路灯"),
        ],
    )
    .await;
    let kept = async || {
        let words = sql("SELECT place, words FROM tickets ORDER BY place");
        let rows = words.fetch_all(server.state.db.readers()).await.unwrap();
        let rows = rows.iter().map(|row| (row.get::<String, _>(0), row.get::<String, _>(1)));
        rows.collect::<Vec<_>>()
    };
    let written = kept().await;
    assert_eq!(written[0].1, "a1 格林地库\nzhang\n13900001398\n角阀 \"dn15\"\n渗水");
    // As a build of then left it.
    for statement in [
        "ALTER TABLE tickets DROP COLUMN words",
        "ALTER TABLE scopes DROP COLUMN feed_floor",
        "DROP TABLE feed_marks",
        "DROP INDEX feed_gone",
        "DROP TABLE duties",
        "DELETE FROM schema_version WHERE version >= 7",
    ] {
        sql(statement).execute(server.state.db.writers()).await.unwrap();
    }
    migrate::run(&server.state.db).await.unwrap();
    assert_eq!(kept().await, written);
    let desk = server.signed_in("supervisor").await;
    assert_eq!(found(&desk, "渗水").await, ["A1 格林地库"]);
}
