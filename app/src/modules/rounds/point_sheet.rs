//! All points of a running round: what is done, what is missing, one tap to each.

use domain::modules::rounds::{Round, RoundTemplate};
use leptos::prelude::*;

use super::words::{self, say};
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::reactive::{drawn, written};
use crate::ui::{Button, Glyph, Icon, Sheet};

#[component]
pub fn PointSheet(
    open: RwSignal<bool>,
    round: Memo<Option<Round>>,
    template: Memo<Option<RoundTemplate>>,
    current: Memo<Option<String>>,
    #[prop(into)] on_choose: Callback<String>,
    #[prop(into)] on_finish: Callback<()>,
) -> impl IntoView {
    let app = use_app();
    let rows = move || {
        let (Some(round), Some(template)) = (round.get(), template.get()) else {
            return Vec::new();
        };
        let zone = app.zone();
        let row = |(index, point): (usize, &domain::modules::rounds::Point)| {
            let result = round.result(&point.code);
            let here = current.with(|current| current.as_deref() == Some(&point.code));
            let state = match result {
                Some(result) => tr::rounds::done_at(fmt::time(result.at, &zone)),
                None if here => tr::rounds::here().to_owned(),
                None => tr::rounds::to_do().to_owned(),
            };
            let flags = result.map_or(Vec::new(), |result| result.flags.clone());
            let code = point.code.clone();
            view! {
                <li>
                    <button
                        type="button"
                        class="item"
                        aria-current=here.then_some("step")
                        on:click=move |_| on_choose.run(code.clone())
                    >
                        <span class="lead">{words::circled(index)}</span>
                        <span>
                            <span class="title">{point.name.clone()}</span>
                            <span class="note">{state}</span>
                        </span>
                        <span class="trail">
                            {flags
                                .into_iter()
                                .map(|flag| view! {
                                    <span class="badge soon">{words::flag(flag)}</span>
                                })
                                .collect_view()}
                            {result.map(|_| view! {
                                <span class="badge ok"><Glyph icon=Icon::Check small=true/></span>
                            })}
                        </span>
                    </button>
                </li>
            }
            .into_any()
        };
        template.points.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    view! {
        <Sheet open=open title=say(tr::rounds::points_list) on_close=move |()| open.set(false)>
            <p class="soft small">{written(tr::rounds::points_list_note)}</p>
            <ol class="list inset">{drawn(rows)}</ol>
            <footer>
                <Button text=say(tr::rounds::finish) icon=Icon::CheckCircle on_press=on_finish/>
            </footer>
        </Sheet>
    }
}
