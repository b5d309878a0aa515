//! The rounds of a day as the office watches them.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use domain::id::ClusterId;
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::order;
use domain::views::{RoundLine, RoundTable};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::view_model::duties::window_text;
use super::words::{self, say};
use crate::app_context::{use_app, use_view};
use crate::error_text::error_text;
use crate::i18n::{self, fmt, tr};
use crate::reactive::{bound, derive, drawn, memo, written};
use crate::ui::{Button, ButtonLink, Empty, Icon, IconButton, Notice, Page, Skeleton, TextField};

/// `/office/rounds?date=…`.
#[component]
pub fn RoundTablePage() -> impl IntoView {
    let app = use_app();
    let query = use_query_map();
    let navigate = use_navigate();
    let date = memo(move || {
        let asked = query.with(|query| query.get("date"));
        let asked = asked.and_then(|date| date.parse::<NaiveDate>().ok());
        asked.unwrap_or_else(|| app.today().get())
    });
    let table =
        use_view::<RoundTable>(derive(move || format!("/api/v1/views/rounds?date={}", date.get())));
    let clusters = app.query(&[RecordKind::Cluster], |replica| {
        let name = |one: &Cluster| (one.id, (one.code.clone(), one.name.clone()));
        order::map_of(replica.iter::<Cluster>().map(name))
    });
    let go = Callback::new(move |date: NaiveDate| {
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        navigate(&format!("/office/rounds?date={date}"), options);
    });
    let step = move |back: bool| {
        let date = date.get_untracked();
        let one = Days::new(1);
        let other = if back { date.checked_sub_days(one) } else { date.checked_add_days(one) };
        go.run(other.unwrap_or(date));
    };
    let subtitle = derive(move || fmt::date(date.get()));
    view! {
        <Page title=say(tr::rounds::rounds) subtitle=subtitle>
            <div class="toolbar no-print">
                <IconButton
                    icon=Icon::Back
                    label=say(tr::rounds::day_before)
                    on_press=move |()| step(true)
                />
                <TextField
                    label=say(tr::rounds::date)
                    kind="date"
                    value=derive(move || date.get().to_string())
                    on_input=move |text: String| {
                        if let Ok(date) = text.parse() {
                            go.run(date);
                        }
                    }
                />
                <IconButton
                    icon=Icon::Forward
                    label=say(tr::rounds::day_after)
                    on_press=move |()| step(false)
                />
                {drawn(move || view! {
                    <ButtonLink
                        text=say(tr::rounds::briefings)
                        href=format!("/office/briefings?date={}", date.get())
                        icon=Icon::Talk
                    />
                })}
                <Button
                    text=say(tr::rounds::print)
                    icon=Icon::Print
                    on_press=move |()| {
                        let _ = crate::device::page::window().print();
                    }
                />
            </div>
            {drawn(move || table.error.get().map(|refusal| {
                let stale = table.data.with(Option::is_some);
                let text = error_text(&refusal);
                let text = if stale { format!("{text} {}", tr::common::stale()) } else { text };
                view! {
                    <Notice tone="late" text=text>
                        <Button text=say(tr::common::retry) on_press=table.reload/>
                    </Notice>
                }
            }))}
            {drawn(move || match table.data.get() {
                None if table.error.with(Option::is_some) => ().into_any(),
                None => view! { <Skeleton rows=8/> }.into_any(),
                Some(found) if found.rows.is_empty() => view! {
                    <Empty
                        icon=Icon::Rounds
                        title=say(tr::rounds::table_empty)
                        note=say(tr::rounds::table_empty_note)
                    />
                }
                .into_any(),
                Some(found) => {
                    let names = clusters.get();
                    let shown = date.get_untracked();
                    grouped(found.rows, &names)
                        .into_iter()
                        .map(|(cluster, title, rows)| view! {
                            <Group cluster=cluster title=title rows=rows date=shown/>
                        })
                        .collect_view()
                        .into_any()
                }
            })}
        </Page>
    }
}

type Group = (ClusterId, String, Vec<RoundLine>);

/// By cluster, in the order of their letters; rows stay as the server ordered them.
fn grouped(rows: Vec<RoundLine>, names: &BTreeMap<ClusterId, (String, String)>) -> Vec<Group> {
    let mut groups: BTreeMap<(String, ClusterId), Vec<RoundLine>> = BTreeMap::new();
    for row in rows {
        let code = names.get(&row.cluster).map_or(String::new(), |(code, _)| code.clone());
        groups.entry((code, row.cluster)).or_default().push(row);
    }
    groups
        .into_iter()
        .map(|((code, cluster), rows)| {
            let name = names.get(&cluster).map_or("", |(_, name)| name.as_str());
            (cluster, format!("{code} {name}").trim().to_owned(), rows)
        })
        .collect()
}

