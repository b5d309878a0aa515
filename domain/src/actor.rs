//! Who acts: roles, the rights they carry, and the clusters they hold for.
//!
//! Enforced on the server for every command (`sync::batch`) and every view; the phone asks the same
//! questions only to leave out what would be refused.

use serde::{Deserialize, Serialize};

use crate::id::{ClusterId, UserId};
use crate::refusal::{CommonCode, Refusal};

/// 岗位. A person may hold several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 组团管家
    Steward,
    /// 维修工
    Technician,
    /// 秩序员/门岗
    Guard,
    /// 客服前台/电话中心
    FrontDesk,
    /// 客服主管
    Supervisor,
    /// 工程主管
    EngineeringLead,
    /// 收银/财务
    Cashier,
    /// 项目经理
    Manager,
    /// 品质
    Quality,
    /// 系统管理员
    Admin,
    /// The product itself: arrivals of photos, scheduled work, imports at set-up.
    System,
}

impl Role {
    pub const ALL: [Role; 10] = [
        Role::Steward,
        Role::Technician,
        Role::Guard,
        Role::FrontDesk,
        Role::Supervisor,
        Role::EngineeringLead,
        Role::Cashier,
        Role::Manager,
        Role::Quality,
        Role::Admin,
    ];

    /// The stable name, as on the wire and in locale keys.
    pub fn name(self) -> &'static str {
        match self {
            Role::Steward => "steward",
            Role::Technician => "technician",
            Role::Guard => "guard",
            Role::FrontDesk => "front_desk",
            Role::Supervisor => "supervisor",
            Role::EngineeringLead => "engineering_lead",
            Role::Cashier => "cashier",
            Role::Manager => "manager",
            Role::Quality => "quality",
            Role::Admin => "admin",
            Role::System => "system",
        }
    }

    /// Default rights of the role (processes.md, "Organisation").
    pub fn rights(self) -> &'static [Right] {
        use Right::*;
        match self {
            Role::Steward => &[
                OpenTicket,
                NoteTicket,
                CloseTicket,
                WalkRound,
                RecordVisit,
                RecordCall,
                ViewHouseholds,
                ViewArrears,
            ],
            Role::Technician => &[OpenTicket, NoteTicket, WorkTicket, WalkRound],
            // Of rounds only those that are a guard's duty: see `walks_duties_only`.
            Role::Guard => &[OpenTicket, WalkRound],
            Role::FrontDesk => &[
                OpenTicket,
                NoteTicket,
                AssessTicket,
                CloseTicket,
                RecordVisit,
                RecordCall,
                ViewOffice,
                ViewHouseholds,
                ViewArrears,
            ],
            Role::Supervisor => &[
                OpenTicket,
                NoteTicket,
                AssessTicket,
                AssignTicket,
                DeclineTicket,
                ReopenTicket,
                CloseTicket,
                SettleConflict,
                WalkRound,
                EditTemplates,
                EditSchedules,
                RecordVisit,
                RecordCall,
                ViewOffice,
                ViewHouseholds,
                ViewArrears,
                ViewDevices,
            ],
            Role::EngineeringLead => &[
                OpenTicket,
                NoteTicket,
                AssessTicket,
                AssignTicket,
                DeclineTicket,
                ReopenTicket,
                CloseTicket,
                SettleConflict,
                WorkTicket,
                WalkRound,
                EditSchedules,
                ViewOffice,
                ViewHouseholds,
                ViewDevices,
            ],
            Role::Cashier => &[ImportArrears, RecordCall, ViewHouseholds, ViewArrears],
            Role::Manager => &[
                OpenTicket,
                NoteTicket,
                AssessTicket,
                AssignTicket,
                DeclineTicket,
                ReopenTicket,
                CloseTicket,
                SettleConflict,
                WalkRound,
                EditTemplates,
                EditSchedules,
                RecordVisit,
                RecordCall,
                ImportArrears,
                EditHouseholds,
                ViewOffice,
                ViewHouseholds,
                ViewArrears,
                ViewDevices,
            ],
            // Whoever inspects raises what is abnormal in the same tap (processes.md 1).
            Role::Quality => &[OpenTicket, WalkRound, NoteTicket, ViewOffice, ViewHouseholds],
            Role::Admin => &[ManageAccounts, EditSettings, ViewDevices],
            Role::System => &[
                OpenTicket,
                NoteTicket,
                AssessTicket,
                AssignTicket,
                CloseTicket,
                EditTemplates,
                EditSchedules,
                ImportArrears,
                EditHouseholds,
                ManageAccounts,
                EditSettings,
            ],
        }
    }

    /// Acts for the whole project rather than for named clusters.
    pub fn is_project_wide(self) -> bool {
        !matches!(self, Role::Steward)
    }
}

