//! Parts of the completion page: checklist, cause and action, signature, what is missing.

use domain::modules::attachments::AttachmentRole;
use domain::modules::tickets::CONDUCT;
use leptos::prelude::*;

use super::labels;
use super::parts::say;
use super::view_model::complete::{CompleteForm, Missing, SignedFor, causes, with_cause};
use crate::device::page;
use crate::i18n::{Language, current, fmt, tr};
use crate::reactive::{bound, derive, drawn, effect_after, memo, written};
use crate::ui::{
    Button, Check, Chips, Choice, Notice, Photos, Show, SignaturePad, TextArea, TextField,
};

/// A numbered part of the page, which the missing list leads to by its id.
pub fn part(id: &'static str, number: usize, title: Signal<String>, body: AnyView) -> AnyView {
    view! {
        <section class="card" id=id tabindex="-1" aria-labelledby=format!("{id}-title")>
            <h2 id=format!("{id}-title")>
                <span class="part-number number" aria-hidden="true">{number}</span>
                {title}
            </h2>
            {body}
        </section>
    }
    .into_any()
}

/// Leads to a part of the page.
pub fn go_to_part(id: &str) {
    page::bring_into_sight(&format!("#{id}"));
}

/// The in-unit conduct checklist of S2.
#[component]
pub fn ConductPart(form: RwSignal<CompleteForm>) -> impl IntoView {
    let ticked = move || form.with(CompleteForm::answered);
    let title = move || {
        let done = tr::tickets::conduct_done(ticked(), CONDUCT.len());
        format!("{} {done}", tr::tickets::conduct())
    };
    let points = CONDUCT
        .into_iter()
        .map(|code| {
            let checked = move || form.with(|form| form.conduct.iter().any(|known| known == code));
            let excused = memo(move || {
                form.with(|form| form.not_applicable.iter().any(|known| known == code))
            });
            view! {
                <li class="row">
                    <div class="grow">
                        <Check
                            label=derive(move || labels::conduct(code))
                            checked=derive(checked)
                            on_change=move |ticked| form.update(|form| form.tick(code, ticked))
                        />
                    </div>
                    <button
                        type="button"
                        class="chip"
                        aria-pressed=bound(move || excused.get().to_string())
                        aria-label=bound(move || tr::tickets::conduct_excuse_of(labels::conduct(code)))
                        on:click=move |_| form.update(|form| form.excuse(code, !excused.get_untracked()))
                    >
                        {written(tr::tickets::conduct_excuse)}
                    </button>
                </li>
            }
        })
        .collect_view();
    part(
        "conduct",
        1,
        derive(title),
        view! {
            <ul class="conduct">{points}</ul>
            <Show when=move || ticked() < CONDUCT.len()>
                <Button
                    text=say(tr::tickets::conduct_all)
                    on_press=move |()| form.update(CompleteForm::tick_all)
                />
            </Show>
        }
        .into_any(),
    )
}

/// Why it happened and what was done about it.
#[component]
pub fn WorkPart(form: RwSignal<CompleteForm>, number: usize, category: String) -> impl IntoView {
    let usual = derive(move || {
        causes(&category)
            .iter()
            .map(|code| {
                let text = labels::cause(code);
                Choice::new(text.clone(), text)
            })
            .collect::<Vec<_>>()
    });
    let add = move |cause: String| {
        let separator = if current() == Language::En { ", " } else { "、" };
        form.update(|form| form.cause = with_cause(&form.cause, &cause, separator));
    };
    part(
        "work",
        number,
        say(tr::tickets::part_work),
        view! {
            <TextArea
                label=say(tr::tickets::cause)
                value=derive(move || form.with(|form| form.cause.clone()))
                on_input=move |text| form.update(|form| form.cause = text)
                rows=2
            />
            <Chips
                label=say(tr::tickets::usual_causes)
                choices=usual
                value=derive(move || Some(form.with(|form| form.cause.clone())))
                on_choose=add
            />
            <TextArea
                label=say(tr::tickets::action)
                value=derive(move || form.with(|form| form.action.clone()))
                on_input=move |text| form.update(|form| form.action = text)
                rows=3
            />
        }
        .into_any(),
    )
}

