//! Input that no honest client sends, or that an honest one sends from a broken phone. Each is
//! answered with a stable code, or taken with what can be known; nothing panics and nothing is lost.

use crate::web::{Client, NOW, Server, cluster, scope, user, visit};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use domain::Ms;
use domain::id::OpId;
use domain::modules::visits::Visit;
use domain::sync::wire::{MAX_PAYLOAD_BYTES, MAX_PUSH_BYTES, MAX_PUSH_COMMANDS};
use domain::time::DAY;
use serde_json::{Value, json};

on_every_database!(
    bodies_that_cannot_be_read_are_refused_with_a_code,
    pushes_that_break_the_protocol_are_refused_as_a_whole,
    a_command_that_cannot_be_read_gets_its_own_outcome_and_holds_up_nobody,
    a_clock_ten_years_off_costs_no_work,
    a_compressed_push_is_measured_after_unpacking,
    addresses_and_queries_that_make_no_sense_are_refused_with_a_code,
    texts_of_any_kind_go_in_and_come_out_or_are_refused,
);

async fn raw(
    client: &Client<'_>,
    method: Method,
    path: &str,
    body: impl Into<Body>,
) -> crate::web::Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json");
    client.send(request.body(body.into()).unwrap()).await
}

async fn bodies_that_cannot_be_read_are_refused_with_a_code(server: &Server) {
    let admin = server.signed_in("admin").await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("\"{}\"", "x".repeat(MAX_PUSH_BYTES + 100_000));
    let password = format!("/api/v1/accounts/{}/password", user("guard"));
    let endpoints = [
        (Method::POST, "/api/v1/session"),
        (Method::POST, "/api/v1/session/password"),
        (Method::PUT, password.as_str()),
    ];
    for (method, path) in endpoints {
        for (body, code) in [
            ("", "server.bad_request"),
            ("{", "server.bad_request"),
            ("null", "server.bad_request"),
            ("{\"account\":1}", "server.bad_request"),
            ("\u{0}\u{1}", "server.bad_request"),
            (deep.as_str(), "server.bad_request"),
            (long.as_str(), "sync.too_large"),
        ] {
            let answer = raw(&admin, method.clone(), path, body.to_owned()).await;
            let start: String = body.chars().take(20).collect();
            assert_eq!(answer.code(), code, "{method} {path} {start}");
            assert!(answer.json()["error"]["request_id"].is_string());
        }
        let request = Request::builder().method(method.clone()).uri(path);
        let answer = admin.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.code(), "server.bad_request", "{method} {path} without a content type");
        let invalid = raw(&admin, method.clone(), path, vec![b'"', 0xff, 0xfe, b'"']).await;
        assert_eq!(invalid.code(), "server.bad_request", "{method} {path} that is not UTF-8");
    }
}

fn envelope(n: u64, payload: Value) -> Value {
    let op = OpId::derived(&["bad input", &n.to_string(), &payload.to_string()]);
    json!({ "op": op, "n": n, "kind": "visits.record", "at_device": NOW, "payload": payload })
}

fn a_visit(name: &str) -> Value {
    serde_json::from_str(&visit(name, cluster("A"), &[]).encode()).unwrap()
}

fn push(client: &Client<'_>, commands: Vec<Value>) -> Value {
    json!({
        "protocol": 1, "scope": scope(), "device": client.device, "user": user("steward"),
        "commands": commands
    })
}

