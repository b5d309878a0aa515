//! Making and changing one account; a password is set online, it is never a synced record.

use domain::Role;
use domain::id::ClusterId;
use domain::modules::Command;
use domain::modules::accounts::{CreateAccount, UpdateAccount};
use domain::modules::households::Cluster;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::accounts_page::Editing;
use super::view_model::{Filled, problems};
use crate::app_context::use_app;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{derive, drawn, effect, words};
use crate::ui::{Button, Check, Notice, Sheet, Show, TextField, Weight, role_name, use_toasts};

#[component]
pub fn AccountSheet(editing: RwSignal<Editing>, clusters: Memo<Vec<Cluster>>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let account = RwSignal::new(String::new());
    let name = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let roles = RwSignal::new(Vec::<Role>::new());
    let held = RwSignal::new(Vec::<ClusterId>::new());
    let disabled = RwSignal::new(false);
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    effect(move || {
        problem.set(None);
        password.set(String::new());
        match editing.get() {
            Editing::Nothing => {}
            Editing::New => {
                account.set(String::new());
                name.set(String::new());
                roles.set(vec![Role::Steward]);
                held.set(Vec::new());
                disabled.set(false);
            }
            Editing::Account(user) => {
                account.set(user.account);
                name.set(user.name);
                roles.set(user.roles);
                held.set(user.clusters);
                disabled.set(user.disabled);
            }
        }
    });
    let is_new = move || editing.with(|editing| *editing == Editing::New);
    let close = move |()| editing.set(Editing::Nothing);
    let save = move |()| {
        let chosen = editing.get_untracked();
        let (roles, clusters) = (roles.get_untracked(), held.get_untracked());
        let secret = password.get_untracked();
        let new_name = account.get_untracked().trim().to_lowercase();
        let lacking = problems(&Filled {
            account: (chosen == Editing::New).then_some(new_name.as_str()),
            name: &name.get_untracked(),
            roles: &roles,
            clusters: &clusters,
            password: &secret,
        });
        if !lacking.is_empty() {
            let texts: Vec<String> = lacking.iter().map(error_text).collect();
            problem.set(Some(texts.join(" ")));
            return;
        }
        let (command, user): (Command, _) = match &chosen {
            Editing::Nothing => return,
            Editing::New => {
                let create = CreateAccount {
                    account: new_name,
                    name: name.get_untracked(),
                    roles,
                    clusters,
                };
                let user = create.user();
                (create.into(), user)
            }
            Editing::Account(user) => {
                let update = UpdateAccount {
                    user: user.id,
                    name: name.get_untracked(),
                    roles,
                    clusters,
                    disabled: disabled.get_untracked(),
                };
                (update.into(), user.id)
            }
        };
        problem.set(None);
        busy.set(true);
        spawn_local(async move {
            let mut result = app.send(vec![command], Vec::new(), None).await;
            if result.is_ok() && !secret.is_empty() {
                app.sync_now();
                result = set_password(app, user, &secret).await;
            }
            busy.set(false);
            match result {
                Ok(()) => {
                    toasts.say(tr::accounts::saved());
                    editing.set(Editing::Nothing);
                }
                Err(refusal) => problem.set(Some(error_text(&refusal))),
            }
        });
    };
    let fields = move || {
        let roles_fields = Role::ALL
            .into_iter()
            .map(|role| {
                view! {
                    <Check
                        label=derive(move || role_name(role).to_owned())
                        checked=derive(move || roles.with(|roles| roles.contains(&role)))
                        on_change=move |on: bool| roles.update(|roles| set(roles, role, on))
                    />
                }
            })
            .collect_view();
        let cluster_fields = clusters
            .get()
            .into_iter()
            .map(|cluster| {
                let id = cluster.id;
                let text = format!("{} {}", cluster.code, cluster.name);
                view! {
                    <Check
                        label=Signal::stored(text)
                        checked=derive(move || held.with(|held| held.contains(&id)))
                        on_change=move |on: bool| held.update(|held| set(held, id, on))
                    />
                }
            })
            .collect_view();
        view! {
            <fieldset class="field">
                <legend>{tr::accounts::roles()}</legend>
                <div class="fields-2">{roles_fields}</div>
            </fieldset>
            <fieldset class="field">
                <legend>{tr::accounts::clusters()}</legend>
                <div class="fields-2">{cluster_fields}</div>
            </fieldset>
        }
    };
    view! {
        <Sheet
            open=derive(move || editing.with(|editing| *editing != Editing::Nothing))
            title=derive(move || {
                if is_new() { tr::accounts::new() } else { tr::accounts::edit() }.to_owned()
            })
            on_close=close
        >
            {drawn(move || problem.get().map(|text| view! { <Notice tone="late" text=Signal::stored(text)/> }))}
            <Show
                when=is_new
                fallback=move || view! { <p class="strong number">{account}</p> }
            >
                <TextField
                    label=words(tr::accounts::account)
                    hint=words(tr::accounts::account_hint)
                    autocomplete="off"
                    value=account
                    on_input=move |text| account.set(text)
                />
            </Show>
            <TextField
                label=words(tr::accounts::name)
                autocomplete="off"
                value=name
                on_input=move |text| name.set(text)
            />
            {drawn(fields)}
            <TextField
                label=derive(move || {
                    if is_new() { tr::accounts::first_password() } else { tr::accounts::new_password() }
                        .to_owned()
                })
                hint=words(tr::accounts::password_hint)
                kind="password"
                autocomplete="new-password"
                value=password
                on_input=move |text| password.set(text)
            />
            <Show when=move || !is_new()>
                <Check
                    label=words(tr::accounts::disable)
                    checked=disabled
                    on_change=move |on| disabled.set(on)
                />
            </Show>
            <footer>
                <Button text=words(tr::accounts::cancel) on_press=close/>
                <Button
                    text=words(tr::accounts::save)
                    weight=Weight::Primary
                    busy=busy
                    on_press=save
                />
            </footer>
        </Sheet>
    }
}

fn set<T: PartialEq>(list: &mut Vec<T>, item: T, on: bool) {
    list.retain(|other| *other != item);
    if on {
        list.push(item);
    }
}

/// The account's own command may still be on its way; the server knows it a moment later.
async fn set_password(
    app: crate::app_context::App,
    user: domain::id::UserId,
    secret: &str,
) -> Result<(), domain::Refusal> {
    let path = format!("/api/v1/accounts/{user}/password");
    let body = serde_json::json!({ "password": secret }).to_string();
    let mut last = Ok(());
    for wait in [300, 700, 1_500, 3_000] {
        crate::device::page::sleep(wait).await;
        last = app.api_send::<()>("PUT", &path, &body).await;
        match &last {
            Err(refusal) if refusal.is(domain::refusal::CommonCode::NotFound) => {}
            _ => break,
        }
    }
    last
}