#[component]
fn Group(
    cluster: ClusterId,
    title: String,
    rows: Vec<RoundLine>,
    date: NaiveDate,
) -> impl IntoView {
    let done = rows.iter().filter(|row| row.state.starts_with("done")).count();
    let summary = tr::rounds::done_of(done, rows.len());
    let label = title.clone();
    view! {
        <section class="stack tight">
            <div class="row wrap">
                <h2>{title}</h2>
                <span class="soft number">{summary}</span>
                <span class="push"></span>
                // Rendered by the server, for paper: outside the app's own pages.
                <a
                    class="button small no-print"
                    href=bound(move || {
                        let language = i18n::current().tag();
                        format!("/print/checkpoints?cluster={cluster}&lang={language}")
                    })
                    target="_blank"
                    rel="external noopener"
                >
                    {written(tr::rounds::print_codes)}
                </a>
            </div>
            <div class="table-frame" tabindex="0" role="region" aria-label=bound(tr::frame::nav_rounds)>
                <table class="data" aria-label=label>
                    <thead>
                        <tr>
                            <th scope="col">{written(tr::rounds::window)}</th>
                            <th scope="col">{written(tr::rounds::round)}</th>
                            <th scope="col">{written(tr::rounds::state)}</th>
                            <th scope="col">{written(tr::rounds::walker)}</th>
                            <th scope="col">{written(tr::rounds::walked)}</th>
                            <th scope="col" class="end">{written(tr::rounds::points)}</th>
                            <th scope="col" class="end">{written(tr::rounds::tickets)}</th>
                            <th scope="col" class="end">{written(tr::rounds::flags)}</th>
                            <th scope="col"><span class="visually-hidden">{written(tr::rounds::record)}</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows.into_iter().map(|line| row(line, date)).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

fn row(line: RoundLine, date: NaiveDate) -> AnyView {
    let app = use_app();
    let zone = app.zone();
    let window = match line.window {
        Some(window) => {
            // A night round of the evening before belongs to this day, too.
            let times = window_text(window, line.date, &zone);
            if line.date == date { times } else { format!("{} {times}", fmt::day(line.date)) }
        }
        None => tr::rounds::extra_round().to_owned(),
    };
    let walked = line.started.map(|started| match line.finished {
        Some(finished) => format!("{}–{}", fmt::time(started, &zone), fmt::time(finished, &zone)),
        None => format!("{}–", fmt::time(started, &zone)),
    });
    let begun = line.started.is_some();
    let points = begun.then(|| format!("{}/{}", line.points_done, line.points));
    let (record, paper) =
        (format!("/rounds/{}/record", line.id), format!("/print/rounds/{}", line.id));
    let paper = move || format!("{paper}?lang={}", i18n::current().tag());
    let finished = line.finished.is_some();
    let state = line.state;
    let tone = words::state_tone(&state);
    let count = |count: u32| (count > 0).then(|| fmt::integer(i64::from(count)));
    view! {
        <tr>
            <td class="nowrap number">{window}</td>
            <td>{line.name}</td>
            <td class="nowrap">
                <span class=format!("badge {tone}")>{drawn(move || words::state(&state))}</span>
            </td>
            <td class="nowrap">{line.by}</td>
            <td class="nowrap number">{walked}</td>
            <td class="end">{points}</td>
            <td class="end">{count(line.tickets)}</td>
            <td class="end">
                {count(line.flags).map(|count| view! { <span class="badge soon">{count}</span> })}
            </td>
            <td class="nowrap">
                {begun.then(|| view! { <a href=record>{tr::rounds::record()}</a> })}
                " "
                {finished.then(|| view! {
                    <a href=bound(paper) target="_blank" rel="external noopener" class="no-print">
                        {tr::rounds::print()}
                    </a>
                })}
            </td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::RoundId;

    fn line(cluster: ClusterId, name: &str) -> RoundLine {
        let id = RoundId::derived(&[name]);
        RoundLine::unwalked(id, cluster, NaiveDate::default(), name.into(), "open")
    }

    #[test]
    fn the_table_is_read_cluster_by_cluster_in_the_order_of_letters() {
        let (a, b) = (ClusterId::derived(&["a"]), ClusterId::derived(&["b"]));
        let names = BTreeMap::from([
            (b, ("B".to_owned(), "水乡".to_owned())),
            (a, ("A".to_owned(), "罗马假日".to_owned())),
        ]);
        let rows = vec![line(b, "晨巡"), line(a, "晨巡"), line(b, "夜巡")];
        let groups = grouped(rows, &names);
        let shown: Vec<_> =
            groups.iter().map(|(_, title, rows)| (title.as_str(), rows.len())).collect();
        assert_eq!(shown, [("A 罗马假日", 1), ("B 水乡", 2)]);
        assert_eq!(groups[1].2[0].name, "晨巡");
    }
}
