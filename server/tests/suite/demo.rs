//! The demo company is made again by its seed and date: the same log, the same records.

use std::collections::BTreeMap;

use crate::web::{Database, NOW, Server};
use domain::Ms;
use domain::modules::RecordKind;
use domain::time::DAY;
use server::db::sql;
use server::{demo, modules};
use sqlx::Row;

/// The days from the month's arrears to the first calls about them: something of every process, and
/// short enough for an unoptimised build.
const DAYS: i64 = 5;
/// 2026-11-16 10:00 in Shanghai.
const THEN: Ms = Ms(NOW.0 - 6 * DAY);
const KEY: &str = "checkpoint-codes.pem";

/// What a company is, to whoever compares two.
#[derive(Debug, PartialEq)]
struct Company {
    /// Head of each scope's log, and the hash of its chain.
    heads: BTreeMap<String, (i64, String)>,
    /// Every record by its table and id.
    records: BTreeMap<(&'static str, String), String>,
}

/// Makes the company on a database of its own. The key with which codes were signed is the
/// installation's, not the seed's; those of before are handed on.
async fn company(database: Database, seed: u64, key: &mut Option<String>) -> Company {
    let given = key.clone();
    let server = Server::start_quietly(database, |config| {
        if let Some(key) = given {
            std::fs::create_dir_all(&config.data).unwrap();
            std::fs::write(config.data.join(KEY), key).unwrap();
        }
    })
    .await;
    *key = Some(std::fs::read_to_string(server.folder.join("data").join(KEY)).unwrap());
    demo::seed_days(&server.state, THEN, seed, DAYS).await.unwrap();
    let heads = sql("SELECT scope, head, head_hash FROM scopes");
    let heads = heads.fetch_all(server.state.db.readers()).await.unwrap();
    let heads = heads.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
    let mut records = BTreeMap::new();
    for kind in RecordKind::ALL {
        let table = modules::table(*kind).name;
        let rows = sql(format!("SELECT id, body FROM {table}"));
        let rows = rows.fetch_all(server.state.db.readers()).await.unwrap();
        records.extend(rows.iter().map(|row| ((table, row.get(0)), row.get(1))));
    }
    server.close().await;
    Company { heads, records }
}

async fn compare(database: Database) {
    let key = &mut None;
    let first = company(database, 7, key).await;
    let kinds = |table: &str| first.records.keys().filter(|(of, _)| *of == table).count();
    for table in ["households", "tickets", "rounds", "visits", "arrears", "fee_calls", "briefings"]
    {
        assert!(kinds(table) > 5, "{} of {table}", kinds(table));
    }
    let again = company(database, 7, key).await;
    for (record, body) in &first.records {
        assert_eq!(Some(body), again.records.get(record), "{record:?}");
    }
    assert_eq!(first.records.len(), again.records.len());
    assert_eq!(first.heads, again.heads);

    let other = company(database, 8, key).await;
    for (scope, (head, hash)) in &other.heads {
        assert_ne!((head, hash), (&first.heads[scope].0, &first.heads[scope].1), "{scope}");
    }
    let tickets = |company: &Company| -> Vec<String> {
        let of = company.records.iter().filter(|((table, _), _)| *table == "tickets");
        of.map(|(_, body)| body.clone()).collect()
    };
    assert!(tickets(&other).iter().all(|ticket| !tickets(&first).contains(ticket)));
}

#[tokio::test]
async fn the_same_seed_and_date_make_the_same_company_and_another_seed_another_on_sqlite() {
    compare(Database::Sqlite).await;
}

#[tokio::test]
async fn the_same_seed_and_date_make_the_same_company_and_another_seed_another_on_postgresql() {
    if crate::web::has_postgres() {
        compare(Database::Postgres).await;
    }
}
