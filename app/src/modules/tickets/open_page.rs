//! A new ticket: what, where, whom to reach, how urgent, photos.

use domain::Right;
use domain::Role;
use domain::id::{ClusterId, OpId, TicketId, UnitId};
use domain::modules::attachments::AttachmentRole;
use domain::modules::households::{Cluster, Household};
use domain::modules::tickets::{Intake, OpenTicket, Ticket, TicketKind, Urgency};
use domain::modules::{Command, RecordKind};
use domain::order;
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::labels;
use super::parts::{Problem, say, use_sending};
use super::unit_picker::UnitPicker;
use super::view_model::link::local;
use super::view_model::open::{Asked, Lack, OpenForm, categories, lacks};
use crate::app_context::{App, use_app, use_draft};
use crate::i18n::tr;
use crate::modules::outbox::{fixed, restore_photos, use_fix};
use crate::reactive::{bound, derive, drawn, effect, memo};
use crate::ui::{
    Button, Chips, Choice, Notice, Page, PhotoField, Segmented, Select, Show, TextArea, TextField,
    Weight, use_photos, use_toasts,
};

/// How a ticket usually reaches this person.
fn usual_intake(app: App) -> Intake {
    if untrack(|| app.actor()).has_role(Role::FrontDesk) { Intake::Phone } else { Intake::OnSite }
}

/// The clusters this person may open tickets in: code and name.
fn clusters(app: App) -> Memo<Vec<(ClusterId, String)>> {
    app.query(&[RecordKind::Cluster], |replica| {
        let viewer = replica.actor();
        let mut found: Vec<&Cluster> = replica
            .iter::<Cluster>()
            .filter(|cluster| viewer.may_in(Right::OpenTicket, cluster.id))
            .collect();
        order::sort_by(&mut found, |a, b| a.code.cmp(&b.code));
        found.iter().map(|c| (c.id, format!("{} {}", c.code, c.name))).collect()
    })
}

fn lack_text(lack: Lack) -> &'static str {
    match lack {
        Lack::Category => tr::tickets::lack_category(),
        Lack::Unit => tr::tickets::lack_unit(),
        Lack::Place => tr::tickets::lack_place(),
        Lack::Cluster => tr::tickets::lack_cluster(),
        Lack::Description => tr::tickets::lack_description(),
    }
}