/// The customer's signature, or why there is none.
#[component]
pub fn SignPart(form: RwSignal<CompleteForm>, photos: Photos, number: usize) -> impl IntoView {
    let unsigned = memo(move || form.with(|form| form.unsigned));
    let reasons = derive(|| {
        [
            tr::tickets::unsigned_away(),
            tr::tickets::unsigned_public(),
            tr::tickets::unsigned_phone(),
            tr::tickets::unsigned_refused(),
        ]
        .map(|text| Choice::new(text, text))
        .to_vec()
    });
    let sum = move || {
        form.with(CompleteForm::total)
            .map_or_else(|| tr::tickets::bad_amount().to_owned(), fmt::money)
    };
    // What was signed is what was read: with other words or another amount it is signed again.
    let again = RwSignal::new(false);
    let signed_for = memo(move || form.with(CompleteForm::signed_for));
    effect_after(move |before: Option<SignedFor>| {
        let now = signed_for.get();
        let signatures = untrack(|| photos.of(AttachmentRole::Signature));
        if before.is_some_and(|before| before != now) && !signatures.is_empty() {
            signatures.iter().for_each(|one| photos.remove(&one.attachment));
            again.set(true);
        }
        now
    });
    let sign_again = memo(move || again.get() && photos.of(AttachmentRole::Signature).is_empty());
    let body = move || {
        if unsigned.get() {
            return view! {
                <TextField
                    label=say(tr::tickets::unsigned_reason)
                    value=derive(move || form.with(|form| form.unsigned_reason.clone()))
                    on_input=move |text| form.update(|form| form.unsigned_reason = text)
                />
                <Chips
                    label=say(tr::tickets::unsigned_usual)
                    choices=reasons
                    value=derive(move || Some(form.with(|form| form.unsigned_reason.clone())))
                    on_choose=move |text| form.update(|form| form.unsigned_reason = text)
                />
            }
            .into_any();
        }
        view! {
            <Show when=move || sign_again.get()>
                <Notice tone="late" text=say(tr::tickets::sign_again)/>
            </Show>
            <TextField
                label=say(tr::tickets::signed_by)
                value=derive(move || form.with(|form| form.signed_by.clone()))
                on_input=move |text| form.update(|form| form.signed_by = text)
                autocomplete="off"
            />
            <p class="signed-for">
                <span>{written(tr::tickets::signed_for)}</span>
                <strong class="number">{drawn(sum)}</strong>
            </p>
            <SignaturePad label=say(tr::tickets::signature) photos=photos/>
        }
        .into_any()
    };
    part(
        "sign",
        number,
        say(tr::tickets::part_sign),
        view! {
            {drawn(body)}
            <Check
                label=say(tr::tickets::unsigned)
                checked=unsigned
                on_change=move |on| form.update(|form| form.unsigned = on)
            />
        }
        .into_any(),
    )
}

fn missing_text(missing: Missing) -> String {
    match missing {
        Missing::Conduct(points) => return tr::tickets::missing_conduct(points),
        Missing::AfterPhoto => tr::tickets::missing_after(),
        Missing::Cause => tr::tickets::missing_cause(),
        Missing::Action => tr::tickets::missing_action(),
        Missing::Amount => tr::tickets::missing_amount(),
        Missing::Quantity => tr::tickets::missing_quantity(),
        Missing::Signature => tr::tickets::missing_signature(),
        Missing::Signer => tr::tickets::missing_signer(),
        Missing::UnsignedReason => tr::tickets::missing_reason(),
    }
    .to_owned()
}

/// What is still missing, live; each leads to its part of the page.
#[component]
pub fn MissingList(missing: Memo<Vec<Missing>>) -> impl IntoView {
    let lines = move || {
        let line = |one: Missing| {
            view! {
                <li>
                    <button type="button" class="chip" on:click=move |_| go_to_part(one.part())>
                        {missing_text(one)}
                    </button>
                </li>
            }
        };
        missing.get().into_iter().map(line).collect_view()
    };
    view! {
        <Show when=move || !missing.with(Vec::is_empty)>
            <div class="missing" role="status">
                <p class="small strong">{tr::tickets::missing_title}</p>
                <ul class="chips">{drawn(lines)}</ul>
            </div>
        </Show>
    }
}