/// What a command or a view asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    OpenTicket,
    NoteTicket,
    AssessTicket,
    AssignTicket,
    WorkTicket,
    DeclineTicket,
    ReopenTicket,
    CloseTicket,
    SettleConflict,
    WalkRound,
    EditTemplates,
    EditSchedules,
    RecordVisit,
    RecordCall,
    ImportArrears,
    EditHouseholds,
    ViewHouseholds,
    ViewArrears,
    /// Dashboard, ticket table and the rest of the office's project-wide views.
    ViewOffice,
    ViewDevices,
    ManageAccounts,
    EditSettings,
}

/// The person behind a command or a request, with the rights of the moment it is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub user: UserId,
    pub name: String,
    pub roles: Vec<Role>,
    /// Clusters held as steward; project-wide roles do not need them.
    pub clusters: Vec<ClusterId>,
}

impl Actor {
    /// The product itself.
    pub fn system() -> Self {
        Self {
            user: UserId::derived(&["system"]),
            name: "系统".into(),
            roles: vec![Role::System],
            clusters: Vec::new(),
        }
    }

    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Holds the right somewhere.
    pub fn may(&self, right: Right) -> bool {
        self.roles.iter().any(|role| role.rights().contains(&right))
    }

    /// Holds the right for this cluster.
    pub fn may_in(&self, right: Right, cluster: ClusterId) -> bool {
        self.roles.iter().any(|role| {
            role.rights().contains(&right)
                && (role.is_project_wide() || self.clusters.contains(&cluster))
        })
    }

    /// Walks only what a schedule gives to their role: a guard keeps the post, and starts neither a
    /// round of her own accord nor holds the cluster's briefing. Not a right of its own, because a
    /// phone of an older build could not read a session with a right it does not know.
    pub fn walks_duties_only(&self) -> bool {
        let mut walking =
            self.roles.iter().filter(|role| role.rights().contains(&Right::WalkRound));
        walking.all(|role| *role == Role::Guard)
    }

    /// Whether everybody's tickets in this cluster may be remarked on. A technician's right is to "own
    /// and pool tickets", so it takes another role; see `Ticket::gate`.
    pub fn notes_any_in(&self, cluster: ClusterId) -> bool {
        self.holds_besides(Role::Technician, Right::NoteTicket, cluster)
    }

    /// Holds this right of the office for repairs only: the engineering lead has what the supervisor
    /// has "for repairs and equipment".
    pub fn leads_repairs_only(&self, right: Right, cluster: ClusterId) -> bool {
        !self.holds_besides(Role::EngineeringLead, right, cluster)
    }

    /// Holds the right there by another role than this one.
    fn holds_besides(&self, besides: Role, right: Right, cluster: ClusterId) -> bool {
        let there = |role: &Role| role.is_project_wide() || self.clusters.contains(&cluster);
        let by = |role: &&Role| **role != besides && role.rights().contains(&right);
        self.roles.iter().filter(by).any(there)
    }

    pub fn require(&self, right: Right) -> Result<(), Refusal> {
        if self.may(right) { Ok(()) } else { Err(Refusal::new(CommonCode::NotAllowed)) }
    }

    pub fn require_in(&self, right: Right, cluster: ClusterId) -> Result<(), Refusal> {
        if self.may_in(right, cluster) {
            Ok(())
        } else if self.may(right) {
            Err(Refusal::new(CommonCode::OtherCluster))
        } else {
            Err(Refusal::new(CommonCode::NotAllowed))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steward_acts_only_in_her_own_clusters() {
        let own = ClusterId::derived(&["own"]);
        let other = ClusterId::derived(&["other"]);
        let steward = Actor {
            user: UserId::derived(&["u"]),
            name: "林".into(),
            roles: vec![Role::Steward],
            clusters: vec![own],
        };
        assert_eq!(steward.require_in(Right::RecordCall, own), Ok(()));
        assert!(
            steward.require_in(Right::RecordCall, other).unwrap_err().is(CommonCode::OtherCluster)
        );
        assert!(
            steward.require_in(Right::AssignTicket, own).unwrap_err().is(CommonCode::NotAllowed)
        );
    }

    #[test]
    fn a_guard_walks_duties_only_unless_another_role_walks_freely() {
        let person = |roles: &[Role]| Actor {
            user: UserId::derived(&["u"]),
            name: "孙".into(),
            roles: roles.to_vec(),
            clusters: Vec::new(),
        };
        assert!(person(&[Role::Guard]).may(Right::WalkRound));
        assert!(person(&[Role::Guard]).walks_duties_only());
        assert!(person(&[Role::Guard, Role::Cashier]).walks_duties_only());
        assert!(!person(&[Role::Guard, Role::Technician]).walks_duties_only());
    }

    #[test]
    fn a_guard_never_sees_arrears() {
        assert!(!Role::Guard.rights().contains(&Right::ViewArrears));
        assert!(!Role::Technician.rights().contains(&Right::ViewArrears));
    }
}
