//! The templates a company starts with. Company data, not texts of the product: the office edits
//! them as versions of its own. Within a template what concerns people's safety comes first (S4).
//!
//! Sources: S4 §1 (seven areas) and §2 (notice boards and play equipment), S0 §6 (supervisor's
//! rounds, building monthly report, night clearing, weekly fire round), S1 (weekly quality
//! inspection); units, vacant or being renovated: S4 §6, S3. Limits of readings are ordinary values of residential plant, to be set per site.

mod units;

use super::{AnswerType, Item, Point, PublishTemplate};
use crate::id::TemplateId;

/// Names of the built-in templates, fixed for ever: ids follow from them.
pub const CODES: [&str; 9] = [
    "daily_cluster",
    "morning_boards",
    "supervisor_site",
    "weekly_quality",
    "weekly_fire",
    "night_clearing",
    "building_monthly",
    "vacant_units",
    "renovation_sites",
];

/// The id of a built-in template.
pub fn template_id(code: &str) -> TemplateId {
    TemplateId::derived(&["builtin-template", code])
}

/// Every built-in template as the command that publishes its first version, in the order of `CODES`.
pub fn templates() -> Vec<PublishTemplate> {
    vec![
        template("daily_cluster", "组团日常巡视", daily_cluster()),
        template("morning_boards", "晨检：文体设施与公告栏", morning_boards()),
        template("supervisor_site", "主管园区巡视", supervisor_site()),
        template("weekly_quality", "每周品质检查", weekly_quality()),
        template("weekly_fire", "每周消防设施巡查", weekly_fire()),
        template("night_clearing", "夜间清楼", night_clearing()),
        template("building_monthly", "楼宇情况月报表", building_monthly()),
        template("vacant_units", "空置房巡视", units::vacant_units()),
        template("renovation_sites", "装修巡查", units::renovation_sites()),
    ]
}

fn template(code: &str, name: &str, points: Vec<Point>) -> PublishTemplate {
    let template = template_id(code);
    PublishTemplate { template, version: 1, name: name.into(), points, retired: false }
}

/// Item codes carry the point's, so that they are unique in the whole template.
fn point<const N: usize>(code: &str, name: &str, items: [Item; N]) -> Point {
    let items = items.map(|item| Item { code: format!("{code}.{}", item.code), ..item });
    Point { code: code.into(), name: name.into(), items: items.into() }
}

fn item(code: &str, category: &str, text: &str, answer: AnswerType) -> Item {
    Item {
        code: code.into(),
        text: text.into(),
        answer,
        category: category.into(),
        safety: false,
        optional: false,
    }
}

/// 正常 / 异常 / 无此项
fn normal(code: &str, category: &str, text: &str) -> Item {
    item(code, category, text, AnswerType::Normal)
}

fn safety(code: &str, category: &str, text: &str) -> Item {
    Item { safety: true, ..normal(code, category, text) }
}

/// Limits in thousandths of the unit.
fn reading(code: &str, category: &str, text: &str, unit: &str, limits: [Option<i64>; 2]) -> Item {
    let [low, high] = limits;
    item(code, category, text, AnswerType::Number { unit: unit.into(), low, high })
}

/// How many there are: any number that is not negative.
fn count() -> [Option<i64>; 2] {
    [Some(0), None]
}

fn photo(code: &str, text: &str) -> Item {
    item(code, "", text, AnswerType::Photo)
}

fn words(code: &str, text: &str) -> Item {
    item(code, "", text, AnswerType::Text)
}

fn remark(code: &str, text: &str) -> Item {
    Item { optional: true, ..words(code, text) }
}

