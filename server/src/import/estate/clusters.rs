//! Clusters of an estate file: found by code, or by name where the file has no codes.

use std::collections::BTreeMap;

use domain::Refusal;
use domain::id::ClusterId;
use domain::modules::households::{Cluster, RegisterCluster};
use domain::sync::SyncedRecord;

use super::Plan;
use crate::import::estate_file::{Col, UnitRow};
use crate::words::Words;

impl Plan<'_> {
    /// The cluster of each row, by its place in `rows`.
    pub(super) fn clusters(&mut self, rows: &[UnitRow]) -> Vec<Option<ClusterId>> {
        // By code, or by name where the file has no codes.
        let mut known: BTreeMap<(bool, String), (Option<ClusterId>, String, u64)> = BTreeMap::new();
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let by_code = !row.cluster_code.is_empty();
            let said = if by_code { &row.cluster_code } else { &row.cluster_name };
            let key = (by_code, said.to_lowercase());
            if let Some((id, name, line)) = known.get(&key) {
                let differs = !row.cluster_name.is_empty() && row.cluster_name != *name;
                let (id, line) = (*id, *line);
                if differs && by_code && !name.is_empty() {
                    let words = Words::new(
                        format!("第 {line} 行把组团 {said} 叫作“{name}”。"),
                        format!("Line {line} calls the cluster {said} “{name}”."),
                    );
                    self.problem(row.index, Col::Cluster, words);
                }
                found.push(id);
                continue;
            }
            let id = self.cluster(row, by_code, said, rows);
            known.insert(key, (id, self.name_of_cluster(said, rows), self.line(row.index)));
            found.push(id);
        }
        found
    }

    /// The first name that the file gives a cluster.
    fn name_of_cluster(&self, code: &str, rows: &[UnitRow]) -> String {
        let mut named =
            rows.iter().filter(|row| row.cluster_code.to_lowercase() == code.to_lowercase());
        let named = named.find(|row| !row.cluster_name.is_empty());
        named.map(|row| row.cluster_name.clone()).unwrap_or_default()
    }

    fn cluster(
        &mut self,
        row: &UnitRow,
        by_code: bool,
        said: &str,
        rows: &[UnitRow],
    ) -> Option<ClusterId> {
        let clusters = &self.stored.clusters;
        let with_code = clusters.iter().find(|c| c.code.to_lowercase() == said.to_lowercase());
        let with_name = clusters.iter().find(|c| !by_code && c.name == said);
        let stored = with_name.or(with_code);
        let name = if by_code { self.name_of_cluster(said, rows) } else { String::new() };
        let cluster = stored.map_or_else(
            || ClusterId(self.new_id("cluster", &said.to_lowercase(), Cluster::key_of)),
            |stored| stored.id,
        );
        let command = RegisterCluster {
            cluster,
            code: stored.map_or_else(|| said.to_owned(), |stored| stored.code.clone()),
            name: match (name.is_empty(), stored) {
                (false, _) => name,
                (true, Some(stored)) => stored.name.clone(),
                (true, None) => said.to_owned(),
            },
        };
        let column = |refusal: &Refusal| match refusal.params.get("field").map(String::as_str) {
            Some("name") => Some(Col::Cluster),
            _ if by_code => Some(Col::ClusterCode),
            _ => Some(Col::Cluster),
        };
        let effect =
            self.decide(Some(row.index), command.into(), Cluster::key_of(cluster.0), column)?;
        self.summary.clusters.count(effect);
        Some(cluster)
    }

    /// The column that tells the cluster.
    pub(super) fn column_of_cluster(&self) -> Col {
        if self.sheet.has(Col::ClusterCode) { Col::ClusterCode } else { Col::Cluster }
    }
}
