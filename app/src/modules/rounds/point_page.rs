//! One point of a running round: confirm the place, answer the items, on to the next.

use domain::Refusal;
use domain::Right;
use domain::id::RoundId;
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::modules::rounds::{
    Checkpoint, Confirmation, Point, RecordCheckpoint, Round, RoundTemplate,
};
use domain::refusal::CommonCode;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::confirm::Confirm;
use super::item_row::{ItemRow, Wanted};
use super::raise::Place;
use super::round_page::Carried;
use super::view_model::walk::{self, PointForm};
use super::words::{self, say};
use crate::app_context::{use_app, use_draft};
use crate::device::page;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::modules::tickets::view_model::link::address;
use crate::reactive::{derive, drawn, effect, memo};
use crate::ui::{Button, ButtonLink, Icon, Notice, Photos, Show, Weight, use_photos, use_toasts};

/// What the form begins with: empty, or what was recorded before.
fn beginning(round: &Round, point: &str) -> PointForm {
    round.result(point).map_or_else(PointForm::default, |result| {
        let (by_hand, reason, usual) = match &result.confirmation {
            Confirmation::Hand { reason, usual } => (true, reason.clone(), *usual),
            Confirmation::Code { .. } => (false, String::new(), None),
        };
        PointForm {
            by_hand,
            reason,
            usual,
            items: walk::from_answers(&result.answers),
            ..PointForm::default()
        }
    })
}

fn show_item(code: &str) {
    page::bring_into_sight(&format!("[id='item-{code}']"));
}

/// The point with that code. The page makes a new one for each point.
#[component]
pub fn PointPage(
    id: RoundId,
    point: String,
    round: Memo<Option<Round>>,
    template: Memo<Option<RoundTemplate>>,
    /// Opens a point, or the next one that is missing.
    go: Callback<Option<String>>,
) -> impl IntoView {
    let found = template.with_untracked(|template| {
        let points = &template.as_ref()?.points;
        let index = points.iter().position(|one| one.code == point)?;
        Some((index, points[index].clone()))
    });
    let started = round.get_untracked();
    match (found, started) {
        (Some((index, point)), Some(started)) => {
            view! { <Filled id=id index=index point=point started=started round=round template=template go=go/> }
                .into_any()
        }
        // The list above names only points of the template.
        _ => ().into_any(),
    }
}

