//! Materials and labour with their prices, the total in the customer's sight.

use domain::modules::tickets::{LineKind, MAX_QUANTITY, PricedLine, price_list};
use leptos::prelude::*;

use super::complete_parts::part;
use super::labels;
use super::parts::{Text, say};
use super::view_model::complete::{CompleteForm, step, stepped};
use crate::i18n::{fmt, tr};
use crate::reactive::{bound, derive, drawn, memo};
use crate::ui::{Button, Choice, Icon, IconButton, Segmented, Sheet, TextField};

#[component]
pub fn LinesPart(form: RwSignal<CompleteForm>, number: usize) -> impl IntoView {
    let adding = RwSignal::new(false);
    let sum = move || {
        form.with(CompleteForm::total)
            .map_or_else(|| tr::tickets::bad_amount().to_owned(), fmt::money)
    };
    let rows = memo(move || form.with(|form| (form.lines.clone(), form.unread.clone())));
    let lines = move || {
        let (lines, unread) = rows.get();
        let row = |(index, one)| {
            let typed = unread.iter().find(|(line, _)| *line == index);
            line(form, index, one, typed.map(|(_, text)| text.clone()))
        };
        lines.into_iter().enumerate().map(row).collect_view()
    };
    part(
        "lines",
        number,
        say(tr::tickets::part_lines),
        view! {
            <ul class="lines">{drawn(lines)}</ul>
            <Button
                text=say(tr::tickets::line_add)
                icon=Icon::Plus
                on_press=move |()| adding.set(true)
            />
            <p class="total" role="status">
                <span>{tr::tickets::total}</span>
                <strong class="number">{drawn(sum)}</strong>
            </p>
            <Sheet open=adding title=say(tr::tickets::price_list) on_close=move |()| adding.set(false)>
                <PriceSheet form=form/>
            </Sheet>
        }
        .into_any(),
    )
}

/// `typed` is what stands in the field and is no quantity.
fn line(
    form: RwSignal<CompleteForm>,
    index: usize,
    one: PricedLine,
    typed: Option<String>,
) -> AnyView {
    let by = step(&one, &labels::unit("hour"));
    let set = move |quantity: i64| form.update(|form| form.set_quantity(index, quantity));
    let quantity = one.quantity;
    let wrong = typed.is_some();
    let amount = one.amount().filter(|_| !wrong).map(fmt::money).unwrap_or_default();
    let shown = typed.unwrap_or_else(|| fmt::thousandths(quantity));
    let about = format!("quantity-{index}");
    let price = tr::tickets::price_per(fmt::money(one.price), &one.unit);
    let name = StoredValue::new(one.name.clone());
    let named = move |text: fn(String) -> String| derive(move || text(name.get_value()));
    view! {
        <li>
            <span class="stack tight grow">
                <span class="strong">{one.name}</span>
                <span class="small soft number">{price}</span>
            </span>
            <span class="number amount">{amount}</span>
            <span class="stepper">
                <IconButton
                    icon=Icon::Minus
                    label=named(tr::tickets::less_of)
                    on_press=move |()| set(stepped(quantity, by, false))
                />
                <input
                    inputmode="decimal"
                    aria-label=bound(move || tr::tickets::quantity_of(name.get_value()))
                    aria-invalid=wrong.to_string()
                    aria-describedby=wrong.then(|| about.clone())
                    prop:value=shown
                    on:change=move |event| {
                        let text = event_target_value(&event);
                        form.update(|form| form.type_quantity(index, &text));
                    }
                />
                <IconButton
                    icon=Icon::Plus
                    label=named(tr::tickets::more_of)
                    on_press=move |()| set(stepped(quantity, by, true))
                />
            </span>
            <IconButton
                icon=Icon::Trash
                label=named(tr::tickets::line_remove)
                on_press=move |()| form.update(|form| form.remove_line(index))
            />
            {wrong.then(|| view! {
                <p class="problem" id=about role="alert">
                    {tr::tickets::bad_quantity(fmt::thousandths(MAX_QUANTITY))}
                </p>
            })}
        </li>
    }
    .into_any()
}

