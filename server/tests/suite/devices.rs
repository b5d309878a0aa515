//! Devices: a request speaks only for its session's, and a store that was copied goes on as a new one.

use crate::web::{Answer, Client, NOW, PASSWORD, Server, cluster, photo, scope, user, visit};
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use domain::id::{DeviceId, OpId, UserId};
use domain::modules::visits::Visit;
use domain::sync::batch::sha256_hex;
use serde_json::{Value, json};

on_every_database!(
    a_request_that_speaks_for_another_device_is_refused_and_the_session_stays,
    a_tab_that_lingers_gets_nothing_of_the_next_person_and_loses_nothing,
    a_copied_store_goes_on_as_a_new_device_and_nothing_is_applied_twice,
    both_phones_of_a_copied_sign_in_keep_a_session_of_their_own,
    only_a_persons_own_store_can_become_another_device,
    a_device_that_is_shut_out_takes_those_along_that_came_from_it,
);

const DEVICE: &str = "x-guanjia-device";

async fn naming(client: &Client<'_>, method: Method, path: &str, device: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header(DEVICE, device);
    client.send(request.body(Body::empty()).unwrap()).await
}

async fn a_request_that_speaks_for_another_device_is_refused_and_the_session_stays(
    server: &Server,
) {
    let desk = server.signed_in("supervisor").await;
    let (own, other) = (desk.device.to_string(), server.clock.uuid().to_string());
    let blob = format!("/api/v1/blobs/{}", sha256_hex(b"nothing"));
    let pull = format!("/api/v1/sync/pull?scope={}", scope());
    let requests = [
        (Method::GET, pull.as_str()),
        (Method::POST, "/api/v1/sync/push"),
        (Method::GET, "/api/v1/events"),
        (Method::HEAD, blob.as_str()),
        (Method::GET, blob.as_str()),
        (Method::PUT, blob.as_str()),
        (Method::PATCH, blob.as_str()),
        (Method::GET, "/api/v1/views/dashboard"),
        (Method::GET, "/api/v1/session"),
        (Method::POST, "/api/v1/session/password"),
        (Method::DELETE, "/api/v1/session"),
    ];
    for (method, path) in requests {
        for wrong in [other.as_str(), "", "not a device"] {
            let answer = naming(&desk, method.clone(), path, wrong).await;
            let what = format!("{method} {path} as {wrong:?}");
            assert_eq!(answer.status, StatusCode::CONFLICT, "{what}");
            // Answers to HEAD have no body.
            assert_eq!(answer.header("x-guanjia-code"), "sync.wrong_device", "{what}");
        }
    }
    let named = format!("/api/v1/events?device={other}");
    assert_eq!(desk.get(&named).await.code(), "sync.wrong_device");
    assert_eq!(desk.get("/api/v1/events?device=x").await.code(), "server.bad_request");
    for path in [pull.as_str(), "/api/v1/views/dashboard", "/api/v1/session"] {
        assert_eq!(naming(&desk, Method::GET, path, &own).await.status, StatusCode::OK, "{path}");
        assert_eq!(desk.get(path).await.status, StatusCode::OK, "{path} without the header");
    }
}

async fn a_tab_that_lingers_gets_nothing_of_the_next_person_and_loses_nothing(server: &Server) {
    let mut first = server.signed_in("steward").await;
    first.push(scope(), user("steward"), &[visit("of the first", cluster("A"), &[])]).await;
    let next = server.signed_in("manager").await;
    // One browser, one cookie: the tab of the first has the cookie of the next.
    let own_cookie = std::mem::replace(&mut first.cookie, next.cookie.clone());
    first.headers.insert(DEVICE, first.device.to_string().parse().unwrap());
    let pull = format!("/api/v1/sync/pull?scope={}", scope());
    let body = pushed(&first, user("steward"), &[(2, OpId(server.clock.uuid()), "later")]);
    for answer in [first.get(&pull).await, first.post("/api/v1/sync/push", body.clone()).await] {
        assert_eq!(answer.code(), "sync.wrong_device");
        assert!(!answer.text().contains("rows"));
    }
    assert_eq!(first.delete("/api/v1/session").await.code(), "sync.wrong_device");
    assert_eq!(next.get("/api/v1/session").await.json()["account"], "manager");
    // Its own session is as good as before, and what it has to send goes through.
    first.cookie = own_cookie;
    assert_eq!(first.get(&pull).await.status, StatusCode::OK);
    let answer = first.post("/api/v1/sync/push", body).await.json();
    assert_eq!(answer["outcomes"][0]["outcome"], "applied", "{answer}");
}

