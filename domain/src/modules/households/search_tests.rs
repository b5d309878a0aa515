//! What people type at the door and on the phone, and whom it must find.

use super::*;
use crate::modules::households::Relation;
use crate::modules::households::testkit::household;
use proptest::prelude::*;

fn id(label: &str) -> UnitId {
    UnitId::derived(&[label])
}

fn home(label: &str, people: &[(&str, &[&str], &str)]) -> Household {
    let contacts = people.iter().map(|(name, pinyin, phone)| Contact {
        name: (*name).into(),
        relation: Relation::Owner,
        phone: (*phone).into(),
        pinyin: pinyin.iter().map(|key| (*key).to_owned()).collect(),
    });
    Household {
        contacts: contacts.collect(),
        ..household(id(label), label, crate::id::ClusterId::derived(&["c"]))
    }
}

fn estate() -> Vec<Household> {
    vec![
        home("3-20-101", &[("李雷", &["ll", "lilei"], "13900002222")]),
        home("3-2-1501", &[("张三", &["zs", "zhangsan"], "138-0013 8000")]),
        home("10-1-1501", &[("王小张", &["wxz", "wangxiaozhang"], "13711501999")]),
        home("3-2-201", &[("单晓", &["sx", "shanxiao"], "")]),
        home("32-1-501", &[("周树人", &["zsr", "zhoushuren"], "010-66554433")]),
        home(
            "A-3-1502",
            &[("Anna Müller", &["annamuller"], ""), ("陈一", &["cy", "chenyi"], "13600001234")],
        ),
        home("3-2-1502", &[("张三丰", &["zsf", "zhangsanfeng"], "")]),
    ]
}

fn found(query: &str) -> Vec<String> {
    let homes = estate();
    let hits = SearchIndex::build(homes.iter()).find(query, 10);
    let label = |unit: &UnitId| homes.iter().find(|h| h.id == *unit).map(|h| h.label.clone());
    hits.iter().filter_map(label).collect()
}

#[test]
fn the_whole_label_finds_its_unit_first_with_and_without_dashes() {
    for query in [
        "3-2-1501",
        "321501",
        "3.2.1501",
        "3 2 1501",
        "３－２－１５０１",
        "3栋2单元1501",
        "3号楼2单元1501室",
    ] {
        assert_eq!(found(query).first().map(String::as_str), Some("3-2-1501"), "{query}");
    }
    assert_eq!(found("a-3-1502")[0], "A-3-1502");
    assert_eq!(found("Ａ31502")[0], "A-3-1502");
}

#[test]
fn digits_that_two_labels_share_find_both() {
    // 3-2-1501 and 32-1-501.
    assert_eq!(found("321501"), ["3-2-1501", "32-1-501"]);
}

#[test]
fn an_entrance_is_found_before_the_entrances_that_only_begin_like_it() {
    assert_eq!(found("3-2"), ["3-2-201", "3-2-1501", "3-2-1502", "3-20-101"]);
}

#[test]
fn a_room_number_finds_that_room_in_every_building_first() {
    // In 32-1-501 the digits only happen to stand side by side.
    assert_eq!(found("1501"), ["3-2-1501", "10-1-1501", "32-1-501"]);
    assert_eq!(found("501")[0], "32-1-501");
}

#[test]
fn buildings_sort_by_their_number_not_by_their_first_digit() {
    let homes = [home("10-1-101", &[]), home("2-1-1001", &[]), home("2-1-301", &[])];
    let hits = SearchIndex::build(homes.iter()).find("1-", 10);
    let order = ["2-1-301", "2-1-1001", "10-1-101"].map(id);
    // `1` begins none of the labels but building ten's, which comes first for it.
    assert_eq!(hits, [order[2], order[0], order[1]]);
    let all = SearchIndex::build(homes.iter()).find("01", 10);
    assert_eq!(all, order);
}

#[test]
fn a_name_finds_those_it_begins_before_those_it_is_inside() {
    assert_eq!(found("张"), ["3-2-1501", "3-2-1502", "10-1-1501"]);
    assert_eq!(found("三"), ["3-2-1501", "3-2-1502"]);
    assert_eq!(found("ANNA M"), ["A-3-1502"]);
}

#[test]
fn a_surname_that_is_also_a_word_of_addresses_is_found() {
    assert_eq!(found("单晓"), ["3-2-201"]);
    assert_eq!(found("单"), ["3-2-201"]);
}

#[test]
fn initials_find_exactly_those_letters_before_longer_ones() {
    assert_eq!(found("zs"), ["3-2-1501", "3-2-1502", "32-1-501"]);
    assert_eq!(found("ZS"), found("zs"));
    assert_eq!(found("ｚｓ"), found("zs"));
}

