//! Which scopes there are, and who may read them.

use std::collections::BTreeSet;

use domain::Actor;
use domain::actor::Role;
use domain::modules::company::Settings;
use domain::modules::households::{Cluster, Project};
use domain::sync::wire::ScopeInfo;
use domain::sync::{Scope, SyncedRecord};

use super::SyncService;
use crate::store::{Result, records};

impl SyncService {
    /// The scopes a person may read: the company, and the projects of her roles. Project-wide roles
    /// hold for every project of the company, stewards for those of their clusters.
    pub async fn scopes_of(&self, actor: &Actor) -> Result<Vec<ScopeInfo>> {
        let mut connection = self.reader().await?;
        let dialect = self.0.shared.db.dialect();
        let settings: Option<Settings> =
            records::find(&mut connection, dialect, Settings::ID).await?;
        let mut scopes = vec![ScopeInfo {
            scope: Scope::Company,
            project: None,
            name: settings.unwrap_or_default().company,
        }];
        let mut projects: Vec<Project> = records::all(&mut connection, None).await?;
        if !is_everywhere(actor) {
            let keys = actor.clusters.iter().map(|cluster| Cluster::key_of(cluster.0));
            let clusters = records::load(&mut connection, dialect, keys).await?;
            let held: BTreeSet<_> =
                clusters.values().filter_map(Cluster::from_record).map(|c| c.project).collect();
            projects.retain(|project| held.contains(&project.id));
        }
        projects.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        scopes.extend(projects.into_iter().map(|project| ScopeInfo {
            scope: Scope::Project(project.id),
            project: Some(project.id),
            name: project.name,
        }));
        Ok(scopes)
    }

    /// Whether a person may read this scope.
    pub async fn may_read(&self, actor: &Actor, scope: Scope) -> Result<bool> {
        let Scope::Project(project) = scope else { return Ok(true) };
        if is_everywhere(actor) {
            return self.scope_exists(scope).await;
        }
        let mut connection = self.reader().await?;
        let keys = actor.clusters.iter().map(|cluster| Cluster::key_of(cluster.0));
        let clusters = records::load(&mut connection, self.0.shared.db.dialect(), keys).await?;
        Ok(clusters.values().filter_map(Cluster::from_record).any(|c| c.project == project))
    }

    /// Whether there is such a project. Commands for it are taken from everyone who is signed in,
    /// also after rights were taken away: each of them then gets its own refusal and is kept.
    pub(super) async fn scope_exists(&self, scope: Scope) -> Result<bool> {
        let Scope::Project(project) = scope else { return Ok(true) };
        let mut connection = self.reader().await?;
        let key = Project::key_of(project.0);
        let found = records::existing(&mut connection, self.0.shared.db.dialect(), [key]).await?;
        Ok(!found.is_empty())
    }
}

fn is_everywhere(actor: &Actor) -> bool {
    actor.roles.iter().any(|role: &Role| role.is_project_wide())
}