/// A push of visits, by number, id and name.
fn pushed(client: &Client<'_>, user: UserId, visits: &[(u64, OpId, &str)]) -> Value {
    let commands = visits.iter().map(|(n, op, name)| {
        let payload: Value =
            serde_json::from_str(&visit(name, cluster("A"), &[]).encode()).unwrap();
        json!({ "op": op, "n": n, "kind": "visits.record", "at_device": NOW, "payload": payload })
    });
    json!({
        "protocol": 1, "scope": scope(), "device": client.device, "user": user,
        "commands": commands.collect::<Vec<_>>()
    })
}

/// The same browser once more: its storage was copied, cookie and all.
fn copied<'a>(server: &'a Server, client: &Client<'_>) -> Client<'a> {
    let mut copy = server.visitor();
    (copy.device, copy.cookie) = (client.device, client.cookie.clone());
    copy
}

/// Registers a new device and goes on as that.
async fn renew(server: &Server, client: &mut Client<'_>, user: UserId) -> Answer {
    let device = DeviceId(server.clock.uuid());
    let body = json!({ "user": user, "device": { "id": device, "name": "the copy" } });
    let answer = client.post("/api/v1/session/device", body).await;
    if answer.status == StatusCode::OK {
        let cookie = answer.header("set-cookie").split(';').next().unwrap();
        (client.cookie, client.device) = (Some(cookie.to_owned()), device);
    }
    answer
}

