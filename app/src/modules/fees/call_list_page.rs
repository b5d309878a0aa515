//! The calls of the day, in the order to make them.

use domain::Right;
use domain::id::ClusterId;
use domain::modules::RecordKind;
use domain::modules::fees::call_list::{Why, phase, window};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::view_model::{CallList, CallRow, draft_key, next_window};
use crate::app_context::{App, use_app};
use crate::i18n::{fmt, name_of, tr};
use crate::modules::households::kit::{ClusterFilter, clusters_for, words};
use crate::reactive::{derive, drawn, memo};
use crate::ui::{Empty, Glyph, Icon, Page, Progress, Skeleton};

/// The day's list, made again when a record it is derived from changes, or the day.
pub fn use_call_list(app: App, cluster: Signal<Option<ClusterId>>) -> Memo<CallList> {
    let today = app.today();
    let kinds = [
        RecordKind::Arrears,
        RecordKind::FeeCall,
        RecordKind::Ticket,
        RecordKind::Household,
        RecordKind::Settings,
    ];
    app.query(&kinds, move |replica| CallList::of(replica, today.get(), cluster.get()))
}

/// The cluster that the address names.
pub fn use_cluster() -> Signal<Option<ClusterId>> {
    let query = use_query_map();
    derive(move || query.with(|map| map.get("cluster"))?.parse().ok())
}

/// `/fees`
#[component]
pub fn CallListPage() -> impl IntoView {
    let app = use_app();
    let cluster = use_cluster();
    let list = use_call_list(app, cluster);
    let clusters = clusters_for(app, Right::RecordCall);
    let go = use_navigate();
    let allowed = memo(move || app.may(Right::RecordCall) && app.may(Right::ViewArrears));
    let loading = memo(move || app.status().with(|status| status.first_sync));
    let empty = memo(move || list.with(|l| l.to_call.is_empty() && l.due.is_empty()));
    view! {
        <Page title=words(tr::fees::title) back="/more">
            {drawn(move || {
                if !allowed.get() {
                    return view! {
                        <Empty
                            icon=Icon::Phone
                            title=words(tr::fees::not_allowed)
                            note=words(tr::fees::not_allowed_note)
                        />
                    }
                        .into_any();
                }
                let go = go.clone();
                view! {
                    <PhaseCard list=list/>
                    <ClusterFilter
                        clusters=clusters
                        value=cluster
                        on_choose=Callback::new(move |id: Option<ClusterId>| {
                            let options = NavigateOptions {
                                replace: true,
                                scroll: false,
                                ..Default::default()
                            };
                            go(&with_cluster("/fees", id), options);
                        })
                    />
                    {drawn(move || {
                        if empty.get() && loading.get() {
                            view! {
                                <p class="soft" role="status">{tr::sync::first_sync()}</p>
                                <Skeleton/>
                            }
                                .into_any()
                        } else if empty.get() {
                            view! { <NothingToCall list=list/> }.into_any()
                        } else {
                            view! { <Lists list=list cluster=cluster/> }.into_any()
                        }
                    })}
                }
                    .into_any()
            })}
        </Page>
    }
}

/// An address with the chosen cluster.
pub fn with_cluster(path: &str, cluster: Option<ClusterId>) -> String {
    cluster.map_or_else(|| path.to_owned(), |id| format!("{path}?cluster={id}"))
}

/// What the calendar asks for today, and how far one is.
#[component]
fn PhaseCard(list: Memo<CallList>) -> impl IntoView {
    let today = use_app().today();
    let done = memo(move || list.with(|list| list.done));
    let total = memo(move || list.with(CallList::total));
    let progress = derive(move || tr::fees::progress(done.get(), total.get()));
    view! {
        <section class="card call-phase" aria-labelledby="phase">
            <header>
                <h2 id="phase">
                    {drawn(move || name_of("fees", "phase_", phase(today.get()).name()))} " "
                    <span class="soft number">
                        {drawn(move || {
                            window(today.get())
                                .map(|(first, last)| {
                                    if first == last {
                                        fmt::day(first)
                                    } else {
                                        format!("{}–{}", fmt::day(first), fmt::day(last))
                                    }
                                })
                        })}
                    </span>
                </h2>
                <span class="strong number">{drawn(move || format!("{}/{}", done.get(), total.get()))}</span>
            </header>
            <Progress done=done total=total label=progress/>
            <p class="soft small">
                {drawn(move || name_of("fees", "phase_hint_", phase(today.get()).name()))}
            </p>
        </section>
    }
}

