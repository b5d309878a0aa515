//! Rules of accounts, as sentences, and their wire shape.

use super::*;
use crate::modules::households::testkit::*;
use crate::sync::command::Verdict;
use crate::sync::record::Scope;

fn company() -> Estate {
    Estate { scope: Scope::Company, ..Estate::empty() }
}

fn admin() -> crate::Actor {
    person(Role::Admin, &[])
}

fn lin() -> CreateAccount {
    CreateAccount {
        account: "lin.xiao".into(),
        name: " 林晓 ".into(),
        roles: vec![Role::Steward],
        clusters: vec![own()],
    }
}

fn change() -> UpdateAccount {
    UpdateAccount {
        user: lin().user(),
        name: "林晓".into(),
        roles: vec![Role::Supervisor],
        clusters: vec![],
        disabled: false,
    }
}

fn with_lin() -> Estate {
    let mut estate = company();
    estate.run(lin(), &admin(), MORNING).unwrap();
    estate
}

#[test]
fn the_administrator_makes_an_account_and_nobody_else_does() {
    let mut estate = company();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
        let result = estate.decide(lin(), &person(role, &[own()]), MORNING);
        assert_refused(result, CommonCode::NotAllowed);
    }
    assert_eq!(estate.run(lin(), &admin(), MORNING), Ok(Verdict::Applied));
    let user = estate.get::<User>(lin().user().0);
    assert_eq!((user.name.as_str(), user.disabled), ("林晓", false));
    assert_eq!(user.actor().clusters, [own()]);
}

#[test]
fn an_account_name_is_taken_once() {
    let namesake = CreateAccount { name: "林小".into(), ..lin() };
    assert_refused(with_lin().decide(namesake, &admin(), MORNING), AccountCode::NameTaken);
}

#[test]
fn an_account_name_can_be_typed_on_every_keyboard() {
    for account in ["ab", "Lin", "林晓", "lin xiao", "lin@x", "", &"a".repeat(33)] {
        let command = CreateAccount { account: account.into(), ..lin() };
        assert_refused(company().decide(command, &admin(), MORNING), AccountCode::BadName);
    }
    for account in ["lin", "lin-2_x.y", &"a".repeat(32)] {
        let command = CreateAccount { account: account.into(), ..lin() };
        assert!(company().decide(command, &admin(), MORNING).is_ok(), "{account}");
    }
}

#[test]
fn an_account_has_a_role_and_never_the_products_own() {
    for roles in [vec![], vec![Role::System], vec![Role::Admin, Role::System]] {
        let command = CreateAccount { roles: roles.clone(), ..lin() };
        assert_refused(company().decide(command, &admin(), MORNING), AccountCode::NoRole);
        let command = UpdateAccount { roles, ..change() };
        assert_refused(with_lin().decide(command, &admin(), MORNING), AccountCode::NoRole);
    }
}

#[test]
fn a_steward_has_a_cluster() {
    let idle = CreateAccount { clusters: vec![], ..lin() };
    assert_refused(company().decide(idle, &admin(), MORNING), AccountCode::StewardWithoutCluster);
    let idle = UpdateAccount { roles: vec![Role::Steward], ..change() };
    assert_refused(with_lin().decide(idle, &admin(), MORNING), AccountCode::StewardWithoutCluster);
}

#[test]
fn a_role_or_cluster_given_twice_is_kept_once() {
    let mut estate = company();
    let twice = CreateAccount {
        roles: vec![Role::Steward, Role::FrontDesk, Role::Steward],
        clusters: vec![own(), own()],
        ..lin()
    };
    estate.run(twice, &admin(), MORNING).unwrap();
    let user = estate.get::<User>(lin().user().0);
    assert_eq!(user.roles, [Role::Steward, Role::FrontDesk]);
    assert_eq!(user.clusters, [own()]);
}

#[test]
fn a_change_of_roles_keeps_the_account_name_and_can_shut_it() {
    let mut estate = with_lin();
    let shut = UpdateAccount { disabled: true, ..change() };
    assert_eq!(estate.run(shut, &admin(), MORNING), Ok(Verdict::Applied));
    let user = estate.get::<User>(lin().user().0);
    assert_eq!((user.account.as_str(), user.disabled), ("lin.xiao", true));
    assert_eq!(user.roles, [Role::Supervisor]);
}

#[test]
fn a_change_waits_for_its_account_and_needs_a_name() {
    assert_waits(company().decide(change(), &admin(), MORNING), User::key_of(lin().user().0));
    let nameless = UpdateAccount { name: " ".into(), ..change() };
    assert_refused(with_lin().decide(nameless, &admin(), MORNING), CommonCode::TextEmpty);
    assert_refused(with_lin().decide(change(), &steward(), MORNING), CommonCode::NotAllowed);
}

#[test]
fn an_administrator_cannot_lock_herself_out() {
    let estate = with_lin();
    let own = crate::Actor { user: lin().user(), ..admin() };
    assert_refused(estate.decide(change(), &own, MORNING), AccountCode::OwnAdminRole);
    let shut = UpdateAccount { roles: vec![Role::Admin], disabled: true, ..change() };
    assert_refused(estate.decide(shut, &own, MORNING), AccountCode::OwnAdminRole);
    let renamed = UpdateAccount { roles: vec![Role::Admin, Role::Manager], ..change() };
    assert!(estate.decide(renamed, &own, MORNING).is_ok());
}

#[test]
fn accounts_do_not_go_into_a_projects_log() {
    let project = Estate::empty();
    assert_refused(project.decide(lin(), &admin(), MORNING), CommonCode::WrongScope);
    assert_refused(project.decide(change(), &admin(), MORNING), CommonCode::WrongScope);
}

#[test]
fn the_wire_shape_of_accounts_stays() {
    assert_golden_command(
        lin(),
        "accounts.create",
        r#"{"account":"lin.xiao","name":" 林晓 ","roles":["steward"],"clusters":["abbe7865-4da7-58b0-9dae-7a1d1adba5d9"]}"#,
    );
    assert_golden_command(
        change(),
        "accounts.update",
        r#"{"user":"185c1f36-4cf6-5d93-b9d1-ee6a557ab247","name":"林晓","roles":["supervisor"],"clusters":[],"disabled":false}"#,
    );
    assert_golden_record(
        with_lin().get::<User>(lin().user().0).clone(),
        r#"{"id":"185c1f36-4cf6-5d93-b9d1-ee6a557ab247","account":"lin.xiao","name":"林晓","roles":["steward"],"clusters":["abbe7865-4da7-58b0-9dae-7a1d1adba5d9"],"disabled":false}"#,
    );
}
