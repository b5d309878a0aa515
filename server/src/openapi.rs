//! `/api/openapi.json`, made from the handlers' own annotations; integrators write against it.
//!
//! Commands and records are described by their own types (`domain::openapi`). The other bodies are
//! described by a real value: what serde makes of it is what goes over the wire, so the two cannot
//! differ.

use std::sync::LazyLock;

use axum::Json;
use domain::id::{ClusterId, DeviceId, OpId, ProjectId, UserId, VisitId};
use domain::modules::households::Cluster;
use domain::modules::visits::{RecordVisit, Topic, VisitResult, VisitWay};
use domain::modules::{Command, Record};
use domain::refusal::CommonCode;
use domain::sync::wire;
use domain::sync::{Envelope, Outcome, OutcomeKind, Scope};
use domain::{Actor, Ms, Refusal, Right, Role};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::{accounts_api, auth, blobs, http, sync_doc, views};

/// Infers the schema of a JSON value.
fn schema_of(value: &Value) -> Schema {
    let typed = |kind| Schema::Object(ObjectBuilder::new().schema_type(kind).build());
    match value {
        Value::Null => Schema::Object(ObjectBuilder::new().build()),
        Value::Bool(_) => typed(Type::Boolean),
        Value::Number(number) if number.is_f64() => typed(Type::Number),
        Value::Number(_) => typed(Type::Integer),
        Value::String(_) => typed(Type::String),
        Value::Array(items) => {
            let items = items.first().map_or_else(|| schema_of(&Value::Null), schema_of);
            Schema::Array(ArrayBuilder::new().items(RefOr::T(items)).build())
        }
        Value::Object(fields) => {
            let mut object = ObjectBuilder::new().schema_type(Type::Object);
            for (name, field) in fields {
                object = object.property(name, schema_of(field));
            }
            Schema::Object(object.build())
        }
    }
}

fn described(description: &str, example: &impl serde::Serialize) -> RefOr<Schema> {
    let example = serde_json::to_value(example).expect("wire types are plain data");
    match schema_of(&example) {
        Schema::Object(mut object) => {
            object.description = Some(description.to_owned());
            object.example = Some(example);
            RefOr::T(Schema::Object(object))
        }
        other => RefOr::T(other),
    }
}

/// Says what the lists of a body hold, by the name of its schema, where the value alone cannot tell.
fn with_lists(mut schema: RefOr<Schema>, lists: &[(&str, &str)]) -> RefOr<Schema> {
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        for (list, of) in lists {
            let items = ArrayBuilder::new().items(Ref::from_schema_name(*of));
            object.properties.insert((*list).to_owned(), items.into());
        }
    }
    schema
}

macro_rules! body {
    ($(#[doc = $doc:literal])+ $name:ident, $example:expr $(, $list:literal of $items:expr)?) => {
        $(#[doc = $doc])+
        pub struct $name;
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                with_lists(described(concat!($($doc),+).trim(), &$example), &[$(($list, $items))?])
            }
        }
        impl ToSchema for $name {}
    };
}

fn project() -> ProjectId {
    ProjectId::derived(&["example"])
}
fn device() -> wire::DeviceInfo {
    wire::DeviceInfo { id: DeviceId::derived(&["example"]), name: "Pixel 8".into() }
}
fn user() -> UserId {
    UserId::derived(&["example"])
}
fn raw(value: &impl serde::Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("wire types are plain data")
}
const AT: Ms = Ms(1_795_278_600_000);

fn cluster() -> Cluster {
    let id = ClusterId::derived(&["example"]);
    Cluster { id, project: project(), code: "A".into(), name: "…".into() }
}

fn command() -> Envelope {
    let command = Command::from(RecordVisit {
        visit: VisitId::derived(&["example"]),
        cluster: cluster().id,
        unit: None,
        place: "3-2-1501".into(),
        way: VisitWay::Door,
        met: "…".into(),
        topics: vec![Topic::Praise],
        note: String::new(),
        result: VisitResult::Nothing,
        attachments: Vec::new(),
    });
    Envelope {
        op: OpId::derived(&["example"]),
        n: 1,
        kind: command.kind().into(),
        v: Command::VERSION,
        at_device: AT,
        offset: Some(-12),
        payload: RawValue::from_string(command.encode()).expect("an encoded command is JSON"),
    }
}

