//! Every endpoint and every command × every role, with the ids of others.
//!
//! The endpoints come from the description of the API, which is complete by a test of its own; one
//! that this table does not know fails, so that a new endpoint says here who may use it.

use crate::matrix::every_command_is_answered_to_every_role_as_the_table_says;
use crate::web::{Server, cluster, project, scope, user, visit};
use axum::http::{Method, StatusCode};
use domain::modules::visits::Visit;
use domain::{Actor, Right};
use serde_json::json;

on_every_database!(
    every_endpoint_refuses_whoever_lacks_its_right,
    no_endpoint_answers_a_stranger,
    every_writing_endpoint_refuses_forged_requests,
    a_steward_neither_reads_nor_writes_in_a_foreign_cluster,
    every_command_is_answered_to_every_role_as_the_table_says,
    nothing_but_the_session_is_answered_before_a_new_password_is_chosen,
);

/// What it takes to be answered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Need {
    /// Nobody is asked.
    Nothing,
    /// A session; what is answered depends on whose it is.
    Session,
    Right(Right),
}

fn need(method: &str, path: &str) -> Option<Need> {
    use Need::{Nothing, Session};
    Some(match (method, path) {
        (_, "/healthz" | "/readyz" | "/metrics" | "/api/openapi.json") => Nothing,
        ("post" | "delete", "/api/v1/session") => Nothing,
        ("get", "/api/v1/session") => Session,
        ("post", "/api/v1/session/password" | "/api/v1/session/device") => Session,
        (_, "/api/v1/blobs/{sha256}") => Session,
        ("post", "/api/v1/sync/push") => Session,
        ("get", "/api/v1/sync/pull" | "/api/v1/events") => Session,
        ("put", "/api/v1/accounts/{id}/password") => Need::Right(Right::ManageAccounts),
        ("post", "/api/v1/devices/{id}/revoke") => Need::Right(Right::ManageAccounts),
        ("get", "/api/v1/views/devices") => Need::Right(Right::ViewDevices),
        ("get", "/api/v1/views/dashboard" | "/api/v1/views/tickets" | "/api/v1/views/rounds") => {
            Need::Right(Right::ViewOffice)
        }
        ("get", "/api/v1/views/attention") => Need::Right(Right::SettleConflict),
        ("post", "/api/v1/attention/{scope}/{seq}/settle") => Need::Right(Right::SettleConflict),
        _ => return None,
    })
}

/// The address with ids that exist, but belong to somebody else.
fn filled(path: &str, of_others: &str) -> String {
    let project = project().to_string();
    let mut path = path
        .replace("{id}", of_others)
        .replace("{sha256}", &"ab".repeat(32))
        .replace("{scope}", &project)
        .replace("{seq}", "1");
    if path.ends_with("/pull") {
        path = format!("{path}?scope={project}");
    }
    path
}

