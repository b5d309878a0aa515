//! Stands in for the pages while they are being written: sign-in, and how sync stands.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app_context::{use_app, use_draft};
use crate::error_text::error_text;
use crate::i18n::tr;

#[component]
pub fn Root() -> impl IntoView {
    let app = use_app();
    let account = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let problem = RwSignal::new(String::new());
    let sign_in = move |_| {
        spawn_local(async move {
            let result = app.sign_in(&account.get_untracked(), &password.get_untracked()).await;
            problem.set(result.err().map(|refusal| error_text(&refusal)).unwrap_or_default());
        });
    };
    view! {
        <Show
            when=move || app.session().with(Option::is_some)
            fallback=move || view! {
                <main>
                    <input id="account" prop:value=account on:input:target=move |e| account.set(e.target().value())/>
                    <input id="password" type="password" on:input:target=move |e| password.set(e.target().value())/>
                    <button id="sign-in" on:click=sign_in>{tr::common::next}</button>
                    <p id="problem">{problem}</p>
                </main>
            }
        >
            <Status/>
        </Show>
    }
}

#[component]
fn Status() -> impl IntoView {
    use domain::modules::RecordKind;
    use domain::modules::tickets::*;
    let app = use_app();
    let tickets = app.query(&[RecordKind::Ticket], |r| r.iter::<Ticket>().count());
    let clusters = app.query(&[RecordKind::Cluster], |r| {
        r.iter::<domain::modules::households::Cluster>().map(|c| c.id).collect::<Vec<_>>()
    });
    let text = use_draft("probe", String::new());
    let problem = RwSignal::new(String::new());
    let open = move |_| {
        let Some(cluster) = clusters.get_untracked().first().copied() else { return };
        let open = OpenTicket {
            ticket: domain::id::TicketId(app.new_id()),
            cluster,
            kind: TicketKind::Repair,
            category: "leak".into(),
            urgency: Urgency::Normal,
            intake: Intake::OnSite,
            place: Place { unit: None, label: "probe".into() },
            contact: TicketContact::default(),
            description: text.get_untracked(),
            photos: Vec::new(),
            origin: None,
        };
        spawn_local(async move {
            match app.send(vec![open.into()], Vec::new(), Some("probe".into())).await {
                Ok(()) => text.set(String::new()),
                Err(refusal) => problem.set(error_text(&refusal)),
            }
        });
    };
    let outbox = app.outbox();
    view! {
        <main>
            <p id="tickets">{tickets}</p>
            <p id="status">{move || format!("{:?}", app.status().get())}</p>
            <p id="outbox">{move || outbox.get().map_or(0, |items| items.len())}</p>
            <input id="text" prop:value=text on:input:target=move |e| text.set(e.target().value())/>
            <button id="open" on:click=open>{tr::common::save}</button>
            <button id="out" on:click=move |_| spawn_local(async move { let _ = app.sign_out(false).await; })>{tr::common::close}</button>
            <p id="problem">{problem}</p>
        </main>
    }
}
