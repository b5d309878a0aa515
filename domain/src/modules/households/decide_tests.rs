//! Rules of registering the estate, as sentences, and the wire shape of its commands and records.

use super::*;
use crate::actor::{Actor, Role};
use crate::id::{BuildingId, ClusterId, ProjectId, UnitId};
use crate::modules::households::testkit::*;
use crate::modules::households::{Relation, UnitStatus};
use crate::money::Fen;
use crate::sync::command::Verdict;
use crate::time::HOUR;

fn manager() -> Actor {
    person(Role::Manager, &[])
}

fn unit_3_2_1501() -> RegisterUnit {
    let facts = household(unit(), "3-2-1501", own());
    RegisterUnit {
        unit: unit(),
        building: building("3"),
        label: facts.label,
        floor: facts.floor,
        area_centi: facts.area_centi,
        status: facts.status,
        handed_over: facts.handed_over,
        contacts: facts.contacts,
        key_customer: false,
        caution: String::new(),
    }
}

fn building_3() -> RegisterBuilding {
    RegisterBuilding {
        building: building("3"),
        cluster: own(),
        number: "3".into(),
        name: "三号楼".into(),
        floors: 18,
        entrances: 2,
    }
}

fn cluster_a() -> RegisterCluster {
    RegisterCluster { cluster: own(), code: "A".into(), name: "罗马假日".into() }
}

fn this_project() -> RegisterProject {
    RegisterProject { project: project(), name: "锦绣花园".into() }
}

fn with_contact(change: impl FnOnce(&mut Contact)) -> RegisterUnit {
    let mut command = unit_3_2_1501();
    change(&mut command.contacts[0]);
    command
}

#[test]
fn the_estate_is_registered_from_project_to_unit() {
    let mut estate = Estate::empty();
    estate.run(this_project(), &Actor::system(), MORNING).unwrap();
    estate.run(cluster_a(), &Actor::system(), MORNING).unwrap();
    estate.run(building_3(), &Actor::system(), MORNING).unwrap();
    estate.run(unit_3_2_1501(), &Actor::system(), MORNING).unwrap();
    let household = estate.get::<Household>(unit().0);
    assert_eq!((household.project, household.cluster), (project(), own()));
    assert_eq!(household.contacts[0].pinyin, ["zs", "zhangsan"]);
}

#[test]
fn a_building_waits_for_its_cluster_and_a_unit_for_its_building() {
    let estate = Estate::empty();
    let result = estate.decide(building_3(), &manager(), MORNING);
    assert_waits(result, Cluster::key_of(own().0));
    let result = estate.decide(unit_3_2_1501(), &manager(), MORNING);
    assert_waits(result, Building::key_of(building("3").0));
}

#[test]
fn stewards_read_the_household_file_and_do_not_edit_it() {
    let estate = Estate::standing();
    assert_refused(estate.decide(this_project(), &steward(), MORNING), CommonCode::NotAllowed);
    assert_refused(estate.decide(cluster_a(), &steward(), MORNING), CommonCode::NotAllowed);
    assert_refused(estate.decide(building_3(), &steward(), MORNING), CommonCode::NotAllowed);
    assert_refused(estate.decide(unit_3_2_1501(), &steward(), MORNING), CommonCode::NotAllowed);
}

#[test]
fn a_project_is_registered_in_its_own_log_only() {
    let estate = Estate { scope: Scope::Project(ProjectId::derived(&["x"])), ..Estate::standing() };
    assert_refused(estate.decide(this_project(), &manager(), MORNING), CommonCode::WrongScope);
}