async fn pushes_that_break_the_protocol_are_refused_as_a_whole(server: &Server) {
    let phone = server.signed_in("steward").await;
    let one = || vec![envelope(1, a_visit("one"))];
    let with = |field: &str, value: Value| {
        let mut body = push(&phone, one());
        body[field] = value;
        body
    };
    let other = "0190b5a2-0000-7000-8000-000000000001";
    let many: Vec<Value> =
        (1..=MAX_PUSH_COMMANDS as u64 + 1).map(|n| envelope(n, json!({}))).collect();
    let cases = [
        ("a protocol of the past", with("protocol", json!(0)), "sync.client_too_old"),
        ("a protocol of the future", with("protocol", json!(99)), "sync.client_too_old"),
        ("somebody else's device", with("device", json!(other)), "sync.wrong_device"),
        ("somebody else's outbox", with("user", json!(user("manager"))), "sync.wrong_device"),
        ("a project that is not there", with("scope", json!(other)), "sync.unknown_scope"),
        ("a scope that is no scope", with("scope", json!("x")), "sync.malformed"),
        ("too many commands", push(&phone, many), "sync.too_many"),
        ("a number of the future", push(&phone, vec![envelope(7, a_visit("seven"))]), "sync.gap"),
        ("the largest number", push(&phone, vec![envelope(u64::MAX, a_visit("max"))]), "sync.gap"),
        ("number zero", push(&phone, vec![envelope(0, a_visit("zero"))]), "sync.malformed"),
        ("no number", push(&phone, vec![json!({ "kind": "visits.record" })]), "sync.malformed"),
        ("a negative number", push(&phone, vec![json!({ "n": -1 })]), "sync.malformed"),
        ("no commands at all", with("commands", json!("x")), "sync.malformed"),
        (
            "numbers that do not follow each other",
            push(&phone, vec![envelope(1, a_visit("a")), envelope(3, a_visit("b"))]),
            "sync.malformed",
        ),
    ];
    for (what, body, code) in cases {
        let answer = phone.post("/api/v1/sync/push", body).await;
        assert_eq!(answer.code(), code, "{what}: {}", answer.text());
        if code == "sync.gap" {
            assert_eq!(answer.status, StatusCode::CONFLICT);
            assert_eq!(answer.json()["error"]["expected"], 1);
        }
    }
    let long = format!("{{\"protocol\":1,\"pad\":\"{}\"}}", "x".repeat(MAX_PUSH_BYTES));
    let answer = raw(&phone, Method::POST, "/api/v1/sync/push", long).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "sync.too_large")
    );
    // Nothing of all that was applied, and the first number is still free.
    let answer = phone.post("/api/v1/sync/push", push(&phone, one())).await;
    assert_eq!(answer.json()["outcomes"][0]["outcome"], "applied", "{}", answer.text());
    let reused =
        phone.post("/api/v1/sync/push", push(&phone, vec![envelope(1, a_visit("two"))])).await;
    assert_eq!(reused.code(), "sync.number_reused");
}

async fn a_command_that_cannot_be_read_gets_its_own_outcome_and_holds_up_nobody(server: &Server) {
    let phone = server.signed_in("steward").await;
    let mut unknown = envelope(2, json!({ "future": true }));
    unknown["kind"] = json!("teleport.home");
    let mut newer = envelope(3, a_visit("newer"));
    newer["v"] = json!(99);
    let large = json!({ "pad": "x".repeat(MAX_PAYLOAD_BYTES) });
    let commands = vec![
        envelope(1, json!({ "visit": "not an id" })),
        unknown,
        newer,
        envelope(4, large),
        json!({ "n": 5, "op": "not an id", "kind": 7 }),
        envelope(6, a_visit("after all that")),
    ];
    let answer = phone.post("/api/v1/sync/push", push(&phone, commands)).await;
    let outcomes = answer.json()["outcomes"].clone();
    let expected = [
        ("refused", "sync.malformed"),
        ("held", "sync.unknown_kind"),
        ("held", "sync.unknown_kind"),
        ("refused", "sync.too_large"),
        ("refused", "sync.malformed"),
        ("applied", ""),
    ];
    for (index, (outcome, code)) in expected.into_iter().enumerate() {
        assert_eq!(outcomes[index]["outcome"], outcome, "{index}: {outcomes}");
        assert_eq!(outcomes[index]["reason"]["code"].as_str().unwrap_or_default(), code);
    }
}

