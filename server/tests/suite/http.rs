//! What holds for every answer: headers, the shell, the files of the app, what machines ask.

use std::path::Path;

use crate::web::{Database, Server};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use server::http::headers::CONTENT_SECURITY_POLICY;

const BUILD: &str = "0123456789abcdef";

/// What `cargo xtask build` leaves, in small.
fn build_site(folder: &Path, build: &str) {
    let site = folder.join("site");
    std::fs::create_dir_all(site.join("assets")).unwrap();
    std::fs::create_dir_all(site.join("icons")).unwrap();
    std::fs::create_dir_all(site.join("screenshots")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(site.join(name), text).unwrap();
    write("assets/app.1.js", "export default 1;");
    write("assets/app.1.js.br", "compressed");
    write("assets/app.1.wasm", "\0asm");
    write("icons/icon.svg", "<svg/>");
    write("screenshots/today.jpg", "JPEG");
    write("service-worker.js", "// worker");
    write("manifest.webmanifest", "{}");
    write("secret.txt", "not to be served");
    let assets = json!({
        "build": build, "min_client": 3, "precache": [],
        "files": {
            "app.js": "/assets/app.1.js", "app.wasm": "/assets/app.1.wasm",
            "boot.js": "/assets/boot.1.js", "style.css": "/assets/style.1.css",
            "qr-reader.js": "/assets/qr-reader.1.js",
            "locale/zh-Hans.json": "/assets/locale-zh-Hans.1.json"
        }
    });
    write("assets.json", &assets.to_string());
}

async fn with_site() -> Server {
    let server = Server::start(Database::Sqlite).await;
    build_site(&server.folder, BUILD);
    server
}

#[tokio::test]
async fn every_answer_forbids_inline_code_and_foreign_parts() {
    let server = with_site().await;
    let paths =
        ["/", "/shell", "/assets/app.1.js", "/assets/none.js", "/api/v1/session", "/healthz"];
    for path in paths {
        let answer = server.visitor().get(path).await;
        assert_eq!(answer.header("content-security-policy"), CONTENT_SECURITY_POLICY, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(answer.header("permissions-policy").starts_with("camera=(self)"), "{path}");
        assert_ne!(answer.header("referrer-policy"), "", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "plain http: {path}");
    }
    for forbidden in ["unsafe-inline", "unsafe-eval'; ", "*", "http:"] {
        assert!(!CONTENT_SECURITY_POLICY.replace("'wasm-unsafe-eval'", "").contains(forbidden));
    }
}

#[tokio::test]
async fn a_public_https_address_switches_strict_transport_on() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.public_url = Some("https://gj.example".parse().unwrap());
    })
    .await;
    let answer = server.visitor().get("/healthz").await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000");
    let mut phone = server.visitor();
    phone.headers.insert("origin", "https://gj.example".parse().unwrap());
    assert_eq!(phone.sign_in("steward", crate::web::PASSWORD).await.status, StatusCode::OK);
    phone.headers.insert("origin", "http://gj.example".parse().unwrap());
    assert_eq!(phone.sign_in("steward", crate::web::PASSWORD).await.code(), "session.bad_origin");
}

