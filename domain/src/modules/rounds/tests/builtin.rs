//! Tests of the built-in templates. That each can be published is tested with the decisions.

use super::*;

#[test]
fn every_built_in_template_is_listed_by_its_fixed_code() {
    let ids: Vec<_> = templates().iter().map(|template| template.template).collect();
    assert_eq!(ids, CODES.map(template_id));
}

#[test]
fn the_id_of_a_built_in_template_never_changes() {
    assert_eq!(template_id("daily_cluster").to_string(), "2194df4a-103a-5da2-b012-bba72f423874");
}

#[test]
fn safety_comes_first_in_every_template_and_in_every_point() {
    for template in templates() {
        let leading = |point: &Point| point.items.first().is_some_and(|item| item.safety);
        assert!(template.points.iter().map(leading).rev().is_sorted(), "{}", template.name);
        for point in &template.points {
            let safe = point.items.iter().rev().map(|item| item.safety);
            assert!(safe.is_sorted(), "{} {}", template.name, point.name);
        }
    }
}

#[test]
fn the_daily_round_has_the_seven_areas_of_the_steward_rules() {
    let daily = templates().swap_remove(0);
    let mut areas: Vec<&str> = daily.points.iter().map(|point| point.code.as_str()).collect();
    areas.sort_unstable();
    assert_eq!(
        areas,
        ["cleaning", "engineering", "facilities", "greening", "renovation", "security", "staff"]
    );
}

#[test]
fn vacant_units_are_checked_for_what_the_steward_rules_name() {
    let all = templates();
    let vacant = all.iter().find(|one| one.template == template_id("vacant_units")).unwrap();
    let items: Vec<&str> = vacant
        .points
        .iter()
        .flat_map(|point| &point.items)
        .map(|item| item.code.as_str())
        .collect();
    for named in ["doors", "water", "power", "gas", "leaks", "walls", "floors"] {
        let is_asked = items.iter().any(|code| code.ends_with(&format!(".{named}")));
        assert!(is_asked, "{named} is not asked for");
    }
}

#[test]
fn the_fire_round_reads_pressures_with_limits() {
    let fire = &templates()[4];
    let limited = fire.points.iter().flat_map(|point| &point.items).filter(|item| {
        matches!(&item.answer, AnswerType::Number { unit, low: Some(_), .. } if unit == "MPa")
    });
    assert_eq!(limited.count(), 2);
}
