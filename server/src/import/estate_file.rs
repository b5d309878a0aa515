//! The rows of an estate file: one unit each. What a file has no column for is left as it is stored.

use chrono::NaiveDate;
use domain::modules::households::search::normalise_label;
use domain::modules::households::{Relation, UnitStatus};

use super::cells;
use super::problems::Problems;
use super::sheet::{Column, Row, Sheet};
use crate::words::Words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Col {
    ClusterCode,
    Cluster,
    Building,
    Unit,
    Floor,
    Area,
    Status,
    HandedOver,
    Owner,
    OwnerPhone,
    Tenant,
    TenantPhone,
    Family,
    FamilyPhone,
    KeyCustomer,
    Caution,
}

impl Column for Col {
    const ALL: &'static [Self] = &[
        Col::ClusterCode,
        Col::Cluster,
        Col::Building,
        Col::Unit,
        Col::Floor,
        Col::Area,
        Col::Status,
        Col::HandedOver,
        Col::Owner,
        Col::OwnerPhone,
        Col::Tenant,
        Col::TenantPhone,
        Col::Family,
        Col::FamilyPhone,
        Col::KeyCustomer,
        Col::Caution,
    ];

    fn names(self) -> &'static [&'static str] {
        match self {
            Col::ClusterCode => &["组团编号", "组团代码", "组团号", "cluster_code"],
            Col::Cluster => &["组团", "组团名称", "cluster", "cluster_name"],
            Col::Building => &["楼栋", "楼栋号", "栋号", "楼号", "building"],
            Col::Unit => &["房号", "房间号", "房屋编号", "unit", "unit_label", "label"],
            Col::Floor => &["楼层", "所在楼层", "floor"],
            Col::Area => &["面积", "建筑面积", "area", "area_m2"],
            Col::Status => &["状态", "房屋状态", "status"],
            Col::HandedOver => &["交房日期", "交付日期", "handed_over"],
            Col::Owner => &["业主", "业主姓名", "owner"],
            Col::OwnerPhone => &["业主电话", "业主手机", "owner_phone"],
            Col::Tenant => &["租户", "租户姓名", "租客", "tenant"],
            Col::TenantPhone => &["租户电话", "租户手机", "租客电话", "tenant_phone"],
            Col::Family => &["家人", "家属", "家人姓名", "family"],
            Col::FamilyPhone => &["家人电话", "家属电话", "家人手机", "family_phone"],
            Col::KeyCustomer => &["重点客户", "key_customer"],
            Col::Caution => &["注意事项", "caution"],
        }
    }

    fn is_required(self) -> bool {
        // Of the cluster's two columns one is enough; see `read`.
        matches!(self, Col::Unit | Col::Area | Col::Status)
    }
}

/// The columns of each relation's people, in the order in which they are called.
pub const PEOPLE: [(Relation, Col, Col); 3] = [
    (Relation::Owner, Col::Owner, Col::OwnerPhone),
    (Relation::Tenant, Col::Tenant, Col::TenantPhone),
    (Relation::Family, Col::Family, Col::FamilyPhone),
];

/// The two cells of one relation, as written; the second is `None` without its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    pub relation: Relation,
    pub names: String,
    pub phones: Option<String>,
}

/// One unit. `None`: the file has no such column.
#[derive(Clone, Debug)]
pub struct UnitRow {
    /// Place of its row in the sheet.
    pub index: usize,
    /// Empty without the column.
    pub cluster_code: String,
    /// Empty without the column, or where the cell is.
    pub cluster_name: String,
    /// Number of the building, and how the file calls it.
    pub building: String,
    pub building_name: String,
    /// As `normalise_label` writes it.
    pub label: String,
    /// `None` where the cell is empty too.
    pub floor: Option<i32>,
    pub area_centi: i64,
    pub status: UnitStatus,
    pub handed_over: Option<Option<NaiveDate>>,
    pub people: Vec<People>,
    pub key_customer: Option<bool>,
    pub caution: Option<String>,
}

/// Reads every row; those with problems are left out.
pub fn read(sheet: &Sheet<Col>, problems: &mut Problems) -> Vec<UnitRow> {
    if !sheet.has(Col::ClusterCode) && !sheet.has(Col::Cluster) {
        problems.add(
            None,
            Some(Col::ClusterCode.names()[0]),
            Words::new(
                "需要“组团编号”或“组团”这一列：管家按组团分工。",
                "A column 组团编号 (cluster_code) or 组团 (cluster) is needed: stewards work by cluster.",
            ),
        );
        return Vec::new();
    }
    for (_, names, phones) in PEOPLE {
        if sheet.has(phones) && !sheet.has(names) {
            problems.add(
                None,
                Some(sheet.heading(phones)),
                Words::new(
                    format!("有电话列，却没有“{}”列。", names.names()[0]),
                    format!(
                        "Telephone numbers need the column {} with the names.",
                        names.names()[0]
                    ),
                ),
            );
        }
    }
    let rows = sheet.rows.iter().enumerate();
    rows.filter_map(|(index, row)| Reader { sheet, row, problems }.unit(index)).collect()
}

