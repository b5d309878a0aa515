//! The table of accounts, from the replica: the company scope reaches every member.

use domain::Right;
use domain::modules::RecordKind;
use domain::modules::accounts::User;
use domain::modules::households::Cluster;
use domain::order;
use leptos::prelude::*;

use super::account_sheet::AccountSheet;
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, drawn, words};
use crate::ui::{Button, Empty, Icon, Page, Show, Weight, role_name};

/// What the sheet is about.
#[derive(Clone, PartialEq)]
pub enum Editing {
    Nothing,
    New,
    Account(User),
}

#[component]
pub fn AccountsPage() -> impl IntoView {
    let app = use_app();
    let users = app.query(&[RecordKind::User], |replica| {
        let mut users: Vec<User> = replica.iter::<User>().cloned().collect();
        order::sort_by(&mut users, |a, b| (a.disabled, &a.account).cmp(&(b.disabled, &b.account)));
        users
    });
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let mut clusters: Vec<Cluster> = replica.iter::<Cluster>().cloned().collect();
        order::sort_by(&mut clusters, |a, b| a.code.cmp(&b.code));
        clusters
    });
    let editing = RwSignal::new(Editing::Nothing);
    let may = move || app.may(Right::ManageAccounts);
    view! {
        <Page
            title=words(tr::frame::nav_accounts)
            subtitle=words(tr::accounts::about)
        >
            <Show when=may>
                <div class="row">
                    <Button
                        text=words(tr::accounts::new)
                        icon=Icon::Plus
                        weight=Weight::Primary
                        on_press=move |()| editing.set(Editing::New)
                    />
                </div>
            </Show>
            <Show
                when=move || !users.with(Vec::is_empty)
                fallback=|| {
                    view! {
                        <Empty
                            icon=Icon::Users
                            title=words(tr::accounts::none)
                            note=words(tr::accounts::none_note)
                        />
                    }
                }
            >
                <div class="table-frame" tabindex="0" role="region" aria-label=bound(tr::frame::nav_accounts)>
                    <table class="data comfortable">
                        <thead>
                            <tr>
                                <th scope="col">{tr::accounts::account()}</th>
                                <th scope="col">{tr::accounts::name()}</th>
                                <th scope="col">{tr::accounts::roles()}</th>
                                <th scope="col">{tr::accounts::clusters()}</th>
                                <th scope="col">{tr::accounts::state()}</th>
                                <th scope="col"><span class="visually-hidden">{tr::accounts::edit()}</span></th>
                            </tr>
                        </thead>
                        <tbody>
                            {drawn(move || {
                                let clusters = clusters.get();
                                users
                                    .get()
                                    .into_iter()
                                    .map(|user| row(&user, &clusters, editing, may()))
                                    .collect_view()
                            })}
                        </tbody>
                    </table>
                </div>
            </Show>
            <AccountSheet editing=editing clusters=clusters/>
        </Page>
    }
}

fn row(
    user: &User,
    clusters: &[Cluster],
    editing: RwSignal<Editing>,
    may: bool,
) -> impl IntoView + use<> {
    let roles: Vec<String> = user.roles.iter().map(|role| role_name(*role).to_owned()).collect();
    let held: Vec<String> = clusters
        .iter()
        .filter(|cluster| user.clusters.contains(&cluster.id))
        .map(|cluster| format!("{} {}", cluster.code, cluster.name))
        .collect();
    let own = user.clone();
    view! {
        <tr>
            <th scope="row" class="number">{user.account.clone()}</th>
            <td>{user.name.clone()}</td>
            <td>{fmt::list(&roles)}</td>
            <td>{fmt::list(&held)}</td>
            <td>
                {if user.disabled {
                    view! { <span class="badge late">{tr::accounts::disabled()}</span> }
                } else {
                    view! { <span class="badge ok">{tr::accounts::active()}</span> }
                }}
            </td>
            <td class="end">
                {may
                    .then(|| {
                        view! {
                            <Button
                                text=words(tr::accounts::edit)
                                weight=Weight::Quiet
                                on_press=move |()| editing.set(Editing::Account(own.clone()))
                            />
                        }
                    })}
            </td>
        </tr>
    }
}
