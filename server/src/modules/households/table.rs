//! Where the estate is kept: project, cluster, building, unit.

use domain::modules::households::{Building, Cluster, Household, Project};

crate::table!(PROJECTS: Project => "projects", |project| {
    name: Text = &project.name,
});

crate::table!(CLUSTERS: Cluster => "clusters", |cluster| {
    code: Text = &cluster.code,
    name: Text = &cluster.name,
});

crate::table!(BUILDINGS: Building => "buildings", |building| {
    cluster_id: Text = building.cluster,
    number: Text = &building.number,
    name: Text = &building.name,
});

crate::table!(HOUSEHOLDS: Household => "households", |household| {
    cluster_id: Text = household.cluster,
    building_id: Text = household.building,
    label: Text = &household.label,
    floor: Int = household.floor,
    area_centi: Int = household.area_centi,
    status: Text = household.status.name(),
    key_customer: Int = household.key_customer,
});