#[test]
fn nothing_of_another_project_is_rewritten_or_built_upon() {
    let scope = Scope::Project(ProjectId::derived(&["x"]));
    let estate = Estate { scope, ..Estate::standing() };
    assert_refused(estate.decide(cluster_a(), &manager(), MORNING), CommonCode::WrongScope);
    let new_building = RegisterBuilding { building: building("9"), ..building_3() };
    assert_refused(estate.decide(new_building, &manager(), MORNING), CommonCode::WrongScope);
    let new_unit = RegisterUnit { unit: UnitId::derived(&["new"]), ..unit_3_2_1501() };
    assert_refused(estate.decide(new_unit, &manager(), MORNING), CommonCode::WrongScope);

    // Its own cluster and building do not make it the owner of a record it did not register.
    let mut estate = estate;
    let theirs = ProjectId::derived(&["x"]);
    let cluster = Cluster { project: theirs, ..estate.get::<Cluster>(own().0).clone() };
    estate.put(cluster);
    assert_refused(estate.decide(building_3(), &manager(), MORNING), CommonCode::WrongScope);
    let ours = Building { project: theirs, ..estate.get::<Building>(building("3").0).clone() };
    estate.put(ours);
    assert_refused(estate.decide(unit_3_2_1501(), &manager(), MORNING), CommonCode::WrongScope);
}

#[test]
fn estate_commands_do_not_go_into_the_companys_log() {
    let estate = Estate { scope: Scope::Company, ..Estate::standing() };
    assert_refused(estate.decide(this_project(), &manager(), MORNING), CommonCode::WrongScope);
    assert_refused(estate.decide(cluster_a(), &manager(), MORNING), CommonCode::WrongScope);
    assert_refused(estate.decide(building_3(), &manager(), MORNING), CommonCode::WrongScope);
    assert_refused(estate.decide(unit_3_2_1501(), &manager(), MORNING), CommonCode::WrongScope);
}

#[test]
fn registering_again_replaces_the_facts() {
    let mut estate = Estate::standing();
    let let_out = RegisterUnit { status: UnitStatus::Let, ..unit_3_2_1501() };
    assert_eq!(estate.run(let_out, &manager(), MORNING), Ok(Verdict::Applied));
    let household = estate.get::<Household>(unit().0);
    assert_eq!((household.status, household.changed_at), (UnitStatus::Let, MORNING));
}

#[test]
fn the_same_import_twice_changes_nothing() {
    let mut estate = Estate::empty();
    for at in [MORNING, MORNING.plus(HOUR)] {
        for (place, command) in [
            crate::modules::Command::from(this_project()),
            cluster_a().into(),
            building_3().into(),
            unit_3_2_1501().into(),
        ]
        .into_iter()
        .enumerate()
        {
            let decision = estate.decide(command.clone(), &manager(), at).unwrap();
            assert_eq!(decision.changes.is_empty(), at != MORNING, "command {place}");
            estate.run(command, &manager(), at).unwrap();
        }
    }
    assert_eq!(estate.get::<Household>(unit().0).changed_at, MORNING);
}

#[test]
fn a_label_is_stored_in_its_one_form() {
    let mut estate = Estate::standing();
    for typed in ["３栋2单元1501室", " 3 - 2—1501 ", "3#2-1501"] {
        let command = RegisterUnit { label: typed.into(), ..unit_3_2_1501() };
        estate.run(command, &manager(), MORNING).unwrap();
        assert_eq!(estate.get::<Household>(unit().0).label, "3-2-1501", "{typed}");
    }
}

#[test]
fn a_label_that_names_no_unit_is_refused() {
    let estate = Estate::standing();
    for label in ["", "  ", "-", "A-B", "3-2-<1501>", "3-2-1501😀", &"1".repeat(33)] {
        let command = RegisterUnit { label: label.into(), ..unit_3_2_1501() };
        assert_refused(estate.decide(command, &manager(), MORNING), HouseholdCode::BadUnitLabel);
    }
    for label in ["商铺12", "B1-023", "88"] {
        let command = RegisterUnit { label: label.into(), ..unit_3_2_1501() };
        assert!(estate.decide(command, &manager(), MORNING).is_ok(), "{label}");
    }
}

