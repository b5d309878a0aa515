//! 万兴现代城: five clusters with the units and statuses of the source document (S0 §2).

use chrono::{Days, NaiveDate};
use domain::id::{BuildingId, ClusterId, ProjectId, UnitId};
use domain::modules::Command;
use domain::modules::households::{
    Contact, RegisterBuilding, RegisterCluster, RegisterProject, RegisterUnit, Relation, UnitStatus,
};

use super::people;
use super::stream::Stream;
use crate::pinyin::search_keys;

/// A cluster as S0 counts it.
pub struct ClusterPlan {
    pub code: &'static str,
    pub name: &'static str,
    /// 已交房.
    pub delivered: usize,
    /// 已办理装修, the finished ones included.
    pub renovation_begun: usize,
    /// 已入住.
    pub moved_in: usize,
    /// Numbers of its buildings in the project.
    buildings: std::ops::RangeInclusive<u32>,
    floors: u32,
}

pub const CLUSTERS: &[ClusterPlan] = &[
    ClusterPlan {
        code: "A",
        name: "罗马假日",
        delivered: 233,
        renovation_begun: 184,
        moved_in: 177,
        buildings: 1..=3,
        floors: 20,
    },
    ClusterPlan {
        code: "B",
        name: "巴黎春天",
        delivered: 379,
        renovation_begun: 322,
        moved_in: 316,
        buildings: 4..=7,
        floors: 24,
    },
    ClusterPlan {
        code: "C",
        name: "加州阳光",
        delivered: 432,
        renovation_begun: 373,
        moved_in: 366,
        buildings: 8..=12,
        floors: 22,
    },
    ClusterPlan {
        code: "D",
        name: "格林小镇",
        delivered: 602,
        renovation_begun: 234,
        moved_in: 0,
        buildings: 13..=18,
        floors: 26,
    },
    ClusterPlan {
        code: "F",
        name: "新城市广场",
        delivered: 219,
        renovation_begun: 160,
        moved_in: 124,
        buildings: 19..=21,
        floors: 19,
    },
];

const ENTRANCES: u32 = 2;
const ROOMS: u32 = 2;

impl ClusterPlan {
    pub fn id(&self) -> ClusterId {
        ClusterId::derived(&["demo", "cluster", self.code])
    }
}

pub fn project() -> ProjectId {
    ProjectId::derived(&["demo", "project", "万兴现代城"])
}

pub fn building(number: u32) -> BuildingId {
    BuildingId::derived(&["demo", "building", &number.to_string()])
}

/// A unit as the other processes of the demo need it.
#[derive(Clone, Debug)]
pub struct Unit {
    pub id: UnitId,
    pub cluster: ClusterId,
    pub label: String,
    /// Hundredths of a square metre.
    pub area_centi: i64,
    pub status: UnitStatus,
    pub contact: String,
    pub phone: String,
}

/// The whole estate: the commands that register it, and its units for the other processes.
pub fn build(chance: &mut Stream, today: NaiveDate) -> (Vec<Command>, Vec<Unit>) {
    let mut commands: Vec<Command> =
        vec![RegisterProject { project: project(), name: "万兴现代城".into() }.into()];
    let mut units = Vec::new();
    for plan in CLUSTERS {
        commands.push(
            RegisterCluster { cluster: plan.id(), code: plan.code.into(), name: plan.name.into() }
                .into(),
        );
        let mut statuses = statuses(plan, chance);
        for number in plan.buildings.clone() {
            commands.push(
                RegisterBuilding {
                    building: building(number),
                    cluster: plan.id(),
                    number: number.to_string(),
                    name: format!("{number}栋"),
                    floors: plan.floors,
                    entrances: ENTRANCES,
                }
                .into(),
            );
            for (entrance, floor, room) in rooms(plan.floors) {
                let Some(status) = statuses.pop() else { break };
                let (command, unit) = register_unit(
                    plan,
                    number,
                    (entrance, floor, room),
                    status,
                    units.len(),
                    chance,
                    today,
                );
                commands.push(command.into());
                units.push(unit);
            }
        }
    }
    (commands, units)
}