async fn a_clock_ten_years_off_costs_no_work(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let ten_years = 3_650 * DAY;
    let hour_ago = NOW.plus(-3_600_000);
    let cases = [
        ("measured and ahead", hour_ago.plus(ten_years), Some(-ten_years), hour_ago),
        ("measured and behind", hour_ago.plus(-ten_years), Some(ten_years), hour_ago),
        ("unmeasured and ahead", NOW.plus(ten_years), None, NOW),
        ("unmeasured and behind", NOW.plus(-ten_years), None, NOW),
        ("the end of time", Ms(i64::MAX), Some(i64::MAX), NOW),
        ("its beginning", Ms(i64::MIN), Some(i64::MIN), NOW),
    ];
    for (what, at_device, offset, occurred) in cases {
        phone.n += 1;
        let payload = a_visit(what);
        let mut command = envelope(phone.n, payload.clone());
        command["at_device"] = json!(at_device);
        command["offset"] = json!(offset);
        let answer = phone.post("/api/v1/sync/push", push(&phone, vec![command])).await;
        assert_eq!(answer.json()["outcomes"][0]["outcome"], "applied", "{what}: {}", answer.text());
        let id = payload["visit"].as_str().unwrap().parse().unwrap();
        let visit: Visit = server.state.sync.record(id).await.unwrap().unwrap();
        assert_eq!((visit.at, visit.received), (occurred, NOW), "{what}");
    }
}

async fn a_compressed_push_is_measured_after_unpacking(server: &Server) {
    let phone = server.signed_in("steward").await;
    let send = async |encoding: &'static str, bytes: Vec<u8>| {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/api/v1/sync/push")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_ENCODING, encoding);
        phone.send(request.body(Body::from(bytes)).unwrap()).await
    };
    let honest = push(&phone, vec![envelope(1, a_visit("packed"))]).to_string();
    let answer = send("gzip", gzip_stored(honest.as_bytes())).await;
    assert_eq!(answer.json()["outcomes"][0]["outcome"], "applied", "{}", answer.text());
    let bomb = gzip_stored(&vec![b' '; MAX_PUSH_BYTES + 1_000]);
    assert_eq!(send("gzip", bomb).await.code(), "sync.too_large");
    let broken = send("gzip", b"\x1f\x8bnot really".to_vec()).await;
    assert_eq!(broken.code(), "server.bad_request");
    assert_eq!(send("x-unheard-of", b"x".to_vec()).await.code(), "sync.malformed");
}

/// gzip of stored blocks: enough for a test, without a crate for it.
fn gzip_stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let blocks: Vec<&[u8]> = bytes.chunks(65_535).collect();
    for (index, block) in blocks.iter().enumerate() {
        let length = u16::try_from(block.len()).unwrap();
        out.push(u8::from(index + 1 == blocks.len()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(*block);
    }
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            (c >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(c & 1))
        })
    });
    out.extend((!crc).to_le_bytes());
    out.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    out
}

