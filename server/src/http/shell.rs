//! Every address of the app is answered with the same page; the app reads the address itself.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures::StreamExt;
use leptos::prelude::*;

use crate::demo;
use crate::state::AppState;

/// Renders the shell of the current build.
pub async fn shell(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path();
    // A page's address has no file extension: whoever asks for `/wp-login.php` gets no app.
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.contains('.') {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(assets) = state.site.assets() else { return not_built() };
    let assets = match assets.shell() {
        Ok(assets) => {
            let demo = state.config.demo.then(|| demo::accounts_json().to_owned());
            app::shell::ShellAssets { demo, ..assets }
        }
        Err(why) => {
            tracing::error!(%why, "the site is incomplete");
            return not_built();
        }
    };
    let mut response = render(request, assets).await;
    // The address stays the same over all builds, so a copy is never used unasked. Not "no-cache": WebKit would keep
    // a page that is left, with its unfinished transaction, for going back to it, and the next page would wait for
    // its own store without end.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn render(request: Request, assets: app::shell::ShellAssets) -> Response<Body> {
    let app = move || view! { <app::shell::Shell assets /> };
    leptos_axum::handle_response_inner(
        || {},
        app,
        request,
        // The app mounts afresh instead of hydrating. leptos' own builders would append the data for
        // hydration as an inline script, which the content security policy refuses.
        |app, _hydration_data, _out_of_order| {
            Box::pin(async move {
                let html = app.to_html_stream_in_order().collect::<String>().await;
                Box::pin(futures::stream::once(std::future::ready(html))) as _
            })
        },
    )
    .await
}

/// In English and Chinese: whoever sees it is setting the server up.
fn not_built() -> Response {
    const PAGE: &str = "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width\"><title>Guanjia</title>\
        <h1>The app has not been built</h1>\
        <p>The server is running, but its site folder holds no build. \
        Run <code>make run</code>, or point <code>GUANJIA_SITE</code> to a built site.</p>\
        <h1 lang=\"zh-Hans\">应用尚未构建</h1>\
        <p lang=\"zh-Hans\">服务器已启动，但站点目录里没有构建结果。\
        请运行 <code>make run</code>，或用 <code>GUANJIA_SITE</code> 指向构建好的站点。</p>";
    (StatusCode::SERVICE_UNAVAILABLE, Html(PAGE)).into_response()
}