/// Done, or a day without calls: then the calendar is explained.
#[component]
fn NothingToCall(list: Memo<CallList>) -> impl IntoView {
    let today = use_app().today();
    let calling = move || window(today.get()).is_some();
    let title = derive(move || {
        let text = match (calling(), list.with(|list| list.done)) {
            (_, 1..) => tr::fees::all_called(),
            (true, 0) => tr::fees::nobody_owes(),
            (false, 0) => tr::fees::no_round(),
        };
        text.to_owned()
    });
    let note = derive(move || match next_window(today.get()) {
        Some((first, _)) if !calling() => {
            let name = name_of("fees", "phase_", phase(first).name());
            tr::fees::calendar_next(fmt::date(first), name)
        }
        _ => tr::fees::nobody_owes_note().to_owned(),
    });
    view! { <Empty icon=Icon::Calendar title=title note=note/> }
}

#[component]
fn Lists(list: Memo<CallList>, cluster: Signal<Option<ClusterId>>) -> impl IntoView {
    let section = move |id: &'static str, title: fn() -> &'static str, rows: Vec<CallRow>| {
        (!rows.is_empty()).then(|| {
            let count = rows.len();
            view! {
                <section aria-labelledby=id>
                    <h2 class="section-title" id=id>
                        {title} <span class="number">{count}</span>
                    </h2>
                    <div class="list call-list">
                        {rows
                            .into_iter()
                            .map(|row| view! { <CallLine row=row cluster=cluster.get_untracked()/> })
                            .collect_view()}
                    </div>
                </section>
            }
        })
    };
    drawn(move || {
        let (broken, rest) = list.with(CallList::parts);
        let due = list.with(|list| list.due.clone());
        view! {
            {section("broken", tr::fees::section_broken, broken)}
            {section("to-call", tr::fees::section_to_call, rest)}
            {section("due", tr::fees::section_due, due)}
        }
    })
}

/// One household: who, how much, since when, what was said last.
#[component]
fn CallLine(row: CallRow, cluster: Option<ClusterId>) -> impl IntoView {
    let app = use_app();
    let CallRow { item, name, tickets } = row;
    let href = with_cluster(&format!("/fees/{}", item.unit), cluster);
    let as_of = item.as_of;
    let since = item.since.map(|since| tr::fees::since_months(fmt::month(since), item.months));
    let why = match item.why {
        Why::BrokenPromise => Some(("badge late", tr::fees::why_broken())),
        Why::NotReached => Some(("badge soon", tr::fees::why_not_reached())),
        Why::ServiceSolved => Some(("badge ok", tr::fees::why_solved())),
        Why::PromiseDue => Some(("badge soon", tr::fees::why_due())),
        Why::Phase => None,
    };
    let noting = app.has_draft(&draft_key(item.unit));
    let last = last_words(app, &item);
    view! {
        <a href=href class="item no-lead call-line">
            <span class="stack tight">
                <span class="title">
                    <span class="number">{item.label.clone()}</span>
                    <span>{name}</span>
                    {why.map(|(class, text)| view! { <span class=class>{text}</span> })}
                    {noting.then(|| view! { <span class="badge soon">{tr::fees::noting()}</span> })}
                </span>
                <span class="note">
                    {since} " · "
                    {drawn(move || tr::fees::as_of(fmt::moment(as_of, app.now().get(), &app.zone())))}
                </span>
                {last.map(|last| view! { <span class="note">{last}</span> })}
                {tickets
                    .into_iter()
                    .map(|(title, solved)| {
                        let class = if solved { "note solved" } else { "note unsolved" };
                        let text = if solved {
                            tr::fees::ticket_solved(title)
                        } else {
                            tr::fees::ticket_unsolved(title)
                        };
                        view! { <span class=class>{text}</span> }
                    })
                    .collect_view()}
            </span>
            <span class="trail">
                <span class="strong number">{fmt::money(item.owed)}</span>
                <span class="soft"><Glyph icon=Icon::Phone small=true/></span>
            </span>
        </a>
    }
}

/// "上次 11月18日 接通 · 答应 11月30日 ✗ 爽约".
fn last_words(app: App, item: &domain::modules::fees::call_list::CallItem) -> Option<String> {
    let call = item.last_call.as_ref()?;
    let date = app.zone().date(call.at);
    let mut words =
        tr::fees::last_call(fmt::day(date), name_of("fees", "outcome_", call.outcome.name()));
    if let Some(promised) = item.promised {
        let day = fmt::day(promised);
        words.push_str(" · ");
        words.push_str(&if item.broken {
            tr::fees::broken(day)
        } else {
            tr::fees::promised_for(day)
        });
    }
    Some(words)
}
