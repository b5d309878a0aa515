//! Making and changing accounts.

use serde::{Deserialize, Serialize};

use super::{AccountCode, User};
use crate::actor::{Right, Role};
use crate::id::{ClusterId, UserId};
use crate::modules::company::only_company;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::command::{Context, Decide, Decision, Numbers, Stop, World, find, need};
use crate::sync::record::{RecordKey, SyncedRecord};
use crate::text;

/// Makes an account. Its id follows from the account name, so a name cannot be taken twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateAccount {
    pub account: String,
    pub name: String,
    pub roles: Vec<Role>,
    #[serde(default)]
    pub clusters: Vec<ClusterId>,
}

impl CreateAccount {
    pub fn user(&self) -> UserId {
        UserId::derived(&["account", &self.account])
    }
}

fn check_roles(roles: &[Role], clusters: &[ClusterId]) -> Result<(), Refusal> {
    if roles.is_empty() || roles.contains(&Role::System) {
        return Err(Refusal::new(AccountCode::NoRole));
    }
    if roles.contains(&Role::Steward) && clusters.is_empty() {
        return Err(Refusal::new(AccountCode::StewardWithoutCluster));
    }
    text::at_most("roles", roles.len(), Role::ALL.len())?;
    text::at_most("clusters", clusters.len(), 100)
}

/// The list without repeats, in its order.
fn each_once<T: Copy + PartialEq>(items: &[T]) -> Vec<T> {
    let mut once = Vec::with_capacity(items.len());
    for item in items {
        if !once.contains(item) {
            once.push(*item);
        }
    }
    once
}

/// Whether this may be an account name: 3 to 32 of `a-z 0-9 - _ .`.
pub fn is_account_name(account: &str) -> bool {
    (3..=32).contains(&account.len())
        && account
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
}

impl Decide for CreateAccount {
    const KIND: &'static str = "accounts.create";

    fn reads(&self) -> Vec<RecordKey> {
        vec![User::key_of(self.user().0)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        only_company(context.scope)?;
        context.actor.require(Right::ManageAccounts)?;
        if !is_account_name(&self.account) {
            return Err(Refusal::new(AccountCode::BadName).into());
        }
        text::required("name", &self.name, text::LINE)?;
        check_roles(&self.roles, &self.clusters)?;
        if find::<User>(world, self.user().0).is_some() {
            return Err(Refusal::new(AccountCode::NameTaken).with("account", &self.account).into());
        }
        Ok(Decision::put(User {
            id: self.user(),
            account: self.account.clone(),
            name: self.name.trim().to_owned(),
            roles: each_once(&self.roles),
            clusters: each_once(&self.clusters),
            disabled: false,
        }))
    }
}

/// Changes name, roles, clusters, or shuts the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateAccount {
    pub user: UserId,
    pub name: String,
    pub roles: Vec<Role>,
    #[serde(default)]
    pub clusters: Vec<ClusterId>,
    #[serde(default)]
    pub disabled: bool,
}

impl Decide for UpdateAccount {
    const KIND: &'static str = "accounts.update";

    fn reads(&self) -> Vec<RecordKey> {
        vec![User::key_of(self.user.0)]
    }

    fn decide(
        &self,
        world: &dyn World,
        context: &Context<'_>,
        _numbers: &mut dyn Numbers,
    ) -> Result<Decision, Stop> {
        only_company(context.scope)?;
        context.actor.require(Right::ManageAccounts)?;
        let user = need::<User>(world, self.user.0)?;
        text::required("name", &self.name, text::LINE)?;
        check_roles(&self.roles, &self.clusters)?;
        // Whoever manages accounts keeps that right, so that a company cannot lock itself out.
        let own = context.actor.user == self.user;
        if own && (self.disabled || !self.roles.contains(&Role::Admin)) {
            return Err(Refusal::new(AccountCode::OwnAdminRole).into());
        }
        if user.account.is_empty() {
            return Err(Refusal::new(CommonCode::NotAllowed).into());
        }
        Ok(Decision::put(User {
            name: self.name.trim().to_owned(),
            roles: each_once(&self.roles),
            clusters: each_once(&self.clusters),
            disabled: self.disabled,
            ..user.clone()
        }))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
