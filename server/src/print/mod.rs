//! Paper: the sheet of checkpoint codes, the round record. Rendered here, because only the server can
//! sign codes and a printer stands in the office.

use std::collections::{BTreeMap, BTreeSet};

use app::i18n::Language;
use app::print::{CodeCard, RoundPaper, code_sheet, problem, round_record};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::Right;
use domain::id::{ClusterId, RoundId, TemplateId};
use domain::modules::accounts::User;
use domain::modules::households::Cluster;
use domain::modules::rounds::code::site_of;
use domain::modules::rounds::{Checkpoint, Round, RoundTemplate};
use domain::modules::tickets::Ticket;
use domain::refusal::CommonCode;
use domain::sync::wire::ErrorBody;
use domain::sync::{Scope, SyncedRecord};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

use crate::auth::{Signed, store as accounts};
use crate::error::{ApiError, CODE};
use crate::state::AppState;
use crate::store;

pub fn routes(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/print/checkpoints", get(checkpoints))
        .route("/print/rounds/{id}", get(round))
        .layer(from_fn_with_state(state.clone(), in_words))
}

/// Middleware: an error of ours is for programs; whoever opened the address in a browser, perhaps
/// after the session has ended, gets it as a page.
async fn in_words(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let reads_html = request
        .headers()
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|accepted| accepted.contains("text/html")));
    let wanted = Query::<Wanted>::try_from_uri(request.uri());
    let language = wanted.map(|Query(wanted)| wanted.language()).unwrap_or_default();
    let response = next.run(request).await;
    if !reads_html || !response.headers().contains_key(CODE) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_ERROR).await.unwrap_or_default();
    let Ok(ErrorBody { error }) = serde_json::from_slice::<ErrorBody>(&bytes) else {
        return (parts, bytes).into_response();
    };
    let sign_in = parts.status == StatusCode::UNAUTHORIZED;
    let html = problem(language, style(&state), &error.refusal, sign_in);
    parts.headers.remove(header::CONTENT_LENGTH);
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    parts.headers.insert(header::CONTENT_TYPE, kind);
    (parts, html).into_response()
}

/// Longest error that is put into words.
const MAX_ERROR: usize = 64 * 1024;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    cluster: Option<ClusterId>,
    template: Option<TemplateId>,
    lang: Option<String>,
}

impl Wanted {
    fn language(&self) -> Language {
        self.lang.as_deref().and_then(Language::from_tag).unwrap_or_default()
    }
}

fn style(state: &AppState) -> Option<String> {
    state.site.assets()?.files.get("style.css").cloned()
}

/// Codes to cut out, for a cluster and a template or for all of them; in the order of the clusters'
/// letters, the templates' names and, within a template, of its points: as they are put up.
async fn checkpoints(
    State(state): State<AppState>,
    signed: Signed,
    Query(wanted): Query<Wanted>,
) -> Result<Html<String>, ApiError> {
    signed.require(Right::EditSchedules)?;
    let scopes = state.sync.scopes_of(&signed.actor).await?;
    let mut cards = Vec::new();
    for info in scopes {
        let Scope::Project(project) = info.scope else { continue };
        let mut tx = state.db.begin_read().await?;
        let clusters = store::records::all::<Cluster>(&mut tx, Some(info.scope)).await?;
        let points = store::records::all::<Checkpoint>(&mut tx, Some(info.scope)).await?;
        let templates = store::records::all::<RoundTemplate>(&mut tx, Some(Scope::Company)).await?;
        drop(tx);
        let current: BTreeMap<TemplateId, &RoundTemplate> = templates
            .iter()
            .filter(|template| !template.superseded)
            .map(|template| (template.template, template))
            .collect();
        let is_wanted = |point: &Checkpoint| {
            wanted.cluster.is_none_or(|cluster| cluster == point.cluster)
                && wanted.template.is_none_or(|template| template == point.template)
        };
        let mut sorted: Vec<_> = points
            .iter()
            .filter(|point| is_wanted(point))
            .map(|point| {
                let cluster = clusters.iter().find(|cluster| cluster.id == point.cluster);
                let template = current.get(&point.template).copied();
                (place_on_sheet(point, cluster, template), point, cluster, template)
            })
            .collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let site = site_of(project);
        for (_, point, cluster, template) in sorted {
            let text = state.code_key.sign(&site, point.id, point.code_version);
            cards.push(CodeCard {
                cluster: cluster.map(|c| format!("{} {}", c.code, c.name)).unwrap_or_default(),
                template: template.map(|template| template.name.clone()).unwrap_or_default(),
                version: point.code_version,
                svg: svg_of(&text)?,
                name: point.name.clone(),
                text,
            });
        }
    }
    Ok(Html(code_sheet(wanted.language(), style(&state), &cards)))
}