#[component]
pub fn OpenTicketPage() -> impl IntoView {
    let app = use_app();
    let params = use_query_map().get_untracked();
    let asked = Asked::read(|name| params.get(name));
    let back = local(params.get("back"));
    let clusters = clusters(app);
    // Whoever has one cluster never has to say which. Both are looked at again when records come: the
    // page may be open before the first sync is through.
    let only = memo(move || {
        clusters.with(|all| match all.as_slice() {
            [(only, _)] => Some(*only),
            _ => None,
        })
    });
    let knows_units =
        app.query(&[RecordKind::Household], |replica| replica.iter::<Household>().next().is_some());
    let fix = params.get("fix").and_then(|op| op.parse::<OpId>().ok());
    let key = fix.map_or_else(|| asked.draft_key(), |op| format!("fix:{op}"));
    let restored = app.has_draft(&key);
    let mut first = asked.form(usual_intake(app), only.get_untracked());
    if !knows_units.get_untracked() {
        first.public = true;
    } else if let Some(unit) = asked.unit {
        app.with_replica(|replica| {
            if let Some(household) = replica.get::<Household>(unit.0) {
                first.choose_unit(household);
            }
        });
    }
    let form = use_draft(key.clone(), first);
    let photos = use_photos(format!("{key}/photos"));
    // What was refused keeps its number and where it came from: others may name it already.
    let refused = StoredValue::new(None::<OpenTicket>);
    use_fix(fix, move |command| {
        if let Command::OpenTicket(command) = command {
            refused.set_value(Some((**command).clone()));
            if !restored {
                let before = OpenForm::of(command);
                restore_photos(app, photos, command.photos.clone(), move || {
                    form.try_set(before);
                });
            }
        }
    });
    let toasts = use_toasts();
    let sending = use_sending();
    let tried = RwSignal::new(false);
    let placed = move || {
        let mut form = form.get();
        form.cluster = form.cluster.or(only.get());
        form
    };
    let lacking = memo(move || lacks(&placed(), photos.count()));
    let problem = move |lack: Lack| {
        let shown = tried.get() && lacking.with(|all| all.contains(&lack));
        shown.then(|| lack_text(lack).to_owned())
    };
    let navigate = use_navigate();
    let leave_to = back.clone().unwrap_or_else(|| "/tickets".to_owned());
    let origin = asked.origin.clone();
    let given = asked.ticket;
    let draft = StoredValue::new(key);
    let submit = Callback::new(move |()| {
        tried.set(true);
        if !lacking.with_untracked(Vec::is_empty) {
            return;
        }
        let refused = refused.get_value();
        let given = refused.as_ref().map(|command| command.ticket).or(given);
        let origin = refused.and_then(|command| command.origin).or(origin.clone());
        let ticket = given.unwrap_or_else(|| TicketId(app.new_id()));
        let form = untrack(placed);
        let Some(cluster) = form.cluster else { return };
        let pictures = untrack(|| photos.attachments());
        let command = form.command(ticket, cluster, pictures.clone(), origin);
        let to = match &back {
            Some(back) => back.clone(),
            None => format!("/tickets/{ticket}"),
        };
        let navigate = navigate.clone();
        sending.send(
            vec![command.into()],
            photos.blobs(&pictures),
            Some(draft.get_value()),
            tr::tickets::opened(Ticket::name_of(ticket, None)),
            Callback::new(move |()| {
                fixed(app, toasts, fix);
                navigate(&to, Default::default());
            }),
        );
    });
    let kinds =
        move || TicketKind::ALL.map(|kind| Choice::new(kind.name(), labels::kind(kind))).to_vec();
    let choose_kind = move |name: String| {
        if let Some(kind) = TicketKind::ALL.into_iter().find(|kind| kind.name() == name) {
            form.update(|form| form.choose_kind(kind));
        }
    };
    let category_choices = derive(move || {
        let kind = form.with(|form| form.kind);
        categories(kind).map(|c| Choice::new(c.code, labels::category(c.code))).collect::<Vec<_>>()
    });
    let place_problem = derive(move || {
        // Without any there is nothing to choose from, and no field to say it at.
        let unknown = problem(Lack::Cluster).filter(|_| clusters.with(Vec::is_empty));
        let unknown = unknown.map(|_| tr::tickets::lack_clusters().to_owned());
        problem(Lack::Unit).or_else(|| problem(Lack::Place)).or(unknown)
    });
    let place_label = derive(move || form.with(|form| form.place.clone()));
    view! {
        <Page title=say(tr::tickets::open_new) back=leave_to bare=true narrow=true>
            <Show when=move || restored>
                <Notice tone="ok" text=say(tr::common::draft_restored)/>
            </Show>
            <section class="stack" aria-label=bound(tr::tickets::part_what)>
                <Chips
                    label=say(tr::tickets::kind)
                    choices=derive(kinds)
                    value=derive(move || Some(form.with(|form| form.kind.name().to_owned())))
                    on_choose=choose_kind
                />
                <div class="field">
                    <span class="label">{tr::tickets::category}</span>
                    <Chips
                        label=say(tr::tickets::category)
                        choices=category_choices
                        value=derive(move || Some(form.with(|form| form.category.clone())))
                        on_choose=move |code| form.update(|form| form.category = code)
                    />
                    <LackText text=derive(move || problem(Lack::Category))/>
                </div>
            </section>
            <PlacePart
                form=form
                clusters=clusters
                knows_units=knows_units
                problem=place_problem
                cluster_problem=derive(move || problem(Lack::Cluster))
            />
            <TextArea
                label=say(tr::tickets::description)
                value=derive(move || form.with(|form| form.description.clone()))
                on_input=move |text| form.update(|form| form.description = text)
                hint=say(tr::tickets::description_hint)
                problem=derive(move || problem(Lack::Description))
            />
            <PhotoField
                label=say(tr::common::photos)
                photos=photos
                role=AttachmentRole::Photo
                place=place_label
            />
            <div class="field">
                <span class="label">{tr::tickets::urgency}</span>
                <Segmented
                    label=say(tr::tickets::urgency)
                    choices=derive(|| {
                        [Urgency::Normal, Urgency::Urgent, Urgency::Emergency]
                            .map(|one| Choice::new(labels::urgency_name(one), labels::urgency(one)))
                            .to_vec()
                    })
                    value=derive(move || {
                        Some(form.with(|form| labels::urgency_name(form.urgency).to_owned()))
                    })
                    on_choose=move |name: String| form.update(|form| {
                        form.urgency = match name.as_str() {
                            "urgent" => Urgency::Urgent,
                            "emergency" => Urgency::Emergency,
                            _ => Urgency::Normal,
                        };
                    })
                />
            </div>
            <ContactPart form=form/>
            {(asked.origin.is_none() && fix.is_none()).then(|| view! { <IntakePart form=form/> })}
            <Problem sending=sending/>
            <div class="action-bar">
                <Button
                    text=say(tr::tickets::submit_open)
                    on_press=submit
                    weight=Weight::Primary
                    large=true
                    busy=photos.or_busy(sending.busy)
                />
            </div>
        </Page>
    }
}

#[component]
fn LackText(text: Signal<Option<String>>) -> impl IntoView {
    drawn(move || text.get().map(|text| view! { <span class="problem" role="alert">{text}</span> }))
}

