//! One point of a template being written, and its items.

use domain::modules::tickets::TicketKind;
use domain::modules::tickets::category::CATEGORIES;
use leptos::prelude::*;

use super::template_page::fresh_code;
use super::view_model::template_form::{ItemForm, KINDS, PointForm, TemplateForm, shift};
use super::words::{self, say};
use crate::app_context::use_app;
use crate::i18n::{name_of, tr};
use crate::reactive::{derive, drawn, memo};
use crate::ui::{Button, Check, Icon, IconButton, Select, Show, TextField, Weight};

/// Which entry of a list has that code now.
fn place(form: &TemplateForm, code: &str) -> Option<usize> {
    form.points.iter().position(|point| point.code == code)
}

#[component]
pub fn PointEditor(form: RwSignal<TemplateForm>, code: String) -> impl IntoView {
    let app = use_app();
    let code = StoredValue::new(code);
    let index = memo(move || form.with(|form| code.with_value(|code| place(form, code))));
    let name = derive(move || {
        form.with(|form| {
            let index = index.get().and_then(|index| form.points.get(index));
            index.map_or(String::new(), |point| point.name.clone())
        })
    });
    let change = move |change: &dyn Fn(&mut PointForm)| {
        form.update(|form| {
            if let Some(index) = code.with_value(|code| place(form, code)) {
                change(&mut form.points[index]);
            }
        });
    };
    let items = memo(move || {
        form.with(|form| {
            let point = code.with_value(|code| place(form, code)).map(|index| &form.points[index]);
            point.map_or(Vec::new(), |point| point.items.iter().map(|i| i.code.clone()).collect())
        })
    });
    let move_by = move |down: bool| {
        form.update(|form| {
            if let Some(index) = code.with_value(|code| place(form, code)) {
                shift(&mut form.points, index, down);
            }
        });
    };
    let number = move || index.get().map_or(0, |index| index + 1);
    view! {
        <li class="card point-editor">
            <div class="row">
                <h2 class="grow">{drawn(move || format!("{} {}", words::circled(index.get().unwrap_or(0)), name.get()))}</h2>
                <IconButton
                    icon=Icon::Up
                    label=derive(move || tr::rounds::point_up(number()))
                    on_press=move |()| move_by(false)
                />
                <IconButton
                    icon=Icon::Down
                    label=derive(move || tr::rounds::point_down(number()))
                    on_press=move |()| move_by(true)
                />
                <IconButton
                    icon=Icon::Trash
                    label=derive(move || tr::rounds::point_remove(number()))
                    on_press=move |()| {
                        form.update(|form| code.with_value(|code| {
                            form.points.retain(|point| point.code != *code);
                        }));
                    }
                />
            </div>
            <TextField
                label=say(tr::rounds::point_name)
                value=name
                on_input=move |text: String| change(&|point| point.name = text.clone())
            />
            <ol class="stack">
                <For each=move || items.get() key=|item| item.clone() let:item>
                    <ItemEditor form=form point=code item=item/>
                </For>
            </ol>
            <Button
                text=say(tr::rounds::add_item)
                icon=Icon::Plus
                weight=Weight::Quiet
                on_press=move |()| {
                    let item = fresh_code(app);
                    change(&|point| point.items.push(ItemForm {
                        code: item.clone(),
                        kind: KINDS[0].into(),
                        ..ItemForm::default()
                    }));
                }
            />
        </li>
    }
}