#[test]
fn a_unit_has_an_area() {
    let estate = Estate::standing();
    for area_centi in [0, -1, 10_000_001] {
        let command = RegisterUnit { area_centi, ..unit_3_2_1501() };
        assert_refused(estate.decide(command, &manager(), MORNING), HouseholdCode::BadArea);
    }
}

#[test]
fn a_phone_number_is_made_of_digits() {
    let estate = Estate::standing();
    for phone in ["12", "１３８００", "138 x", "13800138000;", &"1".repeat(25)] {
        let command = with_contact(|contact| contact.phone = phone.into());
        assert_refused(estate.decide(command, &manager(), MORNING), HouseholdCode::BadPhone);
    }
    for phone in ["", "+86 138-0013-8000", "010-6655 4433", " 120 "] {
        let command = with_contact(|contact| contact.phone = phone.into());
        assert!(estate.decide(command, &manager(), MORNING).is_ok(), "{phone}");
    }
}

#[test]
fn a_contact_has_a_name_and_a_household_not_endless_contacts() {
    let estate = Estate::standing();
    let nameless = with_contact(|contact| contact.name = " ".into());
    assert_refused(estate.decide(nameless, &manager(), MORNING), CommonCode::TextEmpty);
    let mut crowd = unit_3_2_1501();
    crowd.contacts = vec![crowd.contacts[0].clone(); 21];
    assert_refused(estate.decide(crowd, &manager(), MORNING), CommonCode::ListTooLong);
    let keys = with_contact(|contact| contact.pinyin = vec!["z".into(); 9]);
    assert_refused(estate.decide(keys, &manager(), MORNING), CommonCode::ListTooLong);
}

#[test]
fn floors_and_entrances_are_those_of_a_building() {
    let estate = Estate::standing();
    for command in [
        RegisterBuilding { floors: 0, ..building_3() },
        RegisterBuilding { floors: 201, ..building_3() },
        RegisterBuilding { entrances: 0, ..building_3() },
        RegisterBuilding { entrances: u32::MAX, ..building_3() },
    ] {
        assert_refused(estate.decide(command, &manager(), MORNING), CommonCode::NumberOutOfRange);
    }
    let sky = RegisterUnit { floor: 201, ..unit_3_2_1501() };
    assert_refused(estate.decide(sky, &manager(), MORNING), CommonCode::NumberOutOfRange);
    assert!(
        estate.decide(RegisterUnit { floor: -2, ..unit_3_2_1501() }, &manager(), MORNING).is_ok()
    );
}

#[test]
fn arrears_follow_the_household_to_its_new_cluster() {
    let mut estate = Estate::standing();
    let arrears = Arrears {
        unit: unit(),
        project: project(),
        cluster: own(),
        label: "3-2-1501".into(),
        owed: Fen(105_000),
        since: None,
        months: 0,
        as_of: MORNING,
    };
    estate.put(arrears.clone());
    let moved = RegisterBuilding { cluster: other(), ..building_3() };
    estate.run(moved, &manager(), MORNING).unwrap();
    estate.run(unit_3_2_1501(), &manager(), MORNING).unwrap();
    assert_eq!(estate.get::<Household>(unit().0).cluster, other());
    let after = estate.get::<Arrears>(Arrears::id_of(unit()));
    assert_eq!(*after, Arrears { cluster: other(), ..arrears });
}

#[test]
fn a_tenant_is_called_before_the_owner() {
    let mut file = household(unit(), "3-2-1501", own());
    let tenant =
        Contact { name: "李四".into(), relation: Relation::Tenant, ..file.contacts[0].clone() };
    file.contacts.push(tenant);
    assert_eq!(file.first_contact().map(|c| c.name.as_str()), Some("李四"));
    assert_eq!(file.owner().map(|c| c.name.as_str()), Some("张三"));
}