async fn endpoints(server: &Server) -> Vec<(Method, String)> {
    let document = server.visitor().get("/api/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap().clone();
    let mut endpoints = Vec::new();
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            endpoints.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    endpoints
}

async fn every_endpoint_refuses_whoever_lacks_its_right(server: &Server) {
    let victim = server.signed_in("quality").await;
    let mut endpoints = endpoints(server).await;
    endpoints.retain(|(_, path)| path != "/api/v1/events");
    for (account, role, _) in crate::web::staff() {
        let actor = Actor {
            user: user(&account),
            name: account.clone(),
            roles: vec![role],
            clusters: Vec::new(),
        };
        let client = server.signed_in(&account).await;
        for (method, path) in &endpoints {
            let name = method.as_str().to_lowercase();
            let need = need(&name, path)
                .unwrap_or_else(|| panic!("say in `need` who may use {method} {path}"));
            let Need::Right(right) = need else { continue };
            if account == "quality" && path.contains("devices/") {
                // Everyone may sign their own devices out.
                continue;
            }
            let of_others = if path.contains("devices") {
                victim.device.to_string()
            } else {
                user("guard").to_string()
            };
            // Too short a password, so that those who may do it change nothing either.
            let body = (*method != Method::GET).then(|| json!({ "password": "short" }));
            let answer = client.call(method.clone(), &filled(path, &of_others), body).await;
            let what = format!("{account}: {method} {path}: {} {}", answer.status, answer.text());
            if actor.may(right) {
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
                assert_ne!(answer.status, StatusCode::FORBIDDEN, "{what}");
            } else {
                assert_eq!(answer.code(), "common.not_allowed", "{what}");
            }
        }
    }
}

async fn no_endpoint_answers_a_stranger(server: &Server) {
    let foreign = user("guard").to_string();
    for (method, path) in endpoints(server).await {
        let name = method.as_str().to_lowercase();
        if need(&name, &path) == Some(Need::Nothing) {
            continue;
        }
        for cookie in
            [None, Some("__Host-guanjia=".to_owned()), Some("__Host-guanjia=guessed".into())]
        {
            let mut stranger = server.visitor();
            stranger.cookie = cookie;
            let body = (method != Method::GET && method != Method::HEAD).then(|| json!({}));
            let answer = stranger.call(method.clone(), &filled(&path, &foreign), body).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            if method != Method::HEAD {
                assert_eq!(answer.code(), "session.expired", "{method} {path}");
            }
        }
    }
}

async fn every_writing_endpoint_refuses_forged_requests(server: &Server) {
    let mut admin = server.signed_in("admin").await;
    admin.forged = true;
    let foreign = user("guard").to_string();
    for (method, path) in endpoints(server).await {
        if matches!(method, Method::GET | Method::HEAD) {
            continue;
        }
        let answer = admin.call(method.clone(), &filled(&path, &foreign), Some(json!({}))).await;
        assert_eq!(answer.code(), "session.bad_origin", "{method} {path}");
    }
}

async fn a_steward_neither_reads_nor_writes_in_a_foreign_cluster(server: &Server) {
    let mut own = server.signed_in("steward").await;
    let foreign = server.signed_in("steward-b").await;
    let in_own = visit("own", cluster("A"), &[]);
    let in_foreign = visit("foreign", cluster("B"), &[]);
    let outcomes = own.push(scope(), user("steward"), &[in_own, in_foreign]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    assert_eq!(outcomes[1]["reason"]["code"], "common.other_cluster", "{outcomes}");
    assert_eq!(own.pull(scope(), "visit").await.len(), 1);
    assert_eq!(foreign.pull(scope(), "visit").await.len(), 0);
    let id = domain::id::VisitId::derived(&["test visit", "foreign"]);
    assert!(server.state.sync.record::<Visit>(id.0).await.unwrap().is_none());
}

async fn nothing_but_the_session_is_answered_before_a_new_password_is_chosen(server: &Server) {
    let admin = server.signed_in("admin").await;
    let path = format!("/api/v1/accounts/{}/password", user("manager"));
    let chosen = "chosen by the administrator";
    assert_eq!(
        admin.put(&path, json!({ "password": chosen })).await.status,
        StatusCode::NO_CONTENT
    );
    let mut client = server.visitor();
    let session = client.sign_in("manager", chosen).await;
    assert_eq!(session.status, StatusCode::OK, "{}", session.text());
    assert_eq!(session.json()["must_change_password"], true);
    assert_eq!(client.get("/api/v1/session").await.json()["must_change_password"], true);
    for (method, path) in endpoints(server).await {
        let need = need(&method.as_str().to_lowercase(), &path);
        if need == Some(Need::Nothing) || path.starts_with("/api/v1/session") {
            continue;
        }
        let reads = matches!(method, Method::GET | Method::HEAD);
        let body = (!reads).then(|| json!({ "password": "short" }));
        let of_others = user("guard").to_string();
        let answer = client.call(method.clone(), &filled(&path, &of_others), body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        let code = answer.header("x-guanjia-code");
        assert_eq!(code, "session.password_must_change", "{method} {path}");
    }
    // What was recorded meanwhile is still on the phone, and is sent as it is after that.
    let head = server.state.sync.head(scope()).await.unwrap();
    let change = |new: &str| json!({ "current": chosen, "new": new });
    let path = "/api/v1/session/password";
    let same = client.post(path, change(chosen)).await;
    assert_eq!(same.code(), "accounts.password_unchanged");
    let changed = client.post(path, change("a password of my own")).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text());
    assert_eq!(client.get("/api/v1/session").await.json()["must_change_password"], false);
    assert_eq!(server.state.sync.head(scope()).await.unwrap(), head);
    let recorded = visit("kept meanwhile", cluster("A"), &[]);
    let outcomes = client.push(scope(), user("manager"), &[recorded]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    // A password that the administrator chose for herself is her own.
    let own = format!("/api/v1/accounts/{}/password", user("admin"));
    admin.put(&own, json!({ "password": "the administrator's own" })).await;
    assert_eq!(admin.get("/api/v1/session").await.json()["must_change_password"], false);
}
