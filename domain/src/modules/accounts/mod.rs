//! Accounts 账号: who may sign in, with which roles, for which clusters.
//!
//! Kept in the `company` scope. Passwords are not records: they never leave the server
//! (`PUT /api/v1/accounts/{id}/password`). Acts: the company administrator.

use serde::{Deserialize, Serialize};

use crate::actor::Role;
use crate::id::{ClusterId, UserId};
use crate::sync::record::{Channel, Scope};

mod command;
pub use command::{CreateAccount, UpdateAccount, is_account_name};

crate::refusal_codes! {
    AccountCode {
        /// Letters, digits, `-`, `_`, `.`; 3 to 32 of them.
        BadName = "accounts.bad_name",
        NameTaken = "accounts.name_taken",
        NoRole = "accounts.no_role",
        /// A steward without a cluster has nothing to do.
        StewardWithoutCluster = "accounts.steward_without_cluster",
        /// The last administrator cannot be taken away.
        OwnAdminRole = "accounts.own_admin_role",
        PasswordTooShort = "accounts.password_too_short",
        /// The new password is the old one, which somebody else may know.
        PasswordUnchanged = "accounts.password_unchanged",
    }
}

/// A person with an account. Everyone in the company sees name and roles (to assign, to call).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    pub id: UserId,
    /// What is typed at sign-in; lower case, unique. Sent to those who manage accounts, empty for
    /// everyone else.
    pub account: String,
    pub name: String,
    pub roles: Vec<Role>,
    pub clusters: Vec<ClusterId>,
    #[serde(default)]
    pub disabled: bool,
}

crate::synced!(User, User, |user| id: user.id.0, scope: Scope::Company, channels: vec![Channel::All]);

impl User {
    pub fn actor(&self) -> crate::Actor {
        crate::Actor {
            user: self.id,
            name: self.name.clone(),
            roles: self.roles.clone(),
            clusters: self.clusters.clone(),
        }
    }
}
