//! Household file 一户一档 and the estate it lies in: project → cluster → building → unit.
//!
//! Facts are registered by import or by the manager; field staff read them, search them offline and
//! see everything that happened to the unit. Source: S0 §3, S2 §10; processes.md 7.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::id::{BuildingId, ClusterId, ProjectId, UnitId};
use crate::sync::record::{Channel, Scope};
use crate::time::Ms;

mod command;
mod decide;
pub mod search;
#[cfg(test)]
pub mod testkit;
pub use command::{RegisterBuilding, RegisterCluster, RegisterProject, RegisterUnit};
pub use decide::project_of;

crate::refusal_codes! {
    HouseholdCode {
        BadUnitLabel = "households.bad_unit_label",
        BadArea = "households.bad_area",
        BadPhone = "households.bad_phone",
    }
}

/// 项目/小区.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
}

/// 组团: buildings under one steward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cluster {
    pub id: ClusterId,
    pub project: ProjectId,
    /// "A".
    pub code: String,
    /// "罗马假日".
    pub name: String,
}

/// 楼栋.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Building {
    pub id: BuildingId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    /// "3" in `3-2-1501`; unique in the project.
    pub number: String,
    pub name: String,
    pub floors: u32,
    /// 单元 in the building.
    pub entrances: u32,
}

crate::synced!(Project, Project, |p| id: p.id.0, scope: Scope::Project(p.id), channels: vec![Channel::All]);
crate::synced!(Cluster, Cluster, |c| id: c.id.0, scope: Scope::Project(c.project), channels: vec![Channel::All]);
crate::synced!(Building, Building, |b| id: b.id.0, scope: Scope::Project(b.project), channels: vec![Channel::All]);

/// 房屋状态 (S0: 交房, 装修, 入住).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnitStatus {
    /// 未交房
    NotDelivered,
    /// 已交房, nobody has begun
    Delivered,
    /// 装修中
    Renovating,
    /// 空置
    Vacant,
    /// 自住
    OwnerOccupied,
    /// 出租
    Let,
}

impl UnitStatus {
    pub const ALL: [UnitStatus; 6] = [
        UnitStatus::NotDelivered,
        UnitStatus::Delivered,
        UnitStatus::Renovating,
        UnitStatus::Vacant,
        UnitStatus::OwnerOccupied,
        UnitStatus::Let,
    ];
    pub fn name(self) -> &'static str {
        match self {
            UnitStatus::NotDelivered => "not_delivered",
            UnitStatus::Delivered => "delivered",
            UnitStatus::Renovating => "renovating",
            UnitStatus::Vacant => "vacant",
            UnitStatus::OwnerOccupied => "owner_occupied",
            UnitStatus::Let => "let",
        }
    }
    pub fn is_occupied(self) -> bool {
        matches!(self, UnitStatus::OwnerOccupied | UnitStatus::Let)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    Owner,
    Tenant,
    Family,
    Emergency,
}

/// Somebody to reach at the unit, in order of whom to call first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Contact {
    pub name: String,
    pub relation: Relation,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// Keys of the name for search: initials and full pinyin, `["zs","zhangsan"]`; made by the
    /// server because the pinyin table would cost every phone 68 kB.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinyin: Vec<String>,
}

/// 一户一档: one unit and its people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Household {
    pub id: UnitId,
    pub project: ProjectId,
    pub cluster: ClusterId,
    pub building: BuildingId,
    /// "3-2-1501": building-entrance-room.
    pub label: String,
    pub floor: i32,
    /// Building area in hundredths of a square metre (10125 = 101.25 m²).
    pub area_centi: i64,
    pub status: UnitStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<NaiveDate>,
    pub contacts: Vec<Contact>,
    /// 重点客户.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key_customer: bool,
    /// What whoever knocks should know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caution: String,
    pub changed_at: Ms,
}

crate::synced!(Household, Household, |h| id: h.id.0, scope: Scope::Project(h.project),
    channels: vec![Channel::Office, Channel::Finance, Channel::Cluster(h.cluster)]);

impl Household {
    pub fn owner(&self) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.relation == Relation::Owner)
    }
    /// Whom to reach first: a tenant who lives there, else the owner, else anybody.
    pub fn first_contact(&self) -> Option<&Contact> {
        let tenant = self.contacts.iter().find(|c| c.relation == Relation::Tenant);
        tenant.or_else(|| self.owner()).or(self.contacts.first())
    }
}