#[tokio::test]
async fn every_address_of_the_app_is_the_same_shell() {
    let server = with_site().await;
    let shell = server.visitor().get("/shell").await;
    assert_eq!(shell.status, StatusCode::OK);
    assert!(shell.header("content-type").starts_with("text/html"));
    assert_eq!(shell.header("cache-control"), "no-store");
    let html = shell.text();
    assert!(html.starts_with("<!DOCTYPE html>"), "{html}");
    assert!(html.contains(BUILD) && html.contains("管家") && html.contains(r#"id="app""#));
    assert!(html.contains(r#"data-app-wasm="/assets/app.1.wasm""#));
    assert!(html.trim_end().ends_with("</html>"), "nothing is appended: {html}");
    assert_eq!(html.matches("<script").count(), 1, "{html}");
    assert!(!html.contains("<style") && !html.contains(" style="));
    for path in
        ["/", "/tickets", "/households/0190b5a2-0000-7000-8000-000000000001", "/office/a/b?x=1"]
    {
        assert_eq!(server.visitor().get(path).await.text(), html, "{path}");
    }
    for path in ["/wp-login.php", "/favicon.ico", "/secret.txt", "/assets.json", "/sizes.json"] {
        assert_eq!(server.visitor().get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_new_build_is_served_without_a_restart() {
    let server = with_site().await;
    assert!(server.visitor().get("/").await.text().contains(BUILD));
    // File times have to differ.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    build_site(&server.folder, "fedcba9876543210");
    assert!(server.visitor().get("/").await.text().contains("fedcba9876543210"));
    let phone = server.signed_in("steward").await;
    assert_eq!(phone.get("/api/v1/session").await.json()["min_client"], 3);
}

#[tokio::test]
async fn without_a_build_the_page_says_what_to_do() {
    let server = Server::start(Database::Sqlite).await;
    let answer = server.visitor().get("/").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text().contains("make run"));
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_the_others_asked_for() {
    let server = with_site().await;
    let mut browser = server.visitor();
    let script = browser.get("/assets/app.1.js").await;
    assert_eq!(script.text(), "export default 1;");
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(browser.get("/assets/app.1.wasm").await.header("content-type"), "application/wasm");
    for path in
        ["/service-worker.js", "/manifest.webmanifest", "/icons/icon.svg", "/screenshots/today.jpg"]
    {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
    }
    let missing = browser.get("/assets/old.9.js").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(!missing.header("cache-control").contains("immutable"));
    browser.headers.insert("accept-encoding", "br, gzip".parse().unwrap());
    let compressed = browser.get("/assets/app.1.js").await;
    assert_eq!(compressed.header("content-encoding"), "br");
    assert_eq!(compressed.text(), "compressed");
}

#[tokio::test]
async fn nothing_outside_the_site_can_be_asked_for() {
    let server = with_site().await;
    std::fs::write(server.folder.join("outside.txt"), "outside").unwrap();
    for path in
        ["/assets/../secret.txt", "/assets/..%2fsecret.txt", "/icons/%2e%2e/%2e%2e/outside.txt"]
    {
        let answer = server.visitor().get(path).await;
        assert!(
            !answer.text().contains("outside") && !answer.text().contains("not to be"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn answers_of_the_api_are_compressed_and_belong_to_one_person() {
    let server = Server::start(Database::Sqlite).await;
    let mut phone = server.signed_in("steward").await;
    phone.headers.insert("accept-encoding", "gzip".parse().unwrap());
    let answer = phone.get("/api/openapi.json").await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert_eq!(answer.header("cache-control"), "no-store");
    phone.headers.insert("accept-encoding", "br".parse().unwrap());
    assert_eq!(phone.get("/api/openapi.json").await.header("content-encoding"), "br");
}

#[tokio::test]
async fn every_request_has_an_id_that_its_errors_repeat() {
    let server = Server::start(Database::Sqlite).await;
    let mut browser = server.visitor();
    let answer = browser.get("/api/v1/session").await;
    let id = answer.header("x-request-id").to_owned();
    assert_eq!(id.len(), 32);
    assert_eq!(answer.json()["error"]["request_id"], id);
    browser.headers.insert("x-request-id", "from-the-proxy-1".parse().unwrap());
    let answer = browser.get("/api/v1/session").await;
    assert_eq!(answer.header("x-request-id"), "from-the-proxy-1");
    browser.headers.insert("x-request-id", "no\"quotes\"please".parse().unwrap());
    let answer = browser.get("/api/v1/session").await;
    assert_eq!(answer.header("x-request-id").len(), 32);
}

#[tokio::test]
async fn machines_learn_whether_it_lives_is_ready_and_what_it_counts() {
    let server = Server::start_with(Database::Sqlite, |config| {
        config.metrics_token = Some("0123456789abcdef".into());
    })
    .await;
    let mut probe = server.visitor();
    assert_eq!(probe.get("/healthz").await.text(), "ok\n");
    assert_eq!(probe.get("/readyz").await.text(), "ready\n");
    assert_eq!(probe.get("/metrics").await.code(), "server.not_found");
    probe.headers.insert("authorization", "Bearer 0123456789abcdef".parse().unwrap());
    assert_eq!(probe.get("/metrics").await.status, StatusCode::OK);
    probe.headers.clear();
    probe.address = "127.0.0.1".parse().unwrap();
    probe.sign_in("steward", "wrong").await;
    let text = probe.get("/metrics").await.text();
    assert!(text.contains("guanjia_sign_ins_total{result=\"refused\"} 1\n"), "{text}");
    assert!(text.contains("guanjia_http_requests_total{status=\"4xx\"} 2\n"), "{text}");
    assert!(text.contains("guanjia_commit_seconds_count"), "{text}");
    server.state.db.close().await;
    let answer = probe.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(probe.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_phone_is_told_a_sum_when_it_asks_and_counted_when_its_own_differs() {
    let server = Server::start(Database::Sqlite).await;
    let phone = server.signed_in("steward").await;
    let pull = async |more: &str| {
        let path = format!("/api/v1/sync/pull?scope=company{more}");
        let answer = phone.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    };
    let plain = pull("").await;
    assert_eq!(plain.get("checksum"), None, "who does not ask gets the answer of before");
    let cursor = plain["cursor"].as_str().unwrap().to_owned();
    let asked = pull(&format!("&check=true&cursor={cursor}")).await;
    assert_eq!(asked["checksum"].as_str().map(str::len), Some(16), "{asked}");
    let counted = async |times: u32| {
        let text = server.state.metrics.render();
        assert!(text.contains(&format!("guanjia_checksum_mismatches_total {times}\n")), "{text}");
    };
    counted(0).await;
    let repaired = pull(&format!("&check=true&repair=true&cursor={cursor}")).await;
    assert_eq!(repaired["reset"], json!(true));
    counted(1).await;
}

#[tokio::test]
async fn a_database_that_is_away_asks_to_come_again_and_says_nothing_of_what_is_broken() {
    let server = Server::start(Database::Sqlite).await;
    let phone = server.signed_in("steward").await;
    server.state.db.close().await;
    let answer = phone.get("/api/v1/session").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "server.store_away")
    );
    assert!(!answer.text().to_lowercase().contains("pool"), "{}", answer.text());
}

#[tokio::test]
async fn the_description_of_the_api_lists_every_route_there_is() {
    let server = Server::start(Database::Sqlite).await;
    let document = server.visitor().get("/api/openapi.json").await.json();
    let described = document["paths"].as_object().unwrap();
    let mut sources = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = 0;
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let quoted = text.split(".route(").skip(1).filter_map(|rest| rest.split('"').nth(1));
        for route in quoted.filter(|route| route.starts_with("/api/v1/")) {
            assert!(
                described.contains_key(route),
                "{route} of {} is not described",
                path.display()
            );
            found += 1;
        }
    }
    assert!(found >= 9, "only {found} routes were found; do they still look like `.route(\"…\"`?");
    for (path, methods) in described {
        for (method, about) in methods.as_object().unwrap() {
            assert!(
                about["summary"].is_string()
                    || path.contains("sync")
                    || path.contains("events")
                    || path.contains("views")
                    || path.contains("blobs"),
                "{method} {path} says nothing"
            );
        }
    }
    assert!(document["components"]["schemas"]["ErrorEnvelope"].is_object());
    assert!(document["components"]["securitySchemes"]["session"].is_object());
}

#[tokio::test]
async fn a_head_request_of_the_shell_has_no_body() {
    let server = with_site().await;
    let request = Request::builder().method("HEAD").uri("/").body(Body::empty()).unwrap();
    let answer = server.visitor().send(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.is_empty());
}