fn rooms(floors: u32) -> impl Iterator<Item = (u32, u32, u32)> {
    (1..=ENTRANCES).flat_map(move |entrance| {
        (1..=floors).flat_map(move |floor| (1..=ROOMS).map(move |room| (entrance, floor, room)))
    })
}

/// As many of each status as S0 says, scattered.
fn statuses(plan: &ClusterPlan, chance: &mut Stream) -> Vec<UnitStatus> {
    let untouched = plan.delivered - plan.renovation_begun;
    let let_out = plan.moved_in / 6;
    // A young cluster's untouched units have only been handed over; elsewhere they stand empty.
    let vacant = if plan.moved_in == 0 { untouched / 10 } else { untouched * 2 / 3 };
    let mut statuses = Vec::with_capacity(plan.delivered);
    statuses.extend(std::iter::repeat_n(UnitStatus::Let, let_out));
    statuses.extend(std::iter::repeat_n(UnitStatus::OwnerOccupied, plan.moved_in - let_out));
    statuses
        .extend(std::iter::repeat_n(UnitStatus::Renovating, plan.renovation_begun - plan.moved_in));
    statuses.extend(std::iter::repeat_n(UnitStatus::Vacant, vacant));
    statuses.extend(std::iter::repeat_n(UnitStatus::Delivered, untouched - vacant));
    chance.shuffle(&mut statuses);
    statuses
}

const CAUTIONS: &[&str] = &[
    "家有大型犬，进门前请先电话",
    "老人独居，听力不好，请按两次门铃",
    "夜班作息，上午勿扰",
    "新生儿，请勿按门铃，电话联系",
];

fn register_unit(
    plan: &ClusterPlan,
    number: u32,
    (entrance, floor, room): (u32, u32, u32),
    status: UnitStatus,
    serial: usize,
    chance: &mut Stream,
    today: NaiveDate,
) -> (RegisterUnit, Unit) {
    let label = format!("{number}-{entrance}-{floor}{room:02}");
    let id = UnitId::derived(&["demo", "unit", &label]);
    let area_centi = *chance.pick(&[6_852, 7_740, 8_918, 9_635, 10_125, 11_890, 12_876, 14_350]);
    let mut contacts =
        vec![contact(people::name(chance), Relation::Owner, people::phone(serial * 2))];
    if status == UnitStatus::Let {
        contacts.push(contact(
            people::name(chance),
            Relation::Tenant,
            people::phone(serial * 2 + 1),
        ));
    } else if status == UnitStatus::OwnerOccupied && chance.chance(45) {
        contacts.push(contact(
            people::name(chance),
            Relation::Family,
            people::phone(serial * 2 + 1),
        ));
    }
    let first = if status == UnitStatus::Let { &contacts[1] } else { &contacts[0] };
    let unit = Unit {
        id,
        cluster: plan.id(),
        label: label.clone(),
        area_centi,
        status,
        contact: first.name.clone(),
        phone: first.phone.clone(),
    };
    let handed_over = today - Days::new(400 + chance.below(1200) as u64);
    let command = RegisterUnit {
        unit: id,
        building: building(number),
        label,
        floor: i32::try_from(floor).unwrap_or(0),
        area_centi,
        status,
        handed_over: Some(handed_over),
        contacts,
        key_customer: chance.chance(3),
        caution: if chance.chance(4) { (*chance.pick(CAUTIONS)).into() } else { String::new() },
    };
    (command, unit)
}

fn contact(name: String, relation: Relation, phone: String) -> Contact {
    let pinyin = search_keys(&name);
    Contact { name, relation, phone, pinyin }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estate_has_the_units_and_statuses_of_the_source_document() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let (_, units) = build(&mut Stream::new(1, "estate"), today);
        assert_eq!(units.len(), 1_865);
        for plan in CLUSTERS {
            let own: Vec<&Unit> = units.iter().filter(|unit| unit.cluster == plan.id()).collect();
            assert_eq!(own.len(), plan.delivered, "{}", plan.name);
            let occupied = own.iter().filter(|unit| unit.status.is_occupied()).count();
            assert_eq!(occupied, plan.moved_in, "{}", plan.name);
        }
        assert!(units.iter().any(|unit| unit.label == "3-2-1501"));
    }
}