#[test]
fn the_wire_shape_of_estate_commands_stays() {
    assert_golden_command(
        this_project(),
        "households.register_project",
        r#"{"project":"53990060-a815-5079-b977-449907083695","name":"锦绣花园"}"#,
    );
    assert_golden_command(
        cluster_a(),
        "households.register_cluster",
        r#"{"cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","code":"A","name":"罗马假日"}"#,
    );
    assert_golden_command(
        building_3(),
        "households.register_building",
        r#"{"building":"e2f9a090-62c5-5889-9bb5-6615a0b939f1","cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","number":"3","name":"三号楼","floors":18,"entrances":2}"#,
    );
    let mut full = unit_3_2_1501();
    full.key_customer = true;
    full.caution = "有狗".into();
    assert_golden_command(
        full,
        "households.register_unit",
        r#"{"unit":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","building":"e2f9a090-62c5-5889-9bb5-6615a0b939f1","label":"3-2-1501","floor":15,"area_centi":10125,"status":"owner_occupied","handed_over":"2019-06-30","contacts":[{"name":"张三","relation":"owner","phone":"138-0013 8000","pinyin":["zs","zhangsan"]}],"key_customer":true,"caution":"有狗"}"#,
    );
}

#[test]
fn a_unit_registered_by_an_older_phone_still_reads() {
    let json = r#"{"unit":"018f0000-0000-7000-8000-000000000001","building":"018f0000-0000-7000-8000-000000000002","label":"3-2-1501","floor":15,"area_centi":10125,"status":"vacant","contacts":[]}"#;
    let command: RegisterUnit = serde_json::from_str(json).unwrap();
    assert!(command.handed_over.is_none() && !command.key_customer && command.caution.is_empty());
}

#[test]
fn the_wire_shape_of_the_estate_stays() {
    let estate = Estate::standing();
    assert_golden_record(
        estate.get::<Project>(project().0).clone(),
        r#"{"id":"53990060-a815-5079-b977-449907083695","name":"锦绣"}"#,
    );
    assert_golden_record(
        estate.get::<Cluster>(ClusterId::derived(&["test-cluster", "A"]).0).clone(),
        r#"{"id":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","project":"53990060-a815-5079-b977-449907083695","code":"A","name":"组团"}"#,
    );
    assert_golden_record(
        estate.get::<Building>(BuildingId::derived(&["test-building", "3"]).0).clone(),
        r#"{"id":"e2f9a090-62c5-5889-9bb5-6615a0b939f1","project":"53990060-a815-5079-b977-449907083695","cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","number":"3","name":"","floors":18,"entrances":2}"#,
    );
    assert_golden_record(
        estate.get::<Household>(unit().0).clone(),
        r#"{"id":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","project":"53990060-a815-5079-b977-449907083695","cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","building":"e2f9a090-62c5-5889-9bb5-6615a0b939f1","label":"3-2-1501","floor":15,"area_centi":10125,"status":"owner_occupied","handed_over":"2019-06-30","contacts":[{"name":"张三","relation":"owner","phone":"138-0013 8000","pinyin":["zs","zhangsan"]}],"changed_at":1700000000000}"#,
    );
    let full = Household {
        key_customer: true,
        caution: "有狗".into(),
        handed_over: None,
        ..estate.get::<Household>(unit().0).clone()
    };
    assert_golden_record(
        full,
        r#"{"id":"68c73f8e-3ed7-5c42-9be4-5d90904a245b","project":"53990060-a815-5079-b977-449907083695","cluster":"abbe7865-4da7-58b0-9dae-7a1d1adba5d9","building":"e2f9a090-62c5-5889-9bb5-6615a0b939f1","label":"3-2-1501","floor":15,"area_centi":10125,"status":"owner_occupied","contacts":[{"name":"张三","relation":"owner","phone":"138-0013 8000","pinyin":["zs","zhangsan"]}],"key_customer":true,"caution":"有狗","changed_at":1700000000000}"#,
    );
}
