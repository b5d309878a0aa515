//! Small charts as plain SVG: bars, stacked bars, lines.
//!
//! Drawn here because the chart crates set inline styles, which our content policy blocks, and cost
//! more brotli than the whole ticket process.

use crate::reactive::drawn;
use leptos::prelude::*;

/// One bar: name, parts as (value, class), text at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub name: String,
    /// (value, `""` | `"soon"` | `"late"`).
    pub parts: Vec<(f64, &'static str)>,
    pub text: String,
}

const ROW: f64 = 30.0;
const NAME: f64 = 96.0;
const WIDTH: f64 = 420.0;

/// Horizontal bars, one a line. `label` says in words what the chart shows.
#[component]
pub fn Bars(
    #[prop(into)] bars: Signal<Vec<Bar>>,
    #[prop(into)] label: Signal<String>,
) -> impl IntoView {
    view! {
        {drawn(move || {
            let bars = bars.get();
            let most = bars
                .iter()
                .map(|bar| bar.parts.iter().map(|(value, _)| value).sum::<f64>())
                .fold(0.0_f64, f64::max)
                .max(1.0);
            let height = ROW * bars.len() as f64;
            let room = WIDTH - NAME - 64.0;
            let rows = bars
                .into_iter()
                .enumerate()
                .map(|(index, bar)| {
                    let y = ROW * index as f64;
                    let mut x = NAME;
                    let parts = bar
                        .parts
                        .iter()
                        .map(|(value, class)| {
                            let width = value / most * room;
                            let part = view! {
                                <rect class=format!("bar {class}") x=x y=y + 7.0 width=width height=16 rx=3></rect>
                            };
                            x += width;
                            part
                        })
                        .collect_view();
                    view! {
                        <text x=NAME - 10.0 y=y + 20.0 text-anchor="end">{bar.name}</text>
                        {parts}
                        <text x=x + 8.0 y=y + 20.0>{bar.text}</text>
                    }
                })
                .collect_view();
            view! {
                <svg class="chart" viewBox=format!("0 0 {WIDTH} {height}") role="img" aria-label=label.get()>
                    {rows}
                </svg>
            }
        })}
    }
}

/// Width of a text of the chart, which is 12 units high: no text is drawn narrower.
fn width_of(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 7.5 } else { 12.5 }).sum()
}

/// Every which step can be named, counted from the last one, so that no name touches the next. The last
/// ends at its step, the others stand in the middle of theirs.
fn named_every<'a>(names: impl Iterator<Item = &'a str>, step: f64) -> usize {
    let widest = names.map(width_of).fold(0.0_f64, f64::max);
    let mut every = 1;
    while step * f64::from(every) < widest * 1.5 + 8.0 && every < 1_000 {
        every += 1;
    }
    usize::try_from(every).unwrap_or(1)
}

/// Up to two lines over the same steps: (name of step, first, second).
#[component]
pub fn Lines(
    #[prop(into)] points: Signal<Vec<(String, f64, f64)>>,
    #[prop(into)] label: Signal<String>,
) -> impl IntoView {
    const HEIGHT: f64 = 160.0;
    const LEFT: f64 = 36.0;
    view! {
        {drawn(move || {
            let points = points.get();
            let most = points.iter().map(|(_, a, b)| a.max(*b)).fold(0.0_f64, f64::max).max(1.0);
            let step = (WIDTH - LEFT - 8.0) / (points.len().saturating_sub(1).max(1)) as f64;
            let at = |index: usize, value: f64| {
                (LEFT + step * index as f64, 12.0 + (HEIGHT - 44.0) * (1.0 - value / most))
            };
            let path = |pick: fn(&(String, f64, f64)) -> f64| {
                points
                    .iter()
                    .enumerate()
                    .map(|(index, point)| {
                        let (x, y) = at(index, pick(point));
                        format!("{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" })
                    })
                    .collect::<String>()
            };
            let every = named_every(points.iter().map(|point| point.0.as_str()), step);
            let last = points.len().saturating_sub(1);
            let names = points
                .iter()
                .enumerate()
                .filter(|(index, _)| (last - index).is_multiple_of(every))
                .map(|(index, point)| {
                    let (x, _) = at(index, 0.0);
                    let anchor = if index == last && last > 0 { "end" } else { "middle" };
                    view! { <text x=x y=HEIGHT - 8.0 text-anchor=anchor>{point.0.clone()}</text> }
                })
                .collect_view();
            let (_, zero) = at(0, 0.0);
            let (_, top) = at(0, most);
            view! {
                <svg class="chart" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label.get()>
                    <line class="grid" x1=LEFT x2=WIDTH y1=zero y2=zero></line>
                    <line class="grid" x1=LEFT x2=WIDTH y1=top y2=top></line>
                    <text x=LEFT - 6.0 y=zero + 4.0 text-anchor="end">"0"</text>
                    <text x=LEFT - 6.0 y=top + 4.0 text-anchor="end">{format!("{most:.0}")}</text>
                    <path class="line" d=path(|p| p.1)></path>
                    <path class="line second" d=path(|p| p.2)></path>
                    {names}
                </svg>
            }
        })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_steps_never_touch_and_the_last_is_always_there() {
        for (name, days) in [("11月27日", 14_usize), ("11月27日", 30), ("27 Nov", 30), ("1", 1)]
        {
            let step = (WIDTH - 44.0) / (days.saturating_sub(1).max(1)) as f64;
            let names: Vec<&str> = std::iter::repeat_n(name, days).collect();
            let every = named_every(names.iter().copied(), step);
            let shown: Vec<usize> = (0..days).filter(|day| (days - 1 - day) % every == 0).collect();
            assert_eq!(shown.last(), Some(&(days - 1)));
            let half = width_of(name) / 2.0;
            for pair in shown.windows(2) {
                let end = step * pair[0] as f64 + half;
                let left = if pair[1] == days - 1 { half * 2.0 } else { half };
                assert!(end < step * pair[1] as f64 - left, "{name} {days}: {shown:?}");
            }
        }
        assert_eq!(named_every(["11月27日"; 14].into_iter(), 29.0), 4);
    }
}
