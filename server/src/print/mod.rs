//! Paper: the sheet of checkpoint codes, the round record. Rendered here, because only the server can
//! sign codes and a printer stands in the office.

use app::i18n::Language;
use app::print::{CodeCard, code_sheet, round_record};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use axum::routing::get;
use domain::Right;
use domain::id::{ClusterId, RoundId};
use domain::modules::households::Cluster;
use domain::modules::rounds::code::site_of;
use domain::modules::rounds::{Checkpoint, Round, RoundTemplate};
use domain::refusal::CommonCode;
use domain::sync::Scope;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

use crate::auth::{Signed, store as accounts};
use crate::error::ApiError;
use crate::state::AppState;
use crate::store;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/print/checkpoints", get(checkpoints))
        .route("/print/rounds/{id}", get(round))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    cluster: Option<ClusterId>,
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

/// Codes to cut out, for a cluster or for the whole project.
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
        let mut points = store::records::all::<Checkpoint>(&mut tx, Some(info.scope)).await?;
        points.retain(|point| wanted.cluster.is_none_or(|cluster| cluster == point.cluster));
        points.sort_by(|a, b| (a.cluster, &a.name).cmp(&(b.cluster, &b.name)));
        let site = site_of(project);
        for point in points {
            let cluster = clusters.iter().find(|cluster| cluster.id == point.cluster);
            let text = state.code_key.sign(&site, point.id, point.code_version);
            cards.push(CodeCard {
                cluster: cluster.map(|c| format!("{} {}", c.code, c.name)).unwrap_or_default(),
                svg: svg_of(&text)?,
                name: point.name,
                text,
            });
        }
    }
    Ok(Html(code_sheet(wanted.language(), style(&state), &cards)))
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
    let office = signed.actor.may(Right::ViewOffice);
    if !office && round.by != signed.user {
        signed.require_in(Right::WalkRound, round.cluster)?;
    }
    let version = RoundTemplate::id_of(round.template, round.version);
    let template = state.sync.record::<RoundTemplate>(version).await?;
    let cluster = state.sync.record::<Cluster>(round.cluster.0).await?;
    let cluster = cluster.map(|c| format!("{} {}", c.code, c.name)).unwrap_or_default();
    let settings = accounts::settings(&state.db).await?;
    Ok(Html(round_record(
        wanted.language(),
        style(&state),
        &round,
        template.as_ref(),
        &cluster,
        &settings.zone,
    )))
}
