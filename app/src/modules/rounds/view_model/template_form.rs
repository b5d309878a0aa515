//! A template being edited: what was typed, what is wrong with it, and what is published.

use std::collections::BTreeSet;

use domain::id::TemplateId;
use domain::modules::rounds::{AnswerType, Item, Point, PublishTemplate, RoundTemplate};
use domain::text;
use serde::{Deserialize, Serialize};

use crate::i18n::{fmt, tr};

/// Answer types by the names they have on the wire.
pub const KINDS: [&str; 4] = ["normal", "number", "text", "photo"];

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemForm {
    pub code: String,
    pub text: String,
    /// One of `KINDS`.
    pub kind: String,
    #[serde(default)]
    pub unit: String,
    #[serde(default)]
    pub low: String,
    #[serde(default)]
    pub high: String,
    #[serde(default)]
    pub category: String,
    #[serde(default)]
    pub safety: bool,
    #[serde(default)]
    pub optional: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointForm {
    pub code: String,
    pub name: String,
    pub items: Vec<ItemForm>,
}

/// The whole editor; kept as a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateForm {
    pub template: TemplateId,
    /// The version that was seen; 0 for a new template.
    pub seen: u32,
    pub name: String,
    pub points: Vec<PointForm>,
}

fn item_form(item: &Item) -> ItemForm {
    let (kind, unit, low, high) = match &item.answer {
        AnswerType::Normal => ("normal", "", None, None),
        AnswerType::Number { unit, low, high } => ("number", unit.as_str(), *low, *high),
        AnswerType::Text => ("text", "", None, None),
        AnswerType::Photo => ("photo", "", None, None),
    };
    let shown = |limit: Option<i64>| limit.map_or_else(String::new, fmt::thousandths);
    ItemForm {
        code: item.code.clone(),
        text: item.text.clone(),
        kind: kind.into(),
        unit: unit.into(),
        low: shown(low),
        high: shown(high),
        category: item.category.clone(),
        safety: item.safety,
        optional: item.optional,
    }
}

fn point_form(point: &Point) -> PointForm {
    PointForm {
        code: point.code.clone(),
        name: point.name.clone(),
        items: point.items.iter().map(item_form).collect(),
    }
}

impl TemplateForm {
    /// Nothing yet but one point to begin with. `code` makes codes that no other template has.
    pub fn empty(template: TemplateId, code: &mut dyn FnMut() -> String) -> Self {
        let item = ItemForm { code: code(), kind: KINDS[0].into(), ..ItemForm::default() };
        let point = PointForm { code: code(), name: String::new(), items: vec![item] };
        Self { template, seen: 0, name: String::new(), points: vec![point] }
    }

    /// The next version of a template.
    pub fn of(template: &RoundTemplate) -> Self {
        Self {
            template: template.template,
            seen: template.version,
            name: template.name.clone(),
            points: template.points.iter().map(point_form).collect(),
        }
    }

    /// Another template with the same content.
    pub fn copy_of(template: &RoundTemplate, id: TemplateId) -> Self {
        let name = tr::rounds::copy_of(&template.name);
        Self { template: id, seen: 0, name, ..Self::of(template) }
    }

