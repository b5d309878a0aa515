//! What has to be said before a move: reason, explanation, whom, how satisfied.

use std::sync::Arc;

use domain::modules::tickets::{Move, Ticket, WaitReason};
use leptos::prelude::*;

use super::assign_list::AssignList;
use super::labels;
use super::list_page::name_of;
use super::parts::{Problem, say, use_sending};
use super::view_model::moves::{
    Ask, MoveForm, command, is_answered, is_estimate, morning_in, rivals,
};
use crate::app_context::{use_app, use_draft};
use crate::i18n::{fmt, tr};
use crate::reactive::{derive, drawn, memo};
use crate::ui::{
    Button, Chips, Choice, PhotoField, Segmented, Sheet, Show, TextArea, TextField, Weight,
    use_photos,
};

/// Open while `ask` says what about.
#[component]
pub fn MoveSheet(ticket: Memo<Arc<Ticket>>, ask: RwSignal<Option<Ask>>) -> impl IntoView {
    let title = derive(move || match ask.get() {
        Some(Ask::Move(tried)) => ticket.with(|ticket| labels::move_name_of(tried, ticket)),
        Some(Ask::Settle) => tr::tickets::settle().to_owned(),
        None => String::new(),
    });
    view! {
        <Sheet
            open=derive(move || ask.get().is_some())
            title=title
            on_close=move |()| ask.set(None)
        >
            {drawn(move || {
                let ticket = ticket.get_untracked();
                ask.get().map(|what| view! {
                    <Question ticket=ticket what=what on_done=move |()| ask.set(None)/>
                })
            })}
        </Sheet>
    }
}

#[component]
fn Question(ticket: Arc<Ticket>, what: Ask, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let app = use_app();
    let key = format!("ticket:{}:{}", ticket.id, what.name());
    let form = use_draft(key.clone(), MoveForm::default());
    let photos = use_photos(format!("{key}/photos"));
    let sending = use_sending();
    let id = ticket.id;
    let draft = StoredValue::new(key);
    let ready = memo(move || form.with(|form| is_answered(what, form, photos.count())));
    // As it was when this was opened: afterwards it is somebody's in any case.
    let (done, confirm) = match what {
        Ask::Move(tried) => (
            labels::move_done_of(tried, &ticket),
            tr::tickets::confirm(labels::move_name_of(tried, &ticket)),
        ),
        Ask::Settle => (tr::tickets::settled().to_owned(), tr::tickets::settle_done().to_owned()),
    };
    let submit = move |()| {
        let pictures = untrack(|| photos.attachments());
        let zone = app.settings().with_untracked(|settings| settings.zone.clone());
        let made = form.with_untracked(|form| command(what, id, form, pictures.clone(), &zone));
        let Some(made) = made else { return };
        let (blobs, draft) = (photos.blobs(&pictures), Some(draft.get_value()));
        sending.send(vec![made], blobs, draft, done.clone(), on_done);
    };
    let place = Signal::stored(ticket.place.label.clone());
    let fields = match what {
        Ask::Move(Move::Assign) => view! {
            <AssignList
                ticket=Some(id)
                chosen=derive(move || form.with(|form| form.to))
                on_choose=move |user| form.update(|form| form.to = Some(user))
            />
        }
        .into_any(),
        Ask::Move(Move::Wait) => wait_fields(form),
        Ask::Move(Move::Assess) => assess_fields(form),
        Ask::Move(Move::ReturnVisit) => visit_fields(form),
        Ask::Move(Move::Note) => view! {
            <PhotoField label=say(tr::common::photos) photos=photos place=place/>
        }
        .into_any(),
        Ask::Settle => settle_fields(&ticket, form),
        Ask::Move(_) => ().into_any(),
    };
    let note_label = move || match what {
        Ask::Move(Move::Decline) => tr::tickets::explanation(),
        Ask::Move(Move::Reopen) => tr::tickets::reopen_reason(),
        Ask::Move(Move::Assess) if !form.with(|form| form.feasible) => tr::tickets::explanation(),
        _ => tr::common::note(),
    };
    view! {
        {fields}
        <TextArea
            label=derive(move || note_label().to_owned())
            value=derive(move || form.with(|form| form.note.clone()))
            on_input=move |text| form.update(|form| form.note = text)
            rows=3
        />
        <p class="small soft" role="status">
            {drawn(move || (!ready.get()).then(|| lack_text(what)))}
        </p>
        <Problem sending=sending/>
        <footer>
            <Button
                text=Signal::stored(confirm)
                on_press=submit
                weight=Weight::Primary
                large=true
                disabled=derive(move || !ready.get())
                busy=photos.or_busy(sending.busy)
            />
        </footer>
    }
}

/// Why the button waits.
fn lack_text(what: Ask) -> &'static str {
    match what {
        Ask::Move(Move::Assign) => tr::tickets::lack_person(),
        Ask::Move(Move::Wait) => tr::tickets::lack_wait_reason(),
        Ask::Move(Move::Assess) => tr::tickets::lack_assess(),
        Ask::Move(Move::ReturnVisit) => tr::tickets::lack_visit(),
        Ask::Move(Move::Decline) => tr::tickets::lack_explanation(),
        Ask::Move(Move::Reopen) => tr::tickets::lack_reason(),
        _ => tr::tickets::lack_note(),
    }
}

