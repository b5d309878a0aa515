//! Which commands named which attachments.

use domain::id::OpId;
use domain::modules::attachments::Sha256Hex;
use domain::sync::Scope;
use serde::Serialize;
use sqlx::AnyConnection;

use super::{Result, json, run};
use crate::db::{Dialect, Ty};

pub async fn write(
    tx: &mut AnyConnection,
    dialect: Dialect,
    scope: Scope,
    named: &[(Sha256Hex, OpId)],
) -> Result<()> {
    #[derive(Serialize)]
    struct Ref<'a> {
        sha256: &'a str,
        op: OpId,
    }
    let set: Vec<_> = named.iter().map(|(sha256, op)| Ref { sha256: &sha256.0, op: *op }).collect();
    let insert = format!(
        "INSERT INTO blob_refs (sha256, scope, op) SELECT DISTINCT sha256, $1, op FROM {} WHERE true
         ON CONFLICT DO NOTHING",
        dialect.rows(2, &[("sha256", Ty::Text), ("op", Ty::Text)])
    );
    run(tx, "blob_refs", insert, &[&scope.to_string(), &json(&set)]).await.map(drop)
}