fn daily_cluster() -> Vec<Point> {
    vec![
        point(
            "facilities",
            "公共设施设备",
            [
                safety("lift", "lift", "电梯运行平稳，应急对讲畅通，年检标志在有效期内"),
                safety("play", "play_equipment", "健身、儿童游乐设施牢固，无破损、无尖角"),
                safety("covers", "drainage", "井盖、水篦子齐全稳固，无沉陷"),
                normal("lighting", "lighting", "公共照明、楼道灯完好"),
                normal("doors", "access_control", "单元门、门禁、闭门器完好"),
                normal("signs", "other_repair", "标识牌、信报箱、座椅完好"),
            ],
        ),
        point(
            "security",
            "安防与出入登记",
            [
                safety("hazards", "security", "无治安隐患：围墙、周界、监控、闲杂人员"),
                safety("exits", "fire", "消防通道、疏散楼梯畅通，无堆物、无飞线充电"),
                normal("visitors", "security", "外来人员出入登记齐全"),
                normal("vehicles", "parking", "车辆出入登记齐全，停放有序"),
                normal("goods", "security", "物品出入登记与放行条相符"),
            ],
        ),
        point(
            "engineering",
            "工程与维修",
            [
                safety("electric", "electricity", "配电间、管井上锁，无裸露线路、无焦味"),
                normal("leaks", "leak", "公共管道、墙面、天花无渗漏"),
                normal("repairs", "other_repair", "在修项目有围护、有提示，完工场地清理干净"),
                normal("walls", "wall_floor", "外墙、地面、台阶无脱落、无破损"),
            ],
        ),
        point(
            "renovation",
            "装修现场",
            [
                safety("fire", "fire", "动火有许可，灭火器到位，无吸烟"),
                safety("structure", "renovation", "未拆改承重结构、燃气、消防设施"),
                normal("permits", "renovation", "许可证张贴，施工人员佩戴出入证"),
                normal("waste", "renovation", "装修垃圾袋装、日产日清，无占道"),
                normal("noise", "noise", "在允许时段内施工"),
            ],
        ),
        point(
            "staff",
            "人员在岗",
            [
                normal("on_post", "staff_conduct", "各岗位人员在岗，无脱岗、睡岗"),
                normal("appearance", "staff_conduct", "工装整洁，佩戴工牌，仪容仪表符合员工手册"),
                normal("spirit", "staff_conduct", "工作状态、精神面貌良好，主动问候客户"),
            ],
        ),
        point(
            "cleaning",
            "清洁卫生",
            [
                normal("lobbies", "cleaning", "大堂、电梯轿厢、楼道清洁"),
                normal("grounds", "cleaning", "道路、绿地、水景无垃圾、无积水"),
                normal("bins", "cleaning", "垃圾桶及时清运，无满溢、无异味"),
                normal("pests", "cleaning", "无鼠、蚊、蝇孳生点"),
            ],
        ),
        point(
            "greening",
            "园林绿化",
            [
                normal("plants", "greening", "长势良好，无枯死、无缺株、无病虫害"),
                normal("trimming", "greening", "修剪整齐，不遮挡道路、监控与采光"),
                normal("damage", "greening", "绿地无踩踏、无侵占、无种菜"),
                photo("view", "组团现场照片"),
                remark("remark", "其他情况及已问候的客户"),
            ],
        ),
    ]
}

fn morning_boards() -> Vec<Point> {
    vec![
        point(
            "play",
            "文体设施",
            [
                safety("firm", "play_equipment", "连接、螺栓牢固，无松动、无断裂"),
                safety("edges", "play_equipment", "表面无尖角、毛刺、锈蚀"),
                safety("floor", "play_equipment", "软垫、地面平整，无积水、无绊倒隐患"),
                safety("closed", "play_equipment", "损坏设施已围挡、停用并张贴提示"),
                normal("clean", "cleaning", "设施及周边清洁"),
            ],
        ),
        point(
            "boards",
            "公告栏",
            [
                normal("expired", "other_service", "到期公告已取下"),
                normal("current", "other_service", "应张贴的公告齐全，位置正确"),
                normal("neat", "cleaning", "纸张平整，公告栏外观整洁完好"),
                photo("after", "检查后的公告栏照片"),
            ],
        ),
    ]
}

fn supervisor_site() -> Vec<Point> {
    vec![
        point(
            "safety",
            "安全重点",
            [
                safety("exits", "fire", "消防通道、疏散出口畅通"),
                safety("works", "other_repair", "施工、维修区域围护与警示到位"),
                safety("water_power", "electricity", "设备房上锁，无漏水、无异响"),
            ],
        ),
        point(
            "posts",
            "岗位",
            [
                normal("gate", "security", "门岗登记、放行符合规定"),
                normal("desk", "staff_conduct", "前台接待规范，报修记录与工作日志完整"),
                normal("teams", "staff_conduct", "维修、保洁、绿化人员按计划作业"),
            ],
        ),
        point(
            "grounds",
            "园区",
            [
                normal("clean", "cleaning", "环境卫生达标"),
                normal("green", "greening", "绿化养护达标"),
                normal("parking", "parking", "车辆停放有序"),
                normal("renovation", "renovation", "抽查装修单元一至二间，无违规"),
                normal("follow_up", "other_service", "上次巡视发现的问题已解决"),
                remark("remark", "发现的问题及安排的人员"),
            ],
        ),
    ]
}

fn weekly_quality() -> Vec<Point> {
    vec![
        point(
            "safety",
            "安全管理",
            [
                safety("fire", "fire", "消防设施检查记录齐全，抽查完好"),
                safety("lift", "lift", "电梯维保记录齐全，年检有效"),
                normal("guard", "security", "值班、交接班、巡逻记录齐全"),
            ],
        ),
        point(
            "service",
            "客户服务",
            [
                normal("tickets", "other_service", "报修、投诉登记完整，时限内处理"),
                normal("visits", "other_service", "回访到位，记录真实"),
                normal("files", "other_service", "一户一档资料齐全"),
                normal("manners", "staff_conduct", "服务礼仪符合标准"),
            ],
        ),
        point(
            "plant",
            "设备设施",
            [
                normal("rooms", "other_repair", "设备房整洁，标识、台账、巡检记录齐全"),
                normal("plans", "other_repair", "养护计划按期完成"),
            ],
        ),
        point(
            "environment",
            "环境",
            [
                normal("clean", "cleaning", "保洁质量抽查达标"),
                normal("green", "greening", "绿化质量抽查达标"),
                normal("touch", "other_service", "客户触点（大堂、电梯、出入口）达标"),
            ],
        ),
        point(
            "report",
            "品检报告",
            [
                reading("score", "", "综合得分", "分", [Some(85_000), Some(100_000)]),
                photo("evidence", "典型照片"),
                words("findings", "问题与整改要求"),
            ],
        ),
    ]
}

