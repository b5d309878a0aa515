//! `/today`: where a person in the field begins.

use domain::Right;
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::order;
use leptos::prelude::*;

use super::collect::{self, At};
use super::row::TodayRow;
use super::view_model::{Row, SECTIONS, Section, arrange, greeting, is_technician};
use crate::app_context::use_app;
use crate::i18n::{fmt, tr};
use crate::modules::rounds::words::{after_paint, say};
use crate::modules::session::SignInAgain;
use crate::reactive::{derive, drawn, memo};
use crate::ui::{ButtonLink, Empty, Glyph, Icon, Notice, Page, Show, ShowMore, Skeleton};

fn section_title(section: Section) -> &'static str {
    match section {
        Section::Late => tr::today::section_late(),
        Section::Today => tr::today::section_today(),
        Section::Week => tr::today::section_week(),
        Section::Done => tr::today::section_done(),
    }
}

fn section_icon(section: Section) -> Icon {
    match section {
        Section::Late => Icon::Alert,
        Section::Today => Icon::Clock,
        Section::Week => Icon::Calendar,
        Section::Done => Icon::CheckCircle,
    }
}

#[component]
pub fn TodayPage() -> impl IntoView {
    let app = use_app();
    // The frame is on the screen before every record is looked at.
    let painted = after_paint();
    // One memo each, so that a new ticket does not make the call list again. What only the clock
    // changes is made again by the minute of their own lists.
    let duties =
        [RecordKind::Schedule, RecordKind::Round, RecordKind::RoundTemplate, RecordKind::Cluster];
    let rounds = app.query(&duties, move |replica| {
        let synced = app.status().with(|status| status.last_sync);
        let at = At { now: app.now().get(), today: app.today().get() };
        collect::rounds(replica, at, synced)
    });
    let briefing_kinds = [RecordKind::Briefing, RecordKind::Cluster, RecordKind::Settings];
    let briefings = app.query(&briefing_kinds, move |replica| {
        let today = app.today().get();
        let now = app.now().get_untracked();
        collect::briefings(replica, At { now, today })
    });
    let tickets = app.query(&[RecordKind::Ticket], move |replica| {
        if !painted.get() {
            return Vec::new();
        }
        collect::tickets(replica)
    });
    let promises = app.query(&[RecordKind::Visit], move |replica| {
        if !painted.get() {
            return Vec::new();
        }
        collect::promises(replica)
    });
    let call_kinds = [RecordKind::Arrears, RecordKind::FeeCall, RecordKind::Ticket];
    let calls = app.query(&call_kinds, move |replica| {
        if !painted.get() {
            return None;
        }
        let today = app.today().get();
        collect::calls(replica, At { now: app.now().get_untracked(), today })
    });
    let sections = memo(move || {
        let mut rows: Vec<Row> = briefings.get();
        rows.extend(rounds.get());
        rows.extend(tickets.get());
        rows.extend(promises.get());
        rows.extend(calls.get());
        let technician = is_technician(&app.actor().roles);
        app.settings().with(|settings| arrange(rows, app.now().get(), &settings.zone, technician))
    });
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let own = collect::own_clusters(replica);
        let mut names: Vec<String> = replica
            .iter::<Cluster>()
            .filter(|cluster| own.contains(&cluster.id))
            .map(|cluster| format!("{} {}", cluster.code, cluster.name))
            .collect();
        order::sort(&mut names);
        names
    });
    let title = derive(move || {
        app.settings().with(|settings| greeting(&app.actor().name, app.now().get(), &settings.zone))
    });
    let first_sync = memo(move || app.status().with(|status| status.first_sync));
    let open = move || {
        sections.with(|sections| sections.iter().any(|(section, _)| *section != Section::Done))
    };
    view! {
        <Page title=title>
            <p class="today-line soft">
                {drawn(move || fmt::date(app.today().get()))}
                {drawn(move || clusters.with(|names| {
                    (!names.is_empty()).then(|| format!(" · {}", fmt::list(names)))
                }))}
            </p>
            <SignInAgain/>
            <Show when=move || first_sync.get()>
                <Notice tone="soon" text=say(tr::today::first_sync)/>
            </Show>
            {drawn(move || {
                if !painted.get() {
                    return view! { <Skeleton rows=5/> }.into_any();
                }
                if !open() {
                    return if first_sync.get() {
                        view! { <Skeleton rows=5/> }.into_any()
                    } else {
                        view! {
                            <Empty
                                icon=Icon::CheckCircle
                                title=say(tr::today::all_done)
                                note=say(tr::today::all_done_note)
                            />
                        }
                        .into_any()
                    };
                }
                ().into_any()
            })}
            {drawn(move || painted.get().then(|| {
                SECTIONS
                    .into_iter()
                    .map(|section| view! { <Part section=section sections=sections/> })
                    .collect_view()
            }))}
            <QuickActions/>
        </Page>
    }
}

/// The lines of one section.
fn own(sections: &[(Section, Vec<Row>)], wanted: Section) -> &[Row] {
    sections.iter().find(|(section, _)| *section == wanted).map_or(&[], |(_, rows)| rows)
}

/// Lines of a section that are drawn at once.
const STEP: usize = 30;

#[component]
fn Part(section: Section, sections: Memo<Vec<(Section, Vec<Row>)>>) -> impl IntoView {
    let shown = RwSignal::new(STEP);
    let first = memo(move || {
        sections.with(|sections| {
            own(sections, section).iter().take(shown.get()).cloned().collect::<Vec<_>>()
        })
    });
    let count = move || sections.with(|sections| own(sections, section).len());
    let class = match section {
        Section::Late => "section-title late",
        Section::Today => "section-title soon",
        _ => "section-title",
    };
    view! {
        <Show when=move || { count() > 0 }>
            <section class="today-part">
                <h2 class=class>
                    <Glyph icon=section_icon(section) small=true/>
                    {drawn(move || section_title(section))}
                    " "
                    <span class="number">{drawn(count)}</span>
                </h2>
                <ul class="list">
                    {drawn(move || {
                        first.get()
                            .into_iter()
                            .map(|row| view! {
                                <li><TodayRow row=row late=section == Section::Late/></li>
                            })
                            .collect_view()
                    })}
                </ul>
                <ShowMore total=derive(count) shown=shown step=STEP/>
            </section>
        </Show>
    }
}

/// What happens unplanned: somebody is met, something is broken.
#[component]
fn QuickActions() -> impl IntoView {
    let app = use_app();
    let visits = memo(move || app.may(Right::RecordVisit));
    let reports = memo(move || app.may(Right::OpenTicket));
    drawn(move || {
        (visits.get() || reports.get()).then(|| {
            view! {
                <div class="action-bar">
                    {visits.get().then(|| view! {
                        <ButtonLink
                            text=say(tr::today::met_somebody)
                            href="/visits/new?back=%2Ftoday"
                            icon=Icon::Plus
                            large=true
                        />
                    })}
                    {reports.get().then(|| view! {
                        <ButtonLink
                            text=say(tr::today::report_repair)
                            href="/tickets/new?back=%2Ftoday"
                            icon=Icon::Plus
                            large=true
                        />
                    })}
                </div>
            }
        })
    })
}