#[test]
fn full_pinyin_is_found_as_it_is_typed() {
    assert_eq!(found("zhangs"), ["3-2-1501", "3-2-1502"]);
    assert_eq!(found("zhang san feng"), ["3-2-1502"]);
    assert_eq!(found("zhang"), ["3-2-1501", "3-2-1502", "10-1-1501"]);
}

#[test]
fn the_last_digits_of_a_phone_number_find_its_household() {
    assert_eq!(found("8000"), ["3-2-1501"]);
    assert_eq!(found("4433"), ["32-1-501"]);
    assert_eq!(found("138 0013 8000"), ["3-2-1501"]);
    assert_eq!(found("+13600001234"), ["A-3-1502"]);
    assert_eq!(found("１２３４"), ["A-3-1502"]);
}

#[test]
fn a_second_contact_is_found_like_the_first() {
    assert_eq!(found("陈一"), ["A-3-1502"]);
    assert_eq!(found("cy"), ["A-3-1502"]);
}

#[test]
fn several_words_must_all_fit() {
    assert_eq!(found("3-2 zs"), ["3-2-1501", "3-2-1502"]);
    assert_eq!(found("1501 王"), ["10-1-1501"]);
    assert_eq!(found("1501 李"), Vec::<String>::new());
}

#[test]
fn nothing_typed_finds_nothing_and_the_limit_holds() {
    for query in ["", "  ", "-", "　", "·"] {
        assert_eq!(found(query), Vec::<String>::new(), "{query:?}");
    }
    let homes = estate();
    let index = SearchIndex::build(homes.iter());
    assert_eq!(index.find("3", 2).len(), 2);
    assert!(index.find("3", 0).is_empty());
    assert_eq!((index.len(), index.is_empty()), (7, false));
}

#[test]
fn labels_have_one_form() {
    for (typed, label) in [
        ("3-2-1501", "3-2-1501"),
        ("３栋２单元１５０１室", "3-2-1501"),
        ("3棟2單元1501號", "3-2-1501"),
        ("3号楼-2单元-1501", "3-2-1501"),
        (" 3 - 2 — 1501 ", "3-2-1501"),
        ("a座1501", "A-1501"),
        ("商铺12号", "商铺12"),
        ("--3--2--", "3-2"),
        ("", ""),
    ] {
        assert_eq!(normalise_label(typed), label, "{typed}");
    }
}

#[test]
fn in_an_estate_of_1200_households_each_is_found_and_so_are_all() {
    let homes: Vec<Household> = (0..1200)
        .map(|n| {
            let label = format!("{}-{}-{}", n / 100 + 1, n / 50 % 2 + 1, n % 50 + 101);
            home(
                &label,
                &[
                    ("欧阳张三", &["oyzs", "ouyangzhangsan"], "13800138000"),
                    ("李四", &["ls", "lisi"], "13900139000"),
                ],
            )
        })
        .collect();
    let index = SearchIndex::build(homes.iter());
    assert_eq!(index.find("12-2-150", 20).len(), 1);
    assert_eq!(index.find("zs", 2000).len(), 1200);
}

proptest! {
    #[test]
    fn no_query_and_no_household_breaks_the_search(
        query in any::<String>(),
        label in any::<String>(),
        name in any::<String>(),
        phone in any::<String>(),
        keys in proptest::collection::vec(any::<String>(), 0..3),
        limit in 0usize..5,
    ) {
        let mut home = home(&label, &[(&name, &[], &phone)]);
        home.contacts[0].pinyin = keys;
        let index = SearchIndex::build([&home].into_iter());
        prop_assert!(index.find(&query, limit).len() <= limit.min(1));
        index.find(&name, limit);
        index.find(&label, limit);
    }

    #[test]
    fn a_label_in_its_one_form_stays_as_it_is(text in any::<String>()) {
        let once = normalise_label(&text);
        prop_assert_eq!(normalise_label(&once), once);
    }

    #[test]
    fn every_unit_is_found_first_or_beside_its_namesake_by_its_own_label(
        building in 1u32..40, entrance in 1u32..4, room in 101u32..3305,
    ) {
        let label = format!("{building}-{entrance}-{room}");
        let mut homes = estate();
        homes.retain(|h| h.label != label);
        homes.push(home(&label, &[]));
        let index = SearchIndex::build(homes.iter());
        prop_assert_eq!(index.find(&label, 1), vec![id(&label)]);
        prop_assert!(index.find(&label.replace('-', ""), 10).contains(&id(&label)));
    }
}