/// The price list, one tap an item, and a line of one's own.
#[component]
fn PriceSheet(form: RwSignal<CompleteForm>) -> impl IntoView {
    let in_job = move |name: String| {
        let count = form.with(|form| {
            form.lines
                .iter()
                .filter(|line| line.name == name)
                .map(|line| line.quantity)
                .sum::<i64>()
        });
        (count > 0)
            .then(|| view! { <span class="badge ok number">"×" {fmt::thousandths(count)}</span> })
    };
    let group = move |what: LineKind, title: Text| {
        let items = price_list().iter().filter(move |item| item.what == what).map(|item| {
            let name = move || labels::price_item(item);
            let price =
                move || tr::tickets::price_per(fmt::money(item.price), labels::unit(item.unit));
            let add = move |_| {
                let line = item.line(labels::price_item(item), labels::unit(item.unit), 0);
                let quantity = step(&line, &labels::unit("hour"));
                form.update(|form| form.add_line(PricedLine { quantity, ..line }));
            };
            view! {
                <li>
                    <button type="button" class="item no-lead" on:click=add>
                        <span class="title">{name} {drawn(move || in_job(name()))}</span>
                        <span class="trail number">{price}</span>
                    </button>
                </li>
            }
        });
        view! {
            <h3>{title}</h3>
            <ul class="list inset">{items.collect_view()}</ul>
        }
    };
    view! {
        {group(LineKind::Labour, tr::tickets::labour)}
        {group(LineKind::Material, tr::tickets::material)}
        <OwnLine form=form/>
    }
}

/// Something that is not on the list.
#[component]
fn OwnLine(form: RwSignal<CompleteForm>) -> impl IntoView {
    let what = RwSignal::new(LineKind::Material);
    let name = RwSignal::new(String::new());
    let unit = RwSignal::new(String::new());
    let price = RwSignal::new(String::new());
    let read = move || fmt::parse_money(&price.get()).filter(|price| price.0 >= 0);
    let line = move || {
        let name = name.get().trim().to_owned();
        let price = read()?;
        let unit = unit.get().trim().to_owned();
        let unit = if unit.is_empty() { labels::unit("piece") } else { unit };
        (!name.is_empty()).then(|| PricedLine {
            what: what.get(),
            name,
            unit,
            quantity: 1_000,
            price,
        })
    };
    let add = move |()| {
        if let Some(line) = untrack(line) {
            form.update(|form| form.add_line(line));
            name.set(String::new());
            price.set(String::new());
        }
    };
    view! {
        <h3>{tr::tickets::own_line}</h3>
        <Segmented
            label=say(tr::tickets::own_kind)
            choices=derive(|| vec![
                Choice::new("material", tr::tickets::material()),
                Choice::new("labour", tr::tickets::labour()),
            ])
            value=derive(move || {
                Some(if what.get() == LineKind::Labour { "labour" } else { "material" }.to_owned())
            })
            on_choose=move |text: String| {
                what.set(if text == "labour" { LineKind::Labour } else { LineKind::Material });
            }
        />
        <TextField label=say(tr::tickets::line_name) value=name on_input=move |text| name.set(text)/>
        <div class="fields-2">
            <TextField label=say(tr::tickets::line_unit) value=unit on_input=move |text| unit.set(text)/>
            <TextField
                label=say(tr::tickets::price_yuan)
                inputmode="decimal"
                value=price
                on_input=move |text| price.set(text)
                problem=derive(move || {
                    let wrong = read().is_none() && !price.with(|text| text.trim().is_empty());
                    wrong.then(|| tr::tickets::bad_price().to_owned())
                })
            />
        </div>
        <Button
            text=say(tr::tickets::own_add)
            icon=Icon::Plus
            on_press=add
            disabled=derive(move || line().is_none())
        />
    }
}
