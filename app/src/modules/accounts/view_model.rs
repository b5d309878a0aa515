//! What keeps an account from being saved, all of it at once and in the order of the sheet.

use domain::id::ClusterId;
use domain::modules::accounts::{AccountCode, is_account_name};
use domain::refusal::CommonCode;
use domain::{Refusal, Role};

/// Least characters of a password.
pub const MIN_PASSWORD: usize = 10;

/// The sheet as it is filled in.
pub struct Filled<'a> {
    /// The name of a new account; an account keeps the one it has.
    pub account: Option<&'a str>,
    pub name: &'a str,
    pub roles: &'a [Role],
    pub clusters: &'a [ClusterId],
    /// May be left empty by an account that has one.
    pub password: &'a str,
}

/// The same rules as the commands', which name the first only and know nothing of the password.
pub fn problems(filled: &Filled<'_>) -> Vec<Refusal> {
    let mut all = Vec::new();
    if filled.account.is_some_and(|account| !is_account_name(account)) {
        all.push(Refusal::new(AccountCode::BadName));
    }
    if filled.name.trim().is_empty() {
        all.push(Refusal::new(CommonCode::TextEmpty).with("field", "name"));
    }
    if filled.roles.is_empty() {
        all.push(Refusal::new(AccountCode::NoRole));
    }
    if filled.roles.contains(&Role::Steward) && filled.clusters.is_empty() {
        all.push(Refusal::new(AccountCode::StewardWithoutCluster));
    }
    let wanted = filled.account.is_some() || !filled.password.is_empty();
    if wanted && filled.password.chars().count() < MIN_PASSWORD {
        all.push(Refusal::new(AccountCode::PasswordTooShort).with("min", MIN_PASSWORD));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::refusal::RefusalCode;

    fn codes(filled: &Filled<'_>) -> Vec<String> {
        problems(filled).iter().map(|refusal| refusal.code.to_string()).collect()
    }

    #[test]
    fn an_empty_sheet_names_everything_in_the_order_of_its_fields() {
        let empty = Filled {
            account: Some(""),
            name: " ",
            roles: &[Role::Steward],
            clusters: &[],
            password: "",
        };
        let expected = [
            AccountCode::BadName.code(),
            CommonCode::TextEmpty.code(),
            AccountCode::StewardWithoutCluster.code(),
            AccountCode::PasswordTooShort.code(),
        ];
        assert_eq!(codes(&empty), expected);
    }

    #[test]
    fn a_known_account_may_keep_its_password_but_not_get_a_short_one() {
        let kept = Filled {
            account: None,
            name: "林",
            roles: &[Role::Guard],
            clusters: &[],
            password: "",
        };
        assert!(problems(&kept).is_empty());
        let short = Filled { password: "short", ..kept };
        assert_eq!(codes(&short), [AccountCode::PasswordTooShort.code()]);
    }
}
