//! One item of a point: its answer, and what belongs to a finding.

use domain::Refusal;
use domain::id::TicketId;
use domain::modules::RecordKind;
use domain::modules::rounds::{AnswerType, Item};
use domain::modules::tickets::Ticket;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::raise::{Place, raise};
use super::view_model::walk::{self, ItemForm, PointForm, Problem, Tick};
use super::words::say;
use crate::app_context::use_app;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{bound, derive, drawn, effect, memo, written};
use crate::ui::{
    Button, Check, Choice, Glyph, Icon, Notice, PhotoField, PhotoStrip, Photos, Segmented, Show,
    TextArea, TextField, use_toasts,
};

/// What the page missed when the point was to be recorded.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub item: RwSignal<Option<(String, Problem)>>,
    pub place: RwSignal<bool>,
}

fn ticks() -> Vec<Choice> {
    vec![
        Choice::new(Tick::Normal.name(), tr::rounds::normal()),
        Choice::new(Tick::Abnormal.name(), tr::rounds::abnormal()).bad(),
        Choice::new(Tick::None.name(), tr::rounds::not_applicable()),
    ]
}

#[component]
pub fn ItemRow(
    item: Item,
    form: RwSignal<PointForm>,
    photos: Photos,
    wanted: Wanted,
    report: Place,
    may_report: Memo<bool>,
) -> impl IntoView {
    let code = StoredValue::new(item.code.clone());
    let item = StoredValue::new(item);
    let own = memo(move || {
        code.with_value(|code| form.with(|form| form.items.get(code).cloned().unwrap_or_default()))
    });
    let forget = move || {
        let mine = wanted.item.with_untracked(|wanted| {
            code.with_value(|code| wanted.as_ref().is_some_and(|(item, _)| item == code))
        });
        if mine {
            wanted.item.set(None);
        }
    };
    let change = move |change: &dyn Fn(&mut ItemForm)| {
        forget();
        form.update(|form| change(form.items.entry(code.get_value()).or_default()));
    };
    // A photo that was taken may have been what was missing.
    let pictures = memo(move || photos.count());
    effect(move || {
        pictures.track();
        forget();
    });
    let finding = memo(move || item.with_value(|item| own.with(|own| walk::is_finding(item, own))));
    let problem = derive(move || {
        let wanted = wanted.item.get();
        let own = wanted.filter(|(item, _)| code.with_value(|code| code == item));
        own.map(|(_, problem)| problem.text().to_owned())
    });
    let (text, answer, safety, optional) = item
        .with_value(|item| (item.text.clone(), item.answer.clone(), item.safety, item.optional));
    let label = {
        let text = text.clone();
        derive(move || text.clone())
    };
    let tick_value = derive(move || own.with(|own| own.tick.map(|tick| tick.name().to_owned())));
    let typed = derive(move || own.with(|own| own.text.clone()));
    let cannot = move |text: fn() -> &'static str| {
        view! {
            <Check
                label=say(text)
                checked=derive(move || own.with(|own| own.tick == Some(Tick::None)))
                on_change=move |on: bool| change(&|own| own.tick = on.then_some(Tick::None))
            />
        }
    };
    let control = match answer {
        AnswerType::Normal => view! {
            <Segmented
                label=label
                choices=derive(ticks)
                value=tick_value
                on_choose=move |value: String| {
                    change(&|own| own.tick = Tick::from_name(&value));
                }
            />
        }
        .into_any(),
        AnswerType::Number { ref unit, .. } => {
            let limits = walk::limits_text(&answer);
            let label =
                if unit.is_empty() { text.clone() } else { tr::rounds::reading_of(&text, unit) };
            view! {
                <div class="reading" class:outside=bound(move || finding.get())>
                    <TextField
                        label=label
                        value=typed
                        inputmode="decimal"
                        hint=limits
                        on_input=move |text: String| change(&|own| own.text = text.clone())
                    />
                </div>
                {cannot(tr::rounds::cannot_read)}
            }
            .into_any()
        }
        AnswerType::Text => view! {
            <TextArea
                label=label
                value=typed
                rows=2
                on_input=move |text: String| change(&|own| own.text = text.clone())
            />
        }
        .into_any(),
        AnswerType::Photo => view! {
            <PhotoField label=label photos=photos place=report.label/>
            {cannot(tr::rounds::cannot_photograph)}
        }
        .into_any(),
    };
    // Every other control is labelled with the item itself.
    let own_label = answer == AnswerType::Normal;
    let is_photo = answer == AnswerType::Photo;
    let anchor = code.with_value(|code| format!("item-{code}"));
    view! {
        <li class="check-item" id=anchor class:bad=bound(move || finding.get())>
            <div class="row top">
                <span class="grow">{own_label.then_some(text)}</span>
                {safety.then(|| view! { <span class="badge soon">{written(tr::rounds::safety)}</span> })}
                {optional.then(|| view! { <span class="badge">{written(tr::common::optional)}</span> })}
            </div>
            {control}
            {drawn(move || {
                let earlier = own.with(|own| own.earlier.clone());
                (!earlier.is_empty()).then(|| view! {
                    <PhotoStrip attachments=earlier label=say(tr::common::photos)/>
                })
            })}
            <Reported item=item own=own/>
            <Show when=move || finding.get()>
                <FindingPart item=item own=own photos=photos report=report may_report=may_report with_photos=!is_photo
                    on_note=Callback::new(move |text: String| change(&|own| own.note = text.clone()))
                    on_ticket=Callback::new(move |ticket: TicketId| change(&|own| own.ticket = Some(ticket)))
                />
            </Show>
            {drawn(move || problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> }))}
        </li>
    }
}

