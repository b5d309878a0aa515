//! Signing in, staying signed in, and being shut out.

use crate::web::{PASSWORD, Server, cluster, user};
use axum::http::{Method, StatusCode};
use domain::Role;
use domain::modules::Command;
use domain::modules::accounts::UpdateAccount;
use domain::sync::Scope;
use domain::time::{DAY, MINUTE};
use serde_json::json;
use server::auth::store as accounts;

on_every_database!(
    the_right_password_opens_a_session_whose_cookie_scripts_cannot_read,
    a_wrong_password_and_an_unknown_account_are_told_apart_by_nobody,
    an_account_is_locked_after_ten_wrong_passwords_and_opens_again,
    a_success_forgives_earlier_mistakes,
    an_address_that_walks_through_accounts_is_stopped_and_others_are_not,
    a_disabled_account_is_shut_at_once,
    a_session_ends_after_thirty_idle_days_and_not_while_it_is_used,
    signing_out_ends_the_session_and_may_be_repeated,
    a_device_belongs_to_one_person,
    a_revoked_device_is_out_until_its_owner_signs_in_again,
    changing_the_own_password_signs_other_devices_out,
    an_administrator_sets_passwords_and_nobody_else_does,
    a_new_role_holds_from_the_next_request_on,
    forged_requests_change_nothing,
    signing_in_again_on_a_device_ends_its_earlier_session,
);

fn update(account: &str, role: Role, disabled: bool) -> Vec<Command> {
    let clusters = if role == Role::Steward { vec![cluster("A")] } else { Vec::new() };
    let (user, name) = (user(account), account.to_owned());
    vec![UpdateAccount { user, name, roles: vec![role], clusters, disabled }.into()]
}

async fn the_right_password_opens_a_session_whose_cookie_scripts_cannot_read(server: &Server) {
    let mut phone = server.visitor();
    assert_eq!(phone.get("/api/v1/session").await.code(), "session.expired");
    let answer = phone.sign_in(" Steward ", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-guanjia="), "{cookie}");
    for flag in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=34560000"] {
        assert!(cookie.contains(flag), "{flag} in {cookie}");
    }
    assert!(!cookie.contains("Domain"));
    let session = phone.get("/api/v1/session").await.json();
    assert_eq!(session["account"], "steward");
    assert_eq!(session["device"]["name"], "test phone");
    assert_eq!(session["scopes"].as_array().unwrap().len(), 2);
    assert!(session["rights"].as_array().unwrap().contains(&json!("record_visit")));
    assert!(!session["rights"].as_array().unwrap().contains(&json!("manage_accounts")));
    assert_eq!(session["code_key"], server.state.code_key.public());
    assert_eq!(answer.header("cache-control"), "no-store");
}

async fn a_wrong_password_and_an_unknown_account_are_told_apart_by_nobody(server: &Server) {
    let mut phone = server.visitor();
    let mut wrong = phone.sign_in("steward", "not the password").await;
    let mut unknown = phone.sign_in("nobody", "not the password").await;
    for answer in [&mut wrong, &mut unknown] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.code(), "session.wrong_password");
        assert!(answer.headers.get("set-cookie").is_none());
    }
    let without_id = |answer: &crate::web::Answer| {
        let mut body = answer.json();
        body["error"]["request_id"] = json!(null);
        body
    };
    assert_eq!(without_id(&wrong), without_id(&unknown));
}

async fn an_account_is_locked_after_ten_wrong_passwords_and_opens_again(server: &Server) {
    let mut guesser = server.visitor();
    for _ in 0..10 {
        let answer = guesser.sign_in("steward", "guess").await;
        assert_eq!(answer.code(), "session.wrong_password");
    }
    // From wherever, and with whatever password.
    let mut owner = server.visitor();
    owner.address = "198.51.100.9".parse().unwrap();
    let locked = owner.sign_in("steward", PASSWORD).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(locked.code(), "session.locked");
    assert_eq!(locked.json()["error"]["params"]["minutes"], "15");
    assert_eq!(owner.sign_in("manager", PASSWORD).await.status, StatusCode::OK);
    server.advance(14 * MINUTE);
    let locked = owner.sign_in("steward", PASSWORD).await;
    assert_eq!(locked.json()["error"]["params"]["minutes"], "1");
    server.advance(MINUTE);
    owner.device = domain::id::DeviceId(server.clock.uuid());
    assert_eq!(owner.sign_in("steward", PASSWORD).await.status, StatusCode::OK);
}