/// Where: a unit that was looked up, or a public place in words.
#[component]
fn PlacePart(
    form: RwSignal<OpenForm>,
    clusters: Memo<Vec<(ClusterId, String)>>,
    knows_units: Memo<bool>,
    problem: Signal<Option<String>>,
    cluster_problem: Signal<Option<String>>,
) -> impl IntoView {
    let app = use_app();
    let public = memo(move || form.with(|form| form.public));
    let picked = memo(move || form.with(|form| form.unit));
    let pick = move |unit: UnitId| {
        app.with_replica(|replica| {
            if let Some(household) = replica.get::<Household>(unit.0) {
                form.update(|form| form.choose_unit(household));
            }
        });
    };
    let choose = move |name: String| {
        form.update(|form| {
            form.leave_unit();
            form.public = name == "public";
        });
    };
    let unit_part = move || {
        if picked.get().is_none() {
            return view! { <UnitPicker on_pick=pick/> }.into_any();
        }
        view! {
            <div class="row picked">
                <span class="strong grow">{drawn(move || form.with(|form| form.place.clone()))}</span>
                <Button
                    text=say(tr::tickets::unit_change)
                    on_press=move |()| form.update(OpenForm::leave_unit)
                />
            </div>
        }
        .into_any()
    };
    let public_part = move || {
        view! {
            <TextField
                label=say(tr::tickets::public_place)
                value=derive(move || form.with(|form| form.place.clone()))
                on_input=move |text| form.update(|form| form.place = text)
                placeholder=say(tr::tickets::public_place_hint)
            />
            <ClusterSelect form=form clusters=clusters problem=cluster_problem/>
        }
        .into_any()
    };
    view! {
        <section class="field" role="group" aria-label=bound(tr::tickets::place)>
            <span class="label">{tr::tickets::place}</span>
            {drawn(move || knows_units.get().then(|| view! {
                <Segmented
                    label=say(tr::tickets::place_kind)
                    choices=derive(|| vec![
                        Choice::new("unit", tr::tickets::place_unit()),
                        Choice::new("public", tr::tickets::place_public()),
                    ])
                    value=derive(move || {
                        Some(if public.get() { "public" } else { "unit" }.to_owned())
                    })
                    on_choose=choose
                />
            }))}
            {drawn(move || if public.get() { public_part() } else { unit_part() })}
            <LackText text=problem/>
        </section>
    }
}

/// Which cluster a public place is in; only asked of whoever has several.
#[component]
fn ClusterSelect(
    form: RwSignal<OpenForm>,
    clusters: Memo<Vec<(ClusterId, String)>>,
    problem: Signal<Option<String>>,
) -> impl IntoView {
    let options = derive(move || {
        let none = (String::new(), tr::common::choose().to_owned());
        let known = clusters.get().into_iter().map(|(id, name)| (id.to_string(), name));
        std::iter::once(none).chain(known).collect::<Vec<_>>()
    });
    // A cluster that arrived after the page was opened, or was cleared with the unit.
    effect(move || {
        clusters.with(|all| {
            if let [(only, _)] = all.as_slice()
                && form.with_untracked(|form| form.cluster.is_none())
            {
                form.update(|form| form.cluster = Some(*only));
            }
        });
    });
    view! {
        <Show when=move || clusters.with(|all| all.len() > 1)>
            <Select
                label=say(tr::tickets::cluster)
                options=options
                value=derive(move || {
                    form.with(|form| form.cluster.map(|id| id.to_string()).unwrap_or_default())
                })
                on_change=move |id: String| form.update(|form| form.cluster = id.parse().ok())
                problem=problem
            />
        </Show>
    }
}

#[component]
fn ContactPart(form: RwSignal<OpenForm>) -> impl IntoView {
    view! {
        <div class="fields-2">
            <TextField
                label=say(tr::tickets::contact_name)
                value=derive(move || form.with(|form| form.name.clone()))
                on_input=move |text| form.update(|form| form.name = text)
                autocomplete="off"
            />
            <TextField
                label=say(tr::tickets::contact_phone)
                value=derive(move || form.with(|form| form.phone.clone()))
                on_input=move |text| form.update(|form| form.phone = text)
                kind="tel"
                inputmode="tel"
                autocomplete="off"
            />
        </div>
    }
}

/// What a person may choose; the rest comes with its origin.
const INTAKES: [Intake; 5] =
    [Intake::Phone, Intake::Counter, Intake::OnSite, Intake::LetterBox, Intake::QualityLine];

#[component]
fn IntakePart(form: RwSignal<OpenForm>) -> impl IntoView {
    view! {
        <div class="field">
            <span class="label">{tr::tickets::intake}</span>
            <Chips
                label=say(tr::tickets::intake)
                choices=derive(|| {
                    INTAKES.map(|one| Choice::new(labels::intake_name(one), labels::intake(one))).to_vec()
                })
                value=derive(move || {
                    Some(form.with(|form| labels::intake_name(form.intake).to_owned()))
                })
                on_choose=move |name: String| {
                    if let Some(one) = INTAKES.into_iter().find(|one| labels::intake_name(*one) == name) {
                        form.update(|form| form.intake = one);
                    }
                }
            />
        </div>
    }
}