fn wait_fields(form: RwSignal<MoveForm>) -> AnyView {
    let app = use_app();
    let reasons = || {
        [WaitReason::Parts, WaitReason::Owner, WaitReason::ThirdParty]
            .map(|one| Choice::new(labels::wait_reason_name(one), labels::wait_reason(one)))
            .to_vec()
    };
    let mornings = move || {
        let zone = app.zone();
        [
            (1, tr::tickets::until_tomorrow()),
            (3, tr::tickets::until_three_days()),
            (7, tr::tickets::until_week()),
        ]
        .map(|(days, text)| Choice::new(morning_in(days, app.instant(), &zone), text))
        .to_vec()
    };
    view! {
        <div class="field">
            <span class="label">{tr::tickets::waits_for}</span>
            <Segmented
                label=say(tr::tickets::waits_for)
                choices=derive(reasons)
                value=derive(move || Some(form.with(|form| form.reason.clone())))
                on_choose=move |name| form.update(|form| form.reason = name)
            />
        </div>
        <TextField
            label=say(tr::tickets::wait_until)
            kind="datetime-local"
            value=derive(move || form.with(|form| form.until.clone()))
            on_input=move |text| form.update(|form| form.until = text)
        />
        <Chips
            label=say(tr::tickets::wait_until)
            choices=derive(mornings)
            value=derive(move || Some(form.with(|form| form.until.clone())))
            on_choose=move |text| form.update(|form| form.until = text)
        />
    }
    .into_any()
}

/// What is decided: everything stays as it is, or one of the completions that came too late counts.
fn settle_fields(ticket: &Ticket, form: RwSignal<MoveForm>) -> AnyView {
    let app = use_app();
    let rivals = rivals(ticket);
    let choices = move || {
        let zone = app.zone();
        let keep = Choice::new(String::new(), tr::tickets::settle_keep());
        let counts = rivals.iter().map(|(name, which)| {
            let by = app.with_replica(|replica| name_of(replica, which.by));
            let at = fmt::moment(which.at, app.instant(), &zone);
            Choice::new(name.clone(), tr::tickets::settle_counts(by, at))
        });
        std::iter::once(keep).chain(counts).collect::<Vec<_>>()
    };
    view! {
        <p>{tr::tickets::settle_note}</p>
        <div class="field">
            <span class="label">{tr::tickets::settle_decision}</span>
            <Chips
                label=say(tr::tickets::settle_decision)
                choices=derive(choices)
                value=derive(move || Some(form.with(|form| form.counts.clone())))
                on_choose=move |name| form.update(|form| form.counts = name)
            />
        </div>
    }
    .into_any()
}

fn assess_fields(form: RwSignal<MoveForm>) -> AnyView {
    let feasible = move || form.with(|form| form.feasible);
    let bad_amount = move || form.with(|form| !is_estimate(form));
    view! {
        <Segmented
            label=say(tr::tickets::feasible)
            choices=derive(|| vec![
                Choice::new("yes", tr::tickets::feasible_yes()),
                Choice::new("no", tr::tickets::feasible_no()).bad(),
            ])
            value=derive(move || Some(if feasible() { "yes" } else { "no" }.to_owned()))
            on_choose=move |name: String| form.update(|form| form.feasible = name == "yes")
        />
        <Show when=feasible>
            <TextField
                label=say(tr::tickets::estimate_yuan)
                inputmode="decimal"
                value=derive(move || form.with(|form| form.estimate.clone()))
                on_input=move |text| form.update(|form| form.estimate = text)
                problem=derive(move || bad_amount().then(|| tr::tickets::bad_amount().to_owned()))
            />
        </Show>
    }
    .into_any()
}

fn visit_fields(form: RwSignal<MoveForm>) -> AnyView {
    let solved = move || {
        let solved = form.with(|form| form.solved)?;
        Some(if solved { "yes" } else { "no" }.to_owned())
    };
    let scores = || {
        (1..=5_u8)
            .map(|score| Choice::new(score.to_string(), tr::tickets::score_of(score)))
            .collect::<Vec<_>>()
    };
    view! {
        <div class="field">
            <span class="label">{tr::tickets::ask_solved}</span>
            <Segmented
                label=say(tr::tickets::ask_solved)
                choices=derive(|| vec![
                    Choice::new("yes", tr::tickets::solved_yes()),
                    Choice::new("no", tr::tickets::solved_no()).bad(),
                ])
                value=derive(solved)
                on_choose=move |name: String| form.update(|form| form.solved = Some(name == "yes"))
            />
        </div>
        <div class="field">
            <span class="label">{tr::tickets::ask_score}</span>
            <Segmented
                label=say(tr::tickets::ask_score)
                choices=derive(scores)
                value=derive(move || Some(form.with(|form| form.score.to_string())))
                on_choose=move |name: String| form.update(|form| form.score = name.parse().unwrap_or(0))
            />
        </div>
    }
    .into_any()
}