async fn a_success_forgives_earlier_mistakes(server: &Server) {
    let mut phone = server.visitor();
    for _ in 0..2 {
        for _ in 0..9 {
            phone.sign_in("steward", "mistyped").await;
        }
        assert_eq!(phone.sign_in("steward", PASSWORD).await.status, StatusCode::OK);
    }
}

async fn an_address_that_walks_through_accounts_is_stopped_and_others_are_not(server: &Server) {
    let keys = [("address:203.0.113.7".to_owned(), 100)];
    for _ in 0..99 {
        let now = server.clock.now();
        let counted = accounts::begin_try(&server.state.db, &keys, now, 15 * MINUTE).await.unwrap();
        assert!(counted.is_ok());
    }
    let mut guesser = server.visitor();
    assert_eq!(guesser.sign_in("nobody-1", "guess").await.code(), "session.wrong_password");
    assert_eq!(guesser.sign_in("nobody-2", "guess").await.code(), "session.locked");
    let mut other = server.visitor();
    other.address = "203.0.113.8".parse().unwrap();
    assert_eq!(other.sign_in("steward", PASSWORD).await.status, StatusCode::OK);
}

async fn a_disabled_account_is_shut_at_once(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    server.system(Scope::Company, update("steward", Role::Steward, true)).await;
    let answer = phone.get("/api/v1/session").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::FORBIDDEN, "session.disabled")
    );
    assert_eq!(phone.sign_in("steward", PASSWORD).await.code(), "session.disabled");
    // Who does not know the password does not learn it.
    assert_eq!(phone.sign_in("steward", "guess").await.code(), "session.wrong_password");
}

async fn a_session_ends_after_thirty_idle_days_and_not_while_it_is_used(server: &Server) {
    let phone = server.signed_in("steward").await;
    for _ in 0..3 {
        server.advance(29 * DAY);
        assert_eq!(phone.get("/api/v1/session").await.status, StatusCode::OK);
    }
    server.advance(31 * DAY);
    let answer = phone.get("/api/v1/session").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNAUTHORIZED, "session.expired")
    );
}

async fn signing_out_ends_the_session_and_may_be_repeated(server: &Server) {
    let phone = server.signed_in("steward").await;
    for _ in 0..2 {
        let answer = phone.delete("/api/v1/session").await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert!(answer.header("set-cookie").contains("Max-Age=0"));
    }
    assert_eq!(phone.get("/api/v1/session").await.code(), "session.expired");
}

async fn a_device_belongs_to_one_person(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    phone.cookie = None;
    let answer = phone.sign_in("manager", PASSWORD).await;
    assert_eq!(answer.code(), "sync.wrong_device");
    assert!(phone.cookie.is_none());
}

