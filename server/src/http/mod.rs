//! All routes put together, and what holds for every request.
//!
//! A new module of the API is one line in `api` and one in `openapi::document`.

mod envelope;
pub mod forgery;
pub mod headers;
pub mod json;
mod observe;
mod probes;
mod shell;
pub mod site;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get};
use domain::refusal::CommonCode;
use domain::sync::wire::MAX_PUSH_BYTES;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::error::{ApiError, with_request_id};
use crate::state::AppState;
use crate::{accounts_api, auth, blobs, openapi, print, sync, views};

/// Largest body of a request, after decompression: a full push. Attachments have their own limit.
const MAX_BODY: usize = MAX_PUSH_BYTES + 64 * 1024;

/// Brotli as an archive wants it would cost more time than it saves on the line.
const COMPRESSION: CompressionLevel = CompressionLevel::Precise(4);

pub fn doc() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(openapi::serve))]
    struct Doc;
    let mut doc = <Doc as utoipa::OpenApi>::openapi();
    doc.merge(probes::doc());
    doc
}

/// The JSON API. Every module brings its own routes.
fn api() -> Router<AppState> {
    Router::new()
        .merge(auth::routes())
        .merge(accounts_api::routes())
        .merge(sync::routes())
        .merge(views::routes())
        .route("/api/openapi.json", get(openapi::serve))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .merge(blobs::routes())
        .route("/api", any(unknown))
        .route("/api/", any(unknown))
        .route("/api/{*rest}", any(unknown))
}

async fn unknown() -> ApiError {
    ApiError::new(CommonCode::NotFound)
}

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    // What leptos renders may spawn; the second router of a process finds it set already.
    let _ = any_spawner::Executor::init_tokio();
    let api = api().layer(
        ServiceBuilder::new()
            .layer(from_fn(envelope::envelope))
            .layer(from_fn_with_state(state.clone(), forgery::refuse_forged))
            .layer(from_fn(observe::patience))
            // Phones send long outboxes compressed. The limit counts what comes out.
            .layer(RequestDecompressionLayer::new().pass_through_unaccepted(true)),
    );
    let compressed = CompressionLayer::new()
        .quality(COMPRESSION)
        .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("audio/")));
    Router::new()
        .merge(api)
        .merge(site_files(&state))
        .route("/shell", get(shell::shell))
        .fallback(get(shell::shell))
        .merge(probes::routes())
        .merge(print::routes(&state))
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(state.clone(), observe::observe))
                .layer(from_fn_with_state(state.clone(), headers::security))
                .layer(from_fn(with_request_id))
                .layer(CatchPanicLayer::custom(observe::panicked))
                .layer(compressed),
        )
        .with_state(state)
}

/// The files of the build, each with the compressed forms that lie beside it.
fn site_files(state: &AppState) -> Router<AppState> {
    let folder = state.site.folder();
    let cached = |value: &'static str| {
        SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            move |response: &axum::response::Response| {
                response.status().is_success().then(|| HeaderValue::from_static(value))
            },
        )
    };
    let files = |path: &str| {
        ServeDir::new(folder.join(path))
            .precompressed_br()
            .precompressed_gzip()
            .append_index_html_on_directories(false)
    };
    let file =
        |name: &str| ServeFile::new(folder.join(name)).precompressed_br().precompressed_gzip();
    let named = ["service-worker.js", "manifest.webmanifest", "robots.txt"];
    let fixed = named
        .iter()
        .fold(Router::new(), |router, name| router.route_service(&format!("/{name}"), file(name)))
        .nest_service("/icons", files("icons"))
        .nest_service("/screenshots", files("screenshots"))
        // Their addresses outlive a build, so browsers have to ask.
        .layer(cached("no-cache"));
    let hashed = Router::new()
        .nest_service("/assets", files("assets"))
        .layer(cached("public, max-age=31536000, immutable"));
    fixed.merge(hashed)
}