    /// What is published, or everything that is wrong with it, in words.
    pub fn command(&self) -> Result<PublishTemplate, Vec<String>> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() {
            problems.push(tr::rounds::problem_no_name().to_owned());
        } else if self.name.chars().count() > text::LINE {
            problems.push(tr::rounds::problem_name_long(text::LINE));
        }
        if self.points.is_empty() {
            problems.push(tr::rounds::problem_no_points().to_owned());
        }
        let mut codes = BTreeSet::new();
        let mut points = Vec::with_capacity(self.points.len());
        for (index, point) in self.points.iter().enumerate() {
            let number = index + 1;
            if point.name.trim().is_empty() {
                problems.push(tr::rounds::problem_point_no_name(number));
            }
            if point.items.is_empty() {
                problems.push(tr::rounds::problem_point_empty(number));
            }
            let mut items = Vec::with_capacity(point.items.len());
            for (place, item) in point.items.iter().enumerate() {
                let at = tr::rounds::item_place(number, place + 1);
                match item.item() {
                    Ok(item) if codes.insert(item.code.clone()) => items.push(item),
                    Ok(_) => problems.push(tr::rounds::problem_at(at, tr::rounds::problem_code())),
                    Err(problem) => problems.push(tr::rounds::problem_at(at, problem)),
                }
            }
            let (code, name) = (point.code.clone(), point.name.trim().to_owned());
            points.push(Point { code, name, items });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(PublishTemplate {
            template: self.template,
            version: self.seen + 1,
            name: self.name.trim().to_owned(),
            points,
            retired: false,
        })
    }
}

impl ItemForm {
    fn item(&self) -> Result<Item, &'static str> {
        if self.text.trim().is_empty() {
            return Err(tr::rounds::problem_item_empty());
        }
        let answer = match self.kind.as_str() {
            "number" => {
                let low = limit(&self.low).ok_or_else(tr::rounds::problem_limit)?;
                let high = limit(&self.high).ok_or_else(tr::rounds::problem_limit)?;
                if low.zip(high).is_some_and(|(low, high)| low > high) {
                    return Err(tr::rounds::problem_limits_order());
                }
                AnswerType::Number { unit: self.unit.trim().to_owned(), low, high }
            }
            "text" => AnswerType::Text,
            "photo" => AnswerType::Photo,
            _ => AnswerType::Normal,
        };
        Ok(Item {
            code: self.code.clone(),
            text: self.text.trim().to_owned(),
            answer,
            category: self.category.clone(),
            safety: self.safety,
            optional: self.optional,
        })
    }
}

/// An empty limit is none; what is no number is nothing.
fn limit(text: &str) -> Option<Option<i64>> {
    if text.trim().is_empty() { Some(None) } else { fmt::parse_thousandths(text).map(Some) }
}

/// Moves an entry one place up or down.
pub fn shift<T>(list: &mut [T], index: usize, down: bool) {
    let other = if down { index.checked_add(1) } else { index.checked_sub(1) };
    if let Some(other) = other.filter(|other| *other < list.len() && index < list.len()) {
        list.swap(index, other);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testkit;
    use super::*;

    #[test]
    fn what_is_opened_and_published_unchanged_is_the_same_template_one_version_on() {
        let template = testkit::template();
        let command = TemplateForm::of(&template).command().expect("nothing wrong with it");
        assert_eq!(command.version, 2);
        assert_eq!(command.points, template.points);
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let mut form = TemplateForm::of(&testkit::template());
        form.name = " ".into();
        form.points[0].items[1].text.clear();
        form.points[0].items[2].low = "0.6".into();
        form.points[2].items.clear();
        let problems = form.command().expect_err("four mistakes");
        assert_eq!(
            problems,
            [
                "还没有写模板名称",
                "第 1 点第 2 项：还没有写检查内容",
                "第 1 点第 3 项：下限要小于上限",
                "第 3 点还没有检查项",
            ]
        );
    }

    #[test]
    fn a_copy_is_a_new_template_with_the_same_points() {
        let id = TemplateId::derived(&["copy"]);
        let copy = TemplateForm::copy_of(&testkit::template(), id).command().expect("fine");
        assert_eq!((copy.template, copy.version), (id, 1));
        assert_eq!(copy.points.len(), 3);
    }

    #[test]
    fn points_move_one_place_and_stop_at_the_ends() {
        let mut list = [1, 2, 3];
        shift(&mut list, 0, false);
        assert_eq!(list, [1, 2, 3]);
        shift(&mut list, 0, true);
        shift(&mut list, 2, true);
        assert_eq!(list, [2, 1, 3]);
    }
}
