//! What machines ask: is it alive, is it ready, what does it count.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::refusal::CommonCode;
use sqlx::Row;
use utoipa::OpenApi;

use crate::db::migrate::MIGRATIONS;
use crate::db::sql;
use crate::error::ApiError;
use crate::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

#[derive(OpenApi)]
#[openapi(paths(alive, ready, metrics))]
struct Doc;

pub fn doc() -> utoipa::openapi::OpenApi {
    Doc::openapi()
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "Alive", content_type = "text/plain")))]
async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers and has this build's tables, and the server is not about to stop.
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses(
        (status = 200, description = "Ready", content_type = "text/plain"),
        (status = 503, description = "Not ready; the body says why", content_type = "text/plain"),
    ))]
async fn ready(State(state): State<AppState>) -> Response {
    if *state.stopping.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    let version =
        sql("SELECT MAX(version) FROM schema_version").fetch_one(state.db.readers()).await;
    let version = version.and_then(|row| row.try_get::<Option<i64>, _>(0));
    match version {
        Ok(found) if found == MIGRATIONS.last().map(|migration| migration.version) => {
            "ready\n".into_response()
        }
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "database not migrated\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "database unreachable\n").into_response()
        }
    }
}

/// Counters for Prometheus. For this machine, or with `Authorization: Bearer <token>`.
#[utoipa::path(get, path = "/metrics", tag = "operation",
    responses(
        (status = 200, description = "Prometheus' text format", content_type = "text/plain"),
        (status = 404, description = "Asked from elsewhere without the token"),
    ))]
async fn metrics(State(state): State<AppState>, request: Request) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    // Behind a proxy every request comes from this machine.
    let local = state.config.proxies == 0 && peer.is_some_and(|peer| peer.0.ip().is_loopback());
    let token = state.config.metrics_token.as_deref();
    if !(local || token.is_some_and(|token| has_token(request.headers(), token))) {
        return ApiError::new(CommonCode::NotFound).into_response();
    }
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (text, state.metrics.render()).into_response()
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let sent = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let Some(sent) = sent.and_then(|value| value.strip_prefix(b"Bearer ")) else { return false };
    // Every byte is looked at, so that the time taken tells nothing about where they differ.
    sent.len() == token.len()
        && sent.iter().zip(token.as_bytes()).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_opens_the_metrics() {
        let sent =
            |text: &str| HeaderMap::from_iter([(header::AUTHORIZATION, text.parse().unwrap())]);
        assert!(has_token(&sent("Bearer 0123456789abcdef"), "0123456789abcdef"));
        for wrong in
            ["Bearer 0123456789abcdee", "Bearer 0123456789abcde", "Bearer ", "0123456789abcdef"]
        {
            assert!(!has_token(&sent(wrong), "0123456789abcdef"), "{wrong}");
        }
        assert!(!has_token(&HeaderMap::new(), "0123456789abcdef"));
    }
}