async fn addresses_and_queries_that_make_no_sense_are_refused_with_a_code(server: &Server) {
    let phone = server.signed_in("steward").await;
    let admin = server.signed_in("admin").await;
    let hash = "ab".repeat(32);
    let pull = format!("/api/v1/sync/pull?scope={}", scope());
    let cases = [
        (Method::GET, "/api".to_owned(), "server.not_found"),
        (Method::GET, "/api/".into(), "server.not_found"),
        (Method::GET, "/api/v1/nothing".into(), "server.not_found"),
        (Method::POST, "/api/v2/session".into(), "server.not_found"),
        (Method::PATCH, "/api/v1/session".into(), "server.not_found"),
        (Method::GET, "/api/v1/sync/push".into(), "server.not_found"),
        (Method::GET, "/api/v1/sync/pull".into(), "server.bad_request"),
        (Method::GET, "/api/v1/sync/pull?scope=x".into(), "server.bad_request"),
        (Method::GET, format!("{pull}&limit=-1"), "server.bad_request"),
        (
            Method::GET,
            "/api/v1/sync/pull?scope=0190b5a2-0000-7000-8000-000000000001".into(),
            "sync.unknown_scope",
        ),
        (Method::GET, format!("/api/v1/blobs/{}", hash.to_uppercase()), "attachments.bad_hash"),
        (Method::GET, "/api/v1/blobs/..%2f..%2fdata".into(), "attachments.bad_hash"),
        (Method::PUT, format!("/api/v1/blobs/{}", &hash[1..]), "attachments.bad_hash"),
        (Method::GET, format!("/api/v1/blobs/{hash}"), "blob.unknown"),
        (Method::PUT, format!("/api/v1/blobs/{hash}"), "server.bad_request"),
        (Method::POST, "/api/v1/devices/x/revoke".into(), "server.not_found"),
        (Method::POST, "/api/v1/attention/x/y/settle".into(), "server.bad_request"),
    ];
    for (method, path, code) in cases {
        let client = if path.contains("devices") { &admin } else { &phone };
        let answer = client.call(method.clone(), &path, None).await;
        assert_eq!(answer.code(), code, "{method} {path}: {}", answer.text());
        assert!(answer.json()["error"]["request_id"].is_string(), "{method} {path}");
    }
    // A cursor grants nothing, so one that is not ours only begins a snapshot anew.
    for cursor in ["x", "%00", "e30", "=", &"A".repeat(5_000)] {
        let answer = phone.get(&format!("{pull}&cursor={cursor}")).await;
        assert_eq!(answer.json()["reset"], true, "{cursor}: {}", answer.text());
    }
    for (name, value) in [("upload-offset", "x"), ("upload-length", "-1"), ("upload-offset", "5")] {
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(format!("/api/v1/blobs/{hash}"))
            .header(name, value);
        let answer = phone.send(request.body(Body::from("bytes")).unwrap()).await;
        assert_eq!(answer.code(), "server.bad_request", "{name}: {value}");
    }
}

async fn texts_of_any_kind_go_in_and_come_out_or_are_refused(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let long = "长".repeat(3_000);
    let cases = [
        ("'; DROP TABLE visits; --", "applied", ""),
        ("<script>alert('业主')</script>", "applied", ""),
        ("👩‍👩‍👧‍👦 e\u{301} \u{202e}קד", "applied", ""),
        ("{\"a\":[1]} \\u0000 %00 ${x}", "applied", ""),
        ("null\u{0}byte", "refused", "common.text_control"),
        ("bell\u{7}", "refused", "common.text_control"),
        (long.as_str(), "refused", "common.text_too_long"),
    ];
    for (text, outcome, code) in cases {
        phone.n += 1;
        let mut payload = a_visit(&text.chars().take(20).collect::<String>());
        payload["note"] = json!(text);
        let body = push(&phone, vec![envelope(phone.n, payload.clone())]);
        let answer = phone.post("/api/v1/sync/push", body).await.json();
        assert_eq!(answer["outcomes"][0]["outcome"], outcome, "{text}: {answer}");
        assert_eq!(answer["outcomes"][0]["reason"]["code"].as_str().unwrap_or_default(), code);
        let id = payload["visit"].as_str().unwrap().parse().unwrap();
        let stored: Option<Visit> = server.state.sync.record(id).await.unwrap();
        assert_eq!(stored.map(|visit| visit.note), (code.is_empty()).then(|| text.to_owned()));
    }
    for text in ["'; DROP TABLE users; --", "%", "管理员", "a\u{0}b", &"x".repeat(10_000)] {
        let mut visitor = server.visitor();
        let code = visitor.sign_in(text, "whatever it is").await.code();
        let known = ["session.wrong_password", "common.text_control", "common.text_too_long"];
        assert!(known.contains(&code.as_str()), "{code}");
    }
}