fn row() -> wire::Row {
    let record = Record::from(cluster());
    let body = RawValue::from_string(record.encode()).expect("an encoded record is JSON");
    wire::Row { kind: record.kind(), id: record.id(), seq: 1, body: Some(body) }
}

body! {
    /// Account, password, and the device that signs in.
    SignInBody, wire::SignIn { account: "lin".into(), password: "…".into(), device: device() }
}
body! {
    /// Whose store it is, and the device it has become.
    RegisterDeviceBody, wire::RegisterDevice { user: user(), device: device() }
}
body! {
    /// Who is signed in, with which rights, on which device.
    SessionBody, wire::Session {
        actor: Actor { user: user(), name: "林".into(), roles: vec![Role::Steward], clusters: Vec::new() },
        account: "lin".into(),
        device: device(),
        scopes: vec![wire::ScopeInfo { scope: Scope::Project(project()), project: Some(project()), name: "…".into() }],
        rights: vec![Right::WalkRound],
        server_time: AT,
        min_client: 1,
        company: "…".into(),
        code_key: "…".into(),
        demo: false,
        must_change_password: false,
    }
}
body! {
    /// Commands of one device in one scope; each is an envelope with a contiguous number.
    PushBody, wire::PushRequest {
        protocol: domain::sync::PROTOCOL,
        scope: Scope::Project(project()),
        device: device().id,
        user: user(),
        client: Some(domain::sync::CLIENT),
        resume_from: None,
        waiting: Some(0),
        commands: vec![raw(&command())],
    }, "commands" of domain::openapi::COMMAND
}
body! {
    /// One outcome for each command, in their order.
    PushedBody, wire::PushResponse {
        epoch: project().0,
        outcomes: vec![raw(&Outcome {
            op: OpId::derived(&["example"]), n: 1, outcome: OutcomeKind::Applied, seq: 1, reason: None,
        })],
        head: 1,
        server_time: AT,
    }
}
body! {
    /// A page of records since the cursor; ask again with the new one while `more` is true.
    PulledBody, wire::PullResponse {
        epoch: project().0,
        cursor: "…".into(),
        reset: false,
        snapshot: false,
        more: false,
        head: 1,
        backup_seq: 1,
        server_time: AT,
        checksum: Some("9f3a5c0e77b1d264".into()),
        rows: vec![row()],
    }, "rows" of domain::openapi::ROW
}
body! {
    /// What every refusal and every fault looks like. `code` is stable, `params` are for its text.
    ErrorEnvelope, wire::ErrorBody {
        error: wire::ErrorDetail {
            refusal: Refusal::new(CommonCode::TextTooLong).with("field", "name").with("max", 120),
            expected: Some(7),
            request_id: Some("…".into()),
        },
    }
}

/// The whole document.
pub fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Guanjia 管家")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Requests other than GET and HEAD need the header `x-guanjia: 1`, and browsers' `Origin` \
             must be the server's own. A request that names its device in `x-guanjia-device` is \
             refused with `sync.wrong_device` (409) when the session is of another. Every error is \
             an `ErrorEnvelope`; its code is in `x-guanjia-code` too, for answers without a body.",
        ))
        .build();
    let mut document = OpenApi::new(info, utoipa::openapi::Paths::new());
    for part in
        [auth::doc(), accounts_api::doc(), sync_doc::doc(), views::doc(), blobs::doc(), http::doc()]
    {
        document.merge(part);
    }
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(auth::COOKIE)));
    let own = ComponentsBuilder::new()
        .security_scheme("session", cookie)
        .schema("ErrorEnvelope", ErrorEnvelope::schema())
        .build();
    let components = document.components.get_or_insert_with(Default::default);
    components.security_schemes.extend(own.security_schemes);
    components.schemas.extend(own.schemas);
    for (name, schema) in domain::openapi::components() {
        let other = components.schemas.insert(name.clone(), schema);
        debug_assert!(other.is_none(), "two schemas are called {name}");
    }
    document
}

/// Serves the document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operation",
    responses((status = 200, description = "This document", content_type = "application/json")))]
pub async fn serve() -> Json<&'static OpenApi> {
    static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(document);
    Json(&DOCUMENT)
}
