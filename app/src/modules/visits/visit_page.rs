//! Noting a visit: a greeting in three taps, anything more below it.

use domain::Refusal;
use domain::Right;
use domain::id::{OpId, TicketId, UnitId, VisitId};
use domain::modules::households::Household;
use domain::modules::visits::VisitWay;
use domain::modules::{Command, RecordKind};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::view_model::{VisitForm, way_of};
use super::visit_form::VisitFields;
use crate::app_context::{use_app, use_draft};
use crate::device::page;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::modules::households::kit::{Problem, clusters_for, words};
use crate::modules::outbox::{restore_photos, use_fix};
use crate::modules::tickets::view_model::link::local;
use crate::reactive::{memo, written};
use crate::ui::{Button, Empty, Icon, Page, Show, Weight, use_photos, use_toasts};

/// `/visits/new?unit=…&way=…&back=…`
#[component]
pub fn VisitPage() -> impl IntoView {
    let app = use_app();
    let query = use_query_map();
    let (unit, way, back, fix) = query.with_untracked(|map| {
        let unit = map.get("unit").and_then(|id| id.parse::<UnitId>().ok());
        let way = map.get("way").and_then(|way| way_of(&way)).unwrap_or(VisitWay::Door);
        let fix = map.get("fix").and_then(|op| op.parse::<OpId>().ok());
        (unit, way, map.get("back"), fix)
    });
    let back = local(back);
    let leave = back.unwrap_or_else(|| "/visits".to_owned());
    let allowed = app.may(Right::RecordVisit);
    view! {
        <Page title=words(tr::visits::new_title) back=leave.clone() bare=true narrow=true>
            {if allowed {
                view! { <Noting unit=unit way=way leave=leave fix=fix/> }.into_any()
            } else {
                view! {
                    <Empty
                        icon=Icon::Talk
                        title=words(tr::visits::not_allowed)
                        note=words(tr::visits::not_allowed_note)
                    />
                }
                    .into_any()
            }}
        </Page>
    }
}

#[component]
fn Noting(unit: Option<UnitId>, way: VisitWay, leave: String, fix: Option<OpId>) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let go = use_navigate();
    let key = match (fix, unit) {
        (Some(op), _) => format!("fix:{op}"),
        (None, Some(unit)) => format!("visit:{unit}"),
        (None, None) => "visit:new".to_owned(),
    };
    let restored = RwSignal::new(app.has_draft(&key));
    let fresh = app.with_replica(|replica| {
        let household = unit.and_then(|unit| replica.get::<Household>(unit.0));
        VisitForm::at(household, way)
    });
    let form = use_draft(key.clone(), fresh.clone());
    let photos = use_photos(format!("{key}/photos"));
    if !restored.get_untracked() {
        use_fix(fix, move |command| {
            if let Command::RecordVisit(command) = command {
                let before = VisitForm::of(command);
                restore_photos(app, photos, command.attachments.clone(), move || {
                    form.try_set(before);
                });
            }
        });
    }
    let clusters = clusters_for(app, Right::RecordVisit);
    let chosen = memo(move || form.with(|form| form.unit));
    let household = app.query(&[RecordKind::Household], move |replica| {
        chosen.get().and_then(|unit| replica.get::<Household>(unit.0).cloned())
    });
    let saving = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let tried = RwSignal::new(false);
    let lack = memo(move || form.with(|form| form.lack(photos.count())).filter(|_| tried.get()));
    let discard_key = key.clone();
    let save = Callback::new(move |()| {
        tried.set(true);
        if lack.get_untracked().is_some() {
            return;
        }
        let only = clusters.with_untracked(|all| match all.as_slice() {
            [(only, _)] => Some(*only),
            _ => None,
        });
        let ids = (VisitId(app.new_id()), TicketId(app.new_id()));
        let made = form.with_untracked(|form| {
            household.with_untracked(|household| {
                form.commands(household.as_ref(), only, ids, untrack(|| photos.attachments()))
            })
        });
        let commands = match made {
            Ok(commands) => commands,
            Err(refusal) => return problem.set(Some(refusal)),
        };
        let (go, leave, key) = (go.clone(), leave.clone(), key.clone());
        let blobs = photos.blobs(&untrack(|| photos.attachments()));
        saving.set(true);
        problem.set(None);
        spawn_local(async move {
            match app.send(commands, blobs, Some(key)).await {
                Ok(()) => {
                    if let Some(op) = fix
                        && let Err(refusal) = app.dismiss(op).await
                    {
                        toasts.warn(error_text(&refusal));
                    }
                    toasts.say(tr::common::saved());
                    page::painted().await;
                    go(&leave, Default::default());
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal));
                    saving.try_set(false);
                }
            }
        });
    });
    view! {
        <Show when=move || restored.get()>
            <div class="row soft small" role="status">
                <span class="grow">{written(tr::common::draft_restored)}</span>
                <Button
                    text=words(tr::common::discard_draft)
                    weight=Weight::Quiet
                    on_press={
                        let (key, fresh) = (discard_key.clone(), fresh.clone());
                        Callback::new(move |()| {
                            form.set(fresh.clone());
                            untrack(|| photos.attachments()).iter().for_each(|a| photos.remove(a));
                            app.drop_draft(&key);
                            restored.set(false);
                        })
                    }
                />
            </div>
        </Show>
        <VisitFields lack=lack form=form household=household clusters=clusters photos=photos/>
        <Problem refusal=problem/>
        <div class="action-bar">
            <Button
                text=words(tr::common::save)
                weight=Weight::Primary
                large=true
                busy=photos.or_busy(saving)
                on_press=save
            />
        </div>
    }
}
