//! The live stream: says which log has grown, only to those who may read it, and ends in time.

use std::time::Duration;

use crate::web::{Client, Server, cluster, scope, user, visit};
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode, header};
use domain::sync::Scope;
use domain::sync::wire::HeadEvent;
use futures::StreamExt;
use tower::ServiceExt;

struct Events {
    body: BodyDataStream,
    text: String,
}

impl Events {
    async fn open(server: &Server, client: &Client<'_>) -> Self {
        let request = Request::get("/api/v1/events")
            .header(header::HOST, "127.0.0.1:3000")
            .header(header::COOKIE, client.cookie.as_deref().unwrap())
            .body(Body::empty())
            .unwrap();
        let response = server.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<HeadEvent> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.strip_prefix("data:").map(str::trim).map(str::to_owned);
                self.text = rest.to_owned();
                match event {
                    Some(data) => return Some(serde_json::from_str(&data).unwrap()),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(4), self.body.next()).await;
            let chunk = chunk.expect("something happens on the stream")?.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

async fn a_stream_begins_with_the_heads_and_goes_on_with_what_grows(server: &Server) {
    let mut steward = server.signed_in("steward").await;
    let mut events = Events::open(server, &steward).await;
    let first = [events.next().await.unwrap(), events.next().await.unwrap()];
    let scopes: Vec<Scope> = first.iter().map(|event| event.scope).collect();
    assert_eq!(scopes, [Scope::Company, scope()]);
    let head = server.state.sync.head(scope()).await.unwrap();
    assert_eq!(first[1].head, head);
    steward.push(scope(), user("steward"), &[visit("one", cluster("A"), &[])]).await;
    assert_eq!(events.next().await.unwrap(), HeadEvent { scope: scope(), head: head + 1 });
}

async fn a_stream_ends_when_the_server_is_asked_to_stop(server: &Server) {
    let guard = server.signed_in("guard").await;
    let mut events = Events::open(server, &guard).await;
    events.next().await.unwrap();
    server.close().await;
    // Shutting down does not wait for listeners.
    while events.next().await.is_some() {}
}

on_every_database!(a_stream_begins_with_the_heads_and_goes_on_with_what_grows);

#[tokio::test]
async fn a_stream_ends_with_the_server() {
    let server = Server::start(crate::web::Database::Sqlite).await;
    a_stream_ends_when_the_server_is_asked_to_stop(&server).await;
}