fn weekly_fire() -> Vec<Point> {
    let water = [Some(300), Some(1_200)];
    vec![
        point(
            "control_room",
            "消防控制室",
            [
                safety("on_duty", "fire", "双人持证值班，值班记录齐全"),
                safety("panel", "fire", "报警主机无故障、无屏蔽，处于自动状态"),
                safety("broadcast", "fire", "消防电话、应急广播正常"),
            ],
        ),
        point(
            "pump_room",
            "消防泵房",
            [
                safety("auto", "fire", "消防泵控制柜处于自动位，双电源正常"),
                Item {
                    safety: true,
                    ..reading("hydrant_pressure", "fire", "消火栓管网压力", "MPa", water)
                },
                Item {
                    safety: true,
                    ..reading("sprinkler_pressure", "fire", "喷淋管网压力", "MPa", water)
                },
                Item {
                    safety: true,
                    ..reading("tank_level", "fire", "消防水池液位", "m", [Some(2_000), None])
                },
                normal("leaks", "leak", "泵、阀门、管道无渗漏"),
                photo("gauges", "压力表照片"),
            ],
        ),
        point(
            "floors",
            "楼层",
            [
                safety("hydrants", "fire", "消火栓箱水带、水枪、阀门齐全，封条完好"),
                safety("extinguishers", "fire", "灭火器压力在绿区，在有效期内，数量正确"),
                safety("fire_doors", "fire", "防火门常闭，闭门器、顺序器完好"),
                safety("exits", "fire", "疏散通道、楼梯间无堆物"),
                safety("lights", "fire", "应急照明、疏散指示灯完好"),
                safety("smoke", "fire", "烟感、喷淋头无遮挡、无损坏"),
            ],
        ),
        point(
            "outside",
            "室外",
            [
                safety("lane", "fire", "消防车道、登高场地未被占用"),
                safety("outdoor_hydrants", "fire", "室外消火栓、水泵接合器完好，无遮挡"),
                remark("remark", "整改情况与备注"),
            ],
        ),
    ]
}

fn night_clearing() -> Vec<Point> {
    let count = [None, None];
    vec![
        point(
            "roof",
            "天面与高层",
            [
                safety("roof_door", "access_control", "天面门按规定管理，无人员滞留"),
                safety("stairs", "fire", "楼梯间无堆物、无明火、无人员滞留"),
                safety("fire_doors", "fire", "防火门已关闭"),
            ],
        ),
        point(
            "floors",
            "各楼层",
            [
                safety("smell", "electricity", "无异味、无漏水声、无电动车在楼内充电"),
                reading("people", "security", "楼内闲杂人员", "人", [Some(0), Some(0)]),
                reading("open_doors", "", "未关门并已提醒的户数", "户", count),
                normal("lights", "lighting", "楼道照明正常，应关的灯已关"),
                normal("renovation", "renovation", "装修单元已停工，无人留宿"),
            ],
        ),
        point(
            "ground",
            "大堂与车库",
            [
                safety("garage", "parking", "车库无滞留人员、无漏油、无异常车辆"),
                safety("rooms", "access_control", "设备房、管井、办公室已上锁"),
                normal("entrances", "access_control", "单元门关闭，门禁有效"),
                words("handover", "交接班事项"),
            ],
        ),
    ]
}

fn building_monthly() -> Vec<Point> {
    let count = count();
    vec![
        point(
            "plant",
            "公共设备",
            [
                safety("lifts", "lift", "电梯运行情况"),
                safety("fire", "fire", "消防设施情况"),
                normal("access", "access_control", "门禁、对讲、监控情况"),
                reading(
                    "pump_pressure",
                    "water_supply",
                    "生活水泵出口压力",
                    "MPa",
                    [Some(200), Some(1_000)],
                ),
                reading("power", "electricity", "公共用电电表读数", "kWh", count),
                reading("water", "water_supply", "公共用水水表读数", "m³", count),
            ],
        ),
        point(
            "building",
            "楼宇本体",
            [
                safety("facade", "wall_floor", "外墙、窗台、雨棚无脱落隐患"),
                normal("roof", "leak", "屋面防水、落水口情况"),
                normal("stairs", "wall_floor", "大堂、楼道墙地面情况"),
                normal("doors", "door_window", "公共门窗情况"),
                normal("lighting", "lighting", "公共照明情况"),
                normal("pipes", "drainage", "给排水管道情况"),
            ],
        ),
        point(
            "summary",
            "统计汇总",
            [
                reading("damaged", "", "本月损坏的设施设备", "处", count),
                reading("repaired", "", "本月已修复", "处", count),
                reading("vacant", "", "空置房", "户", count),
                reading("renovating", "", "在装修房", "户", count),
                photo("view", "楼宇现状照片"),
                words("report", "报工程部的事项与建议"),
            ],
        ),
    ]
}

#[cfg(test)]
#[path = "tests/builtin.rs"]
mod tests;