struct Reader<'a> {
    sheet: &'a Sheet<Col>,
    row: &'a Row,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn text(&self, column: Col) -> &str {
        self.sheet.cell(self.row, column).unwrap_or_default()
    }

    /// The cell as `parse` reads it; `None` with a problem where it cannot.
    fn parsed<T>(
        &mut self,
        column: Col,
        parse: impl FnOnce(&str) -> Result<T, Words>,
    ) -> Option<T> {
        let text = self.sheet.cell(self.row, column).unwrap_or_default();
        let parsed =
            if text.is_empty() && column.is_required() { Err(empty()) } else { parse(text) };
        match parsed {
            Ok(value) => Some(value),
            Err(words) => {
                self.sheet.problem(self.row, column, words, self.problems);
                None
            }
        }
    }

    /// The cell of an optional column: `Some(None)` without the column.
    fn optional<T>(
        &mut self,
        column: Col,
        parse: impl FnOnce(&str) -> Result<T, Words>,
    ) -> Option<Option<T>> {
        if !self.sheet.has(column) {
            return Some(None);
        }
        self.parsed(column, parse).map(Some)
    }

    /// Every cell is read before the row is given up, so that all its problems are listed.
    fn unit(mut self, index: usize) -> Option<UnitRow> {
        let cluster = self.cluster();
        let label = self.parsed(Col::Unit, |text| Ok(normalise_label(text)));
        let building = label.as_deref().and_then(|label| self.building(label));
        let floor = self.parsed(Col::Floor, |text| unless_empty(text, cells::floor));
        let area_centi = self.parsed(Col::Area, cells::area);
        let status = self.parsed(Col::Status, cells::status);
        let handed_over = self.optional(Col::HandedOver, |text| unless_empty(text, cells::date));
        let key_customer = self.optional(Col::KeyCustomer, cells::yes_no);
        let caution = self.optional(Col::Caution, |text| Ok(text.to_owned()));
        let (cluster_code, cluster_name) = cluster?;
        let (building, building_name) = building?;
        Some(UnitRow {
            index,
            cluster_code,
            cluster_name,
            building,
            building_name,
            label: label?,
            floor: floor?,
            area_centi: area_centi?,
            status: status?,
            handed_over: handed_over?,
            people: self.people(),
            key_customer: key_customer?,
            caution: caution?,
        })
    }

    fn cluster(&mut self) -> Option<(String, String)> {
        let code = cells::narrow(self.text(Col::ClusterCode)).trim().to_owned();
        let name = self.text(Col::Cluster).to_owned();
        let needed = if self.sheet.has(Col::ClusterCode) { Col::ClusterCode } else { Col::Cluster };
        if self.text(needed).is_empty() {
            self.sheet.problem(self.row, needed, empty(), self.problems);
            return None;
        }
        Some((code, name))
    }

    /// The building's number, which its units' labels begin with, and its name.
    fn building(&mut self, label: &str) -> Option<(String, String)> {
        let written = self.text(Col::Building).to_owned();
        let first = label.split_once('-').map(|(first, _)| first);
        let number = if written.is_empty() {
            first.unwrap_or_default().to_owned()
        } else {
            normalise_label(&written)
        };
        if !number.is_empty()
            && label.strip_prefix(&*number).is_some_and(|rest| rest.starts_with('-'))
        {
            let is_bare = written.is_empty() || cells::narrow(&written).trim() == number;
            let name = if is_bare { format!("{number}栋") } else { written };
            return Some((number, name));
        }
        let words = if written.is_empty() {
            Words::new(
                format!("“{label}”里看不出楼栋，请写成“楼-单元-房”，例如 3-2-1501。"),
                format!(
                    "“{label}” does not tell the building; write building-entrance-room: 3-2-1501."
                ),
            )
        } else {
            Words::new(
                format!("房号“{label}”应以楼栋“{number}-”开头。"),
                format!("The unit “{label}” should begin with its building: “{number}-”."),
            )
        };
        let column = if written.is_empty() { Col::Unit } else { Col::Building };
        self.sheet.problem(self.row, column, words, self.problems);
        None
    }

    fn people(&self) -> Vec<People> {
        let columns = PEOPLE.iter().filter(|(_, names, _)| self.sheet.has(*names));
        let people = columns.map(|(relation, names, phones)| People {
            relation: *relation,
            names: self.text(*names).to_owned(),
            phones: self.sheet.cell(self.row, *phones).map(str::to_owned),
        });
        people.collect()
    }
}

fn empty() -> Words {
    Words::new("没有填。", "It is empty.")
}

fn unless_empty<T>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, Words>,
) -> Result<Option<T>, Words> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}