#[component]
fn ItemEditor(
    form: RwSignal<TemplateForm>,
    point: StoredValue<String>,
    item: String,
) -> impl IntoView {
    let code = StoredValue::new(item);
    let own = memo(move || {
        form.with(|form| {
            let index = point.with_value(|point| place(form, point))?;
            let items = &form.points[index].items;
            let place = code.with_value(|code| items.iter().position(|item| item.code == *code))?;
            Some((place, items[place].clone()))
        })
    });
    let items = move |change: &dyn Fn(&mut Vec<ItemForm>, usize)| {
        form.update(|form| {
            let Some(index) = point.with_value(|point| place(form, point)) else { return };
            let items = &mut form.points[index].items;
            let found = code.with_value(|code| items.iter().position(|item| item.code == *code));
            if let Some(found) = found {
                change(items, found);
            }
        });
    };
    let change = move |change: &dyn Fn(&mut ItemForm)| {
        items(&|items, index| change(&mut items[index]));
    };
    let text_of = move |pick: fn(&ItemForm) -> &String| {
        derive(move || own.with(|own| own.as_ref().map_or(String::new(), |(_, i)| pick(i).clone())))
    };
    let flag_of = move |pick: fn(&ItemForm) -> bool| {
        derive(move || own.with(|own| own.as_ref().is_some_and(|(_, item)| pick(item))))
    };
    let number = move || own.with(|own| own.as_ref().map_or(0, |(place, _)| place + 1));
    let is_number =
        memo(move || own.with(|own| own.as_ref().is_some_and(|(_, i)| i.kind == "number")));
    let categories = derive(|| {
        let none = (String::new(), tr::rounds::no_category().to_owned());
        let fits = CATEGORIES.iter().filter(|one| one.kinds.contains(&TicketKind::Finding));
        let named =
            fits.map(|one| (one.code.to_owned(), name_of("tickets", "category_", one.code)));
        std::iter::once(none).chain(named).collect::<Vec<_>>()
    });
    let kinds = derive(|| {
        let option = |kind: &&str| ((*kind).to_owned(), name_of("rounds", "kind_", kind));
        KINDS.iter().map(option).collect::<Vec<_>>()
    });
    view! {
        <li class="item-editor">
            <div class="row">
                <span class="soft small grow number">{drawn(move || tr::rounds::item_number(number()))}</span>
                <IconButton
                    icon=Icon::Up
                    label=derive(move || tr::rounds::item_up(number()))
                    on_press=move |()| items(&|items, index| shift(items, index, false))
                />
                <IconButton
                    icon=Icon::Down
                    label=derive(move || tr::rounds::item_down(number()))
                    on_press=move |()| items(&|items, index| shift(items, index, true))
                />
                <IconButton
                    icon=Icon::Trash
                    label=derive(move || tr::rounds::item_remove(number()))
                    on_press=move |()| items(&|items, index| {
                        items.remove(index);
                    })
                />
            </div>
            <TextField
                label=say(tr::rounds::item_text)
                value=text_of(|item| &item.text)
                on_input=move |text: String| change(&|item| item.text = text.clone())
            />
            <div class="fields-2">
                <Select
                    label=say(tr::rounds::item_kind)
                    options=kinds
                    value=text_of(|item| &item.kind)
                    on_change=move |text: String| change(&|item| item.kind = text.clone())
                />
                <Select
                    label=say(tr::rounds::item_category)
                    options=categories
                    value=text_of(|item| &item.category)
                    on_change=move |text: String| change(&|item| item.category = text.clone())
                />
            </div>
            <Show when=move || is_number.get()>
                <div class="fields-3">
                    <TextField
                        label=say(tr::rounds::item_unit)
                        value=text_of(|item| &item.unit)
                        on_input=move |text: String| change(&|item| item.unit = text.clone())
                    />
                    <TextField
                        label=say(tr::rounds::item_low)
                        value=text_of(|item| &item.low)
                        inputmode="decimal"
                        on_input=move |text: String| change(&|item| item.low = text.clone())
                    />
                    <TextField
                        label=say(tr::rounds::item_high)
                        value=text_of(|item| &item.high)
                        inputmode="decimal"
                        on_input=move |text: String| change(&|item| item.high = text.clone())
                    />
                </div>
            </Show>
            <div class="row wrap">
                <Check
                    label=say(tr::rounds::item_safety)
                    checked=flag_of(|item| item.safety)
                    on_change=move |on| change(&|item| item.safety = on)
                />
                <Check
                    label=say(tr::rounds::item_optional)
                    checked=flag_of(|item| item.optional)
                    on_change=move |on| change(&|item| item.optional = on)
                />
            </div>
        </li>
    }
}
