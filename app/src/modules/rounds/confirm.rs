//! Standing there: by the code on the wall, or by hand with a reason.

use domain::Refusal;
use domain::modules::rounds::{Checkpoint, HandReason, Round};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::round_page::Carried;
use super::view_model::walk::{PointForm, Scan, Standing, choose_reason, judge_scan};
use super::words::say;
use crate::app_context::use_app;
use crate::error_text::error_text;
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, derive, drawn, memo};
use crate::ui::{Button, Chips, Choice, Glyph, Icon, Notice, Scanner, Show, TextField, Weight};

/// Reasons that come up again and again.
fn reasons() -> Vec<Choice> {
    let choice = |one: HandReason| Choice::new(one.name(), fmt::hand_reason(Some(one), ""));
    HandReason::ALL.into_iter().map(choice).collect()
}

#[component]
pub fn Confirm(
    form: RwSignal<PointForm>,
    round: Memo<Option<Round>>,
    point: String,
    checkpoint: Memo<Option<Checkpoint>>,
    /// The page missed it when the point was to be recorded.
    wanted: RwSignal<bool>,
    go: Callback<Option<String>>,
) -> impl IntoView {
    let app = use_app();
    let carried = expect_context::<Carried>().0;
    let scanning = RwSignal::new(false);
    let refusal = RwSignal::new(None::<Refusal>);
    let other = RwSignal::new(None::<(String, String, String)>);
    let point = StoredValue::new(point);
    let judge = move |text: String| {
        spawn_local(async move {
            let verified = app.verify_code(&text).await;
            let Some(Some(round)) = round.try_get_untracked() else { return };
            let scan = match verified {
                Err(why) => Scan::Refused(why),
                Ok(code) => app.with_replica(|replica| {
                    let Some(point) = point.try_get_value() else {
                        return Scan::Refused(Refusal::new(domain::refusal::CommonCode::NotFound));
                    };
                    let standing = Standing { round: &round, point: &point };
                    judge_scan(&code, &standing, &|id| replica.get::<Checkpoint>(id.0))
                }),
            };
            match scan {
                Scan::Right => {
                    let at = app.instant();
                    form.try_update(|form| {
                        form.code = Some((text, at));
                        form.by_hand = false;
                    });
                    wanted.try_set(false);
                    refusal.try_set(None);
                    other.try_set(None);
                }
                Scan::OtherPoint { point, name } => {
                    refusal.try_set(None);
                    other.try_set(Some((point, name, text)));
                }
                Scan::Refused(why) => {
                    other.try_set(None);
                    refusal.try_set(Some(why));
                }
            }
        });
    };
    let by_hand = move |()| {
        scanning.set(false);
        refusal.set(None);
        other.set(None);
        form.update(|form| {
            form.by_hand = true;
            form.code = None;
        });
        wanted.set(false);
    };
    let scan = move |()| {
        refusal.set(None);
        other.set(None);
        scanning.set(true);
    };
    let can_scan = app.can_scan();
    let has_code = memo(move || form.with(|form| form.code.is_some()));
    let is_by_hand = memo(move || form.with(|form| form.by_hand && form.code.is_none()));
    view! {
        <div class="card confirm" class:wanted=bound(move || wanted.get())>
            {drawn(move || {
                if has_code.get() {
                    let at = form.with(|form| form.code.as_ref().map(|(_, at)| *at));
                    let time = at.map_or(String::new(), |at| fmt::time(at, &app.zone()));
                    return view! {
                        <div class="row">
                            <span class="badge ok">
                                <Glyph icon=Icon::Check small=true/>
                                {tr::rounds::scanned_at(time)}
                            </span>
                            <span class="push"></span>
                            <Button text=say(tr::rounds::scan_again) weight=Weight::Quiet on_press=scan/>
                        </div>
                    }
                    .into_any();
                }
                let registered = checkpoint.with(Option::is_some);
                view! {
                    <div class="button-row">
                        {(can_scan && registered).then(|| view! {
                            <Button
                                text=say(tr::rounds::scan)
                                icon=Icon::Code
                                weight=Weight::Primary
                                on_press=scan
                            />
                        })}
                        {(!is_by_hand.get()).then(|| view! {
                            <Button text=say(tr::rounds::by_hand) icon=Icon::Pen on_press=by_hand/>
                        })}
                    </div>
                    {(!registered).then(|| view! {
                        <p class="small soft">{tr::rounds::no_code_registered()}</p>
                    })}
                }
                .into_any()
            })}
            <Show when=move || is_by_hand.get()>
                <div class="stack tight">
                    <Chips
                        label=say(tr::rounds::hand_reason)
                        choices=derive(reasons)
                        value=derive(move || {
                            form.with(|form| form.usual.map(|usual| usual.name().to_owned()))
                        })
                        on_choose=move |name: String| {
                            wanted.set(false);
                            form.update(|form| choose_reason(form, &name));
                        }
                    />
                    <TextField
                        label=say(tr::rounds::hand_words)
                        value=derive(move || form.with(|form| form.reason.clone()))
                        on_input=move |text| {
                            wanted.set(false);
                            form.update(|form| form.reason = text);
                        }
                    />
                </div>
            </Show>
            <Show when=move || wanted.get()>
                <p class="problem" role="alert">
                    {drawn(move || if is_by_hand.get() {
                        tr::rounds::hand_reason_needed()
                    } else {
                        tr::rounds::place_needed()
                    })}
                </p>
            </Show>
            {drawn(move || refusal.get().map(|why| view! {
                <Notice tone="late" text=error_text(&why)/>
            }))}
            {drawn(move || other.get().map(|(code, name, text)| view! {
                <Notice tone="soon" text=tr::rounds::other_point(name)>
                    <Button
                        text=say(tr::rounds::go_there)
                        on_press=move |()| {
                            carried.set(Some((code.clone(), text.clone())));
                            go.run(Some(code.clone()));
                        }
                    />
                </Notice>
            }))}
        </div>
        <Show when=move || scanning.get()>
            <Scanner
                title=say(tr::rounds::scan_title)
                on_code=move |text: String| {
                    scanning.set(false);
                    judge(text);
                }
                on_cancel=move |()| scanning.set(false)
                on_manual=Callback::new(by_hand)
            />
        </Show>
    }
}