async fn a_copied_store_goes_on_as_a_new_device_and_nothing_is_applied_twice(server: &Server) {
    let first = server.signed_in("steward").await;
    let mut copy = copied(server, &first);
    let steward = user("steward");
    let ops: Vec<OpId> = (0..3).map(|_| OpId(server.clock.uuid())).collect();
    let sent = pushed(&first, steward, &[(1, ops[0], "both"), (2, ops[1], "only here")]);
    let answered = first.post("/api/v1/sync/push", sent).await.json();
    let taken = pushed(&copy, steward, &[(1, ops[0], "both"), (2, ops[2], "only there")]);
    let refused = copy.post("/api/v1/sync/push", taken).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::CONFLICT, "sync.number_reused")
    );
    let session = renew(server, &mut copy, steward).await.json();
    assert_eq!(session["device"]["id"], json!(copy.device));
    assert_eq!(session["account"], "steward");
    let again = pushed(&copy, steward, &[(1, ops[0], "both"), (2, ops[2], "only there")]);
    let bytes = copy.post("/api/v1/sync/push", again.clone()).await;
    let outcomes = bytes.json()["outcomes"].clone();
    for what in ["op", "n", "outcome"] {
        assert_eq!(outcomes[0][what], answered["outcomes"][0][what], "{what}: {outcomes}");
    }
    assert_eq!(outcomes[1]["outcome"], "applied", "{outcomes}");
    for name in ["both", "only here", "only there"] {
        let id = domain::id::VisitId::derived(&["test visit", name]);
        assert!(server.state.sync.record::<Visit>(id.0).await.unwrap().is_some(), "{name}");
    }
    assert_eq!(first.pull(scope(), "visit").await.len(), 3);
    let head = server.state.sync.head(scope()).await.unwrap();
    let resent = copy.post("/api/v1/sync/push", again).await;
    assert_eq!(resent.json()["outcomes"], outcomes);
    assert_eq!(server.state.sync.head(scope()).await.unwrap(), head);
    assert!(server::sync::verify(&server.state.db).await.unwrap().is_sound());
    // A photo goes on from what the new device has sent.
    let bytes = photo(1, 2_000);
    let request = Request::builder()
        .method(Method::PUT)
        .uri(format!("/api/v1/blobs/{}", sha256_hex(&bytes)))
        .header(DEVICE, copy.device.to_string());
    let answer = copy.send(request.body(Body::from(bytes)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}

async fn both_phones_of_a_copied_sign_in_keep_a_session_of_their_own(server: &Server) {
    let first = server.signed_in("steward").await;
    let mut copy = copied(server, &first);
    let asked = [renew(server, &mut copy, user("steward")).await, {
        // The answer was lost: the phone asks again, under its old session and with the same id.
        let mut again = copied(server, &first);
        let body = json!({
            "user": user("steward"), "device": { "id": copy.device, "name": "the copy" }
        });
        let answer = again.post("/api/v1/session/device", body).await;
        again.headers = HeaderMap::new();
        answer
    }];
    for answer in asked {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert!(answer.header("set-cookie").contains("HttpOnly"));
    }
    for (phone, device) in [(&first, first.device), (&copy, copy.device)] {
        let session = naming(phone, Method::GET, "/api/v1/session", &device.to_string()).await;
        assert_eq!(session.json()["device"]["id"], json!(device));
    }
}

async fn only_a_persons_own_store_can_become_another_device(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let other = server.signed_in("manager").await;
    // Somebody else has signed in between the phone's question and this.
    assert_eq!(renew(server, &mut phone, user("manager")).await.code(), "sync.wrong_device");
    let own = server.signed_in("steward").await;
    for taken in [other.device, own.device] {
        let body = json!({ "user": user("steward"), "device": { "id": taken, "name": "x" } });
        let answer = phone.post("/api/v1/session/device", body).await;
        assert_eq!(answer.code(), "sync.wrong_device", "no device changes its owner or its origin");
    }
    let body = json!({ "user": user("steward"), "device": { "id": phone.device, "name": "x" } });
    let same = phone.post("/api/v1/session/device", body).await;
    assert_eq!(
        (same.status, same.header("set-cookie")),
        (StatusCode::OK, ""),
        "it is that already"
    );
    let nameless = json!({
        "user": user("steward"), "device": { "id": server.clock.uuid(), "name": " " }
    });
    let answer = phone.post("/api/v1/session/device", nameless).await;
    assert_eq!(answer.code(), "common.text_empty");
    assert_eq!(phone.get("/api/v1/session").await.status, StatusCode::OK);
}

async fn a_device_that_is_shut_out_takes_those_along_that_came_from_it(server: &Server) {
    let first = server.signed_in("steward").await;
    let mut second = copied(server, &first);
    renew(server, &mut second, user("steward")).await;
    let mut third = copied(server, &second);
    renew(server, &mut third, user("steward")).await;
    let apart = server.signed_in("steward").await;
    let admin = server.signed_in("admin").await;
    let revoke = format!("/api/v1/devices/{}/revoke", first.device);
    assert_eq!(admin.post(&revoke, json!({})).await.status, StatusCode::NO_CONTENT);
    for phone in [&first, &second, &third] {
        assert_eq!(phone.get("/api/v1/session").await.code(), "session.expired");
    }
    assert_eq!(apart.get("/api/v1/session").await.status, StatusCode::OK);
    // Its owner's password opens it again, and then it stands for itself.
    assert_eq!(third.sign_in("steward", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(admin.post(&revoke, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(third.get("/api/v1/session").await.status, StatusCode::OK);
}