/// The ticket that was raised from an item, whatever is answered now.
#[component]
fn Reported(item: StoredValue<Item>, own: Memo<ItemForm>) -> impl IntoView {
    let ticket = use_app().query(&[RecordKind::Ticket], move |replica| {
        own.with(|own| {
            let id = own.ticket?;
            // Recorded here, so it is known here, unless the server kept it from this person.
            let known = replica.get::<Ticket>(id.0);
            let stays = item.with_value(|item| walk::ticket_outlives(item, own, known));
            Some((id, Ticket::name_of(id, known), stays))
        })
    });
    drawn(move || {
        ticket.get().map(|(id, number, stays)| {
            view! {
                <a href=format!("/tickets/{id}") class="badge ok reported">
                    <Glyph icon=Icon::Check small=true/>
                    {tr::rounds::reported_as(number)}
                </a>
                {stays.then(|| view! { <p class="small soft">{tr::rounds::ticket_stays()}</p> })}
            }
        })
    })
}

/// Note, photos and the offer of a ticket for a finding.
#[component]
fn FindingPart(
    item: StoredValue<Item>,
    own: Memo<ItemForm>,
    photos: Photos,
    report: Place,
    may_report: Memo<bool>,
    with_photos: bool,
    on_note: Callback<String>,
    on_ticket: Callback<TicketId>,
) -> impl IntoView {
    let app = use_app();
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let refusal = RwSignal::new(None::<Refusal>);
    // What was refused is about what was there then.
    effect(move || {
        own.track();
        let _ = photos.count();
        refusal.set(None);
    });
    let offered = memo(move || may_report.get() && own.with(|own| own.ticket.is_none()));
    let report_it = move |()| {
        busy.set(true);
        let (item, form) = (item.get_value(), own.get_untracked());
        spawn_local(async move {
            let result = raise(app, report, &item, &form, photos).await;
            busy.try_set(false);
            match result {
                Ok(ticket) => {
                    on_ticket.try_run(ticket);
                    refusal.try_set(None);
                    toasts.say(tr::rounds::reported(Ticket::name_of(ticket, None)));
                }
                Err(why) => {
                    refusal.try_set(Some(why));
                }
            }
        });
    };
    view! {
        <div class="finding stack tight">
            <TextArea
                label=say(tr::common::note)
                value=derive(move || own.with(|own| own.note.clone()))
                rows=2
                on_input=on_note
            />
            {with_photos.then(|| view! {
                <PhotoField label=say(tr::common::photos) photos=photos place=report.label/>
            })}
            <Show when=move || offered.get()>
                <Button
                    text=say(tr::rounds::report_repair)
                    icon=Icon::Tickets
                    busy=photos.or_busy(busy)
                    on_press=report_it
                />
            </Show>
            {drawn(move || refusal.get().map(|why| view! { <Notice tone="late" text=error_text(&why)/> }))}
        </div>
    }
}
