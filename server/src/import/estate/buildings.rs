//! Buildings of an estate file: found by number; where they stand, and what their units' labels tell.

use std::collections::{HashMap, HashSet};

use domain::id::{BuildingId, ClusterId};
use domain::modules::households::{Building, Household, RegisterBuilding};
use domain::sync::SyncedRecord;

use super::Plan;
use crate::import::estate_file::{Col, UnitRow};
use crate::words::Words;

impl Plan<'_> {
    /// The buildings by their numbers.
    pub(super) fn buildings(
        &mut self,
        rows: &[UnitRow],
        clusters: &[Option<ClusterId>],
    ) -> HashMap<String, BuildingId> {
        let mut known: HashMap<String, (Option<BuildingId>, ClusterId, u64)> = HashMap::new();
        for (row, cluster) in rows.iter().zip(clusters) {
            let Some(cluster) = *cluster else { continue };
            if let Some((_, first, line)) = known.get(&row.building).copied() {
                if first != cluster {
                    let number = &row.building;
                    let words = Words::new(
                        format!("第 {line} 行的楼栋 {number} 在另一个组团；一栋楼属于一个组团。"),
                        format!(
                            "On line {line} building {number} is in another cluster; a building has one."
                        ),
                    );
                    self.problem(row.index, self.column_of_cluster(), words);
                }
                continue;
            }
            let id = self.building(row, cluster, rows);
            known.insert(row.building.clone(), (id, cluster, self.line(row.index)));
        }
        let made = known.into_iter().filter_map(|(number, (id, ..))| Some((number, id?)));
        made.collect()
    }

    fn building(
        &mut self,
        row: &UnitRow,
        cluster: ClusterId,
        rows: &[UnitRow],
    ) -> Option<BuildingId> {
        let number = &row.building;
        let stored = self.stored.buildings.iter().find(|b| b.number == *number);
        if let Some(moved) = stored.filter(|stored| stored.cluster != cluster) {
            self.may_move(row, moved)?;
            self.whole_building(row, moved, rows)?;
        }
        let building = stored.map_or_else(
            || BuildingId(self.new_id("building", number, Building::key_of)),
            |stored| stored.id,
        );
        let own = || rows.iter().filter(|row| row.building == *number);
        // What the units tell of their building; units that the file leaves out are still there.
        let highest = own().filter_map(|row| row.floor.or_else(|| floor_of(&row.label))).max();
        let highest = highest.and_then(|floor| u32::try_from(floor).ok()).unwrap_or(1);
        let entrances = own().filter_map(|row| entrance_of(&row.label)).max().unwrap_or(1);
        let (floors, doors) = stored.map_or((1, 1), |stored| (stored.floors, stored.entrances));
        let command = RegisterBuilding {
            building,
            cluster,
            number: number.clone(),
            name: stored.map_or_else(|| row.building_name.clone(), |stored| stored.name.clone()),
            floors: highest.clamp(floors.max(1), floors.max(MOST_FLOORS)),
            entrances: entrances.clamp(doors.max(1), doors.max(MOST_ENTRANCES)),
        };
        let key = Building::key_of(building.0);
        let effect = self.decide(Some(row.index), command.into(), key, |_| Some(Col::Building))?;
        self.summary.buildings.count(effect);
        Some(building)
    }

    /// A building goes to another cluster only when the operator says so: more often a second cluster
    /// numbers its buildings from 1 as well.
    fn may_move(&mut self, row: &UnitRow, moved: &Building) -> Option<()> {
        if self.move_buildings {
            return Some(());
        }
        let number = &moved.number;
        let known = self.stored.clusters.iter().find(|cluster| cluster.id == moved.cluster);
        let from = known.map_or("-", |cluster| cluster.code.as_str());
        let by_code = !row.cluster_code.is_empty();
        let to = if by_code { &row.cluster_code } else { &row.cluster_name };
        let words = Words::new(
            format!(
                "楼栋 {number} 已在组团 {from}，这里写的是组团 {to}。楼栋号在整个项目里不能重复：不是同一栋楼请加前缀（例如 {to}{number}），确实换组团请加 --move-buildings。"
            ),
            format!(
                "Building {number} is in the cluster {from}, and here in {to}. A building number is unique in the project: prefix it if it is another building (such as {to}{number}), or add --move-buildings if it changes its cluster."
            ),
        );
        self.problem(row.index, self.column_of_cluster(), words);
        None
    }

    /// A building that goes to another cluster takes all its units along, so the file names them all:
    /// any other would stay on the phone of the former steward.
    fn whole_building(&mut self, row: &UnitRow, moved: &Building, rows: &[UnitRow]) -> Option<()> {
        let named: HashSet<&str> = rows.iter().map(|row| row.label.as_str()).collect();
        let left = |unit: &&Household| unit.building == moved.id && !named.contains(&*unit.label);
        let count = self.stored.households.iter().filter(left).count();
        if count == 0 {
            return Some(());
        }
        let number = &moved.number;
        let words = Words::new(
            format!("楼栋 {number} 换了组团，文件里却缺它的 {count} 户；换组团时请列出全部房屋。"),
            format!(
                "Building {number} changes its cluster, but {count} of its units are not in the file; list all of them."
            ),
        );
        self.problem(row.index, self.column_of_cluster(), words);
        None
    }
}

/// What a building is believed to have at most because of its units' labels; labels that do not mean
/// entrances would otherwise claim hundreds.
const MOST_FLOORS: u32 = 200;
const MOST_ENTRANCES: u32 = 50;

/// The floor that a room number tells: 1501 → 15, 301 → 3.
pub(super) fn floor_of(label: &str) -> Option<i32> {
    let (_, room) = label.rsplit_once('-')?;
    let is_room = (3..=4).contains(&room.len()) && room.bytes().all(|byte| byte.is_ascii_digit());
    let floor: i32 = if is_room { room[..room.len() - 2].parse().ok()? } else { return None };
    (floor > 0).then_some(floor)
}

/// The entrance in building-entrance-room.
fn entrance_of(label: &str) -> Option<u32> {
    let mut parts = label.split('-');
    let (entrance, _room) = (parts.nth(1)?, parts.next()?);
    entrance.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_number_tells_the_floor_where_it_has_three_or_four_digits() {
        assert_eq!(floor_of("3-2-1501"), Some(15));
        assert_eq!(floor_of("3-301"), Some(3));
        for label in ["3-2-10501", "B1-023", "3-2-A", "3-2-12", "1501"] {
            assert_eq!(floor_of(label), None, "{label}");
        }
        assert_eq!(entrance_of("3-2-1501"), Some(2));
        assert_eq!(entrance_of("3-1501"), None);
    }
}
