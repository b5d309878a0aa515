//! Paper: the sheet of codes, the record of a round, and what a browser sees that may not have them.

use crate::web::{Client, Database, Server, cluster, scope};
use axum::http::{StatusCode, header};
use domain::modules::Command;
use domain::modules::rounds::builtin::{template_id, templates};
use domain::modules::rounds::{Checkpoint, RegisterCheckpoint};
use domain::sync::Scope;

async fn with_codes() -> Server {
    let server = Server::start(Database::Sqlite).await;
    let published: Vec<Command> = templates().into_iter().map(Command::from).collect();
    server.system(Scope::Company, published).await;
    let mut places = Vec::new();
    for code in ["B", "A"] {
        for template in templates().iter().take(2) {
            // Registered backwards: the sheet has its own order.
            for point in template.points.iter().rev() {
                places.push(Command::from(RegisterCheckpoint {
                    checkpoint: Checkpoint::id_of(cluster(code), template.template, &point.code),
                    cluster: cluster(code),
                    template: template.template,
                    point: point.code.clone(),
                    name: format!("{code} {}", point.name),
                    position: None,
                    code_version: 1,
                }));
            }
        }
    }
    server.system(scope(), places).await;
    server
}

fn reading_html(mut client: Client<'_>) -> Client<'_> {
    client.headers.insert(header::ACCEPT, "text/html,application/xhtml+xml".parse().unwrap());
    client
}

#[tokio::test]
async fn the_sheet_is_in_the_order_of_clusters_and_of_the_way_and_of_one_template_if_asked() {
    let server = with_codes().await;
    let desk = reading_html(server.signed_in("supervisor").await);
    let template = template_id("daily_cluster");
    let address = format!("/print/checkpoints?template={template}");
    let html = desk.get(&address).await.text();
    let mut at = 0;
    for code in ["A", "B"] {
        for point in &templates()[0].points {
            let name = format!(">{code} {}<", point.name);
            let found = html[at..].find(&name).unwrap_or_else(|| panic!("{name} is out of order"));
            at += found;
        }
    }
    let codes = |html: &str| html.matches("<figure").count();
    assert_eq!(codes(&html), 2 * templates()[0].points.len());
    let of_one = desk.get(&format!("{address}&cluster={}", cluster("A"))).await.text();
    assert_eq!(codes(&of_one), templates()[0].points.len());
    assert!(codes(&desk.get("/print/checkpoints").await.text()) > codes(&html));
    assert!(desk.get("/print/checkpoints?lang=en").await.text().contains("Checkpoint codes"));
}

#[tokio::test]
async fn a_new_code_is_on_the_sheet_instead_of_the_old_one() {
    let server = with_codes().await;
    let desk = server.signed_in("supervisor").await;
    let template = &templates()[0];
    let point = &template.points[0];
    let address =
        format!("/print/checkpoints?template={}&cluster={}", template.template, cluster("A"));
    let place = Checkpoint::id_of(cluster("A"), template.template, &point.code);
    let code = |version: u32| format!("{place}.{version}.");
    assert!(desk.get(&address).await.text().contains(&code(1)));
    let again = RegisterCheckpoint {
        checkpoint: place,
        cluster: cluster("A"),
        template: template.template,
        point: point.code.clone(),
        name: point.name.clone(),
        position: Some((3, 4)),
        code_version: 2,
    };
    server.system(scope(), vec![again.into()]).await;
    let html = desk.get(&address).await.text();
    assert!(html.contains(&code(2)) && !html.contains(&code(1)));
}

#[tokio::test]
async fn whoever_opens_paper_signed_out_is_led_to_the_sign_in_and_a_program_gets_the_code() {
    let server = with_codes().await;
    let browser = reading_html(server.visitor());
    for path in ["/print/checkpoints?lang=en", "/print/rounds/x?lang=en"] {
        let page = browser.get(path).await;
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{path}");
        let html = page.text();
        assert!(html.contains(r#"<a href="/">Sign in</a>"#) && !html.contains('{'), "{html}");
    }
    let program = server.visitor().get("/print/checkpoints").await;
    assert_eq!(program.code(), "session.expired");
    let steward = reading_html(server.signed_in("steward").await);
    let page = steward.get("/print/checkpoints?lang=zh-Hant").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text().contains("打不開這份單據"), "{}", page.text());
}