/// Where a code comes on the sheet. What the template no longer has comes after what it has.
fn place_on_sheet(
    point: &Checkpoint,
    cluster: Option<&Cluster>,
    template: Option<&RoundTemplate>,
) -> (String, String, TemplateId, usize, String) {
    let index = template
        .and_then(|template| template.points.iter().position(|one| one.code == point.point));
    (
        cluster.map(|cluster| cluster.code.clone()).unwrap_or_default(),
        template.map(|template| template.name.clone()).unwrap_or_default(),
        point.template,
        index.unwrap_or(usize::MAX),
        point.name.clone(),
    )
}

fn svg_of(text: &str) -> Result<String, ApiError> {
    // Codes hang in basements: a quarter of it may be dirty.
    let code = QrCode::with_error_correction_level(text, EcLevel::Q)
        .map_err(|error| ApiError::fault("checkpoint code", error))?;
    let svg = code.render::<svg::Color>().min_dimensions(180, 180).build();
    // Without the XML declaration it can stand inside HTML.
    Ok(svg.split_once("?>").map_or(svg.clone(), |(_, svg)| svg.to_owned()))
}

/// 组团巡查记录表 of one round.
async fn round(
    State(state): State<AppState>,
    signed: Signed,
    Path(id): Path<RoundId>,
    Query(wanted): Query<Wanted>,
) -> Result<Html<String>, ApiError> {
    let missing = || ApiError::new(CommonCode::NotFound);
    let round = state.sync.record::<Round>(id.0).await?.ok_or_else(missing)?;
    // Whoever receives it on the phone may have it on paper.
    let own = signed.channels();
    if !round.channels().iter().any(|channel| own.contains(channel)) {
        return Err(ApiError::new(CommonCode::NotAllowed));
    }
    let version = RoundTemplate::id_of(round.template, round.version);
    let template = state.sync.record::<RoundTemplate>(version).await?;
    let cluster = state.sync.record::<Cluster>(round.cluster.0).await?;
    let cluster = cluster.map(|c| format!("{} {}", c.code, c.name)).unwrap_or_default();
    let settings = accounts::settings(&state.db).await?;
    let mut joined = Vec::new();
    for walker in &round.joined {
        joined.extend(state.sync.record::<User>(walker.0).await?.map(|user| user.name));
    }
    let mut tickets = BTreeMap::new();
    for id in round.tickets() {
        let ticket = state.sync.record::<Ticket>(id.0).await?;
        tickets.extend(ticket.map(|ticket| (id, ticket.display_number())));
    }
    let photos = round.results.iter().flat_map(|result| &result.answers).flat_map(|a| &a.photos);
    let photos: BTreeSet<_> = photos.map(|photo| photo.sha256.clone()).collect();
    let arrived = state.blobs.arrived(photos).await;
    let arrived = arrived.map_err(|error| ApiError::fault("attachments on disk", error))?;
    let arrived = arrived.into_iter().map(|sha256| sha256.0).collect();
    let paper = RoundPaper {
        round: &round,
        template: template.as_ref(),
        cluster: &cluster,
        zone: &settings.zone,
        joined,
        tickets,
        arrived,
    };
    Ok(Html(round_record(wanted.language(), style(&state), &paper)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Ms;
    use domain::id::{CheckpointId, ProjectId};
    use domain::modules::rounds::builtin::{template_id, templates};

    #[test]
    fn codes_lie_in_the_order_of_letters_and_of_the_way_not_of_ids() {
        let published = &templates()[0];
        let template = RoundTemplate {
            template: published.template,
            version: 1,
            name: published.name.clone(),
            points: published.points.clone(),
            retired: false,
            superseded: false,
            changed_at: Ms(0),
        };
        let project = ProjectId::derived(&["p"]);
        let clusters: Vec<Cluster> = ["C", "A", "B"]
            .iter()
            .map(|code| Cluster {
                id: ClusterId::derived(&[code]),
                project,
                code: (*code).to_owned(),
                name: String::new(),
            })
            .collect();
        let mut keys = Vec::new();
        for cluster in &clusters {
            for point in template.points.iter().rev() {
                let place = Checkpoint {
                    id: CheckpointId::derived(&[&cluster.code, &point.code]),
                    project,
                    cluster: cluster.id,
                    template: template_id("daily_cluster"),
                    point: point.code.clone(),
                    name: point.name.clone(),
                    position: None,
                    code_version: 1,
                    code_since: Ms(0),
                };
                keys.push(place_on_sheet(&place, Some(cluster), Some(&template)));
            }
        }
        keys.sort();
        let way: Vec<_> = template.points.iter().map(|point| point.name.as_str()).collect();
        let shown: Vec<_> = keys.iter().map(|key| (key.0.as_str(), key.4.as_str())).collect();
        let expected: Vec<_> =
            ["A", "B", "C"].iter().flat_map(|c| way.iter().map(move |name| (*c, *name))).collect();
        assert_eq!(shown, expected);
    }
}
