//! What an operator does for a company: its administrators, their passwords, its name.

use std::io::{BufRead, IsTerminal, Read};

use domain::Role;
use domain::id::UserId;
use domain::modules::Command;
use domain::modules::accounts::CreateAccount;
use domain::modules::company::SetSettings;
use domain::sync::Scope;

use super::{end, start_quietly};
use crate::auth::password;
use crate::auth::store as accounts;
use crate::config::Config;
use crate::state::AppState;
use crate::words::Words;

/// A password for the command line's own commands.
fn new_password() -> Result<String, String> {
    let password = read_password()?;
    password::check_new(&password).map_err(|refusal| Words::from(&refusal).to_string())?;
    Ok(password)
}

pub(super) async fn create_admin(
    config: Config,
    account: String,
    name: String,
) -> Result<(), String> {
    let password = new_password()?;
    let state = start_quietly(config).await?;
    let result = make_admin(&state, account.clone(), name, password).await;
    end(state).await;
    result?;
    println!(
        "{}",
        Words::new(
            format!("{account} 可以以管理员身份登录了。"),
            format!("{account} may sign in as administrator."),
        )
    );
    Ok(())
}

pub(super) async fn set_password(config: Config, account: String) -> Result<(), String> {
    let password = new_password()?;
    let state = start_quietly(config).await?;
    let result = replace_password(&state, &account, password).await;
    end(state).await;
    result?;
    println!(
        "{}",
        Words::new(
            format!("{account} 的密码已更换，所有设备已退出登录。"),
            format!("{account} has the new password and is signed out everywhere."),
        )
    );
    Ok(())
}

/// Gives an account a new password, found by what is typed at sign-in.
pub async fn replace_password(
    state: &AppState,
    account: &str,
    password: String,
) -> Result<(), String> {
    let found = accounts::find_account(&state.db, account).await.map_err(|e| e.to_string())?;
    match found {
        Some(found) => give_password(state, found.user.id, password).await,
        None => Err(Words::new(
            format!("没有账号“{account}”。"),
            format!("There is no account “{account}”."),
        )
        .to_string()),
    }
}

async fn give_password(state: &AppState, user: UserId, password: String) -> Result<(), String> {
    let hash = state.passwords.hash(password).await.map_err(|e| e.to_string())?;
    accounts::set_password(&state.db, user, &hash, false, None, state.clock.now())
        .await
        .map_err(|e| format!("The password could not be set: {e}."))
}

/// Makes an account with all the rights of an administrator, and its password. An error is said in
/// words.
pub async fn make_admin(
    state: &AppState,
    account: String,
    name: String,
    password: String,
) -> Result<(), String> {
    let create = CreateAccount { account, name, roles: vec![Role::Admin], clusters: Vec::new() };
    let user = create.user();
    as_system(state, create.into()).await?;
    give_password(state, user, password).await
}

/// A command of the company, as the product itself; a refusal is said in words.
async fn as_system(state: &AppState, command: Command) -> Result<(), String> {
    let sent = state.sync.system(Scope::Company, vec![command], state.clock.now()).await;
    let outcomes = sent.map_err(|e| {
        let words = Words::new("没有写入", "Nothing was written");
        format!("{words}: {e}.")
    })?;
    let refused = outcomes.into_iter().find_map(|outcome| outcome.reason);
    refused.map_or(Ok(()), |reason| Err(Words::from(&reason).to_string()))
}

pub(super) async fn name_company(config: Config, name: String) -> Result<(), String> {
    let state = start_quietly(config).await?;
    let result = set_company_name(&state, name).await;
    end(state).await;
    result?;
    println!("{}", Words::new("公司名称已保存。", "The company has its name."));
    Ok(())
}

/// Changes the company's name and no other setting.
pub async fn set_company_name(state: &AppState, name: String) -> Result<(), String> {
    let base = accounts::settings(&state.db).await.map_err(|e| e.to_string())?;
    let settings = domain::modules::company::Settings { company: name, ..base.clone() };
    as_system(state, SetSettings { settings, base: Some(base) }.into()).await
}

/// From the environment, or from standard input: arguments can be read by everybody on the machine.
fn read_password() -> Result<String, String> {
    if let Ok(password) = std::env::var("GUANJIA_PASSWORD") {
        return Ok(password);
    }
    let unreadable = |e: std::io::Error| format!("The password could not be read: {e}.");
    let mut input = std::io::stdin().lock();
    let mut password = String::new();
    if input.is_terminal() {
        eprint!("Password (it is shown as you type): ");
        input.read_line(&mut password).map_err(unreadable)?;
    } else {
        input.take(4096).read_to_string(&mut password).map_err(unreadable)?;
    }
    Ok(password.trim_end_matches(['\r', '\n']).to_owned())
}
