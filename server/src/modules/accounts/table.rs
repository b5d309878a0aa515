//! Where accounts are kept.

use domain::modules::accounts::User;

crate::table!(USERS: User => "users", |user| {
    account: Text = &user.account,
    name: Text = &user.name,
    disabled: Int = user.disabled,
});