#[component]
fn Filled(
    id: RoundId,
    index: usize,
    point: Point,
    /// The round as it was when the point was opened.
    started: Round,
    round: Memo<Option<Round>>,
    template: Memo<Option<RoundTemplate>>,
    go: Callback<Option<String>>,
) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let code = point.code.clone();
    let key = format!("round:{id}:{code}");
    let corrects = started.result(&code).is_some();
    let form = use_draft(key.clone(), beginning(&started, &code));
    let photos: StoredValue<Vec<(String, Photos)>> = StoredValue::new(
        point
            .items
            .iter()
            .map(|item| (item.code.clone(), use_photos(format!("{key}/{}", item.code))))
            .collect(),
    );
    let taken = move || {
        photos.with_value(|photos| {
            photos
                .iter()
                .map(|(item, own)| (item.clone(), own.attachments()))
                .collect::<walk::Photos>()
        })
    };
    let (cluster, of_template) = (started.cluster, started.template);
    let checkpoint = {
        let code = code.clone();
        app.query(&[RecordKind::Checkpoint], move |replica| {
            let all = &mut replica.iter::<Checkpoint>();
            walk::checkpoint_of(all, cluster, of_template, &code).cloned()
        })
    };
    let place = {
        let name = point.name.clone();
        app.query(&[RecordKind::Checkpoint, RecordKind::Cluster], move |replica| {
            checkpoint
                .with(|checkpoint| checkpoint.as_ref().map(|one| one.name.clone()))
                .unwrap_or_else(|| match replica.get::<Cluster>(cluster.0) {
                    Some(cluster) => tr::rounds::place_in_cluster(&cluster.code, &name),
                    None => name.clone(),
                })
        })
    };
    adopt_code(form, &code);
    let wanted = Wanted { item: RwSignal::new(None), place: RwSignal::new(false) };
    let busy = RwSignal::new(false);
    let held_up = derive(move || {
        busy.get() || photos.with_value(|photos| photos.iter().any(|(_, own)| own.are_making()))
    });
    let refusal = RwSignal::new(None::<Refusal>);
    // What was refused is what was answered then.
    effect(move || {
        form.track();
        let _: usize = photos.with_value(|photos| photos.iter().map(|(_, own)| own.count()).sum());
        refusal.set(None);
    });
    let next = {
        let code = code.clone();
        memo(move || {
            let (round, template) = (round.get()?, template.get()?);
            walk::next_after(&template, &round, &code)
                .map(|(index, point)| (index, point.code.clone(), point.name.clone()))
        })
    };
    let stored_point = StoredValue::new(point.clone());
    let record = {
        let (code, version) = (code.clone(), started.version);
        Callback::new(move |with_photos: bool| {
            let taken = if with_photos { untrack(taken) } else { walk::Photos::new() };
            let answers = stored_point
                .with_value(|point| form.with_untracked(|form| walk::answers(point, form, &taken)));
            let answers = match answers {
                Ok(answers) => answers,
                Err((item, problem)) => {
                    show_item(&item);
                    wanted.item.set(Some((item, problem)));
                    return;
                }
            };
            wanted.item.set(None);
            let Some(confirmation) = form.with_untracked(walk::confirmation) else {
                wanted.place.set(true);
                show_item("place");
                return;
            };
            busy.set(true);
            let named: Vec<_> = answers.iter().flat_map(|answer| answer.photos.clone()).collect();
            let blobs = photos.with_value(|photos| {
                photos.iter().flat_map(|(_, own)| own.blobs(&named)).collect::<Vec<_>>()
            });
            let command = RecordCheckpoint {
                round: id,
                template: of_template,
                version,
                point: code.clone(),
                checkpoint: checkpoint.with_untracked(|one| one.as_ref().map(|one| one.id)),
                confirmation,
                answers,
            };
            let next = next.get_untracked().map(|(_, code, _)| code);
            let key = key.clone();
            spawn_local(async move {
                let result = app.send(vec![command.into()], blobs, Some(key)).await;
                busy.try_set(false);
                match result {
                    Ok(()) => {
                        toasts.say(tr::rounds::point_saved());
                        go.try_run(next);
                    }
                    Err(why) => {
                        refusal.try_set(Some(why));
                    }
                }
            });
        })
    };
    let report = Place { round: id, cluster, checkpoint, label: place };
    let may_report = memo(move || app.may_in(Right::OpenTicket, cluster));
    let rows = point
        .items
        .iter()
        .map(|item| {
            let own = photos.with_value(|photos| {
                photos.iter().find(|(code, _)| *code == item.code).map(|(_, own)| *own)
            });
            own.map(|own| view! {
                <ItemRow item=item.clone() form=form photos=own wanted=wanted report=report may_report=may_report/>
            })
        })
        .collect_view();
    let ticks = memo(move || {
        stored_point.with_value(|point| form.with(|form| walk::can_tick_the_rest(point, form)))
    });
    let button = derive(move || match next.get() {
        Some((index, _, name)) => tr::rounds::next_point(words::circled(index), name),
        None => tr::rounds::last_point().to_owned(),
    });
    let back = address(&format!("/rounds/{id}"), &[("point", &code)]);
    view! {
        <section class="stack point">
            <h2 class="point-name">
                <span class="circled">{words::circled(index)}</span>
                {point.name.clone()}
            </h2>
            {corrects.then(|| view! { <Notice tone="soon" text=say(tr::rounds::correcting)/> })}
            <div id="item-place">
                <Confirm
                    form=form
                    round=round
                    point=code.clone()
                    checkpoint=checkpoint
                    wanted=wanted.place
                    go=go
                />
            </div>
            <ol class="checks">{rows}</ol>
            <Show when=move || ticks.get()>
                <Button
                    text=say(tr::rounds::all_normal)
                    icon=Icon::Check
                    on_press=move |()| {
                        stored_point.with_value(|point| {
                            form.update(|form| walk::tick_the_rest(point, form));
                        });
                    }
                />
            </Show>
            {drawn(move || refusal.get().map(|why| {
                // Words still fit where pictures no longer do.
                let full = why.is(CommonCode::QuotaFull);
                view! {
                    <Notice tone="late" text=error_text(&why)>
                        {full.then(|| view! {
                            <Button
                                text=say(tr::rounds::save_without_photos)
                                on_press=move |()| record.run(false)
                            />
                        })}
                    </Notice>
                }
            }))}
            <Aside back=back report=report/>
        </section>
        <div class="action-bar">
            <Button
                text=button
                weight=Weight::Primary
                large=true
                busy=held_up
                on_press=move |()| record.run(true)
            />
        </div>
    }
}

/// A code that was scanned at the point before, or that the draft kept, is good for this one.
fn adopt_code(form: RwSignal<PointForm>, point: &str) {
    let app = use_app();
    let carried = expect_context::<Carried>().0;
    let own = carried.with_untracked(|carried| {
        carried.as_ref().filter(|(of, _)| of == point).map(|(_, code)| code.clone())
    });
    if let Some(code) = own {
        carried.set(None);
        form.update(|form| form.code = Some((code, app.instant())));
    } else if let Some((code, _)) = form.with_untracked(|form| form.code.clone()) {
        // Which codes are genuine is not remembered over a reload.
        spawn_local(async move {
            if app.verify_code(&code).await.is_err() {
                form.try_update(|form| form.code = None);
            }
        });
    }
}

/// What may happen on the way: somebody is met, something else is broken.
#[component]
fn Aside(back: String, report: Place) -> impl IntoView {
    let app = use_app();
    let cluster = report.cluster;
    let visit = address("/visits/new", &[("way", "on_the_way"), ("back", &back)]);
    let ticket = memo(move || {
        let place = report.label.get();
        let checkpoint = report.checkpoint.with(|one| one.as_ref().map(|one| one.id.to_string()));
        let values = [
            ("kind", "finding"),
            ("cluster", &cluster.to_string()),
            ("place", place.as_str()),
            ("round", &report.round.to_string()),
            ("checkpoint", &checkpoint.unwrap_or_default()),
            ("back", back.as_str()),
        ];
        address("/tickets/new", &values)
    });
    view! {
        <div class="button-row">
            {drawn(move || app.may_in(Right::RecordVisit, cluster).then(|| view! {
                <ButtonLink text=say(tr::rounds::met_somebody) href=visit.clone() icon=Icon::Plus/>
            }))}
            {drawn(move || app.may_in(Right::OpenTicket, cluster).then(|| view! {
                <ButtonLink text=say(tr::rounds::report_repair) href=ticket.get() icon=Icon::Plus/>
            }))}
        </div>
    }
}