async fn a_revoked_device_is_out_until_its_owner_signs_in_again(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let revoke = format!("/api/v1/devices/{}/revoke", phone.device);
    let colleague = server.signed_in("manager").await;
    assert_eq!(colleague.post(&revoke, json!({})).await.code(), "common.not_allowed");
    assert_eq!(phone.get("/api/v1/session").await.status, StatusCode::OK);
    let admin = server.signed_in("admin").await;
    assert_eq!(admin.post(&revoke, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(phone.get("/api/v1/session").await.code(), "session.expired");
    let foreign = "/api/v1/devices/0190b5a2-0000-7000-8000-000000000001/revoke";
    assert_eq!(admin.post(foreign, json!({})).await.code(), "server.not_found");
    assert_eq!(phone.sign_in("steward", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(phone.get("/api/v1/session").await.status, StatusCode::OK);
    // Everyone may sign their own devices out from afar.
    let desk = server.signed_in("steward").await;
    assert_eq!(desk.post(&revoke, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(phone.get("/api/v1/session").await.code(), "session.expired");
}

async fn changing_the_own_password_signs_other_devices_out(server: &Server) {
    let phone = server.signed_in("steward").await;
    let mut desk = server.signed_in("steward").await;
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    let path = "/api/v1/session/password";
    let new = "an even longer password";
    assert_eq!(phone.post(path, change("wrong", new)).await.code(), "session.wrong_password");
    let short = phone.post(path, change(PASSWORD, "short")).await;
    assert_eq!(short.code(), "accounts.password_too_short");
    assert_eq!(short.json()["error"]["params"]["min"], "10");
    assert_eq!(phone.post(path, change(PASSWORD, new)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(phone.get("/api/v1/session").await.status, StatusCode::OK);
    assert_eq!(desk.get("/api/v1/session").await.code(), "session.expired");
    assert_eq!(desk.sign_in("steward", PASSWORD).await.code(), "session.wrong_password");
    assert_eq!(desk.sign_in("steward", new).await.status, StatusCode::OK);
}

async fn an_administrator_sets_passwords_and_nobody_else_does(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let path = format!("/api/v1/accounts/{}/password", user("steward"));
    let body = json!({ "password": "chosen by the admin" });
    let manager = server.signed_in("manager").await;
    assert_eq!(manager.put(&path, body.clone()).await.code(), "common.not_allowed");
    let admin = server.signed_in("admin").await;
    let short = admin.put(&path, json!({ "password": "短短短短短短短短短" })).await;
    assert_eq!(short.code(), "accounts.password_too_short");
    assert_eq!(admin.put(&path, body.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(phone.get("/api/v1/session").await.code(), "session.expired");
    assert_eq!(phone.sign_in("steward", "chosen by the admin").await.status, StatusCode::OK);
    for unknown in ["0190b5a2-0000-7000-8000-000000000001", "nonsense"] {
        let path = format!("/api/v1/accounts/{unknown}/password");
        assert_eq!(admin.put(&path, body.clone()).await.code(), "server.not_found");
    }
}

async fn a_new_role_holds_from_the_next_request_on(server: &Server) {
    let phone = server.signed_in("guard").await;
    let rights = |session: serde_json::Value| session["rights"].as_array().unwrap().clone();
    let before = rights(phone.get("/api/v1/session").await.json());
    assert!(!before.contains(&json!("view_office")));
    server.system(Scope::Company, update("guard", Role::Manager, false)).await;
    let after = rights(phone.get("/api/v1/session").await.json());
    assert!(after.contains(&json!("view_office")));
}

async fn forged_requests_change_nothing(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    phone.forged = true;
    let answer = phone.delete("/api/v1/session").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::FORBIDDEN, "session.bad_origin")
    );
    phone.forged = false;
    phone.headers.insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(phone.delete("/api/v1/session").await.code(), "session.bad_origin");
    assert_eq!(phone.sign_in("steward", PASSWORD).await.code(), "session.bad_origin");
    // Reading is not writing, and our own page may do both.
    assert_eq!(phone.get("/api/v1/session").await.status, StatusCode::OK);
    phone.headers.insert("origin", "http://127.0.0.1:3000".parse().unwrap());
    let answer = phone.call(Method::DELETE, "/api/v1/session", None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}

async fn signing_in_again_on_a_device_ends_its_earlier_session(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let earlier = phone.cookie.clone();
    assert_eq!(phone.sign_in("steward", PASSWORD).await.status, StatusCode::OK);
    assert_ne!(phone.cookie, earlier);
    phone.cookie = earlier;
    assert_eq!(phone.get("/api/v1/session").await.code(), "session.expired");
}
