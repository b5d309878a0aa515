//! Who is signed in on which device.

use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use leptos::prelude::*;

use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::drawn;
use crate::ui::role_name;

#[component]
pub fn PersonCard() -> impl IntoView {
    let app = use_app();
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let own = replica.actor().clusters.iter().filter_map(|id| replica.get::<Cluster>(id.0));
        own.map(|cluster| format!("{} {}", cluster.code, cluster.name)).collect::<Vec<_>>()
    });
    drawn(move || {
        let session = app.session().get()?;
        let roles: Vec<String> =
            session.actor.roles.iter().map(|role| role_name(*role).to_owned()).collect();
        let projects: Vec<String> = session
            .scopes
            .iter()
            .filter(|scope| scope.project.is_some())
            .map(|scope| scope.name.clone())
            .collect();
        // Enough to tell two phones of one name apart when calling the office.
        let code = session.device.id.code();
        Some(view! {
            <section class="card" aria-labelledby="person">
                <header>
                    <h2 id="person">{session.actor.name.clone()}</h2>
                    {session.demo.then(|| view! { <span class="badge soon">{tr::more::demo()}</span> })}
                </header>
                <dl class="facts">
                    <dt>{tr::more::roles()}</dt>
                    <dd>{fmt::list(&roles)}</dd>
                    {drawn(move || {
                        let names = clusters.get();
                        (!names.is_empty())
                            .then(|| view! { <dt>{tr::more::clusters()}</dt> <dd>{fmt::list(&names)}</dd> })
                    })}
                    <dt>{tr::more::account()}</dt>
                    <dd>{session.account.clone()}</dd>
                    <dt>{tr::more::company()}</dt>
                    <dd>{session.company.clone()}</dd>
                    {(!projects.is_empty())
                        .then(|| view! { <dt>{tr::more::project()}</dt> <dd>{fmt::list(&projects)}</dd> })}
                    <dt>{tr::more::device()}</dt>
                    <dd>{session.device.name.clone()} " · " <span class="number">{code}</span></dd>
                </dl>
            </section>
        })
    })
}
